//! Mutes: what is not told for a while, and how much each has kept back.

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use super::admit::touch;
use super::row::{ms, time};
use super::writer::Care;
use super::{Store, StoreError};
use crate::model::{Alert, Mute};

impl Store {
    /// Mutes a subject until a time, in the place of a mute of it that holds. The planner of a running
    /// daemon sees it before its next admission.
    ///
    /// # Errors
    ///
    /// The commit failed; nothing was written.
    pub async fn mute(&self, mute: Mute) -> Result<(), StoreError> {
        let put = move |connection: &Connection| {
            end(connection, &mute.subject, mute.since)?;
            connection
                .prepare_cached(
                    "INSERT INTO mute (subject, since, until, note, kept)
                     VALUES (?1, ?2, ?3, ?4, 0)",
                )?
                .execute(params![mute.subject, ms(mute.since), ms(mute.until), mute.note])?;
            touch(connection)
        };
        self.workers.write(Care::Full, put).await
    }

    /// Ends the mute of a subject; `false` where none holds.
    ///
    /// # Errors
    ///
    /// The commit failed; nothing was written.
    pub async fn unmute(&self, subject: String, now: Timestamp) -> Result<bool, StoreError> {
        let put = move |connection: &Connection| {
            let ended = end(connection, &subject, now)?;
            if ended > 0 {
                touch(connection)?;
            }
            Ok(ended > 0)
        };
        self.workers.write(Care::Full, put).await
    }

    /// The mutes that end after a time, those that end first first.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn mutes(&self, after: Timestamp) -> Result<Vec<Mute>, StoreError> {
        self.workers.read(move |connection| ending_after(connection, after)).await
    }
}

/// The mutes that end after a time.
pub(super) fn ending_after(
    connection: &Connection,
    after: Timestamp,
) -> Result<Vec<Mute>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT * FROM mute WHERE until > ?1 ORDER BY until, id")?;
    let rows = statement.query_map([ms(after)], of_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Counts an alert for the mutes that keep it back.
pub(super) fn count(connection: &Connection, alert: &Alert) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "UPDATE mute SET kept = kept + 1 WHERE subject = ?1 AND since <= ?2 AND until > ?2",
    )?;
    for subject in &alert.muted {
        statement.execute(params![subject, ms(alert.raised)])?;
    }
    Ok(())
}

fn end(connection: &Connection, subject: &str, now: Timestamp) -> Result<usize, StoreError> {
    let mut statement = connection
        .prepare_cached("UPDATE mute SET until = ?2 WHERE subject = ?1 AND until > ?2")?;
    Ok(statement.execute(params![subject, ms(now)])?)
}

fn of_row(row: &Row<'_>) -> rusqlite::Result<Mute> {
    Ok(Mute {
        subject: row.get("subject")?,
        since: time(row.get("since")?),
        until: time(row.get("until")?),
        note: row.get("note")?,
        kept: row.get("kept")?,
    })
}
