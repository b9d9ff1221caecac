//! The ledger: who stands where at which door.

use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde::Serialize;

use super::row::{ms, time};
use super::{Store, StoreError};
use crate::model::{AlertId, FeedName, LedgerEntry, Standing};

impl Store {
    /// Every move that was read in the news, oldest first.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn ledger(&self) -> Result<Vec<LedgerRow>, StoreError> {
        let entries = self.workers.read(all).await?;
        Ok(entries.into_iter().map(LedgerRow::of_entry).collect())
    }
}

/// Enters a move; of one that is known the dates widen, and the first alert stays. The planner does
/// the same in memory, so that a restart changes no level.
pub(super) fn enter(
    connection: &Connection,
    entry: &LedgerEntry,
    alert: Option<AlertId>,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO ledger (alliance, candidate, act, actor, stage, formal, since, last, alert,
               title, feed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
             ON CONFLICT (alliance, candidate, act, actor)
             DO UPDATE SET since = min(since, excluded.since), last = max(last, excluded.last),
               alert = coalesce(alert, excluded.alert)",
        )?
        .execute(params![
            entry.alliance,
            entry.candidate,
            entry.act,
            entry.actor.as_deref().unwrap_or_default(),
            entry.stage,
            entry.formal,
            ms(entry.since),
            ms(entry.last),
            alert.map(|alert| alert.0),
            entry.title,
            entry.feed.as_str(),
        ])?;
    Ok(())
}

/// The whole ledger, oldest move first.
pub(super) fn all(connection: &Connection) -> Result<Vec<LedgerEntry>, StoreError> {
    let mut statement = connection.prepare("SELECT * FROM ledger ORDER BY since, id")?;
    let rows = statement.query_map([], |row| {
        let actor: String = row.get("actor")?;
        Ok(LedgerEntry {
            alliance: row.get("alliance")?,
            candidate: row.get("candidate")?,
            act: row.get("act")?,
            stage: row.get("stage")?,
            formal: row.get("formal")?,
            actor: (!actor.is_empty()).then_some(actor),
            since: time(row.get("since")?),
            last: time(row.get("last")?),
            alert: row.get::<_, Option<i64>>("alert")?.map(AlertId),
            title: row.get("title")?,
            feed: FeedName::new(row.get::<_, String>("feed")?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A move as `ledger` lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LedgerRow {
    /// The alliance.
    pub alliance: String,
    /// The candidate's code; empty where the move names none.
    pub candidate: String,
    /// The act.
    pub act: String,
    /// Who acted.
    pub actor: Option<String>,
    /// Since when; `None` for founding members.
    pub since: Option<Timestamp>,
    /// The alert that told it; `None` for standings of the rules and moves that were not told.
    pub alert: Option<AlertId>,
    /// Headline that told it first; empty for standings.
    pub title: String,
    /// Feed of that headline; empty for standings.
    pub source: String,
    /// Whether another source says the contrary of the same two; see `report::ledger`.
    pub disputed: bool,
}

impl LedgerRow {
    /// A move that was read in the news.
    fn of_entry(entry: LedgerEntry) -> Self {
        Self {
            alliance: entry.alliance,
            candidate: entry.candidate,
            act: entry.act,
            actor: entry.actor,
            since: Some(entry.since),
            alert: entry.alert,
            title: entry.title,
            source: entry.feed.to_string(),
            disputed: false,
        }
    }

    /// A standing that the rules start from.
    pub fn of_standing(standing: &Standing) -> Self {
        let midnight = |date: jiff::civil::Date| {
            date.to_zoned(jiff::tz::TimeZone::UTC).map(|zoned| zoned.timestamp()).ok()
        };
        Self {
            alliance: standing.alliance.clone(),
            candidate: standing.candidate.clone(),
            act: standing.act.clone(),
            actor: None,
            since: standing.since.and_then(midnight),
            alert: None,
            title: String::new(),
            source: String::new(),
            disputed: false,
        }
    }
}
