//! What was missing where a rule nearly held, in the words of the reader and not of the query.
//!
//! A rule with many branches is not short of any one of them: it is short of a name, of somebody who
//! knocks, or of a word that ties the two. So the operands of all branches are sorted into these three,
//! and what is said is which of them is not there, or that all are and stand apart. What this gets
//! wrong: where branches differ in field or order, the part named is the most telling one and not the
//! only one.

mod words;

use super::eval::{Node, Scope};
use crate::model::{Field, NearMiss};
use words::{apart, barred, candidates, label, leads_to, masked, only_before, quoted, shown};

/// Near misses that a finding keeps.
const NEAR: usize = 4;
/// Names, words or conditions that one message lists.
const NAMED: usize = 2;

/// What a rule lacks.
#[derive(Debug)]
pub(super) struct Miss {
    /// Ready to show.
    pub(super) what: String,
    /// How many things are missing.
    parts: usize,
    /// Whether the name of the alliance is all there is.
    alone: bool,
}

impl Miss {
    /// A veto, with the words that brought it about.
    pub(super) fn veto(by: &str, shown_by: &[usize], scope: &Scope<'_>) -> Self {
        let words = quoted(shown_by.iter().map(|index| &scope.hits.all[*index]), scope);
        let what = if words.is_empty() { by.to_owned() } else { format!("{by}: {words}") };
        Self { what, parts: 1, alone: false }
    }

    /// Too low a score, with the steps that did not count.
    pub(super) fn score<'n>(
        score: f64,
        threshold: f64,
        steps: impl Iterator<Item = &'n Node>,
        scope: &Scope<'_>,
    ) -> Self {
        let failing = steps.filter(|step| step.holds(scope, None).is_none());
        let labels: Vec<String> =
            failing.take(NAMED).map(|step| format!("no {}", label(step, scope))).collect();
        let what = match labels.is_empty() {
            true => format!("scores {score} of {threshold}"),
            false => format!("scores {score} of {threshold}: {}", labels.join(", ")),
        };
        Self { what, parts: 1, alone: false }
    }

    /// As [`NearMiss::distance`].
    pub(super) fn distance(&self) -> u8 {
        let parts = u8::try_from(self.parts).unwrap_or(NearMiss::FAR);
        if self.alone { NearMiss::FAR } else { parts.min(NearMiss::FAR - 1) }
    }
}

/// The few misses worth showing, nearest first. Where something is near for an alliance, nothing is
/// said of rules that saw its name alone, nor where it is told anyway; what two rules lack alike is
/// said once.
pub(super) fn most_telling(
    mut near: Vec<NearMiss>,
    is_told: impl Fn(&str) -> bool,
) -> Vec<NearMiss> {
    near.sort_by_key(|miss| miss.distance);
    let mut kept: Vec<NearMiss> = Vec::new();
    for miss in near {
        let told = kept.iter().any(|known| {
            known.alliance == miss.alliance
                && (known.missing == miss.missing || miss.distance >= NearMiss::FAR)
        });
        let idle = miss.distance >= NearMiss::FAR && miss.alliance.as_deref().is_some_and(&is_told);
        if !told && !idle && kept.len() < NEAR {
            kept.push(miss);
        }
    }
    kept
}

/// What a query lacks in a scope; `None` where nothing of it is there.
pub(super) fn missing(node: &Node, scope: &Scope<'_>) -> Option<Miss> {
    let mut legs = Vec::new();
    conjuncts(node, None, &mut legs);
    let holds = |(node, field): &Leg<'_>| node.present(scope, *field);
    let (vetoes, asked): (Vec<Leg<'_>>, Vec<Leg<'_>>) =
        legs.into_iter().partition(|(node, _)| matches!(node, Node::Not(_)));
    let veto = vetoes.iter().find(|leg| !holds(leg));
    let failing: Vec<&Leg<'_>> = match asked.as_slice() {
        // The query failed and nothing vetoed: it was this leg, which is the dear one to ask again.
        [only] if veto.is_none() => vec![only],
        _ => asked.iter().filter(|leg| !holds(leg)).collect(),
    };
    if failing.is_empty() {
        let (node, field) = veto?;
        let Node::Not(inner) = node else { return None };
        let shown_by = inner.holds(scope, *field)?;
        return Some(Miss::veto("vetoed", &shown_by, scope));
    }
    let mut lacks = Lacks { any: asked.len() > failing.len(), ..Lacks::default() };
    for (node, field) in failing {
        let mut branches = Vec::new();
        spread(node, *field, &mut branches);
        lacks.add(&branches, scope);
    }
    // Words without an alliance stand everywhere: there only what lacks one thing is near.
    let near = lacks.any && (lacks.asks_alliance || lacks.parts.len() == 1);
    if !near || lacks.parts.is_empty() {
        return None;
    }
    Some(Miss { parts: lacks.parts.len(), alone: lacks.alone, what: lacks.parts.join(", ") })
}

type Leg<'n> = (&'n Node, Option<Field>);

/// The legs of an `AND`, each with the field it is asked in.
fn conjuncts<'n>(node: &'n Node, field: Option<Field>, legs: &mut Vec<Leg<'n>>) {
    match node {
        Node::And(list) => list.iter().for_each(|one| conjuncts(one, field, legs)),
        _ => legs.push((node, field)),
    }
}

/// The ways in which a query can hold, each as the operands that it takes.
fn spread<'n>(node: &'n Node, field: Option<Field>, branches: &mut Vec<Vec<Leg<'n>>>) {
    match node {
        Node::Or(list) => list.iter().for_each(|one| spread(one, field, branches)),
        Node::In(field, inner) if !is_operand(inner) => spread(inner, Some(*field), branches),
        Node::Chain(operands, _) => {
            branches.push(operands.iter().map(|one| (one, field)).collect());
        }
        Node::And(_) => {
            let mut legs = Vec::new();
            conjuncts(node, field, &mut legs);
            let mut all = Vec::new();
            for (leg, field) in legs.into_iter().filter(|(leg, _)| !matches!(leg, Node::Not(_))) {
                let mut inner = Vec::new();
                spread(leg, field, &mut inner);
                all.extend(inner.into_iter().flatten());
            }
            branches.push(all);
        }
        Node::Not(_) => {}
        _ => branches.push(vec![(node, field)]),
    }
}

fn is_operand(node: &Node) -> bool {
    !matches!(node, Node::And(_) | Node::Or(_) | Node::Not(_) | Node::Chain(..) | Node::In(..))
}

/// What an operand stands for.
#[derive(PartialEq)]
enum Part {
    Name,
    Who,
    Word,
}

fn part(node: &Node) -> Part {
    match node {
        Node::Alliance | Node::Door | Node::Mention => Part::Name,
        Node::Candidate | Node::Place => Part::Who,
        Node::In(_, inner) => part(inner),
        Node::Or(list) => list.first().map_or(Part::Word, part),
        _ => Part::Word,
    }
}

/// What is missing, gathered over the legs of a query.
#[derive(Default)]
struct Lacks {
    parts: Vec<String>,
    /// Whether anything of the query is there.
    any: bool,
    alone: bool,
    asks_alliance: bool,
}

impl Lacks {
    fn say(&mut self, part: String) {
        if !self.parts.contains(&part) {
            self.parts.push(part);
        }
    }

    fn add(&mut self, branches: &[Vec<Leg<'_>>], scope: &Scope<'_>) {
        let there = |(node, field): &Leg<'_>| node.present(scope, *field);
        let of = |wanted: Part| {
            branches.iter().flatten().filter(move |(node, _)| part(node) == wanted).copied()
        };
        let all_have = |wanted: Part| {
            branches.iter().all(|branch| branch.iter().any(|(node, _)| part(node) == wanted))
        };
        let words = |branch: &Vec<Leg<'_>>| {
            branch.iter().filter(|(node, _)| part(node) == Part::Word).all(there)
        };
        let asks_name = of(Part::Name).next().is_some();
        let named = of(Part::Name).any(|leg| there(&leg));
        let asks_who = of(Part::Who).next().is_some() && all_have(Part::Who);
        let who = of(Part::Who).any(|leg| there(&leg));
        let worded = branches.iter().any(words);
        let alliance = scope.alliance.filter(|_| asks_name);
        let Some(alliance) = alliance else {
            return self.plain(branches, scope);
        };
        (self.any, self.asks_alliance) = (true, true);
        let masked = masked(branches, scope);
        if let (false, Some(masked)) = (worded && who, &masked) {
            self.say(masked.clone());
        }
        let name = &scope.lexicon.list(alliance).shown;
        if !of(Part::Name).any(|leg| matches!(bare(leg.0), Node::Door) && there(&leg)) {
            match (only_before(alliance, scope), named) {
                // An unknown next word is worth telling where a tie stands before the name, as in "joins
                // EU song contest": else it is the tie that is missing.
                (Some((words, known)), _) if known || leads_to(alliance, branches, scope) => {
                    self.say(format!("{name} only as in “{words}”"));
                }
                (Some(_), _) => {}
                (None, false) => self.say(match of(Part::Name).find_map(|(_, field)| field) {
                    Some(field) => format!("{name} not in the {}", shown(field)),
                    None => format!("no {name}"),
                }),
                (None, true) => {}
            }
        }
        if asks_who && !who {
            self.say(match barred(alliance, scope) {
                Some(why) => format!("names no country that could join ({why})"),
                None => "names no country that could join".to_owned(),
            });
        }
        if !worded && masked.is_none() {
            let mut lacking = of(Part::Word).filter(|leg| !there(leg)).map(|(node, _)| node);
            let first = lacking.next();
            let tied = who.then(|| candidates(scope)).filter(|_| asks_who);
            self.say(match (branches.len(), first, tied) {
                (1, Some(first), _) => format!("no {}", label(first, scope)),
                (_, _, Some(who)) => format!("no tie between {who} and {name}"),
                (_, Some(first), None) if !asks_who => format!("no {}", label(first, scope)),
                _ => format!("no word of joining at {name}'s door"),
            });
        }
        let something = worded || masked.is_some() || (asks_who && who);
        self.alone |= !something;
        if self.parts.is_empty() {
            self.say(apart(branches, asks_who, name, scope));
        }
    }

    /// A query, or a leg of it, that does not ask for an alliance.
    fn plain(&mut self, branches: &[Vec<Leg<'_>>], scope: &Scope<'_>) {
        let absent = |branch: &&Vec<Leg<'_>>| {
            branch.iter().filter(|(node, field)| node.holds(scope, *field).is_none()).count()
        };
        let Some(nearest) = branches.iter().min_by_key(absent) else { return };
        let missing = absent(&nearest);
        let words = |(node, _): &&Leg<'_>| part(node) == Part::Word;
        self.any |=
            nearest.iter().filter(words).any(|(node, field)| node.holds(scope, *field).is_some());
        if missing == 0 {
            let mut labels: Vec<String> = Vec::new();
            for label in nearest.iter().map(|(node, _)| label(node, scope)) {
                if !label.is_empty() && !labels.contains(&label) {
                    labels.push(label);
                }
            }
            return self.say(match labels.as_slice() {
                [] => "its words stand too far apart".to_owned(),
                [one] => format!("needs {} × {one}, close together", nearest.len()),
                _ => format!("{} stand too far apart", labels.join(", ")),
            });
        }
        for (node, field) in nearest {
            if node.holds(scope, *field).is_none() {
                let place = field.map(|field| format!(" in the {}", shown(field)));
                self.say(format!("no {}{}", label(node, scope), place.unwrap_or_default()));
            }
        }
    }
}

/// An operand without its field.
fn bare(node: &Node) -> &Node {
    match node {
        Node::In(_, inner) => bare(inner),
        _ => node,
    }
}
