//! The parts of a text that are shown: the sentences that hold evidence, cut to their surroundings.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::text;

/// Scalars of context kept on each side of the evidence in long sentences.
const AROUND: usize = 60;

/// A part of a text that is shown, in Unicode scalars of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    shown: Range<usize>,
    /// Whether the sentence goes on before and after it.
    cut: (bool, bool),
    /// Spans of this sentence.
    pub spans: Vec<Range<usize>>,
}

/// The sentences of a text that hold spans, each cut to their surroundings.
pub fn sentences(source: &str, spans: &[Range<usize>]) -> Vec<Excerpt> {
    let folded = text::fold(source);
    let mut rooms: BTreeMap<u32, Range<usize>> = BTreeMap::new();
    for token in folded.tokens() {
        let (from, to) = (token.from as usize, token.to as usize);
        let room = rooms.entry(token.sentence).or_insert(from..to);
        room.end = room.end.max(to);
    }
    let scalars: Vec<char> = source.chars().collect();
    let mut found: Vec<Excerpt> = Vec::new();
    for room in rooms.values() {
        let inside: Vec<Range<usize>> =
            spans.iter().filter(|span| room.contains(&span.start)).cloned().collect();
        let (Some(first), Some(last)) =
            (inside.iter().map(|span| span.start).min(), inside.iter().map(|span| span.end).max())
        else {
            continue;
        };
        // The marks that end a sentence are no tokens of it.
        let stop = scalars[room.end..].iter().take_while(|c| !c.is_whitespace()).count();
        let end = (room.end + stop.min(3)).max(last).min(scalars.len());
        let from = word_border(&scalars, room.start, first.saturating_sub(AROUND));
        let to = (last + AROUND).min(end);
        found.push(Excerpt { shown: from..to, cut: (from > room.start, to < end), spans: inside });
    }
    found
}

/// The whole of a text.
pub fn whole(source: &str, spans: &[Range<usize>]) -> Excerpt {
    Excerpt { shown: 0..source.chars().count(), cut: (false, false), spans: spans.to_vec() }
}

/// The next beginning of a word, so that a cut sentence does not begin inside one.
fn word_border(scalars: &[char], start: usize, at: usize) -> usize {
    if at <= start {
        return start;
    }
    let blank = scalars[at..].iter().take(AROUND / 2).position(|c| c.is_whitespace());
    blank.map_or(at, |offset| at + offset + 1)
}

impl Excerpt {
    /// What is shown, in order, each part with whether it is evidence; `…` where something was cut.
    pub fn parts(&self, source: &str) -> Vec<(String, bool)> {
        let spans = merged(self.spans.clone());
        let mut parts: Vec<(String, bool)> = Vec::new();
        if self.cut.0 {
            parts.push(("…".to_owned(), false));
        }
        let mut last = None;
        for (at, c) in source.chars().enumerate().take(self.shown.end).skip(self.shown.start) {
            let span = spans.iter().position(|span| span.contains(&at));
            match parts.last_mut() {
                Some((part, _)) if last == Some(span) => part.push(c),
                _ => parts.push((c.to_string(), span.is_some())),
            }
            last = Some(span);
        }
        match parts.last_mut() {
            Some((part, false)) if self.cut.1 => part.push('…'),
            _ if self.cut.1 => parts.push(("…".to_owned(), false)),
            _ => {}
        }
        parts
    }
}

/// Overlapping spans as one; those that only touch stay apart.
fn merged(mut spans: Vec<Range<usize>>) -> Vec<Range<usize>> {
    spans.sort_by_key(|span| (span.start, span.end));
    let mut merged: Vec<Range<usize>> = Vec::new();
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.start < last.end => last.end = last.end.max(span.end),
            _ => merged.push(span),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_the_text_again() {
        let source = "Canada may join AUKUS.";
        let shown = whole(source, &[0..6, 11..15, 16..21]);
        let parts = shown.parts(source);
        assert_eq!(parts.iter().map(|(part, _)| part.as_str()).collect::<String>(), source);
        let marked: Vec<&str> =
            parts.iter().filter(|(_, marked)| *marked).map(|(part, _)| part.as_str()).collect();
        assert_eq!(marked, ["Canada", "join", "AUKUS"]);
        // Two that touch stay two.
        assert_eq!(whole("ab", &[0..1, 1..2]).parts("ab").len(), 2);
    }
}
