//! The way of a message.

use super::*;

#[tokio::test]
async fn message_ids_come_from_the_alert_key_and_repeat_nothing() {
    let (one, two) = (place(), place());
    let (first, second) = (open(&one), open(&two));
    admit(&first, vec![plan(1, &["a", "b"])]).await;
    // A restored backup gives the same alert another short id.
    let mut again = plan(7, &["a", "b"]);
    again.alerts[0].0.key = "feed\ni1\n1".to_owned();
    admit(&second, vec![again]).await;
    let ids = |rows: Vec<MessageRow>| {
        let mut ids: Vec<String> = rows.into_iter().map(|row| row.id).collect();
        ids.sort();
        ids
    };
    let filter = DeliveryFilter { limit: 10, ..DeliveryFilter::default() };
    let before = ids(first.deliveries(filter.clone()).await.unwrap());
    assert_eq!(before, ids(second.deliveries(filter.clone()).await.unwrap()));
    assert_eq!(before.len(), 2);
    let mut repeated = plan(2, &["a", "b"]);
    repeated.alerts[0].0.key = "feed\ni1\n1".to_owned();
    admit(&first, vec![repeated]).await;
    assert_eq!(ids(first.deliveries(filter).await.unwrap()), before);
}

#[tokio::test]
async fn a_message_goes_its_way() {
    let place = place();
    let store = open(&place);
    admit(&store, vec![plan(1, &["a"])]).await;
    let sink = SinkName::new("a");
    let pending = store.pending(&sink, 10).await.unwrap();
    let id = pending[0].id.clone();
    assert!(pending[0].sealed.is_none());
    let sealed = Sealed { content_type: "application/json".to_owned(), body: b"{}".to_vec() };
    store.seal(&id, sealed.clone()).await.unwrap();
    let other = Sealed { content_type: "text/plain".to_owned(), body: b"no".to_vec() };
    store.seal(&id, other).await.unwrap();
    let again = Settle::Again { due: at(99), counts: true, refused: false };
    store.record(attempt(&id, Outcome::Retry { after: None }), again).await.unwrap();
    let pending = store.pending(&sink, 10).await.unwrap();
    assert_eq!(pending[0].sealed.as_ref(), Some(&sealed), "sealed bytes changed");
    assert_eq!((pending[0].attempts, pending[0].due), (1, at(99)));
    let done = Settle::Delivered { thread: Some("t1".to_owned()) };
    store.record(attempt(&id, Outcome::Delivered { thread: None }), done).await.unwrap();
    assert!(!store.discard(&id, at(100)).await.unwrap(), "what was delivered was discarded");
    assert!(store.pending(&sink, 10).await.unwrap().is_empty());
    let detail = store.delivery(&id).await.unwrap().unwrap();
    assert_eq!((detail.message.state.as_str(), detail.attempts.len()), ("delivered", 2));
    assert!(!store.retry(&id, at(100)).await.unwrap(), "a delivered message was queued again");
}

#[tokio::test]
async fn a_sink_refuses_until_it_takes_something() {
    let place = place();
    let store = open(&place);
    admit(&store, vec![plan(1, &["a"]), plan(2, &["a"])]).await;
    let sink = SinkName::new("a");
    let waiting = store.pending(&sink, 10).await.unwrap();
    let (first, second) = (waiting[0].id.clone(), waiting[1].id.clone());
    assert!(store.refusing_sinks().await.unwrap().is_empty());
    let again = |refused| Settle::Again { due: at(99), counts: true, refused };
    let retry = |id| attempt(id, Outcome::Retry { after: None });
    store.record(retry(&first), again(false)).await.unwrap();
    assert!(store.refusing_sinks().await.unwrap().is_empty(), "a failure is no refusal");
    store.record(retry(&first), again(true)).await.unwrap();
    let refusing = store.refusing_sinks().await.unwrap();
    assert_eq!(refusing.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["a"]);
    assert!(!refusing[0].why.is_empty());
    let done = Settle::Delivered { thread: None };
    store.record(attempt(&second, Outcome::Delivered { thread: None }), done).await.unwrap();
    assert!(store.refusing_sinks().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_update_replies_to_the_first_message_of_its_story() {
    let place = place();
    let store = open(&place);
    admit(&store, vec![plan(1, &["a"])]).await;
    let sink = SinkName::new("a");
    let first = store.pending(&sink, 1).await.unwrap()[0].id.clone();
    assert_eq!(store.views(&first).await.unwrap()[0].thread, None);
    let done = Settle::Delivered { thread: Some("t1".to_owned()) };
    store.record(attempt(&first, Outcome::Delivered { thread: None }), done).await.unwrap();
    assert_eq!(store.views(&first).await.unwrap()[0].thread, None, "it replies to itself");
    // The second item is a copy in another feed, and new to sink b alone.
    let mut update = plan(2, &["a", "b"]);
    update.feed = FeedName::new("other");
    update.items[0].item.feed = FeedName::new("other");
    let same = Sameness {
        level: "same story",
        score: 0.6,
        reason: "move agrees".to_owned(),
        with: "Headline of i1".to_owned(),
    };
    update.items[0].decision = Decision::Update(StoryId(1), same.clone());
    let change = &mut update.stories[0];
    (change.id, change.opens, change.step, change.sameness) =
        (StoryId(1), false, Some(2), Some(same));
    change.member.feed = FeedName::new("other");
    change.member.copy = true;
    let (alert, to) = &mut update.alerts[0];
    (alert.story, alert.kind) = (StoryId(1), AlertKind::Updated);
    alert.item.feed = FeedName::new("other");
    to[0].kind = AlertKind::Updated;
    admit(&store, vec![update]).await;
    let view = |sink: &str| {
        let (store, sink) = (store.clone(), SinkName::new(sink));
        async move {
            let message = store.pending(&sink, 1).await.unwrap()[0].clone();
            (message.kind, store.views(&message.id).await.unwrap().remove(0))
        }
    };
    let (kind, to_a) = view("a").await;
    assert_eq!((kind, to_a.kind), (MessageKind::Updated, AlertKind::Updated));
    assert_eq!(to_a.thread.as_deref(), Some("t1"));
    assert_eq!(to_a.also_in.len(), 1);
    assert_eq!((to_a.also_in[0].title.as_str(), to_a.sources), ("Headline of i1", 1));
    let (kind, to_b) = view("b").await;
    assert_eq!((kind, to_b.kind, to_b.thread), (MessageKind::Raised, AlertKind::Raised, None));
    let story = store.story(StoryId(1)).await.unwrap().unwrap();
    let reasons: Vec<Option<&str>> =
        story.members.iter().map(|member| member.reason.as_deref()).collect();
    assert_eq!(reasons, [None, Some("move agrees")]);
    assert_eq!(story.members[1].alerts, [AlertId(2)]);
    let found = store.find_items("headline OF i2", 10).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].decision.as_str(), found[0].story), ("update", Some(StoryId(1))));
    assert_eq!(
        (found[0].alerts.as_slice(), &found[0].matched),
        (&[AlertId(2)][..], &Some(matched()))
    );
    let by_url = store.find_items("https://www.example.org/i1#top", 10).await.unwrap();
    assert_eq!(by_url.iter().map(|one| one.item.key.as_str()).collect::<Vec<_>>(), ["i1"]);
}

#[tokio::test]
async fn a_dead_letter_can_be_retried_under_its_id() {
    let place = place();
    let store = open(&place);
    admit(&store, vec![plan(1, &["a"])]).await;
    let sink = SinkName::new("a");
    let id = store.pending(&sink, 10).await.unwrap()[0].id.clone();
    store.bury(&id, DeadReason::Expired, at(50)).await.unwrap();
    assert!(store.pending(&sink, 10).await.unwrap().is_empty());
    assert!(store.retry(&id, at(60)).await.unwrap());
    let pending = store.pending(&sink, 10).await.unwrap();
    assert_eq!((&pending[0].id, pending[0].created), (&id, at(60)));
}

#[tokio::test]
async fn several_alerts_become_one_digest() {
    let place = place();
    let store = open(&place);
    admit(&store, (1..=3).map(|n| plan(n, &["a", "b"])).collect()).await;
    let sink = SinkName::new("a");
    let members: Vec<MessageId> =
        store.pending(&sink, 10).await.unwrap().into_iter().map(|one| one.id).collect();
    let digest = store.merge(&sink, members.clone(), at(9)).await.unwrap();
    let pending = store.pending(&sink, 10).await.unwrap();
    assert_eq!(pending.len(), 1);
    assert_eq!((&pending[0].id, pending[0].kind), (&digest, MessageKind::Digest));
    let views = store.views(&digest).await.unwrap();
    assert_eq!(views.iter().map(|view| view.alert.id.0).collect::<Vec<_>>(), [1, 2, 3]);
    let detail = store.alert(AlertId(2)).await.unwrap().unwrap();
    assert_eq!(detail.messages.len(), 2, "one in the digest, one to the other sink");
    assert!(store.check().await.unwrap().is_empty());
}

#[tokio::test]
async fn queues_follow_their_sinks() {
    let place = place();
    let store = open(&place);
    admit(&store, vec![plan(1, &["a"])]).await;
    store.adopt_sinks(vec![SinkName::new("b")]).await.unwrap();
    assert!(store.pending(&SinkName::new("a"), 10).await.unwrap().is_empty());
    let filter = DeliveryFilter { limit: 9, ..DeliveryFilter::default() };
    assert_eq!(store.deliveries(filter).await.unwrap()[0].state, "paused");
    store.adopt_sinks(vec![SinkName::new("a")]).await.unwrap();
    assert_eq!(store.pending(&SinkName::new("a"), 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_was_discarded_is_not_tried_again() {
    let place = place();
    let store = open(&place);
    admit(&store, vec![plan(1, &["a"])]).await;
    let id = store.pending(&SinkName::new("a"), 1).await.unwrap()[0].id.clone();
    assert!(store.discard(&id, at(3)).await.unwrap());
    // The attempt that was under way when it was discarded ends.
    let again = Settle::Again { due: at(99), counts: true, refused: false };
    store.record(attempt(&id, Outcome::Retry { after: None }), again).await.unwrap();
    let state = || async { store.delivery(&id).await.unwrap().unwrap().message.state };
    assert_eq!(state().await, "discarded");
    store.bury(&id, DeadReason::Expired, at(4)).await.unwrap();
    assert_eq!(state().await, "discarded");
    assert!(store.retry(&id, at(5)).await.unwrap(), "by hand it can be taken back");
    assert_eq!(state().await, "queued");
}

#[tokio::test]
async fn the_plain_fallback_is_used_once_and_attempts_are_bounded() {
    let place = place();
    let store = open(&place);
    admit(&store, vec![plan(1, &["a"])]).await;
    let sink = SinkName::new("a");
    let id = store.pending(&sink, 1).await.unwrap()[0].id.clone();
    let plain = |text: &str| {
        Settle::Fallback(Sealed { content_type: "text/plain".to_owned(), body: text.into() })
    };
    let retry = || attempt(&id, Outcome::Retry { after: None });
    store.record(retry(), plain("one")).await.unwrap();
    assert!(matches!(store.record(retry(), plain("two")).await, Err(StoreError::Unfit(_))));
    let pending = store.pending(&sink, 1).await.unwrap().remove(0);
    assert_eq!(pending.sealed.map(|sealed| sealed.body), Some(b"one".to_vec()));
    assert!(pending.fallback);
    for n in 0..105 {
        let settle = Settle::Again { due: at(n), counts: false, refused: true };
        store.record(Attempt { at: at(n), ..retry() }, settle).await.unwrap();
    }
    let detail = store.delivery(&id).await.unwrap().unwrap();
    assert_eq!((detail.attempts.len(), detail.attempts[99].at), (100, at(104)));
    let pending = store.pending(&sink, 1).await.unwrap().remove(0);
    assert_eq!((pending.attempts, pending.refusals), (1, 105));
}

#[tokio::test]
async fn a_digest_repeats_nothing_and_is_never_empty() {
    let place = place();
    let store = open(&place);
    admit(&store, (1..=2).map(|n| plan(n, &["a"])).collect()).await;
    let sink = SinkName::new("a");
    let ids = || async {
        let pending = store.pending(&sink, 10).await.unwrap();
        pending.into_iter().map(|one| one.id).collect::<Vec<_>>()
    };
    let members = ids().await;
    let digest = store.merge(&sink, members.clone(), at(9)).await.unwrap();
    // The same alert comes again, after its own message has gone into the digest.
    let mut again = plan(3, &["a"]);
    again.alerts[0].0.key = "feed\ni1\n1".to_owned();
    again.ledger.push(entry(Some(AlertId(3))));
    admit(&store, vec![again]).await;
    assert_eq!(ids().await, std::slice::from_ref(&digest));
    assert_eq!(store.ledger().await.unwrap()[0].alert, Some(AlertId(1)), "it keeps its number");
    let book = store.story_book(Timestamp::MIN).await.unwrap();
    assert_eq!(book.stories[2].members[0].alert, Some(AlertId(1)));
    assert!(matches!(store.merge(&sink, members, at(10)).await, Err(StoreError::Unfit(_))));
    assert_eq!(store.merge(&sink, vec![digest.clone()], at(11)).await, Ok(digest));
}

#[tokio::test]
async fn paused_messages_are_given_up_in_the_end() {
    let place = place();
    let store = open(&place);
    admit(&store, vec![plan(1, &["a"]), plan(2, &["b"])]).await;
    store.adopt_sinks(vec![SinkName::new("b")]).await.unwrap();
    assert_eq!(store.bury_paused(at(1), at(9)).await, Ok(0));
    assert_eq!(store.bury_paused(at(5), at(9)).await, Ok(1));
    let dead =
        DeliveryFilter { state: Some(MessageState::Dead), limit: 9, ..DeliveryFilter::default() };
    assert_eq!(store.deliveries(dead).await.unwrap()[0].sink, "a");
}

#[tokio::test]
async fn what_is_due_is_seen_behind_any_number_that_waits() {
    let place = place();
    let store = open(&place);
    admit(&store, (1..=6).map(|n| plan(n, &["a"])).collect()).await;
    let sink = SinkName::new("a");
    let line = store.pending(&sink, 9).await.unwrap();
    for (n, one) in line.iter().enumerate().take(5) {
        let later = Settle::Again { due: at(990 - n as i64), counts: true, refused: false };
        store.record(attempt(&one.id, Outcome::Retry { after: None }), later).await.unwrap();
    }
    let seen: Vec<MessageId> =
        store.pending(&sink, 3).await.unwrap().into_iter().map(|one| one.id).collect();
    assert_eq!(seen, [&line[0].id, &line[5].id, &line[4].id].map(Clone::clone));
}

#[tokio::test]
async fn an_enabled_sink_gets_what_waited_at_once_and_as_young_as_it_was() {
    let place = place();
    let store = open(&place);
    admit(&store, (1..=2).map(|n| plan(n, &["a", "b"])).collect()).await;
    let sinks = ["a", "b"].map(SinkName::new);
    let day = 24 * 3600;
    let disabled = Some((at(day), "refused".to_owned()));
    for sink in &sinks {
        let head = store.pending(sink, 9).await.unwrap().remove(0);
        let refused = Settle::Again { due: at(99 * day), counts: true, refused: true };
        store.record(attempt(&head.id, Outcome::Retry { after: None }), refused).await.unwrap();
        let state = SinkState { disabled: disabled.clone(), ..SinkState::default() };
        store.set_sink_state(sink, state).await.unwrap();
    }
    let mut later = plan(3, &["a"]);
    later.alerts[0].0.raised = at(3 * day);
    admit(&store, vec![later]).await;
    let before = store.pending(&sinks[0], 9).await.unwrap();
    for (sink, days) in sinks.iter().zip([4, 40]) {
        store.enable_sink(sink, at(days * day)).await.unwrap();
        assert!(store.sink_state(sink).await.unwrap().disabled.is_none());
        let pending = store.pending(sink, 9).await.unwrap();
        assert!(pending.iter().all(|one| one.due == at(days * day) && one.refusals == 0));
    }
    let mut ages: Vec<(MessageId, Timestamp)> = Vec::new();
    ages.extend(
        store.pending(&sinks[0], 9).await.unwrap().into_iter().map(|one| (one.id, one.created)),
    );
    let shift =
        |one: &Pending, days: i64| one.created + jiff::SignedDuration::from_hours(24 * days);
    for (id, created) in &ages {
        let old = before.iter().find(|one| one.id == *id).unwrap();
        let stood = if old.created == at(3 * day) { 1 } else { 3 };
        assert_eq!(*created, shift(old, stood));
    }
    assert_eq!(ages.len(), 3);
    let long = store.pending(&sinks[1], 9).await.unwrap().remove(0);
    assert!(long.created < at(16 * day), "its age stood still for longer than 14 days");
    assert!(long.created >= at(14 * day));
}
