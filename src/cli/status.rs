//! `status`: what there is to know at a glance, from the database of a running or stopped daemon.

use std::process::ExitCode;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::drift::drifting;
use super::feeds::rows;
use super::listing::{ago, short_time};
use super::screen::{BAD, GOOD};
use super::{Common, Screen};
use crate::config::Config;
use crate::model::{Condition, FeedName, MessageState};
use crate::store::{Access, AlertFilter, Counts, SHADOW, Store};
use crate::watch::{Group, Seen, Trouble, troubles};

/// Feeds that are named one by one before the rest is counted.
pub(super) const NAMED: usize = 5;
/// A message that waits longer than this is a problem.
const STUCK: jiff::SignedDuration = jiff::SignedDuration::from_mins(30);

/// Something to look at.
pub(super) struct Problem {
    pub(super) what: String,
    pub(super) since: Option<Timestamp>,
    pub(super) cure: String,
}

/// Prints feeds, queue, alerts and problems.
pub(super) async fn status(common: &Common, screen: &mut Screen) -> anyhow::Result<ExitCode> {
    let config = common.load()?;
    let store = common.open(&config, Access::Read)?;
    let now = Timestamp::now();
    let feeds = rows(&config, Some(&store)).await?;
    let counts = store.counts(now).await?;
    let problems = problems(&config, &feeds, &counts, &store, now).await?;
    let by_state: serde_json::Map<String, Value> = Condition::ALL
        .iter()
        .map(|state| {
            let count = feeds.iter().filter(|feed| feed.state == state.as_str()).count();
            (state.as_str().to_owned(), json!(count))
        })
        .collect();
    if screen.json() {
        let problems: Vec<Value> = problems
            .iter()
            .map(|one| json!({ "what": one.what, "since": one.since, "do": one.cure }))
            .collect();
        screen.object(&json!({
            "feeds": by_state, "queue": counts.queue, "alerts": counts.alerts_24h,
            "shadow": counts.shadow_24h,
            "problems": problems, "items": counts.items, "too_old": counts.too_old,
            "database": config.database, "database_bytes": counts.bytes,
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    // A silent feed answers; that it shows nothing new is a problem of its own.
    let good = feeds.iter().filter(|feed| matches!(feed.state.as_str(), "ok" | "silent")).count();
    screen.line(format!("feeds     {good} of {} answer", feeds.len()))?;
    let waiting: u64 = counts.open_messages();
    let dead: u64 = counts.dead_messages();
    screen.line(format!("queue     {waiting} waiting, {dead} dead letters"))?;
    let shadow = match counts.shadow_24h {
        0 => String::new(),
        some => format!(", and {some} in shadow that nobody was told"),
    };
    screen.line(format!("alerts    {} in the last 24 h{shadow}", counts.alerts_24h))?;
    let newest = store.alerts(AlertFilter { limit: 3, ..AlertFilter::default() }).await?;
    for alert in &newest {
        let mode = if alert.mode == SHADOW { "(shadow) " } else { "" };
        screen.line(format!(
            "  {}  {}  {mode}{}",
            alert.id,
            short_time(alert.raised),
            alert.title
        ))?;
    }
    screen.line(format!(
        "items     {} stored, {} were too old to tell; {:.1} MB in {}",
        counts.items,
        counts.too_old,
        counts.bytes as f64 / 1e6,
        config.database.display()
    ))?;
    if problems.is_empty() {
        let text = screen.styled(GOOD, "no problems");
        screen.line(text)?;
    }
    for one in &problems {
        let since = one.since.map(|since| format!(" ({})", ago(since, now))).unwrap_or_default();
        let text = screen.styled(BAD, format!("problem   {}{since}", one.what));
        screen.line(text)?;
        screen.line(format!("          {}", one.cure))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A feed as its health is judged. What was saved before it was noted since when it is in trouble counts
/// from its last success.
fn seen(row: &super::feeds::Row) -> Option<Seen> {
    let condition = Condition::ALL.into_iter().find(|one| one.as_str() == row.state)?;
    let since = row.since.or(row.last_success).or(row.last_poll);
    let feed = FeedName::new(&*row.name);
    Some(Seen { feed, condition, since, offline: row.offline })
}

/// The first line of why a feed fails; the rest says what to do, as the cure does.
fn why(feed: &super::feeds::Row) -> String {
    let why = feed.last_error.as_ref().and_then(|why| why.lines().next());
    why.map(|why| format!(": {why}")).unwrap_or_default()
}

/// The problems of one sort of trouble: some feeds by name, the others counted.
fn feed_problems(group: &Group, feeds: &[super::feeds::Row], list: &mut Vec<Problem>) {
    let (word, cure) = match group.trouble {
        Trouble::NetworkDown => {
            list.push(Problem {
                what: format!("the network is down: {} feeds get no answer", group.feeds.len()),
                since: Some(group.since),
                cure: "check this machine's network and name servers; no feed is blamed".to_owned(),
            });
            return;
        }
        Trouble::FeedFailing => {
            ("failing", "`pactwatch feeds list` shows why; the daemon goes on trying")
        }
        Trouble::FeedBlocked => {
            ("blocked", "set `contact` under [network], poll it less often, or ask the site")
        }
        Trouble::FeedSilent => ("silent", "open the feed in a browser: has it moved or ended?"),
    };
    let rows = feeds.iter().filter(|row| group.feeds.iter().any(|feed| feed.as_str() == row.name));
    for feed in rows.take(NAMED) {
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

async fn problems(
    config: &Config,
    feeds: &[super::feeds::Row],
    counts: &Counts,
    store: &Store,
    now: Timestamp,
) -> anyhow::Result<Vec<Problem>> {
    let mut list = Vec::new();
    let seen: Vec<Seen> = feeds.iter().filter_map(seen).collect();
    for group in troubles(&seen, now, Duration::ZERO) {
        feed_problems(&group, feeds, &mut list);
    }
    for feed in feeds.iter().filter(|feed| feed.state == Condition::Retired.as_str()) {
        list.push(Problem {
            what: format!("the feed `{}` is retired{}", feed.name, why(feed)),
            since: feed.last_success,
            cure: format!(
                "take it out of the config; if it is back, `pactwatch feeds poll '{}'`",
                feed.name
            ),
        });
    }
    let named = |sink: &str| config.sinks.iter().any(|one| one.name.as_str() == sink);
    // One that the config names no more cannot be enabled; its queue is told below.
    for sink in store.sink_troubles().await?.into_iter().filter(|one| named(&one.name)) {
        list.push(Problem {
            what: format!("the sink `{}` is disabled: {}", sink.name, sink.why),
            since: Some(sink.since),
            cure: format!(
                "mend its address or secret, reload, then `pactwatch sinks enable {}`",
                sink.name
            ),
        });
    }
    for queue in store.queue_ages().await? {
        if !named(&queue.sink) {
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
    list.extend(drifting(&config.rules, &store.habits().await?, now));
    Ok(list)
}
