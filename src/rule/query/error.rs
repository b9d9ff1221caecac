//! A mistake in a query: what is wrong, exactly where, and the cure.

use std::fmt;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns of the query that are shown on each side of the place.
const SHOWN: usize = 36;

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

impl QueryError {
    pub(super) fn new(
        query: &str,
        at: usize,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self { query: query.to_owned(), at, message: message.into(), help: help.into() }
    }
}

impl fmt::Display for QueryError {
    /// The message, the line of the query, a caret below the place, and the cure.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (before, after) = self.query.split_at_checked(self.at).unwrap_or((&self.query, ""));
        let before = before.rsplit('\n').next().unwrap_or_default();
        let after = after.split('\n').next().unwrap_or_default();
        let cut = cut(before.chars().rev());
        let (before, more) = match cut < before.len() {
            true => (&before[before.len() - cut..], "…"),
            false => (before, ""),
        };
        let (after, rest) = match self::cut(after.chars()) {
            cut if cut < after.len() => (&after[..cut], "…"),
            _ => (after, ""),
        };
        let before = format!("{more}{}", before.replace('\t', " "));
        writeln!(f, "{}\n  {before}{after}{rest}", self.message)?;
        write!(f, "  {}^\n{}", " ".repeat(before.width()), self.help)
    }
}

impl std::error::Error for QueryError {}

/// Bytes of the characters that fit into the shown part of a line.
fn cut(text: impl Iterator<Item = char>) -> usize {
    let mut columns = 0;
    text.take_while(|c| {
        columns += c.width().unwrap_or(0);
        columns <= SHOWN
    })
    .map(char::len_utf8)
    .sum()
}
