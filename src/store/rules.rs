//! Which rules judged what is stored, and what their last change meant for it.

use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use super::items::{COLUMNS, item};
use super::row::{optional_json, to_json};
use super::writer::Care;
use super::{Store, StoreError};
use crate::model::Item;

/// What other rules make of stored items. Nothing is told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    /// When it was found out.
    pub at: Timestamp,
    /// Items that were looked at.
    pub items: u64,
    /// Those that would be flagged and were not.
    pub gained: u64,
    /// Those that were flagged and would not be.
    pub lost: u64,
}

impl Store {
    /// The fingerprint of the rules that judged last; `None` where that was never noted.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn known_rules(&self) -> Result<Option<String>, StoreError> {
        let read = |connection: &Connection| {
            Ok(connection
                .query_row("SELECT rules FROM meta WHERE one = 1", [], |row| row.get(0))?)
        };
        self.workers.read(read).await
    }

    /// What the last change of the rules meant, where there was one.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn compared(&self) -> Result<Option<Compared>, StoreError> {
        let read = |connection: &Connection| {
            let query = "SELECT compared FROM meta WHERE one = 1";
            Ok(connection.query_row(query, [], |row| optional_json(row, "compared"))?)
        };
        self.workers.read(read).await
    }

    /// Notes the rules that judge from now on, and what they make of stored items where that was asked.
    ///
    /// # Errors
    ///
    /// The commit failed; nothing was noted.
    pub async fn note_rules(
        &self,
        fingerprint: String,
        compared: Option<Compared>,
    ) -> Result<(), StoreError> {
        let compared = compared.as_ref().map(to_json).transpose()?;
        let note = move |connection: &Connection| {
            connection.execute(
                "UPDATE meta SET rules = ?1, compared = coalesce(?2, compared) WHERE one = 1",
                params![fingerprint, compared],
            )?;
            Ok(())
        };
        self.workers.write(Care::Normal, note).await
    }

    /// Stored items after a number, with their numbers and whether they were flagged, at most `limit`.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn judged_items(
        &self,
        after: i64,
        limit: usize,
    ) -> Result<Vec<(i64, Item, bool)>, StoreError> {
        let read = move |connection: &Connection| {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT {COLUMNS}, i.matched IS NOT NULL AS flagged FROM item i
                 WHERE i.id > ?1 ORDER BY i.id LIMIT ?2"
            ))?;
            let most = i64::try_from(limit).unwrap_or(i64::MAX);
            let mut rows = statement.query(params![after, most])?;
            let mut page = Vec::new();
            while let Some(row) = rows.next()? {
                page.push((row.get(0)?, item(row)?, row.get("flagged")?));
            }
            Ok(page)
        };
        self.workers.read(read).await
    }
}
