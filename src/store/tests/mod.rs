//! The store on real files.

mod admission;
mod outbox;
mod upkeep;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;

use super::*;
use crate::model::{
    Addressee, Alert, AlertId, AlertKind, Attempt, Decision, Genre, Item, ItemKey, ItemRow, Kind,
    Level, Match, Member, MessageState, Outcome, Plan, RuleId, RuleScore, Sameness, SinkName,
    StoryChange, StoryId,
};

/// Makes a database refuse every item, while the state of feeds can still be written.
pub(crate) fn refuse_items(path: &Path) {
    let trouble = "CREATE TRIGGER trouble BEFORE INSERT ON item
                   BEGIN SELECT RAISE(ABORT, 'no room'); END";
    rusqlite::Connection::open(path).unwrap().execute_batch(trouble).unwrap();
}

/// Makes all stories so much older.
pub(crate) fn age_stories(path: &Path, by: Duration) {
    let by = by.as_millis();
    let older = format!(
        "UPDATE story SET opened = opened - {by}, last_seen = last_seen - {by};
         UPDATE member SET at = at - {by};"
    );
    rusqlite::Connection::open(path).unwrap().execute_batch(&older).unwrap();
}

struct Place {
    _folder: TempDir,
    path: PathBuf,
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    Place { _folder: folder, path }
}

fn open(place: &Place) -> Store {
    Store::open(&place.path, Access::Create).unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + seconds).unwrap()
}

fn item(key: &str) -> Item {
    Item {
        key: ItemKey::new(key),
        feed: FeedName::new("feed"),
        url: Some(format!("https://example.org/{key}")),
        canonical: Some(format!("example.org/{key}")),
        title: format!("Headline of {key}"),
        summary: String::new(),
        body: String::new(),
        feed_text: None,
        author: String::new(),
        categories: vec!["World".to_owned()],
        language: Some("en".to_owned()),
        published: Some(at(0)),
        seen: at(1),
        kind: Kind::Press,
        tags: Vec::new(),
    }
}

fn matched() -> Match {
    Match {
        rules: vec![RuleScore { id: RuleId::new("r"), score: 1.0, threshold: 1.0 }],
        rule_title: "R".to_owned(),
        rule_level: Level::Notable,
        shadow: false,
        moves: Vec::new(),
        alliances: vec!["NATO".to_owned()],
        candidates: vec!["SE".to_owned()],
        also_named: Vec::new(),
        members: Vec::new(),
        genre: Genre::Report,
        evidence: Vec::new(),
        masked: Vec::new(),
        names: BTreeMap::new(),
    }
}

/// A plan that opens story and alert number `n` with one item, told to these sinks.
pub(crate) fn plan(n: i64, sinks: &[&str]) -> Plan {
    let item = item(&format!("i{n}"));
    let sinks: Vec<SinkName> = sinks.iter().map(SinkName::new).collect();
    let member = Member {
        feed: item.feed.clone(),
        key: item.key.clone(),
        url: item.url.clone(),
        canonical: item.canonical.clone(),
        title: item.title.clone(),
        summary: String::new(),
        language: None,
        kind: Kind::Press,
        genre: Genre::Report,
        moves: Vec::new(),
        date: at(0),
        seen: at(1),
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
        item: item.clone(),
        matched: matched(),
        before: Vec::new(),
        previous: None,
        new: None,
        raised: at(n),
        muted: Vec::new(),
    };
    let to = |sink: &SinkName| Addressee { sink: sink.clone(), kind: AlertKind::Raised };
    Plan {
        items: vec![ItemRow {
            item,
            revised: false,
            decision: Decision::Alert(StoryId(n)),
            matched: Some(matched()),
        }],
        stories: vec![StoryChange {
            id: StoryId(n),
            opens: true,
            member,
            sameness: None,
            told: sinks.clone(),
            step: Some(1),
            at: at(n),
        }],
        alerts: vec![(alert, sinks.iter().map(to).collect())],
        ..Plan::empty(FeedName::new("feed"), FeedState::new(at(0)))
    }
}

pub(crate) async fn admit(store: &Store, plans: Vec<Plan>) -> u64 {
    let generation = store.story_book(Timestamp::MIN).await.unwrap().generation;
    match store.admit(generation, Arc::new(plans)).await.unwrap() {
        Admitted::Done { generation } => generation,
        Admitted::Stale => panic!("the plan was stale"),
    }
}

pub(crate) fn attempt(id: &MessageId, outcome: Outcome) -> Attempt {
    Attempt {
        message: id.clone(),
        at: at(10),
        took: Duration::from_millis(5),
        status: Some(503),
        error: Some("busy".to_owned()),
        answer: String::new(),
        outcome,
    }
}

pub(crate) fn entry(alert: Option<AlertId>) -> LedgerEntry {
    LedgerEntry {
        alliance: "NATO".to_owned(),
        candidate: "SE".to_owned(),
        act: "applies".to_owned(),
        stage: 2,
        formal: true,
        actor: None,
        since: at(1),
        last: at(1),
        alert,
        title: "First".to_owned(),
        feed: FeedName::new("feed"),
    }
}

/// Keeps the writing thread busy until it is dropped.
fn hold(store: &Store) -> std::sync::mpsc::Sender<()> {
    let (hold, held) = std::sync::mpsc::channel::<()>();
    let store = store.clone();
    let mut busy = Box::pin(async move {
        let work = move |_: &mut rusqlite::Connection| {
            let _ = held.recv();
            Ok(())
        };
        let _ = store.workers.exclusive(work).await;
    });
    // One look at the future sends the command.
    let waker = std::task::Waker::noop();
    let _ = Future::poll(busy.as_mut(), &mut std::task::Context::from_waker(waker));
    hold
}
