//! The feeds and their health.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Html;
use maud::{Markup, html};

use super::desk::Site;
use super::layout::{View, badge, count, foreign, table};
use super::trouble::Trouble;
use crate::report::{FeedLine, feed_lines};

/// Makes the page: what is in trouble first.
pub(super) async fn show(State(site): State<Arc<Site>>) -> Result<Html<String>, Trouble> {
    let view = View::of(&site);
    let mut feeds = feed_lines(&view.desk.roster, Some(&site.store)).await?;
    feeds.sort_by_key(|feed| (feed.state == "ok", feed.state == "new"));
    let rows: Vec<Vec<Markup>> = feeds.iter().map(|feed| line(&view, feed)).collect();
    let answering = feeds.iter().filter(|feed| feed.answers()).count();
    let heads = ["Feed", "State", "Last answer", "Last new entry", "Next poll", "Items"];
    let body = html! {
        h1 { "Feeds" }
        p { (answering) " of " (count(feeds.len(), "feed", "feeds")) " answer." }
        @if !feeds.is_empty() { (table("Feeds, those in trouble first", &heads, &rows)) }
    };
    Ok(view.page("/feeds", "Feeds", &body))
}

fn line(view: &View, feed: &FeedLine) -> Vec<Markup> {
    vec![
        html! {
            (foreign(&feed.name))
            @let address = shown(&feed.url);
            @if address != feed.name { div.note.address { (address) } }
            @if let Some(error) = &feed.last_error && !feed.answers() { div.note.bad { (foreign(error)) } }
            @if !feed.faults.is_empty() {
                details { summary { (count(feed.faults.len(), "repair", "repairs")) " in the last document" }
                    ul { @for fault in feed.faults.iter().take(20) { li { (foreign(fault)) } } } }
            }
        },
        html! {
            (badge(&feed.state))
            @if feed.failures > 0 { " " (feed.failures) "×" }
            @if feed.push.as_deref() == Some("active") { div.note { "pushed by its hub" } }
        },
        view.maybe_ago(feed.last_success),
        view.maybe_ago(feed.last_new),
        view.maybe_ago(feed.next_due),
        html! { (feed.items) },
    ]
}

/// A feed's address without what may be secret in it: a user, and the values of a query.
pub(super) fn shown(address: &str) -> String {
    let Ok(mut url) = url::Url::parse(address) else { return "an address".to_owned() };
    // A URL with a host takes both; one without is no feed's.
    let _ = (url.set_username(""), url.set_password(None));
    if url.query().is_some() {
        url.set_query(Some("…"));
        return url.as_str().replace("%E2%80%A6", "…");
    }
    url.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_secrets() {
        assert_eq!(
            shown("https://me:pass@example.org/feed?key=hunter2"),
            "https://example.org/feed?…"
        );
        assert_eq!(shown("https://example.org/feed"), "https://example.org/feed");
        assert_eq!(shown("no address: hunter2"), "an address");
    }
}
