//! One character at a time, or one run of ASCII letters: what cannot be taken whole.

use unicode_normalization::char::is_combining_mark;

use super::letter::{Part, joined, letter, loses_marks, push_folded};
use super::sentence::{self, Before, Stop};
use super::{Case, Fold, Open, Token};

impl Fold<'_> {
    /// Takes what stands at a place, a run of ASCII letters or one character; gives the next place.
    pub(super) fn step(&mut self, at: usize) -> usize {
        let Some(byte) = self.bytes.get(at) else { return at };
        if byte.is_ascii_alphanumeric() {
            let run = self.bytes[at..].iter().take_while(|b| b.is_ascii_alphanumeric());
            let length = run.count();
            self.ascii_run(at, length);
            return at + length;
        }
        if byte.is_ascii() {
            return at + 1 + self.ascii_other(at);
        }
        let Some(c) = self.source[at..].chars().next() else { return self.bytes.len() };
        let next = at + c.len_utf8();
        let gone = self.other(c, at, next);
        self.shift += c.len_utf8() - 1;
        next + gone
    }

    fn begin(&mut self, scalar: u32) -> Open {
        if let Some(open) = self.open {
            return open;
        }
        self.mark_sentence();
        Open {
            start: self.end,
            from: scalar,
            to: scalar,
            upper: 0,
            lower: 0,
            first_upper: false,
            dotted: false,
        }
    }

    fn ascii_run(&mut self, at: usize, length: usize) {
        let scalar = (at - self.shift) as u32;
        let mut open = self.begin(scalar);
        let run = &self.bytes[at..at + length];
        let fresh = open.upper + open.lower == 0;
        open.first_upper |= fresh && run[0].is_ascii_uppercase();
        let start = self.end;
        self.push(run);
        self.text[start..self.end].make_ascii_lowercase();
        for byte in run {
            open.upper += u32::from(byte.is_ascii_uppercase());
            open.lower += u32::from(byte.is_ascii_lowercase());
        }
        open.to = scalar + length as u32;
        self.open = Some(open);
    }

    /// An ASCII character that is no letter or digit; gives how many bytes after it are gone with it.
    fn ascii_other(&mut self, at: usize) -> usize {
        match self.bytes[at] {
            b'\'' => return self.apostrophe(at, at + 1),
            b'.' => {
                if !self.continues_abbreviation(at) {
                    self.stop(at, at + 1, Stop::Full);
                }
            }
            b'!' | b'?' => self.stop(at, at + 1, Stop::Other),
            b'\n' => self.break_here(),
            b'|' if self.spaced(at) => self.break_here(),
            _ => self.close(),
        }
        0
    }

    /// "U" before ".S": the token goes on.
    fn continues_abbreviation(&mut self, at: usize) -> bool {
        let Some(open) = &mut self.open else { return false };
        let length = self.end - open.start;
        let next = self.bytes.get(at + 1).is_some_and(u8::is_ascii_alphabetic);
        let then = self
            .bytes
            .get(at + 2)
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte >= 0x80);
        let goes_on =
            (length == 1 || open.dotted) && open.upper as usize == length && next && !then;
        open.dotted |= goes_on;
        goes_on
    }

    fn other(&mut self, c: char, at: usize, next: usize) -> usize {
        let scalar = (at - self.shift) as u32;
        let known = letter(c);
        match known.part {
            Part::Nothing => self.mark(c, scalar),
            Part::Gap => self.close(),
            Part::Apostrophe => return self.apostrophe(at, next),
            Part::Stop => self.stop(at, next, Stop::Other),
            Part::WideStop => self.stop(at, next, Stop::Wide),
            Part::Break => self.break_here(),
            Part::Cjk => {
                self.close();
                let open = self.begin(scalar);
                self.push_letter(c, known.folded);
                self.open = Some(Open { to: scalar + 1, ..open });
                self.close_as(true);
            }
            Part::Letter => {
                let mut open = self.begin(scalar);
                let fresh = open.upper + open.lower == 0;
                open.first_upper |= fresh && known.upper;
                open.upper += u32::from(known.upper);
                open.lower += u32::from(known.lower);
                open.to = scalar + 1;
                self.push_letter(c, known.folded);
                self.open = Some(open);
            }
        }
        0
    }

    fn push_letter(&mut self, c: char, folded: Option<char>) {
        match folded {
            Some(one) => self.push(one.encode_utf8(&mut [0; 4]).as_bytes()),
            None => {
                let mut text = String::new();
                push_folded(&mut text, c);
                self.push(text.as_bytes());
            }
        }
    }

    /// A mark of its own: gone after Latin and Greek, joined to its letter where it makes another
    /// one.
    fn mark(&mut self, c: char, scalar: u32) {
        let Some(open) = &mut self.open else { return };
        if !is_combining_mark(c) {
            return;
        }
        open.to = scalar + 1;
        let written = &self.text[open.start..self.end];
        let first = written.iter().rposition(|byte| (*byte as i8) >= -0x40).unwrap_or(0);
        let last = str::from_utf8(&written[first..]).ok().and_then(|text| text.chars().next());
        let Some(last) = last.filter(|last| !loses_marks(*last)) else { return };
        if let Some(joined) = joined(last, c) {
            self.end -= last.len_utf8();
            self.push(joined.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }

    /// `'s` and a last `'` are possessives; inside a word an apostrophe parts it (l'OTAN). Gives how
    /// many bytes after it are gone with it.
    fn apostrophe(&mut self, at: usize, next: usize) -> usize {
        let after_word = self.open.is_some() || self.touching(at).is_some();
        self.close();
        let mut letters = self.source[next..].chars();
        let s = letters.next().is_some_and(|c| c == 's' || c == 'S');
        let ends = !letters.next().is_some_and(char::is_alphanumeric);
        if !(after_word && s && ends) {
            return 0;
        }
        self.gone = next + 1;
        1
    }

    fn stop(&mut self, at: usize, next: usize, stop: Stop) {
        if self.sentences {
            let before = match (&self.open, self.touching(at)) {
                (Some(open), _) => Before {
                    word: &self.text[open.start..self.end],
                    dotted: open.dotted,
                    small: open.case() == Case::Lower,
                },
                (None, Some(token)) => Before {
                    word: &self.text[token.start as usize..token.end as usize],
                    dotted: false,
                    small: token.case == Case::Lower,
                },
                (None, None) => Before { word: &[], dotted: false, small: false },
            };
            self.broken |= sentence::ends(stop, before, &self.source[next..]);
        }
        self.close();
    }

    /// The word that ends at a place, where it was taken whole.
    fn touching(&self, at: usize) -> Option<&Token> {
        let scalar = (at - self.shift) as u32;
        self.tokens.last().filter(|token| token.to == scalar && !token.cjk)
    }

    fn break_here(&mut self) {
        self.close();
        self.broken |= self.sentences;
    }

    fn spaced(&self, at: usize) -> bool {
        at > 0 && self.bytes[at - 1] == b' ' && self.bytes.get(at + 1) == Some(&b' ')
    }

    pub(super) fn close(&mut self) {
        self.close_as(false);
    }

    fn close_as(&mut self, cjk: bool) {
        let Some(open) = self.open.take() else { return };
        let end = self.end;
        if end == open.start {
            // Marks alone are no word, and so begin no sentence.
            if self.text[..end].ends_with(b"\n ") {
                self.end -= 2;
                self.sentence -= 1;
                self.broken = true;
            }
            return;
        }
        self.push(b" ");
        self.tokens.push(Token {
            start: open.start as u32,
            end: end as u32,
            from: open.from,
            to: open.to,
            sentence: self.sentence,
            case: open.case(),
            cjk,
        });
    }
}
