//! `pagerduty`: events of a service, by the Events API v2.
//!
//! The key that keeps events together comes from the story: an update joins the incident of its first
//! alert, and a message sent twice is one. A summary holds 1,024 characters, an event 512,000 bytes.

use std::time::Duration;

use futures_util::future::BoxFuture;
use reqwest::StatusCode;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::call::Call;
use super::contract::{Answer, Letter, Nature, Parcel, Proof, Rate, Sink, Stationery};
use super::http::{Endpoint, refused};
use super::inert::{address, defuse, fit, units};
use super::layout::count;
use super::notice::Notice;
use super::parts::Parts;
use super::reply::Reply;
use super::section::required_secret;
use super::{BuildError, SinkConfig, Workshop};
use crate::model::{AlertView, Event, EventKind, EventState, Level, Outcome, Refusal, Sealed};
use crate::setting::{LiveSecret, SecretSource, Table};

/// Units of a summary; PagerDuty takes 1,024.
const SUMMARY: usize = 1000;
/// Units of each detail.
const DETAIL: usize = 1500;
/// What a service takes: 480 a minute.
const RATE: Rate = Rate { messages: 8, within: Duration::from_secs(1) };
/// Alerts of a digest; it is asked for by hand alone.
const DIGEST: usize = 50;
/// Messages in flight at a time.
const IN_FLIGHT: usize = 2;
/// Where events go, outside of PagerDuty's European region.
const URL: &str = "https://events.pagerduty.com/v2/enqueue";

/// What holds for every one of its kind.
const NATURE: Nature = Nature {
    chat: false,
    digest: DIGEST,
    digest_bytes: usize::MAX,
    in_flight: IN_FLIGHT,
    acceptance: "PagerDuty has the event; what it does with it is up to the service's settings",
    rate: Some(RATE),
};

/// The keys of `type = "pagerduty"`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Section {
    key: SecretSource,
    url: String,
}

impl Section {
    pub(super) fn read(table: &Table<'_>) -> Option<Self> {
        let help = "the integration key of the service, of 32 characters, in a file";
        let key = required_secret(table, "routing_key", help);
        let url = table.string("url").map_or_else(|| URL.to_owned(), |(url, _)| url);
        Some(Self { key: key?, url })
    }

    pub(super) fn build(
        &self,
        config: &SinkConfig,
        workshop: &Workshop,
    ) -> Result<PagerDuty, BuildError> {
        let key = LiveSecret::open(&self.key)?;
        if !is_key(key.current().expose()) {
            let why = "it is no integration key\nit has 32 letters and digits: service, \
                       Integrations, Events API V2";
            return Err(BuildError::Value { key: "routing_key", why: why.to_owned() });
        }
        Ok(PagerDuty { endpoint: Endpoint::open("url", &self.url, config, workshop)?, key })
    }
}

fn is_key(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// A service.
#[derive(Debug)]
pub(super) struct PagerDuty {
    endpoint: Endpoint,
    key: LiveSecret,
}

fn severity(level: Level) -> &'static str {
    match level {
        Level::Flash => "critical",
        Level::Notable => "warning",
        Level::Background => "info",
    }
}

/// The same for all messages of a story to a sink.
fn dedup_key(view: &AlertView) -> String {
    let digest = Sha256::digest(format!("{}\n{}", view.sink, view.alert.story));
    let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("pactwatch-{hex}")
}

fn text(text: &str, budget: usize) -> String {
    fit(text, budget, defuse, units)
}

fn event(summary: &str, severity: &str, source: &str, details: Value) -> Value {
    json!({
        "event_action": "trigger",
        "client": "pactwatch",
        "payload": {
            "summary": summary,
            "source": source,
            "severity": severity,
            "custom_details": details,
        },
    })
}

/// Sealed without the key: what rests in the database holds no secret.
fn sealed(event: &Value) -> Sealed {
    Sealed { content_type: "application/json".to_owned(), body: event.to_string().into_bytes() }
}

fn alert(view: &AlertView, parts: &Parts, details: bool) -> Value {
    let summary = format!("{} · {}", parts.verdict, parts.headline);
    let mut list = Map::new();
    let evidence = parts.evidence.as_ref().map(|one| one.text.clone()).unwrap_or_default();
    let follows = parts.follows.as_ref().map(|one| one.text.clone()).unwrap_or_default();
    for (label, detail) in [
        ("headline", &parts.headline),
        ("source", &parts.source),
        ("evidence", &evidence),
        ("in English", &parts.gloss),
        ("also named", &parts.also_named),
        ("follows", &follows),
        ("before", &parts.before),
        ("also in", &parts.also_in),
        ("alert", &parts.id),
    ] {
        if !detail.is_empty() && details {
            list.insert(label.to_owned(), json!(text(detail, DETAIL)));
        }
    }
    let feed = text(view.alert.item.feed.as_str(), 255);
    let severity = severity(view.alert.level);
    let mut event = event(&text(&summary, SUMMARY), severity, &feed, Value::Object(list));
    event["dedup_key"] = json!(dedup_key(view));
    event["payload"]["timestamp"] = json!(view.alert.raised);
    let mut links = Vec::new();
    for (label, url) in [("the story", &parts.link), ("details", &parts.page)] {
        if let Some(url) = url.as_ref().filter(|url| url.len() <= 2000) {
            links.push(json!({ "href": address(url), "text": label }));
        }
    }
    if !links.is_empty() {
        event["links"] = json!(links);
    }
    event
}

/// What operators are told. An incident ends with its trouble.
fn notice(told: &Event, notice: &Notice) -> Value {
    // One incident for all feeds that fail; it ends with the last of them. The daily report is none: it
    // would stay open and say that all is well.
    let over = told.kind == EventKind::AllQuiet
        || (told.state == EventState::Recovered && told.others == 0);
    let severity = if over { "info" } else { "warning" };
    let what = notice.lines.first().unwrap_or(&notice.head);
    let summary = text(&format!("{} · {what}", notice.head), SUMMARY);
    let lines: Vec<String> = notice.lines.iter().map(|line| text(line, SUMMARY)).collect();
    let mut event = event(&summary, severity, "pactwatch", json!({ "lines": lines }));
    event["dedup_key"] = json!(format!("pactwatch {}", told.kind.as_str()));
    if over {
        event["event_action"] = json!("resolve");
    }
    event
}

impl PagerDuty {
    fn call<'a>(&self, parcel: &'a Parcel<'_>) -> Result<Call<'a>, Answer> {
        let mut call = self.endpoint.call(parcel, |_| {})?;
        let key = self.key.current();
        if !is_key(key.expose()) {
            return Err(refused("the routing key is of no use now: it is no integration key"));
        }
        let mut event: Value = serde_json::from_slice(&parcel.sealed.body)
            .map_err(|_| refused("the sealed message is no JSON"))?;
        event["routing_key"] = json!(key.expose());
        call.body = event.to_string().into_bytes();
        call.mask.add(key.expose());
        Ok(call)
    }
}

impl Sink for PagerDuty {
    fn nature(&self) -> Nature {
        NATURE
    }

    fn endpoint(&self) -> Option<u64> {
        Some(self.endpoint.number(&[self.key.current().expose()]))
    }

    fn render(&self, letter: &Letter, stationery: &Stationery) -> Result<Sealed, String> {
        Ok(match letter {
            Letter::Ping => sealed(&event(super::PING, "info", "pactwatch", json!({}))),
            Letter::Event(told) => sealed(&notice(told, &Notice::of(told, stationery))),
            Letter::Alert(view) => sealed(&alert(view, &Parts::of(view, stationery), true)),
            Letter::Digest(views) => {
                let shown = views.iter().take(DIGEST);
                let lines: Vec<String> = shown
                    .map(|view| {
                        let parts = Parts::of(view, stationery);
                        text(&format!("{} · {}", parts.verdict, parts.headline), SUMMARY)
                    })
                    .collect();
                let highest = views.iter().map(|view| view.alert.level).max();
                let severity = severity(highest.unwrap_or(Level::Background));
                let details = json!({ "alerts": lines });
                let mut event = event(&count(views.len()), severity, "pactwatch", details);
                if let Some(view) = views.first() {
                    event["dedup_key"] = json!(dedup_key(view));
                }
                sealed(&event)
            }
        })
    }

    fn fallback(&self, letter: &Letter, stationery: &Stationery) -> Option<Sealed> {
        match letter {
            Letter::Alert(view) => Some(sealed(&alert(view, &Parts::of(view, stationery), false))),
            Letter::Digest(_) | Letter::Event(_) | Letter::Ping => None,
        }
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

/// 202 is its yes; a wrong key comes as a wrong event.
fn judge(reply: &Reply) -> Option<Outcome> {
    if reply.status.is_success() {
        return match reply.status == StatusCode::ACCEPTED {
            true => Some(Outcome::Delivered { thread: None }),
            false => Some(Outcome::Retry { after: None }),
        };
    }
    let wrong_key = reply.status == StatusCode::BAD_REQUEST
        && reply.json["errors"].to_string().to_ascii_lowercase().contains("routing");
    wrong_key.then_some(Outcome::Refused(Refusal::Endpoint))
}
