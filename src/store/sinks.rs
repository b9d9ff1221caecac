//! Sinks: what is remembered of them, and which queues wait for whom.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::row::{ms, span, time};
use super::writer::Care;
use super::{Ruling, SinkState, Store, StoreError, Turned};
use crate::model::SinkName;

/// Longest time for which the age of messages stands still while their sink is disabled.
const STANDS: Duration = Duration::from_secs(14 * 24 * 3600);

/// Time between two messages that an outage has held up, and the most for all of them.
const APART: Duration = Duration::from_secs(1);
const SPREAD: Duration = Duration::from_secs(300);

impl Store {
    /// Tells the outbox which sinks exist: rows of others wait as paused, rows of returned ones
    /// are due again, as are those that could not be made: they may be now.
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

    /// Notes where a sink is. Where it was elsewhere before, what was said there is forgotten, and what
    /// waited for it is due; whether it was.
    ///
    /// # Errors
    ///
    /// The commit failed; nothing was written.
    pub async fn repoint(
        &self,
        sink: &SinkName,
        place: u64,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let sink = sink.clone();
        self.workers
            .write(Care::Full, move |connection| repoint(connection, &sink, place, now))
            .await
    }

    /// Notes why a sink cannot be used at all, or that it can.
    ///
    /// # Errors
    ///
    /// The commit failed; nothing was written.
    pub async fn note_fault(
        &self,
        sink: &SinkName,
        fault: Option<String>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let sink = sink.clone();
        self.workers
            .write(Care::Full, move |connection| {
                let known = sink_state(connection, &sink)?;
                let since = known.fault.as_ref().map_or(now, |(since, _)| *since);
                let state = SinkState { fault: fault.map(|why| (since, why)), ..known };
                set_sink_state(connection, &sink, &state)
            })
            .await
    }

    /// Sinks that are disabled, or cannot be used at all.
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
    // An attempt is made with bytes, so one that has none could not be made.
    connection.execute(
        "UPDATE message SET due = created
         WHERE state IN ('queued', 'retrying', 'paused') AND body IS NULL AND attempts > 0",
        [],
    )?;
    Ok(())
}

/// What is remembered of a sink.
fn sink_state(connection: &Connection, sink: &SinkName) -> Result<SinkState, StoreError> {
    let mut statement = connection.prepare_cached("SELECT * FROM sink WHERE name = ?1")?;
    let state = statement.query_row([sink.as_str()], |row| {
        let disabled: Option<i64> = row.get("disabled_at")?;
        let why: Option<String> = row.get("disabled_why")?;
        let fault: Option<i64> = row.get("fault_at")?;
        let fault_why: Option<String> = row.get("fault_why")?;
        Ok(SinkState {
            paused_until: row.get::<_, Option<i64>>("paused_until")?.map(time),
            disabled: disabled.map(|at| (time(at), why.unwrap_or_default())),
            failures: row.get("failures")?,
            place: row.get::<_, Option<i64>>("place")?.map(i64::cast_unsigned),
            fault: fault.map(|at| (time(at), fault_why.unwrap_or_default())),
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
            "INSERT INTO sink (name, paused_until, disabled_at, disabled_why, failures, place,
               fault_at, fault_why)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (name) DO UPDATE SET paused_until = excluded.paused_until,
               disabled_at = excluded.disabled_at, disabled_why = excluded.disabled_why,
               failures = excluded.failures, place = excluded.place,
               fault_at = excluded.fault_at, fault_why = excluded.fault_why",
        )?
        .execute(params![
            sink.as_str(),
            state.paused_until.map(ms),
            state.disabled.as_ref().map(|(at, _)| ms(*at)),
            state.disabled.as_ref().map(|(_, why)| why),
            state.failures,
            state.place.map(u64::cast_signed),
            state.fault.as_ref().map(|(at, _)| ms(*at)),
            state.fault.as_ref().map(|(_, why)| why),
        ])?;
    Ok(())
}

/// Changes what is remembered of sinks. Where the endpoint is back after failures in a row, what
/// waited by them is due, one after the other: it should not be run over.
pub(super) fn apply(
    connection: &Connection,
    ruling: &Ruling,
    now: Timestamp,
) -> Result<Vec<Turned>, StoreError> {
    let mut turned = Vec::new();
    for sink in &ruling.sinks {
        let before = sink_state(connection, sink)?;
        let after = (ruling.change)(&before);
        if before.failures >= ruling.recovers && after.failures == 0 {
            release(connection, sink, now)?;
        }
        if after != before {
            set_sink_state(connection, sink, &after)?;
            turned.push(Turned { sink: sink.clone(), before, after });
        }
    }
    Ok(turned)
}

/// Notes where a sink is, and forgets what was said elsewhere.
fn repoint(
    connection: &Connection,
    sink: &SinkName,
    place: u64,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let known = sink_state(connection, sink)?;
    let moved = known.place.is_some_and(|before| before != place);
    let here = SinkState { place: Some(place), ..known };
    if !moved {
        set_sink_state(connection, sink, &here)?;
        return Ok(false);
    }
    let state = SinkState { paused_until: None, failures: 0, ..here };
    set_sink_state(connection, sink, &state)?;
    connection
        .prepare_cached(
            "UPDATE message SET refusals = 0, pauses = 0
             WHERE sink = ?1 AND state IN ('queued', 'retrying', 'paused')",
        )?
        .execute([sink.as_str()])?;
    release(connection, sink, now)?;
    Ok(true)
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
    let known = sink_state(connection, sink)?;
    let disabled = known.disabled.map_or(now, |(since, _)| since);
    let SinkState { place, fault, .. } = known;
    set_sink_state(connection, sink, &SinkState { place, fault, ..SinkState::default() })?;
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

/// A sink in trouble: disabled, refusing, or one that cannot be used at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinkTrouble {
    /// Its name.
    pub name: String,
    /// Since when.
    pub since: Timestamp,
    /// Why.
    pub why: String,
    /// Whether it is disabled, until somebody enables it; one that is not is used as soon as it can be.
    pub disabled: bool,
}

/// Sinks that are disabled, or cannot be used at all.
fn troubles(connection: &Connection) -> Result<Vec<SinkTrouble>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT name, fault_at, fault_why, 0 FROM sink WHERE fault_at IS NOT NULL
         UNION ALL
         SELECT name, disabled_at, disabled_why, 1 FROM sink
         WHERE disabled_at IS NOT NULL AND fault_at IS NULL
         ORDER BY name",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(SinkTrouble {
            name: row.get(0)?,
            since: time(row.get(1)?),
            why: row.get::<_, Option<String>>(2)?.unwrap_or_default(),
            disabled: row.get(3)?,
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
            disabled: false,
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
