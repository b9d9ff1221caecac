//! `webhook`: an own service, in the form of Standard Webhooks.

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use reqwest::header::HeaderName;
use toml::de::DeValue;

use super::contract::{Answer, Letter, Parcel, Sink, Stationery};
use super::http::{Endpoint, checked_headers};
use super::payload::payload;
use super::section::required_secret;
use super::signing::Signer;
use super::{BuildError, SinkConfig, Workshop};
use crate::model::Sealed;
use crate::setting::{Diagnostic, Secret, SecretSource, Table};

/// Messages in flight at a time.
const IN_FLIGHT: usize = 8;
/// Older secrets that are still signed with.
const PREVIOUS: usize = 3;

/// The keys of `type = "webhook"`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct WebhookSection {
    url: SecretSource,
    secret: Option<SecretSource>,
    previous: Vec<Secret>,
    headers: Vec<(String, String)>,
}

impl WebhookSection {
    pub(super) fn read(table: &Table<'_>) -> Option<Self> {
        let secret = table.private("secret");
        if !table.has("secret") {
            table.problems().add(
                Diagnostic::warning(table.span(), "the webhook has no `secret`: nothing is signed")
                    .help("put `whsec_` and 24 to 64 bytes in base64 into a file: secret = { file = \"…\" }")
                    .unquoted(),
            );
        }
        let mut previous = Vec::new();
        for (text, span) in table.strings("previous_secrets").unwrap_or_default() {
            if previous.len() == PREVIOUS {
                table.problems().add(
                    Diagnostic::error(span, format!("`previous_secrets` holds at most {PREVIOUS}"))
                        .unquoted(),
                );
                break;
            }
            previous.push(Secret::new(text));
        }
        let mut headers = Vec::new();
        if let Some(inner) = table.table("headers") {
            for (name, span) in inner.keys() {
                match inner.value(&name) {
                    Some((DeValue::String(value), _)) => headers.push((name, value.to_string())),
                    _ => table.problems().add(
                        Diagnostic::error(span, format!("the header `{name}` wants a string"))
                            .unquoted(),
                    ),
                }
            }
            inner.finish();
            if let Err(why) = checked_headers(&headers) {
                table.problems().add(Diagnostic::error(table.at("headers"), why).unquoted());
            }
        }
        // An own service's address is no secret by itself; its secret is.
        let url = match table.value("url") {
            Some((DeValue::String(url), _)) => {
                Some(SecretSource::Inline(Secret::new(url.to_string())))
            }
            _ => required_secret(table, "url", "say where alerts go: https://…"),
        };
        Some(Self { url: url?, secret, previous, headers })
    }
}

/// A service of the operator's own.
#[derive(Debug)]
pub(super) struct Webhook {
    endpoint: Endpoint,
    signer: Option<Signer>,
}

impl Webhook {
    pub(super) fn build(
        section: &WebhookSection,
        config: &SinkConfig,
        workshop: &Workshop,
    ) -> Result<Self, BuildError> {
        let headers = checked_headers(&section.headers)
            .map_err(|why| BuildError::Value { key: "headers", why })?;
        let signer = match &section.secret {
            None => None,
            Some(source) => {
                let mut secrets = vec![source.resolve()?];
                secrets.extend(section.previous.iter().cloned());
                Some(
                    Signer::new(&secrets)
                        .map_err(|why| BuildError::Value { key: "secret", why })?,
                )
            }
        };
        let endpoint = Endpoint::new(section.url.resolve()?, headers, config, workshop)?;
        Ok(Self { endpoint, signer })
    }
}

impl Sink for Webhook {
    fn kind(&self) -> &'static str {
        "webhook"
    }

    fn chat(&self) -> bool {
        false
    }

    fn digest(&self) -> usize {
        usize::MAX
    }

    fn in_flight(&self) -> usize {
        IN_FLIGHT
    }

    fn render(&self, letter: &Letter, stationery: &Stationery) -> Sealed {
        let body = payload(letter, stationery).to_string().into_bytes();
        Sealed { content_type: "application/json".to_owned(), body }
    }

    fn fallback(&self, _: &Letter, _: &Stationery) -> Option<Sealed> {
        None
    }

    fn send<'a>(&'a self, parcel: Parcel<'a>) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            let timestamp = Timestamp::now().as_second();
            let id = parcel.id.as_str();
            let mut headers = vec![
                (HeaderName::from_static("webhook-id"), id.to_owned()),
                (HeaderName::from_static("webhook-timestamp"), timestamp.to_string()),
            ];
            if let Some(signer) = &self.signer {
                let signature = signer.sign(id, timestamp, &parcel.sealed.body);
                headers.push((HeaderName::from_static("webhook-signature"), signature));
            }
            self.endpoint.post(&parcel, headers, |_, _| None).await
        })
    }
}
