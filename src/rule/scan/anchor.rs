//! Where a pattern is filed: under the part of it that texts hold most seldom.
//!
//! That is a whole word, with the one before it where that is whole, too (CJK characters are words of
//! their own), or the first bytes of an open word (`enlarg*`). How seldom a word comes is read from
//! the shipped table of word frequencies; a beginning is taken for the rarer the longer it is. What
//! the key does not say of a word and of the one before it is said by their first bytes.

use super::super::term::Word;
use super::filed::Filter;
use crate::text::{common_words, fold_title, idf};

/// Bytes of a word that its key looks at; words that agree so far are told apart by comparison.
pub(super) const KEY_BYTES: usize = 16;
/// Bytes that the sign of a word looks at. A longer open word has that of the words that it begins.
pub(super) const SIGN_BYTES: usize = 8;
/// First bytes that are the sign of a shorter open word, and of one of two letters.
const USUAL: usize = 4;
const SHORT: usize = 2;

/// What a letter of a beginning tells, in the unit of [`idf`]; eight tell as much as a rare word.
const LETTER_WEIGHT: f32 = 0.6;
const LETTERS: usize = 8;
/// How far the table is believed: its words are common, but how common depends on the news of the day.
const KNOWN: f32 = 0.5;
/// What the word before tells: it is asked for only where its neighbour stands, so it decides between
/// equals.
const BEFORE: f32 = 0.1;
/// What one CJK character tells: Han, and kana, which are as common as endings.
const HAN: f32 = 2.0;
const KANA: f32 = 1.0;
/// What a byte of a whole word tells: of two words that the table does not know, the longer is taken
/// for the rarer.
const BYTE_WEIGHT: f32 = 1.0 / 256.0;

/// Odd numbers with bits all over: the fractions of the golden ratio, √2 and √3.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
const ROOT_2: u64 = 0x6a09_e667_f3bc_c909;
const ROOT_3: u64 = 0xbb67_ae85_84ca_a73b;

/// Keeps the first n bytes of a number of sixteen.
const KEEP: [[u64; 2]; KEY_BYTES + 1] = {
    let mut keep = [[u64::MAX; 2]; KEY_BYTES + 1];
    let mut bytes = 0;
    while bytes < KEY_BYTES {
        let all = (1u128 << (8 * bytes)) - 1;
        keep[bytes] = [all as u64, (all >> 64) as u64];
        bytes += 1;
    }
    keep
};

/// The first bytes of a word as two numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Head {
    low: u64,
    high: u64,
}

impl Head {
    /// A word by its first bytes, with anything after them, and its length.
    #[inline]
    pub(super) fn new(bytes: &[u8; KEY_BYTES], length: usize) -> Self {
        let all = u128::from_le_bytes(*bytes);
        let [low, high] = KEEP[length.min(KEY_BYTES)];
        Self { low: all as u64 & low, high: (all >> 64) as u64 & high }
    }

    fn of(word: &str) -> Self {
        let mut bytes = [0; KEY_BYTES];
        let length = word.len().min(KEY_BYTES);
        bytes[..length].copy_from_slice(&word.as_bytes()[..length]);
        Self::new(&bytes, length)
    }

    /// Key of the whole word.
    pub(super) fn word(self) -> u64 {
        self.low.wrapping_mul(GOLDEN) ^ self.high.wrapping_mul(ROOT_2)
    }

    fn sign(self) -> Sign {
        Sign(self.low)
    }

    /// Key of an open word of so many bytes, which this one begins with.
    pub(super) fn open(self, bytes: usize) -> u64 {
        let [low, high] = KEEP[bytes];
        let head = Self { low: self.low & low, high: self.high & high };
        head.word() ^ (bytes as u64).wrapping_mul(ROOT_3)
    }

    /// Key of the whole word after another whole word.
    pub(super) fn after(self, before: Self) -> u64 {
        before.word().rotate_left(23) ^ self.word()
    }
}

/// As much of a word as the filter knows it by: its first eight bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sign(u64);

impl Sign {
    /// The sign of a word by its first bytes, with anything after them, and its length.
    #[inline(always)]
    pub(super) fn new(bytes: &[u8; KEY_BYTES], length: usize) -> Self {
        let [low, _] = KEEP[length.min(SIGN_BYTES)];
        Self(u128::from_le_bytes(*bytes) as u64 & low)
    }

    /// Whether a filter holds it, as a whole word or as the beginning of one; `short` where it holds
    /// beginnings of two bytes.
    #[inline(always)]
    pub(super) fn is_in<const WORDS: usize>(self, filter: &Filter<WORDS>, short: bool) -> bool {
        // All questions before one decision: faster than a decision after each.
        self.is_whole_in(filter) | self.is_open_in(filter, short)
    }

    /// Whether a filter holds it as a whole word, or as the beginning of one that is as long.
    #[inline(always)]
    pub(super) fn is_whole_in<const WORDS: usize>(self, filter: &Filter<WORDS>) -> bool {
        filter.may_hold(self.0)
    }

    /// Whether a filter holds it as a shorter beginning.
    #[inline(always)]
    pub(super) fn is_open_in<const WORDS: usize>(
        self,
        filter: &Filter<WORDS>,
        short: bool,
    ) -> bool {
        let held = filter.may_hold(self.beginning(USUAL));
        held | (short && filter.may_hold(self.beginning(SHORT)))
    }

    /// What a filter must hold so that the word is found: where it is open, so that each word is that
    /// begins with so many bytes of it.
    fn put(self, open: Option<usize>, signs: &mut Vec<u64>) {
        match open {
            None | Some(SIGN_BYTES..) => signs.push(self.0),
            Some(USUAL..) => signs.push(self.beginning(USUAL)),
            Some(3) => {
                // The word itself, or with any first byte of a character after it.
                let next = (b'0'..=b'9').chain(b'a'..=b'z').chain(0xc2..=0xf4).chain([0]);
                signs.extend(next.map(|byte| self.0 | u64::from(byte) << 24));
            }
            // No term begins with fewer than two letters.
            Some(_) => signs.push(self.beginning(SHORT)),
        }
    }

    #[inline(always)]
    fn beginning(self, bytes: usize) -> u64 {
        self.0 & KEEP[bytes][0]
    }
}

/// What is demanded of the first bytes of a word.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Demand {
    head: Head,
    /// How many of them; [`WHOLE`] where nothing may follow them.
    bytes: u8,
}

/// Stands for all bytes of a head, those after the word included.
const WHOLE: u8 = KEY_BYTES as u8;

impl Demand {
    fn of(word: &Word, open: bool) -> Self {
        let bytes = if open { word.text.len().min(KEY_BYTES) as u8 } else { WHOLE };
        Self { head: Head::of(&word.text), bytes }
    }

    /// Whether anything is demanded.
    pub(super) fn is_any(self) -> bool {
        self.bytes > 0
    }

    /// Whether a word may be the one that is meant.
    #[inline]
    pub(super) fn allows(self, head: Head) -> bool {
        let [low, high] = KEEP[usize::from(self.bytes).min(KEY_BYTES)];
        ((head.low ^ self.head.low) & low) | ((head.high ^ self.head.high) & high) == 0
    }
}

/// Where a pattern is filed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Anchor {
    pub(super) key: u64,
    /// Which word of the pattern it is found at.
    pub(super) at: usize,
    /// First bytes of this word that its key looks at, where it is open.
    pub(super) open: Option<usize>,
    /// What the words before and after it must be.
    pub(super) before: Demand,
    pub(super) after: Demand,
    sign: Sign,
}

impl Anchor {
    /// Adds what the filter must hold.
    pub(super) fn put_signs(&self, signs: &mut Vec<u64>) {
        self.sign.put(self.open, signs);
    }

    /// Whether its sign has two bytes only.
    pub(super) fn is_short(&self) -> bool {
        self.open.is_some_and(|bytes| bytes == SHORT)
    }
}

/// The signs of the words that most texts are made of, each with the share of texts that hold it.
pub(super) fn common_signs() -> Vec<(u64, f32)> {
    let signs = common_words().flat_map(|(word, share)| {
        let sign = Head::of(word).sign();
        [sign.0, sign.beginning(USUAL)].map(|sign| (sign, share))
    });
    signs.collect()
}

/// The part of a pattern that texts hold most seldom.
pub(super) fn anchor(pattern: &[Word]) -> Option<Anchor> {
    let mut best: Option<(f32, Anchor)> = None;
    let mut last: Option<(&Word, bool, f32)> = None;
    for (at, word) in pattern.iter().enumerate() {
        let (head, cjk) = (Head::of(&word.text), is_cjk(&word.text));
        let is_open = goes_on(word);
        let own = weight(&word.text, is_open, cjk);
        let total = own + last.map_or(0.0, |(.., before)| BEFORE * before);
        if best.is_none_or(|(known, _)| total > known) {
            let open = is_open.then(|| word.text.len().min(KEY_BYTES));
            let key = match (open, last) {
                (Some(bytes), _) => head.open(bytes),
                (None, Some((before, false, _))) => head.after(Head::of(&before.text)),
                (None, _) => head.word(),
            };
            let before = last.map(|(word, open, _)| Demand::of(word, open)).unwrap_or_default();
            let next = pattern.get(at + 1);
            let after = next.map(|word| Demand::of(word, goes_on(word))).unwrap_or_default();
            best = Some((total, Anchor { key, at, open, before, after, sign: head.sign() }));
        }
        last = Some((word, is_open, own));
    }
    best.map(|(_, anchor)| anchor)
}

/// The share of texts that hold a pattern, at most: that of its rarest word.
pub(super) fn share(pattern: &[Word]) -> f32 {
    let weights = pattern.iter().map(|word| weight(&word.text, goes_on(word), is_cjk(&word.text)));
    (-weights.fold(0.0, f32::max)).exp()
}

/// Whether a word of a text may go on after this one. An open CJK character is a whole word.
fn goes_on(word: &Word) -> bool {
    word.open && !is_cjk(&word.text)
}

/// Whether a word is a CJK character, a token of its own wherever it stands.
fn is_cjk(word: &str) -> bool {
    !word.is_ascii() && {
        let folded = fold_title(word);
        folded.tokens().len() == 1 && folded.tokens()[0].cjk
    }
}

/// How much a word tells.
fn weight(word: &str, open: bool, cjk: bool) -> f32 {
    if cjk {
        let kana = word.chars().all(|c| matches!(c, '\u{3041}'..='\u{30ff}'));
        return if kana { KANA } else { HAN };
    }
    match open {
        true => LETTER_WEIGHT * word.chars().count().min(LETTERS) as f32,
        false => {
            let known = idf(word) < idf("");
            idf(word) * if known { KNOWN } else { 1.0 } + BYTE_WEIGHT * word.len() as f32
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::term::Term;
    use super::*;

    fn filed(term: &str) -> (usize, Option<usize>) {
        let term = Term::parse(term).unwrap();
        let anchor = anchor(term.patterns.last().unwrap()).unwrap();
        (anchor.at, anchor.open)
    }

    #[test]
    fn a_pattern_is_filed_under_its_rarest_part() {
        assert_eq!(filed("Zyzzyva"), (0, None));
        assert_eq!(filed("the European Zyzzyva Union of the"), (2, None));
        assert_eq!(filed("Zyzzyva Qwghlm"), (1, None));
        assert_eq!(filed("join* the"), (0, Some(4)));
        assert_eq!(filed("join* Zyzzyva"), (1, None));
        assert_eq!(filed("her accession*"), (1, Some(9)));
        assert_eq!(filed("расширени*"), (0, Some(KEY_BYTES)));
        assert_eq!(filed("eu*"), (0, Some(2)));
        assert_eq!(filed("に加盟する"), (2, None));
        assert_eq!(filed("日*"), (0, None));
    }

    #[test]
    fn a_demand_tells_words_apart_by_their_first_bytes() {
        let allows = |word: &str, open: bool, text: &str| {
            let word = Word { text: word.to_owned(), open };
            Demand::of(&word, open).allows(Head::of(text))
        };
        assert!(allows("join", false, "join") && !allows("join", false, "joins"));
        assert!(allows("join", true, "joins") && !allows("join", true, "joi"));
        assert!(allows("accession", true, "accessions"));
        assert!(!allows("accession", true, "accessible"));
        assert!(Demand::default().allows(Head::of("any")));
    }

    #[test]
    fn a_key_says_which_word_came_first() {
        let (sky, shield) = (Head::of("sky"), Head::of("shield"));
        assert_ne!(sky.after(shield), shield.after(sky));
        assert_ne!(shield.after(sky), shield.after(Head::default()));
    }
}
