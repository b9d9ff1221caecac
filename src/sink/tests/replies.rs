//! Updates: they answer the first alert where the receiver can, and say what they follow elsewhere.

use serde_json::json;

use super::server::start;
use super::*;

fn rendered(kind: &str, view: &AlertView, public_url: &str) -> Value {
    let office = Stationery { public_url: public_url.to_owned(), ..stationery() };
    let sealed = Receiver::of(kind)
        .idle()
        .sink
        .render(&Letter::Alert(Box::new(view.clone())), &office)
        .unwrap();
    serde_json::from_slice(&sealed.body).unwrap()
}

#[test]
fn an_update_answers_its_first_alert_where_the_receiver_can() {
    let answer = |kind: &str, thread: &str| {
        let view = AlertView { thread: Some(thread.to_owned()), ..updated() };
        rendered(kind, &view, "")
    };
    let reply = json!({ "message_id": 55, "allow_sending_without_reply": true });
    assert_eq!(answer("telegram", "55")["reply_parameters"], reply);
    let relation = json!({ "m.in_reply_to": { "event_id": "$abc" } });
    assert_eq!(answer("matrix", "$abc")["m.relates_to"], relation);
    let linked = answer("discord", "11/22/33");
    let text = linked["embeds"][0]["description"].as_str().unwrap();
    assert!(text.contains("](<https://discord.com/channels/11/22/33>)"), "{text}");
    // What is no reference of theirs is not used: a sink may have had another type.
    assert_eq!(answer("telegram", "$abc")["reply_parameters"], Value::Null);
    assert_eq!(answer("matrix", "55")["m.relates_to"], Value::Null);
    assert!(!answer("discord", "../../x").to_string().contains("../.."));
    // Events of a story are one incident.
    let key = |view: &AlertView| rendered("pagerduty", view, "")["dedup_key"].clone();
    assert_eq!(key(&wire()), key(&updated()));
    let mut other = wire();
    other.alert.story = StoryId(1);
    assert_ne!(key(&wire()), key(&other));
}

#[test]
fn every_receiver_says_what_an_update_follows() {
    for receiver in RECEIVERS.iter().filter(|one| !one.data) {
        let said = rendered(receiver.kind, &updated(), "https://pact.example");
        assert!(said.to_string().contains("A-1040"), "{}: {said}", receiver.kind);
        let first = rendered(receiver.kind, &wire(), "https://pact.example");
        assert!(!first.to_string().contains("A-1040"), "{}: {first}", receiver.kind);
    }
}

#[tokio::test]
async fn a_group_that_has_moved_is_followed_once_and_remembered() {
    let (base, server) = start().await;
    let outlet = Receiver::of("telegram").outlet(&base);
    let sealed = outlet.sink.render(&Letter::Ping, &stationery()).unwrap();
    let moved = r#"{"ok":false,"description":"Bad Request: group chat was upgraded to a supergroup chat","parameters":{"migrate_to_chat_id":-1002}}"#;
    server.answer(400, &[], moved);
    let answer = send(&outlet, &sealed).await;
    assert_eq!(answer.outcome, Outcome::Refused(Refusal::Endpoint));
    let chats = || -> Vec<Value> {
        let asked = server.asked();
        let bodies = asked.iter().map(|one| serde_json::from_slice::<Value>(&one.body).unwrap());
        bodies.map(|body| body["chat_id"].clone()).collect()
    };
    assert_eq!(chats(), [json!(-1001), json!(-1002)]);
    server.answer(200, &[], r#"{"ok":true,"result":{"message_id":9}}"#);
    let answer = send(&outlet, &sealed).await;
    assert_eq!(answer.outcome, Outcome::Delivered { thread: Some("9".to_owned()) });
    assert_eq!(chats()[2..], [json!(-1002)]);
}

#[tokio::test]
async fn discord_is_left_alone_while_its_headers_say_so() {
    let (base, server) = start().await;
    let outlet = Receiver::of("discord").outlet(&base);
    let sealed = outlet.sink.render(&Letter::Ping, &stationery()).unwrap();
    let spent = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset-after", "3600.5")];
    server.answer(200, &spent, Receiver::of("discord").yes.1);
    assert!(matches!(send(&outlet, &sealed).await.outcome, Outcome::Delivered { .. }));
    let asked = server.asked().len();
    let paused = send(&outlet, &sealed).await.outcome;
    assert!(matches!(paused, Outcome::Throttled { after: Some(_) }), "{paused:?}");
    assert_eq!(server.asked().len(), asked, "it was asked although its headers forbid it");
}

/// It reads well for the samples that it is tried with, and fails on what comes.
#[test]
fn a_template_that_fails_on_an_alert_says_why_and_makes_nothing() {
    let body = "body = '{% if alert == \"A-1042\" %}{{ nothing }}{% endif %}{{ text | tojson }}'";
    let config = Receiver::of("template").config("http://127.0.0.1:9");
    let config = config.lines().filter(|line| !line.starts_with("body")).collect::<Vec<_>>();
    let outlet = outlet(&format!("{}\n{body}\n", config.join("\n")));
    assert!(outlet.sink.render(&Letter::Ping, &stationery()).is_ok());
    let made = outlet.sink.render(&Letter::Alert(Box::new(wire())), &stationery());
    assert_eq!(made.unwrap_err(), "`body` failed: line 1: it names what there is not");
}

#[tokio::test]
async fn discord_is_asked_again_where_it_is_until_it_says() {
    let (base, server) = start().await;
    let outlet = Receiver::of("discord").outlet(&base);
    let sealed = outlet.sink.render(&Letter::Ping, &stationery()).unwrap();
    server.answer(200, &[], r#"{"id":"33","channel_id":"22"}"#);
    let mut threads = Vec::new();
    for (status, told) in [(500, ""), (200, r#"{"guild_id":"11"}"#), (500, "")] {
        server.answer_get(status, told);
        match send(&outlet, &sealed).await.outcome {
            Outcome::Delivered { thread } => threads.push(thread),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(threads, [None, Some("11/22/33".to_owned()), Some("11/22/33".to_owned())]);
}

/// An incident that says that all is well would stay open, and wake somebody.
#[test]
fn the_daily_report_opens_no_incident() {
    let report = Event { kind: EventKind::AllQuiet, ..trouble("all is well") };
    let sink = Receiver::of("pagerduty").idle().sink;
    let sealed = sink.render(&Letter::Event(Box::new(report)), &stationery()).unwrap();
    let event: Value = serde_json::from_slice(&sealed.body).unwrap();
    assert_eq!(event["event_action"], "resolve", "{event}");
}
