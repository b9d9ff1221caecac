//! Stories for people: which there are, and why each item belongs.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;

use super::row::{json_column, ms, time};
use super::{Store, StoreError, alerts, stories};
use crate::model::{Alert, AlertId, FeedName, ItemKey, Member, StoryId};

impl Store {
    /// The stories that grew since a time, newest first.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn stories(
        &self,
        since: Option<Timestamp>,
        limit: usize,
    ) -> Result<Vec<StoryRow>, StoreError> {
        self.workers.read(move |connection| list(connection, since, limit)).await
    }

    /// One story, whole.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn story(&self, id: StoryId) -> Result<Option<StoryDetail>, StoreError> {
        self.workers.read(move |connection| detail(connection, id)).await
    }
}

/// A story as `stories list` shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StoryRow {
    /// Its id.
    pub id: StoryId,
    /// When its first item was judged.
    pub opened: Timestamp,
    /// When an item last joined it.
    pub last_seen: Timestamp,
    /// Alliances of its items.
    pub alliances: Vec<String>,
    /// Candidates of its items.
    pub candidates: Vec<String>,
    /// Items that tell it.
    pub items: usize,
    /// Alerts that were raised for it.
    pub alerts: usize,
    /// Headline of its first item.
    pub title: String,
    /// `shadow` where all of its items were only recorded, else `live`.
    pub mode: &'static str,
}

/// One story, whole.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StoryDetail {
    /// Its id.
    pub id: StoryId,
    /// When its first item was judged.
    pub opened: Timestamp,
    /// When an item last joined it.
    pub last_seen: Timestamp,
    /// The items that tell it, oldest first.
    pub members: Vec<MemberDetail>,
}

/// An item of a story, and why it belongs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MemberDetail {
    /// Headline.
    pub title: String,
    /// Link.
    pub url: Option<String>,
    /// The feed that carried it.
    pub feed: String,
    /// When it was judged.
    pub seen: Timestamp,
    /// Whether its text is that of an earlier item, so that it is no source of its own.
    pub copy: bool,
    /// How it is the same as the story; `None` for the first.
    pub level: Option<String>,
    /// Similarity, 0 to 1.
    pub score: Option<f64>,
    /// The reason.
    pub reason: Option<String>,
    /// Headline of the member that it resembles.
    pub resembles: Option<String>,
    /// Alerts that this item raised.
    pub alerts: Vec<AlertId>,
    /// `live`, or `shadow` where it was only recorded.
    pub mode: &'static str,
}

/// The stories that grew since a time, newest first.
fn list(
    connection: &Connection,
    since: Option<Timestamp>,
    limit: usize,
) -> Result<Vec<StoryRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT s.*, (SELECT count(*) FROM alert a WHERE a.story = s.id) AS alerts
         FROM story s WHERE s.last_seen >= ?1 ORDER BY s.last_seen DESC, s.id DESC LIMIT ?2",
    )?;
    let since = since.map_or(i64::MIN, ms);
    let mut rows = statement.query(params![since, i64::try_from(limit).unwrap_or(i64::MAX)])?;
    let mut list = Vec::new();
    while let Some(row) = rows.next()? {
        let id: i64 = row.get("id")?;
        let members = stories::members(connection, id)?;
        let mut alliances: Vec<String> = Vec::new();
        let mut candidates: Vec<String> = Vec::new();
        for one in members.iter().flat_map(|member| &member.moves) {
            if !alliances.contains(&one.alliance) {
                alliances.push(one.alliance.clone());
            }
            for candidate in &one.candidates {
                if !candidates.contains(candidate) {
                    candidates.push(candidate.clone());
                }
            }
        }
        list.push(StoryRow {
            id: StoryId(id),
            opened: time(row.get("opened")?),
            last_seen: time(row.get("last_seen")?),
            alliances,
            candidates,
            items: members.len(),
            alerts: row.get("alerts")?,
            mode: alerts::mode(members.iter().all(|member| member.shadow)),
            title: members.into_iter().next().map(|member| member.title).unwrap_or_default(),
        });
    }
    Ok(list)
}

/// One story, whole.
fn detail(connection: &Connection, id: StoryId) -> Result<Option<StoryDetail>, StoreError> {
    let story = connection
        .prepare_cached("SELECT opened, last_seen FROM story WHERE id = ?1")?
        .query_row([id.0], |row| Ok((time(row.get(0)?), time(row.get(1)?))))
        .optional()?;
    let Some((opened, last_seen)) = story else { return Ok(None) };
    let mut statement =
        connection.prepare_cached("SELECT id, data FROM alert WHERE story = ?1 ORDER BY id")?;
    let raised = statement.query_map([id.0], |row| {
        let alert: Alert = json_column(row, "data")?;
        Ok((AlertId(row.get("id")?), alert.item.feed, alert.item.key))
    })?;
    let raised: Vec<(AlertId, FeedName, ItemKey)> = raised.collect::<Result<_, _>>()?;
    let mut statement =
        connection.prepare_cached("SELECT * FROM member WHERE story = ?1 ORDER BY number")?;
    let mut rows = statement.query([id.0])?;
    let mut members: Vec<(ItemKey, MemberDetail)> = Vec::new();
    while let Some(row) = rows.next()? {
        let member: Member = json_column(row, "data")?;
        let of_item = raised
            .iter()
            .filter(|(_, feed, key)| (feed, key) == (&member.feed, &member.key))
            .map(|(alert, ..)| *alert);
        let one = MemberDetail {
            alerts: of_item.collect(),
            title: member.title,
            url: member.url,
            feed: member.feed.to_string(),
            seen: time(row.get("at")?),
            copy: member.copy,
            mode: alerts::mode(member.shadow),
            level: row.get("level")?,
            score: row.get("score")?,
            reason: row.get("reason")?,
            resembles: row.get("resembles")?,
        };
        // A changed text takes the place of the earlier one; what the item is to the story stays.
        match members.iter_mut().find(|(key, it)| (key, &it.feed) == (&member.key, &one.feed)) {
            Some((_, it)) => {
                (it.title, it.url, it.copy) = (one.title, one.url, one.copy);
                it.mode = one.mode;
            }
            None => members.push((member.key, one)),
        }
    }
    let members = members.into_iter().map(|(_, member)| member).collect();
    Ok(Some(StoryDetail { id, opened, last_seen, members }))
}
