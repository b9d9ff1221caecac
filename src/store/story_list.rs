//! Stories for people: which there are, and why each item belongs.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, named_params};
use serde::Serialize;

use super::row::{json_column, ms, time};
use super::{Store, StoreError, alerts, stories};
use crate::model::{Alert, AlertId, FeedName, ItemId, ItemKey, Level, Member, StoryId};

impl Store {
    /// The stories that pass the filter, those that grew last first.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn stories(&self, filter: StoryFilter) -> Result<Vec<StoryRow>, StoreError> {
        self.workers.read(move |connection| list(connection, &filter)).await
    }

    /// The items of a story as the planner compares them, oldest first, each with its latest text.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn members(&self, id: StoryId) -> Result<Vec<Member>, StoreError> {
        self.workers.read(move |connection| stories::members(connection, id.0)).await
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

/// Which stories to list. What is `None` is not asked.
#[derive(Debug, Clone, Default)]
pub struct StoryFilter {
    /// Grown at or after this time.
    pub since: Option<Timestamp>,
    /// Of this alliance, in any case of letters.
    pub alliance: Option<String>,
    /// With this candidate.
    pub candidate: Option<String>,
    /// With this act.
    pub act: Option<String>,
    /// With an alert of this level.
    pub level: Option<Level>,
    /// With an alert whose best rule is this.
    pub rule: Option<String>,
    /// With this text in a headline.
    pub text: Option<String>,
    /// At most so many.
    pub limit: usize,
    /// After so many that pass.
    pub skip: usize,
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
    /// Acts of its items by name.
    pub acts: Vec<String>,
    /// The highest level of its alerts; `None` where none was raised.
    pub level: Option<Level>,
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
    /// Independent sources: copies of one text count once, sites that collect do not.
    pub sources: usize,
    /// The items that tell it, oldest first.
    pub members: Vec<MemberDetail>,
}

/// An item of a story, and why it belongs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MemberDetail {
    /// Its short id; `None` where the item itself is no longer kept.
    pub id: Option<ItemId>,
    /// Its key in its feed.
    pub key: ItemKey,
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

/// The stories that pass the filter, those that grew last first.
fn list(connection: &Connection, filter: &StoryFilter) -> Result<Vec<StoryRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT s.*, (SELECT min(at) FROM member m WHERE m.story = s.id) AS since,
           (SELECT count(*) FROM alert a WHERE a.story = s.id) AS alerts,
           (SELECT json_group_array(DISTINCT level) FROM alert a WHERE a.story = s.id) AS levels
         FROM story s
         WHERE s.last_seen >= :since
           AND (:alliance IS NULL OR EXISTS (
             SELECT 1 FROM member m, json_each(m.data, '$.moves') v
             WHERE m.story = s.id AND v.value ->> '$.alliance' = :alliance COLLATE NOCASE))
           AND (:candidate IS NULL OR EXISTS (
             SELECT 1 FROM member m, json_each(m.data, '$.moves') v,
               json_each(v.value, '$.candidates') c
             WHERE m.story = s.id AND c.value = :candidate COLLATE NOCASE))
           AND (:act IS NULL OR EXISTS (
             SELECT 1 FROM member m, json_each(m.data, '$.moves') v
             WHERE m.story = s.id AND v.value ->> '$.act.name' = :act COLLATE NOCASE))
           AND (:level IS NULL OR EXISTS (
             SELECT 1 FROM alert a WHERE a.story = s.id AND a.level = :level))
           AND (:rule IS NULL OR EXISTS (
             SELECT 1 FROM alert a WHERE a.story = s.id AND a.rule = :rule))
           AND (:text IS NULL OR EXISTS (
             SELECT 1 FROM member m
             WHERE m.story = s.id AND m.data ->> '$.title' LIKE :text ESCAPE '\\'))
         ORDER BY s.last_seen DESC, s.id DESC LIMIT :limit OFFSET :skip",
    )?;
    let number = |value: usize| i64::try_from(value).unwrap_or(i64::MAX);
    let mut rows = statement.query(named_params! {
        ":since": filter.since.map_or(i64::MIN, ms),
        ":alliance": filter.alliance,
        ":candidate": filter.candidate,
        ":act": filter.act,
        ":level": filter.level.map(Level::as_str),
        ":rule": filter.rule,
        ":text": filter.text.as_deref().map(anywhere),
        ":limit": number(filter.limit),
        ":skip": number(filter.skip),
    })?;
    let mut list = Vec::new();
    while let Some(row) = rows.next()? {
        let id: i64 = row.get("id")?;
        let members = stories::members(connection, id)?;
        let (mut alliances, mut candidates, mut acts) = (Vec::new(), Vec::new(), Vec::new());
        for one in members.iter().flat_map(|member| &member.moves) {
            add(&mut alliances, &one.alliance);
            one.candidates.iter().for_each(|candidate| add(&mut candidates, candidate));
            one.act.iter().for_each(|act| add(&mut acts, &act.name));
        }
        let levels: Vec<Level> = json_column(row, "levels")?;
        list.push(StoryRow {
            id: StoryId(id),
            opened: time(row.get("since")?),
            last_seen: time(row.get("last_seen")?),
            alliances,
            candidates,
            acts,
            level: levels.into_iter().max(),
            items: members.len(),
            alerts: row.get("alerts")?,
            mode: alerts::mode(members.iter().all(|member| member.shadow)),
            title: members.into_iter().next().map(|member| member.title).unwrap_or_default(),
        });
    }
    Ok(list)
}

fn add(list: &mut Vec<String>, name: &str) {
    if !list.iter().any(|known| known == name) {
        list.push(name.to_owned());
    }
}

/// A pattern for `LIKE` that finds a text anywhere, its own signs taken literally.
fn anywhere(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// One story, whole.
fn detail(connection: &Connection, id: StoryId) -> Result<Option<StoryDetail>, StoreError> {
    let story = connection
        .prepare_cached(
            "SELECT (SELECT min(at) FROM member WHERE story = id), last_seen FROM story WHERE id = ?1",
        )?
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
    let mut statement = connection.prepare_cached(
        "SELECT m.*, (SELECT i.id FROM item i JOIN feed f ON f.id = i.feed
               WHERE f.name = m.feed AND i.key = m.key) AS item
             FROM member m WHERE story = ?1 ORDER BY at, number",
    )?;
    let mut rows = statement.query([id.0])?;
    let mut members: Vec<MemberDetail> = Vec::new();
    while let Some(row) = rows.next()? {
        let member: Member = json_column(row, "data")?;
        let of_item = raised
            .iter()
            .filter(|(_, feed, key)| (feed, key) == (&member.feed, &member.key))
            .map(|(alert, ..)| *alert);
        let one = MemberDetail {
            alerts: of_item.collect(),
            id: row.get::<_, Option<i64>>("item")?.map(ItemId),
            key: member.key,
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
        match members.iter_mut().find(|it| (&it.key, &it.feed) == (&one.key, &one.feed)) {
            Some(it) => {
                (it.title, it.url, it.copy) = (one.title, one.url, one.copy);
                it.mode = one.mode;
            }
            None => members.push(one),
        }
    }
    let sources = stories::sources(&stories::members(connection, id.0)?);
    Ok(Some(StoryDetail { id, opened, last_seen, sources, members }))
}
