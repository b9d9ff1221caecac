//! Items: what was seen, so that it is new only once, and so that history can be replayed.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::row::{from_json, ms, some, time, to_json};
use super::{Known, Store, StoreError, feeds};
use crate::model::{
    AlertId, FeedName, Item, ItemId, ItemKey, ItemRow, Kind, Match, StoryId, TextHash,
};

impl Store {
    /// Which of these keys each feed has shown before, in the order of the question.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn known(
        &self,
        asked: Vec<(FeedName, Vec<ItemKey>)>,
    ) -> Result<Vec<HashMap<ItemKey, Known>>, StoreError> {
        let known = move |connection: &Connection| {
            asked.into_iter().map(|(feed, keys)| known(connection, &feed, keys)).collect()
        };
        self.workers.read(known).await
    }

    /// Stored items seen since a time, in order of arrival: those after the row `after` (0 to begin
    /// with), at most `limit`, each with its row.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn items(
        &self,
        since: Timestamp,
        after: i64,
        limit: usize,
    ) -> Result<Vec<(i64, Item)>, StoreError> {
        self.workers.read(move |connection| page(connection, since, after, limit)).await
    }

    /// The newest items that no rule flagged, seen since a time, newest first, at most `limit`.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn quiet_items(
        &self,
        since: Timestamp,
        limit: usize,
    ) -> Result<Vec<Item>, StoreError> {
        self.workers.read(move |connection| quiet(connection, since, limit)).await
    }

    /// The items of a story, in order of arrival, each with why it was flagged.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn story_items(&self, story: StoryId) -> Result<Vec<StoredItem>, StoreError> {
        let of_story = move |connection: &Connection| {
            let mut statement =
                connection.prepare_cached("SELECT id FROM item WHERE story = ?1 ORDER BY id")?;
            let ids = statement.query_map([story.0], |row| row.get(0))?;
            let ids: Vec<i64> = ids.collect::<Result<_, _>>()?;
            ids.into_iter().map(|id| stored(connection, id)).collect()
        };
        self.workers.read(of_story).await
    }

    /// How many items were seen since then.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn items_since(&self, since: Timestamp) -> Result<u64, StoreError> {
        self.workers.read(move |connection| count_since(connection, since)).await
    }
}

/// A stored item and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredItem {
    /// Its short id.
    pub id: ItemId,
    /// The item.
    pub item: Item,
    /// What was decided: `quiet`, `old`, `alert`, `update`, `joined` or `duplicate`.
    pub decision: String,
    /// How often its text was judged again.
    pub revisions: u32,
    /// Its story; [`Store::story`] tells why it belongs there.
    pub story: Option<StoryId>,
    /// Why it was flagged, where it was.
    pub matched: Option<Match>,
    /// The alerts that it raised.
    pub alerts: Vec<AlertId>,
}

fn known(
    connection: &Connection,
    feed: &FeedName,
    keys: Vec<ItemKey>,
) -> Result<HashMap<ItemKey, Known>, StoreError> {
    let mut found = HashMap::with_capacity(keys.len());
    let Some(feed) = feeds::id_of(connection, feed)? else { return Ok(found) };
    let mut statement = connection.prepare_cached(
        "SELECT text_hash, revisions, CASE decision WHEN 'old' THEN title END, published FROM item
             WHERE feed = ?1 AND key = ?2",
    )?;
    for key in keys {
        let row = statement
            .query_row(params![feed, key.as_str()], |row| {
                Ok(Known {
                    text: TextHash(row.get(0)?),
                    revisions: row.get(1)?,
                    untold: match row.get::<_, Option<String>>(2)? {
                        Some(title) => Some((title, row.get::<_, Option<i64>>(3)?.map(time))),
                        None => None,
                    },
                })
            })
            .optional()?;
        if let Some(known) = row {
            found.insert(key, known);
        }
    }
    Ok(found)
}

/// Writes an item; one with a known key takes that row's place, and stays where it was in time.
pub(super) fn save(connection: &Connection, feed: i64, row: &ItemRow) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO item (feed, key, seen, decision, revisions, text_hash, story, published, kind,
           language, tags, url, canonical, author, categories, title, summary, body, matched)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,
           ?19)
         ON CONFLICT (feed, key) DO UPDATE SET decision = excluded.decision,
           revisions = item.revisions + excluded.revisions, text_hash = excluded.text_hash,
           story = coalesce(excluded.story, item.story), published = excluded.published,
           kind = excluded.kind, language = excluded.language, tags = excluded.tags,
           url = excluded.url, canonical = excluded.canonical, author = excluded.author,
           categories = excluded.categories, title = excluded.title, summary = excluded.summary,
           body = excluded.body, matched = excluded.matched",
    )?;
    let item = &row.item;
    let list = |words: &[String]| match words.is_empty() {
        true => Ok(None),
        false => to_json(&words).map(Some),
    };
    statement.execute(params![
        feed,
        item.key.as_str(),
        ms(item.seen),
        row.decision.as_str(),
        i64::from(row.revised),
        item.text_hash().0,
        row.decision.story().map(|story| story.0),
        item.published.map(ms),
        item.kind.as_str(),
        item.language,
        list(&item.tags)?,
        item.url,
        item.canonical.as_ref().filter(|_| row.matched.is_some()),
        some(&item.author),
        list(&item.categories)?,
        item.title,
        some(&item.summary),
        some(&item.body),
        row.matched.as_ref().map(to_json).transpose()?,
    ])?;
    Ok(())
}

fn count_since(connection: &Connection, since: Timestamp) -> Result<u64, StoreError> {
    let count = connection.query_row(
        "SELECT count(*) FROM item WHERE seen >= ?1",
        params![ms(since)],
        |row| row.get(0),
    )?;
    Ok(count)
}

/// What an item is made of, in the order in which [`item`] reads it; the columns that most rows leave
/// empty come last. The feed's name is looked up row by row: in a join SQLite would go by feed, and sort
/// all items anew for each page.
pub(super) const COLUMNS: &str =
    "i.id, (SELECT name FROM feed WHERE id = i.feed), i.key, i.seen, i.published,
    i.kind, i.language, i.url, i.title, i.summary, i.body, i.canonical, i.author, i.categories,
    i.tags";

/// Goes by the row's number alone (the plus keeps `seen` out of the choice of an index), so that all
/// pages together read each item once.
fn page_query() -> String {
    format!("SELECT {COLUMNS} FROM item i WHERE i.id > ?1 AND +i.seen >= ?2 ORDER BY i.id LIMIT ?3")
}

fn page(
    connection: &Connection,
    since: Timestamp,
    after: i64,
    limit: usize,
) -> Result<Vec<(i64, Item)>, StoreError> {
    let mut statement = connection.prepare_cached(&page_query())?;
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![after, ms(since), most])?;
    let mut page = Vec::new();
    while let Some(row) = rows.next()? {
        page.push((row.get(0)?, item(row)?));
    }
    Ok(page)
}

fn quiet(connection: &Connection, since: Timestamp, limit: usize) -> Result<Vec<Item>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM item i JOIN feed f ON f.id = i.feed
         WHERE i.decision = 'quiet' ORDER BY i.id DESC LIMIT ?1",
    ))?;
    let mut rows = statement.query([i64::try_from(limit).unwrap_or(i64::MAX)])?;
    let mut items = Vec::new();
    while let Some(row) = rows.next()? {
        let item = item(row)?;
        // Rows go by time of arrival, so the rest is older still.
        if item.seen < since {
            break;
        }
        items.push(item);
    }
    Ok(items)
}

/// Reads a row of [`COLUMNS`].
pub(super) fn item(row: &Row<'_>) -> Result<Item, StoreError> {
    let text = |column: usize| -> rusqlite::Result<String> {
        Ok(row.get::<_, Option<String>>(column)?.unwrap_or_default())
    };
    let list = |column: usize| -> Result<Vec<String>, StoreError> {
        let list: Option<String> = row.get(column)?;
        list.map_or(Ok(Vec::new()), |list| from_json(&list))
    };
    let kind = row.get_ref(5)?.as_str().unwrap_or_default();
    Ok(Item {
        key: ItemKey::new(text(2)?),
        feed: FeedName::new(text(1)?),
        url: row.get(7)?,
        canonical: row.get(11)?,
        title: text(8)?,
        summary: text(9)?,
        body: text(10)?,
        feed_text: None,
        author: text(12)?,
        categories: list(13)?,
        language: row.get(6)?,
        published: row.get::<_, Option<i64>>(4)?.map(time),
        seen: time(row.get(3)?),
        kind: Kind::ALL.into_iter().find(|one| one.as_str() == kind).unwrap_or_default(),
        tags: list(14)?,
    })
}

/// A stored item and what became of it.
pub(super) fn stored(connection: &Connection, id: i64) -> Result<StoredItem, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS}, i.story, i.matched, i.decision, i.revisions
         FROM item i WHERE i.id = ?1",
    ))?;
    let mut rows = statement.query([id])?;
    let row = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    let item = item(row)?;
    let story = row.get::<_, Option<i64>>("story")?;
    let matched: Option<String> = row.get("matched")?;
    let mut alerts = connection.prepare_cached(
        "SELECT id FROM alert WHERE story = ?1 AND data ->> '$.item.feed' = ?2
           AND data ->> '$.item.key' = ?3 ORDER BY id",
    )?;
    let alerts = alerts
        .query_map(params![story, item.feed.as_str(), item.key.as_str()], |row| {
            Ok(AlertId(row.get(0)?))
        })?
        .collect::<Result<_, _>>()?;
    Ok(StoredItem {
        id: ItemId(id),
        decision: row.get("decision")?,
        revisions: row.get("revisions")?,
        story: story.map(StoryId),
        matched: matched.map(|matched| from_json(&matched)).transpose()?,
        item,
        alerts,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Access;

    #[tokio::test]
    async fn pages_are_read_without_sorting() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.db");
        Store::open(&path, Access::Create).unwrap().close().await;
        let connection = Connection::open(&path).unwrap();
        let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {}", page_query())).unwrap();
        let steps: Vec<String> = plan
            .query_map(params![0, 0, 500], |row| row.get("detail"))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        assert_eq!(steps[0], "SEARCH i USING INTEGER PRIMARY KEY (rowid>?)", "{steps:?}");
        assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "{steps:?}");
    }
}
