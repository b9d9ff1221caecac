//! The way of one item as data: its steps, and how far it came.

use serde_json::{Value, json};

use crate::store::StoredItem;

/// How far an item has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// No rule holds.
    Quiet,
    /// Flagged, and too old to tell.
    Old,
    /// Flagged and recorded only.
    Shadow,
    /// Part of a story that was told already.
    Grouped,
    /// Kept back by a mute.
    Muted,
    /// Told, and no sink's routing wants it.
    Unrouted,
    /// On its way to a receiver.
    Waiting,
    /// A receiver did not get it.
    Dead,
    /// Taken out of the queue by hand.
    Discarded,
    /// Every receiver that wanted it has it.
    Delivered,
}

impl Fate {
    /// The word in `why --json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Fate::Quiet => "quiet",
            Fate::Old => "old",
            Fate::Shadow => "shadow",
            Fate::Grouped => "grouped",
            Fate::Muted => "muted",
            Fate::Unrouted => "unrouted",
            Fate::Waiting => "waiting",
            Fate::Dead => "dead",
            Fate::Discarded => "discarded",
            Fate::Delivered => "delivered",
        }
    }
}

/// One step of the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Which: `subscribed`, `seen`, `matched`, `fresh`, `live`, `story`, `level`, `routed` or `sent`.
    pub what: &'static str,
    /// Whether the item went on.
    pub passed: bool,
    /// What happened, ready to show.
    pub text: String,
}

impl Step {
    pub(super) fn new(what: &'static str, passed: bool, text: impl Into<String>) -> Self {
        Self { what, passed, text: text.into() }
    }

    pub(super) fn to_json(&self) -> Value {
        json!({"step": self.what, "passed": self.passed, "text": self.text})
    }
}

/// The way of one item.
#[derive(Debug, Clone)]
pub struct Way {
    /// The item and what was decided.
    pub found: StoredItem,
    /// How far it came.
    pub fate: Fate,
    /// The same in a sentence.
    pub verdict: String,
    /// Step by step.
    pub steps: Vec<Step>,
    /// What to do where it should be otherwise.
    pub cure: Option<String>,
}

impl Way {
    /// As `why --json` prints it.
    pub fn to_json(&self) -> Value {
        let Self { found, fate, verdict, steps, cure } = self;
        let item = &found.item;
        json!({
            "outcome": fate.as_str(), "verdict": verdict, "do": cure, "id": found.id,
            "title": item.title, "url": item.url, "feed": item.feed, "key": item.key,
            "published": item.published, "seen": item.seen, "decision": found.decision,
            "story": found.story, "alerts": found.alerts,
            "steps": steps.iter().map(Step::to_json).collect::<Vec<_>>(),
        })
    }
}
