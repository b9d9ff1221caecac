//! Judging passes most items over without folding them; it must say what examining says.

use proptest::prelude::*;

use super::{item, try_build};
use crate::rule::RuleSet;
use crate::rule::glance::texts;

/// A rule of every kind of operand, in and out of chains, fields and `NOT`.
const PACK: &str = r#"
[alliance.NATO]
kind = "security"
terms = ["NATO", { text = "the alliance", echo = true }]
members = ["GB"]
[alliance.AU]
kind = "political"
bloc = true
terms = ["African Union", { text = "the bloc", weak = true }]
[alliance.G20]
kind = "trade"
terms = ["G20"]
[act.applies]
terms = ["applies to join"]
stage = 2
[list.joining]
terms = ["join*"]
[list.leaving]
terms = ["leav(e|es|ing)", "quit*"]
[list.attributive]
terms = ["exercise*"]
[mask.idioms]
terms = ["joins calls"]
[place.CA]
terms = ["Canad*"]
[place.GB]
terms = ["Britain"]
[[rule]]
id = "chain"
title = "A tie"
when = "@joining THEN/3 @door SENTENCE @candidate"
[[rule]]
id = "fields"
title = "Of one kind, by field"
of = ["trade", "political"]
when = "title:@alliance AND summary:(@place OR \"a request\") AND NOT @leaving"
[[rule]]
id = "act"
title = "An act"
when = "@alliance AND @act"
unless = "category:sport"
score = [{ if = "title:@act", add = 1 }]
threshold = 2
[[rule]]
id = "mention"
title = "An adjective"
when = "@mention SENTENCE @place AND lang:en"
[[rule]]
id = "alone"
title = "No alliance"
when = "title:(@place NEAR/4 \"new pact\") OR feed:gazette"
[[rule]]
id = "pattern"
title = "A pattern"
when = "/treat(y|ies) of \\d+/ AND @place"
"#;

const PIECES: [&str; 22] = [
    "NATO",
    "the alliance",
    "African Union",
    "the bloc",
    "G20",
    "applies to join",
    "joins",
    "joins calls",
    "leaves",
    "NATO exercise",
    "Canada",
    "Canadian",
    "Britain",
    "a request",
    "new pact",
    "treaties of 1949",
    "sport",
    ". ",
    ", ",
    "says",
    "—",
    "Мир",
];

fn rules() -> RuleSet {
    try_build(PACK).expect("a pack that builds")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn judging_says_what_examining_says(
        texts in prop::array::uniform4(prop::collection::vec(prop::sample::select(&PIECES[..]), 0..5)),
        feed in prop::sample::select(&["gazette", "wire"][..]),
        language in prop::sample::select(&[None, Some("en"), Some("fi")][..]),
    ) {
        thread_local! {
            static SHARED: RuleSet = rules();
        }
        let [title, summary, body, category] = texts.map(|words| words.join(" "));
        let mut one = item(&title, &summary, "2024-01-05");
        (one.body, one.categories) = (body, vec![category]);
        one.feed = crate::model::FeedName::new(feed);
        one.language = language.map(str::to_owned);
        let (judged, examined) =
            SHARED.with(|rules| (rules.judge(&one), rules.examine(&one).matched));
        prop_assert_eq!(judged, examined);
    }
}

#[test]
fn every_rule_of_the_pack_holds_somewhere() {
    let rules = rules();
    let mut held = Vec::new();
    for (title, summary) in [
        ("Canada joins NATO", ""),
        ("G20 meets", "Canada waits"),
        ("Canada applies to join NATO", ""),
        ("NATO exercise in Canada", ""),
        ("Canada signs new pact", ""),
        ("Canada keeps treaties of 1949", ""),
    ] {
        let mut one = item(title, summary, "2024-01-05");
        one.language = Some("en".to_owned());
        let matched = rules.judge(&one).unwrap_or_else(|| panic!("{title}"));
        held.extend(matched.rules.iter().map(|rule| rule.id.to_string()));
    }
    for rule in rules.rules() {
        assert!(held.contains(&rule.id.to_string()), "{}", rule.id);
    }
}

#[test]
fn the_gate_is_shut_to_what_names_nothing_that_a_rule_needs() {
    let open = |pack: &str, title: &str, summary: &str| {
        let rules = try_build(pack).unwrap();
        rules.0.gate.lets(texts(&item(title, summary, "2024-01-05")))
    };
    let pack = |when: &str| {
        let lists = PACK.split("[[rule]]").next().unwrap();
        format!("{lists}[[rule]]\nid = \"one\"\nwhen = '{when}'\n")
    };
    let tie = pack("@joining THEN/3 @door SENTENCE @candidate");
    assert!(!open(&tie, "Canada joins Britain, the alliance says", "Britain joins Canada"));
    assert!(open(&tie, "NATO meets", "") && open(&tie, "", "NATO meets"));
    // What must stand in the headline is looked for there; the name that an echo stands for, everywhere.
    let either = pack("title:(pact NEAR/4 budget) OR summary:gazette");
    assert!(!open(&either, "Canada joins Britain", "A pact with a budget"));
    assert!(open(&either, "A pact with a budget", "") && open(&either, "", "A gazette"));
    let told = pack("title:(@joining SENTENCE @alliance)");
    assert!(open(&told, "Canada joins the alliance", "NATO meets"));
    // A rule that speaks of an alliance is asked where one is named, whatever else it says.
    assert!(!open(&pack("@door AND NOT budget"), "Canada joins Britain", ""));
    assert!(!open(&pack("@joining AND NOT @door"), "Canada joins Britain", ""));
    // What needs no word opens it for all.
    assert!(open(&pack("/treat(y|ies)/"), "Canada meets Britain", ""));
}
