//! Whatever stands in the database, pages show it as text: nothing here has been through intake.

use std::time::Duration;

use super::{ask, route, site_with};
use crate::model::{
    Attempt, Every, Evidence, Feed, FeedName, Field, Kind, MessageId, Outcome, Role, RuleId,
    SinkName,
};
use crate::store::tests::{admit, entry, plan};
use crate::store::{DeliveryFilter, Settle};

/// Ends an attribute, opens an element.
const EVIL: &str = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>&amp;";

#[tokio::test]
async fn the_database_is_shown_as_text() {
    let folder = tempfile::tempdir().unwrap();
    let feed = Feed {
        name: FeedName::new(EVIL),
        url: format!("javascript:{EVIL}"),
        every: Every::Auto,
        kind: Kind::Press,
        tags: Vec::new(),
        shadow: false,
        full_text: false,
    };
    let sink = SinkName::new(EVIL);
    let site = site_with(folder.path(), vec![feed.clone()], vec![sink]);
    let mut plan = plan(1, &[EVIL]);
    plan.feed = feed.name.clone();
    plan.state.last_error = Some(EVIL.to_owned());
    plan.state.faults = vec![EVIL.to_owned()];
    let link = Some("javascript:alert(3)".to_owned());
    let mut move_ = entry(None);
    move_.title = EVIL.to_owned();
    move_.candidate = EVIL.to_owned();
    move_.actor = Some(EVIL.to_owned());
    move_.feed = feed.name.clone();
    plan.ledger = vec![move_.clone()];
    let evil = |list: &mut Vec<String>| *list = vec![EVIL.to_owned()];
    for (alert, _) in &mut plan.alerts {
        (alert.item.title, alert.item.url) = (EVIL.to_owned(), link.clone());
        alert.item.feed = feed.name.clone();
        alert.before = vec![move_.clone()];
        evil(&mut alert.matched.alliances);
        evil(&mut alert.matched.candidates);
    }
    for row in &mut plan.items {
        (row.item.title, row.item.url) = (EVIL.to_owned(), link.clone());
        row.item.feed = feed.name.clone();
        row.item.summary = format!("Before {EVIL} after.");
        let matched = row.matched.as_mut().unwrap();
        evil(&mut matched.also_named);
        matched.evidence = vec![Evidence {
            rule: RuleId::new("r"),
            field: Field::Title,
            start: 3,
            end: 11,
            text: EVIL.to_owned(),
            term: EVIL.to_owned(),
            list: EVIL.to_owned(),
            role: Role::Alliance,
            label: EVIL.to_owned(),
            gloss: Some(EVIL.to_owned()),
        }];
    }
    for story in &mut plan.stories {
        (story.member.title, story.member.url) = (EVIL.to_owned(), link.clone());
        story.member.feed = feed.name.clone();
    }
    admit(&site.store, vec![plan]).await;
    let messages = site.store.deliveries(DeliveryFilter { limit: 9, ..Default::default() }).await;
    let id = messages.unwrap().remove(0).id;
    let attempt = Attempt {
        message: MessageId::new(&id),
        at: jiff::Timestamp::now(),
        took: Duration::from_millis(1),
        status: Some(500),
        error: Some(EVIL.to_owned()),
        answer: EVIL.to_owned(),
        outcome: Outcome::Retry { after: None },
    };
    let settle = Settle::Again { due: jiff::Timestamp::now(), counts: true, refused: false };
    site.store.record(attempt, settle).await.unwrap();

    let app = route::router(site.clone());
    let query = "%22%3E%3Cscript%3Ealert(4)%3C/script%3E";
    let mut shown = 0;
    for path in [
        "/?since=1970-01-01T00:00:00Z".to_owned(),
        "/stories".to_owned(),
        format!("/stories?text={query}&alliance={query}&candidate={query}&page=1"),
        "/stories/S-1".to_owned(),
        "/ledger".to_owned(),
        format!("/ledger?alliance=NATO&candidate={query}"),
        "/feeds".to_owned(),
        "/deliveries".to_owned(),
        format!("/deliveries/{id}"),
        format!("/deliveries/{query}"),
        format!("/stories/{query}"),
        format!("/try?text={query}"),
        format!("/{query}"),
        "/alerts.atom".to_owned(),
    ] {
        let answer = ask(&app, &path).await;
        let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        let page = String::from_utf8(body.to_vec()).unwrap();
        shown += usize::from(page.contains("&lt;script&gt;"));
        for wrong in ["<script", "<img", "\"'>", "href=\"javascript", "style=\""] {
            assert!(!page.contains(wrong), "{path} holds {wrong}: {page}");
        }
    }
    assert!(shown >= 10, "the hostile text was shown on {shown} pages, so little was tested");
}
