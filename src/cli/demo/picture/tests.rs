//! The whole report, in plain form, as a stranger sees it.

use std::time::Duration;

use super::*;
use crate::model::Level;

const PLAIN: Look = Look { colour: false, width: 80 };

/// A text in which `[…]` marks the evidence.
fn text(field: Field, marked: &str) -> Text {
    let (mut text, mut spans, mut at) = (String::new(), Vec::new(), 0);
    let mut begin = 0;
    for c in marked.chars() {
        match c {
            '[' => begin = at,
            ']' => spans.push(begin..at),
            other => {
                text.push(other);
                at += 1;
            }
        }
    }
    Text { field, text, spans }
}

fn feed(name: &str, form: &str, polls: &[u16], entries: usize, notes: &[&str]) -> FeedLine {
    FeedLine {
        name: name.to_owned(),
        form: form.to_owned(),
        polls: polls.iter().map(|status| (*status != 0).then_some(*status)).collect(),
        entries,
        notes: notes.iter().map(|&note| note.to_owned()).collect(),
    }
}

fn grouped(level: &str, outlet: &str, title: &str, reason: &str) -> Grouped {
    let [level, outlet, title, reason] = [level, outlet, title, reason].map(str::to_owned);
    Grouped { level, outlet, title, reason }
}

fn quiet(title: &str, reason: &str) -> QuietLine {
    QuietLine { title: title.to_owned(), reason: reason.to_owned() }
}

fn message(id: &str, subject: &str, statuses: &[u16]) -> MessageLine {
    let attempts = statuses
        .iter()
        .map(|&status| Attempted {
            status: (status != 0).then_some(status),
            retry_after: (status == 429).then_some(Duration::from_secs(1)),
        })
        .collect();
    MessageLine { id: id.to_owned(), subject: subject.to_owned(), attempts }
}

fn report() -> Report {
    Report {
        feeds: vec![
            feed("Meridian Courier", "RSS 2.0", &[200, 304, 200], 7, &[]),
            feed("みなと通信", "RSS 2.0, Shift_JIS", &[200, 304, 200], 1, &[]),
            feed(
                "Coral Coast Gazette",
                "RSS 2.0, damaged",
                &[200, 200, 200],
                5,
                &["repaired: bare `&`", "2 unclosed elements", "the document breaks off"],
            ),
            feed("Slow Tide Radio", "", &[0, 0, 0], 0, &["no answer within 2 s"]),
            feed("Crossroads Monitor", "", &[500, 500, 500], 0, &["the server answered 500"]),
        ],
        stories: vec![
            StoryPart {
                id: "S-1".to_owned(),
                told: vec![Told {
                    alert: "A-1".to_owned(),
                    move_line: "AUKUS ← Canada, Japan".to_owned(),
                    acts: "may: joins".to_owned(),
                    level: Level::Notable,
                    outlet: "Blue Anchor Wire".to_owned(),
                    rule: "security-alliance".to_owned(),
                    texts: vec![
                        text(Field::Title, "America, Britin hurrying to [enlarge] [Asian NATO]"),
                        text(
                            Field::Body,
                            "Washington and London are pressing to widen the technology side of \
                             their pact with Canberra. [Canada] and [Japan] may [join] \
                             [AUKUS Pillar 2], the report says, which covers hypersonic weapons, \
                             artificial intelligence and undersea systems.",
                        ),
                    ],
                    also_named: ["India", "New Zealand", "South Korea"].map(str::to_owned).to_vec(),
                }],
                grouped: vec![
                    grouped(
                        "same story",
                        "Meridian Courier",
                        "Canada and Japan could soon join AUKUS Pillar 2, officials say",
                        "move agrees, titles 0.21, 5 h apart",
                    ),
                    grouped(
                        "same article",
                        "Newsgather",
                        "Canada and Japan could soon join AUKUS Pillar 2, officials say",
                        "same address without tracking parameters",
                    ),
                ],
            },
            StoryPart {
                id: "S-2".to_owned(),
                told: vec![
                    Told {
                        alert: "A-2".to_owned(),
                        move_line: "NATO ← Bosnia and Herzegovina".to_owned(),
                        acts: "applies".to_owned(),
                        level: Level::Flash,
                        outlet: "Meridian Courier".to_owned(),
                        rule: "security-alliance".to_owned(),
                        texts: vec![text(
                            Field::Title,
                            "[Bosnia and Herzegovina] formally [applies to join] [NATO]",
                        )],
                        also_named: Vec::new(),
                    },
                    Told {
                        alert: "A-3".to_owned(),
                        move_line: "NATO ← Bosnia and Herzegovina".to_owned(),
                        acts: "invited".to_owned(),
                        level: Level::Flash,
                        outlet: "Blue Anchor Wire".to_owned(),
                        rule: "security-alliance".to_owned(),
                        texts: vec![text(
                            Field::Title,
                            "[NATO] formally [invites] [Bosnia and Herzegovina] to join the alliance",
                        )],
                        also_named: Vec::new(),
                    },
                ],
                grouped: vec![grouped(
                    "same story",
                    "Northern Herald",
                    "Sarajevo submits its NATO membership bid after years of delay",
                    "move agrees, 45 min apart",
                )],
            },
        ],
        old: vec![quiet(
            "Kosovo asks to join NATO in letter to alliance chief",
            "flagged, but 12 d old: not told",
        )],
        near: vec![
            quiet("Sweden joins NATO exercise above the Arctic Circle", "no candidate for NATO"),
            quiet("Kenyan carrier joins SkyBridge airline alliance", "no alliance that is known"),
            quiet("AUKUSの原子力潜水艦、建造費が再び増加", "no act in the sentence of AUKUS"),
        ],
        plain: 3,
        known: 13,
        messages: vec![
            message("msg_2f8a61", "NEW AUKUS ← Canada, Japan", &[503, 204]),
            message("msg_9d03c4", "NEW NATO ← Bosnia and Herzegovina", &[429, 204]),
            message("msg_771be0", "UPDATE NATO ← Bosnia and Herzegovina", &[204]),
        ],
        took: Duration::from_millis(4_230),
    }
}

#[test]
fn a_stranger_can_read_it() {
    insta::assert_snapshot!(lines(&report(), PLAIN).join("\n"));
}

#[test]
fn no_line_is_wider_than_the_screen() {
    for width in [80, 93, 110] {
        for line in lines(&report(), Look { colour: false, width }) {
            assert!(line.width() <= width, "{} columns in {width}: {line}", line.width());
        }
    }
}

#[test]
fn colour_changes_nothing_but_styles_and_brackets() {
    let coloured = lines(&report(), Look { colour: true, width: 80 }).join("\n");
    assert!(coloured.contains("\u{1b}["));
    assert!(!coloured.contains("[enlarge]"));
    let mut bare = String::new();
    let mut parts = coloured.split('\u{1b}');
    bare.push_str(parts.next().unwrap());
    for part in parts {
        bare.push_str(part.split_once('m').unwrap().1);
    }
    let words = |text: &str| {
        text.replace(['[', ']'], "").split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(words(&bare), words(&lines(&report(), PLAIN).join("\n")));
}

#[test]
fn nothing_at_all_is_a_report_too() {
    let lines = lines(&Report::default(), PLAIN);
    assert!(lines.iter().any(|line| line.contains("0 stories")), "{lines:#?}");
}

#[test]
fn near_misses_beyond_the_bound_are_counted() {
    let near = (0..NEAR + 6).map(|n| quiet(&format!("headline {n}"), "no act")).collect();
    let lines = lines(&Report { near, ..Report::default() }, PLAIN);
    let shown = lines.iter().filter(|line| line.contains("headline")).count();
    assert_eq!(shown, NEAR);
    assert!(lines.iter().any(|line| line.contains("and 6 more")), "{lines:#?}");
}
