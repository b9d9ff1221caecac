//! Stories as people put them together: an item taken out of one, two made one.
//!
//! Nothing is deleted: the rows of an item go with it, as do its alerts and what its sinks were told, so
//! nobody is told again what he has heard. Stories grow by items and never by each other, and an item
//! whose text changes stays where it is, so what is done here stays done.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::admit::touch;
use super::row::ms;
use super::writer::Care;
use super::{Store, StoreError};
use crate::model::{ItemId, StoryId};

/// How an item belongs to a story where somebody put it there.
pub const BY_HAND: &str = "by hand";

/// How a change of stories by hand ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Regrouped {
    /// It is done; this is the item's new story, or the one that holds both.
    Done(StoryId),
    /// There is no such story.
    NoStory(StoryId),
    /// The item is not in the story.
    NotThere,
    /// The item is the only one of its story.
    Alone,
}

impl Store {
    /// Takes an item out of a story into one of its own.
    ///
    /// # Errors
    ///
    /// The commit failed; nothing was written.
    pub async fn split_story(
        &self,
        story: StoryId,
        item: ItemId,
        now: Timestamp,
    ) -> Result<Regrouped, StoreError> {
        let put = move |connection: &Connection| split(connection, story, item, now);
        self.workers.write(Care::Full, put).await
    }

    /// Puts a story into another; its number leads there from now on.
    ///
    /// # Errors
    ///
    /// The commit failed; nothing was written.
    pub async fn merge_stories(
        &self,
        story: StoryId,
        into: StoryId,
        now: Timestamp,
    ) -> Result<Regrouped, StoreError> {
        let put = move |connection: &Connection| merge(connection, story, into, now);
        self.workers.write(Care::Full, put).await
    }

    /// The story that one which was given up went into.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn merged_into(&self, story: StoryId) -> Result<Option<StoryId>, StoreError> {
        self.workers.read(move |connection| merged_into(connection, story)).await
    }
}

/// The rows of `member` that go from one story to another.
struct Moving<'m> {
    from: i64,
    to: i64,
    /// Feed and key of the item; all items where it is `None`.
    item: Option<(&'m str, &'m str)>,
}

impl Moving<'_> {
    /// Moves rows, alerts and items; the first row says how it came there.
    fn go(&self, connection: &Connection, reason: &str) -> Result<(), StoreError> {
        let (feed, key) = self.item.unzip();
        let mut statement = connection.prepare_cached(
            "SELECT number FROM member WHERE story = ?1 AND (?2 IS NULL OR (feed = ?2 AND key = ?3))
             ORDER BY number",
        )?;
        let rows = statement.query_map(params![self.from, feed, key], |row| row.get(0))?;
        let numbers: Vec<i64> = rows.collect::<Result<_, _>>()?;
        let start: i64 = connection
            .prepare_cached("SELECT coalesce(max(number) + 1, 0) FROM member WHERE story = ?1")?
            .query_row([self.to], |row| row.get(0))?;
        for (number, next) in numbers.into_iter().zip(start..) {
            let first = next == start;
            connection
                .prepare_cached(
                    "INSERT INTO member (story, number, feed, key, at, step, level, score, reason,
                       resembles, data)
                     SELECT ?3, ?4, feed, key, at, step, iif(?5, ?6, level), iif(?5, NULL, score),
                       iif(?5, ?7, reason), iif(?5, NULL, resembles), data
                     FROM member WHERE story = ?1 AND number = ?2",
                )?
                .execute(params![self.from, number, self.to, next, first, BY_HAND, reason])?;
            connection
                .prepare_cached(
                    "INSERT INTO told (story, number, sink)
                     SELECT ?3, ?4, sink FROM told WHERE story = ?1 AND number = ?2",
                )?
                .execute(params![self.from, number, self.to, next])?;
            for table in ["told", "member"] {
                connection
                    .prepare_cached(&format!(
                        "DELETE FROM {table} WHERE story = ?1 AND number = ?2"
                    ))?
                    .execute(params![self.from, number])?;
            }
        }
        connection
            .prepare_cached(
                "UPDATE alert SET story = ?2, data = json_set(data, '$.story', 'S-' || ?2)
                 WHERE story = ?1 AND (?3 IS NULL
                   OR (data ->> '$.item.feed' = ?3 AND data ->> '$.item.key' = ?4))",
            )?
            .execute(params![self.from, self.to, feed, key])?;
        connection
            .prepare_cached(
                "UPDATE item SET story = ?2 WHERE story = ?1 AND (?3 IS NULL
                   OR (key = ?4 AND feed = (SELECT id FROM feed WHERE name = ?3)))",
            )?
            .execute(params![self.from, self.to, feed, key])?;
        Ok(())
    }
}

fn split(
    connection: &Connection,
    story: StoryId,
    item: ItemId,
    now: Timestamp,
) -> Result<Regrouped, StoreError> {
    if !exists(connection, story)? {
        return Ok(Regrouped::NoStory(story));
    }
    let found = connection
        .prepare_cached(
            "SELECT f.name, i.key FROM item i JOIN feed f ON f.id = i.feed
             JOIN member m ON m.story = ?2 AND m.feed = f.name AND m.key = i.key WHERE i.id = ?1",
        )?
        .query_row(params![item.0, story.0], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        })
        .optional()?;
    let Some((feed, key)) = found else { return Ok(Regrouped::NotThere) };
    let others: bool = connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM member WHERE story = ?1 AND NOT (feed = ?2 AND key = ?3))",
        )?
        .query_row(params![story.0, feed, key], |row| row.get(0))?;
    if !others {
        return Ok(Regrouped::Alone);
    }
    let own: i64 = connection
        .prepare_cached("UPDATE meta SET story = story + 1 WHERE one = 1 RETURNING story")?
        .query_row([], |row| row.get(0))?;
    connection
        .prepare_cached(
            "INSERT INTO story (id, opened, last_seen)
             SELECT ?1, min(at), max(at) FROM member WHERE story = ?2 AND feed = ?3 AND key = ?4",
        )?
        .execute(params![own, story.0, feed, key])?;
    let moving = Moving { from: story.0, to: own, item: Some((&feed, &key)) };
    moving.go(connection, &format!("split off from {story}"))?;
    note(connection, "split", story, StoryId(own), now)?;
    Ok(Regrouped::Done(StoryId(own)))
}

fn merge(
    connection: &Connection,
    story: StoryId,
    into: StoryId,
    now: Timestamp,
) -> Result<Regrouped, StoreError> {
    for id in [story, into] {
        if !exists(connection, id)? {
            return Ok(Regrouped::NoStory(id));
        }
    }
    if story == into {
        return Ok(Regrouped::Alone);
    }
    let moving = Moving { from: story.0, to: into.0, item: None };
    moving.go(connection, &format!("merged from {story}"))?;
    // It stays open as long as the younger of the two would have: an item that would have joined that
    // one must not open a third.
    connection
        .prepare_cached(
            "UPDATE story SET last_seen = max(story.last_seen, other.last_seen),
               opened = max(story.opened, other.opened)
             FROM story AS other WHERE other.id = ?1 AND story.id = ?2",
        )?
        .execute(params![story.0, into.0])?;
    connection.prepare_cached("DELETE FROM story WHERE id = ?1")?.execute([story.0])?;
    note(connection, "merge", story, into, now)?;
    Ok(Regrouped::Done(into))
}

fn exists(connection: &Connection, story: StoryId) -> Result<bool, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM story WHERE id = ?1)")?;
    Ok(statement.query_row([story.0], |row| row.get(0))?)
}

/// Keeps what was done, and makes every planner read the stories again.
fn note(
    connection: &Connection,
    what: &str,
    story: StoryId,
    other: StoryId,
    now: Timestamp,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT INTO regrouped (at, what, story, other) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![ms(now), what, story.0, other.0])?;
    touch(connection)
}

/// Most links that are followed from one story to the next: each merge adds one.
const LINKS: usize = 100;

fn merged_into(connection: &Connection, story: StoryId) -> Result<Option<StoryId>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT other FROM regrouped WHERE story = ?1 AND what = 'merge' ORDER BY id DESC LIMIT 1",
    )?;
    let mut at = story.0;
    for _ in 0..LINKS {
        match statement.query_row([at], |row| row.get(0)).optional()? {
            Some(next) => at = next,
            None => break,
        }
    }
    Ok((at != story.0).then_some(StoryId(at)))
}
