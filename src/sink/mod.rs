//! The door for receivers: the contract that each keeps, one file per receiver, and what they share.
//!
//! A new receiver is its file (section, check, `impl Sink`, tests) and three lines here: the module,
//! the word in `type = …`, and the build line. Retrying, queueing and timing are `deliver`'s.

mod console;
pub mod contract;
mod http;
mod parts;
mod payload;
mod section;
mod signing;
mod slack;
#[cfg(test)]
mod tests;
mod webhook;

use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use crate::model::{Route, SinkName};
use crate::net::{ClientError, Tls};
use crate::setting::{SecretError, Table};
use contract::Sink;

pub use section::{SinkConfig, read_sinks};

/// What a receiver is built with.
#[derive(Debug, Clone)]
pub struct Workshop {
    /// Names the product and its operator.
    pub user_agent: String,
    /// How TLS is spoken.
    pub tls: Tls,
    /// Bound of one attempt, answer included.
    pub timeout: Duration,
}

/// A receiver at work.
#[derive(Clone)]
pub struct Outlet {
    /// Its name; the queue follows it.
    pub name: SinkName,
    /// What it wants.
    pub route: Route,
    /// More alerts than this admitted together go as one digest, at chats; 0 for never.
    pub burst: usize,
    /// The receiver.
    pub sink: Arc<dyn Sink>,
}

/// Why a receiver cannot be built.
#[derive(Debug, Error)]
pub enum BuildError {
    /// A secret cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The client cannot be set up.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A value from a secret is of no use; the text names the key, never the value.
    #[error("use `{key}`: {why}")]
    Value {
        /// The key.
        key: &'static str,
        /// What is wrong, and the cure.
        why: String,
    },
}

/// The own section of a receiver.
#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Console,
    Webhook(webhook::WebhookSection),
    Slack(slack::SlackSection),
}

/// The words in `type = …`.
const KINDS: [&str; 3] = ["console", "webhook", "slack"];

/// Reads the section of a receiver.
fn read_kind(word: &str, table: &Table<'_>) -> Option<Kind> {
    match word {
        "console" => Some(Kind::Console),
        "webhook" => webhook::WebhookSection::read(table).map(Kind::Webhook),
        "slack" => slack::SlackSection::read(table).map(Kind::Slack),
        _ => None,
    }
}

/// Builds a receiver.
fn build(
    kind: &Kind,
    config: &SinkConfig,
    workshop: &Workshop,
) -> Result<Arc<dyn Sink>, BuildError> {
    Ok(match kind {
        Kind::Console => Arc::new(console::Console::stdout()),
        Kind::Webhook(section) => Arc::new(webhook::Webhook::build(section, config, workshop)?),
        Kind::Slack(section) => Arc::new(slack::Slack::build(section, config, workshop)?),
    })
}

fn word(kind: &Kind) -> &'static str {
    match kind {
        Kind::Console => KINDS[0],
        Kind::Webhook(_) => KINDS[1],
        Kind::Slack(_) => KINDS[2],
    }
}
