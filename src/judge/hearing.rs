//! What each sink has heard, and so how new an item is to it.
//!
//! The ledger knows what was told at all. A sink whose routing passed over the first report of a move
//! has heard nothing of it: to this sink the next report is as new as the first.

use jiff::Timestamp;

use super::index::StoryIndex;
use crate::model::{LedgerEntry, Level, Match, SinkName, Story};

/// The stories that have told of the pairs of one match.
pub(super) struct Hearing<'i> {
    index: &'i StoryIndex,
    matched: &'i Match,
    tellers: Vec<&'i Story>,
}

impl<'i> Hearing<'i> {
    /// What the open stories have told of the match's pairs.
    pub(super) fn of(index: &'i StoryIndex, matched: &'i Match) -> Self {
        Self { index, matched, tellers: index.about(&matched.moves).collect() }
    }

    /// How much the match asks of a sink's reader at a date.
    pub(super) fn level(&self, sink: &SinkName, date: Timestamp) -> Level {
        self.index.ledger.level_to(self.matched, date, &|entry| self.knows(sink, entry))
    }

    /// Whether a sink has heard of a move. What no open story tells is long known to everybody.
    fn knows(&self, sink: &SinkName, entry: &LedgerEntry) -> bool {
        let mut tellers = self.tellers.iter().filter(|story| story.has_told(entry)).peekable();
        tellers.peek().is_none() || tellers.any(|story| story.told.contains(sink))
    }
}
