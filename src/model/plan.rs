//! What one admission writes.

use jiff::Timestamp;

use super::{
    Alert, AlertKind, FeedName, FeedState, Item, LedgerEntry, Match, Member, SinkName, StoryId,
};

/// Everything that one poll's items lead to, made outside any transaction and committed in one.
/// Ids of stories and alerts are already final: the planner counts on from the generation that it
/// read, and the store refuses the plan as stale when another process has changed stories since.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The feed that was polled.
    pub feed: FeedName,
    /// Its state to save.
    pub state: FeedState,
    /// Items that are new, or whose text has changed.
    pub items: Vec<ItemRow>,
    /// Stories opened or grown.
    pub stories: Vec<StoryChange>,
    /// Moves for the ledger. Of one that it knows already the dates widen, and it gets its alert
    /// where it had none.
    pub ledger: Vec<LedgerEntry>,
    /// Alerts, each with the sinks that get it (none for a shadow feed or rule).
    pub alerts: Vec<(Alert, Vec<Addressee>)>,
}

/// A sink that gets an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressee {
    /// The sink.
    pub sink: SinkName,
    /// What it is to this sink: an update goes as first word to a sink that was not told before.
    pub kind: AlertKind,
}

impl Plan {
    /// A plan that saves the feed's state and nothing else.
    pub fn empty(feed: FeedName, state: FeedState) -> Self {
        Self {
            feed,
            state,
            items: Vec::new(),
            stories: Vec::new(),
            ledger: Vec::new(),
            alerts: Vec::new(),
        }
    }
}

/// An item to write, with what was decided and why.
#[derive(Debug, Clone)]
pub struct ItemRow {
    /// The item.
    pub item: Item,
    /// Whether it replaces a row with the same key (its text has changed).
    pub revised: bool,
    /// What was decided.
    pub decision: Decision,
    /// Why it was flagged, where it was.
    pub matched: Option<Match>,
}

/// What was decided about an item.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// No rule holds.
    Quiet,
    /// Flagged, but older than `max_age` or part of a first poll's history: counted, not told.
    Old,
    /// The first of its story.
    Alert(StoryId),
    /// A new move in a known story.
    Update(StoryId, Sameness),
    /// Part of a known story, nothing new.
    Joined(StoryId, Sameness),
    /// The same text or article again.
    Duplicate(StoryId, Sameness),
}

impl Decision {
    /// The word in listings, `replay` and the database.
    pub fn as_str(&self) -> &'static str {
        match self {
            Decision::Quiet => "quiet",
            Decision::Old => "old",
            Decision::Alert(_) => "alert",
            Decision::Update(..) => "update",
            Decision::Joined(..) => "joined",
            Decision::Duplicate(..) => "duplicate",
        }
    }

    /// The story it belongs to, where there is one.
    pub fn story(&self) -> Option<StoryId> {
        match self {
            Decision::Quiet | Decision::Old => None,
            Decision::Alert(story)
            | Decision::Update(story, _)
            | Decision::Joined(story, _)
            | Decision::Duplicate(story, _) => Some(*story),
        }
    }

    /// How it is the same as the story, where it is.
    pub fn sameness(&self) -> Option<&Sameness> {
        match self {
            Decision::Update(_, same)
            | Decision::Joined(_, same)
            | Decision::Duplicate(_, same) => Some(same),
            _ => None,
        }
    }
}

/// How an item was found to belong to a story.
#[derive(Debug, Clone, PartialEq)]
pub struct Sameness {
    /// `same article`, `near-verbatim` or `same story`.
    pub level: &'static str,
    /// Similarity behind it, 0 to 1.
    pub score: f64,
    /// The reason, ready to show ("move agrees, titles 0.61, 5 h apart").
    pub reason: String,
    /// Headline of the member that it was found to resemble.
    pub with: String,
}

/// A story opened or grown by one item.
#[derive(Debug, Clone)]
pub struct StoryChange {
    /// The story.
    pub id: StoryId,
    /// Whether this opens it.
    pub opens: bool,
    /// The item, as a member.
    pub member: Member,
    /// How it belongs; `None` for the first.
    pub sameness: Option<Sameness>,
    /// Sinks that are told by this item's alert.
    pub told: Vec<SinkName>,
    /// The step that the alert of this item is (1 for the first); `None` where it is not told.
    pub step: Option<u32>,
    /// When.
    pub at: Timestamp,
}
