//! An explanation as a picture: the move in one line, each text with its evidence marked and what it
//! is below, what was masked, and which rules nearly held. Used by `explain`, `alerts show` and the
//! demo.

use std::ops::Range;

use anstyle::Style;

use super::Screen;
use super::marks::{INDENT, flowed, marked};
use super::screen::{BAD, BOLD, DIM, cut_to_width};
use crate::model::{Decision, Field, Finding, Item, Level, Match, Recognised, Role};
use crate::report::{Mark, headline, marks, masked, notes, quiet, sentences, surroundings, whole};

/// Sentences of one text that are shown.
const SENTENCES: usize = 3;
/// Near misses and masked words that are shown.
const FEW: usize = 4;

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
            texts(screen, item, &marks(finding, &[]), &surroundings(matched))?;
        }
        None => {
            row(screen, BOLD, "QUIET", &[quiet(finding, context.recognised)], "   ")?;
            texts(screen, item, &marks(finding, context.recognised), &[])?;
        }
    }
    for text in masked(finding).take(FEW) {
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
            let mut notes = counted(marks.iter().filter(inside));
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
            let notes = counted(marks.iter().filter(|mark| mark.field == field));
            row(screen, DIM, field.as_str(), &notes, " · ")?;
        }
    }
    Ok(())
}

/// What marks are, after the numbers of their spans.
fn counted<'m>(marks: impl Iterator<Item = &'m Mark>) -> Vec<String> {
    let numbers = |span: &Range<usize>| format!("{}–{}", span.start, span.end);
    let notes = notes(marks, numbers).into_iter();
    notes.map(|(places, note)| format!("{places} {note}")).collect()
}
