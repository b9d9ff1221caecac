//! The planner: from judged items to what one admission writes. Pure: the same items on the same
//! index give the same plans, however they are split over batches.
//!
//! An item that matches either repeats a story (same article, near-verbatim), joins it, brings a new
//! move to it, or opens one. Each sink is told of a story once: an item that joins a story but is the
//! first to pass a sink's filter alerts that sink alone.

use std::time::Duration;

use jiff::Timestamp;

use super::hearing::Hearing;
use super::identity::Fresh;
use super::index::{Belonging, Sharing, StoryIndex};
use super::ledger::{Ledger, pairs};
use super::section::{FirstPoll, StorySection, Updates};
use crate::model::{
    Addressee, Alert, AlertId, AlertKind, Decision, FeedName, FeedState, Field, Genre, ItemRow,
    LedgerEntry, Level, Match, Member, Move, NewMoves, Plan, Previous, Route, Sameness, SinkName,
    Story, StoryChange, StoryId, StoryMove,
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
                revised: fresh.revised || fresh.rekeyed,
                item: fresh.item,
                decision: Decision::Quiet,
                matched: None,
            });
            continue;
        };
        matched.shadow |= batch.shadow;
        let one = One { fresh, matched, now };
        let decision = one.place(index, terms, batch.first_poll, &mut plan);
        plan.items.push(ItemRow {
            item: one.fresh.item,
            revised: one.fresh.revised,
            decision,
            matched: Some(one.matched),
        });
    }
    plan
}

/// A matched item on its way into the stories.
struct One {
    fresh: Fresh,
    matched: Match,
    now: Timestamp,
}

impl One {
    fn place(
        &self,
        index: &mut StoryIndex,
        terms: Terms<'_>,
        first_poll: bool,
        plan: &mut Plan,
    ) -> Decision {
        if self.too_old(terms.story, first_poll) {
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
    fn shadow(&self) -> bool {
        self.matched.shadow
    }

    /// Whether a member was told as this item would be: to nobody but its own kind.
    fn counts(&self, member: &Member) -> bool {
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
                FirstPoll::Younger(limit) => older(limit),
            };
        by_first_poll || story.max_age.is_some_and(older)
    }

    fn open(&self, index: &mut StoryIndex, terms: Terms<'_>, plan: &mut Plan) -> Decision {
        let id = StoryId(index.next_story);
        index.next_story += 1;
        let wanting = self.wanting(index, terms.routes);
        let level = self.level(index, &wanting);
        let addressees = addressees(wanting, &[], AlertKind::Raised);
        let told = self.alert(index, plan, id, AlertKind::Raised, level, 1, addressees, None);
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
        let news = if copy { Vec::new() } else { self.new_moves(&story, &index.ledger) };
        let update = match terms.story.updates {
            Updates::Off => false,
            Updates::Developments => !news.is_empty(),
            Updates::All => !copy && sharing.is_some(),
        };
        let kind = if update { AlertKind::Updated } else { AlertKind::Raised };
        let mut wanting = self.wanting(index, terms.routes);
        if !update {
            // Told per sink: whoever has not heard of the story hears of it now.
            wanting.retain(|(sink, _)| !story.told.contains(sink));
        }
        let level = self.level(index, &wanting);
        let addressees = addressees(wanting, &story.told, kind);
        let step = story.steps + 1;
        let told = match update || !addressees.is_empty() {
            true => {
                let new = update.then(|| self.what_is_new(&story, news));
                self.alert(index, plan, id, kind, level, step, addressees, new)
            }
            false => None,
        };
        // The story grows where it stands, as nothing else holds it.
        drop(story);
        self.change(index, plan, id, false, Some(sameness.clone()), copy, told, step);
        match (update, copy) {
            (true, _) => Decision::Update(id, sameness),
            (false, true) => Decision::Duplicate(id, sameness),
            (false, false) => Decision::Joined(id, sameness),
        }
    }

    /// Moves of the headline that the story has not told: a formal act or one against, a further
    /// stage, another actor, another candidate. A name that only turns up in the body of another
    /// outlet's version is no development.
    fn new_moves(&self, story: &Story, ledger: &Ledger) -> Vec<Move> {
        let furthest = |one: &StoryMove| {
            let members = story.members.iter().filter(|member| self.counts(member));
            members
                .flat_map(|member| &member.moves)
                .filter(|known| known.alliance == one.alliance)
                .filter_map(|known| known.act.as_ref())
                .map(|act| act.stage)
                .max()
                .unwrap_or(0)
        };
        let told = self.told_moves(story);
        let is_new = |found: &Move, one: &StoryMove| {
            let Some(act) = &found.act else { return false };
            let same_pair = |known: &&StoryMove| {
                known.alliance == one.alliance
                    && (known.candidate == one.candidate || one.candidate.is_empty())
            };
            let pair_known = told.iter().any(|known| same_pair(&known));
            let act_known = told.iter().filter(same_pair).any(|known| known.act == one.act);
            let actor_known = one.actor.is_none()
                || told.iter().filter(same_pair).any(|known| {
                    known.act == one.act && (known.actor == one.actor || known.actor.is_none())
                });
            let weighty = (act.formal && !found.hedged) || act.against || act.stage > furthest(one);
            if !pair_known {
                return !one.candidate.is_empty();
            }
            let date = self.fresh.item.date();
            let late = ledger.overtaken(one, act, date, &|entry| story.has_told(entry));
            weighty && !late && (!act_known || !actor_known)
        };
        // Opinion, explainers and live blogs repeat; what they bring is background.
        if self.matched.genre != Genre::Report {
            return Vec::new();
        }
        let headline = self.matched.moves.iter().filter(|one| one.field == Field::Title);
        headline
            .filter(|found| StoryMove::of(found).iter().any(|one| is_new(found, one)))
            .cloned()
            .collect()
    }

    /// The moves that the story has told, for an item in shadow also those told in shadow.
    fn told_moves(&self, story: &Story) -> Vec<StoryMove> {
        let shadow = story.members.iter().filter(|one| one.shadow && one.alert.is_some());
        let shadow = shadow.filter(|_| self.shadow()).flat_map(|member| &member.moves);
        story.moves.iter().cloned().chain(shadow.flat_map(StoryMove::of)).collect()
    }

    fn what_is_new(&self, story: &Story, acts: Vec<Move>) -> NewMoves {
        let moves = self.told_moves(story);
        let told = |check: &dyn Fn(&StoryMove) -> bool| moves.iter().any(check);
        let alliances = self.matched.alliances.iter();
        let candidates = self.matched.candidates.iter();
        NewMoves {
            alliances: alliances
                .filter(|name| !told(&|known| known.alliance == **name))
                .cloned()
                .collect(),
            candidates: candidates
                .filter(|code| !told(&|known| known.candidate == **code))
                .cloned()
                .collect(),
            rules: Vec::new(),
            acts,
        }
    }

    /// The sinks whose routing wants the item, each with how new it is to that sink.
    fn wanting(&self, index: &StoryIndex, routes: &[Route]) -> Vec<(SinkName, Level)> {
        if self.shadow() {
            return Vec::new();
        }
        let item = &self.fresh.item;
        let hearing = Hearing::of(index, &self.matched);
        let levels = routes.iter().map(|route| (route, hearing.level(&route.sink, item.date())));
        levels
            .filter(|(route, level)| route.passes(item, &self.matched, *level))
            .map(|(route, level)| (route.sink.clone(), level))
            .collect()
    }

    /// The level of an alert: as new as it is to the one who has heard least.
    fn level(&self, index: &StoryIndex, wanting: &[(SinkName, Level)]) -> Level {
        let highest = wanting.iter().map(|(_, level)| *level).max();
        highest.unwrap_or_else(|| index.ledger.level(&self.matched, self.fresh.item.date()))
    }

    /// Writes an alert; gives the sinks that it tells.
    #[expect(
        clippy::too_many_arguments,
        reason = "one call site per kind of alert, all named above"
    )]
    fn alert(
        &self,
        index: &mut StoryIndex,
        plan: &mut Plan,
        story: StoryId,
        kind: AlertKind,
        level: Level,
        step: u32,
        addressees: Vec<Addressee>,
        new: Option<NewMoves>,
    ) -> Option<(AlertId, Vec<SinkName>)> {
        let item = &self.fresh.item;
        let id = AlertId(index.next_alert);
        index.next_alert += 1;
        let previous = index.story(story).and_then(|story| {
            let first = {
                let told = |member: &&Member| member.alert.is_some() && self.counts(member);
                story.members.iter().find(told)?
            };
            Some(Previous { alert: first.alert?, raised: first.seen, title: first.title.clone() })
        });
        let told: Vec<SinkName> = addressees.iter().map(|one| one.sink.clone()).collect();
        let alert = Alert {
            id,
            key: format!("{}\n{}\n{step}", item.feed, item.key),
            story,
            kind,
            level,
            item: item.clone(),
            matched: self.matched.clone(),
            before: index.ledger.before(&self.matched, item.date()),
            previous: previous.filter(|_| kind == AlertKind::Updated),
            new,
            raised: self.now,
        };
        plan.alerts.push((alert, addressees));
        Some((id, told))
    }

    /// Writes the item into its story and its moves into the ledger.
    #[expect(clippy::too_many_arguments, reason = "the fields of the change, each used once")]
    fn change(
        &self,
        index: &mut StoryIndex,
        plan: &mut Plan,
        id: StoryId,
        opens: bool,
        sameness: Option<Sameness>,
        copy: bool,
        told: Option<(AlertId, Vec<SinkName>)>,
        step: u32,
    ) {
        let item = &self.fresh.item;
        let alert = told.as_ref().map(|(alert, _)| *alert);
        let member = Member {
            feed: item.feed.clone(),
            key: item.key.clone(),
            url: item.url.clone(),
            canonical: item.canonical.clone(),
            title: item.title.clone(),
            summary: item.summary.clone(),
            language: item.language.clone(),
            kind: item.kind,
            genre: self.matched.genre,
            moves: self.matched.moves.clone(),
            date: item.date(),
            seen: self.now,
            copy,
            alert,
            shadow: self.shadow(),
        };
        let change = StoryChange {
            id,
            opens,
            member,
            sameness,
            step: alert.map(|_| step),
            told: told.map(|(_, sinks)| sinks).unwrap_or_default(),
            at: self.now,
        };
        index.apply(&change);
        plan.stories.push(change);
        self.enter(index, plan, alert);
    }

    /// Enters the item's moves into the ledger, at the item's own date.
    fn enter(&self, index: &mut StoryIndex, plan: &mut Plan, alert: Option<AlertId>) {
        // The ledger makes what comes later look old. Of this nobody will have heard, and what
        // opinion, explainers and live blogs repeat or wish for is the news of others.
        if self.shadow() || self.matched.genre != Genre::Report {
            return;
        }
        let item = &self.fresh.item;
        for one in &self.matched.moves {
            let Some(act) = &one.act else { continue };
            // A hedged formal act has not happened; it would make the real one look old.
            if one.hedged && act.formal {
                continue;
            }
            for candidate in pairs(one) {
                let entry = LedgerEntry {
                    alliance: one.alliance.clone(),
                    candidate,
                    act: act.name.clone(),
                    stage: act.stage,
                    formal: act.formal,
                    actor: one.actor.clone(),
                    since: item.date(),
                    last: item.date(),
                    alert,
                    title: item.title.clone(),
                    feed: item.feed.clone(),
                };
                index.ledger.enter(entry.clone());
                plan.ledger.push(entry);
            }
        }
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
