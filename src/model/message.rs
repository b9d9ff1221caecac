//! The unit that is sent, and how sending ended.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

use super::{AlertKind, EventKind, MessageId};

/// What a message carries; the `type` of the payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageKind {
    /// One alert, the first that this sink hears of the story.
    Raised,
    /// One alert that follows another.
    Updated,
    /// Several alerts.
    Digest,
    /// What operators are told of the daemon itself.
    Event(EventKind),
    /// A test.
    Ping,
}

impl MessageKind {
    /// The word in payloads, listings and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            MessageKind::Raised => "alert.raised",
            MessageKind::Updated => "alert.updated",
            MessageKind::Digest => "digest.ready",
            MessageKind::Event(kind) => kind.as_str(),
            MessageKind::Ping => "test.ping",
        }
    }
}

impl From<AlertKind> for MessageKind {
    fn from(kind: AlertKind) -> Self {
        match kind {
            AlertKind::Raised => MessageKind::Raised,
            AlertKind::Updated => MessageKind::Updated,
        }
    }
}

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageState {
    /// Not attempted yet.
    Queued,
    /// Attempted, due again.
    Retrying,
    /// Its sink is gone from the config.
    Paused,
    /// Accepted by the receiver.
    Delivered,
    /// Given up; can be retried by hand.
    Dead,
    /// Taken out by hand.
    Discarded,
}

impl MessageState {
    /// Every state, in the order in which summaries name them.
    pub const ALL: [MessageState; 6] = [
        MessageState::Queued,
        MessageState::Retrying,
        MessageState::Paused,
        MessageState::Delivered,
        MessageState::Dead,
        MessageState::Discarded,
    ];

    /// The word in listings and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            MessageState::Queued => "queued",
            MessageState::Retrying => "retrying",
            MessageState::Paused => "paused",
            MessageState::Delivered => "delivered",
            MessageState::Dead => "dead",
            MessageState::Discarded => "discarded",
        }
    }
}

impl fmt::Display for MessageState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The exact bytes of a message, fixed before the first attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// `Content-Type` of the body.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
}

/// What a message waits for besides its receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Its end.
    pub until: Timestamp,
    /// What for, in words that go on after "waits for".
    pub why: String,
}

/// How one attempt ended, in the receiver's own terms already judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver accepted it.
    Delivered {
        /// What a later message can reply to, where the receiver gave it.
        thread: Option<String>,
    },
    /// The receiver asks for less: the endpoint pauses, no attempt is spent.
    Throttled {
        /// How long it asks us to wait; `None` where it gave no sensible hint.
        after: Option<Duration>,
    },
    /// Trouble that may pass: the next step of the schedule.
    Retry {
        /// `Retry-After` or the like, where sensible.
        after: Option<Duration>,
    },
    /// It will not be accepted as it stands.
    Refused(Refusal),
}

/// What a refusal is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// This message: one plain fallback where the receiver has one, then a dead letter.
    Message,
    /// This message, for its size: a digest goes in parts, all else as refused.
    Large,
    /// The endpoint (address, token, permission): few tries, then the sink is disabled.
    Endpoint,
    /// The endpoint is gone for good: the sink is disabled at once.
    Gone,
}

/// Why a message was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeadReason {
    /// The receiver refused this message.
    Refused,
    /// It grew older than `[delivery] give_up`.
    Expired,
}

impl DeadReason {
    /// The words in listings and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            DeadReason::Refused => "refused by the receiver",
            DeadReason::Expired => "older than [delivery] give_up",
        }
    }
}

/// The record of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The message.
    pub message: MessageId,
    /// When it began.
    pub at: Timestamp,
    /// How long it took.
    pub took: Duration,
    /// HTTP status, where there was an answer.
    pub status: Option<u16>,
    /// What went wrong, ready to show, without secrets. With one that was delivered: what of it was not.
    pub error: Option<String>,
    /// First 2 kB of the answer, control characters removed, secrets masked.
    pub answer: String,
    /// How it ended.
    pub outcome: Outcome,
}
