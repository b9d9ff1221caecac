//! Whether a rule keeps its habit: it matches now and then, and never far more than it used to.
//!
//! Only days on which items came count, so a daemon that stood still accuses no rule. The spread is at
//! least that of a rule whose matches come independently (the root of the mean), which keeps a rule
//! with few and regular matches from being accused for its first busy day. A rule whose subject is
//! seasonal falls silent without being broken: this says so all the same, once it has been silent long.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;

/// Days with news on which a rule may match nothing.
pub const SILENT_DAYS: usize = 30;
/// Days with news from which the habit is taken.
const HABIT_DAYS: usize = 28;
/// Fewer days make no habit.
const HABIT_LEAST: usize = 7;
/// Matches on one day up to which nothing is far too many.
const FLOOR: u64 = 10;
/// So many times the spread above the mean is far.
const FAR: f64 = 4.0;

/// How a rule left its habit.
#[derive(Debug, Clone, PartialEq)]
pub enum Drift {
    /// It matched nothing on the last [`SILENT_DAYS`] days with news.
    Silent {
        /// The day of its last match, where it ever had one.
        last: Option<Date>,
    },
    /// It matched far more than it used to.
    Excess {
        /// The day, today or the one before.
        day: Date,
        /// Matches on that day.
        matches: u64,
        /// Matches on a usual day before.
        usual: f64,
    },
}

/// How a rule left its habit by `today`, if it did. `days` are those on which items came, oldest
/// first; `since` is the day on which the rule was first run.
pub fn drift(
    today: Date,
    days: &[Date],
    since: Date,
    matches: &BTreeMap<Date, u64>,
) -> Option<Drift> {
    let on = |day: &Date| matches.get(day).copied().unwrap_or(0);
    let seen: Vec<Date> =
        days.iter().copied().filter(|day| *day >= since && *day <= today).collect();
    let excess = seen.iter().rposition(|day| {
        let yesterday = today.checked_sub(1.day()).unwrap_or(today);
        *day >= yesterday && far(on(day), &habit(&seen, day, on)).is_some()
    });
    if let Some(day) = excess.map(|at| seen[at]) {
        let usual = far(on(&day), &habit(&seen, &day, on)).unwrap_or_default();
        return Some(Drift::Excess { day, matches: on(&day), usual });
    }
    let last = matches.iter().rev().find(|(_, count)| **count > 0).map(|(day, _)| *day);
    let long = seen.len() >= SILENT_DAYS;
    let silent = long && seen.iter().rev().take(SILENT_DAYS).all(|day| on(day) == 0);
    silent.then_some(Drift::Silent { last })
}

/// Matches on the days with news before a day.
fn habit(seen: &[Date], day: &Date, on: impl Fn(&Date) -> u64) -> Vec<u64> {
    let before = seen.iter().rev().filter(|one| *one < day);
    before.take(HABIT_DAYS).map(on).collect()
}

/// The mean of a habit, where a day lies far above it.
fn far(matches: u64, habit: &[u64]) -> Option<f64> {
    if habit.len() < HABIT_LEAST || matches <= FLOOR {
        return None;
    }
    let count = habit.len() as f64;
    let mean = habit.iter().sum::<u64>() as f64 / count;
    let variance = habit.iter().map(|day| (*day as f64 - mean).powi(2)).sum::<f64>() / count;
    let spread = variance.sqrt().max(mean.sqrt());
    (matches as f64 > mean + FAR * spread).then_some(mean)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TODAY: Date = jiff::civil::date(2026, 3, 31);

    fn back(days: i32) -> Date {
        TODAY - days.days()
    }

    /// Matches of the last days, today's last; news came on all of them and 60 days before.
    fn after(list: &[u64]) -> Option<Drift> {
        let days: Vec<Date> = (0..60 + list.len() as i32).rev().map(back).collect();
        let matches: BTreeMap<Date, u64> =
            list.iter().rev().zip(0..).map(|(count, ago)| (back(ago), *count)).collect();
        drift(TODAY, &days, back(list.len() as i32 - 1), &matches)
    }

    #[test]
    fn silence_is_told_once_it_lasts() {
        assert_eq!(after(&[0; 30]), Some(Drift::Silent { last: None }));
        assert_eq!(after(&[0; 29]), None, "the rule is too young");
        let mut list = [0; 40];
        list[9] = 2;
        assert_eq!(after(&list), Some(Drift::Silent { last: Some(back(30)) }));
        list[10] = 1;
        assert_eq!(after(&list), None, "it matched within the time");
    }

    #[test]
    fn days_without_news_accuse_nobody() {
        let days: Vec<Date> = (0..29).rev().map(|ago| back(ago * 3)).collect();
        assert_eq!(drift(TODAY, &days, back(400), &BTreeMap::new()), None);
        let days: Vec<Date> = (0..30).rev().map(|ago| back(ago * 3)).collect();
        let silent = Some(Drift::Silent { last: None });
        assert_eq!(drift(TODAY, &days, back(400), &BTreeMap::new()), silent);
    }

    #[test]
    fn far_above_the_habit_is_told() {
        let with = |usual: &[u64], today: u64| {
            let mut list: Vec<u64> = usual.iter().copied().cycle().take(28).collect();
            list.push(today);
            after(&list)
        };
        let excess = |day, matches, usual| Some(Drift::Excess { day, matches, usual });
        assert_eq!(with(&[4], 13), excess(TODAY, 13, 4.0));
        assert_eq!(with(&[4], 12), None, "four roots of four above four");
        assert_eq!(with(&[0], 11), excess(TODAY, 11, 0.0));
        assert_eq!(with(&[0], 10), None, "ten are never many");
        assert_eq!(with(&[0, 100], 200), None, "its days differ that much");
        assert_eq!(with(&[100], 141), excess(TODAY, 141, 100.0));
        // Yesterday's is told until the day is over, today's first.
        assert_eq!(after(&[1, 1, 1, 1, 1, 1, 1, 30, 1]), excess(back(1), 30, 1.0));
        assert_eq!(after(&[1, 1, 1, 1, 1, 1, 1, 30, 1, 1]), None);
        assert_eq!(after(&[1, 1, 1, 1, 1, 1, 30]), None, "six days make no habit");
    }

    proptest! {
        #[test]
        fn any_history_is_answered(list in proptest::collection::vec(0u64..1_000_000_000_000, 1..90)) {
            let found = after(&list);
            if let Some(Drift::Excess { matches, usual, .. }) = found {
                prop_assert!(matches > FLOOR && matches as f64 > usual);
            }
        }
    }
}
