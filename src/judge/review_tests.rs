//! The loop with a real store.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::Instant;
use toml::de::DeTable;

use super::review::{BACK_OFF, BATCH, guarded, nap};
use super::*;
use crate::model::{
    FeedName, FeedState, Item, ItemKey, Kind, MessageId, PollOutcome, Polled, Pulse, Route,
    SinkName, Validators,
};
use crate::rule::{Draft, RuleSet};
use crate::setting::{FileId, Problems, Span, Table};
use crate::store::{Access, DeliveryFilter, Store, StoryFilter};

fn item(key: &str, title: &str) -> Item {
    let now = Timestamp::now();
    Item {
        key: ItemKey::new(key),
        feed: FeedName::new("feed"),
        url: Some(format!("https://news.example/{key}")),
        canonical: Some(format!("news.example/{key}")),
        title: title.to_owned(),
        summary: String::new(),
        body: String::new(),
        feed_text: None,
        author: String::new(),
        categories: Vec::new(),
        language: None,
        published: Some(now),
        seen: now,
        kind: Kind::Press,
        tags: Vec::new(),
    }
}

fn polled(number: u32, outcome: PollOutcome) -> Polled {
    let now = Timestamp::now();
    let validators = Validators { etag: Some(b"v".to_vec()), ..Validators::default() };
    // The number tells the states apart.
    let success = Some(now);
    let next =
        FeedState { failures: number, validators, last_success: success, ..FeedState::new(now) };
    let took = Duration::ZERO;
    Polled { feed: FeedName::new("feed"), at: now, took, pushed: false, next, outcome }
}

fn items(titles: &[&str]) -> PollOutcome {
    let items = titles.iter().map(|title| item(title, title)).collect();
    PollOutcome::Items { items, faults: Vec::new(), rekeyed: Vec::new() }
}

fn rules() -> RuleSet {
    let text = r#"
[alliance.NATO]
terms = ["NATO"]
[act.applies]
terms = ["applies to join"]
stage = 2
formal = true
[place.IE]
name = "Ireland"
terms = ["Ireland"]
[[rule]]
id = "door"
title = "Door"
when = "@alliance SENTENCE @act SENTENCE @candidate"
"#;
    let problems = Problems::default();
    let table = DeTable::parse(text).unwrap();
    let start = Span::new(FileId(0), 0..0);
    let root = Table::new(&problems, FileId(0), Path::new(""), start, "rules", table.get_ref());
    let mut draft = Draft::default();
    draft.read(&root);
    root.finish();
    let rules = draft.build(&problems);
    assert!(!problems.any_error());
    rules
}

/// Lets polls wait together, judges them and ends.
async fn judge(store: &Store, polls: Vec<Polled>) {
    judge_by(store, polls, StorySection::default(), Vec::new()).await;
}

async fn judge_by(store: &Store, polls: Vec<Polled>, story: StorySection, shadow: Vec<FeedName>) {
    let routes = vec![Route::all(SinkName::new("desk"))];
    let bench = Bench { rules: rules(), routes, story, shadow };
    let (_keep, bench) = watch::channel(Arc::new(bench));
    let (line, inbox) = mpsc::channel(polls.len());
    for poll in polls {
        line.send(poll).await.unwrap();
    }
    drop(line);
    let setup = JudgeSetup {
        store: store.clone(),
        bench,
        inbox,
        posted: Arc::new(Notify::new()),
        pulse: Pulse::default(),
    };
    tokio::time::timeout(Duration::from_secs(30), run(setup)).await.expect("it did not end");
}

const STORY: &str = "Ireland formally applies to join NATO";

#[tokio::test]
async fn validators_never_pass_the_items_that_they_cover() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let store = Store::open(&path, Access::Create).unwrap();
    judge(&store, vec![polled(1, items(&[STORY])), polled(2, PollOutcome::Unchanged)]).await;
    // Closing writes what waits.
    store.close().await;
    let store = Store::open(&path, Access::Read).unwrap();
    // Written in the order of the polls, the state of the later one is what stays.
    assert_eq!(store.feed_states().await.unwrap()["feed"].failures, 2);
    assert_eq!(store.stats().await.unwrap().alerts, 1);
}

#[tokio::test]
async fn a_document_that_comes_twice_together_is_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("t.db"), Access::Create).unwrap();
    let polls = vec![polled(1, items(&[STORY])), polled(2, items(&[STORY, "Storm closes ports"]))];
    judge(&store, polls).await;
    let stats = store.stats().await.unwrap();
    assert_eq!((stats.items, stats.stories, stats.alerts, stats.messages), (2, 1, 1, 1));
    let story =
        store.stories(StoryFilter { limit: 10, ..StoryFilter::default() }).await.unwrap().remove(0);
    assert_eq!(story.items, 1, "an item stands twice in its story");
}

#[tokio::test]
async fn what_follows_a_document_that_was_given_up_is_not_noted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let store = Store::open(&path, Access::Create).unwrap();
    crate::store::tests::refuse_items(&path);
    // The last one comes in a batch of its own.
    let mut polls = vec![polled(1, items(&[STORY]))];
    polls.extend((0..BATCH).map(|_| polled(2, PollOutcome::Unchanged)));
    judge(&store, polls).await;
    store.close().await;
    let store = Store::open(&path, Access::Read).unwrap();
    let states = store.feed_states().await.unwrap();
    assert!(states.is_empty(), "validators without their items: {states:?}");
}

#[tokio::test]
async fn an_empty_document_does_not_pass_the_one_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let store = Store::open(&path, Access::Create).unwrap();
    crate::store::tests::refuse_items(&path);
    judge(&store, vec![polled(1, items(&[STORY])), polled(2, items(&[]))]).await;
    store.close().await;
    let store = Store::open(&path, Access::Read).unwrap();
    assert!(store.feed_states().await.unwrap().is_empty(), "validators without their items");
}

#[tokio::test(start_paused = true)]
async fn the_wait_for_the_store_ends_soon_after_the_last_poll() {
    let (line, inbox) = mpsc::channel(1);
    let start = Instant::now();
    let close = async move {
        tokio::time::sleep(Duration::from_secs(5)).await;
        drop(line);
    };
    tokio::join!(nap(BACK_OFF.1, &inbox), close);
    // The clock is the test's own.
    assert!(start.elapsed() < Duration::from_secs(6), "{:?}", start.elapsed());
}

#[test]
fn a_panic_in_a_rule_costs_its_item_alone() {
    let rules = rules();
    let examine = |item: &Item| {
        assert_ne!(item.title, "Trouble", "a rule with a mistake");
        rules.examine(item).matched
    };
    let judged = ["Trouble", STORY].map(|title| guarded(&examine, &item(title, title)));
    assert!(judged[0].is_none());
    assert!(judged[1].is_some());
}

#[tokio::test]
async fn an_entry_under_a_new_key_is_written_down_and_no_news() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let store = Store::open(&path, Access::Create).unwrap();
    judge(&store, vec![polled(1, items(&[STORY]))]).await;
    store.close().await;

    // The address as well, so that no other test of sameness holds.
    let mut again = item("other-key", STORY);
    again.url = None;
    again.canonical = None;
    let rekeyed = vec![again.key.clone()];
    let poll =
        |item: Item, rekeyed| PollOutcome::Items { items: vec![item], faults: vec![], rekeyed };
    let store = Store::open(&path, Access::Write).unwrap();
    judge(&store, vec![polled(2, poll(again.clone(), rekeyed))]).await;
    let count =
        || async { (store.stats().await.unwrap().alerts, store.stats().await.unwrap().items) };
    assert_eq!(count().await, (1, 2));
    // It stays known without being told again, and a change of its text is judged.
    judge(&store, vec![polled(3, poll(again.clone(), vec![]))]).await;
    assert_eq!(count().await, (1, 2));
    again.title = "Ireland applies to join NATO, and Dublin says when".to_owned();
    judge(&store, vec![polled(4, poll(again, vec![]))]).await;
    assert_eq!(store.stats().await.unwrap().items, 2);
    let found = store.find_items("Dublin says when", 1).await.unwrap();
    assert!(found[0].matched.is_some());
}

fn document(items: Vec<Item>) -> PollOutcome {
    PollOutcome::Items { items, faults: vec![], rekeyed: vec![] }
}

/// The headlines that are queued for the sink, oldest first.
async fn queued(store: &Store) -> Vec<String> {
    let mut titles = Vec::new();
    for row in
        store.deliveries(DeliveryFilter { limit: 10, ..DeliveryFilter::default() }).await.unwrap()
    {
        let views = store.views(&MessageId::new(row.id)).await.unwrap();
        titles.extend(views.into_iter().map(|view| view.alert.item.title));
    }
    titles.reverse();
    titles
}

#[tokio::test]
async fn what_leaves_the_shadow_is_told_as_it_reads_then() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let store = Store::open(&path, Access::Create).unwrap();
    let section = StorySection::default;
    let before = item("page", "Ireland applies to join NATO soon, minister hints");
    let polls = vec![polled(1, document(vec![before]))];
    judge_by(&store, polls, section(), vec![FeedName::new("feed")]).await;
    assert_eq!(queued(&store).await, Vec::<String>::new());
    let polls = vec![polled(2, document(vec![item("page", STORY)]))];
    judge_by(&store, polls, section(), Vec::new()).await;
    assert_eq!(queued(&store).await, [STORY]);
}

#[tokio::test]
async fn a_page_that_tells_a_move_after_its_story_closed_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let store = Store::open(&path, Access::Create).unwrap();
    judge(&store, vec![polled(1, document(vec![item("page", STORY)]))]).await;
    store.close().await;
    crate::store::tests::age_stories(&path, Duration::from_secs(16 * 86_400));
    let store = Store::open(&path, Access::Write).unwrap();
    let later = "Ireland applies to join NATO again";
    judge(&store, vec![polled(2, document(vec![item("page", later)]))]).await;
    assert_eq!(queued(&store).await, [STORY, later]);
}

#[tokio::test]
async fn a_full_stop_makes_no_old_item_news() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let store = Store::open(&path, Access::Create).unwrap();
    let story = || StorySection { first_poll: FirstPoll::Nothing, ..StorySection::default() };
    let page = item("page", STORY);
    let texts = ["Dublin knocks", "Dublin knocks."]
        .map(|text| Item { summary: text.to_owned(), ..page.clone() });
    for (number, text) in (1..).zip(texts) {
        let polls = vec![polled(number, document(vec![text]))];
        judge_by(&store, polls, story(), Vec::new()).await;
    }
    assert_eq!(store.stats().await.unwrap().alerts, 0);
    // Another headline tells something else.
    let polls =
        vec![polled(3, document(vec![item("page", "Irish vote: Ireland applies to join NATO")]))];
    judge_by(&store, polls, story(), Vec::new()).await;
    assert_eq!(store.stats().await.unwrap().alerts, 1);
}
