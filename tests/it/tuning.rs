//! The way from a false alarm to a better rule, as the README walks it.

use crate::program::{Program, errors, signal, stop, text};
use crate::world::{Hook, Site, entry};

/// A rule of the desk's own, as it was first written, and as it is mended.
const LOOSE: &str = "[[rule]]\nid = \"summits\"\ntitle = \"Summits\"\nwhen = 'title:summit'\n";
const MENDED: &str = "[[rule]]\nid = \"summits\"\ntitle = \"Summits\"\n\
                      when = 'title:summit AND NOT title:chess'\n\
                      match = [\"Leaders gather for a summit\"]\n\
                      no_match = [\"Chess summit opens in the old harbour\"]\n";

#[tokio::test]
async fn a_false_alarm_becomes_a_better_rule() {
    let site = Site::start().await;
    let hook = Hook::willing().await;
    site.publish(
        "paper",
        [
            entry("chess", "Chess summit opens in the old harbour", ""),
            entry("leaders", "Leaders gather for a summit on fisheries", ""),
        ],
    );
    let config = |rule: &str| Program::config(&[site.url("paper")], &hook.url("alerts")) + rule;
    let program = Program::new(&config(LOOSE));
    program.run(&["once", "--all"]).await;
    let alerts = program.json(&["alerts", "list"]).await;
    assert_eq!(alerts.len(), 2, "{alerts:?}");
    let alarm = alerts.iter().find(|row| row["title"].as_str().unwrap().contains("Chess")).unwrap();
    let [id, url] = ["id", "url"].map(|key| alarm[key].as_str().unwrap());

    let judged = program.run(&["alerts", "judge", id, "bad"]).await;
    assert_eq!(judged.status.code(), Some(0), "{}", errors(&judged));
    let status = text(&program.run(&["status"]).await);
    assert!(status.contains("summits was right 0 of 1 times"), "{status}");
    let why = text(&program.run(&["why", url]).await);
    assert!(why.contains("rule summits") && why.contains("`hook` has it"), "{why}");

    // An edit that breaks an example of its own is refused before anything runs with it.
    std::fs::write(program.path("next.toml"), config(&MENDED.replace("chess", "chest"))).unwrap();
    let against = ["replay", "--since", "30d", "--against", "next.toml"];
    let refused = program.run(&against).await;
    assert_eq!(refused.status.code(), Some(78), "{}", text(&refused));
    assert!(errors(&refused).contains("Chess summit opens"), "{}", errors(&refused));

    std::fs::write(program.path("next.toml"), config(MENDED)).unwrap();
    let compared = text(&program.run(&against).await);
    // Above it stand the items with their dates.
    insta::assert_snapshot!("compared", &compared[compared.find("against").unwrap_or(0)..]);

    let daemon = program.start();
    program.logged("watches").await;
    std::fs::copy(program.path("next.toml"), program.path("pactwatch.toml")).unwrap();
    signal(&daemon, "HUP");
    program.logged("config reloaded").await;
    assert_eq!(stop(daemon).await, Some(0), "{}", program.log());
    let quiet = text(&program.run(&["explain", "Chess summit opens in the old harbour"]).await);
    assert!(quiet.starts_with("QUIET"), "{quiet}");
    // None of it told anybody anything again.
    assert_eq!(program.json(&["alerts", "list"]).await.len(), 2);
    assert_eq!(hook.received().len(), 2);
}

#[tokio::test]
async fn an_upgrade_says_what_its_rules_make_of_stored_items() {
    let site = Site::start().await;
    site.publish(
        "paper",
        [
            entry("storm", "Storm closes ferry ports", ""),
            entry("bid", "Ireland applies to join NATO", ""),
        ],
    );
    let hook = Hook::willing().await;
    let config = Program::config(&[site.url("paper")], &hook.url("hook"));
    let rule = |when: &str| {
        let config = config.replace("include = [\"builtin:alliances\"]\n", "");
        format!(
            "{config}[alliance.NATO]\nterms = [\"NATO\"]\n\
             [[rule]]\nid = \"own\"\ntitle = \"Ours\"\nwhen = \"{when}\"\n"
        )
    };
    let program = Program::new(&rule("NATO"));
    let daemon = program.start();
    hook.until("it is told", |told| told.len() == 1).await;
    assert_eq!(stop(daemon).await, Some(0));
    // The same rules again say nothing; others do, and tell nobody.
    let before = site.visits().len();
    let daemon = program.start();
    site.until("it is polled again", |visits| visits.len() > before + 1).await;
    assert_eq!(stop(daemon).await, Some(0));
    assert!(!program.log().contains("stored items"), "{}", program.log());
    program.configure(&rule("storm"));
    let daemon = program.start();
    program.logged("of 2 stored items the new rules flag 1 more and 1 no longer").await;
    assert_eq!(stop(daemon).await, Some(0));
    assert_eq!(hook.received().len(), 1);
    let said = text(&program.run(&["status"]).await);
    assert!(
        said.contains("of 2 stored items they flag 1 more, 1 no longer; none was told"),
        "{said}"
    );
}
