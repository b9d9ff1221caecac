//! How a subscription goes on: pure steps over a lease and the time.
//!
//! A hub is asked, calls back to make sure that it was us, and pushes until the lease ends; a while
//! before that it is asked again. What fails is tried again ever more rarely. A lease that ends without
//! a new one is only a lease that ends: polling never stopped.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::model::{FeedName, Hub, Lease, Phase};

/// Longest wait for a hub's call after it took a request; the standard names none.
const CONFIRMATION: Duration = Duration::from_secs(600);
/// First wait after a failure; it doubles up to the longest.
const FIRST_WAIT: Duration = Duration::from_secs(60);
const LONGEST_WAIT: Duration = Duration::from_secs(86_400);
/// Leases outside these bounds count as their nearest: one that ends at once would make us ask without
/// end, and one without end would never be looked at again.
const SHORTEST_LEASE: Duration = Duration::from_secs(60);
const LONGEST_LEASE: Duration = Duration::from_secs(30 * 86_400);

/// A subscription to be made, due at `now`.
pub(super) fn begin(feed: FeedName, hub: Hub, token: String, key: String, now: Timestamp) -> Lease {
    Lease {
        feed,
        hub,
        token,
        key,
        phase: Phase::Asked,
        until: None,
        due: now,
        failures: 0,
        error: None,
        pushed: None,
    }
}

/// The hub is being asked: it may call before it has answered.
pub(super) fn ask(lease: &mut Lease, now: Timestamp) {
    if !matches!(lease.phase, Phase::Active | Phase::Unsigned) {
        lease.phase = Phase::Asked;
    }
    lease.failures = lease.failures.saturating_add(1);
    // Where it never calls, this is when that is noticed.
    lease.due = later(now, back_off(lease.failures).max(CONFIRMATION));
    lease.error = Some("the hub took the request and has not called since".to_owned());
}

/// The hub refused the request, or could not be reached.
pub(super) fn fail(lease: &mut Lease, why: String, now: Timestamp) {
    lease.due = later(now, back_off(lease.failures));
    lease.error = Some(why);
}

fn back_off(failures: u32) -> Duration {
    let doubled = 1u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
    FIRST_WAIT.saturating_mul(doubled).min(LONGEST_WAIT)
}

/// The hub has called and agreed to push for so many seconds.
pub(super) fn confirm(lease: &mut Lease, seconds: u64, now: Timestamp) {
    let term = Duration::from_secs(seconds).clamp(SHORTEST_LEASE, LONGEST_LEASE);
    // To agree once more is no signature.
    if lease.phase != Phase::Unsigned {
        lease.phase = Phase::Active;
    }
    lease.until = Some(later(now, term));
    // Time enough for some failures before it ends.
    lease.due = later(now, term - term / 4);
    (lease.failures, lease.error) = (0, None);
}

/// The hub has called and refuses.
pub(super) fn deny(lease: &mut Lease, why: String, now: Timestamp) {
    lease.phase = Phase::Denied;
    lease.until = None;
    lease.due = later(now, LONGEST_WAIT);
    lease.error = Some(why);
}

/// The hub has pushed, rightly signed.
pub(super) fn prove(lease: &mut Lease, now: Timestamp) {
    lease.pushed = Some(now);
    if lease.phase == Phase::Unsigned {
        lease.phase = Phase::Active;
    }
}

/// What the hub has pushed is not rightly signed: until it is, the feed is polled as without a hub.
pub(super) fn doubt(lease: &mut Lease) {
    if lease.phase == Phase::Active {
        lease.phase = Phase::Unsigned;
    }
}

/// Whether the hub pushes at `now`.
pub(super) fn is_active(lease: &Lease, now: Timestamp) -> bool {
    lease.phase == Phase::Active && lease.until.is_some_and(|until| now < until)
}

/// Whether a call that confirms is one that we wait for: it was asked for, and not long ago.
pub(super) fn is_expected(lease: &Lease, now: Timestamp) -> bool {
    lease.failures > 0 && lease.phase != Phase::Denied && now <= lease.due
}

/// An instant that much later, as far as time goes.
fn later(at: Timestamp, wait: Duration) -> Timestamp {
    let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
    at.checked_add(wait).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lease(now: Timestamp) -> Lease {
        let hub =
            Hub { url: "https://hub.example/".into(), topic: "https://a.example/feed".into() };
        begin(FeedName::new("a"), hub, "token".into(), "key".into(), now)
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_lease_is_made_kept_and_renewed() {
        let mut one = lease(at(0));
        assert!(one.due <= at(0) && !is_expected(&one, at(0)), "nobody was asked yet");
        ask(&mut one, at(0));
        assert!(is_expected(&one, at(1)) && !is_active(&one, at(1)));
        confirm(&mut one, 4000, at(1));
        assert!(is_active(&one, at(4000)) && !is_active(&one, at(4001)));
        assert!(!is_expected(&one, at(2)), "a second confirmation was asked for by nobody");
        assert_eq!(one.due, at(3001));
        ask(&mut one, at(3001));
        assert!(is_active(&one, at(3002)), "it stays while it is renewed");
        assert!(!is_expected(&one, at(3001 + 601)), "too late");
        deny(&mut one, "no".into(), at(3003));
        assert!(!is_active(&one, at(3004)) && one.due == at(3003 + 86_400));
    }

    #[test]
    fn a_hub_is_relied_on_while_it_signs() {
        let mut one = lease(at(0));
        doubt(&mut one);
        assert_eq!(one.phase, Phase::Asked, "it has agreed to nothing yet");
        ask(&mut one, at(0));
        confirm(&mut one, 4000, at(1));
        doubt(&mut one);
        assert!(!is_active(&one, at(2)));
        ask(&mut one, at(3001));
        confirm(&mut one, 4000, at(3002));
        assert_eq!(one.phase, Phase::Unsigned, "it is asked again as ever");
        prove(&mut one, at(3003));
        assert!(is_active(&one, at(3004)) && one.pushed == Some(at(3003)));
    }

    #[test]
    fn a_hub_that_never_calls_is_asked_ever_more_rarely() {
        let mut one = lease(at(0));
        let mut now = at(0);
        let mut waits = Vec::new();
        for _ in 0..14 {
            ask(&mut one, now);
            fail(&mut one, "no answer".into(), now);
            waits.push(one.due.duration_since(now).as_secs());
            now = one.due;
        }
        assert_eq!(waits[..4], [60, 120, 240, 480]);
        assert_eq!(waits[13], 86_400);
    }

    proptest! {
        #[test]
        fn whatever_comes_it_is_asked_again_and_not_at_once(
            steps in proptest::collection::vec((0u8..4, any::<u64>(), 0i64..100_000), 1..40),
        ) {
            let mut now = at(1_000_000);
            let mut one = lease(now);
            for (step, number, wait) in steps {
                now = at(now.as_second() + wait);
                let before = one.due;
                match step {
                    0 => ask(&mut one, now),
                    1 => fail(&mut one, String::new(), now),
                    2 => confirm(&mut one, number, now),
                    _ => deny(&mut one, String::new(), now),
                }
                let wait = one.due.duration_since(now).as_secs();
                prop_assert!((45..=30 * 86_400).contains(&wait), "{step} {before} {wait}");
                prop_assert!(one.until.is_none_or(|until| until <= later(now, LONGEST_LEASE)));
            }
        }
    }
}
