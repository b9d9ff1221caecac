//! Whether a query holds for an item, and which hits made it hold.

use regex::Regex;

use super::hits::Hits;
use super::lexicon::{Lexicon, ListId};
use super::query::Link;
use super::section::ListKind;
use crate::model::Field;

/// Hits of one operand in one sentence that a chain looks at: texts that repeat a word hundreds of
/// times are no reason to compare all pairs.
const OPERAND_HITS: usize = 64;

/// A query with its names resolved.
#[derive(Debug, Clone)]
pub(crate) enum Node {
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    Chain(Vec<Node>, Vec<Link>),
    In(Field, Box<Node>),
    Term(u32),
    List(ListId),
    /// `@alliance`: the one that the rule is evaluated for.
    Alliance,
    /// `@door`: that alliance where its name is no adjective ("NATO exercise").
    Door,
    /// `@mention`: that alliance where its name is an adjective.
    Mention,
    /// `@act`: any.
    Act,
    /// `@candidate`: a place that can knock at this alliance's door.
    Candidate,
    /// `@place`: any.
    Place,
    Regex(Box<Regex>),
}

/// What a query is evaluated for.
pub(crate) struct Scope<'s> {
    pub(crate) hits: &'s Hits<'s>,
    pub(crate) lexicon: &'s Lexicon,
    pub(crate) alliance: Option<ListId>,
    /// For each hit: whether it is a candidate of the alliance.
    pub(crate) candidates: &'s [bool],
    /// The hits that are, in order: what clause after clause asks for.
    pub(crate) knocking: &'s [usize],
    /// For each hit: whether it is an act that belongs to the alliance.
    pub(crate) acts: &'s [bool],
}

impl Node {
    /// Whether the rule must be tried once per alliance.
    pub(crate) fn asks_alliance(&self) -> bool {
        match self {
            Node::Alliance | Node::Door | Node::Mention | Node::Candidate => true,
            Node::And(list) | Node::Or(list) | Node::Chain(list, _) => {
                list.iter().any(Node::asks_alliance)
            }
            Node::Not(inner) | Node::In(_, inner) => inner.asks_alliance(),
            _ => false,
        }
    }

    /// The hits that make it hold; `None` where it does not. A `NOT` holds without any.
    pub(crate) fn holds(&self, scope: &Scope<'_>, field: Option<Field>) -> Option<Vec<usize>> {
        match self {
            Node::And(list) => {
                let mut all = Vec::new();
                for one in list {
                    all.extend(one.holds(scope, field)?);
                }
                Some(all)
            }
            Node::Or(list) => {
                let holding: Vec<Vec<usize>> =
                    list.iter().filter_map(|one| one.holds(scope, field)).collect();
                (!holding.is_empty()).then(|| holding.concat())
            }
            Node::Not(inner) => inner.holds(scope, field).is_none().then(Vec::new),
            Node::In(field, inner) => inner.holds(scope, Some(*field)),
            Node::Chain(operands, links) => chain(operands, links, scope, field),
            Node::Regex(regex) => {
                // As for terms: labels are asked for by name.
                let wanted = |unit: &&super::hits::Unit<'_>| match field {
                    Some(field) => unit.field == field,
                    None => matches!(unit.field, Field::Title | Field::Summary | Field::Body),
                };
                let found =
                    scope.hits.units.iter().filter(wanted).any(|unit| regex.is_match(unit.source));
                found.then(Vec::new)
            }
            _ => {
                let found = self.places(scope, field);
                (!found.is_empty()).then_some(found)
            }
        }
    }

    /// Whether the hits of an operand are there at all, which costs less than asking for them.
    pub(crate) fn present(&self, scope: &Scope<'_>, field: Option<Field>) -> bool {
        match self {
            Node::And(_) | Node::Not(_) | Node::Chain(..) | Node::Regex(_) => {
                self.holds(scope, field).is_some()
            }
            Node::In(field, inner) => inner.present(scope, Some(*field)),
            Node::Or(list) => list.iter().any(|one| one.present(scope, field)),
            _ => self.visit(scope, field, &mut |_| true),
        }
    }

    /// The hits of a term or list.
    fn places(&self, scope: &Scope<'_>, field: Option<Field>) -> Vec<usize> {
        let mut found = Vec::new();
        self.visit(scope, field, &mut |index| {
            found.push(index);
            false
        });
        found
    }

    /// Shows the hits of a term or list, one by one, until one is enough; whether one was.
    fn visit<F: FnMut(usize) -> bool>(
        &self,
        scope: &Scope<'_>,
        field: Option<Field>,
        enough: &mut F,
    ) -> bool {
        let mut shown = |index: usize| self.is(index, scope, field) && enough(index);
        match self {
            Node::In(field, inner) => inner.visit(scope, Some(*field), enough),
            Node::Or(list) => list.iter().any(|one| one.visit(scope, field, enough)),
            Node::Candidate => scope.knocking.iter().any(|index| shown(*index)),
            _ => match self.list(scope) {
                Some(list) => scope.hits.of_list(list).any(shown),
                None => (0..scope.hits.all.len()).any(shown),
            },
        }
    }

    /// The list whose hits alone it can be.
    fn list(&self, scope: &Scope<'_>) -> Option<ListId> {
        match self {
            Node::List(list) => Some(*list),
            Node::Alliance | Node::Door | Node::Mention => scope.alliance,
            _ => None,
        }
    }

    /// Whether a hit is what a name or term stands for, in the field that is asked for.
    fn is(&self, index: usize, scope: &Scope<'_>, field: Option<Field>) -> bool {
        let hit = &scope.hits.all[index];
        let of = scope.hits.field(hit);
        let here = match field {
            Some(field) => of == field,
            // Without a field a query looks at prose; labels are asked for by name.
            None => matches!(of, Field::Title | Field::Summary | Field::Body),
        };
        here && match self {
            Node::Term(term) => hit.term == *term,
            Node::List(list) => hit.list == Some(*list),
            Node::Alliance => hit.list.is_some() && hit.list == scope.alliance,
            Node::Door => {
                hit.list.is_some()
                    && hit.list == scope.alliance
                    && !scope.hits.adjectives(scope.lexicon)[index]
            }
            Node::Mention => {
                hit.list.is_some()
                    && hit.list == scope.alliance
                    && scope.hits.adjectives(scope.lexicon)[index]
            }
            Node::Act => scope.acts[index],
            Node::Candidate => scope.candidates[index],
            Node::Place => {
                hit.list.is_some_and(|list| scope.lexicon.list(list).kind == ListKind::Place)
            }
            _ => false,
        }
    }
}

/// All operands in one text, each link as it demands; `SENTENCE` anywhere in the chain puts the whole
/// of it into one sentence.
fn chain(
    operands: &[Node],
    links: &[Link],
    scope: &Scope<'_>,
    field: Option<Field>,
) -> Option<Vec<usize>> {
    // Most chains lack one of their operands.
    if !operands.iter().all(|operand| operand.visit(scope, field, &mut |_| true)) {
        return None;
    }
    let found: Vec<Vec<usize>> =
        operands.iter().map(|operand| operand.places(scope, field)).collect();
    let hits = &scope.hits.all;
    let one_sentence = links.contains(&Link::Sentence);
    let room = |index: usize| {
        let hit = &hits[index];
        (hit.unit, if one_sentence { hit.sentence } else { 0 })
    };
    let mut rooms: Vec<(usize, u32)> = found[0].iter().map(|index| room(*index)).collect();
    rooms.dedup();
    let mut all = Vec::new();
    for place in rooms {
        let mut here: Vec<Vec<usize>> = found
            .iter()
            .map(|list| {
                let inside = list.iter().copied().filter(|index| room(*index) == place);
                inside.take(OPERAND_HITS).collect()
            })
            .collect();
        if join(&mut here, links, scope.hits) {
            all.extend(here.into_iter().flatten());
        }
    }
    (!all.is_empty()).then(|| {
        all.sort_unstable();
        all.dedup();
        all
    })
}

/// Keeps in each operand what links to something in the next, from the left and then from the right,
/// so that what stays is part of a whole chain. Whether anything stays.
fn join(here: &mut [Vec<usize>], links: &[Link], hits: &Hits<'_>) -> bool {
    let linked = |link: Link, a: usize, b: usize| {
        let (a, b) = (&hits.all[a], &hits.all[b]);
        if a.overlaps(b) {
            return false;
        }
        match link {
            Link::Near(most) => a.gap(b) <= most && !hits.parted(a, b),
            Link::Then(most) => a.last <= b.first && a.gap(b) <= most && !hits.parted(a, b),
            Link::Sentence => true,
        }
    };
    for (index, link) in links.iter().enumerate() {
        let (left, right) = here.split_at_mut(index + 1);
        let (before, after) = (&left[index], &mut right[0]);
        after.retain(|b| before.iter().any(|a| linked(*link, *a, *b)));
    }
    for (index, link) in links.iter().enumerate().rev() {
        let (left, right) = here.split_at_mut(index + 1);
        let (before, after) = (&mut left[index], &right[0]);
        before.retain(|a| after.iter().any(|b| linked(*link, *a, *b)));
    }
    here.iter().all(|list| !list.is_empty())
}
