//! Copies of a live database, for keeping and for going back to.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;

use super::{Lock, Store, StoreError, counts, schema};

/// Pages copied between two breaths of a backup.
const COPY_PAGES: i32 = 1000;
/// How long a backup waits when another connection is in its way.
const COPY_PAUSE: Duration = Duration::from_millis(1);

impl Store {
    /// Copies the database to a new file while work goes on; the copy is read through before it
    /// gets its name.
    ///
    /// # Errors
    ///
    /// The file exists, cannot be written, or the copy is damaged; then there is no file.
    pub async fn backup(&self, target: PathBuf) -> Result<(), StoreError> {
        if target.exists() {
            return Err(StoreError::Unfit(format!(
                "write the copy to `{}`: there is such a file\nname another one",
                target.display()
            )));
        }
        self.workers.read(move |connection| back_up(connection, &target)).await
    }

    /// Puts a copy in the place of the database, whole or not at all. What was there is kept beside
    /// it as `<database>.before-restore`.
    ///
    /// Blocks; meant for a command. The lock shows that no daemon runs on the database.
    ///
    /// # Errors
    ///
    /// The copy is missing, foreign, of a newer version or damaged, or the database cannot be
    /// written.
    pub fn restore(_lock: &Lock, copy: &Path, database: &Path) -> Result<(), StoreError> {
        // Opening migrates, which must not touch the copy itself.
        let source = schema::open_any(copy)?;
        let damage = counts::check(&source)?;
        if let Some(first) = damage.first() {
            return Err(StoreError::Unfit(format!(
                "restore from `{}`: it is damaged: {first}",
                copy.display()
            )));
        }
        if database.exists() {
            let current = schema::open_any(database)?;
            back_up(&current, &beside(database, ".before-restore"))?;
        }
        // SQLite's own copy goes through the log and its locks, so a reader that is open sees either
        // the old state or the new one.
        copy_over(&source, database)
    }
}

/// A name beside a file: its own with this ending.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    path.with_file_name(name)
}

/// Writes one database over another, in one transaction.
pub(super) fn copy_over(source: &Connection, target: &Path) -> Result<(), StoreError> {
    let mut copy =
        Connection::open(target).map_err(StoreError::while_doing("write the database"))?;
    transfer(source, &mut copy)
}

/// Copies the database, reads the copy through so that it is one that can be gone back to, and only
/// then gives it its name.
pub(super) fn back_up(connection: &Connection, target: &Path) -> Result<(), StoreError> {
    let partial = beside(target, ".partial");
    let disk = |error: std::io::Error| StoreError::Failed {
        doing: "copy the database",
        why: format!("{}: {error}", partial.display()),
    };
    match std::fs::remove_file(&partial) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(disk(error)),
        _ => {}
    }
    let outcome = copy_to(connection, &partial).and_then(|()| {
        std::fs::File::open(&partial).and_then(|file| file.sync_all()).map_err(disk)?;
        std::fs::rename(&partial, target).map_err(disk)
    });
    if outcome.is_err() {
        // Half a copy helps nobody; that it may stay is no second mistake.
        let _ = std::fs::remove_file(&partial);
    }
    outcome
}

fn copy_to(connection: &Connection, target: &Path) -> Result<(), StoreError> {
    let doing = StoreError::while_doing("copy the database");
    let mut copy = Connection::open(target).map_err(&doing)?;
    transfer(connection, &mut copy)?;
    // One file, with no log beside it that could be left behind.
    copy.pragma_update(None, "journal_mode", "DELETE").map_err(&doing)?;
    copy.close().map_err(|(_, error)| doing(error))
}

/// Copies page by page, and reads through what has arrived.
fn transfer(source: &Connection, copy: &mut Connection) -> Result<(), StoreError> {
    let doing = StoreError::while_doing("copy the database");
    let backup = rusqlite::backup::Backup::new(source, copy).map_err(&doing)?;
    backup.run_to_completion(COPY_PAGES, COPY_PAUSE, None).map_err(&doing)?;
    drop(backup);
    let verdict: String =
        copy.query_row("PRAGMA integrity_check", [], |row| row.get(0)).map_err(&doing)?;
    match verdict.as_str() {
        "ok" => Ok(()),
        damage => Err(StoreError::Failed {
            doing: "copy the database",
            why: format!("the copy is damaged: {damage}"),
        }),
    }
}
