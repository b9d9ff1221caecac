//! Whether a stop ends a sentence. Pure: what stands before it, what follows it.
//!
//! A stop ends a sentence where a blank and then no small letter follow it, closing quotes and
//! brackets aside, unless the word before it is an abbreviation, an initial or a day of the month.
//! After an abbreviation the next word decides: "the U.S. The bloc said" are two sentences, "the
//! U.S. Senate" is one.
//!
//! What it gets wrong: "joined the E.U. Leaders met" stays one sentence, and so does "on 5. August
//! was dry"; "Paris ... London" becomes two.

/// What stands before a stop.
#[derive(Debug, Clone, Copy)]
pub(super) struct Before<'t> {
    /// The word that touches it, folded; empty where none does.
    pub(super) word: &'t [u8],
    /// The word is letters with dots between: `U.S`.
    pub(super) dotted: bool,
    /// The word is written small.
    pub(super) small: bool,
}

/// Which stop it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// `.`, which also ends abbreviations.
    Full,
    /// `!`, `?`, `…`
    Other,
    /// `。` and its kin: no blank need follow.
    Wide,
}

/// Closing quotes and brackets, which belong to the sentence, and stops that follow a stop. `“` and
/// `‘` close in German.
const CLOSERS: [char; 23] = [
    '"', '\'', ')', ']', '»', '›', '”', '“', '’', '‘', '」', '』', '】', '）', '》', '〉', '.',
    '!', '?', '…', '。', '！', '？',
];
/// What may stand before the first word of a sentence.
const OPENERS: [char; 13] = ['"', '\'', '(', '[', '«', '‹', '“', '‘', '„', '‚', '–', '—', '-'];

/// Words that end with a full stop inside a sentence.
static ABBREVIATIONS: Words = Words::new([
    "mr", "mrs", "ms", "messrs", "dr", "drs", "prof", "gen", "gens", "lt", "col", "cols", "sgt",
    "cpl", "capt", "maj", "cmdr", "brig", "adm", "sen", "sens", "rep", "reps", "gov", "govs",
    "pres", "amb", "hon", "rev", "fr", "sr", "jr", "st", "ste", "mt", "ft", "vs", "inc", "ltd",
    "corp", "co", "bros", "dept", "univ", "assn", "intl", "natl", "jan", "feb", "mar", "apr",
    "jun", "jul", "aug", "sept", "sep", "oct", "nov", "dec", "approx", "est", "etc", "eg", "ie",
    "cf", "ca", "ave", "blvd", "mme", "mlle", "mgr", "hr", "hrn", "sra", "srta", "ing", "exmo",
    "plk", "pplk", "sw", "ul", "tzw", "hab", "акад", "проф", "ген", "полк", "адм", "им", "ул",
    "тов", "мкр",
]);
/// Words that end with a full stop before a number: "No. 5", "Art. 5".
static BEFORE_NUMBERS: Words = Words::new([
    "no", "nos", "nr", "art", "arts", "sec", "vol", "para", "par", "abs", "ch", "pp", "fig", "num",
    "ст", "пп",
]);
/// Months after a day: "5. Mai" goes on. Languages that write them small need no list.
const MONTHS: [&str; 12] = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];
/// Words that begin a sentence and no name: what they follow has ended, even after an abbreviation.
/// Words that headlines write large inside a sentence ("And", "To", "For") are not among them.
const STARTERS: [&str; 32] = [
    "The",
    "It",
    "Its",
    "He",
    "His",
    "She",
    "Her",
    "They",
    "Their",
    "We",
    "Our",
    "You",
    "But",
    "In",
    "This",
    "That",
    "These",
    "Those",
    "There",
    "If",
    "When",
    "While",
    "After",
    "Before",
    "Since",
    "Because",
    "Although",
    "However",
    "Meanwhile",
    "Some",
    "Many",
    "Most",
];

/// Whether a stop ends its sentence; `rest` is the text right after it.
pub(super) fn ends(stop: Stop, before: Before<'_>, rest: &str) -> bool {
    // Most stops are followed by a blank and a letter.
    let open = if rest.starts_with(' ') { rest } else { rest.trim_start_matches(CLOSERS) };
    let Some(next) = open.chars().next() else { return false };
    if stop == Stop::Wide {
        // 「加盟する。」と述べた: the speech has ended, the sentence around it goes on.
        let speech = open.len() < rest.len() && matches!(next, '\u{3041}'..='\u{309f}');
        let decimal = is_number(before.word) && next.is_numeric();
        return !speech && !decimal;
    }
    if !next.is_whitespace() {
        return stop == Stop::Full && open.len() == rest.len() && lost_blank(before, rest);
    }
    let mut after = open.trim_start();
    if !after.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        after = after.trim_start_matches(OPENERS).trim_start();
    }
    let Some(first) = after.chars().next() else { return false };
    if first.is_lowercase() {
        return false;
    }
    stop == Stop::Other || before.word.is_empty() || !goes_on(before, after, first)
}

/// Whether a full stop belongs to the word before it and not to the sentence.
fn goes_on(before: Before<'_>, after: &str, first: char) -> bool {
    let word = before.word;
    if is_number(word) {
        return word.len() <= 2 && MONTHS.contains(&first_word(after));
    }
    let key = pack(word);
    if first.is_ascii_digit() && BEFORE_NUMBERS.contains(key) {
        return true;
    }
    let abbreviation = before.dotted || is_one_letter(word) || ABBREVIATIONS.contains(key);
    abbreviation && !STARTERS.contains(&first_word(after))
}

/// A blank is often lost with the markup around it: "membership.Sweden".
fn lost_blank(before: Before<'_>, rest: &str) -> bool {
    let mut next = rest.chars();
    let capital = next.next().is_some_and(char::is_uppercase);
    before.small && before.word.len() > 3 && capital && next.next().is_some_and(char::is_lowercase)
}

fn first_word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphabetic()).unwrap_or(text.len());
    &text[..end]
}

fn is_number(word: &[u8]) -> bool {
    !word.is_empty() && word.iter().all(u8::is_ascii_digit)
}

fn is_one_letter(word: &[u8]) -> bool {
    let beginnings = || word.iter().filter(|byte| (**byte as i8) >= -0x40);
    word.len() <= 4 && beginnings().count() == 1 && !word[0].is_ascii_digit()
}

/// A word as a number, so that a list is searched without a look at its texts; 0 for those that are
/// too long for any list.
const fn pack(word: &[u8]) -> u64 {
    if word.len() > 8 {
        return 0;
    }
    let mut packed = 0;
    let mut index = 0;
    while index < word.len() {
        packed |= (word[index] as u64) << (8 * index);
        index += 1;
    }
    packed
}

/// A list of short words that is searched in one or two steps: there is a stop in every sentence.
struct Words([u64; PLACES]);

/// Twice as many as there are words in the longest list, or more.
const PLACES: usize = 256;

impl Words {
    const fn new<const N: usize>(words: [&str; N]) -> Self {
        let mut places = [0; PLACES];
        let mut index = 0;
        while index < N {
            let key = pack(words[index].as_bytes());
            assert!(key != 0, "a word is longer than eight bytes");
            let mut place = Self::place(key);
            while places[place] != 0 {
                place = (place + 1) % PLACES;
            }
            places[place] = key;
            index += 1;
        }
        Self(places)
    }

    fn contains(&self, key: u64) -> bool {
        let mut place = Self::place(key);
        while self.0[place] != 0 && self.0[place] != key {
            place = (place + 1) % PLACES;
        }
        key != 0 && self.0[place] == key
    }

    const fn place(key: u64) -> usize {
        (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as usize
    }
}
