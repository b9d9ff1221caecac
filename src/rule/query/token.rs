//! The words of a query: operators, fields, terms, lists, regexes, parentheses.

use super::{Link, QueryError};
use crate::model::Field;
use crate::setting::nearest;

/// Longest query in bytes.
pub(super) const LENGTH: usize = 10_000;
/// Most words between two terms that `NEAR` and `THEN` take.
const DISTANCE: usize = 200;
/// Every field, in the order in which messages list them.
pub(super) const FIELDS: [Field; 9] = [
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

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
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

/// A token and the bytes where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) at: usize,
    pub(super) end: usize,
    /// Written without quotes.
    pub(super) bare: bool,
}

/// Reads the tokens of a query.
pub(super) fn tokens(query: &str) -> Result<Vec<Token>, QueryError> {
    if query.len() > LENGTH {
        let message = format!("the query is longer than {LENGTH} bytes");
        return Err(QueryError::new(query, 0, message, "move its terms into a list"));
    }
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = query[at..].chars().next() {
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        let (kind, end) = one(query, at, c)?;
        let bare = !query[at..end].ends_with('"');
        tokens.push(Token { kind, at, end, bare });
        at = end;
    }
    Ok(tokens)
}

/// The token that begins with `c` at a byte, and one past its last byte.
fn one(query: &str, at: usize, c: char) -> Result<(Kind, usize), QueryError> {
    let rest = &query[at..];
    match c {
        '(' => Ok((Kind::Open, at + 1)),
        ')' => Ok((Kind::Close, at + 1)),
        '"' => quoted(query, at, c).map(|(text, end)| (Kind::Term(text), end)),
        '/' => quoted(query, at, c).map(|(text, end)| (Kind::Regex(text), end)),
        '@' if rest[1..].starts_with('"') => {
            quoted(query, at + 1, '"').map(|(name, end)| (Kind::List(name), end))
        }
        '@' => {
            let name = bare(&rest[1..]);
            match name.is_empty() {
                true => Err(QueryError::new(
                    query,
                    at,
                    "`@` names no list",
                    "write `@name`, or `@\"a name\"`",
                )),
                false => Ok((Kind::List(name.to_owned()), at + 1 + name.len())),
            }
        }
        ':' => Err(QueryError::new(
            query,
            at,
            "no field stands before this `:`",
            "write `title:word` without a blank before the `:`; text with a colon goes in quotes",
        )),
        _ => {
            let word = bare(rest);
            let end = at + word.len();
            if query[end..].starts_with(':') {
                return match FIELDS.into_iter().find(|field| field.as_str() == word) {
                    Some(field) => Ok((Kind::Field(field), end + 1)),
                    None => Err(unknown_field(query, at, word)),
                };
            }
            foreign_sign(query, at, word)?;
            word_kind(query, word, at).map(|kind| (kind, end))
        }
    }
}

/// A word without quotes: up to a blank, parenthesis, quote, colon or list.
fn bare(text: &str) -> &str {
    let end = text
        .find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"' | ':' | '@'))
        .unwrap_or(text.len());
    &text[..end]
}

/// What stands between quotes, and one past the closing one. A backslash before the quote keeps it;
/// in text one before a backslash does too, while a regex keeps its own.
fn quoted(query: &str, at: usize, quote: char) -> Result<(String, usize), QueryError> {
    let mut text = String::new();
    let mut escaped = false;
    for (offset, c) in query[at + 1..].char_indices() {
        match (escaped, c) {
            (true, c) => {
                if c != quote && (quote == '/' || c != '\\') {
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
    let help = match quote {
        '/' => "add the closing `/`; text that begins with `/` goes in quotes".to_owned(),
        _ => format!("add the closing `{quote}`"),
    };
    Err(QueryError::new(query, at, format!("this `{quote}` is not closed"), help))
}

fn unknown_field(query: &str, at: usize, word: &str) -> QueryError {
    let help = match nearest(word, FIELDS.iter().map(|field| field.as_str())) {
        Some(near) => format!("did you mean `{near}:`? text with a colon goes in quotes"),
        None => {
            let all: Vec<String> = FIELDS.iter().map(|field| format!("{field}:")).collect();
            format!("fields are {}; text with a colon goes in quotes", all.join(" "))
        }
    };
    QueryError::new(query, at, format!("there is no field `{word}`"), help)
}

/// Signs that other search languages give a meaning, and that would be passed over here.
fn foreign_sign(query: &str, at: usize, word: &str) -> Result<(), QueryError> {
    let fail =
        |at: usize, message: String, help: &str| Err(QueryError::new(query, at, message, help));
    let first = word.chars().next().unwrap_or_default();
    let rest = &word[first.len_utf8().min(word.len())..];
    let text = rest.starts_with(|c: char| c.is_alphanumeric());
    match first {
        '“' | '”' | '„' | '«' | '»' => {
            fail(at, format!("`{first}` is no quote here"), "write straight quotes: \"a phrase\"")
        }
        '\'' | '‘' | '‚' if text => {
            fail(at, format!("`{first}` is no quote here"), "write double quotes: \"a phrase\"")
        }
        '-' | '!' if text || (rest.is_empty() && query[at + 1..].starts_with(['(', '@', '"'])) => {
            fail(at, format!("`{first}` is no operator here"), "write NOT: `NATO AND NOT sport`")
        }
        '+' if text => fail(
            at,
            "`+` is no operator here".to_owned(),
            "put AND between what must be there: `NATO AND Sweden`",
        ),
        '=' if rest.is_empty() && query[at + 1..].starts_with('"') => {
            fail(at, "`=` stands before the quote".to_owned(), "put it inside: `\"=Asian NATO\"`")
        }
        _ => match word.find(['?', '~']) {
            Some(sign) if word[..sign].ends_with(char::is_alphanumeric) => fail(
                at + sign,
                format!("`{}` is no wildcard here", &word[sign..=sign]),
                "write `prefix*`, or each spelling: `\"organi(s|z)ation\"`",
            ),
            _ => Ok(()),
        },
    }
}

/// A bare word: an operator or a term.
fn word_kind(query: &str, word: &str, at: usize) -> Result<Kind, QueryError> {
    let (name, number) = match word.split_once('/') {
        Some((name, number)) => (name, Some(number)),
        None => (word, None),
    };
    let distance = |link: fn(usize) -> Link| -> Result<Kind, QueryError> {
        match number.and_then(|number| number.parse::<usize>().ok()) {
            Some(limit) if limit <= DISTANCE => Ok(Kind::Link(link(limit))),
            Some(limit) => Err(QueryError::new(
                query,
                at,
                format!("{limit} words between are too many"),
                format!("`{name}/{DISTANCE}` is the most; AND looks at the whole item"),
            )),
            None => Err(QueryError::new(
                query,
                at,
                format!("`{name}` wants a number: the most words that may stand between"),
                format!("write `{name}/5`, without blanks"),
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

/// How a word that stands where an operator is wanted is written here: operators in small letters,
/// and those of news databases.
pub(super) fn meant(word: &str) -> Option<String> {
    let upper = word.to_uppercase();
    let letters = upper.trim_end_matches(|c: char| c.is_ascii_digit() || c == '/');
    let number: String = upper[letters.len()..].chars().filter(char::is_ascii_digit).collect();
    let number = if number.is_empty() { "5" } else { &number };
    let operator = match (letters, upper.len() > letters.len()) {
        ("AND" | "&&" | "&" | "+", false) => "AND".to_owned(),
        ("OR" | "||" | "|", false) => "OR".to_owned(),
        ("NOT" | "!" | "-", false) => "NOT".to_owned(),
        ("ANDNOT" | "BUTNOT" | "BUT", false) => "AND NOT".to_owned(),
        ("SENTENCE" | "SAME" | "W/S" | "/S", false) => "SENTENCE".to_owned(),
        ("NEAR" | "ADJ" | "WITHIN", _) => format!("NEAR/{number}"),
        ("THEN" | "BEFORE" | "ONEAR", _) => format!("THEN/{number}"),
        ("W" | "N", true) => format!("NEAR/{number}"),
        ("PRE" | "P", true) => format!("THEN/{number}"),
        _ => return None,
    };
    Some(operator)
}
