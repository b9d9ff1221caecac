//! `store`: the database, on a running daemon where that can be.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Subcommand;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::screen::{BAD, GOOD};
use super::{Common, FAILED, Screen};
use crate::config::Config;
use crate::report::short_time;
use crate::store::{Access, Lock, Retold, Rollback, Store};

/// Alerts that are named one by one before the rest is counted.
const NAMED: usize = 10;

/// Commands below `store`.
#[derive(Debug, Subcommand)]
pub(super) enum StoreCommand {
    /// Look for damage
    Check,
    /// How much there is of everything
    Stats,
    /// Take away what [history] does not keep, now, and give the space back
    Prune,
    /// Copy the database while the daemon runs
    Backup {
        /// A new file, or a folder that gets a copy with the time in its name
        target: PathBuf,
        /// In a folder: of the copies made so, keep the newest N
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
        keep: Option<u32>,
    },
    /// Put a copy in the place of the database; the daemon must be stopped
    Restore {
        /// The copy
        copy: PathBuf,
        /// Say what would be told again, and change nothing
        #[arg(long)]
        dry_run: bool,
    },
}

/// Runs a command below `store`.
pub(super) async fn store(
    common: &Common,
    command: StoreCommand,
    screen: &mut Screen,
) -> anyhow::Result<ExitCode> {
    let config = common.load_loosely()?;
    match command {
        StoreCommand::Check => check(&common.open(&config, Access::Read)?, screen).await,
        StoreCommand::Stats => stats(&common.open(&config, Access::Read)?, screen).await,
        StoreCommand::Prune => prune(&config, common.open(&config, Access::Write)?, screen).await,
        StoreCommand::Backup { target, keep } => {
            let store = common.open(&config, Access::Read)?;
            backup(&config, &store, target, keep, screen).await
        }
        StoreCommand::Restore { copy, dry_run } => restore(&config, &copy, dry_run, screen),
    }
}

async fn check(store: &Store, screen: &mut Screen) -> anyhow::Result<ExitCode> {
    let damage = store.check().await?;
    if screen.json() {
        screen.object(&json!({ "ok": damage.is_empty(), "damage": damage }))?;
    } else if damage.is_empty() {
        let text = screen.styled(GOOD, "no damage");
        screen.line(text)?;
    } else {
        for line in &damage {
            let text = screen.styled(BAD, line);
            screen.line(text)?;
        }
        screen.line("go back to a copy with `pactwatch store restore FILE`")?;
    }
    Ok(if damage.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}

async fn stats(store: &Store, screen: &mut Screen) -> anyhow::Result<ExitCode> {
    let stats = store.stats().await?;
    if screen.json() {
        screen.object(&stats)?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Value::Object(map) = serde_json::to_value(&stats)? {
        for (name, value) in map {
            let name = name.replace('_', " ");
            let value = match value {
                Value::Null => "–".to_owned(),
                Value::String(text) => text,
                other => other.to_string(),
            };
            screen.line(format!("{name:<12} {value}"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn prune(config: &Config, store: Store, screen: &mut Screen) -> anyhow::Result<ExitCode> {
    let size = |stats: &crate::store::Stats| stats.bytes + stats.log_bytes;
    let before = size(&store.stats().await?);
    let rows = store.prune(Timestamp::now(), config.history.clone()).await?;
    let after = size(&store.stats().await?);
    store.close().await;
    if screen.json() {
        screen.object(&json!({ "rows": rows, "bytes_before": before, "bytes_after": after }))?;
    } else {
        screen.line(format!(
            "{rows} rows taken away; the database has {} now, {} before",
            megabytes(after),
            megabytes(before)
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

async fn backup(
    config: &Config,
    store: &Store,
    target: PathBuf,
    keep: Option<u32>,
    screen: &mut Screen,
) -> anyhow::Result<ExitCode> {
    let (copy, gone) = if target.is_dir() {
        let keep = keep.map_or(usize::MAX, |keep| keep as usize);
        store.backup_into(&target, &config.database, keep, Timestamp::now()).await?
    } else if keep.is_some() {
        anyhow::bail!(
            "--keep counts the copies in a folder, and `{}` is none\nmake the folder first, or leave --keep out",
            target.display()
        );
    } else {
        store.backup(target.clone()).await?;
        (target, Vec::new())
    };
    let bytes = std::fs::metadata(&copy).map_or(0, |file| file.len());
    if screen.json() {
        screen.object(&json!({ "copy": copy, "bytes": bytes, "removed": gone }))?;
        return Ok(ExitCode::SUCCESS);
    }
    screen.line(format!("copied and read through: {} ({})", copy.display(), megabytes(bytes)))?;
    for old in gone {
        screen.line(format!("taken away: {}", old.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn restore(
    config: &Config,
    copy: &Path,
    dry_run: bool,
    screen: &mut Screen,
) -> anyhow::Result<ExitCode> {
    let database = &config.database;
    if !copy.is_file() {
        anyhow::bail!(
            "there is no copy `{}`\nname a file that `pactwatch store backup` made; the timer keeps its own in \
             /var/lib/pactwatch/backups",
            copy.display()
        );
    }
    let failed = || format!("failed to restore from `{}`", copy.display());
    // Held to the end, so that no daemon starts in between.
    let lock = match dry_run {
        true => None,
        false => Some(Lock::take(database).with_context(failed)?),
    };
    let rollback = match database.exists() {
        true => Store::rollback(copy, database).with_context(failed)?,
        false => Rollback::default(),
    };
    let kept = match &lock {
        Some(lock) => Store::restore(lock, copy, database).with_context(failed)?,
        None => None,
    };
    if screen.json() {
        screen.object(&json!({
            "restored": !dry_run, "kept": kept, "compared": rollback.compared,
            "forgotten": rollback.forgotten, "waiting": rollback.waiting,
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    if !dry_run {
        screen.line(format!("restored: {}", copy.display()))?;
    }
    if let Some(kept) = kept {
        screen.line(format!("what was there is kept: {}", kept.display()))?;
    }
    told_again(&rollback, database.exists() && !rollback.compared, screen)?;
    Ok(ExitCode::SUCCESS)
}

/// What comes a second time after going back.
fn told_again(rollback: &Rollback, damaged: bool, screen: &mut Screen) -> anyhow::Result<()> {
    if damaged {
        screen.line(
            "The database cannot be read through, so it is not known what comes again.\n\
             Message ids stay the same: a receiver that keeps them sees what it knows.",
        )?;
        return Ok(());
    }
    if rollback.forgotten.is_empty() && rollback.waiting.is_empty() {
        screen.line("nothing that was sent comes again")?;
    }
    let parts = [
        ("sent since, and sent again if a feed still shows it:", &rollback.forgotten),
        ("waits in the copy, though it was sent since; sent again:", &rollback.waiting),
    ];
    for (what, list) in parts.into_iter().filter(|(_, list)| !list.is_empty()) {
        screen.line(what)?;
        for Retold { id, sink, raised, title } in list.iter().take(NAMED) {
            screen.fitted(&format!("  {id}  {}  to {sink}  {title}", short_time(*raised)))?;
        }
        if list.len() > NAMED {
            screen.line(format!("  and {} more", list.len() - NAMED))?;
        }
    }
    Ok(())
}
