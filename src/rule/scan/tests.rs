//! The scanner as the rules see it, and against two that find the same in other ways: the obvious
//! one, and an automaton.

use aho_corasick::AhoCorasick;
use proptest::prelude::*;

use super::super::term::Word;
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
                if last > text.tokens().len() || !one_sentence(text, first, last) {
                    continue;
                }
                if pattern.iter().enumerate().all(|(at, word)| is(word, text.word(first + at))) {
                    found.push(Found { first, last, term: number as u32 });
                }
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn is(word: &Word, have: &str) -> bool {
    if word.open { have.starts_with(&word.text) } else { have == word.text }
}

fn one_sentence(text: &Folded, first: usize, last: usize) -> bool {
    text.tokens()[first].sentence == text.tokens()[last - 1].sentence
}

/// An automaton over the beginnings of all patterns, up to the first open word; the rest is compared
/// word by word.
fn automaton(terms: &[Term], text: &Folded) -> Vec<Found> {
    let mut anchors = Vec::new();
    let mut patterns = Vec::new();
    for (number, term) in terms.iter().enumerate() {
        for pattern in &term.patterns {
            let mut anchor = String::from(" ");
            for word in pattern {
                anchor.push_str(&word.text);
                if word.open {
                    break;
                }
                anchor.push(' ');
            }
            anchors.push(anchor);
            patterns.push((number as u32, pattern));
        }
    }
    let automaton = AhoCorasick::new(&anchors).unwrap();
    let mut found = Vec::new();
    for hit in automaton.find_overlapping_iter(text.text()) {
        let (term, pattern) = patterns[hit.pattern().as_usize()];
        // The anchor begins with the blank before its first word.
        let start = hit.start() as u32 + 1;
        let first = text.tokens().iter().position(|token| token.start == start).unwrap();
        let last = first + pattern.len();
        let fits = last <= text.tokens().len() && one_sentence(text, first, last);
        if fits && (first..last).zip(pattern).all(|(at, word)| is(word, text.word(at))) {
            found.push(Found { first, last, term });
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// What the scanner finds in a text folded so.
fn scan(scanner: &Scanner, text: &str, folded: &Folded) -> Vec<Found> {
    let candidates = scanner.candidates(text);
    let found = scanner.confirm(&candidates, folded);
    assert!(found.iter().all(|hit| hit.last <= candidates.tokens()));
    found
}

#[test]
fn whole_words_prefixes_and_phrases_are_found() {
    let terms = terms(&["NATO", "enlarg*", "join* forces", "日本", "Asia-Pacific"]);
    let text = "NATO enlarges; senator. Joined forces in AsiaPacific, 日本";
    let hits: Vec<(u32, usize, usize)> = scan(&Scanner::build(&terms), text, &fold(text))
        .iter()
        .map(|hit| (hit.term, hit.first, hit.last))
        .collect();
    assert_eq!(hits, [(0, 0, 1), (1, 1, 2), (2, 3, 5), (4, 6, 7), (3, 7, 9)]);
}

#[test]
fn a_phrase_does_not_cross_a_sentence() {
    let scanner = Scanner::build(&terms(&["NATO expansion"]));
    let text = "It left NATO. Expansion stopped.";
    assert!(scan(&scanner, text, &fold(text)).is_empty());
    assert_eq!(scan(&scanner, text, &fold_title(text)).len(), 1);
}

#[test]
fn a_text_without_a_term_is_passed_over() {
    let scanner = Scanner::build(&terms(&[
        "NATO",
        "join* Zyzzyva",
        "Zyzzyva Qwghlm",
        "zoetrope of the",
        "enlarg*",
        "日本",
        "hub*",
        "eu*",
        "расширени*",
    ]));
    for text in [
        "Senators met.",
        "Zyzzyva joined",
        "Qwghlm, a Zyzzyva",
        "A zoetrope at the sea, a zoetrope",
        "enlighten 日中 leu hu shub",
        "расширил",
    ] {
        assert!(scanner.candidates(text).is_empty(), "{text}");
    }
    for text in [
        "l'OTAN, N.A.T.O.",
        "They joined Zyzzyva",
        "Zyzzyva-Qwghlm’s",
        "This zoetrope of the",
        "ENLARGE",
        "在日本",
        "hub",
        "Hubs",
        "hubé",
        "EU",
        "Europa",
        "расширением",
    ] {
        assert!(!scanner.candidates(text).is_empty(), "{text}");
    }
}

#[test]
fn words_longer_than_their_keys_are_told_apart() {
    let scanner = Scanner::build(&terms(&["internationalisation", "internationalisa*"]));
    let found = |text: &str| scan(&scanner, text, &fold(text)).len();
    assert_eq!(found("internationalisation"), 2);
    assert_eq!(found("internationalisations"), 1);
    assert_eq!(found("internationalism"), 0);
}

#[test]
fn every_term_of_thousands_is_found() {
    let words: Vec<String> = (0..20_000).map(|number| format!("word{number} of state")).collect();
    let terms: Vec<Term> = words.iter().map(|word| Term::parse(word).unwrap()).collect();
    for count in [10, 1_000, 20_000] {
        let scanner = Scanner::build(&terms[..count]);
        let text = words[..count].join(" ");
        let found = scan(&scanner, &text, &fold_title(&text));
        let numbers: Vec<u32> = found.iter().map(|hit| hit.term).collect();
        assert_eq!(numbers, (0..count as u32).collect::<Vec<u32>>());
    }
}

/// Terms of few letters, so that they meet: phrases, prefixes, digits, glued and hyphened spellings,
/// accents, Cyrillic, CJK and kana.
const TERM: &str = "([abé]{1,3}|[ab]{4,9}|[дж]{1,5}|g[78]|[日本加にン]{1,4}|[가나]{1,2})\
    ([ -]([ab]{1,5}|[дж]{1,3}|[日本]{1,2})){0,2}[*]?";
const TEXT: &str = "(([abé]{1,4}|[ab]{4,20}|[дж]{1,6}|[gG][78]|g-7|[日本加にンア]{1,5}|[가나다]{1,3})\
    [ .,-]?){0,40}";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn one_pass_finds_what_the_other_ways_find(
        list in proptest::collection::vec(TERM, 1..12),
        text in TEXT,
    ) {
        let terms: Vec<Term> = list.iter().filter_map(|term| Term::parse(term).ok()).collect();
        for folded in [fold(&text), fold_title(&text)] {
            let found = scan(&Scanner::build(&terms), &text, &folded);
            prop_assert_eq!(&found, &naive(&terms, &folded));
            prop_assert_eq!(&found, &automaton(&terms, &folded));
        }
    }

    #[test]
    fn terms_cut_out_of_any_text_are_found_in_it(
        text in "(\\PC|[a-z日本 .-]){1,60}",
        cuts in proptest::collection::vec((0usize..60, 1usize..12, any::<bool>()), 1..6),
    ) {
        let cut = |(start, length, open): &(usize, usize, bool)| {
            let cut: String = text.chars().skip(*start).take(*length).collect();
            Term::parse(&format!("{}{}", cut.trim(), if *open { "*" } else { "" })).ok()
        };
        let terms: Vec<Term> = cuts.iter().filter_map(cut).collect();
        let folded = fold(&text);
        let found = scan(&Scanner::build(&terms), &text, &folded);
        prop_assert_eq!(&found, &naive(&terms, &folded));
        prop_assert_eq!(&found, &automaton(&terms, &folded));
    }
}
