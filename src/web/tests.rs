//! A broken page is an answer and harms nothing; the look can be read and stands alone.

use std::collections::HashMap;
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
use crate::report::Roster;
use crate::store::{Access, Store};

fn site(folder: &std::path::Path) -> Arc<Site> {
    let rules = crate::rule::Draft::default().build(&crate::setting::Problems::default());
    let database = folder.join("test.db");
    let store = Store::open(&database, Access::Create).unwrap();
    let roster = Roster { feeds: Vec::new(), sinks: Vec::new(), rules, database };
    let desk = Desk::new(&WebSection::default(), None, roster, TimeZone::UTC);
    Arc::new(Site {
        desk: watch::channel(Arc::new(desk)).1,
        store,
        pulses: Vec::new(),
        meters: Arc::new(Meters::default()),
        orders: Arc::new(|_, _| Box::pin(async { Ok(false) })),
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
    let site = site(folder.path());
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

const STYLE: &str = include_str!("style.css");

/// The colours of the first block, light, and of the second, dark over it.
fn colours() -> [HashMap<String, String>; 2] {
    let blocks = STYLE.split(":root {").skip(1).map(|rest| rest.split('}').next().unwrap());
    let read = |block: &str| -> HashMap<String, String> {
        let pairs =
            block.split(';').filter_map(|line| line.trim().strip_prefix("--")?.split_once(':'));
        pairs.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect()
    };
    let mut blocks = blocks.map(read);
    [blocks.next().unwrap(), blocks.next().unwrap()]
}

/// Relative luminance as WCAG 2 defines it.
fn luminance(colour: &str) -> f64 {
    let digits = colour.strip_prefix('#').unwrap();
    let wide: String = match digits.len() {
        3 => digits.chars().flat_map(|c| [c, c]).collect(),
        _ => digits.to_owned(),
    };
    let channel = |at: usize| {
        let value = f64::from(u8::from_str_radix(&wide[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4)
}

fn contrast(one: &str, other: &str) -> f64 {
    let (a, b) = (luminance(one), luminance(other));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn every_text_can_be_read_on_its_ground() {
    assert!((contrast("#fff", "#000") - 21.0).abs() < 0.01);
    for colours in colours() {
        for (ink, grounds) in [
            ("ink", &["ground", "soft", "bad-soft"][..]),
            ("dim", &["ground", "soft", "bad-soft"]),
            ("link", &["ground", "soft", "bad-soft"]),
            ("mark-ink", &["mark"]),
            ("bad", &["ground", "bad-soft"]),
            ("good", &["good-soft"]),
            ("notable", &["notable-soft"]),
            ("ground", &["link"]),
        ] {
            for ground in grounds {
                let found = contrast(&colours[ink], &colours[*ground]);
                assert!(found >= 4.5, "{ink} on {ground} has {found:.2}");
            }
        }
    }
}

#[test]
fn the_style_stands_alone() {
    for wrong in ["url(", "@import", "http"] {
        assert!(!STYLE.contains(wrong), "the style holds {wrong}");
    }
}
