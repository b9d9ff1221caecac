//! `/metrics`, in the text format that Prometheus reads (version 0.0.4).
//!
//! Labels are words of ours and names of the config, never of feeds or news: so many series and no
//! more, however long it runs.

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;

use super::desk::Site;
use super::meters::CLASSES_MS;
use super::trouble::Trouble;
use crate::model::{MessageState, Phase};
use crate::report::status;

/// Writes every metric.
pub(super) async fn show(State(site): State<Arc<Site>>) -> Result<Response, Trouble> {
    let desk = site.desk();
    let now = Timestamp::now();
    let standing = status(&desk.roster, &site.store, now).await?;
    let stats = site.store.stats().await?;
    let ages = site.store.queue_ages().await?;
    let leases = site.store.leases().await?;
    let (tally, numbers) = (site.store.tally(), site.meters.read());
    let mut page = Page::default();

    page.head("pactwatch_build_info", "gauge", "The running version.");
    page.line(&[("version", env!("CARGO_PKG_VERSION"))], 1);
    page.head("pactwatch_start_time_seconds", "gauge", "When the daemon started.");
    page.line(&[], site.meters.started().as_second());

    page.head("pactwatch_feeds", "gauge", "Feeds of the config by state.");
    for (state, count) in standing.by_state() {
        page.line(&[("state", state)], count);
    }
    page.head("pactwatch_polls_total", "counter", "Polls by how they ended.");
    for outcome in ["read", "unchanged", "failed"] {
        page.line(&[("outcome", outcome)], numbers.polls.get(outcome).copied().unwrap_or(0));
    }
    page.head("pactwatch_poll_duration_seconds", "histogram", "How long polls took.");
    let mut polls = 0;
    for (bound, count) in CLASSES_MS.iter().zip(numbers.classes) {
        polls += count;
        let bound = (*bound as f64 / 1000.0).to_string();
        page.part("bucket", &[("le", &bound)], polls);
    }
    polls += numbers.classes[CLASSES_MS.len()];
    page.part("bucket", &[("le", "+Inf")], polls);
    page.part("sum", &[], numbers.poll_time.as_secs_f64());
    page.part("count", &[], polls);
    page.head("pactwatch_pushes_total", "counter", "Documents with entries pushed by hubs.");
    page.line(&[], numbers.pushes);
    page.head("pactwatch_leases", "gauge", "Subscriptions to hubs by phase.");
    for phase in Phase::ALL {
        let count = leases.iter().filter(|lease| lease.phase == phase).count();
        page.line(&[("phase", phase.as_str())], count);
    }
    page.head("pactwatch_entries_total", "counter", "Entries read from feeds.");
    page.line(&[], numbers.entries);
    page.head("pactwatch_repairs_total", "counter", "Parts of documents repaired or given up.");
    page.line(&[], numbers.repairs);

    page.head("pactwatch_items_total", "counter", "New items by decision.");
    for decision in ["quiet", "old", "alert", "update", "joined", "duplicate"] {
        page.line(&[("decision", decision)], tally.items.get(decision).copied().unwrap_or(0));
    }
    page.head("pactwatch_rule_matches_total", "counter", "New items flagged, by rule.");
    for rule in desk.roster.rules.rules() {
        let count = tally.matches.get(rule.id.as_str()).copied().unwrap_or(0);
        page.line(&[("rule", rule.id.as_str())], count);
    }
    page.head("pactwatch_stories_total", "counter", "Stories opened.");
    page.line(&[], tally.stories);
    page.head("pactwatch_alerts_total", "counter", "Alerts by level and kind.");
    for ((level, kind), count) in &tally.alerts {
        page.line(&[("level", level.as_str()), ("kind", kind)], count);
    }
    if let Some(last) = standing.counts.last_alert {
        page.head(
            "pactwatch_last_alert_timestamp_seconds",
            "gauge",
            "When the last alert was raised.",
        );
        page.line(&[], last.as_second());
    }

    page.head("pactwatch_queue_messages", "gauge", "Messages by sink and state.");
    for sink in &desk.roster.sinks {
        let states = standing.counts.queue.get(sink.as_str());
        for state in MessageState::ALL {
            let count = states.and_then(|states| states.get(state.as_str())).copied().unwrap_or(0);
            page.line(&[("sink", sink.as_str()), ("state", state.as_str())], count);
        }
    }
    page.head("pactwatch_queue_age_seconds", "gauge", "Age of the oldest message that waits.");
    for sink in &desk.roster.sinks {
        let oldest = ages.iter().find(|age| age.sink == sink.as_str()).map(|age| age.oldest);
        let age = oldest.map_or(0, |oldest| now.duration_since(oldest).as_secs().max(0));
        page.line(&[("sink", sink.as_str())], age);
    }
    page.head("pactwatch_delivery_attempts_total", "counter", "Attempts by sink and outcome.");
    for ((sink, outcome), count) in &tally.attempts {
        page.line(&[("sink", sink), ("outcome", outcome)], count);
    }

    page.head("pactwatch_config_reloads_total", "counter", "Reloads of the config.");
    for (outcome, count) in ["taken", "refused"].into_iter().zip(numbers.reloads) {
        page.line(&[("outcome", outcome)], count);
    }
    page.head(
        "pactwatch_config_good",
        "gauge",
        "Whether the last config on disk that was read is the running one.",
    );
    page.line(&[], u8::from(!numbers.config_refused));
    page.head("pactwatch_problems", "gauge", "What `status` calls a problem.");
    page.line(&[], standing.problems.len());

    page.head("pactwatch_store_bytes", "gauge", "Size of the database.");
    page.line(&[], stats.bytes);
    page.head("pactwatch_store_rows", "gauge", "Rows of the database.");
    for (table, count) in [
        ("items", stats.items),
        ("stories", stats.stories),
        ("ledger", stats.ledger),
        ("alerts", stats.alerts),
        ("messages", stats.messages),
        ("attempts", stats.attempts),
    ] {
        page.line(&[("table", table)], count);
    }
    page.head(
        "pactwatch_last_progress_timestamp_seconds",
        "gauge",
        "Last sign of life of a station.",
    );
    for (station, pulse) in &site.pulses {
        let seconds = now.as_second() - i64::try_from(pulse.age().as_secs()).unwrap_or(i64::MAX);
        page.line(&[("station", station)], seconds);
    }
    page.head("pactwatch_web_answers_total", "counter", "Answers of the desk by class of status.");
    for (class, count) in &numbers.answers {
        page.line(&[("class", &format!("{class}xx"))], count);
    }
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], page.text).into_response())
}

#[derive(Default)]
struct Page {
    text: String,
    name: &'static str,
}

impl Page {
    fn head(&mut self, name: &'static str, kind: &str, help: &str) {
        self.name = name;
        // Writing to a string does not fail.
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn line(&mut self, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        self.sample("", labels, value);
    }

    fn part(&mut self, part: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        self.sample(&format!("_{part}"), labels, value);
    }

    fn sample(&mut self, part: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        self.text.push_str(self.name);
        self.text.push_str(part);
        for (index, (label, text)) in labels.iter().enumerate() {
            let open = if index == 0 { '{' } else { ',' };
            let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(self.text, "{open}{label}=\"{text}\"");
        }
        let close = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.text, "{close} {value}");
    }
}
