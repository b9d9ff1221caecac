//! Rewrites any XML feed, however broken, to the plainest form there is: well-formed RSS 2.0 in
//! UTF-8 with one level of elements below each item, and only those that are used.
//!
//! One pass over the tokens, always on. It closes what is left open, ends what runs on, drops what
//! stands for nothing, and chooses among the ways in which dialects say the same thing, so that the
//! parser behind it only ever sees the one form with the fewest ways to fail: it never meets a person,
//! a duration, a nested base or a content type, which are what makes it panic or refuse a document.
//! Texts are copied in bulk. Mark-up inside a text is kept as escaped text and resolved later.
//!
//! What it gets wrong: an element that is never closed swallows its later siblings up to the end of
//! the item, unless it is a text; and items nested in items come out side by side.

use url::Url;

use super::draft::Notes;
use super::hints::HintTexts;
use super::rewrite::Rewriter;
use super::token::{Token, Tokens};
use super::{MAX_DEPTH, MAX_ENTRIES};

/// What was put right, for the feed's health.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repair {
    /// A `&` or `<` that begins nothing.
    BareCharacter,
    /// A reference to a character that does not exist.
    BadReference,
    /// An element without an end.
    Unclosed,
    /// An end without an element.
    StrayEnd,
    /// The document stops before its end.
    Truncated,
    /// It stops inside an entry, which is left out.
    CutEntry,
    /// Too deep.
    TooDeep,
    /// Too many entries.
    TooMany,
}

impl Repair {
    /// The sentence for the feed's health.
    pub(super) fn text(self) -> String {
        match self {
            Repair::BareCharacter => "a bare `&` or `<` was escaped".to_owned(),
            Repair::BadReference => "references to impossible characters were dropped".to_owned(),
            Repair::Unclosed => "elements that were never closed were closed".to_owned(),
            Repair::StrayEnd => "end tags without a start were dropped".to_owned(),
            Repair::Truncated => "the document breaks off before its end".to_owned(),
            Repair::CutEntry => "the entry in which it breaks off was left out".to_owned(),
            Repair::TooDeep => format!("what lies deeper than {MAX_DEPTH} elements was left out"),
            Repair::TooMany => format!("only the first {MAX_ENTRIES} entries were read"),
        }
    }
}

/// A document put right.
#[derive(Debug, Default)]
pub(super) struct Repaired {
    /// Plain RSS 2.0.
    pub(super) xml: String,
    /// What the parser need not see, one per item.
    pub(super) notes: Vec<Notes>,
    /// The feed's title, as mark-up.
    pub(super) title: String,
    /// The feed's language as it stands.
    pub(super) language: String,
    /// What the site says about polling.
    pub(super) hints: HintTexts,
    /// The first link of the feed itself to a hub, and the one to itself.
    pub(super) hub: Option<Url>,
    pub(super) topic: Option<Url>,
    /// What was put right, each once.
    pub(super) repairs: Vec<Repair>,
}

/// Rewrites a document whose root `sniff` has recognised. `url` is where it came from.
pub(super) fn repair(text: &str, url: &Url) -> Repaired {
    let mut rewriter = Rewriter::new(text.len(), url);
    let mut tokens = Tokens::new(text);
    for token in tokens.by_ref() {
        match token {
            Token::Text(span) => rewriter.text(span),
            Token::Cdata(span) => rewriter.cdata(span),
            Token::Open { name, attributes, empty } => rewriter.open(name, attributes, empty),
            Token::Close(name) => rewriter.close(name),
        }
        if rewriter.full() {
            break;
        }
    }
    rewriter.finish(tokens.cut)
}
