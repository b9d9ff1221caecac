//! What the demo's news site tells: made-up outlets and entries, in our own words.
//!
//! Owns the content and the clock that it is dated by: every entry carries its age, not a date, so
//! that the demo is about "today" on whichever day it runs. Candidates are countries that stand at
//! a door at the time of writing; a reader of the far future must bear with them. How entries become
//! documents is up to `site`. Nothing here says what should be flagged, but for the tests' own list.

mod later;
mod moves;
mod outlets;
mod traps;
mod world;

use jiff::{SignedDuration, Timestamp};

pub(crate) use outlets::{Charset, Format, Manner, OUTLETS, Outlet};

/// Rounds that the site can publish.
pub(crate) const ROUNDS: u8 = 2;

/// One entry of one outlet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    /// Its id at the outlet, and the last part of its address.
    pub(crate) slug: &'static str,
    /// Who tells it.
    pub(crate) outlet: &'static Outlet,
    /// How long before the start of the demo it was published.
    pub(crate) age: SignedDuration,
    /// Headline.
    pub(crate) title: &'static str,
    /// Lede.
    pub(crate) summary: &'static str,
    /// Further text; empty where the feed carries none.
    pub(crate) body: &'static str,
    /// Section of the outlet.
    pub(crate) section: &'static str,
    /// The address where it is not the outlet's own: a copy that links to its origin.
    link: Option<&'static str>,
    /// The round in which it appears first.
    pub(crate) round: u8,
}

impl Entry {
    const fn new(
        slug: &'static str,
        outlet: &'static Outlet,
        minutes_old: i64,
        title: &'static str,
        summary: &'static str,
    ) -> Self {
        Self {
            slug,
            outlet,
            age: SignedDuration::from_mins(minutes_old),
            title,
            summary,
            body: "",
            section: "world",
            link: None,
            round: 1,
        }
    }

    const fn body(mut self, body: &'static str) -> Self {
        self.body = body;
        self
    }

    const fn section(mut self, section: &'static str) -> Self {
        self.section = section;
        self
    }

    const fn link(mut self, link: &'static str) -> Self {
        self.link = Some(link);
        self
    }

    const fn round(mut self, round: u8) -> Self {
        self.round = round;
        self
    }

    /// Where the article is to be read.
    pub(crate) fn url(&self) -> String {
        match self.link {
            Some(link) => link.to_owned(),
            None => format!("https://{}/{}/{}", self.outlet.domain, self.section, self.slug),
        }
    }

    /// When it was published, in a demo that started at `start`.
    pub(crate) fn published(&self, start: Timestamp) -> Timestamp {
        // Saturates only when the system's clock stands at the beginning of time.
        start.checked_sub(self.age).unwrap_or(Timestamp::MIN)
    }
}

/// Every entry of every round, in no order.
pub(crate) fn all() -> impl Iterator<Item = &'static Entry> {
    [moves::ENTRIES, traps::ENTRIES, world::ENTRIES, later::ENTRIES].into_iter().flatten()
}

/// What an outlet's feed holds in a round, newest first.
pub(crate) fn of_outlet(outlet: &Outlet, round: u8) -> Vec<&'static Entry> {
    let mut entries: Vec<&Entry> =
        all().filter(|one| one.outlet.slug == outlet.slug && one.round <= round).collect();
    entries.sort_by_key(|one| one.age);
    entries
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// The origin of the product: headline and five hours' distance are facts of the real case.
    #[test]
    fn the_rewrite_appears_five_hours_after_the_report() {
        let find = |slug: &str| all().find(|one| one.slug == slug).unwrap();
        let rewrite = find("enlarge-asian-nato");
        assert_eq!(rewrite.title, "America, Britin hurrying to enlarge Asian NATO");
        let apart = find("aukus-pillar-2-canada-japan").age - rewrite.age;
        assert_eq!(apart, SignedDuration::from_hours(5));
        for name in
            ["Canada and Japan may join AUKUS Pillar 2", "India", "New Zealand", "South Korea"]
        {
            assert!(rewrite.body.contains(name), "{name}");
        }
    }

    #[test]
    fn there_is_enough_of_everything() {
        assert!(all().filter(|one| one.round == 1).count() >= 45, "{}", all().count());
        assert!(traps::ENTRIES.len() >= 12);
        assert!(OUTLETS.len() >= 10);
        for outlet in OUTLETS {
            let silent = matches!(outlet.manner, Manner::Hangs | Manner::Fails);
            assert_eq!(of_outlet(outlet, ROUNDS).is_empty(), silent, "{}", outlet.slug);
        }
        assert!(all().all(|one| (1..=ROUNDS).contains(&one.round)));
    }

    #[test]
    fn an_outlet_uses_each_slug_once_and_feeds_are_newest_first() {
        let mut seen = HashSet::new();
        assert!(all().all(|one| seen.insert((one.outlet.slug, one.slug))));
        for outlet in OUTLETS {
            assert!(of_outlet(outlet, 2).is_sorted_by_key(|one| one.age), "{}", outlet.slug);
        }
    }

    #[test]
    fn the_copy_links_to_the_report_with_tracking_parameters() {
        let copy = all().find(|one| one.link.is_some()).unwrap();
        let report = all().find(|one| one.slug == "aukus-pillar-2-canada-japan").unwrap();
        let (address, tracking) = copy.link.unwrap().split_once('?').unwrap();
        assert_eq!(address, report.url());
        assert!(tracking.contains("utm_source="));
        assert_eq!((copy.title, copy.summary), (report.title, report.summary));
    }

    #[test]
    fn every_name_is_made_up_and_reserved() {
        assert!(OUTLETS.iter().all(|one| one.domain.ends_with(".example")));
        assert!(all().all(|one| one.url().contains(".example/")));
    }
}
