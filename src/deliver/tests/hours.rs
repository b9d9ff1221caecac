//! The sink's own hours, and sinks that go and come, with a clock that the test moves.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::SignedDuration;

use super::*;
use crate::sink::{Quiet, Rhythm};

/// A clock that stands where it is put, as seconds from the real one.
pub(super) struct Hand(Arc<AtomicI64>);

impl Hand {
    pub(super) fn new() -> Self {
        Self(Arc::default())
    }

    pub(super) fn turn(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(super) fn clock(&self) -> Clock {
        let ahead = self.0.clone();
        let now = Timestamp::now();
        Clock::new(move || now + SignedDuration::from_secs(ahead.load(Ordering::SeqCst)))
    }
}

/// One pass by that clock.
pub(super) async fn pass(store: &Store, clock: &Clock, outlets: Vec<Outlet>) -> Summary {
    let (_hold, receiver) = watch::channel(office(outlets));
    once(DeliverSetup { clock: clock.clone(), ..setup(store, receiver) }).await
}

fn paced(name: &str, sink: &Arc<Fake>, pace: Pace) -> Outlet {
    Outlet { pace, ..outlet(name, sink.clone()) }
}

fn bodies(fake: &Fake) -> Vec<String> {
    fake.seen().into_iter().map(|(_, body)| String::from_utf8(body).unwrap()).collect()
}

#[tokio::test]
async fn what_waits_for_its_digest_says_so_and_goes_as_one() {
    for chat in [true, false] {
        let (place, hand) = (place(), Hand::new());
        let digest = Some(Rhythm::Every(Duration::from_secs(3600)));
        let pace = Pace { digest, ..Pace::default() };
        let fake = Fake::new(chat, vec![delivered()]);
        queue(&place.store, 1, &["a"]).await;
        queue(&place.store, 2, &["a"]).await;
        let clock = hand.clock();
        let outlets = || vec![paced("a", &fake, pace.clone())];
        let summary = pass(&place.store, &clock, outlets()).await;
        assert_eq!((summary.delivered, summary.waiting), (0, 2));
        for row in rows(&place.store).await.into_values() {
            assert_eq!(row.waits.as_deref(), Some("its digest"));
            let wait = row.due.unwrap().duration_since(row.created).as_secs();
            assert!((3590..=3600).contains(&wait), "{wait}");
        }
        let held = place.store.held(Timestamp::now()).await.unwrap();
        assert_eq!((held.len(), held[0].messages, held[0].waits.as_str()), (1, 2, "its digest"));
        hand.turn(3500);
        pass(&place.store, &clock, outlets()).await;
        assert!(fake.seen().is_empty(), "it went before its time");
        hand.turn(101);
        pass(&place.store, &clock, outlets()).await;
        assert_eq!(bodies(&fake), ["digest of 2"]);
    }
}

#[tokio::test]
async fn a_test_and_what_is_sent_by_hand_wait_for_nothing() {
    let (place, hand) = (place(), Hand::new());
    let clock = hand.clock();
    let time = TimeZone::UTC.to_datetime(clock.now()).time();
    let hour = jiff::Span::new().hours(1);
    let quiet = Some(Quiet { from: time.wrapping_sub(hour), until: time.wrapping_add(hour) });
    let pace = Pace { quiet, ..Pace::default() };
    let fake = Fake::new(true, vec![delivered()]);
    queue(&place.store, 1, &["a"]).await;
    queue(&place.store, 2, &["a"]).await;
    // What comes by this clock is younger than what was queued by the real one.
    hand.turn(2);
    let outlets = || vec![paced("a", &fake, pace.clone())];
    pass(&place.store, &clock, outlets()).await;
    assert!(fake.seen().is_empty());
    place.store.queue_ping(&SinkName::new("a"), clock.now()).await.unwrap();
    let first = rows(&place.store).await.into_values().find(|row| row.alert == Some(AlertId(1)));
    let first = MessageId::new(first.unwrap().id);
    assert!(place.store.retry(&first, clock.now()).await.unwrap());
    pass(&place.store, &clock, outlets()).await;
    assert_eq!(bodies(&fake), ["alert 1", "ping"]);
    hand.turn(1);
    // A reload without quiet hours lets the rest go.
    pass(&place.store, &clock, vec![outlet("a", fake.clone())]).await;
    assert_eq!(bodies(&fake), ["alert 1", "ping", "alert 2"]);
}

#[tokio::test]
async fn more_than_an_hour_takes_become_a_digest() {
    let (place, hand) = (place(), Hand::new());
    let pace = Pace { max_per_hour: 2, ..Pace::default() };
    let fake = Fake::new(false, vec![delivered()]);
    for n in 1..=6 {
        queue(&place.store, n, &["a"]).await;
    }
    let clock = hand.clock();
    let outlets = || vec![paced("a", &fake, pace.clone())];
    pass(&place.store, &clock, outlets()).await;
    assert_eq!(fake.seen().len(), 2, "{:?}", bodies(&fake));
    let waiting = rows(&place.store).await.into_values().filter(|row| row.state == "queued");
    assert!(waiting.map(|row| row.waits).all(|waits| waits.as_deref() == Some("max_per_hour")));
    hand.turn(3601);
    pass(&place.store, &clock, outlets()).await;
    assert_eq!(fake.seen().len(), 3);
    assert_eq!(bodies(&fake)[2], "digest of 4");
}

/// A digest of four at a receiver, and what it comes to there.
async fn four(fake: &Arc<Fake>) -> (Place, Vec<String>) {
    let (place, hand) = (place(), Hand::new());
    for n in 1..=4 {
        queue(&place.store, n, &["a"]).await;
    }
    let pace = Pace { group_wait: Duration::from_secs(60), ..Pace::default() };
    for _ in 0..2 {
        pass(&place.store, &hand.clock(), vec![paced("a", fake, pace.clone())]).await;
        hand.turn(61);
    }
    let bodies = bodies(fake);
    (place, bodies)
}

#[tokio::test]
async fn a_digest_that_is_too_large_for_its_receiver_goes_in_parts_until_it_fits() {
    let large = || Some(Outcome::Refused(Refusal::Large));
    let fake = Fake::new(false, vec![large(), large(), delivered()]);
    let (place, bodies) = four(&fake).await;
    let mut sorted = bodies.clone();
    sorted.sort();
    let sizes = ["digest of 1", "digest of 1", "digest of 2", "digest of 2", "digest of 4"];
    assert_eq!(sorted, sizes, "{bodies:?}");
    let rows = rows(&place.store).await;
    assert_eq!((rows.len(), rows.values().all(|row| row.state == "delivered")), (3, true));
    let mut alerts: Vec<AlertId> = rows.values().flat_map(|row| row.alerts.clone()).collect();
    alerts.sort_unstable();
    assert_eq!(alerts, [1, 2, 3, 4].map(AlertId));
    // What a larger one was answered is told with its first part.
    let mut told = 0;
    for row in rows.values() {
        let detail = place.store.delivery(&MessageId::new(&*row.id)).await.unwrap().unwrap();
        assert_eq!(detail.attempts.len(), row.attempts as usize);
        told += detail.attempts.len();
    }
    assert_eq!(told, bodies.len(), "{rows:#?}");
}

#[tokio::test]
async fn one_alert_that_is_too_large_is_a_dead_letter() {
    let fake = Fake::new(false, vec![Some(Outcome::Refused(Refusal::Large))]);
    let (place, bodies) = four(&fake).await;
    assert_eq!(bodies.len(), 7, "{bodies:?}");
    assert!(
        rows(&place.store).await.values().all(|row| row.state == "dead" && row.alerts.len() == 1)
    );
}

#[tokio::test]
async fn a_digest_is_not_larger_than_its_receiver_is_said_to_take() {
    for (digest, sizes) in [((6, 12), vec![4]), ((6, 8), vec![1; 4]), ((3, 99), vec![2, 2])] {
        let fake = Fake::new(false, vec![delivered()]);
        let fake = Arc::new(Fake { digest, ..Arc::into_inner(fake).unwrap() });
        let (_, bodies) = four(&fake).await;
        let expected: Vec<String> = sizes.iter().map(|size| format!("digest of {size}")).collect();
        assert_eq!(bodies, expected, "{digest:?}");
    }
}

/// The template of a sink fails on an alert, and is mended.
#[tokio::test]
async fn what_cannot_be_made_waits_and_is_made_once_it_can_be() {
    let place = place();
    queue(&place.store, 1, &["a"]).await;
    let broken = Fake::new(false, Vec::new());
    let unmade = Some("line 1: it names what there is not".to_owned());
    let broken = Arc::new(Fake { unmade, place: Some(7), ..Arc::into_inner(broken).unwrap() });
    let (office, receiver) = watch::channel(office(vec![outlet("a", broken)]));
    let mut slow = Office::clone(&office.borrow());
    slow.delivery.retry = vec![Duration::from_secs(3600)];
    office.send_replace(Arc::new(slow.clone()));
    let setup = setup(&place.store, receiver);
    let (shutdown, task) = (setup.shutdown.clone(), tokio::spawn(run(setup)));
    let row = async {
        loop {
            let row = rows(&place.store).await.into_values().next().unwrap();
            if row.state == "retrying" {
                return row;
            }
            tokio::task::yield_now().await;
        }
    };
    let row = tokio::time::timeout(PATIENCE, row).await.expect("it was not tried");
    let why = "the message cannot be made: line 1: it names what there is not";
    assert_eq!((row.attempts, row.last_error.as_deref()), (1, Some(why)));
    let state = place.store.sink_state(&SinkName::new("a")).await.unwrap();
    assert_eq!(state.failures, 0, "the receiver was blamed");
    // The template is mended and reloaded; the hour is not over.
    let mended = Fake::new(false, vec![delivered()]);
    slow.outlets = vec![outlet("a", mended.clone())];
    office.send_replace(Arc::new(slow));
    mended.until(1).await;
    assert_eq!(mended.seen()[0], (MessageId::new(row.id), b"alert 1".to_vec()));
    shutdown.cancel();
    tokio::time::timeout(PATIENCE, task).await.expect("it did not stop").unwrap();
}

#[tokio::test]
async fn hours_held_do_not_make_a_message_old() {
    let (place, hand) = (place(), Hand::new());
    let digest = Some(Rhythm::Every(Duration::from_secs(86_400)));
    let fake = Fake::new(true, vec![retry(), delivered()]);
    queue(&place.store, 1, &["a"]).await;
    let delivery = DeliverySection {
        retry: vec![Duration::from_millis(1)],
        give_up: Duration::from_secs(600),
        ..DeliverySection::default()
    };
    let clock = hand.clock();
    let pass = || async {
        let pace = Pace { digest, ..Pace::default() };
        let office = Office {
            delivery: delivery.clone(),
            ..(*office(vec![paced("a", &fake, pace)])).clone()
        };
        let (_hold, receiver) = watch::channel(Arc::new(office));
        once(DeliverSetup { clock: clock.clone(), ..setup(&place.store, receiver) }).await
    };
    pass().await;
    hand.turn(86_401);
    pass().await;
    hand.turn(60);
    assert_eq!(pass().await.delivered, 1, "{:?}", rows(&place.store).await);
}

/// A clock that was a year ahead paused the endpoint and put off a message.
#[tokio::test]
async fn a_clock_that_was_wrong_holds_nothing_up_once_it_is_right() {
    let (place, hand) = (place(), Hand::new());
    let after = Some(Duration::from_secs(60));
    let fake = Fake::new(true, vec![Some(Outcome::Throttled { after }), delivered()]);
    let clock = hand.clock();
    hand.turn(86_400 * 3);
    queue(&place.store, 1, &["a"]).await;
    pass(&place.store, &clock, vec![outlet("a", fake.clone())]).await;
    assert_eq!(fake.seen().len(), 1);
    hand.turn(-86_400 * 3);
    pass(&place.store, &clock, vec![outlet("a", fake.clone())]).await;
    assert_eq!(fake.seen().len(), 2, "it waits for a time that is three days away");
}

#[tokio::test]
async fn a_sink_that_goes_keeps_its_queue_until_it_comes_back_and_a_new_name_gets_none_of_it() {
    let place = place();
    queue(&place.store, 1, &["a"]).await;
    let broken = Fake::new(false, vec![retry()]);
    let clock = Clock::default();
    pass(&place.store, &clock, vec![outlet("a", broken.clone())]).await;
    let id = broken.seen()[0].0.clone();
    // Renamed: what waits is the old name's.
    let other = Fake::new(false, vec![delivered()]);
    pass(&place.store, &clock, vec![outlet("b", other.clone())]).await;
    assert!(other.seen().is_empty());
    assert_eq!(rows(&place.store).await[id.as_str()].state, "paused");
    let willing = Fake::new(false, vec![delivered()]);
    let hand = Hand::new();
    hand.turn(60);
    pass(&place.store, &hand.clock(), vec![outlet("a", willing.clone())]).await;
    assert_eq!(willing.seen(), broken.seen(), "it came under another id or with other bytes");
}

#[tokio::test]
async fn a_burst_of_one_alliance_is_a_digest_and_the_others_are_told_alone() {
    let place = place();
    let chat = Fake::new(true, vec![delivered()]);
    for n in 1..=7 {
        let alliance = if n == 2 || n == 5 { "BRICS" } else { "NATO" };
        queue_of(&place.store, n, &["a"], &[alliance]).await;
    }
    pass(&place.store, &Clock::default(), vec![outlet("a", chat.clone())]).await;
    assert_eq!(bodies(&chat), ["alert 2", "alert 5", "digest of 5"]);
}
