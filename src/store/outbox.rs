//! The outbox: messages, which alerts they carry, and every attempt at sending them.
//!
//! Ids are fixed here, before the first attempt. When and how often to try is `deliver`'s to decide.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
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

    /// Makes one queued digest of several unsealed messages of one sink: their deliveries move to
    /// it, and they are gone. The digest's id is derived from theirs, and its age counts from now:
    /// nothing of it was tried before. One that takes in a digest is as old as that. Members that were sealed or settled in the meantime stay out;
    /// where one alone is left, that one is given back as it is.
    ///
    /// # Errors
    ///
    /// None of them is left, or the commit failed.
    pub async fn merge(
        &self,
        sink: &SinkName,
        members: Vec<MessageId>,
        now: Timestamp,
    ) -> Result<MessageId, StoreError> {
        let sink = sink.clone();
        self.workers
            .write(Care::Full, move |connection| merge(connection, &sink, members, now))
            .await
    }

    /// Makes several digests of one that waits and carries several alerts: so many parts, alike in size
    /// and oldest first, each under an id derived from its own alerts. What was tried is told with the
    /// first.
    ///
    /// # Errors
    ///
    /// As [`Store::seal`].
    pub async fn split(
        &self,
        digest: &MessageId,
        parts: usize,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let digest = digest.clone();
        self.workers
            .write(Care::Full, move |connection| split(connection, &digest, parts, now))
            .await
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

/// Makes one digest of several unsealed messages.
fn merge(
    connection: &Connection,
    sink: &SinkName,
    members: Vec<MessageId>,
    now: Timestamp,
) -> Result<MessageId, StoreError> {
    let mut free = Vec::new();
    for member in members {
        let unsealed = connection
            .prepare_cached(
                "SELECT 1 FROM message
                 WHERE id = ?1 AND sink = ?2 AND body IS NULL AND state IN ('queued', 'retrying')",
            )?
            .exists(params![member.as_str(), sink.as_str()])?;
        if unsealed {
            free.push(member);
        }
    }
    free.sort_unstable();
    free.dedup();
    match free.as_slice() {
        [] => Err(StoreError::Unfit(format!(
            "make a digest for `{sink}`: none of its messages waits unsealed any more"
        ))),
        [one] => Ok(one.clone()),
        several => {
            let mut since = now;
            for member in several {
                let digest: Option<i64> = connection
                    .prepare_cached("SELECT created FROM message WHERE id = ?1 AND kind = ?2")?
                    .query_row([member.as_str(), MessageKind::Digest.as_str()], |row| row.get(0))
                    .optional()?;
                since = since.min(digest.map_or(now, time));
            }
            gathered(connection, sink, several, since)
        }
    }
}

/// A digest of what several messages of a sink carry, which are gone then; what was tried of them is told
/// with it. `members` are in order, for the id is derived from theirs.
pub(super) fn gathered(
    connection: &Connection,
    sink: &SinkName,
    members: &[MessageId],
    since: Timestamp,
) -> Result<MessageId, StoreError> {
    let names: Vec<&str> = members.iter().map(MessageId::as_str).collect();
    let id = message_id(sink, "digest", &names.join(" "));
    insert(connection, &id, sink, MessageKind::Digest, since)?;
    for member in names {
        connection
            .prepare_cached("UPDATE OR IGNORE delivery SET message = ?2 WHERE message = ?1")?
            .execute(params![member, id.as_str()])?;
        hand_on(connection, member, &id)?;
        remove(connection, member)?;
    }
    Ok(id)
}

/// Makes several digests of one that waits. A part of one alert is a digest as well: an alert by itself
/// would be gathered again.
pub(super) fn split(
    connection: &Connection,
    digest: &MessageId,
    parts: usize,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sink: Option<String> = connection
        .prepare_cached(
            "SELECT sink FROM message WHERE id = ?1 AND kind = ?2
               AND state IN ('queued', 'retrying', 'paused')",
        )?
        .query_row([digest.as_str(), MessageKind::Digest.as_str()], |row| row.get(0))
        .optional()?;
    let Some(sink) = sink.map(|name| SinkName::new(&name)) else { return Ok(()) };
    let alerts: Vec<(i64, String)> = connection
        .prepare_cached(
            "SELECT d.alert, a.key FROM delivery d JOIN alert a ON a.id = d.alert
             WHERE d.message = ?1 ORDER BY d.alert",
        )?
        .query_map([digest.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    if alerts.len() < 2 {
        return Ok(());
    }
    let mut first = true;
    for part in alerts.chunks(alerts.len().div_ceil(parts.clamp(2, alerts.len()))) {
        let mut names: Vec<MessageId> =
            part.iter().map(|(_, key)| message_id(&sink, "alert", key)).collect();
        names.sort_unstable();
        let names: Vec<&str> = names.iter().map(MessageId::as_str).collect();
        let id = message_id(&sink, "digest", &names.join(" "));
        insert(connection, &id, &sink, MessageKind::Digest, now)?;
        connection
            .prepare_cached(
                "UPDATE message SET (state, created, held_until, held_for) =
                   (SELECT state, created, held_until, held_for FROM message WHERE id = ?2)
                 WHERE id = ?1",
            )?
            .execute([id.as_str(), digest.as_str()])?;
        for (alert, _) in part {
            connection
                .prepare_cached(
                    "UPDATE OR IGNORE delivery SET message = ?2 WHERE message = ?1 AND alert = ?3",
                )?
                .execute(params![digest.as_str(), id.as_str(), alert])?;
        }
        if std::mem::take(&mut first) {
            hand_on(connection, digest.as_str(), &id)?;
        }
    }
    remove(connection, digest.as_str())
}

/// What was tried of a message is told with another from now on.
fn hand_on(connection: &Connection, from: &str, to: &MessageId) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE attempt SET message = ?2 WHERE message = ?1")?
        .execute([from, to.as_str()])?;
    connection
        .prepare_cached(
            "UPDATE message SET tries = message.tries + old.tries, last_status = old.last_status,
               last_error = old.last_error
             FROM (SELECT tries, last_status, last_error FROM message WHERE id = ?1) AS old
             WHERE message.id = ?2 AND old.tries > 0",
        )?
        .execute([from, to.as_str()])?;
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
