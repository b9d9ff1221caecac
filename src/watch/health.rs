//! What is wrong with the feeds for so long that somebody should know: pure, over their states.
//!
//! A feed that fails now and then is no news. One that has been in trouble for hours is, once, together
//! with the others that are, and once more when it is well again: to be in another trouble, or behind a
//! network that is down, is no recovery. A feed that is gone for good is told of at once. A network that
//! is down is one trouble and not that of each feed.

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
    /// It is gone for good, and polled no more.
    FeedRetired,
}

impl Trouble {
    /// The name of its event.
    pub fn as_str(self) -> &'static str {
        match self {
            Trouble::NetworkDown => "network.down",
            Trouble::FeedFailing => "feed.failing",
            Trouble::FeedBlocked => "feed.blocked",
            Trouble::FeedSilent => "feed.silent",
            Trouble::FeedRetired => "feed.retired",
        }
    }

    fn of(condition: Condition) -> Option<Self> {
        match condition {
            Condition::Failing => Some(Trouble::FeedFailing),
            Condition::Blocked => Some(Trouble::FeedBlocked),
            Condition::Silent => Some(Trouble::FeedSilent),
            Condition::Retired => Some(Trouble::FeedRetired),
            Condition::New | Condition::Ok => None,
        }
    }

    /// How much of a patience it has to last.
    fn patience(self, usual: Duration) -> Duration {
        match self {
            Trouble::FeedRetired => Duration::ZERO,
            _ => usual,
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
    /// Since when it is well, or not.
    pub since: Option<Timestamp>,
    /// When it answered last.
    pub answered: Option<Timestamp>,
    /// Since when it gets no answer because the network is down.
    pub offline: Option<Timestamp>,
}

impl Seen {
    /// The trouble that it is in, and since when.
    fn trouble(&self) -> Option<(Trouble, Timestamp)> {
        if let Some(offline) = self.offline {
            return Some((Trouble::NetworkDown, offline));
        }
        let trouble = Trouble::of(self.condition)?;
        let since = self.since?;
        let began = match trouble {
            // One that was silent before has not failed since then, but since its last answer.
            Trouble::FeedFailing | Trouble::FeedBlocked => {
                self.answered.map_or(since, |answered| since.max(answered))
            }
            _ => since,
        };
        Some((trouble, began))
    }

    /// Whether it is known to be well: it has answered, and the network is there.
    pub fn is_well(&self) -> bool {
        self.condition == Condition::Ok && self.offline.is_none()
    }
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

/// The troubles that have lasted for `patience`, a group each; that a feed is retired counts at once.
pub fn troubles(seen: &[Seen], now: Timestamp, patience: Duration) -> Vec<Group> {
    let mut groups: BTreeMap<Trouble, Group> = BTreeMap::new();
    for one in seen {
        let lasts = |(trouble, began): &(Trouble, Timestamp)| {
            since(*began, now) >= trouble.patience(patience)
        };
        let Some((trouble, began)) = one.trouble().filter(lasts) else { continue };
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
        // The network is back when nobody is behind it any more.
        let down = lasting.iter().any(|(one, _)| *one == Trouble::NetworkDown);
        let watched: BTreeMap<&FeedName, bool> =
            seen.iter().map(|one| (&one.feed, one.is_well())).collect();
        for (trouble, feed) in std::mem::take(&mut self.told) {
            let over = match trouble {
                _ if lasting.contains(&(trouble, feed.clone())) => continue,
                Trouble::NetworkDown => !down,
                // One that is watched no more is forgotten.
                _ => match watched.get(&feed) {
                    Some(well) => *well,
                    None => continue,
                },
            };
            if over {
                ended.entry(trouble).or_default().push(feed);
            } else if trouble != Trouble::NetworkDown {
                lasting.insert((trouble, feed));
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
        let feed = FeedName::new(feed);
        Seen { feed, condition, since: Some(at(since)), answered: None, offline: None }
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
    fn trouble_is_over_when_the_feed_is_well_and_not_when_it_is_in_another() {
        let mut health = Health::default();
        let group = |trouble, since| Group { trouble, since: at(since), feeds: names(&["a"]) };
        let began = |trouble, since| Notice::Began(group(trouble, since));
        let ended = |trouble| Notice::Ended(trouble, names(&["a"]));
        let now = |condition| seen("a", condition, 0);
        let failing = began(Trouble::FeedFailing, 0);
        assert_eq!(health.look(&[now(Condition::Failing)], at(6)), [failing]);
        let blocked = began(Trouble::FeedBlocked, 0);
        assert_eq!(health.look(&[now(Condition::Blocked)], at(7)), [blocked]);
        assert_eq!(health.look(&[now(Condition::Failing)], at(8)), [], "by turns: told");
        let offline = Seen { offline: Some(at(9)), ..now(Condition::Failing) };
        assert_eq!(health.look(&[offline], at(9)), []);
        let retired = seen("a", Condition::Retired, 10);
        assert_eq!(health.look(&[retired], at(10)), [began(Trouble::FeedRetired, 10)], "at once");
        assert_eq!(health.look(&[now(Condition::Failing)], at(11)), [], "somebody revived it");
        let well = seen("a", Condition::Ok, 12);
        let all = [Trouble::FeedFailing, Trouble::FeedBlocked, Trouble::FeedRetired].map(ended);
        assert_eq!(health.look(&[well], at(12)), all);
        health.look(&[now(Condition::Failing)], at(20));
        assert_eq!(health.look(&[], at(21)), [], "watched no more");
    }

    #[test]
    fn a_silent_feed_fails_since_its_last_answer() {
        let silent = seen("a", Condition::Silent, 0);
        let failing =
            Seen { answered: Some(at(90)), condition: Condition::Failing, ..silent.clone() };
        assert_eq!(troubles(&[silent], at(91), TELL_AFTER).len(), 1);
        assert_eq!(troubles(std::slice::from_ref(&failing), at(91), TELL_AFTER), []);
        assert_eq!(troubles(&[failing], at(96), TELL_AFTER)[0].since, at(90));
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
