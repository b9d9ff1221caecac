//! The planner: from judged items to what one admission writes. Pure: the same items on the same
//! index give the same plans, however they are split over batches.
//!
//! An item that matches either repeats a story (same article, near-verbatim), joins it, brings a new
//! move to it, or opens one. Each sink is told of a story once: an item that joins a story but is the
//! first to pass a sink's filter alerts that sink alone.

use std::time::Duration;

use jiff::Timestamp;

use super::aside::set_aside;
use super::hearing::Hearing;
use super::identity::Fresh;
use super::index::{Belonging, StoryIndex};
use super::section::{FirstPoll, StorySection, Updates};
use super::weigh::Sharing;
use crate::model::{
    Addressee, AlertKind, Decision, FeedName, FeedState, ItemRow, Level, Match, Member, NewMoves,
    Plan, Route, Sameness, SinkName, Story, StoryId, muted_by,
};

/// An item with what the rules say of it.
#[derive(Debug, Clone)]
pub(super) struct Judged {
    pub(super) fresh: Fresh,
    pub(super) matched: Option<Match>,
}

/// What a poll brought, judged.
#[derive(Debug, Clone)]
pub(super) struct Batch {
    pub(super) feed: FeedName,
    pub(super) state: FeedState,
    /// Nothing of this feed was ever admitted.
    pub(super) first_poll: bool,
    /// Recorded and shown, never sent.
    pub(super) shadow: bool,
    pub(super) items: Vec<Judged>,
}

/// What planning goes by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms<'t> {
    pub(super) story: &'t StorySection,
    pub(super) routes: &'t [Route],
}

/// Plans one poll on the index, which then holds what the plan will write.
pub(super) fn plan(index: &mut StoryIndex, terms: Terms<'_>, batch: Batch, now: Timestamp) -> Plan {
    let mut plan = Plan::empty(batch.feed, batch.state);
    index.close(now);
    for judged in batch.items {
        let Judged { fresh, matched } = judged;
        let Some(mut matched) = matched else {
            plan.items.push(ItemRow {
                revised: fresh.revised() || fresh.rekeyed,
                item: fresh.item,
                decision: Decision::Quiet,
                matched: None,
            });
            continue;
        };
        matched.shadow |= batch.shadow;
        set_aside(&fresh.item.title, &mut matched);
        let one = One { fresh, matched, now };
        let decision = one.place(index, terms, batch.first_poll, &mut plan);
        plan.items.push(ItemRow {
            revised: one.fresh.revised(),
            item: one.fresh.item,
            decision,
            matched: Some(one.matched),
        });
    }
    plan
}

/// A matched item on its way into the stories.
pub(super) struct One {
    pub(super) fresh: Fresh,
    pub(super) matched: Match,
    pub(super) now: Timestamp,
}

impl One {
    fn place(
        &self,
        index: &mut StoryIndex,
        terms: Terms<'_>,
        first_poll: bool,
        plan: &mut Plan,
    ) -> Decision {
        if self.too_old(terms.story, first_poll) || self.fresh.stays_untold() {
            self.enter(index, plan, None);
            return Decision::Old;
        }
        let item = &self.fresh.item;
        // What left the shadow by a change of its text has been told to nobody yet.
        let home = index.home(item).filter(|story| self.shadow() || story.is_live());
        let known = home.map(|story| (story.id, None));
        let found = known.or_else(|| {
            let belonging = index.find(item, &self.matched, self.now, terms.story.window)?;
            Some((belonging.story, Some(belonging)))
        });
        match found {
            None => self.open(index, terms, plan),
            Some((story, belonging)) => self.join(index, terms, plan, story, belonging),
        }
    }

    /// Recorded and shown, never sent.
    pub(super) fn shadow(&self) -> bool {
        self.matched.shadow
    }

    /// Whether a member was told as this item would be: to nobody but its own kind.
    pub(super) fn counts(&self, member: &Member) -> bool {
        self.shadow() || !member.shadow
    }

    fn too_old(&self, story: &StorySection, first_poll: bool) -> bool {
        let age = self.now.duration_since(self.fresh.item.date());
        let older = |limit: Duration| {
            age > jiff::SignedDuration::try_from(limit).unwrap_or(jiff::SignedDuration::MAX)
        };
        let by_first_poll = first_poll
            && match story.first_poll {
                FirstPoll::All => false,
                FirstPoll::Nothing => true,
                // What bears no date may be of any age.
                FirstPoll::Younger(limit) => self.fresh.item.published.is_none() || older(limit),
            };
        by_first_poll || story.max_age.is_some_and(older)
    }

    fn open(&self, index: &mut StoryIndex, terms: Terms<'_>, plan: &mut Plan) -> Decision {
        let id = StoryId(index.next_story);
        index.next_story += 1;
        let mut wanting = self.wanting(index, terms.routes, Level::Background);
        let level = self.level(index, &wanting);
        let muted = self.mute(index, None, &mut wanting);
        let to = addressees(wanting, &[], AlertKind::Raised);
        let told = self.alert(index, plan, id, AlertKind::Raised, level, 1, to, muted, None);
        self.change(index, plan, id, true, None, false, told, 1);
        Decision::Alert(id)
    }

    fn join(
        &self,
        index: &mut StoryIndex,
        terms: Terms<'_>,
        plan: &mut Plan,
        id: StoryId,
        belonging: Option<Belonging>,
    ) -> Decision {
        let Some(story) = index.story(id).cloned() else {
            return self.open(index, terms, plan);
        };
        let sharing = belonging.as_ref().map(|one| one.level);
        let sameness = belonging.map_or_else(|| revised(&story), |one| one.sameness);
        let copy = matches!(sharing, Some(Sharing::Article | Sharing::Verbatim));
        // Two parliaments' votes can be told in nearly the same words, and one page can tell them in turn.
        let news = self.new_moves(&story, &index.ledger);
        let confirmed = match (news.is_empty(), terms.story.updates) {
            (false, _) | (_, Updates::Off) => Vec::new(),
            _ => self.confirmed(&story),
        };
        let confirms = !confirmed.is_empty();
        let update = match terms.story.updates {
            Updates::Off => false,
            Updates::Developments => !news.is_empty() || confirms,
            Updates::All => (!copy && sharing.is_some()) || confirms,
        };
        let kind = if update { AlertKind::Updated } else { AlertKind::Raised };
        // The ledger knows the move; that it is official now is worth a word.
        let least = if confirms { Level::Notable } else { Level::Background };
        let mut wanting = self.wanting(index, terms.routes, least);
        if !update {
            // Told per sink: whoever has not heard of the story hears of it now.
            wanting.retain(|(sink, _)| !story.told.contains(sink));
        }
        let level = self.level(index, &wanting).max(least);
        let muted = self.mute(index, Some(id), &mut wanting);
        let to = addressees(wanting, &story.told, kind);
        let step = story.steps + 1;
        let told = match update || !to.is_empty() {
            true => {
                let new = update.then(|| match confirms {
                    true => NewMoves { acts: confirmed, confirmed: true, ..NewMoves::default() },
                    false => self.what_is_new(&story, news),
                });
                self.alert(index, plan, id, kind, level, step, to, muted, new)
            }
            false => None,
        };
        // The story grows where it stands, as nothing else holds it.
        drop(story);
        // What brings something new is a source of its own.
        let copied = copy && !update;
        self.change(index, plan, id, false, Some(sameness.clone()), copied, told, step);
        match (update, copy) {
            (true, _) => Decision::Update(id, sameness),
            (false, true) => Decision::Duplicate(id, sameness),
            (false, false) => Decision::Joined(id, sameness),
        }
    }

    /// The sinks whose routing wants the item, each with how new it is to that sink, at least so much.
    fn wanting(
        &self,
        index: &StoryIndex,
        routes: &[Route],
        least: Level,
    ) -> Vec<(SinkName, Level)> {
        if self.shadow() {
            return Vec::new();
        }
        let item = &self.fresh.item;
        let hearing = Hearing::of(index, &self.matched);
        let levels =
            routes.iter().map(|route| (route, hearing.level(&route.sink, item.date()).max(least)));
        levels
            .filter(|(route, level)| route.passes(item, &self.matched, *level))
            .map(|(route, level)| (route.sink.clone(), level))
            .collect()
    }

    /// Takes those away whom a mute keeps from hearing of it, and gives what is muted, where it kept
    /// back any. A flash breaks through.
    fn mute(
        &self,
        index: &StoryIndex,
        story: Option<StoryId>,
        wanting: &mut Vec<(SinkName, Level)>,
    ) -> Vec<String> {
        let muted = muted_by(&index.mutes, self.now, story, &self.matched);
        if muted.is_empty() {
            return muted;
        }
        let all = wanting.len();
        wanting.retain(|(_, level)| *level == Level::Flash);
        if wanting.len() == all { Vec::new() } else { muted }
    }

    /// The level of an alert: as new as it is to the one who has heard least.
    fn level(&self, index: &StoryIndex, wanting: &[(SinkName, Level)]) -> Level {
        let highest = wanting.iter().map(|(_, level)| *level).max();
        highest.unwrap_or_else(|| index.ledger.level(&self.matched, self.fresh.item.date()))
    }
}

/// Those who want an alert, as those who get it.
fn addressees(
    wanting: Vec<(SinkName, Level)>,
    told: &[SinkName],
    kind: AlertKind,
) -> Vec<Addressee> {
    let to = |sink: SinkName| Addressee {
        kind: if told.contains(&sink) { kind } else { AlertKind::Raised },
        sink,
    };
    wanting.into_iter().map(|(sink, _)| to(sink)).collect()
}

/// An item whose text changed stays in its story.
fn revised(story: &Story) -> Sameness {
    Sameness {
        level: "same article",
        score: 1.0,
        reason: "the outlet has changed its text".to_owned(),
        with: story.members.first().map(|member| member.title.clone()).unwrap_or_default(),
    }
}
