//! Judgements: what people made of alerts, and so how often each rule was right.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;

use super::row::{ms, time};
use super::writer::Care;
use super::{Store, StoreError};
use crate::model::AlertId;

/// Whether an alert was worth its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It was.
    Good,
    /// A false alarm.
    Bad,
}

impl Verdict {
    /// The word in listings.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Good => "good",
            Verdict::Bad => "bad",
        }
    }

    pub(super) fn of(good: bool) -> Self {
        if good { Verdict::Good } else { Verdict::Bad }
    }
}

/// What somebody made of an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Judgement {
    /// Good or bad.
    pub verdict: Verdict,
    /// Why, in their words.
    pub note: Option<String>,
    /// When it was said.
    pub at: Timestamp,
}

/// How often a rule was right by what people said; the best rule of an alert counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JudgedRule {
    /// The rule.
    pub rule: String,
    /// Judged alerts that were good.
    pub good: u64,
    /// Judged alerts.
    pub judged: u64,
}

impl Store {
    /// Keeps what somebody made of an alert, in the place of what was said before; `false` where there
    /// is no such alert.
    ///
    /// # Errors
    ///
    /// The commit failed; nothing was written.
    pub async fn judge(&self, alert: AlertId, said: Judgement) -> Result<bool, StoreError> {
        self.workers.write(Care::Full, move |connection| judge(connection, alert, &said)).await
    }

    /// The rules of which alerts were judged, by name.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn judged_rules(&self) -> Result<Vec<JudgedRule>, StoreError> {
        self.workers.read(judged_rules).await
    }
}

fn judge(connection: &Connection, alert: AlertId, said: &Judgement) -> Result<bool, StoreError> {
    let written = connection
        .prepare_cached(
            "INSERT INTO judgement (alert, good, note, at)
             SELECT id, ?2, ?3, ?4 FROM alert WHERE id = ?1
             ON CONFLICT (alert) DO UPDATE SET good = excluded.good, note = excluded.note,
               at = excluded.at",
        )?
        .execute(params![alert.0, said.verdict == Verdict::Good, said.note, ms(said.at)])?;
    Ok(written > 0)
}

fn judged_rules(connection: &Connection) -> Result<Vec<JudgedRule>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT a.rule, sum(j.good), count(*) FROM judgement j JOIN alert a ON a.id = j.alert
         GROUP BY a.rule ORDER BY a.rule",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(JudgedRule { rule: row.get(0)?, good: row.get(1)?, judged: row.get(2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What was said of an alert.
pub(super) fn of_alert(
    connection: &Connection,
    alert: AlertId,
) -> Result<Option<Judgement>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT good, note, at FROM judgement WHERE alert = ?1")?;
    let said = statement.query_row([alert.0], |row| {
        Ok(Judgement {
            verdict: Verdict::of(row.get(0)?),
            note: row.get(1)?,
            at: time(row.get(2)?),
        })
    });
    Ok(said.optional()?)
}
