//! One daemon a database: `<database>.lock`.
//!
//! The file says who holds it, a line each: the process, its errand, and, while the config on disk is
//! not the one that runs, since when and why. It stays when its holder goes, so others see who was
//! here last; whether somebody still is, only the lock itself says.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use thiserror::Error;

/// How often and how long apart a lock is tried: somebody who only looks holds it for an instant.
const TRIES: usize = 5;
const APART: Duration = Duration::from_millis(20);
/// More of the file than this is not read.
const MOST: u64 = 16 << 10;

/// Held by `run` and `once` as long as it lives. The system lets go of it when the process ends,
/// however it ends.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

/// What somebody has a database for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Errand {
    /// To watch until it is stopped.
    Watch,
    /// One round, for cron.
    Round,
}

impl Errand {
    const ALL: [Self; 2] = [Self::Watch, Self::Round];

    fn as_str(self) -> &'static str {
        match self {
            Errand::Watch => "watch",
            Errand::Round => "round",
        }
    }
}

/// The config on disk is not the one that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Since when.
    pub since: Timestamp,
    /// The first mistake.
    pub why: String,
}

/// Who has a database, or had it last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Whether somebody has it now.
    pub here: bool,
    /// For what; `None` where that was not written down.
    pub errand: Option<Errand>,
    /// What it last said of the config on disk.
    pub refused: Option<Refusal>,
}

/// Why the lock was not taken.
#[derive(Debug, Error)]
pub enum LockError {
    /// Another process has it.
    #[error(
        "take the lock: process {holder} runs on this database\nstop it first, or name another `database`"
    )]
    Held {
        /// Its process id, or "another" where it is not known.
        holder: String,
    },
    /// The lock file cannot be used.
    #[error("use the lock file `{}`: {why}", path.display())]
    File {
        /// Its path.
        path: PathBuf,
        /// The system's word.
        why: io::Error,
    },
}

impl Lock {
    /// Takes the lock of a database, or says who has it.
    ///
    /// # Errors
    ///
    /// Another process holds it, or the file beside the database cannot be written.
    pub fn take(database: &Path) -> Result<Self, LockError> {
        let path = beside(database);
        let failed = |why| LockError::File { path: path.clone(), why };
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(&path).map_err(failed)?;
        let mut tries = 1;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if tries < TRIES => {
                    tries += 1;
                    thread::sleep(APART);
                }
                Err(TryLockError::WouldBlock) => {
                    let text = text_of(&mut file).unwrap_or_default();
                    let process = text.lines().next().and_then(|line| line.parse::<u32>().ok());
                    let holder = process.map_or_else(|| "another".to_owned(), |id| id.to_string());
                    return Err(LockError::Held { holder });
                }
                Err(TryLockError::Error(why)) => return Err(failed(why)),
            }
        }
        // What the last one was here for stays until this one says otherwise.
        let errand = text_of(&mut file).ok().and_then(|text| errand_of(&text));
        let lock = Self { file };
        lock.write(errand, None).map_err(failed)?;
        Ok(lock)
    }

    /// Says for what it is held, and what there is to say of the config on disk.
    ///
    /// # Errors
    ///
    /// The file cannot be written; the lock holds all the same.
    pub fn sign(&self, errand: Errand, refused: Option<&Refusal>) -> io::Result<()> {
        self.write(Some(errand), refused)
    }

    fn write(&self, errand: Option<Errand>, refused: Option<&Refusal>) -> io::Result<()> {
        let mut text = format!("{}\n{}\n", std::process::id(), errand.map_or("", Errand::as_str));
        if let Some(Refusal { since, why }) = refused {
            let why = why.split_whitespace().collect::<Vec<_>>().join(" ");
            text.push_str(&format!("{since} {why}\n"));
        }
        let mut file = &self.file;
        file.rewind()?;
        file.write_all(text.as_bytes())?;
        file.set_len(text.len() as u64)
    }

    /// Who has a database, or had it last; `None` where nobody ever had, or that cannot be read.
    pub fn look(database: &Path) -> Option<Holder> {
        let mut file = File::open(beside(database)).ok()?;
        // Shared, and given back at once: two who look do not take each other for a holder.
        let here = match file.try_lock_shared() {
            Ok(()) => false,
            Err(TryLockError::WouldBlock) => true,
            Err(TryLockError::Error(_)) => return None,
        };
        let _ = file.unlock();
        let text = text_of(&mut file).unwrap_or_default();
        let refused = text.lines().nth(2).and_then(|line| {
            let (since, why) = line.split_once(' ')?;
            Some(Refusal { since: since.parse().ok()?, why: why.to_owned() })
        });
        Some(Holder { here, errand: errand_of(&text), refused })
    }
}

/// The lock file of a database.
fn beside(database: &Path) -> PathBuf {
    let mut name = database.file_name().unwrap_or_default().to_owned();
    name.push(".lock");
    database.with_file_name(name)
}

fn text_of(file: &mut File) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.take(MOST).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn errand_of(text: &str) -> Option<Errand> {
    let word = text.lines().nth(1)?;
    Errand::ALL.into_iter().find(|errand| errand.as_str() == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_who_holds_it() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("x.db");
        let first = Lock::take(&database).unwrap();
        let Err(LockError::Held { holder }) = Lock::take(&database) else {
            panic!("the lock was taken twice")
        };
        assert_eq!(holder, std::process::id().to_string());
        drop(first);
        assert!(Lock::take(&database).is_ok());
    }

    #[test]
    fn others_see_who_is_here_and_who_was() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("x.db");
        assert_eq!(Lock::look(&database), None);
        let lock = Lock::take(&database).unwrap();
        let holder = |here, errand, refused| Some(Holder { here, errand, refused });
        assert_eq!(Lock::look(&database), holder(true, None, None));
        let why = "a.toml:3:1: no such key\n(did you mean `every`?)".to_owned();
        let refused = Refusal { since: "2026-01-05T10:00:00Z".parse().unwrap(), why };
        lock.sign(Errand::Watch, Some(&refused)).unwrap();
        let why = "a.toml:3:1: no such key (did you mean `every`?)".to_owned();
        let seen = Refusal { why, ..refused };
        assert_eq!(Lock::look(&database), holder(true, Some(Errand::Watch), Some(seen)));
        lock.sign(Errand::Watch, None).unwrap();
        drop(lock);
        assert_eq!(Lock::look(&database), holder(false, Some(Errand::Watch), None));
        // Taken for a moment by a command that says nothing, it still says who watched.
        drop(Lock::take(&database).unwrap());
        assert_eq!(Lock::look(&database), holder(false, Some(Errand::Watch), None));
        Lock::take(&database).unwrap().sign(Errand::Round, None).unwrap();
        assert_eq!(Lock::look(&database), holder(false, Some(Errand::Round), None));
    }

    #[test]
    fn looking_keeps_nobody_from_taking() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("x.db");
        drop(Lock::take(&database).unwrap());
        let looking = File::open(beside(&database)).unwrap();
        looking.try_lock_shared().unwrap();
        let gone = thread::spawn(move || drop(looking));
        assert!(Lock::take(&database).is_ok());
        gone.join().unwrap();
    }
}
