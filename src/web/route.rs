//! Which address shows what.

use std::sync::Arc;

use axum::Router;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use super::desk::Site;
use super::{
    api, atom, deliveries, feeds, guard, hand, health, home, ledger, login, metrics, rules,
    stories, story, trial,
};

const STYLE: &str = include_str!("style.css");
const ICON: &str = include_str!("icon.svg");

/// All of the desk behind its guard.
pub(super) fn router(site: Arc<Site>) -> Router {
    let api = Router::new()
        .route("/status", get(api::status))
        .route("/feeds", get(api::feeds))
        .route("/alerts", get(api::alerts))
        .route("/alerts/{id}", get(api::alert))
        .route("/stories", get(api::stories))
        .route("/stories/{id}", get(api::story))
        .route("/ledger", get(api::moves))
        .route("/deliveries", get(api::deliveries))
        .route("/deliveries/{id}", get(api::delivery))
        .route("/explain", get(api::explain).post(api::explain));
    Router::new()
        .route("/", get(home::show))
        .route("/stories", get(stories::show))
        .route("/stories/{id}", get(story::show))
        .route("/stories/{id}/mute", post(hand::mute))
        .route("/stories/{id}/unmute", post(hand::unmute))
        .route("/alerts/{id}", get(story::of_alert))
        .route("/alerts/{id}/judge", post(hand::judge))
        .route("/ledger", get(ledger::show))
        .route("/feeds", get(feeds::show))
        .route("/deliveries", get(deliveries::show))
        .route("/deliveries/{id}", get(deliveries::one))
        .route("/deliveries/{id}/retry", post(deliveries::retry))
        .route("/deliveries/{id}/discard", post(deliveries::discard))
        .route("/rules", get(rules::show))
        .route("/try", get(trial::of_link).post(trial::of_form))
        .route("/alerts.atom", get(atom::show))
        .route("/metrics", get(metrics::show))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route(login::PATH, get(login::show).post(login::enter))
        .route("/style.css", get(|| async { fixed("text/css; charset=utf-8", STYLE) }))
        .route("/icon.svg", get(|| async { fixed("image/svg+xml", ICON) }))
        .nest("/api/v1", api)
        .fallback(guard::nowhere)
        .layer(axum::middleware::from_fn_with_state(site.clone(), guard::guard))
        .with_state(site)
}

fn fixed(kind: &'static str, text: &'static str) -> Response {
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "max-age=300")];
    (headers, text).into_response()
}
