//! `[operator]`: who is told how the daemon itself is.

use std::time::Duration;

use jiff::civil::Time;

use crate::model::SinkName;
use crate::setting::{Diagnostic, SecretSource, Span, Table, parse_time};

/// How often the heartbeat calls where the config does not say.
const EVERY: Duration = Duration::from_secs(300);

/// The section `[operator]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OperatorSection {
    /// The sinks that are told what is wrong with the daemon itself, each with where it stands.
    pub sinks: Vec<(SinkName, Span)>,
    /// The address that hears that all is well; `None` for nobody.
    pub heartbeat: Option<HeartbeatSection>,
    /// The time of day of the daily proof of life; `None` for none.
    pub all_quiet: Option<Time>,
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
        for (name, span) in table.strings("sinks").unwrap_or_default() {
            let name = SinkName::new(name);
            if !section.sinks.iter().any(|(known, _)| *known == name) {
                section.sinks.push((name, span));
            }
        }
        if let Some((text, span)) = table.string("all_quiet").filter(|(text, _)| !text.is_empty()) {
            section.all_quiet = parse_time(&text);
            if section.all_quiet.is_none() {
                let error = Diagnostic::error(span, format!("`{text}` is no time of day"));
                table.problems().add(
                    error.help(
                        "write it like `08:00`, in the config's `timezone`, or \"\" for none",
                    ),
                );
            } else if section.sinks.is_empty() {
                let error = Diagnostic::error(span, "`all_quiet` is told to nobody");
                table.problems().add(error.help("name who hears it: `sinks = [\"desk\"]`"));
            }
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
    fn who_is_told_and_when_is_read() {
        let (section, problems) = read("sinks = ['desk', 'ops', 'desk']\nall_quiet = '8:05'");
        let names: Vec<&str> = section.sinks.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!((names, problems), (vec!["desk", "ops"], Vec::new()));
        assert_eq!(section.all_quiet, Some(Time::constant(8, 5, 0, 0)));
        assert_eq!(read("sinks = []\nall_quiet = ''").0, OperatorSection::default());
    }

    #[test]
    fn mistakes_are_told() {
        for (text, word) in [
            ("heartbeat = {}", "no `url`"),
            ("heartbeat = { url = 'https://e.org', every = '0s' }", "longer than nothing"),
            ("heartbeat = 'https://e.org'", "heartbeat"),
            ("heartbeet = {}", "heartbeet"),
            ("sinks = ['desk']\nall_quiet = '8 am'", "no time of day"),
            ("all_quiet = '08:00'", "told to nobody"),
            ("sinks = 'desk'", "a list of strings"),
        ] {
            let (_, problems) = read(text);
            assert!(problems.len() == 1 && problems[0].contains(word), "{text}: {problems:?}");
        }
    }
}
