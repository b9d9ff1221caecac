//! SQLite: where data rests.
//!
//! One thread writes; two read-only connections answer questions, each in one short snapshot. A
//! [`Plan`](crate::model::Plan) is admitted in a single transaction: feed state, items, story,
//! ledger, alerts and their messages, so that a kill at any instruction leaves either all of it or
//! none. Nothing of rusqlite leaves this room, and nothing here decides what is an alert, when to
//! poll or when to send.
//!
//! One file a noun; each adds its questions and changes to [`Store`].

mod admit;
mod alerts;
mod attempts;
mod backup;
mod counts;
mod deliveries;
mod digests;
mod error;
mod feeds;
mod find;
mod habits;
mod hold;
mod identity;
mod items;
mod judgements;
mod leases;
mod ledger;
mod line;
mod lock;
mod mutes;
mod outbox;
mod preview;
mod prune;
mod regroup;
mod rollback;
mod row;
mod rules;
mod schema;
mod section;
mod sinks;
mod stories;
mod story_list;
mod tally;
mod troubles;
mod worker;
mod writer;

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use crate::model::{
    DeadReason, FeedName, FeedState, Hold, LedgerEntry, MessageId, MessageKind, Mute, Sealed,
    SinkName, Story, TextHash,
};
use worker::Workers;

pub use alerts::{AlertDetail, AlertFilter, AlertRow, SHADOW};
pub use counts::{Counts, LastDay, Stats};
pub use deliveries::{AttemptRow, DeliveryFilter, MessageDetail, MessageRow};
pub use error::StoreError;
pub use feeds::FeedRow;
pub use habits::{Habit, Habits};
pub use hold::HeldRow;
pub use items::StoredItem;
pub use judgements::{JudgedRule, Judgement, Verdict};
pub use ledger::LedgerRow;
pub use lock::{Errand, Holder, Lock, LockError, Refusal};
pub use preview::Draft;
pub use regroup::{BY_HAND, Regrouped};
pub use rollback::{Retold, Rollback};
pub use rules::Compared;
pub use section::HistorySection;
pub use sinks::{QueueAge, SinkTrouble};
pub use story_list::{MemberDetail, StoryDetail, StoryFilter, StoryRow};
pub use tally::Tally;

/// A cloneable handle. Dropping the last one closes: the threads finish what was accepted and end.
#[derive(Clone)]
pub struct Store {
    workers: Arc<Workers>,
}

/// How to open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Create the file where it is missing, migrate it where it is old.
    Create,
    /// It must exist; migrate it where it is old.
    Write,
    /// It must exist and be of this version; nothing is written.
    Read,
}

/// What is known of an item under its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Fingerprint of the text that was judged last.
    pub text: TextHash,
    /// How often it was judged again.
    pub revisions: u32,
    /// Its headline and date, where it was flagged and too old to tell.
    pub untold: Option<(String, Option<Timestamp>)>,
}

/// Everything that the planner starts from.
#[derive(Debug, Clone)]
pub struct StoryBook {
    /// Changes with every write to stories by any process.
    pub generation: u64,
    /// Stories opened since the given time, oldest first, whole.
    pub stories: Vec<Story>,
    /// The whole ledger.
    pub ledger: Vec<LedgerEntry>,
    /// What is muted, or was lately.
    pub mutes: Vec<Mute>,
    /// The number that the next story gets.
    pub next_story: i64,
    /// The number that the next alert gets.
    pub next_alert: i64,
}

/// How an admission ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admitted {
    /// Committed; the generation is now this.
    Done {
        /// The generation after the commit.
        generation: u64,
    },
    /// Another process has changed stories since the plan was made: read the book again and plan
    /// again. Nothing was written.
    Stale,
}

/// A message that is due, or will be.
#[derive(Debug, Clone)]
pub struct Pending {
    /// Its id.
    pub id: MessageId,
    /// What it carries.
    pub kind: MessageKind,
    /// When it was queued.
    pub created: Timestamp,
    /// When the next attempt is due.
    pub due: Timestamp,
    /// Attempts that counted so far.
    pub attempts: u32,
    /// Refusals of the endpoint in a row.
    pub refusals: u32,
    /// How often in a row its receiver's rate signal has put it off.
    pub pauses: u32,
    /// Its bytes, once sealed.
    pub sealed: Option<Sealed>,
    /// Whether the one plain fallback has been used.
    pub fallback: bool,
    /// What it waits for, or has waited for last.
    pub held: Option<Hold>,
    /// Whether it was made due by hand: it waits for nothing.
    pub by_hand: bool,
}

impl Pending {
    /// Since when it grows old: time held by the sink's own hours does not count.
    pub fn since(&self) -> Timestamp {
        let held = self.held.as_ref().filter(|_| self.sealed.is_none());
        held.map_or(self.created, |hold| hold.until.max(self.created))
    }
}

/// What becomes of a message after an attempt.
#[derive(Debug, Clone, PartialEq)]
pub enum Settle {
    /// Done.
    Delivered {
        /// What later messages of the story can reply to.
        thread: Option<String>,
    },
    /// Due again.
    Again {
        /// Not before.
        due: Timestamp,
        /// Whether the attempt counts.
        counts: bool,
        /// Whether the endpoint refused: counts `refusals` up, anything else sets it to 0.
        refused: bool,
    },
    /// Due again at once with these bytes, the one plain fallback.
    Fallback(Sealed),
    /// Of a digest of several: it goes in two parts, at once.
    Split,
    /// Given up.
    Dead(DeadReason),
}

/// What an attempt changes in what is remembered of sinks.
#[derive(Clone)]
pub struct Ruling {
    /// The sinks: that of the message, and those that share its endpoint.
    pub sinks: Vec<SinkName>,
    /// What is remembered of one from then on.
    pub change: Arc<dyn Fn(&SinkState) -> SinkState + Send + Sync>,
    /// From so many failures in a row on, their end makes due what waited.
    pub recovers: u32,
}

/// What an attempt has changed in what is remembered of a sink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turned {
    /// The sink.
    pub sink: SinkName,
    /// What was remembered before.
    pub before: SinkState,
    /// What is from now on.
    pub after: SinkState,
}

/// What is remembered of a sink between runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SinkState {
    /// The receiver asked for quiet until then; survives a restart.
    pub paused_until: Option<Timestamp>,
    /// Since when and why it is disabled.
    pub disabled: Option<(Timestamp, String)>,
    /// Endpoint failures in a row.
    pub failures: u32,
    /// Where it was then, as a number; `None` where that is not known.
    pub place: Option<u64>,
    /// Since when and why it cannot be used at all.
    pub fault: Option<(Timestamp, String)>,
}

impl Store {
    /// Opens the database and starts its threads.
    ///
    /// # Errors
    ///
    /// The file is missing, foreign, of a newer version, or cannot be read or written.
    pub fn open(path: &Path, access: Access) -> Result<Self, StoreError> {
        let writer = match access {
            Access::Read => None,
            Access::Write => Some(schema::open_writer(path, false)?),
            Access::Create => Some(schema::open_writer(path, true)?),
        };
        Ok(Self { workers: Arc::new(Workers::start(writer, path)?) })
    }

    /// Gives this handle back; the last one waits until everything accepted is on disk. Dropping
    /// does the same, but holds up the thread that it happens on.
    pub async fn close(self) {
        if let Some(workers) = Arc::into_inner(self.workers) {
            // A panic in a store thread has been reported by then; there is nothing left to save.
            let _ = tokio::task::spawn_blocking(move || drop(workers)).await;
        }
    }

    /// Bookkeeping of a poll that brought nothing. Accepted at once, written within a second and
    /// always before the store closes.
    pub fn note(&self, feed: FeedName, state: FeedState) {
        self.workers.note(feed, state);
    }

    /// A round trip through the writing thread, for the watchdog.
    ///
    /// # Errors
    ///
    /// The thread has ended or the database cannot be read.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.workers.exclusive(|connection| admit::generation(connection).map(|_| ())).await
    }

    /// Whether another process has written since the last call, or since opening.
    ///
    /// # Errors
    ///
    /// As [`Store::ping`].
    pub async fn other_writer_changed(&self) -> Result<bool, StoreError> {
        self.workers.others_wrote().await
    }
}

#[cfg(test)]
pub(crate) mod tests;
