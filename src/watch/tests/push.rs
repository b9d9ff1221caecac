//! What hubs push, and how seldom a feed that is pushed is polled.

use std::collections::{BTreeMap, HashSet};

use super::*;
use crate::model::Hub;
use crate::net::Budget;

const WITH_HUB: &str = "<feed xmlns='http://www.w3.org/2005/Atom'><title>t</title>\
    <link rel='hub' href='https://hub.example/'/><link rel='self' href='/self'/>\
    <entry><id>1</id><title>one</title><link href='/1'/></entry></feed>";
const NEWS: &str = "<feed xmlns='http://www.w3.org/2005/Atom'><title>t</title>\
    <entry><id>2</id><title>two</title><link href='/2'/></entry></feed>";

/// A station at work, with both ends of its lines.
struct Station {
    pushes: mpsc::Sender<Push>,
    leases: watch::Sender<Arc<HashSet<FeedName>>>,
    hubs: watch::Receiver<Arc<BTreeMap<FeedName, Hub>>>,
    wanted: mpsc::Sender<FeedName>,
    inbox: mpsc::Receiver<Polled>,
    _feeds: watch::Sender<Arc<Subscription>>,
    shutdown: CancellationToken,
}

impl Station {
    fn of(feeds: Vec<Arc<Feed>>) -> Self {
        let (feeds_in, feeds) = watch::channel(subscription(feeds, PollSection::default()));
        let (pushes, pushed) = mpsc::channel(4);
        let (leases, leased) = watch::channel(Arc::default());
        let (hubs_in, hubs) = watch::channel(Arc::default());
        let (wanted_in, wanted) = mpsc::channel(4);
        let (out, inbox) = mpsc::channel(4);
        let shutdown = CancellationToken::new();
        tokio::spawn(run(WatchSetup {
            feeds,
            states: HashMap::new(),
            wanted,
            line: Line { pushed, leased, hubs: hubs_in },
            out,
            shutdown: shutdown.clone(),
            pulse: Pulse::default(),
        }));
        Self { pushes, leases, hubs, wanted: wanted_in, inbox, _feeds: feeds_in, shutdown }
    }

    async fn next(&mut self) -> Polled {
        tokio::time::timeout(PATIENCE, self.inbox.recv()).await.unwrap().unwrap()
    }

    async fn push(&self, feed: &str, body: &str) {
        let pushed = Pushed {
            feed: FeedName::new(feed),
            bytes: body.as_bytes().to_vec(),
            content_type: None,
            topic: "https://news.example/self".to_owned(),
            held: Budget::new(1).body(),
        };
        self.pushes.send(Push::News(pushed)).await.unwrap();
    }
}

impl Drop for Station {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

fn titles(polled: &Polled) -> Vec<&str> {
    let PollOutcome::Items { items, .. } = &polled.outcome else { panic!("{polled:?}") };
    items.iter().map(|item| item.title.as_str()).collect()
}

#[tokio::test]
async fn what_is_pushed_goes_the_way_of_what_is_polled() {
    let site = Site::new().await;
    site.script("/", [answer(200, &[("etag", "\"1\"")], WITH_HUB)]);
    let mut station = Station::of(vec![feed("a", site.url("/"))]);
    let polled = station.next().await;
    let named = station.hubs.wait_for(|hubs| !hubs.is_empty()).await.unwrap().clone();
    let hub = Hub { url: "https://hub.example/".to_owned(), topic: site.url("/self") };
    assert_eq!(named.get("a"), Some(&hub));
    station.push("nobody", NEWS).await;
    station.push("a", NEWS).await;
    let pushed = station.next().await;
    assert_eq!((pushed.feed.as_str(), titles(&pushed)), ("a", vec!["two"]));
    let PollOutcome::Items { items, .. } = &pushed.outcome else { unreachable!() };
    assert_eq!(items[0].url.as_deref(), Some("https://news.example/2"));
    // It is a part of the document, so the rest of what was learned stays.
    assert_eq!(pushed.next.validators, polled.next.validators);
    assert_eq!(pushed.next.identity, polled.next.identity);
    assert_eq!(pushed.next.entries, 1);
    assert_eq!(pushed.next.next_due, polled.next.next_due);
}

#[tokio::test]
async fn a_push_that_brings_nothing_makes_the_feed_due() {
    let site = Site::new().await;
    for body in ["", "<html>late</html>", "<rss><channel/></rss>"] {
        site.script("/", [answer(200, &[], WITH_HUB), answer(200, &[], FEED)]);
        let mut station = Station::of(vec![feed("a", site.url("/"))]);
        station.next().await;
        station.push("a", body).await;
        assert_eq!(titles(&station.next().await), ["one"], "{body}");
    }
}

#[tokio::test]
async fn a_feed_that_is_pushed_is_polled_at_rest_until_its_lease_ends() {
    let site = Site::new().await;
    site.script("/", [answer(200, &[], WITH_HUB)]);
    let mut station = Station::of(vec![feed("a", site.url("/"))]);
    let usual = station.next().await;
    station.leases.send_replace(Arc::new(HashSet::from([FeedName::new("a")])));
    let resting = loop {
        station.wanted.send(FeedName::new("a")).await.unwrap();
        let polled = station.next().await;
        // The poll may have been done before the lease was heard of.
        if polled.next.next_due.duration_since(polled.at).as_secs() >= 3600 {
            break polled;
        }
    };
    assert!(usual.next.next_due < resting.next.next_due);
    // Without it the feed is due as ever: the round itself tells, as nothing is polled for that.
    let mut round = Round::new(
        subscription(vec![feed("a", site.url("/"))], PollSection::default()),
        HashMap::from([(FeedName::new("a"), resting.next)]),
        mpsc::channel(1).0,
    );
    let leased = Arc::new(HashSet::from([FeedName::new("a")]));
    round.rest(leased, Timestamp::now());
    let far = round.until_due(Timestamp::now());
    round.rest(Arc::default(), Timestamp::now());
    assert!(round.until_due(Timestamp::now()) <= far);
}

/// A round over one feed that was polled so long ago and is due in an hour.
fn resting(polled_ago: Duration) -> (Round, FeedName) {
    let (name, now) = (FeedName::new("a"), Timestamp::now());
    let state = FeedState {
        last_poll: Some(now - polled_ago),
        next_due: now + Duration::from_secs(3600),
        ..FeedState::new(now)
    };
    let feeds = vec![feed("a", "http://127.0.0.1:9/".to_owned())];
    let subscription = subscription(feeds, PollSection::default());
    let states = HashMap::from([(name.clone(), state)]);
    (Round::new(subscription, states, mpsc::channel(1).0), name)
}

#[tokio::test]
async fn a_flood_of_pushes_waits_at_the_door() {
    let (mut round, feed) = resting(Duration::ZERO);
    let flood = (0..200).take_while(|_| {
        let room = round.has_room();
        if room {
            round.take(Pushed {
                feed: feed.clone(),
                bytes: NEWS.as_bytes().to_vec(),
                content_type: None,
                topic: "https://news.example/self".to_owned(),
                held: Budget::new(1).body(),
            });
        }
        room
    });
    assert_eq!(flood.count(), 16);
    // Those that were taken are read, and make room.
    tokio::time::timeout(PATIENCE, round.step()).await.unwrap();
    assert!(round.has_room());
    tokio::time::timeout(PATIENCE, round.abort()).await.unwrap();
}

#[tokio::test]
async fn what_nobody_signed_makes_a_feed_due_but_not_at_once_again() {
    let least = PollSection::default().min;
    let (mut round, name) = resting(least);
    round.hasten(&name, Timestamp::now());
    assert_eq!(round.until_due(Timestamp::now()), Duration::ZERO);
    let (mut round, name) = resting(Duration::ZERO);
    for _ in 0..9 {
        round.hasten(&name, Timestamp::now());
    }
    // By the clock that the state was made by.
    let left = round.until_due(Timestamp::now() - least);
    assert!(left > least && left <= 2 * least, "{left:?}");
}

#[tokio::test]
async fn a_hub_that_pushes_nothing_of_what_polls_find_is_given_up() {
    let site = Site::new().await;
    let document = |number: u32| {
        let entry = format!("<entry><id>n{number}</id><title>n {number}</title></entry>");
        WITH_HUB.replace("</feed>", &format!("{entry}</feed>"))
    };
    let documents: Vec<String> = (0..8).map(document).collect();
    site.script("/", documents.iter().map(|text| answer(200, &[], text)));
    let mut station = Station::of(vec![feed("a", site.url("/"))]);
    station.next().await;
    station.leases.send_replace(Arc::new(HashSet::from([FeedName::new("a")])));
    let mut rests = Vec::new();
    for _ in 0..6 {
        station.wanted.send(FeedName::new("a")).await.unwrap();
        let polled = station.next().await;
        let wait = polled.next.next_due.duration_since(polled.at);
        rests.push((wait.as_secs() >= 3600, polled.next.faults.len()));
    }
    // The first may have been done before the lease was heard of.
    assert_eq!(rests[1], (true, 0), "{rests:?}");
    assert_eq!(rests[5], (false, 1), "{rests:?}");
    station.push("a", NEWS).await;
    station.next().await;
    station.wanted.send(FeedName::new("a")).await.unwrap();
    let polled = station.next().await;
    assert!(polled.next.next_due.duration_since(polled.at).as_secs() >= 3600);
}
