//! A network that is down, and feeds that are wanted at once.

use super::*;

/// Addresses of hosts that answer nothing: loopback ports that nobody listens at.
fn dead(count: u8) -> Vec<Arc<Feed>> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    (1..=count)
        .map(|host| feed(&format!("{host}"), format!("http://127.0.0.{host}:{port}/")))
        .collect()
}

fn on_loopback(feeds: Vec<Arc<Feed>>) -> Arc<Subscription> {
    let mut one = Arc::into_inner(subscription(feeds, PollSection::default())).unwrap();
    one.client = Client::new(&ClientSetup {
        user_agent: "pactwatch/test".to_owned(),
        guard: Guard::new(vec!["127.0.0.0/8".parse().unwrap()], "`allow_private`"),
        tls: Tls::new(&Trust::System).unwrap(),
        proxy: None,
        idle_per_host: 0,
    })
    .unwrap();
    Arc::new(one)
}

async fn round(
    subscription: Arc<Subscription>,
    states: HashMap<FeedName, FeedState>,
) -> HashMap<FeedName, Polled> {
    let (out, mut inbox) = mpsc::channel(64);
    let work = once(subscription, states, true, out, CancellationToken::new());
    tokio::time::timeout(PATIENCE, work).await.expect("the round ends");
    let mut came = HashMap::new();
    while let Some(polled) = inbox.recv().await {
        came.insert(polled.feed.clone(), polled);
    }
    came
}

#[tokio::test]
async fn what_was_not_asked_of_the_network_does_not_bring_it_back() {
    let (now, since) = (Timestamp::now(), Timestamp::now() - Duration::from_secs(7200));
    let known = FeedState {
        condition: Condition::Ok,
        last_poll: Some(now),
        last_success: Some(now),
        offline: Some(since),
        ..FeedState::new(now)
    };
    let mut feeds = dead(2);
    feeds.insert(0, feed("refused", "http://10.1.2.3/".to_owned()));
    feeds.insert(0, feed("file", "file:///nowhere/feed.xml".to_owned()));
    let states = feeds.iter().map(|feed| (feed.name.clone(), known.clone())).collect();
    let came = round(on_loopback(feeds), states).await;
    for host in ["1", "2"] {
        let next = &came[&FeedName::new(host)].next;
        assert_eq!((next.offline, next.failures), (Some(since), 0), "{host}");
    }
}

#[tokio::test]
async fn when_nothing_answers_no_feed_is_blamed() {
    let now = Timestamp::now();
    let known = FeedState {
        condition: Condition::Ok,
        last_poll: Some(now),
        last_success: Some(now),
        ..FeedState::new(now)
    };
    let feeds = dead(30);
    let states = feeds.iter().map(|feed| (feed.name.clone(), known.clone())).collect();
    let came = round(on_loopback(feeds.clone()), states).await;
    let blamed = came.values().filter(|polled| polled.next.failures > 0).count();
    assert!(blamed < 12, "{blamed} feeds are blamed for the network");
    let spared: Vec<&Polled> = came.values().filter(|polled| polled.next.failures == 0).collect();
    for polled in &spared {
        assert_eq!(polled.next.condition, Condition::Ok);
        assert!(polled.next.offline.is_some());
        assert!(
            failure(polled).starts_with("the network is down: no connection"),
            "{}",
            failure(polled)
        );
    }
    // The next round, after a restart: nothing grows, for none of them.
    let states = came.iter().map(|(name, polled)| (name.clone(), polled.next.clone())).collect();
    let again = round(on_loopback(feeds.clone()), states).await;
    for (name, polled) in &again {
        assert_eq!(polled.next.failures, came[name].next.failures, "{name}");
        assert!(polled.next.offline <= polled.next.last_poll && polled.next.offline.is_some());
    }
    // One answer, and it is over.
    let site = Site::new().await;
    site.script("/", [answer(200, &[], FEED)]);
    let alive = feed("1", site.url("/"));
    let saved = FeedState { address: None, ..again[&alive.name].next.clone() };
    let polled = poll(&alive, Some(saved)).await;
    assert_eq!((polled.next.offline, polled.next.condition), (None, Condition::Ok));
}

#[tokio::test]
async fn two_dead_hosts_are_not_the_network() {
    let came = round(on_loopback(dead(2)), HashMap::new()).await;
    assert!(came.values().all(|polled| polled.next.failures == 1 && polled.next.offline.is_none()));
}

#[tokio::test]
async fn a_feed_that_is_wanted_is_polled_at_once_be_it_retired() {
    let site = Site::new().await;
    site.script("/", [answer(200, &[], FEED)]);
    let now = Timestamp::now();
    let later = schedule::later(now, Duration::from_secs(86_400));
    let feeds = ["retired", "waiting"].map(|name| feed(name, format!("{}?{name}", site.url("/"))));
    let states = [
        (
            "retired",
            FeedState {
                condition: Condition::Retired,
                failures: 1,
                next_due: later,
                ..FeedState::new(now)
            },
        ),
        ("waiting", FeedState { next_due: later, ..FeedState::new(now) }),
    ];
    let (wanted_in, wanted) = mpsc::channel(4);
    let (out, mut inbox) = mpsc::channel(4);
    let shutdown = CancellationToken::new();
    let setup = WatchSetup {
        feeds: watch::channel(subscription(feeds.to_vec(), PollSection::default())).1,
        states: states.map(|(name, state)| (FeedName::new(name), state)).into(),
        wanted,
        line: no_hubs(),
        out,
        shutdown: shutdown.clone(),
        pulse: Pulse::default(),
    };
    let station = tokio::spawn(run(setup));
    for name in ["nobody", "retired", "waiting"] {
        wanted_in.send(FeedName::new(name)).await.unwrap();
        if name != "nobody" {
            let polled = tokio::time::timeout(PATIENCE, inbox.recv()).await.unwrap().unwrap();
            assert_eq!((polled.feed.as_str(), polled.next.condition), (name, Condition::Ok));
        }
    }
    shutdown.cancel();
    tokio::time::timeout(PATIENCE, station).await.unwrap().unwrap();
}
