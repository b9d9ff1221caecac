//! How things stand when nobody watches any more, and when the config on disk is not the one that runs.

use serde_json::Value;

use crate::program::{Program, errors, signal, stop, text};
use crate::world::{Hook, Mood, Site, entry};

async fn world() -> (Site, Hook, Program) {
    let site = Site::start().await;
    let hook = Hook::willing().await;
    site.publish("paper", [entry("ireland", "Ireland formally applies to join NATO", "")]);
    site.mood("gone", Mood::Status(500));
    let config = Program::config(&[site.url("paper"), site.url("gone")], &hook.url("alerts"));
    (site, hook, Program::new(&config))
}

async fn problems(program: &Program) -> Vec<Value> {
    let status = program.json(&["status"]).await.remove(0);
    status["problems"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_daemon_that_is_gone_is_the_first_problem() {
    let (site, hook, program) = world().await;
    let daemon = program.start();
    hook.until("the story is told", |all| !all.is_empty()).await;
    site.until("the other feed has failed", |all| all.iter().any(|visit| visit.status == 500))
        .await;
    let running = problems(&program).await;
    assert!(!running.iter().any(|one| one["what"].to_string().contains("nobody runs")));
    assert_eq!(stop(daemon).await, Some(0), "{}", program.log());

    let gone = problems(&program).await;
    let first = gone[0]["what"].as_str().unwrap();
    assert!(first.starts_with("nobody runs on this database; the last poll was "), "{gone:?}");
    assert!(gone[0]["since"].is_string());
    let shown = text(&program.run(&["status"]).await);
    assert!(shown.contains("problem   nobody runs on this database"), "{shown}");
    assert!(!shown.contains("the daemon goes on trying"), "{shown}");
    assert!(shown.contains("the feed `feed 1` is failing"), "{shown}");

    // Cron's rounds come and go.
    program.run(&["once"]).await;
    let round = problems(&program).await;
    assert!(!round.iter().any(|one| one["what"].to_string().contains("nobody runs")), "{round:?}");
}

#[tokio::test]
async fn a_refused_reload_is_told_wherever_one_looks() {
    let (_site, hook, program) = world().await;
    let good = std::fs::read_to_string(program.path("pactwatch.toml")).unwrap();
    let daemon = program.start();
    hook.until("the story is told", |all| !all.is_empty()).await;
    program.configure(&(good.clone() + "[[feed]]\n"));
    signal(&daemon, "HUP");
    program.logged("config rejected with 1 mistake, the old one stays").await;
    // What is odd and legal is no reason for it.
    let log = program.log();
    let odd: Vec<&str> = log.lines().filter(|line| line.contains("nothing is signed")).collect();
    assert!(odd.len() >= 2 && odd.iter().all(|line| line.contains("WARN")), "{odd:?}");
    program.configure(&good);
    let told = problems(&program).await;
    let what = told[0]["what"].as_str().unwrap();
    assert!(what.starts_with("the config on disk was refused, the old one runs: "), "{told:?}");
    assert!(what.contains("[[feed]] has no `url`"), "{told:?}");
    signal(&daemon, "HUP");
    program.logged("config reloaded").await;
    let told = problems(&program).await;
    assert!(!told.iter().any(|one| one["what"].to_string().contains("refused")), "{told:?}");
    assert_eq!(stop(daemon).await, Some(0), "{}", program.log());
}

#[tokio::test]
async fn a_bad_config_on_disk_blinds_nobody() {
    let (_site, _hook, program) = world().await;
    program.run(&["once"]).await;
    let good = std::fs::read_to_string(program.path("pactwatch.toml")).unwrap();
    let half = "[[sink]]\nname = \"later\"\n[[rule]]\nid = \"mine\"\nwhen = \"NATO NATO\"\n";
    program.configure(&(good.clone() + half));
    let copy = program.path("copy.db");
    let copy = copy.to_str().unwrap();
    for command in [
        &["status"][..],
        &["alerts", "list"],
        &["alerts", "judge", "A-1", "good"],
        &["feeds", "list"],
        &["deliveries", "list"],
        &["stories", "list"],
        &["ledger"],
        &["sinks", "list"],
        &["store", "stats"],
        &["store", "backup", copy],
    ] {
        let output = program.run(command).await;
        let said = errors(&output);
        assert_eq!(output.status.code(), Some(0), "{command:?}: {said}");
        assert!(said.starts_with("warning: the config has mistakes"), "{command:?}: {said}");
        assert!(said.contains("and 1 more\n`pactwatch check` shows all of it"), "{said}");
        assert!(!text(&output).is_empty(), "{command:?}");
    }
    // A sink that could not be read may be named all the same.
    let status = text(&program.run(&["status"]).await);
    assert!(!status.contains("does not name"), "{status}");
    // What works by the rules, or sends, wants a whole config.
    for command in
        [&["once"][..], &["run"], &["sinks", "test", "hook"], &["replay", "--since", "1d"]]
    {
        assert_eq!(program.run(command).await.status.code(), Some(78), "{command:?}");
    }

    // Where the database is not said for sure, nothing is guessed.
    for broken in [
        good.replace("database = \"test.db\"", "database = 5"),
        good.replace("database = \"test.db\"", "database = test.db"),
        good.replace("builtin:alliances\"]", "builtin:alliances\", \"none.toml\"]")
            .replace("database = \"test.db\"\n", ""),
    ] {
        program.configure(&broken);
        let output = program.run(&["status"]).await;
        assert_eq!(output.status.code(), Some(78), "{broken}: {}", text(&output));
    }
}
