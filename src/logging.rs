//! Where log lines go, and in which form.
//!
//! Fields that are searched by: `feed.id`, `story.id`, `alert.id`, `rule.id`, `sink.id`,
//! `delivery.id`, `duration_ms`. error = act, warn = degraded, info = few and high-level,
//! debug = decisions with reasons.

use std::fmt::{Debug, Write as _};
use std::io::IsTerminal;

use tracing::field::Field;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::fmt::format::{Writer, debug_fn};

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
    let fields = || debug_fn(one_line).delimited(" ");
    let outcome = match (format, journal) {
        (LogFormat::Json, _) => base.json().flatten_event(true).try_init(),
        (LogFormat::Text, true) => base.fmt_fields(fields()).without_time().try_init(),
        (LogFormat::Text, false) => base.fmt_fields(fields()).try_init(),
    };
    if outcome.is_err() {
        tracing::debug!("logging was started before");
    }
}

/// Writes a field within the line of its event: a cure that stands on a line of its own follows after
/// `;`, and nothing steers a terminal.
fn one_line(out: &mut Writer<'_>, field: &Field, value: &dyn Debug) -> std::fmt::Result {
    if field.name() != "message" {
        write!(out, "{}=", field.name())?;
    }
    let mut text = String::new();
    write!(text, "{value:?}")?;
    for (index, line) in text.lines().map(str::trim).filter(|line| !line.is_empty()).enumerate() {
        if index > 0 {
            out.write_str("; ")?;
        }
        for c in line.chars() {
            match c.is_control() {
                true => write!(out, "{}", c.escape_default())?,
                false => out.write_char(c)?,
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn an_event_is_one_line_with_its_fields() {
        let kept = Kept::default();
        let writer = kept.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .with_ansi(false)
            .without_time()
            .with_target(false)
            .fmt_fields(debug_fn(one_line).delimited(" "))
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            let why = "no room\nmake some";
            tracing::warn!(feed.id = %"a\u{1b}[31m", error = %why, "it failed: {why}");
        });
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        let line =
            " WARN it failed: no room; make some feed.id=a\\u{1b}[31m error=no room; make some\n";
        assert_eq!(text, line);
    }
}
