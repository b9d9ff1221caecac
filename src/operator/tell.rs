//! What is to be told now, given what is wrong and what was told: each trouble once, its end once, many
//! of one kind together. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use crate::model::{Event, EventKind, EventState, Fault, SubjectState};

/// Subjects that are told with a line of their own; the others are counted.
const LINES: usize = 5;

/// The events that tell of the faults that are new, and of the end of those that were told and are over.
/// `told` are faults as they were told, `current` as they stand. A fault that is seen no more is over
/// when its `subject` is well, or gone from the config; until then nothing is told of it, and it is not
/// told anew either.
pub fn news(
    told: &[Fault],
    current: &[Fault],
    subject: impl Fn(&Fault) -> SubjectState,
    now: Timestamp,
) -> Vec<Event> {
    let known = |list: &[Fault], one: &Fault| {
        list.iter().any(|other| (other.kind, &other.subject) == (one.kind, &one.subject))
    };
    let began = current.iter().filter(|one| !known(told, one));
    let ended = told.iter().filter(|one| one.kind != EventKind::AllQuiet && !known(current, one));
    let ended: Vec<(&Fault, SubjectState)> = ended.map(|one| (one, subject(one))).collect();
    let those = |state| ended.iter().filter(move |(_, is)| *is == state).map(|(one, _)| *one);
    let mut events = by_kind(began, EventState::Raised, now, over);
    events.extend(by_kind(those(SubjectState::Well), EventState::Recovered, now, over));
    events.extend(by_kind(those(SubjectState::Gone), EventState::Recovered, now, gone));
    for event in &mut events {
        let same = current.iter().filter(|one| one.kind == event.kind).count();
        event.others = match event.state {
            EventState::Raised => same - event.subjects.len().max(1),
            EventState::Recovered => same,
        };
    }
    events
}

fn by_kind<'f>(
    faults: impl Iterator<Item = &'f Fault>,
    state: EventState,
    now: Timestamp,
    end: fn(EventKind, &[String]) -> String,
) -> Vec<Event> {
    let mut kinds: BTreeMap<EventKind, Vec<&Fault>> = BTreeMap::new();
    faults.for_each(|one| kinds.entry(one.kind).or_default().push(one));
    kinds.into_iter().map(|(kind, faults)| event(kind, state, &faults, now, end)).collect()
}

fn event(
    kind: EventKind,
    state: EventState,
    faults: &[&Fault],
    now: Timestamp,
    end: fn(EventKind, &[String]) -> String,
) -> Event {
    let subjects: Vec<String> = faults
        .iter()
        .map(|one| one.subject.clone())
        .filter(|subject| !subject.is_empty())
        .collect();
    let (what, cure) = match state {
        EventState::Raised => {
            let shown = faults.iter().take(LINES).map(|one| one.what.clone());
            let more = faults.len().saturating_sub(LINES);
            let rest = (more > 0).then(|| format!("and {more} more"));
            let lines: Vec<String> = shown.chain(rest).collect();
            (lines.join("\n"), faults.first().map(|one| one.cure.clone()).unwrap_or_default())
        }
        EventState::Recovered => (end(kind, &subjects), String::new()),
    };
    let since = faults.iter().filter_map(|one| one.since).min();
    Event { kind, state, what, since, cure, subjects, others: 0, at: now }
}

/// Some subjects by name, the others counted.
fn names(subjects: &[String]) -> String {
    let named: Vec<String> = subjects.iter().take(LINES).map(|one| format!("`{one}`")).collect();
    let mut names = named.join(", ");
    if subjects.len() > LINES {
        names.push_str(&format!(" and {} more", subjects.len() - LINES));
    }
    names
}

/// That those who had a trouble are not watched or used any more, in a sentence.
fn gone(_: EventKind, subjects: &[String]) -> String {
    let names = names(subjects);
    let are = if subjects.len() > 1 { "are" } else { "is" };
    format!("{names} {are} not in the config any more")
}

/// That trouble is over, in a sentence.
fn over(kind: EventKind, subjects: &[String]) -> String {
    let names = names(subjects);
    let several = subjects.len() > 1;
    let (feed, sink, rule) = match several {
        true => ("the feeds", "the sinks", "the rules"),
        false => ("the feed", "the sink", "the rule"),
    };
    match kind {
        EventKind::FeedFailing => match several {
            true => format!("{feed} {names} answer again"),
            false => format!("{feed} {names} answers again"),
        },
        EventKind::FeedSilent => match several {
            true => format!("{feed} {names} bring news again"),
            false => format!("{feed} {names} brings news again"),
        },
        EventKind::FeedBlocked => match several {
            true => format!("{feed} {names} are open to us again"),
            false => format!("{feed} {names} is open to us again"),
        },
        EventKind::FeedRetired => match several {
            true => format!("{feed} {names} are back, and polled again"),
            false => format!("{feed} {names} is back, and polled again"),
        },
        EventKind::NetworkDown => "the network is back".to_owned(),
        EventKind::SinkDisabled => match several {
            true => format!("{sink} {names} are enabled again"),
            false => format!("{sink} {names} is enabled again"),
        },
        EventKind::QueueStuck => match several {
            true => format!("what waited for {sink} {names} is gone out"),
            false => format!("what waited for {sink} {names} is gone out"),
        },
        EventKind::RuleDrift => match several {
            true => format!("{rule} {names} match as usual again"),
            false => format!("{rule} {names} matches as usual again"),
        },
        EventKind::ConfigRejected => "the config on disk is the one that runs again".to_owned(),
        EventKind::DiskLow => "the disk has room again".to_owned(),
        EventKind::AllQuiet => String::new(),
    }
}

/// The last time at or before `now` at which the daily proof of life was due.
pub fn last_due(time: Time, zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
    let today: Date = zone.to_datetime(now).date();
    // Where a clock is set forward over the time, it counts as much later.
    let instant = |day: Date| zone.to_ambiguous_timestamp(day.to_datetime(time)).compatible().ok();
    [Some(today), today.yesterday().ok()]
        .into_iter()
        .flatten()
        .filter_map(instant)
        .find(|at| *at <= now)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn fault(kind: EventKind, subject: &str) -> Fault {
        Fault {
            kind,
            subject: subject.to_owned(),
            since: Some(at("2026-01-01T00:00:00Z")),
            what: format!("`{subject}` is failing"),
            cure: "mend it".to_owned(),
        }
    }

    fn well(_: &Fault) -> SubjectState {
        SubjectState::Well
    }

    #[test]
    fn trouble_is_over_when_its_subject_is_well_or_gone() {
        let now = at("2026-01-02T00:00:00Z");
        let told = [fault(EventKind::FeedFailing, "a"), fault(EventKind::FeedFailing, "b")];
        let retired = [fault(EventKind::FeedRetired, "a")];
        let [event] =
            <[Event; 1]>::try_from(news(&told, &retired, |_| SubjectState::Unwell, now)).unwrap();
        assert_eq!((event.kind, event.state), (EventKind::FeedRetired, EventState::Raised));
        let state = |one: &Fault| match one.subject.as_str() {
            "a" => SubjectState::Unwell,
            _ => SubjectState::Gone,
        };
        let [event] = <[Event; 1]>::try_from(news(&told, &[], state, now)).unwrap();
        assert_eq!((event.state, event.subjects), (EventState::Recovered, vec!["b".to_owned()]));
        assert_eq!(event.what, "`b` is not in the config any more");
    }

    #[test]
    fn many_of_one_kind_are_one_event_and_so_is_their_end() {
        let now = at("2026-01-02T00:00:00Z");
        let all: Vec<Fault> =
            (0..7).map(|n| fault(EventKind::FeedFailing, &format!("feed {n}"))).collect();
        let [event] = <[Event; 1]>::try_from(news(&[], &all, well, now)).unwrap();
        assert_eq!((event.state, event.subjects.len()), (EventState::Raised, 7));
        assert!(event.what.ends_with("`feed 4` is failing\nand 2 more"), "{}", event.what);
        assert!(news(&all, &all, well, now).is_empty());
        let [ended] = <[Event; 1]>::try_from(news(&all, &all[..6], well, now)).unwrap();
        assert_eq!(ended.state, EventState::Recovered);
        assert_eq!(ended.what, "the feed `feed 6` answers again");
    }

    #[test]
    fn the_daily_word_is_due_once_a_day_in_its_zone() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let eight = Time::constant(8, 0, 0, 0);
        let due = |now: &str| last_due(eight, &zone, at(now)).unwrap();
        assert_eq!(due("2026-01-02T06:59:59Z"), at("2026-01-01T07:00:00Z"));
        assert_eq!(due("2026-01-02T07:00:00Z"), at("2026-01-02T07:00:00Z"));
        // Summer time: 08:00 is an hour earlier.
        assert_eq!(due("2026-07-02T06:00:00Z"), at("2026-07-02T06:00:00Z"));
        // A time that the night of the change has not: once all the same.
        let half_two = Time::constant(2, 30, 0, 0);
        let skipped = last_due(half_two, &zone, at("2026-03-29T12:00:00Z")).unwrap();
        assert_eq!(skipped, at("2026-03-29T01:30:00Z"));
    }

    proptest! {
        #[test]
        fn every_fault_is_told_once_and_its_end_once(
            steps in proptest::collection::vec(proptest::collection::btree_set(0usize..12, 0..8), 1..12),
        ) {
            let now = at("2026-01-02T00:00:00Z");
            let kinds = [EventKind::FeedFailing, EventKind::SinkDisabled, EventKind::RuleDrift];
            let all: Vec<Fault> =
                (0..12).map(|n| fault(kinds[n % 3], &format!("s{n}"))).collect();
            let mut told: Vec<Fault> = Vec::new();
            for step in steps {
                let current: Vec<Fault> = step.iter().map(|n| all[*n].clone()).collect();
                let events = news(&told, &current, well, now);
                let of = |state: EventState| {
                    let some = events.iter().filter(|one| one.state == state);
                    let mut names: Vec<String> =
                        some.flat_map(|one| one.subjects.clone()).collect();
                    names.sort();
                    names
                };
                let differ = |a: &[Fault], b: &[Fault]| {
                    let mut names: Vec<String> =
                        a.iter().filter(|one| !b.contains(one)).map(|one| one.subject.clone()).collect();
                    names.sort();
                    names
                };
                prop_assert_eq!(of(EventState::Raised), differ(&current, &told));
                prop_assert_eq!(of(EventState::Recovered), differ(&told, &current));
                told = current;
            }
        }
    }
}
