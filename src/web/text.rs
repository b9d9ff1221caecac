//! Texts as pages show them: commands inside a sentence, evidence inside a text.

use std::ops::Range;

use maud::{Markup, html};

use crate::model::{Field, Finding, Item, Recognised};
use crate::report::{Excerpt, Mark, marks, masked, notes, sentences, surroundings, whole};

/// Sentences of one text that are shown.
const SENTENCES: usize = 5;
/// Near misses and masked words that are shown.
const FEW: usize = 6;

/// A sentence in which what stands between backticks is to be typed.
pub(super) fn commands(text: &str) -> Markup {
    html! {
        @for (index, part) in text.split('`').enumerate() {
            @if index % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// An excerpt with its evidence marked.
pub(super) fn marked(source: &str, excerpt: &Excerpt) -> Markup {
    html! {
        @for (part, is_evidence) in excerpt.parts(source) {
            @if is_evidence { mark { (part) } } @else { (part) }
        }
    }
}

/// Each text of an item that holds evidence, and what the evidence is.
pub(super) fn evidence(item: &Item, finding: &Finding, recognised: &[Recognised]) -> Markup {
    let marks = marks(finding, recognised);
    let mut fields = vec![Field::Title];
    for mark in &marks {
        if !fields.contains(&mark.field) {
            fields.push(mark.field);
        }
    }
    fields.sort_unstable();
    let more = finding.matched.as_ref().map(surroundings).unwrap_or_default();
    html! {
        dl.evidence {
            @for field in fields { (texts(item, field, &marks)) }
            @if !more.is_empty() { dt { "named" } dd { (more.join(" · ")) } }
            @for line in masked(finding).take(FEW) { dt { "masked" } dd { (line) } }
            @for miss in finding.near.iter().take(FEW) {
                dt { "no" }
                dd {
                    a href={ "/rules#" (miss.rule) } { (miss.rule) }
                    @if let Some(alliance) = &miss.alliance { " for " (alliance) }
                    ": " (miss.missing)
                }
            }
        }
    }
}

fn texts(item: &Item, field: Field, marks: &[Mark]) -> Markup {
    let of_field = || marks.iter().filter(move |mark| mark.field == field);
    let text = item.prose(field);
    let spans: Vec<_> = of_field().map(|mark| mark.span.clone()).collect();
    let mut excerpts = match field {
        Field::Title => vec![whole(text, &spans)],
        _ => sentences(text, &spans),
    };
    excerpts.truncate(SENTENCES);
    let quoted = |span: &Range<usize>| {
        let words: String = text.chars().take(span.end).skip(span.start).collect();
        format!("“{words}”")
    };
    let said: Vec<String> = notes(of_field(), quoted)
        .into_iter()
        .map(|(words, note)| format!("{words}: {note}"))
        .collect();
    html! {
        dt { (field) }
        dd {
            @for excerpt in &excerpts { p { (marked(text, excerpt)) } }
            @if !said.is_empty() { p.note { (said.join(" · ")) } }
        }
    }
}
