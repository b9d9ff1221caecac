//! Which rules hold for an item, and what the others lack.
//!
//! Each rule is asked once per alliance that the prose names; one that speaks of none, once. Who wants
//! to know of the others, too, examines: everything is asked, and each rule says what it lacks. Who
//! wants what holds alone judges: a glance at the words sends nearly every item away before a text of
//! it is folded.

use jiff::civil::Date;

use super::eval::Scope;
use super::glance::{Glance, sources, texts};
use super::hits::Hits;
use super::lexicon::{ListId, day};
use super::miss::{Miss, missing, most_telling};
use super::parties::{acts_of, alliances, candidates_of};
use super::section::ListKind;
use super::set::{Inner, Rule};
use crate::model::{Field, Finding, Item, Match, NearMiss};

/// A rule that holds for one alliance, or for none.
pub(super) struct Holding {
    pub(super) alliance: Option<ListId>,
    pub(super) score: f64,
    pub(super) evidence: Vec<usize>,
}

/// Why a rule does not hold.
enum Lack {
    /// Its query does not.
    When,
    /// These hits veto it.
    Vetoed(Vec<usize>),
    /// It scores this, which is too little.
    Score(f64),
}

/// What rules are asked for: an alliance or none, and for each hit whether it is an act of it and
/// whether it is a candidate at its door.
pub(super) type Asked = (Option<ListId>, Vec<bool>, Vec<bool>);

impl Rule {
    /// Whether it holds in a scope, and where.
    fn ask(&self, scope: &Scope<'_>) -> Result<Holding, Lack> {
        let mut evidence = self.when.holds(scope, None).ok_or(Lack::When)?;
        if let Some(by) = self.unless.as_ref().and_then(|unless| unless.holds(scope, None)) {
            return Err(Lack::Vetoed(by));
        }
        let mut score = 1.0;
        for (condition, add) in &self.score {
            if let Some(more) = condition.holds(scope, None) {
                score += add;
                evidence.extend(more);
            }
        }
        if score < self.threshold {
            return Err(Lack::Score(score));
        }
        evidence.sort_unstable();
        evidence.dedup();
        Ok(Holding { alliance: scope.alliance, score, evidence })
    }
}

impl Inner {
    pub(super) fn examine(&self, item: &Item, date: Date) -> Finding {
        let hits = Hits::of(item, &self.scanner, &self.lexicon);
        let bound = || self.rules.iter().filter(|rule| rule.when.asks_alliance());
        if hits.all.is_empty() && bound().count() == self.rules.len() {
            return Finding::default();
        }
        let lexicon = &self.lexicon;
        let scopes = self.scopes(&hits, date);
        let mut near = Vec::new();
        let held = self.held(
            &hits,
            &scopes,
            |_, _| true,
            |rule, lack, scope| {
                near.extend(self.miss(rule, lack, scope).map(|miss| NearMiss {
                    rule: rule.id.clone(),
                    alliance: scope.alliance.map(|list| lexicon.list(list).name.clone()),
                    distance: miss.distance(),
                    missing: miss.what,
                }));
            },
        );
        if scopes.iter().all(|(alliance, ..)| alliance.is_none())
            && self.moves_without_alliance(&hits)
        {
            near.extend(bound().map(|rule| NearMiss {
                rule: rule.id.clone(),
                alliance: None,
                missing: "names no alliance".to_owned(),
                distance: NearMiss::FAR,
            }));
        }
        let told: Vec<ListId> = held.iter().filter_map(|(_, one)| one.alliance).collect();
        let near =
            most_telling(near, |name| told.iter().any(|list| lexicon.list(*list).name == name));
        let matched = self.matched(item, &hits, &scopes, &held, date);
        Finding { matched, near, masked: hits.masked }
    }

    pub(super) fn judge(&self, item: &Item) -> Option<Match> {
        if !self.gate.lets(texts(item)) {
            return None;
        }
        let sources = sources(item, &self.scanner);
        let glance = Glance::of(&sources, &self.scanner, &self.lexicon);
        let may_hold = |rule: &Rule, alliance: Option<ListId>| {
            self.looks(rule, alliance) && glance.allows(&rule.when, alliance)
        };
        let asked = || glance.alliances().iter().map(|list| Some(*list)).chain([None]);
        if !self.rules.iter().any(|rule| asked().any(|alliance| may_hold(rule, alliance))) {
            return None;
        }
        let hits = Hits::within(item, sources, &self.scanner, &self.lexicon);
        let date = day(item.date());
        let scopes = self.scopes(&hits, date);
        let held = self.held(&hits, &scopes, may_hold, |_, _, _| ());
        self.matched(item, &hits, &scopes, &held, date)
    }

    /// What rules are asked for: each alliance that the prose names, and none.
    fn scopes(&self, hits: &Hits<'_>, date: Date) -> Vec<Asked> {
        let lexicon = &self.lexicon;
        let named = alliances(hits, lexicon).into_iter().map(Some).chain([None]);
        let asked = named.map(|list| {
            (list, acts_of(hits, lexicon, list), candidates_of(hits, lexicon, list, date))
        });
        asked.collect()
    }

    /// Whether a rule is asked for an alliance, or for none.
    fn looks(&self, rule: &Rule, alliance: Option<ListId>) -> bool {
        rule.when.asks_alliance() == alliance.is_some()
            && alliance.is_none_or(|list| {
                rule.of.is_empty() || rule.of.contains(&self.lexicon.list(list).sort)
            })
    }

    /// The rules that hold, each by its number, of those that may; what the others lack is told.
    fn held(
        &self,
        hits: &Hits<'_>,
        scopes: &[Asked],
        may_hold: impl Fn(&Rule, Option<ListId>) -> bool,
        mut tell: impl FnMut(&Rule, Lack, &Scope<'_>),
    ) -> Vec<(usize, Holding)> {
        let mut held = Vec::new();
        for (index, rule) in self.rules.iter().enumerate() {
            for (alliance, acts, candidates) in scopes {
                let alliance = *alliance;
                if !self.looks(rule, alliance) || !may_hold(rule, alliance) {
                    continue;
                }
                let knocking: Vec<usize> =
                    (0..candidates.len()).filter(|index| candidates[*index]).collect();
                let (lexicon, knocking) = (&self.lexicon, knocking.as_slice());
                let scope = Scope { hits, lexicon, alliance, candidates, knocking, acts };
                match rule.ask(&scope) {
                    Ok(holding) => held.push((index, holding)),
                    Err(lack) => tell(rule, lack, &scope),
                }
            }
        }
        held
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

    /// What is missing where part of a rule holds.
    fn miss(&self, rule: &Rule, lack: Lack, scope: &Scope<'_>) -> Option<Miss> {
        match lack {
            Lack::When => missing(&rule.when, scope),
            Lack::Vetoed(by) => Some(Miss::veto("`unless` vetoes it", &by, scope)),
            Lack::Score(score) => {
                let steps = rule.score.iter().map(|(condition, _)| condition);
                Some(Miss::score(score, rule.threshold, steps, scope))
            }
        }
    }
}
