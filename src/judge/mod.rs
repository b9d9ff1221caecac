//! The second station: what is news, what is the same news, and who is to be told.
//!
//! `identity` tells new entries from known ones, `similar` and `agree` compare texts and moves,
//! `index` holds the open stories, `lookup` finds the few that an item can belong to, `ledger` says how new a move is, `hearing` to whom, and `plan`
//! decides; all of them pure. `review` is the loop that reads the clock and talks to the store. Fetching and sending are
//! the other stations' business.

mod agree;
mod aside;
mod compare;
mod development;
mod hearing;
mod identity;
mod index;
mod ledger;
mod lookup;
mod plan;
mod record;
mod replay;
mod review;
mod section;
mod similar;
mod weigh;

pub use compare::{Compared, Comparison, LEAST, compare};
pub use replay::{PairStep, Replay, Step};
pub use review::{Bench, JudgeSetup, run};
pub use section::{FirstPoll, StorySection, Updates};

#[cfg(test)]
mod news_tests;
#[cfg(test)]
mod review_tests;
#[cfg(test)]
mod tests;
