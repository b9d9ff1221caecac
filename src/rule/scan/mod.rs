//! Finding all terms of all rules in one pass over a text.
//!
//! Each pattern is filed under its rarest part (`anchor`). A text is gone through word by word: for
//! nearly every word a look at a filter says that nothing is filed under it (`filed`). Most texts end
//! there and are never folded; in the others the whole pattern is compared where its anchor stands.
//! The cost follows the length of the text and the hits, not the number of terms.

mod anchor;
mod filed;

use std::ops::Range;

use anchor::{Demand, Head, KEY_BYTES, SIGN_BYTES, Sign, anchor, common_signs};
use filed::{AnyFilter, Filed, Filter};

use super::term::Term;
use crate::text::{Folded, Reader, skim};

/// Room for the candidates of one text, at first: most texts that have any have fewer.
const CANDIDATES: usize = 24;

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
    filed: Filed<Entry>,
    /// Words of all patterns, and the text that they are cut out of.
    words: Vec<Piece>,
    text: String,
    /// Whether there are open words of two bytes.
    short: bool,
    /// Bit n: there are open words of n bytes.
    open: u32,
}

/// A pattern.
#[derive(Debug, Clone, Copy)]
struct Entry {
    term: u32,
    /// Its words.
    first: u32,
    count: u16,
    /// Which of them is the anchor.
    anchor: u16,
    /// What the words before and after it must be.
    before: Demand,
    after: Demand,
}

/// One word of a pattern.
#[derive(Debug, Clone, Copy)]
struct Piece {
    start: u32,
    end: u32,
    /// Whether the text word may go on.
    open: bool,
}

/// Where in a text a pattern may stand: its first token and one past its last, and its number.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    first: u32,
    last: u32,
    entry: u32,
}

/// Places of a text where terms may stand.
#[derive(Debug)]
pub(crate) struct Candidates(Vec<Candidate>);

impl Candidates {
    /// Whether the text holds no term, for certain.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Tokens of the text up to the last one that belongs to a term.
    pub(crate) fn tokens(&self) -> usize {
        self.0.iter().map(|candidate| candidate.last).max().unwrap_or(0) as usize
    }
}

/// The share of texts that hold a term, at most.
pub(crate) fn share(term: &Term) -> f32 {
    term.patterns.iter().map(|pattern| anchor::share(pattern)).sum()
}

impl Scanner {
    /// Files terms in order of their numbers.
    pub(crate) fn build(terms: &[Term]) -> Self {
        let mut all = Vec::with_capacity(terms.len());
        let (mut words, mut text) = (Vec::new(), String::new());
        let (mut short, mut open, mut signs) = (false, 0, Vec::new());
        let numbered = terms.iter().zip(0..);
        let patterns = numbered
            .flat_map(|(term, number)| term.patterns.iter().map(move |pattern| (number, pattern)));
        for (term, pattern) in patterns {
            let Some(anchor) = anchor(pattern) else { continue };
            anchor.put_signs(&mut signs);
            short |= anchor.is_short();
            open |= anchor.open.map_or(0, |bytes| 1 << bytes);
            let entry = Entry {
                term,
                first: words.len() as u32,
                count: pattern.len() as u16,
                anchor: anchor.at as u16,
                before: anchor.before,
                after: anchor.after,
            };
            all.push((anchor.key, entry));
            for word in pattern {
                let start = text.len() as u32;
                text.push_str(&word.text);
                words.push(Piece { start, end: text.len() as u32, open: word.open });
            }
        }
        let filed = Filed::new(all, &signs, &common_signs());
        Self { filed, words, text, short, open }
    }

    /// Goes through a text without folding it.
    pub(crate) fn candidates(&self, text: &str) -> Candidates {
        match self.filed.signs() {
            AnyFilter::Small(signs) => self.look(text, signs),
            AnyFilter::Medium(signs) => self.look(text, signs),
            AnyFilter::Large(signs) => self.look(text, signs),
        }
    }

    fn look<const WORDS: usize>(&self, text: &str, signs: &Filter<WORDS>) -> Candidates {
        let mut look = Look {
            scanner: self,
            signs,
            short: self.short,
            at: 0,
            before: ([0; KEY_BYTES], 0),
            candidates: Vec::new(),
            settled: 0,
            waiting: false,
        };
        skim(text, &mut look);
        if look.waiting {
            look.settle(Head::default());
        }
        Candidates(look.candidates)
    }

    /// The terms that may stand in a text, in no order and some of them again and again.
    pub(crate) fn terms(&self, candidates: &Candidates) -> impl Iterator<Item = u32> {
        candidates.0.iter().filter_map(|one| self.filed.value(one.entry)).map(|entry| entry.term)
    }

    /// The terms in a text, in order of place, given where they may stand.
    pub(crate) fn confirm(&self, candidates: &Candidates, text: &Folded) -> Vec<Found> {
        let holding = candidates.0.iter().filter_map(|candidate| {
            let entry = self.filed.value(candidate.entry)?;
            let (first, last) = (candidate.first as usize, candidate.last as usize);
            let tokens = text.tokens().get(first..last)?;
            let one_sentence = tokens.first()?.sentence == tokens.last()?.sentence;
            let holds = one_sentence && self.stands(entry, first..last, text);
            holds.then_some(Found { first, last, term: entry.term })
        });
        let mut found: Vec<Found> = holding.collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Compares a pattern word by word.
    fn stands(&self, entry: &Entry, tokens: Range<usize>, text: &Folded) -> bool {
        let pieces = &self.words[entry.first as usize..][..usize::from(entry.count)];
        pieces.iter().zip(tokens).all(|(piece, index)| {
            let word = &self.text[piece.start as usize..piece.end as usize];
            let have = text.word(index);
            if piece.open { have.starts_with(word) } else { have == word }
        })
    }
}

/// Looks for patterns while a text is gone through.
struct Look<'s, const WORDS: usize> {
    scanner: &'s Scanner,
    signs: &'s Filter<WORDS>,
    /// As in the scanner.
    short: bool,
    /// Number of the word, which is that of its token.
    at: u32,
    /// First bytes of the word before, and its length.
    before: ([u8; KEY_BYTES], usize),
    candidates: Vec<Candidate>,
    /// How many of them the word after the anchor, where they have one, was compared for.
    settled: usize,
    /// Whether one waits for it.
    waiting: bool,
}

impl<const WORDS: usize> Look<'_, WORDS> {
    /// Notes the patterns whose anchor this word may be.
    #[inline(never)]
    fn note(&mut self, sign: Sign, bytes: &[u8; KEY_BYTES], length: usize) {
        let word = Head::new(bytes, length);
        if self.waiting {
            self.settle(word);
        }
        let before = Head::new(&self.before.0, self.before.1);
        let mut lengths = 0;
        if sign.is_whole_in(self.signs) {
            self.take(word.word(), before);
            self.take(word.after(before), before);
            lengths |= u32::MAX << SIGN_BYTES;
        }
        if sign.is_open_in(self.signs, self.short) {
            lengths |= (1 << SIGN_BYTES) - 1;
        }
        lengths &= self.scanner.open & (u32::MAX >> (31 - length.min(KEY_BYTES)));
        while lengths != 0 {
            self.take(word.open(lengths.trailing_zeros() as usize), before);
            lengths &= lengths - 1;
        }
    }

    /// Takes what is filed under a key.
    fn take(&mut self, key: u64, before: Head) {
        let filed = &self.scanner.filed;
        for number in filed.get(key) {
            let Some(entry) = filed.value(number) else { continue };
            let first = self.at.checked_sub(u32::from(entry.anchor));
            let Some(first) = first.filter(|_| entry.before.allows(before)) else { continue };
            let last = first + u32::from(entry.count);
            if self.candidates.is_empty() {
                self.candidates.reserve(CANDIDATES);
            }
            self.waiting |= entry.after.is_any();
            self.candidates.push(Candidate { first, last, entry: number });
        }
    }

    /// Drops the candidates whose anchor is followed by another word than theirs.
    fn settle(&mut self, next: Head) {
        let mut settled = self.settled;
        for at in self.settled..self.candidates.len() {
            let candidate = self.candidates[at];
            let entry = self.scanner.filed.value(candidate.entry);
            if entry.is_some_and(|entry| entry.after.allows(next)) {
                self.candidates[settled] = candidate;
                settled += 1;
            }
        }
        self.candidates.truncate(settled);
        (self.settled, self.waiting) = (settled, false);
    }
}

impl<const WORDS: usize> Reader for Look<'_, WORDS> {
    #[inline(always)]
    fn word(&mut self, head: &[u8; KEY_BYTES], length: usize) {
        let sign = Sign::new(head, length);
        // One decision for both, as one of them falls often and the other hardly ever.
        if sign.is_in(self.signs, self.short) | self.waiting {
            self.note(sign, head, length);
        }
        self.before = (*head, length);
        self.at += 1;
    }
}

#[cfg(test)]
mod tests;
