//! The database in trouble between a delivery and its record: what was sent is not sent again.

use std::sync::{Arc, Mutex};

use rusqlite::Connection;

use crate::program::{Program, stop};
use crate::world::{Hook, Reply, Site, entry};

/// What to do as the first message arrives, before it is answered.
type Then = Arc<Mutex<Option<Box<dyn FnOnce() + Send>>>>;

/// A receiver that takes everything, and a place for what its first message is to cause.
async fn hook() -> (Hook, Then) {
    let then = Then::default();
    let due = then.clone();
    let hook = Hook::start(move |_, _| {
        if let Some(cause) = due.lock().unwrap().take() {
            cause();
        }
        Reply::status(204)
    })
    .await;
    (hook, then)
}

async fn world() -> (Site, Hook, Then, Program) {
    let site = Site::start().await;
    let (hook, then) = hook().await;
    let program = Program::new(&Program::config(&[site.url("paper")], &hook.url("alerts")));
    (site, hook, then, program)
}

/// Waits until the message is known as delivered, and sees that it was sent once.
async fn told_once(program: &Program, hook: &Hook, daemon: tokio::process::Child) {
    hook.until("the second story is told", |all| all.len() > 1).await;
    assert_eq!(stop(daemon).await, Some(0), "{}", program.log());
    let ids: Vec<String> = hook.received().into_iter().map(|one| one.id).collect();
    assert_eq!(ids.len(), 2, "it was sent again: {ids:?}");
    let rows = program.json(&["deliveries", "list"]).await;
    let states: Vec<&str> = rows.iter().filter_map(|row| row["state"].as_str()).collect();
    assert_eq!(states, ["delivered", "delivered"]);
    assert!(rows.iter().all(|row| row["attempts"] == 1), "{rows:?}");
}

const UNWRITTEN: &str = "what came of a delivery cannot be written";
const FIRST: &str = "Ireland formally applies to join NATO";
const SECOND: &str = "Mexico formally applies to join BRICS";

/// Another process keeps the database for longer than anybody waits for it.
#[tokio::test]
async fn a_delivery_whose_record_finds_the_database_busy_is_not_sent_again() {
    let (site, hook, then, program) = world().await;
    let path = program.path("test.db");
    let kept: Arc<Mutex<Option<Connection>>> = Arc::default();
    let keep = kept.clone();
    *then.lock().unwrap() = Some(Box::new(move || {
        let other = Connection::open(path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        *keep.lock().unwrap() = Some(other);
    }));
    let daemon = program.start();
    site.publish("paper", [entry("ireland", FIRST, "")]);
    program.logged(UNWRITTEN).await;
    drop(kept.lock().unwrap().take());
    site.publish("paper", [entry("mexico", SECOND, "")]);
    told_once(&program, &hook, daemon).await;
}

/// A limit on the size of files stands for a disk without room.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_delivery_whose_record_finds_the_disk_full_is_not_sent_again() {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};

    let (site, hook, then, program) = world().await;
    // With its signal ignored a write beyond the limit fails instead of ending the process.
    let daemon = program.start_after("trap '' XFSZ");
    let pid = Pid::from_raw(daemon.id().unwrap().try_into().unwrap()).unwrap();
    let files = move |bytes| {
        let limit = Rlimit { current: bytes, maximum: None };
        prlimit(Some(pid), Resource::Fsize, limit).unwrap();
    };
    *then.lock().unwrap() = Some(Box::new(move || files(Some(4096))));
    site.publish("paper", [entry("ireland", FIRST, "")]);
    // The log stays below the limit.
    program.logged(UNWRITTEN).await;
    files(None);
    site.publish("paper", [entry("mexico", SECOND, "")]);
    told_once(&program, &hook, daemon).await;
}
