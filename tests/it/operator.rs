//! What operators are told of the daemon itself: over the wire, each trouble once and its end once.

use serde_json::Value;

use crate::program::{Program, errors, signal, stop, text};
use crate::world::{Hook, Mood, Received, Reply, Site, entry};

const HOUR: i64 = 3_600_000;

/// Two feeds, the desk, and one who is told what is wrong; what `[operator]` holds beside that.
fn config(site: &Site, hook: &Hook, operator: &str) -> String {
    let feeds = ["paper", "wire"]
        .map(|name| format!("[[feed]]\nname = \"The {name}\"\nurl = \"{}\"\n", site.url(name)));
    let sinks = ["desk", "ops"].map(|name| {
        format!(
            "[[sink]]\nname = \"{name}\"\ntype = \"webhook\"\nurl = \"{}\"\n\
             allow_private = [\"127.0.0.0/8\"]\n",
            hook.url(name)
        )
    });
    format!(
        "include = [\"builtin:alliances\"]\ndatabase = \"test.db\"\n\
         [network]\nallow_private = [\"127.0.0.0/8\"]\ncontact = \"test\"\n[web]\nlisten = \"\"\n\
         [operator]\n{operator}\n{}{}",
        feeds.concat(),
        sinks.concat()
    )
}

async fn round(program: &Program) {
    let output = program.run(&["once", "--all"]).await;
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", errors(&output));
}

/// Type, state and subjects of what is no alert.
fn events(received: &[Received]) -> Vec<(String, String, Vec<String>)> {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let events =
        received.iter().map(|one| &one.body).filter(|body| body["data"]["state"].is_string());
    events
        .map(|body| {
            let subjects = body["data"]["subjects"].as_array().unwrap();
            (word(&body["type"]), word(&body["data"]["state"]), subjects.iter().map(word).collect())
        })
        .collect()
}

fn told(kind: &str, state: &str, subjects: &[&str]) -> (String, String, Vec<String>) {
    let subjects = subjects.iter().map(|name| (*name).to_owned()).collect();
    (kind.to_owned(), state.to_owned(), subjects)
}

#[tokio::test]
async fn feeds_that_fail_for_hours_are_told_together_once_and_so_is_their_end() {
    let (site, hook) = (Site::start().await, Hook::willing().await);
    for name in ["paper", "wire"] {
        site.publish(name, [entry("storm", "Storm closes ferry ports", "")]);
    }
    let program = Program::new(&config(&site, &hook, "sinks = [\"ops\"]"));
    round(&program).await;
    ["paper", "wire"].into_iter().for_each(|name| site.mood(name, Mood::Status(500)));
    round(&program).await;
    assert!(hook.received().is_empty(), "trouble of a minute is told nobody");

    let database = rusqlite::Connection::open(program.path("test.db")).unwrap();
    database
        .execute("UPDATE feed SET since = since - ?1, last_success = last_success - ?1", [7 * HOUR])
        .unwrap();
    drop(database);
    round(&program).await;
    round(&program).await;
    let both = ["The paper", "The wire"];
    assert_eq!(events(&hook.received()), [told("feed.failing", "raised", &both)]);
    let body = hook.received()[0].body.clone();
    assert!(body["data"]["what"].as_str().unwrap().contains("`The paper` is failing"), "{body}");
    let rows = program.json(&["deliveries", "list"]).await;
    assert_eq!((&rows[0]["type"], &rows[0]["sink"]), (&"feed.failing".into(), &"ops".into()));
    assert_eq!(rows[0]["alerts"], serde_json::json!([]));

    site.mood("wire", Mood::Well);
    round(&program).await;
    site.mood("paper", Mood::Well);
    round(&program).await;
    round(&program).await;
    assert_eq!(
        events(&hook.received())[1..],
        [
            told("feed.failing", "recovered", &["The wire"]),
            told("feed.failing", "recovered", &["The paper"]),
        ]
    );
}

#[tokio::test]
async fn a_feed_that_is_gone_is_told_as_retired_and_never_as_recovered() {
    let (site, hook) = (Site::start().await, Hook::willing().await);
    for name in ["paper", "wire"] {
        site.publish(name, [entry("storm", "Storm closes ferry ports", "")]);
    }
    let config = config(&site, &hook, "sinks = [\"ops\"]");
    let program = Program::new(&config);
    round(&program).await;
    site.mood("paper", Mood::Status(500));
    round(&program).await;
    let database = rusqlite::Connection::open(program.path("test.db")).unwrap();
    database
        .execute("UPDATE feed SET since = since - ?1, last_success = last_success - ?1", [7 * HOUR])
        .unwrap();
    drop(database);
    round(&program).await;
    site.mood("paper", Mood::Status(410));
    round(&program).await;
    round(&program).await;
    let paper = ["The paper"];
    let gone = [told("feed.failing", "raised", &paper), told("feed.retired", "raised", &paper)];
    assert_eq!(events(&hook.received()), gone);
    let body = hook.received()[1].body.clone();
    assert!(body["data"]["do"].as_str().unwrap().contains("take it out of the config"), "{body}");
    // Taken out of the config, it is not said to answer again.
    let (_, rest) = config.split_once("[[feed]]").unwrap();
    let (_, rest) = rest.split_once("[[feed]]").unwrap();
    program.configure(&config.replace(config.split_once("[[feed]]").unwrap().1, rest));
    round(&program).await;
    let all = hook.received();
    assert_eq!(all.len(), 4, "{:?}", events(&all));
    for one in &all[2..] {
        assert_eq!(one.body["data"]["what"], "`The paper` is not in the config any more");
    }
}

#[tokio::test]
async fn a_disabled_sink_is_told_to_the_others() {
    let site = Site::start().await;
    let hook = Hook::start(|path, _| match path {
        "desk" => Reply::status(410),
        _ => Reply::status(204),
    })
    .await;
    site.publish("paper", [entry("storm", "Storm closes ferry ports", "")]);
    site.publish("wire", []);
    let program = Program::new(&config(&site, &hook, "sinks = [\"desk\", \"ops\"]"));
    round(&program).await;
    site.publish("paper", [entry("bid", "Ireland formally applies to join NATO", "")]);
    round(&program).await;
    round(&program).await;
    let list = events(&hook.received());
    assert_eq!(list, [told("sink.disabled", "raised", &["desk"])], "{list:?}");
    let rows = program.json(&["deliveries", "list", "--sink", "desk"]).await;
    assert!(rows.iter().all(|row| row["type"] == "alert.raised"), "{rows:?}");
    // Enabled it is well again, until its next attempt: that is new trouble.
    program.run(&["sinks", "enable", "desk"]).await;
    round(&program).await;
    round(&program).await;
    let raised = || told("sink.disabled", "raised", &["desk"]);
    let recovered = told("sink.disabled", "recovered", &["desk"]);
    assert_eq!(events(&hook.received()), [raised(), recovered, raised()]);
}

#[tokio::test]
async fn a_refused_config_is_told_and_so_is_its_cure() {
    let (site, hook) = (Site::start().await, Hook::willing().await);
    for name in ["paper", "wire"] {
        site.publish(name, [entry("storm", "Storm closes ferry ports", "")]);
    }
    let good = config(&site, &hook, "sinks = [\"ops\"]");
    let program = Program::new(&good);
    let daemon = program.start();
    program.logged("watches").await;
    program.configure(&good.replace("[web]", "[wep]"));
    signal(&daemon, "HUP");
    hook.until("the mistake is told", |all| events(all).len() == 1).await;
    program.configure(&good);
    signal(&daemon, "HUP");
    hook.until("the cure is told", |all| events(all).len() == 2).await;
    assert_eq!(stop(daemon).await, Some(0), "{}", program.log());
    let list = events(&hook.received());
    assert_eq!(
        list,
        [told("config.rejected", "raised", &[]), told("config.rejected", "recovered", &[])]
    );
    assert!(hook.received()[0].body["data"]["what"].as_str().unwrap().contains("wep"));
}

#[tokio::test]
async fn the_daily_word_comes_once_a_day_and_says_what_is_dark() {
    let (site, hook) = (Site::start().await, Hook::willing().await);
    site.publish("paper", [entry("storm", "Storm closes ferry ports", "")]);
    site.mood("wire", Mood::Status(500));
    // A time that lies behind by at least a minute, and by less than a day.
    let due = jiff::Timestamp::now() - std::time::Duration::from_secs(120);
    let time = due.strftime("%H:%M");
    let operator = format!("sinks = [\"ops\"]\nall_quiet = \"{time}\"");
    let program = Program::new(&config(&site, &hook, &operator));
    round(&program).await;
    assert!(hook.received().is_empty(), "its first day begins now");
    let database = rusqlite::Connection::open(program.path("test.db")).unwrap();
    database.execute("UPDATE trouble SET told = told - ?1", [24 * HOUR]).unwrap();
    database
        .execute("UPDATE feed SET since = since - ?1 WHERE name = 'The wire'", [7 * HOUR])
        .unwrap();
    drop(database);
    round(&program).await;
    round(&program).await;
    let quiet: Vec<Received> =
        hook.received().into_iter().filter(|one| one.body["type"] == "all.quiet").collect();
    assert_eq!(quiet.len(), 1, "{:?}", events(&hook.received()));
    let what = quiet[0].body["data"]["what"].as_str().unwrap();
    let lines: Vec<&str> = what.lines().collect();
    assert_eq!(
        lines[0],
        "1 of 2 feeds are fresh; 1 entries judged since yesterday, 0 alerts in 24 h"
    );
    assert_eq!(lines[1], "nothing waits, no dead letters");
    assert!(lines[2].starts_with("one trouble: the feed `The wire` is failing"), "{what}");
    assert!(lines[3].starts_with("the disk has "), "{what}");
}

#[tokio::test]
async fn who_is_told_must_be_there() {
    let (site, hook) = (Site::start().await, Hook::willing().await);
    let program = Program::new(&config(&site, &hook, "sinks = [\"opps\"]"));
    let output = program.run(&["check"]).await;
    assert_eq!(output.status.code(), Some(78), "{}", text(&output));
    let said = errors(&output);
    assert!(
        said.contains("there is no sink `opps`") && said.contains("did you mean `ops`?"),
        "{said}"
    );
}
