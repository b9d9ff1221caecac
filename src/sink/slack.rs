//! `slack`: an incoming webhook of Slack, or of a server that takes its form.
//!
//! Limits in characters, from Slack's reference of blocks: section text 3,000, 50 blocks a message.
//! Only `&`, `<` and `>` are special there; with `<` escaped no mention and no link can be forged.

use std::time::Duration;

use futures_util::future::BoxFuture;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::contract::{Answer, Letter, Nature, Parcel, Proof, Rate, Sink, Stationery};
use super::http::Endpoint;
use super::inert::{address, defuse, units};
use super::notice::Notice;
use super::parts::Parts;
use super::reply::{Reply, seconds};
use super::section::required_secret;
use super::{BuildError, SinkConfig, Workshop};
use crate::model::{Outcome, Refusal, Sealed};
use crate::setting::{SecretSource, Table};

/// Lines of what operators are told; together they fit into a section.
const LINES: usize = 9;
/// Characters of a section; Slack takes 3,000.
const SECTION: usize = 2800;
/// Blocks of a message; Slack takes 50.
const BLOCKS: usize = 48;
/// Blocks that one alert takes at most, with its divider.
const BLOCKS_EACH: usize = 4;
/// What Slack takes at a webhook, beyond short bursts.
const RATE: Rate = Rate { messages: 1, within: Duration::from_secs(1) };
/// Alerts of a digest: what is left beside its headline.
const DIGEST: usize = (BLOCKS - 1) / BLOCKS_EACH;
/// Characters of an address; longer ones are not worth a lost message.
const ADDRESS: usize = 1500;
/// Characters of the notification text.
const FALLBACK: usize = 300;

/// What holds for every one of its kind.
const NATURE: Nature = Nature {
    chat: true,
    digest: DIGEST,
    digest_bytes: usize::MAX,
    in_flight: 1,
    acceptance: "Slack says that it posted the message",
    rate: Some(RATE),
};

/// The keys of `type = "slack"`.
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
    ) -> Result<Slack, BuildError> {
        Ok(Slack { endpoint: Endpoint::new("url", &self.url, config, workshop)? })
    }
}

/// A Slack channel.
#[derive(Debug)]
pub(super) struct Slack {
    endpoint: Endpoint,
}

/// Disarms what Slack reads as markup. Asterisks and the like stay what outlets wrote: Slack has no
/// escape for them, and all that they can do is make a word bold.
fn escape(text: &str) -> String {
    entities(&defuse(text))
}

fn entities(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// An address inside `<…|…>`.
fn link(url: &str) -> String {
    entities(&address(url))
}

/// Safe text within a budget.
fn fit(text: &str, budget: usize) -> String {
    super::inert::fit(text, budget, escape, units)
}

/// `verbatim` keeps Slack from making links of what looks like one.
fn section(text: &str) -> Value {
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": text, "verbatim": true } })
}

fn context(text: &str) -> Value {
    json!({
        "type": "context",
        "elements": [{ "type": "mrkdwn", "text": text, "verbatim": true }],
    })
}

/// The blocks of one alert: verdict and headline, evidence, context.
fn blocks(parts: &Parts) -> Vec<Value> {
    let headline = fit(&parts.headline, 600);
    let linked = match &parts.link {
        Some(url) if url.len() <= ADDRESS => {
            format!("<{}|{}>", link(url), headline.replace('|', "¦"))
        }
        _ => headline,
    };
    let mut top = format!("*{}*\n{linked}\n{}", fit(&parts.verdict, 600), fit(&parts.source, 300));
    if let Some(page) = &parts.page {
        top.push_str(&format!(" · <{}|details>", link(page)));
    }
    let mut list = vec![section(&top)];
    let mut shown = String::new();
    if let Some(evidence) = &parts.evidence {
        for (piece, marked) in evidence.pieces() {
            let piece = escape(&piece);
            // Slack wants blanks outside the asterisks, and none next to the words inside.
            match marked && !piece.contains('*') {
                true => shown.push_str(&format!("*{}*", piece.trim())),
                false => shown.push_str(&piece),
            }
        }
        if !parts.evidence_from.is_empty() {
            shown = format!("“{shown}” ({})", parts.evidence_from);
        }
    }
    if !parts.gloss.is_empty() {
        shown.push_str(&format!("\n{}", fit(&parts.gloss, 500)));
    }
    if !parts.also_named.is_empty() {
        shown.push_str(&format!(" · also named: {}", fit(&parts.also_named, 500)));
    }
    if let Some(follows) = &parts.follows {
        let text = fit(&follows.text, 500);
        let text = match &follows.page {
            Some(page) => format!("<{}|{}>", link(page), text.replace('|', "¦")),
            None => text,
        };
        shown.push_str(&format!("\nFollows {text}"));
    }
    let shown = shown.trim_start_matches('\n');
    if !shown.is_empty() && shown.encode_utf16().count() <= SECTION {
        list.push(section(shown));
    }
    let mut foot = Vec::new();
    for (label, text) in [("Before", &parts.before), ("Also in", &parts.also_in)] {
        if !text.is_empty() {
            foot.push(format!("{label}: {}", fit(text, 600)));
        }
    }
    foot.push(parts.id.clone());
    list.push(context(&foot.join(" · ")));
    list
}

fn sealed(text: &str, blocks: &[Value]) -> Sealed {
    let mut body = json!({ "text": text, "unfurl_links": false, "unfurl_media": false });
    if !blocks.is_empty() {
        body["blocks"] = json!(blocks);
    }
    Sealed {
        content_type: "application/json; charset=utf-8".to_owned(),
        body: body.to_string().into_bytes(),
    }
}

impl Sink for Slack {
    fn nature(&self) -> Nature {
        NATURE
    }

    fn endpoint(&self) -> Option<u64> {
        Some(self.endpoint.number(&[]))
    }

    fn render(&self, letter: &Letter, stationery: &Stationery) -> Result<Sealed, String> {
        Ok(match letter {
            Letter::Ping => sealed(super::PING, &[section(super::PING)]),
            Letter::Event(event) => {
                let notice = Notice::of(event, stationery);
                let lines: Vec<String> = notice
                    .lines
                    .iter()
                    .take(LINES)
                    .map(|line| fit(line, SECTION / LINES))
                    .collect();
                let body = format!("*{}*\n{}", fit(&notice.head, 100), lines.join("\n"));
                sealed(&fit(&notice.text(), FALLBACK), &[section(&body)])
            }
            Letter::Alert(view) => {
                let parts = Parts::of(view, stationery);
                let text = fit(&format!("{} · {}", parts.verdict, parts.headline), FALLBACK);
                sealed(&text, &blocks(&parts))
            }
            Letter::Digest(views) => {
                let text = format!("{} alerts", views.len());
                let mut list = vec![section(&format!("*{text}*"))];
                for (index, view) in views.iter().enumerate() {
                    if list.len() + BLOCKS_EACH > BLOCKS {
                        list.push(context(&format!(
                            "and {} more: see `pactwatch alerts list`",
                            views.len() - index
                        )));
                        break;
                    }
                    list.push(json!({ "type": "divider" }));
                    list.extend(blocks(&Parts::of(view, stationery)));
                }
                sealed(&text, &list)
            }
        })
    }

    fn fallback(&self, letter: &Letter, stationery: &Stationery) -> Option<Sealed> {
        let one = |parts: &Parts| {
            let link = parts.link.as_deref().map(link).filter(|url| url.len() <= ADDRESS);
            let link = link.unwrap_or_default();
            format!("{}\n{}\n{link}", fit(&parts.verdict, 400), fit(&parts.headline, 400))
        };
        let text = match letter {
            Letter::Ping => super::PING.to_owned(),
            Letter::Event(event) => fit(&Notice::of(event, stationery).text(), FALLBACK),
            Letter::Alert(view) => one(&Parts::of(view, stationery)),
            Letter::Digest(views) => {
                let shown = views.iter().take(DIGEST).map(|view| one(&Parts::of(view, stationery)));
                shown.collect::<Vec<_>>().join("\n\n")
            }
        };
        Some(sealed(&text, &[]))
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

/// Slack says in the body what it means: `ok`, `{"ok":false,"error":…}`, or the name of an error.
fn judge(reply: &Reply) -> Option<Outcome> {
    let word = match &reply.json {
        Value::Null => reply.body.trim().to_owned(),
        value if value["ok"] == json!(true) => "ok".to_owned(),
        value => value["error"].as_str().unwrap_or_default().to_owned(),
    };
    let hint = reply.longer(seconds(&reply.json["retry_after"]));
    if reply.status == StatusCode::TOO_MANY_REQUESTS {
        return Some(Outcome::Throttled { after: hint });
    }
    if reply.status.is_success() {
        return Some(match word.as_str() {
            "ok" => Outcome::Delivered { thread: None },
            "rate_limited" | "ratelimited" => Outcome::Throttled { after: hint },
            _ => return reply.without_its_word(),
        });
    }
    match word.as_str() {
        "channel_is_archived" | "no_service" | "no_service_id" => {
            Some(Outcome::Refused(Refusal::Gone))
        }
        "channel_not_found" | "action_prohibited" | "invalid_token" | "no_team"
        | "team_disabled" => Some(Outcome::Refused(Refusal::Endpoint)),
        _ => None,
    }
}
