//! `[websub]`: whether hubs may push, and where they call.

use std::net::SocketAddr;
use std::time::Duration;

use url::Url;

use crate::setting::{Diagnostic, Table};

/// The section `[websub]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebsubSection {
    /// Where hubs reach us, without a slash at the end; `None` for no subscriptions.
    pub callback: Option<String>,
    /// Where we listen for them.
    pub listen: SocketAddr,
    /// How long a lease we ask for; the hub has the last word.
    pub lease: Duration,
    /// How often a feed that is pushed is polled all the same.
    pub poll: Duration,
}

impl Default for WebsubSection {
    fn default() -> Self {
        Self {
            callback: None,
            listen: SocketAddr::from(([127, 0, 0, 1], 8788)),
            lease: Duration::from_secs(10 * 86_400),
            poll: Duration::from_secs(3600),
        }
    }
}

impl WebsubSection {
    /// Reads the section; missing keys keep their defaults.
    pub fn read(table: Table<'_>) -> Self {
        let mut section = Self::default();
        if let Some((text, span)) = table.string("callback").filter(|(text, _)| !text.is_empty()) {
            match Url::parse(&text) {
                Ok(url) if is_callback(&url) => {
                    section.callback = Some(text.trim_end_matches('/').to_owned());
                    let here = url.host_str().is_some_and(|host| host == "localhost")
                        || text.contains("://127.")
                        || text.contains("://[::1]");
                    if url.scheme() == "http" && !here {
                        table.problems().add(
                            Diagnostic::warning(span, "hubs are called back without TLS")
                                .help("whoever listens on the way learns the addresses: use https"),
                        );
                    }
                }
                _ => table.problems().add(
                    Diagnostic::error(span, "`callback` is no address that a hub can call")
                        .help("write it like `https://push.example.org/pactwatch`"),
                ),
            }
        }
        if let Some((text, span)) = table.string("listen") {
            match text.parse() {
                Ok(address) => section.listen = address,
                Err(_) => table.problems().add(
                    Diagnostic::error(span, format!("`{text}` is no address with a port"))
                        .help("write it like `127.0.0.1:8788`"),
                ),
            }
        }
        if let Some(lease) = table.positive_duration("lease") {
            section.lease = lease;
        }
        if let Some(poll) = table.positive_duration("poll") {
            section.poll = poll;
        }
        table.finish();
        section
    }
}

/// A web address to which a path can be added.
fn is_callback(url: &Url) -> bool {
    let web = matches!(url.scheme(), "http" | "https") && url.has_host();
    web && url.query().is_none() && url.fragment().is_none() && url.username().is_empty()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use toml::de::DeTable;

    use super::*;
    use crate::setting::{FileId, Problems, Span};

    fn read(text: &str) -> (WebsubSection, Vec<String>) {
        let problems = Problems::default();
        let parsed = DeTable::parse(text).unwrap();
        let span = Span::new(FileId(0), 0..text.len());
        let table =
            Table::new(&problems, FileId(0), Path::new(""), span, "[websub]", parsed.get_ref());
        let section = WebsubSection::read(table);
        (section, problems.into_sorted().into_iter().map(|one| one.message).collect())
    }

    #[test]
    fn every_key_is_read() {
        let (section, problems) = read(
            "callback = 'https://push.example.org/x/'\nlisten = '[::1]:99'\nlease = '2d'\npoll = '30m'",
        );
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(section.callback.as_deref(), Some("https://push.example.org/x"));
        assert_eq!(section.listen, "[::1]:99".parse().unwrap());
        assert_eq!((section.lease.as_secs(), section.poll.as_secs()), (2 * 86_400, 1800));
        assert_eq!(read("").0, WebsubSection::default());
        assert_eq!(read("callback = ''").0.callback, None);
        assert!(read("callback = 'http://127.0.0.1:8788'").1.is_empty());
    }

    #[test]
    fn mistakes_are_reported() {
        for (text, wanted) in [
            ("callback = 'push'", "`callback` is no address that a hub can call"),
            ("callback = 'https://a.example/?x=1'", "`callback` is no address that a hub can call"),
            ("callback = 'https://u:p@a.example/'", "`callback` is no address that a hub can call"),
            ("callback = 'http://push.example.org'", "hubs are called back without TLS"),
            ("listen = 'localhost'", "`localhost` is no address with a port"),
            ("lease = '0s'", ""),
            ("hub = 'x'", "[websub] has no key `hub`"),
        ] {
            let problems = read(text).1;
            assert!(problems.iter().any(|one| one.starts_with(wanted)), "{text}: {problems:?}");
        }
    }
}
