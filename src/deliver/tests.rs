//! The loop against scripted receivers in memory and a real database.

mod hours;
mod troubles;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tempfile::TempDir;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::model::{
    Addressee, Alert, AlertId, AlertKind, Clock, FeedName, FeedState, Genre, Item, ItemKey, Kind,
    Level, Match, Member, MessageId, Outcome, Plan, Pulse, Refusal, Route, RuleId, RuleScore,
    Sealed, SinkName, StoryChange, StoryId,
};
use crate::sink::contract::{Answer, Letter, Nature, Parcel, Proof, Rate, Sink, Stationery};
use crate::sink::{Outlet, Pace};
use crate::store::{Access, DeliveryFilter, MessageRow, Store};

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(30);

/// A receiver whose answers are scripted; the last repeats. `None` hangs.
struct Fake {
    chat: bool,
    script: Vec<Option<Outcome>>,
    seen: Mutex<Vec<(MessageId, Vec<u8>)>>,
    now: Mutex<(usize, usize)>,
    bell: watch::Sender<usize>,
    /// The most that were under way at once.
    flights: watch::Sender<usize>,
    together: bool,
    /// How many of its first attempts panic.
    panics: usize,
    /// Where it is, and how much it takes.
    place: Option<u64>,
    rate: Option<Rate>,
    /// Why it can make no message.
    unmade: Option<String>,
    /// Alerts that it shows in one digest, and bytes.
    digest: (usize, usize),
}

impl Fake {
    fn new(chat: bool, script: Vec<Option<Outcome>>) -> Arc<Self> {
        Arc::new(Self {
            chat,
            script,
            seen: Mutex::default(),
            now: Mutex::default(),
            bell: watch::channel(0).0,
            flights: watch::channel(0).0,
            together: false,
            panics: 0,
            place: None,
            rate: None,
            unmade: None,
            digest: (6, usize::MAX),
        })
    }

    /// One that accepts a message only while another is under way.
    fn together() -> Arc<Self> {
        let fake = Self::new(false, vec![delivered()]);
        Arc::new(Self { together: true, ..Arc::into_inner(fake).unwrap() })
    }

    fn seen(&self) -> Vec<(MessageId, Vec<u8>)> {
        self.seen.lock().unwrap().clone()
    }

    fn most_in_flight(&self) -> usize {
        self.now.lock().unwrap().1
    }

    async fn until(&self, count: usize) {
        let mut bell = self.bell.subscribe();
        let wait = bell.wait_for(|seen| *seen >= count);
        let waited = tokio::time::timeout(PATIENCE, wait).await.is_ok();
        assert!(waited, "{} of {count} arrived", self.seen().len());
    }
}

impl Sink for Fake {
    fn nature(&self) -> Nature {
        Nature {
            chat: self.chat,
            digest: self.digest.0,
            digest_bytes: self.digest.1,
            in_flight: if self.chat { 1 } else { 8 },
            acceptance: "",
            rate: self.rate,
        }
    }
    fn endpoint(&self) -> Option<u64> {
        self.place
    }
    fn render(&self, letter: &Letter, _: &Stationery) -> Result<Sealed, String> {
        if let Some(why) = &self.unmade {
            return Err(why.clone());
        }
        let body = match letter {
            Letter::Alert(view) => view.alert.item.title.clone(),
            Letter::Digest(views) => format!("digest of {}", views.len()),
            Letter::Event(event) => event.kind.as_str().to_owned(),
            Letter::Ping => "ping".to_owned(),
        };
        Ok(Sealed { content_type: "text/plain".to_owned(), body: body.into_bytes() })
    }
    fn fallback(&self, _: &Letter, _: &Stationery) -> Option<Sealed> {
        self.chat.then(|| Sealed { content_type: "text/plain".to_owned(), body: b"plain".to_vec() })
    }
    fn proof(&self, parcel: Parcel<'_>) -> Result<Proof, Answer> {
        let to = "a fake".to_owned();
        Ok(Proof { to, headers: Vec::new(), body: parcel.sealed.body.clone() })
    }
    fn send<'a>(&'a self, parcel: Parcel<'a>) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            let number = {
                let mut seen = self.seen.lock().unwrap();
                seen.push((parcel.id.clone(), parcel.sealed.body.clone()));
                seen.len()
            };
            {
                let mut now = self.now.lock().unwrap();
                now.0 += 1;
                now.1 = now.1.max(now.0);
                self.flights.send_replace(now.1);
            }
            self.bell.send_replace(number);
            assert!(number > self.panics, "this receiver panics, as it should");
            if self.together {
                // Answers only when another is under way as well.
                let mut both = self.flights.subscribe();
                let _ = tokio::time::timeout(PATIENCE, both.wait_for(|most| *most > 1)).await;
            }
            tokio::task::yield_now().await;
            let last = self.script.last().cloned().flatten();
            let outcome = self.script.get(number - 1).cloned().unwrap_or(last);
            let Some(outcome) = outcome else {
                std::future::pending::<()>().await;
                unreachable!("a pending future has ended")
            };
            self.now.lock().unwrap().0 -= 1;
            Answer { outcome, status: None, error: None, body: String::new() }
        })
    }
}

fn delivered() -> Option<Outcome> {
    Some(Outcome::Delivered { thread: None })
}

fn retry() -> Option<Outcome> {
    Some(Outcome::Retry { after: None })
}

struct Place {
    _folder: TempDir,
    store: Store,
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("t.db"), Access::Create).unwrap();
    Place { _folder: folder, store }
}

/// Queues alert number `n` for these sinks.
async fn queue(store: &Store, n: i64, sinks: &[&str]) {
    queue_of(store, n, sinks, &[]).await;
}

/// Queues alert number `n`, of these alliances.
async fn queue_of(store: &Store, n: i64, sinks: &[&str], alliances: &[&str]) {
    let now = Timestamp::now();
    let item = Item {
        key: ItemKey::new(format!("i{n}")),
        feed: FeedName::new("feed"),
        url: None,
        canonical: None,
        title: format!("alert {n}"),
        summary: String::new(),
        body: String::new(),
        feed_text: None,
        author: String::new(),
        categories: Vec::new(),
        language: None,
        published: None,
        seen: now,
        kind: Kind::Press,
        tags: Vec::new(),
    };
    let matched = Match {
        rules: vec![RuleScore { id: RuleId::new("r"), score: 1.0, threshold: 1.0 }],
        rule_title: String::new(),
        rule_level: Level::Notable,
        shadow: false,
        moves: Vec::new(),
        alliances: alliances.iter().map(|name| (*name).to_owned()).collect(),
        candidates: Vec::new(),
        also_named: Vec::new(),
        members: Vec::new(),
        genre: Genre::Report,
        evidence: Vec::new(),
        masked: Vec::new(),
        names: BTreeMap::new(),
    };
    let member = Member {
        feed: item.feed.clone(),
        key: item.key.clone(),
        url: None,
        canonical: None,
        title: item.title.clone(),
        summary: String::new(),
        language: None,
        kind: Kind::Press,
        genre: Genre::Report,
        moves: Vec::new(),
        date: now,
        seen: now,
        copy: false,
        alert: Some(AlertId(n)),
        shadow: false,
    };
    let alert = Alert {
        id: AlertId(n),
        key: format!("feed\ni{n}\n1"),
        story: StoryId(n),
        kind: AlertKind::Raised,
        level: Level::Notable,
        item,
        matched,
        before: Vec::new(),
        previous: None,
        new: None,
        raised: now,
        muted: Vec::new(),
    };
    let change = StoryChange {
        id: StoryId(n),
        opens: true,
        member,
        sameness: None,
        told: Vec::new(),
        step: Some(1),
        at: now,
    };
    let to =
        sinks.iter().map(|sink| Addressee { sink: SinkName::new(sink), kind: AlertKind::Raised });
    let plan = Plan {
        stories: vec![change],
        alerts: vec![(alert, to.collect())],
        ..Plan::empty(FeedName::new("feed"), FeedState::new(now))
    };
    let generation = store.story_book(Timestamp::MIN).await.unwrap().generation;
    store.admit(generation, Arc::new(vec![plan])).await.unwrap();
}

struct Running {
    nudge: Arc<Notify>,
    shutdown: CancellationToken,
    office: watch::Sender<Arc<Office>>,
    task: tokio::task::JoinHandle<()>,
}

impl Running {
    async fn stop(self) {
        self.shutdown.cancel();
        tokio::time::timeout(PATIENCE, self.task).await.expect("it did not stop").unwrap();
    }
}

fn outlet(name: &str, sink: Arc<Fake>) -> Outlet {
    let name = SinkName::new(name);
    Outlet { route: Route::all(name.clone()), name, burst: 3, pace: Pace::default(), sink }
}

fn office(outlets: Vec<Outlet>) -> Arc<Office> {
    let delivery =
        DeliverySection { retry: vec![Duration::from_millis(20)], ..DeliverySection::default() };
    Arc::new(Office { outlets, delivery, timezone: TimeZone::UTC, public_url: String::new() })
}

fn setup(store: &Store, office: watch::Receiver<Arc<Office>>) -> DeliverSetup {
    DeliverSetup {
        store: store.clone(),
        office,
        clock: Clock::default(),
        nudge: Arc::new(Notify::new()),
        shutdown: CancellationToken::new(),
        grace: Duration::from_millis(200),
        pulse: Pulse::default(),
    }
}

fn start(store: &Store, outlets: Vec<Outlet>) -> Running {
    let (office, receiver) = watch::channel(office(outlets));
    let setup = setup(store, receiver);
    let (nudge, shutdown) = (setup.nudge.clone(), setup.shutdown.clone());
    Running { nudge, shutdown, office, task: tokio::spawn(run(setup)) }
}

async fn rows(store: &Store) -> HashMap<String, MessageRow> {
    let filter = DeliveryFilter { limit: 100, ..DeliveryFilter::default() };
    let rows = store.deliveries(filter).await.unwrap();
    rows.into_iter().map(|row| (row.id.clone(), row)).collect()
}

#[tokio::test]
async fn the_same_bytes_under_the_same_id_until_accepted() {
    let place = place();
    let throttled = Some(Outcome::Throttled { after: Some(Duration::from_millis(30)) });
    let fake = Fake::new(false, vec![retry(), throttled, retry(), delivered()]);
    let running = start(&place.store, vec![outlet("a", fake.clone())]);
    queue(&place.store, 1, &["a"]).await;
    running.nudge.notify_one();
    fake.until(4).await;
    running.stop().await;
    let seen = fake.seen();
    assert!(seen.iter().all(|one| *one == seen[0]), "{seen:?}");
    let row = rows(&place.store).await.remove(seen[0].0.as_str()).unwrap();
    assert_eq!((row.state.as_str(), row.attempts), ("delivered", 4), "each try shows");
    let detail = place.store.delivery(&seen[0].0).await.unwrap().unwrap();
    assert_eq!(detail.attempts.len(), 4);
}

#[tokio::test]
async fn an_attempt_cut_short_costs_nothing_and_keeps_its_id() {
    let place = place();
    queue(&place.store, 1, &["a"]).await;
    let hanging = Fake::new(false, vec![None]);
    let running = start(&place.store, vec![outlet("a", hanging.clone())]);
    hanging.until(1).await;
    running.stop().await;
    let id = hanging.seen()[0].0.clone();
    assert_eq!(rows(&place.store).await[id.as_str()].attempts, 0);
    let willing = Fake::new(false, vec![delivered()]);
    let running = start(&place.store, vec![outlet("a", willing.clone())]);
    willing.until(1).await;
    running.stop().await;
    assert_eq!(willing.seen(), hanging.seen());
}

#[tokio::test]
async fn a_hanging_sink_delays_nobody() {
    let place = place();
    queue(&place.store, 1, &["hangs", "works"]).await;
    let hanging = Fake::new(false, vec![None]);
    let willing = Fake::new(false, vec![delivered()]);
    let running = start(
        &place.store,
        vec![outlet("hangs", hanging.clone()), outlet("works", willing.clone())],
    );
    hanging.until(1).await;
    willing.until(1).await;
    queue(&place.store, 2, &["works"]).await;
    running.nudge.notify_one();
    willing.until(2).await;
    running.stop().await;
}

#[tokio::test]
async fn a_message_that_hangs_holds_up_no_other_at_a_webhook() {
    let place = place();
    queue(&place.store, 1, &["a"]).await;
    let fake = Fake::new(false, vec![None, delivered()]);
    let running = start(&place.store, vec![outlet("a", fake.clone())]);
    fake.until(1).await;
    for n in 2..=20 {
        queue(&place.store, n, &["a"]).await;
    }
    running.nudge.notify_one();
    fake.until(20).await;
    running.stop().await;
    let ids: std::collections::BTreeSet<MessageId> =
        fake.seen().into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids.len(), 20, "a message under way was sent again");
    assert!(fake.most_in_flight() <= 8);
}

#[tokio::test]
async fn a_reload_changes_how_messages_are_retried() {
    let place = place();
    queue(&place.store, 1, &["a"]).await;
    let fake = Fake::new(false, vec![retry(), delivered()]);
    let slow = |wait| {
        let mut office = Office::clone(&office(vec![outlet("a", fake.clone())]));
        office.delivery.retry = vec![wait];
        Arc::new(office)
    };
    let (office, receiver) = watch::channel(slow(Duration::from_secs(3600)));
    let setup = setup(&place.store, receiver);
    let shutdown = setup.shutdown.clone();
    let task = tokio::spawn(run(setup));
    fake.until(1).await;
    office.send_replace(slow(Duration::from_millis(20)));
    queue(&place.store, 2, &["a"]).await;
    fake.until(2).await;
    shutdown.cancel();
    tokio::time::timeout(PATIENCE, task).await.expect("it did not stop").unwrap();
}

#[tokio::test]
async fn a_chat_gets_one_at_a_time_and_bursts_as_a_digest() {
    let place = place();
    for n in 1..=5 {
        queue(&place.store, n, &["chat", "hook"]).await;
    }
    let chat = Fake::new(true, vec![delivered()]);
    let hook = Fake::together();
    let running =
        start(&place.store, vec![outlet("chat", chat.clone()), outlet("hook", hook.clone())]);
    hook.until(5).await;
    chat.until(1).await;
    queue(&place.store, 6, &["chat"]).await;
    running.nudge.notify_one();
    chat.until(2).await;
    running.stop().await;
    let bodies: Vec<String> =
        chat.seen().into_iter().map(|(_, body)| String::from_utf8(body).unwrap()).collect();
    assert_eq!(bodies, ["digest of 5", "alert 6"]);
    assert_eq!(chat.most_in_flight(), 1);
    assert!(hook.most_in_flight() > 1, "a webhook takes several at a time");
}

/// The receiver is out while alerts come one by one, each looked at as it comes.
#[tokio::test]
async fn an_outage_ends_with_as_few_digests_as_the_receiver_can_show() {
    let place = place();
    let chat = Fake::new(true, vec![retry(), delivered()]);
    let delivery =
        DeliverySection { retry: vec![Duration::from_secs(3600)], ..DeliverySection::default() };
    let office = Arc::new(Office {
        outlets: vec![outlet("chat", chat.clone())],
        delivery,
        timezone: TimeZone::UTC,
        public_url: String::new(),
    });
    let round = || async {
        let (_hold, receiver) = watch::channel(office.clone());
        once(setup(&place.store, receiver)).await
    };
    for n in 1..=13 {
        queue(&place.store, n, &["chat"]).await;
        round().await;
    }
    let waiting = rows(&place.store).await;
    assert_eq!(waiting.len(), 3, "{waiting:#?}");
    let head = &waiting.values().find(|row| row.state == "retrying").unwrap().id;
    assert_eq!(place.store.retry(&MessageId::new(head), Timestamp::now()).await, Ok(true));
    round().await;
    let bodies: Vec<String> =
        chat.seen().into_iter().map(|(_, body)| String::from_utf8(body).unwrap()).collect();
    assert_eq!(bodies, ["alert 1", "alert 1", "digest of 6", "digest of 6"]);
}

#[tokio::test]
async fn no_digest_holds_more_than_its_receiver_shows() {
    let place = place();
    for n in 1..=14 {
        queue(&place.store, n, &["chat"]).await;
    }
    let chat = Fake::new(true, vec![delivered()]);
    let running = start(&place.store, vec![outlet("chat", chat.clone())]);
    chat.until(3).await;
    running.stop().await;
    let bodies: Vec<String> =
        chat.seen().into_iter().map(|(_, body)| String::from_utf8(body).unwrap()).collect();
    assert_eq!(bodies, ["digest of 5", "digest of 5", "digest of 4"]);
}

#[tokio::test]
async fn a_refused_message_has_one_plain_form_at_a_chat_and_none_at_a_webhook() {
    let place = place();
    let refused = || Some(Outcome::Refused(Refusal::Message));
    queue(&place.store, 1, &["chat", "hook"]).await;
    let chat = Fake::new(true, vec![refused(), delivered()]);
    let hook = Fake::new(false, vec![refused()]);
    let running =
        start(&place.store, vec![outlet("chat", chat.clone()), outlet("hook", hook.clone())]);
    chat.until(2).await;
    hook.until(1).await;
    running.stop().await;
    let seen = chat.seen();
    assert_eq!(seen[0].0, seen[1].0);
    assert_eq!(seen[1].1, b"plain");
    let rows = rows(&place.store).await;
    assert_eq!(rows[hook.seen()[0].0.as_str()].state, "dead");
}

#[tokio::test]
async fn a_gone_endpoint_is_disabled_and_keeps_its_queue() {
    let place = place();
    queue(&place.store, 1, &["a"]).await;
    let fake = Fake::new(false, vec![Some(Outcome::Refused(Refusal::Gone))]);
    let setup = setup(&place.store, watch::channel(office(vec![outlet("a", fake.clone())])).1);
    let summary = once(setup).await;
    assert_eq!((summary.delivered, summary.failed, summary.waiting), (0, 1, 1));
    let state = place.store.sink_state(&SinkName::new("a")).await.unwrap();
    assert!(state.disabled.is_some());
    let again = start(&place.store, vec![outlet("a", fake.clone())]);
    queue(&place.store, 2, &["a"]).await;
    again.nudge.notify_one();
    again.stop().await;
    assert_eq!(fake.seen().len(), 1, "a disabled sink was asked");
}

#[tokio::test]
async fn a_pause_outlives_a_restart() {
    let place = place();
    queue(&place.store, 1, &["a"]).await;
    let throttled = Some(Outcome::Throttled { after: Some(Duration::from_secs(600)) });
    let fake = Fake::new(false, vec![throttled]);
    let office = || watch::channel(office(vec![outlet("a", fake.clone())])).1;
    once(setup(&place.store, office())).await;
    queue(&place.store, 2, &["a"]).await;
    let summary = once(setup(&place.store, office())).await;
    assert_eq!((fake.seen().len(), summary.waiting), (1, 2), "a paused sink was asked");
}

#[tokio::test]
async fn a_reload_moves_the_queue_to_the_new_receiver() {
    let place = place();
    let failing =
        Fake::new(false, vec![Some(Outcome::Retry { after: Some(Duration::from_secs(0)) })]);
    queue(&place.store, 1, &["a"]).await;
    let running = start(&place.store, vec![outlet("a", failing.clone())]);
    failing.until(2).await;
    let willing = Fake::new(false, vec![delivered()]);
    running.office.send_replace(office(vec![outlet("a", willing.clone())]));
    willing.until(1).await;
    running.office.send_replace(office(Vec::new()));
    queue(&place.store, 2, &["a"]).await;
    running.stop().await;
    assert_eq!(willing.seen()[0].0, failing.seen()[0].0);
    assert_eq!(willing.seen().len(), 1);
}

#[tokio::test]
async fn many_that_wait_for_later_hold_up_no_new_one() {
    let place = place();
    for n in 1..=210 {
        queue(&place.store, n, &["a"]).await;
    }
    let failing = Fake::new(false, vec![Some(Outcome::Refused(Refusal::Endpoint))]);
    let offices = |sink| watch::channel(office(vec![outlet("a", sink)])).1;
    let summary = once(setup(&place.store, offices(failing))).await;
    assert_eq!((summary.failed, summary.waiting), (210, 210));
    queue(&place.store, 211, &["a"]).await;
    let willing = Fake::new(false, vec![delivered()]);
    once(setup(&place.store, offices(willing.clone()))).await;
    assert_eq!(
        willing.seen().iter().map(|(_, body)| body.as_slice()).collect::<Vec<_>>(),
        [b"alert 211"]
    );
}

#[tokio::test]
async fn one_pass_sends_its_digests_and_plain_forms_too() {
    let place = place();
    for n in 1..=14 {
        queue(&place.store, n, &["chat"]).await;
    }
    let refused = Some(Outcome::Refused(Refusal::Message));
    let chat = Fake::new(true, vec![refused, delivered()]);
    let office = watch::channel(office(vec![outlet("chat", chat.clone())])).1;
    let summary = once(setup(&place.store, office)).await;
    assert_eq!(summary, Summary { delivered: 3, failed: 1, waiting: 0 });
    assert_eq!(chat.seen()[1].1, b"plain");
}

#[tokio::test]
async fn one_pass_tries_nothing_twice() {
    let place = place();
    for n in 1..=3 {
        queue(&place.store, n, &["chat", "hook"]).await;
    }
    let again = || vec![Some(Outcome::Throttled { after: Some(Duration::ZERO) })];
    let (chat, hook) = (Fake::new(true, again()), Fake::new(false, again()));
    let outlets = vec![outlet("chat", chat.clone()), outlet("hook", hook.clone())];
    let office = watch::channel(office(outlets)).1;
    once(setup(&place.store, office)).await;
    assert_eq!((chat.seen().len(), hook.seen().len()), (1, 3));
}

#[tokio::test]
async fn a_worker_that_panics_is_started_again_and_costs_the_others_nothing() {
    let place = place();
    queue(&place.store, 1, &["good", "bad"]).await;
    let good = Fake::new(false, vec![None]);
    let bad = Fake::new(true, vec![delivered()]);
    let bad = Arc::new(Fake { panics: 1, ..Arc::into_inner(bad).unwrap() });
    let running =
        start(&place.store, vec![outlet("good", good.clone()), outlet("bad", bad.clone())]);
    good.until(1).await;
    bad.until(2).await;
    queue(&place.store, 2, &["bad"]).await;
    running.nudge.notify_one();
    bad.until(3).await;
    running.stop().await;
    assert_eq!(good.seen().len(), 1, "the attempt of another sink was cut short");
    assert_eq!(bad.seen()[0], bad.seen()[1]);
}
