//! Every receiver against the same contract, on a real loopback server.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::Value;
use toml::de::DeTable;

use super::contract::{Letter, Parcel, Stationery};
use super::*;
use crate::model::{
    ActKind, Alert, AlertId, AlertKind, AlertView, AlsoIn, Evidence, FeedName, Field, Genre, Item,
    ItemKey, Kind as FeedKind, LedgerEntry, Level, Match, MessageId, Move, NewMoves, Outcome,
    Previous, Refusal, Role, RuleId, RuleScore, StoryId,
};
use crate::net::Trust;
use crate::setting::{Problems, Severity, Sources, Span};

const TOKEN: &str = "T0P-S3CRET-TOKEN";

/// What the next answer is, and what was asked.
#[derive(Default)]
struct Server {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
    asked: Vec<(HeaderMap, Vec<u8>)>,
}

type Shared = Arc<Mutex<Server>>;

async fn answer(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let mut server = shared.lock().unwrap();
    server.asked.push((headers, body.to_vec()));
    let mut response =
        (StatusCode::from_u16(server.status).unwrap(), server.body.clone()).into_response();
    for (name, value) in &server.headers {
        response.headers_mut().insert(*name, value.parse().unwrap());
    }
    response
}

async fn start() -> (String, Shared) {
    let shared = Shared::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/services/{TOKEN}", listener.local_addr().unwrap());
    let app = Router::new().fallback(answer).with_state(shared.clone());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (url, shared)
}

fn read(text: &str) -> (Vec<SinkConfig>, Vec<crate::setting::Diagnostic>) {
    let mut sources = Sources::default();
    let file = sources.add("test.toml", text);
    let problems = Problems::default();
    let table = DeTable::parse(text).unwrap().into_inner();
    let folder = std::path::Path::new("");
    let root = Table::new(&problems, file, folder, Span::new(file, 0..0), "test", &table);
    let sinks = read_sinks(root.tables("sink"));
    (sinks, problems.into_sorted())
}

fn outlet(kind: &str, url: &str, more: &str) -> Outlet {
    let text = format!(
        "[[sink]]\nname = \"x\"\ntype = \"{kind}\"\nurl = \"{url}\"\nallow_private = [\"127.0.0.0/8\"]\n{more}"
    );
    let (sinks, problems) = read(&text);
    assert!(problems.iter().all(|one| one.severity == Severity::Warning), "{problems:?}");
    let workshop = Workshop {
        user_agent: "test".to_owned(),
        tls: Tls::new(&Trust::System).unwrap(),
        timeout: Duration::from_secs(5),
    };
    sinks[0].build(&workshop).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn stationery() -> Stationery {
    Stationery {
        timezone: TimeZone::UTC,
        public_url: String::new(),
        now: at("2024-03-24T09:50:00Z"),
    }
}

fn view(title: &str, summary: &str) -> AlertView {
    let item = Item {
        key: ItemKey::new("k"),
        feed: FeedName::new("Example Wire"),
        url: Some("https://wire.example/asia?a=1&b=<2>|3".to_owned()),
        canonical: None,
        title: title.to_owned(),
        summary: summary.to_owned(),
        body: String::new(),
        author: String::new(),
        categories: Vec::new(),
        language: Some("en".to_owned()),
        published: Some(at("2024-03-24T09:40:00Z")),
        seen: at("2024-03-24T09:44:00Z"),
        kind: FeedKind::Wire,
        tags: Vec::new(),
    };
    let act = ActKind { name: "considers".to_owned(), stage: 1, formal: false, against: false };
    let codes = |list: &[&str]| list.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>();
    let spot = |words: &str, list: &str, role: Role| {
        summary.find(words).map(|byte| {
            let start = summary[..byte].chars().count();
            Evidence {
                rule: RuleId::new("security-alliance"),
                field: Field::Summary,
                start,
                end: start + words.chars().count(),
                text: words.to_owned(),
                term: words.to_owned(),
                list: list.to_owned(),
                role,
                label: list.to_owned(),
                gloss: None,
            }
        })
    };
    let evidence = [
        spot("Canada", "CA", Role::Candidate),
        spot("Japan", "JP", Role::Candidate),
        spot("join", "considers", Role::Act),
        spot("AUKUS Pillar 2", "AUKUS", Role::Alliance),
    ];
    let matched = Match {
        rules: vec![RuleScore { id: RuleId::new("security-alliance"), score: 2.0, threshold: 1.0 }],
        rule_title: "A security alliance opens its door".to_owned(),
        rule_level: Level::Notable,
        shadow: false,
        moves: vec![Move {
            alliance: "AUKUS".to_owned(),
            candidates: codes(&["CA", "JP"]),
            act: Some(act),
            actor: None,
            hedged: true,
            field: Field::Summary,
        }],
        alliances: codes(&["AUKUS"]),
        candidates: codes(&["CA", "JP"]),
        also_named: codes(&["IN", "NZ", "KR"]),
        members: codes(&["US", "GB"]),
        genre: Genre::Report,
        evidence: evidence.into_iter().flatten().collect(),
        masked: Vec::new(),
        names: [
            ("CA", "Canada"),
            ("JP", "Japan"),
            ("IN", "India"),
            ("NZ", "New Zealand"),
            ("KR", "South Korea"),
        ]
        .map(|(code, name)| (code.to_owned(), name.to_owned()))
        .into_iter()
        .collect::<BTreeMap<_, _>>(),
    };
    let alert = Alert {
        id: AlertId(1042),
        key: "Example Wire\nk\n1".to_owned(),
        story: StoryId(318),
        kind: AlertKind::Raised,
        level: Level::Notable,
        item,
        matched,
        before: vec![LedgerEntry {
            alliance: "AUKUS".to_owned(),
            candidate: "JP".to_owned(),
            act: "denies".to_owned(),
            stage: 0,
            formal: false,
            actor: Some("JP".to_owned()),
            since: at("2022-04-13T00:00:00Z"),
            last: at("2022-04-13T00:00:00Z"),
            alert: None,
            title: "Japan denies".to_owned(),
            feed: FeedName::new("Paper"),
        }],
        previous: None,
        new: None,
        raised: at("2024-03-24T09:44:10Z"),
    };
    let also = |feed: &str| AlsoIn {
        feed: FeedName::new(feed),
        url: None,
        title: title.to_owned(),
        copy: true,
    };
    AlertView {
        alert,
        kind: AlertKind::Raised,
        also_in: vec![also("Paper A"), also("Paper B")],
        sources: 1,
        thread: None,
        sink: SinkName::new("x"),
    }
}

fn wire() -> AlertView {
    view(
        "America, Britin hurrying to enlarge Asian NATO",
        "Canada and Japan may join AUKUS Pillar 2. India is named too.",
    )
}

fn updated() -> AlertView {
    let mut view = wire();
    view.kind = AlertKind::Updated;
    view.alert.kind = AlertKind::Updated;
    view.alert.previous = Some(Previous {
        alert: AlertId(1040),
        raised: at("2024-03-23T08:00:00Z"),
        title: "Canada and Japan in talks".to_owned(),
    });
    view.alert.new = Some(NewMoves {
        acts: view.alert.matched.moves.clone(),
        alliances: Vec::new(),
        candidates: vec!["JP".to_owned()],
        rules: Vec::new(),
    });
    view
}

/// An alert whose evidence is in another language.
fn foreign() -> AlertView {
    let mut view = view("カナダ、AUKUS加盟へ", "カナダ政府は加盟を検討している。");
    let spot = |text: &str, start: usize, list: &str, role: Role, gloss: Option<&str>| Evidence {
        rule: RuleId::new("security-alliance"),
        field: Field::Title,
        start,
        end: start + text.chars().count(),
        text: text.to_owned(),
        term: text.to_owned(),
        list: list.to_owned(),
        role,
        label: String::new(),
        gloss: gloss.map(str::to_owned),
    };
    view.alert.item.language = Some("ja".to_owned());
    view.alert.matched.evidence = vec![
        spot("カナダ", 0, "CA", Role::Candidate, Some("Canada")),
        spot("AUKUS", 4, "AUKUS", Role::Alliance, None),
        spot("加盟", 9, "joining", Role::Term, Some("joining")),
    ];
    view
}

#[test]
fn the_body_goes_along_as_far_as_evidence_reaches() {
    let mut view = wire();
    let body = format!("{} Canada may join. {}", "ÄÖÜ 🚀 ".repeat(40), "More. ".repeat(200));
    let start = body.chars().position(|c| c == 'C').unwrap();
    view.alert.item.body = body.clone();
    let mut one = view.alert.matched.evidence[0].clone();
    (one.field, one.start, one.end) = (Field::Body, start, start + 6);
    view.alert.matched.evidence.push(one);
    let sealed = outlet("webhook", "http://127.0.0.1:9/x", "")
        .sink
        .render(&Letter::Alert(Box::new(view)), &stationery());
    let payload: Value = serde_json::from_slice(&sealed.body).unwrap();
    let sent = payload["data"]["item"]["body"].as_str().unwrap();
    assert!(body.starts_with(sent) && sent.len() < body.len());
    assert_eq!(sent.chars().skip(start).take(6).collect::<String>(), "Canada");
}

fn pretty(body: &[u8]) -> String {
    serde_json::to_string_pretty(&serde_json::from_slice::<Value>(body).unwrap()).unwrap()
}

fn letters() -> [(&'static str, Letter); 5] {
    [
        ("raised", Letter::Alert(Box::new(wire()))),
        ("updated", Letter::Alert(Box::new(updated()))),
        ("digest", Letter::Digest(vec![wire(), updated()])),
        ("foreign", Letter::Alert(Box::new(foreign()))),
        ("ping", Letter::Ping),
    ]
}

#[tokio::test]
async fn each_receiver_has_its_form_of_each_letter() {
    for kind in ["webhook", "slack"] {
        let outlet = outlet(kind, "http://127.0.0.1:9/x", "");
        for (name, letter) in letters() {
            let sealed = outlet.sink.render(&letter, &stationery());
            insta::assert_snapshot!(format!("{kind}-{name}"), pretty(&sealed.body));
        }
    }
    let console = console::Console::new(std::io::sink());
    for (name, letter) in letters() {
        let sealed = Sink::render(&console, &letter, &stationery());
        insta::assert_snapshot!(format!("console-{name}"), String::from_utf8(sealed.body).unwrap());
    }
}

/// A pipe that takes nothing before it is opened, and keeps what it got.
struct Pipe {
    opened: std::sync::mpsc::Receiver<()>,
    got: Arc<Mutex<Vec<u8>>>,
}

impl std::io::Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        // An end, so that a mistake fails and does not hang.
        let _ = self.opened.recv_timeout(Duration::from_secs(20));
        self.got.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_console_that_nobody_reads_holds_up_nothing_and_repeats_nothing() {
    let (open, opened) = std::sync::mpsc::channel();
    let got = Arc::new(Mutex::new(Vec::new()));
    let console = console::Console::new(Pipe { opened, got: got.clone() });
    let sealed = Sink::render(&console, &Letter::Ping, &stationery());
    let id = MessageId::new("msg_1");
    let parcel = |timeout| Parcel { id: &id, sealed: &sealed, timeout };
    let blocked = console.send(parcel(Duration::from_millis(20))).await;
    assert!(matches!(blocked.outcome, Outcome::Retry { .. }), "{blocked:?}");
    let still = console.send(parcel(Duration::from_millis(20))).await;
    assert!(still.error.is_some_and(|why| why.contains("nobody reads")));
    open.send(()).unwrap();
    let taken = console.send(parcel(Duration::from_secs(20))).await;
    assert!(matches!(taken.outcome, Outcome::Delivered { .. }), "{taken:?}");
    assert_eq!(*got.lock().unwrap(), sealed.body, "it was not written once");
}

#[tokio::test]
async fn every_status_has_its_meaning() {
    let (url, shared) = start().await;
    for kind in ["webhook", "slack"] {
        let outlet = outlet(kind, &url, "");
        let sealed = outlet.sink.render(&Letter::Ping, &stationery());
        let id = MessageId::new("msg_1");
        let mut meanings: BTreeMap<String, Vec<u16>> = BTreeMap::new();
        // 1xx and 101 are not final answers; 204, 205 and 304 have no body.
        for status in (200..600).filter(|status| StatusCode::from_u16(*status).is_ok()) {
            {
                let mut server = shared.lock().unwrap();
                server.status = status;
                server.body = if kind == "slack" { "ok".to_owned() } else { String::new() };
                if matches!(status, 204 | 205 | 304) {
                    server.body.clear();
                }
            }
            let parcel = Parcel { id: &id, sealed: &sealed, timeout: Duration::from_secs(5) };
            let answer = outlet.sink.send(parcel).await;
            assert_eq!(answer.status, Some(status), "{:?}", answer.error);
            let shown = format!("{:?}{:?}", answer, outlet.sink.kind());
            assert!(!shown.contains(TOKEN), "{shown}");
            meanings.entry(format!("{:?}", answer.outcome)).or_default().push(status);
        }
        let text: Vec<String> =
            meanings.iter().map(|(meaning, list)| format!("{meaning}: {}", ranges(list))).collect();
        insta::assert_snapshot!(format!("{kind}-statuses"), text.join("\n"));
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

#[tokio::test]
async fn slack_is_believed_by_its_words() {
    let (url, shared) = start().await;
    let outlet = outlet("slack", &url, "");
    let sealed = outlet.sink.render(&Letter::Ping, &stationery());
    let id = MessageId::new("msg_1");
    for (status, body, expected) in [
        (200, "ok", Outcome::Delivered { thread: None }),
        (200, "{\"ok\":true}", Outcome::Delivered { thread: None }),
        (200, "<html>log in</html>", Outcome::Retry { after: None }),
        (200, "{\"ok\":false,\"error\":\"ratelimited\"}", Outcome::Throttled { after: None }),
        (400, "invalid_blocks", Outcome::Refused(Refusal::Message)),
        (403, "invalid_token", Outcome::Refused(Refusal::Endpoint)),
        (404, "no_service", Outcome::Refused(Refusal::Gone)),
        (410, "channel_is_archived", Outcome::Refused(Refusal::Gone)),
        (500, "rollup_error", Outcome::Retry { after: None }),
    ] {
        {
            let mut server = shared.lock().unwrap();
            server.status = status;
            body.clone_into(&mut server.body);
        }
        let parcel = Parcel { id: &id, sealed: &sealed, timeout: Duration::from_secs(5) };
        assert_eq!(outlet.sink.send(parcel).await.outcome, expected, "{status} {body}");
    }
}

#[tokio::test]
async fn a_webhook_is_signed_and_carries_its_headers() {
    let (url, shared) = start().await;
    shared.lock().unwrap().status = 204;
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let more = format!("secret = \"{secret}\"\nheaders = {{ Authorization = \"Bearer abc\" }}\n");
    let outlet = outlet("webhook", &url, &more);
    let sealed = outlet.sink.render(&Letter::Alert(Box::new(wire())), &stationery());
    let id = MessageId::new("msg_abc");
    let parcel = Parcel { id: &id, sealed: &sealed, timeout: Duration::from_secs(5) };
    let answer = outlet.sink.send(parcel).await;
    assert_eq!(answer.outcome, Outcome::Delivered { thread: None });
    let (headers, body) = shared.lock().unwrap().asked.pop().unwrap();
    assert_eq!(body, sealed.body);
    assert_eq!(headers["webhook-id"], "msg_abc");
    assert_eq!(headers["authorization"], "Bearer abc");
    let timestamp: i64 = headers["webhook-timestamp"].to_str().unwrap().parse().unwrap();
    let signer = signing::Signer::new(&[crate::setting::Secret::new(secret)]).unwrap();
    assert_eq!(headers["webhook-signature"], signer.sign("msg_abc", timestamp, &body));
}

#[tokio::test]
async fn hints_redirects_and_silence_are_harmless() {
    let (url, shared) = start().await;
    let outlet = outlet("webhook", &url, "");
    let sealed = outlet.sink.render(&Letter::Ping, &stationery());
    let id = MessageId::new("msg_1");
    let set = |status: u16, headers: Vec<(&'static str, String)>, body: &str| {
        let mut server = shared.lock().unwrap();
        server.status = status;
        server.headers = headers;
        body.clone_into(&mut server.body);
    };
    let send =
        || outlet.sink.send(Parcel { id: &id, sealed: &sealed, timeout: Duration::from_secs(5) });
    set(429, vec![("retry-after", "7".to_owned())], "");
    assert_eq!(send().await.outcome, Outcome::Throttled { after: Some(Duration::from_secs(7)) });
    for senseless in ["inf", "-1", "soon"] {
        set(429, vec![("retry-after", senseless.to_owned())], "");
        assert_eq!(send().await.outcome, Outcome::Throttled { after: None }, "{senseless}");
    }
    set(302, vec![("location", "http://169.254.169.254/latest".to_owned())], "");
    let answer = send().await;
    assert_eq!(answer.outcome, Outcome::Refused(Refusal::Endpoint));
    assert!(answer.error.unwrap().contains("169.254.169.254"));
    set(500, Vec::new(), &"x".repeat(1 << 20));
    assert!(send().await.body.chars().count() <= 2000);
    set(500, Vec::new(), &format!("\u{1b}[31m no such path /services/{TOKEN}"));
    let answer = send().await;
    let shown = format!("{:?}", answer);
    assert!(!shown.contains(TOKEN) && !answer.body.contains('\u{1b}'), "{shown}");
}

#[tokio::test]
async fn a_private_address_needs_a_word() {
    let text = "[[sink]]\nname = \"x\"\ntype = \"webhook\"\nurl = \"http://127.0.0.1:9/\"\n";
    let workshop = Workshop {
        user_agent: "test".to_owned(),
        tls: Tls::new(&Trust::System).unwrap(),
        timeout: Duration::from_secs(1),
    };
    let error = match read(text).0[0].build(&workshop) {
        Ok(_) => panic!("a private address was taken"),
        Err(error) => error.to_string(),
    };
    assert!(error.contains("allow_private"), "{error}");
}

#[test]
fn secrets_never_show() {
    let text = format!(
        "[[sink]]\nname = \"a\"\ntype = \"slack\"\nurl = \"https://hooks.example/{TOKEN}\"\n\
         [[sink]]\nname = \"b\"\ntype = \"webhook\"\nurl = \"https://hooks.example/{TOKEN}\"\nsecret = \"{TOKEN}\"\n"
    );
    let (sinks, problems) = read(&text);
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems.iter().all(|one| one.severity == Severity::Warning && !one.quote));
    assert!(!format!("{sinks:?} {problems:?}").contains(TOKEN));
    let workshop = Workshop {
        user_agent: "test".to_owned(),
        tls: Tls::new(&Trust::System).unwrap(),
        timeout: Duration::from_secs(1),
    };
    let slack = sinks[0].build(&workshop).unwrap();
    assert!(!format!("{:?}", slack.route).contains(TOKEN));
    let error = match sinks[1].build(&workshop) {
        Ok(_) => panic!("a secret that is none was taken"),
        Err(error) => format!("{error} {error:?}"),
    };
    assert!(!error.contains(TOKEN), "{error}");
}

#[test]
fn mistakes_in_sinks_are_told() {
    let (sinks, problems) = read(
        "[[sink]]\nname = \"a\"\ntype = \"slack\"\n\
         [[sink]]\ntype = \"console\"\n\
         [[sink]]\nname = \"c\"\n\
         [[sink]]\nname = \"d\"\ntype = \"webook\"\n\
         [[sink]]\nname = \"e\"\ntype = \"console\"\nrules = []\nburst = -1\ncolour = true\n\
         [[sink]]\nname = \"e\"\ntype = \"console\"\n\
         [[sink]]\nname = \"f\"\ntype = \"webhook\"\nurl = \"https://a.example\"\nheaders = { Host = \"b\", \"a b\" = \"c\" }\n",
    );
    let text: Vec<String> = problems
        .iter()
        .map(|one| format!("{} / {}", one.message, one.help.as_deref().unwrap_or("-")))
        .collect();
    insta::assert_snapshot!(text.join("\n"));
    assert_eq!(sinks.iter().map(|sink| sink.name.as_str()).collect::<Vec<_>>(), ["e", "f"]);
}

#[test]
fn a_webhook_without_a_secret_is_told() {
    let hook = "[[sink]]\nname = 'x'\ntype = 'webhook'\nurl = 'https://hooks.example.org/'\n";
    let (sinks, problems) = read(hook);
    assert_eq!((sinks.len(), problems.len()), (1, 1));
    assert_eq!(problems[0].severity, Severity::Warning);
    assert!(problems[0].message.contains("nothing is signed"), "{}", problems[0].message);
    assert!(read(&format!("{hook}secret = {{ file = 'x' }}\n")).1.is_empty());
}

#[test]
fn a_digest_of_slack_shows_every_alert_that_it_says_it_can() {
    let sink = outlet("slack", "http://127.0.0.1:9/x", "").sink;
    let views: Vec<AlertView> = (1..=sink.digest())
        .map(|n| {
            let mut one = view(&format!("Headline {n:02}"), "Canada may join AUKUS Pillar 2");
            one.alert.id = AlertId(n as i64);
            one
        })
        .collect();
    let letter = Letter::Digest(views.clone());
    let forms = [Some(sink.render(&letter, &stationery())), sink.fallback(&letter, &stationery())];
    for sealed in forms.into_iter().flatten() {
        let text = String::from_utf8(sealed.body).unwrap();
        assert!(views.iter().all(|view| text.contains(&view.alert.item.title)), "{text}");
        assert!(!text.contains(" more: see"), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_text_stays_within_slacks_limits_and_inert(title in "(\\PC|[<>&|@!*_ ]){0,2000}", count in 1usize..30) {
        let outlet = outlet("slack", "http://127.0.0.1:9/x", "");
        let title = format!("<!channel> <@U1> <https://evil.example|ok> {title}");
        let one = view(&title, "Canada may join AUKUS Pillar 2");
        let alert = Letter::Alert(Box::new(one.clone()));
        let digest = Letter::Digest(vec![one; count]);
        for letter in [&alert, &digest] {
            for sealed in [Some(outlet.sink.render(letter, &stationery())), outlet.sink.fallback(letter, &stationery())].into_iter().flatten() {
                let body: Value = serde_json::from_slice(&sealed.body).unwrap();
                let text = body.to_string();
                prop_assert!(!text.contains("<!") && !text.contains("<@"), "{}", text);
                prop_assert!(!text.contains("<https://evil"), "{}", text);
                let blocks = body["blocks"].as_array().cloned().unwrap_or_default();
                prop_assert!(blocks.len() <= 50);
                for block in blocks {
                    let text = block["text"]["text"].as_str().unwrap_or_default();
                    prop_assert!(text.encode_utf16().count() <= 3000);
                }
            }
        }
    }
}
