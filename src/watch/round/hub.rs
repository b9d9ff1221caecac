//! Feeds that hubs push: what hubs send, how far they are relied on, and how rarely such feeds are polled.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::watch;

use super::{Entry, Round};
use crate::model::{Condition, FeedName, Hub, PollOutcome, Polled};
use crate::watch::pushed::{self, Pushed, Taken};
use crate::watch::{rhythm, schedule};

/// Pushed documents that wait to be read or are being read, at most.
const PUSHES: usize = 16;

impl Round {
    /// Makes a feed due as soon as an adaptive one ever is after its last poll. Whoever asks for that is not
    /// known, so nothing else gives way: neither a site's wait nor a back-off.
    pub(in crate::watch) fn hasten(&mut self, name: &FeedName, now: Timestamp) {
        let least = self.subscription.poll.min;
        let Some(entry) = self.entries.get_mut(name).filter(|entry| !entry.busy) else { return };
        let state = &mut entry.state;
        let soonest = state.last_poll.map_or(now, |last| schedule::later(last, least).max(now));
        if state.failures == 0 && soonest < state.next_due {
            self.due.remove(&(state.next_due, name.clone()));
            state.next_due = soonest;
            self.due.insert((soonest, name.clone()));
        }
    }

    /// Whether another push can be taken; a hub keeps the others a while.
    pub(in crate::watch) fn has_room(&self) -> bool {
        self.pushes.len() < PUSHES
    }

    /// Reads what a hub pushed, on a thread of its own, one per core at a time.
    pub(in crate::watch) fn take(&mut self, pushed: Pushed) {
        let Some(entry) = self.entries.get(&pushed.feed) else { return };
        let (feed, identity) = (entry.feed.clone(), entry.state.identity.clone());
        let lane = self.lanes.read.clone();
        self.pushes.spawn(async move {
            // The place first and then the thread, as polls do: who waits for a place must hold no thread
            // that those with a place wait for.
            let _place = lane.acquire_owned().await;
            let read = move || pushed::take(pushed, &feed, &identity);
            tokio::task::spawn_blocking(read).await.ok()
        });
    }

    /// Takes what was read of a push. What cannot be read, or has more to it than its entries, is polled
    /// at once.
    pub(super) fn taken(&mut self, taken: Taken) -> Option<Polled> {
        let Taken { feed: name, began, read } = taken;
        let entry = self.entries.get_mut(&name)?;
        let (reading, now) = match read {
            Ok(reading) if !reading.items.is_empty() => (reading, Timestamp::now()),
            Ok(_) | Err(_) => {
                self.want(&name, Timestamp::now());
                return None;
            }
        };
        let polled = pushed::outcome(name.clone(), began, reading, &entry.state);
        entry.state.last_new = polled.next.last_new;
        entry.trust.pushed();
        if entry.feed.full_text {
            self.want(&name, now);
        }
        Some(polled)
    }

    /// Feeds that are pushed are polled more rarely; those that no longer are, as often as before.
    pub(in crate::watch) fn rest(&mut self, leased: Arc<HashSet<FeedName>>, now: Timestamp) {
        let before = std::mem::replace(&mut self.leased, leased);
        for name in before.difference(&self.leased) {
            let Some(entry) = self.entries.get_mut(name).filter(|entry| !entry.busy) else {
                continue;
            };
            let due =
                schedule::regular(&entry.state, &entry.feed, &self.subscription.poll, now, true);
            if due < entry.state.next_due && entry.state.failures == 0 {
                self.due.remove(&(entry.state.next_due, name.clone()));
                entry.state.next_due = due;
                self.due.insert((due, name.clone()));
            }
        }
    }

    /// Says which hubs feeds name, where that may have changed.
    pub(in crate::watch) fn name_hubs(
        &mut self,
        hubs: &watch::Sender<Arc<BTreeMap<FeedName, Hub>>>,
    ) {
        if !std::mem::take(&mut self.renamed) {
            return;
        }
        let live = self.entries.iter().filter(|(_, one)| one.state.condition != Condition::Retired);
        let named = live.filter_map(|(name, one)| Some((name.clone(), one.state.hub.clone()?)));
        let named: BTreeMap<FeedName, Hub> = named.collect();
        hubs.send_if_modified(|known| {
            let changed = **known != named;
            if changed {
                *known = Arc::new(named);
            }
            changed
        });
    }
}

/// Whether the hub has told of what a poll of a feed that it pushes has found.
pub(super) fn look_at_hub(entry: &mut Entry, polled: &mut Polled) {
    let PollOutcome::Items { items, faults, rekeyed } = &mut polled.outcome else { return };
    let mut news = rhythm::fresh(items, rekeyed, &entry.state.identity);
    if entry.trust.polled(news.next().is_some()) {
        tracing::warn!(
            feed.id = %entry.feed.name,
            "the hub of a feed does not push what polls find; the feed is polled as without it"
        );
    }
    drop(news);
    if !entry.trust.holds() {
        let fault = "its hub does not push what polls find".to_owned();
        polled.next.faults.push(fault.clone());
        faults.push(fault);
    }
}
