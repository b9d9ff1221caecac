//! The site as a client sees it, its documents read by the daemon's own intake.

use std::time::Duration;

use axum::http::header::{CONTENT_TYPE, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};

use super::*;
use crate::cli::demo::stories::{Charset, Format, all, of_outlet};
use crate::model::{Every, Feed, FeedName};
use crate::watch::read::{Document, read};

/// Longest wait for an answer; only a broken server reaches it.
const PATIENCE: Duration = Duration::from_secs(20);

fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap()
}

async fn ask(url: &str, having: &[(HeaderName, HeaderValue)]) -> reqwest::Response {
    let mut request = client().get(url);
    for (name, value) in having {
        request = request.header(name, value);
    }
    request.send().await.unwrap()
}

fn outlet_of(feed: &SiteFeed) -> &'static Outlet {
    OUTLETS.into_iter().find(|one| one.name == feed.name).unwrap()
}

fn answers(outlet: &Outlet) -> bool {
    !matches!(outlet.manner, Manner::Hangs | Manner::Fails)
}

/// What each kind of feed has to call itself.
fn announced(outlet: &Outlet) -> &'static str {
    match (outlet.slug, outlet.format) {
        ("neva", _) => "text/xml; charset=windows-1251",
        ("minato", _) => "text/xml",
        (_, Format::Rss | Format::RssContent) => "application/rss+xml; charset=utf-8",
        (_, Format::Atom) => "application/atom+xml; charset=utf-8",
        (_, Format::Rdf) => "application/rdf+xml",
        (_, Format::Json) => "application/feed+json",
        (_, Format::Damaged) => "text/html",
    }
}

/// The bytes are what they are said to be, and said so in the one place where they should be.
fn assert_bytes(outlet: &Outlet, bytes: &[u8]) {
    let (encoding, declared) = match outlet.charset {
        Charset::Utf8 => (encoding_rs::UTF_8, None),
        Charset::Windows1251 => (encoding_rs::WINDOWS_1251, None),
        Charset::ShiftJis => (encoding_rs::SHIFT_JIS, Some("encoding=\"Shift_JIS\"")),
    };
    let text = encoding.decode_without_bom_handling_and_without_replacement(bytes).unwrap();
    if outlet.charset != Charset::Utf8 {
        assert!(std::str::from_utf8(bytes).is_err(), "{} is UTF-8", outlet.name);
        let (declaration, rest) = text.split_once("?>").unwrap();
        assert_eq!(declaration.contains("encoding"), declared.is_some());
        assert!(declared.is_none_or(|words| declaration.contains(words)), "{declaration}");
        assert!(rest.contains(outlet.name), "{rest}");
    }
}

#[tokio::test]
async fn each_feed_is_read_back_whole() {
    let now: Timestamp = "2026-05-06T07:08:09Z".parse().unwrap();
    let mut site = Site::start(now).await.unwrap();
    for round in 1..=ROUNDS {
        site.publish_round(round);
        let mut read_back = 0;
        for feed in site.feeds() {
            let outlet = outlet_of(&feed);
            if !answers(outlet) {
                continue;
            }
            let response = ask(&feed.url, &[]).await;
            assert_eq!(response.status(), 200, "{}", feed.name);
            let content_type = response.headers()[CONTENT_TYPE].to_str().unwrap().to_owned();
            assert_eq!(content_type, announced(outlet), "{}", feed.name);
            let bytes = response.bytes().await.unwrap();
            assert_bytes(outlet, &bytes);
            let document =
                Document { bytes: &bytes, content_type: Some(&content_type), url: &feed.url };
            let asked = Feed {
                name: FeedName::new(feed.name),
                url: feed.url.clone(),
                every: Every::Auto,
                kind: feed.kind,
                tags: Vec::new(),
                shadow: false,
                full_text: false,
            };
            let reading = read(document, &asked, now).unwrap();
            let written = of_outlet(outlet, round);
            assert_eq!(reading.items.len(), written.len(), "{}: {:?}", feed.name, reading.faults);
            for (item, entry) in reading.items.iter().zip(&written) {
                assert_eq!(item.title, entry.title, "{}", feed.name);
                assert!(item.summary.contains(entry.summary), "{}: {item:?}", feed.name);
                let date = entry.published(now);
                assert_eq!(item.published.map(Timestamp::as_second), Some(date.as_second()));
                let url = item.url.as_deref().unwrap();
                assert!(url.starts_with(&entry.url()), "{url}");
                assert!(entry.body.is_empty() || item.body.len() > 100, "{item:?}");
                assert!(!item.body.contains(['<', '>']), "{}", item.body);
            }
            let damaged = outlet.format == Format::Damaged;
            assert_eq!(!reading.faults.is_empty(), damaged, "{}: {:?}", feed.name, reading.faults);
            assert_eq!(reading.language.as_deref(), (!damaged).then_some(outlet.language));
            read_back += reading.items.len();
        }
        assert_eq!(read_back, all().filter(|one| one.round <= round).count());
    }
    site.stop().await;
}

#[tokio::test]
async fn what_is_known_is_answered_304_until_the_next_round() {
    let mut site = Site::start(Timestamp::now()).await.unwrap();
    for feed in site.feeds() {
        let manner = outlet_of(&feed).manner;
        if !answers(outlet_of(&feed)) {
            continue;
        }
        let first = ask(&feed.url, &[]).await;
        let pairs = [(ETAG, IF_NONE_MATCH), (LAST_MODIFIED, IF_MODIFIED_SINCE)];
        let having: Vec<(HeaderName, HeaderValue)> = pairs
            .into_iter()
            .filter_map(|(has, asks)| Some((asks, first.headers().get(has)?.clone())))
            .collect();
        let validators = match manner {
            Manner::Both => 2,
            Manner::DateOnly => 1,
            _ => 0,
        };
        assert_eq!(having.len(), validators, "{}", feed.name);
        let again = if validators == 0 { 200 } else { 304 };
        assert_eq!(ask(&feed.url, &having).await.status(), again, "{}", feed.name);
        site.publish_round(2);
        assert_eq!(ask(&feed.url, &having).await.status(), 200, "{}", feed.name);
        site.publish_round(1);
        let counts = &site.requests()[feed.name];
        let with = |status| counts.answers.iter().filter(|one| **one == Some(status)).count();
        assert_eq!(with(304), usize::from(validators > 0));
        assert_eq!(with(200) + with(304), 3);
    }
    site.stop().await;
}

#[tokio::test]
async fn an_etag_outweighs_the_date() {
    let site = Site::start(Timestamp::now()).await.unwrap();
    let url = &site.feeds()[0].url;
    let date = ask(url, &[]).await.headers()[LAST_MODIFIED].clone();
    let other = HeaderValue::from_static("\"other\"");
    let having = [(IF_NONE_MATCH, other), (IF_MODIFIED_SINCE, date)];
    assert_eq!(ask(url, &having).await.status(), 200);
    site.stop().await;
}

#[tokio::test]
async fn one_fails_one_hangs_until_the_site_closes_and_the_rest_is_not_found() {
    let site = Site::start(Timestamp::now()).await.unwrap();
    let feeds = site.feeds();
    let by = |manner: Manner| feeds.iter().find(|one| outlet_of(one).manner == manner).unwrap();
    let (fails, hangs) = (by(Manner::Fails), by(Manner::Hangs).clone());
    assert_eq!(ask(&fails.url, &[]).await.status(), 500);
    assert_eq!(ask(&format!("{}/nobody", site.server.base()), &[]).await.status(), 404);
    let request = tokio::spawn(client().get(&hangs.url).send());
    while site.requests()[hangs.name].answers.is_empty() {
        assert!(!request.is_finished(), "the hanging feed has answered");
        tokio::task::yield_now().await;
    }
    assert_eq!(site.requests()[hangs.name].answers, [None]);
    // An answer would have come long before these, which go the same way, are through.
    for _ in 0..5 {
        ask(&fails.url, &[]).await;
    }
    assert!(!request.is_finished(), "the hanging feed has answered");
    let begun = std::time::Instant::now();
    site.stop().await;
    // Let go, or cut off: in either case it is over now.
    let _ = tokio::time::timeout(PATIENCE, request).await.expect("the request still hangs");
    assert!(begun.elapsed() < PATIENCE);
}
