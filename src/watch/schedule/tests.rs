//! The schedule, by example, by property, and by a day of ten thousand feeds.

use std::collections::BTreeSet;

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
        full_text: false,
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
fn one_clock_runs_for_as_long_as_a_feed_is_not_well() {
    let feed = feed("a", Every::Auto);
    let hour = |hour: u64| later(at("2026-01-01T00:00:00Z"), seconds(hour * 3600));
    let badly = |blocked| Went::Badly { blocked, after: None };
    let mut state = FeedState::new(hour(0));
    (state.last_new, state.entries) = (Some(hour(0)), 3);
    let well = after(&state, &feed, Went::Well, hour(1));
    let mut state = well.clone();
    for (turn, blocked) in (2..9).zip([true, false].into_iter().cycle()) {
        state = after(&state, &feed, badly(blocked), hour(turn));
        assert_eq!(state.since, Some(hour(2)), "403 and 503 by turns");
    }
    assert_eq!(after(&state, &feed, Went::Well, hour(9)).since, Some(hour(9)));
    assert_eq!(after(&state, &feed, Went::Gone, hour(9)).since, Some(hour(9)));
    // Silent and failing by turns.
    let mut state = after(&well, &feed, Went::Well, hour(100));
    assert_eq!((state.condition, state.since), (Condition::Silent, Some(hour(100))));
    for turn in [101, 103, 105] {
        state = after(&state, &feed, badly(false), hour(turn));
        state = after(&state, &feed, Went::Well, hour(turn + 1));
        assert_eq!((state.condition, state.since), (Condition::Silent, Some(hour(100))));
    }
}

#[test]
fn a_feed_without_entries_falls_silent_though_it_fails_now_and_then() {
    let feed = feed("a", Every::Auto);
    let mut state = FeedState::new(at("2026-01-01T00:00:00Z"));
    let mut now = at("2026-01-01T00:00:00Z");
    for _ in 0..40 {
        let badly = Went::Badly { blocked: false, after: None };
        for went in [Went::Well, badly] {
            now = later(now, seconds(3600));
            state = after(&state, &feed, went, now);
        }
    }
    state = after(&state, &feed, Went::Well, later(now, seconds(3600)));
    assert_eq!(state.condition, Condition::Silent);
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

/// Ten thousand feeds on a machine that makes so many polls a second.
struct Day {
    feeds: Vec<(Feed, FeedState)>,
    due: BTreeSet<(Timestamp, usize)>,
    poll: PollSection,
    now: Timestamp,
    a_second: u32,
}

impl Day {
    /// Feeds of every rhythm, a tenth of which are asked as often as the site's hint allows: their
    /// least wait is their interval.
    fn new(now: Timestamp) -> Self {
        let feeds = (0..10_000).map(|number| {
            let mut state = FeedState::new(now);
            (state.rhythm, state.entries) = (Some(seconds([3600, 5400, 7200][number % 3])), 10);
            if number % 10 == 0 {
                state.hints.at_least = Some(seconds(3600));
            }
            (feed(&format!("feed {number}"), Every::Auto), state)
        });
        let due = (0..10_000).map(|number| (now, number)).collect();
        Self { feeds: feeds.collect(), due, poll: PollSection::default(), now, a_second: 200 }
    }

    /// Lets this many minutes pass, and counts the polls of each.
    fn pass(&mut self, minutes: usize, offline: bool) -> Vec<u32> {
        let mut counts = vec![0; minutes];
        let down = self.now;
        for second in 0..minutes * 60 {
            for _ in 0..self.a_second {
                let Some((due, number)) = self.due.first().copied() else { break };
                if due > self.now {
                    break;
                }
                self.due.pop_first();
                let (feed, state) = &mut self.feeds[number];
                let went = if offline { Went::Offline(down) } else { Went::Well };
                if !offline {
                    state.last_new = Some(self.now);
                }
                advance(state, feed, &self.poll, went, self.now);
                self.due.insert((state.next_due, number));
                counts[second / 60] += 1;
            }
            self.now = later(self.now, seconds(1));
        }
        counts
    }
}

#[test]
fn ten_thousand_feeds_make_no_herd_after_a_start_a_stop_or_an_outage() {
    let mut day = Day::new(at("2026-01-01T00:00:00Z"));
    let most = |counts: &[u32]| *counts.iter().max().unwrap();
    let mean = |counts: &[u32]| counts.iter().sum::<u32>() / u32::try_from(counts.len()).unwrap();
    // All are polled at once, as fast as it goes, and once only.
    let first = day.pass(2, false);
    assert_eq!(first.iter().sum::<u32>(), 10_000);
    // From then on they are spread.
    day.pass(60, false);
    let steady = day.pass(60, false);
    assert!(most(&steady) < 2 * mean(&steady), "{steady:?}");
    // The daemon stands still for ten hours: the overdue ones go at once, and part again.
    day.now = later(day.now, seconds(36_000));
    assert!(most(&day.pass(2, false)) > 5_000);
    day.pass(120, false);
    let again = day.pass(60, false);
    assert!(most(&again) < 2 * mean(&again), "{again:?}");
    // The network is down for an hour: the polls stay as spread as they were, then and after.
    let down = day.pass(60, true);
    let after = day.pass(60, false);
    for counts in [down, after] {
        assert!(most(&counts) < 2 * mean(&steady), "{counts:?}");
        assert!(mean(&counts) > mean(&steady) / 2, "{counts:?}");
    }
    day.pass(90, false);
    assert!(day.feeds.iter().all(|(_, state)| state.failures == 0 && state.offline.is_none()));
}

#[test]
fn what_happens_while_the_network_is_down_is_held_against_no_feed() {
    let now = at("2026-01-01T00:00:00Z");
    let feed = feed("a", Every::Auto);
    let mut state = FeedState::new(now);
    (state.last_new, state.entries) = (Some(now), 3);
    let well = after(&state, &feed, Went::Well, now);
    let since = at("2026-01-01T01:00:00Z");
    let mut state = well.clone();
    for minute in 0..100 {
        let then = later(since, seconds(minute * 60));
        state = after(&state, &feed, Went::Offline(since), then);
        assert_eq!((state.failures, state.condition, state.since), (0, Condition::Ok, well.since));
        assert_eq!(state.offline, Some(since));
    }
    let badly = Went::Badly { blocked: false, after: None };
    let failing = after(&state, &feed, badly, later(since, seconds(9000)));
    assert_eq!((failing.offline, failing.failures), (None, 1));
    assert_eq!(failing.since, failing.last_poll, "in a new condition since that poll");
    let offline = after(&failing, &feed, Went::Offline(since), later(since, seconds(9200)));
    assert_eq!((offline.failures, offline.condition), (1, Condition::Failing));
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
