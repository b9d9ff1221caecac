//! `deliveries`: the queue and the dead letters.

use std::process::ExitCode;

use clap::Subcommand;
use jiff::Timestamp;
use serde_json::json;

use super::listing::list;
use super::{Common, Screen};
use crate::config::Config;
use crate::model::{MessageId, MessageState};
use crate::report::{Names, held_up, parse_since, short_time, sink_lines};
use crate::store::{Access, DeliveryFilter, MessageRow, Store};

/// Commands below `deliveries`.
#[derive(Debug, Subcommand)]
pub(super) enum DeliveriesCommand {
    /// The newest messages
    List {
        /// Only messages to this sink
        #[arg(long, value_name = "NAME")]
        sink: Option<String>,
        /// Only messages in this state: queued, retrying, paused, delivered, dead, discarded
        #[arg(long, value_parser = parse_state, value_name = "STATE")]
        state: Option<MessageState>,
        /// Only messages queued since then: 24h, 30d, 2026-01-31
        #[arg(long, value_parser = parse_since, value_name = "TIME")]
        since: Option<Timestamp>,
        /// At most so many
        #[arg(long, default_value_t = 50, value_name = "N")]
        limit: usize,
    },
    /// One message: its attempts and the exact bytes
    Show {
        /// The webhook-id, msg_…
        id: String,
    },
    /// Queue messages again, under the same id
    Retry {
        /// The webhook-ids
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// Give messages up: out of the queue, off the dead letters
    Discard {
        /// The webhook-ids
        #[arg(required = true)]
        ids: Vec<String>,
    },
}

/// What is done with a message by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hand {
    Retry,
    Discard,
}

fn parse_state(text: &str) -> Result<MessageState, String> {
    MessageState::ALL.into_iter().find(|state| state.as_str() == text).ok_or_else(|| {
        "a state is one of queued, retrying, paused, delivered, dead, discarded".into()
    })
}

/// Runs a command below `deliveries`.
pub(super) async fn deliveries(
    common: &Common,
    command: DeliveriesCommand,
    screen: &mut Screen,
) -> anyhow::Result<ExitCode> {
    let config = common.load_loosely()?;
    match command {
        DeliveriesCommand::List { sink, state, since, limit } => {
            let store = common.open(&config, Access::Read)?;
            let roster = config.roster();
            if let Some(asked) = &sink {
                Names::new(&roster, Some(&store)).sink(asked).await?;
            }
            let rows = store.deliveries(DeliveryFilter { sink, state, since, limit }).await?;
            let columns = [
                ("id", "ID"),
                ("type", "TYPE"),
                ("alert", "ALERT"),
                ("sink", "SINK"),
                ("state", "STATE"),
                ("attempts", "TRIES"),
                ("due", "DUE"),
                ("waits", "WAITS FOR"),
                ("last_status", "STATUS"),
                ("last_error", "ERROR"),
            ];
            if screen.json() {
                list(screen, &rows, &columns, "no messages")?;
                return Ok(ExitCode::SUCCESS);
            }
            // People read beside a sink's own hours that its receiver is left alone.
            let sinks = sink_lines(&roster, Some(&store), Timestamp::now()).await?;
            let shown = |row: &MessageRow| {
                let mut value = serde_json::to_value(row)?;
                if let Some(why) = held_up(row, &sinks) {
                    value["waits"] = why.into();
                }
                anyhow::Ok(value)
            };
            let rows: Vec<_> = rows.iter().map(shown).collect::<Result<_, _>>()?;
            list(screen, &rows, &columns, "no messages")?;
        }
        DeliveriesCommand::Show { id } => {
            let store = common.open(&config, Access::Read)?;
            let Some(detail) = store.delivery(&MessageId::new(&id)).await? else {
                anyhow::bail!("{}", unknown(&id));
            };
            if screen.json() {
                screen.object(&detail)?;
                return Ok(ExitCode::SUCCESS);
            }
            let row = &detail.message;
            screen.line(format!("{}   {}   to {}   {}", row.id, row.kind, row.sink, row.state))?;
            let sinks = sink_lines(&config.roster(), Some(&store), Timestamp::now()).await?;
            if let Some(why) = held_up(row, &sinks) {
                screen.line(why)?;
            } else if let Some((waits, due)) = row.waits.as_ref().zip(row.due) {
                screen.line(format!("waits for {waits}, until {}", short_time(due)))?;
            }
            for attempt in &detail.attempts {
                let status = attempt.status.map_or_else(|| "–".to_owned(), |code| code.to_string());
                let error = attempt.error.as_deref().unwrap_or("accepted");
                screen.line(format!(
                    "{}  {status}  {error} ({} ms)",
                    short_time(attempt.at),
                    attempt.took_ms
                ))?;
                if !attempt.answer.is_empty() {
                    screen.line(format!("    {}", attempt.answer.replace('\n', "\n    ")))?;
                }
            }
            match &detail.body {
                Some(body) => screen.line(format!("\n{body}"))?,
                None => {
                    screen.line("not rendered yet: that is done just before the first attempt")?
                }
            }
        }
        DeliveriesCommand::Retry { ids } => {
            return by_hand(common, &config, &ids, Hand::Retry, screen).await;
        }
        DeliveriesCommand::Discard { ids } => {
            return by_hand(common, &config, &ids, Hand::Discard, screen).await;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Retries or discards each message on its own; what cannot be done costs the others nothing.
async fn by_hand(
    common: &Common,
    config: &Config,
    ids: &[String],
    hand: Hand,
    screen: &mut Screen,
) -> anyhow::Result<ExitCode> {
    let store = common.open(config, Access::Write)?;
    let mut failures = Vec::new();
    let mut unknown_ids = false;
    for id in ids {
        let Some(message) = store.delivery(&MessageId::new(id)).await?.map(|one| one.message)
        else {
            failures.push(format!("there is no message `{id}`"));
            unknown_ids = true;
            continue;
        };
        match settle(&store, config, &message, hand).await? {
            Ok(text) if !screen.json() => screen.line(text)?,
            Ok(_) => {
                let state = match hand {
                    Hand::Retry => MessageState::Queued,
                    Hand::Discard => MessageState::Discarded,
                };
                screen.object(&json!({ "id": id, "state": state.as_str() }))?;
            }
            Err(why) => failures.push(why),
        }
    }
    store.close().await;
    if failures.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    if unknown_ids {
        failures.push(LISTED.to_owned());
    }
    screen.flush()?;
    anyhow::bail!("{}", failures.join("\n"))
}

/// Does it to one message. What came of it, or why it cannot be done, ready to show.
async fn settle(
    store: &Store,
    config: &Config,
    message: &MessageRow,
    hand: Hand,
) -> anyhow::Result<Result<String, String>> {
    let MessageRow { id, sink, state, .. } = message;
    let name = MessageId::new(id);
    let done = match hand {
        Hand::Retry
            if config.whole && !config.sinks.iter().any(|one| one.name.as_str() == sink) =>
        {
            return Ok(Err(format!(
                "{id} is for the sink `{sink}`, which the config does not name: nobody would send it"
            )));
        }
        Hand::Retry => store.retry(&name, Timestamp::now()).await?,
        Hand::Discard => store.discard(&name, Timestamp::now()).await?,
    };
    if !done {
        return Ok(Err(format!("{id} is {state} already")));
    }
    if hand == Hand::Discard {
        return Ok(Ok(format!("{id} is discarded; `pactwatch deliveries retry` brings it back")));
    }
    let disabled = store.sink_troubles().await?.iter().any(|trouble| trouble.name == *sink);
    Ok(Ok(match disabled {
        true => format!("{id} waits, under the same id, for `pactwatch sinks enable {sink}`"),
        false => format!("{id} is due now, under the same id"),
    }))
}

/// Where ids are found.
const LISTED: &str = "`pactwatch deliveries list` shows those there are";

fn unknown(id: &str) -> String {
    format!("there is no message `{id}`\n{LISTED}")
}
