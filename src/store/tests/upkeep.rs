//! Counting, pruning, copies and the shapes that other programs rely on.

use super::*;
use crate::model::{Mute, Shown, mark};

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
    let (subject, note) = ("NATO".to_owned(), None);
    let mute = Mute { subject, since: at(0), until: at(10), note, kept: 0 };
    store.mute(mute).await.unwrap();
    let history = HistorySection { keep: Duration::from_secs(60), ..HistorySection::default() };
    assert_eq!(store.prune(at(30), history.clone()).await, Ok(0), "young items went");
    assert_eq!(store.prune(at(100), history.clone()).await, Ok(6));
    // What it kept back stays explained as long as alerts do.
    assert_eq!(store.mutes(at(5)).await.unwrap().len(), 1);
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
    assert!(store.mutes(at(5)).await.unwrap().is_empty());
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
    let kept = Store::restore(&lock, &copy, &place.path).unwrap().unwrap();
    let alerts = |path: PathBuf| async move {
        Store::open(&path, Access::Read).unwrap().stats().await.unwrap().alerts
    };
    assert_eq!(alerts(place.path.clone()).await, 1);
    assert_eq!(kept, place.path.with_file_name("test.db.before-restore"));
    assert_eq!(alerts(kept.clone()).await, 2);
    // Going back a second time does not cost the state before the first.
    let second = Store::restore(&lock, &copy, &place.path).unwrap().unwrap();
    assert_eq!((alerts(second.clone()).await, alerts(kept).await), (1, 2));
    assert_eq!(second, place.path.with_file_name("test.db.before-restore-2"));
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
                "mode",
                "muted",
                "judged",
                "note",
                "published"
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
                "created",
                "waits"
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

#[tokio::test]
async fn a_damaged_database_gives_way_to_a_copy_and_is_kept() {
    let place = place();
    let copy = place.path.with_file_name("copy.db");
    let store = open(&place);
    admit(&store, (1..200).map(|n| plan(n, &["a"])).collect()).await;
    store.backup(copy.clone()).await.unwrap();
    store.close().await;
    let mut bytes = std::fs::read(&place.path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 20_000].fill(0xa5);
    std::fs::write(&place.path, &bytes).unwrap();
    let lock = Lock::take(&place.path).unwrap();
    let rollback = Store::rollback(&copy, &place.path).unwrap();
    assert_eq!(rollback, Rollback::default(), "what is damaged was compared");
    let kept = Store::restore(&lock, &copy, &place.path).unwrap().unwrap();
    assert!(std::fs::read(kept).unwrap() == bytes, "the damaged file was changed");
    let store = Store::open(&place.path, Access::Write).unwrap();
    assert!(store.check().await.unwrap().is_empty());
    assert_eq!(store.stats().await.unwrap().alerts, 199);
}

#[tokio::test]
async fn a_restore_says_what_would_be_told_again() {
    let place = place();
    let copy = place.path.with_file_name("copy.db");
    let store = open(&place);
    admit(&store, vec![plan(1, &["a", "b"])]).await;
    store.backup(copy.clone()).await.unwrap();
    admit(&store, vec![plan(2, &["a"]), plan(3, &["b"])]).await;
    for message in store.pending(&SinkName::new("a"), 9).await.unwrap() {
        let delivered = Settle::Delivered { thread: None };
        store
            .record(attempt(&message.id, Outcome::Delivered { thread: None }), delivered)
            .await
            .unwrap();
    }
    let told = |list: Vec<Retold>| -> Vec<(String, String)> {
        list.into_iter().map(|one| (one.id.to_string(), one.sink)).collect()
    };
    let rollback = Store::rollback(&copy, &place.path).unwrap();
    assert!(rollback.compared);
    // What `b` was never sent cannot come again.
    assert_eq!(told(rollback.forgotten), [("A-2".to_owned(), "a".to_owned())]);
    assert_eq!(told(rollback.waiting), [("A-1".to_owned(), "a".to_owned())]);
    let now = Store::rollback(&place.path, &place.path).unwrap();
    assert!(now.forgotten.is_empty() && now.waiting.is_empty(), "{now:?}");
}

#[tokio::test]
async fn dated_copies_are_kept_to_a_number_and_others_left_alone() {
    let place = place();
    let folder = place.path.parent().unwrap().join("copies");
    std::fs::create_dir(&folder).unwrap();
    let other = folder.join("test.db.2023-old-one");
    std::fs::write(&other, "mine").unwrap();
    let store = open(&place);
    admit(&store, vec![plan(1, &["a"])]).await;
    let mut gone = Vec::new();
    for day in 0..4 {
        let now = at(day * 86_400);
        gone.extend(store.backup_into(&folder, &place.path, 2, now).await.unwrap().1);
    }
    let mut left: Vec<PathBuf> =
        std::fs::read_dir(&folder).unwrap().map(|one| one.unwrap().path()).collect();
    left.sort();
    let day = |n: i64| folder.join(format!("test.db.2023-11-{n}T22-13-20Z"));
    assert_eq!(left, [day(16), day(17), other]);
    assert_eq!(gone, [day(14), day(15)]);
    let again = store.backup_into(&folder, &place.path, 2, at(3 * 86_400)).await;
    assert!(matches!(again, Err(StoreError::Unfit(_))), "a copy was written over");
    assert!(day(17).exists() && day(16).exists());
}

#[tokio::test]
async fn what_was_flagged_and_too_old_is_kept_as_long_as_alerts() {
    let place = place();
    let store = open(&place);
    let mut old = plan(1, &[]);
    old.stories.clear();
    old.alerts.clear();
    old.items[0].decision = Decision::Old;
    admit(&store, vec![old]).await;
    let day = Duration::from_secs(86_400);
    let history = HistorySection { keep: day, alerts: 10 * day, max_size: 1 };
    assert_eq!(store.prune(at(0) + 9 * day, history.clone()).await, Ok(0));
    assert!(store.prune(at(0) + 11 * day, history).await.unwrap() > 0);
    assert_eq!(store.stats().await.unwrap().items, 0);
}

#[tokio::test]
async fn whoever_plans_hears_that_a_story_went() {
    let place = place();
    let store = open(&place);
    let generation = admit(&store, vec![plan(1, &[])]).await;
    let years = at(0) + Duration::from_secs(6 * 365 * 86_400);
    store.prune(years, HistorySection::default()).await.unwrap();
    let admitted = store.admit(generation, Arc::new(vec![plan(2, &[])])).await;
    assert_eq!(admitted, Ok(Admitted::Stale));
}

/// One step of pruning waits for what is asked between two of them, and gives all the space back.
#[tokio::test]
async fn pruning_goes_by_steps_and_gives_the_space_back() {
    let place = place();
    let store = open(&place);
    let quiet = |n: i64| {
        let mut item = item(&format!("q{n}"));
        item.body = "words ".repeat(5000);
        ItemRow { item, revised: false, decision: Decision::Quiet, matched: None }
    };
    let many = Plan {
        items: (0..2500).map(quiet).collect(),
        ..Plan::empty(FeedName::new("other"), FeedState::new(at(0)))
    };
    admit(&store, vec![many]).await;
    let before = store.stats().await.unwrap();
    let history = HistorySection { keep: Duration::from_secs(1), ..HistorySection::default() };
    let pruning = store.prune(at(1000), history);
    let mut pruning = std::pin::pin!(pruning);
    let mut admitted = 0;
    loop {
        tokio::select! {
            biased;
            pruned = &mut pruning => {
                assert_eq!(pruned, Ok(2500));
                break;
            }
            _ = admit(&store, vec![plan(admitted + 1, &[])]) => admitted += 1,
        }
    }
    assert!(admitted >= 5, "{admitted} admissions came between the steps");
    let after = store.stats().await.unwrap();
    assert!(before.bytes > 70_000_000 && after.bytes < 2_000_000, "{} bytes", after.bytes);
    assert_eq!(after.free_bytes, 0);
    assert!(after.log_bytes < 5_000_000, "a log of {} bytes is left", after.log_bytes);
    assert!(store.check().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_full_disk_stops_admission_loses_nothing_and_heals_by_itself() {
    let place = place();
    let store = open(&place);
    let generation = admit(&store, vec![plan(1, &["a"])]).await;
    for (trouble, healed, cure) in [
        ("PRAGMA max_page_count = 1", "PRAGMA max_page_count = 1000000", "make room on the disk"),
        (
            "PRAGMA query_only = 1",
            "PRAGMA query_only = 0",
            "let the user that runs pactwatch write",
        ),
    ] {
        set(&store, trouble).await;
        let mut large = plan(2, &["a"]);
        large.items[0].item.body = "words ".repeat(50_000);
        let refused = store.admit(generation, Arc::new(vec![large.clone()])).await;
        let error = refused.expect_err(trouble).to_string();
        assert!(error.contains(cure), "{error}");
        // What is there can still be read, and nothing of the plan is.
        let stats = store.stats().await.unwrap();
        assert_eq!((stats.items, stats.alerts, stats.messages), (1, 1, 1));
        // Bookkeeping of a poll waits until it can be written.
        let waiting = FeedName::new(trouble);
        store.note(waiting.clone(), FeedState::new(at(0)));
        set(&store, healed).await;
        store.ping().await.unwrap();
        let half = store.admit(generation + 100, Arc::new(Vec::new())).await;
        assert_eq!(half, Ok(Admitted::Stale));
        assert!(store.feed_states().await.unwrap().contains_key(&waiting));
    }
    admit(&store, vec![plan(2, &["a"])]).await;
    assert_eq!(store.stats().await.unwrap().alerts, 2);
    assert!(store.check().await.unwrap().is_empty());
}

async fn set(store: &Store, pragma: &'static str) {
    let set = move |connection: &mut rusqlite::Connection| Ok(connection.execute_batch(pragma)?);
    store.workers.exclusive(set).await.unwrap();
}
