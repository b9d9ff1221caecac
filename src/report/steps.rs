//! Single steps of an item's way, in words.

use jiff::Timestamp;

use super::way::Step;
use super::{FeedLine, SinkLine, ago, held_up, why_level};
use crate::model::{MessageState, Miss, Route};
use crate::store::{AlertDetail, MessageRow};

/// A text inside single quotes of a shell.
pub(super) fn quoted(text: &str) -> String {
    text.replace('\'', "’")
}

/// How a feed is, in a sentence.
pub(super) fn health(feed: &FeedLine, now: Timestamp) -> String {
    let name = &feed.name;
    let last = feed.last_success.map(|at| ago(at, now));
    let why = feed.last_error.as_deref().and_then(|why| why.lines().next());
    match (feed.answers(), last) {
        (true, Some(last)) if feed.state == "silent" => {
            format!("the feed `{name}` answers ({last}) and shows nothing new")
        }
        (true, Some(last)) => format!("the feed `{name}` is well, read {last}"),
        (_, None) if feed.state == "new" => format!("the feed `{name}` was never read yet"),
        (_, last) => {
            let last = last.unwrap_or_else(|| "never".to_owned());
            let why = why.map(|why| format!(": {why}")).unwrap_or_default();
            format!("the feed `{name}` is {}, read {last}{why}", feed.state)
        }
    }
}

pub(super) fn level(one: &AlertDetail) -> Step {
    let alert = &one.alert;
    let text =
        format!("{}: {} ({})", alert.id, alert.level, why_level(&alert.matched, alert.level));
    Step::new("level", true, text)
}

/// Which part of the routing does not want it.
pub(super) fn not_wanted(route: &Route, miss: Miss) -> String {
    let (key, list) = match miss {
        Miss::Rules => ("rules", &route.rules),
        Miss::Alliances => ("alliances", &route.alliances),
        Miss::Candidates => ("candidates", &route.candidates),
        Miss::Tags => ("tags", &route.tags),
        Miss::Languages => ("languages", &route.languages),
        Miss::Level => return format!("its min_level is {}", route.min_level),
    };
    format!("its `{key}` are {}", list.join(", "))
}

pub(super) fn sent(message: &MessageRow, sinks: &[SinkLine], now: Timestamp) -> Step {
    let state = MessageState::ALL.into_iter().find(|state| state.as_str() == message.state);
    let mut text = match state {
        Some(MessageState::Delivered) => format!("`{}` has it", message.sink),
        Some(MessageState::Dead) => format!("given up for `{}`", message.sink),
        Some(MessageState::Discarded) => format!("taken out of the queue of `{}`", message.sink),
        Some(MessageState::Paused) => {
            format!("waits for `{}`, which the config does not name", message.sink)
        }
        _ => format!("waits for `{}`", message.sink),
    };
    match message.attempts {
        0 => {}
        1 => text.push_str(" after 1 attempt"),
        some => text.push_str(&format!(" after {some} attempts")),
    }
    if let Some(why) = held_up(message, sinks) {
        text.push_str(&format!(": {why}"));
    } else if let Some(due) = message.due {
        match due <= now {
            true => text.push_str(", due now"),
            false => text.push_str(&format!(", next {}", ago(due, now))),
        }
    }
    if state != Some(MessageState::Delivered)
        && let Some(error) = message.last_error.as_deref().and_then(|error| error.lines().next())
    {
        text.push_str(&format!("; last: {error}"));
    }
    text.push_str(&format!(" ({})", message.id));
    Step::new("sent", state == Some(MessageState::Delivered), text)
}
