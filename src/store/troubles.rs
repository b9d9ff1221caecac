//! What operators were told: troubles until they are over, and the messages that say so.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::outbox::{insert, message_id};
use super::row::{ms, time, to_json};
use super::writer::Care;
use super::{Store, StoreError};
use crate::model::{Event, EventKind, EventState, Fault, MessageId, MessageKind, SinkName};

impl Store {
    /// The troubles that operators were told and that are not over, with no words.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn told(&self) -> Result<Vec<Fault>, StoreError> {
        self.workers.read(told).await
    }

    /// When the daily proof of life was told last; `None` where it never was.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn last_quiet(&self) -> Result<Option<Timestamp>, StoreError> {
        self.workers.read(last_quiet).await
    }

    /// Queues an event for each sink and remembers that it was told, in one commit. An event about a
    /// sink does not go to that sink. Gives the messages that are new.
    ///
    /// # Errors
    ///
    /// The commit failed; nothing was written.
    pub async fn tell(
        &self,
        events: Vec<Event>,
        sinks: Vec<SinkName>,
    ) -> Result<usize, StoreError> {
        let put = move |connection: &Connection| {
            let mut queued = 0;
            for event in &events {
                queued += tell(connection, event, &sinks)?;
            }
            Ok(queued)
        };
        self.workers.write(Care::Full, put).await
    }

    /// Remembers a time as that of the last proof of life, telling nobody.
    ///
    /// # Errors
    ///
    /// The commit failed; nothing was written.
    pub async fn begin_quiet(&self, now: Timestamp) -> Result<(), StoreError> {
        let put = move |connection: &Connection| {
            remember(connection, EventKind::AllQuiet, "", Some(now), now)
        };
        self.workers.write(Care::Full, put).await
    }

    /// What a message tells operators; `None` where it is no such message.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn event(&self, message: &MessageId) -> Result<Option<Event>, StoreError> {
        let message = message.clone();
        self.workers.read(move |connection| event_of(connection, &message)).await
    }
}

fn kind_of(word: &str) -> Option<EventKind> {
    EventKind::ALL.into_iter().find(|kind| kind.as_str() == word)
}

fn told(connection: &Connection) -> Result<Vec<Fault>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT kind, subject, since FROM trouble ORDER BY 1, 2")?;
    let rows = statement.query_map([], |row| {
        let kind: String = row.get(0)?;
        let (subject, since): (String, Option<i64>) = (row.get(1)?, row.get(2)?);
        // One that a later version told is no trouble of ours.
        Ok(kind_of(&kind).map(|kind| Fault {
            kind,
            subject,
            since: since.map(time),
            what: String::new(),
            cure: String::new(),
        }))
    })?;
    let all: Vec<Option<Fault>> = rows.collect::<Result<_, _>>()?;
    Ok(all.into_iter().flatten().filter(|one| one.kind != EventKind::AllQuiet).collect())
}

fn last_quiet(connection: &Connection) -> Result<Option<Timestamp>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT told FROM trouble WHERE kind = ?1")?;
    let last = statement.query_row([EventKind::AllQuiet.as_str()], |row| row.get(0));
    Ok(last.optional()?.map(time))
}

fn tell(connection: &Connection, event: &Event, sinks: &[SinkName]) -> Result<usize, StoreError> {
    let about_sink = matches!(event.kind, EventKind::SinkDisabled | EventKind::QueueStuck);
    let mut queued = 0;
    for sink in sinks {
        if about_sink && event.subjects.iter().any(|subject| subject == sink.as_str()) {
            continue;
        }
        let since = event.since.unwrap_or(event.at);
        let subjects = event.subjects.join("\n");
        let what = format!("{}\n{since}\n{subjects}", event.state.as_str());
        let id = message_id(sink, event.kind.as_str(), &what);
        if insert(connection, &id, sink, MessageKind::Event(event.kind), event.at)? {
            connection
                .prepare_cached("UPDATE message SET event = ?2 WHERE id = ?1")?
                .execute(params![id.as_str(), to_json(event)?])?;
            queued += 1;
        }
    }
    let whole = [String::new()];
    let subjects = if event.subjects.is_empty() { &whole[..] } else { &event.subjects };
    for subject in subjects {
        match event.state {
            EventState::Raised => {
                remember(connection, event.kind, subject, event.since, event.at)?;
            }
            EventState::Recovered => {
                connection
                    .prepare_cached("DELETE FROM trouble WHERE kind = ?1 AND subject = ?2")?
                    .execute(params![event.kind.as_str(), subject])?;
            }
        }
    }
    Ok(queued)
}

fn remember(
    connection: &Connection,
    kind: EventKind,
    subject: &str,
    since: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO trouble (kind, subject, since, told) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (kind, subject) DO UPDATE SET since = excluded.since, told = excluded.told",
        )?
        .execute(params![kind.as_str(), subject, since.map(ms), ms(now)])?;
    Ok(())
}

fn event_of(connection: &Connection, message: &MessageId) -> Result<Option<Event>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT event FROM message WHERE id = ?1")?;
    let text: Option<Option<String>> =
        statement.query_row([message.as_str()], |row| row.get(0)).optional()?;
    Ok(text.flatten().and_then(|text| serde_json::from_str(&text).ok()))
}
