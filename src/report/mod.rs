//! What people are told of how things stand and of why a text is flagged, as values and words: the
//! rows of the feeds, the ledger, problems with their cure, an explanation with its marks.
//!
//! The command line prints these and the web desk draws them, so both say the same. Nothing here
//! knows a terminal or a page.

mod drift;
mod example;
mod excerpt;
mod explain;
mod faults;
mod feeds;
mod ledger;
mod marks;
mod names;
mod problems;
mod sinks;
mod status;
mod steps;
mod times;
mod unseen;
mod watching;
mod way;
mod why;
mod wording;

use std::path::PathBuf;

use crate::judge::StorySection;
use crate::model::{Feed, Route, SinkName};
use crate::rule::RuleSet;

pub use example::Example;
pub use excerpt::{Excerpt, sentences, whole};
pub use explain::{Explained, explain, plain};
pub use faults::{Faults, Room, daily, faults, room};
pub use feeds::{FeedLine, feed_lines};
pub use ledger::{LedgerFilter, ledger};
pub use marks::{Mark, marks, masked, notes};
pub use names::{Names, NoName};
pub use problems::Problem;
pub use sinks::{SinkLine, held_up, sink_lines};
pub use status::{Status, status};
pub use times::{ago, parse_since, short_time, since};
pub use unseen::Unseen;
pub use way::{Fate, Step, Way};
pub use why::{Answer, why};
pub use wording::{acts, alert_line, headline, move_line, quiet, surroundings, why_level};

/// What the config names: whom a report is about.
#[derive(Debug, Clone)]
pub struct Roster {
    /// The feeds.
    pub feeds: Vec<Feed>,
    /// The receivers.
    pub sinks: Vec<SinkName>,
    /// What each of them wants.
    pub routes: Vec<Route>,
    /// How items become stories.
    pub story: StorySection,
    /// The rules.
    pub rules: RuleSet,
    /// The database file.
    pub database: PathBuf,
    /// `max_size` under `[history]`, in bytes.
    pub max_size: u64,
    /// Whether all of it could be read; otherwise what is missing here may be named all the same.
    pub whole: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A config of these receivers and nothing else.
    pub(super) fn roster(sinks: Vec<SinkName>) -> Roster {
        Roster {
            feeds: Vec::new(),
            sinks,
            routes: Vec::new(),
            story: StorySection::default(),
            rules: crate::rule::Draft::default().build(&crate::setting::Problems::default()),
            database: PathBuf::from("x.db"),
            max_size: u64::MAX,
            whole: true,
        }
    }
}
