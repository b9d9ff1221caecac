//! The daemon is killed at random instants while feeds publish and the receiver fails at random:
//! no alert may be lost, none may come under a second id.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::dice::{Dice, number};
use crate::program::{Program, stop};
use crate::world::{Entry, Hook, Reply, Site, entry};

/// Kills in a normal run; `PACTWATCH_KILLS` asks for more.
const KILLS: usize = 30;

/// Stories that have nothing to do with each other: one pair of alliance and country each.
fn stories() -> Vec<Entry> {
    let alliances = ["NATO", "BRICS", "the Shanghai Cooperation Organisation", "ASEAN", "the CSTO"];
    let countries = [
        "Ireland", "Mexico", "Chile", "Kenya", "Peru", "Ghana", "Nepal", "Uruguay", "Senegal",
        "Angola", "Paraguay", "Ecuador", "Zambia", "Botswana", "Morocco",
    ];
    let mut list = Vec::new();
    for (round, alliance) in alliances.iter().enumerate() {
        for country in countries.iter().skip(round % 3).step_by(2) {
            let slug = format!("{}-{}", country.to_lowercase(), list.len());
            let title = format!("{country} formally applies to join {alliance}");
            let summary = format!("{country} handed in its application to join {alliance} today.");
            list.push(entry(&slug, &title, &summary));
        }
    }
    list
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_kill_loses_or_repeats_an_alert() {
    let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let seed = number("PACTWATCH_SEED").unwrap_or(clock.as_nanos() as u64);
    let kills = number("PACTWATCH_KILLS").map_or(KILLS, |kills| kills as usize);
    println!("PACTWATCH_SEED={seed} PACTWATCH_KILLS={kills}");
    let mut dice = Dice(seed);

    let site = Site::start().await;
    let mut failing = Dice(seed ^ 1);
    let hook = Hook::start(move |_, _| match failing.below(10) {
        0..=2 => Reply::status(503),
        3 => Reply::status(429).header("retry-after", "0"),
        4 => Reply::status(500),
        _ => Reply::status(204),
    })
    .await;
    let feeds = ["one", "two", "three"];
    for feed in feeds {
        site.publish(feed, []);
    }
    let urls: Vec<String> = feeds.iter().map(|feed| site.url(feed)).collect();
    let program = Program::new(&Program::config(&urls, &hook.url("alerts")));
    let stories = stories();
    let expected: BTreeSet<String> = stories.iter().map(|one| site.article(&one.slug)).collect();

    for kill in 0..kills {
        let mut daemon = program.start();
        let visits = site.visits().len();
        let arrived = hook.received();
        let (waiting, arrived) = (delivered(arrived.iter()) != expected, arrived.len());
        let share = |kill: usize| kill * stories.len() / kills;
        let published = &stories[share(kill)..share(kill + 1)];
        for story in published {
            site.publish(feeds[dice.below(3) as usize], [story.clone()]);
        }
        // A third of the kills come right after a feed was served or a message arrived, where the
        // windows between fetch, commit, send and record are.
        match kill % 3 {
            0 if kill % 2 == 0 && !published.is_empty() => {
                site.until("a feed is served", |all| {
                    all.iter().skip(visits).filter(|visit| visit.status == 200).count() > 0
                })
                .await;
            }
            0 if waiting => {
                let wait = hook.until("a message arrives", |all| all.len() > arrived);
                // With everything delivered nothing more would come.
                let _ = tokio::time::timeout(Duration::from_secs(2), wait).await;
            }
            _ => tokio::time::sleep(Duration::from_millis(dice.below(600))).await,
        }
        tokio::time::sleep(Duration::from_micros(dice.below(20_000))).await;
        daemon.kill().await.unwrap();
    }

    let visits = site.visits().len();
    let daemon = program.start();
    // It hears SIGTERM from its start on, but not before.
    site.until("the last daemon polls", |all| all.len() > visits).await;
    hook.until("every story has arrived", |all| delivered(all.iter()) == expected).await;
    assert_eq!(stop(daemon).await, Some(0), "{}", program.log());

    let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for message in hook.received() {
        for alert in alerts(&message.body) {
            ids.entry(alert).or_default().insert(message.id.clone());
        }
    }
    for (story, ids) in &ids {
        assert_eq!(ids.len(), 1, "{story} came under several ids: {ids:?}");
    }
    let stored = program.json(&["alerts", "list", "--limit", "1000"]).await;
    assert_eq!(stored.len(), expected.len(), "alerts were stored twice");
}

fn delivered<'r>(all: impl Iterator<Item = &'r crate::world::Received>) -> BTreeSet<String> {
    all.filter(|one| (200..300).contains(&one.status)).flat_map(|one| alerts(&one.body)).collect()
}

/// The item addresses in a payload, digest or not.
fn alerts(body: &serde_json::Value) -> Vec<String> {
    let url = |data: &serde_json::Value| data["item"]["url"].as_str().map(str::to_owned);
    match body["data"]["alerts"].as_array() {
        Some(list) => list.iter().filter_map(url).collect(),
        None => url(&body["data"]).into_iter().collect(),
    }
}
