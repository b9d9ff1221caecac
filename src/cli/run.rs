//! `run` and `once`.

use std::process::ExitCode;

use clap::Args;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{Common, FAILED, Screen, refused_by};
use crate::daemon::{self, Which};

/// Options of `once`.
#[derive(Debug, Args)]
pub(super) struct OnceArgs {
    /// Poll every feed, due or not
    #[arg(long)]
    all: bool,
}

/// The daemon, until SIGTERM or Ctrl-C.
pub(super) async fn run(common: &Common) -> anyhow::Result<ExitCode> {
    let stop = stop_signal();
    let (config, report) = common.load_with_report()?;
    for line in report.lines() {
        tracing::warn!("{line}");
    }
    match daemon::run(config, common.config.clone(), stop).await {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) => Err(refused_by(report, error)),
    }
}

/// One round, for cron.
pub(super) async fn once(
    common: &Common,
    args: &OnceArgs,
    screen: &mut Screen,
) -> anyhow::Result<ExitCode> {
    let signal = stop_signal();
    let (config, report) = common.load_with_report()?;
    let stop = CancellationToken::new();
    let which = if args.all { Which::All } else { Which::Due };
    let work = daemon::once(&config, which, stop.clone());
    tokio::pin!(work);
    let round = tokio::select! {
        round = &mut work => round,
        _ = signal => {
            stop.cancel();
            work.await
        }
    };
    let round = round.map_err(|error| refused_by(report, error))?;
    let (polls, sends) = (round.polls, round.sends);
    if screen.json() {
        screen.object(&json!({
            "polled": polls.polled, "unchanged": polls.unchanged, "failed": polls.failed,
            "delivered": sends.delivered, "attempts_failed": sends.failed, "waiting": sends.waiting,
        }))?;
    } else {
        screen.line(format!(
            "{} feeds polled: {} unchanged, {} failed · {} delivered, {} failed, {} still waiting",
            polls.polled,
            polls.unchanged,
            polls.failed,
            sends.delivered,
            sends.failed,
            sends.waiting
        ))?;
    }
    let bad = polls.failed > 0 || sends.failed > 0;
    Ok(if bad { ExitCode::from(FAILED) } else { ExitCode::SUCCESS })
}

/// Resolves on SIGTERM or Ctrl-C, with the reason. Both are heard from the call on, not from the first
/// poll: a stop during the start is a clean one too.
pub(super) fn stop_signal() -> impl Future<Output = &'static str> {
    #[cfg(unix)]
    let mut signals = {
        use tokio::signal::unix::{SignalKind, signal};
        [SignalKind::terminate(), SignalKind::interrupt()].map(|kind| signal(kind).ok())
    };
    async move {
        #[cfg(unix)]
        {
            if let [Some(term), Some(interrupt)] = &mut signals {
                return tokio::select! {
                    _ = term.recv() => "SIGTERM",
                    _ = interrupt.recv() => "Ctrl-C",
                };
            }
        }
        if tokio::signal::ctrl_c().await.is_err() {
            // Nothing can be heard: run until killed, which loses nothing.
            std::future::pending::<()>().await;
        }
        "Ctrl-C"
    }
}
