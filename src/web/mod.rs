//! The desk: what happened, as pages, as an API, as metrics, and whether the daemon is well.
//!
//! Pages are made here, whole, without script and without anything from another host. All of it reads
//! through the store's reading connections; the few changes there are go through the [`Orders`] that
//! `daemon` hands in. A request costs bounded memory and time, and one that fails costs nobody else
//! anything: without the desk the daemon watches on.

mod api;
mod atom;
mod deliveries;
mod desk;
mod draw;
mod feeds;
mod fields;
mod guard;
mod hand;
mod health;
mod home;
mod layout;
mod ledger;
mod login;
mod meters;
mod metrics;
mod near;
mod pass;
mod route;
mod rules;
mod section;
mod serve;
mod stories;
mod story;
mod text;
mod trial;
mod trouble;

pub use desk::{Desk, Order, Orders, WebSetup};
pub use meters::Meters;
pub use pass::SHORTEST as SHORTEST_TOKEN;
pub use section::WebSection;
pub use serve::run;

#[cfg(test)]
mod tests;
