//! The lexicon and the rules as config files write them: `[alliance.NAME]`, `[act.NAME]`,
//! `[place.CODE]`, `[list.NAME]`, `[mask.NAME]` and `[[rule]]`, from any number of files.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::gloss::Glosses;
use super::term::Term;
use crate::model::Level;
use crate::setting::{Span, Table};

mod list;
mod rule;

/// What a named list is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum ListKind {
    Alliance,
    Act,
    Place,
    Mask,
    Plain,
}

impl ListKind {
    const ALL: [(ListKind, &'static str); 5] = [
        (ListKind::Alliance, "alliance"),
        (ListKind::Act, "act"),
        (ListKind::Place, "place"),
        (ListKind::Mask, "mask"),
        (ListKind::Plain, "list"),
    ];
}

/// A membership with its dates; `None` is "for as long as it matters".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Membership {
    pub(crate) code: String,
    pub(crate) since: Option<Date>,
    pub(crate) until: Option<Date>,
}

/// Whose deed an act is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum By {
    /// The candidate's: applies, declines.
    #[default]
    Candidate,
    /// A member's or the alliance's: invites, ratifies, blocks.
    Member,
    /// The alliance's own, said right behind its name and right before the newcomer's: admits. Elsewhere
    /// the same words say something else ("minister admits").
    Alliance,
}

/// A list of the lexicon with what its kind adds.
#[derive(Debug, Clone)]
pub(crate) struct ListDraft {
    pub(crate) kind: ListKind,
    pub(crate) terms: Vec<(Term, Span)>,
    pub(crate) name: Option<String>,
    pub(crate) members: Vec<Membership>,
    /// Every country that is named by its code, and where.
    pub(crate) named: Vec<(String, Span)>,
    pub(crate) applicants: Vec<(String, Date)>,
    pub(crate) open_to: Vec<String>,
    pub(crate) closed_to: Vec<String>,
    /// Countries of a region.
    pub(crate) region: Vec<String>,
    pub(crate) bloc: bool,
    /// What sort of alliance it is: `security`, `political`, `trade`.
    pub(crate) sort: String,
    pub(crate) stage: u8,
    pub(crate) formal: bool,
    pub(crate) against: bool,
    /// Acts of one family are words for one deed.
    pub(crate) family: String,
    pub(crate) otherwise: bool,
    pub(crate) by: By,
}

/// An example inside a rule.
#[derive(Debug, Clone)]
pub(crate) struct Example {
    pub(crate) span: Span,
    pub(crate) title: String,
    pub(crate) summary: String,
    pub(crate) date: Option<Date>,
    pub(crate) alliance: Option<String>,
    pub(crate) candidates: Option<Vec<String>>,
    pub(crate) act: Option<String>,
}

/// A rule as written.
#[derive(Debug, Clone)]
pub(crate) struct RuleDraft {
    pub(crate) span: Span,
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) when: (String, Span),
    pub(crate) unless: Option<(String, Span)>,
    pub(crate) score: Vec<(String, Span, f64)>,
    pub(crate) threshold: (f64, Span),
    pub(crate) level: Level,
    pub(crate) shadow: bool,
    /// Kinds of alliances that it looks at; all where empty.
    pub(crate) of: Vec<(String, Span)>,
    pub(crate) yes: Vec<Example>,
    pub(crate) no: Vec<Example>,
}

/// Everything that the files say, before it is compiled.
#[derive(Debug, Default)]
pub struct Draft {
    pub(super) lists: BTreeMap<String, ListDraft>,
    pub(super) rules: Vec<RuleDraft>,
    pub(super) switched_off: Vec<(String, Span)>,
    /// What foreign words mean, for those who read the explanation.
    pub(super) glosses: Glosses,
    /// The day that a file says it is of; of several the newest.
    pub(super) dated: Option<Date>,
    /// Whether a list has a mistake, or a file could not be read whole: then no example says anything.
    pub(super) broken: bool,
    /// Rules with a mistake.
    pub(super) doubtful: BTreeSet<String>,
}

impl Draft {
    /// Reads the lexicon and the rules of one file, whose root table this is.
    pub fn read(&mut self, root: &Table<'_>) {
        let problems = root.problems();
        let before = problems.errors();
        if let Some((value, span)) = root.value("dated") {
            self.dated = self.dated.max(list::date(value, span, root.problems()));
        }
        for (kind, key) in ListKind::ALL {
            let Some(table) = root.table(key) else { continue };
            for (name, span) in table.keys() {
                if let Some(list) = table.table(&name) {
                    self.list(kind, name, span, list);
                }
            }
            table.finish();
        }
        if let Some(table) = root.table("gloss") {
            self.glosses.read(table);
        }
        self.broken |= problems.errors() > before;
        for table in root.tables("rule") {
            let (errors, rules) = (problems.errors(), self.rules.len());
            self.rule(table);
            if problems.errors() > errors {
                self.doubtful.extend(self.rules.iter().skip(rules).map(|rule| rule.id.clone()));
            }
        }
    }

    /// Says that a file could not be read whole, so that what leads nowhere may stand in the rest of it.
    pub fn is_partial(&mut self) {
        self.broken = true;
    }

    /// Whether all lists are read as they were meant.
    pub fn is_whole(&self) -> bool {
        !self.broken
    }

    /// The rules that are written down, be they refused.
    pub fn rule_ids(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|rule| rule.id.as_str())
    }
}
