//! The query language: from text to a tree, or to a mistake with its place and cure.
//!
//! Binding, tightest first: field and parentheses, `NOT`, proximity (`NEAR/n`, `THEN/n`,
//! `SENTENCE`), `AND`, `OR`. `AND OR NOT` see the whole item; proximity and phrases never cross
//! fields. The lexicon is not needed here: a list is a name, and whether it exists is asked later.

mod error;
mod parse;
mod sense;
mod token;

use std::fmt;

use super::term::Term;
use crate::model::Field;

pub use error::QueryError;
pub(super) use parse::parse;
pub(super) use sense::{Known, Truth, asks_for_nothing};

/// A node of a query, with the byte at which it stands: an operator's own, a leaf's first.
#[derive(Debug, Clone)]
pub(crate) struct Expr {
    pub(crate) shape: Shape,
    pub(crate) at: usize,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shape {
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Box<Expr>),
    /// The first operand, then each link to the next.
    Chain(Box<Expr>, Vec<(Link, Expr)>),
    In(Field, Box<Expr>),
    Term(Term),
    /// A list by its name.
    List(String),
    Regex(String),
}

/// How two operands of a chain must stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    /// At most so many words between, in either order.
    Near(usize),
    /// The same, in this order.
    Then(usize),
    /// In one sentence.
    Sentence,
}

impl PartialEq for Expr {
    /// Two queries are equal when they ask the same, wherever their parts stand.
    fn eq(&self, other: &Self) -> bool {
        self.shape == other.shape
    }
}

impl Expr {
    /// Each part of an operator; none of a leaf.
    pub(super) fn parts(&self) -> Vec<&Expr> {
        match &self.shape {
            Shape::And(list) | Shape::Or(list) => list.iter().collect(),
            Shape::Not(inner) | Shape::In(_, inner) => vec![inner],
            Shape::Chain(first, links) => {
                [&**first].into_iter().chain(links.iter().map(|(_, operand)| operand)).collect()
            }
            Shape::Term(_) | Shape::List(_) | Shape::Regex(_) => Vec::new(),
        }
    }

    /// Where the first of these lists stands in it.
    pub(super) fn find(&self, lists: &[&str]) -> Option<usize> {
        match &self.shape {
            Shape::List(name) => lists.contains(&name.as_str()).then_some(self.at),
            _ => self.parts().into_iter().find_map(|part| part.find(lists)),
        }
    }

    /// Where it begins, which for an operator is before its own place.
    pub(super) fn first(&self) -> usize {
        self.parts().into_iter().map(Expr::first).chain([self.at]).min().unwrap_or(self.at)
    }
}

impl fmt::Display for Expr {
    /// The query in canonical form; parsing it gives the same tree.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |f: &mut fmt::Formatter<'_>, list: &[Expr], word: &str| {
            for (index, one) in list.iter().enumerate() {
                if index > 0 {
                    write!(f, " {word} ")?;
                }
                write!(f, "({one})")?;
            }
            Ok(())
        };
        match &self.shape {
            Shape::And(list) => joined(f, list, "AND"),
            Shape::Or(list) => joined(f, list, "OR"),
            Shape::Not(inner) => write!(f, "NOT ({inner})"),
            Shape::Chain(first, links) => {
                write!(f, "({first})")?;
                links.iter().try_for_each(|(link, operand)| match link {
                    Link::Near(most) => write!(f, " NEAR/{most} ({operand})"),
                    Link::Then(most) => write!(f, " THEN/{most} ({operand})"),
                    Link::Sentence => write!(f, " SENTENCE ({operand})"),
                })
            }
            Shape::In(field, inner) => write!(f, "{field}:({inner})"),
            Shape::Term(term) => write!(f, "\"{}\"", escaped(&term.shown)),
            Shape::List(name) => write!(f, "@\"{}\"", escaped(name)),
            Shape::Regex(text) => write!(f, "/{}/", text.replace('/', "\\/")),
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests;
