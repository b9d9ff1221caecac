//! `[history]`: what is kept, and for how long.

use std::time::Duration;

use crate::setting::Table;

/// The section `[history]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistorySection {
    /// Items that no rule flagged.
    pub keep: Duration,
    /// Alerts with their evidence and deliveries.
    pub alerts: Duration,
    /// Size of the database in bytes at which quiet items go earlier.
    pub max_size: u64,
}

const DAY: Duration = Duration::from_secs(86_400);

impl Default for HistorySection {
    fn default() -> Self {
        Self { keep: 30 * DAY, alerts: 5 * 365 * DAY, max_size: 2 << 30 }
    }
}

impl HistorySection {
    /// Reads the section; missing keys keep their defaults.
    pub fn read(table: Table<'_>) -> Self {
        let mut section = Self::default();
        if let Some(keep) = table.positive_duration("keep") {
            section.keep = keep;
        }
        if let Some(alerts) = table.positive_duration("alerts") {
            section.alerts = alerts;
        }
        if let Some(size) = table.size("max_size") {
            section.max_size = size;
        }
        if section.alerts < section.keep {
            table.problems().error(
                table.at("alerts"),
                "`alerts` must not be shorter than `keep`: alerts stand on their items",
            );
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
    use crate::setting::{FileId, Problems, Span};

    fn read(text: &str) -> (HistorySection, Vec<String>) {
        let problems = Problems::default();
        let parsed = DeTable::parse(text).unwrap();
        let span = Span::new(FileId(0), 0..text.len());
        let table =
            Table::new(&problems, FileId(0), Path::new(""), span, "[history]", parsed.get_ref());
        let section = HistorySection::read(table);
        (section, problems.into_sorted().into_iter().map(|one| one.message).collect())
    }

    #[test]
    fn every_key_is_read() {
        let (section, problems) = read("keep = '7d'\nalerts = '1y'\nmax_size = '64MiB'");
        assert!(problems.is_empty(), "{problems:?}");
        let expected = HistorySection { keep: 7 * DAY, alerts: 365 * DAY, max_size: 64 << 20 };
        assert_eq!(section, expected);
        assert_eq!(read("").0, HistorySection::default());
    }

    #[test]
    fn mistakes_are_reported() {
        for (text, wanted) in [
            ("keep = '0s'", "`keep` must be longer than nothing"),
            ("kept = '1d'", "[history] has no key `kept`"),
            ("keep = '30d'\nalerts = '1d'", "`alerts` must not be shorter than `keep`"),
            ("max_size = 'big'", "`big` is no size"),
        ] {
            let problems = read(text).1;
            assert!(problems.iter().any(|one| one.starts_with(wanted)), "{text}: {problems:?}");
        }
    }
}
