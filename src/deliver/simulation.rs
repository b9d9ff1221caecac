//! The pure parts together on a simulated clock: what is held, gathered, tried and tried again.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::retry::{Case, settle, too_old};
use super::{DeliverySection, breaker, hold, line};
use crate::model::{Hold, MessageId, MessageKind, Outcome, Sealed};
use crate::sink::{Pace, Quiet, Rhythm};
use crate::store::{Pending, Settle, SinkState};

const HOUR: i64 = 3600;
/// Looks at the rows after which a simulation is stuck.
const LOOKS: usize = 20_000;

/// A sink's line in memory, and what its receiver saw.
struct Line {
    chat: bool,
    pace: Pace,
    section: DeliverySection,
    now: Timestamp,
    open: Vec<Pending>,
    /// The alerts in each message, and when each came.
    members: BTreeMap<MessageId, Vec<usize>>,
    came: Vec<Timestamp>,
    state: SinkState,
    /// Attempts made.
    attempts: usize,
    sent: Vec<(Timestamp, MessageId)>,
    /// How often each alert has arrived.
    arrived: Vec<usize>,
    digests: usize,
    /// Whether the clock goes on as it should.
    steady: bool,
}

fn seconds(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

impl Line {
    fn new(chat: bool, pace: Pace, steady: bool) -> Self {
        Self {
            chat,
            pace,
            section: DeliverySection::default(),
            now: "2026-01-01T00:00:00Z".parse().unwrap(),
            open: Vec::new(),
            members: BTreeMap::new(),
            came: Vec::new(),
            state: SinkState::default(),
            attempts: 0,
            sent: Vec::new(),
            arrived: Vec::new(),
            digests: 0,
            steady,
        }
    }

    fn queue(&mut self, id: String, kind: MessageKind, members: Vec<usize>) {
        let id = MessageId::new(id);
        self.members.insert(id.clone(), members);
        self.open.push(Pending {
            id,
            kind,
            created: self.now,
            due: self.now,
            attempts: 0,
            refusals: 0,
            pauses: 0,
            sealed: None,
            fallback: false,
            held: None,
            by_hand: false,
        });
    }

    fn alert(&mut self) {
        let number = self.came.len();
        self.came.push(self.now);
        self.arrived.push(0);
        self.queue(format!("a{number}"), MessageKind::Raised, vec![number]);
    }

    /// As the store gives them.
    fn pending(&self) -> Vec<Pending> {
        let mut list = self.open.clone();
        list.sort_by_key(|one| one.created);
        let ready = |one: &Pending| one.held.as_ref().map_or(one.due, |h| h.until.max(one.due));
        if let Some((_, rest)) = list.split_first_mut() {
            rest.sort_by_key(|one| (ready(one), one.created));
        }
        line::mend(&mut list, &self.section, self.now);
        list
    }

    /// One look at the rows; when to look again, or `None` for at once.
    fn look(&mut self, outcomes: &mut impl FnMut(u32) -> Outcome) -> Option<Option<Timestamp>> {
        let now = self.now;
        if let Some(until) = self.state.paused_until.filter(|until| line::is_pause(*until, now)) {
            return Some(Some(until));
        }
        let pending = self.pending();
        let since = now - hold::HOUR;
        let mut sent: Vec<Timestamp> =
            self.sent.iter().map(|(at, _)| *at).filter(|at| *at > since).collect();
        sent.sort_by(|a, b| b.cmp(a));
        sent.truncate(self.pace.max_per_hour);
        let orders = hold::orders(&self.pace, &TimeZone::UTC, &sent, &pending, now);
        if !orders.is_empty() {
            for (id, wanted) in orders {
                let one = self.open.iter_mut().find(|one| one.id == id).unwrap();
                one.held = Some(wanted.unwrap_or(Hold { until: now, why: String::new() }));
            }
            return None;
        }
        for one in &pending {
            assert!(!too_old(&self.section, one.since(), now), "{} grew too old", one.id);
        }
        let together = hold::released(&self.pace, &pending, now);
        if together.len() > 1 {
            let members = together.iter().flat_map(|id| self.members.remove(id).unwrap()).collect();
            self.open.retain(|one| !together.contains(&one.id));
            self.digests += 1;
            self.queue(format!("d{}", self.digests), MessageKind::Digest, members);
            return None;
        }
        let mut room = if self.chat { 1 } else { 8 };
        if self.pace.max_per_hour > 0 {
            room = room.min(self.pace.max_per_hour.saturating_sub(sent.len()));
        }
        if breaker::is_open(&self.state) {
            room = room.min(1);
        }
        let due = line::due(self.chat, &pending, now, room, |_| false);
        if due.is_empty() {
            return Some(line::next_due(self.chat, &pending, now));
        }
        assert!(due.len() <= if self.chat { 1 } else { 8 });
        for message in due {
            if self.steady {
                self.check(&message);
            }
            self.attempt(&message, outcomes(message.attempts));
        }
        None
    }

    /// Nothing goes before its time, and at a chat nothing before what is older.
    fn check(&self, message: &Pending) {
        let now = self.now;
        assert!(message.due <= now, "{} is not due", message.id);
        if let Some(quiet) = &self.pace.quiet {
            let time = TimeZone::UTC.to_datetime(now).time();
            let is_quiet = match quiet.from < quiet.until {
                true => quiet.from <= time && time < quiet.until,
                false => quiet.from <= time || time < quiet.until,
            };
            assert!(!is_quiet, "{} rings at {time}", message.id);
        }
        let first = self.members[&message.id].iter().map(|one| self.came[*one]).min().unwrap();
        let gathers = match self.pace.digest {
            Some(Rhythm::Every(every)) => every,
            Some(Rhythm::Daily(time)) => {
                let day = TimeZone::UTC.to_datetime(first).date();
                let today = TimeZone::UTC.to_timestamp(day.to_datetime(time)).unwrap();
                let next = if today > first { today } else { today + seconds(24 * HOUR) };
                next.duration_since(first).try_into().unwrap()
            }
            None => self.pace.group_wait,
        };
        assert!(now >= first + gathers, "{} goes before the others are there", message.id);
        if self.pace.max_per_hour > 0 {
            let since = now - seconds(HOUR);
            let sent = self.sent.iter().filter(|(at, _)| *at > since).count();
            assert!(sent < self.pace.max_per_hour, "{} is one too many", message.id);
        }
        let older = self.open.iter().filter(|one| one.created < message.created);
        for one in older.filter(|one| self.chat && !hold::is_held(one, now)) {
            assert!(one.attempts >= 3, "{} overtakes {}", message.id, one.id);
        }
    }

    /// As the store makes due what an outage has held up.
    fn release(&mut self) {
        self.open.sort_by_key(|one| one.created);
        let apart = 1000.min(300_000 / self.open.len().max(1) as i64);
        for (place, one) in self.open.iter_mut().enumerate() {
            let turn = self.now + SignedDuration::from_millis(apart * place as i64);
            one.due = if one.due > self.now { one.due.min(turn) } else { turn };
        }
    }

    fn attempt(&mut self, message: &Pending, outcome: Outcome) {
        self.attempts += 1;
        let case = Case {
            id: &message.id,
            created: message.since(),
            attempts: message.attempts,
            refusals: message.refusals,
            pauses: message.pauses,
            fallback: None,
            several: false,
            now: self.now,
        };
        let (settled, endpoint) = settle(&self.section, &case, outcome);
        let place = self.open.iter().position(|one| one.id == message.id).unwrap();
        let one = &mut self.open[place];
        one.created = one.since();
        one.sealed = Some(Sealed { content_type: String::new(), body: Vec::new() });
        match settled {
            Settle::Delivered { .. } => {
                self.sent.push((self.now, message.id.clone()));
                self.members[&message.id].iter().for_each(|one| self.arrived[*one] += 1);
                self.open.remove(place);
            }
            Settle::Again { due, counts, .. } => {
                one.due = due;
                one.attempts += u32::from(counts);
                one.pauses = if counts { 0 } else { one.pauses + 1 };
            }
            other => panic!("{} came to {other:?}", message.id),
        }
        let before = std::mem::take(&mut self.state);
        self.state = breaker::after(&self.section, &before, &endpoint, self.now);
        if breaker::is_open(&before) && self.state.failures == 0 {
            self.release();
        }
    }

    /// Lets alerts come, each after a gap and a jump of the clock, and then the line run empty.
    fn run(&mut self, events: &[(i64, i64)], outcomes: &[u8]) {
        // Nothing fails for ever.
        let mut tries = outcomes.iter();
        let mut outcome = |attempts: u32| match tries.next() {
            Some(0..=2) if attempts < 6 => Outcome::Retry { after: None },
            Some(3) => Outcome::Throttled { after: Some(Duration::from_secs(90)) },
            _ => Outcome::Delivered { thread: None },
        };
        let mut events = events.iter();
        let mut coming = events.next();
        let mut left = coming.map(|(gap, _)| *gap);
        for _ in 0..LOOKS {
            let Some(next) = self.look(&mut outcome) else { continue };
            let wait = next.map(|at| at.duration_since(self.now).as_secs().max(0) + 1);
            match (left, wait) {
                (None, None) => return,
                (Some(gap), wait) if wait.is_none_or(|wait| gap <= wait) => {
                    self.now += seconds(gap);
                    self.alert();
                    let (_, jump) = coming.unwrap();
                    self.now += seconds(*jump);
                    coming = events.next();
                    left = coming.map(|(gap, _)| *gap);
                }
                (gap, wait) => {
                    let wait = wait.unwrap();
                    self.now += seconds(wait);
                    left = gap.map(|gap| gap - wait);
                }
            }
        }
        panic!("{} messages are stuck: {:#?}", self.open.len(), self.open.first());
    }
}

fn time() -> impl Strategy<Value = Time> {
    (0i8..24, 0i8..60).prop_map(|(hour, minute)| Time::constant(hour, minute, 0, 0))
}

fn pace() -> impl Strategy<Value = Pace> {
    let quiet = (time(), time())
        .prop_filter("hours", |(from, until)| from != until)
        .prop_map(|(from, until)| Quiet { from, until });
    let digest = prop_oneof![
        (1u64..100_000).prop_map(|wait| Rhythm::Every(Duration::from_secs(wait.min(86_400)))),
        time().prop_map(Rhythm::Daily),
    ];
    let (quiet, digest) = (proptest::option::of(quiet), proptest::option::of(digest));
    (quiet, digest, 0u64..600, 0usize..4).prop_map(|(quiet, digest, wait, max_per_hour)| Pace {
        quiet,
        group_wait: Duration::from_secs(if digest.is_none() { wait } else { 0 }),
        digest,
        max_per_hour,
    })
}

fn outcomes() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(0u8..8, 1..40)
}

proptest! {
    #[test]
    fn nothing_is_dropped_nothing_goes_early_nothing_goes_twice(
        chat in any::<bool>(), pace in pace(), outcomes in outcomes(),
        gaps in proptest::collection::vec(0i64..20_000, 1..40),
    ) {
        let mut line = Line::new(chat, pace, true);
        let events: Vec<(i64, i64)> = gaps.into_iter().map(|gap| (gap, 0)).collect();
        line.run(&events, &outcomes);
        prop_assert!(line.arrived.iter().all(|count| *count == 1), "{:?}", line.arrived);
    }

    #[test]
    fn a_clock_that_jumps_loses_and_repeats_nothing(
        chat in any::<bool>(), pace in pace(), outcomes in outcomes(),
        events in proptest::collection::vec((0i64..20_000, -90_000i64..90_000), 1..25),
    ) {
        let mut line = Line::new(chat, pace, false);
        // A jump that stays is one of a clock that is right in the end: the sum is bounded.
        let events: Vec<(i64, i64)> = events.iter().enumerate().map(|(n, (gap, jump))| {
            (*gap, if n % 2 == 0 { *jump } else { 0 })
        }).collect();
        let back: Vec<(i64, i64)> =
            events.iter().flat_map(|(gap, jump)| [(*gap, *jump), (30, -*jump)]).collect();
        line.run(&back, &outcomes);
        prop_assert!(line.arrived.iter().all(|count| *count == 1), "{:?}", line.arrived);
    }
}

proptest! {
    /// The receiver is out for some hours while alerts wait; then it takes all.
    #[test]
    fn an_outage_costs_few_attempts_and_its_end_is_noticed_soon(
        alerts in 60usize..300, minutes in 30i64..600,
    ) {
        let mut line = Line::new(false, Pace::default(), true);
        (0..alerts).for_each(|_| line.alert());
        let back = line.now + seconds(minutes * 60);
        let mut during = 0;
        let mut first = None;
        for _ in 0..LOOKS {
            let down = line.now < back;
            let mut outcome = |_: u32| match down {
                true => Outcome::Retry { after: None },
                false => Outcome::Delivered { thread: None },
            };
            if let Some(next) = line.look(&mut outcome) {
                let Some(next) = next else { break };
                line.now = line.now.max(next) + SignedDuration::from_millis(1);
            }
            if down {
                during = line.attempts;
            } else if first.is_none() {
                first = line.sent.first().map(|(at, _)| *at);
            }
        }
        prop_assert!(line.arrived.iter().all(|count| *count == 1));
        // Eight at once before it is noticed, and a probe each quarter of an hour.
        prop_assert!(during <= 8 + 4 + usize::try_from(minutes / 15).unwrap(), "{during} attempts");
        let first = first.unwrap().duration_since(back).as_secs();
        prop_assert!(first <= 15 * 60, "noticed after {first} s");
        let last = line.sent.last().unwrap().0.duration_since(back).as_secs();
        prop_assert!(last <= first + 310, "the last came {} s after the first", last - first);
    }
}

#[test]
fn a_head_that_always_fails_steps_aside_after_three_tries() {
    let mut line = Line::new(true, Pace::default(), true);
    line.alert();
    line.now += seconds(1);
    line.alert();
    let first = MessageId::new("a0");
    for _ in 0..200 {
        let is_head = |line: &Line| line.open.iter().find(|one| one.id == first).map(|one| one.due);
        let bad = is_head(&line).is_some_and(|due| due <= line.now);
        let mut outcome = |_: u32| match bad {
            true => Outcome::Retry { after: None },
            false => Outcome::Delivered { thread: None },
        };
        if let Some(next) = line.look(&mut outcome) {
            line.now = next.unwrap() + seconds(1);
        }
        if !line.sent.is_empty() {
            break;
        }
    }
    assert_eq!(line.sent[0].1, MessageId::new("a1"));
    assert_eq!(line.open[0].attempts, 3, "the head had another number of tries");
}
