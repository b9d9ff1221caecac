//! Text in columns: evidence marked, long texts cut to their evidence, lines wrapped at blanks.

use std::ops::Range;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::Look;
use crate::cli::screen::{GOOD, cut_to_width};

/// Scalars kept on each side of the evidence in long texts.
const AROUND: usize = 40;

/// One character, and whether it is evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    c: char,
    evidence: bool,
}

/// A text with its evidence. Line breaks become blanks; spans may overlap or lie outside.
pub(super) fn marked(text: &str, spans: &[Range<usize>]) -> Vec<Piece> {
    let blank = |c: char| if c.is_whitespace() { ' ' } else { c };
    let inside = |index: usize| spans.iter().any(|span| span.contains(&index));
    text.chars()
        .enumerate()
        .map(|(index, c)| Piece { c: blank(c), evidence: inside(index) })
        .collect()
}

/// As [`marked`], of a long text only the surroundings of its evidence, with an ellipsis where
/// something is missing.
pub(super) fn excerpt(text: &str, spans: &[Range<usize>]) -> Vec<Piece> {
    let pieces = marked(text, spans);
    let Some(first) = pieces.iter().position(|piece| piece.evidence) else { return pieces };
    let last = pieces.iter().rposition(|piece| piece.evidence).unwrap_or(first);
    let from = match first.saturating_sub(AROUND) {
        0 => 0,
        at => border(&pieces[at..first]).map_or(at, |offset| at + offset + 1),
    };
    let to = (last + 1 + AROUND).min(pieces.len());
    let to = match to == pieces.len() {
        true => to,
        false => {
            let tail: Vec<Piece> = pieces[last + 1..to].iter().rev().copied().collect();
            border(&tail).map_or(to, |offset| to - offset - 1)
        }
    };
    let dots = |cut: bool| cut.then_some(Piece { c: '…', evidence: false });
    let mut shown: Vec<Piece> = dots(from > 0).into_iter().collect();
    shown.extend_from_slice(&pieces[from..to]);
    shown.extend(dots(to < pieces.len()));
    shown
}

fn border(pieces: &[Piece]) -> Option<usize> {
    pieces.iter().position(|piece| piece.c == ' ')
}

/// Lines that fit the width right of the indent, broken at blanks, between wide characters, or
/// inside a word that is longer than a line.
pub(super) fn wrap(pieces: &[Piece], look: Look, indent: usize) -> Vec<String> {
    let room = look.width.saturating_sub(indent).max(1);
    let mut rest = pieces;
    let mut lines = Vec::new();
    while !rest.is_empty() {
        let (line, next) = first_line(rest, room, !look.colour);
        lines.push(render(line, look.colour));
        rest = next;
        while let Some((piece, after)) = rest.split_first()
            && piece.c == ' '
        {
            rest = after;
        }
    }
    lines
}

/// The longest beginning that fits, and what is left.
fn first_line(pieces: &[Piece], room: usize, brackets: bool) -> (&[Piece], &[Piece]) {
    let mut used = 0;
    let mut cut = 0;
    for (index, piece) in pieces.iter().enumerate() {
        let wide = piece.c.width().unwrap_or(0);
        let before = index.checked_sub(1).map(|before| pieces[before]);
        if piece.c == ' ' || before.is_some_and(|before| before.c.width() == Some(2)) {
            cut = index;
        }
        let starts = piece.evidence && before.is_none_or(|before| !before.evidence);
        let ends = piece.evidence && pieces.get(index + 1).is_none_or(|next| !next.evidence);
        // A bracket that closes evidence over a line's end takes a column as well.
        let open = usize::from(piece.evidence && !ends && brackets);
        used += wide + if brackets { usize::from(starts) + usize::from(ends) } else { 0 };
        if used + open > room {
            let at = if cut == 0 { index.max(1) } else { cut };
            return pieces.split_at(at);
        }
    }
    (pieces, &[])
}

/// A line with its evidence in brackets, or coloured.
fn render(pieces: &[Piece], colour: bool) -> String {
    let strong = GOOD.bold();
    let (open, close) = match colour {
        true => (strong.render().to_string(), strong.render_reset().to_string()),
        false => ("[".to_owned(), "]".to_owned()),
    };
    let mut line = String::new();
    let mut inside = false;
    for piece in pieces {
        if piece.evidence != inside {
            line.push_str(if piece.evidence { &open } else { &close });
            inside = piece.evidence;
        }
        line.push(piece.c);
    }
    if inside {
        line.push_str(&close);
    }
    line
}

/// A text in a column of this width, cut or padded.
pub(super) fn field(text: &str, width: usize) -> String {
    let cut = cut_to_width(text, width);
    let padding = width.saturating_sub(cut.width());
    format!("{cut}{:padding$}", "")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A text with one piece of evidence.
    fn with(text: &str, span: Range<usize>) -> Vec<Piece> {
        marked(text, std::slice::from_ref(&span))
    }

    const PLAIN: Look = Look { colour: false, width: 30 };

    #[test]
    fn evidence_stands_in_brackets_and_touching_spans_are_one() {
        let pieces = marked("Japan may join AUKUS", &[0..5, 10..14, 14..20, 12..15, 90..99]);
        assert_eq!(wrap(&pieces, PLAIN, 0), ["[Japan] may [join AUKUS]"]);
    }

    #[test]
    fn evidence_over_a_line_end_is_closed_and_opened_again() {
        let pieces = with("aaaa bbbb cccc", 0..14);
        let narrow = Look { colour: false, width: 11 };
        assert_eq!(wrap(&pieces, narrow, 0), ["[aaaa bbbb]", "[cccc]"]);
        assert_eq!(wrap(&pieces, Look { width: 10, ..narrow }, 0), ["[aaaa]", "[bbbb]", "[cccc]"]);
    }

    #[test]
    fn long_texts_are_cut_to_their_evidence_at_words() {
        let text = format!("{} join {}", "left ".repeat(30), "right ".repeat(30));
        let at = text.find("join").unwrap();
        let shown = render(&excerpt(&text, std::slice::from_ref(&(at..at + 4))), false);
        assert!(shown.starts_with("…left ") && shown.ends_with(" right…"), "{shown}");
        assert!(shown.contains(" [join] right"), "{shown}");
        assert_eq!(
            render(&excerpt("all of it", std::slice::from_ref(&(0..3))), false),
            "[all] of it"
        );
    }

    #[test]
    fn wide_characters_break_between_each_other() {
        let pieces = with("日本が参加を検討", 0..2);
        assert_eq!(wrap(&pieces, Look { colour: false, width: 10 }, 0), ["[日本]が参", "加を検討"]);
    }

    proptest! {
        /// Nothing is lost but blanks, and no line is wider than it may be.
        #[test]
        fn wrapping_keeps_the_text(
            text in "[a-z日本 ]{0,120}",
            spans in prop::collection::vec((0usize..120, 0usize..20), 0..4),
            width in 6usize..60,
        ) {
            let spans: Vec<_> = spans.into_iter().map(|(at, long)| at..at + long).collect();
            let look = Look { colour: false, width };
            let lines = wrap(&marked(&text, &spans), look, 0);
            for line in &lines {
                prop_assert!(line.trim_end().width() <= width, "`{line}` in {width}");
            }
            let bare = |text: &str| text.replace([' ', '[', ']'], "");
            prop_assert_eq!(bare(&lines.concat()), bare(&text));
        }
    }
}
