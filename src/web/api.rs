//! The JSON API: the objects that the command line prints with `--json`, listings as arrays.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderName, Uri, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::desk::Site;
use super::feeds::shown;
use super::fields::Fields;
use super::trouble::Trouble;
use super::{deliveries, ledger, stories, trial};
use crate::model::{AlertId, Level, MessageId, StoryId};
use crate::report::{self, Names, feed_lines};
use crate::store::{AlertFilter, StoryFilter};

/// Objects of a listing where the question does not say.
const USUAL: usize = 50;
/// Most objects of a listing.
const MOST: usize = 1_000;

/// What all answers are.
const KIND: (HeaderName, &str) = (header::CONTENT_TYPE, "application/json");

/// An answer, or a trouble as JSON.
pub(super) type Answer = Result<Response, ApiTrouble>;

/// A trouble, told as JSON.
pub(super) struct ApiTrouble(Trouble);

impl<T: Into<Trouble>> From<T> for ApiTrouble {
    fn from(trouble: T) -> Self {
        Self(trouble.into())
    }
}

impl IntoResponse for ApiTrouble {
    fn into_response(self) -> Response {
        let (status, text) = self.0.said();
        let body = json!({ "error": text }).to_string();
        (status, [KIND], body).into_response()
    }
}

fn answer(value: &impl Serialize) -> Answer {
    let text = serde_json::to_string(value)
        .map_err(|_| Trouble::Ours("the answer could not be written"))?;
    Ok(([KIND], text).into_response())
}

fn limit(fields: &Fields) -> Result<usize, Trouble> {
    Ok(fields.number("limit")?.unwrap_or(USUAL).min(MOST))
}

/// `status`
pub(super) async fn status(State(site): State<Arc<Site>>) -> Answer {
    let desk = site.desk();
    let standing = report::status(&desk.roster, &site.store, Timestamp::now()).await?;
    answer(&standing.to_json(&desk.roster))
}

/// `feeds list`; of an address, what may be secret is left out.
pub(super) async fn feeds(State(site): State<Arc<Site>>) -> Answer {
    let mut feeds = feed_lines(&site.desk().roster, Some(&site.store)).await?;
    for feed in &mut feeds {
        feed.url = shown(&feed.url);
        feed.moved_to = feed.moved_to.as_deref().map(shown);
    }
    answer(&feeds)
}

/// `alerts list`
pub(super) async fn alerts(State(site): State<Arc<Site>>, uri: Uri) -> Answer {
    let (fields, desk) = (Fields::of(&uri), site.desk());
    let names = Names::new(&desk.roster, Some(&site.store));
    let filter = AlertFilter {
        since: fields.since()?,
        limit: limit(&fields)?,
        alliance: fields.alliance(&names).await?,
        rule: fields.text("rule"),
        level: fields.word("min_level", &Level::ALL, Level::as_str)?,
        told: false,
    };
    answer(&site.store.alerts(filter).await?)
}

/// `alerts show`
pub(super) async fn alert(State(site): State<Arc<Site>>, Path(id): Path<String>) -> Answer {
    let id: AlertId = id.parse().map_err(Trouble::Bad)?;
    let found = site.store.alert(id).await?;
    answer(&found.ok_or_else(|| Trouble::Missing(format!("there is no alert {id}")))?)
}

/// `stories list`
pub(super) async fn stories(State(site): State<Arc<Site>>, uri: Uri) -> Answer {
    let (fields, desk) = (Fields::of(&uri), site.desk());
    let names = Names::new(&desk.roster, Some(&site.store));
    let filter = StoryFilter {
        limit: limit(&fields)?,
        skip: fields.number("skip")?.unwrap_or(0),
        ..stories::filter_of(&fields, &names).await?
    };
    answer(&site.store.stories(filter).await?)
}

/// `stories show`
pub(super) async fn story(State(site): State<Arc<Site>>, Path(id): Path<String>) -> Answer {
    let id: StoryId = id.parse().map_err(Trouble::Bad)?;
    let found = site.store.story(id).await?;
    answer(&found.ok_or_else(|| Trouble::Missing(format!("there is no story {id}")))?)
}

/// `ledger`
pub(super) async fn moves(State(site): State<Arc<Site>>, uri: Uri) -> Answer {
    let (fields, desk) = (Fields::of(&uri), site.desk());
    let names = Names::new(&desk.roster, Some(&site.store));
    let filter = ledger::filter_of(&fields, &names).await?;
    answer(&report::ledger(&desk.roster, Some(&site.store), &filter).await?)
}

/// `deliveries list`
pub(super) async fn deliveries(State(site): State<Arc<Site>>, uri: Uri) -> Answer {
    let (fields, desk) = (Fields::of(&uri), site.desk());
    let names = Names::new(&desk.roster, Some(&site.store));
    let filter = deliveries::filter_of(&fields, &names, limit(&fields)?).await?;
    answer(&site.store.deliveries(filter).await?)
}

/// `deliveries show`
pub(super) async fn delivery(State(site): State<Arc<Site>>, Path(id): Path<String>) -> Answer {
    let found = site.store.delivery(&MessageId::new(&id)).await?;
    answer(&found.ok_or_else(|| Trouble::Missing(format!("there is no message `{id}`")))?)
}

/// `explain`: the text in the query, or as the body's form field `text`.
pub(super) async fn explain(State(site): State<Arc<Site>>, uri: Uri, body: Bytes) -> Answer {
    let fields = match body.is_empty() {
        true => Fields::of(&uri),
        false => Fields::read(&body),
    };
    let (item, explained) = trial::explained(&site, &fields, Timestamp::now()).await?;
    answer(&explained.to_json(&item))
}
