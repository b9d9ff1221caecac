//! A text with its evidence marked: in colour on a terminal, in brackets elsewhere, wrapped to the
//! width, long texts cut to the sentences that hold evidence. What a terminal could be tricked with
//! shows as `�`.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::Screen;
use super::screen::GOOD;
use crate::report::Excerpt;
use crate::text;

/// Columns of the label before each text.
pub(super) const INDENT: usize = 7;

/// An excerpt as lines of at most `width` columns.
pub(super) fn marked(
    screen: &Screen,
    source: &str,
    excerpt: &Excerpt,
    width: usize,
) -> Vec<String> {
    let mut cells: Vec<(char, bool)> = Vec::new();
    for (part, marked) in excerpt.parts(source) {
        let brackets = marked && !screen.colour();
        cells.extend(brackets.then_some(('[', true)));
        cells.extend(part.chars().map(|c| (harmless(c), marked)));
        cells.extend(brackets.then_some((']', true)));
    }
    broken(&cells, width).iter().map(|line| styled(screen, line)).collect()
}

/// A character as it may be printed; line breaks as blanks.
fn harmless(c: char) -> char {
    if c.is_whitespace() {
        return ' ';
    }
    let kept = c.is_ascii_graphic() || !text::clean(c.encode_utf8(&mut [0; 4])).is_empty();
    if kept { c } else { '\u{fffd}' }
}

/// Lines broken at blanks, and inside words only where one is wider than a line.
fn broken(cells: &[(char, bool)], width: usize) -> Vec<Vec<(char, bool)>> {
    let mut lines: Vec<Vec<(char, bool)>> = Vec::new();
    let (mut line, mut used) = (Vec::new(), 0);
    for cell in cells {
        let columns = cell.0.width().unwrap_or(0);
        if used + columns > width && !line.is_empty() {
            let blank = line.iter().rposition(|(c, _): &(char, bool)| *c == ' ');
            let rest = match blank {
                Some(at) if cell.0 != ' ' => line.split_off(at + 1),
                _ => Vec::new(),
            };
            used = rest.iter().map(|(c, _)| c.width().unwrap_or(0)).sum();
            lines.push(std::mem::replace(&mut line, rest));
        }
        if line.is_empty() && cell.0 == ' ' {
            continue;
        }
        line.push(*cell);
        used += columns;
    }
    lines.push(line);
    for line in &mut lines {
        while line.last().is_some_and(|(c, _)| *c == ' ') {
            line.pop();
        }
    }
    lines
}

fn styled(screen: &Screen, line: &[(char, bool)]) -> String {
    let mut out = String::new();
    for run in line.chunk_by(|a, b| a.1 == b.1) {
        let text: String = run.iter().map(|(c, _)| c).collect();
        match run[0].1 && screen.colour() {
            true => out.push_str(&screen.styled(GOOD.bold(), text)),
            false => out.push_str(&text),
        }
    }
    out
}

/// Parts in lines of at most `width` columns, broken between parts, inside one only where it must be.
pub(super) fn flowed(parts: &[String], separator: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(line) if line.width() + separator.width() + part.width() <= width => {
                line.push_str(separator);
                line.push_str(part);
            }
            _ => {
                let cells: Vec<(char, bool)> = part.chars().map(|c| (harmless(c), false)).collect();
                let broken = broken(&cells, width);
                lines.extend(broken.iter().map(|line| line.iter().map(|(c, _)| c).collect()));
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::report::{sentences, whole};

    fn plain() -> Screen {
        Screen::stdout(true)
    }

    #[test]
    fn long_texts_show_the_sentences_that_count() {
        let source =
            format!("{}Canada may join AUKUS. {}", "Filler. ".repeat(30), "More. ".repeat(30));
        let start = source.find("Canada").unwrap();
        let span = start..start + 6;
        let found = sentences(&source, std::slice::from_ref(&span));
        assert_eq!(found.len(), 1);
        assert_eq!(marked(&plain(), &source, &found[0], 73), ["[Canada] may join AUKUS."]);
    }

    #[test]
    fn lines_fit_and_marks_stay_with_their_words() {
        let source = "One two three four five six seven";
        let lines = marked(&plain(), source, &whole(source, &[8..13, 24..27]), 14);
        assert_eq!(lines, ["One two", "[three] four", "five [six]", "seven"]);
        let source = "日本がオーカスに参加へ";
        let lines = marked(&plain(), source, &whole(source, std::slice::from_ref(&(0..2))), 8);
        assert!(lines.iter().all(|line| line.width() <= 8), "{lines:?}");
        assert_eq!(lines.concat(), "[日本]がオーカスに参加へ");
    }

    #[test]
    fn parts_are_kept_whole_where_they_fit() {
        let parts = ["act considers", "level notable", "rule security-alliance"].map(str::to_owned);
        assert_eq!(
            flowed(&parts, "   ", 30),
            ["act considers   level notable", "rule security-alliance"]
        );
    }

    proptest! {
        /// Whatever a feed holds, nothing that steers a terminal or turns its text around is printed.
        #[test]
        fn nothing_steers_the_terminal(
            source in "(\\PC|[\u{0}-\u{1f}\u{7f}-\u{9f}\u{202a}-\u{202e}\u{2066}-\u{2069}]){0,80}",
            start in 0usize..80, length in 0usize..20, width in 8usize..100,
        ) {
            let count = source.chars().count();
            let start = start.min(count);
            let span = start..(start + length).min(count);
            let spans = std::slice::from_ref(&span);
            let excerpts = sentences(&source, spans).into_iter().chain([whole(&source, spans)]);
            for excerpt in excerpts {
                for line in marked(&plain(), &source, &excerpt, width) {
                    let tricks = |c: char| {
                        c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
                    };
                    prop_assert!(!line.contains(tricks), "{line:?}");
                }
            }
        }
    }
}
