//! `status`: what there is to know at a glance, from the database of a running or stopped daemon.

use std::process::ExitCode;

use jiff::Timestamp;

use super::marks::flowed;
use super::screen::{BAD, GOOD};
use super::{Common, Screen};
use crate::report::{Status, ago, short_time, status as standing};
use crate::store::{Access, AlertFilter, SHADOW};
use crate::text::clean;

/// Prints feeds, queue, alerts and problems.
pub(super) async fn status(common: &Common, screen: &mut Screen) -> anyhow::Result<ExitCode> {
    let config = common.load_loosely()?;
    let store = common.open(&config, Access::Read)?;
    let now = Timestamp::now();
    let roster = config.roster();
    let standing = standing(&roster, &store, now).await?;
    if screen.json() {
        screen.object(&standing.to_json(&roster))?;
        return Ok(ExitCode::SUCCESS);
    }
    let Status { counts, held, problems, judged, mutes, changed, .. } = &standing;
    labelled(screen, "feeds", &health(&standing))?;
    let waiting: u64 = counts.open_messages();
    let dead: u64 = counts.dead_messages();
    screen.line(format!("queue     {waiting} waiting, {dead} dead letters"))?;
    for row in held {
        let until = short_time(row.until);
        let text =
            format!("{} for {} wait for {}, until {until}", row.messages, row.sink, row.waits);
        labelled(screen, "", &text)?;
    }
    let shadow = match counts.shadow_24h {
        0 => String::new(),
        some => format!(", and {some} in shadow that nobody was told"),
    };
    screen.line(format!("alerts    {} in the last 24 h{shadow}", counts.alerts_24h))?;
    let newest = store.alerts(AlertFilter { limit: 3, ..AlertFilter::default() }).await?;
    for alert in &newest {
        let mode = if alert.mode == SHADOW { "(shadow) " } else { "" };
        let raised = short_time(alert.raised);
        screen.fitted(&format!("  {}  {raised}  {mode}{}", alert.id, alert.title))?;
    }
    for one in mutes {
        screen.line(format!(
            "muted     {} until {}, {} kept back",
            one.subject,
            short_time(one.until),
            one.kept
        ))?;
    }
    let dated = roster.rules.dated().map(|day| format!(", dated {day}")).unwrap_or_default();
    screen.line(format!("rules     {}{dated}", roster.rules.rules().count()))?;
    if let Some(one) = changed {
        let text = format!(
            "changed {}: of {} stored items they flag {} more, {} no longer; none was told",
            short_time(one.at),
            one.items,
            one.gained,
            one.lost
        );
        labelled(screen, "", &text)?;
    }
    for one in judged {
        screen.line(format!(
            "judged    {} was right {} of {} times",
            one.rule, one.good, one.judged
        ))?;
    }
    let text = format!(
        "{} stored, {} were too old to tell; {:.1} MB in {}",
        counts.items,
        counts.too_old,
        counts.bytes as f64 / 1e6,
        config.database.display()
    );
    labelled(screen, "items", &text)?;
    if problems.is_empty() {
        let text = screen.styled(GOOD, "no problems");
        screen.line(text)?;
    }
    for one in problems {
        let since = one.since.map(|since| format!(" ({})", ago(since, now))).unwrap_or_default();
        for (index, line) in lines(screen, &format!("{}{since}", one.what)).iter().enumerate() {
            let label = if index == 0 { "problem" } else { "" };
            let text = screen.styled(BAD, format!("{label:<INDENT$}{line}"));
            screen.line(text)?;
        }
        labelled(screen, "", &one.cure)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Columns of the word before each line.
const INDENT: usize = 10;

/// A text behind its label; on a terminal in as many lines as it takes.
fn labelled(screen: &mut Screen, label: &str, text: &str) -> std::io::Result<()> {
    for (index, line) in lines(screen, text).iter().enumerate() {
        let label = if index == 0 { label } else { "" };
        screen.line(format!("{label:<INDENT$}{line}"))?;
    }
    Ok(())
}

/// A text as the lines of a terminal; one where there is none.
fn lines(screen: &Screen, text: &str) -> Vec<String> {
    let text = clean(text);
    match screen.is_terminal() {
        true => flowed(&[text], "", screen.width().saturating_sub(INDENT)),
        false => vec![text],
    }
}

/// How the feeds are, in a line.
fn health(standing: &Status) -> String {
    let (all, fresh, answering) = (standing.feeds.len(), standing.fresh(), standing.answering());
    let last = standing.last_poll().map(|at| format!(", last poll {}", ago(at, standing.at)));
    let last = last.unwrap_or_default();
    match fresh == answering {
        true => format!("{fresh} of {all} fresh{last}"),
        false => format!("{fresh} of {all} fresh, {answering} answered when last asked{last}"),
    }
}
