//! How much a word tells: inverse document frequency from a shipped table.
//!
//! Snapshot 1: document frequencies of folded words over 1,158 English news items (headline and
//! lede) of 2020 to 2024, words in at least three of them. Two headlines that share "accession" are
//! closer than two that share "says".

use std::collections::HashMap;
use std::sync::OnceLock;

/// `word<TAB>items` a line, after a first line with the number of all items.
const TABLE: &str = include_str!("idf.tsv");
/// Weight of a CJK character: most words have two or three of them.
const CJK: f32 = 2.0;

/// Share of items that hold a common word.
const COMMON: f32 = 0.02;

struct Table {
    weights: HashMap<&'static str, f32>,
    unknown: f32,
}

fn table() -> &'static Table {
    static ONCE: OnceLock<Table> = OnceLock::new();
    ONCE.get_or_init(|| {
        let mut lines = TABLE.lines();
        let items: f32 = lines.next().and_then(|line| line.parse().ok()).unwrap_or(1.0);
        let weight = |count: f32| (items / count).ln();
        let weights = lines
            .filter_map(|line| line.split_once('\t'))
            .filter_map(|(word, count)| Some((word, weight(count.parse().ok()?))))
            .collect();
        Table { weights, unknown: weight(1.5) }
    })
}

/// Weight of a folded token: about 0.3 for "the", 3 to 6 for content words, the maximum for words
/// that the table does not know.
pub fn idf(token: &str) -> f32 {
    let table = table();
    match table.weights.get(token) {
        Some(weight) => *weight,
        None if token.chars().next().is_some_and(|c| c >= '\u{3000}') => CJK,
        None => table.unknown,
    }
}

/// The words that most texts are made of, each with the share of items that hold it.
pub fn common_words() -> impl Iterator<Item = (&'static str, f32)> {
    let shares = table().weights.iter().map(|(word, weight)| (*word, (-weight).exp()));
    shares.filter(|(_, share)| *share >= COMMON)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_words_are_common() {
        let share = |wanted: &str| common_words().find(|(word, _)| *word == wanted);
        assert!(share("the").unwrap().1 > share("in").unwrap().1);
        assert!(share("the").unwrap().1 < 1.0);
        assert!(share("zyzzyva").is_none());
    }

    #[test]
    fn rare_words_weigh_more() {
        assert!(idf("the") < 1.0);
        assert!(idf("the") < idf("nato") && idf("nato") < idf("accession"));
        assert!(idf("accession") <= idf("zyzzyva"));
        assert!(idf("zyzzyva") < 10.0);
    }
}
