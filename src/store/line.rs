//! The line to the writing thread: a queue that keeps its order and wakes nobody for bookkeeping.
//!
//! A channel wakes its reader for every message. Nearly every poll ends in a note that may wait for a
//! second, so the thread would be woken hundreds of times to do nothing. Here a note only waits behind
//! what came before it, and is taken along with the next change or when the thread's patience is over.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::StoreError;
use super::writer::Command;

/// Notes that wake the thread however young they are.
pub(super) const NOTES: usize = 1000;

#[derive(Default)]
struct Queue {
    commands: VecDeque<Command>,
    /// Something in the queue does not wait.
    urgent: bool,
    /// The thread waits for a limited time only, so that notes need not wake it.
    timed: bool,
    /// No more can come.
    closed: bool,
}

#[derive(Default)]
struct Line {
    queue: Mutex<Queue>,
    bell: Condvar,
}

impl Line {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A new line: its two ends.
pub(super) fn line() -> (Asking, Taking) {
    let line = Arc::new(Line::default());
    (Asking(line.clone()), Taking(line))
}

/// The end that asks. Dropping it ends the line once everything on it is taken.
pub(super) struct Asking(Arc<Line>);

impl Asking {
    /// Puts a command behind all others.
    ///
    /// # Errors
    ///
    /// Nobody takes it any more.
    pub(super) fn send(&self, command: Command) -> Result<(), StoreError> {
        let mut queue = self.0.lock();
        if queue.closed {
            return Err(StoreError::Closed);
        }
        let waits = matches!(command, Command::Note(..)) && queue.timed;
        queue.commands.push_back(command);
        if !waits || queue.commands.len() >= NOTES {
            queue.urgent = true;
            self.0.bell.notify_one();
        }
        Ok(())
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.bell.notify_one();
    }
}

/// The end that takes. Dropping it refuses what is still on the line, so that no asker waits for a
/// thread that is gone.
pub(super) struct Taking(Arc<Line>);

impl Taking {
    /// Waits until something does not wait, the patience is over or the line has ended. `false` at
    /// the end.
    pub(super) fn wait(&self, patience: Option<Duration>) -> bool {
        let since = Instant::now();
        let mut queue = self.0.lock();
        queue.timed = patience.is_some();
        while !queue.urgent && !queue.closed {
            queue = match patience.map(|patience| patience.saturating_sub(since.elapsed())) {
                // Notes that were left over from the last turn begin a new patience.
                None if !queue.commands.is_empty() => break,
                None => self.0.bell.wait(queue).unwrap_or_else(PoisonError::into_inner),
                Some(left) if left.is_zero() => break,
                Some(left) => {
                    let woken = self.0.bell.wait_timeout(queue, left);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        // While the thread works nothing limits its next wait, so a note that comes now rings.
        queue.timed = false;
        !queue.closed || !queue.commands.is_empty()
    }

    /// The next command, in the order in which they came.
    pub(super) fn next(&self) -> Option<Command> {
        let mut queue = self.0.lock();
        let command = queue.commands.pop_front();
        queue.urgent &= !queue.commands.is_empty();
        command
    }
}

impl Drop for Taking {
    fn drop(&mut self) {
        let mut queue = self.0.lock();
        queue.closed = true;
        let refused = std::mem::take(&mut queue.commands);
        drop(queue);
        // Dropping a command tells its asker; that may run code that comes back to the line.
        drop(refused);
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::model::{FeedName, FeedState};

    fn note(name: &str) -> Command {
        Command::Note(FeedName::new(name), Box::new(FeedState::new(Timestamp::UNIX_EPOCH)))
    }

    fn exclusive() -> Command {
        Command::Exclusive(Box::new(|_| {}))
    }

    fn word(command: Option<Command>) -> String {
        match command {
            None => "nothing".to_owned(),
            Some(Command::Note(feed, _)) => feed.to_string(),
            Some(_) => "work".to_owned(),
        }
    }

    /// As while the thread waits for a limited time.
    fn timed(taking: &Taking) {
        taking.0.lock().timed = true;
    }

    #[test]
    fn order_is_kept_and_only_work_wakes_a_thread_that_waits_for_a_time() {
        let (asking, taking) = line();
        let waiting = taking.0.clone();
        let thread = std::thread::spawn(move || {
            let open = taking.wait(Some(Duration::from_secs(3600)));
            (open, [(); 4].map(|()| word(taking.next())))
        });
        while !waiting.lock().timed {
            std::thread::yield_now();
        }
        asking.send(note("a")).unwrap();
        asking.send(note("b")).unwrap();
        assert!(!waiting.lock().urgent, "a note wakes the thread");
        asking.send(exclusive()).unwrap();
        let expected = ["a", "b", "work", "nothing"].map(str::to_owned);
        assert_eq!(thread.join().unwrap(), (true, expected));
    }

    #[test]
    fn a_note_wakes_a_thread_that_would_sleep_for_ever() {
        let (asking, taking) = line();
        asking.send(note("a")).unwrap();
        assert!(taking.wait(None));
        assert_eq!(word(taking.next()), "a");
        // Left over from a turn that took only part of what was there.
        timed(&taking);
        asking.send(note("b")).unwrap();
        assert!(taking.wait(None));
        assert_eq!(word(taking.next()), "b");
    }

    #[test]
    fn many_notes_do_not_wait() {
        let (asking, taking) = line();
        timed(&taking);
        for _ in 1..NOTES {
            asking.send(note("a")).unwrap();
        }
        assert!(!taking.0.lock().urgent);
        asking.send(note("a")).unwrap();
        assert!(taking.wait(Some(Duration::from_secs(3600))));
    }

    #[test]
    fn the_end_comes_after_all_that_was_asked() {
        let (asking, taking) = line();
        asking.send(note("a")).unwrap();
        drop(asking);
        assert!(taking.wait(Some(Duration::from_secs(3600))));
        assert_eq!(word(taking.next()), "a");
        assert!(!taking.wait(None));
    }

    #[test]
    fn nobody_waits_for_a_thread_that_is_gone() {
        let (asking, taking) = line();
        let (reply, answer) = std::sync::mpsc::channel::<()>();
        asking.send(Command::Exclusive(Box::new(move |_| drop(reply)))).unwrap();
        drop(taking);
        assert!(answer.recv().is_err());
        assert_eq!(asking.send(note("a")), Err(StoreError::Closed));
    }
}
