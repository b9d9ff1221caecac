//! `alerts`: what was raised.

mod export;

use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use serde_json::json;

use super::listing::list;
use super::picture::{Context, explain};
use super::{Common, Screen};
use crate::model::{AlertId, Finding};
use crate::report::{Names, parse_since, short_time};
use crate::store::{Access, AlertFilter, Judgement, SHADOW, Store, Verdict};
use crate::text::clean;

/// Commands below `alerts`.
#[derive(Debug, Subcommand)]
pub(super) enum AlertsCommand {
    /// The newest alerts
    List(ListArgs),
    /// One alert with its evidence, its copies and where it went
    Show {
        /// Short id, like A-12
        id: AlertId,
    },
    /// Say whether an alert was worth its message; `status` counts it for its rule
    #[command(after_help = "Examples:\n  pactwatch alerts judge A-12 good\n  \
        pactwatch alerts judge A-13 bad --note \"a football cup\"")]
    Judge(JudgeArgs),
    /// Alerts as a table for other programs
    Export(export::ExportArgs),
}

/// Options of `alerts judge`.
#[derive(Debug, Args)]
pub(super) struct JudgeArgs {
    /// Short id, like A-12
    id: AlertId,
    /// The last word counts
    verdict: Word,
    /// Why
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Word {
    Good,
    Bad,
}

/// Options of `alerts list`.
#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Only alerts raised since then: 24h, 30d, 2026-01-31
    #[arg(long, value_parser = parse_since, value_name = "TIME")]
    since: Option<Timestamp>,
    /// Only alerts of this alliance
    #[arg(long, value_name = "NAME")]
    alliance: Option<String>,
    /// Only alerts of this rule
    #[arg(long, value_name = "ID")]
    rule: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 50, value_name = "N")]
    limit: usize,
}

/// Runs a command below `alerts`.
pub(super) async fn alerts(
    common: &Common,
    command: AlertsCommand,
    screen: &mut Screen,
) -> anyhow::Result<ExitCode> {
    let access = match command {
        AlertsCommand::Judge(_) => Access::Write,
        _ => Access::Read,
    };
    let config = common.load_loosely()?;
    let store = common.open(&config, access)?;
    match command {
        AlertsCommand::Judge(args) => judge(&store, args, screen).await?,
        AlertsCommand::Export(args) => export::export(&store, &args, screen).await?,
        AlertsCommand::List(args) => {
            let roster = config.roster();
            let alliance = match &args.alliance {
                Some(asked) => Some(Names::new(&roster, Some(&store)).alliance(asked).await?),
                None => None,
            };
            let filter = AlertFilter {
                since: args.since,
                limit: args.limit,
                alliance,
                rule: args.rule,
                ..AlertFilter::default()
            };
            let rows = store.alerts(filter).await?;
            let mut columns = vec![
                ("id", "ID"),
                ("raised", "RAISED"),
                ("level", "LEVEL"),
                ("alliances", "ALLIANCE"),
                ("candidates", "CANDIDATES"),
                ("acts", "ACTS"),
                ("title", "TITLE"),
            ];
            if rows.iter().any(|row| row.mode == SHADOW) {
                columns.insert(3, ("mode", "MODE"));
            }
            if rows.iter().any(|row| !row.muted.is_empty()) {
                columns.insert(3, ("muted", "MUTED"));
            }
            list(screen, &rows, &columns, "no alerts yet")?;
        }
        AlertsCommand::Show { id } => {
            let Some(detail) = store.alert(id).await? else {
                return Err(unknown(id));
            };
            if screen.json() {
                screen.object(&detail)?;
                return Ok(ExitCode::SUCCESS);
            }
            let alert = &detail.alert;
            let finding = Finding {
                matched: Some(alert.matched.clone()),
                masked: alert.matched.masked.clone(),
                ..Finding::default()
            };
            let context = Context { level: Some(alert.level), ..Context::default() };
            screen.line(format!("{id}   {}   {}", alert.story, alert.kind.as_str()))?;
            explain(screen, &alert.item, &finding, context)?;
            let url = alert.item.url.as_deref().unwrap_or("no link");
            // The blanks of the label are our own; those of a text from outside are taken together.
            let row = |label: &str, text: &str| format!("{label:<6} {}", clean(text));
            screen.line(row("item", &format!("{} · {url}", alert.item.feed)))?;
            screen.line(format!(
                "dates  published {}, raised {}",
                alert.item.published.map_or_else(|| "unknown".to_owned(), short_time),
                short_time(alert.raised)
            ))?;
            if !alert.muted.is_empty() {
                screen.line(format!("muted  {}", alert.muted.join(", ")))?;
            }
            for before in &alert.before {
                let told = format!("{} {} {}", before.candidate, before.act, before.title);
                screen.line(row("before", &format!("{} {told}", short_time(before.since))))?;
            }
            for copy in &detail.also_in {
                let how = if copy.copy { " (same text)" } else { "" };
                screen.line(row("also", &format!("{} · {}{how}", copy.feed, copy.title)))?;
            }
            if let Some(said) = &detail.judgement {
                let note = said.note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
                let at = short_time(said.at);
                screen.line(row("judged", &format!("{}, {at}{note}", said.verdict.as_str())))?;
            }
            for message in &detail.messages {
                screen.line(format!(
                    "sent   {} · {} · {}",
                    message.sink, message.state, message.id
                ))?;
            }
            if alert.matched.shadow {
                screen.line("sent   to nobody: its rules or its feed have mode = \"shadow\"")?;
            } else if detail.messages.is_empty() && !alert.muted.is_empty() {
                let muted = clean(&alert.muted.join(", "));
                screen.line(format!("sent   to nobody: {muted} was muted"))?;
            } else if detail.messages.is_empty() {
                screen.line("sent   to nobody: no sink's routing wanted it")?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn unknown(id: AlertId) -> anyhow::Error {
    anyhow::anyhow!("there is no alert {id}\n`pactwatch alerts list` shows those there are")
}

async fn judge(store: &Store, args: JudgeArgs, screen: &mut Screen) -> anyhow::Result<()> {
    let JudgeArgs { id, verdict, note } = args;
    let verdict = match verdict {
        Word::Good => Verdict::Good,
        Word::Bad => Verdict::Bad,
    };
    let note = note.map(|note| clean(&note)).filter(|note| !note.trim().is_empty());
    let said = Judgement { verdict, note, at: Timestamp::now() };
    if !store.judge(id, said.clone()).await? {
        return Err(unknown(id));
    }
    if screen.json() {
        screen.object(&json!({"alert": id, "judgement": said}))?;
        return Ok(());
    }
    screen.line(format!("{id} is judged {}", verdict.as_str()))?;
    if verdict == Verdict::Bad {
        screen.line(
            "to keep it from coming again: `pactwatch why` its address, and the lines to paste",
        )?;
    }
    Ok(())
}
