//! When a sink may be told: quiet hours, a wait for what belongs together, digests, the most an hour.
//!
//! Here is what the config says; what a message waits for is worked out in `deliver`.

use std::time::Duration;

use jiff::civil::Time;

use crate::setting::{Diagnostic, Table, parse_duration, parse_time};

/// Longest wait for a digest: older news is none.
const LONGEST_DIGEST: Duration = Duration::from_secs(24 * 3600);
/// Longest wait for more of the same.
const LONGEST_GROUP: Duration = Duration::from_secs(3600);
/// The keys, as errors name them.
const KEYS: [&str; 4] = ["quiet", "group_wait", "digest", "max_per_hour"];

/// When a sink may be told. Times of day are those of the config's `timezone`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pace {
    /// Nothing is sent within; what came goes as a digest at their end.
    pub quiet: Option<Quiet>,
    /// How long the first alert waits for others, which then go as one; zero for not at all.
    pub group_wait: Duration,
    /// Alerts go as digests only.
    pub digest: Option<Rhythm>,
    /// Most messages in any hour; 0 for no bound. What is more waits and goes as a digest.
    pub max_per_hour: usize,
}

/// Hours in which nothing is sent; past midnight where they end earlier than they begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quiet {
    /// Their beginning.
    pub from: Time,
    /// Their end, which is no part of them.
    pub until: Time,
}

/// When digests go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rhythm {
    /// So long after the first alert that waits.
    Every(Duration),
    /// Each day at that time.
    Daily(Time),
}

impl Pace {
    /// Reads the four keys. `digests` says whether the receiver can be told several at once; one
    /// that cannot has none of them.
    pub(super) fn read(table: &Table<'_>, digests: bool) -> Self {
        let mut pace = Self {
            quiet: quiet(table),
            group_wait: table.duration("group_wait").unwrap_or_default(),
            digest: digest(table),
            max_per_hour: table.integer("max_per_hour", 0, 10_000).unwrap_or(0) as usize,
        };
        if pace.group_wait > LONGEST_GROUP {
            table.problems().add(
                Diagnostic::error(table.at("group_wait"), "`group_wait` is longer than an hour")
                    .help("for digests over longer times write `digest = \"6h\"`"),
            );
            pace.group_wait = LONGEST_GROUP;
        }
        if pace.digest.is_some() && !pace.group_wait.is_zero() {
            table.problems().add(
                Diagnostic::error(
                    table.at("group_wait"),
                    "`group_wait` does nothing beside `digest`",
                )
                .help("take one of the two away"),
            );
        }
        for key in KEYS.into_iter().filter(|key| !digests && table.has(key)) {
            table.problems().add(
                Diagnostic::error(
                    table.at(key),
                    format!(
                        "`{key}` makes digests, and here each alert opens an incident of its own"
                    ),
                )
                .help(
                    "take the key away and let the service's own rules group and hold incidents, \
                     or name the key at another sink",
                ),
            );
        }
        pace
    }
}

fn quiet(table: &Table<'_>) -> Option<Quiet> {
    let (text, span) = table.string("quiet")?;
    let help = "write it like `22:00-07:00`, in the config's `timezone`";
    let ends = text
        .split_once('-')
        .and_then(|(from, until)| Some((parse_time(from)?, parse_time(until)?)));
    let Some((from, until)) = ends else {
        let error = Diagnostic::error(span, format!("`{text}` names no hours"));
        table.problems().add(error.help(help));
        return None;
    };
    if from == until {
        let error = Diagnostic::error(span, "these hours end where they begin");
        table.problems().add(
            error.help(format!("{help}; to send nothing at all, `pactwatch sinks disable NAME`")),
        );
        return None;
    }
    Some(Quiet { from, until })
}

fn digest(table: &Table<'_>) -> Option<Rhythm> {
    let (text, span) = table.string("digest")?;
    if let Some(time) = parse_time(&text) {
        return Some(Rhythm::Daily(time));
    }
    match parse_duration(&text) {
        Ok(every) if !every.is_zero() && every <= LONGEST_DIGEST => Some(Rhythm::Every(every)),
        _ => {
            let error = Diagnostic::error(span, format!("there is no digest each `{text}`"));
            table.problems().add(error.help(
                "write how long alerts gather, like `1h`, at most `24h`, or a time of day, like `08:00`",
            ));
            None
        }
    }
}
