//! The first page: one line of verdict, what is new, who stands where, what came near, what is wrong.

use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use axum::response::Html;
use jiff::Timestamp;
use maud::{Markup, html};

use super::desk::Site;
use super::fields::{Fields, link};
use super::hand::muted;
use super::layout::{View, badge, count, foreign, outside, table};
use super::ledger::{door, pairs};
use super::near::{NearItem, nearest};
use super::trouble::Trouble;
use crate::report::{LedgerFilter, Status, ago, ledger, status};
use crate::store::{AlertFilter, AlertRow, SHADOW};

/// Alerts that are shown.
const ALERTS: usize = 50;
/// Lines of the ledger that are shown, those that moved last.
const DOORS: usize = 10;
/// What counts as new to somebody who comes without a mark, in hours.
const FIRST_HOURS: i64 = 24;

/// Makes the page.
pub(super) async fn show(State(site): State<Arc<Site>>, uri: Uri) -> Result<Html<String>, Trouble> {
    let view = View::of(&site);
    let fields = Fields::of(&uri);
    let roster = &view.desk.roster;
    let standing = status(roster, &site.store, view.now).await?;
    let mark = fields.since()?;
    let hours = jiff::SignedDuration::from_hours(FIRST_HOURS);
    let since = mark.or_else(|| view.now.checked_sub(hours).ok());
    let filter = AlertFilter { since, limit: ALERTS + 1, ..AlertFilter::default() };
    let mut alerts = site.store.alerts(filter).await?;
    let more = alerts.len() > ALERTS;
    alerts.truncate(ALERTS);
    let rows = ledger(roster, Some(&site.store), &LedgerFilter::default()).await?;
    let doors = pairs(&rows);
    let news = doors.iter().filter(|pair| pair.is_news()).take(DOORS);
    let news: Vec<Vec<Markup>> = news.map(|pair| door(&view, pair)).collect();
    let near = nearest(&site, &view.desk, view.now).await?;
    let (verdict, well) = verdict(&standing, view.now);
    let body = html! {
        h1.sr { "Now" }
        p.verdict.well[well] {
            (verdict)
            @if !well { " · " a href="#trouble" { (troubles(&standing)) } }
        }
        section aria-labelledby="new" {
            h2 id="new" { @if mark.is_some() { "Alerts since your mark" } @else { "Alerts of the last 24 hours" } }
            (self::alerts(&view, &alerts))
            @if more { p { a href="/stories" { "All stories" } } }
            p.note {
                a href=(link("/", "since", &to_the_second(view.now))) { "Mark all as seen" }
                " opens a page that shows only what is newer. Bookmark it."
            }
        }
        section aria-labelledby="doors" {
            h2 id="doors" { "Who stands at which door" }
            @if news.is_empty() { p { "No move was told yet." } } @else {
                (table("The last moves in the news, newest first", &["Candidate", "Alliance", "Last move", "Since", "Told by"], &news))
            }
            p { a href="/ledger" { "The whole ledger, " (count(doors.len(), "pair", "pairs")) } }
        }
        section aria-labelledby="near" {
            h2 id="near" { "Nearest misses of the last 24 hours" }
            (misses(&view, &near))
        }
        @if !standing.mutes.is_empty() { (mutes(&view, &standing)) }
        @if !well { (problems(&view, &standing)) }
    };
    Ok(view.page("/", "Now", &body))
}

/// `27 of 28 feeds fresh, nothing undelivered, last alert 3 h ago`, and whether all is well.
fn verdict(standing: &Status, now: Timestamp) -> (String, bool) {
    let fresh = standing.fresh();
    let (waiting, dead) = (standing.counts.open_messages(), standing.counts.dead_messages());
    let queue = match (waiting, dead) {
        (0, 0) => "nothing undelivered".to_owned(),
        (waiting, 0) => format!("{waiting} waiting to be delivered"),
        (0, dead) => format!("{dead} given up"),
        (waiting, dead) => format!("{waiting} waiting to be delivered, {dead} given up"),
    };
    let last = match standing.counts.last_alert {
        Some(at) => format!("last alert {}", ago(at, now)),
        None => "no alert yet".to_owned(),
    };
    let all = standing.feeds.len();
    let text = format!("{fresh} of {} fresh, {queue}, {last}", count(all, "feed", "feeds"));
    (text, standing.problems.is_empty())
}

fn troubles(standing: &Status) -> String {
    count(standing.problems.len(), "trouble", "troubles")
}

fn problems(view: &View, standing: &Status) -> Markup {
    html! {
        section.trouble aria-labelledby="trouble" {
            h2 id="trouble" { (troubles(standing)) }
            ul.troubles {
                @for one in &standing.problems {
                    li {
                        strong { (super::text::commands(&one.what)) }
                        @if let Some(since) = one.since { " · " (view.ago(since)) }
                        div.cure { (super::text::commands(&one.cure)) }
                    }
                }
            }
        }
    }
}

fn mutes(view: &View, standing: &Status) -> Markup {
    html! {
        section aria-labelledby="muted" {
            h2 id="muted" { "Muted" }
            ul.plain {
                @for mute in &standing.mutes { li { (muted(view, mute)) } }
            }
            p.note { code { "pactwatch stories unmute" } " ends a mute." }
        }
    }
}

fn alerts(view: &View, alerts: &[AlertRow]) -> Markup {
    html! {
        @if alerts.is_empty() { p { "None." } }
        ol.items {
            @for alert in alerts {
                li {
                    div.head {
                        (badge(alert.level.as_str()))
                        @if !alert.alliances.is_empty() { " " strong { (alert.alliances.join(", ")) } }
                        @if !alert.candidates.is_empty() {
                            @if !alert.alliances.is_empty() { " ←" } " " (view.places(&alert.candidates))
                        }
                        @if !alert.acts.is_empty() { " · " (alert.acts.join(", ")) }
                        @if alert.mode == SHADOW { " " (badge(SHADOW)) }
                        @if !alert.muted.is_empty() { " " (badge("muted")) }
                    }
                    div { a href={ "/stories/" (alert.story) "#" (alert.id) } { (foreign(&alert.title)) } }
                    div.note { (alert.feed) " · " (view.ago(alert.raised)) " · " (alert.id) }
                }
            }
        }
    }
}

fn misses(view: &View, near: &[NearItem]) -> Markup {
    html! {
        @if near.is_empty() { p { "None." } }
        ul.items {
            @for one in near {
                li {
                    div { (outside(one.url.as_deref(), &one.title)) }
                    div.note {
                        a href={ "/rules#" (one.miss.rule) } { (one.miss.rule) }
                        @if let Some(alliance) = &one.miss.alliance { " for " (alliance) }
                        ": " (one.miss.missing)
                    }
                    div.note {
                        (one.feed) " · " (view.ago(one.seen)) " · "
                        a href=(link("/try", "text", &one.title)) { "Explain the headline" }
                    }
                }
            }
        }
    }
}

fn to_the_second(at: Timestamp) -> String {
    Timestamp::from_second(at.as_second()).unwrap_or(at).to_string()
}
