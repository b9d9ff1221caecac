//! `store`: the database.

use std::process::ExitCode;

use clap::Subcommand;

use super::screen::{BAD, GOOD};
use super::{Common, FAILED, Screen};
use crate::store::Access;

/// Commands below `store`.
#[derive(Debug, Subcommand)]
pub(super) enum StoreCommand {
    /// Look for damage
    Check,
    /// How much there is of everything
    Stats,
}

/// Runs a command below `store`.
pub(super) async fn store(
    common: &Common,
    command: StoreCommand,
    screen: &mut Screen,
) -> anyhow::Result<ExitCode> {
    let config = common.load()?;
    let store = common.open(&config, Access::Read)?;
    match command {
        StoreCommand::Check => {
            let damage = store.check().await?;
            if screen.json() {
                screen.object(&serde_json::json!({ "ok": damage.is_empty(), "damage": damage }))?;
            } else if damage.is_empty() {
                let text = screen.styled(GOOD, "no damage");
                screen.line(text)?;
            } else {
                for line in &damage {
                    let text = screen.styled(BAD, line);
                    screen.line(text)?;
                }
            }
            Ok(if damage.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
        }
        StoreCommand::Stats => {
            let stats = store.stats().await?;
            if screen.json() {
                screen.object(&stats)?;
            } else if let serde_json::Value::Object(map) = serde_json::to_value(&stats)? {
                for (name, value) in map {
                    screen.line(format!("{name:<12} {value}"))?;
                }
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}
