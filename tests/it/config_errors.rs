//! What is said of a config with mistakes: everything in one report, with place and cure.

use crate::program::{Program, errors, text};

/// Runs `check` on a config that must be refused and gives the report.
async fn report(config: &str) -> String {
    let program = Program::new(config);
    let output = program.run(&["check"]).await;
    assert_eq!(output.status.code(), Some(78), "{}", text(&output));
    errors(&output)
}

#[tokio::test]
async fn all_mistakes_come_in_one_report() {
    let report = report(
        r#"include = ["builtin:alliances"]
timezone = "Europe/Atlantis"

[poll]
evry = "5m"
min = "5 bananas"
per_host = 0

[[feed]]
name = "one"
url = "ftp://example.org/feed"

[[feed]]
name = "one"
url = "https://example.org/feed"
kind = "ofical"

[[sink]]
name = "desk"
type = "slak"

[[sink]]
name = "hook"
type = "webhook"
url = "https://hooks.example.org/T0PSECRET"
min_level = "flsh"
"#,
    )
    .await;
    insta::assert_snapshot!(report);
    assert!(!report.contains("T0PSECRET"));
}

#[tokio::test]
async fn mistakes_in_rules_show_the_query_and_a_caret() {
    let report = report(
        r#"
[alliance.NATO]
terms = ["NATO"]
[act.joins]
terms = ["join*"]
stage = 5
[place.SE]
name = "Sweden"
terms = ["Sweden"]

[[rule]]
id = "a"
title = "A"
when = "NATO membership"
match = ["NATO membership"]

[[rule]]
id = "b"
title = "B"
when = "@alliance SENTENCE @plase"

[[rule]]
id = "c"
title = "C"
when = "@alliance SENTENCE @act SENTENCE @candidate"
match = ["NATO meets in Brussels"]
no_match = ["Sweden joins NATO"]
"#,
    )
    .await;
    insta::assert_snapshot!(report);
}

#[tokio::test]
async fn no_mistake_hides_another() {
    let report = report(
        r#"
[network]
contact = "test"
[alliance.NATO]
terms = ["NATO"]
[[rule]]
id = "broken"
when = "@alliance SENTENCE @nowhere"
match = ["NATO"]
[[rule]]
id = "failing"
when = '"NATO"'
match = ["Brussels"]
[[feed]]
name = "one"
url = "https://example.org/feed"
[[feed]]
name = "one"
url = "https://example.org/other"
[[sink]]
name = "desk"
type = "webhook"
url = { file = "no-such-file" }
rules = ["broken", "faling"]
alliances = ["NATA"]
[[sink]]
name = "half"
type = "webhook"
[operator]
sinks = ["half", "dask"]
"#,
    )
    .await;
    for mistake in [
        "nowhere",
        "fails its own example",
        "there are two feeds named `one`",
        "no-such-file",
        "wants the rule `faling`, which does not exist",
        "wants the alliance `NATA`",
        "[[sink]] has no `url`",
        "there is no sink `dask`",
    ] {
        assert!(report.contains(mistake), "{mistake} is not told: {report}");
    }
    // What is refused for itself is there all the same.
    assert!(!report.contains("wants the rule `broken`"), "{report}");
    assert!(!report.contains("there is no sink `half`"), "{report}");
    assert!(report.ends_with("config refused: 8 mistakes\n"), "{report}");
}

#[tokio::test]
async fn what_is_no_config_is_refused_with_a_cure() {
    for (name, content) in [("empty", b"".as_slice()), ("binary", b"\xff\xfe\x00\x01".as_slice())] {
        let program = Program::new("");
        std::fs::write(program.path("pactwatch.toml"), content).unwrap();
        let output = program.run(&["check"]).await;
        assert_eq!(output.status.code(), Some(78), "{name}");
        insta::assert_snapshot!(name, errors(&output));
    }
    let program = Program::new("");
    for (name, path) in [("missing", "nowhere.toml"), ("folder", ".")] {
        let output = program.command(&["run", "--config", path]).output().await.unwrap();
        assert_eq!(output.status.code(), Some(78), "{name}");
        insta::assert_snapshot!(name, errors(&output));
    }
}

#[tokio::test]
async fn a_secret_that_cannot_be_had_is_a_mistake_of_the_config() {
    let program = Program::new(
        r#"include = ["builtin:alliances"]
database = "test.db"
[network]
contact = "test"
ca_file = "roots.pem"
[[feed]]
url = "http://127.0.0.1:9/feed.xml"
[[sink]]
name = "desk"
type = "slack"
url = { file = "slack-url" }
[[sink]]
name = "hook"
type = "webhook"
url = "https://hooks.example.org/"
secret = { env = "PACTWATCH_TEST_NO_SUCH_VARIABLE" }
"#,
    );
    let checked = program.run(&["check"]).await;
    insta::assert_snapshot!(errors(&checked));
    assert_eq!(text(&checked), "", "mistakes belong on stderr");
    for command in [&["check"][..], &["run"], &["once"], &["sinks", "test", "desk"]] {
        let output = program.run(command).await;
        assert_eq!(output.status.code(), Some(78), "{command:?}: {}", errors(&output));
        assert!(errors(&output).contains("pactwatch.toml:8:1"), "{}", errors(&output));
    }
    assert!(!program.path("test.db").exists(), "a refused config made a database");
}

#[tokio::test]
async fn the_config_is_found_where_it_is_said_to_be() {
    let program = Program::new(
        "include = [\"builtin:alliances\"]\n[[feed]]\nname = \"named\"\n\
                                url = \"https://example.org/named\"\n",
    );
    std::fs::create_dir(program.path("config")).unwrap();
    std::fs::write(
        program.path("config/pactwatch.toml"),
        "include = [\"builtin:alliances\"]\n[[feed]]\nname = \"usual\"\nurl = \"https://example.org/usual\"\n",
    )
    .unwrap();
    let feeds = ["feeds", "list", "--json"];
    for (variable, arguments, name) in [
        (None, vec![], "usual"),
        // A variable that is set to nothing is not set.
        (Some(""), vec![], "usual"),
        (Some("pactwatch.toml"), vec![], "named"),
        (Some("pactwatch.toml"), vec!["--config", "config/pactwatch.toml"], "usual"),
    ] {
        for before in [true, false] {
            let all = match before {
                true => [&arguments[..], &feeds[..]].concat(),
                false => [&feeds[..], &arguments[..]].concat(),
            };
            let mut command = program.command(&all);
            if let Some(variable) = variable {
                command.env("PACTWATCH_CONFIG", variable);
            }
            let output = command.output().await.unwrap();
            assert!(text(&output).contains(name), "{variable:?} {all:?}: {}", errors(&output));
        }
    }
}

#[tokio::test]
async fn includes_have_a_bound_and_no_circle() {
    let program = Program::new("include = [\"b.toml\"]\n");
    std::fs::write(program.path("b.toml"), "include = [\"pactwatch.toml\", \"c.toml\"]\n").unwrap();
    let output = program.run(&["check"]).await;
    assert_eq!(output.status.code(), Some(78));
    insta::assert_snapshot!(errors(&output));
}

#[tokio::test]
async fn the_shipped_config_is_good() {
    let program = Program::new("");
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    std::fs::copy(root.join("config/pactwatch.toml"), program.path("pactwatch.toml")).unwrap();
    let output = program.run(&["check"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
}
