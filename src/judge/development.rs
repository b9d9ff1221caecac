//! What an item tells that its story has not told yet.

use super::ledger::Ledger;
use super::plan::One;
use crate::model::{Field, Genre, Kind, Level, Member, Move, NewMoves, Story, StoryMove};

impl One {
    /// Moves of the headline that the story has not told: a formal act or one against, a further
    /// stage, another actor, another candidate. A name that only turns up in the body of another
    /// outlet's version is no development.
    pub(super) fn new_moves(&self, story: &Story, ledger: &Ledger) -> Vec<Move> {
        // Opinion, explainers and live blogs repeat; what they bring is background.
        if self.matched.genre != Genre::Report {
            return Vec::new();
        }
        let told = self.told_moves(story);
        let headline = self.matched.moves.iter().filter(|one| one.field == Field::Title);
        let is_new = |found: &&Move| {
            let moves = StoryMove::of(found);
            moves.iter().any(|one| self.is_new(found, one, story, &told, ledger))
        };
        headline.filter(is_new).cloned().collect()
    }

    fn is_new(
        &self,
        found: &Move,
        one: &StoryMove,
        story: &Story,
        told: &[StoryMove],
        ledger: &Ledger,
    ) -> bool {
        let Some(act) = &found.act else { return false };
        let same_pair = |known: &&StoryMove| {
            known.alliance == one.alliance
                && (known.candidate == one.candidate || one.candidate.is_empty())
        };
        if !told.iter().any(|known| same_pair(&known)) {
            return !one.candidate.is_empty() && !self.was_named(one, story);
        }
        let mut same_act = told.iter().filter(same_pair).filter(|known| act.is_kin(&known.act));
        let known = same_act.any(|known| match self.shadow() {
            // Of what is in shadow the ledger knows nothing.
            true => known.actor == one.actor || known.actor.is_none() || one.actor.is_none(),
            false => known.actor == one.actor && (known.act == one.act || one.actor.is_some()),
        });
        // What names no act tells none.
        if act.unsaid {
            return false;
        }
        // What may be done is no deed, and says no more than that it is considered.
        let weighty = match act.formal {
            true => !found.hedged,
            false => act.against || act.stage > self.furthest(one, story),
        };
        let date = self.fresh.item.date();
        // Other stories may have told it, and what came after it.
        let news = ledger.novelty(found, &one.candidate, date, &|_| true) > Level::Background;
        let late = ledger.overtaken(one, act, date, &|entry| story.has_told(entry));
        weighty && !known && !late && (news || self.shadow())
    }

    /// Whether a headline of the story has named a candidate, if only aside.
    fn was_named(&self, one: &StoryMove, story: &Story) -> bool {
        let told = |member: &&Member| {
            let report = member.genre == Genre::Report;
            report && member.alert.is_some() && self.counts(member)
        };
        let moves = story.members.iter().filter(told).flat_map(|member| &member.moves);
        let mut headlines = moves.filter(|known| known.field == Field::Title);
        headlines.any(|known| {
            known.alliance == one.alliance && known.candidates.contains(&one.candidate)
        })
    }

    /// Moves that the story has told, and that a source which speaks for itself is the first to
    /// confirm.
    pub(super) fn confirmed(&self, story: &Story) -> Vec<Move> {
        if self.fresh.item.kind != Kind::Official || self.matched.genre != Genre::Report {
            return Vec::new();
        }
        let told = self.told_moves(story);
        let counted = story.members.iter().filter(|member| self.counts(member));
        let official = counted.filter(|member| member.kind == Kind::Official);
        let official: Vec<StoryMove> =
            official.flat_map(|member| &member.moves).flat_map(StoryMove::of).collect();
        let confirms = |one: &&Move| {
            let Some(act) = one.act.as_ref().filter(|act| !act.unsaid && !one.hedged) else {
                return false;
            };
            let among = |list: &[StoryMove], mine: &StoryMove| {
                list.iter().any(|known| {
                    (&known.alliance, &known.candidate) == (&mine.alliance, &mine.candidate)
                        && act.is_kin(&known.act)
                })
            };
            StoryMove::of(one).iter().any(|mine| among(&told, mine) && !among(&official, mine))
        };
        self.matched.moves.iter().filter(confirms).cloned().collect()
    }

    /// The furthest stage that the story has brought an alliance's candidates to.
    fn furthest(&self, one: &StoryMove, story: &Story) -> u8 {
        let members = story.members.iter().filter(|member| self.counts(member));
        let moves = members.flat_map(|member| &member.moves);
        let acts = moves.filter(|known| known.alliance == one.alliance && !known.hedged);
        acts.filter_map(|known| known.act.as_ref()).map(|act| act.stage).max().unwrap_or(0)
    }

    /// The moves that the story has told, for an item in shadow also those told in shadow.
    fn told_moves(&self, story: &Story) -> Vec<StoryMove> {
        let shadow = story.members.iter().filter(|one| one.shadow && one.alert.is_some());
        let shadow = shadow.filter(|_| self.shadow()).flat_map(|member| &member.moves);
        story.moves.iter().cloned().chain(shadow.flat_map(StoryMove::of)).collect()
    }

    pub(super) fn what_is_new(&self, story: &Story, acts: Vec<Move>) -> NewMoves {
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
            confirmed: false,
            acts,
        }
    }
}
