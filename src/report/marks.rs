//! Evidence as marks on a text, and what is said of them in a few words.

use std::ops::Range;

use crate::model::{Evidence, Field, Finding, Masked, Recognised, Role};

/// What is said of a word that the rule asks for and no list explains.
const OWN: &str = "asked for by the rule";

/// A marked span and what is said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The text that it stands in.
    pub field: Field,
    /// Unicode scalars of that text.
    pub span: Range<usize>,
    /// What it is.
    pub note: String,
}

/// The marks of a finding: its evidence, or what the lexicon recognised where no rule holds.
pub fn marks(finding: &Finding, recognised: &[Recognised]) -> Vec<Mark> {
    let Some(matched) = &finding.matched else {
        return recognised.iter().map(of_recognised).collect();
    };
    let mut marks: Vec<Mark> = matched.evidence.iter().map(of_evidence).collect();
    hides(&mut marks, &finding.masked);
    marks
}

/// What does not count and is no part of the evidence, a line each.
pub fn masked(finding: &Finding) -> impl Iterator<Item = String> + '_ {
    let inside = |masked: &&Masked| {
        finding.matched.as_ref().is_none_or(|matched| {
            !matched.evidence.iter().any(|one| covers(one.field, &(one.start..one.end), masked))
        })
    };
    finding.masked.iter().filter(inside).map(|masked| {
        format!(
            "{} {}–{} “{}” does not count: it is part of {}",
            masked.field, masked.start, masked.end, masked.text, masked.by
        )
    })
}

fn of_evidence(one: &Evidence) -> Mark {
    let label = match (&one.gloss, one.role) {
        (Some(gloss), Role::Act | Role::Term) => format!("{} = {gloss}", one.text),
        (Some(_), Role::Candidate | Role::Actor) => format!("{} = {}", one.text, one.label),
        (Some(gloss), Role::Alliance) => format!("{} = {gloss}", one.text),
        (None, Role::Term) if one.label.is_empty() => OWN.to_owned(),
        (None, _) => one.label.clone(),
    };
    let note = match one.role {
        Role::Alliance | Role::Term => label,
        Role::Act if one.gloss.is_none() => format!("act {label}"),
        Role::Act => format!("{label} (act {})", one.label),
        Role::Candidate => format!("{label} ({}), candidate", one.list),
        Role::Actor => format!("{label} ({}), member", one.list),
    };
    Mark { field: one.field, span: one.start..one.end, note }
}

fn of_recognised(one: &Recognised) -> Mark {
    let note = match one.role {
        Role::Act => format!("act {}", one.label),
        _ => one.label.clone(),
    };
    Mark { field: one.field, span: one.start..one.end, note }
}

fn covers(field: Field, span: &Range<usize>, masked: &Masked) -> bool {
    field == masked.field && span.start <= masked.start && masked.end <= span.end
}

/// Says of each mark which names it hides.
fn hides(marks: &mut [Mark], all: &[Masked]) {
    for mark in marks {
        if let Some(masked) = all.iter().find(|masked| covers(mark.field, &mark.span, masked)) {
            mark.note.push_str(&format!(", hides “{}”", masked.text));
        }
    }
}

/// What marks are: one note a span, the same note for several spans once, each with what
/// `place` says of its spans.
pub fn notes<'m>(
    marks: impl Iterator<Item = &'m Mark>,
    place: impl Fn(&Range<usize>) -> String,
) -> Vec<(String, String)> {
    let marks: Vec<&Mark> = marks.collect();
    let mut by_span: Vec<(Range<usize>, Vec<&str>)> = Vec::new();
    for mark in &marks {
        let (span, note) = (&mark.span, mark.note.as_str());
        // "to join" says all that "join" inside it says, and "加盟 = joining (act joins)" all that
        // "加盟 = joining" does.
        let told = marks.iter().any(|other| {
            let wider = other.span.start <= span.start && span.end <= other.span.end;
            (wider && other.span != *span && other.note == *note)
                || (other.span == *span
                    && other.note != *note
                    && (other.note.starts_with(note) || note == OWN))
        });
        if told {
            continue;
        }
        match by_span.iter_mut().find(|(known, _)| known == span) {
            Some((_, notes)) if notes.contains(&note) => {}
            Some((_, notes)) => notes.push(note),
            None => by_span.push((span.clone(), vec![note])),
        }
    }
    by_span.sort_by_key(|(span, _)| (span.start, span.end));
    let mut lines: Vec<(Vec<String>, String)> = Vec::new();
    for (span, notes) in by_span {
        let (place, note) = (place(&span), notes.join(", "));
        match lines.iter_mut().find(|(_, known)| *known == note) {
            Some((places, _)) if places.contains(&place) => {}
            Some((places, _)) => places.push(place),
            None => lines.push((vec![place], note)),
        }
    }
    lines.into_iter().map(|(places, note)| (places.join(", "), note)).collect()
}
