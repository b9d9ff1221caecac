//! One sink's line. Start, retry and normal work are one path: look at the rows, act on what is due,
//! wait for a nudge or the next due time. A receiver that takes several at once gets the next as soon
//! as one is answered: one slow answer holds up its own message alone.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::{FuturesUnordered, StreamExt};
use jiff::Timestamp;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::clerk::Clerk;
use super::dispatch::{Office, Summary};
use super::recent::Recents;
use super::retry::too_old;
use super::turn::Turns;
use super::{breaker, hold, line};
use crate::model::{Clock, DeadReason, MessageId};
use crate::sink::Outlet;
use crate::store::{Pending, Store, StoreError};

/// Longest wait of a worker before it looks again, nudged or not; clocks may jump.
pub(super) const TICK: Duration = Duration::from_secs(20);
/// Wait after the store has failed.
pub(super) const STORE_WAIT: Duration = Duration::from_secs(2);
/// Open messages that a worker looks at: the head of the line and those that are due first.
const LOOK: usize = 200;

/// What one sink's line works with.
#[derive(Clone)]
pub(super) struct Desk {
    pub(super) store: Store,
    pub(super) office: Arc<Office>,
    pub(super) outlet: Outlet,
    pub(super) clock: Clock,
    pub(super) turns: Turns,
    pub(super) recents: Recents,
}

/// One sink's line.
pub(super) struct Worker {
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
    pub(super) fn new(desk: &Desk, stop: CancellationToken, once: bool) -> Self {
        let Desk { store, office, outlet, clock, turns, recents } = desk.clone();
        Self {
            clerk: Arc::new(Clerk { store, office, outlet, clock, turns, recents, once }),
            stop,
            flying: FuturesUnordered::new(),
            aloft: HashSet::new(),
            tried: once.then(HashSet::new),
            troubled: false,
            summary: Summary::default(),
        }
    }

    /// Works until stopped, and then ends what is under way.
    pub(super) async fn work(mut self, bell: Arc<Notify>) {
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
    pub(super) async fn once(mut self) -> Summary {
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
        self.summary.failed += usize::from(self.clerk.outlet.sink.fault().is_some());
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
        let state = store.sink_state(&outlet.name).await?;
        let fault = outlet.sink.fault();
        if fault.as_ref() != state.fault.as_ref().map(|(_, why)| why) {
            match &fault {
                Some(why) => {
                    tracing::error!(sink.id = %outlet.name, "the sink cannot be used and its queue waits: {why}");
                }
                None => tracing::info!(sink.id = %outlet.name, "the sink can be used"),
            }
            store.note_fault(&outlet.name, fault.clone(), now).await?;
        }
        if fault.is_some() {
            return Ok(Next::At(None));
        }
        let place = outlet.sink.identity();
        if let Some(place) = place.filter(|_| place != state.place) {
            if store.repoint(&outlet.name, place, now).await? {
                tracing::info!(sink.id = %outlet.name, "the sink has another address or secret; what was answered before counts no more");
            }
            return Ok(Next::Again);
        }
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
