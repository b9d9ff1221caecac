//! `discord`: a webhook of a Discord channel or thread.
//!
//! Limits in UTF-16 units, from Discord's reference of webhooks and messages: content 2,000, ten
//! embeds, of each title 256, description 4,096 and footer 2,048, and 6,000 over all embeds. `wait=true`
//! makes Discord answer after it has stored the message, with the message.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::call::Call;
use super::contract::{Answer, Letter, Nature, Parcel, Proof, Rate, Sink, Stationery};
use super::http::{Endpoint, failed};
use super::inert::{address, defuse, markdown, units};
use super::layout::{Markup, PLAIN, count};
use super::notice::Notice;
use super::parts::Parts;
use super::reply::{Reply, seconds};
use super::section::required_secret;
use super::{BuildError, SinkConfig, Workshop};
use crate::model::{Level, Outcome, Refusal, Sealed};
use crate::setting::{Diagnostic, SecretSource, Table};

/// What Discord takes at a webhook; its headers may say less.
const RATE: Rate = Rate { messages: 5, within: Duration::from_secs(2) };
/// Alerts of a digest, of the ten embeds that a message takes.
const DIGEST: usize = 8;
/// Units of all embeds; Discord takes 6,000.
const EMBEDS: usize = 5800;
/// Units of an embed's description; Discord takes 4,096.
const DESCRIPTION: usize = 3600;
/// Units of an embed's title; Discord takes 256.
const TITLE: usize = 256;
/// Units of content; Discord takes 2,000.
const CONTENT: usize = 1900;
/// Characters of an address; Discord takes 2,048.
const ADDRESS: usize = 1500;

/// How Discord writes. Its links stand in brackets; angles keep them from growing a preview.
const MARKUP: Markup = Markup {
    prepare: |text| markdown(&defuse(text)),
    strong: |text| format!("**{text}**"),
    link: |label, url| format!("[{label}](<{url}>)"),
    size: units,
    line: "\n",
};

/// What holds for every one of its kind.
const NATURE: Nature = Nature {
    chat: true,
    digest: DIGEST,
    digest_bytes: usize::MAX,
    in_flight: 1,
    acceptance: "Discord says that it stored the message",
    rate: Some(RATE),
};

/// The keys of `type = "discord"`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Section {
    url: SecretSource,
    thread: Option<String>,
}

impl Section {
    pub(super) fn read(table: &Table<'_>) -> Option<Self> {
        let help = "paste the address of the channel's webhook into a file: url = { file = \"…\" }";
        let thread = table.string("thread_id").and_then(|(text, span)| {
            let number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            if !number {
                table.problems().add(
                    Diagnostic::error(span, format!("`{text}` is no `thread_id`"))
                        .help("it is a long number in quotes: right click on the thread, Copy ID"),
                );
            }
            number.then_some(text)
        });
        Some(Self { url: required_secret(table, "url", help)?, thread })
    }

    pub(super) fn build(
        &self,
        config: &SinkConfig,
        workshop: &Workshop,
    ) -> Result<Discord, BuildError> {
        Ok(Discord {
            endpoint: Endpoint::new("url", &self.url, config, workshop)?,
            thread: self.thread.clone(),
            rest: Mutex::new(None),
            guild: Mutex::new(None),
        })
    }
}

/// A Discord channel.
#[derive(Debug)]
pub(super) struct Discord {
    endpoint: Endpoint,
    thread: Option<String>,
    /// Until when Discord's headers say that nothing more is taken.
    rest: Mutex<Option<Instant>>,
    /// The server that the channel is in, learnt with the first message: links to messages name it.
    guild: Mutex<Option<String>>,
}

/// `https://discord.com/channels/SERVER/CHANNEL/MESSAGE`, of the reference that was kept.
fn jump(thread: &str) -> Option<String> {
    let parts: Vec<&str> = thread.split('/').collect();
    let numbers = parts.iter().all(|part| {
        !part.is_empty() && part.len() <= 20 && part.bytes().all(|byte| byte.is_ascii_digit())
    });
    (parts.len() == 3 && numbers).then(|| format!("https://discord.com/channels/{thread}"))
}

fn colour(level: Level) -> u32 {
    match level {
        Level::Flash => 0xC0_39_2B,
        Level::Notable => 0xD6_8A_10,
        Level::Background => 0x7F_8C_8D,
    }
}

/// One alert. `budget` bounds all that Discord counts of it. The title takes no Markdown link, so the
/// address goes beside it.
fn embed(parts: &Parts, thread: Option<&str>, budget: usize, verdict: bool) -> Value {
    let title = MARKUP.fit(&parts.headline, TITLE.min(budget / 3));
    let mut left = budget - units(&title);
    let mut embed = json!({ "title": title, "color": colour(parts.level) });
    if let Some(url) = parts.link.as_ref().filter(|url| url.len() <= ADDRESS) {
        embed["url"] = json!(address(url));
    }
    if verdict {
        // A name takes no markup.
        let name = super::inert::fit(&parts.verdict, 250.min(left / 3), defuse, units);
        left -= units(&name);
        embed["author"] = json!({ "name": name });
    }
    let mut foot = Vec::new();
    for (label, text) in [("Before", &parts.before), ("Also in", &parts.also_in)] {
        if !text.is_empty() {
            foot.push(format!("{label}: {text}"));
        }
    }
    foot.push(parts.id.clone());
    let foot = super::inert::fit(&foot.join(" · "), 600.min(left / 3), defuse, units);
    left -= units(&foot);
    embed["footer"] = json!({ "text": foot });
    // Title, verdict and foot stand elsewhere.
    let mut inner = Parts {
        verdict: String::new(),
        headline: String::new(),
        link: None,
        before: String::new(),
        also_in: String::new(),
        id: String::new(),
        ..parts.clone()
    };
    if let Some(follows) = &mut inner.follows {
        follows.page = thread.and_then(jump).or(follows.page.take());
    }
    let description = MARKUP.alert(&inner, left.min(DESCRIPTION));
    if !description.is_empty() {
        embed["description"] = json!(description);
    }
    embed
}

fn sealed(content: &str, embeds: &[Value]) -> Sealed {
    let mut body = json!({ "content": content, "allowed_mentions": { "parse": [] } });
    if !embeds.is_empty() {
        body["embeds"] = json!(embeds);
    }
    Sealed { content_type: "application/json".to_owned(), body: body.to_string().into_bytes() }
}

impl Sink for Discord {
    fn nature(&self) -> Nature {
        NATURE
    }

    fn endpoint(&self) -> Option<u64> {
        Some(self.endpoint.number(&[]))
    }

    fn render(&self, letter: &Letter, stationery: &Stationery) -> Result<Sealed, String> {
        Ok(match letter {
            Letter::Ping => sealed(super::PING, &[]),
            Letter::Event(event) => {
                sealed(&MARKUP.notice(&Notice::of(event, stationery), CONTENT), &[])
            }
            Letter::Alert(view) => {
                let parts = Parts::of(view, stationery);
                let verdict = format!("**{}**", MARKUP.fit(&parts.verdict, 900));
                sealed(&verdict, &[embed(&parts, view.thread.as_deref(), EMBEDS, false)])
            }
            Letter::Digest(views) => {
                let mut head = format!("**{}**", count(views.len()));
                if views.len() > DIGEST {
                    let more = views.len() - DIGEST;
                    head.push_str(&format!("\nand {more} more: see `pactwatch alerts list`"));
                }
                let shown = views.len().min(DIGEST);
                let mut embeds: Vec<Value> = Vec::new();
                for view in views.iter().take(DIGEST) {
                    let parts = Parts::of(view, stationery);
                    let mut one =
                        embed(&parts, view.thread.as_deref(), EMBEDS / shown.max(1), true);
                    // Of embeds with the same address, Discord shows the first alone.
                    let known = embeds.iter().any(|other| other["url"] == one["url"]);
                    if let Some(fields) = one.as_object_mut().filter(|_| known) {
                        fields.remove("url");
                    }
                    embeds.push(one);
                }
                sealed(&head, &embeds)
            }
        })
    }

    fn fallback(&self, letter: &Letter, stationery: &Stationery) -> Option<Sealed> {
        let plain = Markup {
            prepare: MARKUP.prepare,
            size: units,
            link: |label, url| format!("{label}\n<{url}>"),
            ..PLAIN
        };
        Some(sealed(&plain.letter(letter, stationery, DIGEST, CONTENT), &[]))
    }

    fn proof(&self, parcel: Parcel<'_>) -> Result<Proof, Answer> {
        Ok(self.call(&parcel)?.proof(&parcel))
    }

    fn probe<'a>(&'a self, timeout: Duration) -> BoxFuture<'a, Result<String, String>> {
        Box::pin(async move {
            let reply = self.endpoint.ask(Method::GET, timeout, |_| {}, None).await?;
            match reply.status.as_u16() {
                200 => Ok("Discord knows this webhook".to_owned()),
                status @ (401 | 404) => Err(format!(
                    "Discord knows no such webhook ({status})\nmake one under Integrations, and set `url`"
                )),
                status => Ok(format!("it answers ({status})")),
            }
        })
    }

    fn send<'a>(&'a self, parcel: Parcel<'a>) -> BoxFuture<'a, Answer> {
        Box::pin(self.attempt(parcel))
    }
}

impl Discord {
    fn call<'a>(&self, parcel: &'a Parcel<'_>) -> Result<Call<'a>, Answer> {
        self.endpoint.call(parcel, |url| {
            url.query_pairs_mut().append_pair("wait", "true");
            if let Some(thread) = &self.thread {
                url.query_pairs_mut().append_pair("thread_id", thread);
            }
        })
    }

    async fn attempt(&self, parcel: Parcel<'_>) -> Answer {
        let mut call = match self.call(&parcel) {
            Ok(call) => call,
            Err(answer) => return answer,
        };
        let rest = *self.rest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(until) = rest.filter(|until| *until > Instant::now()) {
            // A short one is sat out, a long one pauses the endpoint.
            if until > Instant::now() + parcel.timeout / 2 {
                let after = Some(until.duration_since(Instant::now()));
                return failed(
                    Outcome::Throttled { after },
                    "Discord's headers of the last answer ask for a pause",
                );
            }
            sleep_until(until).await;
        }
        let deadline = Instant::now() + parcel.timeout;
        call.deadline = deadline;
        let (mut answer, reply) = self.endpoint.send(call, judge).await;
        let Some(reply) = reply else { return answer };
        let spent = spent(&reply.headers).map(|wait| Instant::now() + wait);
        *self.rest.lock().unwrap_or_else(PoisonError::into_inner) = spent;
        if let Outcome::Delivered { thread } = &mut answer.outcome {
            *thread = self.message(&parcel, &reply, deadline).await;
        }
        answer
    }

    /// `SERVER/CHANNEL/MESSAGE`, to link to.
    async fn message(
        &self,
        parcel: &Parcel<'_>,
        reply: &Reply,
        deadline: Instant,
    ) -> Option<String> {
        let (channel, id) = (reply.json["channel_id"].as_str()?, reply.json["id"].as_str()?);
        let known = self.guild.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let guild = match known {
            Some(guild) => guild,
            // Discord tells a webhook where it is. Without an answer this message cannot be linked to, and
            // the next asks again.
            None => {
                let mut call = self.endpoint.call(parcel, |_| {}).ok()?;
                (call.method, call.body, call.deadline) = (Method::GET, Vec::new(), deadline);
                let (_, reply) = self.endpoint.send(call, |_| None).await;
                let reply = reply.filter(|reply| reply.status.is_success())?;
                let guild = reply.json["guild_id"].as_str()?.to_owned();
                *self.guild.lock().unwrap_or_else(PoisonError::into_inner) = Some(guild.clone());
                guild
            }
        };
        reply.reference(&format!("{guild}/{channel}/{id}")).filter(|thread| jump(thread).is_some())
    }
}

/// How long nothing more is taken, where the headers say so.
fn spent(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    (text("x-ratelimit-remaining") == Some("0"))
        .then(|| seconds(&json!(text("x-ratelimit-reset-after")?)))
        .flatten()
}

fn judge(reply: &Reply) -> Option<Outcome> {
    let code = reply.json["code"].as_i64();
    match reply.status {
        StatusCode::OK if reply.json["id"].is_string() => Some(Outcome::Delivered { thread: None }),
        status if status.is_success() => reply.without_its_word(),
        StatusCode::TOO_MANY_REQUESTS => {
            let body = seconds(&reply.json["retry_after"]);
            Some(Outcome::Throttled { after: reply.longer(body).max(spent(&reply.headers)) })
        }
        // Unknown Webhook.
        StatusCode::NOT_FOUND if code == Some(10015) => Some(Outcome::Refused(Refusal::Gone)),
        // A forum wants a thread; a thread is not of this channel, or closed.
        StatusCode::BAD_REQUEST if matches!(code, Some(220_001..=220_004 | 50083 | 10003)) => {
            Some(Outcome::Refused(Refusal::Endpoint))
        }
        _ => None,
    }
}
