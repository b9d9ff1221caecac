//! Holds: which messages wait by their sink's own hours, and what a sink was sent of late.

use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde::Serialize;

use super::row::{ms, time};
use super::writer::Care;
use super::{Store, StoreError};
use crate::model::{Hold, MessageId, SinkName};

impl Store {
    /// Begins and moves holds, and ends those without one. Messages that are settled stay as they are.
    ///
    /// # Errors
    ///
    /// The commit failed; nothing was written.
    pub async fn hold(
        &self,
        orders: Vec<(MessageId, Option<Hold>)>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.workers
            .write(Care::Normal, move |connection| {
                for (id, hold) in &orders {
                    let until = hold.as_ref().map_or(now, |hold| hold.until);
                    connection
                        .prepare_cached(
                            "UPDATE message SET held_until = ?2, held_for = ?3
                             WHERE id = ?1 AND state IN ('queued', 'retrying')
                               AND held_for IS NOT ''",
                        )?
                        .execute(params![
                            id.as_str(),
                            ms(until),
                            hold.as_ref().map(|hold| &hold.why)
                        ])?;
                }
                Ok(())
            })
            .await
    }

    /// When a sink last accepted messages, newest first, at most so many and none before a time.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn sent_since(
        &self,
        sink: &SinkName,
        since: Timestamp,
        limit: usize,
    ) -> Result<Vec<Timestamp>, StoreError> {
        let (sink, limit) = (sink.clone(), i64::try_from(limit).unwrap_or(i64::MAX));
        self.workers
            .read(move |connection| {
                let mut statement = connection.prepare_cached(
                    "SELECT settled FROM message WHERE sink = ?1 AND state = 'delivered'
                       AND settled > ?2 ORDER BY settled DESC LIMIT ?3",
                )?;
                let rows = statement
                    .query_map(params![sink.as_str(), ms(since), limit], |row| {
                        Ok(time(row.get(0)?))
                    })?;
                Ok(rows.collect::<Result<_, _>>()?)
            })
            .await
    }

    /// The first alliance of each message that carries one alert; empty where it names none.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn alliances(
        &self,
        ids: Vec<MessageId>,
    ) -> Result<Vec<(MessageId, String)>, StoreError> {
        self.workers
            .read(move |connection| {
                let mut statement = connection.prepare_cached(
                    "SELECT coalesce(json_extract(a.data, '$.matched.alliances[0]'), '')
                     FROM delivery d JOIN alert a ON a.id = d.alert WHERE d.message = ?1 LIMIT 1",
                )?;
                let mut list = Vec::new();
                for id in ids {
                    let mut rows = statement.query([id.as_str()])?;
                    let name = rows.next()?.map(|row| row.get(0)).transpose()?;
                    drop(rows);
                    list.push((id, name.unwrap_or_default()));
                }
                Ok(list)
            })
            .await
    }

    /// What waits by the sinks' own hours, and for receivers that are left alone for a time.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn held(&self, now: Timestamp) -> Result<Vec<HeldRow>, StoreError> {
        self.workers.read(move |connection| held(connection, now)).await
    }
}

/// Messages of a sink that wait by its own hours, or for its receiver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HeldRow {
    /// The sink.
    pub sink: String,
    /// What they wait for.
    pub waits: String,
    /// How many.
    pub messages: u64,
    /// When the first may go.
    pub until: Timestamp,
}

fn held(connection: &Connection, now: Timestamp) -> Result<Vec<HeldRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT sink, held_for, count(*), min(held_until) FROM message
         WHERE state IN ('queued', 'retrying', 'paused') AND state <> 'paused'
           AND held_until > ?1 AND held_for <> '' GROUP BY sink, held_for
         UNION ALL
         SELECT s.name, 'its receiver to take more', count(*), s.paused_until
         FROM sink s JOIN message m ON m.sink = s.name
           AND m.state IN ('queued', 'retrying', 'paused') AND m.state <> 'paused'
         WHERE s.paused_until > ?1 AND s.disabled_at IS NULL GROUP BY s.name
         ORDER BY 1, 2",
    )?;
    let rows = statement.query_map([ms(now)], |row| {
        Ok(HeldRow {
            sink: row.get(0)?,
            waits: row.get(1)?,
            messages: row.get(2)?,
            until: time(row.get(3)?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
