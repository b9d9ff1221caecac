//! Who stands where at which door.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{AlertId, FeedName};

/// One dated move of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEntry {
    /// The alliance.
    pub alliance: String,
    /// The candidate; empty for a move that names none.
    pub candidate: String,
    /// The act's name.
    pub act: String,
    /// How far it brings the candidate.
    pub stage: u8,
    /// A formal step.
    pub formal: bool,
    /// Who acted, where it was said.
    pub actor: Option<String>,
    /// The earliest date of an item that brought it.
    pub since: Timestamp,
    /// The latest date of an item that brought it, for the rule of 30 silent days.
    pub last: Timestamp,
    /// The first alert that told it; `None` while none was raised (too old, or it joined a story).
    /// Such a move is listed and makes nothing that comes later look old.
    pub alert: Option<AlertId>,
    /// Headline of the item that was read first.
    pub title: String,
    /// Feed of that item.
    pub feed: FeedName,
}

/// A dated standing of the shipped pack: membership or a pending application. Counts only from its
/// own date on, so that history replays as it was lived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The alliance.
    pub alliance: String,
    /// The country or bloc.
    pub candidate: String,
    /// The act's name: `joins` for members, `applies` for applicants.
    pub act: String,
    /// The act's stage.
    pub stage: u8,
    /// From when; `None` for founding members and those whose date makes no difference.
    pub since: Option<Date>,
}
