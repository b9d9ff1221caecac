//! What foreign evidence means, so that a reader can judge it: 加盟 = joining, 日本 = Japan.
//!
//! Nothing is translated. Names get the name that the lexicon shows for them; words of joining and
//! acts get what `[gloss.LANGUAGE]` says of them, or else the name of their list. Whether a text is
//! foreign is told by its script, by its language where the feed gives one, and by the words in
//! `[gloss]`; so a Latin name beside no such word in a feed without language gets none.

use std::collections::HashMap;

use toml::de::DeValue;

use super::term::{Pattern, Term};
use crate::model::{Evidence, Role};
use crate::setting::{Diagnostic, Table};
use crate::text::fold_title;

/// Letters that two names share at their beginning to be the same name in two languages.
const SHARED: usize = 4;

/// Meanings by term.
#[derive(Debug, Clone, Default)]
pub(crate) struct Glosses {
    /// Patterns without `*`, as folded words.
    exact: HashMap<Vec<String>, String>,
    /// Patterns with `*`, the longest that fits wins.
    open: Vec<(Pattern, String)>,
}

impl Glosses {
    /// Reads `[gloss]`: a table of terms and meanings for each language. What a later file says of
    /// the same term wins.
    pub(super) fn read(&mut self, table: Table<'_>) {
        for (language, _) in table.keys() {
            let Some(words) = table.table(&language) else { continue };
            for (word, span) in words.keys() {
                let meaning = words.value(&word).map(|(value, _)| value);
                let (Some(DeValue::String(meaning)), Ok(term)) = (meaning, Term::parse(&word))
                else {
                    words.problems().add(
                        Diagnostic::error(span, format!("`{word}` is no word with a meaning"))
                            .help(
                                "write `\"加盟\" = \"joining\"` or `\"Beitritt*\" = \"accession\"`",
                            ),
                    );
                    continue;
                };
                for pattern in term.patterns {
                    self.add(pattern, meaning);
                }
            }
            words.finish();
        }
        table.finish();
    }

    fn add(&mut self, pattern: Pattern, meaning: &str) {
        let meaning = meaning.to_owned();
        if pattern.iter().any(|word| word.open) {
            self.open.retain(|(known, _)| *known != pattern);
            self.open.push((pattern, meaning));
        } else {
            self.exact.insert(pattern.into_iter().map(|word| word.text).collect(), meaning);
        }
    }

    /// What `[gloss]` says of a text.
    fn of(&self, text: &str) -> Option<&str> {
        let words = folded(text);
        if let Some(meaning) = self.exact.get(&words) {
            return Some(meaning);
        }
        let fits = |pattern: &Pattern| {
            pattern.len() == words.len()
                && pattern.iter().zip(&words).all(|(wanted, word)| match wanted.open {
                    true => word.starts_with(&wanted.text),
                    false => *word == wanted.text,
                })
        };
        let letters = |pattern: &Pattern| pattern.iter().map(|word| word.text.len()).sum::<usize>();
        let best = self.open.iter().filter(|(pattern, _)| fits(pattern));
        best.max_by_key(|(pattern, _)| letters(pattern)).map(|(_, meaning)| meaning.as_str())
    }

    /// Sets the gloss of each piece of evidence that is not in English.
    pub(super) fn apply(&self, evidence: &mut [Evidence], language: Option<&str>) {
        for one in evidence.iter_mut() {
            let name = name_of(one);
            let meaning = match name {
                Some(name) => (!is_latin(&one.text)).then(|| name.to_owned()),
                None => self.of(&one.text).map(str::to_owned).or_else(|| {
                    (!is_latin(&one.text) && !one.label.is_empty()).then(|| one.label.clone())
                }),
            };
            one.gloss = meaning.filter(|meaning| folded(meaning) != folded(&one.text));
        }
        let foreign = language.is_some_and(|language| language != "en")
            || evidence.iter().any(|one| one.gloss.is_some());
        if !foreign {
            return;
        }
        for one in evidence.iter_mut().filter(|one| one.gloss.is_none()) {
            one.gloss = name_of(one).filter(|name| !same_name(&one.text, name)).map(str::to_owned);
        }
    }
}

/// The name that the lexicon shows for an alliance or a place; `None` for other evidence.
fn name_of(one: &Evidence) -> Option<&str> {
    match one.role {
        Role::Alliance => Some(&one.list),
        Role::Candidate | Role::Actor => Some(&one.label),
        Role::Act | Role::Term => None,
    }
}

fn folded(text: &str) -> Vec<String> {
    let folded = fold_title(text);
    (0..folded.tokens().len()).map(|at| folded.word(at).to_owned()).collect()
}

/// Whether every letter is of the Latin script.
fn is_latin(text: &str) -> bool {
    let latin =
        |c: char| matches!(c, '\0'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' | '\u{300}'..='\u{36f}');
    text.chars().filter(|c| c.is_alphabetic()).all(latin)
}

/// Whether two names begin alike, as Finlande does Finland and Swedish does Sweden.
fn same_name(text: &str, name: &str) -> bool {
    let (text, name) = (folded(text), folded(name));
    let alike = |a: &String, b: &String| {
        let wanted = SHARED.min(a.chars().count()).min(b.chars().count());
        a.chars().zip(b.chars()).take(wanted).all(|(a, b)| a == b)
    };
    text.iter().any(|word| name.iter().any(|known| alike(word, known)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_begin_alike_are_one() {
        for (text, name) in [("Finlande", "Finland"), ("Swedish", "Sweden"), ("EUs", "EU")] {
            assert!(same_name(text, name), "{text} is {name}");
        }
        for (text, name) in [("Suède", "Sweden"), ("OTAN", "NATO"), ("Österreichs", "Austria")] {
            assert!(!same_name(text, name), "{text} is not {name} to an English reader");
        }
    }

    #[test]
    fn the_script_tells() {
        assert!(is_latin("Österreichs, 2. Säule") && is_latin("Côte d’Ivoire") && is_latin("…"));
        assert!(!is_latin("Швеция") && !is_latin("日本") && !is_latin("アジア版NATO"));
    }

    #[test]
    fn the_longest_pattern_wins() {
        let mut glosses = Glosses::default();
        for (term, meaning) in
            [("Beitritt*", "accession"), ("Beitrittsantrag*", "application"), ("加盟", "joining")]
        {
            for pattern in Term::parse(term).unwrap().patterns {
                glosses.add(pattern, meaning);
            }
        }
        assert_eq!(glosses.of("Beitritts"), Some("accession"));
        assert_eq!(glosses.of("Beitrittsanträge"), Some("application"));
        assert_eq!(glosses.of("加盟"), Some("joining"));
        assert_eq!(glosses.of("加"), None);
    }
}
