//! Taking away what `[history]` does not keep, in small steps between which admission goes on.
//!
//! Quiet items go first, oldest first, but never those that their feed may still show: a key that is
//! forgotten while it is served would make the item new again. Flagged items stay as long as alerts,
//! those that were too old to tell included, so that none that comes back to its feed is news. The
//! ledger stays for good.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::row::ms;
use super::writer::Care;
use super::{HistorySection, Store, StoreError, counts, habits, identity, outbox, schema};
use crate::model::mark;

/// Rows that one step looks at or takes away; admission waits at most for one step.
const STEP: usize = 500;
/// Pages that are given back to the disk at a time.
const PAGES: usize = 1000;
/// A feed's newest items that stay for each entry of its last document: twice as many, since items
/// may go from a document and come back.
const SHOWN: i64 = 2;

impl Store {
    /// Takes away what `[history]` does not keep and gives the space back. Gives how many rows went.
    ///
    /// # Errors
    ///
    /// The commit failed; what is gone by then stays gone.
    pub async fn prune(
        &self,
        now: Timestamp,
        history: HistorySection,
    ) -> Result<usize, StoreError> {
        let before = |age: Duration| ms(now.checked_sub(age).unwrap_or(Timestamp::MIN));
        let flagged = before(history.alerts);
        let mut gone =
            self.prune_items(Limits { quiet: before(history.keep), flagged }, None).await?;
        // The log lies on the disk as well. One that a reader keeps long is cut back once it is done;
        // history is not given up for that.
        let log = self.workers.exclusive(|connection| fold_log(connection)).await?;
        let room = history.max_size.saturating_sub(log.min(schema::LOG_BYTES.unsigned_abs()));
        // Where the file is still too large, age does not protect.
        gone += self.prune_items(Limits { quiet: i64::MAX, flagged }, Some(room)).await?;
        loop {
            let step = self
                .workers
                .write(Care::Normal, move |connection| take_alerts(connection, flagged))
                .await?;
            gone += step;
            if step == 0 {
                break;
            }
        }
        while self.workers.exclusive(|connection| give_back(connection)).await? {}
        self.workers.exclusive(|connection| fold_log(connection)).await?;
        Ok(gone)
    }

    /// Walks over the items once, oldest first, and takes those away that were seen before a time;
    /// with a size, stops when the file is no larger.
    async fn prune_items(&self, limits: Limits, size: Option<u64>) -> Result<usize, StoreError> {
        let mut gone = 0;
        let mut walk = Walk::default();
        loop {
            let asked = walk;
            let (next, rows) = self
                .workers
                .read(move |connection| match size {
                    Some(size) if counts::used_bytes(connection)? <= size => {
                        Ok((Walk { done: true, ..asked }, Vec::new()))
                    }
                    _ => asked.step(connection, limits),
                })
                .await?;
            walk = next;
            if !rows.is_empty() {
                gone += self
                    .workers
                    .write(Care::Normal, move |connection| take_items(connection, &rows))
                    .await?;
                self.workers.exclusive(|connection| give_back(connection)).await?;
            }
            if walk.done {
                return Ok(gone);
            }
        }
    }
}

/// Times before which items may go.
#[derive(Clone, Copy)]
struct Limits {
    quiet: i64,
    /// Those that were flagged and too old to tell.
    flagged: i64,
}

/// A walk over the items in order of arrival.
#[derive(Default)]
struct Walk {
    /// The row that was looked at last.
    after: i64,
    done: bool,
    /// By feed, what it may still show.
    shown: HashMap<i64, Showing>,
}

impl Walk {
    /// The rows among the next ones that may go.
    fn step(
        mut self,
        connection: &Connection,
        limits: Limits,
    ) -> Result<(Self, Vec<i64>), StoreError> {
        let mut statement = connection.prepare_cached(
            "SELECT id, feed, seen, decision, key FROM item WHERE id > ?1 ORDER BY id LIMIT ?2",
        )?;
        let mut rows = statement.query(params![self.after, STEP as i64])?;
        let mut old = Vec::new();
        let (mut looked_at, mut young) = (0, 0);
        while let Some(row) = rows.next()? {
            looked_at += 1;
            self.after = row.get(0)?;
            let seen: i64 = row.get(2)?;
            if seen >= limits.quiet {
                young += 1;
                continue;
            }
            let decision: String = row.get(3)?;
            if decision == "quiet" || (decision == "old" && seen < limits.flagged) {
                old.push((self.after, row.get(1)?, row.get::<_, String>(4)?));
            }
        }
        // Rows arrive in order of time: after a whole step of young ones no old ones come.
        self.done = looked_at < STEP || young == looked_at;
        let mut may_go = Vec::new();
        for (id, feed, key) in old {
            let shown = match self.shown.entry(feed) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => new.insert(Showing::of(connection, feed)?),
            };
            if id < shown.oldest && !shown.keys.contains(&mark(&key)) {
                may_go.push(id);
            }
        }
        Ok((self, may_go))
    }
}

/// What a feed may still show.
struct Showing {
    /// Its newest rows begin with this one.
    oldest: i64,
    /// Marks of the keys in its last document that had entries: some keep an old entry on top.
    keys: HashSet<u32>,
}

impl Showing {
    fn of(connection: &Connection, feed: i64) -> Result<Self, StoreError> {
        let bytes: Option<Vec<u8>> = connection
            .prepare_cached("SELECT identity FROM feed WHERE id = ?1")?
            .query_row([feed], |row| row.get(0))?;
        let known = identity::from_bytes(&bytes.unwrap_or_default());
        let keys: HashSet<u32> = known.shown.iter().map(|one| one.key).collect();
        Ok(Self { oldest: oldest_shown(connection, feed, keys.len())?, keys })
    }
}

/// The oldest row of a feed that it may still show; `shown` is how many keys it showed last.
fn oldest_shown(connection: &Connection, feed: i64, shown: usize) -> Result<i64, StoreError> {
    let entries: i64 = connection
        .prepare_cached("SELECT entries FROM feed WHERE id = ?1")?
        .query_row([feed], |row| row.get(0))?;
    // A document without entries is a slip more often than an end.
    let entries = entries.max(i64::try_from(shown).unwrap_or(i64::MAX / SHOWN));
    if entries == 0 {
        return Ok(i64::MAX);
    }
    let oldest = connection
        .prepare_cached("SELECT id FROM item WHERE feed = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2")?
        .query_row([feed, SHOWN * entries - 1], |row| row.get(0))
        .optional()?;
    // With fewer rows than that, all stay.
    Ok(oldest.unwrap_or(0))
}

fn take_items(connection: &Connection, rows: &[i64]) -> Result<usize, StoreError> {
    let mut statement = connection.prepare_cached("DELETE FROM item WHERE id = ?1")?;
    let mut gone = 0;
    for row in rows {
        gone += statement.execute([row])?;
    }
    Ok(gone)
}

/// A step of settled messages, their alerts and closed stories that are older than a time. A message
/// that still waits holds its alerts, and an alert its story.
fn take_alerts(connection: &Connection, before: i64) -> Result<usize, StoreError> {
    let limit = STEP as i64;
    let mut statement = connection.prepare_cached(
        "SELECT id FROM message WHERE created < ?1
           AND state IN ('delivered', 'dead', 'discarded') LIMIT ?2",
    )?;
    let messages: Vec<String> =
        statement.query_map([before, limit], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for id in &messages {
        outbox::remove(connection, id)?;
    }
    let alerts = connection
        .prepare_cached(
            "DELETE FROM alert WHERE id IN (
               SELECT a.id FROM alert a WHERE a.raised < ?1
                 AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.alert = a.id) LIMIT ?2)",
        )?
        .execute([before, limit])?;
    let mut statement = connection.prepare_cached(
        "SELECT s.id FROM story s WHERE s.last_seen < ?1
           AND NOT EXISTS (SELECT 1 FROM alert a WHERE a.story = s.id) LIMIT ?2",
    )?;
    let stories: Vec<i64> =
        statement.query_map([before, limit], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for id in &stories {
        // What a feed still shows stays known, or it would be told again; it goes as what is quiet goes.
        connection
            .prepare_cached(
                "UPDATE item SET story = NULL, decision = 'quiet', matched = NULL WHERE story = ?1",
            )?
            .execute([id])?;
        connection.prepare_cached("DELETE FROM told WHERE story = ?1")?.execute([id])?;
        connection.prepare_cached("DELETE FROM member WHERE story = ?1")?.execute([id])?;
        connection.prepare_cached("DELETE FROM story WHERE id = ?1")?.execute([id])?;
    }
    if !stories.is_empty() {
        // Whoever plans holds them in memory and must not let them grow.
        connection.execute("UPDATE meta SET generation = generation + 1 WHERE one = 1", [])?;
    }
    // What was decided by hand of stories that are gone explains nothing any more.
    let mut decided = 0;
    for (table, column) in [("mute", "until"), ("regrouped", "at")] {
        let query = format!(
            "DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE {column} < ?1 LIMIT ?2)"
        );
        decided += connection.prepare_cached(&query)?.execute([before, limit])?;
    }
    let days = habits::prune(connection, before)?;
    Ok(messages.len() + alerts + stories.len() + decided + days)
}

/// Gives free pages back to the disk, a bounded number at a time; `false` when there were none.
fn give_back(connection: &Connection) -> Result<bool, StoreError> {
    let free = |connection: &Connection| counts::pragma(connection, "freelist_count");
    let before = free(connection)?;
    if before == 0 {
        return Ok(false);
    }
    let mut statement = connection.prepare(&format!("PRAGMA incremental_vacuum({PAGES})"))?;
    let mut rows = statement.query([])?;
    while rows.next()?.is_some() {}
    drop(rows);
    // In a file that was made without this setting none would ever go.
    Ok(free(connection)? < before)
}

/// Folds the write-ahead log into the file and empties it, where nobody reads from it; gives its
/// bytes.
fn fold_log(connection: &Connection) -> Result<u64, StoreError> {
    // Waiting for a reader here would hold up admission. That there is one is no mistake.
    connection.busy_timeout(Duration::ZERO)?;
    let folded = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    connection.busy_timeout(schema::BUSY)?;
    if let Err(error) = folded {
        tracing::debug!(%error, "the write-ahead log is in use and stays for now");
    }
    Ok(counts::log_bytes(connection))
}
