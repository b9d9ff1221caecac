//! What is too old to tell, what comes back, and what has waited through an outage.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::program::{Program, errors};
use crate::world::{Entry, Hook, Received, Reply, Site, entry};

const DAY: Duration = Duration::from_secs(86_400);

fn applies(country: &str, alliance: &str, age: Duration) -> Entry {
    let title = format!("{country} formally applies to join {alliance}");
    Entry { age, ..entry(&country.to_lowercase(), &title, "") }
}

fn quiet(number: usize) -> Entry {
    entry(&format!("quiet-{number}"), &format!("Storm number {number} closes ferry ports"), "")
}

/// One round over everything; it must succeed.
async fn round(program: &Program) {
    let output = program.run(&["once", "--all"]).await;
    assert!(output.status.success(), "{}", errors(&output));
}

async fn too_old(program: &Program) -> u64 {
    program.json(&["status"]).await[0]["too_old"].as_u64().unwrap()
}

#[tokio::test]
async fn a_new_feed_tells_what_is_young_enough() {
    for (first_poll, told, old) in [("24h", 1, 1), ("all", 2, 0), ("none", 0, 2)] {
        let site = Site::start().await;
        let hook = Hook::willing().await;
        let young = applies("Ireland", "NATO", DAY / 2);
        site.publish("paper", [young, applies("Mexico", "BRICS", 2 * DAY)]);
        let config = Program::config(&[site.url("paper")], &hook.url("alerts"));
        let program = Program::new(&format!("{config}[story]\nfirst_poll = \"{first_poll}\"\n"));
        round(&program).await;
        assert_eq!(hook.received().len(), told, "first_poll = {first_poll}");
        assert_eq!(too_old(&program).await, old, "first_poll = {first_poll}");
    }
}

#[tokio::test]
async fn a_known_feed_tells_what_is_below_max_age_and_counts_the_rest() {
    let site = Site::start().await;
    let hook = Hook::willing().await;
    site.publish("paper", [quiet(1)]);
    let program = Program::new(&Program::config(&[site.url("paper")], &hook.url("alerts")));
    round(&program).await;
    let late = applies("Mexico", "BRICS", 2 * DAY);
    site.publish("paper", [late, applies("Ireland", "NATO", 8 * DAY)]);
    round(&program).await;
    let told: Vec<Received> = hook.received();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].body["data"]["item"]["url"], site.article("mexico"));
    assert_eq!(too_old(&program).await, 1);
    let shown = program.run(&["status"]).await;
    let shown = crate::program::text(&shown);
    assert!(shown.contains("1 were too old to tell"), "{shown}");
}

#[tokio::test]
async fn what_comes_back_after_its_time_in_history_is_told_no_second_time() {
    let site = Site::start().await;
    let hook = Hook::willing().await;
    // Told at once; and flagged, but too old for a first poll.
    let flagged = || [applies("Ireland", "NATO", DAY / 2), applies("Chile", "BRICS", 2 * DAY)];
    site.publish("paper", flagged());
    let config = Program::config(&[site.url("paper")], &hook.url("alerts"));
    let program = Program::new(&format!("{config}[history]\nkeep = \"1ms\"\n"));
    round(&program).await;
    site.replace("paper", (1..=6).map(quiet));
    round(&program).await;
    site.replace("paper", [quiet(6)]);
    round(&program).await;
    assert!(program.run(&["store", "prune"]).await.status.success());
    // The two flagged ones, and as many of the newest as the feed may still show.
    assert_eq!(program.json(&["store", "stats"]).await[0]["items"], 4);
    site.replace("paper", flagged().into_iter().chain([quiet(6)]));
    round(&program).await;
    assert_eq!(hook.received().len(), 1, "{:#?}", hook.received());
}

#[tokio::test]
async fn a_backlog_is_one_digest_at_a_chat() {
    let site = Site::start().await;
    let up = Arc::new(AtomicBool::new(false));
    let state = up.clone();
    let hook = Hook::start(move |_, _| match state.load(Ordering::SeqCst) {
        true => Reply { body: "ok".to_owned(), ..Reply::status(200) },
        false => Reply::status(503),
    })
    .await;
    site.publish("paper", [quiet(1)]);
    let config = Program::config(&[site.url("paper")], &hook.url("chat"))
        .replace("type = \"webhook\"", "type = \"slack\"")
        .replace("retry = [\"50ms\", \"100ms\", \"200ms\"]", "retry = [\"1h\"]");
    let program = Program::new(&config);
    round(&program).await;
    let countries = ["Ireland", "Mexico", "Chile", "Kenya", "Peru", "Ghana"];
    let alliances = ["NATO", "BRICS", "the CSTO", "ASEAN", "Mercosur", "the CPTPP"];
    for (country, alliance) in countries.iter().zip(alliances) {
        site.publish("paper", [applies(country, alliance, DAY / 24)]);
        // The receiver is out, so an attempt of the first round fails, and its exit code says so.
        program.run(&["once", "--all"]).await;
    }
    up.store(true, Ordering::SeqCst);
    let retrying = program.json(&["deliveries", "list", "--state", "retrying"]).await;
    for message in &retrying {
        let id = message["id"].as_str().unwrap();
        assert!(program.run(&["deliveries", "retry", id]).await.status.success());
    }
    round(&program).await;
    let told = |hook: &Hook| -> Vec<String> {
        let taken = hook.received().into_iter().filter(|one| one.status == 200);
        taken.map(|one| one.body.to_string()).collect()
    };
    let after_outage = told(&hook);
    // What was tried keeps its bytes; all that waited behind it goes as one.
    assert_eq!(retrying.len(), 1, "{retrying:#?}");
    assert_eq!(after_outage.len(), 2, "{after_outage:#?}");
    for country in countries {
        assert!(after_outage.iter().any(|body| body.contains(country)), "{country} was lost");
    }
    assert!(countries[1..].iter().all(|country| after_outage[1].contains(country)));

    // As after days in which nobody polled: much that is new in one document.
    let more = ["Nepal", "Uruguay", "Senegal", "Angola", "Panama"];
    site.publish("paper", more.iter().zip(alliances).map(|(one, two)| applies(one, two, DAY)));
    round(&program).await;
    let after_downtime = &told(&hook)[2..];
    assert_eq!(after_downtime.len(), 1, "{after_downtime:#?}");
    assert!(more.iter().all(|country| after_downtime[0].contains(country)));
}
