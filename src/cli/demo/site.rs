//! A news site on loopback: real HTTP, one feed an outlet, with the manners of real sites.
//!
//! Owns the server and what it counts. `write` makes documents of entries, `stories` holds what they
//! say. It knows nothing of what will be flagged.

mod write;

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use super::server::Server;
use super::stories::{self, Manner, OUTLETS, Outlet, ROUNDS};
use crate::model::Kind;

/// How long after the first round the second counts as published: enough for `Last-Modified`, which
/// has whole seconds, to differ.
const BETWEEN_ROUNDS: SignedDuration = SignedDuration::from_secs(1);

/// A feed of the site, as a config would name it.
#[derive(Debug, Clone)]
pub(crate) struct SiteFeed {
    /// The outlet's name.
    pub(crate) name: &'static str,
    /// Where the feed is.
    pub(crate) url: String,
    /// What sort of source the outlet is.
    pub(crate) kind: Kind,
    /// What it is written in and what is odd about it, ready to show.
    pub(crate) form: String,
}

/// What was asked of a feed and how it was answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Requests {
    /// Statuses in order of the requests; `None` for one that was left without an answer.
    pub(crate) answers: Vec<Option<u16>>,
}

/// A document as it is served in one round.
struct Page {
    outlet: &'static Outlet,
    body: Vec<u8>,
    content_type: &'static str,
    etag: String,
    modified: String,
}

/// What the handlers share.
struct Press {
    pages: Mutex<HashMap<&'static str, Arc<Page>>>,
    requests: Mutex<HashMap<&'static str, Requests>>,
    closing: CancellationToken,
}

/// The site. Dropping it ends it as well, without waiting.
pub(crate) struct Site {
    press: Arc<Press>,
    server: Server,
    start: Timestamp,
    round: u8,
}

impl Site {
    /// Opens the site with its first round, dated as seen from `now`.
    ///
    /// # Errors
    ///
    /// No loopback port can be had.
    pub(crate) async fn start(now: Timestamp) -> io::Result<Self> {
        let closing = CancellationToken::new();
        let press = Arc::new(Press {
            pages: Mutex::default(),
            requests: Mutex::default(),
            closing: closing.clone(),
        });
        let app = Router::new().route("/{feed}", get(serve)).with_state(press.clone());
        let server = Server::start(app, closing).await?;
        let mut site = Self { press, server, start: now, round: 0 };
        site.publish_round(1);
        Ok(site)
    }

    /// Puts a round on: what is new in it on top of all that was there. Every document changes, if
    /// only by its date, so that every feed serves everything again.
    pub(crate) fn publish_round(&mut self, round: u8) {
        self.round = round.min(ROUNDS);
        let at = self.start + BETWEEN_ROUNDS * i32::from(self.round.saturating_sub(1));
        let pages = OUTLETS.map(|outlet| (outlet.slug, Arc::new(page(outlet, self, at))));
        *lock(&self.press.pages) = HashMap::from(pages);
    }

    /// The feeds, in the order in which the demo shows them.
    pub(crate) fn feeds(&self) -> Vec<SiteFeed> {
        let feed = |outlet: &'static Outlet| SiteFeed {
            name: outlet.name,
            url: format!("{}/{}", self.server.base(), outlet.slug),
            kind: outlet.kind,
            form: form(outlet),
        };
        OUTLETS.into_iter().map(feed).collect()
    }

    /// What was asked of each feed so far, by the outlet's name.
    pub(crate) fn requests(&self) -> HashMap<&'static str, Requests> {
        let requests = lock(&self.press.requests);
        let of = |outlet: &Outlet| requests.get(outlet.slug).cloned().unwrap_or_default();
        OUTLETS.into_iter().map(|outlet| (outlet.name, of(outlet))).collect()
    }

    /// Closes the site: requests left hanging are let go.
    pub(crate) async fn stop(self) {
        self.server.stop().await;
    }
}

fn page(outlet: &'static Outlet, site: &Site, at: Timestamp) -> Page {
    let entries = stories::of_outlet(outlet, site.round);
    let text = write::document(outlet, &entries, site.start, at);
    let body = write::encode(&text, outlet.charset);
    let digest = Sha256::digest(&body);
    let etag = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    Page {
        outlet,
        body,
        content_type: write::content_type(outlet),
        etag: format!("\"{etag}\""),
        modified: write::http_date(at),
    }
}

/// The format and what is odd about charset and server.
fn form(outlet: &Outlet) -> String {
    match outlet.manner {
        Manner::Hangs | Manner::Fails => String::new(),
        _ => match write::charset_name(outlet.charset) {
            Some(name) => format!("{}, {name}", outlet.format.as_str()),
            None => outlet.format.as_str().to_owned(),
        },
    }
}

async fn serve(
    State(press): State<Arc<Press>>,
    Path(slug): Path<String>,
    headers: HeaderMap,
) -> Response {
    let Some(page) = lock(&press.pages).get(slug.as_str()).cloned() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    if page.outlet.manner == Manner::Hangs {
        note(&press, &page, None);
        press.closing.cancelled().await;
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let response = answer(&page, &headers);
    note(&press, &page, Some(response.status().as_u16()));
    response
}

/// The document, 304 where the reader has it, or what the outlet's manners make of it.
fn answer(page: &Page, headers: &HeaderMap) -> Response {
    let (etag, modified) = match page.outlet.manner {
        Manner::Both => (Some(&page.etag), Some(&page.modified)),
        Manner::DateOnly => (None, Some(&page.modified)),
        Manner::Careless => (None, None),
        Manner::Hangs | Manner::Fails => {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let mut response = if has_it(headers, etag, modified) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, page.content_type)], page.body.clone()).into_response()
    };
    for (name, value) in [(header::ETAG, etag), (header::LAST_MODIFIED, modified)] {
        set(&mut response, name, value);
    }
    response
}

/// RFC 9110, section 13.2.2: `If-None-Match` decides where it is sent, the date only without it.
/// The date is compared as text, as many servers do.
fn has_it(headers: &HeaderMap, etag: Option<&String>, modified: Option<&String>) -> bool {
    let sent = |name: HeaderName, own: Option<&String>| {
        headers.get(name).map(|value| own.is_some_and(|own| value.as_bytes() == own.as_bytes()))
    };
    sent(header::IF_NONE_MATCH, etag)
        .or_else(|| sent(header::IF_MODIFIED_SINCE, modified))
        .unwrap_or(false)
}

fn set(response: &mut Response, name: HeaderName, value: Option<&String>) {
    if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
        response.headers_mut().insert(name, value);
    }
}

fn note(press: &Press, page: &Page, status: Option<u16>) {
    lock(&press.requests).entry(page.outlet.slug).or_default().answers.push(status);
}

/// What is behind these locks stays whole whatever panics: one map is replaced, one appended to.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
