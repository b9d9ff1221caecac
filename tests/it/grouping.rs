//! What the shipped pack and the planner group: trivial edits of syndicated texts, and one move told
//! in several languages.

use serde_json::{Value, json};

use crate::dice::Dice;
use crate::program::{Program, errors, text};

const LABELLED: &str = include_str!("data/labelled.jsonl");
const SAGAS: [&str; 2] =
    [include_str!("data/saga_nordic.jsonl"), include_str!("data/saga_brics.jsonl")];

fn shipped() -> Program {
    Program::new("include = [\"builtin:alliances\"]\ndatabase = \"unused.db\"\n")
}

/// What an outlet does to a text that it takes over.
const EDITS: [&str; 8] =
    ["suffix", "kicker", "footer", "cut", "byline", "dateline", "no summary", "tracking"];

fn edited(item: &Value, edit: &str, dice: &mut Dice) -> Value {
    let title = item["title"].as_str().unwrap();
    let summary = item["summary"].as_str().unwrap_or_default();
    let (mut new_title, mut new_summary) = (title.to_owned(), summary.to_owned());
    let slug = format!("https://paper.example/world/{}", item["id"].as_str().unwrap());
    let mut url = format!("https://{}.example/a/{}", edit.replace(' ', "-"), dice.below(10_000));
    match edit {
        "suffix" => {
            new_title +=
                dice.pick(&[" | World Wire", " - Morning Ledger", " – The Outlook", " | NEWS24"]);
        }
        "kicker" => {
            new_title = format!(
                "{}{title}",
                dice.pick(&["BREAKING: ", "UPDATE 1-", "Exclusive: ", "WATCH: "])
            )
        }
        "footer" => {
            new_summary += dice.pick(&[
                " Continue reading...",
                " The post first stood in the Morning Ledger.",
                " Read more at World Wire.",
                " Click here for the full story.",
            ]);
        }
        "cut" => {
            let words: Vec<&str> = summary.split(' ').collect();
            new_summary = format!("{}…", words[..words.len().div_ceil(2)].join(" "));
        }
        "byline" => {
            new_summary = format!(
                "{}{summary}",
                dice.pick(&["By Jane Example. ", "Our correspondent in Brussels - "])
            )
        }
        "dateline" => {
            new_summary = format!(
                "{}{summary}",
                dice.pick(&["BRUSSELS (Wire) - ", "ANKARA, Jan 2 (Wire) — "])
            )
        }
        "no summary" => new_summary.clear(),
        _ => {
            url = format!("{slug}?utm_source=feed&utm_medium=rss&fbclid={}", dice.below(1_000));
            new_title = format!("{title} – what we hear");
        }
    }
    let minutes = 1 + dice.below(90);
    let date: jiff::Timestamp = match item["date"].as_str().unwrap() {
        day if day.len() == 10 => format!("{day}T08:00:00Z").parse().unwrap(),
        time => time.parse().unwrap(),
    };
    let later = date + std::time::Duration::from_secs(60 * minutes);
    let lang = &item["lang"];
    json!({
        "kind": "dup", "id": format!("{} {edit}", item["id"].as_str().unwrap()),
        "a": {"title": title, "summary": summary, "source": "paper", "url": slug, "date": date.to_string(), "lang": lang},
        "b": {"title": new_title, "summary": new_summary, "source": edit, "url": url, "date": later.to_string(), "lang": lang},
    })
}

#[tokio::test]
async fn trivial_edits_of_a_text_are_grouped_with_it() {
    let labelled = LABELLED.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut items: Vec<Value> = labelled.filter(|item| item["label"] == "pos").collect();
    items.extend(
        SAGAS.iter().flat_map(|saga| saga.lines()).map(|line| serde_json::from_str(line).unwrap()),
    );
    let mut dice = Dice(2_022);
    let mut pairs = Vec::new();
    for item in &items {
        for edit in EDITS {
            let needs = matches!(edit, "footer" | "cut" | "byline" | "dateline" | "no summary");
            if !needs || item["summary"].as_str().is_some_and(|summary| !summary.is_empty()) {
                pairs.push(edited(item, edit, &mut dice));
            }
        }
    }
    let program = shipped();
    let path = program.path("pairs.jsonl");
    let lines: Vec<String> = pairs.iter().map(Value::to_string).collect();
    std::fs::write(&path, lines.join("\n")).unwrap();
    let outcomes = program.json(&["replay", "--pairs", path.to_str().unwrap()]).await;
    assert_eq!(outcomes.len(), pairs.len());
    let (mut flagged, mut grouped) = (0, 0);
    let mut missed = Vec::new();
    for one in outcomes.iter().filter(|one| one["both_flagged"] == true) {
        flagged += 1;
        match one["right"].as_bool() {
            Some(true) => grouped += 1,
            _ => missed.push(format!("{} {} {}", one["id"], one["decision"], one["reason"])),
        }
    }
    println!("{grouped} of {flagged} trivial edits are grouped; {missed:#?}");
    assert!(flagged > 800, "{flagged}");
    assert!(100 * grouped >= 99 * flagged, "{grouped} of {flagged}: {missed:#?}");
}

/// One act each, told in several languages within a day.
const TOLD_ABROAD: [&[(&str, &str)]; 3] = [
    &[
        ("en", "Hungary ratifies Finland's NATO membership"),
        ("de", "Ungarn ratifiziert den NATO-Beitritt Finnlands"),
        ("fr", "La Hongrie ratifie l'adhésion de la Finlande à l'Otan"),
        ("es", "Hungría ratifica la adhesión de Finlandia a la OTAN"),
        ("it", "L'Ungheria ratifica l'adesione della Finlandia alla NATO"),
        ("pl", "Węgry ratyfikowały przystąpienie Finlandii do NATO"),
    ],
    &[
        ("en", "Sweden joins NATO"),
        ("de", "Schweden tritt NATO bei"),
        ("fr", "La Suède rejoint l'Otan"),
        ("es", "Suecia se convierte en miembro de la OTAN"),
        ("sv", "Sverige gick med i Nato"),
    ],
    &[
        ("en", "Azerbaijan applies to join BRICS"),
        ("ru", "Азербайджан подал заявку на вступление в БРИКС"),
        ("de", "Aserbaidschan stellt Antrag auf BRICS-Beitritt"),
        ("fr", "L'Azerbaïdjan dépose sa candidature aux Brics"),
        ("es", "Azerbaiyán solicita su ingreso en los BRICS"),
    ],
];

#[tokio::test]
async fn one_move_joins_across_languages() {
    let program = shipped();
    let mut languages = std::collections::BTreeSet::new();
    for (number, told) in TOLD_ABROAD.iter().enumerate() {
        let path = program.path("abroad.jsonl");
        let line = |(index, (lang, title)): (usize, &(&str, &str))| {
            let date = ["2023-03-27", "2024-03-07", "2024-08-20"][number];
            json!({"id": lang, "title": title, "source": lang, "lang": lang, "date": format!("{date}T{:02}:00:00Z", 9 + 2 * index)})
                .to_string()
        };
        let lines: Vec<String> = told.iter().enumerate().map(line).collect();
        std::fs::write(&path, lines.join("\n")).unwrap();
        let steps = program.json(&["replay", "--items", path.to_str().unwrap()]).await;
        let decisions: Vec<String> = steps
            .iter()
            .map(|step| {
                format!("{} {}", step["id"].as_str().unwrap(), step["decision"].as_str().unwrap())
            })
            .collect();
        assert_eq!(decisions[0], "en alert", "{decisions:?}");
        assert!(decisions[1..].iter().all(|one| one.ends_with("joined")), "{decisions:?}");
        languages.extend(told.iter().map(|(lang, _)| *lang));
    }
    assert!(languages.len() >= 5, "{languages:?}");
}

#[tokio::test]
async fn pairs_are_measured_by_level_and_threshold() {
    let pairs = [
        // One text, one vote in two words, one country after the other.
        json!({"id": "copy", "kind": "dup",
            "a": {"title": "Hungary ratifies Finland's NATO bid after months of delay", "source": "a", "date": "2023-03-27T15:00:00Z"},
            "b": {"title": "Hungary ratifies Finland's NATO bid after months of delay", "source": "b", "date": "2023-03-27T16:00:00Z"}}),
        json!({"id": "vote", "kind": "dup",
            "a": {"title": "Hungary ratifies Finland's NATO bid", "source": "a", "date": "2023-03-27T15:00:00Z"},
            "b": {"title": "Budapest lawmakers approve Finnish NATO membership, leaving Sweden outside", "source": "b", "date": "2023-03-27T18:00:00Z"}}),
        json!({"id": "turkey", "kind": "distinct", "why": "another parliament",
            "a": {"title": "Hungary ratifies Finland's NATO bid", "source": "a", "date": "2023-03-27T15:00:00Z"},
            "b": {"title": "Turkey ratifies Finland's NATO bid", "source": "b", "date": "2023-03-30T15:00:00Z"}}),
        json!({"id": "mislabelled", "kind": "distinct", "why": "it is one",
            "a": {"title": "Sweden joins NATO", "source": "a", "date": "2024-03-07T15:00:00Z"},
            "b": {"title": "Sweden officially joins NATO", "source": "b", "date": "2024-03-07T16:00:00Z"}}),
        json!({"id": "weather", "kind": "dup",
            "a": {"title": "Storm closes ports", "source": "a", "date": "2024-03-07T15:00:00Z"},
            "b": {"title": "Ports closed by storm", "source": "b", "date": "2024-03-07T16:00:00Z"}}),
    ];
    let program = shipped();
    let path = program.path("pairs.jsonl");
    std::fs::write(&path, pairs.map(|pair| pair.to_string()).join("\n")).unwrap();
    let output = program.run(&["replay", "--pairs", path.to_str().unwrap(), "--errors"]).await;
    assert!(output.status.success(), "{}", errors(&output));
    insta::assert_snapshot!("pairs", text(&output));
    std::fs::write(&path, "{\"kind\": \"twin\"}\n").unwrap();
    let output = program.run(&["replay", "--pairs", path.to_str().unwrap()]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(errors(&output).contains("pairs.jsonl:1"), "{}", errors(&output));
    std::fs::write(&path, "\n").unwrap();
    let output = program.run(&["replay", "--pairs", path.to_str().unwrap()]).await;
    assert!(errors(&output).contains("holds no pairs"), "{}", errors(&output));
}
