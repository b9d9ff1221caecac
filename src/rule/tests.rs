//! The rules on small lexicons of their own.

mod door;
mod judge;
mod owner;

use std::path::Path;

use jiff::Timestamp;
use proptest::prelude::*;
use toml::de::DeTable;

use super::*;
use crate::model::{FeedName, Finding, Item, ItemKey, Kind, Match, Role};
use crate::setting::{Problems, Sources, Span, Table};

const LEXICON: &str = r#"
[alliance.NATO]
terms = ["NATO", "OTAN"]
members = ["US", "GB", "TR", "HU", { code = "FI", since = 2023-04-04 }, { code = "SE", since = 2024-03-07 }]
applicants = { UA = 2022-09-30 }
[alliance.AUKUS]
terms = ["AUKUS", "AUKUS Pillar (2|II|Two)", { text = "Asian NATO", weak = true }]
members = ["AU", "GB", "US"]
[alliance.BRICS]
terms = ["BRICS"]
members = ["BR", "RU", "IN", "CN", "ZA"]
[act.considers]
terms = ["to join", "join", "joining", "enlarge*", "accession", "membership"]
stage = 1
[act.applies]
terms = ["appl(y|ies|ied) to join", "membership bid"]
stage = 2
formal = true
[act.invites]
terms = ["invit(es|ed)"]
stage = 3
formal = true
by = "member"
[act.ratifies]
terms = ["ratif(y|ies|ied)"]
stage = 4
formal = true
by = "member"
[act.blocks]
terms = ["block(s|ed)", "veto(es|ed)"]
against = true
by = "member"
[act.denies]
terms = ["rul(es|ed) out"]
against = true
[list.hedge]
terms = ["may", "could"]
[list.negation]
terms = ["not", "never"]
[mask.idioms]
terms = ["join* forces", "joins calls"]
[place.CA]
name = "Canada"
terms = ["Canad*"]
[place.JP]
name = "Japan"
terms = ["Japan*", "日本"]
[place.SE]
name = "Sweden"
terms = ["Swed*"]
[place.FI]
name = "Finland"
terms = ["Finland", "Finnish"]
[place.HU]
name = "Hungary"
terms = ["Hungar*"]
[place.TR]
name = "Turkey"
terms = ["Turkey", "Turkish"]
[place.GB]
name = "Britain"
terms = ["Britain", "UK"]
[place.US]
name = "United States"
terms = ["America*", "US"]
[place.IN]
name = "India"
terms = ["India*"]
[place.KR]
name = "South Korea"
terms = ["South Korea*"]
[place."African Union"]
name = "African Union"
bloc = true
terms = ["African Union"]
"#;

const RULES: &str = r#"
[[rule]]
id = "door"
title = "A door opens"
when = "@alliance SENTENCE @act SENTENCE @candidate"
match = ["Canada applies to join NATO"]
[[rule]]
id = "growth"
title = "An alliance grows"
when = "@alliance NEAR/3 @act"
unless = "category:sport"
score = [{ if = "title:@alliance", add = 1 }]
threshold = 2
match = ["NATO enlargement"]
"#;

pub(super) fn try_build(text: &str) -> Result<RuleSet, Vec<String>> {
    let mut sources = Sources::default();
    let file = sources.add("test.toml", text);
    let problems = Problems::default();
    let table = DeTable::parse(text).expect("the test's own TOML").into_inner();
    let root = Table::new(&problems, file, Path::new(""), Span::new(file, 0..0), "test", &table);
    let mut draft = Draft::default();
    draft.read(&root);
    root.finish();
    let rules = draft.build(&problems);
    match problems.any_error() {
        false => Ok(rules),
        true => {
            let list = problems.into_sorted();
            Err(list
                .iter()
                .map(|one| format!("{} / {}", one.message, one.help.as_deref().unwrap_or("-")))
                .collect())
        }
    }
}

fn rules() -> RuleSet {
    try_build(&format!("{LEXICON}{RULES}")).unwrap()
}

pub(super) fn item(title: &str, summary: &str, date: &str) -> Item {
    let seen: Timestamp = format!("{date}T12:00:00Z").parse().unwrap();
    Item {
        key: ItemKey::new("k"),
        feed: FeedName::new("Example Wire"),
        url: None,
        canonical: None,
        title: title.to_owned(),
        summary: summary.to_owned(),
        body: String::new(),
        feed_text: None,
        author: String::new(),
        categories: Vec::new(),
        language: None,
        published: Some(seen),
        seen,
        kind: Kind::Wire,
        tags: Vec::new(),
    }
}

fn find(title: &str) -> Finding {
    rules().examine(&item(title, "", "2026-01-05"))
}

fn matched(title: &str) -> Match {
    let finding = find(title);
    finding.matched.unwrap_or_else(|| panic!("`{title}` stayed quiet: {:?}", finding.near))
}

pub(super) fn acts(found: &Match) -> Vec<(String, Option<String>)> {
    found
        .moves
        .iter()
        .filter_map(|one| one.act.as_ref().map(|act| (act.name.clone(), one.actor.clone())))
        .collect()
}

#[test]
fn a_nickname_hides_the_name_inside_it() {
    let found = matched("America, Britin hurrying to enlarge Asian NATO");
    assert_eq!(found.alliances, ["AUKUS"]);
    assert_eq!(found.masked.len(), 1);
    assert_eq!((found.masked[0].list.as_str(), found.masked[0].text.as_str()), ("NATO", "NATO"));
    let name = found.evidence.iter().find(|one| one.role == Role::Alliance).unwrap();
    assert_eq!((name.start, name.end, name.text.as_str()), (36, 46, "Asian NATO"));
}

#[test]
fn a_weak_name_gives_way_to_a_stronger_one() {
    let found = matched("NATO enlargement unlike any Asian NATO, says Canada");
    assert_eq!(found.alliances, ["NATO"]);
    assert!(find("Asian NATO").matched.is_none(), "a nickname alone is no evidence");
}

#[test]
fn candidates_are_no_members_and_members_act() {
    let found = matched("Hungary ratifies Canada's accession to NATO");
    assert_eq!(found.candidates, ["CA"]);
    assert_eq!(acts(&found), [("ratifies".to_owned(), Some("HU".to_owned()))]);
    let found = matched("Canada's NATO membership blocked by Turkey");
    assert_eq!(acts(&found), [("blocks".to_owned(), Some("TR".to_owned()))]);
}

#[test]
fn membership_is_that_of_the_items_date() {
    let rules = rules();
    let on = |date: &str| rules.examine(&item("Sweden applies to join NATO", "", date)).matched;
    assert_eq!(on("2022-05-18").unwrap().candidates, ["SE"]);
    let now = on("2026-01-05").unwrap();
    assert!(now.candidates.is_empty(), "a member is no candidate: {:?}", now.candidates);
}

#[test]
fn an_act_belongs_to_the_nearest_alliance() {
    assert_eq!(matched("NATO meets; BRICS invited Japan").alliances, ["BRICS"]);
    assert_eq!(matched("Canada applies to join NATO and AUKUS").alliances, ["NATO", "AUKUS"]);
    assert_eq!(matched("Turkey, a NATO member, applies to join BRICS").alliances, ["BRICS"]);
}

#[test]
fn masks_cancel_only_what_they_cover() {
    assert!(find("Canada joins calls on NATO").matched.is_none());
    assert!(find("Canada and NATO join forces").matched.is_none());
    let found = matched("Canada joins calls to join NATO");
    assert_eq!(found.alliances, ["NATO"]);
}

#[test]
fn negation_denies_and_hedges_are_kept() {
    assert_eq!(
        acts(&matched("Canada will not join BRICS")),
        [("denies".to_owned(), Some("CA".to_owned()))]
    );
    let found = matched("Japan may join AUKUS Pillar 2");
    assert!(found.moves[0].hedged);
    assert_eq!(acts(&found), [("considers".to_owned(), None)]);
}

/// What the shipped acts have beside those of the test lexicon.
const DEEDS: &str = r#"
[act.admits]
terms = ["admit(s|ted)"]
stage = 5
formal = true
by = "alliance"
[act.joins]
terms = ["become a member"]
stage = 5
formal = true
[list.prospect]
terms = ["to"]
[mask.wishes]
terms = ["could (join|become)"]
"#;

#[test]
fn a_deed_of_the_alliance_stands_between_its_name_and_a_country() {
    let rules = try_build(&format!("{LEXICON}{DEEDS}{RULES}")).unwrap();
    let told =
        |title: &str| rules.examine(&item(title, "", "2024-03-24")).matched.map(|one| acts(&one));
    let admits = Some(vec![("admits".to_owned(), None)]);
    assert_eq!(told("BRICS leaders formally admit Japan"), None);
    assert_eq!(told("BRICS leaders formally admits Japan"), admits);
    assert_eq!(told("BRICS admitted old friend Japan"), admits);
    let talk = Some(vec![("considers".to_owned(), None)]);
    assert_eq!(told("Minister admits Japan may join BRICS"), talk);
    assert_eq!(told("BRICS: minister admits Japan may join"), talk);
}

#[test]
fn a_purpose_is_not_the_act_and_a_mask_hides_no_hedge() {
    let rules = try_build(&format!("{LEXICON}{DEEDS}{RULES}")).unwrap();
    let first = |title: &str| {
        let mut found = rules.examine(&item(title, "", "2024-03-24")).matched.unwrap();
        let one = found.moves.remove(0);
        (one.act.unwrap().name, one.hedged)
    };
    assert_eq!(first("BRICS invites Japan to become a member"), ("invites".to_owned(), false));
    assert_eq!(first("Japan set to become a member of BRICS"), ("joins".to_owned(), true));
    assert_eq!(first("Japan could become a member of BRICS"), ("joins".to_owned(), true));
}

#[test]
fn a_text_of_names_alone_costs_little() {
    let text = "Sweden's NATO membership and Japan's. Finland to join NATO soon. ".repeat(1_000);
    let found = rules().examine(&item("Finland to join NATO", &text, "2022-05-20")).matched;
    assert_eq!(found.unwrap().candidates, ["FI"]);
}

#[test]
fn a_bloc_can_be_a_candidate() {
    let found = matched("BRICS invites the African Union");
    assert_eq!(found.candidates, ["African Union"]);
}

#[test]
fn bodies_add_candidates_and_others_are_also_named() {
    let text = "Canada and Japan may join AUKUS Pillar 2. South Korea was named as well.";
    let found = rules()
        .examine(&item("America, Britin hurrying to enlarge Asian NATO", text, "2024-03-24"))
        .matched
        .unwrap();
    assert_eq!(found.alliances, ["AUKUS"]);
    assert_eq!(found.candidates, ["CA", "JP"]);
    assert_eq!(found.also_named, ["KR"]);
    assert_eq!(found.names["KR"], "South Korea");
}

#[test]
fn fields_scores_and_vetoes_decide() {
    let rules = rules();
    let mut sport = item("NATO enlargement", "", "2026-01-05");
    let ids = |finding: Finding| -> Vec<String> {
        let matched = finding.matched.map(|matched| matched.rules).unwrap_or_default();
        matched.into_iter().map(|rule| rule.id.to_string()).collect()
    };
    assert_eq!(ids(rules.examine(&sport)), ["growth"]);
    sport.categories.push("Sport".to_owned());
    let finding = rules.examine(&sport);
    assert!(finding.near.iter().any(|miss| miss.missing.contains("unless")), "{:?}", finding.near);
    assert!(ids(finding).is_empty());
    let body = rules.examine(&item("Elsewhere", "NATO enlargement", "2026-01-05"));
    assert!(
        body.near.iter().any(|miss| miss.missing == "scores 1 of 2: no NATO in the headline"),
        "{:?}",
        body.near
    );
}

#[test]
fn near_misses_say_what_is_missing() {
    let finding = find("NATO exercise begins in Canada");
    let door: Vec<&str> = finding
        .near
        .iter()
        .filter(|miss| miss.rule.as_str() == "door")
        .map(|miss| miss.missing.as_str())
        .collect();
    assert_eq!(door, ["no act at the door of NATO"]);
}

#[test]
fn misses_name_what_a_reader_can_act_on() {
    let shipped_like = format!(
        "{LEXICON}[list.attributive]\nterms = [\"exercise*\"]\n\
         [list.tie]\nname = \"word of joining\"\nterms = [\"join*\", \"bid for\"]\n\
         [[rule]]\nid = \"r\"\ntitle = \"R\"\nwhen = '(@tie THEN/3 @door SENTENCE @candidate \
         OR @door THEN/1 @tie SENTENCE @candidate) AND NOT title:cup'\n"
    );
    let rules = try_build(&shipped_like).unwrap();
    let missing = |title: &str, summary: &str| {
        let finding = rules.examine(&item(title, summary, "2026-01-05"));
        finding.near.first().map(|miss| (miss.missing.clone(), miss.distance))
    };
    let told = |what: &str, distance: u8| Some((what.to_owned(), distance));
    assert_eq!(missing("Canada thanks NATO", ""), told("no tie between Canada and NATO", 1));
    assert_eq!(
        missing("Canada eyes a bid for NATO exercise", ""),
        told("NATO only as in “NATO exercise”", 1)
    );
    assert_eq!(missing("Canada joins calls for NATO", ""), told("masked: “joins calls”", 1));
    assert_eq!(
        missing("Hungary may join NATO", ""),
        told("names no country that could join (Hungary is a member)", 1)
    );
    assert_eq!(
        missing("Canada waits", "A bid for NATO is possible."),
        told("Canada and NATO stand in different sentences", 1)
    );
    assert_eq!(missing("Canada may join NATO for the cup", ""), told("vetoed: “cup”", 1));
    assert_eq!(
        missing("NATO meets", ""),
        told("names no country that could join, no word of joining at NATO's door", 8)
    );
    assert_eq!(missing("Canada wins the cup", ""), None);
}

#[test]
fn what_is_said_twice_is_said_once() {
    let copy = RULES.replace("id = \"door\"", "id = \"door-2\"");
    let copy = copy.split("[[rule]]\nid = \"growth\"").next().unwrap_or_default();
    let rules = try_build(&format!("{LEXICON}{RULES}{copy}")).unwrap();
    let finding = rules.examine(&item("Canada thanks NATO", "", "2026-01-05"));
    let told: Vec<_> = finding.near.iter().map(|miss| miss.rule.as_str()).collect();
    assert_eq!(told, ["door"], "{:?}", finding.near);
}

#[test]
fn operators_do_what_they_say() {
    let holds = |query: &str, title: &str, summary: &str| {
        let text = format!("[[rule]]\nid = \"t\"\ntitle = \"T\"\nwhen = '{query}'\n");
        let rules = try_build(&text).unwrap();
        rules.examine(&item(title, summary, "2026-01-05")).matched.is_some()
    };
    assert!(holds("alpha NEAR/1 beta", "beta one alpha", ""));
    assert!(!holds("alpha NEAR/0 beta", "beta one alpha", ""));
    assert!(holds("alpha THEN/1 beta", "alpha one beta", ""));
    assert!(!holds("alpha THEN/1 beta", "beta one alpha", ""));
    assert!(holds("alpha SENTENCE beta", "", "Alpha is near beta. Gamma."));
    assert!(!holds("alpha SENTENCE gamma", "", "Alpha is near beta. Gamma."));
    assert!(holds("alpha AND gamma", "alpha", "gamma"));
    assert!(!holds("alpha NEAR/9 gamma", "alpha", "gamma"));
    assert!(holds("alpha AND NOT gamma", "alpha", "beta"));
    assert!(!holds("alpha AND NOT gamma", "alpha", "gamma"));
    assert!(holds("title:alpha", "alpha", ""));
    assert!(!holds("title:alpha", "beta", "alpha"));
    assert!(holds("feed:\"Example Wire\" AND kind:wire", "x", ""));
    assert!(!holds("wire", "x", ""), "labels are asked for by name");
    assert!(holds("=NATO", "NATO", ""));
    assert!(!holds("=NATO", "Nato", ""));
    assert!(holds("\"alpha beta\"", "Alpha-beta", ""));
    assert!(holds("/alpha[0-9]+/", "alpha12", ""));
    assert!(holds("日本 NEAR/2 加盟", "日本が加盟", ""));
}

#[test]
fn mistakes_are_told_with_a_cure() {
    let broken = |text: &str| try_build(&format!("{LEXICON}{text}")).unwrap_err();
    let rule = |when: &str, more: &str| {
        broken(&format!("[[rule]]\nid = \"t\"\ntitle = \"T\"\nwhen = '{when}'\n{more}"))
    };
    let all = [
        rule("@alliance SENTENCE @plce", ""),
        rule("/a.c/", ""),
        rule("/(abc/", ""),
        rule("@alliance SENTENCE @act", "match = [\"Nothing here\"]"),
        rule("@alliance SENTENCE @act", "no_match = [\"NATO enlargement\"]"),
        rule(
            "@alliance SENTENCE @act SENTENCE @candidate",
            "match = [{ title = \"Canada to join NATO\", candidates = [\"JP\"] }]",
        ),
        broken("[list.alliance]\nterms = [\"x1\"]"),
        broken("[list.empty]\nterms = []"),
        broken("[list.near]\nterms = [{ text = \"x1\", near = \"@nowhere\" }]"),
        broken("[[rule]]\nid = \"gone\"\nenabled = false"),
        broken(
            "[alliance.River]\nterms = [\"River Pact\"]\nmembers = [\"FR\", \"sweden\"]\nopen_to = [\"Narnia\"]",
        ),
    ];
    insta::assert_snapshot!(all.map(|list| list.join("\n")).join("\n\n"));
}

#[test]
fn a_later_file_adds_to_a_rule() {
    let more = "[[rule]]\nid = \"door\"\nextend = true\nunless = \"category:sport\"\nmode = \"shadow\"\n\
        no_match = [\"Canada sings\"]";
    let rules = try_build(&format!("{LEXICON}{RULES}{more}")).unwrap();
    let rule = rules.rules().find(|rule| rule.id.as_str() == "door").unwrap();
    assert_eq!((rule.examples, rule.shadow), (2, true));
    let mut sport = item("Canada applies to join NATO", "", "2024-03-24");
    sport.categories.push("sport".to_owned());
    let told = |item: &Item| {
        let found = rules.examine(item).matched;
        found.is_some_and(|one| one.rules.iter().any(|rule| rule.id.as_str() == "door"))
    };
    assert!(!told(&sport) && told(&item("Canada applies to join NATO", "", "2024-03-24")));
    for wrong in ["when = \"NATO\"", "no_match = [\"Canada applies to join NATO\"]"] {
        let more = format!("[[rule]]\nid = \"door\"\nextend = true\n{wrong}");
        assert_eq!(try_build(&format!("{LEXICON}{RULES}{more}")).unwrap_err().len(), 1, "{wrong}");
    }
    let nobody = "[[rule]]\nid = \"nobody\"\nextend = true";
    assert!(try_build(&format!("{LEXICON}{RULES}{nobody}")).unwrap_err()[0].contains("to extend"));
}

#[test]
fn a_later_file_extends_and_switches_off() {
    let more = "[alliance.NATO]\nextend = true\nterms = [\"the Pact\"]\nremove = [\"OTAN\"]\n\
                [[rule]]\nid = \"growth\"\nenabled = false\n";
    let mut sources = Sources::default();
    let problems = Problems::default();
    let mut draft = Draft::default();
    let first = format!("{LEXICON}{RULES}");
    for text in [first.as_str(), more] {
        let file = sources.add("test.toml", text);
        let table = DeTable::parse(text).unwrap().into_inner();
        let root =
            Table::new(&problems, file, Path::new(""), Span::new(file, 0..0), "test", &table);
        draft.read(&root);
    }
    let rules = draft.build(&problems);
    assert!(!problems.any_error());
    assert_eq!(rules.rules().map(|rule| rule.id.to_string()).collect::<Vec<_>>(), ["door"]);
    let quiet = |title: &str| rules.examine(&item(title, "", "2026-01-05")).matched.is_none();
    assert!(!quiet("Canada applies to join the Pact"));
    assert!(quiet("Canada applies to join OTAN"));
}

#[test]
fn standings_carry_their_dates() {
    let rules = rules();
    let find = |code: &str| rules.standings().iter().find(|one| one.candidate == code).unwrap();
    assert_eq!(find("SE").since, Some(jiff::civil::date(2024, 3, 7)));
    assert_eq!((find("UA").act.as_str(), find("UA").stage), ("applies", 2));
}

proptest! {
    /// Spans are Unicode scalar values of the text as stored, whatever else it holds.
    #[test]
    fn spans_lead_to_their_texts(
        parts in prop::collection::vec(
            prop_oneof![
                "\\PC{0,6}", "[ .,:;!?\\-–—’\u{301}\u{200d}\u{fe0f}\u{ad}\u{202e}]{0,3}",
                Just("NATO".to_owned()), Just("Canada".to_owned()), Just(" to join ".to_owned()),
                Just("日本".to_owned()), Just("Asian NATO".to_owned()), Just(" ＮＡＴＯ ".to_owned()),
                Just(" ﬁ ".to_owned()), Just(" joins calls ".to_owned()),
            ],
            0..14,
        ),
        cleaned in any::<bool>(),
    ) {
        thread_local! {
            static SHARED: RuleSet = rules();
        }
        let raw = format!("Canada applies to join NATO {} Canada to join NATO", parts.join(" "));
        let title = if cleaned { crate::text::clean(&raw) } else { raw };
        let item = item(&title, &parts.concat(), "2026-01-05");
        let (finding, (recognised, masked)) =
            SHARED.with(|rules| (rules.examine(&item), rules.recognise(&item)));
        let slice = |field, start: usize, end: usize| {
            item.prose(field).chars().skip(start).take(end - start).collect::<String>()
        };
        let matched = finding.matched;
        prop_assert!(matched.is_some(), "the ends of the title alone hold");
        for one in matched.iter().flat_map(|found| &found.evidence) {
            prop_assert_eq!(&slice(one.field, one.start, one.end), &one.text);
        }
        for one in &recognised {
            prop_assert_eq!(&slice(one.field, one.start, one.end), &one.text);
        }
        for one in masked.iter().chain(matched.iter().flat_map(|found| &found.masked)) {
            prop_assert_eq!(&slice(one.field, one.start, one.end), &one.text);
        }
    }
}
