//! Counting: what there is, whether the file is whole, and how often each rule matches.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Connection, params};
use serde::Serialize;

use super::row::{ms, time};
use super::{Store, StoreError};
use crate::model::{Match, MessageState};

const DAY: Duration = Duration::from_secs(86_400);
/// Damaged places that a check lists at most.
const DAMAGE: usize = 100;

impl Store {
    /// The numbers that `status` shows.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn counts(&self, now: Timestamp) -> Result<Counts, StoreError> {
        self.workers.read(move |connection| counts(connection, now)).await
    }

    /// How much there is of everything.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn stats(&self) -> Result<Stats, StoreError> {
        self.workers.read(stats).await
    }

    /// Damage of the file, a line each; empty when it is whole.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn check(&self) -> Result<Vec<String>, StoreError> {
        self.workers.read(check).await
    }

    /// Matches of each rule by day since a time, for drift; days without a match have no row.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn rule_days(&self, since: Timestamp) -> Result<Vec<RuleDay>, StoreError> {
        self.workers.read(move |connection| rule_days(connection, since)).await
    }
}

/// How often a rule matched on one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleDay {
    /// The rule's id.
    pub rule: String,
    /// The day (UTC) on which the items were seen.
    pub day: Date,
    /// Items that it matched; later changes of their text are not counted.
    pub matches: u64,
}

/// How much there is of everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Feeds that were polled at least once.
    pub feeds: u64,
    /// Items.
    pub items: u64,
    /// Stories.
    pub stories: u64,
    /// Moves in the ledger.
    pub ledger: u64,
    /// Alerts.
    pub alerts: u64,
    /// Messages.
    pub messages: u64,
    /// Attempts that are kept.
    pub attempts: u64,
    /// Bytes of the database, without its write-ahead log.
    pub bytes: u64,
    /// Format of the file.
    pub format: i64,
}

/// The numbers that `status` shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    /// Messages by sink, then by state.
    pub queue: BTreeMap<String, BTreeMap<String, u64>>,
    /// Alerts of the last 24 hours.
    pub alerts_24h: u64,
    /// When the newest alert was raised.
    pub last_alert: Option<Timestamp>,
    /// Items.
    pub items: u64,
    /// Flagged items that were too old to tell.
    pub too_old: u64,
    /// Bytes of the database.
    pub bytes: u64,
}

impl Counts {
    /// Messages that wait for something.
    pub fn open_messages(&self) -> u64 {
        self.sum(&[MessageState::Queued, MessageState::Retrying, MessageState::Paused])
    }

    /// Dead letters.
    pub fn dead_messages(&self) -> u64 {
        self.sum(&[MessageState::Dead])
    }

    fn sum(&self, states: &[MessageState]) -> u64 {
        let of = |by_state: &BTreeMap<String, u64>| -> u64 {
            states.iter().filter_map(|state| by_state.get(state.as_str())).sum()
        };
        self.queue.values().map(of).sum()
    }
}

fn count(connection: &Connection, table: &str) -> Result<u64, StoreError> {
    Ok(connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))?)
}

fn pragma(connection: &Connection, name: &str) -> Result<u64, StoreError> {
    let number: i64 = connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0))?;
    Ok(number.unsigned_abs())
}

/// Bytes of the file by its own account.
fn bytes(connection: &Connection) -> Result<u64, StoreError> {
    Ok(pragma(connection, "page_count")? * pragma(connection, "page_size")?)
}

/// Bytes of the file that hold something.
pub(super) fn used_bytes(connection: &Connection) -> Result<u64, StoreError> {
    let free = pragma(connection, "freelist_count")?;
    Ok(pragma(connection, "page_count")?.saturating_sub(free) * pragma(connection, "page_size")?)
}

fn stats(connection: &Connection) -> Result<Stats, StoreError> {
    Ok(Stats {
        feeds: count(connection, "feed")?,
        items: count(connection, "item")?,
        stories: count(connection, "story")?,
        ledger: count(connection, "ledger")?,
        alerts: count(connection, "alert")?,
        messages: count(connection, "message")?,
        attempts: count(connection, "attempt")?,
        bytes: bytes(connection)?,
        format: i64::try_from(pragma(connection, "user_version")?).unwrap_or(i64::MAX),
    })
}

fn counts(connection: &Connection, now: Timestamp) -> Result<Counts, StoreError> {
    let mut queue: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    let mut statement =
        connection.prepare("SELECT sink, state, count(*) FROM message GROUP BY sink, state")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        queue.entry(row.get(0)?).or_default().insert(row.get(1)?, row.get(2)?);
    }
    let yesterday = ms(now.checked_sub(DAY).unwrap_or(Timestamp::MIN));
    let alerts_24h = connection.query_row(
        "SELECT count(*) FROM alert WHERE raised >= ?1",
        [yesterday],
        |row| row.get(0),
    )?;
    let last_alert: Option<i64> =
        connection.query_row("SELECT max(raised) FROM alert", [], |row| row.get(0))?;
    Ok(Counts {
        queue,
        alerts_24h,
        last_alert: last_alert.map(time),
        items: count(connection, "item")?,
        too_old: count(connection, "item WHERE decision = 'old'")?,
        bytes: bytes(connection)?,
    })
}

/// Damage, a line each.
pub(super) fn check(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let mut statement = connection.prepare(&format!("PRAGMA integrity_check({DAMAGE})"))?;
    let mut damage: Vec<String> =
        statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    damage.retain(|line| line != "ok");
    let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if damage.len() >= DAMAGE {
            break;
        }
        let (table, number): (String, Option<i64>) = (row.get(0)?, row.get(1)?);
        let number = number.map(|number| format!("{number} ")).unwrap_or_default();
        damage.push(format!("row {number}of `{table}` points to nothing"));
    }
    Ok(damage)
}

/// Counts a match for each of its rules.
pub(super) fn count_match(
    connection: &Connection,
    seen: Timestamp,
    matched: &Match,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO rule_day (rule, day, matches) VALUES (?1, ?2, 1)
         ON CONFLICT (rule, day) DO UPDATE SET matches = matches + 1",
    )?;
    for rule in &matched.rules {
        statement.execute(params![rule.id.as_str(), day(seen)])?;
    }
    Ok(())
}

/// Whole days since 1970, UTC.
fn day(at: Timestamp) -> i64 {
    at.as_second().div_euclid(86_400)
}

fn rule_days(connection: &Connection, since: Timestamp) -> Result<Vec<RuleDay>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT rule, day, matches FROM rule_day WHERE day >= ?1 ORDER BY rule, day",
    )?;
    let rows = statement.query_map([day(since)], |row| {
        let day: i64 = row.get(1)?;
        Ok(RuleDay {
            rule: row.get(0)?,
            day: time(day.saturating_mul(86_400_000)).to_zoned(jiff::tz::TimeZone::UTC).date(),
            matches: row.get(2)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
