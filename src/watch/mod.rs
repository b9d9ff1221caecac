//! The station that watches: it asks each feed when it is due and hands on what came.
//!
//! `poll` is the loop over a `round` of feeds, `visit` one poll of one feed, `fetch` its request; `schedule`
//! decides when (with `rhythm` and `moved`), and
//! `read` what a document says, both without touching the world. What of it is new, flagged or told
//! is not decided here.

mod fetch;
mod moved;
mod poll;
pub mod read;
mod rhythm;
mod round;
mod schedule;
mod section;
#[cfg(test)]
mod tests;
mod visit;

pub use fetch::{Failure, fetch_once};
pub use poll::{Subscription, Summary, WatchSetup, once, run};
pub use section::{PollSection, read_feeds};
