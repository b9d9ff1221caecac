//! What a visitor decides about alerts and stories: worth it or not, and quiet for a while.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Redirect;
use maud::{Markup, html};

use super::desk::{Order, Site};
use super::fields::Fields;
use super::layout::View;
use super::trouble::Trouble;
use crate::model::{AlertId, Mute, StoryId};
use crate::store::{AlertDetail, Verdict};

/// Periods to choose from, in days.
const PERIODS: [(&str, u64); 3] = [("1 day", 1), ("7 days", 7), ("30 days", 30)];

/// Two buttons under an alert, and what was said of it.
pub(super) fn judging(view: &View, detail: &AlertDetail) -> Markup {
    let id = detail.alert.id;
    html! {
        form.actions method="post" action={ "/alerts/" (id) "/judge" } {
            @match &detail.judgement {
                Some(said) => { span.note { "Judged " (said.verdict.as_str()) ", " (view.ago(said.at))
                    @if let Some(note) = &said.note { ": " (note) } } }
                None => { span.note { "Was it worth its message?" } }
            }
            button.quiet name="verdict" value="good" aria-label={ "Good: " (id) " was worth its message" } { "Good" }
            button.quiet name="verdict" value="bad" aria-label={ "Bad: " (id) " was a false alarm" } { "Bad" }
        }
    }
}

/// What is muted, until when, and what it kept back so far.
pub(super) fn muted(view: &View, mute: &Mute) -> Markup {
    let is_story = mute.subject.parse::<StoryId>().is_ok();
    html! {
        @if is_story { a href={ "/stories/" (mute.subject) } { (mute.subject) } } @else {
            strong { (view.place(&mute.subject)) }
        }
        " is muted until " (view.time(mute.until)) ", " (mute.kept) " kept back; a flash is sent."
        @if let Some(note) = &mute.note { " (" (note) ")" }
    }
}

/// What is done with a story: muted for a while, or told again.
pub(super) fn muting(view: &View, id: StoryId, mute: Option<&Mute>) -> Markup {
    html! {
        @match mute {
            Some(mute) => {
                form.actions method="post" action={ "/stories/" (id) "/unmute" } {
                    span { "Muted until " (view.time(mute.until)) ", " (mute.kept) " kept back; a flash is sent." }
                    button { "Tell it again" }
                }
            }
            None => {
                form.actions method="post" action={ "/stories/" (id) "/mute" } {
                    label { span { "Nothing of this story for " }
                        select name="days" {
                            @for (name, days) in PERIODS { option value=(days) { (name) } }
                        }
                    }
                    button.quiet { "Mute" }
                }
            }
        }
    }
}

/// Keeps what was said of an alert.
pub(super) async fn judge(
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Redirect, Trouble> {
    let id: AlertId = id.parse().map_err(Trouble::Bad)?;
    let verdict = match Fields::read(&body).get("verdict") {
        Some("good") => Verdict::Good,
        Some("bad") => Verdict::Bad,
        _ => return Err(Trouble::Bad("say `verdict=good` or `verdict=bad`".to_owned())),
    };
    match (site.orders)(Order::Judge(id, verdict)).await? {
        true => Ok(Redirect::to(&format!("/alerts/{id}"))),
        false => Err(Trouble::Missing(format!("there is no alert {id}"))),
    }
}

/// Mutes a story.
pub(super) async fn mute(
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Redirect, Trouble> {
    let id = known(&site, &id).await?;
    let days: Option<u64> = Fields::read(&body).parsed("days");
    let Some(days) = days.filter(|days| PERIODS.iter().any(|(_, known)| known == days)) else {
        return Err(Trouble::Bad("say for how long: `days=1`, `7` or `30`".to_owned()));
    };
    (site.orders)(Order::Mute(id, Duration::from_secs(days * 86_400))).await?;
    Ok(Redirect::to(&format!("/stories/{id}")))
}

/// Ends the mute of a story.
pub(super) async fn unmute(
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
) -> Result<Redirect, Trouble> {
    let id = known(&site, &id).await?;
    match (site.orders)(Order::Unmute(id)).await? {
        true => Ok(Redirect::to(&format!("/stories/{id}"))),
        false => Err(Trouble::Refused(format!("{id} is not muted"))),
    }
}

async fn known(site: &Site, id: &str) -> Result<StoryId, Trouble> {
    let id: StoryId = id.parse().map_err(Trouble::Bad)?;
    match site.store.story(id).await? {
        Some(_) => Ok(id),
        None => Err(Trouble::Missing(format!("there is no story {id}"))),
    }
}
