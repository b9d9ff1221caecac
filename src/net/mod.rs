//! HTTP with bounds: the address guard, the clients, what to make of answers, and serving.
//!
//! Every request of the product goes through [`Client`], which follows no redirect, uses no proxy
//! from the environment, and dials only addresses that its [`Guard`] allows. What is fetched, when,
//! and what an answer means to its asker is left to the callers.

mod answer;
mod budget;
mod client;
mod dns;
mod guard;
mod header;
mod section;
mod serve;
#[cfg(test)]
pub(crate) mod tests;
mod tls;

pub use answer::{BodyError, gunzip, http_date, is_gzip, read_capped, retry_after};
pub use budget::{Budget, Held};
pub use client::{Client, ClientError, ClientSetup, IDLE_TIMEOUT, SendError, Trouble, explain};
pub use guard::{Guard, Refused};
pub use header::private_header;
pub use section::NetworkSection;
pub use serve::serve;
pub use tls::{Tls, TlsFault, Trust, tls_fault};
