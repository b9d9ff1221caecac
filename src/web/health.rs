//! Whether the daemon lives, and whether it works.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;

use super::desk::Site;

/// A station whose last sign of life is older than this stands still.
const STILL: Duration = Duration::from_secs(90);
/// Longest wait for the database.
const STORE_ANSWER: Duration = Duration::from_secs(5);

/// Alive while every station shows signs of life.
pub(super) async fn healthz(State(site): State<Arc<Site>>) -> (StatusCode, String) {
    match still(&site) {
        None => (StatusCode::OK, "ok\n".to_owned()),
        Some(name) => {
            (StatusCode::SERVICE_UNAVAILABLE, format!("the station {name} makes no progress\n"))
        }
    }
}

/// Ready while it lives and the database answers.
pub(super) async fn readyz(State(site): State<Arc<Site>>) -> (StatusCode, String) {
    let answered = tokio::time::timeout(STORE_ANSWER, site.store.ping()).await;
    match answered {
        Ok(Ok(())) => healthz(State(site)).await,
        _ => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n".to_owned()),
    }
}

fn still(site: &Site) -> Option<&'static str> {
    site.pulses.iter().find(|(_, pulse)| pulse.age() > STILL).map(|(name, _)| *name)
}
