//! News that hubs push (WebSub, W3C Recommendation of 23 January 2018), for feeds that name one.
//!
//! `run` asks the hubs (`ask`) for what feeds name, keeps what was agreed in the `book` by the steps of
//! `lease`, and listens (`called`) for their calls. What they push goes to `watch`, through the same
//! intake as what is polled. Feeds are polled all the same, only more rarely: a hub that fails costs
//! time and no news.

mod ask;
mod book;
mod called;
mod lease;
mod section;
mod signature;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use book::Book;
pub use book::{Hubs, Leased};
use called::Door;
pub use section::WebsubSection;

use crate::net::Client;
use crate::store::Store;
use crate::watch::Push;

/// Hubs that are asked at once.
const ASKED_AT_ONCE: usize = 4;
/// Longest time without a look at the clock, which may have been set.
const LONGEST_TURN: Duration = Duration::from_secs(60);

/// What subscribing goes by; made anew by each reload.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Whether, where and for how long.
    pub section: WebsubSection,
    /// What asks the hubs.
    pub client: Client,
    /// Largest document that a hub may push, in bytes.
    pub max_body: usize,
    /// Bytes of all pushed documents that are held at once.
    pub in_flight: usize,
}

/// What it needs.
pub struct WebsubSetup {
    /// What it goes by, now and after each reload.
    pub terms: watch::Receiver<Arc<Terms>>,
    /// The hubs that feeds name.
    pub hubs: watch::Receiver<Arc<Hubs>>,
    /// Told which feeds are pushed.
    pub leased: watch::Sender<Arc<Leased>>,
    /// Takes what is pushed.
    pub pushed: mpsc::Sender<Push>,
    /// Where what was agreed is written down.
    pub store: Store,
    /// Ends it.
    pub shutdown: CancellationToken,
}

/// Subscribes and listens until told to stop. Without a `callback` it only waits for one.
pub async fn run(setup: WebsubSetup) {
    let WebsubSetup { mut terms, mut hubs, leased, pushed, store, shutdown } = setup;
    let known = store.leases().await.unwrap_or_else(|error| {
        tracing::warn!(%error, "what was agreed with hubs is not known; they are asked anew");
        Vec::new()
    });
    let book = Arc::new(Book::new(known, store, leased));
    let mut door = Door::default();
    let mut asking = JoinSet::new();
    let mut busy: HashSet<String> = HashSet::new();
    loop {
        let now = Timestamp::now();
        let current = terms.borrow_and_update().clone();
        let named = hubs.borrow_and_update().clone();
        match &current.section.callback {
            Some(_) => book.adopt(&named, now).await,
            None => book.adopt(&Hubs::new(), now).await,
        }
        let wanted = current.section.callback.as_ref().filter(|_| !named.is_empty());
        door.open(wanted.is_some(), &current, &book, &pushed).await;
        if let Some(callback) = wanted {
            for lease in book.due(now) {
                if asking.len() >= ASKED_AT_ONCE {
                    break;
                }
                if !busy.insert(lease.token.clone()) {
                    continue;
                }
                let (book, current, callback) = (book.clone(), current.clone(), callback.clone());
                asking.spawn(async move {
                    subscribe(&book, &current, &lease.token, &callback).await;
                    lease.token
                });
            }
        }
        let next = book.next(now).map_or(LONGEST_TURN, |next| {
            Duration::try_from(next.duration_since(now)).unwrap_or(Duration::ZERO)
        });
        // One that is due and waits for its turn is no reason to go round without end.
        let turn = next.clamp(Duration::from_millis(200), LONGEST_TURN);
        tokio::select! {
            () = shutdown.cancelled() => break,
            changed = terms.changed() => if changed.is_err() { break },
            changed = hubs.changed() => if changed.is_err() { break },
            Some(done) = asking.join_next() => {
                if let Ok(token) = done {
                    busy.remove(&token);
                }
            }
            () = tokio::time::sleep(turn) => {}
        }
    }
    asking.shutdown().await;
    door.close().await;
}

async fn subscribe(book: &Book, terms: &Terms, token: &str, callback: &str) {
    let now = Timestamp::now();
    let Some(asked) = book.step(token, now, |lease| lease::ask(lease, now)).await else { return };
    let answer = ask::ask(&terms.client, &asked, callback, terms.section.lease).await;
    let Err(why) = answer else { return };
    let now = Timestamp::now();
    let (feed, hub) = (asked.feed, asked.hub.url);
    // Each failure of many is told with its count; here the first one says it all.
    if asked.failures <= 1 {
        tracing::warn!(%feed, "the hub {hub} does not take our request, so the feed is only polled: {why}");
    }
    book.step(token, now, |lease| {
        // It may have called all the same, and that counts.
        if lease::is_expected(lease, now) {
            lease::fail(lease, why, now);
        }
    })
    .await;
}
