//! Outbound HTTP with bounds: the address guard, the clients, and what to make of answers.
//!
//! Every request of the product goes through [`Client`], which follows no redirect, uses no proxy
//! from the environment, and dials only addresses that its [`Guard`] allows. What is fetched, when,
//! and what an answer means to its asker is left to the callers.

mod answer;
mod client;
mod dns;
mod guard;
mod section;
mod tls;

pub use answer::{BodyError, read_capped, retry_after};
pub use client::{Client, ClientError, ClientSetup, SendError, Trouble, explain};
pub use guard::{Guard, Refused};
pub use section::NetworkSection;
pub use tls::{Tls, Trust};
