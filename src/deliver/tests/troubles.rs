//! Endpoints in trouble: what one sink learns holds for all that share the endpoint.

use super::hours::{Hand, pass};
use super::*;

/// Two sinks at one address, the first with this script.
fn two(script: Vec<Option<Outcome>>) -> (Arc<Fake>, Arc<Fake>) {
    let at = |fake: Arc<Fake>| Arc::new(Fake { place: Some(7), ..Arc::into_inner(fake).unwrap() });
    (at(Fake::new(true, script)), at(Fake::new(true, vec![delivered()])))
}

#[tokio::test]
async fn a_rate_signal_pauses_every_sink_at_the_same_address_and_outlives_a_restart() {
    let (place, hand) = (place(), Hand::new());
    let clock = hand.clock();
    let after = Some(Duration::from_secs(600));
    let (first, second) = two(vec![Some(Outcome::Throttled { after }), delivered()]);
    let elsewhere = Fake::new(true, vec![delivered()]);
    let outlets = || {
        let all = [("a", &first), ("b", &second), ("c", &elsewhere)];
        all.map(|(name, fake)| outlet(name, fake.clone())).to_vec()
    };
    queue(&place.store, 1, &["a"]).await;
    hand.turn(1);
    pass(&place.store, &clock, outlets()).await;
    queue(&place.store, 2, &["b", "c"]).await;
    hand.turn(1);
    let held = place.store.held(clock.now()).await.unwrap();
    let rows = held.iter().map(|row| (row.sink.as_str(), row.waits.as_str(), row.messages));
    let asked = "its receiver to take more";
    assert_eq!(rows.collect::<Vec<_>>(), [("a", asked, 1), ("b", asked, 1)]);
    // Each pass begins as a restart does, from the rows alone.
    pass(&place.store, &clock, outlets()).await;
    assert_eq!(elsewhere.seen().len(), 1, "another address was paused");
    hand.turn(598);
    pass(&place.store, &clock, outlets()).await;
    assert_eq!((first.seen().len(), second.seen().len()), (1, 0), "the pause was not kept");
    hand.turn(2);
    pass(&place.store, &clock, outlets()).await;
    assert_eq!((first.seen().len(), second.seen().len()), (2, 1));
}

#[tokio::test]
async fn a_receiver_that_is_out_is_asked_with_one_message_and_what_waited_is_due_when_it_is_back() {
    let (place, hand) = (place(), Hand::new());
    let clock = hand.clock();
    for n in 1..=40 {
        queue(&place.store, n, &["a"]).await;
    }
    let mut script = vec![retry(); 16];
    script.push(delivered());
    let fake = Fake::new(false, script);
    let office = |wait| {
        let mut office = Office::clone(&office(vec![outlet("a", fake.clone())]));
        office.delivery.retry = vec![wait];
        Arc::new(office)
    };
    let pass = async |wait| {
        let (_hold, receiver) = watch::channel(office(Duration::from_secs(wait)));
        once(DeliverSetup { clock: clock.clone(), ..setup(&place.store, receiver) }).await
    };
    hand.turn(1);
    pass(3600).await;
    let tried = fake.seen().len();
    assert!((5..=12).contains(&tried), "{tried} messages were tried before it was left alone");
    let held = place.store.held(clock.now()).await.unwrap().remove(0);
    assert_eq!((held.waits.as_str(), held.messages), ("its receiver to take more", 40));
    hand.turn(899);
    pass(3600).await;
    assert_eq!(fake.seen().len(), tried, "it was not left alone");
    while fake.seen().len() < 16 {
        hand.turn(901);
        let before = fake.seen().len();
        pass(3600).await;
        assert_eq!(fake.seen().len(), before + 1, "it was asked with more than one message");
    }
    hand.turn(901);
    pass(3600).await;
    assert!(fake.seen().len() > 16);
    // 40 messages in 40 seconds, those whose own hour is not over included.
    for _ in 0..45 {
        hand.turn(1);
        pass(3600).await;
    }
    let rows = rows(&place.store).await;
    assert!(rows.values().all(|row| row.state == "delivered"), "{rows:#?}");
}

fn counting(messages: usize, within: Duration) -> Arc<Fake> {
    let fake = Arc::into_inner(Fake::new(false, vec![delivered()])).unwrap();
    Arc::new(Fake { place: Some(1), rate: Some(Rate { messages, within }), ..fake })
}

#[tokio::test]
async fn no_more_go_than_the_receiver_says_it_takes() {
    let place = place();
    for n in 1..=5 {
        queue(&place.store, n, &["a"]).await;
    }
    let slow = counting(2, Duration::from_secs(3600));
    let running = start(&place.store, vec![outlet("a", slow.clone())]);
    slow.until(2).await;
    running.stop().await;
    assert_eq!(slow.seen().len(), 2);
    // Nor over a restart.
    let running = start(&place.store, vec![outlet("a", slow.clone())]);
    queue(&place.store, 6, &["b"]).await;
    let other = Fake::new(false, vec![delivered()]);
    running
        .office
        .send_replace(office(vec![outlet("a", slow.clone()), outlet("b", other.clone())]));
    other.until(1).await;
    running.stop().await;
    assert_eq!(slow.seen().len(), 2, "the turns before the restart were forgotten");
    // A single pass waits for its turns.
    let quick = counting(1, Duration::from_millis(20));
    let office = watch::channel(office(vec![outlet("a", quick.clone())])).1;
    let summary = once(setup(&place.store, office)).await;
    assert_eq!((summary.delivered, summary.waiting), (3, 0));
}

/// The operator mends an address that asked for hours of quiet.
#[tokio::test]
async fn a_new_address_owes_nothing_to_the_old_one() {
    let place = place();
    queue(&place.store, 1, &["a", "b"]).await;
    let after = Some(Duration::from_secs(3600));
    let at = |place, script| {
        let fake = Fake::new(true, script);
        Arc::new(Fake { place: Some(place), ..Arc::into_inner(fake).unwrap() })
    };
    let weary = at(1, vec![Some(Outcome::Throttled { after })]);
    let kept = at(2, vec![Some(Outcome::Throttled { after })]);
    let running = start(&place.store, vec![outlet("a", weary.clone()), outlet("b", kept.clone())]);
    weary.until(1).await;
    kept.until(1).await;
    let fresh = at(3, vec![delivered()]);
    let outlets = vec![outlet("a", fresh.clone()), outlet("b", kept.clone())];
    running.office.send_replace(office(outlets));
    fresh.until(1).await;
    running.stop().await;
    assert_eq!(fresh.seen(), weary.seen(), "it came under another id or with other bytes");
    assert_eq!(kept.seen().len(), 1, "an address that stayed was not left alone");
}

/// The address is mended while nothing runs.
#[tokio::test]
async fn a_new_address_is_noticed_at_a_start_too() {
    let (place, hand) = (place(), Hand::new());
    let clock = hand.clock();
    queue(&place.store, 1, &["a"]).await;
    hand.turn(1);
    let after = Some(Duration::from_secs(3600));
    let at = |place, script| {
        let fake = Fake::new(true, script);
        Arc::new(Fake { place: Some(place), ..Arc::into_inner(fake).unwrap() })
    };
    let weary = at(1, vec![Some(Outcome::Throttled { after })]);
    for _ in 0..2 {
        pass(&place.store, &clock, vec![outlet("a", weary.clone())]).await;
    }
    assert_eq!(weary.seen().len(), 1, "its pause was forgotten by a start");
    let fresh = at(2, vec![Some(Outcome::Refused(Refusal::Endpoint)), delivered()]);
    pass(&place.store, &clock, vec![outlet("a", fresh.clone())]).await;
    assert_eq!(fresh.seen(), weary.seen(), "it came under another id or with other bytes");
    // Its refusal leaves the message alone for a minute, but not at the next address.
    let mended = at(3, vec![delivered()]);
    pass(&place.store, &clock, vec![outlet("a", mended.clone())]).await;
    assert_eq!(mended.seen(), weary.seen());
}

#[tokio::test]
async fn a_reload_waits_for_no_receiver_but_its_own() {
    let place = place();
    queue(&place.store, 1, &["hangs"]).await;
    let hanging = Fake::new(false, vec![None]);
    let willing = Fake::new(false, vec![delivered()]);
    let outlets = || vec![outlet("hangs", hanging.clone()), outlet("works", willing.clone())];
    let (office, receiver) = watch::channel(office(outlets()));
    let setup = DeliverSetup { grace: PATIENCE * 10, ..setup(&place.store, receiver) };
    let (nudge, task) = (setup.nudge.clone(), tokio::spawn(run(setup)));
    hanging.until(1).await;
    office.send_replace(super::office(outlets()));
    queue(&place.store, 2, &["works"]).await;
    nudge.notify_one();
    willing.until(1).await;
    assert_eq!(hanging.seen().len(), 1, "the attempt under way was cut short, and made again");
    task.abort();
}

#[tokio::test]
async fn a_receiver_that_mostly_fails_is_left_alone_though_it_never_fails_five_times_in_a_row() {
    let place = place();
    let round = [retry(), retry(), delivered()];
    let script: Vec<_> =
        round.iter().cycle().take(9).cloned().chain([retry(), delivered()]).collect();
    let fake = Fake { place: Some(7), ..Arc::into_inner(Fake::new(true, script)).unwrap() };
    let fake = Arc::new(fake);
    let running = start(&place.store, vec![outlet("a", fake.clone())]);
    for number in 1..=4 {
        queue(&place.store, number, &["a"]).await;
        running.nudge.notify_one();
        fake.until(if number < 4 { 3 * usize::try_from(number).unwrap() } else { 10 }).await;
    }
    let name = SinkName::new("a");
    let opened = async {
        while place.store.sink_state(&name).await.unwrap().failures < breaker::OPENS {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, opened).await.expect("it was never left alone");
    // And its first success is the end of it.
    fake.until(11).await;
    let closed = async {
        while place.store.sink_state(&name).await.unwrap().failures > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, closed).await.expect("it was left alone for good");
    running.stop().await;
}
