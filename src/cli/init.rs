//! `init`: a config to begin with.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use serde_json::json;

use super::{Common, Screen};
use crate::config::PLACES;

/// The config that is written: every key with its default and what it does, feeds, a console sink.
const STARTER: &str = include_str!("../../config/pactwatch.toml");

/// Writes it where the next command looks for it, or where `--config` says; never over another file.
pub(super) fn init(common: &Common, screen: &mut Screen) -> anyhow::Result<ExitCode> {
    let path = common.config.clone().unwrap_or_else(|| PathBuf::from(PLACES[0]));
    let shown = path.display();
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("failed to make the folder `{}`", folder.display()))?;
    }
    let mut file = match OpenOptions::new().write(true).create_new(true).open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            bail!("`{shown}` is there already and stays as it is\nname another: --config FILE");
        }
        Err(error) => return Err(error).with_context(|| format!("failed to write `{shown}`")),
    };
    file.write_all(STARTER.as_bytes()).with_context(|| format!("failed to write `{shown}`"))?;
    if screen.json() {
        screen.object(&json!({"config": path}))?;
        return Ok(ExitCode::SUCCESS);
    }
    let with = match common.config {
        Some(_) => format!(" --config {shown}"),
        None => String::new(),
    };
    screen.line(format!("wrote {shown}: feeds, the shipped rules, alerts on the terminal"))?;
    screen.line(format!("next: `pactwatch check{with}`, then `pactwatch{with}`"))?;
    Ok(ExitCode::SUCCESS)
}
