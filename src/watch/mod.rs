//! The station that watches: it asks each feed when it is due and hands on what came.
//!
//! `poll` is the loop over a `round` of feeds, `visit` one poll of one feed, `fetch` its request (with
//! `access`, `local` and `meaning`), `articles` the pages that its new entries link to, `pushed` what a hub
//! brings; `schedule` decides when (with `rhythm`, `moved` and `network`), `health` tells which feeds are in
//! trouble for long, `read` what a document says, all without touching the world. What of it is new,
//! flagged or told is not decided here.

mod access;
mod articles;
mod fetch;
mod health;
mod journal;
mod local;
mod meaning;
mod moved;
mod network;
mod outcome;
mod poll;
mod pushed;
pub mod read;
mod rhythm;
mod round;
mod schedule;
mod section;
#[cfg(test)]
mod tests;
mod visit;

pub use access::{Access, AccessError, FeedAccess};
pub use fetch::{Failure, fetch_once};
pub use health::{Group, Health, Notice, Seen, TELL_AFTER, Trouble, troubles};
pub use poll::{Line, Subscription, Summary, WatchSetup, for_one_round, once, only, run};
pub use pushed::{Push, Pushed};
pub use schedule::revive;
pub use section::{PollSection, read_feeds};
