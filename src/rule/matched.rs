//! From the rules that hold to what is told of them: scores, moves, who is named, the evidence.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::ask::{Asked, Holding};
use super::genre::genre;
use super::hits::Hits;
use super::lexicon::ListId;
use super::moves::moves;
use super::recognise::{label, members_named};
use super::section::ListKind;
use super::set::{Inner, Rule};
use crate::model::{Evidence, Field, Item, Match, Move, Role, RuleScore};

/// Pieces of evidence that a match keeps.
const EVIDENCE: usize = 40;
/// Other places that a match names.
const ALSO_NAMED: usize = 20;

impl Inner {
    /// What is told of the rules that hold; `None` where none does.
    pub(super) fn matched(
        &self,
        item: &Item,
        hits: &Hits<'_>,
        scopes: &[Asked],
        held: &[(usize, Holding)],
        date: Date,
    ) -> Option<Match> {
        let mut rules: Vec<(usize, RuleScore)> = Vec::new();
        let mut found_moves: Vec<Move> = Vec::new();
        let mut names: Vec<String> = Vec::new();
        let mut evidence = Vec::new();
        let lexicon = &self.lexicon;
        for (index, holding) in held {
            let rule = &self.rules[*index];
            match rules.iter_mut().find(|(known, _)| known == index) {
                Some((_, known)) => known.score = known.score.max(holding.score),
                None => rules.push((
                    *index,
                    RuleScore {
                        id: rule.id.clone(),
                        score: holding.score,
                        threshold: rule.threshold,
                    },
                )),
            }
            let mut shown: Vec<usize> = holding.evidence.clone();
            let scope = scopes.iter().find(|(alliance, ..)| *alliance == holding.alliance);
            if let (Some(alliance), Some((_, acts, candidates))) = (holding.alliance, scope) {
                let name = &lexicon.list(alliance).name;
                if !names.contains(name) {
                    names.push(name.clone());
                }
                for one in moves(hits, lexicon, alliance, &holding.evidence, acts, candidates, date)
                {
                    shown.extend(&one.shown_by);
                    if !found_moves.contains(&one.found) {
                        found_moves.push(one.found);
                    }
                }
            }
            shown.sort_unstable();
            shown.dedup();
            evidence.extend(
                shown.iter().map(|hit| self.evidence(rule, hits, *hit, holding.alliance, date)),
            );
        }
        // Best rule first: score over threshold, then order of the config.
        rules.sort_by(|(a, left), (b, right)| {
            let share = |rule: &RuleScore| rule.score / rule.threshold.max(f64::MIN_POSITIVE);
            share(right).total_cmp(&share(left)).then(a.cmp(b))
        });
        let best = &self.rules[rules.first()?.0];
        found_moves.sort_by_key(|one| one.field);
        let mut candidates: Vec<String> = Vec::new();
        for code in found_moves.iter().flat_map(|one| &one.candidates) {
            if !candidates.contains(code) {
                candidates.push(code.clone());
            }
        }
        let also_named = self.also_named(hits, &names, &candidates, &found_moves, date);
        let members =
            members_named(hits, lexicon, held.iter().filter_map(|(_, one)| one.alliance), date);
        let actors = found_moves.iter().filter_map(|one| one.actor.as_ref());
        let codes = candidates.iter().chain(&also_named).chain(&members).chain(actors);
        let shown = |code: &String| {
            let list = lexicon.by_name.get(code).map(|list| lexicon.list(*list));
            (code.clone(), list.map_or_else(|| code.clone(), |list| list.shown.clone()))
        };
        let names_of: BTreeMap<String, String> = codes.map(shown).collect();
        evidence.truncate(EVIDENCE);
        lexicon.glosses.apply(&mut evidence, item.language.as_deref());
        Some(Match {
            rule_title: best.title.clone(),
            rule_level: best.level,
            shadow: rules.iter().all(|(index, _)| self.rules[*index].shadow),
            rules: rules.into_iter().map(|(_, rule)| rule).collect(),
            moves: found_moves,
            alliances: names,
            candidates,
            also_named,
            members,
            genre: genre(item),
            evidence,
            masked: hits.masked.clone(),
            names: names_of,
        })
    }

    /// Other places of the prose that could knock at one of these doors.
    fn also_named(
        &self,
        hits: &Hits<'_>,
        alliances: &[String],
        candidates: &[String],
        moves: &[Move],
        date: Date,
    ) -> Vec<String> {
        let doors: Vec<ListId> =
            alliances.iter().filter_map(|name| self.lexicon.by_name.get(name).copied()).collect();
        let mut named: Vec<String> = Vec::new();
        for hit in &hits.all {
            let Some(list) = hit.list.map(|list| self.lexicon.list(list)) else { continue };
            let prose = matches!(hits.field(hit), Field::Title | Field::Summary | Field::Body);
            let fresh = list.kind == ListKind::Place
                && prose
                && !candidates.contains(&list.name)
                && !named.contains(&list.name)
                && !moves.iter().any(|one| one.actor.as_ref() == Some(&list.name));
            let outside = |door: &ListId| self.lexicon.list(*door).is_candidate(&list.name, date);
            if fresh && !doors.is_empty() && doors.iter().all(outside) {
                named.push(list.name.clone());
            }
        }
        named.truncate(ALSO_NAMED);
        named
    }

    fn evidence(
        &self,
        rule: &Rule,
        hits: &Hits<'_>,
        index: usize,
        alliance: Option<ListId>,
        date: Date,
    ) -> Evidence {
        let hit = &hits.all[index];
        let list = hit.list.map(|list| self.lexicon.list(list));
        let role = match list.map(|list| list.kind) {
            Some(ListKind::Alliance) => Role::Alliance,
            Some(ListKind::Act) => Role::Act,
            Some(ListKind::Place) => {
                let member = alliance.zip(list).is_some_and(|(door, place)| {
                    !self.lexicon.list(door).is_candidate(&place.name, date)
                });
                if member { Role::Actor } else { Role::Candidate }
            }
            _ => Role::Term,
        };
        let (start, end) = hits.scalars(hit);
        Evidence {
            rule: rule.id.clone(),
            field: hits.field(hit),
            start,
            end,
            text: hits.text(hit),
            term: self.lexicon.terms[hit.term as usize].shown.clone(),
            list: list.map(|list| list.name.clone()).unwrap_or_default(),
            role,
            label: label(hit, &self.lexicon),
            gloss: None,
        }
    }
}
