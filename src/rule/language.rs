//! The language from an author's side: what each operator finds, and every mistake in a file with
//! its place and cure.

use std::path::Path;

use proptest::prelude::*;
use toml::de::DeTable;

use super::*;
use crate::setting::{Problems, Severity, Sources, Span, Table};

const LEXICON: &str = r#"
[alliance.NATO]
terms = ["NATO"]
members = ["US"]
[alliance."Five Eyes"]
terms = ["Five Eyes"]
[act.joins]
terms = ["join*"]
[place.SE]
name = "Sweden"
terms = ["Swed*", "瑞典"]
[list.growth]
terms = ["enlarg*"]
[list.gone]
terms = ["gone"]
[mask.idioms]
terms = ["joins (calls|forces)", "war*"]
"#;

/// Reads files one after the other and gives the report, as `check` shows it.
fn report(files: &[&str]) -> (String, bool) {
    let mut sources = Sources::default();
    let ids: Vec<_> = files.iter().map(|text| sources.add("rules.toml", *text)).collect();
    let problems = Problems::default();
    let mut draft = Draft::default();
    for (id, text) in ids.iter().zip(files) {
        let table = DeTable::parse(text).expect("the test's own TOML").into_inner();
        let root = Table::new(&problems, *id, Path::new(""), Span::new(*id, 0..0), "test", &table);
        draft.read(&root);
        root.finish();
    }
    draft.build(&problems);
    let refused = problems.any_error();
    let shown: Vec<String> = problems
        .into_sorted()
        .iter()
        .filter(|one| !one.message.contains("has no examples"))
        .map(|one| {
            assert!(one.help.is_some(), "`{}` has no cure", one.message);
            sources.render(one, false)
        })
        .collect();
    (shown.join("\n\n"), refused)
}

/// The mistakes of one rule.
fn rule(body: &str) -> String {
    let text = format!("[[rule]]\nid = \"t\"\ntitle = \"T\"\n{body}\n");
    let (shown, refused) = report(&[LEXICON, &text]);
    assert!(refused, "{body} was taken: {shown}");
    shown
}

#[test]
fn operators_find_what_they_promise() {
    let holds = |when: &str, title: &str, summary: &str| {
        let text = format!("[[rule]]\nid = \"t\"\ntitle = \"T\"\nwhen = '{when}'\n");
        let problems = Problems::default();
        let mut draft = Draft::default();
        for text in [LEXICON, &text] {
            let id = crate::setting::FileId(0);
            let table = DeTable::parse(text).unwrap().into_inner();
            draft.read(&Table::new(&problems, id, Path::new(""), Span::new(id, 0..0), "t", &table));
        }
        let rules = draft.build(&problems);
        assert!(!problems.any_error(), "{when}: {:?}", problems.into_sorted());
        rules.examine(&tests::item(title, summary, "2026-01-05")).matched.is_some()
    };
    let yes = |when: &str, title: &str, summary: &str| {
        assert!(holds(when, title, summary), "{when} stays quiet on {title} | {summary}");
    };
    let no = |when: &str, title: &str, summary: &str| {
        assert!(!holds(when, title, summary), "{when} finds {title} | {summary}");
    };
    // A headline is one sentence, whatever its stops; prose is not.
    yes("alpha SENTENCE beta", "Alpha! Beta? Gamma.", "");
    no("alpha SENTENCE beta", "", "Alpha ran. Beta stayed.");
    no("alpha SENTENCE beta", "Alpha ran", "Beta stayed");
    yes("\"alpha beta\"", "Alpha. Beta", "");
    no("\"alpha beta\"", "", "It was alpha. Beta stayed.");
    // Words between, across a sentence for NEAR; a CJK character is a word.
    yes("alpha NEAR/2 beta", "", "Beta ran. The alpha stayed.");
    no("alpha NEAR/1 beta", "", "Beta ran. The alpha stayed.");
    yes("瑞典 NEAR/1 加盟", "瑞典が加盟", "");
    no("瑞典 NEAR/0 加盟", "瑞典が加盟", "");
    yes("加盟", "申请加盟北约", "");
    // Chains: each link to the next; SENTENCE anywhere keeps the whole in one.
    yes("alpha NEAR/1 beta THEN/0 gamma", "alpha x beta gamma", "");
    no("alpha NEAR/1 beta THEN/0 gamma", "gamma alpha x beta", "");
    yes("alpha NEAR/9 beta SENTENCE gamma", "", "Gamma alpha beta.");
    no("alpha NEAR/9 beta SENTENCE gamma", "", "Gamma alpha. Then beta.");
    no("alpha NEAR/3 alpha", "alpha", "");
    yes("alpha NEAR/3 alpha", "alpha or alpha", "");
    // Lists and ORs of them in proximity.
    yes("(beta OR (@growth OR @SE)) NEAR/1 @NATO", "Swedish NATO", "");
    yes("(beta OR (@growth OR @SE)) NEAR/1 @NATO", "enlarging of NATO", "");
    no("(beta OR (@growth OR @SE)) NEAR/1 @NATO", "gamma of NATO", "");
    // Binding, by what it finds.
    yes("alpha OR beta AND gamma", "alpha", "");
    no("(alpha OR beta) AND gamma", "alpha", "");
    yes("NOT alpha AND beta", "beta", "");
    no("NOT (alpha OR beta) AND gamma", "beta gamma", "");
    // AND and NOT see the whole item; a field sees its own.
    no("alpha AND NOT beta", "alpha", "beta");
    yes("alpha AND NOT title:beta", "alpha", "beta");
    yes("title:(alpha OR beta) AND summary:gamma", "beta", "gamma");
    no("title:(alpha AND gamma)", "alpha", "gamma");
    // A regex reads the text as it stands, in prose unless a field is named.
    yes("/[0-9]+ (states|nations)/", "", "Then 32 nations met.");
    no("/Example/", "alpha", "");
    yes("feed:/Example/", "alpha", "");
    no("/NATION/", "", "32 nations");
    yes("/(?i)NATION/", "", "32 nations");
}

#[test]
fn every_mistake_of_a_query_is_shown_in_its_file() {
    let whens = [
        "@alliance SENTENCE @plase",
        "@alliance SENTENCE @somewhere",
        "@alliance AND @gone",
        "/a.c/",
        "NATO AND /treat(y|ies/",
        "/new.{1000}{1000}/",
        "joins calls OR NATO",
        "\"joins calls\" OR NATO",
        "NATO AND wars",
        "kind:wires",
        "kind:reuters",
        "lang:english",
        "lang:\"en-GB\" AND NATO",
        "NOT NATO",
        "NATO OR NOT feed:wire",
        "@alliance AND NOT @alliance",
        "@candidate AND NOT @alliance",
    ];
    let taken = "[list.gone]\nextend = true\nremove = [\"gone\"]\n";
    let shown = whens.map(|when| {
        let text = format!("{taken}[[rule]]\nid = \"t\"\ntitle = \"T\"\nwhen = '{when}'\n");
        let (shown, refused) = report(&[LEXICON, &text]);
        assert!(refused, "{when} was taken");
        shown
    });
    insta::assert_snapshot!(shown.join("\n\n"));
}

#[test]
fn the_caret_finds_its_place_in_every_kind_of_string() {
    let strings = [
        "when = '@alliance AND @plase'",
        r#"when = "\"Asian NATO\" AND @plase""#,
        r#"when = "日本 AND @plase""#,
        "when = '''@alliance\n  AND @plase'''",
        "when = \"\"\"\n@alliance \\\n    AND \\\"so\\\" \\\n    AND @plase\n\"\"\"",
    ];
    insta::assert_snapshot!(strings.map(rule).join("\n\n"));
}

#[test]
fn parts_that_cannot_work_together_are_told() {
    let rules = [
        "when = 'NATO AND NOT sport'\nunless = 'NATO'",
        "when = 'NATO'\nunless = 'title:@alliance'",
        "when = 'NATO AND NOT sport'\nscore = [{ if = 'title:sport', add = 1 }]",
        "when = 'NATO'\nscore = [{ if = '@candidate', add = 1 }]",
        "when = 'NATO'\nscore = [{ if = 'title:NATO', add = 0 }]",
        "when = 'NATO'\nscore = [{ if = 'title:NATO', add = 1 }, { if = 'EU', add = -2 }]\nthreshold = 2.5",
        "when = 'NATO'\nthreshold = 2",
        "when = 'NATO'\nthreshold = 0",
    ];
    insta::assert_snapshot!(rules.map(rule).join("\n\n"));
}

#[test]
fn what_is_legal_and_odd_is_told() {
    let shown = [
        "when = '@candidate SENTENCE @act'",
        "when = '@alliance AND @act OR \"Star Pact\" NEAR/5 @growth'",
        "when = '@alliance AND @act'\nunless = 'war crimes'"
            .replace("war crimes", "\"so what\"")
            .as_str(),
    ]
    .map(|body| {
        let text = format!("[[rule]]\nid = \"t\"\ntitle = \"T\"\n{body}\n");
        let (shown, refused) = report(&[LEXICON, &text]);
        assert!(!refused, "{shown}");
        shown
    });
    insta::assert_snapshot!(shown.join("\n\n"));
}

#[test]
fn names_that_stand_for_nothing_are_told() {
    let shown = ["@alliance", "@door", "@mention", "@act", "@candidate", "@place"].map(|when| {
        let text = format!("[[rule]]\nid = \"t\"\ntitle = \"T\"\nwhen = '{when}'\n");
        let (shown, refused) = report(&[&text]);
        assert!(refused, "{when} was taken");
        shown.lines().next().unwrap_or_default().to_owned()
    });
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn legal_rules_are_taken() {
    for body in [
        "when = '@\"Five Eyes\" SENTENCE @SE'",
        "when = '@alliance AND NOT title:@alliance'",
        "when = '@alliance AND NOT @candidate'",
        "when = 'NATO'\nunless = 'NOT lang:en OR category:sport'",
        "when = 'NATO'\nscore = [{ if = 'NOT title:NATO', add = -1 }]",
        "when = 'NATO'\nscore = [{ if = 'title:NATO', add = 1.5 }]\nthreshold = 2.5",
        "when = 'kind:wire AND (lang:en OR lang:fr*)'",
        "when = '\"joins other calls\" OR join*'",
    ] {
        let text = format!("[[rule]]\nid = \"t\"\ntitle = \"T\"\n{body}\n");
        let (shown, refused) = report(&[LEXICON, &text]);
        assert!(!refused && shown.is_empty(), "{body}: {shown}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever stands in a rule, it is compiled or refused with places that exist.
    #[test]
    fn any_rule_is_answered(
        when in "(@alliance|@act|@SE|NATO|\"a b\"|/abc[.]z/| AND | OR | NOT | NEAR/3 | SENTENCE |title:|kind:|[()@:é日]|\\\\n| ){0,12}",
        add in -3i8..4,
        threshold in -1i8..9,
    ) {
        let quoted = when.replace('"', "\\\"");
        let text = format!(
            "[[rule]]\nid = \"t\"\nwhen = \"{quoted}\"\nthreshold = {threshold}\n\
             score = [{{ if = \"{quoted}\", add = {add} }}]\nunless = \"{quoted}\"\n"
        );
        let mut sources = Sources::default();
        let (first, second) = (sources.add("a.toml", LEXICON), sources.add("b.toml", &text));
        let problems = Problems::default();
        let mut draft = Draft::default();
        for id in [first, second] {
            let table = DeTable::parse(sources.text(id)).unwrap().into_inner();
            draft.read(&Table::new(&problems, id, Path::new(""), Span::new(id, 0..0), "t", &table));
        }
        draft.build(&problems);
        for one in problems.into_sorted() {
            prop_assert!(one.severity == Severity::Warning || one.help.is_some(), "{}", one.message);
            let spot = sources.spot(&one).expect("every mistake of a rule has a place");
            prop_assert!(sources.text(spot.file).get(spot.start..).is_some());
            let _ = sources.render(&one, false);
        }
    }
}
