//! What people make of alerts: kept, shown, counted for its rule, and taken along.

use crate::program::{Program, errors, text};
use crate::world::{Hook, Site, entry};

#[tokio::test]
async fn a_judgement_is_kept_shown_and_counted_for_its_rule() {
    let site = Site::start().await;
    let hook = Hook::willing().await;
    site.publish(
        "paper",
        [
            entry("ireland", "Ireland formally applies to join NATO", ""),
            entry("mexico", "Mexico may join BRICS, minister says", "A \"first\", they say"),
        ],
    );
    let program = Program::new(&Program::config(&[site.url("paper")], &hook.url("alerts")));
    program.run(&["once", "--all"]).await;
    let id = |rows: &[serde_json::Value], title: &str| {
        let row = rows.iter().find(|row| row["title"].as_str().unwrap().contains(title)).unwrap();
        row["id"].as_str().unwrap().to_owned()
    };
    let rows = program.json(&["alerts", "list"]).await;
    assert!(rows.iter().all(|row| row["judged"].is_null()), "{rows:?}");
    let (ireland, mexico) = (id(&rows, "Ireland"), id(&rows, "Mexico"));
    let said = [
        (&ireland, "bad", "too soon"),
        (&ireland, "good", "on second thought"),
        (&mexico, "bad", "=only talk"),
    ];
    for (alert, verdict, note) in said {
        let output = program.run(&["alerts", "judge", alert, verdict, "--note", note]).await;
        assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    }
    let rows = program.json(&["alerts", "list"]).await;
    let judged =
        |alert: &str| rows.iter().find(|row| row["id"] == alert).unwrap()["judged"].clone();
    assert_eq!((judged(&ireland), judged(&mexico)), ("good".into(), "bad".into()));
    let shown = text(&program.run(&["alerts", "show", &mexico]).await);
    assert!(shown.contains("judged bad, ") && shown.contains(": =only talk"), "{shown}");
    let status = text(&program.run(&["status"]).await);
    let counted: Vec<&str> = status.lines().filter(|line| line.starts_with("judged")).collect();
    insta::assert_snapshot!("counted", counted.join("\n"));
    let exported = text(&program.run(&["alerts", "export", "--csv", "--since", "1h"]).await);
    assert_eq!(exported.lines().count(), 3, "{exported}");
    assert!(exported.contains(",\"Mexico may join BRICS, minister says\","), "{exported}");
    let sheet = text(&program.run(&["alerts", "export", "--csv"]).await);
    assert!(sheet.ends_with("\r\n") && sheet.matches("\r\n").count() == 3, "{sheet:?}");
    let listed = program.json(&["alerts", "list"]).await;
    assert_eq!(program.json(&["alerts", "export", "--csv"]).await, listed);
    let table = text(&program.run(&["alerts", "export", "--markdown"]).await);
    insta::with_settings!({ filters => vec![
        (r"\d{4}-\d\d-\d\dT[0-9:.]+Z", "TIME"), (r"127\.0\.0\.1:\d+", "HOST"), ("\r", "␍"),
    ]}, {
        insta::assert_snapshot!("exported_csv", sheet);
        insta::assert_snapshot!("exported_markdown", table);
    });
    assert!(table.starts_with("| id | raised |") && table.contains("| good |"), "{table}");
    let output = program.run(&["alerts", "judge", "A-99", "good"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(errors(&output).contains("no alert A-99"), "{}", errors(&output));
}
