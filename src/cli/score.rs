//! How well the rules agree with labels: precision, recall, and what went wrong.

use std::collections::{BTreeMap, BTreeSet};

use super::Screen;
use super::replay::Label;
use super::screen::Head;
use super::screen::cut_to_width;
use crate::model::{Finding, Item};

/// Right and wrong of one group of items.
#[derive(Debug, Default, Clone, Copy)]
struct Cell {
    hits: usize,
    misses: usize,
    false_alarms: usize,
    quiet: usize,
}

impl Cell {
    fn add(&mut self, wanted: bool, flagged: bool) {
        match (wanted, flagged) {
            (true, true) => self.hits += 1,
            (true, false) => self.misses += 1,
            (false, true) => self.false_alarms += 1,
            (false, false) => self.quiet += 1,
        }
    }

    fn items(&self) -> usize {
        self.hits + self.misses + self.false_alarms + self.quiet
    }

    fn row(&self, name: &str) -> Vec<String> {
        let rate = |part: usize, whole: usize| match whole {
            0 => "–".to_owned(),
            _ => format!("{:.3}", part as f64 / whole as f64),
        };
        let doubled = 2 * self.hits;
        vec![
            name.to_owned(),
            self.items().to_string(),
            rate(self.hits, self.hits + self.false_alarms),
            rate(self.hits, self.hits + self.misses),
            rate(doubled, doubled + self.false_alarms + self.misses),
            self.misses.to_string(),
            self.false_alarms.to_string(),
        ]
    }
}

/// Collects labelled items; items without a label, or labelled neither `pos` nor `neg`, do not count.
#[derive(Debug, Default)]
pub(super) struct Score {
    all: Cell,
    without_eu: Cell,
    by_alliance: BTreeMap<String, Cell>,
    by_language: BTreeMap<String, Cell>,
    by_rule: BTreeMap<String, Cell>,
    alliance_right: (usize, usize),
    candidates_right: (usize, usize),
    keep_errors: bool,
    errors: Vec<String>,
}

impl Score {
    /// A collector; `keep_errors` lists every miss and false alarm in the end.
    pub(super) fn new(keep_errors: bool) -> Self {
        Self { keep_errors, ..Self::default() }
    }

    /// Adds one item.
    pub(super) fn add(&mut self, item: &Item, finding: &Finding, label: &Label) {
        let wanted = match label.label.as_deref() {
            Some("pos") => true,
            Some("neg") => false,
            _ => return,
        };
        let matched = finding.matched.as_ref();
        let flagged = matched.is_some();
        self.all.add(wanted, flagged);
        let named = label.alliances.clone().unwrap_or_default();
        if named != ["EU"] {
            self.without_eu.add(wanted, flagged);
        }
        if wanted {
            for alliance in &named {
                self.by_alliance.entry(alliance.clone()).or_default().add(true, flagged);
            }
        } else if let Some(matched) = matched {
            for alliance in &matched.alliances {
                self.by_alliance.entry(alliance.clone()).or_default().add(false, true);
            }
        }
        if let Some(language) = &label.language {
            self.by_language.entry(language.clone()).or_default().add(wanted, flagged);
        }
        for rule in matched.iter().flat_map(|matched| &matched.rules) {
            self.by_rule.entry(rule.id.to_string()).or_default().add(wanted, true);
        }
        if let (true, Some(matched)) = (wanted, matched) {
            if !named.is_empty() {
                self.alliance_right.1 += 1;
                self.alliance_right.0 +=
                    usize::from(named.iter().any(|one| matched.alliances.contains(one)));
            }
            if let Some(candidates) = label.candidates.as_ref().filter(|list| !list.is_empty()) {
                self.candidates_right.1 += 1;
                let wanted: BTreeSet<&String> = candidates.iter().collect();
                let found: BTreeSet<&String> = matched.candidates.iter().collect();
                self.candidates_right.0 += usize::from(wanted == found);
            }
        }
        if self.keep_errors && wanted != flagged {
            self.errors.push(error_line(item, finding, wanted));
        }
    }

    /// Prints the tables; nothing where nothing was labelled.
    pub(super) fn print(&self, screen: &mut Screen) -> std::io::Result<()> {
        if self.all.items() == 0 {
            return Ok(());
        }
        for line in &self.errors {
            screen.line(line)?;
        }
        let mut rows = vec![self.all.row("all"), self.without_eu.row("without EU")];
        let groups = [
            ("alliance", &self.by_alliance),
            ("language", &self.by_language),
            ("rule", &self.by_rule),
        ];
        for (what, group) in groups {
            for (name, cell) in group.iter() {
                rows.push(cell.row(&format!("{what} {name}")));
            }
        }
        screen.line("")?;
        let head = ["", "ITEMS", "PRECISION", "RECALL", "F1", "MISSED", "FALSE"];
        screen.table(&head.map(|text| Head { text, whole: false }), &rows)?;
        let share = |(part, whole): (usize, usize)| match whole {
            0 => "–".to_owned(),
            _ => format!("{part} of {whole} ({:.3})", part as f64 / whole as f64),
        };
        screen.line(format!(
            "alliance named as labelled: {}\ncandidates exactly as labelled: {}",
            share(self.alliance_right),
            share(self.candidates_right)
        ))
    }
}

fn error_line(item: &Item, finding: &Finding, wanted: bool) -> String {
    let title = cut_to_width(&item.title, 120);
    let summary = cut_to_width(&item.summary, 160);
    if wanted {
        let near: Vec<String> = finding
            .near
            .iter()
            .take(2)
            .map(|miss| format!("{}: {}", miss.rule, miss.missing))
            .collect();
        return format!(
            "missed       {title}\n             {summary}\n             {}",
            near.join("; ")
        );
    }
    let Some(matched) = &finding.matched else { return title };
    let evidence: Vec<String> = matched
        .evidence
        .iter()
        .map(|one| format!("{} [{}] {}", one.field, one.text, one.list))
        .collect();
    format!("false alarm  {title}\n             {summary}\n             {}", evidence.join(", "))
}
