//! The outbox for people: what waits, what was sent, what was given up; retry and discard by hand.

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};
use serde::Serialize;

use super::row::{ms, time};
use super::writer::Care;
use super::{Store, StoreError};
use crate::model::{AlertId, MessageId, MessageState};

/// Ids that are given where several begin alike.
const NAMED: i64 = 6;

impl Store {
    /// The newest messages that pass the filter.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn deliveries(&self, filter: DeliveryFilter) -> Result<Vec<MessageRow>, StoreError> {
        self.workers.read(move |connection| list(connection, &filter)).await
    }

    /// One message, whole.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn delivery(&self, id: &MessageId) -> Result<Option<MessageDetail>, StoreError> {
        let id = id.clone();
        self.workers.read(move |connection| detail(connection, &id)).await
    }

    /// Makes a message due now, under the same id; `false` where there is none that can be: what
    /// was delivered stays delivered.
    ///
    /// # Errors
    ///
    /// The commit failed; nothing was written.
    pub async fn retry(&self, message: &MessageId, now: Timestamp) -> Result<bool, StoreError> {
        let message = message.clone();
        self.workers.write(Care::Full, move |connection| retry(connection, &message, now)).await
    }

    /// The ids that begin so, with their `msg_` or without it; a few at most.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn message_ids(&self, beginning: &str) -> Result<Vec<MessageId>, StoreError> {
        let beginning = beginning.to_owned();
        self.workers.read(move |connection| message_ids(connection, &beginning)).await
    }

    /// Takes a message out of the queue, or off the dead letters; `false` where there is none that
    /// can be.
    ///
    /// # Errors
    ///
    /// The commit failed; nothing was written.
    pub async fn discard(&self, message: &MessageId, now: Timestamp) -> Result<bool, StoreError> {
        let message = message.clone();
        self.workers.write(Care::Full, move |connection| discard(connection, &message, now)).await
    }
}

/// Makes a message due now, under its id; whether there is one that can be.
pub(super) fn retry(
    connection: &Connection,
    id: &MessageId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let changed = connection
        .prepare_cached(
            // Its age counts anew, or the next look would bury it again; and it waits for no hours.
            "UPDATE message SET state = 'queued', due = ?2, settled = NULL, attempts = 0,
               held_until = NULL, held_for = '',
               refusals = 0, created = CASE WHEN state IN ('dead', 'discarded') THEN ?2 ELSE created END
             WHERE id = ?1 AND state <> 'delivered'",
        )?
        .execute(params![id.as_str(), ms(now)])?;
    Ok(changed == 1)
}

/// Ids by their beginning.
fn message_ids(connection: &Connection, beginning: &str) -> Result<Vec<MessageId>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id FROM message WHERE id >= ?1 AND id < ?1 || char(1114111) ORDER BY id LIMIT ?2",
    )?;
    if beginning.is_empty() {
        return Ok(Vec::new());
    }
    for beginning in [beginning.to_owned(), format!("msg_{beginning}")] {
        let ids: Vec<MessageId> = statement
            .query_map(params![beginning, NAMED], |row| {
                Ok(MessageId::new(row.get::<_, String>(0)?))
            })?
            .collect::<Result<_, _>>()?;
        if let Some(exact) = ids.iter().find(|id| id.as_str() == beginning) {
            return Ok(vec![exact.clone()]);
        }
        if !ids.is_empty() {
            return Ok(ids);
        }
    }
    Ok(Vec::new())
}

fn discard(connection: &Connection, id: &MessageId, now: Timestamp) -> Result<bool, StoreError> {
    let changed = connection
        .prepare_cached(
            "UPDATE message SET state = 'discarded', settled = ?2
             WHERE id = ?1 AND state NOT IN ('delivered', 'discarded')",
        )?
        .execute(params![id.as_str(), ms(now)])?;
    Ok(changed == 1)
}

/// Which messages to list.
#[derive(Debug, Clone, Default)]
pub struct DeliveryFilter {
    /// To this sink.
    pub sink: Option<String>,
    /// In this state.
    pub state: Option<MessageState>,
    /// Queued at or after this time.
    pub since: Option<Timestamp>,
    /// At most so many.
    pub limit: usize,
}

/// A message as `deliveries list` shows it; the keys and their order are relied on by others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MessageRow {
    /// The webhook-id.
    pub id: String,
    /// The payload's type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its alert, or the first of several.
    pub alert: Option<AlertId>,
    /// All alerts that it carries.
    pub alerts: Vec<AlertId>,
    /// The sink.
    pub sink: String,
    /// Where it stands.
    pub state: String,
    /// Attempts that were made, those that a rate signal ended included.
    pub attempts: u32,
    /// When the next is due; `None` when there is none.
    pub due: Option<Timestamp>,
    /// Status of the last answer.
    pub last_status: Option<u16>,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// When it was queued.
    pub created: Timestamp,
    /// What it waits for by its sink's own hours; `None` when for nothing.
    pub waits: Option<String>,
}

/// One message, whole.
#[derive(Debug, Clone, Serialize)]
pub struct MessageDetail {
    /// As in the listing.
    pub message: MessageRow,
    /// Attempts, oldest first.
    pub attempts: Vec<AttemptRow>,
    /// The exact body; `None` until it is sealed.
    pub body: Option<String>,
}

/// One attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttemptRow {
    /// When it began.
    pub at: Timestamp,
    /// How long it took.
    pub took_ms: u64,
    /// HTTP status, where there was an answer.
    pub status: Option<u16>,
    /// What went wrong.
    pub error: Option<String>,
    /// What was answered.
    pub answer: String,
}

/// The newest messages that pass the filter.
fn list(connection: &Connection, filter: &DeliveryFilter) -> Result<Vec<MessageRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT * FROM message WHERE created >= ?1 AND (?2 IS NULL OR sink = ?2)
           AND (?3 IS NULL OR state = ?3) ORDER BY created DESC, seq DESC LIMIT ?4",
    )?;
    let mut rows = statement.query(params![
        filter.since.map_or(i64::MIN, ms),
        filter.sink,
        filter.state.map(MessageState::as_str),
        i64::try_from(filter.limit).unwrap_or(i64::MAX),
    ])?;
    let mut list = Vec::new();
    while let Some(row) = rows.next()? {
        list.push(message_row(connection, row)?);
    }
    Ok(list)
}

/// The messages that carry an alert.
pub(super) fn of_alert(
    connection: &Connection,
    alert: AlertId,
) -> Result<Vec<MessageRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT m.* FROM message m JOIN delivery d ON d.message = m.id WHERE d.alert = ?1
         ORDER BY m.created, m.seq",
    )?;
    let mut rows = statement.query([alert.0])?;
    let mut list = Vec::new();
    while let Some(row) = rows.next()? {
        list.push(message_row(connection, row)?);
    }
    Ok(list)
}

fn message_row(connection: &Connection, row: &Row<'_>) -> Result<MessageRow, StoreError> {
    let id: String = row.get("id")?;
    let state: String = row.get("state")?;
    let mut statement = connection
        .prepare_cached("SELECT alert FROM delivery WHERE message = ?1 ORDER BY alert")?;
    let alerts: Vec<AlertId> =
        statement.query_map([&id], |row| Ok(AlertId(row.get(0)?)))?.collect::<Result<_, _>>()?;
    let open = state == MessageState::Queued.as_str() || state == MessageState::Retrying.as_str();
    let (due, held): (i64, Option<i64>) = (row.get("due")?, row.get("held_until")?);
    let waits = open && held.is_some_and(|until| time(until) > Timestamp::now());
    Ok(MessageRow {
        kind: row.get("kind")?,
        alert: alerts.first().copied(),
        alerts,
        sink: row.get("sink")?,
        attempts: row.get("tries")?,
        due: if open { Some(time(due.max(held.unwrap_or(due)))) } else { None },
        waits: row.get::<_, Option<String>>("held_for")?.filter(|_| waits),
        last_status: row.get("last_status")?,
        last_error: row.get("last_error")?,
        created: time(row.get("created")?),
        state,
        id,
    })
}

/// One message, whole.
fn detail(connection: &Connection, id: &MessageId) -> Result<Option<MessageDetail>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT * FROM message WHERE id = ?1")?;
    let mut rows = statement.query([id.as_str()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let message = message_row(connection, row)?;
    let body: Option<Vec<u8>> = row.get("body")?;
    let mut statement =
        connection.prepare_cached("SELECT * FROM attempt WHERE message = ?1 ORDER BY id")?;
    let attempts = statement.query_map([id.as_str()], |row| {
        Ok(AttemptRow {
            at: time(row.get("at")?),
            took_ms: row.get("took")?,
            status: row.get("status")?,
            error: row.get("error")?,
            answer: row.get("answer")?,
        })
    })?;
    let attempts = attempts.collect::<Result<_, _>>()?;
    let body = body.map(|body| String::from_utf8_lossy(&body).into_owned());
    Ok(Some(MessageDetail { message, attempts, body }))
}
