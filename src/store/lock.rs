//! One daemon a database: `<database>.lock`.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Held by `run` and `once` as long as it lives. The system lets go of it when the process ends,
/// however it ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
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
        why: std::io::Error,
    },
}

impl Lock {
    /// Takes the lock of a database, or says who has it.
    ///
    /// # Errors
    ///
    /// Another process holds it, or the file beside the database cannot be written.
    pub fn take(database: &Path) -> Result<Self, LockError> {
        let mut name = database.file_name().unwrap_or_default().to_owned();
        name.push(".lock");
        let path = database.with_file_name(name);
        let failed = |why| LockError::File { path: path.clone(), why };
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let read = file.read_to_string(&mut holder);
                let known = read.is_ok() && holder.trim().parse::<u32>().is_ok();
                let holder = if known { holder.trim().to_owned() } else { "another".to_owned() };
                return Err(LockError::Held { holder });
            }
            Err(TryLockError::Error(why)) => return Err(failed(why)),
        }
        file.set_len(0).map_err(failed)?;
        file.rewind().map_err(failed)?;
        write!(file, "{}", std::process::id()).map_err(failed)?;
        Ok(Self { _file: file })
    }
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
}
