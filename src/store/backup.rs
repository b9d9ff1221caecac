//! Copies of a live database, for keeping and for going back to.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::Connection;

use super::{Lock, Store, StoreError, counts, schema};

/// Pages copied between two breaths of a backup.
const COPY_PAGES: i32 = 1000;
/// How long a backup waits when another connection is in its way.
const COPY_PAUSE: Duration = Duration::from_millis(1);
/// How the time stands in the name of a dated copy: sorts by age, and holds nothing that a file
/// system refuses.
const DATED: &str = ".%Y-%m-%dT%H-%M-%SZ";
/// States of the database that restoring keeps beside it at most.
const KEPT: usize = 1000;

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
        self.workers
            .read(move |connection| {
                // The first look fixes the snapshot. Without it each write of the daemon would make
                // the copy begin anew, and a large one would never end.
                connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
                back_up(connection, &target)
            })
            .await
    }

    /// Copies the database into a folder under its own name with the time at its end, and then takes
    /// away the oldest such copies of it until `keep` are left. Gives the copy and what went.
    ///
    /// # Errors
    ///
    /// As [`Store::backup`]; then nothing is taken away. Or an old copy could not be taken away.
    pub async fn backup_into(
        &self,
        folder: &Path,
        database: &Path,
        keep: usize,
        now: Timestamp,
    ) -> Result<(PathBuf, Vec<PathBuf>), StoreError> {
        let name = database.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let dated = now.to_zoned(TimeZone::UTC).strftime(DATED).to_string();
        let target = folder.join(format!("{name}{dated}"));
        self.backup(target.clone()).await?;
        let disk = |error: std::io::Error| StoreError::Failed {
            doing: "take away old copies",
            why: format!("{}: {error}", folder.display()),
        };
        let mut copies = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(disk)? {
            let file = entry.map_err(disk)?.file_name();
            // Only what this wrote: another file of a like name is none of ours.
            let end = file.to_str().and_then(|file| file.strip_prefix(name.as_str()));
            if end.is_some_and(|end| jiff::civil::DateTime::strptime(DATED, end).is_ok()) {
                copies.push(folder.join(file));
            }
        }
        copies.sort_unstable();
        copies.truncate(copies.len().saturating_sub(keep.max(1)));
        for copy in &copies {
            std::fs::remove_file(copy).map_err(disk)?;
        }
        Ok((target, copies))
    }

    /// Puts a copy in the place of the database, whole or not at all. What was there is kept beside
    /// it; gives where. A database that cannot be read through is kept as it is.
    ///
    /// Blocks; meant for a command. The lock shows that no daemon runs on the database.
    ///
    /// # Errors
    ///
    /// The copy is missing, foreign, of a newer version or damaged, or the database cannot be
    /// written.
    pub fn restore(
        _lock: &Lock,
        copy: &Path,
        database: &Path,
    ) -> Result<Option<PathBuf>, StoreError> {
        let source = sound(copy)?;
        if !database.exists() {
            copy_over(&source, database)?;
            return Ok(None);
        }
        let kept = free_name(database)?;
        if let Ok(current) = sound(database) {
            back_up(&current, &kept)?;
            drop(current);
            // SQLite's own copy goes through the log and its locks, so a reader that is open sees
            // either the old state or the new one.
            copy_over(&source, database)?;
            return Ok(Some(kept));
        }
        // Damaged, or of a newer version: a reason to go back, and nothing to write through.
        set_aside(database, &kept)?;
        copy_over(&source, database).inspect_err(|_| {
            let _ = std::fs::remove_file(database);
            // What cannot be moved back now is still there under the other name.
            let _ = set_aside(&kept, database);
        })?;
        Ok(Some(kept))
    }
}

/// Opens a copy and reads it through. Nothing is migrated: a copy stays what it is.
pub(super) fn sound(path: &Path) -> Result<Connection, StoreError> {
    let connection = schema::open_any(path)?;
    match counts::check(&connection)?.first() {
        None => Ok(connection),
        Some(first) => {
            Err(StoreError::Unfit(format!("use `{}`: it is damaged: {first}", path.display())))
        }
    }
}

/// A name beside the database that no earlier state of it bears.
fn free_name(database: &Path) -> Result<PathBuf, StoreError> {
    let number = |n: usize| if n == 1 { String::new() } else { format!("-{n}") };
    (1..=KEPT)
        .map(|n| beside(database, &format!(".before-restore{}", number(n))))
        .find(|name| !name.exists())
        .ok_or_else(|| {
            StoreError::Unfit(format!(
                "keep what is there: {KEPT} earlier states lie beside `{}`\ntake some away",
                database.display()
            ))
        })
}

/// Moves a database with its log.
fn set_aside(from: &Path, to: &Path) -> Result<(), StoreError> {
    for part in ["-wal", "-shm", ""] {
        match std::fs::rename(beside(from, part), beside(to, part)) {
            Err(error) if part.is_empty() || error.kind() != std::io::ErrorKind::NotFound => {
                return Err(StoreError::Failed {
                    doing: "move the database aside",
                    why: format!("{}: {error}", from.display()),
                });
            }
            _ => {}
        }
    }
    Ok(())
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
