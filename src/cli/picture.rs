//! An explanation as a picture: the move in one line, each text with its evidence marked and what it
//! is below, what was masked, and which rules nearly held. Used by `explain`, `alerts show` and the
//! demo.

use std::ops::Range;

use anstyle::Style;

use super::Screen;
use super::marks::{INDENT, flowed, marked, sentences, whole};
use super::screen::{BAD, BOLD, DIM, cut_to_width};
use super::wording::{headline, quiet, surroundings};
use crate::model::{
    Decision, Evidence, Field, Finding, Item, Level, Masked, Match, Recognised, Role,
};

/// Sentences of one text that are shown.
const SENTENCES: usize = 3;
/// Near misses and masked words that are shown.
const FEW: usize = 4;

/// What is said of a word that the rule asks for and no list explains.
const OWN: &str = "asked for by the rule";

/// What else is known besides the finding.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Context<'a> {
    /// The level, where the ledger was asked.
    pub(crate) level: Option<Level>,
    /// What was decided, where the item was judged.
    pub(crate) decision: Option<&'a Decision>,
    /// What the lexicon saw, to show where no rule holds.
    pub(crate) recognised: &'a [Recognised],
}

/// A marked span and what is said of it.
struct Mark {
    field: Field,
    span: Range<usize>,
    note: String,
}

/// Prints the picture of one item.
pub(crate) fn explain(
    screen: &mut Screen,
    item: &Item,
    finding: &Finding,
    context: Context<'_>,
) -> std::io::Result<()> {
    match &finding.matched {
        Some(matched) => {
            row(screen, BOLD, "ALERT", &headline(matched, context.level), "   ")?;
            let mut marks: Vec<Mark> = matched.evidence.iter().map(of_evidence).collect();
            hides(&mut marks, &finding.masked);
            texts(screen, item, &marks, &surroundings(matched))?;
        }
        None => {
            row(screen, BOLD, "QUIET", &[quiet(finding, context.recognised)], "   ")?;
            let marks: Vec<Mark> = context.recognised.iter().map(of_recognised).collect();
            texts(screen, item, &marks, &[])?;
        }
    }
    let inside = |masked: &&Masked| {
        finding.matched.as_ref().is_none_or(|matched| {
            !matched.evidence.iter().any(|one| covers(one.field, &(one.start..one.end), masked))
        })
    };
    for masked in finding.masked.iter().filter(inside).take(FEW) {
        let text = format!(
            "{} {}–{} “{}” does not count: it is part of {}",
            masked.field, masked.start, masked.end, masked.text, masked.by
        );
        row(screen, DIM, "masked", &[text], "")?;
    }
    if let Some(same) = context.decision.and_then(Decision::sameness) {
        let text = format!("{}: {} (“{}”)", same.level, same.reason, same.with);
        row(screen, DIM, "story", &[text], "")?;
    }
    for miss in finding.near.iter().take(FEW) {
        let alliance = miss.alliance.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
        let text = format!("{}{alliance}: {}", miss.rule, miss.missing);
        row(screen, BAD, "no", &[text], "")?;
    }
    Ok(())
}

/// Prints an item of many in two lines.
pub(super) fn compact(
    screen: &mut Screen,
    item: &Item,
    finding: &Finding,
    level: Option<Level>,
) -> std::io::Result<()> {
    let title = cut_to_width(&item.title, screen.width().saturating_sub(INDENT));
    let Some(matched) = &finding.matched else {
        row(screen, DIM, "QUIET", &[title], "")?;
        return match finding.near.first() {
            Some(miss) => {
                let text = format!("{}: {}", miss.rule, miss.missing);
                row(screen, BAD, "  no", &[text], "")
            }
            None => Ok(()),
        };
    };
    row(screen, BOLD, "ALERT", &headline(matched, level), "   ")?;
    // The headline, or else the sentence that shows it.
    let best = [Field::Title, Field::Summary, Field::Body]
        .into_iter()
        .max_by_key(|field| (roles(matched, *field), std::cmp::Reverse(*field)))
        .unwrap_or(Field::Title);
    let spans: Vec<Range<usize>> = matched
        .evidence
        .iter()
        .filter(|one| one.field == best)
        .map(|one| one.start..one.end)
        .collect();
    if best != Field::Title {
        row(screen, Style::new(), "", &[title], "")?;
    }
    let text = item.prose(best);
    let first = match best {
        Field::Title => Some(whole(text, &spans)),
        _ => sentences(text, &spans).into_iter().max_by_key(|one| one.spans.len()),
    };
    let Some(first) = first else { return Ok(()) };
    let lines = marked(screen, text, &first, screen.width().saturating_sub(INDENT));
    lines.into_iter().try_for_each(|line| screen.line(format!("{:INDENT$}{line}", "")))
}

/// How many of alliance, act and candidate a field shows.
fn roles(matched: &Match, field: Field) -> usize {
    let has =
        |role: Role| matched.evidence.iter().any(|one| one.field == field && one.role == role);
    [Role::Alliance, Role::Candidate, Role::Act].into_iter().filter(|role| has(*role)).count()
}

/// A label and parts, wrapped to the width.
pub(super) fn row(
    screen: &mut Screen,
    style: Style,
    label: &str,
    parts: &[String],
    separator: &str,
) -> std::io::Result<()> {
    let width = screen.width().saturating_sub(INDENT);
    let mut label = screen.styled(style, format!("{label:<6}"));
    for line in flowed(parts, separator, width) {
        let line = if style == DIM { screen.styled(DIM, line) } else { line };
        screen.line(format!("{label} {line}"))?;
        label = " ".repeat(INDENT - 1);
    }
    Ok(())
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

/// Each text with marks, and below it what they are; `more` goes with the last.
fn texts(screen: &mut Screen, item: &Item, marks: &[Mark], more: &[String]) -> std::io::Result<()> {
    let width = screen.width().saturating_sub(INDENT);
    let mut fields = vec![Field::Title];
    for mark in marks {
        if !fields.contains(&mark.field) {
            fields.push(mark.field);
        }
    }
    fields.sort_unstable();
    let last = fields.last().copied();
    for field in fields {
        let text = item.prose(field);
        let spans: Vec<Range<usize>> =
            marks.iter().filter(|mark| mark.field == field).map(|mark| mark.span.clone()).collect();
        let mut excerpts = match field {
            Field::Title => vec![whole(text, &spans)],
            _ => sentences(text, &spans),
        };
        let further = excerpts.len().saturating_sub(SENTENCES);
        let one_sentence = field != Field::Title && excerpts.len() == 1;
        excerpts.truncate(SENTENCES);
        let mut label = format!("{:<6}", field.as_str());
        for (index, excerpt) in excerpts.iter().enumerate() {
            for line in marked(screen, text, excerpt, width) {
                screen.line(format!("{label} {line}"))?;
                label = " ".repeat(INDENT - 1);
            }
            let inside = |mark: &&Mark| mark.field == field && excerpt.spans.contains(&mark.span);
            let mut notes = notes(marks.iter().filter(inside));
            let ends = index + 1 == excerpts.len();
            if one_sentence && notes.len() > 1 {
                notes.push("same sentence".to_owned());
            }
            if ends && further > 0 {
                notes.push(format!("and {further} more sentences"));
            }
            if ends && Some(field) == last {
                notes.extend(more.iter().cloned());
            }
            row(screen, DIM, "", &notes, " · ")?;
        }
        // Labels have no text of their own to show: the words must do.
        if text.is_empty() {
            let notes = notes(marks.iter().filter(|mark| mark.field == field));
            row(screen, DIM, field.as_str(), &notes, " · ")?;
        }
    }
    Ok(())
}

/// What marks are: one note a span, the same note for several spans once.
fn notes<'m>(marks: impl Iterator<Item = &'m Mark>) -> Vec<String> {
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
    let mut lines: Vec<(String, String)> = Vec::new();
    for (span, notes) in by_span {
        let (place, note) = (format!("{}–{}", span.start, span.end), notes.join(", "));
        match lines.iter_mut().find(|(_, known)| *known == note) {
            Some((places, _)) => places.push_str(&format!(", {place}")),
            None => lines.push((place, note)),
        }
    }
    lines.into_iter().map(|(places, note)| format!("{places} {note}")).collect()
}
