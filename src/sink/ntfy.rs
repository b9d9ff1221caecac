//! `ntfy`: a topic of an ntfy server, published as JSON to the server's root.
//!
//! A message holds 4,096 bytes, the JSON round it 8,192. Titles go into the JSON and never into
//! headers. Rate limits come without `Retry-After`: the code in the body says how long to wait.

use std::time::Duration;

use futures_util::future::BoxFuture;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::call::Call;
use super::contract::{Answer, Letter, Nature, Parcel, Proof, Rate, Sink, Stationery};
use super::http::Endpoint;
use super::inert::{address, defuse, fit, json_bytes};
use super::layout::{Markup, PLAIN};
use super::notice::Notice;
use super::parts::Parts;
use super::place::entered;
use super::reply::Reply;
use super::{BuildError, SinkConfig, Workshop};
use crate::model::{EventState, Level, Outcome, Refusal, Sealed};
use crate::setting::{Diagnostic, LiveSecret, SecretSource, Table};

/// Bytes of a message as JSON, which are never fewer than it has itself; ntfy takes 4,096.
const MESSAGE: usize = 3600;
/// Bytes of a title.
const TITLE: usize = 400;
/// Characters of an address that opens with a tap.
const ADDRESS: usize = 1000;
/// What an ntfy server takes of one visitor: 60, and one more each 5 s.
const RATE: Rate = Rate { messages: 60, within: Duration::from_secs(300) };
/// Alerts of a digest.
const DIGEST: usize = 8;
/// The wait for the next of the requests that ntfy gives back one by one.
const REQUESTS: Duration = Duration::from_secs(5);
/// The wait where the day's messages are used up.
const QUOTA: Duration = Duration::from_secs(3600);

/// Text without links: the headline's opens with a tap.
const MARKUP: Markup = Markup { link: |label, _| label.to_owned(), ..PLAIN };

/// What holds for every one of its kind.
const NATURE: Nature = Nature {
    chat: true,
    digest: DIGEST,
    digest_bytes: usize::MAX,
    in_flight: 1,
    acceptance: "the ntfy server has the message for the phones that subscribe to the topic",
    rate: Some(RATE),
};

/// The keys of `type = "ntfy"`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Section {
    url: String,
    topic: String,
    token: Option<SecretSource>,
}

impl Section {
    pub(super) fn read(table: &Table<'_>) -> Option<Self> {
        let url = table.required("url", "the server's root: url = \"https://ntfy.example.org\"");
        let topic = table.required("topic", "name the topic that phones subscribe to");
        let token = table.private("token");
        let (topic, span) = topic?;
        let fine = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if topic.len() > 64 || !topic.chars().all(fine) {
            table.problems().add(
                Diagnostic::error(span, format!("`{topic}` is no topic"))
                    .help("a topic has 1 to 64 letters, digits, `-` and `_`"),
            );
            return None;
        }
        Some(Self { url: url?.0, topic, token })
    }

    pub(super) fn build(
        &self,
        config: &SinkConfig,
        workshop: &Workshop,
    ) -> Result<Ntfy, BuildError> {
        let wrong = |why: &str| BuildError::Value { key: "url", why: why.to_owned() };
        let token = self.token.as_ref().map(LiveSecret::open).transpose()?;
        let endpoint = Endpoint::open("url", &self.url, config, workshop)?;
        let root = endpoint.url().map_err(|why| wrong(&why))?;
        if root.path().trim_end_matches('/') == format!("/{}", self.topic) {
            return Err(wrong(
                "it names the topic\nwrite the server's root alone; `topic` has a key of its own",
            ));
        }
        Ok(Ntfy { endpoint, topic: self.topic.clone(), token })
    }
}

/// A topic.
#[derive(Debug)]
pub(super) struct Ntfy {
    endpoint: Endpoint,
    topic: String,
    token: Option<LiveSecret>,
}

/// From 1 to 5: a phone rings from 3 on, 4 is urgent.
fn priority(level: Level) -> u8 {
    match level {
        Level::Flash => 4,
        Level::Notable => 3,
        Level::Background => 2,
    }
}

impl Ntfy {
    fn sealed(&self, title: &str, message: &str, more: &[(&str, Value)]) -> Sealed {
        let title = fit(title, TITLE, defuse, json_bytes);
        let mut body = json!({ "topic": self.topic, "title": title, "message": message });
        for (key, value) in more {
            body[*key] = value.clone();
        }
        Sealed { content_type: "application/json".to_owned(), body: body.to_string().into_bytes() }
    }

    fn call<'a>(&self, parcel: &'a Parcel<'_>) -> Result<Call<'a>, Answer> {
        let mut call = self.endpoint.call(parcel, |_| {})?;
        if let Some(token) = &self.token {
            call.bear(token)?;
        }
        Ok(call)
    }
}

impl Sink for Ntfy {
    fn nature(&self) -> Nature {
        NATURE
    }

    fn endpoint(&self) -> Option<u64> {
        Some(self.endpoint.number(&[]))
    }

    fn identity(&self) -> Option<u64> {
        Some(entered(self.endpoint.number(&[&self.topic]), &self.token))
    }

    fn render(&self, letter: &Letter, stationery: &Stationery) -> Result<Sealed, String> {
        Ok(match letter {
            Letter::Ping => self.sealed("pactwatch", super::PING, &[]),
            Letter::Event(event) => {
                let Notice { head, lines } = Notice::of(event, stationery);
                let inner = Notice { head: String::new(), lines };
                let more =
                    [("priority", json!(if event.state == EventState::Raised { 3 } else { 2 }))];
                self.sealed(&head, PLAIN.notice(&inner, MESSAGE).trim_start(), &more)
            }
            Letter::Alert(view) => {
                let parts = Parts::of(view, stationery);
                let mut more = vec![("priority", json!(priority(parts.level)))];
                let short = |url: &&String| url.len() <= ADDRESS;
                if let Some(url) = parts.link.as_ref().filter(short) {
                    more.push(("click", json!(address(url))));
                }
                if let Some(page) = parts.page.as_ref().filter(short) {
                    let action =
                        json!({ "action": "view", "label": "details", "url": address(page) });
                    more.push(("actions", json!([action])));
                }
                // The verdict is the title, the page a button.
                let inner = Parts { verdict: String::new(), page: None, ..parts.clone() };
                self.sealed(&parts.verdict, &MARKUP.alert(&inner, MESSAGE), &more)
            }
            Letter::Digest(views) => {
                let highest = views.iter().map(|view| priority(view.alert.level)).max();
                let more = [("priority", json!(highest.unwrap_or(3)))];
                let text = PLAIN.letter(letter, stationery, DIGEST, MESSAGE);
                self.sealed("pactwatch", &text, &more)
            }
        })
    }

    fn fallback(&self, letter: &Letter, stationery: &Stationery) -> Option<Sealed> {
        Some(self.sealed("pactwatch", &PLAIN.letter(letter, stationery, DIGEST, 1800), &[]))
    }

    fn proof(&self, parcel: Parcel<'_>) -> Result<Proof, Answer> {
        Ok(self.call(&parcel)?.proof(&parcel))
    }

    fn probe<'a>(&'a self, timeout: Duration) -> BoxFuture<'a, Result<String, String>> {
        Box::pin(self.endpoint.knock(timeout))
    }

    fn send<'a>(&'a self, parcel: Parcel<'a>) -> BoxFuture<'a, Answer> {
        Box::pin(async move { self.endpoint.deliver(self.call(&parcel), judge).await })
    }
}

/// ntfy tells a stored message by its id, and a trouble by a code of five digits.
fn judge(reply: &Reply) -> Option<Outcome> {
    if reply.status.is_success() {
        return match reply.json["id"].is_string() {
            true => Some(Outcome::Delivered { thread: None }),
            false => reply.without_its_word(),
        };
    }
    match (reply.status, reply.json["code"].as_u64()) {
        (StatusCode::TOO_MANY_REQUESTS, code) => {
            // Requests come back one by one; messages of the day and wrong passwords take longer.
            let wait = match code {
                Some(42901) => REQUESTS,
                Some(_) => QUOTA,
                None => return None,
            };
            Some(Outcome::Throttled { after: reply.longer(Some(wait)) })
        }
        // The topic is not allowed.
        (StatusCode::BAD_REQUEST, Some(40009 | 40010)) => Some(Outcome::Refused(Refusal::Endpoint)),
        _ => None,
    }
}
