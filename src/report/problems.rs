//! What is wrong, since when, and what to do about it.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::drift::drifting;
use super::faults::{low, room};
use super::watching::{refused, runs, unwatched};
use super::{FeedLine, Roster};
use crate::model::{Condition, FeedName, MessageState};
use crate::store::{Counts, Lock, SinkTrouble, Store, StoreError};
use crate::watch::{Group, Seen, Trouble, troubles};

/// Feeds that are named one by one before the rest is counted.
pub(super) const NAMED: usize = 5;
/// A message that waits longer than this is a problem.
pub(super) const STUCK: jiff::SignedDuration = jiff::SignedDuration::from_mins(30);

/// Something to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// What is wrong.
    pub what: String,
    /// Since when, where that is known.
    pub since: Option<Timestamp>,
    /// What to do about it.
    #[serde(rename = "do")]
    pub cure: String,
}

/// What to do about a sink that cannot be set up.
pub(super) const UNUSABLE: &str =
    "mend it; it is looked at again every few seconds, and its queue is kept";

/// What is wrong with a sink that sends nothing.
pub(super) fn out_of_order(sink: &SinkTrouble) -> String {
    let is = if sink.disabled { "is disabled" } else { "cannot be used" };
    format!("the sink `{}` {is}: {}", sink.name, sink.why)
}

/// A feed as its health is judged. What was saved before it was noted since when it is in trouble counts
/// from its last success.
pub(super) fn seen(row: &FeedLine) -> Option<Seen> {
    let condition = Condition::ALL.into_iter().find(|one| one.as_str() == row.state)?;
    let since = row.since.or(row.last_success).or(row.last_poll);
    let (feed, answered) = (FeedName::new(&*row.name), row.last_success);
    Some(Seen { feed, condition, since, answered, offline: row.offline })
}

/// The first line of why a feed fails; the rest says what to do, as the cure does.
pub(super) fn why(feed: &FeedLine) -> String {
    let why = feed.last_error.as_ref().and_then(|why| why.lines().next());
    why.map(|why| format!(": {why}")).unwrap_or_default()
}

/// The problems of one sort of trouble: some feeds by name, the others counted.
fn feed_problems(group: &Group, feeds: &[FeedLine], runs: bool, list: &mut Vec<Problem>) {
    let (word, cure) = match group.trouble {
        Trouble::NetworkDown => {
            list.push(Problem {
                what: format!("the network is down: {} feeds get no answer", group.feeds.len()),
                since: Some(group.since),
                cure: "check this machine's network and name servers; no feed is blamed".to_owned(),
            });
            return;
        }
        Trouble::FeedFailing if runs => {
            ("failing", "`pactwatch feeds list` shows why; the daemon goes on trying")
        }
        Trouble::FeedFailing => ("failing", "`pactwatch feeds list` shows why"),
        Trouble::FeedBlocked => {
            ("blocked", "set `contact` under [network], poll it less often, or ask the site")
        }
        Trouble::FeedSilent => ("silent", "open the feed in a browser: has it moved or ended?"),
        Trouble::FeedRetired => return retired(group, feeds, list),
    };
    for feed in rows(group, feeds).take(NAMED) {
        let empty = group.trouble == Trouble::FeedSilent && feed.entries == 0;
        let why = if empty { ": it answers with no entries".to_owned() } else { why(feed) };
        list.push(Problem {
            what: format!("the feed `{}` is {word}{why}", feed.name),
            since: if word == "silent" { feed.last_new.or(feed.since) } else { feed.last_success },
            cure: cure.to_owned(),
        });
    }
    if group.feeds.len() > NAMED {
        list.push(Problem {
            what: format!("{} more feeds are {word}", group.feeds.len() - NAMED),
            since: None,
            cure: cure.to_owned(),
        });
    }
}

/// Retired feeds, each with its own cure.
fn retired(group: &Group, feeds: &[FeedLine], list: &mut Vec<Problem>) {
    for feed in rows(group, feeds) {
        list.push(Problem {
            what: format!("the feed `{}` is retired{}", feed.name, why(feed)),
            since: feed.last_success,
            cure: take_out(feed),
        });
    }
}

/// What to do about a feed that is retired.
pub(super) fn take_out(feed: &FeedLine) -> String {
    format!("take it out of the config; if it is back, `pactwatch feeds poll '{}'`", feed.name)
}

/// The lines of the feeds of a group.
pub(super) fn rows<'f>(group: &Group, feeds: &'f [FeedLine]) -> impl Iterator<Item = &'f FeedLine> {
    feeds.iter().filter(|row| group.feeds.iter().any(|feed| feed.as_str() == row.name))
}

/// Everything to look at: whether anybody watches, then feeds, then the rest.
pub(super) async fn problems(
    roster: &Roster,
    feeds: &[FeedLine],
    counts: &Counts,
    store: &Store,
    now: Timestamp,
) -> Result<Vec<Problem>, StoreError> {
    let holder = Lock::look(&roster.database);
    let mut list: Vec<Problem> = unwatched(holder.as_ref(), feeds, now).into_iter().collect();
    list.extend(refused(holder.as_ref()));
    let seen: Vec<Seen> = feeds.iter().filter_map(seen).collect();
    for group in troubles(&seen, now, Duration::ZERO) {
        feed_problems(&group, feeds, runs(holder.as_ref()), &mut list);
    }
    let named = |sink: &str| roster.sinks.iter().any(|one| one.as_str() == sink);
    // One that the config names no more cannot be enabled; its queue is told below.
    for sink in store.sink_troubles().await?.into_iter().filter(|one| named(&one.name)) {
        list.push(Problem {
            what: out_of_order(&sink),
            since: Some(sink.since),
            cure: match sink.disabled {
                true => format!(
                    "mend its address or secret, reload, then `pactwatch sinks enable {}`",
                    sink.name
                ),
                false => UNUSABLE.to_owned(),
            },
        });
    }
    let disabled = store.sink_troubles().await?;
    let is_off = |sink: &str| disabled.iter().any(|one| one.name == sink);
    for sink in store.refusing_sinks().await?.into_iter().filter(|one| named(&one.name)) {
        if !is_off(&sink.name) {
            let why = sink.why.lines().next().unwrap_or_default();
            list.push(Problem {
                what: format!("the sink `{}` refuses what it is sent: {why}", sink.name),
                since: Some(sink.since),
                cure: format!(
                    "is its address or secret right? `pactwatch sinks test {}` tries it",
                    sink.name
                ),
            });
        }
    }
    for queue in store.queue_ages().await? {
        if !named(&queue.sink) && roster.whole {
            list.push(Problem {
                what: format!(
                    "{} messages wait for the sink `{}`, which the config does not name",
                    queue.waiting, queue.sink
                ),
                since: Some(queue.oldest),
                cure: "name it again, or leave them: they are given up after [delivery] give_up"
                    .to_owned(),
            });
        } else if now.duration_since(queue.oldest) > STUCK {
            list.push(Problem {
                what: format!("{} messages wait for the sink `{}`", queue.waiting, queue.sink),
                since: Some(queue.oldest),
                cure: format!("`pactwatch deliveries list --sink '{}'` shows why", queue.sink),
            });
        }
    }
    for (sink, states) in &counts.queue {
        let dead = states.get(MessageState::Dead.as_str()).copied().unwrap_or(0);
        if dead > 0 {
            let (messages, are) = if dead == 1 {
                ("message", "is a dead letter")
            } else {
                ("messages", "are dead letters")
            };
            list.push(Problem {
                what: format!("{dead} {messages} for the sink `{sink}` {are}"),
                since: None,
                cure: format!(
                    "`pactwatch deliveries list --state dead --sink '{sink}'` shows why; \
                     `pactwatch deliveries retry ID` sends one again"
                ),
            });
        }
    }
    if let Some((what, cure)) = room(&roster.database).and_then(low) {
        list.push(Problem { what, since: None, cure });
    }
    // Between two prunings it may be a little larger.
    if counts.bytes > roster.max_size.saturating_add(roster.max_size / 10) {
        list.push(Problem {
            what: format!(
                "the database has {:.1} MB, more than `max_size` under [history]",
                counts.bytes as f64 / 1e6
            ),
            since: None,
            cure: "what is left is flagged, or still shown by a feed: raise `max_size`, or \
                   shorten `alerts`"
                .to_owned(),
        });
    }
    list.extend(drifting(&roster.rules, &store.habits().await?, now));
    Ok(list)
}
