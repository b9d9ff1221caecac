//! What is a door and what only names one; who can knock; what an act's surroundings do to it.

use super::{acts, item, try_build};
use crate::model::{Finding, Match, Role};
use crate::rule::RuleSet;

const PACK: &str = r#"
[alliance.NATO]
kind = "security"
terms = ["NATO", { text = "the alliance", echo = true }]
members = ["GB", { code = "TR", since = 1952-02-18 }]
closed_to = ["RU"]
[alliance.EU]
kind = "political"
terms = ["EU", { text = "the bloc", echo = true }]
members = ["DE", { code = "GB", until = 2020-02-01 }]
open_to = ["GB", "UA", "TR"]
[alliance.BRICS]
kind = "political"
terms = ["BRICS", { text = "the bloc", echo = true }]
members = ["RU"]
[list.joining]
name = "word of joining"
terms = ["join*", "membership of", "return to"]
[list.attributive]
terms = ["exercise*", "officials", "summit"]
[list.comeback]
terms = ["return*", "rejoin*"]
[list.prospect]
terms = ["to", "will"]
[list.last]
terms = [{ text = "join", ends = true }]
[act.considers]
stage = 1
otherwise = true
terms = ["mull*"]
[act.ratifies]
stage = 4
formal = true
by = "member"
terms = ["ratif(y|ies|ied)"]
[place.GB]
terms = ["Britain", "British"]
[place.RU]
terms = ["Russia"]
[place.SE]
terms = ["Sweden"]
[place.FI]
terms = ["Finland"]
[place.UA]
terms = ["Ukraine"]
[place.TR]
terms = ["Turkey"]
[[rule]]
id = "security"
of = ["security"]
when = "@joining THEN/4 @door SENTENCE @candidate OR @last SENTENCE @alliance SENTENCE @candidate"
match = ["Sweden mulls joining NATO"]
[[rule]]
id = "political"
of = ["political"]
like = "security"
match = ["Ukraine mulls joining EU"]
"#;

fn rules() -> RuleSet {
    try_build(PACK).unwrap()
}

fn find(title: &str, summary: &str) -> Finding {
    rules().examine(&item(title, summary, "2024-01-05"))
}

fn matched(title: &str, summary: &str) -> Match {
    let finding = find(title, summary);
    finding.matched.unwrap_or_else(|| panic!("`{title}` stayed quiet: {:?}", finding.near))
}

#[test]
fn a_name_before_another_word_is_no_door() {
    let finding = find("Sweden joins NATO exercise", "");
    assert!(finding.matched.is_none());
    let missing: Vec<&str> = finding.near.iter().map(|miss| miss.missing.as_str()).collect();
    assert_eq!(missing, ["NATO only as in “NATO exercise”"]);
    assert_eq!(matched("Sweden joins NATO, officials say", "").alliances, ["NATO"]);
    assert_eq!(matched("Sweden joins NATO", "").alliances, ["NATO"]);
}

#[test]
fn a_region_gives_way_to_the_countries_of_it_that_are_named() {
    let more = "[place.North]\nregion = [\"SE\", \"FI\"]\nterms = [\"Nordics\"]\n";
    let rules = try_build(&format!("{PACK}{more}")).unwrap();
    let told = |title: &str, summary: &str| {
        rules.judge(&item(title, summary, "2020-01-05")).unwrap().candidates
    };
    assert_eq!(told("Nordics mull joining NATO", ""), ["North"]);
    assert_eq!(told("Nordics mull joining NATO", "Finland mulls joining first."), ["FI"]);
    assert_eq!(told("Nordics such as Sweden mull joining NATO", ""), ["SE"]);
    // A sentence that tells nothing of it names nobody, and neither does a country of no region.
    assert_eq!(told("Nordics mull joining NATO", "Snow falls in Finland."), ["North"]);
    assert_eq!(told("Nordics mull joining NATO", "Ukraine mulls joining, too."), ["North"]);
}

#[test]
fn a_mask_does_not_reach_over_a_mark() {
    let more = "[mask.summits]\nterms = [\"join* (NATO|EU) summit\"]\n";
    let rules = try_build(&format!("{PACK}{more}")).unwrap();
    let told = |title: &str| rules.judge(&item(title, "", "2024-01-05")).is_some();
    assert!(!told("Sweden joins NATO summit"));
    for title in ["Sweden joins NATO, summit host says", "Sweden joins NATO: summit host"] {
        assert!(told(title), "{title}");
    }
}

#[test]
fn the_longer_reading_of_what_follows_a_name_wins() {
    let more = "[list.following]\nterms = [\"exercise league\", \"summit (alliance|)\"]\n";
    let rules = try_build(&format!("{PACK}{more}")).unwrap();
    let told = |title: &str| rules.judge(&item(title, "", "2024-01-05")).is_some();
    assert!(!told("Sweden joins NATO exercise"));
    assert!(told("Sweden joins NATO exercise league"));
    // Where both readings are as long, the name is an adjective.
    assert!(!told("Sweden joins NATO summit"));
    assert!(told("Sweden joins NATO summit alliance"));
}

#[test]
fn before_an_unknown_word_a_name_is_no_door_in_english() {
    let more = "[list.following]\nterms = [\"in\", \"Tuesday\"]\n";
    let rules = try_build(&format!("{PACK}{more}")).unwrap();
    let told = |title: &str, language: Option<&str>| {
        let mut one = item(title, "", "2024-01-05");
        one.language = language.map(str::to_owned);
        rules.examine(&one).matched.is_some()
    };
    assert!(!told("Sweden joins NATO song contest", None));
    assert!(told("Sweden joins NATO in spring", None));
    assert!(told("Sweden joins NATO Tuesday", Some("en-GB")));
    assert!(told("Sweden joins NATO -minister", None), "a dash parts");
    assert!(told("Sweden joins NATO wieder", Some("de")), "no list of German words");
    assert!(told("Sweden joins NATO après", None), "no English word");
    assert!(told("Sweden joins NATO Finland waits", None), "a word of the lexicon");
}

#[test]
fn an_echo_belongs_to_the_last_name_before_it() {
    let summary = "Sweden wants to join the alliance.";
    assert_eq!(matched("NATO waits", summary).alliances, ["NATO"]);
    assert!(find("Weather turns", summary).matched.is_none(), "nothing to echo");
    let both = matched("EU and BRICS meet", "Ukraine would join the bloc.");
    assert_eq!(both.alliances, ["BRICS"]);
}

#[test]
fn who_never_knocks_is_no_candidate() {
    assert!(find("Russia warns against joining NATO", "").matched.is_none());
    assert!(find("Sweden mulls joining EU", "").matched.is_none(), "the door is open to others");
    assert_eq!(matched("Ukraine mulls joining EU", "").candidates, ["UA"]);
}

#[test]
fn a_former_member_knocks_by_coming_back() {
    assert!(find("Britain joins EU in ban", "").matched.is_none());
    assert_eq!(matched("Britain mulls return to EU", "").candidates, ["GB"]);
}

#[test]
fn the_end_of_a_sentence_can_be_asked_for() {
    assert_eq!(matched("NATO says Sweden can join", "").candidates, ["SE"]);
    assert!(find("NATO says Sweden can join drills", "").matched.is_none());
}

#[test]
fn rules_look_at_their_kind_of_alliance() {
    let rules_of = |title: &str| -> Vec<String> {
        matched(title, "").rules.iter().map(|rule| rule.id.to_string()).collect()
    };
    assert_eq!(rules_of("Sweden mulls joining NATO"), ["security"]);
    assert_eq!(rules_of("Ukraine mulls joining EU"), ["political"]);
    let broken = |text: &str| try_build(&format!("{PACK}{text}")).unwrap_err().join("\n");
    insta::assert_snapshot!(
        [
            broken("[[rule]]\nid = \"x\"\nlike = \"nobody\"\n"),
            broken("[[rule]]\nid = \"x\"\nlike = \"security\"\nof = [\"securty\"]\n"),
            broken("[list.door]\nterms = [\"door\"]"),
        ]
        .join("\n\n")
    );
}

#[test]
fn a_sentence_without_an_act_considers_and_one_to_come_is_hedged() {
    let found = matched("Sweden joining NATO next", "");
    assert_eq!(acts(&found), [("considers".to_owned(), None)]);
    let hedged = |title: &str| matched(title, "").moves[0].hedged;
    assert!(hedged("Turkey to ratify Sweden joining NATO"));
    assert!(!hedged("Turkey ratifies Sweden joining NATO"));
}

#[test]
fn where_the_headline_names_who_knocks_a_summary_adds_nobody() {
    let found = matched("Sweden mulls joining NATO", "Finland mulled joining NATO last year.");
    assert_eq!(found.candidates, ["SE"]);
    assert_eq!(found.also_named, ["FI"]);
    let found = matched("NATO at a crossroads", "Finland mulled joining NATO last year.");
    assert_eq!(found.candidates, ["FI"]);
}

/// A pack whose rule holds for growth that names nobody.
fn growing() -> RuleSet {
    let more = r#"
[list.several]
terms = ["two countries", "more countries"]
[[rule]]
id = "growth"
when = "title:(@alliance SENTENCE (\"grows\" OR @several))"
match = ["NATO grows"]
"#;
    try_build(&format!("{PACK}{more}")).unwrap()
}

#[test]
fn growth_takes_its_countries_from_the_summary() {
    let told = |title: &str, summary: &str| {
        let matched = growing().examine(&item(title, summary, "2024-01-05")).matched;
        matched.unwrap().candidates
    };
    assert_eq!(told("NATO grows", "Sweden and Finland join in May."), ["SE", "FI"]);
    assert!(told("NATO grows", "Sweden is cold in May.").is_empty(), "no act and no tie");
    let three = "Sweden, Finland and Ukraine join in May.";
    assert_eq!(told("NATO asks two countries, among them Sweden", three), ["SE", "FI", "UA"]);
    assert_eq!(told("NATO grows by Sweden", three), ["SE"], "the headline names who it is");
    let later = "Sweden joins in May. Ukraine may join, too.";
    assert_eq!(told("NATO grows", later), ["SE"], "a later sentence names further ones");
    let others = "Finland and Ukraine join in May.";
    assert_eq!(told("NATO asks two countries, among them Sweden", others), ["SE"]);
}

#[test]
fn a_sentence_without_an_act_lends_its_candidates() {
    let lent =
        matched("Sweden and NATO meet", "The alliance mulls much. Sweden joins the alliance.");
    assert_eq!(lent.candidates, ["SE"]);
}

#[test]
fn who_is_set_apart_does_not_knock_where_somebody_else_does() {
    let more = "[list.apart]\nterms = [\"without\", \"after\"]\n";
    let rules = try_build(&format!("{PACK}{more}")).unwrap();
    let knocks = |title: &str| {
        let matched = rules.examine(&item(title, "", "2023-01-05")).matched;
        matched.unwrap().candidates
    };
    assert_eq!(knocks("Finland joins NATO without Sweden"), ["FI"]);
    assert_eq!(knocks("After the Finns, Ukraine joins NATO"), ["UA"]);
    assert_eq!(knocks("NATO mulls life after Sweden joins NATO"), ["SE"], "nobody else is named");
    assert_eq!(knocks("Finland and Sweden mull joining NATO"), ["FI", "SE"]);
}

#[test]
fn a_word_made_a_name_by_its_company_is_none_beside_the_name() {
    let by_company =
        r#"terms = ["NATO", { text = "seat", near = "@SE", within = 2, weak = true },"#;
    let own = "[[rule]]\nid = \"own\"\nwhen = '@alliance SENTENCE @candidate'\n\
               match = [\"NATO and Sweden\"]\n";
    let pack = PACK.replacen(r#"terms = ["NATO","#, by_company, 1) + own;
    let rules = try_build(&pack).unwrap();
    let told = |title: &str| rules.examine(&item(title, "", "2023-01-05")).matched;
    assert_eq!(told("The seat for Sweden waits").unwrap().alliances, ["NATO"]);
    assert!(told("The seat for Finland waits").is_none(), "not beside Sweden");
    let both = told("NATO keeps a seat for Sweden").unwrap();
    let names = both.evidence.iter().filter(|one| one.role == Role::Alliance).count();
    assert_eq!(names, 1, "the name says it");
}
