//! `teams`: a channel of Microsoft Teams, by the workflow "when a webhook request is received".
//!
//! The workflow answers 202 before anything is posted, and a card that Teams refuses fails where we
//! do not see it. So the card keeps to what version 1.2 knows and to 12,000 bytes: Teams wraps it
//! again and counts up to 28 kB, in the worst case two bytes a character.

use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::contract::{Answer, Letter, Nature, Parcel, Proof, Rate, Sink, Stationery};
use super::http::Endpoint;
use super::inert::{address, defuse, fit, json_bytes, markdown};
use super::layout::count;
use super::notice::Notice;
use super::parts::Parts;
use super::reply::Reply;
use super::section::required_secret;
use super::{BuildError, SinkConfig, Workshop};
use crate::model::{Outcome, Refusal, Sealed};
use crate::setting::{SecretSource, Table};

/// Bytes of a message.
const MESSAGE: usize = 12_000;
/// Bytes of what is round the card's body.
const FRAME: usize = 500;
/// Lines of what operators are told.
const NOTICE_LINES: usize = 10;
/// What is surely within the limits of a workflow.
const RATE: Rate = Rate { messages: 1, within: Duration::from_secs(1) };
/// Alerts of a digest.
const DIGEST: usize = 6;
/// Bytes of an address; longer ones are not worth a lost message.
const ADDRESS: usize = 600;

/// What holds for every one of its kind.
const NATURE: Nature = Nature {
    chat: true,
    digest: DIGEST,
    digest_bytes: usize::MAX,
    in_flight: 1,
    acceptance: "the workflow took it, which does not say that it was posted: look into the channel",
    rate: Some(RATE),
};

/// The keys of `type = "teams"`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Section {
    url: SecretSource,
}

impl Section {
    pub(super) fn read(table: &Table<'_>) -> Option<Self> {
        let help = "paste the address of the workflow into a file: url = { file = \"…\" }";
        Some(Self { url: required_secret(table, "url", help)? })
    }

    pub(super) fn build(
        &self,
        config: &SinkConfig,
        workshop: &Workshop,
    ) -> Result<Teams, BuildError> {
        let endpoint = Endpoint::new("url", &self.url, config, workshop)?;
        let wrong = |why: String| BuildError::Value { key: "url", why };
        let url = endpoint.url().map_err(wrong)?;
        let connector = url.path().to_ascii_lowercase().contains("/incomingwebhook/");
        if connector || url.host_str().is_some_and(|host| host.ends_with("webhook.office.com")) {
            let why = "it is an Office 365 connector, which Microsoft has retired\n\
                       make a workflow in Teams: \"when a Teams webhook request is received\"";
            return Err(wrong(why.to_owned()));
        }
        Ok(Teams { endpoint })
    }
}

/// A channel.
#[derive(Debug)]
pub(super) struct Teams {
    endpoint: Endpoint,
}

/// A line that reads Markdown and must be told to wrap.
fn block(text: &str) -> Value {
    json!({ "type": "TextBlock", "text": text, "wrap": true })
}

/// Text that goes into Markdown.
fn safe(text: &str, budget: usize) -> String {
    fit(text, budget, |text| markdown(&defuse(text)), json_bytes)
}

/// Text that goes where no markup is read.
fn bare(text: &str, budget: usize) -> String {
    fit(text, budget, defuse, json_bytes)
}

fn run(text: &str) -> Value {
    json!({ "type": "TextRun", "text": text })
}

/// A paragraph of runs: no markup is read in it.
fn rich(runs: Vec<Value>) -> Value {
    json!({ "type": "RichTextBlock", "inlines": runs })
}

fn leads(mut run: Value, url: Option<&String>) -> Value {
    if let Some(url) = url.filter(|url| url.len() <= ADDRESS) {
        run["color"] = json!("Accent");
        run["selectAction"] = json!({ "type": "Action.OpenUrl", "url": address(url) });
    }
    run
}

/// How much of an alert is shown, from all to the least.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Wealth {
    Least,
    Plain,
    All,
}

fn card(parts: &Parts, wealth: Wealth) -> Vec<Value> {
    let room = if wealth == Wealth::Least { 160 } else { 500 };
    let mut verdict = block(&safe(&parts.verdict, room));
    verdict["weight"] = json!("Bolder");
    verdict["separator"] = json!(true);
    let short = |url: &&String| wealth > Wealth::Least || url.len() <= ADDRESS / 2;
    let link = parts.link.as_ref().filter(short);
    let headline = leads(run(&bare(&parts.headline, room)), link);
    let mut source =
        vec![run(&bare(&parts.source, if wealth == Wealth::Least { 100 } else { 200 }))];
    if parts.page.is_some() && wealth > Wealth::Least {
        source.push(run(" · "));
        source.push(leads(run("details"), parts.page.as_ref()));
    }
    let mut list = vec![verdict, rich(vec![headline]), rich(source)];
    if let Some(evidence) = parts.evidence.as_ref().filter(|_| wealth > Wealth::Least) {
        let mut runs = match wealth {
            Wealth::All => evidence
                .pieces()
                .into_iter()
                .map(|(piece, marked)| {
                    let mut run = run(&defuse(&piece));
                    if marked {
                        run["weight"] = json!("Bolder");
                    }
                    run
                })
                .collect(),
            _ => vec![run(&bare(&evidence.text, 400))],
        };
        if !parts.evidence_from.is_empty() {
            runs.insert(0, run("“"));
            runs.push(run(&format!("” ({})", parts.evidence_from)));
        }
        if !parts.also_named.is_empty() {
            runs.push(run(&format!(" · also named: {}", bare(&parts.also_named, 400))));
        }
        list.push(rich(runs));
    }
    if !parts.gloss.is_empty() && wealth > Wealth::Least {
        list.push(rich(vec![run(&bare(&parts.gloss, 400))]));
    }
    if let Some(follows) = &parts.follows {
        let page = follows.page.as_ref().filter(|_| wealth > Wealth::Least);
        let text = leads(run(&bare(&follows.text, room)), page);
        list.push(rich(vec![run("Follows "), text]));
    }
    let mut foot = String::new();
    for (label, text) in [("Before", &parts.before), ("Also in", &parts.also_in)] {
        if !text.is_empty() && wealth > Wealth::Least {
            foot.push_str(&format!("{label}: {} · ", bare(text, 400)));
        }
    }
    let mut foot = run(&format!("{foot}{}", bare(&parts.id, 40)));
    foot["isSubtle"] = json!(true);
    list.push(rich(vec![foot]));
    list
}

/// As much of an alert as this many bytes hold.
fn within(parts: &Parts, budget: usize) -> Vec<Value> {
    for wealth in [Wealth::All, Wealth::Plain] {
        let list = card(parts, wealth);
        if json!(list).to_string().len() <= budget {
            return list;
        }
    }
    card(parts, Wealth::Least)
}

fn sealed(body: Vec<Value>) -> Sealed {
    let card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.2",
        "body": body,
        "msteams": { "width": "full" },
    });
    let body = json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": card,
        }],
    });
    // Without the charset the body may be counted in two bytes a character.
    Sealed {
        content_type: "application/json; charset=utf-8".to_owned(),
        body: body.to_string().into_bytes(),
    }
}

/// The head of a digest, and the line below it where not all are shown.
fn heads(alerts: usize) -> (Value, Option<Value>) {
    let mut head = block(&count(alerts));
    head["size"] = json!("Medium");
    head["weight"] = json!("Bolder");
    let more = alerts.checked_sub(DIGEST).filter(|more| *more > 0);
    let rest = more.map(|more| block(&format!("and {more} more: see `pactwatch alerts list`")));
    (head, rest)
}

/// What operators are told, a block a line.
fn notice(notice: &Notice) -> Vec<Value> {
    let lines = std::iter::once(&notice.head).chain(&notice.lines).take(NOTICE_LINES);
    lines.map(|line| block(&safe(line, 1000))).collect()
}

impl Sink for Teams {
    fn nature(&self) -> Nature {
        NATURE
    }

    fn endpoint(&self) -> Option<u64> {
        Some(self.endpoint.number(&[]))
    }

    fn render(&self, letter: &Letter, stationery: &Stationery) -> Result<Sealed, String> {
        Ok(match letter {
            Letter::Ping => sealed(vec![block(super::PING)]),
            Letter::Event(event) => sealed(notice(&Notice::of(event, stationery))),
            Letter::Alert(view) => sealed(within(&Parts::of(view, stationery), MESSAGE - FRAME)),
            Letter::Digest(views) => {
                let (head, rest) = heads(views.len());
                let shown = views.len().clamp(1, DIGEST);
                let each = (MESSAGE - FRAME - 250) / shown - shown;
                let mut list = vec![head];
                for view in views.iter().take(DIGEST) {
                    list.extend(within(&Parts::of(view, stationery), each));
                }
                list.extend(rest);
                sealed(list)
            }
        })
    }

    fn fallback(&self, letter: &Letter, stationery: &Stationery) -> Option<Sealed> {
        let one = |parts: &Parts| {
            let link = parts.link.as_ref().filter(|url| url.len() <= ADDRESS);
            let headline = safe(&parts.headline, 400);
            let headline = match link {
                Some(url) => format!("[{headline}]({})", address(url)),
                None => headline,
            };
            [block(&safe(&parts.verdict, 300)), block(&headline)]
        };
        Some(match letter {
            Letter::Ping => sealed(vec![block(super::PING)]),
            Letter::Event(event) => sealed(notice(&Notice::of(event, stationery))),
            Letter::Alert(view) => sealed(one(&Parts::of(view, stationery)).into()),
            Letter::Digest(views) => {
                let (head, rest) = heads(views.len());
                let shown = views.iter().take(DIGEST);
                let alerts = shown.flat_map(|view| one(&Parts::of(view, stationery)));
                sealed(std::iter::once(head).chain(alerts).chain(rest).collect())
            }
        })
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

/// 202 with nothing is a workflow's yes. Flows that answer 200 may say a failure in words, as the
/// connectors did: "… endpoint returned HTTP error 429 …".
fn judge(reply: &Reply) -> Option<Outcome> {
    if !reply.status.is_success() {
        return None;
    }
    let said = reply.body.trim().to_ascii_lowercase();
    if said.starts_with('<') {
        return reply.without_its_word();
    }
    let Some((_, after)) = said.split_once("returned http error ") else {
        return Some(Outcome::Delivered { thread: None });
    };
    let code: String = after.chars().take_while(char::is_ascii_digit).collect();
    Some(match code.as_str() {
        "429" => Outcome::Throttled { after: reply.hint },
        "413" => Outcome::Refused(Refusal::Large),
        "400" => Outcome::Refused(Refusal::Message),
        "401" | "403" | "404" => Outcome::Refused(Refusal::Endpoint),
        _ => Outcome::Retry { after: reply.hint },
    })
}
