//! Terms of the lexicon: what an author writes, and the word patterns that it stands for.
//!
//! `prefix*` ends a word openly, `=NATO` wants its exact case, `appl(y|ies|ied) to join` stands for
//! each of its alternatives. Hyphen, blank and nothing are one separator, so "Asia-Pacific" also
//! finds "AsiaPacific", and "G7" also "G-7". An Arabic word is also found with the article and the
//! letters for "and", "in", "to", "as" and "will" that are written onto it.

use crate::text::{Case, fold_title};

/// Most patterns that one term may stand for.
const EXPANSION: usize = 200;
/// Longest term in characters.
const LENGTH: usize = 200;
/// Shortest prefix before `*`: shorter ones find everything.
const PREFIX: usize = 2;
/// Two words are also found written as one when that one has at least this many letters.
const GLUED: usize = 8;

/// One word of a pattern, folded.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Word {
    pub(crate) text: String,
    /// Whether the text word may go on.
    pub(crate) open: bool,
}

/// One sequence of words.
pub(crate) type Pattern = Vec<Word>;

/// A term with what it demands of its surroundings.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Term {
    /// As the author wrote it.
    pub(crate) shown: String,
    /// What it stands for.
    pub(crate) patterns: Vec<Pattern>,
    /// Attributes only when the context agrees and no stronger name disagrees.
    pub(crate) weak: bool,
    /// Stands for the alliance only where the item names it outright ("the alliance").
    pub(crate) echo: bool,
    /// Counts only as the last words of a sentence.
    pub(crate) ends: bool,
    /// A list that must stand nearby.
    pub(crate) near: Option<String>,
    /// Words between at most.
    pub(crate) within: usize,
    /// How the words must be written.
    pub(crate) spelling: Spelling,
}

/// How a term must be written in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Spelling {
    Any,
    /// `NATO`
    Upper,
    /// `Quad`
    Title,
    /// These very letters, word by word.
    Exact(Vec<String>),
}

impl Spelling {
    /// Whether a token's case can satisfy it; `Exact` needs a look at the text itself.
    pub(crate) fn allows(&self, case: Case) -> bool {
        match self {
            Spelling::Any | Spelling::Exact(_) => true,
            Spelling::Upper => case == Case::Upper,
            Spelling::Title => matches!(case, Case::Title | Case::Upper),
        }
    }
}

impl Term {
    /// Reads a term as authors write it.
    ///
    /// # Errors
    ///
    /// What is wrong with it, ready to show.
    pub(crate) fn parse(source: &str) -> Result<Self, String> {
        if source.chars().count() > LENGTH {
            return Err(format!("a term has at most {LENGTH} characters"));
        }
        let (exact, body) = match source.trim().strip_prefix('=') {
            Some(rest) => (true, rest),
            None => (false, source.trim()),
        };
        let mut patterns: Vec<Pattern> = Vec::new();
        for text in alternatives(body)? {
            for pattern in variants(&text)? {
                for pattern in with_prefixes(pattern, exact) {
                    if !patterns.contains(&pattern) {
                        patterns.push(pattern);
                    }
                }
            }
        }
        if patterns.is_empty() {
            return Err(format!("`{source}` holds no letter or digit, so it can never match"));
        }
        let spelling = match exact {
            true => Spelling::Exact(spelled(body)),
            false => Spelling::Any,
        };
        Ok(Self {
            shown: source.trim().to_owned(),
            patterns,
            weak: false,
            echo: false,
            ends: false,
            near: None,
            within: 0,
            spelling,
        })
    }
}

/// The words of an exact term as written, without `*`.
fn spelled(body: &str) -> Vec<String> {
    body.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Each way through the alternatives of `a(b|c)d`; they may not nest.
fn alternatives(body: &str) -> Result<Vec<String>, String> {
    let mut done = vec![String::new()];
    let mut rest = body;
    while let Some(open) = rest.find(['(', ')', '|']) {
        if !rest[open..].starts_with('(') {
            return Err(format!("`{body}` has a `{}` without `(`", &rest[open..=open]));
        }
        let inner_start = open + 1;
        let Some(length) = rest[inner_start..].find([')', '(']) else {
            return Err(format!("`{body}` has a `(` that is not closed"));
        };
        if rest[inner_start + length..].starts_with('(') {
            return Err(format!("`{body}` nests alternatives; write them out in one list"));
        }
        let choices: Vec<&str> = rest[inner_start..inner_start + length].split('|').collect();
        let before = &rest[..open];
        if done.len() * choices.len() > EXPANSION {
            return Err(format!("`{body}` stands for more than {EXPANSION} spellings"));
        }
        done = done
            .iter()
            .flat_map(|start| choices.iter().map(move |choice| format!("{start}{before}{choice}")))
            .collect();
        rest = &rest[inner_start + length + 1..];
    }
    done.iter_mut().for_each(|text| text.push_str(rest));
    Ok(done)
}

/// The word patterns of one plain spelling.
fn variants(text: &str) -> Result<Vec<Pattern>, String> {
    let mut pattern: Pattern = Vec::new();
    let mut glue = false;
    for part in text.split_whitespace() {
        let open = part.ends_with('*');
        let stem = part.trim_end_matches('*');
        if stem.contains('*') {
            return Err(format!("`{part}` has a `*` inside; it can only end a word"));
        }
        let folded = fold_title(stem);
        let count = folded.tokens().len();
        glue |= count == 2 && stem.contains('-');
        for index in 0..count {
            let last = index + 1 == count;
            pattern.push(Word { text: folded.word(index).to_owned(), open: open && last });
        }
        let short = pattern.last().is_some_and(|word| {
            let cjk = word.text.chars().any(|c| c >= '\u{3000}');
            word.open && word.text.chars().count() < PREFIX && !cjk
        });
        if short || (open && count == 0) {
            return Err(format!(
                "`{part}` is too short a beginning: give at least {PREFIX} letters"
            ));
        }
    }
    if pattern.is_empty() {
        return Ok(Vec::new());
    }
    let mut all = Vec::new();
    if let [first, second] = pattern.as_slice() {
        let letters = first.text.chars().count() + second.text.chars().count();
        let cjk = pattern.iter().any(|word| word.text.chars().any(|c| c >= '\u{3000}'));
        if !first.open && !cjk && (glue || letters >= GLUED) {
            let text = format!("{}{}", first.text, second.text);
            all.push(vec![Word { text, open: second.open }]);
        }
    }
    if let [only] = pattern.as_slice() {
        let letters = only.text.chars().take_while(char::is_ascii_alphabetic).count();
        let digits = only.text.len() - letters;
        if letters > 0 && digits > 0 && only.text[letters..].bytes().all(|b| b.is_ascii_digit()) {
            let word = |text: &str, open| Word { text: text.to_owned(), open };
            all.push(vec![
                word(&only.text[..letters], false),
                word(&only.text[letters..], only.open),
            ]);
        }
    }
    all.push(pattern);
    Ok(all)
}

/// Letters written onto an Arabic word that has no article, and onto one that has.
const ARABIC_PREFIXES: [&str; 13] =
    ["و", "ب", "ل", "ف", "ك", "ول", "وب", "ال", "وال", "بال", "لل", "فال", "ولل"];
const ARABIC_BEFORE_ARTICLE: [&str; 5] = ["و", "ب", "ف", "ك", "وب"];
const ARABIC_ARTICLE: &str = "ال";
/// Shortest Arabic word, without its article, that takes them: shorter ones become other words.
const ARABIC_WORD: usize = 3;

/// A pattern, and where it begins with an Arabic word, that word with what is written onto it.
fn with_prefixes(pattern: Pattern, exact: bool) -> Vec<Pattern> {
    let first = pattern[0].text.clone();
    let arabic = first.chars().all(|c| ('\u{620}'..='\u{64a}').contains(&c));
    let stem =
        first.strip_prefix(ARABIC_ARTICLE).filter(|stem| stem.chars().count() >= ARABIC_WORD);
    if exact || !arabic || first.chars().count() < ARABIC_WORD {
        return vec![pattern];
    }
    let mut words: Vec<String> = match stem {
        Some(stem) => {
            let kept = ARABIC_BEFORE_ARTICLE.iter().map(|prefix| format!("{prefix}{first}"));
            // The article loses its first letter after "to": للناتو.
            kept.chain(["لل", "ولل"].iter().map(|prefix| format!("{prefix}{stem}"))).collect()
        }
        None => ARABIC_PREFIXES.iter().map(|prefix| format!("{prefix}{first}")).collect(),
    };
    // Only verbs of the third person take the letter of the future.
    if first.starts_with(['ي', 'ت']) {
        words.extend(["س", "وس"].iter().map(|prefix| format!("{prefix}{first}")));
    }
    let mut all = vec![pattern.clone()];
    for text in words {
        let mut other = pattern.clone();
        other[0].text = text;
        all.push(other);
    }
    all
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(source: &str) -> Vec<String> {
        let term = Term::parse(source).unwrap();
        let word = |word: &Word| format!("{}{}", word.text, if word.open { "*" } else { "" });
        let line = |pattern: &Pattern| pattern.iter().map(word).collect::<Vec<_>>().join(" ");
        term.patterns.iter().map(line).collect()
    }

    #[test]
    fn terms_stand_for_their_spellings() {
        assert_eq!(shown("NATO"), ["nato"]);
        assert_eq!(shown("enlarg*"), ["enlarg*"]);
        assert_eq!(
            shown("appl(y|ies|ied) to join"),
            ["apply to join", "applies to join", "applied to join"]
        );
        assert_eq!(shown("Asia-Pacific"), ["asiapacific", "asia pacific"]);
        assert_eq!(shown("G7"), ["g 7", "g7"]);
        assert_eq!(shown("Côte d’Ivoire"), ["cote d ivoire"]);
        assert_eq!(shown("日本"), ["日 本"]);
        assert!(
            ["الناتو", "والناتو", "بالناتو", "للناتو"]
                .iter()
                .all(|one| { shown("الناتو").contains(&(*one).to_owned()) })
        );
        assert!(
            ["سوريا", "لسوريا", "وسوريا"]
                .iter()
                .all(|one| { shown("سوريا").contains(&(*one).to_owned()) })
        );
        assert!(shown("تنضم").contains(&"ستنضم".to_owned()));
        assert_eq!(shown("=بحر"), ["بحر"]);
        assert_eq!(shown("join* (forces|hands)"), ["join* forces", "join* hands"]);
    }

    #[test]
    fn what_can_never_match_is_refused() {
        for source in ["", "—", "a*", "*", "a(b", "a)b", "a(b(c))", "x*y"] {
            assert!(Term::parse(source).is_err(), "{source} was taken");
        }
        let many = "(a|b|c|d)".repeat(5);
        assert!(Term::parse(&many).unwrap_err().contains("more than"));
    }

    proptest! {
        #[test]
        fn any_text_is_answered(source in "(\\PC|[a-z()|* =-]){0,40}") {
            if let Ok(term) = Term::parse(&source) {
                prop_assert!(term.patterns.len() <= 2 * EXPANSION * (ARABIC_PREFIXES.len() + 3));
                prop_assert!(term.patterns.iter().all(|pattern| !pattern.is_empty()));
            }
        }
    }
}
