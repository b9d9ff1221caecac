//! The threads that own the connections, and the lines to them: one writes, two read.
//!
//! Questions and changes are closures sent to a thread; the asker awaits the answer. When the last
//! handle is dropped the threads finish what was accepted and end. How changes share a commit is
//! `writer`'s; what a change does is not known here.

use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::oneshot;

use super::line::{Asking, line};
use super::tally::Counter;
use super::writer::{Asked, Care, Command, write};
use super::{StoreError, schema};
use crate::model::{FeedName, FeedState};

/// Threads that answer questions.
const READERS: usize = 2;

/// Something for a thread to do with its connection.
pub(super) type Question = Box<dyn FnOnce(&mut Connection) + Send>;

/// The threads and the lines to them. Dropping it waits until everything accepted is on disk.
///
/// The lines have no bound of their own: each asker waits for its answer, and a feed has at most
/// one poll, and so one note, at a time.
pub(super) struct Workers {
    writer: Option<Asking>,
    readers: Option<Sender<Question>>,
    threads: Vec<JoinHandle<()>>,
    /// The data version that was seen last, see [`Workers::others_wrote`].
    seen: AtomicI64,
    /// What has gone through.
    pub(super) counter: Arc<Counter>,
}

impl Workers {
    /// Starts the threads over open connections. Without a writing one, changes are refused.
    pub(super) fn start(writer: Option<Connection>, path: &Path) -> Result<Self, StoreError> {
        let mut readers = Vec::new();
        for _ in 0..READERS {
            readers.push(schema::open_reader(path)?);
        }
        let seen = match &writer {
            Some(connection) => AtomicI64::new(data_version(connection)?),
            None => AtomicI64::default(),
        };
        let (ask, questions) = mpsc::channel::<Question>();
        let mut workers = Self {
            writer: None,
            readers: Some(ask),
            threads: Vec::new(),
            seen,
            counter: Arc::default(),
        };
        if let Some(connection) = writer {
            let (asking, commands) = line();
            workers.spawn("store-write", move || write(connection, &commands))?;
            workers.writer = Some(asking);
        }
        let questions = Arc::new(Mutex::new(questions));
        for mut connection in readers {
            let questions = questions.clone();
            workers.spawn("store-read", move || {
                while let Some(question) = next(&questions) {
                    question(&mut connection);
                }
            })?;
        }
        Ok(workers)
    }

    fn spawn(
        &mut self,
        name: &str,
        work: impl FnOnce() + Send + 'static,
    ) -> Result<(), StoreError> {
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(work);
        let thread = thread.map_err(|error| StoreError::Failed {
            doing: "start a thread",
            why: error.to_string(),
        })?;
        self.threads.push(thread);
        Ok(())
    }

    /// Asks a reading thread; the closure sees one snapshot.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let line = self.readers.as_ref().ok_or(StoreError::Closed)?;
        let asked = line.send(Box::new(move |connection: &mut Connection| {
            if reply.is_closed() {
                return;
            }
            let result = connection
                .transaction_with_behavior(TransactionBehavior::Deferred)
                .map_err(StoreError::from)
                .and_then(|snapshot| question(&snapshot));
            // The asker may have gone; then nobody needs the answer.
            let _ = reply.send(result);
        }));
        asked.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Makes a change in a savepoint of its own; it answers when the commit is done.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        care: Care,
        change: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let change = Asked::new(care, change, reply);
        self.command(Command::Change(Box::new(change)))?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Runs something on the writing connection that manages its own transactions.
    pub(super) async fn exclusive<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.command(Command::Exclusive(Box::new(move |connection: &mut Connection| {
            let _ = reply.send(work(connection));
        })))?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Accepts bookkeeping; it is written within a second.
    pub(super) fn note(&self, feed: FeedName, state: FeedState) {
        if let Err(error) = self.command(Command::Note(feed, Box::new(state))) {
            tracing::warn!(%error, "bookkeeping of a poll was not accepted");
        }
    }

    /// Whether another connection has written since the last call, or since opening.
    pub(super) async fn others_wrote(&self) -> Result<bool, StoreError> {
        // The writing connection does not count its own commits.
        let version = self.exclusive(|connection| data_version(connection)).await?;
        Ok(self.seen.swap(version, Ordering::Relaxed) != version)
    }

    fn command(&self, command: Command) -> Result<(), StoreError> {
        self.writer.as_ref().ok_or(StoreError::ReadOnly)?.send(command)
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.writer = None;
        self.readers = None;
        for thread in self.threads.drain(..) {
            // A thread that panicked has said so; there is nothing left to save.
            let _ = thread.join();
        }
    }
}

fn data_version(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.query_row("PRAGMA data_version", [], |row| row.get(0))?)
}

fn next(questions: &Mutex<Receiver<Question>>) -> Option<Question> {
    questions.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}
