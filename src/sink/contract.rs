//! What every receiver must be able to do.

use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::tz::TimeZone;

use crate::model::{AlertView, Event, MessageId, Outcome, Sealed};

/// What is to be rendered.
#[derive(Debug, Clone)]
pub enum Letter {
    /// One alert (its `kind` says whether raised or updated).
    Alert(Box<AlertView>),
    /// Several, oldest first; never empty.
    Digest(Vec<AlertView>),
    /// What operators are told of the daemon itself.
    Event(Box<Event>),
    /// A test, sent by hand.
    Ping,
}

/// What rendering needs besides the letter.
#[derive(Debug, Clone)]
pub struct Stationery {
    /// Zone of the times shown to people.
    pub timezone: TimeZone,
    /// Where our pages are reachable, without a slash at the end; empty for nowhere.
    pub public_url: String,
    /// The time of sealing.
    pub now: jiff::Timestamp,
}

/// One attempt to be made.
#[derive(Debug, Clone)]
pub struct Parcel<'a> {
    /// The `webhook-id`.
    pub id: &'a MessageId,
    /// The bytes.
    pub sealed: &'a Sealed,
    /// Bound of the whole request, body included.
    pub timeout: Duration,
}

/// What one attempt brought.
#[derive(Debug, Clone)]
pub struct Answer {
    /// How it ended, judged by the receiver's own rules from status and body.
    pub outcome: Outcome,
    /// HTTP status, where there was one.
    pub status: Option<u16>,
    /// What went wrong, ready to show, without secrets. With one that was delivered: what of it was not.
    pub error: Option<String>,
    /// First 2 kB of the answer, control characters removed, secrets masked.
    pub body: String,
}

/// What one attempt would send, for people's eyes: every secret hidden.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Where it goes: a request's method and address, a program, mailboxes.
    pub to: String,
    /// What goes with the body, by name.
    pub headers: Vec<(String, String)>,
    /// The body, byte for byte.
    pub body: Vec<u8>,
}

/// How many messages a receiver says that it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// So many, at least 1,
    pub messages: usize,
    /// in any span of this length.
    pub within: Duration,
}

/// What holds for every receiver of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nature {
    /// A chat: FIFO, one message in flight, bursts and backlogs go as a digest.
    pub chat: bool,
    /// Alerts that one digest shows whole, at least 2.
    pub digest: usize,
    /// Bytes that a digest of several may have; what is larger goes in parts.
    pub digest_bytes: usize,
    /// Messages in flight at a time; 1 for chats.
    pub in_flight: usize,
    /// What acceptance says of a message, in words that go on after "which means: ".
    pub acceptance: &'static str,
    /// How many messages the receiver says that it takes; `None` where it says nothing.
    pub rate: Option<Rate>,
}

/// A receiver. Implementations do one effect and decide nothing: no retry, no queue, no clock.
pub trait Sink: Send + Sync {
    /// What holds for every one of its kind, and how many it takes.
    fn nature(&self) -> Nature;

    /// Why it cannot be used at all, ready to show, where that is so; asked again and again.
    fn fault(&self) -> Option<String> {
        None
    }

    /// Where it is, as a number that two sinks share if what the one is answered holds for the other;
    /// `None` where that is never so.
    fn endpoint(&self) -> Option<u64> {
        None
    }

    /// Where it is and by what it is let in there, as a number that is kept between runs: once it is
    /// another, what was answered before counts no more. `None` where that is never so.
    fn identity(&self) -> Option<u64> {
        self.endpoint()
    }

    /// The exact bytes for this receiver, within its limits.
    ///
    /// # Errors
    ///
    /// Why they cannot be made as things stand, ready to show: the operator's own words for it are wrong.
    fn render(&self, letter: &Letter, stationery: &Stationery) -> Result<Sealed, String>;

    /// A minimal plain form for a receiver that refused the full one; `None` where there is none.
    fn fallback(&self, _letter: &Letter, _stationery: &Stationery) -> Option<Sealed> {
        None
    }

    /// What [`Sink::send`] would send now. Sends nothing and asks nobody.
    ///
    /// # Errors
    ///
    /// The attempt would end before anything is sent, as this answer says.
    fn proof(&self, parcel: Parcel<'_>) -> Result<Proof, Answer>;

    /// Asks whether the receiver is there, and tells it nothing: what it says, ready to show. What no
    /// receiver can be asked without a message is not asked.
    ///
    /// # Errors
    ///
    /// What stands in the way, ready to show, without secrets.
    fn probe<'a>(&'a self, _timeout: Duration) -> BoxFuture<'a, Result<String, String>> {
        Box::pin(async { Ok("nothing to ask; `pactwatch sinks test` sends a test".to_owned()) })
    }

    /// Makes one attempt. Never panics, always ends within the timeout.
    fn send<'a>(&'a self, parcel: Parcel<'a>) -> BoxFuture<'a, Answer>;
}
