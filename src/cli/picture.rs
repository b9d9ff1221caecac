//! An explanation as a picture: the move in one line, each text with its evidence marked, what was
//! masked, and which rules nearly held. Used by `explain`, `alerts show` and the demo.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Screen;
use super::screen::{BAD, BOLD, DIM, GOOD, cut_to_width};
use crate::model::{Decision, Evidence, Field, Finding, Item, Level, Match, Move, Role};

/// Scalars of context kept on each side of the evidence in long texts.
const AROUND: usize = 60;
/// Near misses that are shown.
const NEAR: usize = 6;

/// What else is known besides the finding.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Context<'a> {
    /// The level, where the ledger was asked.
    pub(crate) level: Option<Level>,
    /// What was decided, where the item was judged.
    pub(crate) decision: Option<&'a Decision>,
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
            let headline = headline(matched, context.level);
            let word = screen.styled(BOLD, "ALERT ");
            screen.line(format!("{word} {headline}"))?;
            texts(screen, item, &matched.evidence)?;
            if !matched.also_named.is_empty() {
                screen.line(format!("also   named: {}", names(&matched.also_named, matched)))?;
            }
        }
        None => {
            let word = screen.styled(BOLD, "QUIET ");
            let title = cut_to_width(&item.title, screen.width().saturating_sub(8));
            screen.line(format!("{word} {title}"))?;
        }
    }
    for masked in finding.masked.iter().take(NEAR) {
        let line = format!(
            "masked {} {}–{} `{}` is no {}: it is part of {}",
            masked.field, masked.start, masked.end, masked.text, masked.list, masked.by
        );
        let styled = screen.styled(DIM, line);
        screen.line(styled)?;
    }
    if let Some(same) = context.decision.and_then(Decision::sameness) {
        screen.line(format!("story  {}: {} (“{}”)", same.level, same.reason, same.with))?;
    }
    for miss in finding.near.iter().take(NEAR) {
        let alliance =
            miss.alliance.as_ref().map(|name| format!(" for {name}")).unwrap_or_default();
        let word = screen.styled(BAD, "no    ");
        screen.line(format!("{word} {}{alliance}: {}", miss.rule, miss.missing))?;
    }
    Ok(())
}

/// `AUKUS ← CA, JP   considers   level notable   rule security-alliance`
pub(crate) fn headline(matched: &Match, level: Option<Level>) -> String {
    let mut parts = vec![move_line(matched)];
    let acts = acts(&matched.moves);
    if !acts.is_empty() {
        parts.push(format!("act {acts}"));
    }
    if let Some(level) = level {
        parts.push(format!("level {level}"));
    }
    let rules: Vec<&str> = matched.rules.iter().map(|rule| rule.id.as_str()).collect();
    parts.push(format!("rule {}", rules.join(", ")));
    parts.join("   ")
}

/// `AUKUS ← Canada, Japan`
pub(crate) fn move_line(matched: &Match) -> String {
    let alliances = if matched.alliances.is_empty() {
        matched.rule_title.clone()
    } else {
        matched.alliances.join(", ")
    };
    match matched.candidates.is_empty() {
        true => alliances,
        false => format!("{alliances} ← {}", names(&matched.candidates, matched)),
    }
}

/// `Canada, Japan`
pub(crate) fn names(codes: &[String], matched: &Match) -> String {
    let named = |code: &String| matched.names.get(code).unwrap_or(code).clone();
    codes.iter().map(named).collect::<Vec<_>>().join(", ")
}

/// The acts with their actors: `ratified (Hungary)`.
pub(crate) fn acts(moves: &[Move]) -> String {
    let mut list: Vec<String> = Vec::new();
    for one in moves {
        let Some(act) = &one.act else { continue };
        let hedge = if one.hedged { "may: " } else { "" };
        let actor = one.actor.as_ref().map(|actor| format!(" by {actor}")).unwrap_or_default();
        let text = format!("{hedge}{}{actor}", act.name);
        if !list.contains(&text) {
            list.push(text);
        }
    }
    // "may join" beside "joins" is no second act.
    let plain = list.clone();
    list.retain(|text| {
        text.strip_prefix("may: ").is_none_or(|act| !plain.iter().any(|one| one == act))
    });
    list.join(", ")
}

/// Each text with evidence, the evidence marked, and what it is below.
fn texts(screen: &mut Screen, item: &Item, evidence: &[Evidence]) -> std::io::Result<()> {
    let mut by_field: BTreeMap<Field, Vec<&Evidence>> = BTreeMap::new();
    for one in evidence {
        by_field.entry(one.field).or_default().push(one);
    }
    for (field, list) in by_field {
        let spans = merged(list.iter().map(|one| one.start..one.end).collect());
        let marked = marked(screen, item.prose(field), &spans, field != Field::Title);
        screen.line(format!("{:<6} {marked}", field.as_str()))?;
        let notes: Vec<String> = list.iter().map(|one| note(one)).collect();
        let mut unique = Vec::new();
        for note in notes {
            if !unique.contains(&note) {
                unique.push(note);
            }
        }
        let styled = screen.styled(DIM, format!("       {}", unique.join(" · ")));
        screen.line(styled)?;
    }
    Ok(())
}

/// `36–46 alliance AUKUS (“Asian NATO”)`
fn note(one: &Evidence) -> String {
    let role = match one.role {
        Role::Alliance => "alliance",
        Role::Act => "act",
        Role::Candidate => "candidate",
        Role::Actor => "actor",
        Role::Term => "term",
    };
    let list = if one.list.is_empty() { String::new() } else { format!(" {}", one.list) };
    format!("{}–{} {role}{list}", one.start, one.end)
}

/// Overlapping and touching spans as one.
fn merged(mut spans: Vec<Range<usize>>) -> Vec<Range<usize>> {
    spans.sort_by_key(|span| (span.start, span.end));
    let mut merged: Vec<Range<usize>> = Vec::new();
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => merged.push(span),
        }
    }
    merged
}

/// The text with its spans in brackets, or in colour; in long texts only the surroundings.
pub(crate) fn marked(screen: &Screen, text: &str, spans: &[Range<usize>], shorten: bool) -> String {
    let scalars: Vec<char> = text.chars().map(|c| if c == '\n' { ' ' } else { c }).collect();
    let first = spans.first().map_or(0, |span| span.start);
    let last = spans.last().map_or(0, |span| span.end).min(scalars.len());
    let (from, to) = match shorten {
        true => (first.saturating_sub(AROUND), (last + AROUND).min(scalars.len())),
        false => (0, scalars.len()),
    };
    let from = word_border(&scalars, from);
    let mut out = String::new();
    if from > 0 {
        out.push('…');
    }
    let mut at = from;
    for span in spans {
        let start = span.start.clamp(at, to);
        let end = span.end.clamp(start, to);
        out.extend(&scalars[at..start]);
        let inner: String = scalars[start..end].iter().collect();
        match screen.colour() {
            true => out.push_str(&screen.styled(GOOD.bold(), inner)),
            false => {
                out.push('[');
                out.push_str(&inner);
                out.push(']');
            }
        }
        at = end;
    }
    out.extend(&scalars[at..to]);
    if to < scalars.len() {
        out.push('…');
    }
    out
}

/// The next beginning of a word, so that a cut text does not begin inside one.
fn word_border(scalars: &[char], at: usize) -> usize {
    if at == 0 {
        return 0;
    }
    let blank = scalars[at..].iter().take(AROUND / 2).position(|c| c.is_whitespace());
    blank.map_or(at, |offset| at + offset + 1)
}
