//! Folding: the one form in which texts and terms are compared.
//!
//! Case, marks, quotes, dashes, width, invisible characters and possessives go; hyphens, blanks and
//! slashes are one separator; every CJK character is a word of its own, because those scripts write
//! no borders between words. Each token keeps where it stood in the original, so that evidence can
//! be marked there.
//!
//! What it gets wrong: "the U.S. Finland …" is taken as one sentence, because a dotted abbreviation
//! ends none; Thai and Khmer runs are one long token.

use unicode_normalization::char::{compose, decompose_compatible, is_combining_mark};

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

    /// Index of the token that holds a byte of [`Folded::text`] or begins after it.
    pub fn token_at(&self, byte: usize) -> usize {
        self.tokens.partition_point(|token| (token.end as usize) <= byte)
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
    Fold::new(text, true).run()
}

/// Folds a headline or a term: one sentence, whatever its punctuation.
pub fn fold_title(text: &str) -> Folded {
    Fold::new(text, false).run()
}

/// Longest text that is folded; offsets are 32 bits wide.
const LONGEST: usize = 64 << 20;

/// Words before a full stop that end no sentence.
const ABBREVIATIONS: [&str; 44] = [
    "mr", "mrs", "ms", "dr", "prof", "gen", "lt", "col", "sgt", "capt", "maj", "cmdr", "adm",
    "sen", "rep", "gov", "pres", "hon", "rev", "st", "mt", "ft", "vs", "inc", "ltd", "corp",
    "bros", "dept", "univ", "jan", "feb", "mar", "apr", "aug", "sept", "sep", "oct", "nov", "dec",
    "approx", "est", "etc", "eg", "ie",
];

struct Fold<'t> {
    source: &'t str,
    bytes: &'t [u8],
    sentences: bool,
    out: Folded,
    /// Open token: its start in the folded text and in the original.
    open: Option<(usize, u32)>,
    /// End of the open token in the original.
    reach: u32,
    upper: u32,
    lower: u32,
    first_upper: bool,
    /// The open token is letters with dots between: `U.S`.
    dotted: bool,
    sentence: u32,
    /// A sentence has ended; the next token begins another.
    broken: bool,
}

/// What a character is to the fold.
enum Part {
    /// Part of a word.
    Letter,
    /// Parts words.
    Gap,
    /// Invisible or a mark.
    Nothing,
    /// A word of its own.
    Cjk,
    Apostrophe,
    /// May end a sentence: `.`, `!`, `?`.
    Stop,
    /// Ends one.
    Break,
}

impl<'t> Fold<'t> {
    fn new(source: &'t str, sentences: bool) -> Self {
        let mut end = source.len().min(LONGEST);
        while !source.is_char_boundary(end) {
            end -= 1;
        }
        let source = &source[..end];
        let mut text = String::with_capacity(source.len() + source.len() / 16 + 2);
        text.push(' ');
        let tokens = Vec::with_capacity(source.len() / 6 + 1);
        Self {
            source,
            bytes: source.as_bytes(),
            sentences,
            out: Folded { text, tokens },
            open: None,
            reach: 0,
            upper: 0,
            lower: 0,
            first_upper: false,
            dotted: false,
            sentence: 0,
            broken: false,
        }
    }

    fn run(mut self) -> Folded {
        let (mut at, mut scalar) = (0, 0u32);
        while at < self.bytes.len() {
            let byte = self.bytes[at];
            if byte.is_ascii_alphanumeric() {
                // A run of ASCII letters and digits, the common case, goes in one piece.
                let length =
                    self.bytes[at..].iter().take_while(|b| b.is_ascii_alphanumeric()).count();
                self.ascii_run(at, length, scalar);
                at += length;
                scalar += length as u32;
                continue;
            }
            if byte < 0x80 {
                let gone = self.ascii_other(at);
                at += 1 + gone;
                scalar += 1 + gone as u32;
                continue;
            }
            let Some(c) = self.source[at..].chars().next() else { break };
            let width = c.len_utf8();
            let gone = self.other(c, at + width, scalar);
            at += width + gone;
            scalar += 1 + gone as u32;
        }
        self.close();
        self.out
    }

    fn begin(&mut self, scalar: u32) {
        if self.open.is_some() {
            return;
        }
        if self.broken && !self.out.tokens.is_empty() {
            self.out.text.push_str("\n ");
            self.sentence += 1;
        }
        self.broken = false;
        self.open = Some((self.out.text.len(), scalar));
        (self.upper, self.lower, self.first_upper, self.dotted) = (0, 0, false, false);
    }

    fn ascii_run(&mut self, at: usize, length: usize, scalar: u32) {
        self.begin(scalar);
        let run = &self.source[at..at + length];
        let fresh = self.upper + self.lower == 0;
        self.first_upper |= fresh && run.as_bytes()[0].is_ascii_uppercase();
        let start = self.out.text.len();
        self.out.text.push_str(run);
        let mut upper = 0;
        let mut letters = 0;
        for byte in run.bytes() {
            upper += u32::from(byte.is_ascii_uppercase());
            letters += u32::from(byte.is_ascii_alphabetic());
        }
        if upper > 0 {
            self.out.text[start..].make_ascii_lowercase();
        }
        self.upper += upper;
        self.lower += letters - upper;
        self.reach = scalar + length as u32;
    }

    /// An ASCII character that is no letter or digit; gives how many bytes after it are gone with it.
    fn ascii_other(&mut self, at: usize) -> usize {
        match self.bytes[at] {
            b'\'' => return self.apostrophe(at + 1),
            b'.' => {
                if !self.continues_abbreviation(at) {
                    self.stop(at + 1, true);
                }
            }
            b'!' | b'?' => self.stop(at + 1, false),
            b'\n' => self.break_here(),
            b'|' if self.spaced(at) => self.break_here(),
            _ => self.close(),
        }
        0
    }

    /// "U" before ".S": the token goes on.
    fn continues_abbreviation(&mut self, at: usize) -> bool {
        let Some((start, _)) = self.open else { return false };
        let length = self.out.text.len() - start;
        let next = self.bytes.get(at + 1).is_some_and(u8::is_ascii_alphabetic);
        let then = self
            .bytes
            .get(at + 2)
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte >= 0x80);
        if (length == 1 || self.dotted) && self.upper as usize == length && next && !then {
            self.dotted = true;
            return true;
        }
        false
    }

    fn other(&mut self, c: char, next: usize, scalar: u32) -> usize {
        match part(c) {
            Part::Nothing => self.mark(c, scalar),
            Part::Gap => self.close(),
            Part::Apostrophe => return self.apostrophe(next),
            Part::Stop => self.stop(next, false),
            Part::Break => self.break_here(),
            Part::Cjk => {
                self.close();
                self.begin(scalar);
                self.push_folded(c);
                self.reach = scalar + 1;
                self.close_as(true);
            }
            Part::Letter => {
                self.begin(scalar);
                let fresh = self.upper + self.lower == 0;
                self.first_upper |= fresh && c.is_uppercase();
                self.upper += u32::from(c.is_uppercase());
                self.lower += u32::from(c.is_lowercase());
                self.push_folded(c);
                self.reach = scalar + 1;
            }
        }
        0
    }

    /// A mark of its own: gone after Latin and Greek, joined to its letter where it makes another
    /// one (и + breve is й).
    fn mark(&mut self, c: char, scalar: u32) {
        if self.open.is_none() || !is_combining_mark(c) {
            return;
        }
        self.reach = scalar + 1;
        let Some(last) = self.out.text.chars().next_back() else { return };
        if last.is_ascii() || is_greek(last) {
            return;
        }
        join_mark(&mut self.out.text, c);
    }

    fn push_folded(&mut self, c: char) {
        match special(c) {
            Some(folded) => self.out.text.push_str(folded),
            // Hangul syllables would come apart into their letters.
            None if matches!(c, '\u{ac00}'..='\u{d7a3}') => self.out.text.push(c),
            None => {
                let text = &mut self.out.text;
                let start = text.len();
                decompose_compatible(c, |one| {
                    let latin = text[start..]
                        .chars()
                        .next()
                        .is_some_and(|base| base.is_ascii() || is_greek(base));
                    if let Some(folded) = special(one) {
                        text.push_str(folded);
                    } else if !is_combining_mark(one) {
                        text.extend(one.to_lowercase().filter(|low| !is_combining_mark(*low)));
                    } else if !latin {
                        join_mark(text, one);
                    }
                });
                // Some compatibility forms hold blanks or punctuation, which a token must not.
                if text[start..].contains(|c: char| !(c.is_alphanumeric() || is_combining_mark(c)))
                {
                    text.truncate(start);
                    text.extend(c.to_lowercase());
                }
            }
        }
    }

    /// `'s` and a last `'` are possessives; inside a word an apostrophe parts it (l'OTAN). Gives how
    /// many bytes after it are gone with it.
    fn apostrophe(&mut self, next: usize) -> usize {
        let was_open = self.open.is_some();
        self.close();
        let mut letters = self.source[next..].chars();
        let s = letters.next().is_some_and(|c| c == 's' || c == 'S');
        let ends = !letters.next().is_some_and(char::is_alphanumeric);
        usize::from(was_open && s && ends)
    }

    fn stop(&mut self, next: usize, full_stop: bool) {
        let word_start = self.open.map(|(start, _)| start);
        let word = word_start.map(|start| self.out.text[start..].to_owned()).unwrap_or_default();
        let dotted = self.dotted;
        self.close();
        if !self.sentences {
            return;
        }
        // Closing quotes and brackets belong to the sentence; then a blank must follow.
        let rest = self.source[next..]
            .trim_start_matches(['"', '\'', ')', ']', '»', '”', '’', '.', '!', '?']);
        let Some(blank) = rest.chars().next() else { return };
        if !blank.is_whitespace() {
            return;
        }
        let after = rest.trim_start().trim_start_matches(['"', '\'', '(', '[', '«', '“', '‘', '„']);
        let Some(first) = after.chars().next() else { return };
        if first.is_lowercase() {
            return;
        }
        let short = word.chars().count() == 1 && word.chars().all(char::is_alphabetic);
        let number = word == "no" && first.is_ascii_digit();
        if full_stop && (dotted || short || number || ABBREVIATIONS.contains(&word.as_str())) {
            return;
        }
        self.broken = true;
    }

    fn break_here(&mut self) {
        self.close();
        self.broken |= self.sentences;
    }

    fn spaced(&self, at: usize) -> bool {
        at > 0 && self.bytes[at - 1] == b' ' && self.bytes.get(at + 1) == Some(&b' ')
    }

    fn close(&mut self) {
        self.close_as(false);
    }

    fn close_as(&mut self, cjk: bool) {
        let Some((start, from)) = self.open.take() else { return };
        if self.out.text.len() == start {
            // Marks alone are no word, and so begin no sentence.
            if self.out.text.ends_with("\n ") {
                self.out.text.truncate(start - 2);
                self.sentence -= 1;
                self.broken = true;
            }
            return;
        }
        let end = self.out.text.len();
        self.out.text.push(' ');
        let case = match (self.upper, self.lower) {
            (0, 0) => Case::None,
            (0, _) => Case::Lower,
            (1, _) if self.first_upper => Case::Title,
            (_, 0) => Case::Upper,
            _ => Case::Mixed,
        };
        self.out.tokens.push(Token {
            start: start as u32,
            end: end as u32,
            from,
            to: self.reach,
            sentence: self.sentence,
            case,
            cjk,
        });
    }
}

/// Joins a mark to the letter before it where the two make another letter; drops it elsewhere.
fn join_mark(text: &mut String, mark: char) {
    if let Some(joined) = text.chars().next_back().and_then(|base| compose(base, mark)) {
        text.pop();
        match special(joined) {
            Some(folded) => text.push_str(folded),
            None => text.push(joined),
        }
    }
}

fn part(c: char) -> Part {
    match c {
        '\u{2018}' | '\u{2019}' | '\u{2bc}' | '\u{ff07}' => Part::Apostrophe,
        // Arabic and Devanagari stops need the blank that Latin ones need; CJK ones do not.
        '؟' | '۔' | '।' | '॥' => Part::Stop,
        '。' | '！' | '？' | '｡' | '．' | '•' | '\u{2028}' | '\u{2029}' | '\u{85}' => {
            Part::Break
        }
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
    use proptest::prelude::*;

    use super::*;

    fn words(text: &str) -> Vec<String> {
        let folded = fold(text);
        (0..folded.tokens().len()).map(|at| folded.word(at).to_owned()).collect()
    }

    fn sentences(text: &str) -> u32 {
        fold(text).tokens().last().map_or(0, |token| token.sentence + 1)
    }

    #[test]
    fn one_form_for_many_spellings() {
        for (text, expected) in [
            ("NATO’s Élargissement", vec!["nato", "elargissement"]),
            ("Asia-Pacific Asia–Pacific", vec!["asia", "pacific", "asia", "pacific"]),
            ("the U.S. and E.U.", vec!["the", "us", "and", "eu"]),
            ("N.A.T.O. grows", vec!["nato", "grows"]),
            ("l'OTAN accueille", vec!["l", "otan", "accueille"]),
            ("Straße, Øresund, Łódź", vec!["strasse", "oresund", "lodz"]),
            ("e\u{301}largir N\u{200b}A\u{ad}TO", vec!["elargir", "nato"]),
            ("ＮＡＴＯ ﬁnd", vec!["nato", "find"]),
            ("НАТО й Україна", vec!["нато", "й", "україна"]),
            ("и\u{306}", vec!["й"]),
            ("ΝΑΤΟ ένταξη", vec!["νατο", "ενταξη"]),
            ("İstanbul ısı", vec!["istanbul", "isi"]),
            ("الناتُو إلى", vec!["الناتو", "الي"]),
            ("日本が加盟", vec!["日", "本", "が", "加", "盟"]),
            ("나토 가입", vec!["나토", "가입"]),
            ("ゟヿ", vec!["ゟ", "ヿ"]),
            ("members' votes", vec!["members", "votes"]),
            ("2.5 G7", vec!["2", "5", "g7"]),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn case_is_kept_beside_the_word() {
        let folded = fold("NATO Nato nato NAto 日 A");
        let cases: Vec<Case> = folded.tokens().iter().map(|token| token.case).collect();
        assert_eq!(
            cases,
            [Case::Upper, Case::Title, Case::Lower, Case::Mixed, Case::None, Case::Title]
        );
    }

    #[test]
    fn sentences_survive_what_looks_like_their_end() {
        assert_eq!(sentences("The U.S. said so. Gen. Smith met Mr. J. Doe."), 2);
        assert_eq!(sentences("Spending rose 2.5 percent. It fell again!"), 2);
        assert_eq!(sentences("\u{201c}We will join.\u{201d} He left."), 2);
        assert_eq!(sentences("ends. but goes on"), 1);
        assert_eq!(sentences("No. 5 is next. No. 6 follows."), 2);
        assert_eq!(sentences("日本が加盟。北約は歓迎！"), 2);
        assert_eq!(sentences("first\nsecond | third"), 3);
        assert_eq!(fold_title("One. Two! Three").tokens().last().unwrap().sentence, 0);
    }

    #[test]
    fn marks_alone_begin_no_sentence() {
        assert_eq!(sentences("𐾰\nﹻ\nⷈ"), 2);
        assert_eq!(sentences("One.\nﹻ\nTwo."), 2);
    }

    #[test]
    fn a_sentence_break_parts_patterns() {
        assert_eq!(fold("to NATO. Sweden joins").text(), " to nato \n sweden joins ");
    }

    #[test]
    fn spans_lead_back_to_the_original() {
        let text = "Élargir l’OTAN’s 日本";
        let folded = fold(text);
        let span = |first, last| {
            let (from, to) = folded.scalars(first, last);
            text.chars().skip(from).take(to - from).collect::<String>()
        };
        assert_eq!(span(0, 1), "Élargir");
        assert_eq!(span(2, 3), "OTAN");
        assert_eq!(span(3, 5), "日本");
    }

    #[test]
    fn every_character_keeps_its_folded_form() {
        let words = |text: &str| fold(text).text().replace('\n', " ");
        let words = |text: &str| words(text).split_whitespace().collect::<Vec<_>>().join(" ");
        let wrong: Vec<String> = ('\0'..=char::MAX)
            .filter(|c| c.is_alphanumeric())
            .filter(|c| {
                let once = words(&format!("a {c}0"));
                words(&once) != once
            })
            .map(|c| format!("{c} U+{:04X}", u32::from(c)))
            .collect();
        assert_eq!(wrong, Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn tokens_are_ordered_and_in_bounds(text in "(\\PC|[a-z.' \n]){0,60}") {
            let folded = fold(&text);
            let scalars = text.chars().count() as u32;
            let (mut reached, mut sentence) = (0, 0);
            for (index, token) in folded.tokens().iter().enumerate() {
                prop_assert!(token.from >= reached && token.from < token.to && token.to <= scalars);
                prop_assert!(token.sentence == sentence || token.sentence == sentence + 1);
                (reached, sentence) = (token.to, token.sentence);
                let bytes = folded.text().as_bytes();
                prop_assert_eq!(bytes[token.start as usize - 1], b' ');
                prop_assert_eq!(bytes[token.end as usize], b' ');
                prop_assert_eq!(folded.token_at(token.start as usize), index);
            }
        }

        #[test]
        fn a_span_folds_to_its_token(text in "(\\PC|[a-zA-Z' -]){0,60}") {
            let folded = fold_title(&text);
            for (index, token) in folded.tokens().iter().enumerate() {
                let (from, to) = folded.scalars(index, index + 1);
                let span: String = text.chars().skip(from).take(to - from).collect();
                let again = fold_title(&span);
                prop_assert_eq!(again.word(0), folded.word(index), "{:?} in {:?}", token, span);
            }
        }

        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,60}") {
            let once = fold_title(&text);
            let twice = fold_title(once.text());
            prop_assert_eq!(twice.text(), once.text());
        }
    }
}
