//! The station's loop: one worker per sink, each a line of its own, so that a receiver that hangs
//! delays nobody else.
//!
//! Start, retry and normal work are one path: look at the rows, act on what is due, wait for a nudge
//! or the next due time. A receiver that takes several at once gets the next as soon as one is
//! answered: one slow answer holds up its own message alone.

use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::{FuturesUnordered, StreamExt};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::DeliverySection;
use super::clerk::Clerk;
use super::retry::too_old;
use super::turn::Turns;
use super::{breaker, hold, line};
use crate::model::{Clock, DeadReason, MessageId, Pulse, SinkName};
use crate::sink::Outlet;
use crate::store::{Pending, Store, StoreError};

/// Longest wait of a worker before it looks again, nudged or not; clocks may jump.
const TICK: Duration = Duration::from_secs(20);
/// Wait after the store has failed.
const STORE_WAIT: Duration = Duration::from_secs(2);
/// Wait before a worker that panicked is started again; doubles up to the longest.
const RESTART: Duration = Duration::from_secs(1);
const LONGEST_RESTART: Duration = Duration::from_secs(300);
/// Open messages that a worker looks at: the head of the line and those that are due first.
const LOOK: usize = 200;

/// What the loop works with.
pub struct DeliverSetup {
    /// Where the rows are.
    pub store: Store,
    /// What is delivered by, now and after each reload.
    pub office: watch::Receiver<Arc<Office>>,
    /// The time.
    pub clock: Clock,
    /// Told when there are new rows.
    pub nudge: Arc<Notify>,
    /// Told to stop.
    pub shutdown: CancellationToken,
    /// How long attempts under way may still take then.
    pub grace: Duration,
    /// The sign of life.
    pub pulse: Pulse,
}

/// What is delivered by; made anew, whole, by each reload.
#[derive(Clone)]
pub struct Office {
    /// The receivers.
    pub outlets: Vec<Outlet>,
    /// How messages are retried.
    pub delivery: DeliverySection,
    /// Zone of the times that people read.
    pub timezone: TimeZone,
    /// Where our pages are reachable; empty for nowhere.
    pub public_url: String,
}

impl Office {
    fn names(&self) -> Vec<SinkName> {
        self.outlets.iter().map(|outlet| outlet.name.clone()).collect()
    }

    /// Where each sink is.
    fn places(&self) -> HashMap<SinkName, Option<u64>> {
        let place = |outlet: &Outlet| (outlet.name.clone(), outlet.sink.endpoint());
        self.outlets.iter().map(place).collect()
    }

    /// The sinks that were elsewhere before.
    fn moved(&self, before: &HashMap<SinkName, Option<u64>>) -> Vec<SinkName> {
        let elsewhere = |outlet: &&Outlet| {
            before.get(&outlet.name).is_some_and(|place| *place != outlet.sink.endpoint())
        };
        self.outlets.iter().filter(elsewhere).map(|outlet| outlet.name.clone()).collect()
    }
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
    let DeliverSetup { store, mut office, clock, nudge, shutdown, grace, pulse } = setup;
    let turns = Turns::default();
    let mut places = HashMap::new();
    loop {
        let current = office.borrow_and_update().clone();
        let moved = current.moved(&places);
        places = current.places();
        let adopt = async || {
            store.adopt_sinks(current.names()).await?;
            match moved.is_empty() {
                true => Ok(()),
                false => store.repoint(moved.clone(), clock.now()).await,
            }
        };
        while let Err(error) = adopt().await {
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
        for outlet in &current.outlets {
            let bell = Arc::new(Notify::new());
            bells.push(bell.clone());
            let desk = Desk {
                store: store.clone(),
                office: current.clone(),
                outlet: outlet.clone(),
                clock: clock.clone(),
                turns: turns.clone(),
            };
            workers.spawn(keep(desk, stop.clone(), bell));
        }
        let mut tick = tokio::time::interval(TICK / 2);
        let reloaded = loop {
            tokio::select! {
                () = nudge.notified() => bells.iter().for_each(|bell| bell.notify_one()),
                _ = tick.tick() => pulse.beat(),
                changed = office.changed() => match changed {
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

/// Keeps one sink's worker at work until told to stop: one that panics costs the others nothing and
/// is started again, after a pause that grows while it keeps panicking.
async fn keep(desk: Desk, stop: CancellationToken, bell: Arc<Notify>) {
    let mut pause = RESTART;
    loop {
        let begun = Instant::now();
        let worker = Worker::new(&desk, stop.clone(), false);
        // Nothing of a worker outlives its panic; what it had not recorded is due again.
        if AssertUnwindSafe(worker.work(bell.clone())).catch_unwind().await.is_ok() {
            return;
        }
        if begun.elapsed() > LONGEST_RESTART {
            pause = RESTART;
        }
        tracing::error!(sink.id = %desk.outlet.name, "a sink's worker failed by a fault of ours; it is started again in {} s", pause.as_secs());
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stop.cancelled() => return,
        }
        pause = (pause * 2).min(LONGEST_RESTART);
    }
}

/// Attempts what is due once and returns.
pub async fn once(setup: DeliverSetup) -> Summary {
    let office = setup.office.borrow().clone();
    let mut total = Summary::default();
    if let Err(error) = setup.store.adopt_sinks(office.names()).await {
        tracing::error!(%error, "the outbox cannot be written");
        total.failed += 1;
        return total;
    }
    let turns = Turns::default();
    let mut workers = JoinSet::new();
    for outlet in &office.outlets {
        let desk = Desk {
            store: setup.store.clone(),
            office: office.clone(),
            outlet: outlet.clone(),
            clock: setup.clock.clone(),
            turns: turns.clone(),
        };
        let worker = Worker::new(&desk, setup.shutdown.clone(), true);
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

/// What one sink's line works with.
#[derive(Clone)]
struct Desk {
    store: Store,
    office: Arc<Office>,
    outlet: Outlet,
    clock: Clock,
    turns: Turns,
}

/// One sink's line.
struct Worker {
    clerk: Arc<Clerk>,
    stop: CancellationToken,
    /// Attempts under way, and whose they are.
    flying: FuturesUnordered<BoxFuture<'static, Landing>>,
    aloft: HashSet<MessageId>,
    /// In a single pass, what was tried, and whether in its plain form: each once.
    tried: Option<HashSet<(MessageId, bool)>>,
    /// Whether the store's last trouble was told.
    troubled: bool,
    summary: Summary,
}

/// How an attempt ended: accepted or not, or `None` where there was nothing to send.
type Landing = (MessageId, Result<Option<bool>, StoreError>);

/// What a look at the rows leads to.
enum Next {
    /// Something was done: look again.
    Again,
    /// Nothing is due before then.
    At(Option<Timestamp>),
    /// Something is due, and the receiver takes it then.
    Turn(Timestamp),
}

impl Worker {
    fn new(desk: &Desk, stop: CancellationToken, once: bool) -> Self {
        let Desk { store, office, outlet, clock, turns } = desk.clone();
        Self {
            clerk: Arc::new(Clerk { store, office, outlet, clock, turns, once }),
            stop,
            flying: FuturesUnordered::new(),
            aloft: HashSet::new(),
            tried: once.then(HashSet::new),
            troubled: false,
            summary: Summary::default(),
        }
    }

    /// Works until stopped, and then ends what is under way.
    async fn work(mut self, bell: Arc<Notify>) {
        loop {
            // Armed before the look, so that no nudge is lost between look and wait.
            let nudged = bell.notified();
            tokio::pin!(nudged);
            nudged.as_mut().enable();
            if self.stop.is_cancelled() {
                break;
            }
            let wait = match self.look().await {
                Ok(Next::Again) => continue,
                Ok(Next::At(due)) => {
                    self.recovered();
                    due.map_or(TICK, |due| until(due, self.clerk.clock.now()).min(TICK))
                }
                Ok(Next::Turn(at)) => until(at, self.clerk.clock.now()).min(TICK),
                Err(error) => {
                    self.trouble(&error);
                    STORE_WAIT
                }
            };
            let landed = tokio::select! {
                Some(landed) = self.flying.next() => self.land(landed).and_then(|()| {
                    // One look at the rows serves all that have ended by now.
                    while let Some(Some(landed)) = self.flying.next().now_or_never() {
                        self.land(landed)?;
                    }
                    Ok(())
                }),
                () = nudged => Ok(()),
                () = tokio::time::sleep(wait) => Ok(()),
                () = self.stop.cancelled() => Ok(()),
            };
            if let Err(error) = landed {
                self.trouble(&error);
                tokio::select! {
                    () = tokio::time::sleep(STORE_WAIT) => {}
                    () = self.stop.cancelled() => {}
                }
            }
        }
        while let Some(landed) = self.flying.next().await {
            if let Err(error) = self.land(landed) {
                self.trouble(&error);
            }
        }
    }

    /// One pass over what is due, with the digests and plain forms that come of it.
    async fn once(mut self) -> Summary {
        loop {
            let looked = match self.stop.is_cancelled() {
                true => Ok(Next::At(None)),
                false => self.look().await,
            };
            let outcome = match looked {
                Ok(Next::Again) => continue,
                Ok(next) => match (self.flying.next().await, next) {
                    (Some(landed), _) => self.land(landed),
                    (None, Next::Turn(at)) => {
                        let wait = until(at, self.clerk.clock.now()).min(TICK);
                        tokio::select! {
                            () = tokio::time::sleep(wait) => {}
                            () = self.stop.cancelled() => {}
                        }
                        Ok(())
                    }
                    (None, _) => break,
                },
                Err(error) => Err(error),
            };
            if let Err(error) = outcome {
                self.trouble(&error);
                self.summary.failed += 1;
                break;
            }
        }
        let name = self.clerk.outlet.name.as_str();
        let queues = self.clerk.store.queue_ages().await.unwrap_or_default();
        let left = queues.iter().find(|queue| queue.sink == name).map_or(0, |queue| queue.waiting);
        self.summary.waiting = usize::try_from(left).unwrap_or(usize::MAX);
        self.summary
    }

    /// Counts an attempt that has ended.
    fn land(&mut self, (id, result): Landing) -> Result<(), StoreError> {
        self.aloft.remove(&id);
        match result? {
            Some(true) => self.summary.delivered += 1,
            Some(false) => self.summary.failed += 1,
            None => {}
        }
        Ok(())
    }

    fn trouble(&mut self, error: &StoreError) {
        if !self.troubled {
            tracing::error!(sink.id = %self.clerk.outlet.name, %error, "the outbox cannot be used; deliveries wait");
        }
        self.troubled = true;
    }

    fn recovered(&mut self) {
        if std::mem::take(&mut self.troubled) {
            tracing::info!(sink.id = %self.clerk.outlet.name, "the outbox can be used again");
        }
    }

    /// Looks at the rows and does what is due; in a single pass nothing twice, so that it ends.
    async fn look(&mut self) -> Result<Next, StoreError> {
        let now = self.clerk.clock.now();
        let (store, office, outlet) = (&self.clerk.store, &self.clerk.office, &self.clerk.outlet);
        let state = store.sink_state(&self.clerk.outlet.name).await?;
        if state.disabled.is_some() {
            return Ok(Next::At(None));
        }
        if let Some(until) = state.paused_until.filter(|until| line::is_pause(*until, now)) {
            return Ok(Next::At(Some(until)));
        }
        let mut pending = store.pending(&self.clerk.outlet.name, LOOK).await?;
        if self.clerk.outlet.sink.nature().chat && !self.aloft.is_empty() {
            // One at a time, in order.
            return Ok(Next::At(None));
        }
        pending.retain(|one| !self.aloft.contains(&one.id));
        line::mend(&mut pending, &office.delivery, now);
        let most = outlet.pace.max_per_hour;
        let sent = match most {
            0 => Vec::new(),
            most => store.sent_since(&outlet.name, now - hold::HOUR, most).await?,
        };
        let orders = hold::orders(&outlet.pace, &office.timezone, &sent, &pending, now);
        if !orders.is_empty() {
            store.hold(orders, now).await?;
            return Ok(Next::Again);
        }
        if let Some(old) = pending.iter().find(|one| too_old(&office.delivery, one.since(), now)) {
            tracing::warn!(sink.id = %self.clerk.outlet.name, delivery.id = %old.id, "a message is given up: it is older than [delivery] give_up");
            store.bury(&old.id, DeadReason::Expired, now).await?;
            return Ok(Next::Again);
        }
        if self.clerk.digest(&pending, now).await? {
            return Ok(Next::Again);
        }
        let mut room = outlet.sink.nature().in_flight;
        if most > 0 {
            room = room.min(most.saturating_sub(sent.len()));
        }
        if breaker::is_open(&state) {
            room = room.min(1);
        }
        let room = room.saturating_sub(self.aloft.len());
        if room == 0 {
            return Ok(Next::At(None));
        }
        let chat = outlet.sink.nature().chat;
        let done = |one: &Pending| {
            self.tried.as_ref().is_some_and(|tried| tried.contains(&(one.id.clone(), one.fallback)))
        };
        let due = line::due(chat, &pending, now, room, done);
        if due.is_empty() {
            return Ok(Next::At(line::next_due(chat, &pending, now)));
        }
        for message in due {
            if let Err(at) = self.clerk.turn(now) {
                return Ok(Next::Turn(at));
            }
            let (clerk, id) = (self.clerk.clone(), message.id.clone());
            self.aloft.insert(id.clone());
            if let Some(tried) = &mut self.tried {
                tried.insert((id.clone(), message.fallback));
            }
            self.flying.push(Box::pin(async move { (id, clerk.attempt(message).await) }));
        }
        Ok(Next::Again)
    }
}

/// Time until then; nothing when it has passed.
fn until(due: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(due.duration_since(now)).unwrap_or(Duration::ZERO)
}
