//! The running planner over items whose clock is their own date; writes nothing.

use std::time::Duration;

use super::aside::set_aside;
use super::identity::Fresh;
use super::index::StoryIndex;
use super::plan::{Batch, Judged, Terms, plan};
use super::section::{FirstPoll, StorySection};
use crate::model::{Decision, FeedState, Item, Level, Match, Route, SinkName, Standing};

/// A planner on an index of its own.
#[derive(Debug, Clone)]
pub struct Replay {
    index: StoryIndex,
    story: StorySection,
    /// One receiver for each `min_level`.
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
    /// The `min_level`s at which a receiver gets a message by it.
    pub messages: Vec<Level>,
}

/// What was made of the second of two items.
#[derive(Debug, Clone)]
pub struct PairStep {
    /// The decision.
    pub decision: Decision,
    /// How near it came to the first, 0 to 1, and by what; grouped or not.
    pub nearness: Option<(f64, String)>,
}

impl Replay {
    /// Replays with stories and a ledger that start from the standings.
    pub fn new(story: &StorySection, standings: &[Standing]) -> Self {
        let story = StorySection { max_age: None, first_poll: FirstPoll::All, ..story.clone() };
        let of = |level: Level| {
            let route = Route::all(SinkName::new(level.as_str()));
            Route { min_level: level, ..route }
        };
        let routes = Level::ALL.map(of).to_vec();
        Self { index: StoryIndex::empty(standings), story, routes, alone: None }
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
            return Step { decision: Decision::Quiet, level: None, messages: Vec::new() };
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
            items: vec![Judged { fresh: Fresh { item, before: None, rekeyed: false }, matched }],
        };
        let terms = Terms { story: &self.story, routes: &self.routes };
        let mut plan = plan(&mut self.index, terms, batch, now);
        Step {
            decision: plan.items.pop().map_or(Decision::Quiet, |row| row.decision),
            level,
            messages: {
                let told: Vec<_> = plan.alerts.into_iter().flat_map(|(_, to)| to).collect();
                let gets =
                    |level: &Level| told.iter().any(|one| one.sink.as_str() == level.as_str());
                Level::ALL.into_iter().filter(gets).collect()
            },
        }
    }

    /// Decides about the second of two items, the first being all that is known.
    pub fn pair(&self, first: (Item, Option<Match>), second: (Item, Option<Match>)) -> PairStep {
        let mut replay = self.clone();
        replay.next(first.0, first.1);
        let (item, matched) = second;
        let nearness = matched.as_ref().and_then(|matched| {
            let mut matched = matched.clone();
            set_aside(&item.title, &mut matched);
            let window = replay.story.window;
            let found = replay.index.nearest(&item, &matched, item.date(), window)?;
            Some((found.sameness.score, found.sameness.reason))
        });
        PairStep { decision: replay.next(item, matched).decision, nearness }
    }
}
