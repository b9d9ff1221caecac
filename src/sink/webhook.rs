//! `webhook`: an own service, in the form of Standard Webhooks.

use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use reqwest::header::HeaderName;
use toml::de::DeValue;

use super::call::Call;
use super::contract::{Answer, Letter, Nature, Parcel, Proof, Sink, Stationery};
use super::headers::{Headers, HeadersSection};
use super::http::{Endpoint, hidden, refused};
use super::payload::payload;
use super::place::entered;
use super::section::required_secret;
use super::signing::Signer;
use super::{BuildError, DIGEST, DIGEST_BYTES, SinkConfig, Workshop};
use crate::model::Sealed;
use crate::setting::{Diagnostic, LiveSecret, Secret, SecretSource, Table};

/// Messages in flight at a time.
const IN_FLIGHT: usize = 8;
/// Older secrets that are still signed with.
const PREVIOUS: usize = 3;

/// What holds for every one of its kind.
const NATURE: Nature = Nature {
    chat: false,
    digest: DIGEST,
    digest_bytes: DIGEST_BYTES,
    in_flight: IN_FLIGHT,
    acceptance: "the receiver says that it has the message",
    rate: None,
};

/// The keys of `type = "webhook"`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Section {
    url: SecretSource,
    /// What is signed with, the newest first; empty for no signature.
    secrets: Vec<SecretSource>,
    headers: HeadersSection,
}

impl Section {
    pub(super) fn read(table: &Table<'_>) -> Option<Self> {
        let mut secrets: Vec<SecretSource> = table.private("secret").into_iter().collect();
        if !table.has("secret") {
            table.problems().add(
                Diagnostic::warning(table.span(), "the webhook has no `secret`: nothing is signed")
                    .help("put `whsec_` and 24 to 64 bytes in base64 into a file: secret = { file = \"…\" }")
                    .unquoted(),
            );
        }
        let previous = table.secrets("previous_secrets").unwrap_or_default();
        if let Some((_, span)) = previous.get(PREVIOUS) {
            table.problems().add(
                Diagnostic::error(*span, format!("`previous_secrets` holds at most {PREVIOUS}"))
                    .unquoted(),
            );
        }
        if !previous.is_empty() && !table.has("secret") {
            let text = "`previous_secrets` sign beside `secret`, and there is none";
            let at = table.at("previous_secrets");
            table.problems().add(Diagnostic::error(at, text).unquoted());
        }
        for (source, span) in previous {
            table.warn_inline("previous_secrets", &source, span);
            secrets.push(source);
        }
        let headers = HeadersSection::read(table);
        // An own service's address is no secret by itself; its secret is.
        let url = match table.value("url") {
            Some((DeValue::String(url), _)) => {
                Some(SecretSource::Inline(Secret::new(url.to_string())))
            }
            _ => required_secret(table, "url", "say where alerts go: https://…"),
        };
        Some(Self { url: url?, secrets, headers })
    }

    pub(super) fn build(
        &self,
        config: &SinkConfig,
        workshop: &Workshop,
    ) -> Result<Webhook, BuildError> {
        let secrets: Vec<LiveSecret> =
            self.secrets.iter().map(LiveSecret::open).collect::<Result<_, _>>()?;
        let headers = self.headers.open()?;
        let webhook = Webhook {
            endpoint: Endpoint::new("url", &self.url, config, workshop)?,
            headers,
            secrets,
        };
        webhook.signer().map_err(|why| BuildError::Value { key: "secret", why })?;
        Ok(webhook)
    }
}

/// A service of the operator's own.
#[derive(Debug)]
pub(super) struct Webhook {
    endpoint: Endpoint,
    headers: Headers,
    secrets: Vec<LiveSecret>,
}

impl Webhook {
    /// Signs with the secrets as they are now; `None` where there are none.
    fn signer(&self) -> Result<Option<Signer>, String> {
        let secrets: Vec<Secret> = self.secrets.iter().map(LiveSecret::current).collect();
        (!secrets.is_empty()).then(|| Signer::new(&secrets)).transpose()
    }

    fn call<'a>(&self, parcel: &'a Parcel<'_>) -> Result<Call<'a>, Answer> {
        let mut call = self.endpoint.call(parcel, |_| {})?;
        let (timestamp, id) = (Timestamp::now().as_second(), parcel.id.as_str());
        let signer = self.signer().map_err(|why| {
            let why = why.lines().next().unwrap_or_default();
            refused(format!("the secret is of no use now: {why}"))
        })?;
        let signature = signer.map(|signer| signer.sign(id, timestamp, &parcel.sealed.body));
        for token in signature.iter().flat_map(|all| all.split(' ')) {
            // Who shows a request shows nobody a signature that still counts.
            call.mask.add(token.trim_start_matches("v1,"));
        }
        let own = [
            ("webhook-id", Some(id.to_owned())),
            ("webhook-timestamp", Some(timestamp.to_string())),
            ("webhook-signature", signature),
        ];
        for (name, value) in own {
            match value.map(|value| hidden(&value)) {
                None => {}
                Some(Ok(value)) => call.headers.push((HeaderName::from_static(name), value)),
                Some(Err(why)) => {
                    return Err(refused(format!("`{name}` cannot be sent: {why}")));
                }
            }
        }
        for secret in &self.secrets {
            call.mask.add(secret.current().expose());
        }
        self.headers.put(&mut call.headers, &mut call.mask).map_err(refused)?;
        Ok(call)
    }
}

impl Sink for Webhook {
    fn nature(&self) -> Nature {
        NATURE
    }

    fn endpoint(&self) -> Option<u64> {
        Some(self.endpoint.number(&[]))
    }

    fn identity(&self) -> Option<u64> {
        Some(entered(self.endpoint.number(&[]), self.secrets.iter().chain(self.headers.values())))
    }

    fn render(&self, letter: &Letter, stationery: &Stationery) -> Result<Sealed, String> {
        let body = payload(letter, stationery).to_string().into_bytes();
        Ok(Sealed { content_type: "application/json".to_owned(), body })
    }

    fn proof(&self, parcel: Parcel<'_>) -> Result<Proof, Answer> {
        Ok(self.call(&parcel)?.proof(&parcel))
    }

    fn probe<'a>(&'a self, timeout: Duration) -> BoxFuture<'a, Result<String, String>> {
        Box::pin(self.endpoint.knock(timeout))
    }

    fn send<'a>(&'a self, parcel: Parcel<'a>) -> BoxFuture<'a, Answer> {
        Box::pin(async move { self.endpoint.deliver(self.call(&parcel), |_| None).await })
    }
}
