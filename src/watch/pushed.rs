//! News that a hub pushes. It is read as a poll's document is, and teaches nothing that only a whole
//! document can: neither validators nor how entries are told apart, nor how many there are.

use jiff::Timestamp;

use super::read::{Document, NoFeed, Reading, read_after};
use crate::model::{Feed, FeedName, FeedState, Identity, PollOutcome, Polled};
use crate::net::Held;

/// Polls in a row that found news of which a hub said nothing, after which it is not relied on.
const UNTOLD: u32 = 3;

/// What a hub sends.
#[derive(Debug)]
pub enum Push {
    /// A document.
    News(Pushed),
    /// Something that is not taken, because nobody knows who sent it: there may be news of this feed.
    Unproven(FeedName),
}

/// How far the hub of a feed is relied on. Forgotten at a restart: then it has its chances again.
#[derive(Debug, Default)]
pub(super) struct Trust {
    /// Since the last poll.
    pushed: bool,
    untold: u32,
}

impl Trust {
    /// The hub has pushed news.
    pub(super) fn pushed(&mut self) {
        *self = Self { pushed: true, untold: 0 };
    }

    /// A poll is done; whether it found news. Gives whether the hub has lost the trust by that.
    pub(super) fn polled(&mut self, news: bool) -> bool {
        let untold = news && !std::mem::take(&mut self.pushed);
        self.untold = self.untold.saturating_add(u32::from(untold));
        untold && self.untold == UNTOLD
    }

    /// Whether news may be left to the hub.
    pub(super) fn holds(&self) -> bool {
        self.untold < UNTOLD
    }
}

/// A document that a hub pushed, signed.
#[derive(Debug)]
pub struct Pushed {
    /// Whose.
    pub feed: FeedName,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The header `Content-Type`.
    pub content_type: Option<String>,
    /// The feed's address, against which relative links are resolved.
    pub topic: String,
    /// The room that it takes, until it has been read.
    pub held: Held,
}

/// What a pushed document came to.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) feed: FeedName,
    pub(super) began: Timestamp,
    pub(super) read: Result<Reading, NoFeed>,
}

/// Reads it, as the feed's entries are told apart.
pub(super) fn take(pushed: Pushed, feed: &Feed, identity: &Identity) -> Taken {
    let began = Timestamp::now();
    let content_type = pushed.content_type.as_deref();
    let document = Document { bytes: &pushed.bytes, content_type, url: &pushed.topic };
    Taken { feed: pushed.feed, began, read: read_after(document, feed, identity, began) }
}

/// The outcome for the stations behind: its entries, and the state with what they teach.
pub(super) fn outcome(
    feed: FeedName,
    began: Timestamp,
    reading: Reading,
    state: &FeedState,
) -> Polled {
    let at = Timestamp::now();
    let mut next = state.clone();
    if let Some(newest) = reading.dates().first() {
        let newest = (*newest).min(at);
        next.last_new = Some(next.last_new.map_or(newest, |last| last.max(newest)));
    }
    let took = std::time::Duration::try_from(at.duration_since(began)).unwrap_or_default();
    let outcome = PollOutcome::Items {
        items: reading.items,
        faults: Vec::new(),
        // A part of a document says nothing about keys that it does not show.
        rekeyed: Vec::new(),
    };
    Polled { feed, at, took, pushed: true, next, outcome }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hub_that_says_nothing_of_what_polls_find_is_not_relied_on_until_it_pushes() {
        let mut trust = Trust::default();
        assert!(!trust.polled(true) && !trust.polled(false) && !trust.polled(true));
        trust.pushed();
        assert!(!trust.polled(true), "it had pushed that");
        assert!(!trust.polled(true) && !trust.polled(true) && trust.holds());
        assert!(trust.polled(true) && !trust.holds());
        assert!(!trust.polled(true), "told once");
        trust.pushed();
        assert!(trust.holds());
    }
}
