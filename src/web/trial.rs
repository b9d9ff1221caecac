//! A text explained by the running rules.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::Uri;
use axum::response::{Html, IntoResponse, Redirect, Response};
use jiff::Timestamp;
use maud::{Markup, html};

use super::desk::Site;
use super::fields::Fields;
use super::layout::{View, badge};
use super::text::evidence;
use super::trouble::Trouble;
use crate::model::Item;
use crate::report::{Explained, explain, headline, plain, quiet};

/// Characters of a text that are explained.
pub(super) const LENGTH: usize = 100_000;

/// The form, with what was asked before.
pub(super) fn form(text: &str, date: &str) -> Markup {
    html! {
        form.stack method="post" action="/try" {
            label { span { "Headline in the first line, the article below" }
                textarea name="text" rows="4" required { (text) }
            }
            label { span { "Date, for who was a member then" }
                input type="date" name="date" value=(date);
            }
            button { "Explain" }
        }
    }
}

/// A text in the address, as links bring it; nothing is changed by it.
pub(super) async fn of_link(State(site): State<Arc<Site>>, uri: Uri) -> Result<Response, Trouble> {
    let fields = Fields::of(&uri);
    match fields.get("text") {
        Some(_) => answer(&site, &fields).await.map(IntoResponse::into_response),
        None => Ok(Redirect::to("/rules#try").into_response()),
    }
}

/// A text from the form.
pub(super) async fn of_form(
    State(site): State<Arc<Site>>,
    body: Bytes,
) -> Result<Html<String>, Trouble> {
    answer(&site, &Fields::read(&body)).await
}

/// Explains what the fields ask, away from the threads that the daemon runs on.
pub(super) async fn explained(
    site: &Site,
    fields: &Fields,
    now: Timestamp,
) -> Result<(Item, Explained), Trouble> {
    let text = fields.get("text").unwrap_or_default();
    if text.is_empty() {
        return Err(Trouble::Bad("there is no text to explain".to_owned()));
    }
    if text.chars().count() > LENGTH {
        return Err(Trouble::Bad(format!("the text is longer than {LENGTH} characters")));
    }
    let at = match fields.get("date") {
        None => now,
        Some(date) => date
            .parse::<jiff::civil::Date>()
            .ok()
            .and_then(|date| date.to_zoned(jiff::tz::TimeZone::UTC).ok())
            .map(|zoned| zoned.timestamp())
            .ok_or_else(|| Trouble::Bad(format!("`{date}` is no date like 2026-01-31")))?,
    };
    let item = plain(text, at);
    let rules = site.desk().roster.rules.clone();
    let asked = tokio::task::spawn_blocking(move || {
        let explained = explain(&rules, &item);
        (item, explained)
    });
    asked.await.map_err(|_| Trouble::Ours("this text broke the rules; please report it"))
}

async fn answer(site: &Site, fields: &Fields) -> Result<Html<String>, Trouble> {
    let view = View::of(site);
    let (item, explained) = explained(site, fields, view.now).await?;
    let Explained { finding, level, recognised, example } = &explained;
    let parts = match &finding.matched {
        Some(matched) => headline(matched, *level),
        None => vec![quiet(finding, recognised)],
    };
    let (word, well) = match &finding.matched {
        Some(_) => ("ALERT", "flash"),
        None => ("QUIET", "quiet"),
    };
    let rule = example.rule.as_deref();
    let body = html! {
        p.note { a href="/rules" { "Rules" } }
        h1 { "What the rules say" }
        p.verdict { span class={ "badge " (well) } { (word) } " " (parts.join(" · ")) }
        (evidence(&item, finding, recognised))
        details {
            summary { "To keep or change this" }
            p { "Under " code { "match" } @if let Some(rule) = rule { " of " code { (rule) } } ", if it must be told:" }
            pre tabindex="0" { (example.yes) }
            p { "Under " code { "no_match" } ", if it must stay quiet:" }
            pre tabindex="0" { (example.no) }
        }
        h2 { "Another text" }
        (form(fields.get("text").unwrap_or_default(), fields.get("date").unwrap_or_default()))
        @if finding.matched.as_ref().is_some_and(|matched| matched.shadow) { p { (badge("shadow")) " It would be recorded and not sent." } }
    };
    Ok(view.page("/rules", "What the rules say", &body))
}
