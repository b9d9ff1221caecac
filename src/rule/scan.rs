//! Finding all terms of all rules in one pass over a folded text.
//!
//! Each pattern is filed under its beginning, up to its first open word, in one automaton; what is
//! left of it is compared word by word on a hit. The cost follows the length of the text and the
//! hits, not the number of terms.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::term::{Pattern, Term};
use crate::text::Folded;

/// Patterns up to which the automaton is a full table: fastest, and small enough for the cache.
const TABLE_PATTERNS: usize = 600;

/// A term found in a text: which, and at which tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Found {
    /// First token.
    pub(crate) first: usize,
    /// One past the last.
    pub(crate) last: usize,
    /// Number of the term.
    pub(crate) term: u32,
}

/// Finds terms; knows them by number.
#[derive(Debug, Clone)]
pub(crate) struct Scanner {
    automaton: AhoCorasick,
    /// By pattern of the automaton.
    entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    term: u32,
    pattern: Pattern,
    /// Words of the pattern that the automaton has compared whole.
    compared: usize,
}

impl Scanner {
    /// Builds the automaton over terms in order of their numbers.
    ///
    /// # Errors
    ///
    /// The terms are too many for one automaton.
    pub(crate) fn build(terms: &[Term]) -> Result<Self, String> {
        let mut anchors = Vec::new();
        let mut entries = Vec::new();
        for (number, term) in terms.iter().enumerate() {
            for pattern in &term.patterns {
                let mut anchor = String::from(" ");
                let mut compared = 0;
                for word in pattern {
                    anchor.push_str(&word.text);
                    if word.open {
                        break;
                    }
                    anchor.push(' ');
                    compared += 1;
                }
                anchors.push(anchor);
                entries.push(Entry { term: number as u32, pattern: pattern.clone(), compared });
            }
        }
        let kind = match anchors.len() <= TABLE_PATTERNS {
            true => AhoCorasickKind::DFA,
            false => AhoCorasickKind::ContiguousNFA,
        };
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .kind(Some(kind))
            .build(&anchors)
            .map_err(|error| format!("the terms do not fit into one automaton: {error}"))?;
        Ok(Self { automaton, entries })
    }

    /// A scanner that finds nothing.
    pub(crate) fn empty() -> Self {
        // An automaton over no patterns always builds.
        Self {
            automaton: AhoCorasick::new([""; 0]).expect("no pattern is never too many"),
            entries: Vec::new(),
        }
    }

    /// Every term in the text, in order of place.
    pub(crate) fn scan(&self, text: &Folded) -> Vec<Found> {
        let mut found = Vec::new();
        for hit in self.automaton.find_overlapping_iter(text.text()) {
            let entry = &self.entries[hit.pattern().as_usize()];
            // The anchor begins with the blank before its first word.
            let first = text.token_at(hit.start() + 1);
            let last = first + entry.pattern.len();
            if last > text.tokens().len() {
                continue;
            }
            let rest = (entry.compared..entry.pattern.len()).all(|index| {
                let word = &entry.pattern[index];
                let have = text.word(first + index);
                if word.open { have.starts_with(&word.text) } else { have == word.text }
            });
            let sentence = |at: usize| text.tokens()[at].sentence;
            if rest && sentence(first) == sentence(last - 1) {
                found.push(Found { first, last, term: entry.term });
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::{fold, fold_title};

    fn terms(list: &[&str]) -> Vec<Term> {
        list.iter().map(|term| Term::parse(term).unwrap()).collect()
    }

    /// The obvious way, term by term and token by token.
    fn naive(terms: &[Term], text: &Folded) -> Vec<Found> {
        let mut found = Vec::new();
        for (number, term) in terms.iter().enumerate() {
            for pattern in &term.patterns {
                for first in 0..text.tokens().len() {
                    let last = first + pattern.len();
                    if last > text.tokens().len()
                        || text.tokens()[first].sentence != text.tokens()[last - 1].sentence
                    {
                        continue;
                    }
                    let holds = pattern.iter().enumerate().all(|(offset, word)| {
                        let have = text.word(first + offset);
                        if word.open { have.starts_with(&word.text) } else { have == word.text }
                    });
                    if holds {
                        found.push(Found { first, last, term: number as u32 });
                    }
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    #[test]
    fn whole_words_prefixes_and_phrases_are_found() {
        let terms = terms(&["NATO", "enlarg*", "join* forces", "日本", "Asia-Pacific"]);
        let scanner = Scanner::build(&terms).unwrap();
        let text = fold("NATO enlarges; senator. Joined forces in AsiaPacific, 日本");
        let hits: Vec<(u32, usize, usize)> =
            scanner.scan(&text).iter().map(|hit| (hit.term, hit.first, hit.last)).collect();
        assert_eq!(hits, [(0, 0, 1), (1, 1, 2), (2, 3, 5), (4, 6, 7), (3, 7, 9)]);
    }

    #[test]
    fn a_phrase_does_not_cross_a_sentence() {
        let scanner = Scanner::build(&terms(&["NATO expansion"])).unwrap();
        assert!(scanner.scan(&fold("It left NATO. Expansion stopped.")).is_empty());
        assert_eq!(scanner.scan(&fold_title("It left NATO. Expansion stopped.")).len(), 1);
    }

    proptest! {
        #[test]
        fn one_pass_finds_what_the_obvious_way_finds(
            list in proptest::collection::vec("[ab]{1,3}( [ab]{1,2}){0,2}[*]?", 1..8),
            text in "([ab]{1,4}[ .]){0,30}",
        ) {
            let terms: Vec<Term> = list.iter().filter_map(|term| Term::parse(term).ok()).collect();
            let folded = fold(&text);
            let scanner = Scanner::build(&terms).unwrap();
            prop_assert_eq!(scanner.scan(&folded), naive(&terms, &folded));
        }
    }
}
