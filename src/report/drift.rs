//! Rules that left their habit, as problems of `status`.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::problems::{NAMED, Problem};
use crate::rule::{Drift, RuleSet, SILENT_DAYS, drift};
use crate::store::Habits;

/// The rules of the config that match nothing, or far more than they used to.
pub(super) fn drifting(rules: &RuleSet, habits: &Habits, now: Timestamp) -> Vec<Problem> {
    let today = now.to_zoned(TimeZone::UTC).date();
    let mut silent = Vec::new();
    let mut excess = Vec::new();
    for rule in rules.rules() {
        // One that no daemon has run yet has no habit.
        let Some(habit) = habits.rules.get(&rule.id) else { continue };
        let mode = if rule.shadow { " (in shadow)" } else { "" };
        match drift(today, &habits.days, habit.since, &habit.matches) {
            Some(Drift::Silent { last }) => silent.push(Problem {
                what: format!(
                    "the rule `{}`{mode} has matched nothing on {SILENT_DAYS} days of news",
                    rule.id
                ),
                since: last.and_then(begin),
                cure: "try it: `pactwatch explain \"a headline\"`; mend it, or `enabled = false`"
                    .to_owned(),
            }),
            Some(Drift::Excess { day, matches, usual }) => excess.push(Problem {
                what: format!(
                    "the rule `{}`{mode} matched {matches} items on {day}, usually {usual:.1} a day",
                    rule.id
                ),
                since: begin(day),
                cure: format!(
                    "`pactwatch alerts list --rule {}` shows them; mask what is no move",
                    rule.id
                ),
            }),
            None => {}
        }
    }
    let more = silent.len().saturating_sub(NAMED);
    silent.truncate(NAMED);
    if more > 0 {
        silent.push(Problem {
            what: format!("{more} more rules have matched nothing on {SILENT_DAYS} days of news"),
            since: None,
            cure: "`pactwatch check` lists the rules".to_owned(),
        });
    }
    excess.extend(silent);
    excess
}

/// The first instant of a day, UTC.
fn begin(day: Date) -> Option<Timestamp> {
    day.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}
