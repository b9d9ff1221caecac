//! The third station: what was queued goes out, across crashes and outages.
//!
//! `retry` decides what becomes of a message and its endpoint, pure; `dispatch` is the loop, one
//! worker per sink, and `clerk` makes its single attempts. What a receiver's answer means is judged in `sink`, what is queued in `judge`.

mod clerk;
mod dispatch;
mod hold;
mod line;
mod retry;
mod section;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

pub use dispatch::{DeliverSetup, Office, Summary, once, run};
pub use section::DeliverySection;
