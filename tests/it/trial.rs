//! `check --online`: feeds and receivers are tried, and nobody is told anything.

use crate::program::{Program, errors, text};
use crate::world::{Hook, Mood, Reply, Site, entry};

fn config(site: &Site, hook: &Hook) -> String {
    let feed =
        |name: &str| format!("[[feed]]\nname = \"The {name}\"\nurl = \"{}\"\n", site.url(name));
    let guard = "allow_private = [\"127.0.0.0/8\"]\n";
    let sink = |name: &str, rest: &str| format!("[[sink]]\nname = \"{name}\"\n{rest}\n{guard}");
    format!(
        "include = [\"builtin:alliances\"]\ndatabase = \"test.db\"\n\
         [network]\n{guard}contact = \"test\"\n[web]\nlisten = \"\"\n[delivery]\ntimeout = \"5s\"\n{}",
        ["paper", "wire", "empty"].map(feed).concat()
            + &sink("desk", &format!("type = \"webhook\"\nurl = \"{}\"", hook.url("desk")))
            + &sink(
                "room",
                &format!(
                    "type = \"matrix\"\nhomeserver = \"{}\"\nroom = \"!a:b.org\"\ntoken = \"wrong-token\"",
                    hook.url("matrix")
                )
            )
            + "[[sink]]\nname = \"screen\"\ntype = \"console\"\n"
    )
}

#[tokio::test]
async fn what_cannot_be_reached_is_told_with_a_cure() {
    let site = Site::start().await;
    let hook = Hook::start(|path, _| match path.starts_with("matrix") {
        true => Reply::status(401),
        false => Reply::status(405),
    })
    .await;
    site.publish("paper", [entry("bid", "Ireland formally applies to join NATO", "")]);
    site.publish("wire", [entry("bid", "Ireland formally applies to join NATO", "")]);
    site.publish("empty", []);
    let program = Program::new(&config(&site, &hook));
    let well = program.run(&["check"]).await;
    assert_eq!(well.status.code(), Some(0), "{}", errors(&well));
    assert!(hook.received().is_empty());

    site.mood("wire", Mood::Status(503));
    let output = program.run(&["check", "--online"]).await;
    assert_eq!(output.status.code(), Some(1), "{}{}", text(&output), errors(&output));
    let said = text(&output);
    assert!(!said.contains("wrong-token"), "{said}");
    let from = said.find("online").unwrap_or_else(|| panic!("{said}"));
    insta::assert_snapshot!("online", &said[from..]);
    let rows = program.run(&["check", "--online", "--json"]).await;
    assert_eq!(rows.status.code(), Some(1));
    let report: serde_json::Value = serde_json::from_str(text(&rows).trim()).unwrap();
    let online = report["online"].as_array().unwrap();
    assert_eq!(online.len(), 6, "{online:?}");
    assert_eq!((&online[0]["name"], &online[0]["ok"]), (&"The paper".into(), &true.into()));
    // Nothing was kept, and nobody was told.
    assert!(!program.path("test.db").exists());

    site.mood("wire", Mood::Well);
    site.publish("empty", [entry("storm", "Storm closes ferry ports", "")]);
    let healed = config(&site, &hook);
    let room = healed.find("[[sink]]\nname = \"room\"").unwrap();
    let screen = healed.find("[[sink]]\nname = \"screen\"").unwrap();
    program.configure(&format!("{}{}", &healed[..room], &healed[screen..]));
    let output = program.run(&["check", "--online"]).await;
    assert_eq!(output.status.code(), Some(0), "{}{}", text(&output), errors(&output));
    assert!(text(&output).contains("online    3 of 3 feeds were read"), "{}", text(&output));
}
