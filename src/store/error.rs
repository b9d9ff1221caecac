//! What can go wrong with the database.

use thiserror::Error;

/// Why the store could not do what was asked. Nothing was written; the next call may succeed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StoreError {
    /// The file was written by a newer version.
    #[error(
        "use a database of format {found}, since this version knows formats up to {known}\ninstall the version that wrote it, or restore the copy from before its upgrade"
    )]
    Newer {
        /// Its format.
        found: i64,
        /// The newest that is known.
        known: i64,
    },
    /// An older format, opened for reading alone.
    #[error(
        "read a database of format {found}, since this version wants {known}\nstart `pactwatch run` or `pactwatch once`: it upgrades the file, with a copy of the old one beside it"
    )]
    Older {
        /// Its format.
        found: i64,
        /// The format wanted.
        known: i64,
    },
    /// Another program's file, or no database at all.
    #[error("use the file as a database: {0}\nname another file as `database` in the config")]
    Foreign(String),
    /// There is no such file, and the command does not create one.
    #[error(
        "find the database `{0}`\nstart `pactwatch run` or `pactwatch once`, which create it, or mend `database` in the config"
    )]
    Missing(String),
    /// What was named is not there, or not in a state for what was asked; the text says which.
    #[error("{0}")]
    Unfit(String),
    /// The database is open for reading alone.
    #[error("write to a database that is open for reading")]
    ReadOnly,
    /// SQLite or the disk failed.
    #[error("{doing}: {why}{}", cure(.why))]
    Failed {
        /// What was being done.
        doing: &'static str,
        /// SQLite's word.
        why: String,
    },
    /// The thread that owns the connection has ended.
    #[error("reach the database: its thread has ended")]
    Closed,
}

/// What to do about the two troubles that operators meet.
fn cure(why: &str) -> &'static str {
    if why.contains("disk is full") || why.contains("disk I/O") || why.contains("No space left") {
        "\nmake room on the disk; nothing is lost, and work goes on by itself"
    } else if why.contains("readonly") || why.contains("unable to open") {
        "\nlet the user that runs pactwatch write to the file and its folder"
    } else {
        ""
    }
}

impl StoreError {
    pub(super) fn while_doing(doing: &'static str) -> impl Fn(rusqlite::Error) -> Self {
        move |error| Self::Failed { doing, why: error.to_string() }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed { doing: "use the database", why: error.to_string() }
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::Failed { doing: "read a stored value", why: error.to_string() }
    }
}
