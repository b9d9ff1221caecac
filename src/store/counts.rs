//! Counting: what there is, and whether the file is whole.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension};
use serde::Serialize;

use super::backup::beside;
use super::row::{ms, time};
use super::{Store, StoreError};
use crate::model::MessageState;

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

    /// How much came since yesterday, and for how many days items have come.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn last_day(&self, now: Timestamp) -> Result<LastDay, StoreError> {
        self.workers.read(move |connection| last_day(connection, now)).await
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
    /// Bytes of these that hold nothing now.
    pub free_bytes: u64,
    /// Bytes of the write-ahead log.
    pub log_bytes: u64,
    /// When the oldest item came that is kept.
    pub oldest_item: Option<Timestamp>,
    /// Format of the file.
    pub format: i64,
}

/// What came of late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastDay {
    /// Items since the begin of yesterday, UTC.
    pub items: u64,
    /// Days since the first item, that one included.
    pub days: u64,
}

fn last_day(connection: &Connection, now: Timestamp) -> Result<LastDay, StoreError> {
    let today = ms(now).div_euclid(86_400_000);
    let mut statement = connection.prepare_cached(
        "SELECT coalesce(sum(items) FILTER (WHERE day >= ?1 - 1), 0), ?1 - coalesce(min(day), ?1) + 1
         FROM item_day",
    )?;
    Ok(statement.query_row([today], |row| Ok(LastDay { items: row.get(0)?, days: row.get(1)? }))?)
}

/// The numbers that `status` shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    /// Messages by sink, then by state.
    pub queue: BTreeMap<String, BTreeMap<String, u64>>,
    /// Alerts of the last 24 hours, without those in shadow.
    pub alerts_24h: u64,
    /// Alerts of the last 24 hours that were only recorded.
    pub shadow_24h: u64,
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

pub(super) fn pragma(connection: &Connection, name: &str) -> Result<u64, StoreError> {
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

/// Bytes of the write-ahead log beside the file.
pub(super) fn log_bytes(connection: &Connection) -> u64 {
    let log = connection.path().map(|path| beside(Path::new(path), "-wal"));
    // Without a log there is no file.
    log.and_then(|log| std::fs::metadata(log).ok()).map_or(0, |file| file.len())
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
        free_bytes: bytes(connection)? - used_bytes(connection)?,
        log_bytes: log_bytes(connection),
        oldest_item: connection
            .query_row("SELECT seen FROM item ORDER BY id LIMIT 1", [], |row| row.get(0))
            .optional()?
            .map(time),
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
    let (alerts_24h, shadow_24h) = connection.query_row(
        "SELECT count(*) FILTER (WHERE NOT shadow), count(*) FILTER (WHERE shadow)
         FROM (SELECT coalesce(data ->> '$.matched.shadow', 0) AS shadow
               FROM alert WHERE raised >= ?1)",
        [yesterday],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let last_alert: Option<i64> =
        connection.query_row("SELECT max(raised) FROM alert", [], |row| row.get(0))?;
    Ok(Counts {
        queue,
        alerts_24h,
        shadow_24h,
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
