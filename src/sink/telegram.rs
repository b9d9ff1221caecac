//! `telegram`: a chat, group or channel that a bot may write to.
//!
//! A message holds 4,096 units after its tags are read, so with them it is never too long. The token
//! stands in the path of every request.

use std::time::Duration;

use std::sync::{Mutex, PoisonError};

use futures_util::future::BoxFuture;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::time::Instant;
use toml::de::DeValue;

use super::call::Call;
use super::contract::{Answer, Letter, Nature, Parcel, Proof, Rate, Sink, Stationery};
use super::http::{Endpoint, refused};
use super::inert::{defuse, html, units};
use super::layout::{Markup, PLAIN};
use super::reply::{Reply, seconds};
use super::section::required_secret;
use super::{BuildError, SinkConfig, Workshop};
use crate::model::{Outcome, Refusal, Sealed};
use crate::setting::{Diagnostic, LiveSecret, SecretSource, Table};

/// Units of a message; Telegram takes 4,096.
const MESSAGE: usize = 4000;
/// What a chat with one takes, and a group: 20 a minute.
const ALONE: Rate = Rate { messages: 1, within: Duration::from_secs(1) };
const GROUP: Rate = Rate { messages: 1, within: Duration::from_secs(3) };
/// Alerts of a digest.
const DIGEST: usize = 6;
/// Where bots are spoken to.
const API: &str = "https://api.telegram.org";

/// How Telegram writes in its HTML mode.
pub(super) const MARKUP: Markup = Markup {
    prepare: |text| html(&defuse(text)),
    strong: |text| format!("<b>{text}</b>"),
    link: |label, url| format!("<a href=\"{}\">{label}</a>", html(url)),
    size: units,
    line: "\n",
};

/// What holds for every one of its kind.
const NATURE: Nature = Nature {
    chat: true,
    digest: DIGEST,
    digest_bytes: usize::MAX,
    in_flight: 1,
    acceptance: "Telegram says that the message is in the chat",
    rate: None,
};

/// The keys of `type = "telegram"`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Section {
    token: SecretSource,
    chat: Value,
    thread: Option<i64>,
    api: String,
}

impl Section {
    pub(super) fn read(table: &Table<'_>) -> Option<Self> {
        let token =
            required_secret(table, "token", "put the bot's token from @BotFather into a file");
        let chat = chat(table);
        let thread = table.integer("thread_id", 1, i64::MAX);
        let api = table.string("api").map_or_else(|| API.to_owned(), |(text, _)| text);
        Some(Self { token: token?, chat: chat?, thread, api })
    }

    pub(super) fn build(
        &self,
        config: &SinkConfig,
        workshop: &Workshop,
    ) -> Result<Telegram, BuildError> {
        let token = LiveSecret::open(&self.token)?;
        if !is_token(token.current().expose()) {
            let why = "it is no token of a bot\nit looks like 123456789:AbC-dEf, from @BotFather";
            return Err(BuildError::Value { key: "token", why: why.to_owned() });
        }
        Ok(Telegram {
            endpoint: Endpoint::open("api", &self.api, config, workshop)?,
            token,
            chat: self.chat.clone(),
            thread: self.thread,
            moved: Mutex::new(None),
        })
    }
}

/// `chat_id = -1001234567890` or `"@channel"`.
fn chat(table: &Table<'_>) -> Option<Value> {
    const HELP: &str = "write the number of the chat, or \"@channel\" of a public one";
    let Some((value, span)) = table.value("chat_id") else {
        table.missing("chat_id", HELP);
        return None;
    };
    let text = match value {
        DeValue::Integer(number) => number.as_str().to_owned(),
        DeValue::String(text) => text.trim().to_owned(),
        _ => String::new(),
    };
    let named = text.strip_prefix('@').is_some_and(|name| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    });
    match text.parse::<i64>() {
        Ok(number) if number != 0 => Some(json!(number)),
        _ if named => Some(json!(text)),
        _ => {
            table.problems().add(Diagnostic::error(span, "`chat_id` is no chat").help(HELP));
            None
        }
    }
}

fn is_token(text: &str) -> bool {
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':');
    text.contains(':') && text.chars().all(fine)
}

/// A chat.
#[derive(Debug)]
pub(super) struct Telegram {
    endpoint: Endpoint,
    token: LiveSecret,
    chat: Value,
    thread: Option<i64>,
    /// Where the chat has moved to, as Telegram said: groups become supergroups under a new number.
    moved: Mutex<Option<i64>>,
}

impl Telegram {
    fn sealed(&self, text: &str, html: bool, reply_to: Option<i64>) -> Sealed {
        let mut body = json!({
            "chat_id": self.chat,
            "text": text,
            "link_preview_options": { "is_disabled": true },
        });
        if html {
            body["parse_mode"] = json!("HTML");
        }
        if let Some(thread) = self.thread {
            body["message_thread_id"] = json!(thread);
        }
        if let Some(message) = reply_to {
            body["reply_parameters"] =
                json!({ "message_id": message, "allow_sending_without_reply": true });
        }
        Sealed { content_type: "application/json".to_owned(), body: body.to_string().into_bytes() }
    }

    fn call<'a>(&self, parcel: &'a Parcel<'_>) -> Result<Call<'a>, Answer> {
        let token = self.token.current();
        if !is_token(token.expose()) {
            return Err(refused("the token is of no use now: it is none of a bot"));
        }
        let mut call = self.endpoint.call(parcel, |url| {
            if let Ok(mut path) = url.path_segments_mut() {
                path.pop_if_empty().push(&format!("bot{}", token.expose())).push("sendMessage");
            }
        })?;
        call.mask.add(token.expose());
        // The part behind the colon is the secret one.
        call.mask.add(token.expose().rsplit(':').next().unwrap_or_default());
        if let Some(body) = self.moved(parcel.sealed) {
            call.body = body;
        }
        Ok(call)
    }

    /// The message for where the chat is now. The chat's number alone differs from what was sealed.
    fn moved(&self, sealed: &Sealed) -> Option<Vec<u8>> {
        let chat = (*self.moved.lock().unwrap_or_else(PoisonError::into_inner))?;
        let mut body: Value = serde_json::from_slice(&sealed.body).ok()?;
        body["chat_id"] = json!(chat);
        Some(body.to_string().into_bytes())
    }

    async fn attempt(&self, parcel: Parcel<'_>) -> Answer {
        let deadline = Instant::now() + parcel.timeout;
        let mut answer = None;
        // A second time where the chat has moved, and no third.
        for _ in 0..2 {
            let mut call = match self.call(&parcel) {
                Ok(call) => call,
                Err(answer) => return answer,
            };
            call.deadline = deadline;
            let (last, reply) = self.endpoint.send(call, judge).await;
            answer = Some(last);
            let Some(to) =
                reply.and_then(|it| it.json["parameters"]["migrate_to_chat_id"].as_i64())
            else {
                break;
            };
            let before = self.moved.lock().unwrap_or_else(PoisonError::into_inner).replace(to);
            if before == Some(to) {
                break;
            }
            tracing::warn!(chat = to, "the Telegram group has a new number; write it as `chat_id`");
        }
        answer.unwrap_or_else(super::http::late)
    }
}

impl Sink for Telegram {
    fn nature(&self) -> Nature {
        // Groups have negative numbers; a public one goes by its name, and takes no more than they do.
        let alone = self.chat.as_i64().is_some_and(|chat| chat > 0);
        Nature { rate: Some(if alone { ALONE } else { GROUP }), ..NATURE }
    }

    fn endpoint(&self) -> Option<u64> {
        Some(self.endpoint.number(&[self.token.current().expose(), &self.chat.to_string()]))
    }

    fn render(&self, letter: &Letter, stationery: &Stationery) -> Result<Sealed, String> {
        let text = MARKUP.letter(letter, stationery, DIGEST, MESSAGE);
        Ok(self.sealed(&text, true, reply_to(letter)))
    }

    fn fallback(&self, letter: &Letter, stationery: &Stationery) -> Option<Sealed> {
        let plain = Markup { size: units, ..PLAIN };
        let text = plain.letter(letter, stationery, DIGEST, MESSAGE / 2);
        Some(self.sealed(&text, false, reply_to(letter)))
    }

    fn proof(&self, parcel: Parcel<'_>) -> Result<Proof, Answer> {
        Ok(self.call(&parcel)?.proof(&parcel))
    }

    fn probe<'a>(&'a self, timeout: Duration) -> BoxFuture<'a, Result<String, String>> {
        Box::pin(async move {
            let token = self.token.current();
            if !is_token(token.expose()) {
                return Err("the token is none of a bot".to_owned());
            }
            let path = |url: &mut url::Url| {
                if let Ok(mut path) = url.path_segments_mut() {
                    path.pop_if_empty().push(&format!("bot{}", token.expose())).push("getMe");
                }
            };
            let reply = self.endpoint.ask(reqwest::Method::GET, timeout, path, None).await?;
            match reply.json["result"]["username"].as_str() {
                Some(name) => Ok(format!("the bot is @{}", crate::text::clean(name))),
                None => Err(format!(
                    "Telegram knows no such bot ({})\nask @BotFather for its token",
                    reply.status.as_u16()
                )),
            }
        })
    }

    fn send<'a>(&'a self, parcel: Parcel<'a>) -> BoxFuture<'a, Answer> {
        Box::pin(self.attempt(parcel))
    }
}

/// The story's first message in the chat.
fn reply_to(letter: &Letter) -> Option<i64> {
    match letter {
        Letter::Alert(view) => view.thread.as_ref()?.parse().ok(),
        Letter::Digest(_) | Letter::Event(_) | Letter::Ping => None,
    }
}

/// Telegram says `ok`, and what is wrong in words.
fn judge(reply: &Reply) -> Option<Outcome> {
    let said = reply.json["description"].as_str().unwrap_or_default().to_ascii_lowercase();
    match reply.status {
        status if status.is_success() => match reply.json["ok"] == json!(true) {
            true => Some(Outcome::Delivered {
                thread: reply.json["result"]["message_id"].as_i64().map(|id| id.to_string()),
            }),
            false => reply.without_its_word(),
        },
        StatusCode::TOO_MANY_REQUESTS => {
            let body = seconds(&reply.json["parameters"]["retry_after"]);
            Some(Outcome::Throttled { after: reply.longer(body) })
        }
        // The chat and what the bot may do there; all else is about the message.
        StatusCode::BAD_REQUEST
            if ["chat not found", "thread not found", "topic_closed", "not enough rights"]
                .iter()
                .chain(&["peer_id_invalid", "chat_write_forbidden", "upgraded to a supergroup"])
                .any(|words| said.contains(words)) =>
        {
            Some(Outcome::Refused(Refusal::Endpoint))
        }
        _ => None,
    }
}
