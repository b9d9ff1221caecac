//! `deliveries`: the queue and the dead letters.

mod hand;

use std::process::ExitCode;

use clap::Subcommand;
use jiff::Timestamp;

use super::listing::list;
use super::{Common, Screen};
use crate::model::{MessageId, MessageState};
use crate::report::{Names, held_up, parse_since, short_time, sink_lines};
use crate::store::{Access, DeliveryFilter, MessageRow};
use hand::{Hand, Selection, by_hand};

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
        /// The webhook-id, msg_…, or its beginning
        id: String,
    },
    /// Queue messages again, under the same id
    #[command(after_help = "Examples:\n  \
        pactwatch deliveries retry msg_4f2\n  \
        pactwatch deliveries retry --sink desk --state dead --since 2d --as-digest\n\n\
        A digest goes in as many parts as its receiver needs to take and show it.")]
    Retry {
        #[command(flatten)]
        selection: Selection,
        /// Send their alerts as one digest for each sink, under a new id
        #[arg(long)]
        as_digest: bool,
        /// Send the alerts of a digest each by itself, under new ids: for one that is refused
        #[arg(long, conflicts_with = "as_digest")]
        apart: bool,
    },
    /// Give messages up: out of the queue, off the dead letters
    Discard {
        #[command(flatten)]
        selection: Selection,
    },
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
            let found = hand::found(&store, &id).await?;
            let row = found.map_err(|why| anyhow::anyhow!("{why}\n{LISTED}"))?;
            let Some(detail) = store.delivery(&MessageId::new(&row.id)).await? else {
                anyhow::bail!("{} is gone", row.id);
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
        DeliveriesCommand::Retry { selection, as_digest, apart } => {
            let hand = match (as_digest, apart) {
                (true, _) => Hand::Together,
                (false, true) => Hand::Apart,
                (false, false) => Hand::Retry,
            };
            return by_hand(common, &config, selection, hand, screen).await;
        }
        DeliveriesCommand::Discard { selection } => {
            return by_hand(common, &config, selection, Hand::Discard, screen).await;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Where ids are found.
const LISTED: &str = "`pactwatch deliveries list` shows those there are";
