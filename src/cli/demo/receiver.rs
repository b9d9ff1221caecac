//! A webhook receiver on loopback that fails at first, as receivers do, and remembers every request.
//!
//! It answers by a script and judges nothing: signatures are recorded, not verified, because the
//! receiver that is under test is the sender.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::server::Server;

/// Where it listens.
const PATH: &str = "/alerts";
/// Requests that are remembered; what comes after is answered and forgotten.
const MAX_RECORDS: usize = 1_000;

/// One answer of the script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answer {
    /// HTTP status.
    pub(crate) status: StatusCode,
    /// `Retry-After`, in seconds.
    pub(crate) retry_after: Option<u32>,
}

impl Answer {
    /// Accepted; what is answered once a script is over.
    pub(crate) const ACCEPTED: Self = Self::status(StatusCode::NO_CONTENT);
    /// The script of the demo: out of order, then busy for a second, then well.
    pub(crate) const FAILING_AT_FIRST: [Self; 2] = [
        Self::status(StatusCode::SERVICE_UNAVAILABLE),
        Self { status: StatusCode::TOO_MANY_REQUESTS, retry_after: Some(1) },
    ];

    const fn status(status: StatusCode) -> Self {
        Self { status, retry_after: None }
    }
}

/// A request that was received.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    /// `webhook-id`; empty where there is none.
    pub(crate) id: String,
    /// The body as JSON; `None` where it is none.
    pub(crate) body: Option<Value>,
    /// What it was answered.
    pub(crate) answer: Answer,
}

/// What the handler keeps.
struct Desk {
    book: Mutex<Book>,
}

struct Book {
    script: VecDeque<Answer>,
    received: Vec<Received>,
}

/// The receiver. Dropping it ends it as well, without waiting.
pub(crate) struct Receiver {
    desk: Arc<Desk>,
    server: Server,
}

impl Receiver {
    /// Listens, and answers with the script, then with [`Answer::ACCEPTED`] for ever.
    ///
    /// # Errors
    ///
    /// No loopback port can be had.
    pub(crate) async fn start(script: impl IntoIterator<Item = Answer>) -> io::Result<Self> {
        let book = Book { script: script.into_iter().collect(), received: Vec::new() };
        let desk = Arc::new(Desk { book: Mutex::new(book) });
        let app = Router::new().route(PATH, post(receive)).with_state(desk.clone());
        let server = Server::start(app, CancellationToken::new()).await?;
        Ok(Self { desk, server })
    }

    /// Where to send to.
    pub(crate) fn url(&self) -> String {
        format!("{}{PATH}", self.server.base())
    }

    /// Everything that was received, in order.
    pub(crate) fn deliveries(&self) -> Vec<Received> {
        lock(&self.desk.book).received.clone()
    }

    /// Hangs up.
    pub(crate) async fn stop(self) {
        self.server.stop().await;
    }
}

async fn receive(State(desk): State<Arc<Desk>>, headers: HeaderMap, body: Bytes) -> Response {
    let answer = record(&desk, &headers, &body);
    let mut response = answer.status.into_response();
    if let Some(seconds) = answer.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn record(desk: &Desk, headers: &HeaderMap, body: &[u8]) -> Answer {
    let mut book = lock(&desk.book);
    let answer = book.script.pop_front().unwrap_or(Answer::ACCEPTED);
    if book.received.len() >= MAX_RECORDS {
        return answer;
    }
    let id = headers.get("webhook-id").and_then(|id| id.to_str().ok()).unwrap_or_default();
    let body = serde_json::from_slice(body).ok();
    book.received.push(Received { id: id.to_owned(), body, answer });
    answer
}

/// The book stays whole whatever panics: a record is made before it is pushed.
fn lock(book: &Mutex<Book>) -> MutexGuard<'_, Book> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Longest wait; only a broken receiver reaches it.
    const PATIENCE: Duration = Duration::from_secs(20);

    async fn send(url: &str, id: &str, body: &'static str) -> reqwest::Response {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        client.post(url).header("webhook-id", id).body(body).send().await.unwrap()
    }

    #[tokio::test]
    async fn it_fails_by_the_script_then_accepts() {
        let receiver = Receiver::start(Answer::FAILING_AT_FIRST).await.unwrap();
        let url = receiver.url();
        assert_eq!(send(&url, "msg_a", "{\"type\":\"alert.raised\"}").await.status(), 503);
        let busy = send(&url, "msg_b", "not JSON").await;
        assert_eq!(busy.status(), 429);
        assert_eq!(busy.headers()[header::RETRY_AFTER], "1");
        for id in ["msg_b", "msg_a"] {
            assert_eq!(send(&url, id, "{}").await.status(), 204);
        }
        let seen: Vec<(String, bool)> = receiver
            .deliveries()
            .into_iter()
            .map(|one| (one.id.clone(), one.answer.status.is_success()))
            .collect();
        let row = |id: &str, accepted| (id.to_owned(), accepted);
        assert_eq!(
            seen,
            [row("msg_a", false), row("msg_b", false), row("msg_b", true), row("msg_a", true)]
        );
        let first = &receiver.deliveries()[0];
        assert_eq!(first.body.as_ref().unwrap()["type"], "alert.raised");
        assert!(receiver.deliveries()[1].body.is_none());
        receiver.stop().await;
    }

    #[tokio::test]
    async fn it_takes_posts_alone_and_is_gone_after_the_stop() {
        let receiver = Receiver::start([]).await.unwrap();
        let url = receiver.url();
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        assert_eq!(client.get(&url).send().await.unwrap().status(), 405);
        assert!(receiver.deliveries().is_empty());
        receiver.stop().await;
        assert!(client.get(&url).send().await.is_err());
    }
}
