//! From a query's tree to one whose names are resolved, each mistake at its place.

use super::build::Compiler;
use super::eval::Node;
use super::lexicon::ListId;
use super::query::{self, Expr, Known, QueryError, Shape};
use super::regex;
use super::section::ListKind;
use super::term::{Pattern, Spelling, Term, Word};
use crate::model::{Field, Kind};
use crate::setting::{Diagnostic, Span, nearest};

/// Names that stand for whole kinds of lists.
const RESERVED: [&str; 6] = ["alliance", "door", "mention", "act", "candidate", "place"];
/// Letters of a language's code (ISO 639).
const LANGUAGE: std::ops::RangeInclusive<usize> = 2..=3;

/// A query that was read: as written, as compiled, and what it asks for.
pub(super) struct Read {
    pub(super) expr: Expr,
    pub(super) node: Node,
    pub(super) known: Known,
}

/// A mistake and its cure.
type Wrong = (String, String);

impl Compiler<'_> {
    /// Reads a query; reports its first mistake.
    pub(super) fn query(&mut self, text: &str, span: Span) -> Option<Read> {
        let read = query::parse(text).and_then(|expr| {
            let known = Known::of(&expr, text)?;
            let node = self.node(&expr, None, text)?;
            Ok(Read { expr, node, known })
        });
        read.map_err(|error| self.problems.add(wrong(span, &error))).ok()
    }

    fn node(&mut self, expr: &Expr, field: Option<Field>, text: &str) -> Result<Node, QueryError> {
        let mut parts = |parts: &[Expr]| {
            parts.iter().map(|one| self.node(one, field, text)).collect::<Result<Vec<_>, _>>()
        };
        let found = match &expr.shape {
            Shape::And(list) => return Ok(Node::And(parts(list)?)),
            Shape::Or(list) => return Ok(Node::Or(parts(list)?)),
            Shape::Not(inner) => return Ok(Node::Not(Box::new(self.node(inner, field, text)?))),
            Shape::In(field, inner) => {
                return Ok(Node::In(*field, Box::new(self.node(inner, Some(*field), text)?)));
            }
            Shape::Chain(first, links) => {
                let mut operands = vec![self.node(first, field, text)?];
                for (_, operand) in links {
                    operands.push(self.node(operand, field, text)?);
                }
                return Ok(Node::Chain(operands, links.iter().map(|(link, _)| *link).collect()));
            }
            Shape::Term(term) => self.term(term, field),
            Shape::List(name) => self.list(name),
            Shape::Regex(pattern) => match regex::compile(pattern) {
                Ok(regex) => return Ok(Node::Regex(Box::new(regex))),
                Err(refused) => {
                    let at = regex::place(text, expr.at, refused.at);
                    return Err(QueryError {
                        query: text.to_owned(),
                        at,
                        message: refused.message,
                        help: refused.help,
                    });
                }
            },
        };
        found.map_err(|(message, help)| QueryError {
            query: text.to_owned(),
            at: expr.at,
            message,
            help,
        })
    }

    fn list(&self, name: &str) -> Result<Node, Wrong> {
        let of = |node: Node, wanted: &[ListKind], what: &str| {
            let any = self
                .lexicon
                .lists
                .iter()
                .zip(0..)
                .any(|(list, id)| wanted.contains(&list.kind) && !self.empty.contains(&id));
            let cure = "add some, or `include = [\"builtin:alliances\"]` for the shipped ones";
            any.then_some(node).ok_or_else(|| {
                (format!("`@{name}` can never match: there is no {what}"), cure.to_owned())
            })
        };
        match name {
            "alliance" => of(Node::Alliance, &[ListKind::Alliance], "[alliance.…]"),
            "door" => of(Node::Door, &[ListKind::Alliance], "[alliance.…]"),
            "mention" => of(Node::Mention, &[ListKind::Alliance], "[alliance.…]"),
            "act" => of(Node::Act, &[ListKind::Act], "[act.…]"),
            "candidate" => of(Node::Candidate, &[ListKind::Place, ListKind::Alliance], "[place.…]"),
            "place" => of(Node::Place, &[ListKind::Place], "[place.…]"),
            _ => self.list_named(name).map(Node::List),
        }
    }

    /// A list that holds something.
    pub(super) fn list_named(&self, name: &str) -> Result<ListId, Wrong> {
        match self.lexicon.by_name.get(name) {
            Some(id) if self.empty.contains(id) => {
                let help = "add `terms`, or do not `remove` all of them".to_owned();
                Err((format!("the list `{name}` is empty, so it can never match"), help))
            }
            Some(id) => Ok(*id),
            None => {
                let known = self.lexicon.by_name.keys().map(String::as_str);
                let help = match nearest(name, known.chain(RESERVED)) {
                    Some(near) => format!("did you mean `@{near}`?"),
                    None => format!("add `[list.{name}]` with its terms"),
                };
                Err((format!("there is no list `{name}`"), help))
            }
        }
    }

    fn term(&mut self, term: &Term, field: Option<Field>) -> Result<Node, Wrong> {
        match field {
            Some(Field::Kind) => {
                let kinds = Kind::ALL.map(Kind::as_str);
                let is = |pattern: &Pattern, kind: &str| matches!(pattern.as_slice(), [word] if finds(word, kind));
                if !term.patterns.iter().any(|one| kinds.iter().any(|kind| is(one, kind))) {
                    let help = match nearest(&term.shown, kinds.into_iter()) {
                        Some(near) => format!("did you mean `kind:{near}`?"),
                        None => format!("kinds are {}", kinds.join(", ")),
                    };
                    return Err((format!("no feed is of the kind `{}`", term.shown), help));
                }
            }
            Some(Field::Lang) => {
                let code = |pattern: &Pattern| {
                    matches!(pattern.as_slice(), [word]
                        if word.open || LANGUAGE.contains(&word.text.chars().count()))
                };
                if !term.patterns.iter().any(code) {
                    let message = format!("no language has the code `{}`", term.shown);
                    let help = "write two letters, without a country: `lang:en`, `lang:pt`";
                    return Err((message, help.to_owned()));
                }
            }
            _ => {
                if let Some((list, mask)) = self.masked(term) {
                    let name = &self.lexicon.list(list).name;
                    return Err((
                        format!("`{}` can never match: a mask hides it", term.shown),
                        format!("[mask.{name}] holds `{mask}`; take one of the two away"),
                    ));
                }
            }
        }
        let number = self.lexicon.add(term, None, None);
        self.terms.push(term.clone());
        Ok(Node::Term(number))
    }

    /// The mask that covers a term wherever it stands.
    fn masked(&self, term: &Term) -> Option<(ListId, &str)> {
        let masks = self.lexicon.terms.iter().zip(&self.terms).filter_map(|(info, mask)| {
            let list = info.list.filter(|list| self.lexicon.list(*list).kind == ListKind::Mask)?;
            let always = info.near.is_none() && !info.weak && info.spelling == Spelling::Any;
            always.then_some((list, mask))
        });
        let mut found = None;
        let hidden = term.patterns.iter().all(|pattern| {
            let mask = masks.clone().find(|(_, mask)| {
                mask.patterns
                    .iter()
                    .any(|mask| mask.len() == pattern.len() && mask.iter().zip(pattern).all(covers))
            });
            found = found.or(mask);
            mask.is_some()
        });
        found.filter(|_| hidden).map(|(list, mask)| (list, mask.shown.as_str()))
    }
}

/// Whether a word of a pattern finds a word of a text.
fn finds(word: &Word, text: &str) -> bool {
    if word.open { text.starts_with(&word.text) } else { text == word.text }
}

/// Whether the first finds all that the second finds.
fn covers((wide, narrow): (&Word, &Word)) -> bool {
    if wide.open { narrow.text.starts_with(&wide.text) } else { wide == narrow }
}

/// A mistake in the query that a string of a file holds.
pub(super) fn wrong(span: Span, error: &QueryError) -> Diagnostic {
    Diagnostic::error(span, format!("this query is wrong: {}", error.message))
        .help(error.help.clone())
        .inside(error.at)
}
