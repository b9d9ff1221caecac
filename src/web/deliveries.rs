//! The queue and the dead letters; one message with its attempts; retry and discard by hand.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::{Html, Redirect};
use maud::{Markup, html};

use super::desk::{Order, Site};
use super::fields::Fields;
use super::layout::{View, badge, choice, foreign, table};
use super::trouble::Trouble;
use crate::model::{MessageId, MessageState};
use crate::report::{Names, SinkLine, held_up, sink_lines};
use crate::store::{DeliveryFilter, MessageRow};

/// Messages on the page, the newest.
const PAGE: usize = 200;
/// Bytes of a body that are shown.
const BODY: usize = 64 << 10;

/// The filter of a query.
pub(super) async fn filter_of(
    fields: &Fields,
    names: &Names<'_>,
    limit: usize,
) -> Result<DeliveryFilter, Trouble> {
    Ok(DeliveryFilter {
        sink: fields.sink(names).await?,
        state: fields.word("state", &MessageState::ALL, MessageState::as_str)?,
        since: fields.since()?,
        limit,
    })
}

/// Makes the page.
pub(super) async fn show(State(site): State<Arc<Site>>, uri: Uri) -> Result<Html<String>, Trouble> {
    let view = View::of(&site);
    let fields = Fields::of(&uri);
    let names = Names::new(&view.desk.roster, Some(&site.store));
    let rows = site.store.deliveries(filter_of(&fields, &names, PAGE).await?).await?;
    let same = |name: &str| (name.to_owned(), name.to_owned());
    let sinks: Vec<_> = view.desk.roster.sinks.iter().map(|sink| same(sink.as_str())).collect();
    let states: Vec<_> = MessageState::ALL.iter().map(|state| same(state.as_str())).collect();
    let standing = sink_lines(&view.desk.roster, Some(&site.store), view.now).await?;
    let lines: Vec<Vec<Markup>> = rows.iter().map(|row| line(&view, row, &standing)).collect();
    let heads = ["Message", "State", "Sink", "Alerts", "Attempts", "Next attempt", "Last answer"];
    let body = html! {
        h1 { "Deliveries" }
        form.filter method="get" action="/deliveries" {
            (choice("sink", "Sink", &sinks, fields.get("sink")))
            (choice("state", "State", &states, fields.get("state")))
            button { "Show" }
        }
        @if rows.is_empty() { p { "No message." } } @else {
            (table(&format!("The newest {}, newest first", rows.len()), &heads, &lines))
        }
    };
    Ok(view.page("/deliveries", "Deliveries", &body))
}

fn line(view: &View, row: &MessageRow, sinks: &[SinkLine]) -> Vec<Markup> {
    vec![
        html! { a href={ "/deliveries/" (row.id) } { (row.kind) } div.note { (view.ago(row.created)) } },
        badge(&row.state),
        html! { (row.sink) },
        alerts(row),
        html! { (row.attempts) },
        next(view, row, sinks),
        answer(row),
    ]
}

/// When it is tried next, or what it waits for.
fn next(view: &View, row: &MessageRow, sinks: &[SinkLine]) -> Markup {
    html! {
        @match (held_up(row, sinks), row.due) {
            (Some(why), _) => (why),
            (None, Some(due)) if due <= view.now => "due now",
            (None, Some(due)) => { (view.ago(due)) @if let Some(hours) = &row.waits { " (" (hours) ")" } }
            (None, None) => "–",
        }
    }
}

fn alerts(row: &MessageRow) -> Markup {
    html! {
        @for (index, alert) in row.alerts.iter().enumerate() {
            @if index > 0 { ", " } a href={ "/alerts/" (alert) } { (alert) }
        }
        @if row.alerts.is_empty() { "–" }
    }
}

fn answer(row: &MessageRow) -> Markup {
    html! {
        @match (row.last_status, &row.last_error) {
            (Some(status), Some(error)) => { (status) ": " (foreign(error)) }
            (Some(status), None) => (status),
            (None, Some(error)) => (foreign(error)),
            (None, None) => "–",
        }
    }
}

/// Makes the page of one message.
pub(super) async fn one(
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
) -> Result<Html<String>, Trouble> {
    let view = View::of(&site);
    let detail = site.store.delivery(&MessageId::new(&id)).await?;
    let Some(detail) = detail else { return Err(Trouble::Missing(unknown(&id))) };
    let row = &detail.message;
    let attempts: Vec<Vec<Markup>> = detail
        .attempts
        .iter()
        .rev()
        .map(|attempt| {
            vec![
                view.time(attempt.at),
                html! { @match attempt.status { Some(status) => (status), None => "–" } },
                html! { (foreign(attempt.error.as_deref().unwrap_or("accepted")))
                    @if !attempt.answer.is_empty() { details { summary { "Answer" } pre { (attempt.answer) } } } },
                html! { (attempt.took_ms) " ms" },
            ]
        })
        .collect();
    let sinks = sink_lines(&view.desk.roster, Some(&site.store), view.now).await?;
    let is = |state: MessageState| row.state == state.as_str();
    let body = html! {
        p.note { a href="/deliveries" { "Deliveries" } }
        h1 { (row.kind) " to " (row.sink) }
        p { (badge(&row.state)) " · " code { (row.id) } " · queued " (view.time(row.created)) " · " (alerts(row)) }
        @if row.due.is_some() { p { "Next attempt: " (next(&view, row, &sinks)) } }
        div.actions {
            @if !is(MessageState::Delivered) {
                form method="post" action={ "/deliveries/" (row.id) "/retry" } { button { "Send it now" } }
            }
            @if !is(MessageState::Delivered) && !is(MessageState::Discarded) {
                form method="post" action={ "/deliveries/" (row.id) "/discard" } { button.quiet { "Give it up" } }
            }
        }
        h2 { "Attempts" }
        @if attempts.is_empty() { p { "None yet." } } @else {
            (table("Attempts, newest first", &["Began", "Status", "Outcome", "Took"], &attempts))
        }
        h2 { "What is sent" }
        @match &detail.body {
            Some(body) => {
                @let (text, laid_out) = readable(body);
                @if laid_out { p.note { "Laid out for reading; " code { "pactwatch deliveries show" } " has the exact bytes." } }
                pre tabindex="0" { (crate::text::cut(&text, BODY)) }
            }
            None => { p { "Not rendered yet: that is done just before the first attempt." } }
        }
    };
    Ok(view.page("/deliveries", "A message", &body))
}

/// A body as people read it, and whether that is another form than the one that is sent.
fn readable(body: &str) -> (String, bool) {
    let parsed = serde_json::from_str::<serde_json::Value>(body).ok();
    match parsed.and_then(|value| serde_json::to_string_pretty(&value).ok()) {
        Some(text) => (text, true),
        None => (body.to_owned(), false),
    }
}

/// Queues a message again.
pub(super) async fn retry(site: State<Arc<Site>>, id: Path<String>) -> Result<Redirect, Trouble> {
    by_hand(site, id, Order::Retry).await
}

/// Gives a message up.
pub(super) async fn discard(site: State<Arc<Site>>, id: Path<String>) -> Result<Redirect, Trouble> {
    by_hand(site, id, Order::Discard).await
}

async fn by_hand(
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    order: impl Fn(MessageId) -> Order,
) -> Result<Redirect, Trouble> {
    let message = MessageId::new(&id);
    let Some(detail) = site.store.delivery(&message).await? else {
        return Err(Trouble::Missing(unknown(&id)));
    };
    let row = detail.message;
    let known = |sink: &str| site.desk().roster.sinks.iter().any(|name| name.as_str() == sink);
    let order = order(message);
    if matches!(order, Order::Retry(_)) && !known(&row.sink) {
        return Err(Trouble::Refused(format!(
            "the config names no sink `{}`: nobody would send it",
            row.sink
        )));
    }
    match (site.orders)(order).await? {
        true => Ok(Redirect::to(&format!("/deliveries/{}", row.id))),
        false => Err(Trouble::Refused(format!("it is {} already", row.state))),
    }
}

fn unknown(id: &str) -> String {
    format!("there is no message `{id}`")
}
