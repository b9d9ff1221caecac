//! What a receiver answered, read within a bound, and what it means wherever receivers agree.
//!
//! Some answer with the whole message, each letter of it as `\u0441`; so an answer may be longer than what
//! is read of it, or break off. What was said until then counts, and what was not is held against nobody:
//! a message that was taken would be sent again.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::model::{Outcome, Refusal};
use crate::net::retry_after;
use crate::text;

/// Answer bytes that are read, after decompression: the longest message that any receiver takes, as the
/// most wordful of them says it back, is a quarter of it.
const READ: usize = 128 << 10;
/// Longer hints than this are senseless.
const SENSIBLE: f64 = 366.0 * 86_400.0;
/// Characters of a reference to reply to; no receiver's is longer.
const THREAD: usize = 300;
/// Levels of JSON that are looked into where it breaks off.
const DEEP: usize = 64;

/// What a receiver answered, for those who judge it.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// The first bytes, as they came: not for people's eyes.
    pub(super) body: String,
    /// The body as JSON, as far as it was read; `null` where it is none.
    pub(super) json: Value,
    /// Whether there was more of it than was read.
    cut: bool,
    /// `Retry-After`, where sensible.
    pub(super) hint: Option<Duration>,
}

impl Reply {
    /// Reads an answer. What follows the first bytes is not waited for: the status has been said.
    pub(super) async fn read(mut response: reqwest::Response, deadline: Instant) -> Self {
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        let (body, cut) = beginning(response, deadline).await;
        let whole = serde_json::from_str(&body);
        Self {
            status,
            hint: retry_after(&headers, Timestamp::now()),
            json: whole.unwrap_or_else(|_| if cut { begun(&body) } else { Value::Null }),
            headers,
            body,
            cut,
        }
    }

    /// The longer of the header's hint and one from the body.
    pub(super) fn longer(&self, other: Option<Duration>) -> Option<Duration> {
        self.hint.max(other)
    }

    /// What a later message can reply to. Bounded, and free of what is no plain text: it comes from
    /// outside and goes into later messages.
    pub(super) fn reference(&self, text: &str) -> Option<String> {
        let plain = !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic());
        (plain && text.len() <= THREAD).then(|| text.to_owned())
    }

    /// A success that does not say what this receiver says. Something in between answered, and the
    /// message is sent again; but not where the answer broke off before its word, and says no nowhere.
    pub(super) fn without_its_word(&self) -> Option<Outcome> {
        let kind = self.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let unsaid = self.body.trim().is_empty() && kind.is_some_and(|kind| kind.contains("json"));
        let begins = self.json.is_object() && self.json["ok"] != Value::Bool(false);
        Some(match self.cut && (begins || unsaid) {
            true => Outcome::Delivered { thread: None },
            false => Outcome::Retry { after: None },
        })
    }

    /// What of the body may be shown once it is masked. Where more was to come, the last word may be the
    /// beginning of a secret that cannot be told as one, so it goes.
    pub(super) fn showable(&self) -> String {
        let end = match self.cut {
            true => self.body.rfind(|c: char| c.is_whitespace() || c == '"').unwrap_or(0),
            false => self.body.len(),
        };
        text::clean_lines(&self.body[..end])
    }

    /// What is wrong, in a line: the status and the body's first.
    pub(super) fn said(&self, body: &str) -> String {
        let status = self.status;
        let mut text = format!("answered {}", status.as_u16());
        if let Some(reason) = status.canonical_reason() {
            text.push_str(&format!(" {reason}"));
        }
        let leads = self.headers.get("location").and_then(|location| {
            Url::parse(location.to_str().ok()?).ok()?.host_str().map(str::to_owned)
        });
        if let Some(host) = leads {
            text.push_str(&format!(
                ", which leads to {host}: redirects are not followed, set the final address"
            ));
        }
        let first = body.lines().next().unwrap_or_default();
        if !first.is_empty() {
            text.push_str(&format!(": {}", text::cut(first, 200)));
        }
        text
    }
}

/// The first bytes of an answer, whatever comes of the rest, and whether there was more.
async fn beginning(mut response: reqwest::Response, deadline: Instant) -> (String, bool) {
    let mut bytes = Vec::new();
    let mut more = true;
    while bytes.len() < READ {
        match timeout_at(deadline, response.chunk()).await {
            Ok(Ok(Some(chunk))) => {
                let room = READ - bytes.len();
                bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
            }
            Ok(Ok(None)) => {
                more = false;
                break;
            }
            Ok(Err(_)) | Err(_) => break,
        }
    }
    (String::from_utf8_lossy(&bytes).into_owned(), more)
}

/// The JSON that a text begins: what is open at its end is closed, what was not said to its end left out.
fn begun(text: &str) -> Value {
    let mut open: Vec<char> = Vec::new();
    let (mut quoted, mut escaped) = (false, false);
    // Up to here all is whole, but for what is open.
    let (mut whole, mut unclosed) = (0, Vec::new());
    for (at, letter) in text.char_indices() {
        let end = match letter {
            _ if escaped => {
                escaped = false;
                continue;
            }
            '\\' if quoted => {
                escaped = true;
                continue;
            }
            '"' => {
                quoted = !quoted;
                continue;
            }
            _ if quoted => continue,
            '{' | '[' if open.len() == DEEP => break,
            '{' | '[' => {
                open.push(if letter == '{' { '}' } else { ']' });
                at + 1
            }
            '}' | ']' => {
                open.pop();
                at + 1
            }
            ',' => at,
            _ => continue,
        };
        whole = end;
        unclosed.clone_from(&open);
    }
    let closed: String = text[..whole].chars().chain(unclosed.into_iter().rev()).collect();
    serde_json::from_str(&closed).unwrap_or_default()
}

/// Seconds in a body's JSON, a number or its text, where sensible.
pub(super) fn seconds(value: &Value) -> Option<Duration> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }?;
    // NaN and infinities lie outside of any range.
    (0.0..=SENSIBLE).contains(&number).then(|| Duration::try_from_secs_f64(number).ok()).flatten()
}

/// What a status means where the receiver says nothing more precise.
pub(super) fn by_status(status: StatusCode, hint: Option<Duration>) -> Outcome {
    match status.as_u16() {
        200..=299 => Outcome::Delivered { thread: None },
        429 => Outcome::Throttled { after: hint },
        503 if hint.is_some() => Outcome::Throttled { after: hint },
        413 => Outcome::Refused(Refusal::Large),
        400 | 406 | 411 | 414 | 415 | 422 | 431 | 501 | 505 | 507 => {
            Outcome::Refused(Refusal::Message)
        }
        410 => Outcome::Refused(Refusal::Gone),
        408 | 421 | 425 | 500.. => Outcome::Retry { after: hint },
        // Informational answers never get here; redirects and the other 4xx are the endpoint's.
        _ => Outcome::Refused(Refusal::Endpoint),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn json_that_breaks_off_counts_as_far_as_it_goes() {
        let text = r#"{"ok":true,"result":{"message_id":55,"text":"a \"b\" {","more":[1,[2,3"#;
        let told = json!({ "ok": true, "result": { "message_id": 55, "text": "a \"b\" {", "more": [1, [2]] } });
        assert_eq!(begun(text), told);
        assert_eq!(begun(r#"{"ok":true,"result":{"message_id":55"#)["result"], json!({}));
        assert_eq!(begun(r#"{"ok":tr"#), json!({}));
        for none in ["", "ok", "<html>", "{'a':1,", "}}]{", &"[".repeat(100_000)] {
            assert!(!begun(none).is_object(), "{none}");
        }
    }

    proptest! {
        #[test]
        fn wherever_json_breaks_off_nothing_is_told_that_it_does_not_say(
            text in "[a-c\\\\\"{}\\[\\],]{0,12}", number in 0u32..99, at in 0usize..80,
        ) {
            let whole = json!({ "a": { "text": text, "list": [number, { "b": text }] }, "c": number });
            let written = whole.to_string();
            let part = begun(&written[..at.min(written.len())]);
            let said = |key: &str| part["a"][key].is_null() || part["a"][key] == whole["a"][key];
            prop_assert!(said("text"), "{}", part);
            prop_assert!(part["c"].is_null() || part["c"] == whole["c"]);
        }
    }
}
