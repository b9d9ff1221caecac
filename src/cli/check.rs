//! `check`: everything that is wrong, in one report; online, what cannot be reached as well.

use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::progress::Progress;
use super::screen::{BAD, GOOD};
use super::{BAD_CONFIG, Common, Screen, refusal};
use crate::config::{self, Config};
use crate::daemon::{self, Tried, Unusable};
use crate::setting::{Diagnostic, Severity};
use crate::store::{Access, Store, StoreError};
use crate::text::clean;

/// Config, rules with their examples, secrets, database.
pub(super) async fn check(
    common: &Common,
    online: bool,
    screen: &mut Screen,
) -> anyhow::Result<ExitCode> {
    let (config, mut report) = config::read(common.config.as_deref());
    let Some(config) = config else {
        if !screen.json() {
            return Err(refusal(&report));
        }
        // The same keys; what could not be read is null.
        let file = report.files().next().or(common.config.as_deref());
        screen.object(&json!({
            "config": file, "feeds": null, "rules": null, "examples": null, "sinks": null,
            "database": null, "errors": report.lines_of(Severity::Error),
            "warnings": report.lines_of(Severity::Warning), "rule_ids": null, "online": null,
        }))?;
        return Ok(ExitCode::from(BAD_CONFIG));
    };
    // Whatever can be tried of it is, so that one reading tells all.
    match daemon::equip(&config) {
        Ok(equipment) => report.add(equipment.idle),
        Err(Unusable(mistakes)) => report.add(mistakes),
    }
    let database = match config.sure_of_database() {
        true => database_state(&config.database).await,
        false => Ok(String::new()),
    };
    let database = match database {
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
    let ids: Vec<String> = config.rules.rules().map(|rule| rule.id.to_string()).collect();
    let rules = ids.len();
    let refused = report.errors() > 0;
    let tried = match online && !refused {
        true => Some(tried(&config).await?),
        false => None,
    };
    let failed = tried.iter().flatten().any(|one| one.said.is_err());
    if screen.json() {
        let rows = tried.map(|all| all.iter().map(row).collect::<Vec<_>>());
        // Of a config with mistakes it is not said how much there is: some of it was not read.
        let read = |value: Value| if config.whole { value } else { Value::Null };
        screen.object(&json!({
            "config": config.path, "feeds": read(config.feeds.len().into()),
            "rules": read(rules.into()), "examples": read(examples.into()),
            "sinks": read(config.sinks.len().into()), "database": read(json!(config.database)),
            "errors": report.lines_of(Severity::Error),
            "warnings": report.lines_of(Severity::Warning), "rule_ids": read(json!(ids)), "online": rows,
        }))?;
        return Ok(match (refused, failed) {
            (true, _) => ExitCode::from(BAD_CONFIG),
            (_, true) => ExitCode::FAILURE,
            _ => ExitCode::SUCCESS,
        });
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
    for line in wrapped(&ids, NAMES_WIDTH) {
        screen.line(format!("          {line}"))?;
    }
    let sinks: Vec<String> = config.sinks.iter().map(|sink| sink.name.to_string()).collect();
    screen.line(format!("sinks     {}", sinks.join(", ")))?;
    screen.line(format!("database  {} ({database})", config.database.display()))?;
    if let Some(tried) = &tried {
        show(tried, screen)?;
    }
    if failed {
        return Ok(ExitCode::FAILURE);
    }
    let verdict = screen.styled(GOOD, "ok");
    screen.line(verdict)?;
    Ok(ExitCode::SUCCESS)
}

/// Tries feeds and sinks, with a count on a terminal.
async fn tried(config: &Config) -> anyhow::Result<Vec<Tried>> {
    let all = (config.feeds.len() + config.sinks.len()) as u64;
    let mut progress = Progress::new("trying", all);
    daemon::trial(config, |_| progress.step(1)).await
}

/// One trial as `--json` shows it.
fn row(one: &Tried) -> Value {
    let (ok, said) = match &one.said {
        Ok(said) => (true, said),
        Err(why) => (false, why),
    };
    json!({"what": one.what, "name": one.name, "ok": ok, "said": said})
}

/// What was tried: what is well counted or in a line, what is not with its cure.
fn show(tried: &[Tried], screen: &mut Screen) -> std::io::Result<()> {
    let feeds = || tried.iter().filter(|one| one.what == "feed");
    let well = feeds().filter(|one| one.said.is_ok()).count();
    screen.line(format!("online    {well} of {} feeds were read", feeds().count()))?;
    for one in tried {
        let (mark, said) = match &one.said {
            Ok(_) if one.what == "feed" => continue,
            Ok(said) => (String::new(), said),
            Err(why) => (screen.styled(BAD, "trouble "), why),
        };
        let mut lines = said.lines();
        let first = lines.next().unwrap_or_default();
        screen.line(format!(
            "          {mark}{} `{}`: {}",
            one.what,
            clean(&one.name),
            clean(first)
        ))?;
        for line in lines {
            screen.line(format!("            {}", clean(line)))?;
        }
    }
    Ok(())
}

/// Columns for names beside the heads of the report, on a terminal of 80.
const NAMES_WIDTH: usize = 70;

/// Names with commas between them, in lines of at most this width where a name is not wider itself.
fn wrapped(names: &[String], width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let comma = if index + 1 < names.len() { "," } else { "" };
        match lines.last_mut() {
            Some(line) if line.len() + 1 + name.len() + comma.len() <= width => {
                line.push_str(&format!(" {name}{comma}"));
            }
            _ => lines.push(format!("{name}{comma}")),
        }
    }
    lines
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
