//! `alerts export`: alerts as CSV or Markdown.

use clap::{ArgGroup, Args};
use jiff::Timestamp;

use super::super::Screen;
use crate::report::parse_since;
use crate::store::{AlertFilter, AlertRow, Store, Verdict};

/// Options of `alerts export`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("form").required(true))]
#[command(after_help = "Examples:\n  pactwatch alerts export --csv --since 30d > alerts.csv\n  \
    pactwatch alerts export --markdown --since 7d")]
pub(in crate::cli) struct ExportArgs {
    /// Comma-separated values (RFC 4180); with --json one object a line instead
    #[arg(long, group = "form")]
    csv: bool,
    /// A Markdown table
    #[arg(long, group = "form")]
    markdown: bool,
    /// Only alerts raised since then: 24h, 30d, 2026-01-31
    #[arg(long, value_parser = parse_since, value_name = "TIME")]
    since: Option<Timestamp>,
}

/// The columns, in order.
const HEAD: [&str; 17] = [
    "id",
    "raised",
    "level",
    "kind",
    "alliances",
    "candidates",
    "acts",
    "rule",
    "title",
    "url",
    "feed",
    "judged",
    "story",
    "published",
    "mode",
    "muted",
    "note",
];

/// The first columns, which people read; programs get all.
const READ: usize = 12;

/// Prints the alerts, newest first.
pub(super) async fn export(
    store: &Store,
    args: &ExportArgs,
    screen: &mut Screen,
) -> anyhow::Result<()> {
    let filter = AlertFilter { since: args.since, limit: usize::MAX, ..AlertFilter::default() };
    let rows = store.alerts(filter).await?;
    // Asked for both, programs mean theirs: the objects of `alerts list`.
    if screen.json() {
        for row in &rows {
            screen.object(row)?;
        }
        return Ok(());
    }
    let line = |cells: &[String]| match args.csv {
        // A line ends in both, as RFC 4180 has it; the second comes with the line.
        true => cells.iter().map(|cell| csv(cell)).collect::<Vec<_>>().join(",") + "\r",
        false => {
            let cells: Vec<String> = cells.iter().map(|cell| markdown(cell)).collect();
            format!("| {} |", cells.join(" | "))
        }
    };
    let columns = if args.csv { HEAD.len() } else { READ };
    screen.line(line(&HEAD.map(str::to_owned)[..columns]))?;
    if args.markdown {
        screen.line(format!("|{}", " --- |".repeat(columns)))?;
    }
    for row in &rows {
        screen.line(line(&cells(row)[..columns]))?;
    }
    Ok(())
}

/// A time to the second, as spreadsheets read it.
fn to_the_second(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// New columns come last: others count on the order.
fn cells(row: &AlertRow) -> [String; 17] {
    [
        row.id.to_string(),
        to_the_second(row.raised),
        row.level.to_string(),
        row.kind.as_str().to_owned(),
        row.alliances.join("; "),
        row.candidates.join("; "),
        row.acts.join("; "),
        row.rule.clone(),
        row.title.clone(),
        row.url.clone().unwrap_or_default(),
        row.feed.clone(),
        row.judged.map_or("", Verdict::as_str).to_owned(),
        row.story.to_string(),
        row.published.map(to_the_second).unwrap_or_default(),
        row.mode.to_owned(),
        row.muted.join("; "),
        row.note.clone().unwrap_or_default(),
    ]
}

/// A field of RFC 4180. Spreadsheets run what begins like a formula, so that is kept text by an
/// apostrophe.
fn csv(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}

/// A cell of a table: marks stay text, and nothing in it ends the cell.
fn markdown(text: &str) -> String {
    let mut cell = String::with_capacity(text.len());
    for one in text.chars() {
        match one {
            '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '<' | '>' => cell.extend(['\\', one]),
            '\n' | '\r' => cell.push(' '),
            one => cell.push(one),
        }
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_stays_text() {
        for (text, expected) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"no\"", "\"say \"\"no\"\"\""),
            ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
            ("-1", "'-1"),
            ("+1", "'+1"),
            ("\t=1", "'\t=1"),
            ("\r=1", "\"'\r=1\""),
            ("@here", "'@here"),
        ] {
            assert_eq!(csv(text), expected);
        }
        assert_eq!(markdown("a|b\n[x](y) *c*"), "a\\|b \\[x\\](y) \\*c\\*");
    }
}
