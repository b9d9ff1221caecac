//! Commands with the fixed shapes that other programs rely on.

use serde_json::Value;

use crate::program::{Program, errors, text};
use crate::world::{Hook, Mood, Reply, Site, entry};

/// Keys of an object, in order.
fn keys(value: &Value) -> Vec<String> {
    value.as_object().unwrap().keys().cloned().collect()
}

/// The fixed keys must come first and in order; more may follow.
fn assert_shape(value: &Value, fixed: &[&str]) {
    let have = keys(value);
    assert!(have.len() >= fixed.len() && have.iter().zip(fixed).all(|(a, b)| a == b), "{have:?}");
}

/// One round over a feed with a flagged story and a quiet one, one receiver that refuses.
async fn after_one_round() -> (Program, Site, Hook) {
    let site = Site::start().await;
    let hook = Hook::start(|_, _| Reply::status(503)).await;
    site.publish(
        "paper",
        [
            entry("ireland", "Ireland formally applies to join NATO", "Dublin handed in its bid."),
            entry("weather", "Storm closes ferry ports", "Sailings are off until Sunday."),
        ],
    );
    let config = Program::config(&[site.url("paper")], &hook.url("alerts"))
        .replace("retry = [\"50ms\", \"100ms\", \"200ms\"]", "retry = [\"1h\"]");
    let program = Program::new(&config);
    let output = program.run(&["once"]).await;
    assert_eq!(output.status.code(), Some(1), "a failed attempt is exit 1: {}", errors(&output));
    (program, site, hook)
}

#[tokio::test]
async fn listings_have_their_fixed_shapes() {
    let (program, _site, _hook) = after_one_round().await;
    let feeds = program.json(&["feeds", "list"]).await;
    assert_shape(
        &feeds[0],
        &["name", "url", "state", "last_success", "next_due", "failures", "items"],
    );
    assert_eq!(feeds[0]["items"], 2);
    let alerts = program.json(&["alerts", "list"]).await;
    let shape = [
        "id",
        "story",
        "kind",
        "level",
        "rule",
        "alliances",
        "candidates",
        "acts",
        "title",
        "url",
        "feed",
        "raised",
    ];
    assert_shape(&alerts[0], &shape);
    assert_eq!((alerts.len(), &alerts[0]["kind"]), (1, &Value::from("raised")));
    assert_eq!(alerts[0]["candidates"], serde_json::json!(["IE"]));
    let deliveries = program.json(&["deliveries", "list"]).await;
    let shape = [
        "id",
        "type",
        "alert",
        "alerts",
        "sink",
        "state",
        "attempts",
        "due",
        "last_status",
        "last_error",
        "created",
    ];
    assert_shape(&deliveries[0], &shape);
    assert_eq!(deliveries[0]["state"], "retrying");
    assert_eq!(deliveries[0]["last_status"], 503);
    let ledger = program.json(&["ledger"]).await;
    let shape = ["alliance", "candidate", "act", "actor", "since", "alert", "title"];
    let ours = ledger.iter().find(|one| one["candidate"] == "IE" && one["alliance"] == "NATO");
    assert_shape(ours.expect("the move is not in the ledger"), &shape);
    let status = program.json(&["status"]).await;
    assert_eq!(status.len(), 1);
    for key in ["feeds", "queue", "alerts", "problems"] {
        assert!(status[0].get(key).is_some(), "{key} is missing: {}", status[0]);
    }
}

#[tokio::test]
async fn every_state_shows_under_its_word() {
    let site = Site::start().await;
    let hook = Hook::start(|path, _| match path {
        "refuses" => Reply::status(400),
        "fails" => Reply::status(503),
        _ => Reply::status(204),
    })
    .await;
    site.publish("ok", [entry("ireland", "Ireland formally applies to join NATO", "")]);
    let years = std::time::Duration::from_secs(1000 * 86_400);
    let quiet = (0..5).map(|number| crate::world::Entry {
        age: years,
        ..entry(&format!("old-{number}"), "Ferry port opens", "")
    });
    site.publish("silent", quiet);
    for (name, status) in [("failing", 500), ("blocked", 403), ("retired", 410)] {
        site.mood(name, Mood::Status(status));
    }
    let states = ["ok", "silent", "failing", "blocked", "retired"];
    let urls: Vec<String> = states.iter().map(|name| site.url(name)).collect();
    let config = Program::config(&urls, &hook.url("takes")).replace("50ms", "1h");
    let sink = |name: &str| {
        let url = hook.url(name);
        format!(
            "[[sink]]\nname = \"{name}\"\ntype = \"webhook\"\nurl = \"{url}\"\n\
             allow_private = [\"127.0.0.0/8\"]\n"
        )
    };
    let kept = config + &sink("refuses") + &sink("fails");
    let program = Program::new(&(kept.clone() + &sink("waits") + &sink("leaves")));
    // Two sinks are switched off before anything comes, so their messages are never tried.
    program.run(&["once"]).await;
    for sink in ["waits", "leaves"] {
        assert!(program.run(&["sinks", "disable", sink]).await.status.success());
    }
    site.publish("ok", [entry("georgia", "Mexico formally applies to join BRICS", "")]);
    program.run(&["once", "--all"]).await;
    // One of them goes, and a feed comes that was never polled.
    let fresh = format!("[[feed]]\nurl = \"{}\"\n", site.url("fresh"));
    program.configure(&(kept + &sink("waits") + &fresh));
    program.run(&["once"]).await;
    let fresh = format!("[[feed]]\nname = \"new\"\nurl = \"{}\"\n", site.url("new"));
    let config = std::fs::read_to_string(program.path("pactwatch.toml")).unwrap();
    program.configure(&(config + &fresh));

    let feeds = program.json(&["feeds", "list"]).await;
    for state in states.into_iter().chain(["new"]) {
        let url = site.url(state);
        let feed = feeds.iter().find(|feed| feed["url"] == url).unwrap();
        assert_eq!(feed["state"], state, "{feed}");
        let dated = !matches!(state, "new" | "retired");
        assert_eq!(feed["next_due"].is_string(), dated, "{feed}");
        assert_eq!(feed["last_success"].is_string(), matches!(state, "ok" | "silent"), "{feed}");
    }
    let wanted = [
        ("hook", "delivered"),
        ("refuses", "dead"),
        ("fails", "retrying"),
        ("waits", "queued"),
        ("leaves", "paused"),
    ];
    for (sink, state) in wanted {
        let rows = program.json(&["deliveries", "list", "--sink", sink, "--state", state]).await;
        assert!(!rows.is_empty(), "nothing for `{sink}` is {state}");
        let due = matches!(state, "retrying" | "queued");
        assert_eq!(rows[0]["due"].is_string(), due, "{}", rows[0]);
    }
    let status = &program.json(&["status"]).await[0];
    assert_eq!(status["queue"]["refuses"]["dead"], 2, "{status}");
    for state in states.into_iter().chain(["new"]) {
        assert!(status["feeds"][state].as_u64().unwrap() >= 1, "{status}");
    }
    let problems = status["problems"].as_array().unwrap();
    let about = |what: &str| {
        let found = problems.iter().find(|one| one["what"].as_str().unwrap().contains(what));
        found.unwrap_or_else(|| panic!("no word of {what}: {problems:#?}"))
    };
    assert!(about("dead letters")["do"].as_str().unwrap().contains("deliveries retry"));
    assert!(about("disabled")["do"].as_str().unwrap().contains("sinks enable waits"));
    assert!(about("`leaves`, which")["do"].as_str().unwrap().contains("name it again"));
    let since = about("silent")["since"].as_str().unwrap();
    assert!(since < "2026", "silent since its last answer, not since its last entry: {since}");
    assert!(problems.iter().all(|one| !one["what"].as_str().unwrap().contains('\n')));
}

#[tokio::test]
async fn a_feed_that_was_gone_is_polled_again_at_a_mended_address() {
    let site = Site::start().await;
    let hook = Hook::willing().await;
    site.mood("gone", Mood::Status(410));
    let program = Program::new(&Program::config(&[site.url("gone")], &hook.url("alerts")));
    program.run(&["once"]).await;
    assert_eq!(program.json(&["feeds", "list"]).await[0]["state"], "retired");
    site.publish("mended", [entry("ireland", "Ireland formally applies to join NATO", "")]);
    program.configure(&Program::config(&[site.url("mended")], &hook.url("alerts")));
    program.run(&["once"]).await;
    let feed = &program.json(&["feeds", "list"]).await[0];
    assert_eq!((&feed["state"], &feed["items"]), (&"ok".into(), &1.into()), "{feed}");
}

#[tokio::test]
async fn messages_are_settled_by_hand_each_on_its_own() {
    let (program, _site, hook) = after_one_round().await;
    let id = program.json(&["deliveries", "list"]).await[0]["id"].as_str().unwrap().to_owned();
    let state = async || program.json(&["deliveries", "list"]).await[0]["state"].clone();
    // An id that does not exist costs the others nothing, and each is told on a line of its own.
    let output = program.run(&["deliveries", "discard", "msg_none", &id]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains(&format!("{id} is discarded")), "{}", text(&output));
    assert_eq!(
        errors(&output),
        "error: there is no message `msg_none`\n\
         `pactwatch deliveries list` shows those there are\n"
    );
    assert_eq!(state().await, "discarded");
    let again = program.run(&["deliveries", "discard", &id]).await;
    assert!(errors(&again).contains("is discarded already"), "{}", errors(&again));
    program.run(&["once"]).await;
    assert_eq!(hook.received().len(), 1, "a discarded message was sent");
    // A message that nobody would send is not said to be due.
    let config = std::fs::read_to_string(program.path("pactwatch.toml")).unwrap();
    program.configure(&config.replace("name = \"hook\"", "name = \"other\""));
    let gone = program.run(&["deliveries", "retry", &id]).await;
    assert_eq!(gone.status.code(), Some(1));
    assert!(errors(&gone).contains("the sink `hook`, which"), "{}", errors(&gone));
    program.configure(&config);
    assert!(program.run(&["sinks", "disable", "hook"]).await.status.success());
    let waits = program.run(&["deliveries", "retry", "msg_none", &id]).await;
    assert!(text(&waits).contains("sinks enable hook"), "{}", text(&waits));
    assert_eq!(state().await, "queued");
    assert!(program.run(&["sinks", "enable", "hook"]).await.status.success());
    let sent = program.run(&["deliveries", "retry", &id, "--json"]).await;
    let row: Value = serde_json::from_str(text(&sent).trim()).unwrap();
    assert_eq!(row, serde_json::json!({ "id": id, "state": "queued" }));
    assert_eq!(sent.status.code(), Some(0));
}

#[tokio::test]
async fn a_story_says_what_was_raised_and_not_what_was_told() {
    let site = Site::start().await;
    site.publish("paper", [entry("ireland", "Ireland formally applies to join NATO", "")]);
    let hook = Hook::willing().await;
    let config = Program::config(&[site.url("paper")], &hook.url("alerts"));
    let program = Program::new(&(config + "alliances = [\"BRICS\"]\n"));
    program.run(&["once"]).await;
    assert_eq!(hook.received().len(), 0);
    let shown = text(&program.run(&["stories", "show", "S-1"]).await);
    assert!(shown.contains("  raised as A-1\n") && !shown.contains("told"), "{shown}");
}

#[tokio::test]
async fn a_message_is_shown_and_retried_under_its_id() {
    let (program, _site, hook) = after_one_round().await;
    let id = program.json(&["deliveries", "list"]).await[0]["id"].as_str().unwrap().to_owned();
    let shown = program.run(&["deliveries", "show", &id]).await;
    assert!(text(&shown).contains("503"), "{}", text(&shown));
    let retried = program.run(&["deliveries", "retry", &id]).await;
    assert!(retried.status.success(), "{}", errors(&retried));
    program.run(&["once"]).await;
    let ids: Vec<String> = hook.received().into_iter().map(|one| one.id).collect();
    assert_eq!(ids, [id.clone(), id]);
}

#[tokio::test]
async fn a_disabled_sink_keeps_its_queue_until_it_is_enabled() {
    let (program, _site, hook) = after_one_round().await;
    let id = program.json(&["deliveries", "list"]).await[0]["id"].as_str().unwrap().to_owned();
    let before = hook.received().len();
    assert!(program.run(&["sinks", "disable", "hook"]).await.status.success());
    assert!(program.run(&["deliveries", "retry", &id]).await.status.success());
    program.run(&["once"]).await;
    assert_eq!(hook.received().len(), before, "a disabled sink was asked");
    let status = &program.json(&["status"]).await[0];
    assert!(status["problems"].to_string().contains("sinks enable hook"), "{status}");
    let sinks = program.json(&["sinks", "list"]).await;
    assert_eq!((&sinks[0]["state"], &sinks[0]["waiting"]), (&"disabled".into(), &1.into()));
    let listed = text(&program.run(&["deliveries", "list"]).await);
    assert!(listed.contains("its receiver is disabled since"), "{listed}");
    assert!(program.run(&["sinks", "enable", "hook"]).await.status.success());
    program.run(&["once"]).await;
    assert_eq!(hook.received().len(), before + 1);
}

#[tokio::test]
async fn what_waits_for_a_sink_that_is_gone_is_given_up_in_time() {
    let (program, _site, hook) = after_one_round().await;
    let config = std::fs::read_to_string(program.path("pactwatch.toml")).unwrap();
    let gone = config.replace("name = \"hook\"", "name = \"other\"");
    let state = async || program.json(&["deliveries", "list"]).await[0]["state"].clone();
    program.configure(&gone);
    program.run(&["once"]).await;
    assert_eq!(state().await, "paused");
    program.configure(&gone.replace("[delivery]\n", "[delivery]\ngive_up = \"1ms\"\n"));
    program.run(&["once"]).await;
    assert_eq!(state().await, "dead");
    assert_eq!(hook.received().len(), 1, "it was sent to another sink");
}

#[tokio::test]
async fn a_test_message_goes_to_one_sink() {
    let (program, _site, hook) = after_one_round().await;
    let before = hook.received().len();
    let output = program.run(&["sinks", "test", "hook"]).await;
    assert_eq!(output.status.code(), Some(1), "a refused test is a failure");
    let received = hook.received();
    assert_eq!(received.len(), before + 1);
    assert_eq!(received[before].body["type"], "test.ping");
    let unknown = program.run(&["sinks", "test", "hok"]).await;
    assert_eq!(unknown.status.code(), Some(1));
    assert!(errors(&unknown).contains("`hook`"), "no suggestion: {}", errors(&unknown));
}

#[tokio::test]
async fn replay_decides_line_by_line() {
    let program = Program::new("include = [\"builtin:alliances\"]\n");
    let items = [
        r#"{"id":"1","title":"Ireland formally applies to join NATO","date":"2026-01-05"}"#,
        r#"{"id":"2","title":"Storm closes ferry ports","date":"2026-01-05 10:00"}"#,
        r#"{"id":"3","title":"Ireland formally applies to join NATO","date":"2026-01-05T11:00:00Z"}"#,
        r#"{"id":"4","title":"Parliament of Hungary ratifies Ireland's NATO accession"}"#,
    ];
    std::fs::write(program.path("items.jsonl"), items.join("\n")).unwrap();
    let lines = program.json(&["replay", "--items", "items.jsonl"]).await;
    let decisions: Vec<&str> =
        lines.iter().map(|line| line["decision"].as_str().unwrap()).collect();
    assert_eq!(decisions[..3], ["alert", "quiet", "duplicate"]);
    assert!(["alert", "update"].contains(&decisions[3]), "{decisions:?}");
    let shape = ["id", "decision", "level", "rules", "alliances", "candidates", "acts"];
    lines.iter().for_each(|line| assert_shape(line, &shape));
    let alone = program.json(&["replay", "--items", "items.jsonl", "--no-dedup"]).await;
    let decisions: Vec<&str> =
        alone.iter().map(|line| line["decision"].as_str().unwrap()).collect();
    assert_eq!(decisions, ["alert", "quiet", "alert", "alert"]);
    assert!(!program.path("pactwatch.db").exists(), "replay wrote a database");
}

#[tokio::test]
async fn replay_says_what_another_config_would_gain_and_lose() {
    let program = Program::new("include = [\"builtin:alliances\"]\n");
    let other = "include = [\"builtin:alliances\"]\n\
        [alliance.NATO]\nextend = true\nremove = [\"NATO\"]\nterms = [\"North Pact\"]\n\
        [[rule]]\nid = \"security-alliance\"\nenabled = false\n\
        [[rule]]\nid = \"mine\"\nwhen = '(joining OR join) THEN/4 @door SENTENCE @candidate'\n\
        match = [\"Ireland applies to join the North Pact\"]\n\
        [[rule]]\nid = \"growth\"\nenabled = false\n";
    std::fs::write(program.path("other.toml"), other).unwrap();
    let items = [
        r#"{"id":"1","title":"Ireland formally applies to join NATO","date":"2026-01-05","label":"pos","alliances":["NATO"],"candidates":["IE"]}"#,
        r#"{"id":"2","title":"Storm closes ferry ports","label":"neg"}"#,
        r#"{"id":"3","title":"Malta mulls joining the North Pact","label":"pos","alliances":["NATO"],"candidates":["MT"]}"#,
        r#"{"id":"4","title":"Senegal asks to join BRICS","summary":"Dakar wrote to the host.","label":"pos"}"#,
    ];
    std::fs::write(program.path("items.jsonl"), items.join("\n")).unwrap();
    let arguments = ["replay", "--items", "items.jsonl", "--no-dedup", "--against", "other.toml"];
    let output = program.run(&arguments).await;
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    insta::assert_snapshot!(String::from_utf8(output.stdout).unwrap());
    let lines = program.json(&arguments).await;
    let changes: Vec<&str> = lines.iter().map(|line| line["against"].as_str().unwrap()).collect();
    assert_eq!(changes, ["lost", "unchanged", "gained", "unchanged"]);
    std::fs::write(program.path("broken.toml"), "include = 3\n").unwrap();
    let broken = ["replay", "--items", "items.jsonl", "--against", "broken.toml"];
    assert_eq!(program.run(&broken).await.status.code(), Some(78));
}

#[tokio::test]
async fn replay_of_history_shows_what_it_flags() {
    let (program, _site, _hook) = after_one_round().await;
    let shown = text(&program.run(&["replay", "--since", "30d"]).await);
    let lines: Vec<&str> = shown.lines().collect();
    assert!(
        lines[0].contains("  alert      flash") && lines[0].ends_with("NATO ← Ireland"),
        "{shown}"
    );
    assert_eq!(lines[1], "    Ireland formally applies to join NATO");
    assert!(lines[2].starts_with("2 items: 1 alert") && lines[3].contains("max_age"), "{shown}");
    assert!(!shown.contains("Storm closes"), "{shown}");
}

#[tokio::test]
async fn check_lists_the_rules_and_tells_programs_every_mistake() {
    let program = Program::new("include = [\"builtin:alliances\"]\n");
    let shown = text(&program.run(&["check"]).await);
    assert!(shown.contains("security-alliance"), "{shown}");
    let long = shown.lines().find(|line| line.starts_with("     ") && line.chars().count() > 80);
    assert_eq!(long, None);
    program.configure("include = [\"builtin:alliances\"]\n[poll]\nper_hosts = 2\n");
    let output = program.run(&["check", "--json"]).await;
    assert_eq!(output.status.code(), Some(78));
    let told: Value = serde_json::from_str(&text(&output)).unwrap();
    let mistake = told["errors"][0].as_str().unwrap();
    // With its place and its cure, as the log of a refused reload has them.
    assert!(mistake.contains("pactwatch.toml:3:1: "), "{mistake}");
    assert!(
        mistake.contains("per_hosts") && mistake.contains("did you mean `per_host`?"),
        "{mistake}"
    );
    let demo = program.run(&["demo", "--json"]).await;
    assert_eq!((demo.status.code(), text(&demo)), (Some(1), String::new()));
}

#[tokio::test]
async fn replay_can_look_at_headlines_alone() {
    let program = Program::new("include = [\"builtin:alliances\"]\n");
    let item = r#"{"id":"1","title":"Dakar looks east to BRICS","summary":"Senegal has asked to join BRICS."}"#;
    std::fs::write(program.path("items.jsonl"), item).unwrap();
    let decision = async |more: &[&str]| {
        let arguments = [&["replay", "--items", "items.jsonl"], more].concat();
        program.json(&arguments).await[0]["decision"].clone()
    };
    assert_eq!(decision(&[]).await, "alert");
    assert_eq!(decision(&["--title-only"]).await, "quiet");
}

#[tokio::test]
async fn a_broken_line_of_items_is_named() {
    let program = Program::new("include = [\"builtin:alliances\"]\n");
    std::fs::write(program.path("items.jsonl"), "{\"id\":\"1\",\"title\":\"a\"}\n{oops\n").unwrap();
    let output = program.run(&["replay", "--items", "items.jsonl"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(errors(&output).contains("items.jsonl:2"), "{}", errors(&output));
}

#[tokio::test]
async fn feeds_test_reads_a_file_as_the_daemon_would() {
    let program = Program::new("include = [\"builtin:alliances\"]\n");
    let document = r#"<rss version="2.0"><channel><title>T</title><item><title>A &amp; B</title>
        <link>/a</link><guid isPermaLink="false">g1</guid>
        <pubDate>Mon, 05 Jan 2026 10:00:00 GMT</pubDate></item></channel></rss>"#;
    std::fs::write(program.path("feed.xml"), document).unwrap();
    let arguments = ["feeds", "test", "feed.xml", "--base", "https://example.org/feed"];
    let lines = program.json(&arguments).await;
    assert_shape(&lines[0], &["key", "title", "url", "published", "summary"]);
    assert_eq!(lines[0]["title"], "A & B");
    assert_eq!(lines[0]["url"], "https://example.org/a");
    assert_eq!(lines[0]["published"], "2026-01-05T10:00:00Z");
    assert_eq!(lines[0]["repairs"], serde_json::json!([]));
    std::fs::write(program.path("feed.xml"), document.replace("&amp;", "&").replace("</rss>", ""))
        .unwrap();
    let lines = program.json(&arguments).await;
    assert_eq!(lines[0]["title"], "A & B");
    assert_eq!(lines[0]["repairs"].as_array().unwrap().len(), 2, "{}", lines[0]);
    std::fs::write(program.path("page.html"), "<html><body>Not found</body></html>").unwrap();
    let output = program.run(&["feeds", "test", "page.html"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(errors(&output).contains("web page"), "{}", errors(&output));
}

#[tokio::test]
async fn what_is_fetched_by_hand_keeps_to_the_bounds_of_polling() {
    let site = Site::start().await;
    site.publish("paper", [entry("ireland", "Ireland formally applies to join NATO", "")]);
    let config = Program::config(&[], "https://example.org/hook");
    let program = Program::new(&config.replace("[poll]\n", "[poll]\nmax_body = \"100B\"\n"));
    let url = site.url("paper");
    for arguments in [["feeds", "test", &url], ["explain", "--url", &url]] {
        let output = program.run(&arguments).await;
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(errors(&output).contains("larger than 100 bytes"), "{}", errors(&output));
    }
}

#[tokio::test]
async fn the_demo_works_without_config_or_network() {
    let program = Program::new("");
    let output = program.command(&["demo"]).output().await.unwrap();
    assert!(output.status.success(), "{}", errors(&output));
    let shown = text(&output);
    for part in ["Asian NATO", "AUKUS", "503", "429", "pactwatch run"] {
        assert!(shown.contains(part), "`{part}` is missing:\n{shown}");
    }
    let left: Vec<_> = std::fs::read_dir(program.folder()).unwrap().collect();
    assert_eq!(left.len(), 1, "the demo left files behind: {left:?}");
}

/// A database as the first version left it.
fn first_format(path: &std::path::Path) {
    let old = rusqlite::Connection::open(path).unwrap();
    old.execute_batch(include_str!("../../src/store/migrations/0001.sql")).unwrap();
    // The mark of our files, see `store`.
    old.pragma_update(None, "application_id", 0x7061_6374).unwrap();
    old.pragma_update(None, "user_version", 1).unwrap();
}

#[tokio::test]
async fn an_older_database_is_upgraded_and_a_newer_one_refused() {
    let program = Program::new("include = [\"builtin:alliances\"]\ndatabase = \"old.db\"\n");
    first_format(&program.path("old.db"));
    // What looks before the upgrade must not stand in its way.
    let checked = program.run(&["check"]).await;
    assert_eq!(checked.status.code(), Some(0), "{}", errors(&checked));
    assert!(text(&checked).contains("upgrades it"), "{}", text(&checked));
    let early = program.run(&["status"]).await;
    assert_eq!(early.status.code(), Some(1));
    assert!(errors(&early).contains("pactwatch run"), "{}", errors(&early));
    let upgraded = program.run(&["once"]).await;
    assert_eq!(upgraded.status.code(), Some(0), "{}", errors(&upgraded));
    assert!(program.run(&["status"]).await.status.success());
    let copy = rusqlite::Connection::open(program.path("old.db.before-v2")).unwrap();
    let format = |of: &rusqlite::Connection| {
        of.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0)).unwrap()
    };
    assert_eq!(format(&copy), 1);

    let newer = rusqlite::Connection::open(program.path("old.db")).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    drop(newer);
    for (command, code) in [(&["check"][..], 78), (&["run"], 1), (&["once"], 1), (&["status"], 1)] {
        let output = program.run(command).await;
        assert_eq!(output.status.code(), Some(code), "{command:?}");
        assert!(errors(&output).contains("format 99"), "{}", errors(&output));
        assert!(errors(&output).contains("install the version"), "{}", errors(&output));
    }
}

#[tokio::test]
async fn commands_before_the_first_run_say_what_to_do() {
    let program = Program::new("include = [\"builtin:alliances\"]\n");
    for command in [["alerts", "list"], ["deliveries", "list"], ["stories", "list"]] {
        let output = program.run(&command).await;
        assert_eq!(output.status.code(), Some(1), "{command:?}");
        assert!(errors(&output).contains("pactwatch run"), "{}", errors(&output));
    }
}

#[tokio::test]
async fn a_preview_shows_what_was_sealed_and_sends_nothing() {
    let (program, _site, hook) = after_one_round().await;
    let sent = hook.received();
    let shown = program.json(&["sinks", "preview", "hook"]).await.remove(0);
    let keys = ["sink", "alert", "message", "type", "state", "to", "headers", "body"];
    assert_shape(&shown, &keys);
    let body: Value = serde_json::from_str(shown["body"].as_str().unwrap()).unwrap();
    assert_eq!((&body, &shown["state"]), (&sent[0].body, &"retrying".into()));
    assert_eq!(shown["headers"]["webhook-id"], sent[0].id.as_str());
    let named = program.json(&["sinks", "preview", "hook", "A-1"]).await.remove(0);
    assert_eq!((&named["alert"], &named["message"]), (&"A-1".into(), &shown["message"]));
    // A sink that came later gets nothing of it, and can see how it would look.
    let config = std::fs::read_to_string(program.path("pactwatch.toml")).unwrap();
    program.configure(&format!("{config}[[sink]]\nname = \"lines\"\ntype = \"console\"\n"));
    let lines = text(&program.run(&["sinks", "preview", "lines"]).await);
    assert!(lines.starts_with("A-1: alert.raised, not queued; nothing was sent\n"), "{lines}");
    assert!(lines.contains("Ireland formally applies to join NATO"), "{lines}");
    let wrong = program.run(&["sinks", "preview", "hook", "A-9"]).await;
    assert!(errors(&wrong).contains("there is no alert A-9"), "{}", errors(&wrong));
    assert_eq!(hook.received().len(), sent.len(), "something was sent");
}

#[tokio::test]
async fn before_there_is_an_alert_a_preview_shows_an_example() {
    let program = Program::new(&Program::config(&[], "http://127.0.0.1:9/alerts").replace(
        "type = \"webhook\"\nurl = \"http://127.0.0.1:9/alerts\"",
        "type = \"ntfy\"\nurl = \"http://127.0.0.1:9\"\ntopic = \"news\"",
    ));
    let output = program.run(&["sinks", "preview", "hook"]).await;
    assert!(output.status.success(), "{}", errors(&output));
    insta::with_settings!({filters => vec![(r"\d+ \w{3} 20\d\d \d\d:\d\d UTC", "[time]")]}, {
        insta::assert_snapshot!("preview", text(&output));
    });
}

#[tokio::test]
async fn init_writes_a_good_config_and_never_over_another() {
    let program = Program::new("");
    std::fs::remove_file(program.path("pactwatch.toml")).unwrap();
    let output = text(&program.run(&["init"]).await);
    insta::assert_snapshot!("init", output.replace(&*program.folder().to_string_lossy(), "."));
    let output = program.run(&["check"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    program.configure("mine");
    let output = program.run(&["init"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(errors(&output).contains("stays as it is"), "{}", errors(&output));
    assert_eq!(std::fs::read_to_string(program.path("pactwatch.toml")).unwrap(), "mine");
}

#[tokio::test]
async fn completions_and_man_pages_name_every_command() {
    let program = Program::new("");
    let commands = ["run", "check", "explain", "why", "replay", "feeds", "sinks", "store"];
    for shell in ["bash", "zsh", "fish"] {
        let output = text(&program.run(&["completions", shell]).await);
        assert!(commands.iter().all(|command| output.contains(command)), "{shell}: {output}");
    }
    let page = text(&program.run(&["man"]).await);
    assert!(page.contains(".TH pactwatch 1"), "{page}");
    let output = program.run(&["man", "--out", "pages"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    for command in commands {
        assert!(program.path(&format!("pages/pactwatch-{command}.1")).exists(), "{command}");
    }
}
