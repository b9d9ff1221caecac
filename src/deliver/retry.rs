//! What becomes of a message after an attempt, and of its endpoint. Pure.
//!
//! The receiver's own rate signal pauses the endpoint and costs no attempt, unless it never ends. Trouble goes up the
//! schedule. A message that is refused gets the one plain fallback where the receiver has one, then
//! is a dead letter. An endpoint that refuses is tried a few times, so that a token can be mended,
//! then disabled with its queue kept.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use jiff::Timestamp;

use super::DeliverySection;
use crate::model::{DeadReason, MessageId, Outcome, Refusal, Sealed};
use crate::store::Settle;

/// Longest pause that a receiver can ask for.
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(6 * 3600);
/// Rate signals in a row after which one more costs the message an attempt.
const PAUSES: u32 = 20;
/// Pause after a rate signal without a sensible hint.
const BLIND_PAUSE: Duration = Duration::from_secs(30);
/// Waits after each refusal of the endpoint; after the last it is disabled.
const REFUSED: [Duration; 3] =
    [Duration::from_secs(60), Duration::from_secs(30 * 60), Duration::from_secs(6 * 3600)];
/// Jitter only adds: at most this share of the wait, in percent, and at most this long.
const JITTER_PERCENT: u64 = 25;
const LONGEST_JITTER: Duration = Duration::from_secs(15 * 60);

/// What is known of a message when its attempt has ended.
#[derive(Debug, Clone)]
pub(super) struct Case<'c> {
    pub(super) id: &'c MessageId,
    pub(super) created: Timestamp,
    /// Attempts that counted before this one.
    pub(super) attempts: u32,
    /// Refusals of the endpoint in a row before this one.
    pub(super) refusals: u32,
    /// Rate signals in a row before this one.
    pub(super) pauses: u32,
    /// The plain form, where the receiver has one and it was not used.
    pub(super) fallback: Option<Sealed>,
    /// Whether it carries several alerts, which can go in parts.
    pub(super) several: bool,
    pub(super) now: Timestamp,
}

/// What an attempt says of the endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Endpoint {
    /// Nothing.
    Says,
    /// It takes messages.
    Well,
    /// It is in trouble.
    Fails,
    /// Nothing is sent until then.
    Pauses(Timestamp),
    /// Nothing is sent until the operator says so.
    Disabled(&'static str),
}

/// Decides after an attempt.
pub(super) fn settle(
    section: &DeliverySection,
    case: &Case<'_>,
    outcome: Outcome,
) -> (Settle, Endpoint) {
    match outcome {
        Outcome::Delivered { thread } => (Settle::Delivered { thread }, Endpoint::Well),
        Outcome::Throttled { after } => {
            let pause = pause(section, case.pauses, after);
            let until = later(case.now, pause);
            let endless = case.pauses >= PAUSES;
            let due = match endless {
                true => until.max(later(case.now, step(&section.retry, case.attempts))),
                false => until,
            };
            let settle = Settle::Again { due, counts: endless, refused: false };
            (expired(section, case, settle, due), Endpoint::Pauses(until))
        }
        Outcome::Retry { after } => (put_off(section, case, after), Endpoint::Fails),
        Outcome::Refused(Refusal::Large) if case.several => (Settle::Split, Endpoint::Says),
        Outcome::Refused(Refusal::Message | Refusal::Large) => match &case.fallback {
            Some(plain) => (Settle::Fallback(plain.clone()), Endpoint::Says),
            None => (Settle::Dead(DeadReason::Refused), Endpoint::Says),
        },
        Outcome::Refused(Refusal::Endpoint) => {
            let wait = REFUSED.get(case.refusals as usize).copied();
            let due = later(case.now, wait.unwrap_or(REFUSED[REFUSED.len() - 1]));
            let settle = Settle::Again { due, counts: true, refused: true };
            let endpoint = match wait {
                Some(_) => Endpoint::Says,
                None => Endpoint::Disabled(
                    "the receiver refuses us: check its address, token and permission",
                ),
            };
            (settle, endpoint)
        }
        Outcome::Refused(Refusal::Gone) => {
            // Due again when the sink is enabled.
            let settle = Settle::Again { due: case.now, counts: true, refused: true };
            (settle, Endpoint::Disabled("the receiver says that it is gone"))
        }
    }
}

/// What becomes of a message whose trouble may pass: it goes up the schedule.
pub(super) fn put_off(
    section: &DeliverySection,
    case: &Case<'_>,
    hint: Option<Duration>,
) -> Settle {
    let step = step(&section.retry, case.attempts);
    let wait = step.max(hint.unwrap_or_default()).min(LONGEST_PAUSE.max(step));
    let due = later(case.now, wait + jitter(case.id, case.attempts, wait));
    let settle = Settle::Again { due, counts: true, refused: false };
    expired(section, case, settle, due)
}

/// How long the endpoint is left alone after a rate signal. A hint of nothing, or of a time that has
/// passed, would be asked again at once and for ever: where it is shorter than the first step, the steps
/// count, up to what one without a hint brings.
fn pause(section: &DeliverySection, pauses: u32, hint: Option<Duration>) -> Duration {
    let Some(hint) = hint else { return BLIND_PAUSE };
    let floor = match hint < step(&section.retry, 0) {
        true => step(&section.retry, pauses).min(BLIND_PAUSE),
        false => hint,
    };
    floor.max(hint).min(LONGEST_PAUSE)
}

/// The longest that a message can wait for its next attempt.
pub(super) fn longest_wait(section: &DeliverySection) -> Duration {
    let step = section.retry.iter().copied().max().unwrap_or_default();
    step.max(LONGEST_PAUSE) + LONGEST_JITTER
}

/// Whether a message is too old to be sent at a time.
pub(super) fn too_old(section: &DeliverySection, created: Timestamp, at: Timestamp) -> bool {
    at.duration_since(created)
        > jiff::SignedDuration::try_from(section.give_up).unwrap_or(jiff::SignedDuration::MAX)
}

/// An attempt that would come too late is none: the message is given up now, while somebody looks.
fn expired(section: &DeliverySection, case: &Case<'_>, settle: Settle, due: Timestamp) -> Settle {
    match too_old(section, case.created, due) {
        true => Settle::Dead(DeadReason::Expired),
        false => settle,
    }
}

pub(super) fn step(schedule: &[Duration], attempts: u32) -> Duration {
    let last = schedule.last().copied().unwrap_or(BLIND_PAUSE);
    schedule.get(attempts as usize).copied().unwrap_or(last)
}

/// The same for the same attempt of the same message, so that a restart changes nothing.
fn jitter(id: &MessageId, attempt: u32, wait: Duration) -> Duration {
    let mut hasher = DefaultHasher::new();
    (id, attempt).hash(&mut hasher);
    let share = hasher.finish() % (JITTER_PERCENT * 100 + 1);
    (wait / 10_000 * u32::try_from(share).unwrap_or(0)).min(LONGEST_JITTER)
}

pub(super) fn later(now: Timestamp, wait: Duration) -> Timestamp {
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: u64) -> Timestamp {
        later("2026-01-01T00:00:00Z".parse().unwrap(), Duration::from_secs(seconds))
    }

    fn case(id: &MessageId, attempts: u32, refusals: u32, now: u64) -> Case<'_> {
        Case {
            id,
            created: at(0),
            attempts,
            refusals,
            pauses: 0,
            fallback: None,
            several: false,
            now: at(now),
        }
    }

    fn due(settle: &Settle) -> Option<(Timestamp, bool)> {
        match settle {
            Settle::Again { due, counts, .. } => Some((*due, *counts)),
            _ => None,
        }
    }

    #[test]
    fn trouble_goes_up_the_schedule_and_ends() {
        let section = DeliverySection::default();
        let id = MessageId::new("msg_1");
        let (first, endpoint) =
            settle(&section, &case(&id, 0, 0, 0), Outcome::Retry { after: None });
        let (due_first, counts) = due(&first).unwrap();
        assert!(counts && due_first >= at(2) && due_first <= at(3), "{due_first}");
        assert_eq!(endpoint, Endpoint::Fails);
        let (hinted, _) = settle(
            &section,
            &case(&id, 0, 0, 0),
            Outcome::Retry { after: Some(Duration::from_secs(100)) },
        );
        assert!(due(&hinted).unwrap().0 >= at(100));
        let late = 95 * 3600;
        let (last, _) = settle(&section, &case(&id, 30, 0, late), Outcome::Retry { after: None });
        assert_eq!(last, Settle::Dead(DeadReason::Expired));
    }

    #[test]
    fn a_rate_signal_pauses_and_costs_nothing() {
        let section = DeliverySection::default();
        let id = MessageId::new("msg_1");
        let after = Some(Duration::from_secs(7));
        let (settled, endpoint) =
            settle(&section, &case(&id, 3, 0, 0), Outcome::Throttled { after });
        assert_eq!(due(&settled), Some((at(7), false)));
        assert_eq!(endpoint, Endpoint::Pauses(at(7)));
        // One that never ends uses up the message's tries, and goes up its schedule.
        let mut weary = case(&id, 3, 0, 0);
        for (pauses, told) in [(19, (at(7), false)), (20, (at(300), true))] {
            weary.pauses = pauses;
            let (settled, endpoint) = settle(&section, &weary, Outcome::Throttled { after });
            assert_eq!((due(&settled), endpoint), (Some(told), Endpoint::Pauses(at(7))));
        }
        let after = Some(Duration::from_secs(400 * 3600));
        let (_, endpoint) = settle(&section, &case(&id, 3, 0, 0), Outcome::Throttled { after });
        assert_eq!(endpoint, Endpoint::Pauses(at(6 * 3600)));
    }

    #[test]
    fn a_rate_signal_that_asks_for_no_time_gets_some() {
        let section = DeliverySection::default();
        let id = MessageId::new("msg_1");
        let mut weary = case(&id, 7, 0, 0);
        for (pauses, hint, wait) in
            [(0, 0, 2), (1, 0, 10), (2, 0, 30), (19, 1, 30), (0, 2, 2), (19, 3, 3)]
        {
            weary.pauses = pauses;
            let after = Some(Duration::from_secs(hint));
            let (settled, endpoint) = settle(&section, &weary, Outcome::Throttled { after });
            assert_eq!(
                (due(&settled), endpoint),
                (Some((at(wait), false)), Endpoint::Pauses(at(wait)))
            );
        }
    }

    #[test]
    fn refusals_end_as_they_should() {
        let section = DeliverySection::default();
        let id = MessageId::new("msg_1");
        let message = || Outcome::Refused(Refusal::Message);
        assert_eq!(
            settle(&section, &case(&id, 0, 0, 0), message()).0,
            Settle::Dead(DeadReason::Refused)
        );
        let plain = Sealed { content_type: "text/plain".to_owned(), body: b"x".to_vec() };
        let mut with_fallback = case(&id, 0, 0, 0);
        with_fallback.fallback = Some(plain.clone());
        assert_eq!(settle(&section, &with_fallback, message()).0, Settle::Fallback(plain));
        let large = || Outcome::Refused(Refusal::Large);
        assert_eq!(
            settle(&section, &case(&id, 0, 0, 0), large()).0,
            Settle::Dead(DeadReason::Refused)
        );
        with_fallback.several = true;
        assert_eq!(settle(&section, &with_fallback, large()), (Settle::Split, Endpoint::Says));
        let endpoint = || Outcome::Refused(Refusal::Endpoint);
        for (refusals, wait) in [(0, 60), (1, 1800), (2, 21_600)] {
            let (settled, endpoint) = settle(&section, &case(&id, 0, refusals, 0), endpoint());
            assert_eq!((due(&settled), endpoint), (Some((at(wait), true)), Endpoint::Says));
        }
        assert!(matches!(
            settle(&section, &case(&id, 0, 3, 0), endpoint()).1,
            Endpoint::Disabled(_)
        ));
        assert!(matches!(
            settle(&section, &case(&id, 0, 0, 0), Outcome::Refused(Refusal::Gone)).1,
            Endpoint::Disabled(_)
        ));
    }

    fn outcome() -> impl Strategy<Value = Outcome> {
        let hint = proptest::option::of((0u64..1_000_000).prop_map(Duration::from_secs));
        prop_oneof![
            hint.clone().prop_map(|after| Outcome::Throttled { after }),
            hint.prop_map(|after| Outcome::Retry { after }),
            Just(Outcome::Refused(Refusal::Message)),
            Just(Outcome::Refused(Refusal::Large)),
            Just(Outcome::Refused(Refusal::Endpoint)),
            Just(Outcome::Refused(Refusal::Gone)),
            Just(Outcome::Delivered { thread: None }),
        ]
    }

    proptest! {
        #[test]
        fn nothing_is_due_in_the_past_or_after_its_time(
            outcome in outcome(), attempts in 0u32..40, refusals in 0u32..6, now in 0u64..400_000,
        ) {
            let section = DeliverySection::default();
            let id = MessageId::new("msg_1");
            let (settled, endpoint) = settle(&section, &case(&id, attempts, refusals, now), outcome.clone());
            if let Some((due, counts)) = due(&settled) {
                prop_assert!(due >= at(now));
                let throttled = matches!(outcome, Outcome::Throttled { .. });
                prop_assert_eq!(counts, !throttled);
                if matches!(outcome, Outcome::Retry { .. } | Outcome::Throttled { .. }) {
                    prop_assert!(!too_old(&section, at(0), due));
                }
            }
            if let Endpoint::Pauses(until) = endpoint {
                prop_assert!(until >= at(now) && until <= at(now + 6 * 3600));
            }
            prop_assert_eq!(settle(&section, &case(&id, attempts, refusals, now), outcome).0, settled);
        }
    }
}
