//! What a decision writes: an alert, the member of a story, moves for the ledger.

use super::index::StoryIndex;
use super::ledger::pairs;
use super::plan::One;
use crate::model::{
    Addressee, Alert, AlertId, AlertKind, Genre, LedgerEntry, Level, Member, NewMoves, Plan,
    Previous, Sameness, SinkName, StoryChange, StoryId,
};

impl One {
    /// Writes an alert; gives the sinks that it tells.
    #[expect(
        clippy::too_many_arguments,
        reason = "one call site per kind of alert, all named above"
    )]
    pub(super) fn alert(
        &self,
        index: &mut StoryIndex,
        plan: &mut Plan,
        story: StoryId,
        kind: AlertKind,
        level: Level,
        step: u32,
        addressees: Vec<Addressee>,
        muted: Vec<String>,
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
            key: self.alert_key(step),
            story,
            kind,
            level,
            item: item.clone(),
            matched: self.matched.clone(),
            before: index.ledger.before(&self.matched, item.date()),
            previous: previous.filter(|_| kind == AlertKind::Updated),
            new,
            raised: self.now,
            muted,
        };
        plan.alerts.push((alert, addressees));
        Some((id, told))
    }

    /// What an alert is known by for ever: the item, the step of its story, and which text of the item
    /// tells it. A page that is told anew opens a story of its own once the first has closed.
    fn alert_key(&self, step: u32) -> String {
        let item = &self.fresh.item;
        let mut key = format!("{}\n{}\n{step}", item.feed, item.key);
        if self.fresh.revised() {
            key.push_str(&format!("\n{}", self.fresh.revision()));
        }
        key
    }

    /// Writes the item into its story and its moves into the ledger.
    #[expect(clippy::too_many_arguments, reason = "the fields of the change, each used once")]
    pub(super) fn change(
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
    pub(super) fn enter(&self, index: &mut StoryIndex, plan: &mut Plan, alert: Option<AlertId>) {
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
