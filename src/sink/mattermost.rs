//! `mattermost`: an incoming webhook of a Mattermost server.
//!
//! A post holds 16,383 characters; longer text becomes several posts. There is no list of allowed
//! mentions, so every `@` is broken, and so are the forms of Slack, which Mattermost reads as well.

use std::time::Duration;

use futures_util::future::BoxFuture;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::contract::{Answer, Letter, Nature, Parcel, Proof, Sink, Stationery};
use super::http::Endpoint;
use super::inert::{defuse, markdown, units};
use super::layout::{Markup, PLAIN};
use super::reply::Reply;
use super::section::required_secret;
use super::{BuildError, SinkConfig, Workshop};
use crate::model::{Outcome, Refusal, Sealed};
use crate::setting::{SecretSource, Table};

/// Units of a post; Mattermost takes 16,383.
const POST: usize = 15_500;
/// Alerts of a digest.
const DIGEST: usize = 20;

/// How Mattermost writes: Markdown, a line break being two blanks and one.
const MARKUP: Markup = Markup {
    prepare: |text| markdown(&defuse(text)),
    strong: |text| format!("**{text}**"),
    link: |label, url| format!("[{label}]({url})"),
    size: units,
    line: "  \n",
};

/// What holds for every one of its kind.
const NATURE: Nature = Nature {
    chat: true,
    digest: DIGEST,
    digest_bytes: usize::MAX,
    in_flight: 1,
    acceptance: "Mattermost says that it posted the message",
    rate: None,
};

/// The keys of `type = "mattermost"`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Section {
    url: SecretSource,
}

impl Section {
    pub(super) fn read(table: &Table<'_>) -> Option<Self> {
        let help = "paste the address of an incoming webhook into a file: url = { file = \"…\" }";
        Some(Self { url: required_secret(table, "url", help)? })
    }

    pub(super) fn build(
        &self,
        config: &SinkConfig,
        workshop: &Workshop,
    ) -> Result<Mattermost, BuildError> {
        Ok(Mattermost { endpoint: Endpoint::new("url", &self.url, config, workshop)? })
    }
}

/// A Mattermost channel.
#[derive(Debug)]
pub(super) struct Mattermost {
    endpoint: Endpoint,
}

fn sealed(text: &str) -> Sealed {
    let body = json!({ "text": text }).to_string().into_bytes();
    Sealed { content_type: "application/json".to_owned(), body }
}

impl Sink for Mattermost {
    fn nature(&self) -> Nature {
        NATURE
    }

    fn endpoint(&self) -> Option<u64> {
        Some(self.endpoint.number(&[]))
    }

    fn render(&self, letter: &Letter, stationery: &Stationery) -> Result<Sealed, String> {
        Ok(sealed(&MARKUP.letter(letter, stationery, DIGEST, POST)))
    }

    fn fallback(&self, letter: &Letter, stationery: &Stationery) -> Option<Sealed> {
        let plain = Markup { prepare: MARKUP.prepare, size: units, ..PLAIN };
        Some(sealed(&plain.letter(letter, stationery, DIGEST, POST / 4)))
    }

    fn proof(&self, parcel: Parcel<'_>) -> Result<Proof, Answer> {
        self.endpoint.proof(&parcel)
    }

    fn probe<'a>(&'a self, timeout: Duration) -> BoxFuture<'a, Result<String, String>> {
        Box::pin(self.endpoint.knock(timeout))
    }

    fn send<'a>(&'a self, parcel: Parcel<'a>) -> BoxFuture<'a, Answer> {
        Box::pin(async move { self.endpoint.post(&parcel, judge).await })
    }
}

/// Success is the word `ok`; errors have an id that says what they are about.
fn judge(reply: &Reply) -> Option<Outcome> {
    if reply.status.is_success() {
        return match reply.body.trim() {
            "ok" => Some(Outcome::Delivered { thread: None }),
            _ => reply.without_its_word(),
        };
    }
    let client = reply.status.is_client_error() || reply.status == StatusCode::NOT_IMPLEMENTED;
    let id = match &reply.json["id"] {
        Value::String(id) if client => id.strip_prefix("web.incoming_webhook.")?,
        _ => return None,
    };
    let message = ["text", "parse", "attachment"].iter().any(|about| id.starts_with(about));
    // The webhook is unknown or switched off, its channel is gone or locked.
    Some(Outcome::Refused(if message { Refusal::Message } else { Refusal::Endpoint }))
}
