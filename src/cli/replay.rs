//! `replay`: the rules over stored history or over a file of items, without writing anything.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::explain::rules_and_network;
use super::listing::parse_since;
use super::score::Score;
use super::{Common, Screen};
use crate::judge::Replay;
use crate::model::{FeedName, Item, ItemKey, Kind, Level, Match, RuleScore, StoryId};
use crate::rule::RuleSet;
use crate::store::Access;
use crate::text;

/// Longest line of a file of items.
const LINE_BYTES: usize = 4 << 20;
/// Stored items that are read at a time.
const PAGE: usize = 500;

/// Options of `replay`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  pactwatch replay --since 30d\n  \
    pactwatch replay --items labelled.jsonl --no-dedup\n\n\
    A line of FILE: {\"id\",\"title\",\"summary\"?,\"body\"?,\"url\"?,\"source\"?,\"date\"?,\"label\"?,\
    \"alliances\"?,\"candidates\"?}\nWith \"label\" (pos, neg; others are left out) it ends with \
    precision and recall.")]
pub(super) struct ReplayArgs {
    /// Stored items seen since then: 24h, 30d, 2026-01-31
    #[arg(long, value_parser = parse_since, value_name = "TIME", conflicts_with = "items")]
    since: Option<Timestamp>,
    /// A file with one item a line
    #[arg(long, value_name = "FILE", required_unless_present = "since")]
    items: Option<PathBuf>,
    /// Judge each item alone
    #[arg(long)]
    no_dedup: bool,
    /// List every miss and false alarm of a labelled file
    #[arg(long)]
    errors: bool,
}

/// A line of a file of items.
#[derive(Debug, Deserialize)]
struct Line {
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
    date: Option<String>,
    #[serde(default)]
    lang: Option<String>,
    #[serde(default)]
    label: Option<String>,
    #[serde(default)]
    alliances: Option<Vec<String>>,
    #[serde(default)]
    candidates: Option<Vec<String>>,
}

/// The verdict on one item; the fixed shape that other programs rely on.
#[derive(Debug, Serialize)]
struct Output {
    id: serde_json::Value,
    decision: &'static str,
    level: Option<Level>,
    rules: Vec<RuleOutput>,
    alliances: Vec<String>,
    candidates: Vec<String>,
    acts: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    story: Option<StoryId>,
}

#[derive(Debug, Serialize)]
struct RuleOutput {
    id: String,
    score: f64,
}

/// What a label says of an item.
#[derive(Debug, Clone, Default)]
pub(super) struct Label {
    pub(super) label: Option<String>,
    pub(super) alliances: Option<Vec<String>>,
    pub(super) candidates: Option<Vec<String>>,
    pub(super) language: Option<String>,
}

/// Counts of decisions, in the order in which they are shown.
#[derive(Debug, Default)]
struct Tally {
    items: usize,
    decisions: [(&'static str, usize); 5],
}

impl Tally {
    fn new() -> Self {
        let words = ["alert", "update", "joined", "duplicate", "quiet"];
        Self { items: 0, decisions: words.map(|word| (word, 0)) }
    }

    fn count(&mut self, decision: &str) {
        self.items += 1;
        if let Some((_, count)) = self.decisions.iter_mut().find(|(word, _)| *word == decision) {
            *count += 1;
        }
    }
}

/// Replays items through the running rules and the running planner.
pub(super) async fn replay(
    common: &Common,
    args: &ReplayArgs,
    screen: &mut Screen,
) -> anyhow::Result<ExitCode> {
    let (rules, _) = rules_and_network(common)?;
    let mut run = Run {
        replay: match args.no_dedup {
            true => Replay::alone(rules.standings()),
            false => Replay::new(&rules_story(common)?, rules.standings()),
        },
        rules,
        tally: Tally::new(),
        score: Score::new(args.errors),
    };
    match (&args.items, args.since) {
        (Some(path), _) => from_file(path, &mut run, screen)?,
        (None, Some(since)) => from_store(common, since, &mut run, screen).await?,
        (None, None) => bail!("name a file with --items or a time with --since"),
    }
    if !screen.json() {
        let counts: Vec<String> =
            run.tally.decisions.iter().map(|(word, count)| format!("{count} {word}")).collect();
        screen.line(format!("{} items: {}", run.tally.items, counts.join(", ")))?;
        run.score.print(screen)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// `[story]` of the config, or the defaults where there is none.
fn rules_story(common: &Common) -> anyhow::Result<crate::judge::StorySection> {
    match crate::config::find(common.config.as_deref()) {
        Some(_) => Ok(common.load()?.story),
        None => Ok(crate::judge::StorySection::default()),
    }
}

struct Run {
    rules: RuleSet,
    replay: Replay,
    tally: Tally,
    score: Score,
}

impl Run {
    fn item(
        &mut self,
        id: serde_json::Value,
        item: Item,
        label: &Label,
        screen: &mut Screen,
    ) -> anyhow::Result<()> {
        let finding = self.rules.examine(&item);
        let step = self.replay.next(item.clone(), finding.matched.clone());
        let decision = step.decision.as_str();
        self.tally.count(decision);
        self.score.add(&item, &finding, label);
        if screen.json() {
            let output = output(id, decision, step.level, finding.matched, step.decision.story());
            screen.object(&output)?;
        }
        Ok(())
    }
}

fn output(
    id: serde_json::Value,
    decision: &'static str,
    level: Option<Level>,
    matched: Option<Match>,
    story: Option<StoryId>,
) -> Output {
    let Some(matched) = matched else {
        return Output {
            id,
            decision,
            level: None,
            rules: Vec::new(),
            alliances: Vec::new(),
            candidates: Vec::new(),
            acts: Vec::new(),
            story: None,
        };
    };
    let mut acts: Vec<String> = Vec::new();
    for act in matched.moves.iter().filter_map(|one| one.act.as_ref()) {
        if !acts.contains(&act.name) {
            acts.push(act.name.clone());
        }
    }
    let rule = |rule: &RuleScore| RuleOutput { id: rule.id.to_string(), score: rule.score };
    Output {
        id,
        decision,
        level,
        rules: matched.rules.iter().map(rule).collect(),
        alliances: matched.alliances,
        candidates: matched.candidates,
        acts,
        story,
    }
}

fn from_file(path: &Path, run: &mut Run, screen: &mut Screen) -> anyhow::Result<()> {
    let shown = path.display();
    let file = File::open(path).with_context(|| format!("failed to read `{shown}`"))?;
    let mut reader = BufReader::with_capacity(1 << 16, file);
    // An item without a date takes the one before it.
    let mut clock = Timestamp::UNIX_EPOCH;
    let mut text = String::new();
    for number in 1.. {
        text.clear();
        let length = reader
            .read_line(&mut text)
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
        if text.trim().is_empty() {
            continue;
        }
        let line: Line = serde_json::from_str(&text)
            .map_err(|error| anyhow::anyhow!("failed to read {shown}:{number}: {error}"))?;
        if let Some(date) = line.date.as_deref().filter(|date| !date.is_empty()) {
            clock = parse_date(date)
                .with_context(|| format!("failed to read {shown}:{number}: `{date}` is no date"))?;
        }
        let label = Label {
            label: line.label.clone(),
            alliances: line.alliances.clone(),
            candidates: line.candidates.clone(),
            language: line.lang.clone(),
        };
        let id = line.id.clone();
        run.item(id, item_of(line, number, clock), &label, screen)?;
    }
    Ok(())
}

fn item_of(line: Line, number: usize, date: Timestamp) -> Item {
    let id = match &line.id {
        serde_json::Value::String(id) => id.clone(),
        other => other.to_string(),
    };
    // Two lines with one id are two items: what is replayed is what stands in the file.
    let key = format!("{number}:{}", text::cut(&id, 150));
    let prose = |source: Option<String>| {
        source.map(|source| text::clean_lines(&text::html_to_text(&source))).unwrap_or_default()
    };
    Item {
        key: ItemKey::new(key),
        feed: FeedName::new(
            line.source.as_deref().filter(|name| !name.is_empty()).unwrap_or("file"),
        ),
        canonical: line.url.as_deref().and_then(text::canonical_url),
        url: line.url,
        title: text::clean(&text::html_to_text(&line.title)),
        summary: prose(line.summary),
        body: prose(line.body),
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
fn parse_date(text: &str) -> anyhow::Result<Timestamp> {
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

async fn from_store(
    common: &Common,
    since: Timestamp,
    run: &mut Run,
    screen: &mut Screen,
) -> anyhow::Result<()> {
    let config = common.load()?;
    let store = common.open(&config, Access::Read)?;
    let mut after = 0;
    loop {
        let page = store.items(since, after, PAGE).await?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        after = *last;
        for (_, item) in page {
            let id = serde_json::Value::from(item.key.as_str());
            run.item(id, item, &Label::default(), screen)?;
        }
    }
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
