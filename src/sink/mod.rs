//! The door for receivers: the contract that each keeps, one file per receiver, and what they share.
//!
//! A new receiver is its file (section, check, `impl Sink`) and two lines here: the module, and its
//! line in `receivers!`; the tables in `tests` hold it to the contract. Retrying, queueing and timing
//! are `deliver`'s.

mod call;
mod console;
mod context;
pub mod contract;
mod discord;
#[cfg(feature = "email")]
mod email;
mod exec;
mod headers;
mod http;
mod idle;
mod inert;
mod layout;
mod mask;
mod matrix;
mod mattermost;
mod notice;
mod ntfy;
mod pace;
mod pagerduty;
mod parts;
mod payload;
mod place;
mod reply;
mod sample;
mod section;
mod signing;
mod slack;
mod teams;
mod telegram;
mod template;
#[cfg(test)]
mod tests;
mod webhook;

use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use crate::model::{Route, SinkName};
use crate::net::{ClientError, Tls, Trust};
use crate::setting::{SecretError, Table};
use contract::Sink;

pub use pace::{Pace, Quiet, Rhythm};
pub use sample::sample;
pub use section::{SinkConfig, read_sinks};

/// What a receiver is built with.
#[derive(Debug, Clone)]
pub struct Workshop {
    /// Names the product and its operator.
    pub user_agent: String,
    /// How TLS is spoken over HTTP.
    pub tls: Tls,
    /// Which certificates are trusted elsewhere.
    pub trust: Trust,
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
    /// When it may be told.
    pub pace: Pace,
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

/// Alerts of a digest, and bytes, at receivers that name no limit: a service of one's own often takes no
/// more than 100 kB.
const DIGEST: usize = 100;
const DIGEST_BYTES: usize = 64 << 10;

/// What a test says.
const PING: &str = "A test from pactwatch. Nothing has happened.";

/// Makes the list of receivers: the word in `type = …`, the variant, the module. Each module has a
/// `Section` that reads its own keys and builds the receiver.
macro_rules! receivers {
    ($($(#[$attribute:meta])* $word:literal => $variant:ident in $module:ident,)+) => {
        /// The own section of a receiver.
        #[derive(Debug, Clone, PartialEq)]
        enum Kind {
            $($(#[$attribute])* $variant($module::Section),)+
        }

        /// The words in `type = …`.
        const KINDS: &[&str] = &[$($(#[$attribute])* $word,)+];

        /// Reads the section of a receiver.
        fn read_kind(word: &str, table: &Table<'_>) -> Option<Kind> {
            match word {
                $($(#[$attribute])* $word => $module::Section::read(table).map(Kind::$variant),)+
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
                $($(#[$attribute])* Kind::$variant(section) => {
                    Arc::new(section.build(config, workshop)?)
                })+
            })
        }

        fn word(kind: &Kind) -> &'static str {
            match kind {
                $($(#[$attribute])* Kind::$variant(_) => $word,)+
            }
        }
    };
}

receivers! {
    "console" => Console in console,
    "webhook" => Webhook in webhook,
    "slack" => Slack in slack,
    "discord" => Discord in discord,
    "telegram" => Telegram in telegram,
    "teams" => Teams in teams,
    "mattermost" => Mattermost in mattermost,
    "ntfy" => Ntfy in ntfy,
    "matrix" => Matrix in matrix,
    "pagerduty" => PagerDuty in pagerduty,
    "template" => Template in template,
    "exec" => Exec in exec,
    #[cfg(feature = "email")]
    "email" => Email in email,
}
