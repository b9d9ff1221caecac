//! What is wrong that operators are to be told: what `status` calls problems, for as long as it takes to
//! be worth a message, by subject.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use super::drift::drifts;
use super::problems::{STUCK, UNUSABLE, out_of_order, rows, seen, take_out, why};
use super::{FeedLine, Roster, feed_lines};
use crate::model::{EventKind, Fault, SubjectState};
use crate::store::{Store, StoreError};
use crate::watch::{Seen, TELL_AFTER, Trouble, troubles};

/// A network that is down for less long is told nobody.
const OFFLINE: Duration = Duration::from_secs(600);
/// Less free room than this, or than this share of the disk, is low.
const LOW_BYTES: u64 = 512 << 20;
const LOW_SHARE: u64 = 20;

/// Room on the disk of the database, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Free for us.
    pub free: u64,
    /// In all.
    pub total: u64,
}

/// Room where the database lies; `None` where the system does not say.
pub fn room(database: &Path) -> Option<Room> {
    #[cfg(unix)]
    {
        let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty());
        let found = rustix::fs::statvfs(folder.unwrap_or(Path::new("."))).ok()?;
        let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
        Some(Room { free: bytes(found.f_bavail), total: bytes(found.f_blocks) })
    }
    #[cfg(not(unix))]
    {
        let _ = database;
        None
    }
}

/// What there is to say where a disk has little room left, and what to do.
pub(super) fn low(room: Room) -> Option<(String, String)> {
    let low = room.free < LOW_BYTES.min(room.total / LOW_SHARE);
    low.then(|| {
        (
            format!("the disk of the database has {:.0} MB left", room.free as f64 / 1e6),
            "make room, or lower `[history] max_size` and `pactwatch store prune`".to_owned(),
        )
    })
}

/// What is wrong, and how those stand that it could be wrong with.
#[derive(Debug, Clone)]
pub struct Faults {
    /// Everything that is wrong for long enough.
    pub list: Vec<Fault>,
    /// The feeds of the config, and whether they are well.
    feeds: HashMap<String, bool>,
    /// The sinks and rules of the config.
    named: Vec<String>,
}

impl Faults {
    /// How the subject of a fault stands that was told and is not in the list.
    pub fn subject(&self, told: &Fault) -> SubjectState {
        let named = match told.kind {
            EventKind::FeedFailing
            | EventKind::FeedBlocked
            | EventKind::FeedSilent
            | EventKind::FeedRetired => match self.feeds.get(&told.subject) {
                Some(false) => return SubjectState::Unwell,
                known => known.is_some(),
            },
            _ => told.subject.is_empty() || self.named.contains(&told.subject),
        };
        if named { SubjectState::Well } else { SubjectState::Gone }
    }
}

/// Everything that is wrong for long enough. `room` is that of the database's disk.
///
/// # Errors
///
/// The database cannot be read.
pub async fn faults(
    roster: &Roster,
    store: &Store,
    room: Option<Room>,
    now: Timestamp,
) -> Result<Faults, StoreError> {
    let feeds = feed_lines(roster, Some(store)).await?;
    let states: Vec<Seen> = feeds.iter().filter_map(seen).collect();
    let mut all = of_feeds(&feeds, &states, now);
    let named = |sink: &str| roster.sinks.iter().any(|one| one.as_str() == sink);
    for sink in store.sink_troubles().await?.into_iter().filter(|one| named(&one.name)) {
        all.push(Fault {
            kind: EventKind::SinkDisabled,
            since: Some(sink.since),
            what: out_of_order(&sink),
            cure: match sink.disabled {
                true => format!("mend it, reload, then `pactwatch sinks enable {}`", sink.name),
                false => UNUSABLE.to_owned(),
            },
            subject: sink.name,
        });
    }
    for queue in store.queue_ages().await? {
        if !named(&queue.sink) || now.duration_since(queue.oldest) <= STUCK {
            continue;
        }
        all.push(Fault {
            kind: EventKind::QueueStuck,
            since: Some(queue.oldest),
            what: format!("{} messages wait for the sink `{}`", queue.waiting, queue.sink),
            cure: format!("`pactwatch deliveries list --sink '{}'` shows why", queue.sink),
            subject: queue.sink,
        });
    }
    for (rule, problem) in drifts(&roster.rules, &store.habits().await?, now) {
        all.push(Fault {
            kind: EventKind::RuleDrift,
            subject: rule.to_string(),
            since: problem.since,
            what: problem.what,
            cure: problem.cure,
        });
    }
    if let Some((what, cure)) = room.and_then(low) {
        let (kind, subject) = (EventKind::DiskLow, String::new());
        all.push(Fault { kind, subject, since: None, what, cure });
    }
    let sinks = roster.sinks.iter().map(ToString::to_string);
    let rules = roster.rules.rules().map(|rule| rule.id.to_string());
    Ok(Faults {
        list: all,
        feeds: states.into_iter().map(|one| (one.feed.to_string(), one.is_well())).collect(),
        named: sinks.chain(rules).collect(),
    })
}

fn of_feeds(feeds: &[FeedLine], states: &[Seen], now: Timestamp) -> Vec<Fault> {
    let mut all = Vec::new();
    for group in troubles(states, now, OFFLINE) {
        if group.trouble == Trouble::NetworkDown {
            all.push(Fault {
                kind: EventKind::NetworkDown,
                subject: String::new(),
                since: Some(group.since),
                what: format!("the network is down: {} feeds get no answer", group.feeds.len()),
                cure: "check this machine's network and name servers; no feed is blamed".to_owned(),
            });
        }
    }
    for group in troubles(states, now, TELL_AFTER) {
        let (kind, word, cure) = match group.trouble {
            Trouble::NetworkDown => continue,
            Trouble::FeedFailing => {
                (EventKind::FeedFailing, "failing", "`pactwatch feeds list` shows why")
            }
            Trouble::FeedBlocked => (
                EventKind::FeedBlocked,
                "blocked",
                "set `contact` under [network], poll it less often, or ask the site",
            ),
            Trouble::FeedSilent => (
                EventKind::FeedSilent,
                "silent",
                "open the feed in a browser: has it moved or ended?",
            ),
            Trouble::FeedRetired => (EventKind::FeedRetired, "retired", ""),
        };
        for feed in rows(&group, feeds) {
            let since = match kind {
                EventKind::FeedSilent => feed.last_new.or(feed.since),
                EventKind::FeedRetired => feed.last_poll.or(feed.since),
                _ => feed.since.max(feed.last_success),
            };
            let cure = if cure.is_empty() { take_out(feed) } else { cure.to_owned() };
            all.push(Fault {
                kind,
                subject: feed.name.clone(),
                since,
                what: format!("the feed `{}` is {word}{}", feed.name, why(feed)),
                cure,
            });
        }
    }
    all
}

/// What the daily proof of life says: how many feeds are fresh, what was judged and told, what is dark,
/// and how long the disk will do.
///
/// # Errors
///
/// The database cannot be read.
pub async fn daily(
    roster: &Roster,
    store: &Store,
    faults: &[Fault],
    room: Option<Room>,
    now: Timestamp,
) -> Result<String, StoreError> {
    let feeds = feed_lines(roster, Some(store)).await?;
    let counts = store.counts(now).await?;
    let fresh = feeds.iter().filter(|feed| feed.is_fresh(now)).count();
    let day = store.last_day(now).await?;
    let mut lines = vec![format!(
        "{fresh} of {} feeds are fresh; {} entries judged since yesterday, {} alerts in 24 h",
        feeds.len(),
        day.items,
        counts.alerts_24h
    )];
    let waiting = counts.open_messages();
    let dead = counts.dead_messages();
    lines.push(match (waiting, dead) {
        (0, 0) => "nothing waits, no dead letters".to_owned(),
        (waiting, dead) => format!("{waiting} messages wait, {dead} dead letters"),
    });
    match faults.len() {
        0 => lines.push("nothing is dark".to_owned()),
        1 => lines.push(format!("one trouble: {}", faults[0].what)),
        some => {
            lines.push(format!("{some} troubles, `pactwatch status` lists them:"));
            lines.extend(faults.iter().take(3).map(|one| one.what.clone()));
        }
    }
    if let Some(room) = room {
        lines.push(outlook(room, counts.bytes, day.days));
    }
    Ok(lines.join("\n"))
}

/// How long the disk will do at the rate at which the database has grown.
fn outlook(room: Room, bytes: u64, days: u64) -> String {
    let free = room.free as f64 / 1e9;
    let per_day = bytes / days.max(1);
    match room.free.checked_div(per_day).unwrap_or(u64::MAX) {
        left if left > 2 * 365 => format!("the disk has {free:.0} GB free, enough for years"),
        left => format!("the disk has {free:.1} GB free, enough for {left} days at this rate"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outlook_is_honest() {
        let room = |free| Room { free, total: 1 << 40 };
        assert_eq!(
            outlook(room(10_000_000_000), 100_000_000, 10),
            "the disk has 10 GB free, enough for years"
        );
        assert_eq!(
            outlook(room(1_000_000_000), 100_000_000, 1),
            "the disk has 1.0 GB free, enough for 10 days at this rate"
        );
        assert_eq!(
            outlook(room(0), 1_000, 0),
            "the disk has 0.0 GB free, enough for 0 days at this rate"
        );
    }
}
