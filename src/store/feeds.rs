//! Feeds: what is remembered between polls.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, named_params, params};
use serde::Serialize;

use super::row::{duration, ms, optional_json, span, time, to_json};
use super::writer::Care;
use super::{Store, StoreError, identity};
use crate::model::{Condition, FeedName, FeedState, Hints, Hub, Validators};

impl Store {
    /// The saved state of every feed by name.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn feed_states(&self) -> Result<HashMap<FeedName, FeedState>, StoreError> {
        self.workers.read(states).await
    }

    /// Asks the daemon that runs on this database to poll a feed at once. `false` where the feed was
    /// never polled: then it is due anyway.
    ///
    /// # Errors
    ///
    /// The commit failed.
    pub async fn want_feed(&self, name: FeedName, now: Timestamp) -> Result<bool, StoreError> {
        self.workers.write(Care::Normal, move |connection| want(connection, &name, now)).await
    }

    /// The feeds that other commands want polled at once; each is given once.
    ///
    /// # Errors
    ///
    /// The commit failed.
    pub async fn take_wanted_feeds(&self) -> Result<Vec<FeedName>, StoreError> {
        self.workers.write(Care::Normal, take_wanted).await
    }

    /// Every feed that was polled. Those of the config that never were are the caller's to add.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn feeds(&self) -> Result<Vec<FeedRow>, StoreError> {
        self.workers.read(list).await
    }
}

/// A feed as listings show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FeedRow {
    /// Its name.
    pub name: String,
    /// Its condition in one word.
    pub state: String,
    /// When it last answered with a feed or "not modified".
    pub last_success: Option<Timestamp>,
    /// The next poll.
    pub next_due: Option<Timestamp>,
    /// Failed polls in a row.
    pub failures: u32,
    /// Items that are stored of it.
    pub items: u64,
    /// When it last showed an entry that was new.
    pub last_new: Option<Timestamp>,
    /// Why the last poll failed.
    pub last_error: Option<String>,
    /// What was broken or repaired in the last document.
    pub faults: Vec<String>,
    /// When it was last asked.
    pub last_poll: Option<Timestamp>,
    /// Entries in the last document that was read.
    pub entries: u64,
    /// Since when it is well, or not.
    pub since: Option<Timestamp>,
    /// Since when it gets no answer because the network is down.
    pub offline: Option<Timestamp>,
    /// Where permanent redirects send it, and how many polls in a row agreed.
    pub moved: Option<(String, u32)>,
    /// The phase of its subscription to a hub, where there is one.
    pub push: Option<String>,
}

/// Marks a feed; `false` where it was never polled.
fn want(connection: &Connection, name: &FeedName, now: Timestamp) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached("UPDATE feed SET wanted = ?2 WHERE name = ?1")?;
    Ok(statement.execute(params![name.as_str(), ms(now)])? > 0)
}

/// Takes the marks away; gives the marked feeds.
fn take_wanted(connection: &Connection) -> Result<Vec<FeedName>, StoreError> {
    let mut statement = connection
        .prepare_cached("UPDATE feed SET wanted = NULL WHERE wanted IS NOT NULL RETURNING name")?;
    let names = statement.query_map([], |row| row.get::<_, String>(0).map(FeedName::new))?;
    Ok(names.collect::<Result<_, _>>()?)
}

/// Writes the state of a feed; gives its row id.
pub(super) fn save(
    connection: &Connection,
    name: &FeedName,
    state: &FeedState,
) -> Result<i64, StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO feed (name, etag, last_modified, body_hash, next_due, last_poll, last_success,
           last_new, failures, last_error, last_status, condition, moved_to, moved_count, rhythm,
           at_least, skip_hours, skip_days, entries, faults, address, identity, since, offline,
           hub, topic)
         VALUES (:name, :etag, :last_modified, :body_hash, :next_due, :last_poll, :last_success,
           :last_new, :failures, :last_error, :last_status, :condition, :moved_to, :moved_count,
           :rhythm, :at_least, :skip_hours, :skip_days, :entries, :faults, :address, :identity,
           :since, :offline, :hub, :topic)
         ON CONFLICT (name) DO UPDATE SET etag = excluded.etag,
           last_modified = excluded.last_modified, body_hash = excluded.body_hash,
           next_due = excluded.next_due, last_poll = excluded.last_poll,
           last_success = excluded.last_success, last_new = excluded.last_new,
           failures = excluded.failures, last_error = excluded.last_error,
           last_status = excluded.last_status, condition = excluded.condition,
           moved_to = excluded.moved_to, moved_count = excluded.moved_count,
           rhythm = excluded.rhythm, at_least = excluded.at_least,
           skip_hours = excluded.skip_hours, skip_days = excluded.skip_days,
           entries = excluded.entries, faults = excluded.faults,
           address = excluded.address, identity = excluded.identity,
           since = excluded.since, offline = excluded.offline,
           hub = excluded.hub, topic = excluded.topic
         RETURNING id",
    )?;
    let validators = &state.validators;
    let id = statement.query_row(
        named_params! {
            ":name": name.as_str(),
            ":address": state.address.as_ref().map(<[u8; 32]>::as_slice),
            ":etag": validators.etag,
            ":last_modified": validators.last_modified,
            ":body_hash": validators.body_hash.as_ref().map(<[u8; 32]>::as_slice),
            ":next_due": ms(state.next_due),
            ":last_poll": state.last_poll.map(ms),
            ":last_success": state.last_success.map(ms),
            ":last_new": state.last_new.map(ms),
            ":failures": state.failures,
            ":last_error": state.last_error,
            ":last_status": state.last_status,
            ":condition": state.condition.as_str(),
            ":moved_to": state.moved.as_ref().map(|(url, _)| url),
            ":moved_count": state.moved.as_ref().map_or(0, |(_, count)| *count),
            ":rhythm": state.rhythm.map(span),
            ":at_least": state.hints.at_least.map(span),
            ":skip_hours": state.hints.skip_hours,
            ":skip_days": state.hints.skip_days,
            ":entries": state.entries,
            ":identity": identity::to_bytes(&state.identity),
            ":since": state.since.map(ms),
            ":offline": state.offline.map(ms),
            ":hub": state.hub.as_ref().map(|hub| &hub.url),
            ":topic": state.hub.as_ref().map(|hub| &hub.topic),
            ":faults": match state.faults.is_empty() {
                true => None,
                false => Some(to_json(&state.faults)?),
            },
        },
        |row| row.get(0),
    )?;
    Ok(id)
}

/// Row id of a feed that was saved before.
pub(super) fn id_of(connection: &Connection, name: &FeedName) -> Result<Option<i64>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT id FROM feed WHERE name = ?1")?;
    Ok(statement.query_row([name.as_str()], |row| row.get(0)).optional()?)
}

/// The state of every feed.
fn states(connection: &Connection) -> Result<HashMap<FeedName, FeedState>, StoreError> {
    let mut statement = connection.prepare("SELECT * FROM feed")?;
    let rows = statement
        .query_map([], |row| Ok((FeedName::new(row.get::<_, String>("name")?), state(row)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn state(row: &Row<'_>) -> rusqlite::Result<FeedState> {
    let at = |column: &str| -> rusqlite::Result<Option<Timestamp>> {
        Ok(row.get::<_, Option<i64>>(column)?.map(time))
    };
    let word: String = row.get("condition")?;
    let moved_to: Option<String> = row.get("moved_to")?;
    let moved_count: u32 = row.get("moved_count")?;
    let hub: Option<String> = row.get("hub")?;
    let topic: Option<String> = row.get("topic")?;
    let hash = |column: &str| -> rusqlite::Result<Option<[u8; 32]>> {
        let bytes: Option<Vec<u8>> = row.get(column)?;
        Ok(bytes.and_then(|bytes| bytes.try_into().ok()))
    };
    Ok(FeedState {
        address: hash("address")?,
        validators: Validators {
            etag: row.get("etag")?,
            last_modified: row.get("last_modified")?,
            body_hash: hash("body_hash")?,
        },
        next_due: time(row.get("next_due")?),
        last_poll: at("last_poll")?,
        last_success: at("last_success")?,
        last_new: at("last_new")?,
        failures: row.get("failures")?,
        last_error: row.get("last_error")?,
        last_status: row.get("last_status")?,
        condition: Condition::ALL
            .into_iter()
            .find(|one| one.as_str() == word)
            .unwrap_or(Condition::New),
        since: at("since")?,
        offline: at("offline")?,
        moved: moved_to.map(|url| (url, moved_count)),
        rhythm: row.get::<_, Option<i64>>("rhythm")?.map(duration),
        hints: Hints {
            at_least: row.get::<_, Option<i64>>("at_least")?.map(duration),
            skip_hours: row.get("skip_hours")?,
            skip_days: row.get("skip_days")?,
        },
        entries: row.get("entries")?,
        faults: optional_json(row, "faults")?.unwrap_or_default(),
        hub: hub.zip(topic).map(|(url, topic)| Hub { url, topic }),
        identity: row
            .get::<_, Option<Vec<u8>>>("identity")?
            .map_or_else(Default::default, |bytes| identity::from_bytes(&bytes)),
    })
}

/// Every feed for listings.
fn list(connection: &Connection) -> Result<Vec<FeedRow>, StoreError> {
    let mut statement = connection.prepare(
        "SELECT f.name, f.condition, f.last_success, f.last_new, f.next_due, f.failures, f.last_error,
           f.faults, f.last_poll, f.entries, f.since, f.offline, f.moved_to, f.moved_count,
           (SELECT l.phase FROM lease l WHERE l.feed = f.name) AS push,
           (SELECT count(*) FROM item i WHERE i.feed = f.id) AS items
         FROM feed f ORDER BY f.name",
    )?;
    let rows = statement.query_map([], |row| {
        let condition: String = row.get("condition")?;
        let retired = condition == Condition::Retired.as_str();
        let moved_to: Option<String> = row.get("moved_to")?;
        let moved_count: u32 = row.get("moved_count")?;
        Ok(FeedRow {
            name: row.get("name")?,
            state: condition,
            last_success: row.get::<_, Option<i64>>("last_success")?.map(time),
            last_new: row.get::<_, Option<i64>>("last_new")?.map(time),
            next_due: (!retired).then_some(time(row.get("next_due")?)),
            failures: row.get("failures")?,
            items: row.get("items")?,
            last_error: row.get("last_error")?,
            faults: optional_json(row, "faults")?.unwrap_or_default(),
            last_poll: row.get::<_, Option<i64>>("last_poll")?.map(time),
            entries: row.get("entries")?,
            since: row.get::<_, Option<i64>>("since")?.map(time),
            offline: row.get::<_, Option<i64>>("offline")?.map(time),
            moved: moved_to.map(|url| (url, moved_count)),
            push: row.get("push")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
