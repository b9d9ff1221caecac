//! The outbox: messages, which alerts they carry, and every attempt at sending them.
//!
//! Ids are fixed here, before the first attempt. When and how often to try is `deliver`'s to decide.

use jiff::Timestamp;
use rusqlite::{Connection, params};
use sha2::{Digest, Sha256};

use super::row::{ms, time};
use super::writer::Care;
use super::{Pending, Store, StoreError};
use crate::model::{
    Addressee, Alert, AlertId, EventKind, Hold, MessageId, MessageKind, Sealed, SinkName,
};

/// The open messages of a sink: the head of the line, then the others, what is due longest first.
/// The list of states is that of the index word for word, or SQLite would not see that the index
/// serves. Only ids are sorted, for bodies are large.
const PENDING: &str = "WITH
  head AS (SELECT id, 0 AS place FROM message
    WHERE sink = ?1 AND state IN ('queued', 'retrying', 'paused') AND state <> 'paused'
    ORDER BY created, seq LIMIT 1),
  rest AS (SELECT id, 1 AS place FROM message
    WHERE sink = ?1 AND state IN ('queued', 'retrying', 'paused') AND state <> 'paused'
      AND id NOT IN (SELECT id FROM head)
    ORDER BY max(due, coalesce(held_until, 0)), created, seq LIMIT max(?2 - 1, 0))
  SELECT m.* FROM (SELECT * FROM head UNION ALL SELECT * FROM rest) line
    JOIN message m ON m.id = line.id
  ORDER BY line.place, max(m.due, coalesce(m.held_until, 0)), m.created, m.seq";

impl Store {
    /// Up to `limit` open messages of a sink, at least one: the oldest, then the others in the order
    /// in which they are due. So what is due is among them, however many wait for later.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn pending(&self, sink: &SinkName, limit: usize) -> Result<Vec<Pending>, StoreError> {
        let sink = sink.clone();
        self.workers.read(move |connection| pending(connection, &sink, limit)).await
    }

    /// Fixes the bytes of a message, synced before it returns. A message that has bytes keeps them.
    ///
    /// # Errors
    ///
    /// The commit failed; nothing was written. So for every change below.
    pub async fn seal(&self, message: &MessageId, sealed: Sealed) -> Result<(), StoreError> {
        let message = message.clone();
        self.workers.write(Care::Full, move |connection| seal(connection, &message, &sealed)).await
    }

    /// Queues a test for a sink.
    ///
    /// # Errors
    ///
    /// As [`Store::seal`].
    pub async fn queue_ping(
        &self,
        sink: &SinkName,
        now: Timestamp,
    ) -> Result<MessageId, StoreError> {
        let sink = sink.clone();
        self.workers
            .write(Care::Full, move |connection| {
                let id = message_id(&sink, "ping", &now.to_string());
                insert(connection, &id, &sink, MessageKind::Ping, now)?;
                Ok(id)
            })
            .await
    }
}

/// The id of a message, fixed before its first attempt: from the sink and what it carries, so that a
/// restored backup repeats nothing under another id. Each part bears its length, so that no two
/// lists of parts give the same bytes.
pub(super) fn message_id(sink: &SinkName, sort: &str, what: &str) -> MessageId {
    let mut hash = Sha256::new();
    for part in [sink.as_str(), sort, what] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    // 128 bits, in the digits that a double click selects whole.
    let hex: String = hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    MessageId::new(format!("msg_{hex}"))
}

/// The id of the message that carries an alert alone.
pub(super) fn alert_message(sink: &SinkName, alert: &Alert) -> MessageId {
    message_id(sink, "alert", &alert.key)
}

/// Queues one alert, stored under `id`, for one sink. What the sink was sent already, alone or in a
/// digest, is not queued again.
pub(super) fn queue(
    connection: &Connection,
    alert: &Alert,
    id: AlertId,
    to: &Addressee,
) -> Result<(), StoreError> {
    let known = connection
        .prepare_cached(
            "SELECT 1 FROM delivery d JOIN message m ON m.id = d.message
             WHERE d.alert = ?1 AND m.sink = ?2",
        )?
        .exists(params![id.0, to.sink.as_str()])?;
    if known {
        return Ok(());
    }
    let kind = to.kind.into();
    let message = alert_message(&to.sink, alert);
    if insert(connection, &message, &to.sink, kind, alert.raised)? {
        connection
            .prepare_cached("INSERT INTO delivery (message, alert, kind) VALUES (?1, ?2, ?3)")?
            .execute(params![message.as_str(), id.0, to.kind.as_str()])?;
    }
    Ok(())
}

pub(super) fn insert(
    connection: &Connection,
    id: &MessageId,
    sink: &SinkName,
    kind: MessageKind,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let written = connection
        .prepare_cached(
            "INSERT INTO message (id, sink, kind, state, created, due, attempts, refusals, fallback)
             VALUES (?1, ?2, ?3, 'queued', ?4, ?4, 0, 0, 0) ON CONFLICT (id) DO NOTHING",
        )?
        .execute(params![id.as_str(), sink.as_str(), kind.as_str(), ms(now)])?;
    Ok(written == 1)
}

/// Open messages of a sink.
fn pending(
    connection: &Connection,
    sink: &SinkName,
    limit: usize,
) -> Result<Vec<Pending>, StoreError> {
    let mut statement = connection.prepare_cached(PENDING)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = statement.query_map(params![sink.as_str(), limit], |row| {
        let content_type: Option<String> = row.get("content_type")?;
        let body: Option<Vec<u8>> = row.get("body")?;
        let held_until: Option<i64> = row.get("held_until")?;
        let held_for: Option<String> = row.get("held_for")?;
        Ok(Pending {
            id: MessageId::new(row.get::<_, String>("id")?),
            kind: kind(&row.get::<_, String>("kind")?),
            created: time(row.get("created")?),
            due: time(row.get("due")?),
            attempts: row.get("attempts")?,
            refusals: row.get("refusals")?,
            pauses: row.get("pauses")?,
            sealed: content_type
                .zip(body)
                .map(|(content_type, body)| Sealed { content_type, body }),
            fallback: row.get("fallback")?,
            by_hand: held_for.as_deref() == Some(""),
            held: held_until.map(|at| Hold { until: time(at), why: held_for.unwrap_or_default() }),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn kind(word: &str) -> MessageKind {
    let plain = [MessageKind::Raised, MessageKind::Updated, MessageKind::Digest, MessageKind::Ping];
    let events = EventKind::ALL.into_iter().map(MessageKind::Event);
    plain
        .into_iter()
        .chain(events)
        .find(|kind| kind.as_str() == word)
        .unwrap_or(MessageKind::Raised)
}

/// Fixes the bytes of a message; those that it has stay. Its age counts from the end of a hold.
fn seal(connection: &Connection, id: &MessageId, sealed: &Sealed) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE message SET content_type = ?2, body = ?3,
               created = max(created, coalesce(held_until, 0)) WHERE id = ?1 AND body IS NULL",
        )?
        .execute(params![id.as_str(), sealed.content_type, sealed.body])?;
    Ok(())
}

/// Removes a message with what hangs on it.
pub(super) fn remove(connection: &Connection, id: &str) -> Result<(), StoreError> {
    connection.prepare_cached("DELETE FROM delivery WHERE message = ?1")?.execute([id])?;
    connection.prepare_cached("DELETE FROM attempt WHERE message = ?1")?.execute([id])?;
    connection.prepare_cached("DELETE FROM message WHERE id = ?1")?.execute([id])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::schema;

    #[test]
    fn what_is_settled_costs_the_queue_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let connection = schema::open_writer(&folder.path().join("x.db"), true).unwrap();
        let plan: Vec<String> = connection
            .prepare(&format!("EXPLAIN QUERY PLAN {PENDING}"))
            .unwrap()
            .query_map(params!["a", 1], |row| row.get("detail"))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        let looks: Vec<&String> = plan.iter().filter(|step| step.contains(" message ")).collect();
        assert_eq!(looks, ["SEARCH message USING INDEX message_open (sink=?)"; 3], "{plan:#?}");
        assert!(!plan.iter().any(|step| step.starts_with("SCAN m ")), "{plan:#?}");
    }
}
