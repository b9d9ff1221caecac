//! Feeds that nobody here wrote, from the data folder: how many are read as their readers agree on.
//! Does nothing where the folder is not there. The table by category:
//!
//! `PACTWATCH_DATA=… cargo test --release --test it foreign:: -- --nocapture`
//!
//! `PACTWATCH_DATA` names a folder with `feeds/index.jsonl`, one file a line: `file`, `category`,
//! `http_content_type`, and `expected`, which is `"error"` or holds `entries` and, where they are
//! known, `first_title`, `first_link` and `first_published`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use pactwatch::model::{Every, Feed, FeedName, Kind};
use pactwatch::watch::read::{Document, Reading, read};
use serde_json::Value;

use crate::meter;

/// Where relative links of the suite lead.
const BASE: &str = "http://example.org/feed";
/// Shares of entry counts, titles, links and dates that must be right.
const ENOUGH: [f64; 4] = [0.99, 0.98, 0.98, 0.97];
/// No file may take more CPU time; debug builds are ten times as slow.
const PATIENCE: Duration = Duration::from_secs(if cfg!(debug_assertions) { 10 } else { 1 });
/// Nor more memory, in bytes, beyond what is there before it is read.
const MEMORY: u64 = 64 * 1024 * 1024;

/// Right and all.
#[derive(Debug, Default, Clone, Copy)]
struct Count {
    right: usize,
    all: usize,
}

impl Count {
    fn share(self) -> f64 {
        if self.all == 0 { 1.0 } else { self.right as f64 / self.all as f64 }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.all {
            0 => f.pad("-"),
            all => f.pad(&format!("{}/{all}", self.right)),
        }
    }
}

/// A line of the table.
#[derive(Debug, Default)]
struct Tally {
    /// Entry counts, first titles, first links, first dates.
    counts: [Count; 4],
    slowest: Duration,
    /// Largest growth of memory over one file, in bytes.
    largest: u64,
}

impl Tally {
    fn note(&mut self, of: usize, right: bool) {
        self.counts[of].all += 1;
        self.counts[of].right += usize::from(right);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for count in self.counts {
            write!(f, "{count:>10}")?;
        }
        let tenths = self.largest * 10 / (1024 * 1024);
        write!(f, "{:>8} ms{:>5}.{} MiB", self.slowest.as_millis(), tenths / 10, tenths % 10)
    }
}

fn folder() -> Option<PathBuf> {
    let data = std::env::var("PACTWATCH_DATA").ok()?;
    let folder = Path::new(&data).join("feeds");
    folder.join("index.jsonl").exists().then_some(folder)
}

fn stand_in() -> Feed {
    Feed {
        name: FeedName::new("suite"),
        url: BASE.to_owned(),
        every: Every::Auto,
        kind: Kind::default(),
        tags: Vec::new(),
        shadow: false,
        full_text: false,
    }
}

/// Titles differ in white space between readers.
fn same_title(one: &str, two: &str) -> bool {
    let bare = |text: &str| {
        let text = pactwatch::text::clean(&pactwatch::text::html_to_text(text));
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    bare(one) == bare(two)
}

/// What is right of one file: entry count, and title, link and date of the first entry where they
/// are known. The text says what is wrong.
fn compare(row: &Value, reading: Option<&Reading>) -> [Option<Result<(), String>>; 4] {
    let expected = &row["expected"];
    let count = reading.map_or(0, |reading| reading.items.len()) as u64;
    let right = match expected["entries"].as_u64() {
        None => count == 0,
        Some(wanted) => count == wanted || row["entries_also"].as_u64() == Some(count),
    };
    let told = |right: bool, found: String, wanted: &dyn fmt::Display| {
        Some(if right { Ok(()) } else { Err(format!("{found}, expected {wanted}")) })
    };
    let mut verdicts =
        [told(right, format!("{count} entries"), &expected["entries"]), None, None, None];
    let first = reading.and_then(|reading| reading.items.first());
    if let Some(title) = expected["first_title"].as_str() {
        let found = first.map_or("", |item| item.title.as_str());
        verdicts[1] = told(same_title(found, title), format!("{found:?}"), &title);
    }
    if let Some(link) = expected["first_link"].as_str() {
        let found = first.and_then(|item| item.url.as_deref()).unwrap_or_default();
        let found = found.trim_end_matches('/');
        let right = found == link.trim().trim_end_matches('/');
        verdicts[2] = told(right, format!("{found:?}"), &link);
    }
    if let Some(date) = expected["first_published"].as_i64() {
        let found = first.and_then(|item| item.published).map(Timestamp::as_second);
        verdicts[3] = told(found == Some(date), format!("{found:?}"), &date);
    }
    verdicts
}

#[test]
fn foreign_feeds_are_read_as_their_readers_agree() {
    let Some(folder) = folder() else {
        println!("skipped: PACTWATCH_DATA names no folder with feeds");
        return;
    };
    let index = std::fs::read_to_string(folder.join("index.jsonl")).unwrap();
    let mut table: BTreeMap<String, Tally> = BTreeMap::new();
    let (mut all, mut wrong) = (Tally::default(), Vec::new());
    for line in index.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let file = row["file"].as_str().unwrap();
        let bytes = std::fs::read(folder.join(file)).unwrap();
        let content_type = row["http_content_type"].as_str().unwrap_or("application/xml");
        let document = Document { bytes: &bytes, content_type: Some(content_type), url: BASE };
        let (before, begun) = (meter::begin_peak(), meter::cpu());
        let reading = read(document, &stand_in(), Timestamp::now());
        let taken = meter::cpu().saturating_sub(begun);
        let grown = meter::peak().zip(before).map_or(0, |(peak, rss)| peak.saturating_sub(rss));
        assert!(taken < PATIENCE, "{file} took {taken:?}");
        let verdicts = compare(&row, reading.as_ref().ok());
        let category = row["category"].as_str().unwrap_or("-").to_owned();
        for tally in [&mut all, table.entry(category).or_default()] {
            tally.slowest = tally.slowest.max(taken);
            tally.largest = tally.largest.max(grown);
            for (of, verdict) in verdicts.iter().enumerate() {
                let Some(verdict) = verdict else { continue };
                tally.note(of, verdict.is_ok());
            }
        }
        let mistakes = verdicts.into_iter().flatten().filter_map(Result::err);
        wrong.extend(mistakes.map(|mistake| format!("{file}: {mistake}")));
    }
    let head = ["entries", "titles", "links", "dates"].map(|word| format!("{word:>10}")).concat();
    println!("{:<60}{head}{:>11}{:>11}", "category", "slowest", "memory");
    for (category, tally) in &table {
        println!("{:<60}{tally}", category.chars().take(58).collect::<String>());
    }
    println!("{:<60}{all}", "all");
    wrong.iter().for_each(|line| println!("wrong: {line}"));
    for (count, enough) in all.counts.into_iter().zip(ENOUGH) {
        assert!(count.share() >= enough, "{count}: {wrong:#?}");
    }
    // Other tests grow at the same time where more than this one is asked for.
    let alone = std::env::args().any(|argument| argument.contains("foreign"));
    assert!(!alone || all.largest <= MEMORY, "{all}");
}
