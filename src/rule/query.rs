//! The query language: from text to a tree, or to a mistake with its place.
//!
//! Binding, tightest first: field and parentheses, `NOT`, proximity (`NEAR/n`, `THEN/n`,
//! `SENTENCE`), `AND`, `OR`. `AND OR NOT` see the whole item; proximity and phrases never cross
//! fields. The lexicon is not needed here: a list is a name, and whether it exists is asked later.

use std::fmt;

use super::term::Term;
use crate::model::Field;

/// Longest query in bytes.
const LENGTH: usize = 10_000;
/// How deep parentheses and `NOT` may nest.
const DEPTH: usize = 40;
/// Most words between two terms that `NEAR` and `THEN` take.
const DISTANCE: usize = 200;

/// A node of a query.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expr {
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Box<Expr>),
    /// The first operand, then each link to the next.
    Chain(Box<Expr>, Vec<(Link, Expr)>),
    In(Field, Box<Expr>),
    Term(Term),
    /// A list by its name, with the byte where it stands.
    List(String, usize),
    Regex(String, usize),
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

/// What is wrong with a query, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryError {
    /// The query.
    pub query: String,
    /// Byte at which it goes wrong.
    pub at: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

impl fmt::Display for QueryError {
    /// The message, the query and a caret below the place.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before = self.query.get(..self.at).unwrap_or(&self.query);
        let column = before.chars().count();
        write!(f, "{}\n  {}\n  {}^\n{}", self.message, self.query, " ".repeat(column), self.help)
    }
}

impl std::error::Error for QueryError {}

/// Reads a query.
///
/// # Errors
///
/// The first mistake, with its place and a cure.
pub(crate) fn parse(query: &str) -> Result<Expr, QueryError> {
    let tokens = lex(query)?;
    let mut parser = Parser { query, tokens: &tokens, next: 0, depth: 0 };
    let expr = parser.or()?;
    match parser.peek() {
        None => Ok(expr),
        Some(token) => Err(parser.unexpected(token)),
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    And,
    Or,
    Not,
    Link(Link),
    Open,
    Close,
    Field(Field),
    Term(String),
    List(String),
    Regex(String),
}

#[derive(Debug, Clone, PartialEq)]
struct Lexeme {
    kind: Kind,
    at: usize,
}

fn error(
    query: &str,
    at: usize,
    message: impl Into<String>,
    help: impl Into<String>,
) -> QueryError {
    QueryError { query: query.to_owned(), at, message: message.into(), help: help.into() }
}

fn lex(query: &str) -> Result<Vec<Lexeme>, QueryError> {
    if query.len() > LENGTH {
        return Err(error(
            "",
            0,
            format!("the query is longer than {LENGTH} bytes"),
            "move terms into a list",
        ));
    }
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = query[at..].chars().next() {
        let start = at;
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        let kind = match c {
            '(' | ')' => {
                at += 1;
                if c == '(' { Kind::Open } else { Kind::Close }
            }
            '"' => {
                let (text, end) = quoted(query, at, '"')?;
                at = end;
                Kind::Term(text)
            }
            '/' => {
                let (text, end) = quoted(query, at, '/')?;
                at = end;
                Kind::Regex(text)
            }
            '@' => {
                at += 1;
                if query[at..].starts_with('"') {
                    let (name, end) = quoted(query, at, '"')?;
                    at = end;
                    Kind::List(name)
                } else {
                    let word = bare(&query[at..]);
                    at += word.len();
                    if word.is_empty() {
                        return Err(error(
                            query,
                            start,
                            "`@` names no list",
                            "write `@name`, or `@\"a name\"`",
                        ));
                    }
                    Kind::List(word.to_owned())
                }
            }
            _ => {
                let word = bare(&query[at..]);
                if word.is_empty() {
                    return Err(error(
                        query,
                        start,
                        format!("`{c}` means nothing here"),
                        "put text with signs in it in quotes",
                    ));
                }
                at += word.len();
                let field = field(word).filter(|_| query[at..].starts_with(':'));
                match field {
                    Some(field) => {
                        at += 1;
                        Kind::Field(field)
                    }
                    None if query[at..].starts_with(':') => {
                        return Err(error(
                            query,
                            start,
                            format!("there is no field `{word}`"),
                            "fields are title: summary: body: author: category: feed: kind: tag: lang:",
                        ));
                    }
                    None => operator(query, word, start)?,
                }
            }
        };
        tokens.push(Lexeme { kind, at: start });
    }
    Ok(tokens)
}

/// A word without quotes: up to a blank, parenthesis, quote or colon.
fn bare(text: &str) -> &str {
    let end = text
        .find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"' | ':' | '@'))
        .unwrap_or(text.len());
    &text[..end]
}

/// What stands between quotes, and one past the closing one.
fn quoted(query: &str, at: usize, quote: char) -> Result<(String, usize), QueryError> {
    let mut text = String::new();
    let mut escaped = false;
    for (offset, c) in query[at + 1..].char_indices() {
        match (escaped, c) {
            (true, c) => {
                if c != quote {
                    text.push('\\');
                }
                text.push(c);
                escaped = false;
            }
            (false, '\\') => escaped = true,
            (false, c) if c == quote => return Ok((text, at + 1 + offset + c.len_utf8())),
            (false, c) => text.push(c),
        }
    }
    Err(error(
        query,
        at,
        format!("this `{quote}` is not closed"),
        format!("add the closing `{quote}`"),
    ))
}

fn field(word: &str) -> Option<Field> {
    let all = [
        Field::Title,
        Field::Summary,
        Field::Body,
        Field::Author,
        Field::Category,
        Field::Feed,
        Field::Kind,
        Field::Tag,
        Field::Lang,
    ];
    all.into_iter().find(|field| field.as_str() == word)
}

fn operator(query: &str, word: &str, at: usize) -> Result<Kind, QueryError> {
    let (name, number) = match word.split_once('/') {
        Some((name, number)) => (name, Some(number)),
        None => (word, None),
    };
    let distance = |link: fn(usize) -> Link| -> Result<Kind, QueryError> {
        let limit = number.and_then(|number| number.parse::<usize>().ok());
        match limit.filter(|limit| *limit <= DISTANCE) {
            Some(limit) => Ok(Kind::Link(link(limit))),
            None => Err(error(
                query,
                at,
                format!("`{name}` wants the most words between, up to {DISTANCE}"),
                format!("write `{name}/5`"),
            )),
        }
    };
    match (name, number) {
        ("AND", None) => Ok(Kind::And),
        ("OR", None) => Ok(Kind::Or),
        ("NOT", None) => Ok(Kind::Not),
        ("SENTENCE", None) => Ok(Kind::Link(Link::Sentence)),
        ("NEAR", _) => distance(Link::Near),
        ("THEN", _) => distance(Link::Then),
        _ => Ok(Kind::Term(word.to_owned())),
    }
}

struct Parser<'q> {
    query: &'q str,
    tokens: &'q [Lexeme],
    next: usize,
    depth: usize,
}

impl<'q> Parser<'q> {
    fn peek(&self) -> Option<&'q Lexeme> {
        self.tokens.get(self.next)
    }

    fn take(&mut self, wanted: &Kind) -> bool {
        let found = self.peek().is_some_and(|token| token.kind == *wanted);
        self.next += usize::from(found);
        found
    }

    fn fail<T>(
        &self,
        at: usize,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Result<T, QueryError> {
        Err(error(self.query, at, message, help))
    }

    fn deeper(&mut self, at: usize) -> Result<(), QueryError> {
        self.depth += 1;
        match self.depth > DEPTH {
            true => self.fail(
                at,
                format!("the query nests deeper than {DEPTH}"),
                "simplify it, or use lists",
            ),
            false => Ok(()),
        }
    }

    fn or(&mut self) -> Result<Expr, QueryError> {
        let mut list = vec![self.and()?];
        while self.take(&Kind::Or) {
            list.push(self.and()?);
        }
        Ok(if list.len() == 1 { list.remove(0) } else { Expr::Or(list) })
    }

    fn and(&mut self) -> Result<Expr, QueryError> {
        let mut list = vec![self.chain()?];
        while self.take(&Kind::And) {
            list.push(self.chain()?);
        }
        Ok(if list.len() == 1 { list.remove(0) } else { Expr::And(list) })
    }

    fn chain(&mut self) -> Result<Expr, QueryError> {
        let start = self.peek().map_or(self.query.len(), |token| token.at);
        let first = self.unary()?;
        let mut links = Vec::new();
        while let Some(Lexeme { kind: Kind::Link(link), .. }) = self.peek() {
            self.next += 1;
            let at = self.peek().map_or(self.query.len(), |token| token.at);
            let operand = self.unary()?;
            self.must_have_place(&operand, at)?;
            links.push((*link, operand));
        }
        if links.is_empty() {
            return Ok(first);
        }
        self.must_have_place(&first, start)?;
        Ok(Expr::Chain(Box::new(first), links))
    }

    /// Proximity needs operands that stand somewhere: terms, lists, and ORs of them.
    fn must_have_place(&self, operand: &Expr, at: usize) -> Result<(), QueryError> {
        let what = match operand {
            Expr::Term(_) | Expr::List(..) => return Ok(()),
            Expr::Or(list) => {
                return list.iter().try_for_each(|one| self.must_have_place(one, at));
            }
            Expr::In(Field::Title | Field::Summary | Field::Body, inner) => {
                return self.must_have_place(inner, at);
            }
            Expr::And(_) => "an AND",
            Expr::Not(_) => "a NOT",
            Expr::Chain(..) => "another proximity in parentheses",
            Expr::In(..) => "a field without sentences",
            Expr::Regex(..) => "a regex",
        };
        self.fail(
            at,
            format!("proximity cannot stand beside {what}"),
            "it takes terms, lists, or ORs of them: `(a OR b) NEAR/5 @list`",
        )
    }

    fn unary(&mut self) -> Result<Expr, QueryError> {
        let Some(token) = self.peek() else {
            let (at, help) = (self.query.len(), "add a term, a list or a parenthesis");
            let message = if self.tokens.is_empty() {
                "the query is empty"
            } else {
                "the query ends too early"
            };
            return self.fail(at, message, help);
        };
        match &token.kind {
            Kind::Not => {
                self.next += 1;
                self.deeper(token.at)?;
                let inner = self.unary()?;
                self.depth -= 1;
                Ok(Expr::Not(Box::new(inner)))
            }
            Kind::Field(field) => {
                self.next += 1;
                self.deeper(token.at)?;
                let inner = self.unary()?;
                self.depth -= 1;
                Ok(Expr::In(*field, Box::new(inner)))
            }
            Kind::Open => {
                self.next += 1;
                self.deeper(token.at)?;
                let inner = self.or()?;
                self.depth -= 1;
                if !self.take(&Kind::Close) {
                    return match self.peek() {
                        Some(next) => Err(self.unexpected(next)),
                        None => self.fail(token.at, "this parenthesis is not closed", "add `)`"),
                    };
                }
                Ok(inner)
            }
            Kind::Term(text) => {
                self.next += 1;
                let term = Term::parse(text).map_err(|why| {
                    error(self.query, token.at, why, "give a word or a phrase in quotes")
                })?;
                Ok(Expr::Term(term))
            }
            Kind::List(name) => {
                self.next += 1;
                Ok(Expr::List(name.clone(), token.at))
            }
            Kind::Regex(text) => {
                self.next += 1;
                Ok(Expr::Regex(text.clone(), token.at))
            }
            Kind::And | Kind::Or | Kind::Link(_) => self.fail(
                token.at,
                "an operator stands where a term is wanted",
                "put a term before it",
            ),
            Kind::Close => self.fail(
                token.at,
                "nothing stands before this parenthesis",
                "add a term or take it away",
            ),
        }
    }

    fn unexpected(&self, token: &Lexeme) -> QueryError {
        let before = self.next.checked_sub(1).and_then(|index| self.tokens.get(index));
        match (&token.kind, before.map(|token| &token.kind)) {
            (Kind::Close, _) => {
                error(self.query, token.at, "this `)` closes nothing", "take it away, or add `(`")
            }
            (Kind::Term(second), Some(Kind::Term(first))) => error(
                self.query,
                token.at,
                "two terms stand side by side",
                format!(
                    "write \"{first} {second}\" for a phrase, or put AND, OR or NEAR/n between"
                ),
            ),
            _ => error(
                self.query,
                token.at,
                "an operator is missing before this",
                "add AND, OR or NEAR/n",
            ),
        }
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
        match self {
            Expr::And(list) => joined(f, list, "AND"),
            Expr::Or(list) => joined(f, list, "OR"),
            Expr::Not(inner) => write!(f, "NOT ({inner})"),
            Expr::Chain(first, links) => {
                write!(f, "({first})")?;
                for (link, operand) in links {
                    match link {
                        Link::Near(most) => write!(f, " NEAR/{most} ({operand})")?,
                        Link::Then(most) => write!(f, " THEN/{most} ({operand})")?,
                        Link::Sentence => write!(f, " SENTENCE ({operand})")?,
                    }
                }
                Ok(())
            }
            Expr::In(field, inner) => write!(f, "{field}:({inner})"),
            Expr::Term(term) => write!(f, "\"{}\"", term.shown.replace('"', "\\\"")),
            Expr::List(name, _) => write!(f, "@\"{}\"", name.replace('"', "\\\"")),
            Expr::Regex(text, _) => write!(f, "/{}/", text.replace('/', "\\/")),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tree(query: &str) -> String {
        parse(query).map_or_else(|error| error.to_string(), |expr| expr.to_string())
    }

    #[test]
    fn operators_bind_as_promised() {
        assert_eq!(tree("a1 OR b1 AND NOT c1"), r#"("a1") OR (("b1") AND (NOT ("c1")))"#);
        assert_eq!(tree("a1 NEAR/5 b1 AND c1"), r#"(("a1") NEAR/5 ("b1")) AND ("c1")"#);
        assert_eq!(
            tree("@alliance SENTENCE @act SENTENCE @candidate"),
            r#"(@"alliance") SENTENCE (@"act") SENTENCE (@"candidate")"#
        );
        assert_eq!(
            tree("title:(a1 OR \"b c\") AND lang:en"),
            r#"(title:(("a1") OR ("b c"))) AND (lang:("en"))"#
        );
        assert_eq!(tree("@\"Five Eyes\" THEN/3 join*"), r#"(@"Five Eyes") THEN/3 ("join*")"#);
    }

    #[test]
    fn every_mistake_has_its_place_and_cure() {
        let queries = [
            "",
            "NATO membership",
            "NATO AND",
            "AND NATO",
            "(NATO OR EU",
            "NATO)",
            "NATO NEAR EU",
            "NATO NEAR/999 EU",
            "NATO NEAR/5 (EU AND UN)",
            "NATO SENTENCE NOT EU",
            "titel:NATO",
            "\"open phrase",
            "@ list",
            "a* OR NATO",
            "NOT",
            "()",
        ];
        let all: Vec<String> =
            queries.iter().map(|query| parse(query).unwrap_err().to_string()).collect();
        insta::assert_snapshot!(all.join("\n\n"));
    }

    #[test]
    fn depth_is_bounded() {
        let deep = format!("{}x1{}", "(".repeat(10_000 / 2 - 2), ")".repeat(10_000 / 2 - 2));
        assert!(parse(&deep).unwrap_err().message.contains("deeper"));
    }

    fn words() -> impl Strategy<Value = String> {
        proptest::collection::vec(
            prop_oneof![
                Just("NATO".to_owned()),
                Just("\"two words\"".to_owned()),
                Just("@list".to_owned()),
                Just("join*".to_owned()),
                Just("AND".to_owned()),
                Just("OR".to_owned()),
                Just("NOT".to_owned()),
                Just("SENTENCE".to_owned()),
                Just("NEAR/4".to_owned()),
                Just("(".to_owned()),
                Just(")".to_owned()),
                Just("title:".to_owned()),
                Just("/a.c/".to_owned()),
            ],
            1..14,
        )
        .prop_map(|words| words.join(" "))
    }

    proptest! {
        #[test]
        fn any_text_is_answered(query in "\\PC{0,80}") {
            if let Err(error) = parse(&query) {
                prop_assert!(error.at <= query.len());
                let _ = error.to_string();
            }
        }

        #[test]
        fn what_is_printed_reads_back(query in words()) {
            if let Ok(expr) = parse(&query) {
                let printed = expr.to_string();
                let again = parse(&printed).expect(&printed);
                prop_assert_eq!(again.to_string(), printed);
            }
        }
    }
}
