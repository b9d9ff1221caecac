//! One poll of one feed, from its state to its next state: fetch, read, learn.
//!
//! It never fails: whatever goes wrong is the outcome of the poll. The rules of when to ask again
//! are in `schedule`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::access::Access;
use super::articles::{fill, wanted};
use super::fetch::{Answer, FEEDS, Failure, Fetched, Request, fetch};
use super::poll::Subscription;
use super::read::{Document, Hidden, NoFeed, Reading, read_hiding};
use super::schedule::{self, Went};
use super::section::PollSection;
use super::{moved, rhythm};
use crate::model::{Feed, FeedState, Identity, PollOutcome, Polled, Validators};
use crate::net::{Budget, Client, IDLE_TIMEOUT};

/// A request that is not done after this long moves to the slow lane, so that sites that hang do
/// not hold the slots of those that answer.
const SLOW_AFTER: Duration = Duration::from_secs(2);

/// What visits share.
#[derive(Debug, Clone)]
pub(super) struct Lanes {
    /// Requests that have turned out slow.
    pub(super) slow: Arc<Semaphore>,
    /// Documents that are being read, one per core.
    pub(super) read: Arc<Semaphore>,
    /// Room for documents that are being fetched or read.
    pub(super) bodies: Budget,
}

/// A visit that was made.
#[derive(Debug)]
pub(super) struct Visited {
    pub(super) polled: Polled,
    /// Where no answer came at all: the state before, which counts if the network is down.
    pub(super) unreached: Option<Box<FeedState>>,
}

/// One poll to be made.
#[derive(Debug)]
pub(super) struct Visit {
    pub(super) feed: Arc<Feed>,
    pub(super) state: FeedState,
    pub(super) subscription: Arc<Subscription>,
    pub(super) lanes: Lanes,
    /// The slot in the fast lane.
    pub(super) slot: OwnedSemaphorePermit,
    /// Takes what came before its articles do.
    pub(super) out: mpsc::Sender<Polled>,
}

impl Visit {
    /// Makes it.
    pub(super) async fn make(self) -> Visited {
        let Self { feed, state, subscription, lanes, slot, out } = self;
        let began = Instant::now();
        let poll = &subscription.poll;
        let access = subscription.access.get(&feed.name).map(Arc::as_ref);
        let home = moved::home(&feed, access);
        let asked = moved::address(&feed, &state, access).to_owned();
        let often = schedule::interval(&state, feed.every, poll, Timestamp::now()) <= IDLE_TIMEOUT;
        let client = if often { &subscription.keeping } else { &subscription.client };
        let request = Request {
            url: &asked,
            home,
            access,
            files: &subscription.files,
            validators: &state.validators,
            accept: FEEDS,
        };
        // The place is kept until the document is read, so that no more of them wait in memory than
        // there are places; so is the room.
        let fetched = fetch(client, request, poll, lanes.bodies.body());
        let (fetched, place) = in_lane(fetched, slot, &lanes.slow).await;
        let held = fetched.held;
        let mut unreached = None;
        if matches!(&fetched.answer, Answer::Failed(failure) if failure.unreached) {
            unreached = Some(Box::new(state.clone()));
        }
        let before = feed.full_text.then(|| state.clone());
        let mut next = state;
        next.last_status = fetched.status;
        let (fresh, hub) = (fetched.fresh, fetched.hub);
        let settled = moved::follow_move(&next.moved, &asked, fetched.moved.as_deref());
        let (outcome, went) = match fetched.answer {
            Answer::NotModified(validators) => {
                next.validators = validators;
                next.moved = settled;
                (PollOutcome::Unchanged, Went::Well)
            }
            Answer::Document { bytes, content_type, mut url, validators } => {
                if access.is_some_and(|access| access.url.is_some()) {
                    // Relative links must not carry the key of the feed into items.
                    url = url.join("/").unwrap_or(url);
                }
                let hash: [u8; 32] = Sha256::digest(&bytes).into();
                if next.validators.body_hash == Some(hash) {
                    next.validators = Validators { body_hash: Some(hash), ..validators };
                    next.moved = settled;
                    (PollOutcome::Unchanged, Went::Well)
                } else {
                    let reader = Reader {
                        feed: feed.clone(),
                        identity: next.identity.clone(),
                        hidden: access.map(Access::hidden).unwrap_or_default(),
                    };
                    match reader.read(bytes, content_type, url.into(), &lanes.read).await {
                        Ok(mut reading) => {
                            next.moved = settled;
                            // What the server says counts before what the document says.
                            reading.hub = hub.or(reading.hub);
                            // A key in an address must not reach a hub.
                            next.hub = reading.hub.take().filter(|_| access.is_none());
                            (learn(&mut next, reading, validators, hash, fresh), Went::Well)
                        }
                        Err(why) => fail(&mut next, why),
                    }
                }
            }
            Answer::Gone if asked == home => {
                let why = "the server says that it is gone for good (410)";
                next.last_error = Some(why.to_owned());
                (PollOutcome::Failed(why.to_owned()), Went::Gone)
            }
            Answer::Gone => fail(&mut next, Failure::new("gone from where it had moved (410)")),
            Answer::Failed(failure) => fail(&mut next, failure),
        };
        if asked != home && matches!(went, Went::Badly { .. }) {
            // The new address stopped working: the configured one has the say again.
            if next.failures + 1 >= moved::DOUBT_AFTER {
                next.moved = None;
            }
        }
        let at = Timestamp::now();
        schedule::advance(&mut next, &feed, poll, went, at);
        let took = began.elapsed();
        let feed = feed.name.clone();
        let mut polled = Polled { feed, at, took, pushed: false, next, outcome };
        if let Some(before) = before {
            drop((place, held));
            add_articles(&mut polled, &before, client, poll, &lanes, &out).await;
        }
        Visited { polled, unreached }
    }
}

/// Fetches the articles of what is new in a document. What came without them is handed on first: the
/// moment counts, and the rules look again when the text is there.
async fn add_articles(
    polled: &mut Polled,
    before: &FeedState,
    client: &Client,
    poll: &PollSection,
    lanes: &Lanes,
    out: &mpsc::Sender<Polled>,
) {
    let PollOutcome::Items { items, rekeyed, .. } = &polled.outcome else { return };
    let (places, left) = wanted(items, rekeyed, &before.identity, &polled.next.identity);
    if places.is_empty() {
        return;
    }
    // The state to begin the document anew from, should the articles never be handed on.
    if before.last_success.is_some() {
        let mut early = polled.clone();
        early.next.validators = before.validators.clone();
        early.next.identity = before.identity.clone();
        if out.send(early).await.is_err() {
            return;
        }
    }
    // Closed by nobody.
    let _place = lanes.slow.acquire().await;
    let PollOutcome::Items { items, faults, .. } = &mut polled.outcome else { return };
    let missing = fill(items, &places, client, poll, lanes).await;
    let left =
        (left > 0).then(|| format!("no full text of {left} more new entries: too many at once"));
    for fault in missing.into_iter().chain(left) {
        polled.next.faults.push(fault.clone());
        faults.push(fault);
    }
}

/// Runs a fetch in its slot, and gives the slot back when it turns out slow and the slow lane has
/// room; until then it keeps its slot, so that both lanes stay bounded. Gives the place that it has in
/// the end; `None` only where the slow lane is closed, which nobody does.
async fn in_lane(
    fetch: impl Future<Output = Fetched>,
    slot: OwnedSemaphorePermit,
    slow: &Arc<Semaphore>,
) -> (Fetched, Option<OwnedSemaphorePermit>) {
    let mut fetch = std::pin::pin!(fetch);
    tokio::select! {
        fetched = &mut fetch => return (fetched, Some(slot)),
        () = tokio::time::sleep(SLOW_AFTER) => {}
    }
    tokio::select! {
        fetched = &mut fetch => (fetched, Some(slot)),
        room = slow.clone().acquire_owned() => {
            drop(slot);
            (fetch.await, room.ok())
        }
    }
}

/// What a document is read by.
struct Reader {
    feed: Arc<Feed>,
    identity: Identity,
    hidden: Hidden,
}

impl Reader {
    /// Reads a document on a blocking thread, one per core at a time.
    async fn read(
        self,
        bytes: Vec<u8>,
        content_type: Option<String>,
        url: String,
        lane: &Arc<Semaphore>,
    ) -> Result<Reading, Failure> {
        let failed = || Failure::new("reading it failed inside pactwatch; please report this feed");
        let permit = lane.clone().acquire_owned().await.map_err(|_| failed())?;
        let reading = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let content_type = content_type.as_deref();
            let document = Document { bytes: &bytes, content_type, url: &url };
            let Self { feed, identity, hidden } = self;
            read_hiding(document, &feed, &identity, &hidden, Timestamp::now())
        });
        match reading.await {
            Ok(Ok(reading)) => Ok(reading),
            Ok(Err(no_feed)) => Err(no_feed.into()),
            Err(_) => Err(failed()),
        }
    }
}

impl From<NoFeed> for Failure {
    fn from(no_feed: NoFeed) -> Self {
        Self { blocked: no_feed.is_blocked(), ..Self::new(no_feed.to_string()) }
    }
}

fn fail(next: &mut FeedState, failure: Failure) -> (PollOutcome, Went) {
    next.last_error = Some(failure.why.clone());
    let went = Went::Badly { blocked: failure.blocked, after: failure.after };
    (PollOutcome::Failed(failure.why), went)
}

/// Takes what a document taught into the state.
fn learn(
    next: &mut FeedState,
    reading: Reading,
    validators: Validators,
    hash: [u8; 32],
    fresh: Option<Duration>,
) -> PollOutcome {
    let mut faults = reading.faults.clone();
    // A document that breaks off must be asked for again in full: "not modified" would hide the rest.
    let validators = if reading.truncated { Validators::default() } else { validators };
    next.validators = Validators { body_hash: Some(hash), ..validators };
    next.last_new = rhythm::newest(&reading, &next.identity, Timestamp::now()).max(next.last_new);
    next.rhythm = rhythm::rhythm(reading.dates()).or(next.rhythm);
    next.hints = reading.hints;
    next.hints.at_least = reading.hints.at_least.max(fresh);
    if reading.entries == 0 && next.entries > 0 {
        faults.push(format!("the feed lists no entries; it had {} before", next.entries));
    }
    next.entries = u32::try_from(reading.entries).unwrap_or(u32::MAX);
    next.faults.clone_from(&faults);
    next.identity = reading.identity;
    PollOutcome::Items { items: reading.items, faults, rekeyed: reading.rekeyed }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn after(seconds: u64) -> Fetched {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        let held = Budget::new(1).body();
        Fetched { answer: Answer::Gone, held, status: None, moved: None, fresh: None, hub: None }
    }

    #[tokio::test(start_paused = true)]
    async fn a_visit_keeps_one_place_in_one_lane() {
        let fast = Arc::new(Semaphore::new(1));
        let slow = Arc::new(Semaphore::new(1));
        for (seconds, left) in [(1, (0, 1)), (3, (1, 0))] {
            let slot = fast.clone().try_acquire_owned().unwrap();
            let (_, place) = in_lane(after(seconds), slot, &slow).await;
            assert_eq!((fast.available_permits(), slow.available_permits()), left);
            drop(place);
            assert_eq!((fast.available_permits(), slow.available_permits()), (1, 1));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn where_the_slow_lane_is_full_the_slot_is_kept() {
        let fast = Arc::new(Semaphore::new(1));
        let slow = Arc::new(Semaphore::new(0));
        let slot = fast.clone().try_acquire_owned().unwrap();
        let (_, _place) = in_lane(after(3), slot, &slow).await;
        assert_eq!(fast.available_permits(), 0);
    }
}
