//! `check`: everything that is wrong, in one report.

use std::path::Path;
use std::process::ExitCode;

use serde_json::json;

use super::screen::GOOD;
use super::{BAD_CONFIG, Common, Screen, refusal};
use crate::daemon::{self, Unusable};
use crate::setting::{Diagnostic, Severity};
use crate::store::{Access, Store, StoreError};

/// Config, rules with their examples, secrets, database.
pub(super) async fn check(common: &Common, screen: &mut Screen) -> anyhow::Result<ExitCode> {
    let (config, mut report) = common.load_with_report()?;
    if let Err(Unusable(mistakes)) = daemon::equip(&config) {
        report.add(mistakes);
    }
    let database = match database_state(&config.database).await {
        Ok(state) => state,
        Err(error) => {
            let error = error.to_string();
            let (what, cure) = error.split_once('\n').unwrap_or((&error, ""));
            let mistake = Diagnostic::error(
                None,
                format!("the database `{}`: failed to {what}", config.database.display()),
            );
            report.add([if cure.is_empty() { mistake } else { mistake.help(cure) }]);
            String::new()
        }
    };
    let examples: usize = config.rules.rules().map(|rule| rule.examples).sum();
    let rules = config.rules.rules().count();
    let refused = report.errors() > 0;
    if screen.json() {
        screen.object(&json!({
            "config": config.path, "feeds": config.feeds.len(), "rules": rules,
            "examples": examples, "sinks": config.sinks.len(), "database": config.database,
            "errors": report.lines_of(Severity::Error),
            "warnings": report.lines_of(Severity::Warning),
        }))?;
        return Ok(if refused { ExitCode::from(BAD_CONFIG) } else { ExitCode::SUCCESS });
    }
    if refused {
        return Err(refusal(&report));
    }
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
    let verdict = screen.styled(GOOD, "ok");
    screen.line(verdict)?;
    Ok(ExitCode::SUCCESS)
}

/// What there is to say of the database. One of an older version is no mistake: the next start
/// upgrades it.
async fn database_state(path: &Path) -> Result<String, StoreError> {
    if !path.exists() {
        return Ok("not there yet; `run` or `once` will create it".to_owned());
    }
    match Store::open(path, Access::Read) {
        Ok(store) => Ok(format!("{} items", store.stats().await?.items)),
        Err(StoreError::Older { found, known }) => {
            Ok(format!("format {found}; the next start upgrades it to {known} and keeps a copy"))
        }
        Err(error) => Err(error),
    }
}
