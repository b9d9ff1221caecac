//! `replay`: the rules over stored history or over a file of items, without writing anything.

mod against;
mod items;
mod pairs;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use super::explain::rules_and_network;
use super::progress::Progress;
use super::score::Score;
use super::{Common, Screen};
use crate::judge::Replay;
use crate::model::{Finding, Item, Level, Match, RuleScore, StoryId};
use crate::report::{move_line, parse_since, short_time};
use crate::rule::RuleSet;
use crate::store::Access;
use crate::text;
use against::Comparison;
pub(super) use items::Label;

/// Stored items that are read at a time.
const PAGE: usize = 500;

/// Options of `replay`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  pactwatch replay --since 30d\n  \
    pactwatch replay --since 30d --against new.toml\n  \
    pactwatch replay --items labelled.jsonl --no-dedup --errors\n\n\
    A line of FILE: {\"id\",\"title\",\"summary\"?,\"body\"?,\"url\"?,\"source\"?,\"date\"?,\"label\"?,\
    \"alliances\"?,\"candidates\"?}\nWith \"label\" (pos, neg; others are left out) it ends with \
    precision and recall.\nA line of pairs: {\"kind\":\"dup\"|\"distinct\",\"a\":{…},\"b\":{…}}.")]
pub(super) struct ReplayArgs {
    /// Stored items seen since then: 24h, 30d, 2026-01-31
    #[arg(long, value_parser = parse_since, value_name = "TIME", conflicts_with = "items")]
    since: Option<Timestamp>,
    /// A file with one item a line
    #[arg(long, value_name = "FILE", required_unless_present_any = ["since", "pairs"])]
    items: Option<PathBuf>,
    /// A file with two items a line: how many of them are grouped
    #[arg(long, value_name = "FILE", conflicts_with_all = ["items", "since", "against", "no_dedup"])]
    pairs: Option<PathBuf>,
    /// Judge each item alone
    #[arg(long)]
    no_dedup: bool,
    /// Another config: show what its rules would gain and lose
    #[arg(long, value_name = "OTHER.toml")]
    against: Option<PathBuf>,
    /// Look at headlines alone
    #[arg(long)]
    title_only: bool,
    /// List every miss and false alarm of a labelled file, or every pair decided wrongly
    #[arg(long)]
    errors: bool,
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
    /// The `min_level`s at which a receiver gets a message by it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    messages: Vec<Level>,
    /// With `--against`: what the other config makes of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    against: Option<against::Change>,
}

#[derive(Debug, Serialize)]
struct RuleOutput {
    id: String,
    score: f64,
}

/// Counts of decisions, in the order in which they are shown.
#[derive(Debug, Default)]
struct Tally {
    items: usize,
    decisions: [(&'static str, usize); 5],
    /// Messages that a receiver would get, by its `min_level`.
    messages: [usize; Level::ALL.len()],
}

impl Tally {
    fn new() -> Self {
        let words = ["alert", "update", "joined", "duplicate", "quiet"];
        Self { items: 0, decisions: words.map(|word| (word, 0)), messages: [0; 3] }
    }

    fn count(&mut self, decision: &str, messages: &[Level]) {
        self.items += 1;
        for level in messages {
            self.messages[*level as usize] += 1;
        }
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
    let (rules, ..) = rules_and_network(common)?;
    if let Some(path) = &args.pairs {
        let replay = Replay::new(&rules_story(common)?, rules.standings());
        let shown = pairs::Shown { errors: args.errors, title_only: args.title_only };
        pairs::pairs(path, &rules, &replay, shown, screen)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut run = Run {
        replay: match args.no_dedup {
            true => Replay::alone(rules.standings()),
            false => Replay::new(&rules_story(common)?, rules.standings()),
        },
        rules,
        tally: Tally::new(),
        score: Score::new(args.errors),
        other: args.against.as_deref().map(|path| Comparison::with(path, args)).transpose()?,
        title_only: args.title_only,
        errors: args.errors,
        headlines: args.since.is_some() && !screen.json(),
    };
    match (&args.items, args.since) {
        (Some(path), _) => items::from_file(path, &mut run, screen)?,
        (None, Some(since)) => from_store(common, since, &mut run, screen).await?,
        (None, None) => bail!("name a file with --items or a time with --since"),
    }
    if !screen.json() {
        let counts: Vec<String> =
            run.tally.decisions.iter().map(|(word, count)| format!("{count} {word}")).collect();
        screen.line(format!("{} items: {}", run.tally.items, counts.join(", ")))?;
        if run.headlines {
            screen.line("no item was too old here; the daemon goes by `[story] max_age` too")?;
        }
        if !args.no_dedup {
            let counts = Level::ALL.iter().zip(run.tally.messages);
            let counts: Vec<String> =
                counts.map(|(level, count)| format!("{count} at {level}")).collect();
            screen.line(format!("messages by min_level: {}", counts.join(", ")))?;
        }
        run.score.print(screen)?;
        if let Some(other) = &run.other {
            other.print(screen)?;
        }
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
    other: Option<Comparison>,
    title_only: bool,
    /// Whether misses are listed, with what nearly held.
    errors: bool,
    /// Whether what is flagged is shown as it comes: history has no labels to be measured by.
    headlines: bool,
}

/// What rules say of an item; what nearly held only where somebody reads it, for it costs more than all
/// else.
fn finding(rules: &RuleSet, item: &Item, near: bool) -> Finding {
    match near {
        true => rules.examine(item),
        false => Finding { matched: rules.judge(item), ..Finding::default() },
    }
}

impl Run {
    fn item(
        &mut self,
        id: serde_json::Value,
        mut item: Item,
        label: &Label,
        screen: &mut Screen,
    ) -> anyhow::Result<()> {
        if self.title_only {
            item.summary.clear();
            item.body.clear();
        }
        let finding = finding(&self.rules, &item, self.errors);
        let compared = self.other.as_mut().map(|other| other.add(&item, &finding, label));
        self.score.add(&item, &finding, label);
        let Finding { matched, .. } = finding;
        // Links are compared where something is flagged; reading them is dear.
        if matched.is_some() && item.canonical.is_none() {
            item.canonical = item.url.as_deref().and_then(text::canonical_url);
        }
        let shown = self.headlines.then(|| (item.date(), item.title.clone()));
        let step = self.replay.next(item, matched.clone());
        let decision = step.decision.as_str();
        self.tally.count(decision, &step.messages);
        if let (Some((date, title)), Some(found)) = (shown, &matched) {
            let (date, level) = (short_time(date), step.level.map_or("", Level::as_str));
            screen.fitted(&format!("{date}  {decision:<9}  {level:<10}  {}", move_line(found)))?;
            screen.fitted(&format!("    {title}"))?;
        }
        if screen.json() {
            let mut output = output(id, decision, step.level, matched, step.decision.story());
            output.against = compared;
            output.messages = step.messages;
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
            messages: Vec::new(),
            against: None,
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
        messages: Vec::new(),
        against: None,
    }
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
    let mut progress = Progress::new("replay", store.items_since(since).await?);
    loop {
        let page = store.items(since, after, PAGE).await?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        after = *last;
        progress.step(page.len() as u64);
        for (_, item) in page {
            let id = serde_json::Value::from(item.key.as_str());
            run.item(id, item, &Label::default(), screen)?;
        }
    }
}
