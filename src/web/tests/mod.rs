//! A broken page is an answer and harms nothing.

mod held;
mod hostile;
mod look;

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::routing::get;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use jiff::tz::TimeZone;
use tokio::sync::{Semaphore, watch};

use super::desk::Site;
use super::near::Near;
use super::{Desk, Meters, WebSection, guard, route};
use crate::model::{Feed, SinkName};
use crate::report::Roster;
use crate::store::{Access, Store};

fn site_with(folder: &Path, feeds: Vec<Feed>, sinks: Vec<SinkName>) -> Arc<Site> {
    let rules = crate::rule::Draft::default().build(&crate::setting::Problems::default());
    let database = folder.join("test.db");
    let store = Store::open(&database, Access::Create).unwrap();
    let (routes, story, max_size) = (Vec::new(), Default::default(), u64::MAX);
    let roster = Roster { feeds, sinks, routes, story, rules, database, max_size, whole: true };
    let desk = Desk::new(&WebSection::default(), None, roster, TimeZone::UTC);
    Arc::new(Site {
        desk: watch::channel(Arc::new(desk)).1,
        store,
        pulses: Vec::new(),
        meters: Arc::new(Meters::default()),
        orders: Arc::new(|_| Box::pin(async { Ok(false) })),
        near: Near::default(),
        turn: Semaphore::new(1),
    })
}

async fn ask(app: &Router, path: &str) -> axum::http::Response<Body> {
    let request = Request::get(path).header("host", "localhost").body(Body::empty()).unwrap();
    TowerToHyperService::new(app.clone()).call(request).await.unwrap()
}

#[tokio::test]
async fn a_page_that_panics_is_an_answer_and_the_next_one_works() {
    let folder = tempfile::tempdir().unwrap();
    let site = site_with(folder.path(), Vec::new(), Vec::new());
    async fn broken() -> &'static str {
        panic!("a page is broken on purpose")
    }
    let app = route::router(site.clone()).merge(
        Router::new()
            .route("/broken", get(broken))
            .layer(axum::middleware::from_fn_with_state(site, guard::guard)),
    );
    for _ in 0..3 {
        let answer = ask(&app, "/broken").await;
        assert_eq!(answer.status(), 500);
        assert!(answer.headers().contains_key("content-security-policy"));
    }
    for path in ["/", "/stories", "/ledger", "/feeds", "/deliveries", "/rules", "/metrics"] {
        assert_eq!(ask(&app, path).await.status(), 200, "{path} of a database that is empty");
    }
}
