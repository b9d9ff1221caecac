//! `sinks`: the receivers.

use std::process::ExitCode;
use std::time::Instant;

use clap::Subcommand;
use jiff::Timestamp;
use serde_json::json;

use super::listing::list;
use super::screen::{BAD, GOOD};
use super::{Common, FAILED, Screen, refusal};
use crate::config::Config;
use crate::daemon;
use crate::model::{MessageId, Outcome};
use crate::setting::nearest;
use crate::sink::SinkConfig;
use crate::sink::contract::{Letter, Parcel, Stationery};
use crate::store::{Access, SinkState};

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
    let (config, mut report) = common.load_with_report()?;
    match command {
        SinksCommand::List => {
            let rows: Vec<_> = config
                .sinks
                .iter()
                .map(|sink| {
                    json!({
                        "name": sink.name, "type": sink.kind(), "rules": sink.route.rules,
                        "min_level": sink.route.min_level,
                    })
                })
                .collect();
            let columns = [
                ("name", "NAME"),
                ("type", "TYPE"),
                ("rules", "RULES"),
                ("min_level", "FROM LEVEL"),
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
        SinksCommand::Test { name } => {
            let sink = named(&config, &name)?;
            let outlet = daemon::outlet(&config, sink).map_err(|mistake| {
                report.add([mistake]);
                refusal(&report)
            })?;
            let stationery = Stationery {
                timezone: config.timezone.clone(),
                public_url: config.web.public_url.clone(),
                now: Timestamp::now(),
            };
            let sealed = outlet.sink.render(&Letter::Ping, &stationery);
            // Each test is a message of its own.
            let id = MessageId::new(format!("msg_test_{}", stationery.now.as_millisecond()));
            let begun = Instant::now();
            let timeout = config.delivery.timeout;
            let answer = outlet.sink.send(Parcel { id: &id, sealed: &sealed, timeout }).await;
            let accepted = matches!(answer.outcome, Outcome::Delivered { .. });
            if screen.json() {
                screen.object(&json!({
                    "sink": name, "accepted": accepted, "status": answer.status,
                    "means": accepted.then(|| outlet.sink.acceptance()),
                    "error": answer.error, "answer": answer.body,
                }))?;
            } else {
                let status = answer.status.map(|code| format!(" with {code}")).unwrap_or_default();
                let took = begun.elapsed().as_millis();
                let text = match accepted {
                    true => screen.styled(GOOD, format!("accepted{status} after {took} ms")),
                    false => {
                        let why = answer.error.unwrap_or_else(|| "no reason given".to_owned());
                        screen.styled(BAD, format!("not accepted{status}: {why}"))
                    }
                };
                screen.line(text)?;
                if accepted {
                    screen.line(format!("which means: {}", outlet.sink.acceptance()))?;
                }
                if !answer.body.is_empty() {
                    screen.line(format!("it answered: {}", answer.body))?;
                }
            }
            Ok(if accepted { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
        }
    }
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
