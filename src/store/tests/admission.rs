//! Admission, bookkeeping, and what other handles see of them.

use super::*;

#[tokio::test]
async fn an_admission_is_all_or_nothing() {
    let place = place();
    let store = open(&place);
    // The second plan opens a story that the first has opened: a constraint fails half-way.
    let broken = store.admit(0, Arc::new(vec![plan(1, &["a"]), plan(1, &["a"])])).await;
    assert!(broken.is_err());
    let stats = store.stats().await.unwrap();
    assert_eq!((stats.feeds, stats.items, stats.stories, stats.messages), (0, 0, 0, 0));
    assert!(store.feed_states().await.unwrap().is_empty(), "validators without their items");
    admit(&store, vec![plan(1, &["a"])]).await;
    assert_eq!(store.stats().await.unwrap().messages, 1);
}

#[tokio::test]
async fn a_failing_change_does_not_undo_its_neighbours() {
    let place = place();
    let store = open(&place);
    let (good, bad) = tokio::join!(
        store.admit(0, Arc::new(vec![Plan::empty(FeedName::new("good"), FeedState::new(at(0)))])),
        store.admit(0, Arc::new(vec![plan(1, &["a"]), plan(1, &["a"])])),
    );
    assert!(good.is_ok() && bad.is_err());
    assert!(store.feed_states().await.unwrap().contains_key("good"));
}

#[tokio::test]
async fn another_process_makes_a_plan_stale() {
    let place = place();
    let (first, second) = (open(&place), open(&place));
    let generation = first.story_book(Timestamp::MIN).await.unwrap().generation;
    admit(&second, vec![plan(1, &["a"])]).await;
    assert_eq!(first.admit(generation, Arc::new(vec![plan(1, &["a"])])).await, Ok(Admitted::Stale));
    assert_eq!(first.stats().await.unwrap().alerts, 1);
}

#[tokio::test]
async fn other_writers_are_noticed_once_and_own_writes_never() {
    let place = place();
    let (first, second) = (open(&place), open(&place));
    admit(&first, vec![plan(1, &["a"])]).await;
    assert!(!first.other_writer_changed().await.unwrap());
    assert!(second.other_writer_changed().await.unwrap());
    assert!(!second.other_writer_changed().await.unwrap());
}

#[tokio::test]
async fn a_story_reads_back_as_it_was_written() {
    let place = place();
    let store = open(&place);
    let plan = plan(1, &["a"]);
    let change = plan.stories[0].clone();
    admit(&store, vec![plan]).await;
    store.close().await;
    let book = open(&place).story_book(at(0)).await.unwrap();
    assert_eq!(book.stories, [Story::grown(None, &change)]);
    assert_eq!((book.next_story, book.next_alert), (2, 2));
    assert!(open(&place).story_book(at(2)).await.unwrap().stories.is_empty());
}

#[tokio::test]
async fn notes_survive_the_end() {
    let place = place();
    let store = open(&place);
    let mut state = FeedState::new(at(5));
    state.failures = 3;
    state.validators.etag = Some(b"W/\"\xffx\"".to_vec());
    state.moved = Some(("https://example.org/new".to_owned(), 2));
    store.note(FeedName::new("feed"), state.clone());
    store.close().await;
    let states = open(&place).feed_states().await.unwrap();
    assert_eq!(states.get("feed"), Some(&state));
}

#[tokio::test]
async fn items_are_known_and_revised() {
    let place = place();
    let store = open(&place);
    admit(&store, vec![plan(1, &[])]).await;
    let keys = vec![ItemKey::new("i1"), ItemKey::new("i2")];
    let known = store.known(vec![(FeedName::new("feed"), keys.clone())]).await.unwrap().remove(0);
    assert_eq!(known.len(), 1);
    let mut changed = item("i1");
    changed.title = "Another headline".to_owned();
    let row =
        ItemRow { item: changed.clone(), revised: true, decision: Decision::Quiet, matched: None };
    let revision =
        Plan { items: vec![row], ..Plan::empty(FeedName::new("feed"), FeedState::new(at(0))) };
    admit(&store, vec![revision]).await;
    let known = store.known(vec![(FeedName::new("feed"), keys)]).await.unwrap().remove(0);
    let expected = Known { text: changed.text_hash(), revisions: 1, untold: None };
    assert_eq!(known.get("i1"), Some(&expected));
    let page = store.items(at(0), 0, 10).await.unwrap();
    assert_eq!(page.len(), 1);
    assert_eq!((&page[0].1.title, &page[0].1.categories), (&changed.title, &changed.categories));
}

#[tokio::test]
async fn a_reading_handle_writes_nothing() {
    let place = place();
    open(&place).close().await;
    let store = Store::open(&place.path, Access::Read).unwrap();
    assert_eq!(store.admit(0, Arc::default()).await, Err(StoreError::ReadOnly));
    assert_eq!(store.stats().await.unwrap().items, 0);
    assert!(Store::open(&place.path.with_extension("none"), Access::Read).is_err());
}

#[tokio::test]
async fn a_known_move_only_comes_nearer() {
    let place = place();
    let store = open(&place);
    let with = |entry: LedgerEntry| Plan {
        ledger: vec![entry],
        ..Plan::empty(FeedName::new("feed"), FeedState::new(at(0)))
    };
    admit(&store, vec![with(entry(None))]).await;
    let later = LedgerEntry { last: at(50), title: "Second".to_owned(), ..entry(None) };
    admit(&store, vec![with(later)]).await;
    admit(&store, vec![with(LedgerEntry { last: at(20), ..entry(None) })]).await;
    let other = LedgerEntry { actor: Some("TR".to_owned()), ..entry(None) };
    admit(&store, vec![with(other.clone())]).await;
    let book = store.story_book(Timestamp::MIN).await.unwrap();
    assert_eq!(book.ledger, [LedgerEntry { last: at(50), ..entry(None) }, other]);
}

#[tokio::test]
async fn a_move_that_was_read_first_gets_the_alert_that_tells_it() {
    let place = place();
    let store = open(&place);
    admit(&store, vec![plan(1, &["a"])]).await;
    let with = |entry: LedgerEntry| Plan {
        ledger: vec![entry],
        ..Plan::empty(FeedName::new("feed"), FeedState::new(at(0)))
    };
    let read = LedgerEntry { since: at(40), last: at(40), ..entry(None) };
    let told = LedgerEntry { since: at(30), last: at(30), ..entry(Some(AlertId(1))) };
    let again = LedgerEntry { since: at(35), last: at(35), ..entry(None) };
    for one in [&read, &told, &again] {
        admit(&store, vec![with(one.clone())]).await;
    }
    let book = store.story_book(Timestamp::MIN).await.unwrap();
    let expected = LedgerEntry { since: at(30), alert: Some(AlertId(1)), ..read };
    assert_eq!(book.ledger, [expected]);
}

#[tokio::test]
async fn a_note_is_not_overwritten_by_an_earlier_plan() {
    let place = place();
    let store = open(&place);
    let state = |failures| FeedState { failures, ..FeedState::new(at(0)) };
    let feed = || FeedName::new("feed");
    // All three wait together, and share a commit.
    let hold = hold(&store);
    store.note(feed(), state(1));
    let (first, second) = (store.clone(), Plan::empty(feed(), state(2)));
    let admission = tokio::spawn(async move { first.admit(0, Arc::new(vec![second])).await });
    tokio::task::yield_now().await;
    store.note(feed(), state(3));
    drop(hold);
    admission.await.unwrap().unwrap();
    store.ping().await.unwrap();
    assert_eq!(store.feed_states().await.unwrap()["feed"].failures, 3);
}

#[tokio::test]
async fn a_full_disk_is_an_error_and_work_goes_on_after_it() {
    let place = place();
    let store = open(&place);
    admit(&store, vec![plan(1, &["a"])]).await;
    let set_limit = |pages: i64| {
        store.workers.exclusive(move |connection| {
            Ok(connection.pragma_update(None, "max_page_count", pages)?)
        })
    };
    set_limit(1).await.unwrap();
    let mut large = plan(2, &["a"]);
    large.items[0].item.body = "x".repeat(1 << 20);
    let (full, neighbour) = tokio::join!(
        store.admit(1, Arc::new(vec![large.clone()])),
        store.admit(1, Arc::new(vec![Plan::empty(FeedName::new("other"), FeedState::new(at(0)))])),
    );
    let error = full.unwrap_err().to_string();
    assert!(error.contains("full") && error.contains("make room"), "{error}");
    // Its neighbour fails with it or is there: never accepted and lost.
    let there = store.feed_states().await.unwrap().contains_key("other");
    assert_eq!(there, neighbour.is_ok());
    assert_eq!(store.stats().await.unwrap().items, 1);
    set_limit(1 << 30).await.unwrap();
    admit(&store, vec![large]).await;
    assert_eq!(store.stats().await.unwrap().items, 2);
    assert!(store.check().await.unwrap().is_empty());
}

#[tokio::test]
async fn numbers_are_never_given_twice() {
    let place = place();
    let store = open(&place);
    admit(&store, vec![plan(5, &[])]).await;
    let years = at(0) + Duration::from_secs(6 * 365 * 86_400);
    assert!(store.prune(years, HistorySection::default()).await.unwrap() > 0);
    assert_eq!(store.stats().await.unwrap().alerts, 0);
    let book = store.story_book(Timestamp::MIN).await.unwrap();
    assert_eq!((book.next_story, book.next_alert, book.stories.len()), (6, 6, 0));
}

#[tokio::test]
async fn readers_see_whole_admissions_while_another_handle_writes() {
    let place = place();
    let writer = open(&place);
    admit(&writer, vec![plan(1, &["a"])]).await;
    let reader = Store::open(&place.path, Access::Read).unwrap();
    let writing = tokio::spawn(async move {
        for n in 2..40 {
            admit(&writer, vec![plan(n, &["a"])]).await;
        }
    });
    let mut last = 0;
    while last < 39 {
        let stats = reader.stats().await.unwrap();
        assert_eq!(
            (stats.items, stats.stories, stats.messages),
            (stats.alerts, stats.alerts, stats.alerts)
        );
        assert!(stats.alerts >= last);
        last = stats.alerts;
        assert!(last == 39 || !writing.is_finished() || reader.stats().await.unwrap().alerts == 39);
    }
    writing.await.unwrap();
}
