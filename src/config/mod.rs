//! The whole config: found, merged from its files, gathered from the sections that the rooms own,
//! and cross-checked. Nothing but `daemon` and `cli` sees it whole.
//!
//! All mistakes come in one [`Report`]; a config with a mistake is refused whole.

mod check;
mod files;
mod gather;

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

use crate::deliver::DeliverySection;
use crate::judge::StorySection;
use crate::model::Feed;
use crate::net::NetworkSection;
use crate::operator::OperatorSection;
use crate::report::Roster;
use crate::rule::RuleSet;
use crate::setting::{Diagnostic, Severity, Sources};
use crate::sink::SinkConfig;
use crate::store::HistorySection;
use crate::watch::{FeedAccess, PollSection};
use crate::web::WebSection;
use crate::websub::WebsubSection;

pub use files::{BUILTIN_PACK, BUILTIN_PLACES, PLACES, find};

/// A config that holds together.
#[derive(Debug)]
pub struct Config {
    /// The main file.
    pub path: PathBuf,
    /// Every file that was read, the main one first; the embedded pack by its name.
    pub files: Vec<PathBuf>,
    /// The database file.
    pub database: PathBuf,
    /// Zone of the times that people read.
    pub timezone: TimeZone,
    /// When the config is read again.
    pub reload: Reload,
    /// How often feeds are polled.
    pub poll: PollSection,
    /// What requests may reach.
    pub network: NetworkSection,
    /// The feeds.
    pub feeds: Vec<Feed>,
    /// What some of them need beside their address.
    pub access: Vec<FeedAccess>,
    /// How items become stories.
    pub story: StorySection,
    /// What is kept.
    pub history: HistorySection,
    /// How messages are retried.
    pub delivery: DeliverySection,
    /// The receivers.
    pub sinks: Vec<SinkConfig>,
    /// The web desk.
    pub web: WebSection,
    /// What the operator hears of the daemon itself.
    pub operator: OperatorSection,
    /// Whether hubs may push.
    pub websub: WebsubSection,
    /// The rules.
    pub rules: RuleSet,
    /// Fingerprint of the files that rules and lexicon stand in.
    pub rules_text: u64,
    /// Whether `database` is what is meant: not where its key, or a file that may hold it, cannot be read.
    sure_of_database: bool,
    /// Whether it is free of mistakes; only such a config runs.
    pub whole: bool,
}

impl Config {
    /// Whether `database` is what is meant, and no guess.
    pub fn sure_of_database(&self) -> bool {
        self.sure_of_database
    }

    /// Whom reports are about.
    pub fn roster(&self) -> Roster {
        Roster {
            feeds: self.feeds.clone(),
            sinks: self.sinks.iter().map(|sink| sink.name.clone()).collect(),
            routes: self.sinks.iter().map(|sink| sink.route.clone()).collect(),
            story: self.story.clone(),
            rules: self.rules.clone(),
            database: self.database.clone(),
            max_size: self.history.max_size,
            whole: self.whole,
        }
    }
}

/// When the config is read again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reload {
    /// On SIGHUP.
    #[default]
    Signal,
    /// On SIGHUP and whenever one of its files changes.
    Watch,
}

/// What reading a config had to say.
#[derive(Debug, Default)]
pub struct Report {
    sources: Sources,
    diagnostics: Vec<Diagnostic>,
}

impl Report {
    /// A report of one mistake that has no place.
    fn of(diagnostic: Diagnostic) -> Self {
        Self { sources: Sources::default(), diagnostics: vec![diagnostic] }
    }

    /// Adds what was found wrong after reading: a secret that cannot be had, a database that cannot
    /// be used.
    pub fn add(&mut self, more: impl IntoIterator<Item = Diagnostic>) {
        self.diagnostics.extend(more);
        self.diagnostics.sort_by_key(Diagnostic::order);
    }

    /// How many mistakes.
    pub fn errors(&self) -> usize {
        self.diagnostics.iter().filter(|one| one.severity == Severity::Error).count()
    }

    /// How many oddities.
    pub fn warnings(&self) -> usize {
        self.diagnostics.len() - self.errors()
    }

    /// The files that were read, the main one first; the embedded pack among them by its name.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.sources.paths()
    }

    /// All of it, one block a diagnostic, errors first.
    pub fn render(&self, colour: bool) -> String {
        let blocks: Vec<String> =
            self.diagnostics.iter().map(|one| self.sources.render(one, colour)).collect();
        blocks.join("\n\n")
    }

    /// All of it as single lines `file:line:col: message (cure)`, for logs.
    pub fn lines(&self) -> Vec<String> {
        self.diagnostics.iter().map(|one| self.line(one)).collect()
    }

    /// The lines of one severity.
    pub fn lines_of(&self, severity: Severity) -> Vec<String> {
        let these = self.diagnostics.iter().filter(|one| one.severity == severity);
        these.map(|one| self.line(one)).collect()
    }

    fn line(&self, one: &Diagnostic) -> String {
        let place = self.sources.spot(one).map(|span| self.sources.place(span) + ": ");
        let cure = one.help.as_ref().map(|help| format!(" ({})", help.replace('\n', " ")));
        place.unwrap_or_default() + &one.message + &cure.unwrap_or_default()
    }
}

/// Finds and reads the config. `named` is the file given by `--config` or `PACTWATCH_CONFIG`.
///
/// # Errors
///
/// The report of everything that is wrong with it.
pub fn load(named: Option<&Path>) -> Result<(Config, Report), Report> {
    match read(named) {
        (Some(config), report) if config.whole => Ok((config, report)),
        (_, report) => Err(report),
    }
}

/// As [`load`], for those who need little more than the database: a config with mistakes is good for
/// them as far as it can be read, as long as it says for sure where the database is.
///
/// # Errors
///
/// The report of everything that is wrong with it.
pub fn load_loosely(named: Option<&Path>) -> Result<(Config, Report), Report> {
    match read(named) {
        (Some(config), report) if config.sure_of_database => Ok((config, report)),
        (_, report) => Err(report),
    }
}

/// What can be read of the config, and all that is wrong with it.
pub fn read(named: Option<&Path>) -> (Option<Config>, Report) {
    let Some(path) = find(named) else {
        let wrong = format!("no config file: {} do not exist", PLACES.join(" and "));
        let cure = "name one with `--config FILE`, or write one with `pactwatch init`";
        return (None, Report::of(Diagnostic::error(None, wrong).help(cure)));
    };
    gather::gather(&path)
}

/// Reads rules alone, for commands that work without a config: the shipped pack.
///
/// # Errors
///
/// The report of what is wrong with the pack, which a test of ours excludes.
pub fn builtin_rules() -> Result<RuleSet, Report> {
    gather::builtin_rules()
}

#[cfg(test)]
mod tests;
