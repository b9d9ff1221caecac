//! What operators are told of the daemon itself.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What an event is about; the `type` of its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EventKind {
    /// Feeds fail.
    #[serde(rename = "feed.failing")]
    FeedFailing,
    /// Feeds answer and show nothing new for far longer than they used to.
    #[serde(rename = "feed.silent")]
    FeedSilent,
    /// Sites refuse us.
    #[serde(rename = "feed.blocked")]
    FeedBlocked,
    /// Feeds are gone for good, and polled no more.
    #[serde(rename = "feed.retired")]
    FeedRetired,
    /// No feed is reached.
    #[serde(rename = "network.down")]
    NetworkDown,
    /// A receiver refused its endpoint, and gets nothing until somebody mends it.
    #[serde(rename = "sink.disabled")]
    SinkDisabled,
    /// Messages wait for a receiver.
    #[serde(rename = "queue.stuck")]
    QueueStuck,
    /// A rule matches nothing, or far more than it used to.
    #[serde(rename = "rule.drift")]
    RuleDrift,
    /// The config on disk is not the one that runs.
    #[serde(rename = "config.rejected")]
    ConfigRejected,
    /// The disk is nearly full.
    #[serde(rename = "disk.low")]
    DiskLow,
    /// The daily proof of life.
    #[serde(rename = "all.quiet")]
    AllQuiet,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [EventKind; 11] = [
        EventKind::FeedFailing,
        EventKind::FeedSilent,
        EventKind::FeedBlocked,
        EventKind::FeedRetired,
        EventKind::NetworkDown,
        EventKind::SinkDisabled,
        EventKind::QueueStuck,
        EventKind::RuleDrift,
        EventKind::ConfigRejected,
        EventKind::DiskLow,
        EventKind::AllQuiet,
    ];

    /// The word in payloads, listings and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            EventKind::FeedFailing => "feed.failing",
            EventKind::FeedSilent => "feed.silent",
            EventKind::FeedBlocked => "feed.blocked",
            EventKind::FeedRetired => "feed.retired",
            EventKind::NetworkDown => "network.down",
            EventKind::SinkDisabled => "sink.disabled",
            EventKind::QueueStuck => "queue.stuck",
            EventKind::RuleDrift => "rule.drift",
            EventKind::ConfigRejected => "config.rejected",
            EventKind::DiskLow => "disk.low",
            EventKind::AllQuiet => "all.quiet",
        }
    }
}

/// Whether trouble began or is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EventState {
    /// It began. What has no end, like the daily proof of life, is only ever raised.
    Raised,
    /// It is over.
    Recovered,
}

impl EventState {
    /// The word in payloads.
    pub fn as_str(self) -> &'static str {
        match self {
            EventState::Raised => "raised",
            EventState::Recovered => "recovered",
        }
    }
}

/// One thing that operators are told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// What it is about.
    pub kind: EventKind,
    /// Whether it began or is over.
    pub state: EventState,
    /// What happened, in a sentence or some lines, ready to show.
    pub what: String,
    /// Since when, where that is known.
    pub since: Option<Timestamp>,
    /// What to do about it; empty where there is nothing to do.
    #[serde(rename = "do")]
    pub cure: String,
    /// The feeds, sinks or rules that it is about, by name; empty for the whole.
    pub subjects: Vec<String>,
    /// How many others have the same trouble still, or had it before.
    #[serde(default)]
    pub others: usize,
    /// When it was noticed.
    pub at: Timestamp,
}

/// How the subject of a trouble that was told, and is seen no more, stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubjectState {
    /// It is well again.
    Well,
    /// It is in trouble of another sort, or nobody knows yet: the trouble that was told is not over.
    Unwell,
    /// The config names it no more.
    Gone,
}

/// One trouble, as it stands or as it was told: of one feed, sink or rule, or (with an empty subject) of
/// the whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// What it is.
    pub kind: EventKind,
    /// Whose.
    pub subject: String,
    /// Since when, where that is known.
    pub since: Option<Timestamp>,
    /// What is wrong, in a sentence about this subject.
    pub what: String,
    /// What to do about it.
    pub cure: String,
}
