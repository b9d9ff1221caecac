//! Feeds that are not open to all: a key in the address, a login, a header.
//!
//! What they need comes from secrets and stays with the one who asks: it is shown nowhere and stored
//! nowhere, is sent to the configured host alone, and to no other that a redirect leads to. A secret
//! address is called [`HIDDEN`] wherever the address of a feed is shown or remembered.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, HeaderMap};
use thiserror::Error;
use url::Url;

use super::read::Hidden;
use super::section::check_url;
use crate::model::FeedName;
use crate::net::private_header;
use crate::setting::{Diagnostic, Secret, SecretError, SecretSource, Span, Table};

/// What stands for an address that is a secret.
pub(super) const HIDDEN: &str = "(secret)";
/// Headers of a conditional request, which are the poll's own.
const CONDITIONS: [&str; 6] =
    ["if-none-match", "if-modified-since", "if-match", "if-unmodified-since", "if-range", "range"];

/// What a feed needs beside its address, as configured.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedAccess {
    /// Which feed.
    pub feed: FeedName,
    /// Where it stands in the config.
    pub span: Span,
    url: Option<SecretSource>,
    auth: Option<(String, SecretSource)>,
    headers: Vec<(String, SecretSource)>,
}

/// What a feed needs, at hand. Shows nothing of it.
pub struct Access {
    /// The address, where that is the secret.
    pub(super) url: Option<Secret>,
    /// For requests to the configured host.
    pub(super) headers: HeaderMap,
}

impl Access {
    /// What entries must not repeat.
    pub(super) fn hidden(&self) -> Hidden {
        let mut hidden = Hidden::default();
        if let Some(url) = &self.url {
            hidden.address(url.expose());
        }
        for value in self.headers.values().filter_map(|value| value.to_str().ok()) {
            // Of `Basic …` and `Bearer …` what comes after.
            hidden.value(value.rsplit(' ').next().unwrap_or(value));
        }
        hidden
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// Why a feed cannot be reached as configured. Never holds a value.
#[derive(Debug, Error)]
pub enum AccessError {
    /// A secret cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// A secret is of no use.
    #[error("use `{key}`: {why}")]
    Value {
        /// The key.
        key: &'static str,
        /// What is wrong, and the cure.
        why: String,
    },
}

/// The secret keys of a `[[feed]]`, before its name is known.
#[derive(Debug, Default)]
pub(super) struct Keys {
    pub(super) url: Option<SecretSource>,
    auth: Option<(String, SecretSource)>,
    headers: Vec<(String, SecretSource)>,
}

impl Keys {
    /// Reads `auth`, `headers`, and `url` where it is no plain string.
    pub(super) fn read(table: &Table<'_>) -> Self {
        let url = match table.value("url") {
            Some((toml::de::DeValue::Table(_), _)) => table.secret("url").map(|(url, _)| url),
            _ => None,
        };
        let mut keys = Self { url, ..Self::default() };
        if let Some(auth) = table.table("auth") {
            let user =
                auth.required("user", "write auth = { user = \"…\", password = { file = \"…\" } }");
            if !auth.has("password") {
                auth.missing("password", "write password = { file = \"…\" }");
            }
            let password = auth.private("password");
            auth.finish();
            keys.auth = user.map(|(user, _)| user).zip(password);
        }
        if let Some(headers) = table.table("headers") {
            for (name, span) in headers.keys() {
                let lower = name.to_ascii_lowercase();
                if let Err(why) = private_header(&name, "") {
                    headers.problems().add(Diagnostic::error(span, why).unquoted());
                } else if CONDITIONS.contains(&lower.as_str()) {
                    let why = format!("the header `{name}` is set by pactwatch itself");
                    headers.problems().add(Diagnostic::error(span, why).unquoted());
                } else if lower == "authorization" && table.has("auth") {
                    headers.problems().add(
                        Diagnostic::error(span, "`auth` sets the header `Authorization` already")
                            .help("keep one of the two")
                            .unquoted(),
                    );
                }
                keys.headers.extend(headers.private(&name).map(|value| (name, value)));
            }
            headers.finish();
        }
        keys
    }

    /// What the feed of this name needs; `None` where it is open to all.
    pub(super) fn of(self, feed: FeedName, span: Span) -> Option<FeedAccess> {
        let Self { url, auth, headers } = self;
        let open = url.is_none() && auth.is_none() && headers.is_empty();
        (!open).then_some(FeedAccess { feed, span, url, auth, headers })
    }
}

impl FeedAccess {
    /// Whether it says the same, wherever in the file it stands.
    pub fn same_as(&self, other: &Self) -> bool {
        Self { span: other.span, ..self.clone() } == *other
    }

    /// Reads the secrets.
    ///
    /// # Errors
    ///
    /// One cannot be read, or is of no use.
    pub fn resolve(&self) -> Result<Access, AccessError> {
        let url = self.url.as_ref().map(SecretSource::resolve).transpose()?;
        let url = url.map(|url| Secret::new(url.expose().trim()));
        if let Some(url) = &url {
            // A user name inside is as hidden as the rest.
            check_url(url.expose()).map_err(|(what, help)| AccessError::Value {
                key: "url",
                why: format!("{}\n{help}", what.trim_start_matches("`url` ")),
            })?;
        }
        let mut headers = HeaderMap::new();
        let mut add = |key, name: &str, value: &str| match private_header(name, value) {
            Ok((name, value)) => {
                headers.append(name, value);
                Ok(())
            }
            Err(why) => Err(AccessError::Value { key, why }),
        };
        if let Some((user, password)) = &self.auth {
            let pair = format!("{user}:{}", password.resolve()?.expose());
            add("auth", AUTHORIZATION.as_str(), &format!("Basic {}", STANDARD.encode(pair)))?;
        }
        for (name, value) in &self.headers {
            add("headers", name, value.resolve()?.expose())?;
        }
        Ok(Access { url, headers })
    }
}

/// Whether an address is where the configured one lives: its secrets go nowhere else. The same host
/// over https is at home too, each at the usual port.
pub(super) fn at_home(url: &Url, home: &str) -> bool {
    let Ok(home) = Url::parse(home) else { return false };
    let upgraded = (home.scheme(), url.scheme()) == ("http", "https")
        && (home.port(), url.port()) == (None, None)
        && home.host() == url.host();
    upgraded || home.origin() == url.origin()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setting::FileId;

    fn access() -> FeedAccess {
        let inline = |text: &str| SecretSource::Inline(Secret::new(text));
        FeedAccess {
            feed: FeedName::new("a"),
            span: Span::new(FileId(0), 0..0),
            url: Some(inline("https://example.org/feed?key=s3cret")),
            auth: Some(("desk".to_owned(), inline("pa:ss"))),
            headers: vec![("X-Key".to_owned(), inline("k3y"))],
        }
    }

    #[test]
    fn secrets_become_headers_and_show_nowhere() {
        let resolved = access().resolve().unwrap();
        assert_eq!(resolved.headers["authorization"], "Basic ZGVzazpwYTpzcw==");
        assert_eq!(resolved.headers["x-key"], "k3y");
        let shown = format!("{resolved:?} {:?} {:?}", access(), resolved.headers);
        for secret in ["s3cret", "pa:ss", "k3y", "ZGVzaz"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }

    #[test]
    fn useless_secrets_are_told_without_their_value() {
        let inline = |text: &str| SecretSource::Inline(Secret::new(text));
        let wrong = [
            FeedAccess { url: Some(inline("s3cret")), ..access() },
            FeedAccess { url: Some(inline("ftp://s3cret/")), ..access() },
            FeedAccess { headers: vec![("X".to_owned(), inline("s3cret\nX: y"))], ..access() },
        ];
        for access in wrong {
            let why = access.resolve().unwrap_err().to_string();
            assert!(why.starts_with("use `") && !why.contains("s3cret"), "{why}");
        }
    }

    #[test]
    fn home_is_scheme_host_and_port() {
        let home = "https://example.org/feed?key=1";
        let at_home = |url: &str| at_home(&Url::parse(url).unwrap(), home);
        assert!(at_home("https://example.org:443/other"));
        assert!(!at_home("http://example.org/feed"));
        assert!(!at_home("https://www.example.org/feed"));
        assert!(!at_home("https://example.org:8443/feed"));
        let upgraded = |url: &str| super::at_home(&Url::parse(url).unwrap(), "http://example.org/");
        assert!(upgraded("https://example.org/"));
        assert!(!upgraded("https://example.org:8443/") && !upgraded("https://example.com/"));
    }
}
