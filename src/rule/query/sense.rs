//! What a query cannot mean: it asks for a thing and forbids it, or it asks for nothing.
//!
//! From a query follows what must be there wherever it holds ([`Known::of`]); another one, or a part
//! of it, can then be true, false or open. This sees contradictions between equal words, lists and
//! proximities; it does not know that a word stands in a list.

use std::collections::{BTreeMap, BTreeSet};

use super::parse::PROSE;
use super::{Expr, QueryError, Shape};
use crate::model::Field;
use crate::rule::term::{Pattern, Word};

/// A word, list, regex or proximity, in a field or in any prose.
type Fact = (Option<Field>, String);

/// What must be there wherever a query holds, and what must not, with the byte that forbids it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    present: BTreeSet<Fact>,
    absent: BTreeMap<Fact, usize>,
}

/// What is known of a query where others hold; the surer it fails, the greater: an AND is as true as
/// its worst part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Truth {
    Holds,
    Open,
    Never,
}

impl Known {
    /// What a query asks for.
    ///
    /// # Errors
    ///
    /// It asks for what it forbids, so it never holds.
    pub(crate) fn of(expr: &Expr, query: &str) -> Result<Self, QueryError> {
        let known = demands(expr, None, None);
        match contradiction(expr, None).or_else(|| known.clash()) {
            Some(at) => Err(QueryError::new(
                query,
                at,
                "this forbids what the query asks for, so it can never hold",
                "take one of the two away, or put OR between",
            )),
            None => Ok(known),
        }
    }

    /// Adds what an alliance's rule knows beforehand: its alliance is named.
    pub(crate) fn with_list(mut self, name: &str) -> Self {
        self.present.insert((None, list_key(name)));
        self
    }

    /// Where something is forbidden that must be there.
    pub(crate) fn clash(&self) -> Option<usize> {
        self.absent.iter().find(|(fact, _)| self.present.contains(*fact)).map(|(_, at)| *at)
    }

    /// What follows for another query.
    pub(crate) fn tells(&self, expr: &Expr) -> Truth {
        self.judge(expr, None)
    }

    fn judge(&self, expr: &Expr, field: Option<Field>) -> Truth {
        let parts = |field| expr.parts().into_iter().map(move |part| self.judge(part, field));
        match &expr.shape {
            Shape::And(_) => parts(field).max().unwrap_or(Truth::Open),
            Shape::Or(_) => parts(field).min().unwrap_or(Truth::Open),
            Shape::Not(inner) => match self.judge(inner, field) {
                Truth::Holds => Truth::Never,
                Truth::Open => Truth::Open,
                Truth::Never => Truth::Holds,
            },
            Shape::In(field, inner) => self.judge(inner, Some(*field)),
            Shape::Chain(..) if parts(field).any(|part| part == Truth::Never) => Truth::Never,
            _ => {
                let key = key(expr);
                let any = field.filter(|field| PROSE.contains(field));
                match (field, key) {
                    fact if self.present.contains(&fact) => Truth::Holds,
                    fact if self.absent.contains_key(&fact) => Truth::Never,
                    (_, key) if any.is_some() && self.absent.contains_key(&(None, key.clone())) => {
                        Truth::Never
                    }
                    _ => Truth::Open,
                }
            }
        }
    }

    fn and(mut self, other: Known) -> Known {
        self.present.extend(other.present);
        self.absent.extend(other.absent);
        self
    }

    fn or(mut self, other: &Known) -> Known {
        self.present.retain(|fact| other.present.contains(fact));
        self.absent.retain(|fact, _| other.absent.contains_key(fact));
        self
    }
}

/// The byte of a `NOT` by which a query holds for items that hold nothing of it.
pub(crate) fn asks_for_nothing(expr: &Expr) -> Option<usize> {
    nothing(expr, None)
}

fn nothing(expr: &Expr, not: Option<usize>) -> Option<usize> {
    let each = || expr.parts().into_iter().map(|part| nothing(part, not));
    match (&expr.shape, not) {
        (Shape::And(_), None) | (Shape::Or(_), Some(_)) => {
            each().collect::<Option<Vec<_>>>().and_then(|all| all.first().copied())
        }
        (Shape::Or(_), None) | (Shape::And(_), Some(_)) => each().flatten().next(),
        (Shape::Not(inner), None) => nothing(inner, Some(expr.at)),
        (Shape::Not(inner), Some(_)) => nothing(inner, None),
        (Shape::In(_, inner), _) => nothing(inner, not),
        _ => not,
    }
}

/// Follows a query with its negations pushed to the leaves: `not` is the byte of the one around.
fn demands(expr: &Expr, field: Option<Field>, not: Option<usize>) -> Known {
    let each = || expr.parts().into_iter().map(|part| demands(part, field, not));
    match (&expr.shape, not) {
        (Shape::And(_), None) | (Shape::Or(_), Some(_)) => {
            each().fold(Known::default(), Known::and)
        }
        (Shape::Or(_), None) | (Shape::And(_), Some(_)) => {
            each().reduce(|all, one| all.or(&one)).unwrap_or_default()
        }
        (Shape::Not(inner), None) => demands(inner, field, Some(expr.at)),
        (Shape::Not(inner), Some(_)) => demands(inner, field, None),
        (Shape::In(field, inner), _) => demands(inner, Some(*field), not),
        (Shape::Chain(..), None) => each().fold(leaf(expr, field, not), Known::and),
        _ => leaf(expr, field, not),
    }
}

fn leaf(expr: &Expr, field: Option<Field>, not: Option<usize>) -> Known {
    let mut known = Known::default();
    let key = key(expr);
    match not {
        Some(at) => {
            known.absent.insert((field, key), at);
        }
        None => {
            // What stands in the title stands in the prose.
            if field.is_some_and(|field| PROSE.contains(&field)) {
                known.present.insert((None, key.clone()));
            }
            known.present.insert((field, key));
        }
    }
    known
}

/// A part that never holds by itself, where the whole might: one side of an OR.
fn contradiction(expr: &Expr, field: Option<Field>) -> Option<usize> {
    let inner = match &expr.shape {
        Shape::In(field, _) => Some(*field),
        _ => field,
    };
    let part = expr.parts().into_iter().find_map(|part| contradiction(part, inner));
    part.or_else(|| match expr.shape {
        Shape::And(_) => {
            let known = demands(expr, field, None);
            let never = known.judge(expr, field) == Truth::Never;
            known.clash().or(never.then(|| known.absent.values().min().copied()).flatten())
        }
        _ => None,
    })
}

fn list_key(name: &str) -> String {
    format!("@{name}")
}

/// What tells two leaves apart: equal spellings of a term are one.
fn key(expr: &Expr) -> String {
    match &expr.shape {
        Shape::Term(term) => {
            let word = |word: &Word| format!("{}{}", word.text, if word.open { "*" } else { "" });
            let pattern =
                |pattern: &Pattern| pattern.iter().map(word).collect::<Vec<_>>().join(" ");
            let mut all: Vec<String> = term.patterns.iter().map(pattern).collect();
            all.sort();
            format!("{:?} {}", term.spelling, all.join("|"))
        }
        Shape::List(name) => list_key(name),
        _ => expr.to_string(),
    }
}
