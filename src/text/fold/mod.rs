//! Folding: the one form in which texts and terms are compared.
//!
//! Case, marks, quotes, dashes, width, invisible characters and possessives go; hyphens, blanks and
//! slashes are one separator; every CJK character is a word of its own, because those scripts write
//! no borders between words. Each token keeps where it stood in the original, so that evidence can
//! be marked there.
//!
//! Words of ASCII, which most texts are made of, are found and copied whole (`window`, `whole`); all
//! else goes character by character (`step`, `letter`), and stops are judged by what stands around
//! them (`sentence`). Who only looks for something goes through the words without keeping them
//! (`skim`).
//!
//! What it gets wrong: Thai and Khmer runs are one long token.

mod letter;
mod sentence;
mod skim;
mod step;
mod whole;
mod window;

use window::{WIDTH, Window};

pub use skim::{Reader, skim};

/// How the letters of a token were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// No letter has case.
    None,
    /// `nato`
    Lower,
    /// `Nato`, and single capitals.
    Title,
    /// `NATO`
    Upper,
    /// `NAto`
    Mixed,
}

/// One word of a folded text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// First byte in [`Folded::text`].
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
    /// First Unicode scalar value in the original.
    pub from: u32,
    /// One past the last.
    pub to: u32,
    /// Number of the sentence, from 0.
    pub sentence: u32,
    /// How it was written.
    pub case: Case,
    /// A CJK character, a token of its own.
    pub cjk: bool,
}

/// A folded text: tokens between single blanks, and a marker (`\n`) between sentences, so that a
/// pattern of several words never spans two.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folded {
    text: String,
    tokens: Vec<Token>,
}

impl Folded {
    /// ` nato expands \n sweden joins `: a blank before and after each token.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The tokens in order.
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// A token's folded text.
    pub fn word(&self, index: usize) -> &str {
        self.tokens
            .get(index)
            .map_or("", |token| &self.text[token.start as usize..token.end as usize])
    }

    /// The span of tokens `first..last` in Unicode scalar values of the original, half open.
    pub fn scalars(&self, first: usize, last: usize) -> (usize, usize) {
        let from = self.tokens.get(first).map_or(0, |token| token.from as usize);
        let to = last.checked_sub(1).and_then(|at| self.tokens.get(at));
        (from, to.map_or(from, |token| token.to as usize).max(from))
    }
}

/// Folds prose: sentences are told apart.
pub fn fold(text: &str) -> Folded {
    Fold::new(text, true).run(usize::MAX)
}

/// Folds the beginning of a prose: so many tokens at least, where there are as many.
pub fn fold_beginning(text: &str, tokens: usize) -> Folded {
    Fold::new(text, true).run(tokens)
}

/// Folds a headline or a term: one sentence, whatever its punctuation.
pub fn fold_title(text: &str) -> Folded {
    Fold::new(text, false).run(usize::MAX)
}

/// Longest text that is folded; offsets are 32 bits wide.
const LONGEST: usize = 64 << 20;
/// Words of ASCII are copied in pieces of this length, most of them in one.
const PIECE: usize = 16;
/// Room that the words of one window may need, each with a blank after it, the last one copied with
/// what follows it.
const ROOM: usize = 3 * WIDTH;

/// The part of a text that is folded.
fn within_bounds(source: &str) -> &str {
    let mut end = source.len().min(LONGEST);
    while !source.is_char_boundary(end) {
        end -= 1;
    }
    &source[..end]
}

struct Fold<'t> {
    source: &'t str,
    bytes: &'t [u8],
    sentences: bool,
    window: Window,
    /// Bytes of the text before the place looked at, less its scalars.
    shift: usize,
    /// The folded text up to `end`; what follows is room to write into.
    text: Vec<u8>,
    end: usize,
    tokens: Vec<Token>,
    open: Option<Open>,
    sentence: u32,
    /// A sentence has ended; the next token begins another.
    broken: bool,
    /// Where the last possessive that was left out ended.
    gone: usize,
}

/// A token that may go on.
#[derive(Debug, Clone, Copy)]
struct Open {
    /// Where it begins in the folded text.
    start: usize,
    /// Its first scalar in the original, and one past its last.
    from: u32,
    to: u32,
    upper: u32,
    lower: u32,
    first_upper: bool,
    /// Letters with dots between: `U.S`.
    dotted: bool,
}

impl Open {
    fn case(&self) -> Case {
        match (self.upper, self.lower) {
            (0, 0) => Case::None,
            (0, _) => Case::Lower,
            (1, _) if self.first_upper => Case::Title,
            (_, 0) => Case::Upper,
            _ => Case::Mixed,
        }
    }
}

impl<'t> Fold<'t> {
    fn new(source: &'t str, sentences: bool) -> Self {
        let source = within_bounds(source);
        let mut text = vec![0; source.len() + source.len() / 8 + ROOM];
        text[0] = b' ';
        let tokens = Vec::with_capacity(source.len() / 5 + 1);
        Self { text, tokens, ..Self::without_room(source, sentences) }
    }

    fn without_room(source: &'t str, sentences: bool) -> Self {
        Self {
            source,
            bytes: source.as_bytes(),
            sentences,
            window: Window::empty(),
            shift: 0,
            text: Vec::new(),
            end: 1,
            tokens: Vec::new(),
            open: None,
            sentence: 0,
            broken: false,
            gone: usize::MAX,
        }
    }

    /// Folds so many tokens, at least.
    fn run(mut self, tokens: usize) -> Folded {
        let mut at = 0;
        while at < self.bytes.len() && (self.open.is_some() || self.tokens.len() < tokens) {
            if self.open.is_none() {
                at = self.words(at, tokens);
            }
            at = self.step(at);
        }
        self.finish()
    }

    fn finish(mut self) -> Folded {
        self.close();
        self.text.truncate(self.end);
        // Only whole characters were written.
        let text = String::from_utf8(self.text)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        Folded { text, tokens: self.tokens }
    }

    /// Makes room for so many bytes more.
    fn room(&mut self, bytes: usize) {
        if self.text.len() < self.end + bytes {
            self.text.resize((self.end + bytes).max(2 * self.text.len()), 0);
        }
    }

    fn push(&mut self, text: &[u8]) {
        self.room(text.len());
        self.text[self.end..self.end + text.len()].copy_from_slice(text);
        self.end += text.len();
    }

    /// Begins a sentence where one has ended.
    fn mark_sentence(&mut self) {
        if self.broken {
            self.broken = false;
            if !self.tokens.is_empty() {
                self.push(b"\n ");
                self.sentence += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests;
