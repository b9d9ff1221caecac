//! Who waits for what: the feeds' states, the hosts and slots that they wait for, and the visits
//! under way.
//!
//! A feed is due, then waits for its host, then for a slot, then is visited by a task of its own. No
//! feed is visited twice at once: it is due again only when its visit is done. When to look at the
//! clock, and when to stop, is decided in `poll`; what hubs change of it stands in `hub`.

mod hub;

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::health::Seen;
use super::journal::{tell, tell_network};
use super::moved;
use super::network::Network;
use super::outcome::{broken, offline};
use super::poll::{LONGEST_TURN, Subscription, Summary};
use super::pushed::{Taken, Trust};
use super::schedule;
use super::visit::{Lanes, Visit, Visited};
use crate::model::{Condition, Feed, FeedName, FeedState, PollOutcome, Polled};
use crate::net::Budget;

/// Requests that may be slow at once, beside `[poll] concurrency`.
const SLOW_LANE: usize = 256;
/// Documents read at once where the number of cores is not known.
const CORES: usize = 2;

/// A feed with what is remembered of it.
#[derive(Debug)]
struct Entry {
    feed: Arc<Feed>,
    state: FeedState,
    /// Waiting for its host or a slot, or being visited.
    busy: bool,
    trust: Trust,
}

/// Who is using a host, and who waits for it.
#[derive(Debug, Default)]
struct Host {
    active: usize,
    waiting: VecDeque<FeedName>,
}

/// A visit under way.
#[derive(Debug)]
struct Underway {
    feed: Arc<Feed>,
    host: String,
}

/// Everything that is due, waiting or under way.
pub(super) struct Round {
    subscription: Arc<Subscription>,
    entries: HashMap<FeedName, Entry>,
    /// States of feeds that are not watched now: one that returns goes on where it was.
    parked: HashMap<FeedName, FeedState>,
    due: BTreeSet<(Timestamp, FeedName)>,
    hosts: HashMap<String, Host>,
    /// Feeds whose host has room, oldest first.
    ready: VecDeque<(FeedName, String)>,
    slots: Arc<Semaphore>,
    lanes: Lanes,
    visits: JoinSet<Visited>,
    /// Pushed documents that are being read.
    pushes: JoinSet<Option<Taken>>,
    /// The feeds that are pushed at present.
    leased: Arc<HashSet<FeedName>>,
    /// Whether a feed may name another hub than before.
    renamed: bool,
    network: Network,
    underway: HashMap<Id, Underway>,
    out: mpsc::Sender<Polled>,
    pub(super) summary: Summary,
}

impl Round {
    pub(super) fn new(
        subscription: Arc<Subscription>,
        states: HashMap<FeedName, FeedState>,
        out: mpsc::Sender<Polled>,
    ) -> Self {
        let cores = std::thread::available_parallelism().map_or(CORES, usize::from);
        let lanes = Lanes {
            slow: Arc::new(Semaphore::new(SLOW_LANE)),
            read: Arc::new(Semaphore::new(cores)),
            bodies: Budget::new(subscription.poll.in_flight),
        };
        let mut network = Network::default();
        let watched = subscription.feeds.iter().filter_map(|feed| states.get(&feed.name));
        network.resume(watched.filter_map(|state| state.offline).min());
        let mut round = Self {
            slots: Arc::new(Semaphore::new(subscription.poll.concurrency)),
            subscription: subscription.clone(),
            entries: HashMap::new(),
            parked: states,
            due: BTreeSet::new(),
            hosts: HashMap::new(),
            ready: VecDeque::new(),
            lanes,
            visits: JoinSet::new(),
            pushes: JoinSet::new(),
            leased: Arc::default(),
            renamed: true,
            network,
            underway: HashMap::new(),
            out,
            summary: Summary::default(),
        };
        round.adopt(subscription, Timestamp::now());
        round
    }

    /// Takes a new set of feeds: known ones keep their state, changed ones what still holds of it,
    /// new ones are due now.
    pub(super) fn adopt(&mut self, subscription: Arc<Subscription>, now: Timestamp) {
        if subscription.poll.concurrency != self.subscription.poll.concurrency {
            self.slots = Arc::new(Semaphore::new(subscription.poll.concurrency));
        }
        if subscription.poll.in_flight != self.subscription.poll.in_flight {
            self.lanes.bodies = Budget::new(subscription.poll.in_flight);
        }
        let poll = &subscription.poll;
        let mut old = std::mem::take(&mut self.entries);
        self.due.clear();
        for feed in &subscription.feeds {
            let known = old.remove(&feed.name);
            let mut entry = match known {
                Some(Entry { feed: before, mut state, busy, trust }) => {
                    if before.url != feed.url {
                        state = anew(&state, now);
                    } else if state.failures == 0
                        && state.last_poll.is_some()
                        && (before.every != feed.every || *poll != self.subscription.poll)
                    {
                        // A shorter interval takes effect at once.
                        state.next_due =
                            state.next_due.min(schedule::regular(&state, feed, poll, now, true));
                    }
                    Entry { feed: feed.clone(), state, busy, trust }
                }
                None => {
                    let state = self.parked.remove(&feed.name);
                    let state = match state {
                        Some(saved) if saved.address.is_some_and(|of| of != digest(&feed.url)) => {
                            anew(&saved, now)
                        }
                        Some(saved) => saved,
                        None => FeedState::new(now),
                    };
                    // One that was taken away and comes back may still be under way.
                    let busy = self.underway.values().any(|visit| visit.feed.name == feed.name);
                    Entry { feed: feed.clone(), state, busy, trust: Trust::default() }
                }
            };
            let state = &mut entry.state;
            state.address = Some(digest(&feed.url));
            state.next_due = schedule::believable(state.next_due, feed.every, poll, now);
            if !entry.busy && state.condition != Condition::Retired {
                self.due.insert((state.next_due, feed.name.clone()));
            }
            self.entries.insert(feed.name.clone(), entry);
        }
        self.renamed = true;
        self.parked.extend(old.into_iter().map(|(name, entry)| (name, entry.state)));
        self.subscription = subscription;
    }

    /// Makes a feed due at once, be it retired. One that is not watched, waits for its turn or is
    /// under way is left alone.
    pub(super) fn want(&mut self, name: &FeedName, now: Timestamp) {
        let Some(entry) = self.entries.get_mut(name).filter(|entry| !entry.busy) else { return };
        self.due.remove(&(entry.state.next_due, name.clone()));
        schedule::revive(&mut entry.state, now);
        self.due.insert((now, name.clone()));
    }

    /// The feeds' health.
    pub(super) fn seen(&self) -> Vec<Seen> {
        let one = |(name, entry): (&FeedName, &Entry)| Seen {
            feed: name.clone(),
            condition: entry.state.condition,
            since: entry.state.since,
            answered: entry.state.last_success,
            offline: entry.state.offline,
        };
        self.entries.iter().map(one).collect()
    }

    /// Time until the next feed is due.
    pub(super) fn until_due(&self, now: Timestamp) -> Duration {
        let Some((due, _)) = self.due.first() else { return LONGEST_TURN };
        Duration::try_from(due.duration_since(now)).unwrap_or(Duration::ZERO)
    }

    /// Lets everything go that is due by then, the longest overdue first.
    pub(super) fn admit_due(&mut self, by: Timestamp) {
        while let Some((due, _)) = self.due.first() {
            if *due > by {
                break;
            }
            let Some((_, name)) = self.due.pop_first() else { break };
            let Some(entry) = self.entries.get_mut(&name) else { continue };
            entry.busy = true;
            let access = self.subscription.access.get(&name).map(Arc::as_ref);
            let host = host(moved::address(&entry.feed, &entry.state, access));
            let room = self.hosts.entry(host.clone()).or_default();
            if room.active < self.subscription.poll.per_host {
                room.active += 1;
                self.ready.push_back((name, host));
            } else {
                room.waiting.push_back(name);
            }
        }
    }

    /// Whether anything is under way or waiting for its turn.
    pub(super) fn is_busy(&self) -> bool {
        !self.visits.is_empty() || !self.ready.is_empty()
    }

    /// Starts the next visit, or takes the result of one. Waits for ever where there is nothing to
    /// do, and loses nothing when it is dropped.
    pub(super) async fn step(&mut self) -> Option<Polled> {
        let slots = self.slots.clone();
        tokio::select! {
            biased;
            // A panic while a push was read was told where it happened; the next poll brings it.
            Some(Ok(Some(taken))) = self.pushes.join_next() => self.taken(taken),
            Some(done) = self.visits.join_next_with_id() => self.finish(done),
            Ok(slot) = slots.acquire_owned(), if !self.ready.is_empty() => {
                if let Some((name, host)) = self.ready.pop_front() {
                    self.start(name, host, slot);
                }
                None
            }
            else => std::future::pending().await,
        }
    }

    fn start(&mut self, name: FeedName, host: String, slot: OwnedSemaphorePermit) {
        let twice = self.underway.values().any(|visit| visit.feed.name == name);
        let entry = self.entries.get(&name).filter(|entry| entry.busy && !twice);
        // A feed that a reload took away while it waited is not visited.
        let Some(Entry { feed, state, .. }) = entry else { return self.leave(&host) };
        let visit = Visit {
            feed: feed.clone(),
            state: state.clone(),
            subscription: self.subscription.clone(),
            lanes: self.lanes.clone(),
            slot,
            out: self.out.clone(),
        };
        let underway = Underway { feed: feed.clone(), host };
        let id = self.visits.spawn(visit.make()).id();
        self.underway.insert(id, underway);
    }

    /// Gives a host's place to the next that waits for it.
    fn leave(&mut self, host: &str) {
        let Some(room) = self.hosts.get_mut(host) else { return };
        match room.waiting.pop_front() {
            Some(next) => self.ready.push_back((next, host.to_owned())),
            None => {
                room.active = room.active.saturating_sub(1);
                if room.active == 0 {
                    self.hosts.remove(host);
                }
            }
        }
    }

    /// Takes the result of a visit into the feed's state. `None` where nobody wants it any more.
    fn finish(&mut self, done: Result<(Id, Visited), JoinError>) -> Option<Polled> {
        let (id, done) = match done {
            Ok((id, visited)) => (id, Ok(visited)),
            Err(error) => (error.id(), Err(error)),
        };
        let Underway { feed, host } = self.underway.remove(&id)?;
        self.leave(&host);
        let poll = &self.subscription.poll;
        let entry = self.entries.get_mut(&feed.name)?;
        entry.busy = false;
        if entry.feed.url != feed.url {
            self.due.insert((entry.state.next_due, feed.name.clone()));
            return None;
        }
        let polled = match done {
            Ok(Visited { polled, unreached }) => {
                let well = entry.state.failures == 0;
                let answered = polled.next.last_status.is_some();
                // A file, or an address that was not asked, says nothing about the network.
                if answered || unreached.is_some() {
                    tell_network(self.network.note(&host, answered, well, polled.at), polled.at);
                }
                match (unreached, self.network.down()) {
                    (Some(before), Some(since)) => {
                        offline(&entry.feed, *before, poll, polled, since)
                    }
                    _ => polled,
                }
            }
            Err(error) => broken(&entry.feed, &entry.state, poll, &error),
        };
        let mut polled = polled;
        let leased = self.leased.contains(&feed.name);
        if leased {
            hub::look_at_hub(entry, &mut polled);
        }
        if leased && entry.trust.holds() && polled.next.failures == 0 {
            polled.next.next_due =
                schedule::at_rest(&polled.next, &entry.feed, self.subscription.at_rest, polled.at);
        }
        tell(&entry.state, &polled);
        self.renamed |=
            entry.state.hub != polled.next.hub || polled.next.condition == Condition::Retired;
        entry.state = polled.next.clone();
        if entry.state.condition != Condition::Retired {
            self.due.insert((entry.state.next_due, feed.name.clone()));
        }
        self.summary.polled += 1;
        match &polled.outcome {
            PollOutcome::Unchanged => self.summary.unchanged += 1,
            PollOutcome::Failed(_) => self.summary.failed += 1,
            PollOutcome::Items { items, .. } => self.summary.items += items.len(),
        }
        Some(polled)
    }

    /// Hands a poll on. `false` where nobody takes it, or `shutdown` comes first. To wait for the next
    /// station, whose own pulse says how that one is, is no standstill of this one: `alive` is called
    /// meanwhile.
    pub(super) async fn hand_over(
        &self,
        polled: Polled,
        shutdown: &CancellationToken,
        alive: impl Fn(),
    ) -> bool {
        let room = self.out.reserve();
        tokio::pin!(room);
        loop {
            tokio::select! {
                room = &mut room => {
                    return room.map(|room| room.send(polled)).is_ok();
                }
                () = shutdown.cancelled() => return false,
                () = tokio::time::sleep(LONGEST_TURN) => alive(),
            }
        }
    }

    pub(super) async fn abort(&mut self) {
        self.visits.shutdown().await;
        self.pushes.shutdown().await;
    }
}

/// The state of a feed whose address was changed: what was learned of the other document would hide
/// this one, and keep a feed retired that was mended.
fn anew(before: &FeedState, now: Timestamp) -> FeedState {
    FeedState { last_success: before.last_success, ..FeedState::new(now) }
}

/// What a configured address is remembered by.
fn digest(address: &str) -> [u8; 32] {
    Sha256::digest(address).into()
}

fn host(url: &str) -> String {
    let parsed = Url::parse(url).ok();
    parsed.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_else(|| url.to_owned())
}
