//! `[web]`: where the desk listens and who may look.

use std::net::{IpAddr, SocketAddr};

use crate::setting::{Diagnostic, SecretSource, Table};

/// The section `[web]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebSection {
    /// Where the desk listens; `None` for nowhere.
    pub listen: Option<SocketAddr>,
    /// Where it is reachable, without a slash at the end: for links in messages, and the one name
    /// besides `localhost` that it answers to; empty for nowhere.
    pub public_url: String,
    /// What a visitor must show; asked for everywhere but on loopback.
    pub token: Option<SecretSource>,
}

impl Default for WebSection {
    fn default() -> Self {
        Self {
            listen: Some(SocketAddr::from(([127, 0, 0, 1], 8787))),
            public_url: String::new(),
            token: None,
        }
    }
}

impl WebSection {
    /// Reads the section; missing keys keep their defaults.
    pub fn read(table: Table<'_>) -> Self {
        let mut section = Self::default();
        if let Some((text, span)) = table.string("listen") {
            match text.as_str() {
                "" => section.listen = None,
                text => match text.parse() {
                    Ok(address) => section.listen = Some(address),
                    Err(_) => table.problems().add(
                        Diagnostic::error(span, format!("`{text}` is no address with a port"))
                            .help("write it like `127.0.0.1:8787`, or `\"\"` for no page"),
                    ),
                },
            }
        }
        if let Some((text, span)) = table.string("public_url")
            && !text.is_empty()
        {
            match url::Url::parse(&text) {
                Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => {
                    section.public_url = text.trim_end_matches('/').to_owned();
                }
                _ => table.problems().add(
                    Diagnostic::error(span, "`public_url` is no address of a page")
                        .help("write it like `https://pactwatch.example.org`"),
                ),
            }
        }
        if let Some((token, span)) = table.secret("token") {
            if matches!(token, SecretSource::Inline(_)) {
                table.problems().add(
                    Diagnostic::warning(span, "the token stands in the config")
                        .help("keep it apart: `token = { file = \"…\" }`, `env` or `credential`")
                        .unquoted(),
                );
            }
            section.token = Some(token);
        }
        if let Some(listen) = section.listen
            && !listen.ip().is_loopback()
            && !table.has("token")
        {
            let wrong = "the page is open to others than this machine, and has no token";
            table.problems().add(
                Diagnostic::error(table.at("listen"), wrong)
                    .help("add `token = { file = \"…\" }` under [web], or listen on 127.0.0.1"),
            );
        }
        if section.is_public() && section.listen.is_some() && !table.has("token") {
            let odd = "the page is reached at `public_url`, and has no token: whoever gets there reads \
                       all of it, and mutes stories and discards messages";
            table.problems().add(
                Diagnostic::warning(table.at("public_url"), odd)
                    .help("add `token = { file = \"…\" }` under [web]"),
            );
        }
        table.finish();
        section
    }

    /// Whether others than this machine are led here.
    fn is_public(&self) -> bool {
        let Some(host) = self.public_host() else { return false };
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
        let here = host == "localhost" || host.ends_with(".localhost");
        !here && !address.is_ok_and(|address| address.is_loopback())
    }

    /// The host of `public_url`, in lower case.
    pub fn public_host(&self) -> Option<String> {
        url::Url::parse(&self.public_url).ok()?.host_str().map(str::to_ascii_lowercase)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use toml::de::DeTable;

    use super::*;
    use crate::setting::{FileId, Problems, Span};

    fn read(text: &str) -> (WebSection, Vec<String>) {
        let problems = Problems::default();
        let parsed = DeTable::parse(text).unwrap();
        let span = Span::new(FileId(0), 0..text.len());
        let table =
            Table::new(&problems, FileId(0), Path::new(""), span, "[web]", parsed.get_ref());
        let section = WebSection::read(table);
        (section, problems.into_sorted().into_iter().map(|one| one.message).collect())
    }

    #[test]
    fn every_key_is_read() {
        let (section, problems) = read(
            "listen = '[::1]:99'\npublic_url = 'https://Desk.example.org/'\ntoken = { env = 'X' }",
        );
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(section.listen, "[::1]:99".parse().ok());
        assert_eq!(section.public_url, "https://Desk.example.org");
        assert_eq!(section.public_host().as_deref(), Some("desk.example.org"));
        assert_eq!(section.token, Some(SecretSource::Env("X".to_owned())));
        assert_eq!(read("").0, WebSection::default());
        assert_eq!(read("listen = ''").0.listen, None);
    }

    #[test]
    fn mistakes_are_reported() {
        for (text, wanted) in [
            ("listen = 'localhost'", "`localhost` is no address with a port"),
            ("listen = '0.0.0.0:80'", "the page is open to others than this machine"),
            ("listen = '192.168.1.2:80'", "the page is open to others than this machine"),
            ("public_url = 'desk'", "`public_url` is no address of a page"),
            ("public_url = 'https://desk.example.org'", "the page is reached at `public_url`"),
            ("token = 'abc'", "the token stands in the config"),
            ("tokens = 'abc'", "[web] has no key `tokens`"),
        ] {
            let problems = read(text).1;
            assert!(problems.iter().any(|one| one.starts_with(wanted)), "{text}: {problems:?}");
        }
        for sound in [
            "listen = '0.0.0.0:80'\ntoken = { file = 'x' }",
            "public_url = 'https://desk.example.org'\ntoken = { file = 'x' }",
            "public_url = 'https://desk.example.org'\nlisten = ''",
            "public_url = 'http://localhost:8787'",
            "public_url = 'http://[::1]:8787'",
        ] {
            let (_, problems) = read(sound);
            assert!(problems.is_empty(), "{sound}: {problems:?}");
        }
    }
}
