//! What the rules say of one text, with all that is needed to show why.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::example::example;
use super::{Example, why_level};
use crate::judge::Replay;
use crate::model::{FeedName, Finding, Item, ItemKey, Kind, Level, Recognised};
use crate::rule::RuleSet;
use crate::text;

/// What the rules say of one text.
#[derive(Debug, Clone)]
pub struct Explained {
    /// Which rules hold and which nearly do.
    pub finding: Finding,
    /// The level that it would have if nothing were known but the standings.
    pub level: Option<Level>,
    /// The words of the lexicon in it.
    pub recognised: Vec<Recognised>,
    /// Lines to paste into a rule.
    pub example: Example,
}

/// Explains an item by itself.
pub fn explain(rules: &RuleSet, item: &Item) -> Explained {
    let mut finding = rules.examine(item);
    let (recognised, masked) = rules.recognise(item);
    if finding.matched.is_none() {
        finding.masked = masked;
    }
    let level = finding.matched.clone().and_then(|matched| {
        Replay::alone(rules.standings()).next(item.clone(), Some(matched)).level
    });
    let example = example(rules, item, &finding);
    Explained { finding, level, recognised, example }
}

impl Explained {
    /// As `explain --json` prints it.
    pub fn to_json(&self, item: &Item) -> Value {
        let Self { finding, level, recognised, example } = self;
        let why = finding.matched.as_ref().zip(*level);
        json!({
            "title": item.title, "url": item.url, "level": level,
            "match": finding.matched, "near": finding.near, "masked": finding.masked,
            "level_reason": why.map(|(matched, level)| why_level(matched, level)),
            "found": recognised, "example": example,
        })
    }
}

/// A text as an item: the first line, or what stands before ` || `, is the headline, the rest the
/// body.
pub fn plain(source: &str, now: Timestamp) -> Item {
    let source = source.trim();
    let (first, rest) = source.split_once('\n').unwrap_or((source, ""));
    let (title, body) = match first.split_once(" || ") {
        Some((title, body)) => (title, format!("{body}\n{rest}")),
        None => (first, rest.to_owned()),
    };
    Item {
        key: ItemKey::new("explain"),
        feed: FeedName::new("explain"),
        url: None,
        canonical: None,
        title: text::clean(title),
        summary: String::new(),
        body: text::clean_lines(&body),
        feed_text: None,
        author: String::new(),
        categories: Vec::new(),
        language: None,
        published: Some(now),
        seen: now,
        kind: Kind::default(),
        tags: Vec::new(),
    }
}
