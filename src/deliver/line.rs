//! Which of a sink's messages go now, and when to look again. Pure.

use jiff::Timestamp;

use super::DeliverySection;
use super::hold::is_held;
use super::retry::{LONGEST_PAUSE, later, longest_wait};
use crate::store::Pending;

/// After so many failures of a head that alone makes the receiver fail, the next may pass it.
const STEP_ASIDE: u32 = 3;

/// Which messages to attempt now: at a chat the head of the line alone, elsewhere as many as there
/// is room for. What is held stands in no line; what is `done` is not done again.
pub(super) fn due(
    chat: bool,
    pending: &[Pending],
    now: Timestamp,
    room: usize,
    done: impl Fn(&Pending) -> bool,
) -> Vec<Pending> {
    let ready = |one: &&Pending| one.due <= now && !is_held(one, now) && !done(one);
    if room == 0 {
        return Vec::new();
    }
    if !chat {
        return pending.iter().filter(ready).take(room).cloned().collect();
    }
    let Some(head) = head(pending, now) else { return Vec::new() };
    if ready(&head) {
        return vec![head.clone()];
    }
    // A head that keeps failing lets one pass; if that one is accepted, the fault was the head's.
    match steps_aside(head) {
        true => {
            let mut others = pending.iter().filter(|one| one.id != head.id);
            others.find(ready).cloned().into_iter().collect()
        }
        false => Vec::new(),
    }
}

/// When the next is due, or a hold ends.
pub(super) fn next_due(chat: bool, pending: &[Pending], now: Timestamp) -> Option<Timestamp> {
    let holds = pending.iter().filter_map(|one| one.held.as_ref().map(|hold| hold.until));
    let holds = holds.filter(|until| *until > now).min();
    let head = head(pending, now).filter(|head| chat && !steps_aside(head));
    let line = match head {
        Some(head) => Some(head.due),
        None => pending.iter().filter(|one| !is_held(one, now)).map(|one| one.due).min(),
    };
    line.into_iter().chain(holds).min()
}

fn steps_aside(head: &Pending) -> bool {
    head.attempts >= STEP_ASIDE && head.refusals == 0
}

/// The oldest that is not held. The list begins with the oldest of all; the others follow by due time.
fn head(pending: &[Pending], now: Timestamp) -> Option<&Pending> {
    pending.iter().filter(|one| !is_held(one, now)).min_by_key(|one| one.created)
}

/// Whether a pause of the endpoint holds: one longer than any can be comes from a clock that was wrong.
pub(super) fn is_pause(until: Timestamp, now: Timestamp) -> bool {
    until > now && until <= later(now, LONGEST_PAUSE)
}

/// What is due later than any step allows was timed by a clock that was wrong, and is due now.
pub(super) fn mend(pending: &mut [Pending], section: &DeliverySection, now: Timestamp) {
    let latest = later(now, longest_wait(section));
    pending.iter_mut().filter(|one| one.due > latest).for_each(|one| one.due = now);
}
