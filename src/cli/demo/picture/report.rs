//! What the demo's report is made of: plain values, ready to show.

use std::ops::Range;
use std::time::Duration;

use crate::model::{Field, Level};

/// All that the demo has to tell.
#[derive(Debug, Clone, Default)]
pub(crate) struct Report {
    /// The feeds.
    pub(crate) feeds: Vec<FeedLine>,
    /// The stories, in the order in which they were opened.
    pub(crate) stories: Vec<StoryPart>,
    /// Flagged, but too old to tell.
    pub(crate) old: Vec<QuietLine>,
    /// Quiet entries in which a rule saw part of what it needs.
    pub(crate) near: Vec<QuietLine>,
    /// Quiet entries in which no rule saw anything.
    pub(crate) plain: usize,
    /// How often an entry was served that was known already.
    pub(crate) known: usize,
    /// The messages.
    pub(crate) messages: Vec<MessageLine>,
    /// How long all of it took.
    pub(crate) took: Duration,
}

/// One feed over all polls.
#[derive(Debug, Clone)]
pub(crate) struct FeedLine {
    /// Its name.
    pub(crate) name: String,
    /// What it is written in; empty where nobody knows.
    pub(crate) form: String,
    /// Status of each poll; `None` where no answer came.
    pub(crate) polls: Vec<Option<u16>>,
    /// Entries that were read.
    pub(crate) entries: usize,
    /// What had to be repaired, or why it failed.
    pub(crate) notes: Vec<String>,
}

/// One story: what was told, and what was grouped with it.
#[derive(Debug, Clone)]
pub(crate) struct StoryPart {
    /// Its short id.
    pub(crate) id: String,
    /// Its alerts: the first word, then each new move.
    pub(crate) told: Vec<Told>,
    /// Entries that belong to it and were not told.
    pub(crate) grouped: Vec<Grouped>,
}

/// One alert.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    /// Its short id.
    pub(crate) alert: String,
    /// `AUKUS ← Canada, Japan`.
    pub(crate) move_line: String,
    /// The acts, with hedge and actor: `may: joins`.
    pub(crate) acts: String,
    /// Its level.
    pub(crate) level: Level,
    /// Who told it.
    pub(crate) outlet: String,
    /// The rule that matched best.
    pub(crate) rule: String,
    /// The texts that hold evidence, title first.
    pub(crate) texts: Vec<Text>,
    /// Others named, as people read them.
    pub(crate) also_named: Vec<String>,
}

/// A text with its evidence.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    /// Where it stands.
    pub(crate) field: Field,
    /// The whole text.
    pub(crate) text: String,
    /// Evidence: Unicode scalars, half open, in any order.
    pub(crate) spans: Vec<Range<usize>>,
}

/// An entry that was grouped.
#[derive(Debug, Clone)]
pub(crate) struct Grouped {
    /// How the same: `same article`, `near-verbatim`, `same story`.
    pub(crate) level: String,
    /// Who told it.
    pub(crate) outlet: String,
    /// Headline.
    pub(crate) title: String,
    /// Why it was grouped.
    pub(crate) reason: String,
}

/// An entry that was not told.
#[derive(Debug, Clone)]
pub(crate) struct QuietLine {
    /// Headline.
    pub(crate) title: String,
    /// Why not.
    pub(crate) reason: String,
}

/// One message and the attempts at it.
#[derive(Debug, Clone)]
pub(crate) struct MessageLine {
    /// `webhook-id`.
    pub(crate) id: String,
    /// What it says: `NEW` or `UPDATE` and the move.
    pub(crate) subject: String,
    /// The attempts, in order.
    pub(crate) attempts: Vec<Attempted>,
}

/// One attempt.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attempted {
    /// The answer; `None` where none came.
    pub(crate) status: Option<u16>,
    /// `Retry-After`, where the answer had it.
    pub(crate) retry_after: Option<Duration>,
}
