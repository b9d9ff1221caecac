//! Alerts: what was raised, as data.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;

use super::deliveries::{MessageRow, of_alert};
use super::judgements::{self, Judgement, Verdict};
use super::row::{json_column, ms, to_json};
use super::{Store, StoreError, stories};
use crate::model::{
    Alert, AlertId, AlertKind, AlertView, AlsoIn, Level, Member, MessageId, SinkName, StoryId,
};

impl Store {
    /// The newest alerts that pass the filter.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn alerts(&self, filter: AlertFilter) -> Result<Vec<AlertRow>, StoreError> {
        self.workers.read(move |connection| list(connection, &filter)).await
    }

    /// One alert, whole.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn alert(&self, id: AlertId) -> Result<Option<AlertDetail>, StoreError> {
        self.workers.read(move |connection| detail(connection, id)).await
    }

    /// The alerts of a message as they stand now, oldest first; empty for messages without.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn views(&self, message: &MessageId) -> Result<Vec<AlertView>, StoreError> {
        let message = message.clone();
        self.workers.read(move |connection| views(connection, &message)).await
    }
}

/// Which alerts to list.
#[derive(Debug, Clone, Default)]
pub struct AlertFilter {
    /// Raised at or after this time.
    pub since: Option<Timestamp>,
    /// At most so many.
    pub limit: usize,
    /// Of this alliance.
    pub alliance: Option<String>,
    /// Whose best rule is this.
    pub rule: Option<String>,
    /// At least of this level.
    pub level: Option<Level>,
    /// Only what is told, nothing that is in shadow.
    pub told: bool,
}

/// An alert as `alerts list` shows it; the keys and their order are relied on by other programs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AlertRow {
    /// Short id.
    pub id: AlertId,
    /// Its story.
    pub story: StoryId,
    /// First word of a story, or a new move.
    pub kind: AlertKind,
    /// How much it asks.
    pub level: Level,
    /// The best rule.
    pub rule: String,
    /// Alliances.
    pub alliances: Vec<String>,
    /// Candidates.
    pub candidates: Vec<String>,
    /// Acts by name.
    pub acts: Vec<String>,
    /// Headline.
    pub title: String,
    /// Link.
    pub url: Option<String>,
    /// The feed.
    pub feed: String,
    /// When it was raised.
    pub raised: Timestamp,
    /// `live`, or `shadow` where it was only recorded.
    pub mode: &'static str,
    /// What is muted and kept it back; empty where it was sent as usual.
    pub muted: Vec<String>,
    /// What somebody made of it, `good` or `bad`.
    pub judged: Option<Verdict>,
    /// Why, where that was said.
    pub note: Option<String>,
    /// When its item was published.
    pub published: Option<Timestamp>,
}

/// The mode of what is recorded and shown, and never sent.
pub const SHADOW: &str = "shadow";

/// One alert, whole.
#[derive(Debug, Clone, Serialize)]
pub struct AlertDetail {
    /// The alert as data.
    pub alert: Alert,
    /// Other items of its story by now.
    pub also_in: Vec<AlsoIn>,
    /// The messages that carry it.
    pub messages: Vec<MessageRow>,
    /// What somebody made of it.
    pub judgement: Option<Judgement>,
}

/// The number of the alert that bears a key already.
pub(super) fn known(connection: &Connection, key: &str) -> Result<Option<AlertId>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT id FROM alert WHERE key = ?1")?;
    Ok(statement.query_row([key], |row| Ok(AlertId(row.get(0)?))).optional()?)
}

/// Writes an alert; one with a known key is left alone, so nothing repeats. Whether it was new.
pub(super) fn save(connection: &Connection, alert: &Alert) -> Result<bool, StoreError> {
    let rule = alert.matched.rules.first().map_or("", |rule| rule.id.as_str());
    let written = connection
        .prepare_cached(
            "INSERT INTO alert (id, key, story, raised, level, rule, data)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (key) DO NOTHING",
        )?
        .execute(params![
            alert.id.0,
            alert.key,
            alert.story.0,
            ms(alert.raised),
            alert.level.as_str(),
            rule,
            to_json(alert)?,
        ])?;
    Ok(written > 0)
}

fn list(connection: &Connection, filter: &AlertFilter) -> Result<Vec<AlertRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT data, (SELECT good FROM judgement WHERE alert = alert.id) AS good,
           (SELECT note FROM judgement WHERE alert = alert.id) AS note FROM alert
         WHERE raised >= ?1 AND (?2 IS NULL OR rule = ?2)
           AND (?3 IS NULL OR EXISTS (
             SELECT 1 FROM json_each(data, '$.matched.alliances') WHERE value = ?3 COLLATE NOCASE))
           AND (?4 IS NULL OR EXISTS (SELECT 1 FROM json_each(?4) WHERE value = level))
           AND NOT (?6 AND coalesce(data ->> '$.matched.shadow', 0))
         ORDER BY raised DESC, id DESC LIMIT ?5",
    )?;
    let levels = filter.level.map(|least| {
        let words = Level::ALL.into_iter().filter(|level| *level >= least).map(Level::as_str);
        to_json(&words.collect::<Vec<_>>())
    });
    let rows = statement.query_map(
        params![
            filter.since.map_or(i64::MIN, ms),
            filter.rule,
            filter.alliance,
            levels.transpose()?,
            i64::try_from(filter.limit).unwrap_or(i64::MAX),
            filter.told,
        ],
        |row| Ok((alert_of(row)?, row.get::<_, Option<bool>>("good")?, row.get("note")?)),
    )?;
    rows.map(|row| row.map(|(alert, good, note)| row_of(alert, good.map(Verdict::of), note)))
        .collect::<Result<_, _>>()
        .map_err(StoreError::from)
}

fn alert_of(row: &Row<'_>) -> rusqlite::Result<Alert> {
    json_column(row, "data")
}

fn row_of(alert: Alert, judged: Option<Verdict>, note: Option<String>) -> AlertRow {
    let mut acts: Vec<String> = Vec::new();
    for act in alert.matched.moves.iter().filter_map(|one| one.act.as_ref()) {
        if !acts.contains(&act.name) {
            acts.push(act.name.clone());
        }
    }
    AlertRow {
        id: alert.id,
        story: alert.story,
        kind: alert.kind,
        level: alert.level,
        rule: alert.matched.rules.first().map(|rule| rule.id.to_string()).unwrap_or_default(),
        alliances: alert.matched.alliances,
        candidates: alert.matched.candidates,
        acts,
        title: alert.item.title,
        url: alert.item.url,
        feed: alert.item.feed.to_string(),
        raised: alert.raised,
        mode: mode(alert.matched.shadow),
        muted: alert.muted,
        judged,
        note,
        published: alert.item.published,
    }
}

/// The word for it.
pub(super) fn mode(shadow: bool) -> &'static str {
    if shadow { SHADOW } else { "live" }
}

/// One alert, whole.
fn detail(connection: &Connection, id: AlertId) -> Result<Option<AlertDetail>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT data FROM alert WHERE id = ?1")?;
    let Some(alert) = statement.query_row([id.0], alert_of).optional()? else { return Ok(None) };
    let (also_in, _) = also_in(connection, &alert)?;
    let messages = of_alert(connection, id)?;
    let judgement = judgements::of_alert(connection, id)?;
    Ok(Some(AlertDetail { alert, also_in, messages, judgement }))
}

/// An alert as a sink would get it now.
pub(super) fn view(
    connection: &Connection,
    id: AlertId,
    sink: &SinkName,
) -> Result<Option<AlertView>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT data FROM alert WHERE id = ?1")?;
    let Some(alert) = statement.query_row([id.0], alert_of).optional()? else { return Ok(None) };
    let mut told = connection.prepare_cached(
        "SELECT m.thread FROM message m
           JOIN delivery d ON d.message = m.id JOIN alert a ON a.id = d.alert
         WHERE a.story = ?1 AND m.sink = ?2 AND a.raised < ?3
         ORDER BY m.thread IS NULL OR m.state <> 'delivered', m.settled, m.seq LIMIT 1",
    )?;
    let told: Option<Option<String>> = told
        .query_row(params![alert.story.0, sink.as_str(), ms(alert.raised)], |row| row.get(0))
        .optional()?;
    let (also_in, sources) = also_in(connection, &alert)?;
    Ok(Some(AlertView {
        // To a sink that was not told of the story an update is its first word.
        kind: if told.is_some() { alert.kind } else { AlertKind::Raised },
        alert,
        also_in,
        sources,
        thread: told.flatten(),
        sink: sink.clone(),
    }))
}

/// Other items of an alert's story, and how many independent sources the story has.
fn also_in(connection: &Connection, alert: &Alert) -> Result<(Vec<AlsoIn>, usize), StoreError> {
    let mut members = stories::members(connection, alert.story.0)?;
    // What is in shadow is shown to nobody by what is not.
    members.retain(|member| alert.matched.shadow || !member.shadow);
    let count = stories::sources(&members);
    let is_itself =
        |member: &Member| (&member.feed, &member.key) == (&alert.item.feed, &alert.item.key);
    let others = members.into_iter().filter(|member| !is_itself(member)).map(|member| AlsoIn {
        feed: member.feed,
        url: member.url,
        title: member.title,
        copy: member.copy,
    });
    Ok((others.collect(), count))
}

/// The alerts of a message as they stand now. In a digest each keeps its own word.
pub(super) fn views(
    connection: &Connection,
    message: &MessageId,
) -> Result<Vec<AlertView>, StoreError> {
    // Replies hang on the story's first message: that is the root that chats ask for.
    let mut statement = connection.prepare_cached(
        "SELECT a.data, m.sink, d.kind,
           (SELECT t.thread FROM message t
              JOIN delivery td ON td.message = t.id JOIN alert ta ON ta.id = td.alert
            WHERE ta.story = a.story AND t.sink = m.sink AND t.state = 'delivered'
              AND t.thread IS NOT NULL AND t.id <> m.id
            ORDER BY t.settled, t.seq LIMIT 1) AS thread
         FROM message m JOIN delivery d ON d.message = m.id JOIN alert a ON a.id = d.alert
         WHERE m.id = ?1 ORDER BY a.raised, a.id",
    )?;
    let rows = statement.query_map([message.as_str()], |row| {
        let kind: String = row.get("kind")?;
        Ok(AlertView {
            alert: alert_of(row)?,
            kind: if kind == AlertKind::Updated.as_str() {
                AlertKind::Updated
            } else {
                AlertKind::Raised
            },
            also_in: Vec::new(),
            sources: 1,
            thread: row.get("thread")?,
            sink: SinkName::new(row.get::<_, String>("sink")?),
        })
    })?;
    let mut views: Vec<AlertView> = rows.collect::<Result<_, _>>()?;
    for view in &mut views {
        (view.also_in, view.sources) = also_in(connection, &view.alert)?;
    }
    Ok(views)
}
