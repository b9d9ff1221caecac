//! `slack`: an incoming webhook of Slack, or of a server that takes its form.
//!
//! Limits in characters, from Slack's reference of blocks: section text 3,000, 50 blocks a message.
//! Only `&`, `<` and `>` are special there; with `<` escaped no mention and no link can be forged.

use futures_util::future::BoxFuture;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::contract::{Answer, Letter, Parcel, Sink, Stationery};
use super::http::Endpoint;
use super::parts::Parts;
use super::section::required_secret;
use super::{BuildError, SinkConfig, Workshop};
use crate::model::{Outcome, Refusal, Sealed};
use crate::setting::{SecretSource, Table};
use crate::text::cut;

/// Characters of a section; Slack takes 3,000.
const SECTION: usize = 2800;
/// Blocks of a message; Slack takes 50.
const BLOCKS: usize = 48;
/// Blocks that one alert takes at most, with its divider.
const BLOCKS_EACH: usize = 4;
/// Alerts of a digest: what is left beside its headline.
const DIGEST: usize = (BLOCKS - 1) / BLOCKS_EACH;
/// Characters of an address; longer ones are not worth a lost message.
const ADDRESS: usize = 1500;
/// Characters of the notification text.
const FALLBACK: usize = 300;

/// The keys of `type = "slack"`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SlackSection {
    url: SecretSource,
}

impl SlackSection {
    pub(super) fn read(table: &Table<'_>) -> Option<Self> {
        let help = "paste the address of an incoming webhook into a file: url = { file = \"…\" }";
        Some(Self { url: required_secret(table, "url", help)? })
    }
}

/// A Slack channel.
#[derive(Debug)]
pub(super) struct Slack {
    endpoint: Endpoint,
}

impl Slack {
    pub(super) fn build(
        section: &SlackSection,
        config: &SinkConfig,
        workshop: &Workshop,
    ) -> Result<Self, BuildError> {
        let endpoint = Endpoint::new(section.url.resolve()?, HeaderMap::new(), config, workshop)?;
        Ok(Self { endpoint })
    }
}

/// Disarms what Slack reads as markup. Asterisks and the like stay what outlets wrote: Slack has no
/// escape for them, and all that they can do is make a word bold.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// An address inside `<…|…>`.
fn link(url: &str) -> String {
    escape(&url.replace('|', "%7C").replace('<', "%3C").replace('>', "%3E"))
}

/// Escaped text within a budget: cut first, so that no entity is cut.
fn fit(text: &str, budget: usize) -> String {
    let mut kept = budget.min(text.chars().count());
    loop {
        let escaped = escape(cut(text, kept));
        // Receivers count UTF-16 units, scalars or bytes; units are the strictest of the first two.
        if escaped.encode_utf16().count() <= budget || kept == 0 {
            return escaped;
        }
        kept = kept * 9 / 10;
    }
}

fn section(text: &str) -> Value {
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } })
}

fn context(text: &str) -> Value {
    json!({ "type": "context", "elements": [{ "type": "mrkdwn", "text": text }] })
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
    if !shown.is_empty() && shown.encode_utf16().count() <= SECTION {
        list.push(section(&shown));
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

const PING: &str = "A test from pactwatch. Nothing has happened.";

impl Sink for Slack {
    fn kind(&self) -> &'static str {
        "slack"
    }

    fn chat(&self) -> bool {
        true
    }

    fn digest(&self) -> usize {
        DIGEST
    }

    fn in_flight(&self) -> usize {
        1
    }

    fn render(&self, letter: &Letter, stationery: &Stationery) -> Sealed {
        match letter {
            Letter::Ping => sealed(PING, &[section(PING)]),
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
        }
    }

    fn fallback(&self, letter: &Letter, stationery: &Stationery) -> Option<Sealed> {
        let one = |parts: &Parts| {
            let link = parts.link.as_deref().map(escape).filter(|url| url.len() <= ADDRESS);
            let link = link.unwrap_or_default();
            format!("{}\n{}\n{link}", fit(&parts.verdict, 400), fit(&parts.headline, 400))
        };
        let text = match letter {
            Letter::Ping => PING.to_owned(),
            Letter::Alert(view) => one(&Parts::of(view, stationery)),
            Letter::Digest(views) => {
                let shown = views.iter().take(DIGEST).map(|view| one(&Parts::of(view, stationery)));
                shown.collect::<Vec<_>>().join("\n\n")
            }
        };
        Some(sealed(&text, &[]))
    }

    fn send<'a>(&'a self, parcel: Parcel<'a>) -> BoxFuture<'a, Answer> {
        Box::pin(self.endpoint_answer(parcel))
    }
}

impl Slack {
    async fn endpoint_answer(&self, parcel: Parcel<'_>) -> Answer {
        self.endpoint.post(&parcel, Vec::new(), judge).await
    }
}

/// Slack says in the body what it means: `ok`, `{"ok":false,"error":…}`, or the name of an error.
fn judge(status: StatusCode, body: &str) -> Option<Outcome> {
    let word = match serde_json::from_str::<Value>(body) {
        Ok(value) if value["ok"] == json!(true) => "ok".to_owned(),
        Ok(value) => value["error"].as_str().unwrap_or_default().to_owned(),
        Err(_) => body.trim().to_owned(),
    };
    if status.is_success() {
        return Some(match word.as_str() {
            "ok" => Outcome::Delivered { thread: None },
            "rate_limited" | "ratelimited" => Outcome::Throttled { after: None },
            // Something in between answered for Slack.
            _ => Outcome::Retry { after: None },
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
