//! `deliveries`: the queue and the dead letters.

use std::process::ExitCode;

use clap::Subcommand;
use jiff::Timestamp;

use super::listing::{list, parse_since, short_time};
use super::{Common, Screen};
use crate::model::{MessageId, MessageState};
use crate::store::{Access, DeliveryFilter};

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
    let config = common.load()?;
    match command {
        DeliveriesCommand::List { sink, state, since, limit } => {
            let store = common.open(&config, Access::Read)?;
            let rows = store.deliveries(DeliveryFilter { sink, state, since, limit }).await?;
            let columns = [
                ("id", "ID"),
                ("type", "TYPE"),
                ("alert", "ALERT"),
                ("sink", "SINK"),
                ("state", "STATE"),
                ("attempts", "TRIES"),
                ("due", "DUE"),
                ("last_status", "STATUS"),
                ("last_error", "ERROR"),
            ];
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
            let store = common.open(&config, Access::Write)?;
            for id in ids {
                if !store.retry(&MessageId::new(&id), Timestamp::now()).await? {
                    anyhow::bail!("{}, or it is delivered already", unknown(&id));
                }
                screen.line(format!("{id} is due now, under the same id"))?;
            }
            store.close().await;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn unknown(id: &str) -> String {
    format!("there is no message `{id}`\n`pactwatch deliveries list` shows those there are")
}
