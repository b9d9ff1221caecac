//! Counting, pruning, copies and the shapes that other programs rely on.

use super::*;
use crate::model::{Shown, mark};

#[tokio::test]
async fn pruning_keeps_what_is_shown_and_what_was_flagged() {
    let place = place();
    let store = open(&place);
    let mut state = FeedState::new(at(0));
    state.entries = 2;
    let quiet = |n: i64| ItemRow {
        item: item(&format!("q{n}")),
        revised: false,
        decision: Decision::Quiet,
        matched: None,
    };
    let many = Plan {
        items: (0..10).map(quiet).collect(),
        ..Plan::empty(FeedName::new("feed"), state.clone())
    };
    let flagged = Plan { state, ..plan(1, &["a"]) };
    admit(&store, vec![flagged, many]).await;
    let history = HistorySection { keep: Duration::from_secs(60), ..HistorySection::default() };
    assert_eq!(store.prune(at(30), history.clone()).await, Ok(0), "young items went");
    assert_eq!(store.prune(at(100), history.clone()).await, Ok(6));
    let left: Vec<String> = store
        .items(Timestamp::MIN, 0, 100)
        .await
        .unwrap()
        .into_iter()
        .map(|(_, item)| item.key.to_string())
        .collect();
    assert_eq!(left, ["i1", "q6", "q7", "q8", "q9"]);
    let years = at(0) + Duration::from_secs(6 * 365 * 86_400);
    store
        .bury(
            &store.pending(&SinkName::new("a"), 1).await.unwrap()[0].id,
            DeadReason::Expired,
            at(2),
        )
        .await
        .unwrap();
    assert!(store.prune(years, history).await.unwrap() > 0);
    let stats = store.stats().await.unwrap();
    assert_eq!((stats.alerts, stats.messages, stats.stories), (0, 0, 0));
    let habits = store.habits().await.unwrap();
    assert!(habits.days.is_empty() && habits.rules.is_empty(), "{habits:?}");
    assert!(store.check().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_large_file_sheds_quiet_items_only_until_it_is_small_enough() {
    let place = place();
    let store = open(&place);
    let quiet = |n: i64| {
        let mut item = item(&format!("q{n}"));
        item.body = "words ".repeat(500);
        ItemRow { item, revised: false, decision: Decision::Quiet, matched: None }
    };
    let many = Plan {
        items: (0..3000).map(quiet).collect(),
        ..Plan::empty(FeedName::new("feed"), FeedState::new(at(0)))
    };
    admit(&store, vec![plan(1, &[]), many]).await;
    let before = store.stats().await.unwrap();
    let history = HistorySection { max_size: before.bytes / 2, ..HistorySection::default() };
    let gone = store.prune(at(9), history.clone()).await.unwrap();
    let after = store.stats().await.unwrap();
    assert!(after.bytes <= history.max_size, "{} bytes are left", after.bytes);
    assert!((1000..2200).contains(&gone), "{gone} items went");
    assert_eq!((after.alerts, after.items), (1, before.items - gone as u64));
    assert_eq!(store.find_items("i1", 1).await.unwrap().len(), 1, "a flagged item went");
}

#[tokio::test]
async fn a_backup_brings_back_the_state_that_it_was_made_of() {
    let place = place();
    let copy = place.path.with_file_name("copy.db");
    let store = open(&place);
    admit(&store, vec![plan(1, &["a"])]).await;
    store.backup(copy.clone()).await.unwrap();
    assert!(matches!(store.backup(copy.clone()).await, Err(StoreError::Unfit(_))));
    admit(&store, vec![plan(2, &["a"])]).await;
    store.close().await;
    let lock = Lock::take(&place.path).unwrap();
    Store::restore(&lock, &copy, &place.path).unwrap();
    let alerts = |path: PathBuf| async move {
        Store::open(&path, Access::Read).unwrap().stats().await.unwrap().alerts
    };
    assert_eq!(alerts(place.path.clone()).await, 1);
    assert_eq!(alerts(place.path.with_file_name("test.db.before-restore")).await, 2);
    std::fs::write(&copy, "no database").unwrap();
    assert!(Store::restore(&lock, &copy, &place.path).is_err());
    assert_eq!(alerts(place.path.clone()).await, 1);
}

#[tokio::test]
async fn counts_say_what_there_is() {
    let place = place();
    let store = open(&place);
    let mut old = plan(2, &[]);
    old.stories.clear();
    old.alerts.clear();
    old.items[0].decision = Decision::Old;
    admit(&store, vec![plan(1, &["a", "b"]), old]).await;
    let counts = store.counts(at(60)).await.unwrap();
    assert_eq!((counts.items, counts.too_old, counts.alerts_24h), (2, 1, 1));
    assert_eq!(counts.last_alert, Some(at(1)));
    assert_eq!((counts.open_messages(), counts.dead_messages()), (2, 0));
    assert_eq!(counts.queue["a"]["queued"], 1);
    assert_eq!(store.counts(at(100_000)).await.unwrap().alerts_24h, 0);
    let alerts = |level| AlertFilter { level: Some(level), limit: 9, ..AlertFilter::default() };
    assert_eq!(store.alerts(alerts(Level::Notable)).await.unwrap().len(), 1);
    assert_eq!(store.alerts(alerts(Level::Flash)).await.unwrap().len(), 0);
    let nato =
        AlertFilter { alliance: Some("nato".to_owned()), limit: 9, ..AlertFilter::default() };
    assert_eq!(store.alerts(nato).await.unwrap().len(), 1);
    assert_eq!(store.queue_ages().await.unwrap().len(), 2);
}

#[tokio::test]
async fn habits_are_counted_as_items_come() {
    let place = place();
    let store = open(&place);
    let rules = |names: &[&str]| names.iter().map(RuleId::new).collect::<Vec<_>>();
    let day = jiff::civil::date(2023, 11, 14);
    store.run_rules(rules(&["r", "quiet"]), at(0)).await.unwrap();
    let mut changed = plan(3, &[]);
    changed.items[0].revised = true;
    let mut quiet = plan(4, &[]);
    quiet.items[0].matched = None;
    for plan in [&mut changed, &mut quiet] {
        plan.stories.clear();
        plan.alerts.clear();
    }
    admit(&store, vec![plan(1, &["a"]), plan(2, &[])]).await;
    admit(&store, vec![changed, quiet]).await;
    let habits = store.habits().await.unwrap();
    assert_eq!(habits.days, [day]);
    let matches = |id: &str| habits.rules[&RuleId::new(id)].matches.clone();
    assert_eq!(matches("r"), [(day, 2)].into(), "changed texts and quiet items do not count");
    assert!(matches("quiet").is_empty());
    // A plan that is stale counts nothing, as it writes nothing.
    assert_eq!(store.admit(0, Arc::new(vec![plan(5, &[])])).await.unwrap(), Admitted::Stale);
    assert_eq!(store.habits().await.unwrap(), habits);
    // A rule that goes and comes back begins anew; one that stays keeps its day.
    store.run_rules(rules(&["r"]), at(200_000)).await.unwrap();
    store.run_rules(rules(&["r", "quiet"]), at(200_000)).await.unwrap();
    let habits = store.habits().await.unwrap();
    let since = |id: &str| habits.rules[&RuleId::new(id)].since.to_string();
    assert_eq!((since("r"), since("quiet")), ("2023-11-14".to_owned(), "2023-11-17".to_owned()));
    assert_eq!(habits.rules[&RuleId::new("r")].matches[&day], 2);
}

#[test]
fn listings_keep_their_keys() {
    let keys = |value: serde_json::Value| -> Vec<String> {
        value.as_object().unwrap().keys().cloned().collect()
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let place = place();
        let store = open(&place);
        let mut plan = plan(1, &["a"]);
        plan.ledger.push(entry(Some(AlertId(1))));
        admit(&store, vec![plan]).await;
        let alert = store.alerts(AlertFilter { limit: 1, ..AlertFilter::default() }).await.unwrap();
        assert_eq!(
            keys(serde_json::to_value(&alert[0]).unwrap()),
            [
                "id",
                "story",
                "kind",
                "level",
                "rule",
                "alliances",
                "candidates",
                "acts",
                "title",
                "url",
                "feed",
                "raised",
                "mode"
            ]
        );
        let filter = DeliveryFilter { limit: 1, ..DeliveryFilter::default() };
        let row = store.deliveries(filter).await.unwrap();
        assert_eq!(
            keys(serde_json::to_value(&row[0]).unwrap()),
            [
                "id",
                "type",
                "alert",
                "alerts",
                "sink",
                "state",
                "attempts",
                "due",
                "last_status",
                "last_error",
                "created"
            ]
        );
        let ledger = store.ledger().await.unwrap();
        let ledger = keys(serde_json::to_value(&ledger[0]).unwrap());
        assert_eq!(
            ledger[..7],
            ["alliance", "candidate", "act", "actor", "since", "alert", "title"]
        );
        let feeds = store.feeds().await.unwrap();
        assert_eq!(
            keys(serde_json::to_value(&feeds[0]).unwrap())[..6],
            ["name", "state", "last_success", "next_due", "failures", "items"]
        );
    });
}

#[tokio::test]
async fn an_old_entry_that_its_feed_keeps_on_top_is_not_forgotten() {
    let place = place();
    let store = open(&place);
    let quiet = |n: i64| ItemRow {
        item: item(&format!("q{n}")),
        revised: false,
        decision: Decision::Quiet,
        matched: None,
    };
    let mut state = FeedState { entries: 2, ..FeedState::new(at(0)) };
    for key in ["q0", "q9"] {
        state.identity.shown.push(Shown { key: mark(key), ..Shown::default() });
    }
    let plan = |items: Vec<ItemRow>, state: &FeedState| Plan {
        items,
        ..Plan::empty(FeedName::new("feed"), state.clone())
    };
    admit(&store, vec![plan((0..10).map(quiet).collect(), &state)]).await;
    let years = at(0) + jiff::SignedDuration::from_hours(24 * 365 * 3);
    store.prune(years, HistorySection::default()).await.unwrap();
    let keys = (0..10).map(|n| item(&format!("q{n}")).key).collect();
    let known = store.known(vec![(FeedName::new("feed"), keys)]).await.unwrap().remove(0);
    let mut left: Vec<&str> = known.keys().map(|key| key.as_str()).collect();
    left.sort_unstable();
    assert_eq!(left, ["q0", "q6", "q7", "q8", "q9"]);

    // A document without entries is a slip: what was shown before stays known.
    state.entries = 0;
    admit(&store, vec![plan(vec![], &state)]).await;
    assert_eq!(store.prune(years, HistorySection::default()).await.unwrap(), 0);
}

#[tokio::test]
async fn wanted_feeds_are_given_once_and_what_is_saved_of_a_feed_comes_back() {
    let place = place();
    let store = open(&place);
    let name = FeedName::new("feed");
    assert_eq!(store.want_feed(name.clone(), at(0)).await, Ok(false));
    let state = FeedState {
        since: Some(at(1)),
        offline: Some(at(2)),
        moved: Some(("https://example.org/new".to_owned(), 2)),
        ..FeedState::new(at(0))
    };
    store.note(name.clone(), state.clone());
    // To close it waits for what was accepted.
    store.close().await;
    let store = open(&place);
    assert_eq!(store.feed_states().await.unwrap()[&name], state);
    let row = &store.feeds().await.unwrap()[0];
    assert_eq!((row.since, row.offline, &row.moved), (state.since, state.offline, &state.moved));
    // Another command asks while the daemon writes.
    let other = Store::open(&place.path, Access::Write).unwrap();
    assert_eq!(other.want_feed(name.clone(), at(3)).await, Ok(true));
    assert_eq!(store.take_wanted_feeds().await, Ok(vec![name.clone()]));
    assert_eq!(store.take_wanted_feeds().await, Ok(Vec::new()));
}
