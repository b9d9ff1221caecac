//! What going back to a copy would make the daemon tell again.

use std::collections::HashSet;
use std::path::Path;

use jiff::Timestamp;
use rusqlite::Connection;
use serde::Serialize;

use super::backup::sound;
use super::row::time;
use super::{Store, StoreError};
use crate::model::AlertId;

/// What would be told again, under the ids that it had.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Rollback {
    /// Alerts that the copy does not know, oldest first: raised again where their entries are still
    /// in a feed.
    pub forgotten: Vec<Retold>,
    /// Alerts that wait in the copy and were sent since, once for each sink: sent again.
    pub waiting: Vec<Retold>,
    /// Whether the database could be compared; a damaged one cannot.
    pub compared: bool,
}

/// An alert that may be told again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Retold {
    /// Its short id in the database as it is.
    pub id: AlertId,
    /// The sink.
    pub sink: String,
    /// When it was raised.
    pub raised: Timestamp,
    /// Headline.
    pub title: String,
}

impl Store {
    /// What a restore of this copy would make be told again. Changes nothing. Blocks.
    ///
    /// # Errors
    ///
    /// The copy cannot be gone back to.
    pub fn rollback(copy: &Path, database: &Path) -> Result<Rollback, StoreError> {
        let copy = sound(copy)?;
        let Ok(current) = sound(database) else { return Ok(Rollback::default()) };
        let known: HashSet<String> = copy
            .prepare("SELECT key FROM alert")?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let open: HashSet<(String, String)> = sent(&copy, "('queued', 'retrying', 'paused')")?
            .into_iter()
            .map(|(key, one)| (key, one.sink))
            .collect();
        let mut rollback = Rollback { compared: true, ..Rollback::default() };
        for (key, one) in sent(&current, "('delivered')")? {
            if !known.contains(&key) {
                rollback.forgotten.push(one);
            } else if open.contains(&(key, one.sink.clone())) {
                rollback.waiting.push(one);
            }
        }
        Ok(rollback)
    }
}

/// The alerts whose messages are in one of these states, with their keys, oldest first.
fn sent(connection: &Connection, states: &str) -> Result<Vec<(String, Retold)>, StoreError> {
    let mut statement = connection.prepare(&format!(
        "SELECT a.key, a.id, m.sink, a.raised, a.data ->> '$.item.title' AS title
         FROM message m JOIN delivery d ON d.message = m.id JOIN alert a ON a.id = d.alert
         WHERE m.state IN {states} ORDER BY a.id, m.sink"
    ))?;
    let rows = statement.query_map([], |row| {
        let title: Option<String> = row.get("title")?;
        let one = Retold {
            id: AlertId(row.get("id")?),
            sink: row.get("sink")?,
            raised: time(row.get("raised")?),
            title: title.unwrap_or_default(),
        };
        Ok((row.get("key")?, one))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
