//! Digests: alerts of several messages that go as one, and those of one that go as several.
//!
//! Their deliveries move, and what they were in is gone; what was tried of that is told with where they
//! went. Which go together is `deliver`'s to decide, or somebody's by hand.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::deliveries::retry;
use super::outbox::{insert, message_id, remove};
use super::row::time;
use super::writer::Care;
use super::{Store, StoreError};
use crate::model::{MessageId, MessageKind, SinkName};

impl Store {
    /// Makes one queued digest of several unsealed messages of one sink: their deliveries move to
    /// it, and they are gone. The digest's id is derived from theirs, and its age counts from now:
    /// nothing of it was tried before. One that takes in a digest is as old as that. Members that were
    /// sealed or settled in the meantime stay out; where one alone is left, that one is given back as it is.
    ///
    /// # Errors
    ///
    /// None of them is left, or the commit failed; nothing was written. So for every change below.
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
    /// As [`Store::merge`].
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

    /// Makes each alert of a digest due now by itself, in a digest of one; `false` where there is none
    /// that can be.
    ///
    /// # Errors
    ///
    /// The commit failed; nothing was written.
    pub async fn part(&self, digest: &MessageId, now: Timestamp) -> Result<bool, StoreError> {
        let digest = digest.clone();
        self.workers
            .write(Care::Full, move |connection| {
                let can = retry(connection, &digest, now)?;
                split(connection, &digest, usize::MAX, now)?;
                Ok(can)
            })
            .await
    }

    /// Makes one digest of the alerts that several messages of a sink carry, due now; those that were
    /// delivered stay out. Where there is but one, it is due as it is. Gives the id.
    ///
    /// # Errors
    ///
    /// None of them can be sent again, or the commit failed; nothing was written.
    pub async fn bundle(
        &self,
        sink: &SinkName,
        messages: Vec<MessageId>,
        now: Timestamp,
    ) -> Result<MessageId, StoreError> {
        let sink = sink.clone();
        self.workers
            .write(Care::Full, move |connection| bundle(connection, &sink, messages, now))
            .await
    }
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

/// Makes one digest of what several messages carry.
fn bundle(
    connection: &Connection,
    sink: &SinkName,
    messages: Vec<MessageId>,
    now: Timestamp,
) -> Result<MessageId, StoreError> {
    let mut members = Vec::new();
    for message in messages {
        let open = connection
            .prepare_cached(
                "SELECT 1 FROM message m WHERE m.id = ?1 AND m.sink = ?2 AND m.state <> 'delivered'
                   AND EXISTS (SELECT 1 FROM delivery d WHERE d.message = m.id)",
            )?
            .exists(params![message.as_str(), sink.as_str()])?;
        if open {
            members.push(message);
        }
    }
    members.sort_unstable();
    members.dedup();
    match members.as_slice() {
        [] => Err(StoreError::Unfit(format!(
            "make a digest for `{sink}`: none of its messages can be sent again"
        ))),
        [one] => {
            retry(connection, one, now)?;
            Ok(one.clone())
        }
        several => {
            let digest = gathered(connection, sink, several, now)?;
            retry(connection, &digest, now)?;
            Ok(digest)
        }
    }
}
