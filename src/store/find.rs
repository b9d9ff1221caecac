//! Finding stored items by what people have in hand: an address, a headline, a short id.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, params};

use super::items::stored;
use super::{Store, StoreError, StoredItem};
use crate::model::{AlertId, FeedName, ItemId};
use crate::text::{canonical_url, fold_title};

impl Store {
    /// The items that somebody means, and what became of them, newest first, at most `limit`. Asked is
    /// an address (in any of its forms), a short id (`A-12`, `I-7`), a key, or a headline: the whole of
    /// it in any spelling, else a part of it.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn find_items(
        &self,
        asked: &str,
        limit: usize,
    ) -> Result<Vec<StoredItem>, StoreError> {
        let asked = asked.trim().to_owned();
        let found = move |connection: &Connection| {
            let ids = find(connection, &asked, limit)?;
            ids.into_iter().map(|id| stored(connection, id)).collect()
        };
        self.workers.read(found).await
    }

    /// The feeds that have brought items of a site, by the lean name of its host.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn feeds_of_host(&self, host: &str) -> Result<BTreeSet<FeedName>, StoreError> {
        let host = host.to_owned();
        self.workers.read(move |connection| of_host(connection, &host)).await
    }
}

/// A number behind the letter of a short id.
fn short_id(asked: &str, letter: char) -> Option<i64> {
    let (first, number) = asked.split_once('-')?;
    let mut first = first.chars();
    let is_letter = first.next().is_some_and(|c| c.eq_ignore_ascii_case(&letter));
    (is_letter && first.next().is_none()).then_some(())?;
    number.parse().ok().filter(|number| *number > 0)
}

fn find(connection: &Connection, asked: &str, limit: usize) -> Result<Vec<i64>, StoreError> {
    if let Some(alert) = short_id(asked, 'A') {
        return of_alert(connection, AlertId(alert));
    }
    if let Some(ItemId(item)) = short_id(asked, 'I').map(ItemId) {
        let mut statement = connection.prepare_cached("SELECT id FROM item WHERE id = ?1")?;
        return Ok(statement.query_row([item], |row| row.get(0)).optional()?.into_iter().collect());
    }
    match canonical_url(asked) {
        Some(canonical) => by_address(connection, &canonical, asked, limit),
        None => by_headline(connection, asked, limit),
    }
}

fn of_alert(connection: &Connection, alert: AlertId) -> Result<Vec<i64>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT i.id FROM alert a JOIN feed f ON f.name = a.data ->> '$.item.feed'
           JOIN item i ON i.feed = f.id AND i.key = a.data ->> '$.item.key' WHERE a.id = ?1",
    )?;
    Ok(statement.query_row([alert.0], |row| row.get(0)).optional()?.into_iter().collect())
}

// There is no index over addresses and headlines: nearly every item is quiet and never asked for, and
// this is asked by hand.

fn by_address(
    connection: &Connection,
    canonical: &str,
    asked: &str,
    limit: usize,
) -> Result<Vec<i64>, StoreError> {
    let mut statement = connection
        .prepare("SELECT id, url, canonical FROM item WHERE url IS NOT NULL ORDER BY id DESC")?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()?
        && found.len() < limit
    {
        let url: String = row.get(1)?;
        let stored: Option<String> = row.get(2)?;
        let same = || stored.or_else(|| canonical_url(&url)).as_deref() == Some(canonical);
        if url == asked || same() {
            found.push(row.get(0)?);
        }
    }
    Ok(found)
}

fn by_headline(connection: &Connection, asked: &str, limit: usize) -> Result<Vec<i64>, StoreError> {
    let folded = fold_title(asked);
    let words = folded.text().trim();
    let mut statement = connection.prepare("SELECT id, key, title FROM item ORDER BY id DESC")?;
    let mut rows = statement.query([])?;
    let (mut whole, mut parts) = (Vec::new(), Vec::new());
    while let Some(row) = rows.next()?
        && whole.len() < limit
    {
        let id: i64 = row.get(0)?;
        let title = fold_title(row.get_ref(2)?.as_str().unwrap_or_default());
        let title = title.text().trim();
        let is_key = row.get_ref(1)?.as_str().unwrap_or_default() == asked;
        if is_key || (!words.is_empty() && title == words) {
            whole.push(id);
        } else if !words.is_empty() && parts.len() < limit && title.contains(words) {
            parts.push(id);
        }
    }
    // Whoever names a headline whole does not mean those that go on after it.
    Ok(if whole.is_empty() { parts } else { whole })
}

fn of_host(connection: &Connection, host: &str) -> Result<BTreeSet<FeedName>, StoreError> {
    let mut statement = connection.prepare(
        "SELECT f.name, i.url FROM item i JOIN feed f ON f.id = i.feed
         WHERE instr(lower(i.url), ?1) > 0",
    )?;
    let mut rows = statement.query(params![host])?;
    let mut feeds = BTreeSet::new();
    while let Some(row) = rows.next()? {
        let feed = FeedName::new(row.get_ref(0)?.as_str().unwrap_or_default());
        if feeds.contains(&feed) {
            continue;
        }
        let canonical = canonical_url(row.get_ref(1)?.as_str().unwrap_or_default());
        if canonical.is_some_and(|one| one.split('/').next() == Some(host)) {
            feeds.insert(feed);
        }
    }
    Ok(feeds)
}

#[cfg(test)]
mod tests {
    use crate::store::tests::{admit, plan};
    use crate::store::{Access, Store};

    #[tokio::test]
    async fn an_item_is_found_by_all_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("t.db"), Access::Create).unwrap();
        let mut second = plan(2, &[]);
        second.items[0].item.title = "Headline of i1 and more".to_owned();
        admit(&store, vec![plan(1, &[]), second]).await;
        let keys = async |asked: &str| -> Vec<String> {
            let found = store.find_items(asked, 10).await.unwrap();
            found.iter().map(|one| one.item.key.to_string()).collect()
        };
        for asked in [
            "A-1",
            "a-1",
            "I-1",
            "i1",
            "http://www.example.org/i1/?utm_source=feed#top",
            "HEADLINE  of “I1”",
        ] {
            assert_eq!(keys(asked).await, ["i1"], "{asked}");
        }
        assert_eq!(keys("headline of").await, ["i2", "i1"]);
        for asked in ["A-9", "I-9", "i9", "https://example.org/", "", "!!", "A-x"] {
            assert!(keys(asked).await.is_empty(), "{asked}");
        }
        let feeds = store.feeds_of_host("example.org").await.unwrap();
        assert_eq!(feeds.len(), 1);
        assert!(store.feeds_of_host("ample.org").await.unwrap().is_empty());
    }
}
