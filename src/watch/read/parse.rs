//! From a document to entries: the only place that knows feed-rs.
//!
//! feed-rs gets what `repair` wrote and nothing else. It runs under `catch_unwind`, because earlier
//! versions of it panicked on remote input, and its invented ids are switched off. Texts come out as
//! mark-up; making them plain is left to the caller.

use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::DateTime;
use jiff::Timestamp;
use url::Url;

use super::dates;
use super::repair::Repaired;
use crate::model::Hints;

/// An entry of any format, its texts still mark-up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Entry {
    /// The feed's own id; empty where it gives none.
    pub(super) id: String,
    /// Absolute link.
    pub(super) link: Option<Url>,
    /// What a feed service says was the link before: the better one for comparison.
    pub(super) original: Option<Url>,
    /// Its canonical form; filled by the caller.
    pub(super) canonical: Option<String>,
    pub(super) title: String,
    pub(super) summary: String,
    pub(super) body: String,
    pub(super) author: String,
    pub(super) categories: Vec<String>,
    pub(super) language: String,
    pub(super) published: Option<Timestamp>,
}

/// A document of any format.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Parsed {
    pub(super) entries: Vec<Entry>,
    pub(super) title: String,
    pub(super) language: String,
    pub(super) hints: Hints,
    /// What was put right, ready to show.
    pub(super) faults: Vec<String>,
    /// Where the feed says that its news is pushed from, and what it calls itself there.
    pub(super) hub: Option<Url>,
    pub(super) topic: Option<Url>,
    /// The document breaks off before its end.
    pub(super) truncated: bool,
}

/// Parses what `repair` wrote.
///
/// # Errors
///
/// feed-rs refuses the document or panics; the reason, ready to show.
pub(super) fn parse(repaired: Repaired, url: &Url, now: Timestamp) -> Result<Parsed, String> {
    let parser = feed_rs::parser::Builder::new()
        .base_uri(Some(url.as_str()))
        .id_generator(|_, _, _| String::new())
        .sanitize_content(false)
        .timestamp_parser(move |text| {
            let found = dates::parse(text, now)?;
            DateTime::from_timestamp(found.as_second(), 0)
        })
        .build();
    // The parser is dropped after a panic, so nothing broken is seen again.
    let feed = catch_unwind(AssertUnwindSafe(|| parser.parse(repaired.xml.as_bytes())))
        .map_err(|_| "the parser failed on it".to_owned())?
        .map_err(|error| error.to_string())?;
    let mut notes = repaired.notes.into_iter();
    let entries = feed.entries.into_iter().map(|entry| {
        // `repair` writes items one by one and the parser drops none, so the two run in step.
        let notes = notes.next().unwrap_or_default();
        let instant = |date: Option<DateTime<chrono::Utc>>| {
            date.and_then(|date| Timestamp::from_second(date.timestamp()).ok())
        };
        Entry {
            id: notes.id,
            link: notes.link,
            original: notes.original,
            canonical: None,
            title: entry.title.map(|text| text.content).unwrap_or_default(),
            summary: notes.summary,
            body: notes.body,
            author: notes.author,
            categories: notes.categories,
            language: notes.language,
            published: instant(entry.published).or_else(|| instant(entry.updated)),
        }
    });
    Ok(Parsed {
        entries: entries.collect(),
        title: repaired.title,
        language: repaired.language,
        hints: repaired.hints.into_hints(),
        hub: repaired.hub,
        topic: repaired.topic,
        faults: repaired.repairs.iter().map(|repair| repair.text()).collect(),
        truncated: repaired.repairs.contains(&super::repair::Repair::Truncated),
    })
}
