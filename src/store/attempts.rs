//! Attempts: the record of each, and what becomes of its message.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::digests::split;
use super::row::{ms, span, time};
use super::sinks::apply;
use super::writer::Care;
use super::{Ruling, Settle, Store, StoreError, Turned};
use crate::model::{Attempt, DeadReason, MessageId, SinkName};

/// Attempts among which those of late are looked for, of all sinks together.
const LATELY: i64 = 5000;
/// Attempts of a message that are kept.
const ATTEMPTS: i64 = 100;

impl Store {
    /// Records an attempt and what becomes of its message, synced before it returns. A message that
    /// was discarded meanwhile stays so, unless it was delivered.
    ///
    /// # Errors
    ///
    /// The commit failed; nothing was written.
    pub async fn record(&self, attempt: Attempt, settle: Settle) -> Result<(), StoreError> {
        self.rule(attempt, settle, None).await.map(drop)
    }

    /// Records an attempt as [`Store::record`] does, and in the same commit what it says of its
    /// endpoint. Gives what that has changed.
    ///
    /// # Errors
    ///
    /// The commit failed; nothing was written.
    pub async fn rule(
        &self,
        attempt: Attempt,
        settle: Settle,
        ruling: Option<Ruling>,
    ) -> Result<Vec<Turned>, StoreError> {
        let counter = self.workers.counter.clone();
        self.workers
            .write(Care::Full, move |connection| {
                // One that became part of another meanwhile, by hand, has its record there.
                let known = connection
                    .prepare_cached("SELECT 1 FROM message WHERE id = ?1")?
                    .exists([attempt.message.as_str()])?;
                if known {
                    record(connection, &attempt, &settle)?;
                }
                let turned = match &ruling {
                    Some(ruling) => {
                        apply(connection, ruling, time(ms(attempt.at) + span(attempt.took)))?
                    }
                    None => Vec::new(),
                };
                let sink = connection
                    .prepare_cached("SELECT sink FROM message WHERE id = ?1")?
                    .query_row([attempt.message.as_str()], |row| row.get(0))
                    .optional()?;
                // A savepoint that is undone with its commit was one attempt all the same.
                if let Some(sink) = sink {
                    counter.attempted(sink, &attempt.outcome, &settle);
                }
                Ok(turned)
            })
            .await
    }

    /// When a sink was last sent something, accepted or not: at most so many times, none before a time.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn attempted_since(
        &self,
        sink: &SinkName,
        since: Timestamp,
        limit: usize,
    ) -> Result<Vec<Timestamp>, StoreError> {
        let (sink, limit) = (sink.clone(), i64::try_from(limit).unwrap_or(i64::MAX));
        self.workers
            .read(move |connection| {
                let mut statement = connection.prepare_cached(
                    "SELECT a.at FROM attempt a JOIN message m ON m.id = a.message
                     WHERE a.id > (SELECT max(id) FROM attempt) - ?4 AND a.at > ?2 AND m.sink = ?1
                     ORDER BY a.id DESC LIMIT ?3",
                )?;
                let rows = statement
                    .query_map(params![sink.as_str(), ms(since), limit, LATELY], |row| {
                        Ok(time(row.get(0)?))
                    })?;
                Ok(rows.collect::<Result<_, _>>()?)
            })
            .await
    }

    /// Gives up a message without an attempt.
    ///
    /// # Errors
    ///
    /// The commit failed; nothing was written.
    pub async fn bury(
        &self,
        message: &MessageId,
        reason: DeadReason,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let message = message.clone();
        self.workers
            .write(Care::Full, move |connection| bury(connection, &message, reason, now))
            .await
    }

    /// Gives up the messages that wait for sinks that are gone and were queued before a time; gives
    /// how many.
    ///
    /// # Errors
    ///
    /// The commit failed; nothing was written.
    pub async fn bury_paused(
        &self,
        before: Timestamp,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        self.workers
            .write(Care::Full, move |connection| {
                let reason = DeadReason::Expired.as_str();
                Ok(connection
                    .prepare_cached(
                        "UPDATE message SET state = 'dead', settled = ?2,
                           last_error = ?3 || coalesce(': ' || last_error, '')
                         WHERE state IN ('queued', 'retrying', 'paused') AND state = 'paused'
                           AND created < ?1",
                    )?
                    .execute(params![ms(before), ms(now), reason])?)
            })
            .await
    }
}

/// Records an attempt and what becomes of its message.
fn record(connection: &Connection, attempt: &Attempt, settle: &Settle) -> Result<(), StoreError> {
    let id = attempt.message.as_str();
    connection
        .prepare_cached(
            "INSERT INTO attempt (message, at, took, status, error, answer)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            id,
            ms(attempt.at),
            span(attempt.took),
            attempt.status,
            attempt.error,
            attempt.answer,
        ])?;
    connection
        .prepare_cached(
            "DELETE FROM attempt WHERE message = ?1 AND id <= (
               SELECT id FROM attempt WHERE message = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
        )?
        .execute(params![id, ATTEMPTS])?;
    connection
        .prepare_cached(
            "UPDATE message SET last_status = ?2, last_error = ?3, tries = tries + 1 WHERE id = ?1",
        )?
        .execute(params![id, attempt.status, attempt.error])?;
    let at = ms(attempt.at) + span(attempt.took);
    match settle {
        Settle::Delivered { thread } => connection
            .prepare_cached(
                "UPDATE message SET state = 'delivered', attempts = attempts + 1, settled = ?2,
                   thread = ?3, refusals = 0 WHERE id = ?1",
            )?
            .execute(params![id, at, thread])?,
        Settle::Again { due, counts, refused } => connection
            .prepare_cached(
                "UPDATE message SET due = ?2, attempts = attempts + ?3,
                   refusals = CASE WHEN ?4 THEN refusals + 1 ELSE 0 END,
                   pauses = CASE WHEN ?3 THEN 0 ELSE pauses + 1 END,
                   state = CASE state WHEN 'paused' THEN 'paused' ELSE 'retrying' END
                 WHERE id = ?1 AND state IN ('queued', 'retrying', 'paused')",
            )?
            .execute(params![id, ms(*due), i64::from(*counts), refused])?,
        Settle::Fallback(_) if has_fallen_back(connection, id)? => {
            return Err(StoreError::Unfit(format!(
                "change the bytes of `{id}` again: its one plain fallback was used"
            )));
        }
        Settle::Fallback(sealed) => connection
            .prepare_cached(
                "UPDATE message SET due = ?2, attempts = attempts + 1, refusals = 0, fallback = 1,
                   content_type = ?3, body = ?4,
                   state = CASE state WHEN 'paused' THEN 'paused' ELSE 'retrying' END
                 WHERE id = ?1 AND state IN ('queued', 'retrying', 'paused')",
            )?
            .execute(params![id, at, sealed.content_type, sealed.body])?,
        Settle::Split => {
            split(connection, &attempt.message, 2, time(at))?;
            return Ok(());
        }
        Settle::Dead(reason) => {
            connection
                .prepare_cached("UPDATE message SET attempts = attempts + 1 WHERE id = ?1")?
                .execute([id])?;
            return bury(connection, &attempt.message, *reason, time(at));
        }
    };
    Ok(())
}

fn has_fallen_back(connection: &Connection, id: &str) -> Result<bool, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT 1 FROM message WHERE id = ?1 AND fallback = 1")?;
    Ok(statement.exists([id])?)
}

/// Gives a message up.
fn bury(
    connection: &Connection,
    id: &MessageId,
    reason: DeadReason,
    now: Timestamp,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE message SET state = 'dead', settled = ?2,
               last_error = ?3 || coalesce(': ' || last_error, '')
             WHERE id = ?1 AND state IN ('queued', 'retrying', 'paused')",
        )?
        .execute(params![id.as_str(), ms(now), reason.as_str()])?;
    Ok(())
}
