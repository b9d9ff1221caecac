//! The story that the product was born from, over the wire.

use serde_json::Value;

use crate::program::{Program, stop, text};
use crate::world::{Hook, Mood, Received, Site, entry};

const REWRITE: &str = "America, Britin hurrying to enlarge Asian NATO";
const REWRITE_TEXT: &str = "Washington and London are pressing ahead with plans under which Canada and \
    Japan may join AUKUS Pillar 2, diplomats say. India, New Zealand and South Korea are named as \
    further prospects.";
const REPORT: &str = "Canada and Japan in talks to join AUKUS Pillar 2, officials say";
const REPORT_TEXT: &str = "Officials of the three AUKUS members said that Canada and Japan are being \
    considered as partners for Pillar 2, which covers advanced technology.";

#[tokio::test]
async fn the_headline_alone_is_aukus_and_not_nato() {
    let program = Program::new("include = [\"builtin:alliances\"]\n");
    let found = &program.json(&["explain", REWRITE]).await[0];
    assert_eq!(found["match"]["alliances"], serde_json::json!(["AUKUS"]), "{found:#}");
    let masked = found["masked"].as_array().unwrap();
    assert!(masked.iter().any(|one| one["list"] == "NATO"), "{found:#}");
    let title: Vec<char> = REWRITE.chars().collect();
    for one in found["match"]["evidence"].as_array().unwrap() {
        let (start, end) = (one["start"].as_u64().unwrap(), one["end"].as_u64().unwrap());
        let span: String = title[start as usize..end as usize].iter().collect();
        assert_eq!(one["text"], span, "the span does not lead to its text");
    }
}

#[tokio::test]
async fn with_its_body_the_candidates_are_canada_and_japan() {
    let program = Program::new("include = [\"builtin:alliances\"]\n");
    std::fs::write(program.path("rewrite.txt"), format!("{REWRITE}\n{REWRITE_TEXT}")).unwrap();
    let found = &program.json(&["explain", "--file", "rewrite.txt"]).await[0];
    let matched = &found["match"];
    assert_eq!(matched["alliances"], serde_json::json!(["AUKUS"]), "{found:#}");
    assert_eq!(matched["candidates"], serde_json::json!(["CA", "JP"]), "{found:#}");
    let also = codes(&matched["also_named"]);
    for code in ["IN", "NZ", "KR"] {
        assert!(also.contains(&code.to_owned()), "{code} is not also named: {found:#}");
    }
    for member in ["US", "GB", "AU"] {
        assert!(!also.contains(&member.to_owned()), "the member {member} is named: {found:#}");
    }
}

#[tokio::test]
async fn the_rewrite_joins_the_report_and_nothing_repeats() {
    let site = Site::start().await;
    let hook = Hook::willing().await;
    site.publish("paper", [entry("report", REPORT, REPORT_TEXT)]);
    site.publish("wire", []);
    let urls = [site.url("paper"), site.url("wire")];
    let config = Program::config(&urls, &hook.url("alerts"));
    let program = Program::new(&config);

    let daemon = program.start();
    hook.until("the report is told", |all| !all.is_empty()).await;
    site.publish("wire", [entry("rewrite", REWRITE, REWRITE_TEXT)]);
    // Asked again with the new validators, which were written together with the items.
    site.until("the rewrite is admitted", |all| {
        served(all, "/wire.xml") >= 2
            && all
                .iter()
                .rfind(|visit| visit.path == "/wire.xml")
                .is_some_and(|it| it.status == 304)
    })
    .await;
    assert_eq!(stop(daemon).await, Some(0), "{}", program.log());

    let first = &hook.received()[0].body;
    assert_eq!(first["type"], "alert.raised");
    assert_eq!(first["data"]["item"]["title"], REPORT);
    assert_eq!(first["data"]["alliances"], serde_json::json!(["AUKUS"]));
    let stories = program.json(&["stories", "list"]).await;
    assert_eq!(stories.len(), 1, "{stories:#?}");
    let shown = text(&program.run(&["stories", "show", stories[0]["id"].as_str().unwrap()]).await);
    assert!(shown.contains(REPORT) && shown.contains(REWRITE), "{shown}");

    // Every feed serves everything again, to a daemon that was restarted.
    site.mood("paper", Mood::Stubborn);
    site.mood("wire", Mood::Stubborn);
    let before = (served(&site.visits(), "/paper.xml"), served(&site.visits(), "/wire.xml"));
    let daemon = program.start();
    site.until("all is served again", |all| {
        served(all, "/paper.xml") > before.0 + 1 && served(all, "/wire.xml") > before.1 + 1
    })
    .await;
    assert_eq!(stop(daemon).await, Some(0), "{}", program.log());
    assert_eq!(told(&hook.received(), "report"), 1, "{:#?}", hook.received());
    assert_eq!(told(&hook.received(), "rewrite"), 0, "{:#?}", hook.received());
}

fn codes(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect()
}

fn served(visits: &[crate::world::Visit], path: &str) -> usize {
    visits.iter().filter(|visit| visit.path == path && visit.status == 200).count()
}

fn told(all: &[Received], slug: &str) -> usize {
    let of_item = |one: &&Received| {
        one.body["data"]["item"]["url"].as_str().is_some_and(|url| url.ends_with(slug))
    };
    all.iter().filter(of_item).count()
}
