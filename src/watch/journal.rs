//! What the station logs of its feeds: what starts, changes and ends, and nothing twice.

use jiff::Timestamp;

use super::health::{Group, Notice, Trouble};
use super::network::Turn;
use super::rhythm::since;
use crate::model::{Condition, FeedName, FeedState, PollOutcome, Polled};

/// Feeds that a line names before it counts the rest.
const NAMED: usize = 10;

/// Logs what happens to the network, once for all feeds.
pub(super) fn tell_network(turn: Turn, now: Timestamp) {
    match turn {
        Turn::Same => {}
        Turn::Down => tracing::warn!(
            "the network is down: no feed is reached any more; their back-off does not grow"
        ),
        Turn::Up(down) => {
            let took = crate::setting::show_duration(since(down, now));
            tracing::info!("the network is back after {took}");
        }
    }
}

/// Logs a failure when it starts, changes and ends, and not at each poll.
pub(super) fn tell(before: &FeedState, polled: &Polled) {
    let feed = &polled.feed;
    if polled.next.condition == Condition::Silent && before.condition != Condition::Silent {
        // Told with others of its kind once it lasts, by `health`.
        tracing::debug!(
            feed.id = %feed, feed.last_new = ?polled.next.last_new,
            "a feed has fallen silent: it answers, and shows nothing new for far longer than usual"
        );
    }
    match &polled.outcome {
        PollOutcome::Failed(why) if polled.next.offline.is_some() => {
            tracing::debug!(feed.id = %feed, "{why}");
        }
        PollOutcome::Failed(why) if before.last_error.as_ref() != Some(why) => {
            tracing::warn!(
                feed.id = %feed, feed.next_due = %polled.next.next_due,
                condition = %polled.next.condition, "polling a feed failed: {why}"
            );
        }
        PollOutcome::Failed(why) => tracing::debug!(feed.id = %feed, "still failing: {why}"),
        PollOutcome::Unchanged => tracing::debug!(feed.id = %feed, "nothing new"),
        PollOutcome::Items { items, faults, .. } => {
            tracing::debug!(feed.id = %feed, entries = items.len(), ?faults, "read a feed");
        }
    }
    if before.failures > 0 && polled.next.failures == 0 {
        tracing::info!(feed.id = %feed, "a feed that failed answers again");
    }
}

/// Logs what somebody should know, one line a group.
pub(super) fn tell_health(notice: &Notice) {
    let some = |feeds: &[FeedName]| {
        let more = feeds.len().saturating_sub(NAMED);
        let named =
            feeds.iter().take(NAMED).map(ToString::to_string).collect::<Vec<_>>().join(", ");
        if more > 0 { format!("{named} and {more} more") } else { named }
    };
    match notice {
        Notice::Began(Group { trouble: trouble @ Trouble::FeedRetired, feeds, .. }) => {
            tracing::warn!(
                event = trouble.as_str(),
                feeds = feeds.len(),
                "gone for good, and polled no more: {}",
                some(feeds)
            )
        }
        Notice::Began(Group { trouble, since, feeds }) => tracing::warn!(
            event = trouble.as_str(), feeds = feeds.len(), %since,
            "in trouble for hours: {}; `pactwatch status` says what to do", some(feeds)
        ),
        Notice::Ended(trouble, feeds) => tracing::info!(
            event = trouble.as_str(),
            feeds = feeds.len(),
            "out of trouble again: {}",
            some(feeds)
        ),
    }
}
