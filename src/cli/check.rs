//! `check`: everything that is wrong, in one report.

use std::process::ExitCode;

use anyhow::Context;
use serde_json::json;

use super::screen::{BAD, GOOD};
use super::{BAD_CONFIG, Common, FAILED, Screen, refusal};
use crate::store::{Access, Store};
use crate::{config, daemon};

/// Config, rules with their examples, secrets, database.
pub(super) async fn check(common: &Common, screen: &mut Screen) -> anyhow::Result<ExitCode> {
    let (config, report) =
        config::load(common.config.as_deref()).map_err(|report| refusal(&report))?;
    let mut mistakes = Vec::new();
    let workshop = daemon::workshop(&config);
    for sink in &config.sinks {
        if let Err(error) = sink.build(&workshop) {
            mistakes.push(format!("sink `{}`: failed to {error}", sink.name));
        }
    }
    let database = match config.database.exists() {
        false => "not there yet; `run` or `once` will create it".to_owned(),
        true => match database_state(&config.database).await {
            Ok(state) => state,
            Err(error) => {
                mistakes.push(format!("database: {error:#}"));
                "cannot be used".to_owned()
            }
        },
    };
    let examples: usize = config.rules.rules().map(|rule| rule.examples).sum();
    let rules = config.rules.rules().count();
    if screen.json() {
        screen.object(&json!({
            "config": config.path, "feeds": config.feeds.len(), "rules": rules,
            "examples": examples, "sinks": config.sinks.len(), "database": config.database,
            "errors": mistakes, "warnings": report.lines(),
        }))?;
    } else {
        if report.warnings() > 0 {
            let text = report.render(screen.colour());
            screen.line(text)?;
            screen.line("")?;
        }
        let files: Vec<String> = report.files().map(|file| file.display().to_string()).collect();
        screen.line(format!("config    {}", files.join(", ")))?;
        screen.line(format!("feeds     {}", config.feeds.len()))?;
        screen.line(format!("rules     {rules}, all {examples} examples hold"))?;
        let sinks: Vec<String> = config.sinks.iter().map(|sink| sink.name.to_string()).collect();
        screen.line(format!("sinks     {}", sinks.join(", ")))?;
        screen.line(format!("database  {} ({database})", config.database.display()))?;
        for mistake in &mistakes {
            let text = screen.styled(BAD, format!("error: {mistake}"));
            screen.line(text)?;
        }
        let verdict = match mistakes.is_empty() {
            true => screen.styled(GOOD, "ok"),
            false => screen.styled(BAD, "refused"),
        };
        screen.line(verdict)?;
    }
    let secrets_or_database = !mistakes.is_empty();
    Ok(if secrets_or_database { ExitCode::from(BAD_CONFIG.max(FAILED)) } else { ExitCode::SUCCESS })
}

async fn database_state(path: &std::path::Path) -> anyhow::Result<String> {
    let store = Store::open(path, Access::Read)
        .with_context(|| format!("failed to open `{}`", path.display()))?;
    let stats = store.stats().await.context("failed to read it")?;
    Ok(format!("{} items", stats.items))
}
