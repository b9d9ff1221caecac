//! Pairs of items that tell the same event, or two: how many the planner groups.

use std::path::Path;

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};

use super::items::{Line, item_of, lines, parse_date};
use crate::cli::Screen;
use crate::cli::screen::{BAD, BOLD};
use crate::judge::{PairStep, Replay};
use crate::model::{Decision, Item, Match};
use crate::report::move_line;
use crate::rule::RuleSet;
use crate::text;

/// Scores at which the table says what would be grouped.
const THRESHOLDS: [f64; 9] = [0.30, 0.40, 0.45, 0.50, 0.55, 0.60, 0.70, 0.80, 0.90];

/// What a pair is labelled as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    /// Both tell one event.
    Dup,
    /// They tell two.
    Distinct,
}

/// A line of a file of pairs.
#[derive(Debug, Deserialize)]
struct PairLine {
    #[serde(default)]
    id: serde_json::Value,
    kind: Kind,
    /// Why they are two events, where they are.
    #[serde(default)]
    why: Option<String>,
    a: Line,
    b: Line,
}

/// What was made of one pair.
#[derive(Debug, Serialize)]
struct Outcome {
    id: serde_json::Value,
    kind: Kind,
    /// Whether a rule holds for both; the rates count no other pairs.
    both_flagged: bool,
    decision: &'static str,
    /// How the second is the same as the first, where it was placed with it.
    level: Option<&'static str>,
    /// What was reached towards being one story, grouped or not; at 0.5 they are.
    score: Option<f64>,
    reason: Option<String>,
    right: bool,
    #[serde(skip)]
    told: String,
}

impl Outcome {
    fn grouped(&self) -> bool {
        matches!(self.decision, "joined" | "duplicate")
    }
}

/// Options that show more.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown {
    /// List every pair that was decided against its label.
    pub(super) errors: bool,
    /// Look at headlines alone.
    pub(super) title_only: bool,
}

/// Judges each pair on an index of its own and prints both rates.
pub(super) fn pairs(
    path: &Path,
    rules: &RuleSet,
    replay: &Replay,
    shown: Shown,
    screen: &mut Screen,
) -> anyhow::Result<()> {
    let mut outcomes = Vec::new();
    lines(path, "pairs", &mut |number, pair: PairLine| {
        let outcome = judged(pair, number, rules, replay, shown.title_only)
            .with_context(|| format!("failed to read {}:{number}", path.display()))?;
        if screen.json() {
            screen.object(&outcome)?;
        }
        outcomes.push(outcome);
        Ok(())
    })?;
    if outcomes.is_empty() {
        bail!("failed to read `{}`: it holds no pairs", path.display());
    }
    if !screen.json() {
        table(&outcomes, screen)?;
        if shown.errors {
            errors(&outcomes, screen)?;
        }
    }
    Ok(())
}

fn judged(
    pair: PairLine,
    number: usize,
    rules: &RuleSet,
    replay: &Replay,
    title_only: bool,
) -> anyhow::Result<Outcome> {
    let examined = |line: Line, number: usize| -> anyhow::Result<(Item, Option<Match>)> {
        let date = line.date.as_deref().context("an item of a pair has a `date`")?;
        let date = parse_date(date).with_context(|| format!("`{date}` is no date"))?;
        let mut item = item_of(line, number, date);
        if title_only {
            item.summary.clear();
            item.body.clear();
        }
        item.canonical = item.url.as_deref().and_then(text::canonical_url);
        let matched = rules.judge(&item);
        Ok((item, matched))
    };
    let mut two = [examined(pair.a, 2 * number)?, examined(pair.b, 2 * number + 1)?];
    two.sort_by_key(|(item, _)| item.date());
    let told = two.iter().map(|(item, matched)| {
        let what = matched.as_ref().map_or_else(|| "quiet".to_owned(), move_line);
        format!("{}  {}\n{what}", item.date(), item.title)
    });
    let told = told.collect::<Vec<_>>().join("\n");
    let both_flagged = two.iter().all(|(_, matched)| matched.is_some());
    let [first, second] = two;
    let PairStep { decision, nearness } = replay.pair(first, second);
    let mut outcome = Outcome {
        id: pair.id,
        kind: pair.kind,
        both_flagged,
        decision: decision.as_str(),
        level: decision.sameness().map(|same| same.level),
        score: nearness.as_ref().map(|(score, _)| *score),
        reason: nearness.map(|(_, reason)| reason),
        right: false,
        told: format!("{told}\n{}", pair.why.unwrap_or_default()),
    };
    outcome.right = both_flagged && outcome.grouped() == (pair.kind == Kind::Dup);
    if let Decision::Quiet = decision {
        outcome.score = None;
    }
    Ok(outcome)
}

fn rate(count: usize, of: usize) -> String {
    match of {
        0 => "-".to_owned(),
        _ => format!("{:.3}", count as f64 / of as f64),
    }
}

/// Counts by level of sameness and by threshold.
fn table(outcomes: &[Outcome], screen: &mut Screen) -> std::io::Result<()> {
    let of = |kind: Kind| outcomes.iter().filter(move |one| one.kind == kind);
    let both = |kind: Kind| of(kind).filter(|one| one.both_flagged);
    let kinds = [Kind::Dup, Kind::Distinct];
    let row = |screen: &mut Screen, what: &str, counts: [usize; 2]| {
        let shares = kinds.map(|kind| both(kind).count());
        let shares =
            [0, 1].map(|at| format!("{:>4}  {:<5}", counts[at], rate(counts[at], shares[at])));
        screen.line(format!("{what:<24}  {}   {}", shares[0], shares[1]))
    };
    let head = screen.styled(BOLD, format!("{:<24}  {:<11}   {}", "", "one event", "two events"));
    screen.line(head)?;
    let all = kinds.map(|kind| of(kind).count());
    screen.line(format!("{:<24}  {:>4}          {:>4}", "pairs", all[0], all[1]))?;
    row(screen, "both flagged", kinds.map(|kind| both(kind).count()))?;
    for level in ["same article", "near-verbatim", "same story"] {
        let count =
            |kind| both(kind).filter(|one| one.grouped() && one.level == Some(level)).count();
        row(screen, level, kinds.map(count))?;
    }
    row(screen, "grouped", kinds.map(|kind| both(kind).filter(|one| one.grouped()).count()))?;
    let decided = |word: &'static str| {
        kinds.map(|kind| both(kind).filter(|one| one.decision == word).count())
    };
    row(screen, "told as an update", decided("update"))?;
    row(screen, "told as a second story", decided("alert"))?;
    screen.line("")?;
    screen.line("one story or its update, were the threshold another:")?;
    for threshold in THRESHOLDS {
        let reached = |kind| {
            both(kind).filter(|one| one.score.is_some_and(|score| score >= threshold)).count()
        };
        row(screen, &format!("  {threshold:.2}"), kinds.map(reached))?;
    }
    Ok(())
}

/// Every pair that was decided against its label.
fn errors(outcomes: &[Outcome], screen: &mut Screen) -> std::io::Result<()> {
    for one in outcomes.iter().filter(|one| one.both_flagged && !one.right) {
        screen.line("")?;
        let id = match &one.id {
            serde_json::Value::String(id) => id.clone(),
            other => other.to_string(),
        };
        let kind = match one.kind {
            Kind::Dup => "one event",
            Kind::Distinct => "two events",
        };
        let reason = one.reason.as_deref().unwrap_or("nothing in common");
        let score = one.score.map_or_else(|| "-".to_owned(), |score| format!("{score:.2}"));
        let head = format!("{id}  {kind}, decided {}: {score} {reason}", one.decision);
        screen.line(screen.styled(BAD, head))?;
        for line in one.told.lines().filter(|line| !line.is_empty()) {
            screen.fitted(&format!("    {line}"))?;
        }
    }
    Ok(())
}
