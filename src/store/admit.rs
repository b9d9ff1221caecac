//! Admission: everything that one poll leads to, in one transaction.
//!
//! What is written of each noun stands in the noun's file; here is only that it happens together,
//! and never on stories that another process has changed in the meantime.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::writer::Care;
use super::{
    Admitted, Store, StoreError, StoryBook, alerts, feeds, habits, items, ledger, mutes, outbox,
    stories,
};
use crate::model::{AlertId, Plan};

impl Store {
    /// What the planner starts from: stories opened since then, the ledger, the next numbers.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn story_book(&self, since: Timestamp) -> Result<StoryBook, StoreError> {
        self.workers
            .read(move |connection| {
                let (story, alert) = connection.query_row(
                    "SELECT story, alert FROM meta WHERE one = 1",
                    [],
                    |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)),
                )?;
                Ok(StoryBook {
                    generation: generation(connection)?,
                    stories: stories::since(connection, since)?,
                    ledger: ledger::all(connection)?,
                    mutes: mutes::ending_after(connection, since)?,
                    next_story: story + 1,
                    next_alert: alert + 1,
                })
            })
            .await
    }

    /// Commits plans that were made on `generation`, all or none: a later plan of one planning may
    /// stand on a story that an earlier one opens. Calls that wait together share a commit, and none
    /// of them spoils another. The store lets go of the plans before it answers.
    ///
    /// # Errors
    ///
    /// The commit failed; nothing was written.
    pub async fn admit(
        &self,
        generation: u64,
        plans: Arc<Vec<Plan>>,
    ) -> Result<Admitted, StoreError> {
        let told = |plan: &Plan| {
            !plan.stories.is_empty() || !plan.ledger.is_empty() || !plan.alerts.is_empty()
        };
        let grows = plans.iter().any(told);
        let care = if grows { Care::Full } else { Care::Normal };
        let counted = plans.clone();
        let admitted = self
            .workers
            .write(care, move |connection| {
                if self::generation(connection)? != generation {
                    return Ok(Admitted::Stale);
                }
                for plan in plans.iter() {
                    admit_one(connection, plan)?;
                }
                let generation = match grows {
                    true => next_generation(connection, &plans)?,
                    false => generation,
                };
                Ok(Admitted::Done { generation })
            })
            .await?;
        if matches!(admitted, Admitted::Done { .. }) {
            self.workers.counter.admitted(&counted);
        }
        Ok(admitted)
    }
}

/// Everything of one plan.
fn admit_one(connection: &Connection, plan: &Plan) -> Result<(), StoreError> {
    let feed = feeds::save(connection, &plan.feed, &plan.state)?;
    for row in &plan.items {
        items::save(connection, feed, row)?;
    }
    habits::count(connection, &plan.items)?;
    // An alert whose key is known keeps its first number, and all that refers to it says that one.
    let mut kept: HashMap<AlertId, AlertId> = HashMap::new();
    for (alert, _) in &plan.alerts {
        if let Some(id) = alerts::known(connection, &alert.key)? {
            kept.insert(alert.id, id);
        }
    }
    let kept = |alert: AlertId| kept.get(&alert).copied().unwrap_or(alert);
    for change in &plan.stories {
        let mut member = change.member.clone();
        member.alert = member.alert.map(kept);
        stories::save(connection, change, &member)?;
    }
    for (alert, addressees) in &plan.alerts {
        let id = kept(alert.id);
        // One that is known already was counted then.
        if alerts::save(connection, alert)? {
            mutes::count(connection, alert)?;
        }
        for addressee in addressees {
            outbox::queue(connection, alert, id, addressee)?;
        }
    }
    for entry in &plan.ledger {
        ledger::enter(connection, entry, entry.alert.map(kept))?;
    }
    Ok(())
}

/// The generation; it changes with every write to stories.
pub(super) fn generation(connection: &Connection) -> Result<u64, StoreError> {
    let mut statement = connection.prepare_cached("SELECT generation FROM meta WHERE one = 1")?;
    let number: i64 = statement.query_row([], |row| row.get(0))?;
    Ok(number.unsigned_abs())
}

/// Counts the generation up: every planner reads the stories again before it writes.
pub(super) fn touch(connection: &Connection) -> Result<(), StoreError> {
    next_generation(connection, &[]).map(|_| ())
}

/// Counts the generation up, remembers the numbers that were given, and gives the generation.
fn next_generation(connection: &Connection, plans: &[Plan]) -> Result<u64, StoreError> {
    let story = plans.iter().flat_map(|plan| &plan.stories).map(|change| change.id.0).max();
    let alert = plans.iter().flat_map(|plan| &plan.alerts).map(|(alert, _)| alert.id.0).max();
    connection
        .prepare_cached(
            "UPDATE meta SET generation = generation + 1, story = max(story, ?1),
               alert = max(alert, ?2) WHERE one = 1",
        )?
        .execute(params![story.unwrap_or(0), alert.unwrap_or(0)])?;
    generation(connection)
}
