//! A site on loopback that answers as it is told.

use std::collections::{HashMap, HashSet, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, Response, StatusCode};

/// What the server does next.
pub(super) enum Act {
    Answer(u16, Vec<(&'static str, String)>, Vec<u8>),
    Hang,
}

pub(super) fn answer(status: u16, headers: &[(&'static str, &str)], body: impl AsRef<[u8]>) -> Act {
    let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    Act::Answer(status, headers, body.as_ref().to_vec())
}

#[derive(Default)]
struct Script {
    /// Answers by path; the last one stays.
    acts: HashMap<String, VecDeque<Act>>,
    /// What was asked, in order.
    asked: Vec<(String, HeaderMap)>,
    /// Requests that are open at this moment, and the most there were.
    at_once: usize,
    most_at_once: usize,
    /// Where requests came from: each connection has a port of its own.
    peers: HashSet<SocketAddr>,
}

/// A site on loopback.
#[derive(Clone)]
pub(super) struct Site {
    address: SocketAddr,
    script: Arc<Mutex<Script>>,
}

impl Site {
    pub(super) async fn new() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let script = Arc::new(Mutex::new(Script::default()));
        let app = Router::new().fallback(serve).with_state(script.clone());
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address, script }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(super) fn script(&self, path: &str, acts: impl IntoIterator<Item = Act>) {
        self.script.lock().unwrap().acts.insert(path.to_owned(), acts.into_iter().collect());
    }

    /// Connections that brought a request.
    pub(super) fn connections(&self) -> usize {
        self.script.lock().unwrap().peers.len()
    }

    /// The most requests that were open at once.
    pub(super) fn most_at_once(&self) -> usize {
        self.script.lock().unwrap().most_at_once
    }

    pub(super) fn asked(&self, path: &str) -> Vec<HeaderMap> {
        let script = self.script.lock().unwrap();
        script.asked.iter().filter(|(asked, _)| asked == path).map(|(_, h)| h.clone()).collect()
    }
}

async fn serve(
    State(script): State<Arc<Mutex<Script>>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response<Body> {
    let act = {
        let mut script = script.lock().unwrap();
        let path = request.uri().path().to_owned();
        script.asked.push((path.clone(), request.headers().clone()));
        script.peers.insert(peer);
        script.at_once += 1;
        script.most_at_once = script.most_at_once.max(script.at_once);
        let acts = script.acts.get_mut(&path);
        match acts {
            None => answer(404, &[], ""),
            Some(acts) if acts.len() > 1 => acts.pop_front().unwrap(),
            Some(acts) => match acts.front() {
                Some(Act::Answer(status, headers, body)) => {
                    Act::Answer(*status, headers.clone(), body.clone())
                }
                _ => Act::Hang,
            },
        }
    };
    // Others get their chance to be served at the same time.
    tokio::task::yield_now().await;
    let Act::Answer(status, headers, body) = act else { return std::future::pending().await };
    script.lock().unwrap().at_once -= 1;
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    for (name, value) in headers {
        response.headers_mut().append(name, value.parse().unwrap());
    }
    response
}
