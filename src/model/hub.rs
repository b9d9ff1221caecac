//! Where a feed's news is pushed from, and what was agreed with that hub (WebSub, W3C Recommendation of
//! 23 January 2018).

use std::fmt;

use jiff::Timestamp;

use super::FeedName;

/// A hub that a feed names, and the name under which the hub knows the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hub {
    /// The hub's address (`rel="hub"`).
    pub url: String,
    /// The feed's own address for it (`rel="self"`).
    pub topic: String,
}

/// A subscription to a hub: one a feed.
#[derive(Clone, PartialEq, Eq)]
pub struct Lease {
    /// Whose.
    pub feed: FeedName,
    /// With whom.
    pub hub: Hub,
    /// The last part of the address that the hub calls; nobody else knows it.
    pub token: String,
    /// The key that the hub signs with.
    pub key: String,
    /// How it stands.
    pub phase: Phase,
    /// When it ends, once the hub has confirmed it.
    pub until: Option<Timestamp>,
    /// When the hub is asked next.
    pub due: Timestamp,
    /// Requests in a row that came to nothing.
    pub failures: u32,
    /// Why the last one did, ready to show.
    pub error: Option<String>,
    /// When the hub last pushed.
    pub pushed: Option<Timestamp>,
}

// Token and key are secrets of the two.
impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { feed, hub, phase, until, .. } = self;
        write!(f, "Lease({feed}, {hub:?}, {phase:?}, {until:?})")
    }
}

/// How a subscription stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The hub has been asked, or is about to be, and has confirmed nothing yet.
    Asked,
    /// The hub has confirmed it and pushes.
    Active,
    /// The hub has confirmed it, and what it pushes is not rightly signed: nothing of that is taken.
    Unsigned,
    /// The hub has refused it.
    Denied,
}

impl Phase {
    /// Every phase.
    pub const ALL: [Phase; 4] = [Phase::Asked, Phase::Active, Phase::Unsigned, Phase::Denied];

    /// The word in listings and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Phase::Asked => "asked",
            Phase::Active => "active",
            Phase::Unsigned => "unsigned",
            Phase::Denied => "denied",
        }
    }
}
