//! The whole pipeline without network or config: a loopback news site, a loopback receiver, and the
//! report that a stranger reads.
//!
//! `stories` is what the site tells, `site` serves it, `receiver` takes what is sent, `stage` runs
//! the real stations between them, `telling` reads what they left in the database, `picture` prints.
//! None of them knows the rules or decides anything: what the report says is what the pipeline made
//! of what it was served.

mod picture;
mod receiver;
mod server;
mod site;
mod stage;
mod stories;
mod telling;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use clap::Args;

use self::picture::{Look, lines};
use super::Screen;
use super::run::stop_signal;

/// The demo takes about five seconds; what takes longer than this hangs.
const PATIENCE: Duration = Duration::from_secs(28);

/// Options of `demo`.
#[derive(Debug, Args)]
pub(super) struct DemoArgs {}

/// Plays the demo and prints its report. Whatever ends it, its folder goes with it.
pub(super) async fn demo(_args: &DemoArgs, screen: &mut Screen) -> anyhow::Result<ExitCode> {
    let report = tokio::select! {
        report = stage::play() => report?,
        why = stop_signal() => bail!("the demo was stopped by {why}"),
        () = tokio::time::sleep(PATIENCE) => {
            bail!("the demo was not done after {} s", PATIENCE.as_secs())
        }
    };
    let look = Look { colour: screen.colour(), width: screen.width() };
    for line in lines(&report, look) {
        screen.line(line)?;
    }
    Ok(ExitCode::SUCCESS)
}
