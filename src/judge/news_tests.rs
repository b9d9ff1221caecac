//! What counts as news, and to whom.

use super::tests::{Desk, at, item, tell};
use super::*;
use crate::model::{AlertKind, Decision, Genre, ItemKey, Level, Match, Route, SinkName};

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
