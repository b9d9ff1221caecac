//! What has gone through this store since it was opened, counted as it is committed: the numbers that
//! only grow, for metrics. What rests in the database is counted there, by `counts`.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::{Settle, Store};
use crate::model::{AlertKind, Level, Outcome, Plan};

/// Numbers since the store was opened. Labels are names of the config and words of ours, so there are
/// as few as of those.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Items judged for the first time, by decision.
    pub items: BTreeMap<&'static str, u64>,
    /// Items judged for the first time that a rule flagged, by rule.
    pub matches: BTreeMap<String, u64>,
    /// Stories opened.
    pub stories: u64,
    /// Alerts, by level and kind.
    pub alerts: BTreeMap<(Level, &'static str), u64>,
    /// Attempts at delivery, by sink and outcome.
    pub attempts: BTreeMap<(String, &'static str), u64>,
}

/// The tally of a store, shared by its handles.
#[derive(Debug, Default)]
pub(super) struct Counter(Mutex<Tally>);

impl Store {
    /// What has gone through since the store was opened.
    pub fn tally(&self) -> Tally {
        self.workers.counter.read()
    }
}

impl Counter {
    fn read(&self) -> Tally {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Counts plans that were committed.
    pub(super) fn admitted(&self, plans: &[Plan]) {
        let mut tally = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for plan in plans {
            for row in plan.items.iter().filter(|row| !row.revised) {
                *tally.items.entry(row.decision.as_str()).or_default() += 1;
                for rule in row.matched.iter().flat_map(|matched| &matched.rules) {
                    *tally.matches.entry(rule.id.to_string()).or_default() += 1;
                }
            }
            tally.stories += plan.stories.iter().filter(|story| story.opens).count() as u64;
            for (alert, _) in &plan.alerts {
                let kind = AlertKind::as_str(alert.kind);
                *tally.alerts.entry((alert.level, kind)).or_default() += 1;
            }
        }
    }

    /// Counts an attempt that was recorded.
    pub(super) fn attempted(&self, sink: String, outcome: &Outcome, settle: &Settle) {
        let word = match (outcome, settle) {
            (_, Settle::Delivered { .. }) => "delivered",
            (_, Settle::Dead(_)) => "dead",
            (Outcome::Throttled { .. }, _) => "throttled",
            (Outcome::Refused(_), _) => "refused",
            _ => "failed",
        };
        let mut tally = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *tally.attempts.entry((sink, word)).or_default() += 1;
    }
}
