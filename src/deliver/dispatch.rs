//! The station's loop: one worker per sink, each a line of its own, so that a receiver that hangs
//! delays nobody else; made anew by each reload.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::FutureExt;
use jiff::tz::TimeZone;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::DeliverySection;
use super::recent::Recents;
use super::turn::Turns;
use super::worker::{Desk, STORE_WAIT, TICK, Worker};
use crate::model::{Clock, Pulse, SinkName};
use crate::sink::Outlet;
use crate::store::Store;

/// Wait before a worker that panicked is started again; doubles up to the longest.
const RESTART: Duration = Duration::from_secs(1);
const LONGEST_RESTART: Duration = Duration::from_secs(300);

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
    let (turns, recents) = (Turns::default(), Recents::default());
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
                recents: recents.clone(),
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
    let (turns, recents) = (Turns::default(), Recents::default());
    let mut workers = JoinSet::new();
    for outlet in &office.outlets {
        let desk = Desk {
            store: setup.store.clone(),
            office: office.clone(),
            outlet: outlet.clone(),
            clock: setup.clock.clone(),
            turns: turns.clone(),
            recents: recents.clone(),
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
