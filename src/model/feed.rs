//! A feed as configured, what is remembered of it, and what a poll brought.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

use super::{FeedName, Hub, Item, ItemKey, Kind};

/// A feed as the config names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// Its name, else its URL.
    pub name: FeedName,
    /// Where it is fetched from.
    pub url: String,
    /// How often.
    pub every: Every,
    /// What sort of source.
    pub kind: Kind,
    /// Labels for rules and routing.
    pub tags: Vec<String>,
    /// `mode = "shadow"`: what matches is recorded and shown, never sent.
    pub shadow: bool,
    /// The text of the pages that its entries link to is fetched.
    pub full_text: bool,
}

/// How often a feed is polled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Every {
    /// By the feed's own rhythm and the site's hints, between `[poll] min` and `max`.
    Auto,
    /// At this interval, whatever the hints say; `Retry-After`, back-off and 410 still win.
    Fixed(Duration),
}

/// What is remembered of a feed between polls. Saved in the same transaction as the items that the
/// validators cover, never before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedState {
    /// SHA-256 of the configured address that all this was learned from: an address may hold a
    /// secret. `None` in what was saved before it was noted.
    pub address: Option<[u8; 32]>,
    /// What makes the next request conditional.
    pub validators: Validators,
    /// The next poll is due at this time.
    pub next_due: Timestamp,
    /// When it was last asked.
    pub last_poll: Option<Timestamp>,
    /// When it last answered with a feed or "not modified".
    pub last_success: Option<Timestamp>,
    /// When it last showed an entry that was not known.
    pub last_new: Option<Timestamp>,
    /// Failed polls in a row.
    pub failures: u32,
    /// Why the last poll failed, ready to show; never holds a secret.
    pub last_error: Option<String>,
    /// The HTTP status of the last answer.
    pub last_status: Option<u16>,
    /// Its health in one word.
    pub condition: Condition,
    /// Since when it is well, or not well: one clock for as long as it fails, is blocked or silent by
    /// turns. `None` in what was saved before it was noted.
    pub since: Option<Timestamp>,
    /// Since when it gets no answer because the network is down, which is no fault of its own.
    pub offline: Option<Timestamp>,
    /// Where 301 or 308 sent the last polls, and how many in a row agreed.
    pub moved: Option<(String, u32)>,
    /// Typical gap between the newest entries.
    pub rhythm: Option<Duration>,
    /// What the site asks of pollers.
    pub hints: Hints,
    /// Entries in the last document that was read.
    pub entries: u32,
    /// What was broken or repaired in it, ready to show.
    pub faults: Vec<String>,
    /// How its entries are told apart.
    pub identity: Identity,
    /// Where its news is pushed from.
    pub hub: Option<Hub>,
}

impl FeedState {
    /// The state of a feed that was never polled: due at `now`.
    pub fn new(now: Timestamp) -> Self {
        Self {
            address: None,
            validators: Validators::default(),
            next_due: now,
            last_poll: None,
            last_success: None,
            last_new: None,
            failures: 0,
            last_error: None,
            last_status: None,
            condition: Condition::New,
            since: Some(now),
            offline: None,
            moved: None,
            rhythm: None,
            hints: Hints::default(),
            entries: 0,
            faults: Vec::new(),
            identity: Identity::default(),
            hub: None,
        }
    }
}

/// How the entries of a feed are told apart, as far as its documents have taught it. Bounded: a few
/// bytes for each entry of one document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// Its own ids are of no use: most are shared by different entries, or they are others at each
    /// poll. Stays once it is so.
    pub ids_fail: bool,
    /// Its links are others at each poll. Stays.
    pub links_fail: bool,
    /// Marks of single ids and links that different entries bore, oldest first.
    pub shared: Vec<u32>,
    /// The entries of the last document that had any.
    pub shown: Vec<Shown>,
}

/// The marks of an entry that was shown: hashes of what it is compared by; 0 for what it lacks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shown {
    /// Of its own id.
    pub id: u32,
    /// Of its canonical link.
    pub link: u32,
    /// Of its title, or of its text where it has none.
    pub title: u32,
    /// Of title and date.
    pub dated: u32,
    /// Of its title and text.
    pub text: u32,
    /// Of the key that it got.
    pub key: u32,
}

/// A short hash (FNV-1a, folded) that is the same for ever; 0 for nothing, and for nothing else.
pub fn mark(text: &str) -> u32 {
    if text.is_empty() {
        return 0;
    }
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let folded = (hash >> 32) ^ (hash & 0xffff_ffff);
    u32::try_from(folded).unwrap_or(u32::MAX).max(1)
}

/// What a server gave to make the next request conditional, byte for byte as it came (RFC 9110,
/// section 13.1), and a hash for servers that ignore it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validators {
    /// `ETag`, quotes and weakness mark included.
    pub etag: Option<Vec<u8>>,
    /// `Last-Modified`, not parsed: some servers compare it as text.
    pub last_modified: Option<Vec<u8>>,
    /// SHA-256 of the body that was read last.
    pub body_hash: Option<[u8; 32]>,
}

/// How often a site wishes to be asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hints {
    /// Shortest interval from `Cache-Control`, `Expires`, `ttl` and `sy:*`.
    pub at_least: Option<Duration>,
    /// `skipHours`: bit n set means that hour n (UTC) is to be skipped.
    pub skip_hours: u32,
    /// `skipDays`: bit 0 is Monday.
    pub skip_days: u8,
}

/// The health of a feed in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Condition {
    /// Never polled.
    New,
    /// The last poll succeeded.
    Ok,
    /// The last poll failed.
    Failing,
    /// It answers, and has shown nothing new for far longer than its rhythm.
    Silent,
    /// It answers with a block or login page.
    Blocked,
    /// 410 Gone: no longer polled.
    Retired,
}

impl Condition {
    /// Every condition, in the order in which summaries name them.
    pub const ALL: [Condition; 6] = [
        Condition::New,
        Condition::Ok,
        Condition::Failing,
        Condition::Silent,
        Condition::Blocked,
        Condition::Retired,
    ];

    /// Whether nothing is wrong with a feed in this condition.
    pub fn is_well(self) -> bool {
        matches!(self, Condition::New | Condition::Ok)
    }

    /// The word in listings and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Condition::New => "new",
            Condition::Ok => "ok",
            Condition::Failing => "failing",
            Condition::Silent => "silent",
            Condition::Blocked => "blocked",
            Condition::Retired => "retired",
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What one poll, or one push of a hub, brought.
#[derive(Debug, Clone)]
pub struct Polled {
    /// Which feed.
    pub feed: FeedName,
    /// When the answer was complete.
    pub at: Timestamp,
    /// How long it took, from the request to the last entry read.
    pub took: Duration,
    /// A hub brought it: nobody asked for it.
    pub pushed: bool,
    /// The state to save with what came.
    pub next: FeedState,
    /// What came.
    pub outcome: PollOutcome,
}

/// How a poll ended.
#[derive(Debug, Clone)]
pub enum PollOutcome {
    /// 304, or the same body again.
    Unchanged,
    /// A feed document, with the entries that were read and a line for each part that could not be.
    Items {
        /// Entries in document order.
        items: Vec<Item>,
        /// What was broken or repaired, ready to show.
        faults: Vec<String>,
        /// Keys of entries that the feed showed before under other keys: not new.
        rekeyed: Vec<ItemKey>,
    },
    /// No feed came; the reason, ready to show.
    Failed(String),
}
