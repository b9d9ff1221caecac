//! One POST with bounds, and what its answer means wherever receivers agree.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName};
use reqwest::{Method, StatusCode};
use url::Url;

use super::contract::{Answer, Parcel};
use super::{BuildError, SinkConfig, Workshop};
use crate::model::{Outcome, Refusal};
use crate::net::{Client, ClientSetup, Guard, Trouble, private_header, retry_after};
use crate::setting::Secret;
use crate::text;

/// Answer bytes that are read, after decompression.
const ANSWER_READ: usize = 16 << 10;
/// Answer characters that are kept.
const ANSWER_KEPT: usize = 2000;
/// Connections kept open to a receiver.
const IDLE: usize = 2;

/// Where a receiver lives, and how it is reached.
#[derive(Debug, Clone)]
pub(super) struct Endpoint {
    client: Client,
    /// The address is a credential at most receivers.
    url: Secret,
    headers: HeaderMap,
}

impl Endpoint {
    /// Checks the address and builds the client.
    pub(super) fn new(
        url: Secret,
        headers: HeaderMap,
        config: &SinkConfig,
        workshop: &Workshop,
    ) -> Result<Self, BuildError> {
        let wrong = |why: String| BuildError::Value { key: "url", why };
        let parsed = Url::parse(url.expose().trim()).map_err(|_| {
            wrong("it is no address\nwrite it like https://hooks.example.org/…".to_owned())
        })?;
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err(wrong(
                "it holds a user name\nput credentials into `headers` or `secret`".to_owned(),
            ));
        }
        let guard = Guard::new(config.allow_private.clone(), "`allow_private` of this [[sink]]");
        guard.check(&parsed).map_err(|why| wrong(why.to_string()))?;
        let client = Client::new(&ClientSetup {
            user_agent: workshop.user_agent.clone(),
            guard,
            tls: workshop.tls.clone(),
            proxy: None,
            idle_per_host: IDLE,
        })?;
        Ok(Self { client, url: Secret::new(parsed.as_str()), headers })
    }

    /// Makes one attempt. `more` are headers of this attempt; `judge` reads what this receiver says
    /// in a 2xx or in a body, `None` leaves it to the status.
    pub(super) async fn post(
        &self,
        parcel: &Parcel<'_>,
        more: Vec<(HeaderName, String)>,
        judge: impl Fn(StatusCode, &str) -> Option<Outcome>,
    ) -> Answer {
        match tokio::time::timeout(parcel.timeout, self.attempt(parcel, more, judge)).await {
            Ok(answer) => answer,
            Err(_) => failed(Outcome::Retry { after: None }, "no complete answer in time"),
        }
    }

    async fn attempt(
        &self,
        parcel: &Parcel<'_>,
        more: Vec<(HeaderName, String)>,
        judge: impl Fn(StatusCode, &str) -> Option<Outcome>,
    ) -> Answer {
        let endpoint = Outcome::Refused(Refusal::Endpoint);
        let Ok(url) = Url::parse(self.url.expose()) else {
            return failed(endpoint, "the address is no address");
        };
        let request = match self.client.request(Method::POST, &url) {
            Ok(request) => request,
            Err(why) => return failed(endpoint, &why.to_string()),
        };
        let mut request = request
            .headers(self.headers.clone())
            .header(CONTENT_TYPE, &parcel.sealed.content_type)
            .body(parcel.sealed.body.clone());
        for (name, value) in more {
            request = request.header(name, value);
        }
        let response = match self.client.send(request).await {
            Ok(response) => response,
            Err(error) => {
                let outcome = match error.trouble {
                    Trouble::Refused | Trouble::Tls => endpoint,
                    _ => Outcome::Retry { after: None },
                };
                return failed(outcome, &error.text);
            }
        };
        let status = response.status();
        let hint = retry_after(response.headers(), Timestamp::now());
        let abort =
            response.headers().get("webhook-delivery").is_some_and(|word| word == "abort-message");
        let leads = response
            .headers()
            .get("location")
            .and_then(|location| Url::parse(location.to_str().ok()?).ok())
            .and_then(|url| url.host_str().map(str::to_owned));
        // What follows the first bytes is not waited for: the status has been said.
        let body = beginning(response).await;
        let body = self.masked(&body);
        let outcome = match abort {
            true => Outcome::Refused(Refusal::Message),
            false => judge(status, &body).unwrap_or_else(|| by_status(status, hint)),
        };
        let error = match &outcome {
            Outcome::Delivered { .. } => None,
            _ => Some(said(status, leads, &body)),
        };
        Answer { outcome, status: Some(status.as_u16()), error, body }
    }

    /// The beginning of an answer without control characters and without the address, which some
    /// receivers echo.
    fn masked(&self, body: &str) -> String {
        let mut text = text::clean_lines(body);
        let url = self.url.expose();
        let path = Url::parse(url).map(|url| url.path().to_owned()).unwrap_or_default();
        for secret in [url, path.as_str()] {
            if secret.len() > 3 {
                text = text.replace(secret, "[secret]");
            }
        }
        text::cut(&text, ANSWER_KEPT).to_owned()
    }
}

async fn beginning(mut response: reqwest::Response) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < ANSWER_READ {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                let room = ANSWER_READ - bytes.len();
                bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
            }
            Ok(None) | Err(_) => break,
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn failed(outcome: Outcome, why: &str) -> Answer {
    Answer { outcome, status: None, error: Some(why.to_owned()), body: String::new() }
}

fn said(status: StatusCode, leads: Option<String>, body: &str) -> String {
    let mut text = format!("answered {}", status.as_u16());
    if let Some(reason) = status.canonical_reason() {
        text.push_str(&format!(" {reason}"));
    }
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

/// What a status means where the receiver says nothing more precise.
pub(super) fn by_status(status: StatusCode, hint: Option<Duration>) -> Outcome {
    match status.as_u16() {
        200..=299 => Outcome::Delivered { thread: None },
        429 => Outcome::Throttled { after: hint },
        503 if hint.is_some() => Outcome::Throttled { after: hint },
        400 | 406 | 411 | 413 | 414 | 415 | 422 | 431 | 501 | 505 | 507 => {
            Outcome::Refused(Refusal::Message)
        }
        410 => Outcome::Refused(Refusal::Gone),
        408 | 421 | 425 | 500.. => Outcome::Retry { after: hint },
        // Informational answers never get here; redirects and the other 4xx are the endpoint's.
        _ => Outcome::Refused(Refusal::Endpoint),
    }
}

/// Headers of the config, checked at load.
///
/// # Errors
///
/// Names the header that cannot be sent.
pub(super) fn checked_headers(list: &[(String, String)]) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in list {
        let lower = name.to_ascii_lowercase();
        if lower == "content-type" || lower.starts_with("webhook-") {
            return Err(format!("the header `{name}` is set by pactwatch itself"));
        }
        let (name, value) = private_header(name, value)?;
        headers.insert(name, value);
    }
    Ok(headers)
}
