//! Whose bid it is, where a headline names two who could knock.

use super::{LEXICON, RULES, item, matched, rules, try_build};

fn candidates(title: &str) -> Vec<String> {
    let found = rules().examine(&item(title, "", "2022-05-20")).matched;
    found.unwrap_or_else(|| panic!("`{title}` stayed quiet")).candidates
}

#[test]
fn who_speaks_of_anothers_bid_does_not_knock() {
    assert_eq!(candidates("Japan hails Sweden's NATO membership"), ["SE"]);
    assert_eq!(candidates("Japan hails Swedish NATO membership"), ["SE"]);
    assert_eq!(candidates("Japan cheers Finland and Sweden's NATO membership"), ["FI", "SE"]);
    assert_eq!(candidates("日本はSwedenのNATO membership"), ["SE"]);
    let found = matched("South Korea lauds Japan’s AUKUS membership");
    assert_eq!(
        (found.candidates, found.also_named),
        (vec!["JP".to_owned()], vec!["KR".to_owned()])
    );
}

#[test]
fn who_speaks_of_a_member_does_not_knock_at_all() {
    let tie = "[list.tie]\nname = \"membership\"\nterms = [\"membership\"]";
    let rules = try_build(&format!("{LEXICON}{tie}{RULES}")).unwrap();
    let knocking = |title: &str| {
        let found = rules.examine(&item(title, "", "2026-06-01")).matched;
        found.map(|found| found.candidates).unwrap_or_default()
    };
    assert_eq!(knocking("Japan hails Sweden's NATO membership"), Vec::<String>::new());
    assert_eq!(knocking("Japan eyes NATO membership after Sweden's"), ["JP"]);
    // Before Sweden was in, it was a bid.
    assert_eq!(candidates("Japan hails Sweden's NATO membership"), ["SE"]);
}

#[test]
fn who_backs_a_bid_does_not_share_it() {
    assert_eq!(candidates("Finland's NATO membership backed by Japan"), ["FI"]);
    assert_eq!(candidates("Finland's NATO membership, and Japan's"), ["FI", "JP"]);
}

#[test]
fn two_that_knock_both_count() {
    assert_eq!(candidates("Finland, Sweden to join NATO"), ["FI", "SE"]);
    assert_eq!(candidates("Finland ready to join as Sweden's NATO membership nears"), ["FI", "SE"]);
    assert_eq!(candidates("Finland: Sweden's NATO membership"), ["FI", "SE"]);
    // So far apart that each has news of its own.
    let apart = "Finland, long neutral and wary of war, will join with Sweden NATO membership";
    assert_eq!(candidates(apart), ["FI", "SE"]);
}
