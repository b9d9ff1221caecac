//! `[story]`: how items become stories, and which of them are told.

use std::time::Duration;

use crate::setting::{Diagnostic, Table, parse_duration};

const DAY: Duration = Duration::from_secs(86_400);

/// The section `[story]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorySection {
    /// An item is compared with members seen within this time.
    pub window: Duration,
    /// Items older than this when first seen are not told; `None` tells all.
    pub max_age: Option<Duration>,
    /// What of a new feed's old entries is told.
    pub first_poll: FirstPoll,
    /// Which developments of a known story are told.
    pub updates: Updates,
}

/// What of a new feed's old entries is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstPoll {
    /// All, as of any other poll.
    All,
    /// Nothing.
    Nothing,
    /// What is younger than this.
    Younger(Duration),
}

/// Which developments of a known story are told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Updates {
    /// New moves: an act, actor or candidate in the headline that was not told.
    #[default]
    Developments,
    /// None: each story is told once.
    Off,
    /// Every further item of a story that is no copy.
    All,
}

impl Default for StorySection {
    fn default() -> Self {
        Self {
            window: 3 * DAY,
            max_age: Some(7 * DAY),
            first_poll: FirstPoll::Younger(DAY),
            updates: Updates::default(),
        }
    }
}

impl StorySection {
    /// Reads the section; missing keys keep their defaults.
    pub fn read(table: Table<'_>) -> Self {
        let mut section = Self::default();
        if let Some(window) = table.positive_duration("window") {
            section.window = window;
        }
        match table.string("max_age") {
            Some((text, _)) if text == "off" => section.max_age = None,
            Some((text, span)) => match parse_duration(&text) {
                Ok(age) => section.max_age = Some(age),
                Err(why) => table.problems().add(
                    Diagnostic::error(span, why).help("or write \"off\" to tell items of any age"),
                ),
            },
            None => {}
        }
        match table.string("first_poll") {
            Some((text, _)) if text == "all" => section.first_poll = FirstPoll::All,
            Some((text, _)) if text == "none" => section.first_poll = FirstPoll::Nothing,
            Some((text, span)) => match parse_duration(&text) {
                Ok(age) => section.first_poll = FirstPoll::Younger(age),
                Err(why) => table
                    .problems()
                    .add(Diagnostic::error(span, why).help("or write \"all\" or \"none\"")),
            },
            None => {}
        }
        let words =
            [("developments", Updates::Developments), ("off", Updates::Off), ("all", Updates::All)];
        if let Some(updates) = table.choice("updates", &words) {
            section.updates = updates;
        }
        table.finish();
        section
    }
}
