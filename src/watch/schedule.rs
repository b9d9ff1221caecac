//! When a feed is asked next: pure decisions over its state, the outcome of a poll and the time.
//!
//! **Interval.** A fixed `every` is taken as it is. An adaptive one is half the typical gap between the
//! newest entries, so that news waits for a quarter of the gap on average; it grows while a feed stays
//! quiet, stays between `min` and `max`, and never falls below the site's own hint, which itself counts
//! for `max` at most.
//!
//! **Phase.** Each feed has a fixed place within its interval, from its name. The next poll is the last
//! such place within one interval from now, so feeds spread evenly and stay apart after a restart or
//! an outage; where that is nearer than the least wait, it is the least wait. Jitter only adds. A feed
//! that was overdue came together with many others, and waits for its place one interval longer rather
//! than for the least time, or those whose interval *is* the least time would stay together for ever.
//!
//! **Failure.** Waits double from `min` up to `max`, which stays as a slow heartbeat: no feed is given
//! up in silence. `Retry-After` is never undercut; 410 ends polling. Where the network is down, nothing
//! is held against the feed, and it keeps its place.

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
    /// No answer, and the network is down since then.
    Offline(Timestamp),
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
    let overdue = is_overdue(state, feed.every, poll, now);
    let before = state.condition;
    state.last_poll = Some(now);
    if !matches!(went, Went::Offline(_)) {
        state.offline = None;
    }
    match went {
        Went::Well => {
            state.failures = 0;
            state.last_error = None;
            state.last_success = Some(now);
            state.condition = if is_silent(state, now) { Condition::Silent } else { Condition::Ok };
            state.next_due = regular(state, feed, poll, now, overdue);
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
        Went::Offline(since) => {
            state.offline = Some(state.offline.unwrap_or(since));
            state.next_due = match state.failures {
                0 => regular(state, feed, poll, now, overdue),
                failures => {
                    let wait = back_off(failures, feed.every, poll);
                    later(now, wait + jitter(feed, wait, now))
                }
            };
        }
    }
    if state.since.is_none() || turns(before, state) {
        state.since = Some(now);
    }
}

/// Whether a new clock begins as a feed goes from one condition to the next. One that fails, is blocked
/// and silent by turns is in one trouble, and one that never showed an entry is not known to be well:
/// each turn would begin their clock anew, and they would never last long enough to be told.
fn turns(before: Condition, state: &FeedState) -> bool {
    let now = state.condition;
    if now == Condition::Retired || before == Condition::New {
        return now != before;
    }
    now.is_well() != before.is_well() && state.last_new.is_some()
}

/// Makes a feed due at `now`, be it retired.
pub fn revive(state: &mut FeedState, now: Timestamp) {
    state.next_due = now;
    if state.condition == Condition::Retired {
        (state.condition, state.since) = (Condition::Failing, Some(now));
    }
}

/// Whether a poll at `now` came so late that it came together with others: after a restart, an outage
/// of this machine, or for the first time.
fn is_overdue(state: &FeedState, every: Every, poll: &PollSection, now: Timestamp) -> bool {
    let late = since(state.next_due, now);
    let usual = interval(state, every, poll, now) / 10;
    state.last_poll.is_none() || late > usual.min(MAX_JITTER) + poll.timeout
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

/// The next time of a feed that is well; `apart` where it has to part from others first.
pub(super) fn regular(
    state: &FeedState,
    feed: &Feed,
    poll: &PollSection,
    now: Timestamp,
    apart: bool,
) -> Timestamp {
    let interval = interval(state, feed.every, poll, now);
    let least = match feed.every {
        Every::Auto => least_wait(state.hints, poll),
        // Falling into phase may shorten the first interval, and polls must not come in pairs.
        Every::Fixed(every) => every / 2,
    };
    let place = in_phase(feed, interval, now);
    let latest = match feed.every {
        Every::Auto => later(now, poll.max),
        Every::Fixed(_) => Timestamp::MAX,
    };
    let due = match place < later(now, least) {
        true if apart && feed.every == Every::Auto => later(place, interval).min(latest),
        true => later(now, least),
        false => place,
    };
    let due = match feed.every {
        Every::Auto => unskipped(due, state.hints, latest),
        Every::Fixed(_) => due,
    };
    later(due, jitter(feed, interval, now))
}

/// The next time of a feed that is well and pushed by a hub: its own time, or a safety net of so long
/// an interval where that is later. A fixed `every` is taken as it is.
pub(super) fn at_rest(
    state: &FeedState,
    feed: &Feed,
    interval: Duration,
    now: Timestamp,
) -> Timestamp {
    match feed.every {
        Every::Auto => {
            let place = in_phase(feed, interval, now).max(later(now, interval / 2));
            state.next_due.max(later(place, jitter(feed, interval, now)))
        }
        Every::Fixed(_) => state.next_due,
    }
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
mod tests;
