//! The station against a real loopback server with scripted answers.

mod access;
#[cfg(feature = "full-text")]
mod articles;
mod limits;
mod network;
mod push;
mod site;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use self::site::{Act, Site, answer};
use super::round::Round;
use super::*;
use crate::model::{Condition, Every, Feed, FeedName, FeedState, Kind, PollOutcome, Polled, Pulse};
use crate::net::{Client, ClientSetup, Guard, Tls, Trust};

const FEED: &str = "<rss version='2.0'><channel><title>t</title>\
                    <item><guid>1</guid><title>one</title><link>/1</link></item></channel></rss>";
/// Longest wait for anything in these tests.
const PATIENCE: Duration = Duration::from_secs(20);

fn feed(name: &str, url: String) -> Arc<Feed> {
    Arc::new(Feed {
        name: FeedName::new(name),
        url,
        every: Every::Auto,
        kind: Kind::Press,
        tags: Vec::new(),
        shadow: false,
        full_text: false,
    })
}

fn subscription(feeds: Vec<Arc<Feed>>, poll: PollSection) -> Arc<Subscription> {
    let client = |idle_per_host| {
        Client::new(&ClientSetup {
            user_agent: "pactwatch/test".to_owned(),
            guard: Guard::new(vec!["127.0.0.1/32".parse().unwrap()], "`allow_private`"),
            tls: Tls::new(&Trust::System).unwrap(),
            proxy: None,
            idle_per_host,
        })
    };
    let [client, keeping] = [client(0), client(1)].map(Result::unwrap);
    Arc::new(Subscription {
        feeds,
        poll,
        client,
        keeping,
        access: HashMap::new(),
        files: Vec::new(),
        at_rest: Duration::from_secs(7200),
    })
}

/// A line to nobody.
fn no_hubs() -> Line {
    Line {
        pushed: mpsc::channel(1).1,
        leased: watch::channel(Arc::default()).1,
        hubs: watch::channel(Arc::default()).0,
    }
}

/// Polls one feed once, whether due or not.
async fn poll(feed: &Arc<Feed>, state: Option<FeedState>) -> Polled {
    poll_with(feed, state, PollSection::default()).await
}

async fn poll_with(feed: &Arc<Feed>, state: Option<FeedState>, section: PollSection) -> Polled {
    poll_by(feed, state, subscription(vec![feed.clone()], section)).await
}

async fn poll_by(
    feed: &Arc<Feed>,
    state: Option<FeedState>,
    subscription: Arc<Subscription>,
) -> Polled {
    let (out, mut inbox) = mpsc::channel(4);
    let states = state.map(|state| (feed.name.clone(), state)).into_iter().collect();
    let work = once(subscription, states, true, out, CancellationToken::new());
    tokio::time::timeout(PATIENCE, work).await.expect("the round ends");
    inbox.recv().await.expect("a poll came")
}

fn items(polled: &Polled) -> usize {
    match &polled.outcome {
        PollOutcome::Items { items, .. } => items.len(),
        other => panic!("no items but {other:?}"),
    }
}

fn failure(polled: &Polled) -> &str {
    match &polled.outcome {
        PollOutcome::Failed(why) => why,
        other => panic!("no failure but {other:?}"),
    }
}

fn wait(polled: &Polled) -> Duration {
    polled.next.next_due.duration_since(polled.at).unsigned_abs()
}

#[tokio::test]
async fn validators_go_back_byte_for_byte() {
    let site = Site::new().await;
    let odd = [("etag", "W/\"a b\u{e9}\""), ("last-modified", "yesterday, about noon")];
    site.script("/", [answer(200, &odd, FEED), answer(304, &[], "")]);
    let feed = feed("a", site.url("/"));
    let first = poll(&feed, None).await;
    assert_eq!(items(&first), 1);
    let second = poll(&feed, Some(first.next.clone())).await;
    assert!(matches!(second.outcome, PollOutcome::Unchanged), "{second:?}");
    assert_eq!(second.next.validators, first.next.validators);
    let asked = site.asked("/");
    assert!(asked[0].get("if-none-match").is_none() && asked[0].contains_key("accept"));
    assert_eq!(asked[0]["user-agent"], "pactwatch/test");
    assert_eq!(asked[1]["if-none-match"].as_bytes(), "W/\"a b\u{e9}\"".as_bytes());
    assert_eq!(asked[1]["if-modified-since"], "yesterday, about noon");
}

#[tokio::test]
async fn the_same_body_is_nothing_new_and_a_failed_read_keeps_the_validators() {
    let site = Site::new().await;
    let page = answer(200, &[("etag", "\"page\"")], "<html><title>Just a moment...</title>");
    site.script("/", [answer(200, &[("etag", "\"1\"")], FEED), answer(200, &[], FEED), page]);
    let feed = feed("a", site.url("/"));
    let first = poll(&feed, None).await;
    let second = poll(&feed, Some(first.next)).await;
    assert!(matches!(second.outcome, PollOutcome::Unchanged));
    let before = second.next.validators.clone();
    let third = poll(&feed, Some(second.next)).await;
    assert!(failure(&third).contains("checks visitors"));
    assert_eq!((third.next.condition, third.next.validators), (Condition::Blocked, before));
}

#[tokio::test]
async fn a_document_that_breaks_off_is_asked_for_in_full_again() {
    let site = Site::new().await;
    site.script("/", [answer(200, &[("etag", "\"1\"")], &FEED[..FEED.len() - 16])]);
    let polled = poll(&feed("a", site.url("/")), None).await;
    assert_eq!(items(&polled), 1);
    assert_eq!(polled.next.validators.etag, None);
}

#[tokio::test]
async fn packed_bodies_are_unpacked_and_bounded() {
    let site = Site::new().await;
    let gzip = base64_of(GZIPPED);
    site.script("/", [answer(200, &[("content-encoding", "gzip")], gzip)]);
    site.script("/twice", [answer(200, &[("content-encoding", "gzip, gzip")], "x")]);
    let polled = poll(&feed("a", site.url("/")), None).await;
    assert_eq!(items(&polled), 1);
    let polled = poll(&feed("b", site.url("/twice")), None).await;
    assert!(failure(&polled).contains("packed"), "{}", failure(&polled));
    let small = PollSection { max_body: 100, ..PollSection::default() };
    let polled = poll_with(&feed("c", site.url("/")), None, small).await;
    assert!(failure(&polled).contains("larger than 100 bytes"), "{}", failure(&polled));
}

/// `gzip -9` of a feed with one entry, 300 bytes long.
const GZIPPED: &str = "H4sIAAAAAAACA7MpKi5WKEstKs7Mz7NVN9IzULezSc5IzMtLzbGzKcksyUm1K7HRhzBsMktSc+1s0kszU+wMbfTBNFRNfl4qXJU+RJk+3Bh9oB12CsMEAABjtg+fMQEAAA";

fn base64_of(text: &str) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD_NO_PAD.decode(text).unwrap()
}

#[tokio::test]
async fn permanent_redirects_are_stored_after_three_polls_and_others_never() {
    let site = Site::new().await;
    site.script("/old", [answer(301, &[("location", "/new")], "")]);
    site.script("/new", [answer(200, &[], FEED)]);
    site.script("/here", [answer(302, &[("location", "/new")], "")]);
    let feed = feed("a", site.url("/old"));
    let mut state = None;
    for count in 1..=3 {
        let polled = poll(&feed, state).await;
        assert_eq!(polled.next.moved, Some((site.url("/new"), count)));
        state = Some(polled.next);
    }
    let polled = poll(&feed, state).await;
    assert_eq!((site.asked("/old").len(), site.asked("/new").len()), (3, 4));
    assert_eq!(polled.next.moved, Some((site.url("/new"), 3)));
    let polled = poll(&self::feed("b", site.url("/here")), None).await;
    assert_eq!((items(&polled), polled.next.moved.clone()), (1, None));
    // Where the new address stops working, the configured one has the say again.
    site.script("/new", [answer(404, &[], "")]);
    let mut state = FeedState { moved: Some((site.url("/new"), 9)), ..FeedState::new(polled.at) };
    for _ in 0..3 {
        state = poll(&feed, Some(state)).await.next;
    }
    assert_eq!((state.moved, state.failures), (None, 3));
}

#[tokio::test]
async fn redirects_end_and_never_lead_where_the_guard_forbids() {
    let site = Site::new().await;
    site.script("/loop", [answer(302, &[("location", "/loop")], "")]);
    site.script("/in", [answer(302, &[("location", "http://127.0.0.9/secret")], "")]);
    site.script("/file", [answer(302, &[("location", "file:///etc/passwd")], "")]);
    site.script("/nowhere", [answer(302, &[], "")]);
    for (path, word) in [
        ("/loop", "redirects in a row"),
        ("/in", "127.0.0.9"),
        ("/file", "scheme"),
        ("/nowhere", "no address"),
    ] {
        let polled = poll(&feed("a", site.url(path)), None).await;
        assert!(failure(&polled).contains(word), "{path}: {}", failure(&polled));
    }
    assert_eq!(site.asked("/loop").len(), 6);
}

#[tokio::test]
async fn statuses_decide_when_to_ask_again() {
    let site = Site::new().await;
    site.script("/500", [answer(500, &[("retry-after", "7200")], "")]);
    site.script("/429", [answer(429, &[("retry-after", "7200")], "")]);
    site.script("/503", [answer(503, &[("retry-after", "99999999999")], "")]);
    site.script("/410", [answer(410, &[], "")]);
    site.script("/403", [answer(403, &[], "")]);
    let polled = poll(&feed("a", site.url("/500")), None).await;
    assert!(wait(&polled) < Duration::from_secs(200), "{:?}", wait(&polled));
    assert_eq!((polled.next.failures, polled.next.last_status), (1, Some(500)));
    let polled = poll(&feed("a", site.url("/429")), None).await;
    assert!(wait(&polled) >= Duration::from_secs(7200));
    let polled = poll(&feed("a", site.url("/503")), None).await;
    assert!(wait(&polled) < Duration::from_secs(200));
    let polled = poll(&feed("a", site.url("/410")), None).await;
    assert_eq!(polled.next.condition, Condition::Retired);
    let polled = poll(&feed("a", site.url("/403")), None).await;
    assert_eq!(polled.next.condition, Condition::Blocked);
    assert!(failure(&polled).contains("contact"));
    // A retired feed is left alone.
    let retired = FeedState { condition: Condition::Retired, ..FeedState::new(polled.at) };
    let feed = feed("a", site.url("/410"));
    let (out, mut inbox) = mpsc::channel(1);
    let states = [(feed.name.clone(), retired)].into();
    let summary = once(
        subscription(vec![feed], PollSection::default()),
        states,
        true,
        out,
        CancellationToken::new(),
    );
    assert_eq!(summary.await, Summary::default());
    assert!(inbox.recv().await.is_none());
}

#[tokio::test]
async fn hosts_that_hang_do_not_hold_the_slots_of_others() {
    let (dead, live) = (Site::new().await, Site::new().await);
    let mut feeds = Vec::new();
    for number in 0..6 {
        let path = format!("/{number}");
        dead.script(&path, [Act::Hang]);
        feeds.push(feed(&format!("0 dead {number}"), dead.url(&path)));
    }
    live.script("/", [answer(200, &[], FEED)]);
    feeds.push(feed("live", live.url("/")));
    // Two slots, and three times as many feeds that hang, all of them due before the live one.
    let poll = PollSection {
        concurrency: 2,
        per_host: 8,
        timeout: Duration::from_secs(600),
        ..PollSection::default()
    };
    // Nobody will reload, which must not keep the station from its work either.
    let feeds = watch::channel(subscription(feeds, poll)).1;
    let (out, mut inbox) = mpsc::channel(8);
    let shutdown = CancellationToken::new();
    let setup = WatchSetup {
        feeds,
        states: HashMap::new(),
        wanted: mpsc::channel(1).1,
        line: no_hubs(),
        out,
        shutdown: shutdown.clone(),
        pulse: Pulse::default(),
    };
    let station = tokio::spawn(run(setup));
    let polled = tokio::time::timeout(PATIENCE, inbox.recv()).await.unwrap().unwrap();
    assert_eq!(polled.feed.as_str(), "live");
    // And a station full of hanging requests stops at once.
    let start = Instant::now();
    shutdown.cancel();
    tokio::time::timeout(PATIENCE, station).await.unwrap().unwrap();
    assert!(inbox.recv().await.is_none());
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_timeout_covers_everything() {
    let site = Site::new().await;
    site.script("/", [Act::Hang]);
    let poll = PollSection { timeout: Duration::from_millis(50), ..PollSection::default() };
    let polled = poll_with(&feed("a", site.url("/")), None, poll).await;
    assert!(failure(&polled).contains("within 50ms"), "{}", failure(&polled));
}

#[tokio::test]
async fn one_host_gets_no_more_requests_at_once_than_allowed() {
    let site = Site::new().await;
    let mut feeds = Vec::new();
    for number in 0..40 {
        let path = format!("/{number}");
        site.script(&path, [answer(200, &[], FEED)]);
        feeds.push(feed(&path, site.url(&path)));
    }
    let (out, mut inbox) = mpsc::channel(100);
    let poll = PollSection { per_host: 2, ..PollSection::default() };
    let summary =
        once(subscription(feeds, poll), HashMap::new(), false, out, CancellationToken::new());
    let summary = tokio::time::timeout(PATIENCE, summary).await.unwrap();
    assert_eq!(summary, Summary { polled: 40, unchanged: 0, failed: 0, items: 40 });
    let mut names = Vec::new();
    while let Some(polled) = inbox.recv().await {
        names.push(polled.feed);
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 40);
    assert!(site.most_at_once() <= 2);
}

#[tokio::test]
async fn only_what_is_due_is_polled_unless_asked_for() {
    let site = Site::new().await;
    site.script("/", [answer(200, &[], FEED)]);
    let feed = feed("a", site.url("/"));
    let now = Timestamp::now();
    let later = FeedState { next_due: schedule::later(now, PATIENCE), ..FeedState::new(now) };
    for (all, polled) in [(false, 0), (true, 1)] {
        let (out, _inbox) = mpsc::channel(4);
        let states = [(feed.name.clone(), later.clone())].into();
        let subscription = subscription(vec![feed.clone()], PollSection::default());
        let summary = once(subscription, states, all, out, CancellationToken::new()).await;
        assert_eq!(summary.polled, polled);
    }
}

#[tokio::test]
async fn the_daemon_polls_again_and_follows_reloads() {
    let site = Site::new().await;
    for path in ["/a", "/b", "/c"] {
        site.script(path, [answer(200, &[("etag", "\"1\"")], FEED)]);
    }
    let quick = PollSection {
        every: Every::Fixed(Duration::from_millis(20)),
        min: Duration::from_millis(10),
        ..PollSection::default()
    };
    let quickly = |name: &str, path: &str| {
        Arc::new(Feed { every: quick.every, ..(*feed(name, site.url(path))).clone() })
    };
    let (feeds_in, feeds) =
        watch::channel(subscription(vec![quickly("a", "/a"), quickly("b", "/b")], quick.clone()));
    let (out, mut inbox) = mpsc::channel(1);
    let shutdown = CancellationToken::new();
    let setup = WatchSetup {
        feeds,
        states: HashMap::new(),
        wanted: mpsc::channel(1).1,
        line: no_hubs(),
        out,
        shutdown: shutdown.clone(),
        pulse: Pulse::default(),
    };
    let station = tokio::spawn(run(setup));
    let mut next = async |wanted: &dyn Fn(&Polled) -> bool| {
        let search = async {
            loop {
                let polled = inbox.recv().await.expect("the station runs");
                if wanted(&polled) {
                    return polled;
                }
            }
        };
        tokio::time::timeout(PATIENCE, search).await.expect("it comes in time")
    };
    let first = |polled: &Polled| matches!(polled.outcome, PollOutcome::Items { .. });
    next(&|polled| polled.feed.as_str() == "a" && first(polled)).await;
    next(&|polled| polled.feed.as_str() == "a" && !first(polled)).await;
    // `b` goes, `c` comes, `a` is another document now and starts from nothing.
    let feeds = vec![quickly("a", "/c"), quickly("c", "/c")];
    next(&|polled| polled.feed.as_str() == "b" && !first(polled)).await;
    feeds_in.send_replace(subscription(feeds, quick.clone()));
    let one = next(&first).await;
    let other = next(&first).await;
    assert_eq!(items(&one) + items(&other), 2);
    assert_ne!(one.feed, other.feed);
    let before = site.asked("/b").len();
    for _ in 0..5 {
        let polled = next(&|_| true).await;
        assert!(polled.feed.as_str() != "b", "{polled:?}");
    }
    assert!(site.asked("/b").len() <= before);
    assert!(site.asked("/c").iter().any(|headers| headers.get("if-none-match").is_none()));
    shutdown.cancel();
    tokio::time::timeout(PATIENCE, station).await.unwrap().unwrap();
}

#[tokio::test]
async fn what_comes_from_an_address_that_a_reload_replaced_is_dropped() {
    let site = Site::new().await;
    site.script("/old", [Act::Hang]);
    site.script("/new", [answer(200, &[], FEED)]);
    let poll = PollSection { timeout: Duration::from_millis(500), ..PollSection::default() };
    let watched = |path| subscription(vec![feed("a", site.url(path))], poll.clone());
    let (feeds_in, feeds) = watch::channel(watched("/old"));
    let (out, mut inbox) = mpsc::channel(8);
    let shutdown = CancellationToken::new();
    let setup = WatchSetup {
        feeds,
        states: HashMap::new(),
        wanted: mpsc::channel(1).1,
        line: no_hubs(),
        out,
        shutdown: shutdown.clone(),
        pulse: Pulse::default(),
    };
    let station = tokio::spawn(run(setup));
    while site.asked("/old").is_empty() {
        tokio::task::yield_now().await;
    }
    feeds_in.send_replace(watched("/new"));
    let polled = tokio::time::timeout(PATIENCE, inbox.recv()).await.unwrap().unwrap();
    assert_eq!(items(&polled), 1);
    shutdown.cancel();
    tokio::time::timeout(PATIENCE, station).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_station_that_waits_for_the_next_is_alive() {
    let (out, mut inbox) = mpsc::channel(1);
    let subscription = subscription(Vec::new(), PollSection::default());
    let round = Round::new(subscription, HashMap::new(), out);
    let now = Timestamp::now();
    let polled = || Polled {
        feed: FeedName::new("a"),
        at: now,
        took: Duration::ZERO,
        pushed: false,
        next: FeedState::new(now),
        outcome: PollOutcome::Unchanged,
    };
    let shutdown = CancellationToken::new();
    assert!(round.hand_over(polled(), &shutdown, || {}).await);
    // The line is full now. Time is paused, and leaps as nothing else is to be done.
    let beats = std::cell::Cell::new(0);
    let waits = round.hand_over(polled(), &shutdown, || beats.set(beats.get() + 1));
    let waited = tokio::time::timeout(Duration::from_secs(600), waits).await;
    assert!(waited.is_err() && beats.get() >= 100, "{} signs of life in ten minutes", beats.get());
    inbox.recv().await.unwrap();
    assert!(round.hand_over(polled(), &shutdown, || {}).await);
    shutdown.cancel();
    assert!(!round.hand_over(polled(), &shutdown, || {}).await);
}

#[tokio::test]
async fn a_receiver_that_is_gone_ends_the_station() {
    let site = Site::new().await;
    site.script("/", [answer(200, &[], FEED)]);
    let (_feeds, feeds) =
        watch::channel(subscription(vec![feed("a", site.url("/"))], PollSection::default()));
    let (out, inbox) = mpsc::channel(1);
    drop(inbox);
    let setup = WatchSetup {
        feeds,
        states: HashMap::new(),
        wanted: mpsc::channel(1).1,
        line: no_hubs(),
        out,
        shutdown: CancellationToken::new(),
        pulse: Pulse::default(),
    };
    tokio::time::timeout(PATIENCE, run(setup)).await.expect("it ends by itself");
}

#[tokio::test]
async fn what_was_learned_of_another_address_is_forgotten_after_a_restart_too() {
    let site = Site::new().await;
    site.script("/gone", [answer(410, &[], "")]);
    site.script("/old", [answer(301, &[("location", "/moved")], "")]);
    site.script("/moved", [answer(200, &[("etag", "\"moved\"")], FEED)]);
    site.script("/new", [answer(200, &[], FEED)]);
    let retired = poll(&feed("a", site.url("/gone")), None).await.next;
    assert_eq!(retired.condition, Condition::Retired);
    let mut moved = None;
    for _ in 0..3 {
        moved = Some(poll(&feed("a", site.url("/old")), moved).await.next);
    }
    for saved in [retired, moved.unwrap()] {
        let polled = poll(&feed("a", site.url("/new")), Some(saved)).await;
        assert_eq!((items(&polled), polled.next.condition), (1, Condition::Ok));
    }
    let asked = site.asked("/new");
    assert_eq!(asked.len(), 2);
    assert!(asked.iter().all(|headers| headers.get("if-none-match").is_none()));
}
