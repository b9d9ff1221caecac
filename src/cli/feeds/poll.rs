//! `feeds poll`: one feed at once, be it retired.
//!
//! Where a daemon runs on the database it is asked to; else the poll is made here, as `once` makes it.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use clap::Args;
use jiff::Timestamp;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::super::run::stop_signal;
use super::super::screen::{BAD, GOOD};
use super::super::{Common, FAILED, Screen, refused_by};
use super::counted;
use crate::config::Config;
use crate::daemon::{self, Which};
use crate::model::FeedName;
use crate::report::short_time;
use crate::setting::nearest;
use crate::store::{Access, FeedRow, Lock, Store};

/// How often it is looked whether the daemon has done it.
const LOOK: Duration = Duration::from_millis(200);
/// How long the daemon may take to hear of it and to write down what came, beside the poll itself.
const HEARING: Duration = Duration::from_secs(20);

/// Options of `feeds poll`.
#[derive(Debug, Args)]
pub(in super::super) struct PollArgs {
    /// The feed's name
    name: String,
}

/// Polls it, and prints what came of it.
pub(super) async fn poll(
    common: &Common,
    args: &PollArgs,
    screen: &mut Screen,
) -> anyhow::Result<ExitCode> {
    let signal = stop_signal();
    let (config, report) = common.load_with_report()?;
    let name = named(&config, &args.name)?;
    // Before anything else: the secrets may be for the daemon's eyes alone.
    let held = Lock::look(&config.database).is_some_and(|holder| holder.here);
    let row = match held {
        true => ask_the_daemon(common, &config, &name).await?,
        false => {
            let stop = CancellationToken::new();
            let work = daemon::once(&config, Which::One(name.clone()), stop.clone());
            tokio::pin!(work);
            let done = tokio::select! {
                done = &mut work => done,
                _ = signal => {
                    stop.cancel();
                    work.await
                }
            };
            done.map_err(|error| refused_by(report, error))?;
            row(&common.open(&config, Access::Read)?, &name).await?
        }
    };
    let Some(row) = row else { bail!("the poll of `{name}` was cut short") };
    let well = row.failures == 0 && row.last_error.is_none();
    if screen.json() {
        screen.object(&json!({
            "name": row.name, "state": row.state, "last_success": row.last_success,
            "next_due": row.next_due, "failures": row.failures, "items": row.items,
            "entries": row.entries, "last_error": row.last_error, "faults": row.faults,
        }))?;
    } else {
        let line = match (&row.last_error, well) {
            (Some(why), false) => screen.styled(BAD, format!("{name} is {}: {why}", row.state)),
            _ => {
                let entries = counted(row.entries);
                let text = format!("{name} answers: {entries}, {} stored", row.items);
                screen.styled(GOOD, text)
            }
        };
        screen.line(line)?;
        for fault in &row.faults {
            screen.line(format!("repaired  {fault}"))?;
        }
        let next = row.next_due.map_or_else(|| "never".to_owned(), short_time);
        screen.line(format!("next poll {next}"))?;
    }
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}

/// Leaves word for the daemon, and waits until it has polled.
async fn ask_the_daemon(
    common: &Common,
    config: &Config,
    name: &FeedName,
) -> anyhow::Result<Option<FeedRow>> {
    let store = common.open(config, Access::Write)?;
    let before = row(&store, name).await?.and_then(|row| row.last_poll);
    store.want_feed(name.clone(), Timestamp::now()).await?;
    let polled = async {
        loop {
            let now = row(&store, name).await?;
            if now.as_ref().and_then(|row| row.last_poll) != before {
                return anyhow::Ok(now);
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    let patience = config.poll.timeout + HEARING;
    let Ok(came) = tokio::time::timeout(patience, polled).await else {
        bail!(
            "the daemon has not polled `{name}` yet\n`pactwatch feeds list` shows when it has; its log \
             may say what holds it up"
        );
    };
    let came = came?;
    store.close().await;
    Ok(came)
}

async fn row(store: &Store, name: &FeedName) -> anyhow::Result<Option<FeedRow>> {
    Ok(store.feeds().await?.into_iter().find(|row| row.name == name.as_str()))
}

/// The feed of the config by its name.
fn named(config: &Config, name: &str) -> anyhow::Result<FeedName> {
    let names = || config.feeds.iter().map(|feed| feed.name.as_str());
    let found = config.feeds.iter().find(|feed| feed.name.as_str() == name);
    found.map(|feed| feed.name.clone()).ok_or_else(|| {
        let help = nearest(name, names())
            .map_or_else(String::new, |near| format!("\ndid you mean `{near}`?"));
        anyhow::anyhow!("there is no feed `{name}` in the config{help}")
    })
}
