//! `matrix`: a room, by the client API of its homeserver.
//!
//! The message's id is the transaction's: a homeserver that had the message already answers with the
//! same event. An event holds 65,536 bytes. An empty `m.mentions` keeps `@room` and names dead.

use std::time::Duration;

use futures_util::future::BoxFuture;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::call::Call;
use super::contract::{Answer, Letter, Nature, Parcel, Proof, Sink, Stationery};
use super::http::{Endpoint, hidden};
use super::inert::{defuse, html, json_bytes};
use super::layout::{Markup, PLAIN};
use super::reply::Reply;
use super::section::required_secret;
use super::{BuildError, SinkConfig, Workshop};
use crate::model::{Outcome, Refusal, Sealed};
use crate::setting::{Diagnostic, LiveSecret, SecretSource, Table};

/// Bytes of the formatted body, as JSON.
const FORMATTED: usize = 24_000;
/// Bytes of the plain body, as JSON.
const BODY: usize = 12_000;
/// Alerts of a digest.
const DIGEST: usize = 15;

/// How Matrix writes in its HTML.
const MARKUP: Markup = Markup {
    prepare: |text| html(&defuse(text)),
    strong: |text| format!("<strong>{text}</strong>"),
    link: |label, url| format!("<a href=\"{}\">{label}</a>", html(url)),
    size: json_bytes,
    line: "<br>",
};

/// What holds for every one of its kind.
const NATURE: Nature = Nature {
    chat: true,
    digest: DIGEST,
    digest_bytes: usize::MAX,
    in_flight: 1,
    acceptance: "the homeserver says that the message is in the room",
    rate: None,
};

/// The keys of `type = "matrix"`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Section {
    homeserver: String,
    room: String,
    token: SecretSource,
}

impl Section {
    pub(super) fn read(table: &Table<'_>) -> Option<Self> {
        let homeserver = table
            .required("homeserver", "its address: homeserver = \"https://matrix.example.org\"");
        let help = "the room's internal id, like \"!abc:example.org\": room settings, Advanced";
        let room = table.required("room", help).and_then(|(room, span)| {
            let id = room.starts_with('!') && room.len() > 1 && room.len() <= 255;
            if !id || !room.chars().all(|c| c.is_ascii_graphic()) {
                table.problems().add(
                    Diagnostic::error(span, format!("`{room}` is no id of a room")).help(help),
                );
                return None;
            }
            Some(room)
        });
        let token = required_secret(
            table,
            "token",
            "put the access token of the bot's account into a file",
        );
        Some(Self { homeserver: homeserver?.0, room: room?, token: token? })
    }

    pub(super) fn build(
        &self,
        config: &SinkConfig,
        workshop: &Workshop,
    ) -> Result<Matrix, BuildError> {
        let token = LiveSecret::open(&self.token)?;
        hidden(token.current().expose()).map_err(|why| BuildError::Value { key: "token", why })?;
        let endpoint = Endpoint::open("homeserver", &self.homeserver, config, workshop)?;
        Ok(Matrix { endpoint, room: self.room.clone(), token })
    }
}

/// A room.
#[derive(Debug)]
pub(super) struct Matrix {
    endpoint: Endpoint,
    room: String,
    token: LiveSecret,
}

fn sealed(letter: &Letter, plain: String, formatted: Option<String>) -> Sealed {
    let mut body = json!({ "msgtype": "m.text", "body": plain, "m.mentions": {} });
    if let Some(formatted) = formatted {
        body["format"] = json!("org.matrix.custom.html");
        body["formatted_body"] = json!(formatted);
    }
    if let Letter::Alert(view) = letter
        && let Some(event) = view.thread.as_ref().filter(|event| event.starts_with('$'))
    {
        body["m.relates_to"] = json!({ "m.in_reply_to": { "event_id": event } });
    }
    Sealed { content_type: "application/json".to_owned(), body: body.to_string().into_bytes() }
}

impl Matrix {
    fn call<'a>(&self, parcel: &'a Parcel<'_>) -> Result<Call<'a>, Answer> {
        let mut call = self.endpoint.call(parcel, |url| {
            if let Ok(mut path) = url.path_segments_mut() {
                path.pop_if_empty()
                    .extend(["_matrix", "client", "v3", "rooms", &self.room])
                    .extend(["send", "m.room.message", parcel.id.as_str()]);
            }
        })?;
        call.method = Method::PUT;
        call.bear(&self.token)?;
        Ok(call)
    }
}

impl Sink for Matrix {
    fn nature(&self) -> Nature {
        NATURE
    }

    fn endpoint(&self) -> Option<u64> {
        Some(self.endpoint.number(&[self.token.current().expose()]))
    }

    fn render(&self, letter: &Letter, stationery: &Stationery) -> Result<Sealed, String> {
        let plain = PLAIN.letter(letter, stationery, DIGEST, BODY);
        Ok(sealed(letter, plain, Some(MARKUP.letter(letter, stationery, DIGEST, FORMATTED))))
    }

    fn fallback(&self, letter: &Letter, stationery: &Stationery) -> Option<Sealed> {
        Some(sealed(letter, PLAIN.letter(letter, stationery, DIGEST, BODY / 2), None))
    }

    fn proof(&self, parcel: Parcel<'_>) -> Result<Proof, Answer> {
        Ok(self.call(&parcel)?.proof(&parcel))
    }

    fn probe<'a>(&'a self, timeout: Duration) -> BoxFuture<'a, Result<String, String>> {
        Box::pin(async move {
            let path = |url: &mut url::Url| {
                if let Ok(mut path) = url.path_segments_mut() {
                    let whoami = ["_matrix", "client", "v3", "account", "whoami"];
                    path.pop_if_empty().extend(whoami);
                }
            };
            let reply = self.endpoint.ask(Method::GET, timeout, path, Some(&self.token)).await?;
            match reply.json["user_id"].as_str() {
                Some(user) => Ok(format!("the token is that of {}", crate::text::clean(user))),
                None => Err(format!(
                    "the homeserver takes the token for nobody's ({})\nmake a new one for `token`",
                    reply.status.as_u16()
                )),
            }
        })
    }

    fn send<'a>(&'a self, parcel: Parcel<'a>) -> BoxFuture<'a, Answer> {
        Box::pin(async move { self.endpoint.deliver(self.call(&parcel), judge).await })
    }
}

/// A homeserver gives the event's id, or an `errcode`.
fn judge(reply: &Reply) -> Option<Outcome> {
    if reply.status.is_success() {
        return match reply.json["event_id"].as_str() {
            Some(event) => Some(Outcome::Delivered { thread: reply.reference(event) }),
            None => reply.without_its_word(),
        };
    }
    match &reply.json["errcode"] {
        Value::String(code) if code == "M_LIMIT_EXCEEDED" => {
            let millis = reply.json["retry_after_ms"].as_u64();
            let body =
                millis.map(Duration::from_millis).filter(|wait| wait.as_secs() < 366 * 86_400);
            Some(Outcome::Throttled { after: reply.longer(body) })
        }
        // Also where the room wants a newer form of events, or the account is not in it.
        Value::String(code)
            if reply.status == StatusCode::BAD_REQUEST
                && !matches!(
                    code.as_str(),
                    "M_BAD_JSON" | "M_NOT_JSON" | "M_TOO_LARGE" | "M_UNKNOWN"
                ) =>
        {
            Some(Outcome::Refused(Refusal::Endpoint))
        }
        _ => None,
    }
}
