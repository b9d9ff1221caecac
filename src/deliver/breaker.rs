//! What an attempt says of the endpoint, for all sinks that share it. Pure.
//!
//! After a few failures in a row, whichever messages they were, or where most attempts of the last minutes
//! failed (`recent`), the endpoint is left alone as long as `[delivery] retry` leaves a message alone, and
//! then asked with one message. So an outage costs a
//! probe now and then and no message its tries; and its end makes due what waited, spread.

use std::time::Duration;

use jiff::Timestamp;

use super::DeliverySection;
use super::retry::{Endpoint, later, step};
use crate::store::SinkState;

/// Failures in a row after which the endpoint is left alone.
pub(super) const OPENS: u32 = 5;
/// Longest time for which it is left alone: when it is back, news should not be old.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// Whether the endpoint is asked with one message at a time.
pub(super) fn is_open(state: &SinkState) -> bool {
    state.failures >= OPENS
}

/// How long the endpoint is left alone after so many failures in a row.
pub(super) fn rest(section: &DeliverySection, failures: u32) -> Option<Duration> {
    let beyond = failures.checked_sub(OPENS)?;
    Some(step(&section.retry, beyond.saturating_add(1)).min(LONGEST))
}

/// Whether this word of the endpoint changes anything.
pub(super) fn matters(state: &SinkState, word: &Endpoint) -> bool {
    match word {
        Endpoint::Says => false,
        Endpoint::Well => state.failures > 0,
        Endpoint::Fails | Endpoint::Pauses(_) | Endpoint::Disabled(_) => true,
    }
}

/// What is remembered of an endpoint that fails most of the time: the same as of one that failed several
/// times in a row.
pub(super) fn opened(section: &DeliverySection, state: &SinkState, now: Timestamp) -> SinkState {
    let nearly = SinkState { failures: state.failures.max(OPENS - 1), ..state.clone() };
    after(section, &nearly, &Endpoint::Fails, now)
}

/// What is remembered after this word of the endpoint.
pub(super) fn after(
    section: &DeliverySection,
    state: &SinkState,
    word: &Endpoint,
    now: Timestamp,
) -> SinkState {
    let known = state.clone();
    match word {
        Endpoint::Says => known,
        Endpoint::Well => SinkState {
            paused_until: known.paused_until.filter(|_| !is_open(state)),
            failures: 0,
            ..known
        },
        // What was under way as it was left alone says nothing new.
        Endpoint::Fails if is_open(state) && known.paused_until.is_some_and(|at| at > now) => known,
        Endpoint::Fails => {
            let failures = known.failures.saturating_add(1);
            let rest = rest(section, failures).map(|rest| later(now, rest));
            SinkState { paused_until: rest.max(known.paused_until), failures, ..known }
        }
        Endpoint::Pauses(until) => {
            SinkState { paused_until: Some(*until).max(known.paused_until), ..known }
        }
        // Of several under way the first has said it.
        Endpoint::Disabled(_) if known.disabled.is_some() => known,
        Endpoint::Disabled(why) => SinkState { disabled: Some((now, (*why).to_owned())), ..known },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        later("2026-01-01T00:00:00Z".parse().unwrap(), Duration::from_secs(seconds))
    }

    fn minutes(state: &SinkState, now: u64) -> Option<i64> {
        state.paused_until.map(|until| until.duration_since(at(now)).as_secs())
    }

    #[test]
    fn five_failures_in_a_row_open_it_and_one_success_closes_it() {
        let section = DeliverySection::default();
        let mut state = SinkState::default();
        let mut now = 0;
        for _ in 1..OPENS {
            state = after(&section, &state, &Endpoint::Fails, at(now));
            assert!(!is_open(&state) && state.paused_until.is_none());
        }
        for rest in [10, 60, 300, 900, 900, 900] {
            state = after(&section, &state, &Endpoint::Fails, at(now));
            assert_eq!((is_open(&state), minutes(&state, now)), (true, Some(rest)));
            // Others were under way.
            assert_eq!(after(&section, &state, &Endpoint::Fails, at(now)), state);
            now += u64::try_from(rest).unwrap();
        }
        state = after(&section, &state, &Endpoint::Well, at(now));
        assert_eq!(state, SinkState::default());
    }

    #[test]
    fn of_several_that_say_that_it_is_gone_the_first_counts() {
        let section = DeliverySection::default();
        let gone = Endpoint::Disabled("gone");
        let first = after(&section, &SinkState::default(), &gone, at(1));
        assert_eq!(first.disabled, Some((at(1), "gone".to_owned())));
        assert_eq!(after(&section, &first, &gone, at(2)), first);
    }

    #[test]
    fn one_that_mostly_fails_is_left_alone_as_well() {
        let section = DeliverySection::default();
        let opened = opened(&section, &SinkState::default(), at(0));
        assert!(is_open(&opened));
        assert_eq!(minutes(&opened, 0), Some(10));
        assert_eq!(after(&section, &opened, &Endpoint::Well, at(11)), SinkState::default());
    }

    #[test]
    fn a_success_ends_no_pause_that_the_receiver_asked_for() {
        let section = DeliverySection::default();
        let paused = after(&section, &SinkState::default(), &Endpoint::Pauses(at(60)), at(0));
        let failed = after(&section, &paused, &Endpoint::Fails, at(1));
        let well = after(&section, &failed, &Endpoint::Well, at(2));
        assert_eq!((well.paused_until, well.failures), (Some(at(60)), 0));
        let shorter = after(&section, &well, &Endpoint::Pauses(at(30)), at(3));
        assert_eq!(shorter.paused_until, Some(at(60)), "a later answer made the pause shorter");
    }
}
