//! What one character is to the fold, and what it becomes. Pure tables over Unicode.

use std::sync::OnceLock;

use unicode_normalization::char::{compose, decompose_compatible, is_combining_mark};

/// What a character is to the fold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Part of a word.
    Letter,
    /// Parts words.
    Gap,
    /// Invisible or a mark.
    Nothing,
    /// A word of its own.
    Cjk,
    Apostrophe,
    /// May end a sentence: `…`, `؟`.
    Stop,
    /// Ends one without a blank after it: `。`.
    WideStop,
    /// Ends one whatever stands around it.
    Break,
}

/// All that the fold asks of a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Letter {
    pub(super) part: Part,
    pub(super) upper: bool,
    pub(super) lower: bool,
    /// What it becomes, where that is one character; [`push_folded`] says what it is elsewhere.
    pub(super) folded: Option<char>,
}

/// Characters of one page of the table.
const PAGE: usize = 256;

/// One page of the table.
type Page = Box<[Letter]>;

/// The table over the basic plane. A text touches few pages, so each is made when it is first asked
/// for.
static PAGES: [OnceLock<Page>; 256] = [const { OnceLock::new() }; 256];

/// Looks a character up.
pub(super) fn letter(c: char) -> Letter {
    let code = c as usize;
    match PAGES.get(code / PAGE) {
        Some(page) => page.get_or_init(|| make_page(code / PAGE))[code % PAGE],
        None => look(c),
    }
}

fn make_page(number: usize) -> Page {
    let first = (number * PAGE) as u32;
    // Surrogates are no characters and never asked for; a gap fills their places.
    (first..first + PAGE as u32).map(|code| look(char::from_u32(code).unwrap_or(' '))).collect()
}

fn look(c: char) -> Letter {
    let part = part(c);
    let mut folded = None;
    if matches!(part, Part::Letter | Part::Cjk) {
        let mut text = String::new();
        push_folded(&mut text, c);
        let mut chars = text.chars();
        folded = chars.next().filter(|_| chars.next().is_none());
    }
    Letter { part, upper: c.is_uppercase(), lower: c.is_lowercase(), folded }
}

fn part(c: char) -> Part {
    match c {
        '\u{2018}' | '\u{2019}' | '\u{2bc}' | '\u{ff07}' => Part::Apostrophe,
        // Arabic and Devanagari stops need the blank that Latin ones need; CJK ones do not.
        '؟' | '۔' | '।' | '॥' | '…' | '‼' | '⁇' | '⁈' | '⁉' => Part::Stop,
        '。' | '！' | '？' | '｡' | '．' => Part::WideStop,
        '•' | '\u{2028}' | '\u{2029}' | '\u{85}' => Part::Break,
        // Middle dots part words; the Japanese one stands between foreign names.
        '·' | '・' => Part::Gap,
        // Zero-width and direction characters, soft hyphen, tatweel, variation selectors.
        '\u{ad}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{640}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{34f}' => Part::Nothing,
        c if is_cjk(c) => Part::Cjk,
        c if is_combining_mark(c) => Part::Nothing,
        c if c.is_alphanumeric() => Part::Letter,
        _ => Part::Gap,
    }
}

/// Han, kana and their long mark: scripts without blanks between words. Hangul has blanks.
fn is_cjk(c: char) -> bool {
    matches!(c,
        '\u{3005}'..='\u{3007}' | '\u{3021}'..='\u{3029}' | '\u{3038}'..='\u{303a}'
        | '\u{3192}'..='\u{319f}' | '\u{3280}'..='\u{3289}' | '\u{3041}'..='\u{3096}'
        | '\u{309d}'..='\u{309f}' | '\u{30a1}'..='\u{30fa}' | '\u{30fc}'..='\u{30ff}'
        | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9d}' | '\u{20000}'..='\u{323af}')
}

fn is_greek(c: char) -> bool {
    matches!(c, '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}')
}

/// Adds what a letter becomes: without case and marks, compatibility forms as what they stand for.
pub(super) fn push_folded(text: &mut String, c: char) {
    if let Some(folded) = special(c) {
        text.push_str(folded);
        return;
    }
    // Hangul syllables would come apart into their letters.
    if matches!(c, '\u{ac00}'..='\u{d7a3}') {
        text.push(c);
        return;
    }
    let start = text.len();
    decompose_compatible(c, |one| {
        let base = text[start..].chars().next();
        if let Some(folded) = special(one) {
            text.push_str(folded);
        } else if !is_combining_mark(one) {
            text.extend(one.to_lowercase().filter(|low| !is_combining_mark(*low)));
        } else if !base.is_some_and(loses_marks) {
            join_mark(text, one);
        }
    });
    // Some compatibility forms hold blanks or punctuation, which a token must not.
    if text[start..].contains(|c: char| !(c.is_alphanumeric() || is_combining_mark(c))) {
        text.truncate(start);
        text.extend(c.to_lowercase());
    }
}

/// Whether marks after a letter say nothing: Latin and Greek.
pub(super) fn loses_marks(base: char) -> bool {
    base.is_ascii() || is_greek(base)
}

/// What a letter and a mark after it become together, where that is another letter (и + breve is
/// й).
pub(super) fn joined(base: char, mark: char) -> Option<char> {
    let joined = compose(base, mark)?;
    let folded = special(joined).and_then(|folded| folded.chars().next());
    Some(folded.unwrap_or(joined))
}

/// Joins a mark to the letter before it where the two make another letter; drops it elsewhere.
fn join_mark(text: &mut String, mark: char) {
    if let Some(joined) = text.chars().next_back().and_then(|base| joined(base, mark)) {
        text.pop();
        text.push(joined);
    }
}

/// Letters that Unicode does not decompose, but that people write without their stroke or as two;
/// and Arabic letters that are written one for the other.
fn special(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' | 'ẞ' => "ss",
        'æ' | 'Æ' => "ae",
        'œ' | 'Œ' => "oe",
        'ø' | 'Ø' => "o",
        'ł' | 'Ł' => "l",
        'đ' | 'Đ' | 'ð' | 'Ð' => "d",
        'þ' | 'Þ' => "th",
        'ħ' | 'Ħ' => "h",
        'ı' | 'İ' => "i",
        'ŉ' => "n",
        'ς' => "σ",
        'أ' | 'إ' | 'آ' | 'ٱ' => "ا",
        'ى' => "ي",
        'ة' => "ه",
        '\u{640}' => "",
        // Digraphs would come apart into two characters inside one word.
        'ゟ' => "ゟ",
        'ヿ' => "ヿ",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_says_what_looking_says() {
        for c in '\0'..=char::MAX {
            assert_eq!(letter(c), look(c), "{c:?}");
        }
    }
}
