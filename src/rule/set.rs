//! The compiled rules, and what they say of an item.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;

use super::eval::{Node, Scope};
use super::genre::genre;
use super::hits::Hits;
use super::lexicon::{Lexicon, ListId, day};
use super::miss::{Miss, missing, most_telling};
use super::moves::{acts_of, alliances, candidates_of, moves};
use super::recognise::{label, members_named};
use super::scan::Scanner;
use super::section::ListKind;
use crate::model::{
    ActKind, Evidence, Field, Finding, Item, Level, Match, Move, NearMiss, Role, RuleId, RuleScore,
    Standing,
};

/// Pieces of evidence that a match keeps.
const EVIDENCE: usize = 40;
/// Other places that a match names.
const ALSO_NAMED: usize = 20;

/// A compiled rule.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) id: RuleId,
    pub(super) title: String,
    pub(super) when: Node,
    pub(super) unless: Option<Node>,
    pub(super) score: Vec<(Node, f64)>,
    pub(super) threshold: f64,
    pub(super) level: Level,
    pub(super) shadow: bool,
    /// Kinds of alliances that it looks at; all where empty.
    pub(super) of: Vec<String>,
    pub(super) examples: usize,
}

/// What is known of a rule from outside.
#[derive(Debug, Clone)]
pub struct RuleInfo {
    /// Its id.
    pub id: RuleId,
    /// Its title.
    pub title: String,
    /// How many examples it carries.
    pub examples: usize,
    /// Recorded and shown, never sent.
    pub shadow: bool,
}

/// All rules, compiled. Cheap to clone; immutable, so a reload swaps the whole.
#[derive(Debug, Clone)]
pub struct RuleSet(pub(super) Arc<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) lexicon: Lexicon,
    pub(super) scanner: Scanner,
    pub(super) rules: Vec<Rule>,
    pub(super) standings: Vec<Standing>,
}

impl RuleSet {
    pub(super) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// What the rules say of an item: which hold and why, which nearly did.
    pub fn examine(&self, item: &Item) -> Finding {
        self.0.examine(item, day(item.date()))
    }

    /// The dated standings from which the ledger starts: members and pending applications.
    pub fn standings(&self) -> &[Standing] {
        &self.0.standings
    }

    /// The rules in order of the config.
    pub fn rules(&self) -> impl Iterator<Item = RuleInfo> + '_ {
        self.0.rules.iter().map(|rule| RuleInfo {
            id: rule.id.clone(),
            title: rule.title.clone(),
            examples: rule.examples,
            shadow: rule.shadow,
        })
    }

    /// Names of the alliances.
    pub fn alliances(&self) -> impl Iterator<Item = &str> {
        let lists = self.0.lexicon.lists.iter();
        lists.filter(|list| list.kind == ListKind::Alliance).map(|list| list.name.as_str())
    }

    /// Name to show for a place's code.
    pub fn place_name(&self, code: &str) -> Option<&str> {
        let lists = self.0.lexicon.lists.iter();
        lists
            .filter(|list| list.kind == ListKind::Place)
            .find(|list| list.name == code)
            .map(|list| list.shown.as_str())
    }

    /// What can be a candidate: places and alliances that knock as one, each with the name to show.
    pub fn candidates(&self) -> impl Iterator<Item = (&str, &str)> {
        let lists = self.0.lexicon.lists.iter();
        let knocks = |kind, bloc| kind == ListKind::Place || (kind == ListKind::Alliance && bloc);
        lists
            .filter(move |list| knocks(list.kind, list.bloc))
            .map(|list| (list.name.as_str(), list.shown.as_str()))
    }

    /// An act by its name.
    pub fn act(&self, name: &str) -> Option<ActKind> {
        let list = self
            .0
            .lexicon
            .lists
            .iter()
            .find(|list| list.kind == ListKind::Act && list.name == name)?;
        Some(ActKind {
            name: list.name.clone(),
            stage: list.stage,
            formal: list.formal,
            against: list.against,
        })
    }

    /// How many terms the lexicon and the queries hold.
    pub fn terms(&self) -> usize {
        self.0.lexicon.terms.len()
    }
}

/// A rule that holds for one alliance, or for none.
struct Holding {
    alliance: Option<ListId>,
    score: f64,
    evidence: Vec<usize>,
}

impl Inner {
    pub(super) fn examine(&self, item: &Item, date: Date) -> Finding {
        let hits = Hits::of(item, &self.scanner, &self.lexicon);
        if hits.all.is_empty() && !self.rules.iter().any(|rule| !rule.when.asks_alliance()) {
            return Finding::default();
        }
        let lexicon = &self.lexicon;
        let named = alliances(&hits, lexicon);
        let scopes: Vec<(Option<ListId>, Vec<bool>, Vec<bool>)> = named
            .iter()
            .map(|list| Some(*list))
            .chain([None])
            .map(|list| {
                (list, acts_of(&hits, lexicon, list), candidates_of(&hits, lexicon, list, date))
            })
            .collect();
        let mut held: Vec<(usize, Holding)> = Vec::new();
        let mut near = Vec::new();
        for (index, rule) in self.rules.iter().enumerate() {
            let per_alliance = rule.when.asks_alliance();
            for (alliance, acts, candidates) in &scopes {
                if per_alliance != alliance.is_some() {
                    continue;
                }
                let looks = |list: ListId| rule.of.contains(&lexicon.list(list).sort);
                if !rule.of.is_empty() && alliance.is_some_and(|list| !looks(list)) {
                    continue;
                }
                let scope = Scope { hits: &hits, lexicon, alliance: *alliance, candidates, acts };
                match self.try_rule(rule, &scope) {
                    Ok(holding) => held.push((index, holding)),
                    Err(why) => near.extend(why.map(|miss| NearMiss {
                        rule: rule.id.clone(),
                        alliance: alliance.map(|list| lexicon.list(list).name.clone()),
                        distance: miss.distance(),
                        missing: miss.what,
                    })),
                }
            }
            if per_alliance && named.is_empty() && self.moves_without_alliance(&hits) {
                near.push(NearMiss {
                    rule: rule.id.clone(),
                    alliance: None,
                    missing: "names no alliance".to_owned(),
                    distance: NearMiss::FAR,
                });
            }
        }
        let told: Vec<ListId> = held.iter().filter_map(|(_, one)| one.alliance).collect();
        let near =
            most_telling(near, |name| told.iter().any(|list| lexicon.list(*list).name == name));
        let matched = self.matched(item, &hits, &scopes, &held, date);
        Finding { matched, near, masked: hits.masked }
    }

    /// Whether a sentence holds an act and a place: a move, if only it named an alliance.
    fn moves_without_alliance(&self, hits: &Hits<'_>) -> bool {
        let of = |wanted: ListKind| {
            hits.all.iter().filter(move |hit| {
                matches!(hits.field(hit), Field::Title | Field::Summary | Field::Body)
                    && hit.list.is_some_and(|list| self.lexicon.list(list).kind == wanted)
            })
        };
        of(ListKind::Act).any(|act| {
            of(ListKind::Place)
                .any(|place| (place.unit, place.sentence) == (act.unit, act.sentence))
        })
    }

    /// Whether a rule holds in a scope, or what is missing where part of it does.
    fn try_rule(&self, rule: &Rule, scope: &Scope<'_>) -> Result<Holding, Option<Miss>> {
        let Some(evidence) = rule.when.holds(scope, None) else {
            return Err(missing(&rule.when, scope));
        };
        if let Some(unless) = &rule.unless
            && let Some(why) = unless.holds(scope, None)
        {
            return Err(Some(Miss::veto("`unless` vetoes it", &why, scope)));
        }
        let mut evidence = evidence;
        let mut score = 1.0;
        for (condition, add) in &rule.score {
            if let Some(more) = condition.holds(scope, None) {
                score += add;
                evidence.extend(more);
            }
        }
        if score < rule.threshold {
            let steps = rule.score.iter().map(|(condition, _)| condition);
            return Err(Some(Miss::score(score, rule.threshold, steps, scope)));
        }
        evidence.sort_unstable();
        evidence.dedup();
        Ok(Holding { alliance: scope.alliance, score, evidence })
    }

    fn matched(
        &self,
        item: &Item,
        hits: &Hits<'_>,
        scopes: &[(Option<ListId>, Vec<bool>, Vec<bool>)],
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
