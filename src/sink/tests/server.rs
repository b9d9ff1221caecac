//! A receiver on loopback whose answers are set, and that keeps what it was asked.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

/// A request.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) method: Method,
    /// Path and query.
    pub(super) target: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Asked {
    /// All of it, as an echo says it.
    pub(super) fn text(&self) -> String {
        let mut text = format!("{} {}\n", self.method, self.target);
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {}\n", value.to_str().unwrap_or_default()));
        }
        text.push_str(&String::from_utf8_lossy(&self.body));
        text
    }
}

type OnGet = Option<(u16, String)>;

#[derive(Default)]
struct Script {
    /// What it answers to GET, where that is something else.
    get: OnGet,
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
    echo: bool,
    asked: Vec<Asked>,
}

/// The hand on it.
#[derive(Clone, Default)]
pub(super) struct Remote(Arc<Mutex<Script>>);

impl Remote {
    /// What it answers from now on.
    pub(super) fn answer(&self, status: u16, headers: &[(&str, &str)], body: &str) {
        let mut script = self.0.lock().unwrap();
        script.status = status;
        script.headers =
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        body.clone_into(&mut script.body);
        script.echo = false;
    }

    /// What it answers to GET from now on.
    pub(super) fn answer_get(&self, status: u16, body: &str) {
        self.0.lock().unwrap().get = Some((status, body.to_owned()));
    }

    /// From now on it answers with what it was asked.
    pub(super) fn echo(&self, status: u16) {
        self.answer(status, &[], "");
        self.0.lock().unwrap().echo = true;
    }

    pub(super) fn asked(&self) -> Vec<Asked> {
        self.0.lock().unwrap().asked.clone()
    }
}

async fn serve(
    State(remote): State<Remote>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let target = uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let asked = Asked { method, target, headers, body: body.to_vec() };
    let mut script = remote.0.lock().unwrap();
    script.asked.push(asked.clone());
    if let Some((status, body)) = script.get.clone().filter(|_| asked.method == Method::GET) {
        return (StatusCode::from_u16(status).unwrap(), body).into_response();
    }
    let status = StatusCode::from_u16(script.status).unwrap();
    if script.echo {
        let mut response = (status, format!("\u{1b}[31m{}", asked.text())).into_response();
        let location = format!("https://elsewhere.example{}", asked.target);
        response.headers_mut().insert("location", location.parse().unwrap());
        return response;
    }
    let mut response = (status, script.body.clone()).into_response();
    for (name, value) in &script.headers {
        let name: HeaderName = name.parse().unwrap();
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}

/// Starts one, and gives its address.
pub(super) async fn start() -> (String, Remote) {
    let remote = Remote::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let app = Router::new().fallback(serve).with_state(remote.clone());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (base, remote)
}
