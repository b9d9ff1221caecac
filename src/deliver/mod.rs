//! The third station: what was queued goes out, across crashes and outages.
//!
//! `dispatch` is the loop, with a `worker` per sink; `clerk` makes its single attempts, of what `gather` put
//! together. What is decided is decided by values alone: `hold` and `line` say which messages go now,
//! `retry` what becomes of one, `breaker` (with `recent`) what its attempt says of the endpoint, `turn` when
//! the receiver takes the next. What an answer means is judged in `sink`, what is queued in `judge`.

mod breaker;
mod clerk;
mod dispatch;
mod gather;
mod hold;
mod line;
mod recent;
mod retry;
mod section;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;
mod turn;
mod worker;

pub use dispatch::{DeliverSetup, Office, Summary, once, run};
pub use section::DeliverySection;
