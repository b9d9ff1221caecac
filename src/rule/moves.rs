//! From hits to moves: who acts, who knocks, whether it is hedged or denied.
//!
//! Heuristics over word order, not grammar. The actor is the last member named before the act, or the
//! one after "by". What they get wrong: relative clauses with a second verb, and passives without "by".

use jiff::civil::Date;

use super::hits::{Hit, Hits};
use super::lexicon::{Lexicon, ListId};
use super::parties::{is_prose, kind};
use super::section::{By, ListKind};
use crate::model::{ActKind, Field, Move};

/// Words before an act in which a hedge or negation counts as its own.
const BEFORE: usize = 4;

/// Whether a hit is of a plain list: a word that ties, neither name nor act.
fn is_tie(hit: &Hit, lexicon: &Lexicon) -> bool {
    kind(hit, lexicon) == Some(ListKind::Plain)
}

/// A tie that has a name to show; the others are grammar.
pub(super) fn is_named_tie(hit: &Hit, lexicon: &Lexicon) -> bool {
    is_tie(hit, lexicon)
        && hit.list.map(|list| lexicon.list(list)).is_some_and(|list| list.shown != list.name)
}

/// A move with the hits that show it.
#[derive(Debug)]
pub(super) struct FoundMove {
    pub(super) found: Move,
    pub(super) shown_by: Vec<usize>,
}

/// The moves of one alliance in the sentences of the evidence, title first.
pub(super) fn moves(
    hits: &Hits<'_>,
    lexicon: &Lexicon,
    alliance: ListId,
    evidence: &[usize],
    acts: &[bool],
    candidates: &[bool],
    date: Date,
) -> Vec<FoundMove> {
    let mut rooms: Vec<(usize, u32)> = Vec::new();
    for index in evidence {
        let hit = &hits.all[*index];
        if is_prose(hits.field(hit)) && !rooms.contains(&(hit.unit, hit.sentence)) {
            rooms.push((hit.unit, hit.sentence));
        }
    }
    rooms.sort_unstable();
    let reading = Reading { hits, lexicon, alliance, evidence, candidates, date };
    let mut found: Vec<FoundMove> = Vec::new();
    for room in rooms {
        let inside: Vec<usize> = (0..hits.all.len())
            .filter(|index| (hits.all[*index].unit, hits.all[*index].sentence) == room)
            .collect();
        let act = primary_act(&inside, evidence, acts, hits, lexicon);
        let one = reading.one_move(&inside, act);
        merge(&mut found, one);
    }
    // Sentences without an act only lend their candidates, where those with one name none.
    let told = |one: &FoundMove| one.found.act.is_some();
    if let Some(first) = found.iter().position(told) {
        let nobody =
            found.iter().filter(|one| told(one)).all(|one| one.found.candidates.is_empty());
        let lender = found.iter().position(|one| !told(one) && !one.found.candidates.is_empty());
        if let Some(lender) = lender.filter(|_| nobody) {
            found[first].found.candidates = found[lender].found.candidates.clone();
            let shown = found[lender].shown_by.clone();
            found[first].shown_by.extend(shown);
        }
        found.retain(told);
    }
    let several = hits.all.iter().any(|hit| {
        hit.list.is_some() && hit.list == lexicon.several && hits.field(hit) == Field::Title
    });
    title_first(&mut found);
    reading.read_summary(&mut found, acts, several);
    reading.read_regions(&mut found, acts);
    found
}

/// Where the headline names who knocks, the rest of the item names nobody else: summaries and bodies
/// recall what other countries did. Those are "also named".
fn title_first(found: &mut Vec<FoundMove>) {
    let told: Vec<String> = found
        .iter()
        .filter(|one| one.found.field == Field::Title)
        .flat_map(|one| one.found.candidates.iter().cloned())
        .collect();
    if told.is_empty() {
        return;
    }
    found.retain_mut(|one| {
        let named = !one.found.candidates.is_empty();
        one.found.candidates.retain(|code| told.contains(code));
        one.found.field == Field::Title || !named || !one.found.candidates.is_empty()
    });
}

/// One move per alliance, act and actor, so that a body does not widen what a headline says: what it
/// names besides is a move of its own, told in that field.
fn merge(found: &mut Vec<FoundMove>, mut one: FoundMove) {
    let act = |one: &FoundMove| one.found.act.as_ref().map(|act| act.name.clone());
    let same = found.iter_mut().find(|known| {
        act(known) == act(&one)
            && (known.found.actor == one.found.actor || one.found.actor.is_none())
    });
    match same {
        None => found.push(one),
        Some(known) => {
            one.found.candidates.retain(|code| !known.found.candidates.contains(code));
            if known.found.candidates.is_empty() || known.found.field == one.found.field {
                known.found.candidates.append(&mut one.found.candidates);
            }
            known.shown_by.extend(&one.shown_by);
            if !one.found.candidates.is_empty() {
                one.found.actor = known.found.actor.clone().or(one.found.actor);
                found.push(one);
            }
        }
    }
}

/// The act that a sentence is about: one against first (a veto is the news, whatever it vetoes), then a
/// deed that is done before one to come ("invites Japan to become a member"), then the furthest stage.
fn primary_act(
    inside: &[usize],
    evidence: &[usize],
    acts: &[bool],
    hits: &Hits<'_>,
    lexicon: &Lexicon,
) -> Option<usize> {
    let rank = |index: &usize| {
        let list = hits.all[*index].list.map(|list| lexicon.list(list));
        list.map_or((false, false, false, 0), |list| {
            let done = list.formal && !planned(hits, lexicon, inside, &hits.all[*index]);
            (list.against, done, list.formal, list.stage)
        })
    };
    inside
        .iter()
        .copied()
        .filter(|index| acts[*index] && evidence.contains(index))
        .max_by_key(|index| (rank(index), std::cmp::Reverse(*index)))
        .or_else(|| {
            let other = inside.iter().copied().filter(|index| acts[*index]);
            other.max_by_key(|index| (rank(index), std::cmp::Reverse(*index)))
        })
}

/// What the moves of one alliance in one item are read from.
pub(super) struct Reading<'r, 'i> {
    pub(super) hits: &'r Hits<'i>,
    pub(super) lexicon: &'r Lexicon,
    pub(super) alliance: ListId,
    evidence: &'r [usize],
    pub(super) candidates: &'r [bool],
    date: Date,
}

impl Reading<'_, '_> {
    /// Whether a country stands right behind "without" or "after": named beside the one that knocks.
    fn set_apart(&self, inside: &[usize], place: &Hit) -> bool {
        self.lexicon.apart.is_some()
            && inside.iter().map(|index| &self.hits.all[*index]).any(|other| {
                other.list == self.lexicon.apart
                    && other.last <= place.first
                    && place.first - other.last <= 1
                    && !self.hits.parted(other, place)
            })
    }

    /// The move that the hits of one sentence tell, with this act.
    fn one_move(&self, inside: &[usize], act: Option<usize>) -> FoundMove {
        let Self { hits, lexicon, alliance, evidence, candidates, .. } = *self;
        let mut shown_by: Vec<usize> = act.into_iter().collect();
        let mut codes: Vec<String> = Vec::new();
        let named: Vec<usize> = inside.iter().copied().filter(|index| candidates[*index]).collect();
        let set_apart = |index: &usize| self.set_apart(inside, &hits.all[*index]);
        let knocking: Vec<usize> =
            named.iter().copied().filter(|index| !set_apart(index)).collect();
        let knocking = self.owners(inside, knocking);
        // Where nobody else is named, it is the one after "without" that the news is about.
        for index in if knocking.is_empty() { named } else { knocking } {
            let Some(list) = hits.all[index].list else { continue };
            let code = &lexicon.list(list).name;
            if !codes.contains(code) {
                codes.push(code.clone());
            }
            shown_by.push(index);
        }
        let mut found = Move {
            alliance: lexicon.list(alliance).name.clone(),
            candidates: codes,
            act: None,
            actor: None,
            hedged: false,
            aside: Vec::new(),
            field: inside.first().map_or(Field::Title, |index| hits.field(&hits.all[*index])),
        };
        let otherwise = lexicon.otherwise;
        // Where a rule holds without a word for the act, its first other word carries hedge and negation.
        let Some((hit, mut list)) = (match act {
            Some(act) => hits.all[act].list.map(|list| (&hits.all[act], list)),
            None => inside
                .iter()
                .find(|index| evidence.contains(index) && is_tie(&hits.all[**index], lexicon))
                .zip(otherwise)
                .map(|(index, list)| (&hits.all[*index], list)),
        }) else {
            return FoundMove { found, shown_by };
        };
        let before = |wanted: Option<ListId>| {
            wanted.is_some()
                && inside.iter().map(|index| &hits.all[*index]).any(|other| {
                    other.list == wanted && other.last <= hit.first && other.gap(hit) < BEFORE
                })
        };
        found.hedged = before(lexicon.hedge) || planned(hits, lexicon, inside, hit);
        let mut unsaid = act.is_none();
        if before(lexicon.negation) {
            match lexicon.list(list).against {
                // "Will not block" neither blocks nor approves.
                true => unsaid = true,
                false => unsaid = unsaid && lexicon.denial.is_none(),
            }
            let instead = if unsaid { otherwise } else { lexicon.denial };
            list = instead.unwrap_or(list);
        }
        let definition = lexicon.list(list);
        match definition.by {
            By::Member => {
                if let Some((index, code)) = actor(hits, lexicon, alliance, inside, hit, self.date)
                {
                    found.actor = Some(code);
                    shown_by.push(index);
                }
            }
            // A refusal is somebody's own; elsewhere the candidate is said already.
            By::Candidate if definition.against => {
                if let [only] = found.candidates.as_slice() {
                    found.actor = Some(only.clone());
                }
            }
            By::Candidate | By::Alliance => {}
        }
        found.act = Some(ActKind {
            name: definition.name.clone(),
            stage: definition.stage,
            formal: definition.formal,
            against: definition.against,
            kin: definition.kin.clone(),
            unsaid: unsaid && Some(list) == otherwise,
        });
        FoundMove { found, shown_by }
    }
}

/// Whether a word right before an act puts it into the future: "to ratify", "before joining".
fn planned(hits: &Hits<'_>, lexicon: &Lexicon, inside: &[usize], act: &Hit) -> bool {
    lexicon.prospect.is_some()
        && inside
            .iter()
            .map(|index| &hits.all[*index])
            .any(|other| other.list == lexicon.prospect && other.last == act.first)
}

/// The member that acts: the one after "by", else the nearest before the act.
fn actor(
    hits: &Hits<'_>,
    lexicon: &Lexicon,
    alliance: ListId,
    inside: &[usize],
    act: &Hit,
    date: Date,
) -> Option<(usize, String)> {
    let folded = &hits.units[act.unit].folded;
    let alliance = lexicon.list(alliance);
    let members: Vec<(usize, &Hit, &str)> = inside
        .iter()
        .filter_map(|index| {
            let hit = &hits.all[*index];
            let list = lexicon.list(hit.list?);
            let member = list.kind == ListKind::Place && alliance.is_member(&list.name, date);
            member.then_some((*index, hit, list.name.as_str()))
        })
        .collect();
    let agent = members.iter().find(|(_, hit, _)| {
        let by =
            |back: usize| hit.first.checked_sub(back).is_some_and(|at| folded.word(at) == "by");
        hit.first >= act.last && (by(1) || by(2))
    });
    let before = members
        .iter()
        .filter(|(_, hit, _)| hit.last <= act.first)
        .max_by_key(|(_, hit, _)| hit.last);
    agent.or(before).map(|(index, _, code)| (*index, (*code).to_owned()))
}
