//! What each rule's habit is made of: matches by day, days with news, and since when it runs.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rusqlite::{Connection, params};

use super::row::time;
use super::writer::Care;
use super::{Store, StoreError};
use crate::model::{ItemRow, RuleId};

const DAY_MS: i64 = 86_400_000;

impl Store {
    /// What is needed to see which rules left their habit.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn habits(&self) -> Result<Habits, StoreError> {
        self.workers.read(habits).await
    }

    /// Remembers since when each of the running rules runs, and forgets the others: one that comes
    /// back later begins anew.
    ///
    /// # Errors
    ///
    /// The commit failed.
    pub async fn run_rules(&self, rules: Vec<RuleId>, now: Timestamp) -> Result<(), StoreError> {
        self.workers.write(Care::Normal, move |connection| run_rules(connection, &rules, now)).await
    }
}

/// Days are UTC.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Habits {
    /// The days on which items came, oldest first.
    pub days: Vec<Date>,
    /// The rules by id.
    pub rules: BTreeMap<RuleId, Habit>,
}

/// What is known of one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Habit {
    /// The day on which it was first run.
    pub since: Date,
    /// Items that it matched, by day; later changes of their text are not counted. A day without a
    /// match is not there.
    pub matches: BTreeMap<Date, u64>,
}

/// Counts the items of a poll, and for each rule those that it matched.
pub(super) fn count(connection: &Connection, rows: &[ItemRow]) -> Result<(), StoreError> {
    let mut items: BTreeMap<i64, u64> = BTreeMap::new();
    let mut statement = connection.prepare_cached(
        "INSERT INTO rule_day (rule, day, matches) VALUES (?1, ?2, 1)
         ON CONFLICT (rule, day) DO UPDATE SET matches = matches + 1",
    )?;
    for row in rows.iter().filter(|row| !row.revised) {
        let day = day(row.item.seen);
        *items.entry(day).or_default() += 1;
        for rule in row.matched.iter().flat_map(|matched| &matched.rules) {
            statement.execute(params![rule.id.as_str(), day])?;
        }
    }
    let mut statement = connection.prepare_cached(
        "INSERT INTO item_day (day, items) VALUES (?1, ?2)
         ON CONFLICT (day) DO UPDATE SET items = items + excluded.items",
    )?;
    for (day, count) in items {
        statement.execute(params![day, i64::try_from(count).unwrap_or(i64::MAX)])?;
    }
    Ok(())
}

/// Takes away the days before a time, in milliseconds. Gives how many rows went.
pub(super) fn prune(connection: &Connection, before: i64) -> Result<usize, StoreError> {
    let before = before.div_euclid(DAY_MS);
    let rules = connection.prepare_cached("DELETE FROM rule_day WHERE day < ?1")?.execute([before]);
    let items = connection.prepare_cached("DELETE FROM item_day WHERE day < ?1")?.execute([before]);
    Ok(rules? + items?)
}

fn run_rules(connection: &Connection, rules: &[RuleId], now: Timestamp) -> Result<(), StoreError> {
    let mut known = connection.prepare_cached("SELECT id FROM rule")?;
    let known: Vec<String> = known.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for id in known.iter().filter(|id| !rules.iter().any(|rule| rule.as_str() == id.as_str())) {
        connection.prepare_cached("DELETE FROM rule WHERE id = ?1")?.execute([id])?;
    }
    let mut statement =
        connection.prepare_cached("INSERT OR IGNORE INTO rule (id, since) VALUES (?1, ?2)")?;
    for rule in rules {
        statement.execute(params![rule.as_str(), day(now)])?;
    }
    Ok(())
}

fn habits(connection: &Connection) -> Result<Habits, StoreError> {
    let mut statement = connection.prepare_cached("SELECT day FROM item_day ORDER BY day")?;
    let days = statement.query_map([], |row| row.get(0).map(date))?.collect::<Result<_, _>>()?;
    let mut statement = connection.prepare_cached(
        "SELECT r.id, r.since, d.day, d.matches FROM rule r LEFT JOIN rule_day d ON d.rule = r.id",
    )?;
    let mut rows = statement.query([])?;
    let mut rules: BTreeMap<RuleId, Habit> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let since = date(row.get(1)?);
        let habit = rules
            .entry(RuleId::new(row.get::<_, String>(0)?))
            .or_insert_with(|| Habit { since, matches: BTreeMap::new() });
        if let Some(day) = row.get::<_, Option<i64>>(2)? {
            habit.matches.insert(date(day), row.get(3)?);
        }
    }
    Ok(Habits { days, rules })
}

/// Whole days since 1970, UTC.
fn day(at: Timestamp) -> i64 {
    at.as_second().div_euclid(DAY_MS / 1000)
}

fn date(day: i64) -> Date {
    time(day.saturating_mul(DAY_MS)).to_zoned(TimeZone::UTC).date()
}
