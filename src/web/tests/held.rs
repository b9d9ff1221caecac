//! What lists show of texts without end, and of messages that are due and not sent.

use super::{ask, route, site_with};
use crate::model::SinkName;
use crate::store::SinkState;
use crate::store::tests::{admit, plan};

async fn page(app: &axum::Router, path: &str) -> String {
    let answer = ask(app, path).await;
    assert_eq!(answer.status(), 200, "{path}");
    let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    String::from_utf8(body.to_vec()).unwrap()
}

#[tokio::test]
async fn a_message_says_that_its_receiver_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let sink = SinkName::new("desk");
    let site = site_with(folder.path(), Vec::new(), vec![sink.clone()]);
    admit(&site.store, vec![plan(1, &["desk"])]).await;
    let app = route::router(site.clone());
    assert!(!page(&app, "/deliveries").await.contains("left alone"));
    let until = Some("2999-01-01T00:00:00Z".parse().unwrap());
    let state = SinkState { paused_until: until, failures: 9, ..SinkState::default() };
    site.store.set_sink_state(&sink, state).await.unwrap();
    let said = "its receiver is left alone until 2999-01-01 00:00";
    let list = page(&app, "/deliveries").await;
    assert!(list.contains(said) && !list.contains(" ago</time></span></td>"), "{list}");
    let id = list.split("/deliveries/msg_").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    assert!(page(&app, &format!("/deliveries/msg_{id}")).await.contains(said));
}

#[tokio::test]
async fn a_headline_without_end_is_cut_in_lists_and_whole_on_its_page() {
    let folder = tempfile::tempdir().unwrap();
    let site = site_with(folder.path(), Vec::new(), vec![SinkName::new("desk")]);
    let word = "w".repeat(10_000);
    let mut plan = plan(1, &["desk"]);
    for (alert, _) in &mut plan.alerts {
        alert.item.title = word.clone();
    }
    for story in &mut plan.stories {
        story.member.title = word.clone();
    }
    admit(&site.store, vec![plan]).await;
    let app = route::router(site.clone());
    for path in ["/?since=1970-01-01T00:00:00Z", "/stories"] {
        let list = page(&app, path).await;
        assert!(list.contains(&format!("{}…", &word[..200])), "{path}: {list}");
        assert!(!list.contains(&word[..1_001]), "{path}");
    }
    assert!(page(&app, "/stories/S-1").await.contains(&word));
}
