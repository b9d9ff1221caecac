//! Where log lines go, and in which form.
//!
//! Fields that are searched by: `feed.id`, `story.id`, `alert.id`, `rule.id`, `sink.id`,
//! `delivery.id`, `duration_ms`. error = act, warn = degraded, info = few and high-level,
//! debug = decisions with reasons.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// The form of log lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// Lines for people; without time and colour where systemd's journal adds its own.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Starts logging to stderr. `filter` is a level or a `tracing` filter (`info`,
/// `pactwatch::deliver=debug`); one that cannot be read falls back to `info`.
pub fn start(format: LogFormat, filter: &str) {
    let chosen = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let journal = std::env::var_os("JOURNAL_STREAM").is_some();
    let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let base = tracing_subscriber::fmt()
        .with_env_filter(chosen)
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(colour && !journal);
    // Failing means that a subscriber is set already, as in tests: then that one stays.
    let outcome = match (format, journal) {
        (LogFormat::Json, _) => base.json().flatten_event(true).try_init(),
        (LogFormat::Text, true) => base.without_time().try_init(),
        (LogFormat::Text, false) => base.try_init(),
    };
    if outcome.is_err() {
        tracing::debug!("logging was started before");
    }
}
