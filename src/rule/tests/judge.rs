//! Judging passes most items over without folding them; it must say what examining says.

use proptest::prelude::*;

use super::{item, try_build};
use crate::rule::RuleSet;

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
