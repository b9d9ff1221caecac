//! Rules on trial and rules that left their habit, as their owner meets them.

use serde_json::Value;

use crate::program::{Program, errors, text};
use crate::world::{Hook, Site, entry};

/// A pack of our own: one rule that is told and one on trial.
const RULES: &str = r#"
[alliance.NATO]
terms = ["NATO"]
[act.applies]
terms = ["appl(y|ies|ied) to join"]
stage = 2
formal = true
[place.IE]
name = "Ireland"
terms = ["Ireland"]
[place.CH]
name = "Switzerland"
terms = ["Switzerland"]

[[rule]]
id = "told"
when = '@alliance SENTENCE @act SENTENCE @candidate AND NOT trial'
match = ["Ireland applies to join NATO"]
[[rule]]
id = "on-trial"
when = '@alliance SENTENCE @act SENTENCE @candidate'
mode = "shadow"
match = ["Ireland applies to join NATO"]
"#;

fn configure(feed: &str, hook: &Hook) -> Program {
    let config = Program::config(&[feed.to_owned()], &hook.url("alerts"));
    Program::new(&(config.replace("include = [\"builtin:alliances\"]\n", "") + RULES))
}

async fn round(program: &Program) {
    let output = program.run(&["once", "--all"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
}

#[tokio::test]
async fn a_rule_in_shadow_is_recorded_and_shown_and_never_sent() {
    let (site, hook) = (Site::start().await, Hook::willing().await);
    let program = configure(&site.url("paper"), &hook);
    site.publish(
        "paper",
        [
            entry("trial", "Ireland applies to join NATO on trial", "Dublin handed in its bid."),
            entry("swiss", "Switzerland applies to join NATO", "Bern handed in its own."),
        ],
    );
    round(&program).await;
    let alerts = program.json(&["alerts", "list"]).await;
    let shown = |slug: &str| -> Value {
        let url = Value::from(site.article(slug));
        alerts.iter().find(|one| one["url"] == url).expect("the alert was not recorded").clone()
    };
    assert_eq!(
        (&shown("trial")["mode"], &shown("trial")["rule"]),
        (&"shadow".into(), &"on-trial".into())
    );
    // Where another rule holds as well it is an alert like any other.
    assert_eq!(
        (&shown("swiss")["mode"], &shown("swiss")["rule"]),
        (&"live".into(), &"told".into())
    );
    assert_eq!(hook.received().len(), 1, "{:?}", hook.received());
    let deliveries = program.json(&["deliveries", "list"]).await;
    assert_eq!((deliveries.len(), &deliveries[0]["alert"]), (1, &shown("swiss")["id"]));
    let of = |story: &Value, key: &str| story[key].clone();
    let stories = program.json(&["stories", "list"]).await;
    let mode = |alert: &Value| {
        let story = stories.iter().find(|one| one["id"] == alert["story"]).unwrap();
        of(story, "mode")
    };
    assert_eq!((mode(&shown("trial")), mode(&shown("swiss"))), ("shadow".into(), "live".into()));
    let status = program.json(&["status"]).await;
    assert_eq!((&status[0]["alerts"], &status[0]["shadow"]), (&1.into(), &1.into()));
    let ledger = program.json(&["ledger"]).await;
    let in_ledger = |code: &str| ledger.iter().any(|one| one["candidate"] == code);
    assert!(in_ledger("CH") && !in_ledger("IE"), "{ledger:?}");

    // People see it too.
    for (command, wanted) in [
        (vec!["alerts", "list"], "shadow"),
        (vec!["stories", "list"], "shadow"),
        (vec!["status"], "1 in shadow that nobody was told"),
        (vec!["alerts", "show", shown("trial")["id"].as_str().unwrap()], "mode = \"shadow\""),
        (
            vec!["stories", "show", shown("trial")["story"].as_str().unwrap()],
            "in shadow, recorded as",
        ),
    ] {
        let output = program.run(&command).await;
        assert!(text(&output).contains(wanted), "{command:?}:\n{}", text(&output));
    }

    // What was only recorded takes nothing from what is told later: neither its novelty nor its word.
    site.publish("paper", [entry("bid", "Ireland applies to join NATO", "Dublin sent a letter.")]);
    round(&program).await;
    let alerts = program.json(&["alerts", "list"]).await;
    let told = alerts.iter().find(|one| one["url"] == site.article("bid")).unwrap();
    assert_eq!((&told["kind"], &told["level"]), (&"raised".into(), &"flash".into()));
    let sent = hook.received();
    assert_eq!(sent.len(), 2);
    let body = sent[1].body.to_string();
    assert!(body.contains("alert.raised") && !body.contains("on trial"), "{body}");
}

#[tokio::test]
async fn status_names_rules_that_left_their_habit() {
    let (site, hook) = (Site::start().await, Hook::willing().await);
    let program = configure(&site.url("paper"), &hook);
    site.publish("paper", [entry("weather", "Storm closes ferry ports", "")]);
    round(&program).await;
    let young = program.json(&["status"]).await;
    assert_eq!(young[0]["problems"], serde_json::json!([]), "nothing is known on the first day");

    let database = rusqlite::Connection::open(program.path("test.db")).unwrap();
    let today: i64 =
        database.query_row("SELECT max(day) FROM item_day", [], |row| row.get(0)).unwrap();
    let past =
        |sql: &str| database.execute_batch(&sql.replace("TODAY", &today.to_string())).unwrap();
    past(
        "UPDATE rule SET since = TODAY - 40;
         INSERT INTO item_day
           WITH RECURSIVE day(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM day WHERE n < 40)
           SELECT TODAY - n, 100 FROM day;
         INSERT INTO rule_day SELECT 'told', day, 2 FROM item_day WHERE day < TODAY;
         INSERT INTO rule_day VALUES ('told', TODAY, 50);",
    );
    let status = program.json(&["status"]).await;
    let problems = status[0]["problems"].as_array().unwrap();
    let what: Vec<&str> = problems.iter().map(|one| one["what"].as_str().unwrap()).collect();
    assert_eq!(what.len(), 2, "{what:?}");
    assert!(what[0].starts_with("the rule `told` matched 50 items on "), "{}", what[0]);
    assert!(what[0].ends_with("usually 2.0 a day"), "{}", what[0]);
    assert_eq!(what[1], "the rule `on-trial` (in shadow) has matched nothing on 30 days of news");
    assert!(problems.iter().all(|one| !one["do"].as_str().unwrap().is_empty()));
    let people = text(&program.run(&["status"]).await);
    assert!(people.contains("`on-trial` (in shadow) has matched nothing"), "{people}");
}
