//! Opening a database file: settings, format, migrations.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::StoreError;
use super::backup::{back_up, beside};

/// `pact` in ASCII, in the file's header: tells our files from other SQLite databases.
const APPLICATION_ID: i64 = 0x7061_6374;
/// Migrations in order; the format of a file is how many of them it has seen. Append only.
const MIGRATIONS: [&str; 14] = [
    include_str!("migrations/0001.sql"),
    include_str!("migrations/0002.sql"),
    include_str!("migrations/0003.sql"),
    include_str!("migrations/0004.sql"),
    include_str!("migrations/0005.sql"),
    include_str!("migrations/0006.sql"),
    include_str!("migrations/0007.sql"),
    include_str!("migrations/0008.sql"),
    include_str!("migrations/0009.sql"),
    include_str!("migrations/0010.sql"),
    include_str!("migrations/0011.sql"),
    include_str!("migrations/0012.sql"),
    include_str!("migrations/0013.sql"),
    include_str!("migrations/0014.sql"),
];
/// How long a connection waits for another process's write.
pub(super) const BUSY: Duration = Duration::from_secs(10);
/// Page cache of a connection, in KiB: the working set of polling is small.
const CACHE_KIB: i64 = 2048;
/// Write-ahead log size, in pages, at which it is folded into the file.
const CHECKPOINT_PAGES: i64 = 1000;
/// Size that the write-ahead log is cut back to once it was larger.
pub(super) const LOG_BYTES: i64 = 16 << 20;
/// Part of the file that a reading connection maps. Small: mapped pages count as the daemon's own.
const MAPPED_BYTES: i64 = 4 << 20;

/// A connection that writes; creates and migrates where `create` says so or the file is old.
pub(super) fn open_writer(path: &Path, create: bool) -> Result<Connection, StoreError> {
    if path.is_dir() {
        return Err(StoreError::Foreign(format!("`{}` is a folder", path.display())));
    }
    if !create && !path.exists() {
        return Err(StoreError::Missing(path.display().to_string()));
    }
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if create {
        flags |= OpenFlags::SQLITE_OPEN_CREATE;
    }
    let mut connection = connect(path, flags)?;
    let fresh = is_fresh(&connection)?;
    if fresh {
        connection
            .pragma_update(None, "auto_vacuum", "INCREMENTAL")
            .map_err(StoreError::while_doing("prepare the new database"))?;
    }
    let format = format_of(&connection, fresh)?;
    connection
        .pragma_update(None, "journal_mode", "WAL")
        .map_err(StoreError::while_doing("switch the database to write-ahead logging"))?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "journal_size_limit", LOG_BYTES)?;
    migrate(&mut connection, path, format, &MIGRATIONS)?;
    Ok(connection)
}

/// A connection that only reads, of the newest format.
pub(super) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    present(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = connect(path, flags)?;
    connection.pragma_update(None, "mmap_size", MAPPED_BYTES).map_err(foreign)?;
    let found = format_of(&connection, false)?;
    let known = MIGRATIONS.len() as i64;
    match found < known {
        true => Err(StoreError::Older { found, known }),
        false => Ok(connection),
    }
}

/// A connection that only reads, of any format that is known: for copies.
pub(super) fn open_any(path: &Path) -> Result<Connection, StoreError> {
    present(path)?;
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    format_of(&connection, false)?;
    Ok(connection)
}

/// Whether there is a file.
fn present(path: &Path) -> Result<(), StoreError> {
    if path.is_dir() {
        return Err(StoreError::Foreign(format!("`{}` is a folder", path.display())));
    }
    if !path.exists() {
        return Err(StoreError::Missing(path.display().to_string()));
    }
    Ok(())
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(path, flags)
        .map_err(StoreError::while_doing("open the database"))?;
    connection.busy_timeout(BUSY).map_err(foreign)?;
    connection.pragma_update(None, "foreign_keys", true).map_err(foreign)?;
    connection.pragma_update(None, "trusted_schema", false).map_err(foreign)?;
    // A misspelt column in double quotes is a mistake, not a text; and no statement of ours may
    // edit the schema behind SQLite's back.
    for (setting, value) in [
        (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
        (DbConfig::SQLITE_DBCONFIG_DQS_DDL, false),
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
    ] {
        connection.set_db_config(setting, value).map_err(foreign)?;
    }
    connection.pragma_update(None, "cache_size", -CACHE_KIB).map_err(foreign)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

fn is_fresh(connection: &Connection) -> Result<bool, StoreError> {
    // The first look into the file: what is no database fails here.
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(foreign)?;
    Ok(tables == 0)
}

/// How many migrations the file has seen.
fn format_of(connection: &Connection, fresh: bool) -> Result<i64, StoreError> {
    if fresh {
        return Ok(0);
    }
    let number = |name: &str| {
        connection
            .query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0))
            .map_err(foreign)
    };
    if number("application_id")? != APPLICATION_ID {
        return Err(StoreError::Foreign("it belongs to another program".to_owned()));
    }
    let (found, known) = (number("user_version")?, MIGRATIONS.len() as i64);
    match found > known {
        true => Err(StoreError::Newer { found, known }),
        false => Ok(found),
    }
}

fn foreign(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => {
            StoreError::Foreign("it is no SQLite database".to_owned())
        }
        _ => StoreError::Failed { doing: "open the database", why: error.to_string() },
    }
}

/// Applies what is missing, each in a transaction of its own, each after a verified copy of the
/// file as it was.
fn migrate(
    connection: &mut Connection,
    path: &Path,
    found: i64,
    migrations: &[&str],
) -> Result<(), StoreError> {
    let doing = StoreError::while_doing("upgrade the database");
    for (format, sql) in (0i64..).zip(migrations).skip(usize::try_from(found).unwrap_or(0)) {
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&doing)?;
        let now: i64 =
            transaction.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(&doing)?;
        if now > format {
            // Another process was here first.
            continue;
        }
        // A file that is made just now holds nothing to keep.
        if found > 0 {
            // From a connection of its own: ours holds the write lock, so both see the same state.
            let source = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
            back_up(&source, &beside(path, &format!(".before-v{}", format + 1)))?;
        }
        transaction.execute_batch(sql).map_err(&doing)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(&doing)?;
        transaction.pragma_update(None, "user_version", format + 1).map_err(&doing)?;
        transaction.commit().map_err(&doing)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture(path: &Path, formats: usize) -> Connection {
        let mut connection = Connection::open(path).unwrap();
        migrate(&mut connection, path, 0, &MIGRATIONS[..formats]).unwrap();
        connection
    }

    #[test]
    fn an_old_database_is_upgraded_with_a_copy_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("old.db");
        let old = fixture(&path, 1);
        old.execute_batch(
            "INSERT INTO story VALUES (7, 1000, 2000);
             INSERT INTO alert VALUES (3, 'k', 7, 1000, 'flash', 'r', '{}');
             INSERT INTO feed (id, name, next_due, failures, condition, moved_count, skip_hours,
               skip_days, entries) VALUES (1, 'f', 0, 0, 'ok', 0, 0, 0, 0);
             INSERT INTO item (id, feed, key, seen, decision, revisions, text_hash, kind, title)
               SELECT n, 1, 'i' || n, 86400000 * (n / 2), 'quiet', 0, x'00', 'press', ''
               FROM (SELECT 1 AS n UNION SELECT 2 UNION SELECT 3);",
        )
        .unwrap();
        drop(old);
        assert!(matches!(open_reader(&path), Err(StoreError::Older { found: 1, .. })));
        let new = open_writer(&path, false).unwrap();
        let story: i64 = new.query_row("SELECT story FROM alert", [], |row| row.get(0)).unwrap();
        assert_eq!(story, 7);
        // Days with news are known from the items that are there.
        let days: String = new
            .query_row("SELECT group_concat(day || ':' || items) FROM item_day", [], |row| {
                row.get(0)
            })
            .unwrap();
        assert_eq!(days, "0:1,1:2");
        assert_eq!(format_of(&new, false), Ok(MIGRATIONS.len() as i64));
        let copy = Connection::open(folder.path().join("old.db.before-v2")).unwrap();
        assert_eq!(format_of(&copy, false), Ok(1));
        let rows: i64 = copy.query_row("SELECT count(*) FROM alert", [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 1);
    }

    #[test]
    fn tries_are_counted_from_what_was_kept_and_bodies_that_were_not_made_are_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("old.db");
        fixture(&path, 13)
            .execute_batch(
                "INSERT INTO message (id, sink, kind, state, created, due, attempts, refusals, fallback,
                   content_type, body) VALUES
                   ('a', 's', 'alert.raised', 'retrying', 1, 1, 0, 0, 0, 'text/plain', x'00'),
                   ('b', 's', 'alert.raised', 'dead', 1, 1, 1, 0, 0, 'application/x-pactwatch-unmade', x'00');
                 INSERT INTO attempt (message, at, took, answer) VALUES ('a', 1, 1, ''), ('a', 2, 1, '');",
            )
            .unwrap();
        let new = open_writer(&path, false).unwrap();
        let rows: String = new
            .query_row(
                "SELECT group_concat(id || tries || (body IS NULL), ' ' ORDER BY id) FROM message",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(rows, "a20 b11");
    }

    #[test]
    fn a_failing_migration_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("old.db");
        let mut old = fixture(&path, 1);
        let broken = [MIGRATIONS[0], "CREATE TABLE half (x) STRICT; SELECT broken"];
        assert!(migrate(&mut old, &path, 1, &broken).is_err());
        assert_eq!(format_of(&old, false), Ok(1));
        let half = old.query_row("SELECT count(*) FROM half", [], |row| row.get::<_, i64>(0));
        assert!(half.is_err(), "half of the migration stayed");
    }

    #[test]
    fn two_processes_do_not_migrate_twice() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("old.db");
        let mut first = fixture(&path, 1);
        let mut second = Connection::open(&path).unwrap();
        migrate(&mut first, &path, 1, &MIGRATIONS).unwrap();
        // The second has read the format before the first was done.
        migrate(&mut second, &path, 1, &MIGRATIONS).unwrap();
        assert_eq!(format_of(&second, false), Ok(MIGRATIONS.len() as i64));
    }

    #[test]
    fn a_missing_file_is_named_and_not_created() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("none.db");
        let missing = Err(StoreError::Missing(path.display().to_string()));
        assert_eq!(open_writer(&path, false).map(|_| ()), missing);
        assert_eq!(open_reader(&path).map(|_| ()), missing);
        assert!(!path.exists());
    }

    #[test]
    fn a_new_file_has_our_settings() {
        let folder = tempfile::tempdir().unwrap();
        let connection = open_writer(&folder.path().join("new.db"), true).unwrap();
        let pragma = |name: &str| -> String {
            let sql = format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}");
            connection.query_row(&sql, [], |row| row.get(0)).unwrap()
        };
        let settings = ["journal_mode", "auto_vacuum", "foreign_keys", "trusted_schema"];
        assert_eq!(settings.map(pragma), ["wal", "2", "1", "0"]);
        let quoted = connection.query_row("SELECT \"no such column\"", [], |_| Ok(()));
        assert!(quoted.is_err(), "a misspelt column was taken for a text");
    }

    #[test]
    fn a_newer_database_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new.db");
        fixture(&path, MIGRATIONS.len()).pragma_update(None, "user_version", 99).unwrap();
        for error in [open_writer(&path, true).err(), open_reader(&path).err()] {
            assert!(matches!(error, Some(StoreError::Newer { found: 99, .. })), "{error:?}");
        }
    }

    #[test]
    fn what_is_not_ours_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("other.db");
        let other = Connection::open(&path).unwrap();
        other.execute_batch("CREATE TABLE theirs (x)").unwrap();
        drop(other);
        assert!(matches!(open_writer(&path, true), Err(StoreError::Foreign(_))));
        let text = folder.path().join("notes.txt");
        let content = "no database at all, but longer than the header of one. ".repeat(30);
        std::fs::write(&text, &content).unwrap();
        assert!(matches!(open_writer(&text, true), Err(StoreError::Foreign(_))));
        assert_eq!(std::fs::read_to_string(&text).unwrap(), content);
        let short = folder.path().join("short.txt");
        std::fs::write(&short, "short").unwrap();
        assert!(matches!(open_writer(&short, true), Err(StoreError::Foreign(_))));
        assert!(matches!(open_writer(folder.path(), true), Err(StoreError::Foreign(_))));
        assert!(matches!(open_reader(folder.path()), Err(StoreError::Foreign(_))));
    }
}
