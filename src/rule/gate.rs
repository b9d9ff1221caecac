//! The gate: terms of which every item that a rule can flag holds one. Most news names no alliance, and
//! is sent away by a look for the few hundred names that it would have to hold, before anybody asks for
//! the thousands of words of the lexicon, of which half stand in every text.
//!
//! A conjunction needs one of its parts, a disjunction all of them; so each query needs *some* set of
//! terms to be met, and of those that would do the gate takes the one that texts meet most seldom. What
//! is needed in a headline is looked for in headlines alone. A query that needs no term ("NOT budget",
//! a pattern) opens the gate for every item.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use super::eval::Node;
use super::lexicon::{Lexicon, List, ListId};
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

/// Terms of which one is needed, each with whether it must stand in the headline.
type Needed = BTreeSet<(u32, bool)>;

impl Gate {
    /// The gate of these rules; `terms` are those of the lexicon by number.
    pub(super) fn build(rules: &[Rule], lexicon: &Lexicon, terms: &[Term]) -> Self {
        let mut needed = Needed::new();
        let lists = Lists::of(lexicon, terms);
        for rule in rules {
            let gauge = Gauge { lexicon, lists: &lists, of: &rule.of };
            // A rule that speaks of an alliance is asked only where one is named.
            let by_name = rule.when.asks_alliance();
            match gauge.cost(&rule.when, false) {
                Some(cost) if cost == 0.0 || !by_name => {
                    gauge.need(&rule.when, false, &mut needed);
                }
                _ if by_name => gauge.need(&Node::Alliance, false, &mut needed),
                _ => return Self(None),
            }
        }
        let scanner = |headline: bool| {
            let wanted = needed.iter().filter(|(_, title)| headline || !title);
            let numbers: BTreeSet<u32> = wanted.map(|(number, _)| *number).collect();
            let term = |number: u32| terms.get(number as usize).cloned();
            let list: Vec<Term> = numbers.into_iter().filter_map(term).collect();
            Scanner::build(&list)
        };
        Self(Some(Scanners { headline: scanner(true), elsewhere: scanner(false) }))
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

/// The lexicon by list.
struct Lists<'t> {
    terms: &'t [Term],
    /// The terms of each list by number. An echo ("the alliance") is never the only name of its list.
    members: Vec<Vec<u32>>,
    /// Whether a list has echoes.
    echoed: Vec<bool>,
    /// The share of texts that hold a term of a list, at most.
    shares: Vec<OnceCell<f32>>,
}

impl<'t> Lists<'t> {
    fn of(lexicon: &Lexicon, terms: &'t [Term]) -> Self {
        let count = lexicon.lists.len();
        let (mut members, mut echoed) = (vec![Vec::new(); count], vec![false; count]);
        for (term, number) in lexicon.terms.iter().zip(0..) {
            let Some(list) = term.list.map(usize::from) else { continue };
            match term.echo {
                true => echoed[list] = true,
                false => members[list].push(number),
            }
        }
        Self { terms, members, echoed, shares: vec![OnceCell::new(); count] }
    }

    fn share(&self, list: ListId) -> f32 {
        let list = usize::from(list);
        *self.shares[list]
            .get_or_init(|| self.members[list].iter().map(|number| self.share_of(*number)).sum())
    }

    fn share_of(&self, number: u32) -> f32 {
        self.terms.get(number as usize).map_or(1.0, share)
    }
}

/// What terms are worth as a demand of a rule.
struct Gauge<'g> {
    lexicon: &'g Lexicon,
    lists: &'g Lists<'g>,
    /// The kinds of alliances that the rule looks at; all where empty.
    of: &'g [String],
}

impl Gauge<'_> {
    /// The share of texts that hold what a query needs, at most; `None` where it needs no term. `title`
    /// where it looks at the headline alone.
    ///
    /// The names of alliances count for nothing: the table of word frequencies is that of news about
    /// them, and they are what nearly every query needs anyway, so that they cost nothing more.
    fn cost(&self, node: &Node, title: bool) -> Option<f32> {
        let whole = match node {
            Node::And(_) | Node::Chain(..) => return Some(self.cheapest(node, title)?.1),
            Node::Or(list) => {
                let costs: Option<Vec<f32>> =
                    list.iter().map(|one| self.cost(one, title)).collect();
                return Some(costs?.iter().sum());
            }
            Node::In(field, inner) => return self.cost(inner, *field == Field::Title),
            Node::Not(_) | Node::Regex(_) => return None,
            Node::Alliance | Node::Door | Node::Mention => 0.0,
            Node::List(list) if self.lexicon.list(*list).kind == ListKind::Alliance => 0.0,
            Node::Term(number) => self.lists.share_of(*number),
            _ => self.named(node).map(|list| self.lists.share(list)).sum(),
        };
        Some(if title { whole * HEADLINE } else { whole })
    }

    /// The part of a conjunction that texts hold most seldom, and its cost.
    fn cheapest<'n>(&self, node: &'n Node, title: bool) -> Option<(&'n Node, f32)> {
        let (Node::And(list) | Node::Chain(list, _)) = node else { return None };
        let mut best: Option<(&Node, f32)> = None;
        for one in list {
            let Some(cost) = self.cost(one, title) else { continue };
            if best.is_none_or(|(_, least)| cost < least) {
                best = Some((one, cost));
            }
            // Nothing is cheaper, and the other parts need not be gone through.
            if cost == 0.0 {
                break;
            }
        }
        best
    }

    /// Adds what a query needs; of one that needs no term, nothing.
    fn need(&self, node: &Node, title: bool, needed: &mut Needed) {
        match node {
            Node::And(_) | Node::Chain(..) => {
                if let Some((one, _)) = self.cheapest(node, title) {
                    self.need(one, title, needed);
                }
            }
            Node::Or(list) => list.iter().for_each(|one| self.need(one, title, needed)),
            Node::In(field, inner) => self.need(inner, *field == Field::Title, needed),
            Node::Not(_) | Node::Regex(_) => {}
            Node::Term(number) => {
                needed.insert((*number, title));
            }
            _ => {
                // Where an echo is the name in the headline, the name itself may stand elsewhere.
                let title =
                    title && !self.named(node).any(|list| self.lists.echoed[usize::from(list)]);
                let lists = self.named(node).map(|list| &self.lists.members[usize::from(list)]);
                needed.extend(lists.flatten().map(|number| (*number, title)));
            }
        }
    }

    /// The lists that a name stands for.
    fn named(&self, node: &Node) -> impl Iterator<Item = ListId> {
        let lists = self.lexicon.lists.iter().zip(0..);
        let wanted = move |id: ListId, list: &List| match node {
            Node::List(wanted) => *wanted == id,
            Node::Alliance | Node::Door | Node::Mention => {
                list.kind == ListKind::Alliance
                    && (self.of.is_empty() || self.of.contains(&list.sort))
            }
            Node::Act => list.kind == ListKind::Act,
            Node::Place => list.kind == ListKind::Place,
            Node::Candidate => list.kind == ListKind::Place || list.bloc,
            _ => false,
        };
        lists.filter(move |(list, id)| wanted(*id, list)).map(|(_, id)| id)
    }
}
