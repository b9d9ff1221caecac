//! Words of ASCII taken whole, with plain characters or marks after them.

use super::window::{self, WIDTH};
use super::{Fold, PIECE, ROOM, Token};

impl Fold<'_> {
    /// Takes whole words of ASCII, so many or a few more; gives the place where something stands that
    /// needs a look. No token may be open.
    pub(super) fn words(&mut self, mut at: usize, tokens: usize) -> usize {
        while at < self.bytes.len() && self.tokens.len() < tokens {
            if !self.window.holds(at) {
                self.window.load(self.bytes, at);
            }
            let base = self.window.base;
            let from = at - base;
            let odd = self.window.odd_from(from);
            let next = self.take(from, self.whole_before(odd, from));
            if odd < next || (odd < WIDTH && self.window.is_run(next, odd)) {
                return base + odd.min(next);
            }
            at = base + next;
            if next < WIDTH {
                // The word goes on after the window.
                if next == 0 {
                    return at;
                }
                self.window.load(self.bytes, at);
            }
        }
        at
    }

    /// How far words of the window may end to be taken whole, given where the next odd byte stands.
    /// Marks end a word; a letter before a full stop may be an abbreviation's.
    fn whole_before(&self, odd: usize, from: usize) -> usize {
        let letter = odd > from && self.window.is_run(odd - 1, odd);
        let ends = match self.bytes.get(self.window.base + odd) {
            Some(b'.') => !(letter && (odd - 1 == from || !self.window.is_run(odd - 2, odd))),
            Some(byte) => byte.is_ascii() || window::is_mark(&self.bytes[self.window.base + odd..]),
            None => false,
        };
        odd + usize::from(ends && odd < WIDTH)
    }

    /// Takes the words of the window that begin at `from` or after and end before `limit`; gives where
    /// the next one begins.
    fn take(&mut self, from: usize, limit: usize) -> usize {
        let (mut starts, mut ends) = self.window.borders(from);
        let whole = |ends: u64| (ends.trailing_zeros() as usize) < limit;
        if ends == 0 || !whole(ends) {
            return starts.trailing_zeros() as usize;
        }
        self.mark_sentence();
        self.room(ROOM);
        self.tokens.reserve(WIDTH / 2);
        let Self { window, text, tokens, sentence, .. } = self;
        let scalar = window.base.wrapping_sub(self.shift) as u32;
        // All that may be written is in this piece, so that its bounds are looked at once.
        let begun = self.end;
        let Some(room) = text[begun..].first_chunk_mut::<ROOM>() else { return from };
        let mut written = 0;
        while ends != 0 && whole(ends) {
            let (start, end) = (starts.trailing_zeros() as usize, ends.trailing_zeros() as usize);
            starts &= starts - 1;
            ends &= ends - 1;
            room[written..written + PIECE].copy_from_slice(&window.folded[start..start + PIECE]);
            if end - start > PIECE {
                let rest = &window.folded[start + PIECE..start + WIDTH];
                room[written + PIECE..written + WIDTH].copy_from_slice(rest);
            }
            let last = written + end - start;
            room[last] = b' ';
            tokens.push(Token {
                start: (begun + written) as u32,
                end: (begun + last) as u32,
                from: scalar.wrapping_add(start as u32),
                to: scalar.wrapping_add(end as u32),
                sentence: *sentence,
                case: window.case(start, end),
                cjk: false,
            });
            written = last + 1;
        }
        self.end += written;
        starts.trailing_zeros() as usize
    }
}
