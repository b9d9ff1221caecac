//! Numbers that only the running daemon knows, kept for metrics.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::model::{PollOutcome, Polled};

/// Upper bounds of the classes that polls are counted in, in milliseconds.
pub(super) const CLASSES_MS: [u64; 10] =
    [50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 20_000, 60_000];

/// Numbers since the start.
#[derive(Debug)]
pub struct Meters {
    started: Timestamp,
    numbers: Mutex<Numbers>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Numbers {
    /// Polls by how they ended.
    pub(super) polls: BTreeMap<&'static str, u64>,
    /// Polls that took up to each bound, the slower ones last.
    pub(super) classes: [u64; CLASSES_MS.len() + 1],
    /// Documents that hubs pushed and that brought entries.
    pub(super) pushes: u64,
    /// Time that all polls took.
    pub(super) poll_time: Duration,
    /// Entries that were read.
    pub(super) entries: u64,
    /// Parts of documents that were repaired or could not be read.
    pub(super) repairs: u64,
    /// Reloads of the config: taken, refused.
    pub(super) reloads: [u64; 2],
    /// Whether the last one was taken; so is the config of the start.
    pub(super) config_refused: bool,
    /// Answers of the desk by class of status.
    pub(super) answers: BTreeMap<u16, u64>,
}

impl Default for Meters {
    fn default() -> Self {
        Self { started: Timestamp::now(), numbers: Mutex::default() }
    }
}

impl Meters {
    /// Counts a poll or a push.
    pub fn poll(&self, polled: &Polled) {
        let mut numbers = self.lock();
        if polled.pushed {
            numbers.pushes += 1;
        }
        let outcome = match &polled.outcome {
            PollOutcome::Unchanged => "unchanged",
            PollOutcome::Failed(_) => "failed",
            PollOutcome::Items { items, faults, .. } => {
                numbers.entries += items.len() as u64;
                numbers.repairs += faults.len() as u64;
                "read"
            }
        };
        if polled.pushed {
            return;
        }
        *numbers.polls.entry(outcome).or_default() += 1;
        let ms = u64::try_from(polled.took.as_millis()).unwrap_or(u64::MAX);
        let class = CLASSES_MS.iter().position(|bound| ms <= *bound).unwrap_or(CLASSES_MS.len());
        numbers.classes[class] += 1;
        numbers.poll_time += polled.took;
    }

    /// Counts a reload.
    pub fn reload(&self, taken: bool) {
        let mut numbers = self.lock();
        numbers.reloads[usize::from(!taken)] += 1;
        numbers.config_refused = !taken;
    }

    /// Counts an answer of the desk.
    pub(super) fn answered(&self, status: u16) {
        *self.lock().answers.entry(status / 100).or_default() += 1;
    }

    pub(super) fn started(&self) -> Timestamp {
        self.started
    }

    pub(super) fn read(&self) -> Numbers {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Numbers> {
        self.numbers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
