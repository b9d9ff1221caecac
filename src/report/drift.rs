//! Rules that left their habit, as problems of `status`.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::problems::{NAMED, Problem};
use crate::model::RuleId;
use crate::rule::{Drift, RuleSet, SILENT_DAYS, drift};
use crate::store::Habits;

/// The rules of the config that match nothing, or far more than they used to, each as a problem.
pub(super) fn drifts(rules: &RuleSet, habits: &Habits, now: Timestamp) -> Vec<(RuleId, Problem)> {
    let today = now.to_zoned(TimeZone::UTC).date();
    let mut silent = Vec::new();
    let mut all = Vec::new();
    for rule in rules.rules() {
        // One that no daemon has run yet has no habit.
        let Some(habit) = habits.rules.get(&rule.id) else { continue };
        let mode = if rule.shadow { " (in shadow)" } else { "" };
        match drift(today, &habits.days, habit.since, &habit.matches) {
            Some(Drift::Silent { last }) => {
                let problem = Problem {
                    what: format!(
                        "the rule `{}`{mode} has matched nothing on {SILENT_DAYS} days of news",
                        rule.id
                    ),
                    since: last.and_then(begin),
                    cure:
                        "try it: `pactwatch explain \"a headline\"`; mend it, or `enabled = false`"
                            .to_owned(),
                };
                silent.push((rule.id, problem));
            }
            Some(Drift::Excess { day, matches, usual }) => {
                let problem = Problem {
                    what: format!(
                        "the rule `{}`{mode} matched {matches} items on {day}, usually {usual:.1} a day",
                        rule.id
                    ),
                    since: begin(day),
                    cure: format!(
                        "`pactwatch alerts list --rule {}` shows them; mask what is no move",
                        rule.id
                    ),
                };
                all.push((rule.id, problem));
            }
            None => {}
        }
    }
    all.extend(silent);
    all
}

/// The same for `status`: of those that match nothing some by name, the others counted.
pub(super) fn drifting(rules: &RuleSet, habits: &Habits, now: Timestamp) -> Vec<Problem> {
    let problems = drifts(rules, habits, now).into_iter().map(|(_, problem)| problem);
    let (silent, mut list): (Vec<Problem>, Vec<Problem>) =
        problems.partition(|one| one.what.contains(" has matched nothing "));
    let more = silent.len().saturating_sub(NAMED);
    list.extend(silent.into_iter().take(NAMED));
    if more > 0 {
        list.push(Problem {
            what: format!("{more} more rules have matched nothing on {SILENT_DAYS} days of news"),
            since: None,
            cure: "`pactwatch check` lists the rules".to_owned(),
        });
    }
    list
}

/// The first instant of a day, UTC.
fn begin(day: Date) -> Option<Timestamp> {
    day.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}
