//! Whose turn it is at a receiver that publishes how many messages it takes. Pure, but for what
//! remembers it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use super::retry::later;
use crate::sink::contract::Rate;

/// Times at which messages went to each endpoint; shared by the sinks that share it, and kept over
/// reloads. A start recalls them from the attempts that were recorded.
#[derive(Debug, Clone, Default)]
pub(super) struct Turns(Arc<Mutex<HashMap<u64, VecDeque<Timestamp>>>>);

impl Turns {
    /// What went to an endpoint before this run.
    pub(super) fn recall(&self, endpoint: u64, times: Vec<Timestamp>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let went = all.entry(endpoint).or_default();
        went.extend(times);
        went.make_contiguous().sort_unstable();
    }

    /// Takes a turn, or says when the next is.
    pub(super) fn take(&self, endpoint: u64, rate: Rate, now: Timestamp) -> Result<(), Timestamp> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        take(all.entry(endpoint).or_default(), rate, now)
    }
}

/// Never more than the receiver's number in any of its spans.
fn take(went: &mut VecDeque<Timestamp>, rate: Rate, now: Timestamp) -> Result<(), Timestamp> {
    // A clock that was set back would make everything wait for the time to come again.
    went.retain(|at| *at <= now && later(*at, rate.within) > now);
    match went.front() {
        Some(oldest) if went.len() >= rate.messages => Err(later(*oldest, rate.within)),
        _ => {
            went.push_back(now);
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn at(ms: u64) -> Timestamp {
        later("2026-01-01T00:00:00Z".parse().unwrap(), Duration::from_millis(ms))
    }

    proptest! {
        #[test]
        fn no_span_sees_more_than_its_messages_and_no_turn_is_lost(
            messages in 1usize..6, span in 1u64..5000, waits in proptest::collection::vec(0u64..900, 1..80),
        ) {
            let rate = Rate { messages, within: Duration::from_millis(span) };
            let (mut went, mut all, mut now) = (VecDeque::new(), Vec::new(), 0);
            for wait in waits {
                now += wait;
                if let Err(next) = take(&mut went, rate, at(now)) {
                    prop_assert!(next > at(now));
                    let before = Timestamp::from_millisecond(next.as_millisecond() - 1).unwrap();
                    prop_assert!(take(&mut went.clone(), rate, before).is_err(), "it waits too long");
                    now = u64::try_from(next.duration_since(at(0)).as_millis()).unwrap();
                    prop_assert_eq!(take(&mut went, rate, at(now)), Ok(()));
                }
                all.push(now);
            }
            for (place, first) in all.iter().enumerate() {
                let inside = all[place..].iter().filter(|one| **one < first + span).count();
                prop_assert!(inside <= messages, "{} within {} ms of {}", inside, span, first);
            }
        }
    }

    #[test]
    fn a_clock_that_is_set_back_makes_nobody_wait() {
        let rate = Rate { messages: 1, within: Duration::from_secs(1) };
        let mut went = VecDeque::new();
        assert_eq!(take(&mut went, rate, at(86_400_000)), Ok(()));
        assert_eq!(take(&mut went, rate, at(0)), Ok(()));
    }
}
