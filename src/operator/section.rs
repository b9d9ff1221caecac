//! `[operator]`: who is told how the daemon itself is.

use std::time::Duration;

use crate::setting::{SecretSource, Table};

/// How often the heartbeat calls where the config does not say.
const EVERY: Duration = Duration::from_secs(300);

/// The section `[operator]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OperatorSection {
    /// The address that hears that all is well; `None` for nobody.
    pub heartbeat: Option<HeartbeatSection>,
}

/// `heartbeat` under `[operator]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeartbeatSection {
    /// What is called. A secret: whoever knows it can call in the daemon's place.
    pub url: SecretSource,
    /// How often.
    pub every: Duration,
}

impl OperatorSection {
    /// Reads the section; missing keys keep their defaults.
    pub fn read(table: Table<'_>) -> Self {
        let mut section = Self::default();
        if let Some(heartbeat) = table.table("heartbeat") {
            let every = heartbeat.positive_duration("every").unwrap_or(EVERY);
            if !heartbeat.has("url") {
                heartbeat.missing("url", "write url = \"https://…\", or \"\" for no heartbeat");
            }
            let url = heartbeat.secret("url").map(|(url, _)| url);
            let nobody = |url: &SecretSource| matches!(url, SecretSource::Inline(text) if text.expose().trim().is_empty());
            section.heartbeat =
                url.filter(|url| !nobody(url)).map(|url| HeartbeatSection { url, every });
            heartbeat.finish();
        }
        table.finish();
        section
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use toml::de::DeTable;

    use super::*;
    use crate::setting::{FileId, Problems, Secret, Span};

    fn read(text: &str) -> (OperatorSection, Vec<String>) {
        let problems = Problems::default();
        let parsed = DeTable::parse(text).unwrap();
        let span = Span::new(FileId(0), 0..text.len());
        let table =
            Table::new(&problems, FileId(0), Path::new(""), span, "[operator]", parsed.get_ref());
        let section = OperatorSection::read(table);
        (section, problems.into_sorted().into_iter().map(|one| one.message).collect())
    }

    #[test]
    fn a_heartbeat_is_read_and_an_empty_address_is_none() {
        let (section, problems) = read("heartbeat = { url = 'https://e.org/x', every = '1m' }");
        let url = SecretSource::Inline(Secret::new("https://e.org/x"));
        let expected = HeartbeatSection { url, every: Duration::from_secs(60) };
        assert_eq!((section.heartbeat, problems), (Some(expected), Vec::new()));
        let (section, problems) = read("heartbeat = { url = '', every = '5m' }");
        assert_eq!((section, problems), (OperatorSection::default(), Vec::new()));
        let (section, _) = read("heartbeat = { url = { env = 'X' } }");
        assert_eq!(section.heartbeat.unwrap().every, EVERY);
    }

    #[test]
    fn mistakes_are_told() {
        for (text, word) in [
            ("heartbeat = {}", "no `url`"),
            ("heartbeat = { url = 'https://e.org', every = '0s' }", "longer than nothing"),
            ("heartbeat = 'https://e.org'", "heartbeat"),
            ("heartbeet = {}", "heartbeet"),
        ] {
            let (_, problems) = read(text);
            assert!(problems.len() == 1 && problems[0].contains(word), "{text}: {problems:?}");
        }
    }
}
