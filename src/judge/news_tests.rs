//! What counts as news, and to whom.

use super::tests::{Desk, at, item, tell};
use super::*;
use crate::model::{AlertKind, Decision, Genre, ItemKey, Kind, Level, Match, Route, SinkName};

const BID: &str = "Finland applies to join NATO";

fn bid() -> Option<Match> {
    tell(&["FI"], "applies", None)
}

/// A sink that wants notable news of feeds with one tag alone.
fn europe() -> Route {
    let mut route = Route::all(SinkName::new("europe"));
    route.tags.push("europe".to_owned());
    route.min_level = Level::Notable;
    route
}

#[test]
fn news_that_routing_kept_from_a_sink_is_still_news_to_it() {
    // The second report joins the story, or comes once its window is over.
    for (title, hours) in [(BID, 1), ("Helsinki hands in its papers", 100)] {
        let mut desk = Desk::new();
        desk.routes = vec![europe()];
        desk.see(item("asia", "1", BID, "", 0), bid());
        assert!(desk.told().is_empty());
        let mut second = item("paris", "1", title, "", hours);
        second.tags.push("europe".to_owned());
        desk.see(second.clone(), bid());
        let told = desk.told();
        assert_eq!(told.len(), 1, "{title}");
        assert_eq!((told[0].1, told[0].2), (AlertKind::Raised, Level::Flash));
        // Now it has heard.
        second.key = ItemKey::new("2");
        second.canonical = None;
        second.seen = at(hours + 100);
        second.published = Some(second.seen);
        desk.see(second, bid());
        assert_eq!(desk.told().len(), 1, "{title}");
    }
}

#[test]
fn what_nobody_was_told_makes_nothing_old() {
    let of = |genre| bid().map(|found| Match { genre, ..found });
    // An item of a first poll that is too old to be told.
    let mut desk = Desk::new();
    desk.story = StorySection::default();
    let old = item("a", "1", "Finland hands in its papers", "", 0);
    assert_eq!(desk.see_at(old, bid(), at(26), true), Decision::Old);
    desk.see(item("b", "1", BID, "", 26), bid());
    assert_eq!(desk.told()[0].2, Level::Flash);
    // Comment is told as background, the report after it as the news that it is.
    for genre in [Genre::Opinion, Genre::Explainer, Genre::Live] {
        let mut desk = Desk::new();
        let mut notable = Route::all(SinkName::new("notable"));
        notable.min_level = Level::Notable;
        desk.routes.push(notable);
        desk.see(item("a", "1", "Why Finland applies to join NATO", "", 0), of(genre));
        desk.see(item("b", "1", "Helsinki hands in its papers", "", 1), bid());
        let told = desk.told();
        let levels: Vec<_> = told.iter().map(|one| (one.0.as_str(), one.2)).collect();
        let background = ("desk", Level::Background);
        let expected = [background, ("desk", Level::Flash), ("notable", Level::Flash)];
        assert_eq!(levels, expected, "{genre:?}");
    }
}

#[test]
fn a_move_that_was_read_first_gets_the_alert_that_tells_it() {
    let mut desk = Desk::new();
    desk.story = StorySection::default();
    let old = item("a", "1", "Finland hands in its papers", "", 10);
    assert_eq!(desk.see_at(old, bid(), at(50), true), Decision::Old);
    desk.see_at(item("b", "1", BID, "", 5), bid(), at(50), false);
    // What the store does with the same entries is tested there.
    let entries: Vec<_> = desk.plans.iter().flat_map(|plan| plan.ledger.clone()).collect();
    let found = desk.index.ledger.before(&bid().unwrap(), at(60)).remove(0);
    assert_eq!((found.since, found.last), (entries[1].since, entries[0].last));
    assert_eq!(found.alert, entries[1].alert);
    assert!(found.alert.is_some());
}

#[test]
fn an_act_that_was_overtaken_is_no_news() {
    let ratified = || tell(&["FI"], "ratified", Some("HU"));
    let first = "Hungary ratifies the NATO bid of Finland in a late vote";
    let second = "Hungary weighs the NATO bid of Finland ahead of a late vote";
    // Told in the story of the higher act.
    let mut desk = Desk::new();
    desk.see(item("a", "1", first, "", 20), ratified());
    let late = item("b", "1", "Finland files for the NATO bid ahead of a late vote", "", 2);
    assert_eq!(desk.see_at(late, bid(), at(20), false).as_str(), "joined");
    assert_eq!(desk.told().len(), 1);
    // Told in a story of its own.
    let mut desk = Desk::new();
    desk.see(item("a", "1", first, "", 20), ratified());
    let own = item("c", "1", "Helsinki hands in its papers", "", 2);
    desk.see_at(own, bid(), at(20), false);
    assert_eq!(desk.told().last().unwrap().2, Level::Background);
    // Another door is not overtaken, nor is the act of another that follows.
    let mut desk = Desk::new();
    desk.see(item("a", "1", first, "", 20), ratified());
    let sweden = item("b", "1", "Stockholm hands in its papers", "", 2);
    desk.see_at(sweden, tell(&["SE"], "applies", None), at(20), false);
    assert_eq!(desk.told()[1].2, Level::Flash);
    let veto = item("c", "1", "Ankara says no", "", 21);
    desk.see(veto, tell(&["FI"], "blocks", Some("TR")));
    assert_eq!(desk.told()[2].2, Level::Notable);
    // What Hungary said before it ratified.
    let doubt = item("d", "1", second, "", 19);
    desk.see_at(doubt, tell(&["FI"], "blocks", Some("HU")), at(21), false);
    assert_eq!(desk.told()[3].2, Level::Background);
    // The same act in a version that is dated before the one that was told.
    let mut desk = Desk::new();
    desk.see(item("a", "1", first, "", 20), ratified());
    let version = item("b", "1", "Budapest says yes", "", 2);
    desk.story.window = std::time::Duration::ZERO;
    desk.see_at(version, ratified(), at(40), false);
    assert_eq!(desk.told()[1].2, Level::Background);
}

#[test]
fn the_first_official_word_is_told_once() {
    let ratified = || tell(&["FI"], "ratified", Some("HU"));
    let mut desk = Desk::new();
    let mut notable = Route::all(SinkName::new("notable"));
    notable.min_level = Level::Notable;
    desk.routes = vec![notable];
    let official = |key: &str, hours: i64| {
        let title = "Parliament adopts the act on the accession of Finland";
        let mut item = item(key, key, title, "", hours);
        item.kind = Kind::Official;
        item
    };
    desk.see(item("a", "1", "Hungary ratifies the NATO bid of Finland", "", 0), ratified());
    let other = item("b", "1", "Budapest says yes", "", 1);
    assert_eq!(desk.see(other, ratified()).as_str(), "joined");
    let word = desk.see(official("parliament", 2), ratified());
    assert_eq!(word.as_str(), "update");
    let told = desk.told();
    assert_eq!((told[1].1, told[1].2), (AlertKind::Updated, Level::Notable));
    let alert = &desk.plans[2].alerts[0].0;
    assert!(alert.new.as_ref().unwrap().confirmed);
    // A second body that says the same, and one that says nothing of the act.
    assert_eq!(desk.see(official("ministry", 3), ratified()).as_str(), "duplicate");
    assert_eq!(desk.told().len(), 2);
    // What is hedged confirms nothing.
    let mut desk = Desk::new();
    desk.see(item("a", "1", "Hungary ratifies the NATO bid of Finland", "", 0), ratified());
    let mut may = ratified();
    may.as_mut().unwrap().moves[0].hedged = true;
    assert_ne!(desk.see(official("parliament", 1), may).as_str(), "update");
    // Nobody who wants no updates gets one.
    let mut desk = Desk::new();
    desk.story.updates = Updates::Off;
    desk.see(item("a", "1", "Hungary ratifies the NATO bid of Finland", "", 0), ratified());
    assert_eq!(desk.see(official("parliament", 1), ratified()).as_str(), "joined");
}

#[test]
fn the_next_member_is_told_where_the_first_was_not_named() {
    let mut desk = Desk::new();
    let vote = |actor| tell(&["FI"], "approves", actor);
    desk.see(item("a", "1", "Parliament approves the NATO bid of Finland", "", 0), vote(None));
    // The same vote with its name, and under the other word.
    let named = item("b", "1", "Hungary's parliament approves Finland's bid", "", 3);
    assert_eq!(desk.see(named, vote(Some("HU"))).as_str(), "joined");
    let word = item("c", "1", "Hungary ratifies Finland's bid", "", 5);
    assert_eq!(desk.see(word, tell(&["FI"], "ratified", Some("HU"))).as_str(), "joined");
    assert_eq!(desk.told().len(), 1);
    // Three days later it is another's.
    let next = item("d", "1", "Turkey's parliament approves the NATO bid of Finland", "", 68);
    desk.see(next, vote(Some("TR")));
    assert_eq!(desk.told().len(), 2);
    assert_eq!(desk.told()[1].2, Level::Flash);
}

#[test]
fn an_announced_act_is_not_the_act() {
    let mut desk = Desk::new();
    let mut soon = tell(&["FI"], "joins", None);
    soon.as_mut().unwrap().moves[0].hedged = true;
    desk.see(item("a", "1", "Finland to join NATO on Tuesday", "", 0), soon);
    let deed = item("b", "1", "Finland joins NATO on Tuesday morning", "", 10);
    assert_eq!(desk.see(deed, tell(&["FI"], "joins", None)).as_str(), "update");
    assert_eq!(desk.told()[1].2, Level::Flash);
}

#[test]
fn a_candidate_aside_is_no_part_of_the_move() {
    let mut desk = Desk::new();
    let waits = || {
        let mut found = tell(&["FI", "SE"], "ratified", Some("HU"));
        found.as_mut().unwrap().moves[0].aside.push("SE".to_owned());
        found
    };
    desk.see(
        item("a", "1", "Hungary ratifies the NATO bid of Finland", "", 0),
        tell(&["FI"], "ratified", Some("HU")),
    );
    let other = item("b", "1", "Budapest ratifies, and Sweden waits", "", 1);
    assert_eq!(desk.see(other, waits()).as_str(), "joined", "a name aside is no new candidate");
    // Nor has anything been told of it that would make its own vote old.
    let sweden = item("c", "1", "Hungary ratifies the NATO bid of Sweden", "", 20);
    desk.see(sweden, tell(&["SE"], "ratified", Some("HU")));
    assert_eq!(desk.told()[1].2, Level::Flash);
}
