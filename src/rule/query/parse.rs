//! From tokens to the tree, by descent: one function a strength of binding.

use super::token::{Kind, Token, meant, tokens};
use super::{Expr, QueryError, Shape};
use crate::model::Field;
use crate::rule::term::Term;

/// How deep parentheses, fields and `NOT` may nest.
pub(super) const DEPTH: usize = 40;
/// The fields that hold sentences; a term without a field is looked for in these.
pub(super) const PROSE: [Field; 3] = [Field::Title, Field::Summary, Field::Body];

/// Reads a query.
///
/// # Errors
///
/// The first mistake, with its place and a cure.
pub(crate) fn parse(query: &str) -> Result<Expr, QueryError> {
    let tokens = tokens(query)?;
    let mut parser = Parser { query, tokens: &tokens, next: 0, depth: 0, field: None };
    let expr = parser.or()?;
    match parser.peek() {
        None => Ok(expr),
        Some(token) => Err(parser.unexpected(token)),
    }
}

struct Parser<'q> {
    query: &'q str,
    tokens: &'q [Token],
    next: usize,
    depth: usize,
    /// The field inside which this stands.
    field: Option<Field>,
}

impl<'q> Parser<'q> {
    fn peek(&self) -> Option<&'q Token> {
        self.tokens.get(self.next)
    }

    fn before(&self) -> Option<&'q Token> {
        self.tokens.get(self.next.checked_sub(1)?)
    }

    fn text(&self, token: &Token) -> &'q str {
        &self.query[token.at..token.end]
    }

    fn fail<T>(
        &self,
        at: usize,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Result<T, QueryError> {
        Err(QueryError::new(self.query, at, message, help))
    }

    fn or(&mut self) -> Result<Expr, QueryError> {
        self.list(&Kind::Or, Self::and, Shape::Or)
    }

    fn and(&mut self) -> Result<Expr, QueryError> {
        self.list(&Kind::And, Self::chain, Shape::And)
    }

    fn list(
        &mut self,
        operator: &Kind,
        mut part: impl FnMut(&mut Self) -> Result<Expr, QueryError>,
        shape: fn(Vec<Expr>) -> Shape,
    ) -> Result<Expr, QueryError> {
        let first = part(self)?;
        let Some(at) = self.peek().filter(|token| token.kind == *operator).map(|token| token.at)
        else {
            return Ok(first);
        };
        let mut list = vec![first];
        while self.peek().is_some_and(|token| token.kind == *operator) {
            self.next += 1;
            list.push(part(self)?);
        }
        Ok(Expr { shape: shape(list), at })
    }

    fn chain(&mut self) -> Result<Expr, QueryError> {
        let first = self.unary()?;
        let mut links = Vec::new();
        let mut at = first.at;
        let mut fields = None;
        while let Some(Token { kind: Kind::Link(link), at: here, .. }) = self.peek() {
            if links.is_empty() {
                at = *here;
                fields = Some(self.place(&first)?);
            }
            self.next += 1;
            let operand = self.unary()?;
            let more = self.place(&operand)?;
            let both = fields.take().unwrap_or_default();
            let both: Vec<Field> = both.into_iter().filter(|field| more.contains(field)).collect();
            if both.is_empty() {
                return self.fail(
                    operand.at,
                    "these stand in different fields, and proximity never crosses one",
                    "name one field for all: `title:(a NEAR/5 b)`; or put AND between",
                );
            }
            fields = Some(both);
            links.push((*link, operand));
        }
        match links.is_empty() {
            true => Ok(first),
            false => Ok(Expr { shape: Shape::Chain(Box::new(first), links), at }),
        }
    }

    /// The fields in which an operand of proximity may stand: it must be a term, a list, or an OR of
    /// them, else it stands nowhere.
    fn place(&self, operand: &Expr) -> Result<Vec<Field>, QueryError> {
        let (what, help) = match &operand.shape {
            Shape::Term(_) | Shape::List(_) => {
                return Ok(self.field.map_or_else(|| PROSE.to_vec(), |field| vec![field]));
            }
            Shape::Or(list) => {
                let mut fields = Vec::new();
                for one in list {
                    fields.extend(self.place(one)?);
                }
                return Ok(fields);
            }
            Shape::In(field, inner) => {
                self.place(inner)?;
                return Ok(vec![*field]);
            }
            Shape::And(_) => ("an AND", "write the AND outside: `a NEAR/5 b AND a NEAR/5 c`"),
            Shape::Not(_) => ("a NOT", "NOT binds closer: write `NOT (a NEAR/5 b)`"),
            Shape::Chain(..) => {
                ("another proximity in parentheses", "write one chain: `a NEAR/5 b SENTENCE c`")
            }
            Shape::Regex(_) => ("a regex", "put its spellings into a list, or AND between"),
        };
        self.fail(operand.at, format!("proximity cannot stand beside {what}"), help)
    }

    fn unary(&mut self) -> Result<Expr, QueryError> {
        let Some(token) = self.peek() else { return Err(self.too_early()) };
        let at = token.at;
        self.next += 1;
        let shape = match &token.kind {
            Kind::Not => Shape::Not(Box::new(self.deeper(at, Self::unary)?)),
            Kind::Field(field) => {
                if let Some(outer) = self.field {
                    return self.fail(
                        at,
                        format!("`{field}:` stands inside `{outer}:`"),
                        "a word stands in one field: take one of them away",
                    );
                }
                self.field = Some(*field);
                let inner = self.deeper(at, Self::unary)?;
                self.field = None;
                Shape::In(*field, Box::new(inner))
            }
            Kind::Open => {
                let inner = self.deeper(at, Self::or)?;
                return match self.peek() {
                    Some(next) if next.kind == Kind::Close => {
                        self.next += 1;
                        Ok(inner)
                    }
                    Some(next) => Err(self.unexpected(next)),
                    None => self.fail(at, "this parenthesis is not closed", "add `)`"),
                };
            }
            Kind::Term(text) => Shape::Term(Term::parse(text).or_else(|why| {
                self.fail(at, why, "write words with letters or digits, `prefix*` or `a(b|c)`")
            })?),
            Kind::List(name) => Shape::List(name.clone()),
            Kind::Regex(text) => Shape::Regex(text.clone()),
            Kind::And | Kind::Or | Kind::Link(_) | Kind::Close => {
                self.next -= 1;
                return Err(self.no_term(token));
            }
        };
        Ok(Expr { shape, at })
    }

    fn deeper(
        &mut self,
        at: usize,
        part: impl Fn(&mut Self) -> Result<Expr, QueryError>,
    ) -> Result<Expr, QueryError> {
        if self.depth == DEPTH {
            let message = format!("the query nests deeper than {DEPTH}");
            return self.fail(at, message, "take parentheses away, or use lists");
        }
        self.depth += 1;
        let inner = part(self)?;
        self.depth -= 1;
        Ok(inner)
    }

    /// The query ends where a term is wanted.
    fn too_early(&self) -> QueryError {
        let (message, help) = match self.before() {
            None => ("the query is empty".to_owned(), "write what must be there: `@alliance`"),
            Some(last) => (
                format!("nothing follows this `{}`", self.text(last)),
                "add a term or a list, or take it away",
            ),
        };
        let at = self.before().map_or(0, |last| last.at);
        QueryError::new(self.query, at, message, help)
    }

    /// An operator or `)` stands where a term is wanted.
    fn no_term(&self, token: &Token) -> QueryError {
        let text = self.text(token);
        let close = token.kind == Kind::Close;
        let (message, help) = match self.before() {
            None if close => ("this `)` closes nothing".to_owned(), "take it away, or add `(`"),
            Some(before) if close && before.kind == Kind::Open => {
                ("these parentheses are empty".to_owned(), "put a term into them")
            }
            Some(before) if close => (
                format!("nothing follows `{}` before this `)`", self.text(before)),
                "add a term or a list there, or take the operator away",
            ),
            Some(before) if before.kind != Kind::Open => (
                format!("`{}` and `{text}` stand side by side", self.text(before)),
                "keep one of the two, or put a term between",
            ),
            _ => (format!("nothing stands before this `{text}`"), "put a term before it"),
        };
        QueryError::new(self.query, token.at, message, help)
    }

    /// Something stands where an operator is wanted.
    fn unexpected(&self, token: &Token) -> QueryError {
        let text = self.text(token);
        let fail =
            |at, message: String, help: String| QueryError::new(self.query, at, message, help);
        let Some(before) = self.before() else {
            return fail(token.at, format!("`{text}` is out of place"), "take it away".to_owned());
        };
        let missing = "an operator is missing before this".to_owned();
        if token.kind == Kind::Close {
            let help = "take it away, or add `(`".to_owned();
            return fail(token.at, "this `)` closes nothing".to_owned(), help);
        }
        let words = [token, before].into_iter().filter(|one| one.bare);
        for one in words.filter(|one| matches!(one.kind, Kind::Term(_))) {
            let word = self.text(one);
            if let Some(meant) = meant(word) {
                let message = match meant.eq_ignore_ascii_case(word) {
                    true => format!("`{word}` is a word here: operators are written in capitals"),
                    false => format!("`{word}` is no operator here"),
                };
                return fail(one.at, message, format!("write `{meant}`"));
            }
        }
        let touches = before.end == token.at;
        match (&before.kind, &token.kind) {
            (_, Kind::Not) => fail(token.at, missing, "write `AND NOT`".to_owned()),
            (Kind::Term(first), Kind::Open) if touches && before.bare => fail(
                token.at,
                missing,
                format!("alternatives in a word go in quotes: `\"{first}(a|b)\"`"),
            ),
            (Kind::Regex(regex), Kind::Term(flags)) if touches => fail(
                token.at,
                "a regex takes no flags after its `/`".to_owned(),
                format!("write them inside: `/(?{flags}:{regex})/`"),
            ),
            (Kind::List(first), Kind::Term(second)) if before.bare && token.bare => fail(
                token.at,
                missing,
                format!(
                    "put AND, SENTENCE or NEAR/5 between; \
                     a list of several words is `@\"{first} {second}\"`"
                ),
            ),
            (Kind::Term(first), Kind::Term(second)) => fail(
                token.at,
                "two terms stand side by side".to_owned(),
                format!(
                    "write `\"{first} {second}\"` for a phrase, or put AND, OR or NEAR/5 between"
                ),
            ),
            _ => fail(token.at, missing, "put AND, OR, SENTENCE or NEAR/5 there".to_owned()),
        }
    }
}
