//! What is wrong with the feeds for so long that somebody should know: pure, over their states.
//!
//! A feed that fails now and then is no news. One that has been in trouble for hours is, once, together
//! with the others that are, and once more when it has recovered. A network that is down is one trouble
//! and not that of each feed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use super::rhythm::since;
use crate::model::{Condition, FeedName};

/// Trouble that is shorter is told nobody.
pub const TELL_AFTER: Duration = Duration::from_secs(6 * 3600);

/// A sort of trouble, by the name of its event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// No feed is reached.
    NetworkDown,
    /// Its polls fail.
    FeedFailing,
    /// The site refuses us.
    FeedBlocked,
    /// It answers, and shows nothing new for far longer than usual.
    FeedSilent,
}

impl Trouble {
    /// The name of its event.
    pub fn as_str(self) -> &'static str {
        match self {
            Trouble::NetworkDown => "network.down",
            Trouble::FeedFailing => "feed.failing",
            Trouble::FeedBlocked => "feed.blocked",
            Trouble::FeedSilent => "feed.silent",
        }
    }

    fn of(condition: Condition) -> Option<Self> {
        match condition {
            Condition::Failing => Some(Trouble::FeedFailing),
            Condition::Blocked => Some(Trouble::FeedBlocked),
            Condition::Silent => Some(Trouble::FeedSilent),
            Condition::New | Condition::Ok | Condition::Retired => None,
        }
    }
}

/// What is looked at of a feed.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Which feed.
    pub feed: FeedName,
    /// Its condition.
    pub condition: Condition,
    /// Since when.
    pub since: Option<Timestamp>,
    /// Since when it gets no answer because the network is down.
    pub offline: Option<Timestamp>,
}

/// One sort of trouble, with all the feeds that have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What it is.
    pub trouble: Trouble,
    /// Since when, at the longest.
    pub since: Timestamp,
    /// Whose, by name; for a network that is down every feed that is not reached.
    pub feeds: Vec<FeedName>,
}

/// The troubles that have lasted for `patience`, a group each.
pub fn troubles(seen: &[Seen], now: Timestamp, patience: Duration) -> Vec<Group> {
    let mut groups: BTreeMap<Trouble, Group> = BTreeMap::new();
    for one in seen {
        let found = match one.offline {
            Some(offline) => Some((Trouble::NetworkDown, offline)),
            None => Trouble::of(one.condition).zip(one.since),
        };
        let Some((trouble, began)) = found.filter(|(_, began)| since(*began, now) >= patience)
        else {
            continue;
        };
        let group = groups.entry(trouble).or_insert_with(|| Group {
            trouble,
            since: began,
            feeds: Vec::new(),
        });
        group.since = group.since.min(began);
        group.feeds.push(one.feed.clone());
    }
    let mut groups: Vec<Group> = groups.into_values().collect();
    groups.iter_mut().for_each(|group| group.feeds.sort_unstable());
    groups
}

/// What is to be told now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// Trouble that has lasted; the feeds are those that have not been told of.
    Began(Group),
    /// Trouble that was told of is over for these feeds.
    Ended(Trouble, Vec<FeedName>),
}

/// Remembers what was told, so that each trouble is told once and its end once.
#[derive(Debug, Default)]
pub struct Health {
    told: BTreeSet<(Trouble, FeedName)>,
}

impl Health {
    /// Looks at all feeds; gives what has changed since the last look.
    pub fn look(&mut self, seen: &[Seen], now: Timestamp) -> Vec<Notice> {
        let mut notices = Vec::new();
        let mut lasting = BTreeSet::new();
        for mut group in troubles(seen, now, TELL_AFTER) {
            let trouble = group.trouble;
            lasting.extend(group.feeds.iter().map(|feed| (trouble, feed.clone())));
            group.feeds.retain(|feed| !self.told.contains(&(trouble, feed.clone())));
            // One network: whoever is found behind it later is no news.
            let known =
                trouble == Trouble::NetworkDown && self.told.iter().any(|(one, _)| *one == trouble);
            if !group.feeds.is_empty() && !known {
                notices.push(Notice::Began(group));
            }
        }
        let mut ended: BTreeMap<Trouble, Vec<FeedName>> = BTreeMap::new();
        for (trouble, feed) in self.told.difference(&lasting) {
            // The network is back when nobody is behind it any more.
            let partly =
                *trouble == Trouble::NetworkDown && lasting.iter().any(|(one, _)| one == trouble);
            if !partly {
                ended.entry(*trouble).or_default().push(feed.clone());
            }
        }
        notices.extend(ended.into_iter().map(|(trouble, feeds)| Notice::Ended(trouble, feeds)));
        self.told = lasting;
        notices
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + hours * 3600).unwrap()
    }

    fn seen(feed: &str, condition: Condition, since: i64) -> Seen {
        Seen { feed: FeedName::new(feed), condition, since: Some(at(since)), offline: None }
    }

    fn names(list: &[&str]) -> Vec<FeedName> {
        list.iter().map(|name| FeedName::new(*name)).collect()
    }

    #[test]
    fn trouble_is_told_once_together_and_after_hours_and_so_is_its_end() {
        let mut health = Health::default();
        let mut feeds = vec![
            seen("b", Condition::Failing, 0),
            seen("a", Condition::Failing, 1),
            seen("c", Condition::Silent, 0),
            seen("d", Condition::Ok, 0),
            seen("e", Condition::Retired, 0),
        ];
        assert_eq!(health.look(&feeds, at(5)), []);
        let failing =
            Group { trouble: Trouble::FeedFailing, since: at(0), feeds: names(&["a", "b"]) };
        let silent = Group { trouble: Trouble::FeedSilent, since: at(0), feeds: names(&["c"]) };
        let began = [Notice::Began(failing), Notice::Began(silent)];
        assert_eq!(health.look(&feeds, at(7)), began);
        assert_eq!(health.look(&feeds, at(8)), []);
        feeds[0] = seen("b", Condition::Ok, 9);
        feeds.push(seen("f", Condition::Failing, 2));
        let more = Group { trouble: Trouble::FeedFailing, since: at(1), feeds: names(&["f"]) };
        let ended = Notice::Ended(Trouble::FeedFailing, names(&["b"]));
        assert_eq!(health.look(&feeds, at(9)), [Notice::Began(more), ended]);
    }

    #[test]
    fn a_network_that_is_down_is_one_trouble() {
        let mut health = Health::default();
        let offline =
            |feed: &str, condition| Seen { offline: Some(at(0)), ..seen(feed, condition, -9) };
        let mut feeds = vec![offline("a", Condition::Ok), offline("b", Condition::Silent)];
        let down = Group { trouble: Trouble::NetworkDown, since: at(0), feeds: names(&["a", "b"]) };
        assert_eq!(health.look(&feeds, at(6)), [Notice::Began(down)]);
        feeds.push(offline("c", Condition::Ok));
        assert_eq!(health.look(&feeds, at(7)), []);
        feeds[0].offline = None;
        assert_eq!(health.look(&feeds, at(8)), [], "one feed that answers is a beginning");
        feeds.iter_mut().for_each(|feed| feed.offline = None);
        let notices = health.look(&feeds, at(9));
        let silent = Group { trouble: Trouble::FeedSilent, since: at(-9), feeds: names(&["b"]) };
        let ended = Notice::Ended(Trouble::NetworkDown, names(&["b", "c"]));
        assert_eq!(notices, [Notice::Began(silent), ended]);
    }
}
