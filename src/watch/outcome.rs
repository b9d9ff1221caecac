//! What a visit comes to that brought no answer of its own: it panicked, or the network is down.

use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinError;

use super::schedule::{self, Went};
use super::section::PollSection;
use crate::model::{Feed, FeedState, PollOutcome, Polled};

/// What a visit that panicked comes to: a failed poll of that feed, and nothing else.
pub(super) fn broken(
    feed: &Feed,
    state: &FeedState,
    poll: &PollSection,
    error: &JoinError,
) -> Polled {
    tracing::error!(feed.id = %feed.name, %error, "a poll failed inside pactwatch; please report it");
    let why = "polling it failed inside pactwatch; please report this feed".to_owned();
    let at = Timestamp::now();
    let mut next = state.clone();
    next.last_error = Some(why.clone());
    schedule::advance(&mut next, feed, poll, Went::Badly { blocked: false, after: None }, at);
    Polled {
        feed: feed.name.clone(),
        at,
        took: Duration::ZERO,
        pushed: false,
        next,
        outcome: PollOutcome::Failed(why),
    }
}

/// What a visit without an answer comes to while the network is down: nothing is held against the
/// feed.
pub(super) fn offline(
    feed: &Feed,
    mut next: FeedState,
    poll: &PollSection,
    polled: Polled,
    since: Timestamp,
) -> Polled {
    let PollOutcome::Failed(why) = polled.outcome else { return polled };
    let why = format!("the network is down: {why}");
    next.last_status = None;
    next.last_error = Some(why.clone());
    schedule::advance(&mut next, feed, poll, Went::Offline(since), polled.at);
    Polled { next, outcome: PollOutcome::Failed(why), ..polled }
}
