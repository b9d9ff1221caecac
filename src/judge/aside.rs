//! Which candidates of a headline its act is about.
//!
//! "Hungary ratifies Finland's bid, leaving Sweden in the cold" names two countries and moves one. The
//! act's own clause counts, and whoever stands in one enumeration with a name in it ("Finland, Sweden
//! join"). Clauses end at punctuation and at a few English words; what that gets wrong are headlines
//! that say the act in one clause and all its names in the next, where nobody is set aside.

use std::ops::Range;

use crate::model::{Evidence, Field, Match, Move, Role};

/// Words that begin another clause.
const BEGINNINGS: [&str; 9] =
    ["as", "while", "amid", "after", "despite", "but", "before", "though", "whereas"];
/// Words between the names of one enumeration.
const JOINERS: [&str; 14] =
    ["and", "or", "plus", "the", "et", "und", "y", "e", "i", "и", "та", "och", "ve", "ja"];

/// What brings one more name into what the clause before says: "as may Japan", "along with Cuba".
const ADDING: [&str; 18] = [
    "along with",
    "together with",
    "as well as",
    "as may",
    "as will",
    "as could",
    "as would",
    "as does",
    "as do",
    "as did",
    "as has",
    "as have",
    "so does",
    "so will",
    "so did",
    "followed by",
    "joined by",
    "plus",
];
/// What does so behind the name: "and Cuba too", "and Austria follows".
const ADDED: [&str; 3] = ["too", "follows", "follow"];

/// Marks, in each move of the headline, the candidates that its act is not about.
pub(super) fn set_aside(title: &str, matched: &mut Match) {
    let letters: Vec<char> = title.chars().collect();
    let clauses = clauses(&letters);
    for index in 0..matched.moves.len() {
        let one = &matched.moves[index];
        if one.field == Field::Title && one.candidates.len() > 1 {
            matched.moves[index].aside = aside(one, &letters, &clauses, &matched.evidence);
        }
    }
}

fn aside(
    one: &Move,
    letters: &[char],
    clauses: &[Range<usize>],
    evidence: &[Evidence],
) -> Vec<String> {
    let spans = |role: Role, list: &str| {
        let here = evidence.iter().filter(|found| found.field == Field::Title);
        let found = here.filter(|found| found.role == role && found.list == list);
        found.map(|found| found.start..found.end).collect::<Vec<_>>()
    };
    let act = one.act.as_ref().map(|act| spans(Role::Act, &act.name)).unwrap_or_default();
    // Where no word says the act, it is where the door is.
    let anchors = if act.is_empty() { spans(Role::Alliance, &one.alliance) } else { act };
    let inside = |span: &Range<usize>| {
        let clause = clauses.iter().find(|clause| clause.contains(&span.start));
        clause.is_some_and(|clause| anchors.iter().any(|anchor| clause.contains(&anchor.start)))
    };
    let mut names: Vec<(Range<usize>, &String)> = Vec::new();
    for code in &one.candidates {
        names.extend(spans(Role::Candidate, code).into_iter().map(|span| (span, code)));
    }
    if names.is_empty() {
        return one.aside.clone();
    }
    names.sort_by_key(|(span, _)| (span.start, span.end));
    // Enumerations: names with nothing but joining words and commas between them.
    let lists = names.chunk_by(|(one, _), (two, _)| joined(letters, one.end, two.start));
    let added = |list: &[(Range<usize>, &String)]| {
        let (Some((first, _)), Some((last, _))) = (list.first(), list.last()) else { return false };
        let before = words(letters.get(..first.start).unwrap_or_default());
        let after = words(letters.get(last.end..).unwrap_or_default());
        ADDING.iter().any(|phrase| before.ends_with(&format!(" {phrase}")))
            || after.split(' ').next().is_some_and(|word| ADDED.contains(&word))
    };
    let about = lists.filter(|list| list.iter().any(|(span, _)| inside(span)) || added(list));
    let main: Vec<&String> = about.flatten().map(|(_, code)| *code).collect();
    if main.is_empty() {
        return Vec::new();
    }
    one.candidates.iter().filter(|code| !main.contains(code)).cloned().collect()
}

fn joined(letters: &[char], from: usize, to: usize) -> bool {
    let Some(between) = letters.get(from..to) else { return true };
    let between: String = between.iter().collect();
    let words = between.split(|c: char| c.is_whitespace() || matches!(c, ',' | '、' | '，' | '&'));
    words
        .filter(|word| !word.is_empty())
        .all(|word| JOINERS.contains(&word.to_lowercase().as_str()))
}

/// Words in small letters, a blank between them.
fn words(letters: &[char]) -> String {
    let text: String = letters.iter().collect::<String>().to_lowercase();
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// The clauses of a headline, in scalars.
fn clauses(letters: &[char]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let (mut start, mut begins, mut word) = (0, 0, String::new());
    for at in 0..=letters.len() {
        let letter = letters.get(at).copied();
        if let Some(letter) = letter.filter(|letter| letter.is_alphanumeric()) {
            if word.is_empty() {
                begins = at;
            }
            word.extend(letter.to_lowercase());
            continue;
        }
        if BEGINNINGS.contains(&word.as_str()) && begins > start {
            found.push(start..begins);
            start = begins;
        }
        word.clear();
        // A hyphen inside a word ends nothing.
        let dash = letter == Some('-') && at.checked_sub(1).is_some_and(|at| letters[at] == ' ');
        let ends = matches!(
            letter,
            Some(',' | ';' | ':' | '–' | '—' | '(' | ')' | '|' | '，' | '；' | '：' | '。')
        );
        if ends || dash || letter.is_none() {
            found.push(start..at);
            start = at + 1;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::tests::{a_move, matched};
    use crate::model::RuleId;

    /// The candidates that a headline about Finland, Sweden and Serbia sets aside.
    fn of(title: &str, act: &str) -> Vec<String> {
        let places = [("FI", "Finland"), ("SE", "Sweden"), ("RS", "Serbia")];
        let spot = |text: &str, list: &str, role| {
            let at = title.find(text)?;
            let start = title[..at].chars().count();
            Some(Evidence {
                rule: RuleId::new("door"),
                field: Field::Title,
                start,
                end: start + text.chars().count(),
                text: text.to_owned(),
                term: text.to_owned(),
                list: list.to_owned(),
                role,
                label: String::new(),
                gloss: None,
            })
        };
        let named = places.iter().filter(|(_, name)| title.contains(name));
        let codes: Vec<&str> = named.map(|(code, _)| *code).collect();
        let mut found = matched(vec![a_move(&codes, "ratified", None, Field::Title)]);
        found
            .evidence
            .extend(places.iter().filter_map(|(code, name)| spot(name, code, Role::Candidate)));
        found.evidence.extend(spot(act, "ratified", Role::Act));
        found.evidence.extend(spot("NATO", "NATO", Role::Alliance));
        set_aside(title, &mut found);
        found.moves.remove(0).aside
    }

    #[test]
    fn a_headline_moves_those_in_the_clause_of_its_act() {
        for (title, act, expected) in [
            ("Hungary okays Finland's NATO bid, leaving Sweden out", "okays", vec!["SE"]),
            ("Finland enters NATO as Sweden looks on", "enters", vec!["SE"]),
            ("As Sweden waits, Finland enters NATO", "enters", vec!["SE"]),
            ("Finland, Sweden and Serbia enter NATO", "enter", vec![]),
            ("NATO — door opens to Finland and Sweden — Serbia fumes", "opens", vec!["RS"]),
            ("Finland may enter NATO, as may Sweden", "enter", vec![]),
            ("NATO takes in Finland, along with Sweden and Serbia", "takes in", vec![]),
            ("Finland enters NATO, Sweden and Serbia too", "enters", vec![]),
            ("Finland enters NATO – and Sweden follows", "enters", vec![]),
            ("İsveç waits as Finland enters NATO", "enters", vec![]),
            ("Finland knocks – NATO – no word of Sweden", "nothing", vec![]),
        ] {
            assert_eq!(of(title, act), expected, "{title}");
        }
    }
}
