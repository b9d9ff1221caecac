//! The database of a running daemon: copies, pruning, going back, and a disk without room.

use crate::program::{Program, errors, stop, text};
use crate::world::{Hook, Site, entry};

const FIRST: &str = "Ireland formally applies to join NATO";
const SECOND: &str = "Mexico formally applies to join BRICS";

#[tokio::test]
async fn a_live_database_is_copied_and_gone_back_to() {
    let site = Site::start().await;
    let hook = Hook::willing().await;
    site.publish("paper", [entry("ireland", FIRST, "")]);
    let program = Program::new(&Program::config(&[site.url("paper")], &hook.url("alerts")));
    let daemon = program.start();
    hook.until("the first story is told", |all| !all.is_empty()).await;
    std::fs::create_dir(program.path("copies")).unwrap();
    for target in ["copy.db", "copies"] {
        let output = program.run(&["store", "backup", target]).await;
        assert!(output.status.success(), "{}", errors(&output));
    }
    let again = program.run(&["store", "backup", "copy.db"]).await;
    assert!(errors(&again).contains("there is such a file"), "{}", errors(&again));
    let keep = program.run(&["store", "backup", "new.db", "--keep", "2"]).await;
    assert!(errors(&keep).contains("make the folder first"), "{}", errors(&keep));
    let dated: Vec<_> = std::fs::read_dir(program.path("copies")).unwrap().collect();
    assert_eq!(dated.len(), 1, "{dated:?}");

    site.publish("paper", [entry("mexico", SECOND, "")]);
    hook.until("the second story is told", |all| all.len() > 1).await;
    for command in ["check", "stats", "prune"] {
        let output = program.run(&["store", command]).await;
        assert!(output.status.success(), "{command}: {}", errors(&output));
    }
    let refused = program.run(&["store", "restore", "copy.db"]).await;
    let holder = daemon.id().unwrap().to_string();
    assert!(errors(&refused).contains(&holder), "{}", errors(&refused));
    assert_eq!(stop(daemon).await, Some(0), "{}", program.log());

    let said = text(&program.run(&["store", "restore", "copy.db", "--dry-run"]).await);
    assert!(said.contains(SECOND) && said.contains("A-2"), "{said}");
    assert!(!said.contains("restored"), "{said}");
    assert_eq!(program.json(&["alerts", "list"]).await.len(), 2, "a dry run has restored");
    let none = program.run(&["store", "restore", "nosuch.db"]).await;
    assert_eq!(none.status.code(), Some(1));
    assert!(errors(&none).starts_with("error: there is no copy `nosuch.db`"), "{}", errors(&none));
    let output = program.run(&["store", "restore", "copy.db"]).await;
    assert!(output.status.success(), "{}", errors(&output));
    let said = text(&output);
    assert!(said.contains("test.db.before-restore") && said.contains(SECOND), "{said}");
    assert_eq!(program.json(&["alerts", "list"]).await.len(), 1);

    let daemon = program.start();
    hook.until("the second story is told again", |all| all.len() > 2).await;
    assert_eq!(stop(daemon).await, Some(0), "{}", program.log());
    let ids: Vec<String> = hook.received().into_iter().map(|one| one.id).collect();
    assert_eq!(ids[1..], [ids[1].clone(), ids[1].clone()], "it came under another id");
}

#[tokio::test]
async fn a_database_above_its_size_is_told_where_nothing_may_go() {
    let site = Site::start().await;
    let hook = Hook::willing().await;
    site.publish("paper", [entry("ireland", FIRST, "")]);
    let config = Program::config(&[site.url("paper")], &hook.url("alerts"));
    let program = Program::new(&format!("{config}[history]\nmax_size = \"64KiB\"\n"));
    assert!(program.run(&["once"]).await.status.success());
    let too_large = || async {
        let status = program.json(&["status"]).await;
        status[0]["problems"].to_string().contains("more than `max_size`")
    };
    assert!(too_large().await);
    assert_eq!(program.json(&["store", "stats"]).await[0]["items"], 1, "a flagged item went");
    program.configure(&config);
    assert!(!too_large().await);
}

/// A limit on the size of files stands for a disk without room: writes fail, and go on as soon as the
/// limit is gone.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_is_told_and_nothing_is_lost_by_it() {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};

    let site = Site::start().await;
    let hook = Hook::willing().await;
    site.publish("paper", [entry("ireland", FIRST, "")]);
    let program = Program::new(&Program::config(&[site.url("paper")], &hook.url("alerts")));
    // With its signal ignored a write beyond the limit fails instead of ending the process.
    let daemon = program.start_after("trap '' XFSZ");
    let pid = Pid::from_raw(daemon.id().unwrap().try_into().unwrap()).unwrap();
    hook.until("the first story is told", |all| !all.is_empty()).await;
    let files = |bytes| {
        let limit = Rlimit { current: bytes, maximum: None };
        prlimit(Some(pid), Resource::Fsize, limit).unwrap();
    };
    files(Some(100_000));
    let long = "The ferry company told its passengers to stay at home. ".repeat(60);
    let quiet = (0..90).map(|n| entry(&format!("quiet-{n}"), &format!("Storm {n} ends"), &long));
    site.publish("paper", quiet.chain([entry("mexico", SECOND, "")]));
    program.logged("polls cannot be stored; they wait until they can").await;
    // Nothing of the document is there, and the database can be read.
    assert_eq!(program.json(&["store", "stats"]).await[0]["items"], 1);
    assert_eq!(hook.received().len(), 1);
    files(None);
    hook.until("the second story is told", |all| all.len() > 1).await;
    assert_eq!(stop(daemon).await, Some(0), "{}", program.log());
    assert!(program.log().contains("polls can be stored again"), "{}", program.log());
    assert_eq!(hook.received().len(), 2);
    assert_eq!(program.json(&["store", "stats"]).await[0]["items"], 92);
    assert!(program.run(&["store", "check"]).await.status.success());
}
