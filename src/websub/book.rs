//! What was agreed with which hub: shared by the one who asks and the one who is called, written to the
//! store at each step.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use tokio::sync::watch;

use super::lease;
use crate::model::{FeedName, Hub, Lease};
use crate::store::Store;

/// Bytes of an address that nobody guesses.
const TOKEN_BYTES: usize = 18;
/// Bytes of a key; the standard allows a text of less than 200.
const KEY_BYTES: usize = 32;

/// The hubs that feeds name.
pub type Hubs = BTreeMap<FeedName, Hub>;
/// The feeds that are pushed at present.
pub type Leased = HashSet<FeedName>;

/// Every subscription.
pub(super) struct Book {
    leases: Mutex<HashMap<FeedName, Lease>>,
    store: Store,
    leased: watch::Sender<Arc<Leased>>,
}

impl Book {
    pub(super) fn new(
        leases: Vec<Lease>,
        store: Store,
        leased: watch::Sender<Arc<Leased>>,
    ) -> Self {
        let leases = leases.into_iter().map(|lease| (lease.feed.clone(), lease)).collect();
        Self { leases: Mutex::new(leases), store, leased }
    }

    /// Brings the book in line with the hubs that feeds name now: new ones are due, those that no feed
    /// names any more are forgotten.
    pub(super) async fn adopt(&self, hubs: &Hubs, now: Timestamp) {
        let gone: Vec<FeedName> = {
            let mut leases = self.lock();
            let old = |(feed, lease): (&FeedName, &Lease)| {
                (hubs.get(feed) != Some(&lease.hub)).then(|| feed.clone())
            };
            let gone = leases.iter().filter_map(old).collect::<Vec<_>>();
            leases.retain(|feed, _| !gone.contains(feed));
            for (feed, hub) in hubs {
                if !leases.contains_key(feed)
                    && let (Some(token), Some(key)) = (random(TOKEN_BYTES), random(KEY_BYTES))
                {
                    let lease = lease::begin(feed.clone(), hub.clone(), token, key, now);
                    leases.insert(feed.clone(), lease);
                }
            }
            gone
        };
        for feed in gone {
            if let Err(error) = self.store.forget_lease(feed).await {
                tracing::warn!(%error, "a subscription that is over was not forgotten");
            }
        }
        self.publish(now);
    }

    /// The subscriptions that are due, the longest overdue first.
    pub(super) fn due(&self, now: Timestamp) -> Vec<Lease> {
        let leases = self.lock();
        let mut due: Vec<Lease> =
            leases.values().filter(|lease| lease.due <= now).cloned().collect();
        due.sort_by_key(|lease| lease.due);
        due
    }

    /// When something is to be done next: a hub to be asked, a lease that ends.
    pub(super) fn next(&self, now: Timestamp) -> Option<Timestamp> {
        let leases = self.lock();
        let times = leases.values().flat_map(|lease| {
            // One that has ended already ends no second time.
            [Some(lease.due), lease.until.filter(|until| *until > now)]
        });
        times.flatten().min()
    }

    /// The subscription that a hub calls about.
    pub(super) fn of_token(&self, token: &str) -> Option<Lease> {
        self.lock().values().find(|lease| lease.token == token).cloned()
    }

    /// Takes a step with the subscription of this token, and writes it down. `None` where it is gone by
    /// now.
    pub(super) async fn step(
        &self,
        token: &str,
        now: Timestamp,
        step: impl FnOnce(&mut Lease),
    ) -> Option<Lease> {
        let lease = {
            let mut leases = self.lock();
            let lease = leases.values_mut().find(|lease| lease.token == token)?;
            step(lease);
            lease.clone()
        };
        self.publish(now);
        if let Err(error) = self.store.save_lease(lease.clone()).await {
            // What is lost with it is made anew after a restart.
            tracing::warn!(%error, "a subscription to a hub was not written down");
        }
        Some(lease)
    }

    /// Says which feeds are pushed, where that has changed.
    pub(super) fn publish(&self, now: Timestamp) {
        let leases = self.lock();
        let active = leases.values().filter(|one| lease::is_active(one, now));
        let active: Leased = active.map(|lease| lease.feed.clone()).collect();
        self.leased.send_if_modified(|known| {
            let changed = **known != active;
            if changed {
                *known = Arc::new(active);
            }
            changed
        });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<FeedName, Lease>> {
        self.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// So many bytes that nobody guesses, as text for addresses; `None` where the system has none.
fn random(bytes: usize) -> Option<String> {
    let mut noise = vec![0; bytes];
    getrandom::fill(&mut noise).ok()?;
    Some(URL_SAFE_NO_PAD.encode(noise))
}
