//! The feeds of the config, each with what the database knows of it.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::Roster;
use crate::model::{Condition, Feed, Phase};
use crate::store::{FeedRow, Store, StoreError};

/// A feed that answered stays fresh so long after its next poll is due.
const SLACK: SignedDuration = SignedDuration::from_mins(10);

/// A feed as `feeds list` shows it; the keys and their order are relied on by other programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FeedLine {
    /// Its name.
    pub name: String,
    /// Its address as configured.
    pub url: String,
    /// Its condition in one word.
    pub state: String,
    /// When it last answered with a feed or "not modified".
    pub last_success: Option<Timestamp>,
    /// The next poll; `None` for one that is not polled.
    pub next_due: Option<Timestamp>,
    /// Failed polls in a row.
    pub failures: u32,
    /// Items that are stored of it.
    pub items: u64,
    /// When it last showed an entry that was new.
    pub last_new: Option<Timestamp>,
    /// Why the last poll failed.
    pub last_error: Option<String>,
    /// What was broken or repaired in the last document.
    pub faults: Vec<String>,
    /// Entries in the last document that was read.
    pub entries: u64,
    /// When it was last asked.
    pub last_poll: Option<Timestamp>,
    /// Since when it is well, or not.
    pub since: Option<Timestamp>,
    /// Since when it gets no answer because the network is down.
    pub offline: Option<Timestamp>,
    /// Where permanent redirects send it.
    pub moved_to: Option<String>,
    /// How its subscription to a hub stands: `asked`, `active`, `unsigned`, `denied`; `None` where it has none.
    pub push: Option<String>,
}

impl FeedLine {
    /// Whether it answers; one that answers and shows nothing new is a problem of its own.
    pub fn answers(&self) -> bool {
        [Condition::Ok, Condition::Silent].iter().any(|one| one.as_str() == self.state)
    }

    /// Whether it answered well of late: when it was last due, or since.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        self.state == Condition::Ok.as_str() && !self.is_late(SLACK, now)
    }

    /// Whether it should have been polled by now, with as much time to spare as lies between two of its
    /// polls, and at least `more`.
    pub(super) fn is_late(&self, more: SignedDuration, now: Timestamp) -> bool {
        let (Some(due), Some(last)) = (self.next_due, self.last_poll) else { return false };
        now.duration_since(due) > due.duration_since(last).max(more)
    }

    fn of(feed: &Feed, known: Option<FeedRow>) -> Self {
        let line = Self {
            name: feed.name.to_string(),
            url: feed.url.clone(),
            state: Condition::New.as_str().to_owned(),
            last_success: None,
            next_due: None,
            failures: 0,
            items: 0,
            last_new: None,
            last_error: None,
            faults: Vec::new(),
            entries: 0,
            last_poll: None,
            since: None,
            offline: None,
            moved_to: None,
            push: None,
        };
        let Some(mut row) = known else { return line };
        if row.push.as_deref() == Some(Phase::Unsigned.as_str()) {
            row.faults.push("what its hub pushes is not rightly signed, and not taken".to_owned());
        }
        Self {
            state: row.state,
            last_success: row.last_success,
            next_due: row.next_due,
            failures: row.failures,
            items: row.items,
            last_new: row.last_new,
            last_error: row.last_error,
            faults: row.faults,
            entries: row.entries,
            last_poll: row.last_poll,
            since: row.since,
            offline: row.offline,
            push: row.push,
            moved_to: row.moved.map(|(to, _)| to),
            ..line
        }
    }
}

/// Every feed of the config in its order. Without a store all of them are new.
///
/// # Errors
///
/// The database cannot be read.
pub async fn feed_lines(
    roster: &Roster,
    store: Option<&Store>,
) -> Result<Vec<FeedLine>, StoreError> {
    let mut known: HashMap<String, FeedRow> = HashMap::new();
    if let Some(store) = store {
        known.extend(store.feeds().await?.into_iter().map(|row| (row.name.clone(), row)));
    }
    let line = |feed: &Feed| FeedLine::of(feed, known.remove(feed.name.as_str()));
    Ok(roster.feeds.iter().map(line).collect())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::model::{Every, FeedName, Kind};

    /// A feed that was never polled.
    pub(in crate::report) fn line(name: &str) -> FeedLine {
        let feed = Feed {
            name: FeedName::new(name),
            url: "https://example.org/feed".to_owned(),
            every: Every::Auto,
            kind: Kind::Press,
            tags: Vec::new(),
            shadow: false,
            full_text: false,
        };
        FeedLine::of(&feed, None)
    }

    #[test]
    fn fresh_is_what_answered_when_it_was_last_due() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let mut feed = line("a");
        assert!(!feed.is_fresh(at("2026-01-05T10:00:00Z")));
        feed.state = "ok".to_owned();
        feed.last_poll = Some(at("2026-01-05T10:00:00Z"));
        feed.next_due = Some(at("2026-01-05T10:30:00Z"));
        assert!(feed.is_fresh(at("2026-01-05T10:59:00Z")));
        assert!(!feed.is_fresh(at("2026-01-05T11:01:00Z")));
        assert!(!feed.is_fresh(at("2026-01-08T10:00:00Z")));
        feed.state = "failing".to_owned();
        assert!(!feed.is_fresh(at("2026-01-05T10:10:00Z")));
    }
}
