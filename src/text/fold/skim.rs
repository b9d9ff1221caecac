//! Going through the words of a text without keeping them: what a search does with the many texts
//! that hold nothing of what it looks for, at less than half the price of folding them.

use std::num::NonZeroU64;

use super::window::{self, WIDTH, all_bits, mask};
use super::{Fold, PIECE, within_bounds};

/// Who looks at the words of a text.
pub trait Reader {
    /// Takes a word by its first bytes, with anything after them, and its length in bytes.
    fn word(&mut self, head: &[u8; PIECE], length: usize);
}

/// Shows the words of a text in order, folded. They are the tokens that [`fold`](super::fold) gives.
pub fn skim(text: &str, reader: &mut impl Reader) {
    let mut slow = Fold::without_room(within_bounds(text), false);
    let bytes = slow.bytes;
    let mut view = View { base: usize::MAX - WIDTH, word: 0, odd: 0, folded: [b' '; _] };
    let mut at = 0;
    while at < bytes.len() {
        if at.wrapping_sub(view.base) >= WIDTH {
            view.load(slow.source, at);
        }
        let next = view.plain(at - view.base, reader);
        at = view.base + next;
        if at >= bytes.len() || next == WIDTH {
            continue;
        }
        if view.goes_on(next) {
            view.load(slow.source, at);
            continue;
        }
        // What follows a possessive is none: the second s of "NATO's's" stays.
        if possessive(slow.source, at).is_some_and(|apostrophe| apostrophe != slow.gone) {
            at += 1;
            slow.gone = at;
            continue;
        }
        at = slow.step(at);
        while at < bytes.len() && (slow.open.is_some() || bytes[at] >= 0x80) {
            at = slow.step(at);
        }
        slow.show(reader);
    }
}

impl Fold<'_> {
    /// Shows what was folded so far, and drops it.
    #[inline(never)]
    fn show(&mut self, reader: &mut impl Reader) {
        self.close();
        self.room(PIECE);
        for token in &self.tokens {
            let (start, end) = (token.start as usize, token.end as usize);
            if let Some(head) = self.text[start..].first_chunk() {
                reader.word(head, end - start);
            }
        }
        self.tokens.clear();
        self.end = 1;
    }
}

/// A window of which less is asked than of one that is folded.
struct View {
    base: usize,
    /// ASCII letters and digits.
    word: u64,
    /// Where something needs a look: what is not ASCII, and letters that stand alone where they may
    /// be part of an abbreviation or a possessive.
    odd: u64,
    /// The bytes in lower case, and room to read beyond the last word.
    folded: [u8; WIDTH + PIECE],
}

impl View {
    fn load(&mut self, text: &str, at: usize) {
        let raw = window::bytes(text.as_bytes(), at);
        let [mut word, mut odd] = [[0u8; WIDTH]; 2];
        for index in 0..WIDTH {
            let byte = raw[index];
            let low = byte | (all_bits(byte.wrapping_sub(b'A') < 26) & 0x20);
            let letter = all_bits(low.wrapping_sub(b'a') < 26);
            let digit = all_bits(byte.wrapping_sub(b'0') < 10);
            self.folded[index] = low;
            word[index] = letter | digit;
            odd[index] = all_bits(byte >= 0x80);
        }
        self.base = at;
        self.word = mask(&word);
        self.odd = if raw.is_ascii() { 0 } else { without_marks(mask(&odd), &raw) };
        let mut alone = self.word & !(self.word << 1) & !(self.word >> 1);
        while let Some(bits) = NonZeroU64::new(alone) {
            let index = bits.trailing_zeros() as usize;
            let s = self.folded[index] == b's';
            let odd = self.folded[index + 1] == b'.';
            if odd || (s && possessive(text, at + index).is_some()) {
                self.odd |= 1 << index;
            }
            alone &= alone - 1;
        }
    }

    /// Shows the whole words of ASCII from a place of the window on, up to something that needs a
    /// look. Gives where that stands, or where a word begins that it or the end of the window
    /// touches.
    #[inline]
    fn plain(&self, from: usize, reader: &mut impl Reader) -> usize {
        let (mut starts, mut ends) = window::borders(self.word, from);
        let limit = (self.odd & (u64::MAX << from)).trailing_zeros();
        ends &= 1u64.checked_shl(limit).map_or(u64::MAX, |bit| bit - 1);
        while let (Some(first), Some(last)) = (NonZeroU64::new(starts), NonZeroU64::new(ends)) {
            let (start, end) = (first.trailing_zeros() as usize, last.trailing_zeros() as usize);
            if let Some(head) = self.folded[start..].first_chunk() {
                reader.word(head, end - start);
            }
            starts &= starts - 1;
            ends &= ends - 1;
        }
        starts.trailing_zeros().min(limit) as usize
    }

    /// Whether the word that begins at a place of the window, not its first, goes on after it.
    fn goes_on(&self, start: usize) -> bool {
        let rest = u64::MAX << start;
        start > 0 && self.word & rest == rest
    }
}

/// Takes dashes and curly quotes out of a mask of what is not ASCII: they part words as blanks do.
fn without_marks(mut odd: u64, raw: &[u8; WIDTH]) -> u64 {
    let mut rest = odd;
    while rest != 0 {
        let at = rest.trailing_zeros() as usize;
        if window::is_mark(&raw[at..]) {
            odd &= !(0b111 << at);
        }
        rest &= odd & (u64::MAX << at << 1);
    }
    odd
}

/// Where the apostrophe stands if a letter may be the `s` of `NATO's`.
fn possessive(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let (before, apostrophe) = match bytes[..at] {
        _ if !matches!(bytes[at], b's' | b'S') => return None,
        [.., before, b'\''] => (before, at - 1),
        [.., before, 0xe2, 0x80, 0x98 | 0x99] => (before, at - 3),
        _ => return None,
    };
    let alone = !text[at + 1..].chars().next().is_some_and(char::is_alphanumeric);
    (before.is_ascii_alphanumeric() && alone).then_some(apostrophe)
}
