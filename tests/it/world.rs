//! One fake world: a news site and a webhook receiver on loopback, with scripted answers and a record
//! of every request. Waiting is always for something that happened, bounded by [`PATIENCE`].

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Longest wait for anything; reached only when something is broken.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// One entry of a feed.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) slug: String,
    pub(crate) title: String,
    pub(crate) summary: String,
    /// Age at publication.
    pub(crate) age: Duration,
}

pub(crate) fn entry(slug: &str, title: &str, summary: &str) -> Entry {
    Entry {
        slug: slug.to_owned(),
        title: title.to_owned(),
        summary: summary.to_owned(),
        age: Duration::from_secs(600),
    }
}

/// How a feed answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    /// The feed, or 304 for its current `ETag`.
    Well,
    /// The feed always, whatever the validators.
    Stubborn,
    /// This status and no feed.
    Status(u16),
    /// Accepts and never answers.
    Hanging,
}

#[derive(Debug, Clone)]
struct Page {
    entries: Vec<Entry>,
    mood: Mood,
}

/// A request that the site answered.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    pub(crate) path: String,
    pub(crate) status: u16,
    pub(crate) user_agent: String,
}

struct SiteState {
    pages: Mutex<HashMap<String, Page>>,
    visits: Mutex<Vec<Visit>>,
    count: watch::Sender<usize>,
    now: jiff::Timestamp,
}

/// A news site with any number of RSS feeds, `/NAME.xml` each.
pub(crate) struct Site {
    base: String,
    state: Arc<SiteState>,
    server: JoinHandle<()>,
}

impl Site {
    pub(crate) async fn start() -> Self {
        let state = Arc::new(SiteState {
            pages: Mutex::default(),
            visits: Mutex::default(),
            count: watch::channel(0).0,
            now: jiff::Timestamp::now(),
        });
        let app = Router::new().fallback(serve).with_state(state.clone());
        let (base, server) = listen(app).await;
        Self { base, state, server }
    }

    pub(crate) fn url(&self, name: &str) -> String {
        format!("{}/{name}.xml", self.base)
    }

    /// Puts entries on top of a feed, newest first.
    pub(crate) fn publish(&self, name: &str, entries: impl IntoIterator<Item = Entry>) {
        let mut pages = self.state.pages.lock().unwrap();
        let page = pages
            .entry(format!("/{name}.xml"))
            .or_insert(Page { entries: Vec::new(), mood: Mood::Well });
        page.entries.splice(0..0, entries);
    }

    /// Puts entries in the place of what a feed shows.
    pub(crate) fn replace(&self, name: &str, entries: impl IntoIterator<Item = Entry>) {
        let mut pages = self.state.pages.lock().unwrap();
        let entries = entries.into_iter().collect();
        pages.insert(format!("/{name}.xml"), Page { entries, mood: Mood::Well });
    }

    pub(crate) fn mood(&self, name: &str, mood: Mood) {
        let mut pages = self.state.pages.lock().unwrap();
        pages.entry(format!("/{name}.xml")).or_insert(Page { entries: Vec::new(), mood }).mood =
            mood;
    }

    pub(crate) fn visits(&self) -> Vec<Visit> {
        self.state.visits.lock().unwrap().clone()
    }

    /// Waits until `enough` holds for the visits so far.
    pub(crate) async fn until(&self, what: &str, enough: impl Fn(&[Visit]) -> bool) {
        let mut count = self.state.count.subscribe();
        let wait = count.wait_for(|_| enough(&self.state.visits.lock().unwrap()));
        let waited = tokio::time::timeout(PATIENCE, wait).await.is_ok();
        assert!(waited, "waited in vain until {what}: {:#?}", self.visits());
    }

    /// The entry's address in payloads.
    pub(crate) fn article(&self, slug: &str) -> String {
        article(slug)
    }
}

fn article(slug: &str) -> String {
    format!("https://news.example.org/world/{slug}")
}

impl Drop for Site {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(State(state): State<Arc<SiteState>>, uri: Uri, headers: HeaderMap) -> Response {
    let page = state.pages.lock().unwrap().get(uri.path()).cloned();
    let response = match page {
        None => StatusCode::NOT_FOUND.into_response(),
        Some(Page { mood: Mood::Status(status), .. }) => {
            StatusCode::from_u16(status).unwrap().into_response()
        }
        Some(Page { mood: Mood::Hanging, .. }) => {
            note(&state, &uri, &headers, 0);
            std::future::pending::<()>().await;
            unreachable!("a pending future has ended")
        }
        Some(page) => {
            let tag = format!("\"v{}\"", page.entries.len());
            let known = headers.get("if-none-match").is_some_and(|have| have == tag.as_str());
            let mut response = match known && page.mood == Mood::Well {
                true => StatusCode::NOT_MODIFIED.into_response(),
                false => ([("content-type", "application/rss+xml")], rss(&page.entries, state.now))
                    .into_response(),
            };
            response.headers_mut().insert("etag", HeaderValue::from_str(&tag).unwrap());
            response
        }
    };
    note(&state, &uri, &headers, response.status().as_u16());
    response
}

fn note(state: &SiteState, uri: &Uri, headers: &HeaderMap, status: u16) {
    let agent = headers.get("user-agent").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let visit = Visit { path: uri.path().to_owned(), status, user_agent: agent.to_owned() };
    state.visits.lock().unwrap().push(visit);
    state.count.send_modify(|count| *count += 1);
}

fn rss(entries: &[Entry], now: jiff::Timestamp) -> String {
    let mut items = String::new();
    for entry in entries {
        let date = (now - entry.age).strftime("%a, %d %b %Y %H:%M:%S GMT");
        let link = article(&entry.slug);
        write!(
            items,
            "<item><title>{}</title><link>{link}</link><guid isPermaLink=\"false\">{}</guid>\
             <pubDate>{date}</pubDate><description>{}</description></item>",
            escape(&entry.title),
            entry.slug,
            escape(&entry.summary)
        )
        .unwrap();
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><rss version=\"2.0\"><channel>\
         <title>Example</title><link>https://news.example.org/</link>{items}</channel></rss>"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// One answer of a receiver.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: String::new() }
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

/// A request that a receiver got.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    /// Where it was sent to, without the slash in front.
    pub(crate) path: String,
    /// `webhook-id`; empty where there is none.
    pub(crate) id: String,
    pub(crate) body: Value,
    /// What it was answered.
    pub(crate) status: u16,
}

type Script = Box<dyn FnMut(&str, usize) -> Reply + Send>;

struct HookState {
    script: Mutex<Script>,
    received: Mutex<Vec<Received>>,
    count: watch::Sender<usize>,
}

/// A receiver. The script is asked with the path and the number of the request.
pub(crate) struct Hook {
    base: String,
    state: Arc<HookState>,
    server: JoinHandle<()>,
}

impl Hook {
    pub(crate) async fn start(script: impl FnMut(&str, usize) -> Reply + Send + 'static) -> Self {
        let state = Arc::new(HookState {
            script: Mutex::new(Box::new(script)),
            received: Mutex::default(),
            count: watch::channel(0).0,
        });
        let app = Router::new().fallback(receive).with_state(state.clone());
        let (base, server) = listen(app).await;
        Self { base, state, server }
    }

    /// A receiver that takes everything.
    pub(crate) async fn willing() -> Self {
        Self::start(|_, _| Reply::status(204)).await
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.base)
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.state.received.lock().unwrap().clone()
    }

    /// Waits until `enough` holds for what was received so far.
    pub(crate) async fn until(&self, what: &str, enough: impl Fn(&[Received]) -> bool) {
        let mut count = self.state.count.subscribe();
        let wait = count.wait_for(|_| enough(&self.state.received.lock().unwrap()));
        let waited = tokio::time::timeout(PATIENCE, wait).await.is_ok();
        assert!(waited, "waited in vain until {what}: {:#?}", self.received());
    }
}

impl Drop for Hook {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn receive(
    State(state): State<Arc<HookState>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = uri.path().trim_start_matches('/').to_owned();
    let number = state.received.lock().unwrap().len();
    let reply = (state.script.lock().unwrap())(&path, number);
    let id = headers.get("webhook-id").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let received = Received {
        path,
        id: id.to_owned(),
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
        status: reply.status,
    };
    state.received.lock().unwrap().push(received);
    state.count.send_modify(|count| *count += 1);
    let mut response = (StatusCode::from_u16(reply.status).unwrap(), reply.body).into_response();
    for (name, value) in reply.headers {
        let value = HeaderValue::from_str(&value).unwrap();
        response.headers_mut().insert(HeaderName::from_static(name), value);
    }
    response
}

async fn listen(app: Router) -> (String, JoinHandle<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (base, server)
}
