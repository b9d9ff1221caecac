//! Stories as the planner needs them.
//!
//! Each row of `member` is the change that wrote it; a story is read back by applying its rows again
//! with the function that the planner itself uses, so a restart sees what the running daemon saw.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::StoreError;
use super::row::{json_column, ms, time, to_json};
use crate::model::{Kind, Member, SinkName, Story, StoryChange, StoryId};

/// Stories opened since a time, oldest first, whole.
pub(super) fn since(connection: &Connection, since: Timestamp) -> Result<Vec<Story>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT t.story, t.number, t.sink FROM story s JOIN told t ON t.story = s.id
         WHERE s.opened >= ?1 ORDER BY t.story, t.number, t.sink",
    )?;
    let mut rows = statement.query([ms(since)])?;
    let mut told: HashMap<(i64, i64), Vec<SinkName>> = HashMap::new();
    while let Some(row) = rows.next()? {
        let sink = SinkName::new(row.get::<_, String>("sink")?);
        told.entry((row.get("story")?, row.get("number")?)).or_default().push(sink);
    }
    let mut statement = connection.prepare_cached(
        "SELECT m.*, s.opened FROM story s JOIN member m ON m.story = s.id
         WHERE s.opened >= ?1 ORDER BY m.story, m.number",
    )?;
    let mut rows = statement.query([ms(since)])?;
    let mut stories: Vec<Story> = Vec::new();
    while let Some(row) = rows.next()? {
        let (id, number): (i64, i64) = (row.get("story")?, row.get("number")?);
        // Its sameness is not needed to build the story.
        let change = StoryChange {
            id: StoryId(id),
            opens: number == 0,
            member: json_column(row, "data")?,
            sameness: None,
            told: told.remove(&(id, number)).unwrap_or_default(),
            step: row.get("step")?,
            at: time(row.get("at")?),
        };
        let same = stories.last().is_some_and(|story| story.id == change.id);
        let before = if same { stories.pop() } else { None };
        let mut story = Story::grown(before, &change);
        story.opened = time(row.get("opened")?);
        stories.push(story);
    }
    Ok(stories)
}

/// Opens or grows a story by this member.
pub(super) fn save(
    connection: &Connection,
    change: &StoryChange,
    member: &Member,
) -> Result<(), StoreError> {
    let id = change.id.0;
    if change.opens {
        connection
            .prepare_cached("INSERT INTO story (id, opened, last_seen) VALUES (?1, ?2, ?2)")?
            .execute(params![id, ms(change.at)])?;
    } else {
        connection
            .prepare_cached("UPDATE story SET last_seen = max(last_seen, ?2) WHERE id = ?1")?
            .execute(params![id, ms(change.at)])?;
    }
    let number: i64 = connection
        .prepare_cached("SELECT coalesce(max(number) + 1, 0) FROM member WHERE story = ?1")?
        .query_row([id], |row| row.get(0))?;
    let same = change.sameness.as_ref();
    connection
        .prepare_cached(
            "INSERT INTO member (story, number, feed, key, at, step, level, score, reason,
               resembles, data)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            id,
            number,
            member.feed.as_str(),
            member.key.as_str(),
            ms(change.at),
            change.step,
            same.map(|same| same.level),
            same.map(|same| same.score),
            same.map(|same| &same.reason),
            same.map(|same| &same.with),
            to_json(member)?,
        ])?;
    let mut statement = connection
        .prepare_cached("INSERT OR IGNORE INTO told (story, number, sink) VALUES (?1, ?2, ?3)")?;
    for sink in &change.told {
        statement.execute(params![id, number, sink.as_str()])?;
    }
    Ok(())
}

/// The items of a story as members, oldest first, each with its latest text.
pub(super) fn members(connection: &Connection, story: i64) -> Result<Vec<Member>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT data FROM member WHERE story = ?1 ORDER BY number")?;
    let rows = statement.query_map([story], |row| json_column::<Member>(row, "data"))?;
    let mut members: Vec<Member> = Vec::new();
    for member in rows {
        let member = member?;
        let same = |one: &&mut Member| (&one.feed, &one.key) == (&member.feed, &member.key);
        match members.iter_mut().find(same) {
            Some(one) => *one = member,
            None => members.push(member),
        }
    }
    Ok(members)
}

/// Independent sources among the items of a story: each feed once, whoever copies a text or collects
/// what others wrote not at all. At least one.
pub(super) fn sources(members: &[Member]) -> usize {
    let own = |member: &&Member| !member.copy && member.kind != Kind::Aggregator;
    let feeds: HashSet<&str> = members.iter().filter(own).map(|one| one.feed.as_str()).collect();
    feeds.len().max(1)
}
