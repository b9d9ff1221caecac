//! What operators are told, in words that every receiver shows: a head, what happened, since when, what
//! to do.

use super::contract::Stationery;
use super::parts::shown;
use crate::model::{Event, EventKind, EventState};

/// An event in words.
pub(super) struct Notice {
    /// `TROUBLE · feeds fail`
    pub(super) head: String,
    /// What happened, since when, what to do: a text each, none of them empty.
    pub(super) lines: Vec<String>,
}

impl Notice {
    pub(super) fn of(event: &Event, stationery: &Stationery) -> Self {
        let word = match (event.kind, event.state) {
            (EventKind::AllQuiet, _) => "DAILY REPORT",
            (_, EventState::Raised) => "TROUBLE",
            (_, EventState::Recovered) => "OVER",
        };
        let mut lines: Vec<String> = event.what.lines().map(str::to_owned).collect();
        if event.others > 0 {
            let (others, have) =
                if event.others == 1 { ("other", "has") } else { ("others", "have") };
            lines.push(format!("{} {others} {have} the same trouble", event.others));
        }
        if event.kind != EventKind::AllQuiet
            && let Some(since) = event.since
        {
            lines.push(format!("since {}", shown(since, &stationery.timezone)));
        }
        if !event.cure.is_empty() {
            lines.push(format!("do: {}", event.cure));
        }
        let subject = subject(event.kind);
        let head =
            if subject.is_empty() { word.to_owned() } else { format!("{word} · {subject}") };
        Self { head, lines }
    }

    /// All of it as plain lines.
    pub(super) fn text(&self) -> String {
        std::iter::once(&self.head)
            .chain(&self.lines)
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join("\n")
    }
}

/// What an event is about, for people; its name is for programs.
fn subject(kind: EventKind) -> &'static str {
    match kind {
        EventKind::FeedFailing => "feeds fail",
        EventKind::FeedSilent => "feeds fell silent",
        EventKind::FeedBlocked => "feeds are blocked",
        EventKind::FeedRetired => "feeds are retired",
        EventKind::NetworkDown => "the network is down",
        EventKind::SinkDisabled => "a sink is disabled",
        EventKind::QueueStuck => "messages wait",
        EventKind::RuleDrift => "a rule drifts",
        EventKind::ConfigRejected => "the config is refused",
        EventKind::DiskLow => "the disk is nearly full",
        EventKind::AllQuiet => "",
    }
}
