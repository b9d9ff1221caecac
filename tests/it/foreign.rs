//! Feeds that nobody here wrote, from the data folder: how many are read as their readers agree on.
//! Does nothing where the folder is not there; `PACTWATCH_DATA` names it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use pactwatch::model::{Every, Feed, FeedName, Kind};
use pactwatch::watch::read::{Document, Reading, read};
use serde_json::Value;

/// Where relative links of the suite lead.
const BASE: &str = "http://example.org/feed";
/// Shares that must be reached; measured 100 % but for one document that is no feed.
const ENOUGH: f64 = 0.99;
/// Nothing may take longer, on a machine that does other things as well.
const PATIENCE: Duration = Duration::from_secs(10);

/// Right and all.
#[derive(Default)]
struct Count {
    right: usize,
    all: usize,
    wrong: Vec<String>,
}

impl Count {
    fn note(&mut self, file: &str, right: bool, detail: impl FnOnce() -> String) {
        self.all += 1;
        self.right += usize::from(right);
        if !right {
            self.wrong.push(format!("{file}: {}", detail()));
        }
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

#[test]
fn foreign_feeds_are_read_as_their_readers_agree() {
    let Some(folder) = folder() else {
        println!("skipped: PACTWATCH_DATA names no folder with feeds");
        return;
    };
    let index = std::fs::read_to_string(folder.join("index.jsonl")).unwrap();
    let (mut entries, mut titles, mut links, mut dates) =
        (Count::default(), Count::default(), Count::default(), Count::default());
    for line in index.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let file = row["file"].as_str().unwrap();
        let bytes = std::fs::read(folder.join(file)).unwrap();
        let content_type = row["http_content_type"].as_str().unwrap_or("application/xml");
        let document = Document { bytes: &bytes, content_type: Some(content_type), url: BASE };
        let begun = Instant::now();
        let reading = read(document, &stand_in(), Timestamp::now());
        assert!(begun.elapsed() < PATIENCE, "{file} took {:?}", begun.elapsed());
        let expected = &row["expected"];
        let found = reading.as_ref().map_or(0, |reading: &Reading| reading.items.len()) as u64;
        let right = match expected["entries"].as_u64() {
            None => found == 0,
            Some(count) => found == count || row["entries_also"].as_u64() == Some(found),
        };
        entries.note(file, right, || format!("{found} entries, expected {expected}"));
        let Some(first) = reading.as_ref().ok().and_then(|reading| reading.items.first()) else {
            continue;
        };
        if let Some(title) = expected["first_title"].as_str() {
            let right = same_title(&first.title, title);
            titles.note(file, right, || format!("{:?}, expected {title:?}", first.title));
        }
        if let Some(link) = expected["first_link"].as_str() {
            let found = first.url.as_deref().unwrap_or_default().trim().trim_end_matches('/');
            let right = found == link.trim().trim_end_matches('/');
            links.note(file, right, || format!("{found:?}, expected {link:?}"));
        }
        if let Some(date) = expected["first_published"].as_i64() {
            let found = first.published.map(Timestamp::as_second);
            dates.note(file, found == Some(date), || format!("{found:?}, expected {date}"));
        }
    }
    for (what, count) in
        [("entries", &entries), ("titles", &titles), ("links", &links), ("dates", &dates)]
    {
        println!("{what}: {} of {} right", count.right, count.all);
        count.wrong.iter().for_each(|line| println!("  {line}"));
    }
    for count in [&entries, &titles, &links, &dates] {
        assert!(count.right as f64 >= ENOUGH * count.all as f64, "{:#?}", count.wrong);
    }
}
