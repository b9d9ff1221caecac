//! What each receiver's answers mean, from status, headers and body.

use serde_json::json;

use super::server::{Asked, start};
use super::*;

#[tokio::test]
async fn every_status_has_its_meaning() {
    for receiver in &RECEIVERS {
        let (base, server) = start().await;
        let outlet = receiver.outlet(&base);
        let sealed = outlet.sink.render(&Letter::Ping, &stationery()).unwrap();
        let mut meanings: BTreeMap<String, Vec<u16>> = BTreeMap::new();
        // 1xx are not final answers, see the faults; 204, 205 and 304 have no body.
        for status in 200..600 {
            let body = if matches!(status, 204 | 205 | 304) { "" } else { receiver.yes.1 };
            server.answer(status, &[], body);
            let answer = send(&outlet, &sealed).await;
            assert_eq!(answer.status, Some(status), "{:?}", answer.error);
            assert!(!format!("{answer:?}").contains(TOKEN), "{answer:?}");
            meanings.entry(format!("{:?}", answer.outcome)).or_default().push(status);
        }
        let text: Vec<String> =
            meanings.iter().map(|(meaning, list)| format!("{meaning}: {}", ranges(list))).collect();
        insta::assert_snapshot!(format!("{}-statuses", receiver.kind), text.join("\n"));
    }
}

fn ranges(list: &[u16]) -> String {
    let mut parts: Vec<(u16, u16)> = Vec::new();
    for status in list {
        match parts.last_mut() {
            Some((_, end)) if *end + 1 == *status => *end = *status,
            _ => parts.push((*status, *status)),
        }
    }
    let shown = parts.iter().map(|(a, b)| if a == b { a.to_string() } else { format!("{a}-{b}") });
    shown.collect::<Vec<_>>().join(" ")
}

fn delivered(thread: &str) -> Outcome {
    Outcome::Delivered { thread: Some(thread.to_owned()) }
}

fn throttled(seconds: f64) -> Outcome {
    Outcome::Throttled { after: Some(Duration::from_secs_f64(seconds)) }
}

#[tokio::test]
async fn each_receiver_is_believed_by_its_words() {
    const MESSAGE: Outcome = Outcome::Refused(Refusal::Message);
    const LARGE: Outcome = Outcome::Refused(Refusal::Large);
    const ENDPOINT: Outcome = Outcome::Refused(Refusal::Endpoint);
    const GONE: Outcome = Outcome::Refused(Refusal::Gone);
    const RETRY: Outcome = Outcome::Retry { after: None };
    const YES: Outcome = Outcome::Delivered { thread: None };
    const BLIND: Outcome = Outcome::Throttled { after: None };
    let login = "<html>log in</html>";
    let cases: Vec<(&str, u16, &str, Outcome)> = vec![
        ("slack", 200, "ok", YES),
        ("slack", 200, "{\"ok\":true}", YES),
        ("slack", 200, login, RETRY),
        ("slack", 200, "{\"ok\":false,\"error\":\"ratelimited\"}", BLIND),
        (
            "slack",
            429,
            "{\"retry_after\":9,\"ok\":false,\"error\":\"rate_limited\"}",
            throttled(9.0),
        ),
        ("slack", 400, "invalid_blocks", MESSAGE),
        ("slack", 403, "invalid_token", ENDPOINT),
        ("slack", 404, "no_service", GONE),
        ("slack", 410, "channel_is_archived", GONE),
        ("slack", 500, "rollup_error", RETRY),
        ("discord", 200, login, RETRY),
        ("discord", 204, "", RETRY),
        (
            "discord",
            429,
            "{\"message\":\"slow\",\"retry_after\":0.376,\"global\":false}",
            throttled(0.376),
        ),
        ("discord", 429, "{\"retry_after\":-1}", BLIND),
        ("discord", 404, "{\"message\":\"Unknown Webhook\",\"code\":10015}", GONE),
        ("discord", 404, login, ENDPOINT),
        ("discord", 401, "{\"message\":\"Invalid Webhook Token\",\"code\":50027}", ENDPOINT),
        ("discord", 400, "{\"embeds\":[\"0\"]}", MESSAGE),
        ("discord", 400, "{\"message\":\"a forum wants a thread\",\"code\":220001}", ENDPOINT),
        ("telegram", 200, login, RETRY),
        ("telegram", 200, "{\"ok\":false}", RETRY),
        (
            "telegram",
            400,
            "{\"ok\":false,\"description\":\"Bad Request: can't parse entities\"}",
            MESSAGE,
        ),
        (
            "telegram",
            400,
            "{\"ok\":false,\"description\":\"Bad Request: chat not found\"}",
            ENDPOINT,
        ),
        (
            "telegram",
            400,
            "{\"ok\":false,\"description\":\"Bad Request: message is too long\"}",
            MESSAGE,
        ),
        ("telegram", 403, "{\"ok\":false,\"description\":\"Forbidden: bot was kicked\"}", ENDPOINT),
        ("telegram", 404, "{\"ok\":false,\"description\":\"Not Found\"}", ENDPOINT),
        ("telegram", 429, "{\"ok\":false,\"parameters\":{\"retry_after\":31}}", throttled(31.0)),
        ("telegram", 429, "{\"ok\":false,\"parameters\":{\"retry_after\":1e300}}", BLIND),
        ("teams", 200, "1", YES),
        ("teams", 202, "", YES),
        ("teams", 200, login, RETRY),
        (
            "teams",
            200,
            "Webhook message delivery failed: Microsoft Teams endpoint returned HTTP error 429 with ContextId x",
            BLIND,
        ),
        ("teams", 200, "Microsoft Teams endpoint returned HTTP error 413 with x", LARGE),
        ("teams", 200, "Microsoft Teams endpoint returned HTTP error 500 with x", RETRY),
        ("teams", 413, "", LARGE),
        ("mattermost", 200, login, RETRY),
        ("mattermost", 400, "{\"id\":\"web.incoming_webhook.invalid.app_error\"}", ENDPOINT),
        ("mattermost", 501, "{\"id\":\"web.incoming_webhook.disabled.app_error\"}", ENDPOINT),
        ("mattermost", 400, "{\"id\":\"web.incoming_webhook.text.app_error\"}", MESSAGE),
        ("mattermost", 500, "{\"id\":\"web.incoming_webhook.x\"}", RETRY),
        ("ntfy", 200, login, RETRY),
        ("ntfy", 429, "{\"code\":42901,\"http\":429}", throttled(5.0)),
        ("ntfy", 429, "{\"code\":42908,\"http\":429}", throttled(3600.0)),
        ("ntfy", 413, "{\"code\":41303,\"http\":413}", LARGE),
        ("ntfy", 507, "{\"code\":50701,\"http\":507}", MESSAGE),
        ("ntfy", 403, "{\"code\":40301,\"http\":403}", ENDPOINT),
        ("ntfy", 400, "{\"code\":40009,\"http\":400}", ENDPOINT),
        ("matrix", 200, login, RETRY),
        (
            "matrix",
            429,
            "{\"errcode\":\"M_LIMIT_EXCEEDED\",\"retry_after_ms\":2500}",
            throttled(2.5),
        ),
        ("matrix", 401, "{\"errcode\":\"M_UNKNOWN_TOKEN\"}", ENDPOINT),
        ("matrix", 403, "{\"errcode\":\"M_FORBIDDEN\"}", ENDPOINT),
        ("matrix", 413, "{\"errcode\":\"M_TOO_LARGE\"}", LARGE),
        ("matrix", 400, "{\"errcode\":\"M_BAD_JSON\"}", MESSAGE),
        ("matrix", 400, "{\"errcode\":\"M_INVALID_PARAM\"}", ENDPOINT),
        ("pagerduty", 200, login, RETRY),
        ("pagerduty", 400, "{\"errors\":[\"'routing_key' is invalid\"]}", ENDPOINT),
        ("pagerduty", 400, "{\"errors\":[\"'payload.summary' is missing\"]}", MESSAGE),
        ("template", 200, login, YES),
    ];
    for (kind, status, body, expected) in cases {
        let (base, server) = start().await;
        server.answer(status, &[], body);
        let outlet = Receiver::of(kind).outlet(&base);
        let sealed = outlet.sink.render(&Letter::Ping, &stationery()).unwrap();
        assert_eq!(send(&outlet, &sealed).await.outcome, expected, "{kind} {status} {body}");
    }
}

#[tokio::test]
async fn a_yes_gives_what_can_be_replied_to() {
    for receiver in &RECEIVERS {
        let (base, server) = start().await;
        server.answer(receiver.yes.0, &[], receiver.yes.1);
        let outlet = receiver.outlet(&base);
        let sealed = outlet.sink.render(&Letter::Ping, &stationery()).unwrap();
        let expected = receiver.thread.map_or(Outcome::Delivered { thread: None }, delivered);
        assert_eq!(send(&outlet, &sealed).await.outcome, expected, "{}", receiver.kind);
    }
}

/// Telegram and Discord answer with the whole message, and the Bot API writes each letter that is none of
/// ASCII as six bytes.
#[tokio::test]
async fn a_yes_of_any_length_is_a_yes() {
    let letters = "\\u0441".repeat(4096);
    let entities = r#"{"offset":0,"length":9,"type":"bold"},"#.repeat(100);
    for (kind, before, after, thread) in [
        ("telegram", r#"{"ok":true,"result":{"message_id":55"#, "}}", Some("55")),
        ("discord", r#"{"id":"33","channel_id":"22","guild_id":"11""#, "}", Some("11/22/33")),
        ("slack", r#"{"ok":true"#, "}", None),
        ("ntfy", r#"{"id":"abc""#, "}", None),
        ("matrix", r#"{"event_id":"$abc""#, "}", Some("$abc")),
    ] {
        let expected = thread.map_or(Outcome::Delivered { thread: None }, delivered);
        for times in [1, 50] {
            let text = letters.repeat(times);
            let long = format!("{before},\"entities\":[{entities}0],\"text\":\"{text}\"{after}");
            assert_eq!(told(kind, &long).await, expected, "{kind}, {} bytes", long.len());
            // Where the word comes behind what is read, there is none to reply to.
            let behind = format!("{{\"text\":\"{text}\",{}{after}", &before[1..]);
            let outcome = told(kind, &behind).await;
            let is_taken = matches!(outcome, Outcome::Delivered { .. });
            assert!(is_taken, "{kind}, {} bytes: {outcome:?}", behind.len());
        }
        let no = format!("{{\"ok\":false,\"text\":\"{}\"}}", letters.repeat(50));
        assert_eq!(told(kind, &no).await, Outcome::Retry { after: None }, "{kind}");
    }
}

/// What a receiver's 200 with this body comes to.
async fn told(kind: &str, body: &str) -> Outcome {
    let (base, server) = start().await;
    server.answer(200, &[("content-type", "application/json")], body);
    let outlet = Receiver::of(kind).outlet(&base);
    let sealed = outlet.sink.render(&Letter::Ping, &stationery()).unwrap();
    let answer = send(&outlet, &sealed).await;
    assert!(answer.body.chars().count() <= 2000);
    answer.outcome
}

#[tokio::test]
async fn hints_are_followed_and_senseless_ones_count_as_none() {
    let digits = "9".repeat(400);
    for receiver in &RECEIVERS {
        let (base, server) = start().await;
        let outlet = receiver.outlet(&base);
        let sealed = outlet.sink.render(&Letter::Ping, &stationery()).unwrap();
        server.answer(429, &[("retry-after", "7")], "");
        assert_eq!(send(&outlet, &sealed).await.outcome, throttled(7.0), "{}", receiver.kind);
        let past = "Thu, 01 Jan 1970 00:00:00 GMT";
        server.answer(429, &[("retry-after", past)], "");
        assert_eq!(send(&outlet, &sealed).await.outcome, throttled(0.0), "{}", receiver.kind);
        for senseless in ["inf", "-1", "soon", "1e300", &digits] {
            server.answer(429, &[("retry-after", senseless)], "");
            let outcome = send(&outlet, &sealed).await.outcome;
            let none = Outcome::Throttled { after: None };
            assert_eq!(outcome, none, "{} {senseless}", receiver.kind);
        }
        server.answer(503, &[("retry-after", "2")], "");
        assert_eq!(send(&outlet, &sealed).await.outcome, throttled(2.0), "{}", receiver.kind);
        server.answer(500, &[("webhook-delivery", "abort-message")], "");
        let outcome = send(&outlet, &sealed).await.outcome;
        assert_eq!(outcome, Outcome::Refused(Refusal::Message), "{}", receiver.kind);
    }
}

/// The receiver says all that it was asked, in the body and in a redirect.
#[tokio::test]
async fn a_secret_that_is_echoed_does_not_show() {
    for receiver in &RECEIVERS {
        let (base, server) = start().await;
        let outlet = receiver.outlet(&base);
        let sealed = outlet.sink.render(&Letter::Alert(Box::new(wire())), &stationery()).unwrap();
        for status in [200, 302, 400, 404, 500] {
            server.echo(status);
            let answer = send(&outlet, &sealed).await;
            let shown = format!("{answer:?}");
            assert!(!shown.contains(TOKEN), "{}: {shown}", receiver.kind);
            assert!(!answer.body.contains('\u{1b}') && answer.body.chars().count() <= 2000);
            if receiver.kind != "pagerduty" && status != 302 {
                assert!(shown.contains("[secret]"), "nothing was echoed: {shown}");
            }
        }
        let asked: String = server.asked().iter().map(|one| one.text()).collect();
        assert!(asked.contains(TOKEN), "{}: the secret was not sent", receiver.kind);
        let stored = String::from_utf8_lossy(&sealed.body).into_owned();
        assert!(!stored.contains(TOKEN), "{}: a secret is sealed", receiver.kind);
    }
}

#[tokio::test]
async fn a_webhook_is_signed_and_carries_its_headers() {
    let (base, server) = start().await;
    server.answer(204, &[], "");
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let more = format!("secret = \"{secret}\"\nheaders = {{ Authorization = \"Bearer abc\" }}\n");
    let outlet = outlet(&format!("{}{more}", Receiver::of("webhook").config(&base)));
    let sealed = outlet.sink.render(&Letter::Alert(Box::new(wire())), &stationery()).unwrap();
    let id = MessageId::new("msg_abc");
    let parcel = Parcel { id: &id, sealed: &sealed, timeout: Duration::from_secs(5) };
    let answer = outlet.sink.send(parcel).await;
    assert_eq!(answer.outcome, Outcome::Delivered { thread: None });
    let Asked { headers, body, .. } = server.asked().pop().unwrap();
    assert_eq!(body, sealed.body);
    assert_eq!(headers["webhook-id"], "msg_abc");
    assert_eq!(headers["authorization"], "Bearer abc");
    let timestamp: i64 = headers["webhook-timestamp"].to_str().unwrap().parse().unwrap();
    let signer = signing::Signer::new(&[crate::setting::Secret::new(secret)]).unwrap();
    assert_eq!(headers["webhook-signature"], signer.sign("msg_abc", timestamp, &body));
}

/// How each receiver is asked: method, path, and the header or field that holds its secret.
#[tokio::test]
async fn each_receiver_is_asked_as_it_wants() {
    for (kind, method, target, header) in [
        ("webhook", "POST", format!("/services/{TOKEN}"), ("webhook-id", "msg_1".to_owned())),
        (
            "slack",
            "POST",
            format!("/services/{TOKEN}"),
            ("content-type", "application/json; charset=utf-8".to_owned()),
        ),
        (
            "discord",
            "POST",
            format!("/api/webhooks/1/{TOKEN}?wait=true&thread_id=77"),
            ("content-type", "application/json".to_owned()),
        ),
        (
            "telegram",
            "POST",
            format!("/bot42:{TOKEN}/sendMessage"),
            ("content-type", "application/json".to_owned()),
        ),
        (
            "teams",
            "POST",
            format!("/workflows/x/invoke?sig={TOKEN}"),
            ("content-type", "application/json; charset=utf-8".to_owned()),
        ),
        ("mattermost", "POST", format!("/hooks/{TOKEN}"), ("user-agent", "test".to_owned())),
        ("ntfy", "POST", "/".to_owned(), ("authorization", format!("Bearer {TOKEN}"))),
        (
            "matrix",
            "PUT",
            "/_matrix/client/v3/rooms/!room:example.org/send/m.room.message/msg_1".to_owned(),
            ("authorization", format!("Bearer {TOKEN}")),
        ),
        (
            "pagerduty",
            "POST",
            "/v2/enqueue".to_owned(),
            ("content-type", "application/json".to_owned()),
        ),
        (
            "template",
            "POST",
            format!("/spaces/{TOKEN}"),
            ("authorization", format!("Bearer {TOKEN}")),
        ),
    ] {
        let (base, server) = start().await;
        let outlet = Receiver::of(kind).outlet(&base);
        let sealed = outlet.sink.render(&Letter::Alert(Box::new(wire())), &stationery()).unwrap();
        server.answer(500, &[], "");
        send(&outlet, &sealed).await;
        let asked = server.asked().remove(0);
        assert_eq!(
            (asked.method.as_str(), asked.target.as_str()),
            (method, target.as_str()),
            "{kind}"
        );
        assert_eq!(asked.headers[header.0].to_str().unwrap(), header.1, "{kind}");
        if kind == "pagerduty" {
            let mut sent: Value = serde_json::from_slice(&asked.body).unwrap();
            assert_eq!(sent["routing_key"], json!(TOKEN));
            sent.as_object_mut().unwrap().remove("routing_key");
            assert_eq!(sent, serde_json::from_slice::<Value>(&sealed.body).unwrap());
        } else {
            assert_eq!(asked.body, sealed.body, "{kind}");
        }
    }
}

/// A token is changed in its file between two attempts.
#[tokio::test]
async fn a_changed_secret_is_used_by_the_next_attempt() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    for receiver in &RECEIVERS {
        let (base, server) = start().await;
        server.answer(500, &[], "");
        // The value that holds the secret goes into a file as it is.
        let config = receiver.config(&base).replace("Bearer ", "");
        let value = config.split('\'').find(|part| part.contains(TOKEN)).unwrap().to_owned();
        std::fs::write(&file, &value).unwrap();
        let named = format!("{{ file = '{}' }}", file.display());
        let outlet = outlet(&config.replace(&format!("'{value}'"), &named));
        let sealed = outlet.sink.render(&Letter::Ping, &stationery()).unwrap();
        send(&outlet, &sealed).await;
        let before = outlet.sink.identity();
        let other = "A".repeat(TOKEN.len());
        let next = folder.path().join("next");
        std::fs::write(&next, value.replace(TOKEN, &other)).unwrap();
        std::fs::rename(&next, &file).unwrap();
        send(&outlet, &sealed).await;
        let asked: Vec<String> = server.asked().iter().map(|one| one.text()).collect();
        assert!(asked[0].contains(TOKEN) && !asked[0].contains(&other), "{}", receiver.kind);
        assert!(asked[1].contains(&other), "{}: {}", receiver.kind, asked[1]);
        // What was answered before was answered to another.
        assert_ne!(outlet.sink.identity(), before, "{}", receiver.kind);
    }
}

/// What one sink is answered holds for another at the same place, and there alone.
#[test]
fn sinks_at_one_place_know_it_and_those_elsewhere_do_not() {
    let (here, there) = ("http://127.0.0.1:9", "http://127.0.0.1:10");
    let mut rates = Vec::new();
    for receiver in &RECEIVERS {
        let place = |base: &str| receiver.outlet(base).sink.endpoint().unwrap();
        assert_eq!(place(here), place(here), "{}", receiver.kind);
        assert_ne!(place(here), place(there), "{}", receiver.kind);
        if let Some(rate) = receiver.idle().sink.nature().rate {
            let span = rate.within.as_secs();
            rates.push(format!("{}: {} in {span} s", receiver.kind, rate.messages));
        }
    }
    let telegram = Receiver::of("telegram").config(here);
    let with = |chat: &str| outlet(&telegram.replace("-1001", chat)).sink;
    assert_ne!(with("-1001").endpoint(), with("55").endpoint());
    rates.push(format!("telegram, a person: {:?}", with("55").nature().rate.unwrap()));
    insta::assert_snapshot!("rates", rates.join("\n"));
}
