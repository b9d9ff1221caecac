//! Subscriptions to hubs: what was agreed must outlive a restart.

use jiff::Timestamp;
use rusqlite::{Connection, Row, named_params, params};

use super::row::{ms, time};
use super::writer::Care;
use super::{Store, StoreError};
use crate::model::{FeedName, Hub, Lease, Phase};

impl Store {
    /// Every subscription to a hub.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn leases(&self) -> Result<Vec<Lease>, StoreError> {
        self.workers.read(list).await
    }

    /// Writes a subscription, in the place of the feed's former one.
    ///
    /// # Errors
    ///
    /// The commit failed; nothing was written.
    pub async fn save_lease(&self, lease: Lease) -> Result<(), StoreError> {
        self.workers.write(Care::Normal, move |connection| save(connection, &lease)).await
    }

    /// Forgets a feed's subscription.
    ///
    /// # Errors
    ///
    /// The commit failed; nothing was forgotten.
    pub async fn forget_lease(&self, feed: FeedName) -> Result<(), StoreError> {
        let forget = move |connection: &Connection| {
            connection.execute("DELETE FROM lease WHERE feed = ?1", params![feed.as_str()])?;
            Ok(())
        };
        self.workers.write(Care::Normal, forget).await
    }
}

fn list(connection: &Connection) -> Result<Vec<Lease>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT * FROM lease ORDER BY feed")?;
    let rows = statement.query_map([], lease)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn lease(row: &Row<'_>) -> rusqlite::Result<Lease> {
    let at = |column: &str| -> rusqlite::Result<Option<Timestamp>> {
        Ok(row.get::<_, Option<i64>>(column)?.map(time))
    };
    let word: String = row.get("phase")?;
    Ok(Lease {
        feed: FeedName::new(row.get::<_, String>("feed")?),
        hub: Hub { url: row.get("hub")?, topic: row.get("topic")? },
        token: row.get("token")?,
        key: row.get("key")?,
        phase: Phase::ALL.into_iter().find(|one| one.as_str() == word).unwrap_or(Phase::Asked),
        until: at("until")?,
        due: time(row.get("due")?),
        failures: row.get("failures")?,
        error: row.get("error")?,
        pushed: at("pushed")?,
    })
}

fn save(connection: &Connection, lease: &Lease) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT OR REPLACE INTO lease
           (feed, hub, topic, token, key, phase, until, due, failures, error, pushed)
         VALUES (:feed, :hub, :topic, :token, :key, :phase, :until, :due, :failures, :error, :pushed)",
    )?;
    statement.execute(named_params! {
        ":feed": lease.feed.as_str(),
        ":hub": lease.hub.url,
        ":topic": lease.hub.topic,
        ":token": lease.token,
        ":key": lease.key,
        ":phase": lease.phase.as_str(),
        ":until": lease.until.map(ms),
        ":due": ms(lease.due),
        ":failures": lease.failures,
        ":error": lease.error,
        ":pushed": lease.pushed.map(ms),
    })?;
    Ok(())
}
