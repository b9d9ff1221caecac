//! Text without what could trick a terminal, a log or a reader: control characters, bidirectional
//! overrides, invisible tags.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthChar;

/// Marks on one letter that stay. No script that people write stacks more; hundreds of them paint over the
/// lines around.
const MARKS: usize = 8;

/// What happens to a character at intake.
#[derive(PartialEq, Eq)]
enum Fate {
    Keep,
    Blank,
    Break,
    Drop,
}

fn fate(c: char) -> Fate {
    match c {
        '\n' => Fate::Break,
        '\u{2028}' | '\u{2029}' | '\u{85}' | '\u{b}' | '\u{c}' => Fate::Break,
        c if c.is_whitespace() => Fate::Blank,
        c if c.is_control() => Fate::Drop,
        // Soft hyphen, Mongolian vowel separator, zero-width space, word joiner and its invisible
        // kin, byte order mark, interlinear marks. ZWNJ and ZWJ stay: Persian and emoji need them.
        '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'
        | '\u{2060}'..='\u{2064}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' => Fate::Drop,
        // Marks, embeddings, overrides and isolates of text direction.
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}' => Fate::Drop,
        // Tag characters, and what is no character.
        '\u{e0000}'..='\u{e0fff}' | '\u{fffe}' | '\u{ffff}' => Fate::Drop,
        _ => Fate::Keep,
    }
}

/// One line of clean text: control and direction characters gone, white space as single blanks.
pub fn clean(text: &str) -> String {
    cleaned(text, false)
}

/// As [`clean`], but paragraphs stay: any run of white space with a line break is one line break.
pub fn clean_lines(text: &str) -> String {
    cleaned(text, true)
}

/// Whether a text without mark-up is left as it is by [`clean`] or, with `lines`, by [`clean_lines`]:
/// nothing in it goes, and white space stands alone between what stays.
pub(super) fn is_clean(text: &str, lines: bool) -> bool {
    let (mut at, mut stack) = (0, 0);
    loop {
        let run = plain_run::<false>(&text.as_bytes()[at..]);
        at += run;
        if run > 0 {
            stack = 0;
        }
        let mut rest = text[at..].chars();
        let gap = match rest.clone().next() {
            None => return true,
            Some(' ') => true,
            Some('\n') => lines,
            Some(_) => false,
        };
        // Nothing stands before the first.
        if gap && at > 0 {
            rest.next();
            at += 1;
            stack = 0;
        }
        match rest.next() {
            Some('<' | '&') | None => return false,
            Some(c) if fate(c) == Fate::Keep => {
                stack = stacked(stack, c);
                if stack > MARKS {
                    return false;
                }
                at += c.len_utf8();
            }
            Some(_) => return false,
        }
    }
}

fn cleaned(text: &str, lines: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut blank, mut line) = (false, false);
    let mut stack = 0;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        // Words of ASCII with single blanks between, the common case, go in one piece.
        let run = plain_run::<true>(rest.as_bytes()).max(c.len_utf8());
        match fate(c) {
            Fate::Drop => {}
            Fate::Blank => (blank, stack) = (true, 0),
            Fate::Break => (line, stack) = (true, 0),
            Fate::Keep => {
                stack = stacked(stack, c);
                if stack > MARKS {
                    rest = &rest[run..];
                    continue;
                }
                if (blank || line) && !out.is_empty() {
                    out.push(if line && lines { '\n' } else { ' ' });
                }
                (blank, line) = (false, false);
                out.push_str(&rest[..run]);
            }
        }
        rest = &rest[run..];
    }
    out
}

/// How many characters without a width of their own stand in a row by now.
fn stacked(before: usize, c: char) -> usize {
    match c.is_ascii() || c.width() != Some(0) {
        true => 0,
        false => before + 1,
    }
}

/// How many bytes from the beginning stay as they are: visible ASCII, with or without the two marks that
/// begin mark-up, and blanks between it.
fn plain_run<const MARKS: bool>(bytes: &[u8]) -> usize {
    let visible = |at: usize| bytes.get(at).is_some_and(|byte| is_visible::<MARKS>(*byte));
    let mut at = usize::from(visible(0));
    // As many as a vector or a word holds at once, while all goes well.
    while at > 0 && is_plain::<MARKS, 33>(bytes, at) {
        at += 32;
    }
    while at > 0 && is_plain::<MARKS, 9>(bytes, at) {
        at += 8;
    }
    while visible(at) || (at > 0 && bytes.get(at) == Some(&b' ') && visible(at + 1)) {
        at += 1;
    }
    at
}

fn is_visible<const MARKS: bool>(byte: u8) -> bool {
    (byte.wrapping_sub(0x21) < 0x5e) & (MARKS | ((byte != b'<') & (byte != b'&')))
}

/// Whether all of `MORE` bytes but the last, which is what follows them, are visible ASCII or blanks
/// before such.
fn is_plain<const MARKS: bool, const MORE: usize>(bytes: &[u8], at: usize) -> bool {
    bytes.get(at..).and_then(|rest| rest.first_chunk::<MORE>()).is_some_and(|piece| {
        (1..MORE).fold(true, |plain, next| {
            let here = piece[next - 1];
            let blank = (here == b' ') & is_visible::<MARKS>(piece[next]);
            plain & (is_visible::<MARKS>(here) | blank)
        })
    })
}

/// The longest beginning of at most `most` Unicode scalar values that ends at a grapheme border.
pub fn cut(text: &str, most: usize) -> &str {
    // Every byte is at most one scalar, so short texts need no counting.
    if text.len() <= most {
        return text;
    }
    let mut used = 0;
    let mut end = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        used += grapheme.chars().count();
        if used > most {
            return &text[..end];
        }
        end = at + grapheme.len();
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_tricks_readers_goes() {
        assert_eq!(clean("a\u{202e}b\u{1b}[31mc\u{0}d"), "ab[31mcd");
        assert_eq!(clean("  a \t\n b\u{a0}c  "), "a b c");
        assert_eq!(clean("N\u{200b}A\u{ad}TO"), "NATO");
        assert_eq!(clean("👨\u{200d}👩"), "👨\u{200d}👩");
        assert_eq!(clean_lines("one \n\n two\nthree"), "one\ntwo\nthree");
    }

    #[test]
    fn marks_do_not_stack_without_end() {
        let marks = |count: usize| "\u{301}".repeat(count);
        let tower = format!("N{}A{}TO e\u{301}", marks(500), marks(9));
        assert_eq!(clean(&tower), format!("N{}A{}TO e\u{301}", marks(MARKS), marks(MARKS)));
        assert!(!is_clean(&tower, false) && is_clean(&clean(&tower), false));
        // Nothing in between begins a new letter.
        let hidden = format!("N{}\u{200b}{}", marks(MARKS), marks(MARKS));
        assert_eq!(clean(&hidden), format!("N{}", marks(MARKS)));
        for written in ["सर्वोच्च न्यायालय", "ไม่มีชื่อ", "བརྒྱུད", "יְרוּשָׁלַ֖͏ִם", "👩\u{200d}👩\u{200d}👧"]
        {
            let kept: String = written.chars().filter(|c| *c != '\u{34f}').collect();
            assert_eq!(clean(written), kept);
        }
    }

    #[test]
    fn a_cut_keeps_graphemes_whole() {
        assert_eq!(cut("e\u{301}e\u{301}", 3), "e\u{301}");
        assert_eq!(cut("🇫🇮🇸🇪", 3), "🇫🇮");
        assert_eq!(cut("short", 10), "short");
    }

    proptest! {
        #[test]
        fn cleaning_is_done_once(text in ".{0,60}") {
            let once = clean(&text);
            prop_assert_eq!(clean(&once), once.clone());
            prop_assert!(!once.chars().any(char::is_control));
            let lines = clean_lines(&text);
            prop_assert_eq!(clean_lines(&lines), lines);
        }

        #[test]
        fn what_is_clean_is_what_cleaning_leaves(
            text in "([a-z]{0,34}|[ \n]|\u{301}{7,10}|[<&é“’\u{2014}]|[\u{ad}\u{a0}\u{61c}\t\u{2028}]){0,6}",
            lines: bool,
        ) {
            let left = cleaned(&text, lines) == text && !text.contains(['<', '&']);
            prop_assert_eq!(is_clean(&text, lines), left);
        }

        #[test]
        fn runs_are_as_long_as_letter_by_letter(text in "([ -~]{0,9}|[a-z ]{30,50}|[\u{7f}é\t]){0,4}") {
            let bytes = text.as_bytes();
            let visible = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_graphic);
            let goes_on = |at: &usize| visible(*at) || (*at > 0 && bytes.get(*at) == Some(&b' ') && visible(at + 1));
            let wanted = (0..).take_while(goes_on).count();
            prop_assert_eq!(plain_run::<true>(bytes), wanted);
        }

        #[test]
        fn a_cut_is_a_beginning(text in ".{0,60}", most in 0usize..40) {
            let cut = cut(&text, most);
            prop_assert!(text.starts_with(cut) && cut.chars().count() <= most);
        }
    }
}
