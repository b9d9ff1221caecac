//! Resolving names: only to addresses that the guard allows, and within bounds of its own.
//!
//! The system's resolver blocks a thread for as long as it likes. So each client has a number of
//! places for lookups, which a lookup keeps until the system is done with it, even where nobody waits
//! for it any more: names that hang can fill these places, and never the threads that read documents.

use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use thiserror::Error;
use tokio::sync::Semaphore;

use super::Guard;

/// Lookups of one client at once.
const LOOKUPS: usize = 32;
/// Longest wait for an answer, a place included. Below the wait for a connection, so that the name is
/// blamed and not the host.
const ANSWER: Duration = Duration::from_secs(8);

/// Why a name leads nowhere.
#[derive(Debug, Error)]
pub(super) enum NoAddress {
    /// The resolver says so.
    #[error("the host name does not resolve ({0})")]
    Unknown(String),
    /// It says nothing.
    #[error("the host name does not resolve (no answer within {} s)", ANSWER.as_secs())]
    Slow,
}

/// Asks for the addresses of a name, and blocks.
pub(super) type Lookup = fn(&str) -> std::io::Result<Vec<SocketAddr>>;

/// Asks the system.
pub(super) fn system(name: &str) -> std::io::Result<Vec<SocketAddr>> {
    (name, 0).to_socket_addrs().map(Iterator::collect)
}

/// A resolver that hands out only addresses the guard allows, so that what is dialled is what was
/// vetted: a name that answers otherwise the second time (DNS rebinding) gains nothing.
pub(super) struct GuardedResolver {
    guard: Guard,
    places: Arc<Semaphore>,
    lookup: Lookup,
    patience: Duration,
}

impl GuardedResolver {
    pub(super) fn new(guard: Guard, lookup: Lookup) -> Self {
        Self { guard, places: Arc::new(Semaphore::new(LOOKUPS)), lookup, patience: ANSWER }
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (guard, places) = (self.guard.clone(), self.places.clone());
        let (lookup, patience) = (self.lookup, self.patience);
        Box::pin(async move {
            let asked = async {
                let unknown = |why: String| NoAddress::Unknown(why);
                let place =
                    places.acquire_owned().await.map_err(|error| unknown(error.to_string()))?;
                let found = tokio::task::spawn_blocking(move || {
                    let _place = place;
                    lookup(name.as_str())
                });
                let found = found.await.map_err(|error| unknown(error.to_string()))?;
                found.map_err(|error| unknown(error.to_string()))
            };
            let found = match tokio::time::timeout(patience, asked).await {
                Ok(found) => found?,
                Err(_) => return Err(NoAddress::Slow.into()),
            };
            let mut refused = None;
            let mut allowed = Vec::new();
            for address in found {
                match guard.check_address(address.ip()) {
                    Ok(()) => allowed.push(address),
                    Err(why) => refused = Some(why),
                }
            }
            match refused {
                Some(why) if allowed.is_empty() => Err(why.into()),
                _ => Ok(Box::new(allowed.into_iter()) as Addrs),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Condvar, Mutex};

    use super::*;
    use crate::net::Refused;

    fn resolver(lookup: Lookup) -> GuardedResolver {
        GuardedResolver::new(Guard::new(Vec::new(), "`allow_private`"), lookup)
    }

    async fn ask(resolver: &GuardedResolver, name: &str) -> Result<Vec<String>, String> {
        let found = resolver.resolve(name.parse().unwrap()).await;
        found
            .map(|found| found.map(|address| address.ip().to_string()).collect())
            .map_err(|error| error.to_string())
    }

    fn addresses(list: &[&str]) -> std::io::Result<Vec<SocketAddr>> {
        Ok(list.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), 0)).collect())
    }

    #[tokio::test]
    async fn of_several_addresses_only_allowed_ones_are_dialled() {
        let mixed = resolver(|_| addresses(&["10.0.0.1", "93.184.216.34", "::1"]));
        assert_eq!(ask(&mixed, "mixed.example").await, Ok(vec!["93.184.216.34".to_owned()]));
        let private = resolver(|_| addresses(&["::ffff:10.0.0.1"]));
        let error = private.resolve("private.example".parse().unwrap()).await.err().unwrap();
        assert!(error.downcast_ref::<Refused>().is_some(), "{error}");
        let none = resolver(|_| Err(std::io::Error::other("no such name")));
        assert!(ask(&none, "none.example").await.unwrap_err().contains("no such name"));
    }

    #[tokio::test]
    async fn a_name_that_answers_otherwise_the_second_time_gains_nothing() {
        static TIMES: AtomicUsize = AtomicUsize::new(0);
        let rebinding = resolver(|_| match TIMES.fetch_add(1, Ordering::SeqCst) {
            0 => addresses(&["93.184.216.34"]),
            _ => addresses(&["169.254.169.254"]),
        });
        assert!(ask(&rebinding, "rebind.example").await.is_ok());
        let second = ask(&rebinding, "rebind.example").await.unwrap_err();
        assert!(second.contains("169.254.169.254"), "{second}");
    }

    #[tokio::test]
    async fn names_that_hang_fill_their_places_and_nothing_else() {
        static OPEN: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new());
        static ASKED: AtomicUsize = AtomicUsize::new(0);
        let mut hanging = resolver(|_| {
            ASKED.fetch_add(1, Ordering::SeqCst);
            let mut open = OPEN.0.lock().unwrap();
            while !*open {
                open = OPEN.1.wait(open).unwrap();
            }
            addresses(&["93.184.216.34"])
        });
        hanging.patience = Duration::from_millis(20);
        let hanging = Arc::new(hanging);
        let asks = (0..2 * LOOKUPS).map(|_| {
            let hanging = hanging.clone();
            tokio::spawn(async move { ask(&hanging, "hang.example").await })
        });
        for asked in asks.collect::<Vec<_>>() {
            assert!(asked.await.unwrap().unwrap_err().contains("no answer within"));
        }
        let asked = ASKED.load(Ordering::SeqCst);
        assert_eq!(tokio::task::spawn_blocking(|| 7).await.unwrap(), 7);
        *OPEN.0.lock().unwrap() = true;
        OPEN.1.notify_all();
        // Nobody waited any more, and still no more lookups were begun than there are places.
        assert!(asked <= LOOKUPS, "{asked}");
        let places = hanging.places.clone();
        let all = places.acquire_many(u32::try_from(LOOKUPS).unwrap());
        let _all = tokio::time::timeout(Duration::from_secs(20), all).await.unwrap().unwrap();
    }
}
