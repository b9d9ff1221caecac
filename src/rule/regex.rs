//! Regexes of the query language: they run in linear time, and only where a fixed text stands.

use regex_syntax::hir::literal::{ExtractKind, Extractor};
use regex_syntax::hir::{Hir, HirKind};

/// A regex larger than this when compiled is refused.
const REGEX_BYTES: usize = 1 << 20;
/// Shortest fixed text that every match must hold, in bytes, so that most texts are passed over.
const LITERAL: usize = 3;
/// Parts of a regex that are tried as the beginning of its fixed text.
const STARTS: usize = 64;

/// Why a regex is refused.
pub(super) struct Refused {
    /// Byte of the regex at which it goes wrong.
    pub(super) at: usize,
    pub(super) message: String,
    pub(super) help: String,
}

/// Compiles a regex.
///
/// # Errors
///
/// It is none, it is too large, or a match may hold no fixed text.
pub(super) fn compile(text: &str) -> Result<::regex::Regex, Refused> {
    let refuse = |at: usize, message: String, help: &str| {
        Err(Refused { at, message, help: help.to_owned() })
    };
    let hir = match regex_syntax::ParserBuilder::new().build().parse(text) {
        Ok(hir) => hir,
        Err(error) => {
            let (why, at) = match &error {
                regex_syntax::Error::Parse(error) => {
                    (error.kind().to_string(), error.span().start.offset)
                }
                regex_syntax::Error::Translate(error) => {
                    (error.kind().to_string(), error.span().start.offset)
                }
                other => (other.to_string(), 0),
            };
            let help = "mend it, or put the text in quotes if it is no regex";
            return refuse(at, format!("the regex is wrong: {why}"), help);
        }
    };
    if !holds_literal(&hir) {
        return refuse(
            0,
            "the regex holds no fixed text, so it would have to run on everything".to_owned(),
            "put at least 3 plain letters into every match: `/sub[- ]?mar(ine|s)/`",
        );
    }
    ::regex::RegexBuilder::new(text).size_limit(REGEX_BYTES).build().or_else(|_| {
        refuse(0, "the regex is too large".to_owned(), "use smaller repeats, or a list of terms")
    })
}

/// Whether every match holds a fixed text that is long enough, at whatever place.
fn holds_literal(hir: &Hir) -> bool {
    let long = |kind: ExtractKind, hir: &Hir| {
        let mut extractor = Extractor::new();
        extractor.kind(kind);
        extractor.extract(hir).min_literal_len().is_some_and(|length| length >= LITERAL)
    };
    if long(ExtractKind::Prefix, hir) || long(ExtractKind::Suffix, hir) {
        return true;
    }
    match hir.kind() {
        HirKind::Capture(capture) => holds_literal(&capture.sub),
        HirKind::Repetition(repeat) => repeat.min > 0 && holds_literal(&repeat.sub),
        HirKind::Alternation(all) => all.iter().all(holds_literal),
        HirKind::Concat(parts) => {
            (1..parts.len().min(STARTS)).any(|start| {
                holds_literal(&parts[start])
                    || long(ExtractKind::Prefix, &Hir::concat(parts[start..].to_vec()))
            }) || parts.first().is_some_and(holds_literal)
        }
        _ => false,
    }
}

/// The byte of a query at which byte `offset` of the regex stands whose `/` is at `at`: a `/` inside
/// is written `\/`.
pub(super) fn place(query: &str, at: usize, offset: usize) -> usize {
    let mut left = offset;
    let mut here = at + 1;
    while left > 0 && here < query.len() {
        here += usize::from(query[here..].starts_with("\\/"));
        let length = query[here..].chars().next().map_or(1, char::len_utf8);
        here += length;
        left = left.saturating_sub(length);
    }
    here.min(query.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_match_must_hold_fixed_text() {
        for good in
            ["NATO", "a.*join.*z", "[0-9]+ (states|nations)", "(?i:nato)", "(x|y)?treaty[a-z]*"]
        {
            assert!(compile(good).is_ok(), "{good} was refused");
        }
        for bad in ["", "a.c", ".*", "(NATO)?", "NATO|EU", "[a-z]{9}", "(abc)*"] {
            let error = compile(bad).map(|_| ()).err();
            assert!(error.is_some_and(|one| one.message.contains("fixed text")), "{bad} was taken");
        }
    }

    #[test]
    fn mistakes_know_their_byte() {
        let error = |text: &str| compile(text).map(|_| ()).err().unwrap();
        assert_eq!(error("NATO(").at, 4);
        assert_eq!(error("NATO[z-a]").at, 5);
        assert!(error("abc.{1000}{1000}").message.contains("too large"));
        assert_eq!(place(r"a AND /x\/y(z/", 6, 3), 11);
    }
}
