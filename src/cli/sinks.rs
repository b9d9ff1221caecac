//! `sinks`: the receivers.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context;
use clap::Subcommand;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::listing::list;
use super::screen::{BAD, DIM, GOOD};
use super::{Common, FAILED, Screen, refusal};
use crate::config::{Config, Report};
use crate::daemon;
use crate::model::{AlertId, MessageId, MessageKind, Outcome, SinkName};
use crate::report::{SinkLine, short_time, sink_lines};
use crate::setting::nearest;
use crate::sink::contract::{Letter, Parcel, Stationery};
use crate::sink::{Outlet, SinkConfig, sample};
use crate::store::{Access, Draft, SinkState};
use crate::text::{clean, clean_lines};

/// Commands below `sinks`.
#[derive(Debug, Subcommand)]
pub(super) enum SinksCommand {
    /// The receivers of the config
    List,
    /// Send a test message now, past the queue
    Test {
        /// The sink's name
        name: String,
    },
    /// Show the exact message that a sink would get, and send nothing
    Preview {
        /// The sink's name
        name: String,
        /// Of this alert, like A-12; by default of the newest, or of an example where there is none
        alert: Option<AlertId>,
    },
    /// Deliver to a disabled sink again: its queue was kept
    Enable {
        /// The sink's name
        name: String,
    },
    /// Deliver nothing to a sink until it is enabled; its queue is kept
    Disable {
        /// The sink's name
        name: String,
    },
}

/// Runs a command below `sinks`.
pub(super) async fn sinks(
    common: &Common,
    command: SinksCommand,
    screen: &mut Screen,
) -> anyhow::Result<ExitCode> {
    let (config, mut report) = match command {
        SinksCommand::Test { .. } | SinksCommand::Preview { .. } => common.load_with_report()?,
        _ => (common.load_loosely()?, Report::default()),
    };
    match command {
        SinksCommand::List => {
            // Before the first run there is no database, and nothing is disabled.
            let store = match config.database.exists() {
                true => Some(common.open(&config, Access::Read)?),
                false => None,
            };
            let lines = sink_lines(&config.roster(), store.as_ref(), Timestamp::now()).await?;
            let rows: Vec<_> =
                config.sinks.iter().zip(&lines).map(|(sink, line)| row(sink, line)).collect();
            let columns = [
                ("name", "NAME"),
                ("type", "TYPE"),
                ("stands", "STATE"),
                ("waiting", "WAITING"),
                ("min_level", "FROM LEVEL"),
                ("wants", "WANTS"),
            ];
            list(screen, &rows, &columns, "there are no sinks in the config")?;
            Ok(ExitCode::SUCCESS)
        }
        SinksCommand::Enable { name } => {
            let sink = &named(&config, &name)?.name;
            let store = common.open(&config, Access::Write)?;
            store.enable_sink(sink, Timestamp::now()).await?;
            store.close().await;
            screen.line(format!("{name} is enabled; what waited for it is due now"))?;
            Ok(ExitCode::SUCCESS)
        }
        SinksCommand::Disable { name } => {
            let why = "switched off by `pactwatch sinks disable`".to_owned();
            let sink = &named(&config, &name)?.name;
            let store = common.open(&config, Access::Write)?;
            let known = store.sink_state(sink).await?;
            // Since the first of several times: their messages' age stands still since then.
            let since = known.disabled.as_ref().map_or_else(Timestamp::now, |(since, _)| *since);
            let state = SinkState { disabled: Some((since, why)), ..known };
            store.set_sink_state(sink, state).await?;
            store.close().await;
            screen.line(format!("{name} is disabled; its queue is kept until `sinks enable`"))?;
            Ok(ExitCode::SUCCESS)
        }
        SinksCommand::Preview { name, alert } => {
            let outlet = ready(&config, named(&config, &name)?, &mut report)?;
            preview(common, &config, &outlet, alert, screen).await
        }
        SinksCommand::Test { name } => {
            let sink = named(&config, &name)?;
            let outlet = ready(&config, sink, &mut report)?;
            let stationery = stationery(&config);
            let sealed = outlet.sink.render(&Letter::Ping, &stationery).map_err(unmade)?;
            // Each test is a message of its own.
            let id = MessageId::new(format!("msg_test_{}", stationery.now.as_millisecond()));
            let begun = Instant::now();
            let timeout = config.delivery.timeout;
            let answer = outlet.sink.send(Parcel { id: &id, sealed: &sealed, timeout }).await;
            let accepted = matches!(answer.outcome, Outcome::Delivered { .. });
            if screen.json() {
                screen.object(&json!({
                    "sink": name, "accepted": accepted, "status": answer.status,
                    "means": accepted.then(|| outlet.sink.nature().acceptance),
                    "error": answer.error, "answer": answer.body,
                }))?;
            } else {
                let status = answer.status.map(|code| format!(" with {code}")).unwrap_or_default();
                let took = begun.elapsed().as_millis();
                let text = match accepted {
                    true => screen.styled(GOOD, format!("accepted{status} after {took} ms")),
                    false => {
                        let why = answer.error.as_deref().unwrap_or("no reason given");
                        screen.styled(BAD, format!("not accepted{status}: {why}"))
                    }
                };
                screen.line(text)?;
                if let Some(but) = answer.error.filter(|_| accepted) {
                    screen.line(screen.styled(BAD, but))?;
                }
                if accepted {
                    screen.line(format!("which means: {}", outlet.sink.nature().acceptance))?;
                }
                if !answer.body.is_empty() {
                    screen.line(format!("it answered: {}", answer.body))?;
                }
            }
            Ok(if accepted { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
        }
    }
}

/// A receiver as `sinks list` shows it.
fn row(sink: &SinkConfig, line: &SinkLine) -> Value {
    let route = &sink.route;
    let stands = match (line.state, line.until, line.since) {
        ("paused", Some(until), _) => format!("paused until {}", short_time(until)),
        ("disabled", _, Some(since)) => format!("disabled since {}", short_time(since)),
        (state, ..) => state.to_owned(),
    };
    let lists = [
        ("rules", &route.rules),
        ("alliances", &route.alliances),
        ("candidates", &route.candidates),
        ("languages", &route.languages),
        ("tags", &route.tags),
    ];
    let all = |key: &str, list: &[String]| match key {
        "rules" => list.iter().any(|rule| rule == "*"),
        _ => list.is_empty(),
    };
    let wants: Vec<String> = lists
        .iter()
        .filter(|(key, list)| !all(key, list))
        .map(|(key, list)| match list.is_empty() {
            true => format!("no {key}"),
            false => format!("{key} {}", list.join(", ")),
        })
        .collect();
    let wants = if wants.is_empty() { "everything".to_owned() } else { wants.join("; ") };
    json!({
        "name": sink.name, "type": sink.kind(), "rules": route.rules, "min_level": route.min_level,
        "alliances": route.alliances, "candidates": route.candidates,
        "languages": route.languages, "tags": route.tags, "state": line.state,
        "until": line.until, "since": line.since, "why": line.why, "waiting": line.waiting,
        "stands": stands, "wants": wants,
    })
}

/// The receiver at work, or what in its section keeps it from it.
fn ready(config: &Config, sink: &SinkConfig, report: &mut Report) -> anyhow::Result<Outlet> {
    daemon::outlet(config, sink).map_err(|mistake| {
        report.add([mistake]);
        refusal(report)
    })
}

/// What messages are rendered with now.
fn stationery(config: &Config) -> Stationery {
    Stationery {
        timezone: config.timezone.clone(),
        public_url: config.web.public_url.clone(),
        now: Timestamp::now(),
    }
}

/// The message of an alert for a sink, or of a made-up one where none is named and none was raised.
async fn draft(
    common: &Common,
    config: &Config,
    sink: &SinkName,
    alert: Option<AlertId>,
) -> anyhow::Result<Option<Draft>> {
    if alert.is_none() && !config.database.exists() {
        return Ok(None);
    }
    let store = common.open(config, Access::Read)?;
    let draft = store.draft(sink, alert).await?;
    store.close().await;
    match (draft, alert) {
        (None, Some(id)) => {
            anyhow::bail!("there is no alert {id}\n`pactwatch alerts list` shows those there are")
        }
        (draft, _) => Ok(draft),
    }
}

/// Shows what would be sent.
async fn preview(
    common: &Common,
    config: &Config,
    outlet: &Outlet,
    alert: Option<AlertId>,
    screen: &mut Screen,
) -> anyhow::Result<ExitCode> {
    let stationery = stationery(config);
    let found = draft(common, config, &outlet.name, alert).await?;
    let real = found.is_some();
    let Draft { alert, id, kind, state, sealed, mut views } = found.unwrap_or_else(|| {
        let view = sample(&outlet.name, stationery.now);
        Draft {
            alert: view.alert.id,
            id: MessageId::new("msg_example"),
            kind: MessageKind::Raised,
            state: None,
            sealed: None,
            views: vec![view],
        }
    });
    let sealed = match (sealed, kind) {
        (Some(sealed), _) => sealed,
        (None, MessageKind::Digest) => {
            outlet.sink.render(&Letter::Digest(views), &stationery).map_err(unmade)?
        }
        (None, _) => {
            let view = views.pop().context("the message carries no alert any more")?;
            outlet.sink.render(&Letter::Alert(Box::new(view)), &stationery).map_err(unmade)?
        }
    };
    let parcel = Parcel { id: &id, sealed: &sealed, timeout: config.delivery.timeout };
    let proof = outlet.sink.proof(parcel).map_err(|answer| {
        anyhow::anyhow!("{}", answer.error.unwrap_or_else(|| "it cannot be sent".to_owned()))
    })?;
    let body = String::from_utf8_lossy(&proof.body);
    if screen.json() {
        let headers: Map<String, Value> =
            proof.headers.into_iter().map(|(name, value)| (name, value.into())).collect();
        screen.object(&json!({
            "sink": outlet.name, "alert": real.then_some(alert), "message": id, "type": kind.as_str(),
            "state": state, "to": proof.to, "headers": headers, "body": body,
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let what = match real {
        true => alert.to_string(),
        false => "an example, for there is no alert yet".to_owned(),
    };
    let stands = state.unwrap_or_else(|| "not queued".to_owned());
    screen.line(
        screen.styled(DIM, format!("{what}: {}, {stands}; nothing was sent", kind.as_str())),
    )?;
    screen.line(clean_lines(&proof.to))?;
    for (name, value) in proof.headers {
        screen.line(clean(&format!("{name}: {value}")))?;
    }
    screen.line(format!("\n{}", clean_lines(&body)))?;
    Ok(ExitCode::SUCCESS)
}

fn unmade(why: String) -> anyhow::Error {
    anyhow::anyhow!("the message cannot be made: {why}")
}

/// The sink of the config by its name.
fn named<'c>(config: &'c Config, name: &str) -> anyhow::Result<&'c SinkConfig> {
    let names = || config.sinks.iter().map(|sink| sink.name.as_str());
    config.sinks.iter().find(|sink| sink.name.as_str() == name).ok_or_else(|| {
        let help = nearest(name, names())
            .map_or_else(String::new, |near| format!("\ndid you mean `{near}`?"));
        anyhow::anyhow!("there is no sink `{name}` in the config{help}")
    })
}
