//! The station's loop: one worker per sink, each a line of its own, so that a receiver that hangs
//! delays nobody else; made anew, each by itself, by a reload.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::FutureExt;
use jiff::Timestamp;
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
    fn has(&self, name: &SinkName) -> bool {
        self.outlets.iter().any(|outlet| outlet.name == *name)
    }

    fn names(&self) -> Vec<SinkName> {
        self.outlets.iter().map(|outlet| outlet.name.clone()).collect()
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
    let first = office.borrow().clone();
    let (turns, recents) = (recalled(&store, &first, clock.now()).await, Recents::default());
    // Of every sink that was named since the start: one whose name comes back finds its own again.
    let mut lines: HashMap<SinkName, Line> = HashMap::new();
    let mut keepers = JoinSet::new();
    'reloads: loop {
        let current = office.borrow_and_update().clone();
        // Those that are gone attempt nothing more before their rows wait as paused.
        let gone = lines.iter().filter(|(name, _)| !current.has(name));
        gone.for_each(|(_, line)| drop(line.desk.send_replace(None)));
        while let Err(error) = store.adopt_sinks(current.names()).await {
            tracing::error!(%error, "the outbox cannot be written; deliveries wait");
            tokio::select! {
                () = tokio::time::sleep(STORE_WAIT) => pulse.beat(),
                () = shutdown.cancelled() => break 'reloads,
            }
        }
        for outlet in &current.outlets {
            let desk = Desk {
                store: store.clone(),
                office: current.clone(),
                outlet: outlet.clone(),
                clock: clock.clone(),
                turns: turns.clone(),
                recents: recents.clone(),
            };
            let line = lines.entry(outlet.name.clone()).or_insert_with(|| {
                let line = Line { desk: watch::channel(None).0, bell: Arc::default() };
                let (desks, bell) = (line.desk.subscribe(), line.bell.clone());
                keepers.spawn(keep(desks, bell, shutdown.clone(), grace));
                line
            });
            line.desk.send_replace(Some(desk));
        }
        let mut tick = tokio::time::interval(TICK / 2);
        loop {
            tokio::select! {
                () = nudge.notified() => lines.values().for_each(|line| line.bell.notify_one()),
                _ = tick.tick() => pulse.beat(),
                changed = office.changed() => match changed {
                    Ok(()) => break,
                    // Nobody can reload any more; the end comes by `shutdown`.
                    Err(_) => {
                        shutdown.cancelled().await;
                        break 'reloads;
                    }
                },
                () = shutdown.cancelled() => break 'reloads,
            }
        }
    }
    let finished = async { while keepers.join_next().await.is_some() {} };
    if tokio::time::timeout(grace, finished).await.is_err() {
        // What is cut short was not recorded: it is due again.
        keepers.shutdown().await;
    }
}

/// The turns that were taken at receivers before this start, so that no more go than they take.
async fn recalled(store: &Store, office: &Office, now: Timestamp) -> Turns {
    let turns = Turns::default();
    for outlet in &office.outlets {
        let Some((endpoint, rate)) = outlet.sink.endpoint().zip(outlet.sink.nature().rate) else {
            continue;
        };
        let since = now.checked_sub(rate.within).unwrap_or(Timestamp::MIN);
        match store.attempted_since(&outlet.name, since, rate.messages).await {
            Ok(times) => turns.recall(endpoint, times),
            Err(error) => {
                tracing::warn!(sink.id = %outlet.name, %error, "what was sent of late is not known");
            }
        }
    }
    turns
}

/// The hand on one sink's line.
struct Line {
    /// What it works with; nothing while no sink has its name.
    desk: watch::Sender<Option<Desk>>,
    /// Told when there are new rows.
    bell: Arc<Notify>,
}

/// Keeps one sink's line over reloads. Each makes the worker anew as soon as the one before has ended
/// what it has under way, which an attempt does within its timeout: so a receiver that hangs delays
/// itself alone, and nothing is cut short and sent twice.
async fn keep(
    mut desks: watch::Receiver<Option<Desk>>,
    bell: Arc<Notify>,
    shutdown: CancellationToken,
    grace: Duration,
) {
    while !shutdown.is_cancelled() {
        let desk = desks.borrow_and_update().clone();
        let Some(desk) = desk else {
            tokio::select! {
                changed = desks.changed() => if changed.is_err() { return },
                () = shutdown.cancelled() => {}
            }
            continue;
        };
        let stop = shutdown.child_token();
        let longest = desk.office.delivery.timeout.saturating_add(grace);
        let work = tend(desk, stop.clone(), bell.clone());
        tokio::pin!(work);
        let reloads = tokio::select! {
            () = &mut work => return,
            changed = desks.changed() => changed.is_ok(),
        };
        stop.cancel();
        // Only a record that cannot be written takes longer; it is given up as at a stop.
        let _ = tokio::time::timeout(longest, work).await;
        if !reloads {
            return;
        }
    }
}

/// Keeps one worker at work until told to stop: one that panics costs the others nothing and is
/// started again, after a pause that grows while it keeps panicking.
async fn tend(desk: Desk, stop: CancellationToken, bell: Arc<Notify>) {
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
    let turns = recalled(&setup.store, &office, setup.clock.now()).await;
    let recents = Recents::default();
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
