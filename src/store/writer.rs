//! The writing thread.
//!
//! Changes that wait together share one commit, each in a savepoint of its own, synced to the disk
//! where one of them asks for it. Bookkeeping of polls that brought nothing is collected and written
//! together within a second, or with the next change.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::oneshot;

use super::line::{NOTES, Taking};
use super::worker::Question;
use super::{StoreError, feeds};
use crate::model::{FeedName, FeedState};

/// Longest wait of bookkeeping before it is written.
const NOTES_WAIT: Duration = Duration::from_secs(1);
/// Changes that share one commit at most.
const SHARED: usize = 32;
/// How much a commit must outlive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Care {
    /// A power cut may take it back to an earlier consistent state: feeds are then read again.
    Normal,
    /// Holds alerts or deliveries: synced before anybody is told.
    Full,
}

/// A change inside the shared transaction.
pub(super) trait Change: Send {
    fn care(&self) -> Care;
    /// Makes the change and keeps what it gave.
    fn run(&mut self, connection: &Connection);
    /// Tells the asker, once the fate of the commit is known.
    fn answer(self: Box<Self>, commit: &Result<(), StoreError>);
}

/// A change with the one who asked for it.
pub(super) struct Asked<T, F> {
    care: Care,
    change: Option<F>,
    result: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Asked<T, F> {
    pub(super) fn new(
        care: Care,
        change: F,
        reply: oneshot::Sender<Result<T, StoreError>>,
    ) -> Self {
        Self { care, change: Some(change), result: None, reply }
    }
}

impl<T, F> Change for Asked<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T, StoreError> + Send,
{
    fn care(&self) -> Care {
        self.care
    }

    fn run(&mut self, connection: &Connection) {
        self.result = self.change.take().map(|change| in_savepoint(connection, change));
    }

    fn answer(self: Box<Self>, commit: &Result<(), StoreError>) {
        let Self { result, reply, .. } = *self;
        let answer = match (commit, result) {
            // Its own mistake says more than that of a commit that it spoilt.
            (_, Some(Err(error))) => Err(error),
            (Err(error), _) => Err(error.clone()),
            (Ok(()), Some(Ok(value))) => Ok(value),
            (Ok(()), None) => Err(StoreError::Closed),
        };
        // The asker may have gone; the change stands all the same.
        let _ = reply.send(answer);
    }
}

/// What the writing thread can be asked.
pub(super) enum Command {
    /// A change that may share its commit with its neighbours.
    Change(Box<dyn Change>),
    /// Something that manages its own transactions.
    Exclusive(Question),
    /// Bookkeeping.
    Note(FeedName, Box<FeedState>),
}

/// Runs a change so that its failure undoes itself and not its neighbours.
fn in_savepoint<T>(
    connection: &Connection,
    change: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    connection.execute_batch("SAVEPOINT one")?;
    let result = change(connection).and_then(|value| {
        connection.execute_batch("RELEASE one")?;
        Ok(value)
    });
    // A full disk ends the whole transaction by itself; then there is no savepoint to return to.
    if result.is_err() && !connection.is_autocommit() {
        connection.execute_batch("ROLLBACK TO one; RELEASE one")?;
    }
    result
}

/// Bookkeeping that waits to be written.
#[derive(Default)]
struct Notes {
    /// Accepted before the changes that are at hand, and to be written before them.
    before: HashMap<FeedName, FeedState>,
    /// Accepted after one of them: a plan must not overwrite the note of a later poll.
    after: HashMap<FeedName, FeedState>,
    oldest: Option<Instant>,
    /// Whether the last try failed, so that trouble is logged when it starts and ends.
    failing: bool,
}

impl Notes {
    fn patience(&self) -> Option<Duration> {
        self.oldest.map(|since| NOTES_WAIT.saturating_sub(since.elapsed()))
    }

    fn due(&self) -> bool {
        self.before.len() + self.after.len() >= NOTES
            || self.oldest.is_some_and(|since| since.elapsed() >= NOTES_WAIT)
    }

    fn written(&mut self, outcome: &Result<(), StoreError>) {
        match outcome {
            Ok(()) => {
                if self.failing {
                    tracing::info!("the database can be written again");
                }
                *self = Self::default();
            }
            Err(error) => {
                if !self.failing {
                    tracing::warn!(%error, "the database could not be written; trying again");
                }
                self.failing = true;
                self.before.extend(self.after.drain());
                self.oldest = (!self.before.is_empty()).then(Instant::now);
            }
        }
    }
}

/// The writing thread: works until the line is closed and everything on it is done.
pub(super) fn write(mut connection: Connection, commands: &Taking) {
    let mut notes = Notes::default();
    let mut open = true;
    while open {
        open = commands.wait(notes.patience());
        let mut changes: Vec<Box<dyn Change>> = Vec::new();
        let mut exclusive = None;
        while changes.len() < SHARED
            && let Some(command) = commands.next()
        {
            match command {
                Command::Note(feed, state) => {
                    notes.oldest.get_or_insert_with(Instant::now);
                    let place =
                        if changes.is_empty() { &mut notes.before } else { &mut notes.after };
                    place.insert(feed, *state);
                }
                Command::Change(change) => changes.push(change),
                Command::Exclusive(work) => {
                    exclusive = Some(work);
                    break;
                }
            }
        }
        let due = notes.due() || (!open && notes.oldest.is_some());
        if due || !changes.is_empty() {
            let outcome = commit(&mut connection, &notes, &mut changes);
            notes.written(&outcome);
            for change in changes {
                change.answer(&outcome);
            }
        }
        if let Some(work) = exclusive {
            work(&mut connection);
        }
    }
    if let Err(error) = connection.execute_batch("PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE)")
    {
        tracing::debug!(%error, "the write-ahead log could not be folded in at the end");
    }
}

/// One transaction over the notes and the changes.
fn commit(
    connection: &mut Connection,
    notes: &Notes,
    changes: &mut [Box<dyn Change>],
) -> Result<(), StoreError> {
    let care = changes.iter().map(|change| change.care()).max().unwrap_or(Care::Normal);
    // May not be changed inside a transaction.
    connection.pragma_update(
        None,
        "synchronous",
        if care == Care::Full { "FULL" } else { "NORMAL" },
    )?;
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(StoreError::while_doing("write to the database"))?;
    for (feed, state) in &notes.before {
        feeds::save(&transaction, feed, state)?;
    }
    for change in changes {
        change.run(&transaction);
        if transaction.is_autocommit() {
            return Err(StoreError::Failed {
                doing: "write to the database",
                why: "the disk is full or failed, and the commit was taken back".to_owned(),
            });
        }
    }
    for (feed, state) in &notes.after {
        feeds::save(&transaction, feed, state)?;
    }
    transaction.commit().map_err(StoreError::while_doing("write to the database"))
}
