//! When a feed is asked next: pure decisions over its state, the outcome of a poll and the time.
//!
//! **Interval.** A fixed `every` is taken as it is. An adaptive one is half the typical gap between the
//! newest entries, so that news waits for a quarter of the gap on average; it grows while a feed stays
//! quiet, stays between `min` and `max`, and never falls below the site's own hint, which itself counts
//! for `max` at most.
//!
//! **Phase.** Each feed has a fixed place within its interval, from its name. The next poll is the last
//! such place within one interval from now, so feeds spread evenly and stay apart after a restart or
//! an outage; where that is nearer than the least wait, it is the least wait. Jitter only adds.
//!
//! **Failure.** Waits double from `min` up to `max`, which stays as a slow heartbeat: no feed is given
//! up in silence. `Retry-After` is never undercut; 410 ends polling.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::rhythm::{DEFAULT_GAP, is_silent, since};
use super::section::PollSection;
use crate::model::{Condition, Every, Feed, FeedState, Hints};

/// Longest wait that `Retry-After` can ask for.
pub(super) const MAX_RETRY_AFTER: Duration = Duration::from_secs(86_400);
/// Jitter is at most this, and at most a tenth of the interval.
pub(super) const MAX_JITTER: Duration = Duration::from_secs(60);
/// A quiet feed counts as having at least this part of the silence as gap.
const SILENCE_PART: u32 = 8;
/// A retired feed is not due for this long; it is not polled even then.
const RETIRED_FOR: Duration = Duration::from_secs(365 * 86_400);

/// How a poll went, as far as its next time is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Went {
    /// A feed or "not modified".
    Well,
    /// No feed. `blocked` where somebody stands in the way; `after` from `Retry-After`.
    Badly { blocked: bool, after: Option<Duration> },
    /// 410.
    Gone,
}

/// Moves a state on after a poll that ended at `now`: failures, condition and the next time. What
/// the poll taught (validators, rhythm, hints, `last_new`) is in the state already.
pub(super) fn advance(
    state: &mut FeedState,
    feed: &Feed,
    poll: &PollSection,
    went: Went,
    now: Timestamp,
) {
    state.last_poll = Some(now);
    match went {
        Went::Well => {
            state.failures = 0;
            state.last_error = None;
            state.last_success = Some(now);
            state.condition = if is_silent(state, now) { Condition::Silent } else { Condition::Ok };
            state.next_due = regular(state, feed, poll, now);
        }
        Went::Badly { blocked, after } => {
            state.failures = state.failures.saturating_add(1);
            state.condition = if blocked { Condition::Blocked } else { Condition::Failing };
            let mut wait = back_off(state.failures, feed.every, poll);
            if let Some(after) = after {
                wait = wait.max(after.min(MAX_RETRY_AFTER));
            }
            state.next_due = later(now, wait + jitter(feed, wait, now));
        }
        Went::Gone => {
            state.failures = state.failures.saturating_add(1);
            state.condition = Condition::Retired;
            state.next_due = later(now, RETIRED_FOR);
        }
    }
}

/// The interval of a feed that is well.
pub(super) fn interval(
    state: &FeedState,
    every: Every,
    poll: &PollSection,
    now: Timestamp,
) -> Duration {
    let Every::Auto = every else { return fixed(every) };
    let quiet = state.last_new.map_or(Duration::ZERO, |last| since(last, now));
    let gap = state.rhythm.unwrap_or(DEFAULT_GAP).max(quiet / SILENCE_PART);
    (gap / 2).max(least_wait(state.hints, poll)).min(poll.max)
}

/// No adaptive poll comes sooner than this after the one before.
fn least_wait(hints: Hints, poll: &PollSection) -> Duration {
    hints.at_least.unwrap_or_default().min(poll.max).max(poll.min)
}

fn fixed(every: Every) -> Duration {
    match every {
        Every::Fixed(every) => every,
        Every::Auto => DEFAULT_GAP,
    }
}

/// The next time of a feed that is well.
pub(super) fn regular(
    state: &FeedState,
    feed: &Feed,
    poll: &PollSection,
    now: Timestamp,
) -> Timestamp {
    let interval = interval(state, feed.every, poll, now);
    let least = match feed.every {
        Every::Auto => least_wait(state.hints, poll),
        // Falling into phase may shorten the first interval, and polls must not come in pairs.
        Every::Fixed(every) => every / 2,
    };
    let due = in_phase(feed, interval, now).max(later(now, least));
    let due = match feed.every {
        Every::Auto => unskipped(due, state.hints, later(now, poll.max)),
        Every::Fixed(_) => due,
    };
    later(due, jitter(feed, interval, now))
}

/// The feed's last place in phase within one interval from now.
fn in_phase(feed: &Feed, interval: Duration, now: Timestamp) -> Timestamp {
    let period = i128::try_from(interval.as_nanos()).unwrap_or(i128::MAX).max(1);
    let phase = i128::from(number(feed, 0)) % period;
    let horizon = later(now, interval).as_nanosecond();
    let due = horizon - (horizon - phase).rem_euclid(period);
    Timestamp::from_nanosecond(due).unwrap_or_else(|_| later(now, interval))
}

/// The first time from `due` on that `skipHours` and `skipDays` leave free, but not after `latest`.
fn unskipped(due: Timestamp, hints: Hints, latest: Timestamp) -> Timestamp {
    let skipped = |at: Timestamp| {
        let at = at.to_zoned(TimeZone::UTC);
        let day = at.weekday().to_monday_zero_offset();
        hints.skip_hours & (1 << at.hour()) != 0 || hints.skip_days & (1 << day) != 0
    };
    let mut free = due;
    while skipped(free) && free < latest {
        // The start of the next hour; at most a week of them, because `latest` is near.
        let into = free.as_second().rem_euclid(3600);
        free = later(free, Duration::from_secs(3600 - into.unsigned_abs()));
    }
    free.min(latest)
}

/// The wait after this many failures in a row.
pub(super) fn back_off(failures: u32, every: Every, poll: &PollSection) -> Duration {
    let (first, most) = match every {
        Every::Auto => (poll.min, poll.max),
        Every::Fixed(every) => (every.min(poll.min), every.max(poll.max)),
    };
    let factor = 1u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
    first.saturating_mul(factor).min(most)
}

/// Spreads polls that would fall together. From name and time, so that it is the same for the same
/// question.
fn jitter(feed: &Feed, interval: Duration, now: Timestamp) -> Duration {
    let most = (interval / 10).min(MAX_JITTER);
    let share = number(feed, now.as_second()) % 1024;
    most * u32::try_from(share).unwrap_or(0) / 1024
}

/// A number from a feed's name and a salt, stable over restarts and releases.
fn number(feed: &Feed, salt: i64) -> u64 {
    let mut hash = Sha256::new();
    hash.update(salt.to_le_bytes());
    hash.update(feed.name.as_str().as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&hash.finalize()[..8]);
    u64::from_le_bytes(first)
}

/// A due time that can be believed: after the clock was set back, or `max` was made shorter, none
/// lies further ahead than any rule would have put it.
pub(super) fn believable(
    due: Timestamp,
    every: Every,
    poll: &PollSection,
    now: Timestamp,
) -> Timestamp {
    let most = poll.max.max(MAX_RETRY_AFTER);
    let most = if let Every::Fixed(every) = every { most.max(every) } else { most };
    due.min(later(now, most + MAX_JITTER))
}

/// An instant that much later, as far as time goes.
pub(super) fn later(at: Timestamp, wait: Duration) -> Timestamp {
    let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
    at.checked_add(wait).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::{FeedName, Kind};

    fn feed(name: &str, every: Every) -> Feed {
        Feed {
            name: FeedName::new(name),
            url: "http://e.org/".to_owned(),
            every,
            kind: Kind::Press,
            tags: Vec::new(),
            shadow: false,
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    fn after(state: &FeedState, feed: &Feed, went: Went, now: Timestamp) -> FeedState {
        let mut next = state.clone();
        advance(&mut next, feed, &PollSection::default(), went, now);
        next
    }

    #[test]
    fn the_interval_follows_rhythm_silence_and_hints() {
        let (now, poll) = (at("2026-01-10T00:00:00Z"), PollSection::default());
        let mut state = FeedState::new(now);
        state.rhythm = Some(seconds(3600));
        state.last_new = Some(now);
        assert_eq!(interval(&state, Every::Auto, &poll, now), seconds(1800));
        state.last_new = Some(at("2026-01-09T08:00:00Z"));
        assert_eq!(interval(&state, Every::Auto, &poll, now), seconds(3600));
        state.rhythm = Some(seconds(1));
        state.last_new = Some(now);
        assert_eq!(interval(&state, Every::Auto, &poll, now), poll.min);
        state.hints.at_least = Some(seconds(86_400));
        assert_eq!(interval(&state, Every::Auto, &poll, now), poll.max);
        let every = Every::Fixed(seconds(7));
        assert_eq!(interval(&state, every, &poll, now), seconds(7));
    }

    #[test]
    fn skipped_hours_and_days_are_left_out() {
        // 1 January 2026 is a Thursday.
        let due = at("2026-01-01T22:30:00Z");
        let far = at("2026-01-09T00:00:00Z");
        let hints = Hints { skip_hours: 1 << 22 | 1 << 23, skip_days: 1 << 4, at_least: None };
        assert_eq!(unskipped(due, hints, far), at("2026-01-03T00:00:00Z"));
        assert_eq!(unskipped(due, hints, at("2026-01-01T23:10:00Z")), at("2026-01-01T23:10:00Z"));
        assert_eq!(unskipped(due, Hints::default(), far), due);
    }

    #[test]
    fn failures_double_the_wait_up_to_a_heartbeat() {
        let poll = PollSection::default();
        let wait = |failures| back_off(failures, Every::Auto, &poll);
        assert_eq!((wait(1), wait(2), wait(3)), (seconds(120), seconds(240), seconds(480)));
        assert_eq!((wait(40), wait(u32::MAX)), (poll.max, poll.max));
        assert_eq!(back_off(1, Every::Fixed(seconds(5)), &poll), seconds(5));
    }

    #[test]
    fn a_poll_that_goes_well_clears_the_failures() {
        let now = at("2026-01-01T00:00:00Z");
        let feed = feed("a", Every::Auto);
        let badly = Went::Badly { blocked: true, after: None };
        let mut state = after(&FeedState::new(now), &feed, badly, now);
        assert_eq!((state.failures, state.condition), (1, Condition::Blocked));
        state.last_error = Some("x".to_owned());
        let state = after(&state, &feed, Went::Well, now);
        assert_eq!((state.failures, state.condition, state.last_error), (0, Condition::Ok, None));
        let gone = after(&FeedState::new(now), &feed, Went::Gone, now);
        assert_eq!(gone.condition, Condition::Retired);
    }

    #[test]
    fn ten_thousand_feeds_spread_over_the_interval() {
        let now = at("2026-01-01T00:00:00Z");
        let mut minutes = [0u32; 16];
        for number in 0..10_000 {
            let feed = feed(&format!("feed {number}"), Every::Auto);
            let mut state = FeedState::new(now);
            (state.rhythm, state.last_new) = (Some(seconds(1800)), Some(now));
            // The second poll, from where the first one put it.
            let first = after(&state, &feed, Went::Well, now).next_due;
            let second = after(&state, &feed, Went::Well, first).next_due;
            let into = (second.as_second() - now.as_second()).rem_euclid(900) / 60;
            minutes[usize::try_from(into).unwrap()] += 1;
        }
        let most = minutes.iter().max().unwrap();
        assert!(*most < 1_000, "a minute of the quarter of an hour holds {most}: {minutes:?}");
    }

    prop_compose! {
        fn states()(
            rhythm in proptest::option::of(0u64..10_000_000),
            quiet in proptest::option::of(-1000i64..10_000_000),
            hint in proptest::option::of(0u64..10_000_000),
            hours in 0u32..1 << 24,
            days in 0u8..1 << 7,
            failures in 0u32..50,
        ) -> (FeedState, Timestamp) {
            let now = at("2026-03-04T05:06:07Z");
            let mut state = FeedState::new(now);
            state.rhythm = rhythm.map(seconds);
            state.last_new = quiet.map(|quiet| Timestamp::from_second(now.as_second() - quiet).unwrap());
            state.hints = Hints { at_least: hint.map(seconds), skip_hours: hours, skip_days: days };
            state.failures = failures;
            (state, now)
        }
    }

    proptest! {
        #[test]
        fn an_adaptive_poll_comes_neither_early_nor_late((state, now) in states(), name in "[a-z]{1,8}") {
            let (feed, poll) = (feed(&name, Every::Auto), PollSection::default());
            let due = after(&state, &feed, Went::Well, now).next_due;
            let least = poll.min.max(state.hints.at_least.unwrap_or_default().min(poll.max));
            prop_assert!(due >= later(now, least), "{} is early", due);
            prop_assert!(due <= later(now, poll.max + MAX_JITTER), "{} is late", due);
        }

        #[test]
        fn a_fixed_interval_is_kept((state, now) in states(), name in "[a-z]{1,8}", every in 1u64..100_000) {
            let (feed, poll) = (feed(&name, Every::Fixed(seconds(every))), PollSection::default());
            let first = after(&state, &feed, Went::Well, now).next_due;
            let jitter = (seconds(every) / 10).min(MAX_JITTER);
            prop_assert!(first > now && first <= later(now, seconds(every) + jitter));
            // Once in phase, the times in phase are exactly one interval apart.
            let places = [first, after(&state, &feed, Went::Well, first).next_due];
            let apart = places[1].duration_since(places[0]).unsigned_abs();
            prop_assert!(apart + jitter >= seconds(every) / 2 && apart <= seconds(every) + jitter, "{:?}", apart);
            prop_assert_eq!(poll.every, Every::Auto);
        }

        #[test]
        fn retry_after_is_never_undercut(
            (state, now) in states(), after_seconds in 0u64..40_000_000, fixed in proptest::option::of(1u64..100_000),
        ) {
            let every = fixed.map_or(Every::Auto, |every| Every::Fixed(seconds(every)));
            let (feed, poll) = (feed("a", every), PollSection::default());
            let hint = seconds(after_seconds);
            let went = Went::Badly { blocked: false, after: Some(hint) };
            let due = after(&state, &feed, went, now).next_due;
            prop_assert!(due >= later(now, hint.min(MAX_RETRY_AFTER)));
            let most = poll.max.max(MAX_RETRY_AFTER).max(seconds(fixed.unwrap_or(0)));
            prop_assert!(due <= later(now, most + MAX_JITTER));
            prop_assert!(due > now);
            prop_assert_eq!(believable(due, every, &poll, now), due);
        }
    }
}
