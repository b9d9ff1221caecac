//! The message that a desk wants, as parts: each receiver puts them into its own form.
//!
//! In the reader's eye order: the move and its level, the linked headline with source and age, the
//! evidence with its spans marked, who else is named, what was known before, who else tells it, the
//! short id. Nothing here escapes; receivers do, after cutting.

use std::ops::Range;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::contract::Stationery;
use crate::model::{AlertId, AlertKind, AlertView, Evidence, Field, Level, Match, Role};
use crate::text::cut;

/// Characters of the evidence sentence.
const EVIDENCE: usize = 280;
/// Characters kept before the first mark of a long text.
const BEFORE: usize = 60;
/// Other outlets that are named before the rest is counted.
const OUTLETS: usize = 5;
/// Foreign words that are explained.
const GLOSSES: usize = 8;
/// Characters of a headline.
const HEADLINE: usize = 300;

/// A message in neutral parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parts {
    /// `NEW · AUKUS ← Canada, Japan · considers · notable · 1 source`
    pub(super) verdict: String,
    /// The headline.
    pub(super) headline: String,
    /// Where it leads; only http and https.
    pub(super) link: Option<String>,
    /// `Example Wire · 24 Mar 2024 09:40 UTC, seen 4 min later`
    pub(super) source: String,
    /// The text that shows it, and the marked spans in characters of it.
    pub(super) evidence: Option<Marked>,
    /// `body`, `summary`; empty for the headline.
    pub(super) evidence_from: &'static str,
    /// `日本 = Japan, 加盟 = joining`: what the marked words mean, where they are not in English.
    pub(super) gloss: String,
    /// `India, New Zealand, South Korea`
    pub(super) also_named: String,
    /// `Japan denied, 13 Apr 2022`
    pub(super) before: String,
    /// `Paper A, Paper B (same text)`
    pub(super) also_in: String,
    /// `A-1042`
    pub(super) id: String,
    /// Our page of the alert, where there is one.
    pub(super) page: Option<String>,
    /// For an update: the alert that it follows.
    pub(super) follows: Option<Follows>,
    /// What it asks of its reader.
    pub(super) level: Level,
}

/// The alert that an update follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Follows {
    /// `A-1040 · Canada and Japan in talks · 23 Mar 2024 08:00 UTC`
    pub(super) text: String,
    /// Where it leads.
    pub(super) page: Option<String>,
}

/// A text with marked spans, in characters of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Marked {
    pub(super) text: String,
    pub(super) spans: Vec<Range<usize>>,
}

impl Marked {
    /// The text in pieces, each with whether it is marked.
    pub(super) fn pieces(&self) -> Vec<(String, bool)> {
        let scalars: Vec<char> = self.text.chars().collect();
        let mut pieces = Vec::new();
        let mut at = 0;
        for span in &self.spans {
            let (start, end) = (span.start.clamp(at, scalars.len()), span.end.min(scalars.len()));
            if start >= end {
                continue;
            }
            if start > at {
                pieces.push((scalars[at..start].iter().collect(), false));
            }
            pieces.push((scalars[start..end].iter().collect(), true));
            at = end;
        }
        if at < scalars.len() {
            pieces.push((scalars[at..].iter().collect(), false));
        }
        pieces
    }
}

impl Parts {
    /// The parts of one alert.
    pub(super) fn of(view: &AlertView, stationery: &Stationery) -> Self {
        let alert = &view.alert;
        let item = &alert.item;
        let matched = &alert.matched;
        let web = |url: &&String| url.starts_with("https://") || url.starts_with("http://");
        let (evidence, evidence_from, gloss) = evidence(view);
        Self {
            verdict: verdict(view),
            headline: match item.title.is_empty() {
                true => "(no headline)".to_owned(),
                false => cut(&item.title, HEADLINE).to_owned(),
            },
            link: item.url.as_ref().filter(web).cloned(),
            source: source(view, &stationery.timezone),
            evidence,
            evidence_from,
            gloss,
            also_named: names(&matched.also_named, matched),
            before: before(view, &stationery.timezone),
            also_in: also_in(view),
            id: alert.id.to_string(),
            page: page(stationery, alert.id),
            follows: follows(view, stationery),
            level: alert.level,
        }
    }
}

/// Our page of an alert, where people can reach it.
fn page(stationery: &Stationery, id: AlertId) -> Option<String> {
    (!stationery.public_url.is_empty()).then(|| format!("{}/alerts/{id}", stationery.public_url))
}

/// For an update that this receiver gets as one: the alert before.
fn follows(view: &AlertView, stationery: &Stationery) -> Option<Follows> {
    let previous = view.alert.previous.as_ref().filter(|_| view.kind == AlertKind::Updated)?;
    let mut text = previous.alert.to_string();
    if !previous.title.is_empty() {
        text.push_str(&format!(" · {}", cut(&previous.title, HEADLINE)));
    }
    text.push_str(&format!(" · {}", shown(previous.raised, &stationery.timezone)));
    Some(Follows { text, page: page(stationery, previous.alert) })
}

/// `NEW · AUKUS ← Canada, Japan · considers · notable · 1 source`
pub(super) fn verdict(view: &AlertView) -> String {
    let matched = &view.alert.matched;
    let confirmed = view.alert.new.as_ref().is_some_and(|new| new.confirmed);
    let word = match view.kind {
        AlertKind::Raised => "NEW",
        AlertKind::Updated if confirmed => "CONFIRMED",
        AlertKind::Updated => "UPDATE",
    };
    let alliances = match matched.alliances.is_empty() {
        true => matched.rule_title.clone(),
        false => matched.alliances.join(", "),
    };
    let mut subject = alliances;
    if !matched.candidates.is_empty() {
        subject.push_str(&format!(" ← {}", names(&matched.candidates, matched)));
    }
    let mut parts = vec![word.to_owned(), subject];
    let acts = acts(matched);
    if !acts.is_empty() {
        parts.push(acts);
    }
    parts.push(view.alert.level.to_string());
    let plural = if view.sources == 1 { "source" } else { "sources" };
    parts.push(format!("{} {plural}", view.sources));
    parts.join(" · ")
}

fn acts(matched: &Match) -> String {
    let mut list: Vec<String> = Vec::new();
    for one in &matched.moves {
        let Some(act) = &one.act else { continue };
        let actor = one.actor.as_ref().filter(|actor| !one.candidates.contains(actor));
        let by = actor.map(|code| format!(" ({})", name(code, matched))).unwrap_or_default();
        let text = format!("{}{by}", act.name.replace('_', " "));
        if !list.contains(&text) {
            list.push(text);
        }
    }
    list.join(", ")
}

fn name(code: &str, matched: &Match) -> String {
    matched.names.get(code).cloned().unwrap_or_else(|| code.to_owned())
}

fn names(codes: &[String], matched: &Match) -> String {
    codes.iter().map(|code| name(code, matched)).collect::<Vec<_>>().join(", ")
}

/// `Example Wire · 24 Mar 2024 09:40 UTC, seen 4 min later`
fn source(view: &AlertView, zone: &TimeZone) -> String {
    let item = &view.alert.item;
    let mut text = item.feed.to_string();
    match item.published {
        None => text.push_str(&format!(" · no date, seen {}", shown(item.seen, zone))),
        Some(published) => {
            text.push_str(&format!(" · {}", shown(published, zone)));
            let later = item.seen.duration_since(published).as_secs();
            if later >= 60 {
                text.push_str(&format!(", seen {} later", span(later)));
            }
        }
    }
    text
}

pub(super) fn shown(time: Timestamp, zone: &TimeZone) -> String {
    time.to_zoned(zone.clone()).strftime("%-d %b %Y %H:%M %Z").to_string()
}

fn span(seconds: i64) -> String {
    match seconds {
        ..3600 => format!("{} min", seconds / 60),
        3600..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// The text that shows the move best: the first field with the most of candidate, act and alliance. A rule
/// that asks for none of them has its words where they stand.
fn evidence(view: &AlertView) -> (Option<Marked>, &'static str, String) {
    let all = &view.alert.matched.evidence;
    let in_field = |field: Field| all.iter().filter(|one| one.field == field).collect::<Vec<_>>();
    let roles = |list: &[&Evidence]| {
        let has = |role: Role| list.iter().any(|one| one.role == role);
        usize::from(has(Role::Candidate))
            + usize::from(has(Role::Act))
            + usize::from(has(Role::Alliance))
    };
    let fields = [Field::Title, Field::Summary, Field::Body];
    let found = fields.iter().rev().filter(|field| !in_field(**field).is_empty());
    let Some(field) = found.max_by_key(|field| roles(&in_field(**field))) else {
        return (None, "", String::new());
    };
    let shown = in_field(*field);
    let spans = shown.iter().map(|one| one.start..one.end).collect();
    let text = view.alert.item.prose(*field);
    let from = if *field == Field::Title { "" } else { field.as_str() };
    (Some(window(text, spans)), from, glosses(shown))
}

/// What foreign evidence means, in the order of the text, each word once.
fn glosses(mut shown: Vec<&Evidence>) -> String {
    shown.sort_by_key(|one| (one.start, one.end));
    let mut list: Vec<String> = Vec::new();
    for one in shown {
        let Some(gloss) = &one.gloss else { continue };
        let text = format!("{} = {gloss}", one.text);
        if !list.contains(&text) && list.len() < GLOSSES {
            list.push(text);
        }
    }
    list.join(", ")
}

/// The part of a text round its marks, cut at words.
fn window(text: &str, mut spans: Vec<Range<usize>>) -> Marked {
    spans.sort_by_key(|span| (span.start, span.end));
    let scalars: Vec<char> = text.chars().collect();
    let first = spans.first().map_or(0, |span| span.start);
    let mut from = first.saturating_sub(BEFORE);
    // Begin where a sentence or at least a word does.
    if from > 0 {
        let sentence = (from..first).rev().find(|at| {
            matches!(scalars[*at], '.' | '!' | '?' | '\n' | '。')
                && scalars.get(at + 1).is_none_or(|c| c.is_whitespace())
        });
        let word = (from..first).find(|at| scalars[*at].is_whitespace());
        from = sentence.or(word).map_or(from, |at| at + 1);
        while from < first && scalars[from].is_whitespace() {
            from += 1;
        }
    }
    let rest: String = scalars[from..].iter().map(|c| if *c == '\n' { ' ' } else { *c }).collect();
    let kept = cut(&rest, EVIDENCE);
    let length = kept.chars().count();
    let lead = usize::from(from > 0);
    let mut shown = String::new();
    if from > 0 {
        shown.push('…');
    }
    shown.push_str(kept);
    if kept.len() < rest.len() {
        shown.push('…');
    }
    let spans = spans
        .into_iter()
        .filter(|span| span.start >= from && span.end <= from + length)
        .map(|span| span.start - from + lead..span.end - from + lead)
        .fold(Vec::new(), |mut merged: Vec<Range<usize>>, span| {
            match merged.last_mut() {
                Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
                _ => merged.push(span),
            }
            merged
        });
    Marked { text: shown, spans }
}

/// `Japan denies, 13 Apr 2022`
fn before(view: &AlertView, zone: &TimeZone) -> String {
    let matched = &view.alert.matched;
    let mut list: Vec<String> = Vec::new();
    for entry in view.alert.before.iter().take(OUTLETS) {
        let who = match entry.candidate.is_empty() {
            true => entry.alliance.clone(),
            false => name(&entry.candidate, matched),
        };
        let date = entry.since.to_zoned(zone.clone()).strftime("%-d %b %Y");
        list.push(format!("{who} {}, {date}", entry.act.replace('_', " ")));
    }
    list.join("; ")
}

/// `Paper A, Paper B (same text)`
fn also_in(view: &AlertView) -> String {
    let mut list: Vec<String> = Vec::new();
    for other in &view.also_in {
        let copy = if other.copy { " (same text)" } else { "" };
        let text = format!("{}{copy}", other.feed);
        if !list.contains(&text) {
            list.push(text);
        }
    }
    let more = list.len().saturating_sub(OUTLETS);
    list.truncate(OUTLETS);
    if more > 0 {
        list.push(format!("{more} more"));
    }
    list.join(", ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_of_a_rule_without_roles_are_shown_where_they_stand() {
        let mut view =
            super::super::sample(&crate::model::SinkName::new("x"), Timestamp::UNIX_EPOCH);
        let summary = "The treaty opens a door.";
        view.alert.item.summary = summary.to_owned();
        let word = Evidence {
            rule: crate::model::RuleId::new("r"),
            field: Field::Summary,
            start: 4,
            end: 10,
            text: "treaty".to_owned(),
            term: "treaty".to_owned(),
            list: String::new(),
            role: Role::Term,
            label: String::new(),
            gloss: None,
        };
        view.alert.matched.evidence = vec![word];
        let (shown, from, _) = evidence(&view);
        assert_eq!(
            (shown.unwrap().pieces()[1].clone(), from),
            (("treaty".to_owned(), true), "summary")
        );
    }

    #[test]
    fn long_texts_are_cut_round_their_marks() {
        let text = format!(
            "{} Canada may join AUKUS. {}",
            "Filler words. ".repeat(40),
            "More. ".repeat(80)
        );
        let start = text.find("Canada").unwrap();
        let marked = window(&text, std::iter::once(start..start + 6).collect());
        assert!(marked.text.starts_with("…Canada may join"), "{}", marked.text);
        assert!(marked.text.ends_with('…') && marked.text.chars().count() <= EVIDENCE + 2);
        let pieces: Vec<String> = marked
            .pieces()
            .into_iter()
            .filter(|(_, marked)| *marked)
            .map(|(text, _)| text)
            .collect();
        assert_eq!(pieces, ["Canada"]);
    }

    proptest! {
        #[test]
        fn pieces_are_the_text(text in "\\PC{0,400}", start in 0usize..300, length in 0usize..40) {
            let count = text.chars().count();
            let start = start.min(count);
            let marked = window(&text, std::iter::once(start..(start + length).min(count)).collect());
            let joined: String = marked.pieces().into_iter().map(|(text, _)| text).collect();
            prop_assert_eq!(&joined, &marked.text);
            prop_assert!(marked.text.chars().count() <= EVIDENCE + 2);
        }
    }
}
