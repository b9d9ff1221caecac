//! What counts as news, and to whom.

use super::tests::{Desk, at, item, tell};
use crate::model::{AlertKind, ItemKey, Level, Match, Route, SinkName};

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
