//! The loop of the station: reads the clock, follows reloads, hands on what came.
//!
//! What came goes into the channel one by one, and a full channel holds everything up: a poll whose
//! items nobody can take is better not made.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::access::Access;
use super::health::Health;
use super::journal::tell_health;
use super::pushed::Push;
use super::rhythm::since;
use super::round::Round;
use super::section::PollSection;
use crate::model::{Feed, FeedName, FeedState, Hub, Polled, Pulse};
use crate::net::Client;

/// Longest time without a look at the clock: it may have been set, and the watchdog wants a sign.
pub(super) const LONGEST_TURN: Duration = Duration::from_secs(5);

/// How often it is looked for feeds that are in trouble for long.
const HEALTH: Duration = Duration::from_secs(60);

/// What is watched; made anew by each reload.
#[derive(Debug, Clone)]
pub struct Subscription {
    /// The feeds.
    pub feeds: Vec<Arc<Feed>>,
    /// How hard they are polled.
    pub poll: PollSection,
    /// What fetches them.
    pub client: Client,
    /// What fetches those that are asked so often that a kept connection pays.
    pub keeping: Client,
    /// What some of them need beside their address.
    pub access: HashMap<FeedName, Arc<Access>>,
    /// Folders whose files may be feeds.
    pub files: Vec<PathBuf>,
    /// How often those that a hub pushes are polled all the same.
    pub at_rest: Duration,
}

/// A subscription to one of its feeds alone.
pub fn only(subscription: &Subscription, name: &FeedName) -> Subscription {
    let feeds = subscription.feeds.iter().filter(|feed| feed.name == *name).cloned();
    Subscription { feeds: feeds.collect(), ..subscription.clone() }
}

/// A subscription for a single round: a connection that is kept after it serves nobody.
pub fn for_one_round(subscription: &Subscription) -> Subscription {
    Subscription { keeping: subscription.client.clone(), ..subscription.clone() }
}

/// What goes to and fro between the station and whoever subscribes to hubs.
#[derive(Debug)]
pub struct Line {
    /// What hubs push.
    pub pushed: mpsc::Receiver<Push>,
    /// The feeds that are pushed at present.
    pub leased: watch::Receiver<Arc<HashSet<FeedName>>>,
    /// Told which hubs feeds name.
    pub hubs: watch::Sender<Arc<BTreeMap<FeedName, Hub>>>,
}

/// What the station needs.
#[derive(Debug)]
pub struct WatchSetup {
    /// What is watched, now and after each reload.
    pub feeds: watch::Receiver<Arc<Subscription>>,
    /// What is remembered of the feeds.
    pub states: HashMap<FeedName, FeedState>,
    /// Feeds that somebody wants polled at once, retired ones too.
    pub wanted: mpsc::Receiver<FeedName>,
    /// Hubs and what they push.
    pub line: Line,
    /// Takes what came, with the state to save along with it.
    pub out: mpsc::Sender<Polled>,
    /// Ends it: fetches are aborted, the channel is closed.
    pub shutdown: CancellationToken,
    /// Its sign of life.
    pub pulse: Pulse,
}

/// What a round of polls came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Feeds that were polled.
    pub polled: usize,
    /// Of these, those without anything new.
    pub unchanged: usize,
    /// Of these, those that brought no feed.
    pub failed: usize,
    /// Entries that came, known ones included.
    pub items: usize,
}

/// Polls the feeds, each when it is due, until `shutdown`.
pub async fn run(setup: WatchSetup) {
    let WatchSetup { mut feeds, states, mut wanted, line, out, shutdown, pulse } = setup;
    let Line { mut pushed, mut leased, hubs } = line;
    let subscription = feeds.borrow_and_update().clone();
    let mut round = Round::new(subscription, states, out);
    let mut reloads = true;
    let mut health = Health::default();
    let mut looked = Timestamp::MIN;
    loop {
        pulse.beat();
        let now = Timestamp::now();
        if since(looked, now) >= HEALTH {
            looked = now;
            health.look(&round.seen(), now).iter().for_each(tell_health);
        }
        round.name_hubs(&hubs);
        round.admit_due(now);
        let turn = round.until_due(now).min(LONGEST_TURN);
        tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            changed = feeds.changed(), if reloads => {
                // Without a sender there are no reloads any more.
                reloads = changed.is_ok();
                let subscription = feeds.borrow_and_update().clone();
                round.adopt(subscription, Timestamp::now());
            }
            Some(name) = wanted.recv() => round.want(&name, Timestamp::now()),
            Some(push) = pushed.recv(), if round.has_room() => match push {
                Push::News(pushed) => round.take(pushed),
                Push::Unproven(name) => round.hasten(&name, Timestamp::now()),
            },
            Ok(()) = leased.changed() => {
                round.rest(leased.borrow_and_update().clone(), Timestamp::now());
            }
            came = round.step() => {
                let Some(polled) = came else { continue };
                if !round.hand_over(polled, &shutdown, || pulse.beat()).await {
                    break;
                }
            }
            () = tokio::time::sleep(turn) => {}
        }
    }
    round.abort().await;
}

/// Polls each feed once that is due (`all`: every feed that is not retired), and ends when what came
/// has been taken.
pub async fn once(
    subscription: Arc<Subscription>,
    states: HashMap<FeedName, FeedState>,
    all: bool,
    out: mpsc::Sender<Polled>,
    shutdown: CancellationToken,
) -> Summary {
    let mut round = Round::new(subscription, states, out);
    let now = Timestamp::now();
    round.admit_due(if all { Timestamp::MAX } else { now });
    // What has been polled is due again some time, but nothing looks at that in this round.
    while round.is_busy() {
        let came = tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            came = round.step() => came,
        };
        let Some(polled) = came else { continue };
        if !round.hand_over(polled, &shutdown, || {}).await {
            break;
        }
    }
    round.abort().await;
    round.summary
}
