//! Telling operators: every so often what is wrong is compared with what they were told, and the
//! difference goes into the outbox. A task of its own; a single round does it once.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::sync::{Notify, watch};

use super::control::ticks;
use crate::config::Config;
use crate::model::{Event, EventKind, EventState, Fault, SinkName};
use crate::operator::{OperatorSection, last_due, news};
use crate::report::{self, Roster};
use crate::store::{Refusal, Store, StoreError};

/// How often it is looked at; also after each reload, be it refused.
const EVERY: Duration = Duration::from_secs(30);

/// What telling goes by.
pub(super) struct Duty {
    operator: OperatorSection,
    roster: Roster,
    timezone: TimeZone,
}

/// Why the config on disk does not run, where it does not.
pub(super) type Rejected = Option<Refusal>;

impl Duty {
    pub(super) fn of(config: &Config) -> Self {
        Self {
            operator: config.operator.clone(),
            roster: config.roster(),
            timezone: config.timezone.clone(),
        }
    }

    /// Looks, and tells what has changed. Whether anything was queued.
    pub(super) async fn look(
        &self,
        store: &Store,
        rejected: &Rejected,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let sinks: Vec<SinkName> =
            self.operator.sinks.iter().map(|(name, _)| name.clone()).collect();
        if sinks.is_empty() {
            return Ok(false);
        }
        let room = report::room(&self.roster.database);
        let mut faults = report::faults(&self.roster, store, room, now).await?;
        if let Some(Refusal { since, why }) = rejected {
            faults.list.push(Fault {
                kind: EventKind::ConfigRejected,
                subject: String::new(),
                since: Some(*since),
                what: format!("the config on disk was refused, the old one runs: {why}"),
                cure: "`pactwatch check` shows every mistake".to_owned(),
            });
        }
        let told = store.told().await?;
        let mut events = news(&told, &faults.list, |one| faults.subject(one), now);
        events.extend(self.daily(store, &faults.list, room, now).await?);
        if events.is_empty() {
            return Ok(false);
        }
        for event in &events {
            let (kind, state) = (event.kind.as_str(), event.state.as_str());
            tracing::info!(kind, state, "operators are told: {}", event.what.replace('\n', "; "));
        }
        Ok(store.tell(events, sinks).await? > 0)
    }

    /// The daily proof of life, where it is due. Its first day begins when it is asked for.
    async fn daily(
        &self,
        store: &Store,
        faults: &[Fault],
        room: Option<report::Room>,
        now: Timestamp,
    ) -> Result<Option<Event>, StoreError> {
        let Some(time) = self.operator.all_quiet else { return Ok(None) };
        let Some(due) = last_due(time, &self.timezone, now) else { return Ok(None) };
        let Some(last) = store.last_quiet().await? else {
            store.begin_quiet(now).await?;
            return Ok(None);
        };
        if last >= due {
            return Ok(None);
        }
        Ok(Some(Event {
            kind: EventKind::AllQuiet,
            state: EventState::Raised,
            what: report::daily(&self.roster, store, faults, room, now).await?,
            since: Some(due),
            cure: String::new(),
            subjects: Vec::new(),
            others: 0,
            at: now,
        }))
    }
}

/// Tells operators until the other end of `duty` is gone.
pub(super) async fn run(
    store: Store,
    mut duty: watch::Receiver<Arc<Duty>>,
    mut rejected: watch::Receiver<Rejected>,
    posted: Arc<Notify>,
) {
    let mut due = ticks(EVERY);
    let mut failing = false;
    loop {
        tokio::select! {
            _ = due.tick() => {}
            changed = duty.changed() => if changed.is_err() { return },
            changed = rejected.changed() => if changed.is_err() { return },
        }
        let (now, refused) =
            (duty.borrow_and_update().clone(), rejected.borrow_and_update().clone());
        match now.look(&store, &refused, Timestamp::now()).await {
            Ok(queued) => {
                failing = false;
                if queued {
                    posted.notify_one();
                }
            }
            Err(error) if !failing => {
                failing = true;
                tracing::warn!(%error, "what operators are to be told cannot be found out");
            }
            Err(_) => {}
        }
    }
}
