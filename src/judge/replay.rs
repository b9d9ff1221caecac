//! The running planner over items whose clock is their own date; writes nothing.

use std::time::Duration;

use super::identity::Fresh;
use super::index::StoryIndex;
use super::plan::{Batch, Judged, Terms, plan};
use super::section::{FirstPoll, StorySection};
use crate::model::{Alert, Decision, FeedState, Item, Level, Match, Route, SinkName, Standing};

/// A planner on an index of its own.
#[derive(Debug)]
pub struct Replay {
    index: StoryIndex,
    story: StorySection,
    routes: Vec<Route>,
    /// Set where each item stands alone: what every item starts from.
    alone: Option<StoryIndex>,
}

/// What was decided about one item.
#[derive(Debug, Clone)]
pub struct Step {
    /// The decision.
    pub decision: Decision,
    /// The level of a flagged item.
    pub level: Option<Level>,
    /// The alert, where one was raised.
    pub alert: Option<Alert>,
}

impl Replay {
    /// Replays with stories and a ledger that start from the standings.
    pub fn new(story: &StorySection, standings: &[Standing]) -> Self {
        let story = StorySection { max_age: None, first_poll: FirstPoll::All, ..story.clone() };
        let everybody = vec![Route::all(SinkName::new("replay"))];
        Self { index: StoryIndex::empty(standings), story, routes: everybody, alone: None }
    }

    /// Judges each item by itself.
    pub fn alone(standings: &[Standing]) -> Self {
        let section = StorySection { window: Duration::from_secs(1), ..StorySection::default() };
        let replay = Self::new(&section, standings);
        Self { alone: Some(replay.index.clone()), ..replay }
    }

    /// Decides about the next item, at its own date.
    pub fn next(&mut self, item: Item, matched: Option<Match>) -> Step {
        // What no rule flags is compared with nothing.
        if matched.is_none() {
            return Step { decision: Decision::Quiet, level: None, alert: None };
        }
        if let Some(start) = &self.alone {
            self.index = start.clone();
        }
        let now = item.date();
        let level = matched.as_ref().map(|matched| self.index.ledger.level(matched, now));
        let batch = Batch {
            feed: item.feed.clone(),
            state: FeedState::new(now),
            first_poll: false,
            shadow: false,
            items: vec![Judged { fresh: Fresh { item, revised: false, rekeyed: false }, matched }],
        };
        let terms = Terms { story: &self.story, routes: &self.routes };
        let mut plan = plan(&mut self.index, terms, batch, now);
        Step {
            decision: plan.items.pop().map_or(Decision::Quiet, |row| row.decision),
            level,
            alert: plan.alerts.pop().map(|(alert, _)| alert),
        }
    }
}
