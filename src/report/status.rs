//! How things stand at a glance.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::problems::problems;
use super::{FeedLine, Problem, Roster, feed_lines};
use crate::model::{Condition, Mute};
use crate::store::{Compared, Counts, HeldRow, JudgedRule, Store, StoreError};

/// How long a change of the rules is shown.
const CHANGED_FOR: SignedDuration = SignedDuration::from_hours(24 * 14);

/// How things stand.
#[derive(Debug, Clone)]
pub struct Status {
    /// When they stood so.
    pub at: Timestamp,
    /// Every feed of the config.
    pub feeds: Vec<FeedLine>,
    /// The numbers of the database.
    pub counts: Counts,
    /// What to look at.
    pub problems: Vec<Problem>,
    /// Messages that wait by their sinks' own hours, or for receivers.
    pub held: Vec<HeldRow>,
    /// How often rules were right, by what people said of their alerts.
    pub judged: Vec<JudgedRule>,
    /// What is muted.
    pub mutes: Vec<Mute>,
    /// What a change of the rules of late means for stored items.
    pub changed: Option<Compared>,
}

/// Reads how things stand.
///
/// # Errors
///
/// The database cannot be read.
pub async fn status(roster: &Roster, store: &Store, now: Timestamp) -> Result<Status, StoreError> {
    let feeds = feed_lines(roster, Some(store)).await?;
    let counts = store.counts(now).await?;
    let problems = problems(roster, &feeds, &counts, store, now).await?;
    let held = store.held(now).await?;
    let judged = store.judged_rules().await?;
    let mutes = store.mutes(now).await?;
    let changed = store.compared().await?;
    let changed = changed.filter(|one| now.duration_since(one.at) < CHANGED_FOR);
    Ok(Status { at: now, feeds, counts, held, problems, judged, mutes, changed })
}

impl Status {
    /// How many feeds are in each condition.
    pub fn by_state(&self) -> impl Iterator<Item = (&'static str, usize)> + '_ {
        Condition::ALL.iter().map(|state| {
            let word = state.as_str();
            (word, self.feeds.iter().filter(|feed| feed.state == word).count())
        })
    }

    /// How many feeds answer.
    pub fn answering(&self) -> usize {
        self.feeds.iter().filter(|feed| feed.answers()).count()
    }

    /// How many feeds answered when they were last due.
    pub fn fresh(&self) -> usize {
        self.feeds.iter().filter(|feed| feed.is_fresh(self.at)).count()
    }

    /// When any feed was last asked.
    pub fn last_poll(&self) -> Option<Timestamp> {
        self.feeds.iter().filter_map(|feed| feed.last_poll).max()
    }

    /// As `status --json` prints it; the keys are relied on by other programs.
    pub fn to_json(&self, roster: &Roster) -> Value {
        let by_state: serde_json::Map<String, Value> =
            self.by_state().map(|(state, count)| (state.to_owned(), json!(count))).collect();
        let counts = &self.counts;
        json!({
            "feeds": by_state, "queue": counts.queue, "alerts": counts.alerts_24h,
            "fresh": self.fresh(), "last_poll": self.last_poll(),
            "shadow": counts.shadow_24h,
            "rules": {
                "count": roster.rules.rules().count(), "dated": roster.rules.dated(),
                "changed": self.changed,
            },
            "held": self.held, "judged": self.judged, "mutes": self.mutes,
            "problems": self.problems, "items": counts.items, "too_old": counts.too_old,
            "database": roster.database, "database_bytes": counts.bytes,
        })
    }
}
