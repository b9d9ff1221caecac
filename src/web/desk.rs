//! What the desk works with.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;

use super::WebSection;
use super::meters::Meters;
use super::near::Near;
use super::pass::Pass;
use crate::model::{AlertId, MessageId, Pulse, StoryId};
use crate::report::Roster;
use crate::setting::Secret;
use crate::store::{Store, StoreError, Verdict};

/// What the desk shows; made anew, whole, by each reload.
pub struct Desk {
    /// Where it listens; `None` for nowhere.
    pub listen: Option<SocketAddr>,
    /// What the config names.
    pub roster: Roster,
    /// Zone of the times that people read.
    pub timezone: TimeZone,
    /// The name by which it may be called besides `localhost`.
    pub public_host: Option<String>,
    /// Where it is reachable, for links in the news feed; empty for nowhere.
    pub public_url: String,
    /// Set while the config on disk is refused: since when, and what is wrong with it.
    pub rejected: Option<(Timestamp, Vec<String>)>,
    pub(super) pass: Pass,
}

impl Desk {
    /// A desk by this section. The token is the section's, resolved.
    pub fn new(
        section: &WebSection,
        token: Option<Secret>,
        roster: Roster,
        timezone: TimeZone,
    ) -> Self {
        Self {
            listen: section.listen,
            roster,
            timezone,
            public_host: section.public_host(),
            public_url: section.public_url.clone(),
            rejected: None,
            pass: Pass::new(token, section.public_url.starts_with("https:")),
        }
    }

    /// The same desk with a word on the config on disk.
    pub fn with_rejected(&self, at: Timestamp, mistakes: Vec<String>) -> Self {
        Self {
            listen: self.listen,
            roster: self.roster.clone(),
            timezone: self.timezone.clone(),
            public_host: self.public_host.clone(),
            public_url: self.public_url.clone(),
            rejected: Some((at, mistakes)),
            pass: self.pass.clone(),
        }
    }
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Desk({:?})", self.listen)
    }
}

/// What is done by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// Queue a message again, under the same id.
    Retry(MessageId),
    /// Give a message up.
    Discard(MessageId),
    /// Say whether an alert was worth its message.
    Judge(AlertId, Verdict),
    /// Tell nothing of a story for so long.
    Mute(StoryId, Duration),
    /// End that.
    Unmute(StoryId),
}

/// Carries out what a visitor asks for; says whether there was something to be done.
pub type Orders = Arc<dyn Fn(Order) -> BoxFuture<'static, Result<bool, StoreError>> + Send + Sync>;

/// What the server works with.
pub struct WebSetup {
    /// What is shown, now and after each reload.
    pub desk: watch::Receiver<Arc<Desk>>,
    /// Where the rows are.
    pub store: Store,
    /// The stations' signs of life, by name.
    pub pulses: Vec<(&'static str, Pulse)>,
    /// Numbers of the stations.
    pub meters: Arc<Meters>,
    /// How things are changed.
    pub orders: Orders,
    /// Told to stop.
    pub shutdown: CancellationToken,
}

/// What every page is made from.
pub(super) struct Site {
    pub(super) desk: watch::Receiver<Arc<Desk>>,
    pub(super) store: Store,
    pub(super) pulses: Vec<(&'static str, Pulse)>,
    pub(super) meters: Arc<Meters>,
    pub(super) orders: Orders,
    pub(super) near: Near,
    /// One page is made at a time, so that one of the store's two readers is always the daemon's.
    pub(super) turn: Semaphore,
}

impl Site {
    /// The desk as it is now; a page is made of one, whatever is reloaded meanwhile.
    pub(super) fn desk(&self) -> Arc<Desk> {
        self.desk.borrow().clone()
    }
}
