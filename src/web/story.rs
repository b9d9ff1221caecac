//! One story: its alerts and where they went, its items with their evidence.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{Html, Redirect};
use jiff::Timestamp;
use maud::{Markup, html};

use super::desk::Site;
use super::hand::{judging, muted, muting};
use super::layout::{View, badge, count, foreign, outside};
use super::text::evidence;
use super::trouble::Trouble;
use crate::model::{AlertId, Finding, Mute, StoryId};
use crate::report::{acts, move_line, why_level};
use crate::store::{AlertDetail, MemberDetail, SHADOW, StoredItem};
use crate::text::clean;

/// Alerts of a story that are shown whole.
const ALERTS: usize = 50;
/// Items of a story that are shown.
const ITEMS: usize = 200;

/// Leads from an alert, as messages name it, to its place in its story.
pub(super) async fn of_alert(
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
) -> Result<Redirect, Trouble> {
    let id: AlertId = id.parse().map_err(Trouble::Bad)?;
    match site.store.alert(id).await? {
        Some(detail) => Ok(Redirect::to(&format!("/stories/{}#{id}", detail.alert.story))),
        None => Err(Trouble::Missing(format!("there is no alert {id}"))),
    }
}

/// Makes the page.
pub(super) async fn show(
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
) -> Result<Html<String>, Trouble> {
    let id: StoryId = id.parse().map_err(Trouble::Bad)?;
    let view = View::of(&site);
    let Some(story) = site.store.story(id).await? else {
        return Err(Trouble::Missing(format!("there is no story {id}")));
    };
    let mut ids: Vec<AlertId> = story.members.iter().flat_map(|one| one.alerts.clone()).collect();
    ids.sort_unstable();
    ids.truncate(ALERTS);
    let mut alerts = Vec::new();
    for id in ids {
        alerts.extend(site.store.alert(id).await?);
    }
    let stored = site.store.story_items(id).await?;
    let stored: HashMap<(&str, &str), &StoredItem> =
        stored.iter().map(|one| ((one.item.feed.as_str(), one.item.key.as_str()), one)).collect();
    let mutes = site.store.mutes(Timestamp::now()).await?;
    let first = story.members.first();
    let title = first.map_or_else(|| id.to_string(), |member| member.title.clone());
    let body = html! {
        p.note { a href="/stories" { "Stories" } " · " (id) }
        h1.text { (clean(&title)) }
        p {
            (count(story.members.len(), "item", "items")) ", "
            (count(alerts.len(), "alert", "alerts")) " · opened " (view.time(story.opened))
            " · last seen " (view.ago(story.last_seen))
        }
        (muting(&view, id, mutes.iter().find(|one| one.subject == id.to_string())))
        @for mute in mutes.iter().filter(|one| concerns(one, &alerts)) { p { (muted(&view, mute)) } }
        section aria-labelledby="alerts" {
            h2 id="alerts" { "What was told" }
            @if alerts.is_empty() { p { "Nothing: none of its items raised an alert." } }
            @for detail in alerts.iter().rev() { (alert(&view, detail)) }
        }
        section aria-labelledby="items" {
            h2 id="items" { "Items that tell it" }
            @for member in story.members.iter().take(ITEMS) {
                (item(&view, member, stored.get(&(member.feed.as_str(), member.key.as_str())).copied()))
            }
            @if story.members.len() > ITEMS { p { "The first " (ITEMS) " are shown." } }
        }
    };
    Ok(view.page("/stories", &title, &body))
}

/// Whether a mute is of an alliance or a candidate of these alerts.
fn concerns(mute: &Mute, alerts: &[AlertDetail]) -> bool {
    let mut names = alerts.iter().flat_map(|one| {
        let matched = &one.alert.matched;
        matched.alliances.iter().chain(&matched.candidates)
    });
    names.any(|name| *name == mute.subject)
}

fn alert(view: &View, detail: &AlertDetail) -> Markup {
    let alert = &detail.alert;
    let matched = &alert.matched;
    html! {
        article.card id=(alert.id) aria-labelledby={ "head-" (alert.id) } {
            h3 id={ "head-" (alert.id) } {
                (badge(alert.level.as_str())) " "
                @if alert.previous.is_some() { "New move: " }
                (move_line(matched))
                @let acts = acts(&matched.moves);
                @if !acts.is_empty() { " · " (acts) }
            }
            p { (alert.id) " · " (view.time(alert.raised)) " · " (alert.item.feed)
                " · " (why_level(matched, alert.level)) }
            @if !alert.before.is_empty() {
                p { "Before: "
                    @for (index, entry) in alert.before.iter().enumerate() {
                        @if index > 0 { "; " }
                        (view.place(&entry.candidate)) " " (entry.act) ", " (view.time(entry.since))
                    }
                }
            }
            @if matched.shadow {
                p { (badge(SHADOW)) " Nobody was told: its rules or its feed have " code { "mode = \"shadow\"" } "." }
            } @else if detail.messages.is_empty() && !alert.muted.is_empty() {
                p { "Nobody was told: " (alert.muted.join(", ")) " was muted." }
            } @else if detail.messages.is_empty() {
                p { "Nobody was told: no sink's routing wanted it." }
            } @else {
                ul.plain {
                    @for message in &detail.messages {
                        li { (badge(&message.state)) " to " (message.sink) " · "
                            a href={ "/deliveries/" (message.id) } { (count(message.attempts as usize, "attempt", "attempts")) } }
                    }
                }
            }
            (judging(view, detail))
        }
    }
}

fn item(view: &View, member: &MemberDetail, stored: Option<&StoredItem>) -> Markup {
    html! {
        article.card {
            h3 { (outside(member.url.as_deref(), &member.title)) }
            p.note {
                (member.feed) " · " (view.time(member.seen))
                @if member.copy { " · same text as an earlier item" }
                @if member.mode == SHADOW { " · in shadow" }
            }
            p {
                @match &member.level {
                    None => "Opened the story.",
                    Some(level) => {
                        (level) @if let Some(reason) = &member.reason { ": " (reason) }
                        @if let Some(resembles) = &member.resembles { " (as “" (foreign(resembles)) "”)" }
                    }
                }
            }
            @if let Some(stored) = stored && let Some(matched) = &stored.matched {
                @let finding = Finding { matched: Some(matched.clone()), masked: matched.masked.clone(), ..Finding::default() };
                details open[member.level.is_none() || !member.alerts.is_empty()] {
                    summary { "Evidence" }
                    (evidence(&stored.item, &finding, &[]))
                }
            }
        }
    }
}
