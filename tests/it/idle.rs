//! A sink that cannot be set up costs itself only, and works as soon as it can.

use crate::program::{Program, errors, signal, stop};
use crate::world::{Hook, Site, entry};

const FIRST: &str = "Ireland formally applies to join NATO";
const SECOND: &str = "Mexico formally applies to join BRICS";

/// A sink that works, and one whose address stands in a file.
fn config(site: &Site, hook: &Hook) -> String {
    let sound = Program::config(&[site.url("paper")], &hook.url("sound"));
    format!(
        "{sound}[[sink]]\nname = \"kept\"\ntype = \"webhook\"\nurl = {{ file = \"address\" }}\n\
         allow_private = [\"127.0.0.0/8\"]\n"
    )
}

fn paths(hook: &Hook) -> Vec<String> {
    hook.received().into_iter().map(|one| one.path).collect()
}

#[tokio::test]
async fn a_secret_that_is_missing_holds_up_its_own_sink_alone() {
    let site = Site::start().await;
    let hook = Hook::willing().await;
    site.publish("paper", [entry("ireland", FIRST, "")]);
    let program = Program::new(&config(&site, &hook));
    let checked = program.run(&["check"]).await;
    assert_eq!(checked.status.code(), Some(78), "{}", errors(&checked));
    let once = program.run(&["once"]).await;
    assert_eq!(once.status.code(), Some(1), "a sink out of order is no success");
    assert_eq!(paths(&hook), ["sound"]);
    let status = program.json(&["status"]).await.remove(0);
    let problem = status["problems"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["what"].as_str().unwrap().contains("the sink `kept` cannot be used"))
        .unwrap_or_else(|| panic!("{status}"));
    assert!(problem["what"].as_str().unwrap().contains("address"), "{problem}");
    let row = program.json(&["deliveries", "list", "--sink", "kept"]).await.remove(0);
    assert_eq!((&row["state"], &row["attempts"]), (&"queued".into(), &0.into()), "{row}");
    // It needs nothing but the file.
    std::fs::write(program.path("address"), hook.url("kept")).unwrap();
    let once = program.run(&["once"]).await;
    assert_eq!(once.status.code(), Some(0), "{}", errors(&once));
    assert_eq!(paths(&hook), ["sound", "kept"]);
    let status = program.json(&["status"]).await.remove(0);
    assert!(!status["problems"].to_string().contains("kept"), "{status}");
}

#[tokio::test]
async fn a_daemon_starts_without_a_secret_and_uses_it_once_it_is_there() {
    let site = Site::start().await;
    let hook = Hook::willing().await;
    site.publish("paper", [entry("ireland", FIRST, "")]);
    let program = Program::new(&config(&site, &hook));
    let daemon = program.start();
    hook.until("the sink that works is told", |all| all.len() == 1).await;
    program.logged("the sink cannot be used and its queue waits").await;
    std::fs::write(program.path("address"), hook.url("kept")).unwrap();
    site.publish("paper", [entry("mexico", SECOND, "")]);
    hook.until("what waited is told", |all| all.len() == 4).await;
    // A reload while the secret is away, as it is replaced, takes what is new and keeps the sink.
    std::fs::remove_file(program.path("address")).unwrap();
    program.configure(&config(&site, &hook).replacen(
        "database",
        "timezone = \"Asia/Tokyo\"\ndatabase",
        1,
    ));
    signal(&daemon, "HUP");
    program.logged("timezone changed").await;
    site.publish("paper", [entry("austria", "Austria formally applies to join NATO", "")]);
    hook.until("both are told", |all| all.len() == 6).await;
    assert_eq!(stop(daemon).await, Some(0), "{}", program.log());
    assert!(!program.log().contains("config rejected"), "{}", program.log());
}
