//! `[delivery]`: how messages are retried, and when they are given up.

use std::time::Duration;

use crate::setting::{Diagnostic, Table, parse_duration};

/// The section `[delivery]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliverySection {
    /// Waits after the first, second, … failed attempt; the last repeats. Never empty.
    pub retry: Vec<Duration>,
    /// Older messages become dead letters.
    pub give_up: Duration,
    /// Bound of one attempt, answer included.
    pub timeout: Duration,
}

impl Default for DeliverySection {
    fn default() -> Self {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        Self {
            retry: vec![
                Duration::from_secs(2),
                Duration::from_secs(10),
                minutes(1),
                minutes(5),
                minutes(15),
                minutes(30),
                minutes(60),
                minutes(120),
                minutes(240),
                minutes(360),
                minutes(480),
            ],
            give_up: minutes(96 * 60),
            timeout: Duration::from_secs(15),
        }
    }
}

impl DeliverySection {
    /// Reads the section; missing keys keep their defaults.
    pub fn read(table: Table<'_>) -> Self {
        let mut section = Self::default();
        if let Some(list) = table.strings("retry") {
            let mut steps = Vec::new();
            for (text, span) in &list {
                match parse_duration(text) {
                    Ok(step) if !step.is_zero() => steps.push(step),
                    Ok(_) => table.problems().error(*span, "a wait must be longer than nothing"),
                    Err(why) => table.problems().error(*span, why),
                }
            }
            if list.is_empty() {
                table.problems().add(
                    Diagnostic::error(table.at("retry"), "`retry` is empty")
                        .help("list at least one wait, like [\"10s\", \"1m\"]; the last repeats"),
                );
            }
            if !steps.is_empty() {
                section.retry = steps;
            }
        }
        if let Some(give_up) = table.positive_duration("give_up") {
            section.give_up = give_up;
        }
        if let Some(timeout) = table.positive_duration("timeout") {
            section.timeout = timeout;
        }
        table.finish();
        section
    }
}
