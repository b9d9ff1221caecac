//! What is told.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AlertId, FeedName, Item, LedgerEntry, Level, Match, Move, SinkName, StoryId};

/// One thing told, as data; each receiver renders it in its own way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Short id.
    pub id: AlertId,
    /// Identity that survives a restored backup: made of feed, item key and step, not of the short
    /// id. Message ids come from it.
    pub key: String,
    /// The story it belongs to.
    pub story: StoryId,
    /// First word of a story, or a new move in it.
    pub kind: AlertKind,
    /// How much it asks of its reader.
    pub level: Level,
    /// The item that told it.
    pub item: Item,
    /// Why it was flagged.
    pub matched: Match,
    /// The ledger's last word on each pair before this alert.
    pub before: Vec<LedgerEntry>,
    /// For an update: the alert before.
    pub previous: Option<Previous>,
    /// For an update: what is new.
    pub new: Option<NewMoves>,
    /// When it was raised.
    pub raised: Timestamp,
    /// What is muted and kept it from a sink that would have got it: a story, alliances, candidates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub muted: Vec<String>,
}

/// First word of a story, or a new move in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertKind {
    /// The first of its story.
    Raised,
    /// A new move in a known story.
    Updated,
}

impl AlertKind {
    /// The word in listings and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            AlertKind::Raised => "raised",
            AlertKind::Updated => "updated",
        }
    }
}

/// The alert that an update follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Previous {
    /// Its short id.
    pub alert: AlertId,
    /// When it was raised.
    pub raised: Timestamp,
    /// Its headline.
    pub title: String,
}

/// What is new in an update.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct NewMoves {
    /// Moves that the story had not told.
    pub acts: Vec<Move>,
    /// Alliances that it had not named.
    pub alliances: Vec<String>,
    /// Candidates that it had not named.
    pub candidates: Vec<String>,
    /// Rules that had not matched in it.
    pub rules: Vec<String>,
    /// The acts were told before; new is that a source says so which speaks for itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub confirmed: bool,
}

/// An alert with what is known when it is sealed.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertView {
    /// The alert.
    pub alert: Alert,
    /// Whether this sink gets it as first word or as an update: `alert.updated` goes to sinks that
    /// were told before, to others it goes as `alert.raised`.
    pub kind: AlertKind,
    /// Other items of the story.
    pub also_in: Vec<AlsoIn>,
    /// Independent sources of the story, copies not counted.
    pub sources: usize,
    /// What the receiver answered to the story's first message, to reply to; `None` where it gave
    /// nothing.
    pub thread: Option<String>,
    /// The sink it is meant for.
    pub sink: SinkName,
}

/// Another item that tells the same story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlsoIn {
    /// The feed that carried it.
    pub feed: FeedName,
    /// Its link.
    pub url: Option<String>,
    /// Its headline.
    pub title: String,
    /// Whether its text is the same.
    pub copy: bool,
}
