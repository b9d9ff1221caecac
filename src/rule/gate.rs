//! The gate: terms of which every item that a rule can flag holds one. Most news names no alliance, and
//! is sent away by a look for the few hundred names that it would have to hold, before anybody asks for
//! the thousands of words of the lexicon, of which half stand in every text.
//!
//! A conjunction needs one of its parts, a disjunction all of them; so each query needs *some* set of
//! terms to be met, and of those that would do the gate takes the one that texts meet most seldom. What
//! is needed in a headline is looked for in headlines alone. A query that needs no term ("NOT budget",
//! a pattern) opens the gate for every item.

use std::collections::BTreeSet;

use super::eval::Node;
use super::lexicon::{Lexicon, ListId};
use super::scan::{Scanner, share};
use super::section::ListKind;
use super::set::Rule;
use super::term::Term;
use crate::model::Field;

/// How many words of a text stand in its headline: a guess, from news with a summary.
const HEADLINE: f32 = 0.15;

/// Decides whether an item is worth more than a look. `None` where a rule needs no term.
#[derive(Debug)]
pub(super) struct Gate(Option<Scanners>);

#[derive(Debug)]
struct Scanners {
    /// Of all terms that are needed.
    headline: Scanner,
    /// Of those that are needed anywhere.
    elsewhere: Scanner,
}

/// Terms of which one is needed, each with whether it must stand in the headline, and the share of
/// texts that hold one, at most.
struct Need {
    terms: BTreeSet<(u32, bool)>,
    share: f32,
}

impl Gate {
    /// The gate of these rules; `terms` are those of the lexicon by number.
    pub(super) fn build(rules: &[Rule], lexicon: &Lexicon, terms: &[Term]) -> Self {
        let shares = terms.iter().map(share).collect();
        let needs: Option<Vec<Need>> = rules
            .iter()
            .map(|rule| {
                let gauge = Gauge { lexicon, shares: &shares, of: &rule.of };
                // A rule that speaks of an alliance is asked only where one is named.
                let names = rule.when.asks_alliance().then(|| gauge.names(false));
                let needs = gauge.need(&rule.when, false).into_iter().chain(names);
                needs.min_by(|a, b| a.share.total_cmp(&b.share))
            })
            .collect();
        let scanners = needs.map(|needs| {
            let needed: BTreeSet<(u32, bool)> =
                needs.into_iter().flat_map(|need| need.terms).collect();
            let scanner = |headline: bool| {
                let wanted = needed.iter().filter(|(_, title)| headline || !title);
                let numbers: BTreeSet<u32> = wanted.map(|(number, _)| *number).collect();
                let term = |number: u32| terms.get(number as usize).cloned();
                let list: Vec<Term> = numbers.into_iter().filter_map(term).collect();
                Scanner::build(&list)
            };
            Scanners { headline: scanner(true), elsewhere: scanner(false) }
        });
        Self(scanners)
    }

    /// Whether an item with these texts may be flagged; `false` is certain.
    pub(super) fn lets<'t>(&self, mut texts: impl Iterator<Item = (Field, &'t str)>) -> bool {
        let Some(scanners) = &self.0 else { return true };
        texts.any(|(field, text)| {
            let scanner = match field {
                Field::Title => &scanners.headline,
                _ => &scanners.elsewhere,
            };
            !scanner.candidates(text).is_empty()
        })
    }
}

/// What terms are worth as a demand of a rule.
struct Gauge<'g> {
    lexicon: &'g Lexicon,
    /// The share of texts that hold each term.
    shares: &'g Vec<f32>,
    /// The kinds of alliances that the rule looks at; all where empty.
    of: &'g [String],
}

impl Gauge<'_> {
    /// What a query needs of an item that it holds for; `None` where it needs no term. `title` where it
    /// looks at the headline alone.
    fn need(&self, node: &Node, title: bool) -> Option<Need> {
        match node {
            Node::And(list) | Node::Chain(list, _) => {
                let needs = list.iter().filter_map(|one| self.need(one, title));
                needs.min_by(|a, b| a.share.total_cmp(&b.share))
            }
            Node::Or(list) => {
                let mut all = Need { terms: BTreeSet::new(), share: 0.0 };
                for one in list {
                    let need = self.need(one, title)?;
                    all.share += need.share;
                    all.terms.extend(need.terms);
                }
                Some(all)
            }
            Node::In(field, inner) => self.need(inner, *field == Field::Title),
            Node::Not(_) | Node::Regex(_) => None,
            Node::Term(term) => Some(self.any([*term], title)),
            Node::List(list) => Some(self.lists(title, |id| id == *list)),
            Node::Alliance | Node::Door | Node::Mention => Some(self.names(title)),
            Node::Act => Some(self.kind(title, ListKind::Act)),
            Node::Place => Some(self.kind(title, ListKind::Place)),
            Node::Candidate => Some(self.lists(title, |id| {
                let list = self.lexicon.list(id);
                list.kind == ListKind::Place || list.bloc
            })),
        }
    }

    /// The name of an alliance that the rule looks at.
    fn names(&self, title: bool) -> Need {
        self.lists(title, |id| {
            let list = self.lexicon.list(id);
            list.kind == ListKind::Alliance && (self.of.is_empty() || self.of.contains(&list.sort))
        })
    }

    fn kind(&self, title: bool, kind: ListKind) -> Need {
        self.lists(title, |id| self.lexicon.list(id).kind == kind)
    }

    /// One term of these lists. An echo ("the alliance") is never the only name of its list.
    fn lists(&self, title: bool, wanted: impl Fn(ListId) -> bool) -> Need {
        let terms = self.lexicon.terms.iter().zip(0..);
        // Where an echo is the name in the headline, the name itself may stand elsewhere.
        let title = title
            && !self.lexicon.terms.iter().any(|term| term.echo && term.list.is_some_and(&wanted));
        let one = terms.filter(|(term, _)| term.list.is_some_and(&wanted) && !term.echo);
        self.any(one.map(|(_, number)| number), title)
    }

    fn any(&self, terms: impl IntoIterator<Item = u32>, title: bool) -> Need {
        let terms: BTreeSet<(u32, bool)> = terms.into_iter().map(|term| (term, title)).collect();
        let whole: f32 = terms.iter().map(|(term, _)| self.share(*term)).sum();
        Need { share: if title { whole * HEADLINE } else { whole }, terms }
    }

    /// The share of texts that hold a term. The names of alliances count for nothing: the table of word
    /// frequencies is that of news about them, and they are what nearly every query needs anyway, so
    /// that they cost nothing more.
    fn share(&self, term: u32) -> f32 {
        let list = self.lexicon.terms[term as usize].list;
        match list.map(|list| self.lexicon.list(list).kind) {
            Some(ListKind::Alliance) => 0.0,
            _ => self.shares.get(term as usize).copied().unwrap_or(1.0),
        }
    }
}
