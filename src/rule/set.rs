//! The compiled rules, and what can be asked of them.

use std::sync::Arc;

use jiff::civil::Date;

use super::eval::Node;
use super::gate::Gate;
use super::lexicon::{Lexicon, day};
use super::scan::Scanner;
use super::section::{By, ListKind};
use crate::model::{ActKind, Finding, Item, Level, Match, RuleId, Standing};

/// A compiled rule.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) id: RuleId,
    pub(super) title: String,
    pub(super) when: Node,
    pub(super) unless: Option<Node>,
    pub(super) score: Vec<(Node, f64)>,
    pub(super) threshold: f64,
    pub(super) level: Level,
    pub(super) shadow: bool,
    /// Kinds of alliances that it looks at; all where empty.
    pub(super) of: Vec<String>,
    pub(super) examples: usize,
    /// As it is written, for people.
    pub(super) source: Source,
}

/// A rule as its author wrote it.
#[derive(Debug, Default)]
pub(super) struct Source {
    pub(super) when: String,
    pub(super) unless: Option<String>,
    pub(super) yes: Vec<String>,
    pub(super) no: Vec<String>,
}

/// What is known of a rule from outside.
#[derive(Debug, Clone)]
pub struct RuleInfo {
    /// Its id.
    pub id: RuleId,
    /// Its title.
    pub title: String,
    /// How many examples it carries.
    pub examples: usize,
    /// Recorded and shown, never sent.
    pub shadow: bool,
    /// The query as written.
    pub when: String,
    /// What vetoes it, as written.
    pub unless: Option<String>,
    /// Headlines that it must flag.
    pub yes: Vec<String>,
    /// Headlines that it must let pass.
    pub no: Vec<String>,
}

/// All rules, compiled. Cheap to clone; immutable, so a reload swaps the whole.
#[derive(Debug, Clone)]
pub struct RuleSet(pub(super) Arc<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) lexicon: Lexicon,
    pub(super) gate: Gate,
    pub(super) scanner: Scanner,
    pub(super) rules: Vec<Rule>,
    pub(super) standings: Vec<Standing>,
    pub(super) dated: Option<Date>,
}

impl RuleSet {
    pub(super) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// What the rules say of an item: which hold and why, which nearly did.
    pub fn examine(&self, item: &Item) -> Finding {
        self.0.examine(item, day(item.date()))
    }

    /// Which rules hold for an item and why: all that [`Self::examine`] says but the near misses, at
    /// a fraction of the price where no rule holds.
    pub fn judge(&self, item: &Item) -> Option<Match> {
        self.0.judge(item)
    }

    /// The dated standings from which the ledger starts: members and pending applications.
    pub fn standings(&self) -> &[Standing] {
        &self.0.standings
    }

    /// The day that the rules and their lexicon are of, where a file says so.
    pub fn dated(&self) -> Option<Date> {
        self.0.dated
    }

    /// The rules in order of the config.
    pub fn rules(&self) -> impl Iterator<Item = RuleInfo> + '_ {
        self.0.rules.iter().map(|rule| RuleInfo {
            id: rule.id.clone(),
            title: rule.title.clone(),
            examples: rule.examples,
            shadow: rule.shadow,
            when: rule.source.when.clone(),
            unless: rule.source.unless.clone(),
            yes: rule.source.yes.clone(),
            no: rule.source.no.clone(),
        })
    }

    /// Names of the alliances.
    pub fn alliances(&self) -> impl Iterator<Item = &str> {
        let lists = self.0.lexicon.lists.iter();
        lists.filter(|list| list.kind == ListKind::Alliance).map(|list| list.name.as_str())
    }

    /// Name to show for a place's code.
    pub fn place_name(&self, code: &str) -> Option<&str> {
        let lists = self.0.lexicon.lists.iter();
        lists
            .filter(|list| list.kind == ListKind::Place)
            .find(|list| list.name == code)
            .map(|list| list.shown.as_str())
    }

    /// What can be a candidate: places and alliances that knock as one, each with the name to show.
    pub fn candidates(&self) -> impl Iterator<Item = (&str, &str)> {
        let lists = self.0.lexicon.lists.iter();
        let knocks = |kind, bloc| kind == ListKind::Place || (kind == ListKind::Alliance && bloc);
        lists
            .filter(move |list| knocks(list.kind, list.bloc))
            .map(|list| (list.name.as_str(), list.shown.as_str()))
    }

    /// Names of the acts, those that bring a candidate least far first, those against it last.
    pub fn acts(&self) -> impl Iterator<Item = &str> {
        let lists = self.0.lexicon.lists.iter().filter(|list| list.kind == ListKind::Act);
        let mut acts: Vec<_> = lists.collect();
        acts.sort_by_key(|list| (list.against, list.stage, list.name.clone()));
        acts.into_iter().map(|list| list.name.as_str())
    }

    /// An act by its name.
    pub fn act(&self, name: &str) -> Option<ActKind> {
        let list = self
            .0
            .lexicon
            .lists
            .iter()
            .find(|list| list.kind == ListKind::Act && list.name == name)?;
        Some(ActKind {
            name: list.name.clone(),
            stage: list.stage,
            formal: list.formal,
            against: list.against,
            kin: list.kin.clone(),
            unsaid: false,
        })
    }

    /// Whether an act is a candidate's own no: it denies, declines or withdraws.
    pub fn is_refusal(&self, act: &str) -> bool {
        let lists = self.0.lexicon.lists.iter();
        lists
            .filter(|list| list.kind == ListKind::Act && list.name == act)
            .any(|list| list.against && list.by == By::Candidate)
    }

    /// How many terms the lexicon and the queries hold.
    pub fn terms(&self) -> usize {
        self.0.lexicon.terms.len()
    }
}
