//! Sinks: what is remembered of them, and which queues wait for whom.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::row::{ms, span, time};
use super::writer::Care;
use super::{Ruling, SinkState, Store, StoreError};
use crate::model::SinkName;

/// Longest time for which the age of messages stands still while their sink is disabled.
const STANDS: Duration = Duration::from_secs(14 * 24 * 3600);

/// Time between two messages that an outage has held up, and the most for all of them.
const APART: Duration = Duration::from_secs(1);
const SPREAD: Duration = Duration::from_secs(300);

impl Store {
    /// Tells the outbox which sinks exist: rows of others wait as paused, rows of returned ones
    /// are due again.
    ///
    /// # Errors
    ///
    /// The commit failed; nothing was written.
    pub async fn adopt_sinks(&self, names: Vec<SinkName>) -> Result<(), StoreError> {
        self.workers.write(Care::Full, move |connection| adopt(connection, &names)).await
    }

    /// What is remembered of a sink.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn sink_state(&self, sink: &SinkName) -> Result<SinkState, StoreError> {
        let sink = sink.clone();
        self.workers.read(move |connection| sink_state(connection, &sink)).await
    }

    /// Remembers it.
    ///
    /// # Errors
    ///
    /// The commit failed; nothing was written.
    pub async fn set_sink_state(
        &self,
        sink: &SinkName,
        state: SinkState,
    ) -> Result<(), StoreError> {
        let sink = sink.clone();
        self.workers
            .write(Care::Full, move |connection| set_sink_state(connection, &sink, &state))
            .await
    }

    /// Enables a sink: what waited for it is due now, and starts without refusals. Its age stood
    /// still while the sink was disabled, for at most 14 days.
    ///
    /// # Errors
    ///
    /// The commit failed; nothing was written.
    pub async fn enable_sink(&self, sink: &SinkName, now: Timestamp) -> Result<(), StoreError> {
        let sink = sink.clone();
        self.workers.write(Care::Full, move |connection| enable(connection, &sink, now)).await
    }

    /// Forgets what an old address of sinks has said; what waited for it is due.
    ///
    /// # Errors
    ///
    /// The commit failed; nothing was written.
    pub async fn repoint(&self, sinks: Vec<SinkName>, now: Timestamp) -> Result<(), StoreError> {
        self.workers
            .write(Care::Full, move |connection| {
                for sink in &sinks {
                    let known = sink_state(connection, sink)?;
                    let state = SinkState { paused_until: None, failures: 0, ..known };
                    set_sink_state(connection, sink, &state)?;
                    connection
                        .prepare_cached(
                            "UPDATE message SET refusals = 0
                             WHERE sink = ?1 AND state IN ('queued', 'retrying', 'paused')",
                        )?
                        .execute([sink.as_str()])?;
                    release(connection, sink, now)?;
                }
                Ok(())
            })
            .await
    }

    /// Sinks that are disabled.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn sink_troubles(&self) -> Result<Vec<SinkTrouble>, StoreError> {
        self.workers.read(troubles).await
    }

    /// Sinks that refuse what they are sent, and took nothing since.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn refusing_sinks(&self) -> Result<Vec<SinkTrouble>, StoreError> {
        self.workers.read(refusing).await
    }

    /// The age of each queue that is not empty.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn queue_ages(&self) -> Result<Vec<QueueAge>, StoreError> {
        self.workers.read(ages).await
    }
}

/// Pauses the messages of sinks that are gone, and makes those of returned sinks due.
fn adopt(connection: &Connection, names: &[SinkName]) -> Result<(), StoreError> {
    let mut statement = connection.prepare(
        "SELECT DISTINCT sink FROM message WHERE state IN ('queued', 'retrying', 'paused')",
    )?;
    let sinks: Vec<String> =
        statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for sink in sinks {
        let sql = match names.iter().any(|name| name.as_str() == sink) {
            true => {
                "UPDATE message SET state = CASE WHEN attempts > 0 THEN 'retrying' ELSE 'queued' END
                 WHERE sink = ?1 AND state IN ('queued', 'retrying', 'paused') AND state = 'paused'"
            }
            false => {
                "UPDATE message SET state = 'paused'
                 WHERE sink = ?1 AND state IN ('queued', 'retrying', 'paused')"
            }
        };
        connection.execute(sql, [sink])?;
    }
    Ok(())
}

/// What is remembered of a sink.
fn sink_state(connection: &Connection, sink: &SinkName) -> Result<SinkState, StoreError> {
    let mut statement = connection.prepare_cached("SELECT * FROM sink WHERE name = ?1")?;
    let state = statement.query_row([sink.as_str()], |row| {
        let disabled: Option<i64> = row.get("disabled_at")?;
        let why: Option<String> = row.get("disabled_why")?;
        Ok(SinkState {
            paused_until: row.get::<_, Option<i64>>("paused_until")?.map(time),
            disabled: disabled.map(|at| (time(at), why.unwrap_or_default())),
            failures: row.get("failures")?,
        })
    });
    Ok(state.optional()?.unwrap_or_default())
}

/// Remembers it.
fn set_sink_state(
    connection: &Connection,
    sink: &SinkName,
    state: &SinkState,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO sink (name, paused_until, disabled_at, disabled_why, failures)
             VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (name) DO UPDATE SET paused_until = excluded.paused_until,
               disabled_at = excluded.disabled_at, disabled_why = excluded.disabled_why,
               failures = excluded.failures",
        )?
        .execute(params![
            sink.as_str(),
            state.paused_until.map(ms),
            state.disabled.as_ref().map(|(at, _)| ms(*at)),
            state.disabled.as_ref().map(|(_, why)| why),
            state.failures,
        ])?;
    Ok(())
}

/// Changes what is remembered of sinks. Where the endpoint is back after failures in a row, what
/// waited by them is due, one after the other: it should not be run over.
pub(super) fn apply(
    connection: &Connection,
    ruling: &Ruling,
    now: Timestamp,
) -> Result<(), StoreError> {
    for sink in &ruling.sinks {
        let before = sink_state(connection, sink)?;
        let state = (ruling.change)(&before);
        if state != before {
            set_sink_state(connection, sink, &state)?;
        }
        if before.failures >= ruling.recovers && state.failures == 0 {
            release(connection, sink, now)?;
        }
    }
    Ok(())
}

/// Makes due what waited for an endpoint, oldest first, spread.
fn release(connection: &Connection, sink: &SinkName, now: Timestamp) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            // Nothing is due later by it than it was, but for what was due already.
            "UPDATE message SET due = CASE WHEN message.due > ?2 THEN min(message.due, line.turn)
                                           ELSE line.turn END
             FROM (SELECT id, ?2 + (row_number() OVER (ORDER BY created, seq) - 1)
                              * min(?3, ?4 / count(*) OVER ()) AS turn
                   FROM message WHERE sink = ?1 AND state IN ('queued', 'retrying', 'paused')
                     AND refusals = 0) AS line
             WHERE message.id = line.id",
        )?
        .execute(params![sink.as_str(), ms(now), span(APART), span(SPREAD)])?;
    Ok(())
}

/// Clears what is held against a sink and its messages, and makes those due.
fn enable(connection: &Connection, sink: &SinkName, now: Timestamp) -> Result<(), StoreError> {
    let disabled = sink_state(connection, sink)?.disabled.map_or(now, |(since, _)| since);
    set_sink_state(connection, sink, &SinkState::default())?;
    connection
        .prepare_cached(
            // The order of creation stays. A clock that was set back moves nothing.
            "UPDATE message SET due = ?2, refusals = 0,
               created = created + min(max(?2 - max(created, ?3), 0), ?4)
             WHERE sink = ?1 AND state IN ('queued', 'retrying', 'paused')",
        )?
        .execute(params![sink.as_str(), ms(now), ms(disabled), span(STANDS)])?;
    Ok(())
}

/// A sink in trouble: disabled, or refusing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinkTrouble {
    /// Its name.
    pub name: String,
    /// Since when.
    pub since: Timestamp,
    /// Why.
    pub why: String,
}

/// Sinks that are disabled.
fn troubles(connection: &Connection) -> Result<Vec<SinkTrouble>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT name, disabled_at, disabled_why FROM sink WHERE disabled_at IS NOT NULL ORDER BY name",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(SinkTrouble {
            name: row.get(0)?,
            since: time(row.get(1)?),
            why: row.get::<_, Option<String>>(2)?.unwrap_or_default(),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Sinks whose endpoint refused a message that waits for another try, without a delivery since it was
/// queued; why, by the last of them.
fn refusing(connection: &Connection) -> Result<Vec<SinkTrouble>, StoreError> {
    let mut statement = connection.prepare_cached(
        // With a bare column beside max(), SQLite takes it from the row of the maximum.
        "SELECT m.sink, min(m.created), max(m.seq), m.last_error FROM message m
         WHERE m.state IN ('queued', 'retrying') AND m.refusals > 0 AND NOT EXISTS (
           SELECT 1 FROM message d
           WHERE d.sink = m.sink AND d.state = 'delivered' AND d.settled >= m.created)
         GROUP BY m.sink ORDER BY m.sink",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(SinkTrouble {
            name: row.get(0)?,
            since: time(row.get(1)?),
            why: row.get::<_, Option<String>>(3)?.unwrap_or_default(),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How long a sink's queue has waited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueAge {
    /// The sink.
    pub sink: String,
    /// Messages that are not settled.
    pub waiting: u64,
    /// When the oldest was queued; one that its sink's own hours hold counts from their end.
    pub oldest: Timestamp,
}

/// The age of each queue that is not empty.
fn ages(connection: &Connection) -> Result<Vec<QueueAge>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT sink, count(*), min(max(created, coalesce(held_until, 0))) FROM message
         WHERE state IN ('queued', 'retrying', 'paused') GROUP BY sink ORDER BY sink",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(QueueAge { sink: row.get(0)?, waiting: row.get(1)?, oldest: time(row.get(2)?) })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
