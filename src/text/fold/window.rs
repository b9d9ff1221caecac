//! Sixty-four bytes of a text at a time, as bit masks: where words are, how they are written, and
//! where something stands that needs a look of its own. The loops over fixed arrays become vector
//! instructions.

use super::Case;

/// Bytes in a window.
pub(super) const WIDTH: usize = 64;

/// What stands in one window; bit n is its byte n.
#[derive(Debug, Clone)]
pub(super) struct Window {
    /// Place of its first byte in the text.
    pub(super) base: usize,
    /// ASCII letters and digits.
    pub(super) word: u64,
    upper: u64,
    lower: u64,
    /// What is not plain ASCII, may end a sentence or is an apostrophe.
    pub(super) odd: u64,
    /// The bytes in lower case, and as many blanks: a word is copied with what follows it, in steps
    /// of fixed length.
    pub(super) folded: [u8; 2 * WIDTH],
}

impl Window {
    /// A window that holds no place.
    pub(super) fn empty() -> Self {
        let base = usize::MAX - WIDTH;
        Self { base, word: 0, upper: 0, lower: 0, odd: 0, folded: [b' '; 2 * WIDTH] }
    }

    /// Whether a place of the text lies in it.
    pub(super) fn holds(&self, at: usize) -> bool {
        at.wrapping_sub(self.base) < WIDTH
    }

    /// Where the first odd byte at `from` or after stands; [`WIDTH`] where there is none.
    pub(super) fn odd_from(&self, from: usize) -> usize {
        (self.odd & (u64::MAX << from)).trailing_zeros() as usize
    }

    /// Whether all bytes of a range are of a word.
    pub(super) fn is_run(&self, start: usize, end: usize) -> bool {
        let bits = bits(start, end);
        self.word & bits == bits
    }

    /// First bytes of words at `from` or after, and the bytes after their last ones. The last word
    /// has no end where it reaches that of the window.
    pub(super) fn borders(&self, from: usize) -> (u64, u64) {
        borders(self.word, from)
    }

    /// How the word `start..end` is written.
    pub(super) fn case(&self, start: usize, end: usize) -> Case {
        const CASES: [Case; 8] = [
            Case::None,
            Case::Lower,
            Case::Upper,
            Case::Mixed,
            Case::None,
            Case::Lower,
            Case::Title,
            Case::Title,
        ];
        let bits = bits(start, end);
        let (upper, lower) = (self.upper & bits, self.lower & bits);
        // One capital, at the beginning.
        let title = upper == 1 << start;
        CASES[usize::from(lower != 0) | usize::from(upper != 0) << 1 | usize::from(title) << 2]
    }

    /// Moves to a place of the text.
    pub(super) fn load(&mut self, text: &[u8], at: usize) {
        let raw = bytes(text, at);
        let [mut upper, mut lower, mut digit, mut odd] = [[0u8; WIDTH]; 4];
        for index in 0..WIDTH {
            let byte = raw[index];
            upper[index] = all_bits(byte.wrapping_sub(b'A') < 26);
            lower[index] = all_bits(byte.wrapping_sub(b'a') < 26);
            digit[index] = all_bits(byte.wrapping_sub(b'0') < 10);
            odd[index] = all_bits(byte >= 0x80)
                | all_bits(byte == b'\'')
                | all_bits(byte == b'.')
                | all_bits(byte == b'!')
                | all_bits(byte == b'?')
                | all_bits(byte == b'\n')
                | all_bits(byte == b'|');
            self.folded[index] = byte | (upper[index] & 0x20);
        }
        self.base = at;
        (self.upper, self.lower, self.odd) = (mask(&upper), mask(&lower), mask(&odd));
        self.word = self.upper | self.lower | mask(&digit);
    }
}

/// The bytes of a window, blanks after the end of the text.
pub(super) fn bytes(text: &[u8], at: usize) -> [u8; WIDTH] {
    let rest = text.get(at..).unwrap_or_default();
    rest.first_chunk().copied().unwrap_or_else(|| {
        let mut bytes = [b' '; WIDTH];
        bytes[..rest.len()].copy_from_slice(rest);
        bytes
    })
}

/// Whether a text begins with a dash, a curly quote or an ellipsis (U+2013 to U+2026): the marks outside
/// ASCII that most texts have.
pub(super) fn is_mark(text: &[u8]) -> bool {
    matches!(text, [0xe2, 0x80, 0x93 | 0x94 | 0x98 | 0x99 | 0x9c | 0x9d | 0xa6, ..])
}

/// Beginnings and ends of the words of a mask from a place on; see [`Window::borders`].
pub(super) fn borders(word: u64, from: usize) -> (u64, u64) {
    let rest = u64::MAX << from;
    (word & !(word << 1) & rest, !word & (word << 1) & (rest << 1))
}

/// The bits of a range that is not empty.
fn bits(start: usize, end: usize) -> u64 {
    (u64::MAX >> (WIDTH - (end - start))) << start
}

/// A byte of ones where something holds.
pub(super) fn all_bits(holds: bool) -> u8 {
    u8::from(holds).wrapping_neg()
}

/// One bit for each byte of all ones; the others are zero. A multiplication brings the lowest bits of
/// eight bytes together in the highest byte.
pub(super) fn mask(bytes: &[u8; WIDTH]) -> u64 {
    let mut mask = 0;
    for (index, eight) in bytes.as_chunks::<8>().0.iter().enumerate() {
        let bits = u64::from_le_bytes(*eight) & 0x0101_0101_0101_0101;
        mask |= (bits.wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * index);
    }
    mask
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn masks_say_what_the_bytes_say(text in "(\\PC|[a-zA-Z0-9.'|\n ]){0,90}", at in 0usize..40) {
            let mut window = Window::empty();
            window.load(text.as_bytes(), at);
            for index in 0..WIDTH {
                let byte = text.as_bytes().get(at + index).copied().unwrap_or(b' ');
                let bit = |mask: u64| mask >> index & 1 == 1;
                prop_assert_eq!(bit(window.word), byte.is_ascii_alphanumeric());
                prop_assert_eq!(bit(window.upper), byte.is_ascii_uppercase());
                prop_assert_eq!(bit(window.lower), byte.is_ascii_lowercase());
                prop_assert_eq!(bit(window.odd), !byte.is_ascii() || b"'.!?\n|".contains(&byte));
                prop_assert_eq!(window.folded[index], byte.to_ascii_lowercase());
            }
        }
    }
}
