//! How an endpoint did of late: one that fails most of the time is in trouble, though now and then an
//! attempt succeeds. Pure, but for what remembers it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::retry::{Endpoint, later};

/// What is longer ago counts no more.
const WINDOW: Duration = Duration::from_secs(300);
/// Fewer attempts than this say nothing.
const LEAST: usize = 10;
/// Failures of a hundred attempts that are too many.
const TOO_MANY: usize = 70;
/// Attempts that are remembered of an endpoint.
const MOST: usize = 256;

/// Attempts of late at one endpoint, and whether they failed.
type Attempts = VecDeque<(Timestamp, bool)>;

/// Attempts of late, by endpoint; shared by the sinks that share it, and kept over reloads. A restart
/// begins anew: failures in a row are remembered beside it.
#[derive(Debug, Clone, Default)]
pub(super) struct Recents(Arc<Mutex<HashMap<u64, Attempts>>>);

impl Recents {
    /// Takes note of what an attempt says of the endpoint; whether it fails most of the time now. Then
    /// what was noted is forgotten, so that the end of its trouble is a new beginning.
    pub(super) fn note(&self, endpoint: u64, word: &Endpoint, now: Timestamp) -> bool {
        let failed = match word {
            Endpoint::Well => false,
            Endpoint::Fails => true,
            // Of the message, or of a rate: neither is trouble.
            Endpoint::Says | Endpoint::Pauses(_) | Endpoint::Disabled(_) => return false,
        };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        note(all.entry(endpoint).or_default(), failed, now)
    }
}

fn note(recent: &mut Attempts, failed: bool, now: Timestamp) -> bool {
    recent.retain(|(at, _)| *at <= now && later(*at, WINDOW) > now);
    if recent.len() == MOST {
        recent.pop_front();
    }
    recent.push_back((now, failed));
    let failures = recent.iter().filter(|(_, failed)| *failed).count();
    let fails = failed && recent.len() >= LEAST && failures * 100 >= TOO_MANY * recent.len();
    if fails {
        recent.clear();
    }
    fails
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        later("2026-01-01T00:00:00Z".parse().unwrap(), Duration::from_secs(seconds))
    }

    /// The attempts (`x` fails) after which it was found to fail most of the time.
    fn found(attempts: &str, gap: u64) -> Vec<usize> {
        let mut recent = VecDeque::new();
        let mut found = Vec::new();
        for (number, one) in attempts.chars().enumerate() {
            if note(&mut recent, one == 'x', at(number as u64 * gap)) {
                found.push(number + 1);
            }
        }
        found
    }

    #[test]
    fn seven_failures_of_ten_are_too_many() {
        assert_eq!(found("xx.xx.xx.x", 1), [10]);
        assert_eq!(found("xx.xx.x..xxx.", 1), Vec::<usize>::new());
        assert_eq!(found("xx.xx.x..xxxx", 1), Vec::<usize>::new(), "9 of 13");
        assert_eq!(found("xx.xx.x..xxxxx", 1), [14], "10 of 14");
        // A success is no moment to find it out.
        assert_eq!(found("xxxxxxxx..", 1), Vec::<usize>::new());
    }

    #[test]
    fn what_is_long_ago_counts_no_more_and_all_begins_anew() {
        assert_eq!(found("xx.xx.xx.x", 60), Vec::<usize>::new());
        assert_eq!(found("xx.xx.xx.xxx.xx.xx.x", 1), [10, 20]);
    }
}
