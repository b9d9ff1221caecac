//! What another config's rules would gain and lose on the same items.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Label, ReplayArgs};
use crate::cli::score::Score;
use crate::cli::screen::{BAD, GOOD, cut_to_width};
use crate::cli::{Screen, refusal};
use crate::config;
use crate::model::{Finding, Item};
use crate::rule::RuleSet;

/// Headlines that are listed of each kind; the rest is counted.
const SHOWN: usize = 50;
/// Columns before a headline.
const INDENT: usize = 10;

/// How the other rules differ about one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Change {
    /// Only the other rules flag it.
    Gained,
    /// Only these rules flag it.
    Lost,
    /// Both flag it, with other alliances or candidates.
    Changed,
    /// Both say the same.
    Unchanged,
}

/// The other rules and what they did so far.
pub(super) struct Comparison {
    path: PathBuf,
    rules: RuleSet,
    score: Score,
    errors: bool,
    counts: [usize; 4],
    listed: [Vec<String>; 3],
}

impl Comparison {
    /// Reads the other config.
    pub(super) fn with(path: &Path, args: &ReplayArgs) -> anyhow::Result<Self> {
        let (config, _) = config::load(Some(path)).map_err(|report| refusal(&report))?;
        Ok(Self {
            path: path.to_owned(),
            rules: config.rules,
            score: Score::new(args.errors),
            errors: args.errors,
            counts: [0; 4],
            listed: [const { Vec::new() }; 3],
        })
    }

    /// Examines an item with the other rules, too.
    pub(super) fn add(&mut self, item: &Item, finding: &Finding, label: &Label) -> Change {
        let other = super::finding(&self.rules, item, self.errors);
        self.score.add(item, &other, label);
        let change = match (&finding.matched, &other.matched) {
            (None, Some(_)) => Change::Gained,
            (Some(_), None) => Change::Lost,
            (Some(a), Some(b))
                if (&a.alliances, &a.candidates) != (&b.alliances, &b.candidates) =>
            {
                Change::Changed
            }
            _ => Change::Unchanged,
        };
        self.counts[change as usize] += 1;
        let said = match change {
            Change::Lost => finding,
            _ => &other,
        };
        if let Some(list) = self.listed.get_mut(change as usize)
            && list.len() < SHOWN
            && let Some(matched) = &said.matched
        {
            let door = matched.alliances.join(", ");
            let rule = matched.rules.first().map(|rule| rule.id.as_str()).unwrap_or_default();
            let who = match matched.candidates.is_empty() {
                true => door,
                false => format!("{door} ← {}", matched.candidates.join(", ")),
            };
            list.push(format!("{}\n{who} · {rule}", item.title));
        }
        change
    }

    /// Prints the differences, and the other rules' own scores where there are labels.
    pub(super) fn print(&self, screen: &mut Screen) -> std::io::Result<()> {
        let [gained, lost, changed, unchanged] = self.counts;
        let path = self.path.display();
        screen.line("")?;
        screen.line(format!(
            "against {path}: {gained} gained, {lost} lost, {changed} changed, {unchanged} unchanged"
        ))?;
        let width = screen.width().saturating_sub(INDENT);
        let kinds = [("gained", GOOD, gained), ("lost", BAD, lost), ("changed", BAD, changed)];
        for (list, (word, style, count)) in self.listed.iter().zip(kinds) {
            let word = screen.styled(style, format!("{word:<8}"));
            for entry in list {
                let (title, told) = entry.split_once('\n').unwrap_or((entry, ""));
                screen.line(format!("{word}  {}", cut_to_width(title, width)))?;
                screen.line(format!("{:INDENT$}{}", "", cut_to_width(told, width)))?;
            }
            if count > list.len() {
                screen.line(format!("{:INDENT$}and {} more", "", count - list.len()))?;
            }
        }
        self.score.print(screen)
    }
}
