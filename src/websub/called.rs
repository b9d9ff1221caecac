//! Where hubs call: to make sure that it was us who asked, and with news.
//!
//! Every address holds a token that only its hub knows, and news is taken only where it is signed with
//! the key that this hub was given. What comes unsigned or wrongly signed is thanked for and dropped,
//! as the standard has it, so that nobody learns whether a guess was right. It says that there may be
//! news, though: the feed is polled soon, and as often as without a hub until the hub signs.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use url::form_urlencoded;

use super::book::Book;
use super::signature::is_signed;
use super::{Terms, lease};
use crate::model::{Lease, Phase};
use crate::net::{Budget, Held, serve};
use crate::text::{clean, cut};
use crate::watch::{Push, Pushed};

/// Longest time that a hub may take to push.
const TURN: Duration = Duration::from_secs(20);
/// Longest challenge that is given back.
const CHALLENGE: usize = 2_048;
/// Characters of a hub's reason that are shown.
const REASON: usize = 200;
/// Wait before a port is tried again.
const AGAIN: Duration = Duration::from_secs(30);

/// The listener, open while there is a hub to call.
#[derive(Default)]
pub(super) struct Door {
    open: Option<(SocketAddr, usize, CancellationToken, JoinHandle<()>)>,
}

impl Door {
    /// Opens or closes it, or moves it where a reload says so.
    pub(super) async fn open(
        &mut self,
        wanted: bool,
        terms: &Arc<Terms>,
        book: &Arc<Book>,
        pushed: &mpsc::Sender<Push>,
    ) {
        let address = terms.section.listen;
        let stays = self.open.as_ref().is_some_and(|(at, most, _, task)| {
            wanted && *at == address && *most == terms.max_body && !task.is_finished()
        });
        if stays {
            return;
        }
        self.close().await;
        if !wanted {
            return;
        }
        let site = Arc::new(Site {
            book: book.clone(),
            pushed: pushed.clone(),
            bodies: Budget::new(terms.in_flight),
            max_body: terms.max_body,
        });
        let stop = CancellationToken::new();
        let task = tokio::spawn(listen(address, site, stop.clone()));
        self.open = Some((address, terms.max_body, stop, task));
    }

    pub(super) async fn close(&mut self) {
        if let Some((_, _, stop, task)) = self.open.take() {
            stop.cancel();
            // Its answers under way have a moment; a panic was told where it happened.
            let _ = task.await;
        }
    }
}

/// Serves at an address until told to stop; one that cannot be had is told once and tried again.
async fn listen(address: SocketAddr, site: Arc<Site>, stop: CancellationToken) {
    let app = Router::new().fallback(called).with_state(site);
    let mut troubled = false;
    while !stop.is_cancelled() {
        match TcpListener::bind(address).await {
            Ok(listener) => {
                let address = listener.local_addr().unwrap_or(address);
                tracing::info!("hubs are heard at http://{address}/");
                return serve(listener, app, &stop).await;
            }
            Err(error) if !troubled => {
                troubled = true;
                tracing::error!(
                    %error, "hubs cannot be heard at {address}, so feeds are only polled. Free the \
                     port, or write another under [websub] listen and reload"
                );
            }
            Err(_) => {}
        }
        tokio::select! {
            () = tokio::time::sleep(AGAIN) => {}
            () = stop.cancelled() => {}
        }
    }
}

/// What a call needs.
struct Site {
    book: Arc<Book>,
    pushed: mpsc::Sender<Push>,
    bodies: Budget,
    max_body: usize,
}

async fn called(State(site): State<Arc<Site>>, request: Request) -> Response {
    let token = request.uri().path().rsplit('/').next().unwrap_or_default();
    let lease = site.book.of_token(token).filter(|_| !token.is_empty());
    match (request.method(), lease) {
        (&Method::GET, Some(lease)) => {
            let query = request.uri().query().unwrap_or_default().to_owned();
            agree(&site, lease, &query).await
        }
        (&Method::POST, Some(lease)) => {
            match tokio::time::timeout(TURN, take(&site, lease, request)).await {
                Ok(answer) => answer,
                Err(_) => StatusCode::REQUEST_TIMEOUT.into_response(),
            }
        }
        // A hub that still pushes for a subscription that is over learns so.
        (&Method::POST, None) => StatusCode::GONE.into_response(),
        (&Method::GET, None) => StatusCode::NOT_FOUND.into_response(),
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}

/// The hub asks whether it was us, or says that it refuses (WebSub, sections 5.2 and 5.3).
async fn agree(site: &Site, lease: Lease, query: &str) -> Response {
    let find = |wanted: &str| {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
    };
    let now = Timestamp::now();
    let (mode, topic) = (find("hub.mode").unwrap_or_default(), find("hub.topic"));
    let ours = topic.as_deref() == Some(lease.hub.topic.as_str());
    match mode.as_str() {
        "denied" if ours => {
            let reason = clean(&find("hub.reason").unwrap_or_default());
            let why = match reason.is_empty() {
                true => "the hub refuses the subscription".to_owned(),
                false => format!("the hub refuses the subscription: {}", cut(&reason, REASON)),
            };
            tracing::warn!(feed = %lease.feed, "{why}; the feed is only polled");
            site.book.step(&lease.token, now, |lease| lease::deny(lease, why, now)).await;
            StatusCode::OK.into_response()
        }
        "subscribe" if ours && lease::is_expected(&lease, now) => {
            let challenge = find("hub.challenge").filter(|text| text.len() <= CHALLENGE);
            let seconds = find("hub.lease_seconds").and_then(|text| text.parse().ok());
            let (Some(challenge), Some(seconds)) = (challenge, seconds) else {
                return StatusCode::BAD_REQUEST.into_response();
            };
            let first = !matches!(lease.phase, Phase::Active | Phase::Unsigned);
            site.book.step(&lease.token, now, |lease| lease::confirm(lease, seconds, now)).await;
            if first {
                tracing::info!(feed = %lease.feed, "the hub {} pushes the feed", lease.hub.url);
            }
            ([(header::CONTENT_TYPE, "text/plain")], challenge).into_response()
        }
        // A hub that did not hear us asks again; what was agreed on stays as it is.
        "subscribe" if ours && lease::is_active(&lease, now) => {
            match find("hub.challenge").filter(|text| text.len() <= CHALLENGE) {
                Some(challenge) => {
                    ([(header::CONTENT_TYPE, "text/plain")], challenge).into_response()
                }
                None => StatusCode::BAD_REQUEST.into_response(),
            }
        }
        // Nobody asked for it; we never ask to end one that is in the book.
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The hub pushes (WebSub, section 7).
async fn take(site: &Site, lease: Lease, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let text = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let (Some(signature), content_type) = (text("x-hub-signature"), text("content-type")) else {
        return ignored(site, &lease, "it is not signed").await;
    };
    let Some((bytes, held)) = read(body, site).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    if !is_signed(signature, &lease.key, &bytes) {
        return ignored(site, &lease, "its signature does not fit").await;
    }
    let pushed = Pushed {
        feed: lease.feed.clone(),
        bytes,
        content_type: content_type.map(str::to_owned),
        topic: lease.hub.topic.clone(),
        held,
    };
    // A hub tries again where we have no room; it is better placed to wait.
    if site.pushed.try_send(Push::News(pushed)).is_err() {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let now = Timestamp::now();
    site.book.step(&lease.token, now, |lease| lease::prove(lease, now)).await;
    StatusCode::ACCEPTED.into_response()
}

/// Thanked for and dropped.
async fn ignored(site: &Site, lease: &Lease, why: &str) -> Response {
    if lease.phase == Phase::Active {
        tracing::warn!(
            feed = %lease.feed,
            "what the hub {} pushes is not taken: {why}. The feed is polled as without a hub until it \
             signs", lease.hub.url
        );
        site.book.step(&lease.token, Timestamp::now(), lease::doubt).await;
    } else {
        tracing::debug!(feed = %lease.feed, "what was pushed is not taken: {why}");
    }
    // Where there is no room, others wait to be taken, and this feed's next poll is near.
    let _ = site.pushed.try_send(Push::Unproven(lease.feed.clone()));
    StatusCode::ACCEPTED.into_response()
}

/// The bytes of a body within bounds, and the room that they take.
async fn read(body: Body, site: &Site) -> Option<(Vec<u8>, Held)> {
    let mut held = site.bodies.body();
    let mut bytes = Vec::new();
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let piece: Bytes = piece.ok()?;
        if bytes.len() + piece.len() > site.max_body {
            return None;
        }
        held.grow(bytes.len() + piece.len()).await;
        bytes.extend_from_slice(&piece);
    }
    Some((bytes, held))
}
