//! Headers that the operator sets: names checked at load, values secret wherever they come from.

use reqwest::header::{HeaderName, HeaderValue};

use super::BuildError;
use super::http::hidden;
use super::mask::Mask;
use crate::setting::{Diagnostic, LiveSecret, SecretSource, Table};

/// Set by pactwatch itself; the prefix `webhook-` is as well.
const RESERVED: [&str; 6] =
    ["host", "content-length", "content-type", "transfer-encoding", "connection", "upgrade"];
/// Headers whose value is a credential by custom.
const CREDENTIALS: [&str; 4] = ["authorization", "cookie", "token", "key"];

/// Headers as configured.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct HeadersSection(Vec<(String, SecretSource)>);

impl HeadersSection {
    /// Reads `headers = { Name = "value", Other = { file = "…" } }`.
    pub(super) fn read(table: &Table<'_>) -> Self {
        let mut list = Vec::new();
        let Some(inner) = table.table("headers") else { return Self::default() };
        for (name, at) in inner.keys() {
            let lower = name.to_ascii_lowercase();
            let wrong = |why: String| {
                table.problems().add(Diagnostic::error(at, why).unquoted());
            };
            let source = inner.secret(&name);
            if RESERVED.contains(&lower.as_str()) || lower.starts_with("webhook-") {
                wrong(format!("the header `{name}` is set by pactwatch itself"));
                continue;
            }
            if HeaderName::try_from(&lower).is_err() {
                wrong(format!("`{name}` is no name of a header"));
                continue;
            }
            let Some((source, span)) = source else { continue };
            if let SecretSource::Inline(value) = &source {
                if hidden(value.expose()).is_err() {
                    wrong(format!(
                        "the value of the header `{name}` holds a character that headers cannot"
                    ));
                    continue;
                }
                if CREDENTIALS.iter().any(|word| lower.contains(word)) {
                    let text = format!(
                        "the header `{name}` stands in the config itself, for all who read it"
                    );
                    let help = format!(
                        "put its value into a file of its own: {name} = {{ file = \"…\" }}"
                    );
                    let warning = Diagnostic::warning(span, text).help(help).unquoted();
                    table.problems().add(warning);
                }
            }
            list.push((lower, source));
        }
        inner.finish();
        Self(list)
    }

    /// Reads the values.
    pub(super) fn open(&self) -> Result<Headers, BuildError> {
        let mut list = Vec::new();
        for (name, source) in &self.0 {
            let wrong = |why: String| BuildError::Value { key: "headers", why };
            let name = HeaderName::try_from(name)
                .map_err(|_| wrong(format!("`{name}` is no name of a header")))?;
            let value = LiveSecret::open(source)?;
            hidden(value.current().expose()).map_err(|why| wrong(format!("`{name}`: {why}")))?;
            list.push((name, value));
        }
        Ok(Headers(list))
    }
}

/// Headers at work.
#[derive(Debug, Clone)]
pub(super) struct Headers(Vec<(HeaderName, LiveSecret)>);

impl Headers {
    /// The values.
    pub(super) fn values(&self) -> impl Iterator<Item = &LiveSecret> {
        self.0.iter().map(|(_, value)| value)
    }

    /// Adds them to a request, and their values to what must not show.
    ///
    /// # Errors
    ///
    /// Names the header whose value has changed into one that cannot be sent.
    pub(super) fn put(
        &self,
        headers: &mut Vec<(HeaderName, HeaderValue)>,
        mask: &mut Mask,
    ) -> Result<(), String> {
        for (name, value) in &self.0 {
            let value = value.current();
            mask.add(value.expose());
            // `Bearer abc`: the token alone may be echoed.
            for word in value.expose().split_whitespace() {
                mask.add(word);
            }
            let value = hidden(value.expose()).map_err(|why| {
                format!("the value of the header `{name}` is of no use now: {why}")
            })?;
            headers.push((name.clone(), value));
        }
        Ok(())
    }
}
