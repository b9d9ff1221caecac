//! The station's loop: one worker per sink, each a line of its own, so that a receiver that hangs
//! delays nobody else.
//!
//! Start, retry and normal work are one path: look at the rows, act on what is due, wait for a nudge
//! or the next due time. A message is sealed just before its first attempt, in a commit of its own,
//! so that what is sent again is the same to the byte. An attempt that a kill or the end of the
//! grace period cuts short was not recorded and costs nothing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::DeliverySection;
use super::retry::{Case, Endpoint, settle, too_old};
use crate::model::{Attempt, DeadReason, MessageId, MessageKind, Outcome, Pulse, SinkName};
use crate::sink::Outlet;
use crate::sink::contract::{Letter, Parcel, Stationery};
use crate::store::{Pending, Settle, SinkState, Store, StoreError};

/// Longest wait of a worker before it looks again, nudged or not; clocks may jump.
const TICK: Duration = Duration::from_secs(20);
/// Wait after the store has failed.
const STORE_WAIT: Duration = Duration::from_secs(2);
/// Open messages that a worker looks at.
const LOOK: usize = 200;
/// After so many failures of a head that alone makes the receiver fail, the next may pass it.
const STEP_ASIDE: u32 = 3;
/// Members of one digest.
const DIGEST: usize = 50;

/// What the loop works with.
pub struct DeliverSetup {
    /// Where the rows are.
    pub store: Store,
    /// The receivers; a reload replaces them.
    pub outlets: watch::Receiver<Arc<Vec<Outlet>>>,
    /// How messages are retried.
    pub delivery: DeliverySection,
    /// Zone of the times that people read.
    pub timezone: TimeZone,
    /// Where our pages are reachable; empty for nowhere.
    pub public_url: String,
    /// Told when there are new rows.
    pub nudge: Arc<Notify>,
    /// Told to stop.
    pub shutdown: CancellationToken,
    /// How long attempts under way may still take then.
    pub grace: Duration,
    /// The sign of life.
    pub pulse: Pulse,
}

/// What one round of [`once`] did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Messages that were accepted.
    pub delivered: usize,
    /// Attempts that failed.
    pub failed: usize,
    /// Messages that wait for a later attempt.
    pub waiting: usize,
}

/// Delivers until told to stop.
pub async fn run(setup: DeliverSetup) {
    let office = setup.office();
    let DeliverSetup { store, mut outlets, nudge, shutdown, grace, pulse, .. } = setup;
    loop {
        let current = outlets.borrow_and_update().clone();
        let names: Vec<SinkName> = current.iter().map(|outlet| outlet.name.clone()).collect();
        while let Err(error) = store.adopt_sinks(names.clone()).await {
            tracing::error!(%error, "the outbox cannot be written; deliveries wait");
            tokio::select! {
                () = tokio::time::sleep(STORE_WAIT) => pulse.beat(),
                () = shutdown.cancelled() => return,
            }
        }
        // Ends this set of workers, at the end or for a reload.
        let stop = CancellationToken::new();
        let mut bells: Vec<Arc<Notify>> = Vec::new();
        let mut workers = JoinSet::new();
        for outlet in current.iter() {
            let bell = Arc::new(Notify::new());
            bells.push(bell.clone());
            let worker = Worker::new(office.clone(), outlet.clone(), stop.clone());
            workers.spawn(worker.work(bell));
        }
        let mut tick = tokio::time::interval(TICK / 2);
        let reloaded = loop {
            tokio::select! {
                () = nudge.notified() => bells.iter().for_each(|bell| bell.notify_one()),
                _ = tick.tick() => pulse.beat(),
                Some(ended) = workers.join_next(), if !workers.is_empty() => {
                    if let Err(error) = ended {
                        tracing::error!(%error, "a sink's worker failed; all are started again");
                    }
                    break true;
                }
                changed = outlets.changed() => match changed {
                    Ok(()) => break true,
                    // Nobody can reload any more; the end comes by `shutdown`.
                    Err(_) => {
                        shutdown.cancelled().await;
                        break false;
                    }
                },
                () = shutdown.cancelled() => break false,
            }
        };
        stop.cancel();
        let finished = async { while workers.join_next().await.is_some() {} };
        if tokio::time::timeout(grace, finished).await.is_err() {
            // What is cut short was not recorded: it is due again.
            workers.shutdown().await;
        }
        if !reloaded {
            return;
        }
    }
}

/// Attempts what is due once and returns.
pub async fn once(setup: DeliverSetup) -> Summary {
    let office = setup.office();
    let outlets = setup.outlets.borrow().clone();
    let names: Vec<SinkName> = outlets.iter().map(|outlet| outlet.name.clone()).collect();
    let mut total = Summary::default();
    if let Err(error) = office.store.adopt_sinks(names).await {
        tracing::error!(%error, "the outbox cannot be written");
        total.failed += 1;
        return total;
    }
    let mut workers = JoinSet::new();
    for outlet in outlets.iter() {
        let worker = Worker::new(office.clone(), outlet.clone(), setup.shutdown.clone());
        workers.spawn(worker.once());
    }
    while let Some(ended) = workers.join_next().await {
        match ended {
            Ok(part) => {
                total.delivered += part.delivered;
                total.failed += part.failed;
                total.waiting += part.waiting;
            }
            Err(error) => {
                tracing::error!(%error, "a sink's worker failed");
                total.failed += 1;
            }
        }
    }
    total
}

impl DeliverSetup {
    fn office(&self) -> Office {
        Office {
            store: self.store.clone(),
            delivery: Arc::new(self.delivery.clone()),
            timezone: self.timezone.clone(),
            public_url: self.public_url.clone(),
        }
    }
}

/// What every worker shares.
#[derive(Clone)]
struct Office {
    store: Store,
    delivery: Arc<DeliverySection>,
    timezone: TimeZone,
    public_url: String,
}

/// One sink's line.
struct Worker {
    office: Office,
    outlet: Outlet,
    stop: CancellationToken,
    /// Whether the store's last trouble was told.
    troubled: bool,
    summary: Summary,
}

/// What a look at the rows leads to.
enum Next {
    /// Something was done: look again.
    Again,
    /// Nothing is due before then.
    At(Option<Timestamp>),
}

impl Worker {
    fn new(office: Office, outlet: Outlet, stop: CancellationToken) -> Self {
        Self { office, outlet, stop, troubled: false, summary: Summary::default() }
    }

    /// Works until stopped.
    async fn work(mut self, bell: Arc<Notify>) {
        loop {
            // Armed before the look, so that no nudge is lost between look and wait.
            let nudged = bell.notified();
            tokio::pin!(nudged);
            nudged.as_mut().enable();
            if self.stop.is_cancelled() {
                return;
            }
            let wait = match self.look(None).await {
                Ok(Next::Again) => continue,
                Ok(Next::At(due)) => {
                    self.recovered();
                    due.map_or(TICK, |due| until(due).min(TICK))
                }
                Err(error) => {
                    self.trouble(&error);
                    STORE_WAIT
                }
            };
            tokio::select! {
                () = nudged => {}
                () = tokio::time::sleep(wait) => {}
                () = self.stop.cancelled() => return,
            }
        }
    }

    /// One pass over what is due now.
    async fn once(mut self) -> Summary {
        let horizon = Timestamp::now();
        loop {
            if self.stop.is_cancelled() {
                break;
            }
            match self.look(Some(horizon)).await {
                Ok(Next::Again) => {}
                Ok(Next::At(_)) => break,
                Err(error) => {
                    self.trouble(&error);
                    self.summary.failed += 1;
                    break;
                }
            }
        }
        let left = self.office.store.pending(&self.outlet.name, LOOK).await;
        self.summary.waiting = left.map_or(0, |left| left.len());
        self.summary
    }

    fn trouble(&mut self, error: &StoreError) {
        if !self.troubled {
            tracing::error!(sink.id = %self.outlet.name, %error, "the outbox cannot be used; deliveries wait");
        }
        self.troubled = true;
    }

    fn recovered(&mut self) {
        if std::mem::take(&mut self.troubled) {
            tracing::info!(sink.id = %self.outlet.name, "the outbox can be used again");
        }
    }

    /// Looks at the rows and does what is due. With a horizon only what was due by then, so that one
    /// pass ends.
    async fn look(&mut self, horizon: Option<Timestamp>) -> Result<Next, StoreError> {
        let now = Timestamp::now();
        let store = &self.office.store;
        let state = store.sink_state(&self.outlet.name).await?;
        if state.disabled.is_some() {
            return Ok(Next::At(None));
        }
        if let Some(until) = state.paused_until.filter(|until| *until > now) {
            return Ok(Next::At(Some(until)));
        }
        let pending = store.pending(&self.outlet.name, LOOK).await?;
        if let Some(old) =
            pending.iter().find(|one| too_old(&self.office.delivery, one.created, now))
        {
            tracing::warn!(sink.id = %self.outlet.name, delivery.id = %old.id, "a message is given up: it is older than [delivery] give_up");
            store.bury(&old.id, DeadReason::Expired, now).await?;
            return Ok(Next::Again);
        }
        if self.digest(&pending, now).await? {
            return Ok(Next::Again);
        }
        let bound = horizon.unwrap_or(now);
        let due = self.due(&pending, bound);
        if due.is_empty() {
            return Ok(Next::At(self.next_due(&pending)));
        }
        let attempts = due.into_iter().map(|one| self.attempt(one));
        let results = futures_util::future::join_all(attempts).await;
        for result in results {
            match result? {
                Some(true) => self.summary.delivered += 1,
                Some(false) => self.summary.failed += 1,
                None => {}
            }
        }
        Ok(Next::Again)
    }

    /// Which messages to attempt now: at a chat the head of the line alone, elsewhere as many as may
    /// be in flight.
    fn due(&self, pending: &[Pending], now: Timestamp) -> Vec<Pending> {
        let ready = |one: &&Pending| one.due <= now;
        if !self.outlet.sink.chat() {
            return pending
                .iter()
                .filter(ready)
                .take(self.outlet.sink.in_flight())
                .cloned()
                .collect();
        }
        let mut line = pending.iter();
        let Some(head) = line.next() else { return Vec::new() };
        if head.due <= now {
            return vec![head.clone()];
        }
        // A head that keeps failing lets one pass; if that one is accepted, the fault was the head's.
        match head.attempts >= STEP_ASIDE && head.refusals == 0 {
            true => line.find(ready).cloned().into_iter().collect(),
            false => Vec::new(),
        }
    }

    fn next_due(&self, pending: &[Pending]) -> Option<Timestamp> {
        let head_only = self.outlet.sink.chat()
            && pending.first().is_none_or(|head| head.attempts < STEP_ASIDE || head.refusals > 0);
        match head_only {
            true => pending.first().map(|head| head.due),
            false => pending.iter().map(|one| one.due).min(),
        }
    }

    /// At a chat, more unsealed alerts than `burst` become one digest.
    async fn digest(&self, pending: &[Pending], now: Timestamp) -> Result<bool, StoreError> {
        if !self.outlet.sink.chat() || self.outlet.burst == 0 {
            return Ok(false);
        }
        let alert = |one: &&Pending| {
            one.sealed.is_none() && matches!(one.kind, MessageKind::Raised | MessageKind::Updated)
        };
        let members: Vec<MessageId> =
            pending.iter().filter(alert).take(DIGEST).map(|one| one.id.clone()).collect();
        if members.len() <= self.outlet.burst {
            return Ok(false);
        }
        tracing::info!(sink.id = %self.outlet.name, alerts = members.len(), "many alerts at once go as one digest");
        self.office.store.merge(&self.outlet.name, members, now).await?;
        Ok(true)
    }

    /// Seals, sends and records one message. `None` where there was nothing to send.
    async fn attempt(&self, message: Pending) -> Result<Option<bool>, StoreError> {
        let store = &self.office.store;
        let (name, sink) = (&self.outlet.name, &self.outlet.sink);
        let stationery = Stationery {
            timezone: self.office.timezone.clone(),
            public_url: self.office.public_url.clone(),
            now: Timestamp::now(),
        };
        let mut letter = None;
        let sealed = match message.sealed.clone() {
            Some(sealed) => sealed,
            None => {
                let Some(found) = self.letter(&message).await? else {
                    tracing::error!(sink.id = %name, delivery.id = %message.id, "a message carries no alert; it is given up");
                    store.bury(&message.id, DeadReason::Refused, Timestamp::now()).await?;
                    return Ok(None);
                };
                let sealed = sink.render(&found, &stationery);
                store.seal(&message.id, sealed.clone()).await?;
                letter = Some(found);
                sealed
            }
        };
        let (at, begun) = (Timestamp::now(), Instant::now());
        let timeout = self.office.delivery.timeout;
        let answer = sink.send(Parcel { id: &message.id, sealed: &sealed, timeout }).await;
        let took = begun.elapsed();
        let needs_plain =
            matches!(answer.outcome, Outcome::Refused(crate::model::Refusal::Message));
        let fallback = match needs_plain && !message.fallback {
            false => None,
            true => {
                let letter = match letter {
                    Some(letter) => Some(letter),
                    None => self.letter(&message).await?,
                };
                letter.and_then(|letter| sink.fallback(&letter, &stationery))
            }
        };
        let case = Case {
            id: &message.id,
            created: message.created,
            attempts: message.attempts,
            refusals: message.refusals,
            fallback,
            now: Timestamp::now(),
        };
        let (settled, endpoint) = settle(&self.office.delivery, &case, answer.outcome.clone());
        let accepted = matches!(settled, Settle::Delivered { .. });
        self.tell(&message, &settled, &answer.error);
        let attempt = Attempt {
            message: message.id.clone(),
            at,
            took,
            status: answer.status,
            error: answer.error,
            answer: answer.body,
            outcome: answer.outcome,
        };
        store.record(attempt, settled).await?;
        self.endpoint(endpoint).await?;
        Ok(Some(accepted))
    }

    /// What a message says, as things stand now.
    async fn letter(&self, message: &Pending) -> Result<Option<Letter>, StoreError> {
        if message.kind == MessageKind::Ping {
            return Ok(Some(Letter::Ping));
        }
        let mut views = self.office.store.views(&message.id).await?;
        Ok(match (message.kind, views.len()) {
            (_, 0) => None,
            (MessageKind::Digest, _) => Some(Letter::Digest(views)),
            _ => views.pop().map(|view| Letter::Alert(Box::new(view))),
        })
    }

    /// A failure when it begins, the end when it ends; what is in between shows in `deliveries`.
    fn tell(&self, message: &Pending, settled: &Settle, error: &Option<String>) {
        let (sink, id) = (&self.outlet.name, &message.id);
        let why = error.as_deref().unwrap_or_default();
        match settled {
            Settle::Delivered { .. } if message.attempts > 0 => {
                tracing::info!(sink.id = %sink, delivery.id = %id, failures = message.attempts, "delivered after failures");
            }
            Settle::Delivered { .. } => {
                tracing::debug!(sink.id = %sink, delivery.id = %id, "delivered")
            }
            Settle::Again { due, .. } if message.attempts == 0 => {
                tracing::warn!(sink.id = %sink, delivery.id = %id, %due, "a delivery failed and is tried again: {why}");
            }
            Settle::Again { due, .. } => {
                tracing::debug!(sink.id = %sink, delivery.id = %id, %due, "a delivery failed again: {why}");
            }
            Settle::Fallback(_) => {
                tracing::warn!(sink.id = %sink, delivery.id = %id, "the receiver refused the message; a plain form follows: {why}");
            }
            Settle::Dead(reason) => {
                tracing::error!(sink.id = %sink, delivery.id = %id, reason = reason.as_str(), "a message is a dead letter: {why}");
            }
        }
    }

    async fn endpoint(&self, endpoint: Endpoint) -> Result<(), StoreError> {
        let (store, sink) = (&self.office.store, &self.outlet.name);
        let state = match endpoint {
            Endpoint::Stays => return Ok(()),
            Endpoint::Pauses(until) => {
                SinkState { paused_until: Some(until), ..store.sink_state(sink).await? }
            }
            Endpoint::Disabled(why) => {
                tracing::error!(sink.id = %sink, "the sink is disabled and its queue kept: {why}");
                let known = store.sink_state(sink).await?;
                SinkState { disabled: Some((Timestamp::now(), why.to_owned())), ..known }
            }
        };
        store.set_sink_state(sink, state).await
    }
}

/// Time until then; nothing when it has passed.
fn until(due: Timestamp) -> Duration {
    Duration::try_from(due.duration_since(Timestamp::now())).unwrap_or(Duration::ZERO)
}
