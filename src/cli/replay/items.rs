//! Items from a file, one JSON object a line.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Run;
use crate::cli::Screen;
use crate::cli::progress::Progress;
use crate::model::{FeedName, Item, ItemKey, Kind};
use crate::text;

/// Longest line of a file of items.
const LINE_BYTES: usize = 4 << 20;

/// A line of a file of items.
#[derive(Debug, Deserialize)]
pub(super) struct Line {
    #[serde(default)]
    id: serde_json::Value,
    title: String,
    #[serde(default)]
    summary: Option<String>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    pub(super) date: Option<String>,
    #[serde(default)]
    lang: Option<String>,
    #[serde(default)]
    label: Option<String>,
    #[serde(default)]
    alliances: Option<Vec<String>>,
    #[serde(default)]
    candidates: Option<Vec<String>>,
}

/// What a label says of an item.
#[derive(Debug, Clone, Default)]
pub(in crate::cli) struct Label {
    pub(in crate::cli) label: Option<String>,
    pub(in crate::cli) alliances: Option<Vec<String>>,
    pub(in crate::cli) candidates: Option<Vec<String>>,
    pub(in crate::cli) language: Option<String>,
}

/// Replays a file line by line; nothing of it is kept.
pub(super) fn from_file(path: &Path, run: &mut Run, screen: &mut Screen) -> anyhow::Result<()> {
    // An item without a date takes the one before it.
    let mut clock = Timestamp::UNIX_EPOCH;
    lines(path, "replay", &mut |number, line: Line| {
        if line.id.is_null() {
            bail!("failed to read {}:{number}: missing field `id`", path.display());
        }
        if let Some(date) = line.date.as_deref().filter(|date| !date.is_empty()) {
            clock = parse_date(date).with_context(|| {
                format!("failed to read {}:{number}: `{date}` is no date", path.display())
            })?;
        }
        let label = Label {
            label: line.label.clone(),
            alliances: line.alliances.clone(),
            candidates: line.candidates.clone(),
            language: line.lang.clone(),
        };
        let id = line.id.clone();
        run.item(id, item_of(line, number, clock), &label, screen)
    })
}

/// Reads a file with one JSON object a line and hands each on with its number.
pub(super) fn lines<T: DeserializeOwned>(
    path: &Path,
    doing: &'static str,
    each: &mut dyn FnMut(usize, T) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let shown = path.display();
    let file = File::open(path).with_context(|| format!("failed to read `{shown}`"))?;
    let whole = file.metadata().map_or(0, |about| about.len());
    let mut progress = Progress::new(doing, whole);
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let mut text = Vec::new();
    for number in 1.. {
        text.clear();
        // A file without line breaks must not fill the memory before it is refused.
        let length = (&mut reader)
            .take(LINE_BYTES as u64 + 1)
            .read_until(b'\n', &mut text)
            .with_context(|| format!("failed to read {shown}:{number}"))?;
        if length == 0 {
            break;
        }
        if length > LINE_BYTES {
            bail!(
                "failed to read {shown}:{number}: the line is longer than {} MiB",
                LINE_BYTES >> 20
            );
        }
        progress.step(length as u64);
        if text.trim_ascii().is_empty() {
            continue;
        }
        let line: T = serde_json::from_slice(&text)
            .map_err(|error| anyhow::anyhow!("failed to read {shown}:{number}: {error}"))?;
        each(number, line)?;
    }
    Ok(())
}

/// A line as an item of this date.
pub(super) fn item_of(line: Line, number: usize, date: Timestamp) -> Item {
    let id = match &line.id {
        serde_json::Value::String(id) => id.clone(),
        other => other.to_string(),
    };
    // Two lines with one id are two items: what is replayed is what stands in the file.
    let key = format!("{number}:{}", text::cut(&id, 150));
    let prose = |source: Option<String>| {
        source.map(|source| text::clean_text(source, true)).unwrap_or_default()
    };
    Item {
        key: ItemKey::new(key),
        feed: FeedName::new(
            line.source.as_deref().filter(|name| !name.is_empty()).unwrap_or("file"),
        ),
        canonical: None,
        url: line.url,
        title: text::clean_text(line.title, false),
        summary: prose(line.summary),
        body: prose(line.body),
        feed_text: None,
        author: String::new(),
        categories: Vec::new(),
        language: line.lang,
        published: Some(date),
        seen: date,
        kind: Kind::default(),
        tags: Vec::new(),
    }
}

/// RFC 3339, or `YYYY-MM-DD[ HH:MM[:SS]]` in UTC; a bare year or month is its first day.
pub(super) fn parse_date(text: &str) -> anyhow::Result<Timestamp> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    let text = text.trim();
    let civil = match text.len() {
        4 => format!("{text}-01-01").parse::<Date>()?.at(0, 0, 0, 0),
        7 => format!("{text}-01").parse::<Date>()?.at(0, 0, 0, 0),
        10 => text.parse::<Date>()?.at(0, 0, 0, 0),
        _ => text.parse::<DateTime>()?,
    };
    Ok(civil.to_zoned(TimeZone::UTC)?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_every_promised_form() {
        for (text, expected) in [
            ("2022-05-18", "2022-05-18T00:00:00Z"),
            ("2022-05-18 10:20", "2022-05-18T10:20:00Z"),
            ("2022-05-18 10:20:30", "2022-05-18T10:20:30Z"),
            ("2022-05-18T10:20:30+02:00", "2022-05-18T08:20:30Z"),
            ("2022-05", "2022-05-01T00:00:00Z"),
            ("2004", "2004-01-01T00:00:00Z"),
        ] {
            assert_eq!(parse_date(text).unwrap().to_string(), expected, "{text}");
        }
        assert!(parse_date("May 2022").is_err());
    }
}
