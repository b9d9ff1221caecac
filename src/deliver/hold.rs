//! What a message waits for besides its receiver: quiet hours, its digest, its turn in the hour. Pure.
//!
//! All is derived from the rows and the clock, so a restart changes nothing; and no wait outlives
//! its own longest, whatever the clock does.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};

use super::retry::later;
use crate::model::{Hold, MessageId, MessageKind};
use crate::sink::{Pace, Quiet, Rhythm};
use crate::store::Pending;

/// The span that `max_per_hour` counts over.
pub(super) const HOUR: Duration = Duration::from_secs(3600);

/// A hold to begin, move or, with `None`, end.
pub(super) type Order = (MessageId, Option<Hold>);

/// What holds begin, move and end now. `sent` are the times at which messages were accepted within
/// the last hour, newest first; all that `max_per_hour` asks for.
pub(super) fn orders(
    pace: &Pace,
    zone: &TimeZone,
    sent: &[Timestamp],
    pending: &[Pending],
    now: Timestamp,
) -> Vec<Order> {
    let oldest = pending.iter().filter(|one| gathers(one, now)).map(|one| one.created).min();
    let turn = (pace.max_per_hour > 0)
        .then(|| sent.get(pace.max_per_hour - 1))
        .flatten()
        // A clock that was set back makes nobody wait longer than the hour.
        .map(|nth| later(*nth, HOUR).min(later(now, HOUR)));
    let set_back = oldest.is_some_and(|at| at > now) || sent.first().is_some_and(|at| *at > now);
    let mut orders = Vec::new();
    for one in pending {
        let wanted =
            match one.by_hand || matches!(one.kind, MessageKind::Ping | MessageKind::Event(_)) {
                true => None,
                false => hold(pace, zone, one, oldest, turn, now),
            };
        let held = one.held.as_ref().filter(|hold| hold.until > now);
        // A clock that was set back would move the end of a hold on and on.
        let is_kept = held.zip(wanted.as_ref()).is_some_and(|(held, wanted)| {
            set_back && held.why == wanted.why && held.until <= wanted.until
        });
        if wanted.as_ref() != held && !is_kept {
            orders.push((one.id.clone(), wanted));
        }
    }
    orders
}

/// What one message waits for, where it does.
fn hold(
    pace: &Pace,
    zone: &TimeZone,
    one: &Pending,
    oldest: Option<Timestamp>,
    turn: Option<Timestamp>,
    now: Timestamp,
) -> Option<Hold> {
    let mut wait = (now, "");
    let mut extend = |until: Option<Timestamp>, why: &'static str| {
        if let Some(until) = until.filter(|until| *until > wait.0) {
            wait = (until, why);
        }
        wait.0
    };
    if gathers(one, now) {
        let first = oldest.unwrap_or(one.created).min(now);
        match pace.digest {
            Some(Rhythm::Every(every)) => extend(Some(later(first, every)), "its digest"),
            Some(Rhythm::Daily(time)) => extend(next(zone, time, first), "its digest"),
            None => extend(Some(later(first, pace.group_wait)), "more of the same"),
        };
    }
    let at = extend(turn, "max_per_hour");
    if let Some(quiet) = &pace.quiet {
        extend(quiet_end(zone, quiet, at), "quiet hours");
    }
    // As exact as the rows keep it, or each look would move it.
    let until = Timestamp::from_millisecond(wait.0.as_millisecond()).unwrap_or(wait.0);
    (until > now).then(|| Hold { until, why: wait.1.to_owned() })
}

/// Whether it is an alert by itself whose time to gather is not over.
fn gathers(one: &Pending, now: Timestamp) -> bool {
    is_single(one) && one.held.as_ref().is_none_or(|hold| hold.until > now)
}

/// Whether it is an alert that can still become part of a digest.
pub(super) fn is_single(one: &Pending) -> bool {
    one.sealed.is_none()
        && !one.by_hand
        && matches!(one.kind, MessageKind::Raised | MessageKind::Updated)
}

/// Whether it may not go yet.
pub(super) fn is_held(one: &Pending, now: Timestamp) -> bool {
    one.held.as_ref().is_some_and(|hold| hold.until > now)
}

/// Alerts that have waited and now go together.
pub(super) fn released(pace: &Pace, pending: &[Pending], now: Timestamp) -> Vec<MessageId> {
    let together = pace.digest.is_some() || !pace.group_wait.is_zero();
    let ready = pending.iter().filter(|one| is_single(one) && !is_held(one, now));
    ready.filter(|one| together || one.held.is_some()).map(|one| one.id.clone()).collect()
}

/// End of the quiet hours that a time lies in.
fn quiet_end(zone: &TimeZone, quiet: &Quiet, at: Timestamp) -> Option<Timestamp> {
    let today = zone.to_datetime(at).date();
    [today.yesterday().ok()?, today].into_iter().find_map(|day| {
        let last = if quiet.until > quiet.from { day } else { day.tomorrow().ok()? };
        let (begin, end) = (instant(zone, day, quiet.from)?, instant(zone, last, quiet.until)?);
        (begin <= at && at < end).then_some(end)
    })
}

/// The next such time of day after another time.
fn next(zone: &TimeZone, time: Time, after: Timestamp) -> Option<Timestamp> {
    let mut day = zone.to_datetime(after).date().yesterday().ok()?;
    for _ in 0..4 {
        if let Some(at) = instant(zone, day, time).filter(|at| *at > after) {
            return Some(at);
        }
        day = day.tomorrow().ok()?;
    }
    None
}

/// When it is that time of that day: one that the clocks skip is the moment of the skip, of one that
/// they show twice the first counts.
fn instant(zone: &TimeZone, day: Date, time: Time) -> Option<Timestamp> {
    let shown = zone.to_ambiguous_timestamp(day.to_datetime(time));
    let skips = matches!(shown.offset(), AmbiguousOffset::Gap { .. });
    let at = shown.compatible().ok()?;
    match skips {
        true => zone.preceding(at).next().map(|change| change.timestamp()),
        false => Some(at),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::time;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn berlin() -> TimeZone {
        TimeZone::get("Europe/Berlin").unwrap()
    }

    fn end(from: Time, until: Time, now: &str) -> Option<Timestamp> {
        quiet_end(&berlin(), &Quiet { from, until }, at(now))
    }

    #[test]
    fn quiet_hours_may_go_past_midnight_and_hold_to_their_end_alone() {
        let (ten, seven) = (time(22, 0, 0, 0), time(7, 0, 0, 0));
        let morning = Some(at("2026-07-02T05:00:00Z"));
        assert_eq!(end(ten, seven, "2026-07-01T19:59:59Z"), None);
        assert_eq!(end(ten, seven, "2026-07-01T20:00:00Z"), morning);
        assert_eq!(end(ten, seven, "2026-07-02T04:59:59Z"), morning);
        assert_eq!(end(ten, seven, "2026-07-02T05:00:00Z"), None);
        let noon = end(time(12, 0, 0, 0), time(13, 0, 0, 0), "2026-07-01T10:30:00Z");
        assert_eq!(noon, Some(at("2026-07-01T11:00:00Z")));
    }

    /// On 29 March 2026 the clocks go from 02:00 to 03:00, on 25 October from 03:00 to 02:00.
    #[test]
    fn a_quiet_end_that_the_clocks_skip_is_the_skip_and_of_two_the_first_counts() {
        let (ten, half) = (time(22, 0, 0, 0), time(2, 30, 0, 0));
        let skip = at("2026-03-29T01:00:00Z");
        assert_eq!(end(ten, half, "2026-03-28T23:00:00Z"), Some(skip));
        assert_eq!(end(ten, half, "2026-03-29T01:00:00Z"), None);
        assert_eq!(end(ten, half, "2026-03-29T01:15:00Z"), None);
        let first = at("2026-10-25T00:30:00Z");
        assert_eq!(end(ten, half, "2026-10-25T00:29:59Z"), Some(first));
        // 02:10 for the second time.
        assert_eq!(end(ten, half, "2026-10-25T01:10:00Z"), None);
    }

    #[test]
    fn a_daily_digest_goes_once_a_day_whatever_the_clocks_do() {
        let half = time(2, 30, 0, 0);
        let at_half = |after: &str| next(&berlin(), half, at(after)).unwrap();
        assert_eq!(at_half("2026-03-28T12:00:00Z"), at("2026-03-29T01:00:00Z"));
        assert_eq!(at_half("2026-03-29T01:00:00Z"), at("2026-03-30T00:30:00Z"));
        assert_eq!(at_half("2026-10-24T12:00:00Z"), at("2026-10-25T00:30:00Z"));
        // The hour comes again; the digest doesn't.
        assert_eq!(at_half("2026-10-25T00:30:00Z"), at("2026-10-26T01:30:00Z"));
    }
}
