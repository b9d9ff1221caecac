//! `deliveries retry` and `discard`: what is done with messages by hand, named one by one or by what they
//! have in common.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use super::{LISTED, parse_state};
use crate::cli::{Common, Screen};
use crate::config::Config;
use crate::model::{MessageId, MessageState, SinkName};
use crate::report::{parse_since, short_time};
use crate::store::{Access, DeliveryFilter, MessageRow, Store};

/// Which messages.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(in crate::cli) struct Selection {
    /// The webhook-ids, or beginnings of them
    #[arg(conflicts_with_all = ["sink", "state", "since"])]
    ids: Vec<String>,
    /// All messages to this sink that are not delivered
    #[arg(long, value_name = "NAME")]
    sink: Option<String>,
    /// All in this state; without it, none that was discarded
    #[arg(long, value_parser = parse_state, value_name = "STATE")]
    state: Option<MessageState>,
    /// All queued since then: 24h, 30d, 2026-01-31
    #[arg(long, value_parser = parse_since, value_name = "TIME")]
    since: Option<Timestamp>,
}

/// What is done with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hand {
    /// Due now, under its id.
    Retry,
    /// As one digest for each sink.
    Together,
    /// A digest's alerts each by itself.
    Apart,
    /// Given up.
    Discard,
}

/// What came of it.
#[derive(Default)]
struct Report {
    /// Messages that it was done with.
    done: usize,
    /// What could not be done, ready to show.
    failures: Vec<String>,
}

/// Does it to each message on its own; what cannot be done costs the others nothing.
pub(super) async fn by_hand(
    common: &Common,
    config: &Config,
    selection: Selection,
    hand: Hand,
    screen: &mut Screen,
) -> anyhow::Result<ExitCode> {
    let store = common.open(config, Access::Write)?;
    let mut report = Report::default();
    let listed = !selection.ids.is_empty();
    let rows = select(&store, selection, &mut report).await?;
    let told = listed || screen.json();
    match hand {
        Hand::Together => together(&store, config, rows, &mut report, screen).await?,
        _ => {
            for row in rows {
                one(&store, config, &row, hand, told, &mut report, screen).await?;
            }
        }
    }
    if !told && hand != Hand::Together {
        screen.line(count(report.done, hand))?;
    }
    store.close().await;
    if report.failures.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    screen.flush()?;
    anyhow::bail!("{}", report.failures.join("\n"))
}

/// How many it was done with, where they were not named one by one.
fn count(done: usize, hand: Hand) -> String {
    let (messages, are) = if done == 1 { ("message", "is") } else { ("messages", "are") };
    match hand {
        _ if done == 0 => format!("no message is so; {LISTED}"),
        Hand::Discard => format!("{done} {messages} {are} discarded"),
        Hand::Apart => format!("{done} {messages} {are} due now, each alert by itself"),
        Hand::Retry | Hand::Together => {
            format!("{done} {messages} {are} due now, under the same ids")
        }
    }
}

/// The messages that are meant.
async fn select(
    store: &Store,
    selection: Selection,
    report: &mut Report,
) -> anyhow::Result<Vec<MessageRow>> {
    let Selection { ids, sink, state, since } = selection;
    if ids.is_empty() {
        let filter = DeliveryFilter { sink, state, since, limit: usize::MAX };
        let mut rows = store.deliveries(filter).await?;
        let unasked = |row: &MessageRow| {
            state.is_none()
                && [MessageState::Delivered, MessageState::Discarded]
                    .iter()
                    .any(|one| one.as_str() == row.state)
        };
        rows.retain(|row| !unasked(row));
        // The oldest first, as they were told.
        rows.reverse();
        return Ok(rows);
    }
    let (mut rows, mut unknown) = (Vec::new(), false);
    for text in ids {
        match found(store, &text).await? {
            Ok(row) => rows.push(row),
            Err(why) => {
                unknown |= !why.contains('\n');
                report.failures.push(why);
            }
        }
    }
    if unknown {
        report.failures.push(LISTED.to_owned());
    }
    Ok(rows)
}

/// The message whose id is this, or begins so.
pub(super) async fn found(store: &Store, text: &str) -> anyhow::Result<Result<MessageRow, String>> {
    let ids = store.message_ids(text).await?;
    let [id] = ids.as_slice() else {
        let several: Vec<String> = ids.iter().map(|id| format!("  {id}")).collect();
        return Ok(Err(match several.is_empty() {
            true => format!("there is no message `{text}`"),
            false => format!("several messages begin with `{text}`:\n{}", several.join("\n")),
        }));
    };
    let detail = store.delivery(id).await?;
    Ok(detail.map(|one| one.message).ok_or_else(|| format!("there is no message `{text}`")))
}

/// Does it to one message.
async fn one(
    store: &Store,
    config: &Config,
    message: &MessageRow,
    hand: Hand,
    told: bool,
    report: &mut Report,
    screen: &mut Screen,
) -> anyhow::Result<()> {
    match settle(store, config, message, hand).await? {
        Err(why) => {
            report.failures.push(why);
            return Ok(());
        }
        Ok(text) if told && !screen.json() => screen.line(text)?,
        Ok(_) if told => {
            let state = match hand {
                Hand::Discard => MessageState::Discarded,
                Hand::Retry | Hand::Together | Hand::Apart => MessageState::Queued,
            };
            screen.object(&json!({ "id": message.id, "state": state.as_str() }))?;
        }
        Ok(_) => {}
    }
    report.done += 1;
    Ok(())
}

/// What came of it, or why it cannot be done, ready to show.
async fn settle(
    store: &Store,
    config: &Config,
    message: &MessageRow,
    hand: Hand,
) -> anyhow::Result<Result<String, String>> {
    let MessageRow { id, sink, state, .. } = message;
    let (name, now) = (MessageId::new(id), Timestamp::now());
    if hand != Hand::Discard && !has(config, sink) {
        return Ok(Err(unsent(id, sink)));
    }
    let apart = hand == Hand::Apart && message.alerts.len() > 1;
    let done = match hand {
        Hand::Discard => store.discard(&name, now).await?,
        Hand::Apart if apart => store.part(&name, now).await?,
        Hand::Retry | Hand::Together | Hand::Apart => store.retry(&name, now).await?,
    };
    if !done {
        return Ok(Err(format!("{id} is {state} already")));
    }
    if hand == Hand::Discard {
        return Ok(Ok(format!("{id} is discarded; `pactwatch deliveries retry` brings it back")));
    }
    let what = match apart {
        true => format!("{id} goes in {} parts, an alert each,", message.alerts.len()),
        false => format!("{id}, under the same id,"),
    };
    Ok(Ok(format!("{what} {}", when(store, sink, now).await?)))
}

/// When a message that was made due by hand goes.
async fn when(store: &Store, sink: &str, now: Timestamp) -> anyhow::Result<String> {
    let state = store.sink_state(&SinkName::new(sink)).await?;
    if state.disabled.is_some() {
        return Ok(format!("waits for `pactwatch sinks enable {sink}`"));
    }
    let Some(until) = state.paused_until.filter(|until| *until > now) else {
        return Ok("is due now".to_owned());
    };
    let why = match state.failures {
        0 => "its receiver asked for a pause".to_owned(),
        failures => format!("its receiver has failed {failures} times in a row"),
    };
    Ok(format!("waits until {}: {why}", short_time(until)))
}

/// Makes one digest for each sink of the alerts that the messages carry. What carries none goes by itself.
async fn together(
    store: &Store,
    config: &Config,
    rows: Vec<MessageRow>,
    report: &mut Report,
    screen: &mut Screen,
) -> anyhow::Result<()> {
    let mut sinks: BTreeMap<String, Vec<MessageRow>> = BTreeMap::new();
    for row in rows {
        if row.alerts.is_empty() {
            one(store, config, &row, Hand::Retry, true, report, screen).await?;
        } else if row.state == MessageState::Delivered.as_str() {
            report.failures.push(format!("{} is delivered already", row.id));
        } else {
            sinks.entry(row.sink.clone()).or_default().push(row);
        }
    }
    if sinks.is_empty() && report.done == 0 && report.failures.is_empty() {
        screen.line(count(0, Hand::Together))?;
    }
    for (sink, rows) in sinks {
        if !has(config, &sink) {
            report.failures.extend(rows.iter().map(|row| unsent(&row.id, &sink)));
            continue;
        }
        let now = Timestamp::now();
        let ids = rows.iter().map(|row| MessageId::new(&row.id)).collect();
        let digest = store.bundle(&SinkName::new(&sink), ids, now).await?;
        let alerts: usize = rows.iter().map(|row| row.alerts.len()).sum();
        report.done += rows.len();
        if screen.json() {
            screen.object(&json!({
                "id": digest, "state": MessageState::Queued.as_str(), "sink": sink, "alerts": alerts,
            }))?;
            continue;
        }
        let what = if alerts == 1 { "alert goes" } else { "alerts go" };
        let when = when(store, &sink, now).await?;
        screen.line(format!("{alerts} {what} to `{sink}` as {digest}, which {when}"))?;
    }
    Ok(())
}

fn has(config: &Config, sink: &str) -> bool {
    // Of a config that is read in part only nobody knows what it names.
    !config.whole || config.sinks.iter().any(|one| one.name.as_str() == sink)
}

fn unsent(id: &str, sink: &str) -> String {
    format!("{id} is for the sink `{sink}`, which the config does not name: nobody would send it")
}
