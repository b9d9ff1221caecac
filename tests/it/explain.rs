//! What `explain` and `alerts show` say of an item, as a stranger reads it.

use serde_json::{Value, json};

use crate::program::{Program, errors, text};
use crate::world::{Hook, Site, entry};

fn shipped() -> Program {
    Program::new("include = [\"builtin:alliances\"]\n")
}

async fn explained(program: &Program, arguments: &[&str]) -> String {
    let mut all = vec!["explain"];
    all.extend(arguments);
    let output = program.run(&all).await;
    assert!(output.status.success(), "{}", errors(&output));
    text(&output)
}

#[tokio::test]
async fn an_explanation_reads_alone() {
    let program = shipped();
    let headline = "America, Britin hurrying to enlarge Asian NATO";
    let with_body = format!(
        "{headline} || Washington and London are in a hurry. Canada and Japan may join AUKUS Pillar 2, \
         diplomats say. India, New Zealand and South Korea are named as prospects."
    );
    for (name, source) in [
        ("headline_alone", headline),
        ("headline_and_body", &with_body),
        ("japanese", "スウェーデンのNATO加盟、トルコ議会が承認"),
        ("german", "Kabinett in Wien schließt NATO-Beitritt Österreichs aus"),
        ("near", "Ireland and NATO hold talks on undersea cables"),
        ("adjective", "NATO exercise begins in northern Norway with Irish troops"),
        ("masked", "Japan joins calls for NATO to send more aid"),
        ("no_candidate", "Spain tells NATO it will pay more"),
        ("no_alliance", "Bakery in Leeds wins prize for its rye bread"),
    ] {
        let date = if name == "japanese" { "2024-01-24" } else { "2024-03-24" };
        let shown = explained(&program, &["--date", date, source]).await;
        for line in shown.lines().filter(|line| !line.starts_with('{')) {
            assert!(line.chars().count() <= 80, "`{line}` is too long");
        }
        insta::assert_snapshot!(name, shown);
    }
}

#[tokio::test]
async fn a_pasted_line_holds() {
    let program = shipped();
    for (key, source) in [
        ("match", "Ireland formally applies to join NATO"),
        (
            "match",
            "Ireland looks for \"new friends\" || Ireland applied to join NATO, a minister said.",
        ),
        ("no_match", "NATO exercise begins in northern Norway with Irish troops"),
    ] {
        let found = &program.json(&["explain", "--date", "2026-01-05", source]).await[0];
        let (rule, line) = (&found["example"]["rule"], if key == "match" { "yes" } else { "no" });
        assert_eq!(rule, "security-alliance", "{found:#}");
        let line = found["example"][line].as_str().unwrap();
        let own = format!(
            "[[rule]]\nid = \"own\"\ntitle = \"Own\"\nlike = \"security-alliance\"\n\
             of = [\"security\"]\n{key} = [\n{line}\n]\n"
        );
        std::fs::write(program.path("own.toml"), own).unwrap();
        program.configure("include = [\"builtin:alliances\", \"own.toml\"]\n");
        let output = program.run(&["check"]).await;
        assert!(output.status.success(), "{line}\n{}{}", text(&output), errors(&output));
        program.configure("include = [\"builtin:alliances\"]\n");
    }
}

#[tokio::test]
async fn a_feed_is_explained_entry_by_entry() {
    let program = shipped();
    let item = |title: &str, text: &str| {
        format!("<item><title>{title}</title><description>{text}</description></item>")
    };
    let document = format!(
        "<rss version=\"2.0\"><channel><title>T</title>{}{}{}</channel></rss>",
        item("Ireland formally applies to join NATO", "Dublin handed in its bid."),
        item("Cabinet meets in Dublin", "Ireland may join NATO, the premier said."),
        item("Ireland and NATO hold talks on undersea cables", ""),
    );
    std::fs::write(program.path("feed.xml"), document).unwrap();
    let shown = explained(&program, &["--file", "feed.xml"]).await;
    insta::assert_snapshot!(shown);
}

/// Every span leads to its text, by Unicode scalars.
fn assert_spans(texts: &Value, evidence: &Value) {
    let list = evidence.as_array().unwrap();
    assert!(!list.is_empty());
    for one in list {
        let field = one["field"].as_str().unwrap();
        let scalars: Vec<char> = texts[field].as_str().unwrap().chars().collect();
        let (start, end) = (one["start"].as_u64().unwrap(), one["end"].as_u64().unwrap());
        let span: String = scalars[start as usize..end as usize].iter().collect();
        assert_eq!(one["text"], span, "{one:#}");
    }
}

#[tokio::test]
async fn the_same_structure_goes_everywhere_and_nothing_steers_the_reader() {
    let site = Site::start().await;
    let hook = Hook::willing().await;
    // Colour codes, a bell, overrides of direction and an isolate, as escapes and as they are.
    let hostile = "\u{202e}Швеция вступила&#x202e; в\u{2067} НАТО\u{200f} \u{9b}31m😀";
    site.publish("paper", [entry("sweden", hostile, "\u{2066}Стокгольм \u{61c}ждал этого дня.")]);
    let program = Program::new(&Program::config(&[site.url("paper")], &hook.url("alerts")));
    let own = "[[rule]]\nid = \"own\"\ntitle = \"Own\"\nwhen = '@alliance SENTENCE @place'\n\
        match = [\"Швеция вступила в НАТО\"]\n";
    std::fs::write(program.path("own.toml"), own).unwrap();
    let config = std::fs::read_to_string(program.path("pactwatch.toml")).unwrap();
    program
        .configure(&config.replace("\"builtin:alliances\"", "\"builtin:alliances\", \"own.toml\""));
    let output = program.run(&["once"]).await;
    assert!(output.status.success(), "{}", errors(&output));

    let sent = &hook.received()[0].body["data"];
    assert_spans(&sent["item"], &sent["evidence"]);
    let gloss = |text: &str| {
        let list = sent["evidence"].as_array().unwrap();
        list.iter().find(|one| one["text"] == text).map(|one| one["gloss"].clone())
    };
    assert_eq!(gloss("Швеция"), Some(json!("Sweden")), "{sent:#}");
    assert_eq!(sent["masked"], json!([]));

    let shown = text(&program.run(&["alerts", "show", "A-1"]).await);
    assert!(shown.contains("Швеция = Sweden"), "{shown}");
    let detail = &program.json(&["alerts", "show", "A-1"]).await[0];
    let alert = &detail["alert"];
    assert_eq!(alert["matched"]["evidence"], sent["evidence"]);
    assert_spans(&alert["item"], &alert["matched"]["evidence"]);

    let argument = "Швеция вступила в\u{2067} НАТО\u{1b}[31m\u{7}\u{202e} 😀";
    let told = explained(&program, &[argument]).await;
    let json = text(&program.run(&["explain", "--json", argument]).await);
    for shown in [shown, told, json] {
        let tricks = |c: char| {
            (c.is_control() && c != '\n')
                || matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}')
                || matches!(c, '\u{2066}'..='\u{2069}')
        };
        assert!(!shown.contains(tricks), "{shown:?}");
    }
}
