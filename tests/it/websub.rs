//! News that a hub pushes. The hub is written from the recommendation (W3C, 23 January 2018) and knows
//! nothing of the program but what that one sends it.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{RawForm, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use hmac::{Hmac, KeyInit, Mac};
use tokio::sync::watch;
use url::form_urlencoded;

use crate::program::{Program, stop};
use crate::world::{Hook, PATIENCE, Reply};

/// A subscription as the hub knows it.
#[derive(Debug, Clone)]
struct Subscriber {
    callback: String,
    topic: String,
    secret: String,
    /// What it answered to the challenge.
    confirmed: bool,
}

struct Shared {
    base: String,
    subscribers: watch::Sender<Vec<Subscriber>>,
    /// Requests to subscribe so far.
    asked: Mutex<usize>,
    refuses: Mutex<bool>,
    lease: u64,
    entries: Mutex<Vec<String>>,
    client: reqwest::Client,
}

/// A site with one Atom feed and the hub that pushes it.
struct Hub(Arc<Shared>);

impl Hub {
    async fn start(lease: u64) -> Self {
        // A second hub finds it installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let shared = Arc::new(Shared {
            base: format!("http://{}", listener.local_addr().unwrap()),
            subscribers: watch::channel(Vec::new()).0,
            asked: Mutex::default(),
            refuses: Mutex::default(),
            lease,
            entries: Mutex::default(),
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
        });
        let app = Router::new()
            .route("/feed", get(feed))
            .route("/hub", post(subscribe))
            .with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self(shared)
    }

    fn url(&self) -> String {
        format!("{}/feed", self.0.base)
    }

    /// Waits for a subscriber that has confirmed.
    async fn subscriber(&self) -> Subscriber {
        let mut seen = self.0.subscribers.subscribe();
        let wait = seen.wait_for(|all| all.iter().any(|one| one.confirmed));
        let all = tokio::time::timeout(PATIENCE, wait).await.expect("nobody subscribed").unwrap();
        all.iter().rfind(|one| one.confirmed).unwrap().clone()
    }

    /// Adds an entry to the feed and pushes it, signed with this key; the answer's status.
    async fn publish(&self, to: &Subscriber, title: &str, method: &str, key: &str) -> StatusCode {
        let entry = entry(title);
        self.0.entries.lock().unwrap().insert(0, entry.clone());
        let body = atom(&self.0.base, &[entry]);
        let signature = match method {
            "sha1" => sign::<Hmac<sha1::Sha1>>(key, &body),
            _ => sign::<Hmac<sha2::Sha256>>(key, &body),
        };
        self.push(to, &body, Some(&format!("{method}={signature}"))).await
    }

    async fn push(&self, to: &Subscriber, body: &str, signature: Option<&str>) -> StatusCode {
        let mut request = self.0.client.post(&to.callback).body(body.to_owned());
        request = request.header("content-type", "application/atom+xml").header(
            "link",
            format!("<{0}/hub>; rel=\"hub\", <{0}/feed>; rel=\"self\"", self.0.base),
        );
        if let Some(signature) = signature {
            request = request.header("x-hub-signature", signature);
        }
        request.send().await.unwrap().status()
    }

    fn asked(&self) -> usize {
        *self.0.asked.lock().unwrap()
    }
}

fn sign<M: Mac + KeyInit>(key: &str, body: &str) -> String {
    let mut mac = <M as KeyInit>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    mac.finalize().into_bytes().iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

fn entry(title: &str) -> String {
    let now = jiff::Timestamp::now();
    let slug: String = title.chars().filter(char::is_ascii_alphanumeric).collect();
    format!(
        "<entry><id>tag:{slug}</id><title>{title}</title><updated>{now}</updated>\
         <link href='https://news.example.org/{slug}'/></entry>"
    )
}

fn atom(base: &str, entries: &[String]) -> String {
    format!(
        "<feed xmlns='http://www.w3.org/2005/Atom'><title>t</title><link rel='hub' href='{base}/hub'/>\
         <link rel='self' href='{base}/feed'/>{}</feed>",
        entries.concat()
    )
}

async fn feed(State(hub): State<Arc<Shared>>) -> Response {
    let entries = hub.entries.lock().unwrap().clone();
    ([("content-type", "application/atom+xml")], atom(&hub.base, &entries)).into_response()
}

/// Section 5.1, and the call of section 5.3 that follows.
async fn subscribe(State(hub): State<Arc<Shared>>, RawForm(form): RawForm) -> Response {
    let form: HashMap<String, String> = form_urlencoded::parse(&form).into_owned().collect();
    *hub.asked.lock().unwrap() += 1;
    assert_eq!(form["hub.mode"], "subscribe");
    assert_eq!(form["hub.topic"], format!("{}/feed", hub.base));
    assert!(form["hub.lease_seconds"].parse::<u64>().is_ok());
    assert!((32..200).contains(&form["hub.secret"].len()));
    if *hub.refuses.lock().unwrap() {
        return (StatusCode::FORBIDDEN, "this topic is not for you").into_response();
    }
    let one = Subscriber {
        callback: form["hub.callback"].clone(),
        topic: form["hub.topic"].clone(),
        secret: form["hub.secret"].clone(),
        confirmed: false,
    };
    tokio::spawn(async move {
        let (status, text) = challenge(&hub, &one.callback, "subscribe", &one.topic).await;
        let confirmed = status.is_success() && text == "a challenge+&=";
        hub.subscribers.send_modify(|all| all.push(Subscriber { confirmed, ..one }));
    });
    StatusCode::ACCEPTED.into_response()
}

async fn challenge(hub: &Shared, callback: &str, mode: &str, topic: &str) -> (StatusCode, String) {
    let mut url = url::Url::parse(callback).unwrap();
    url.query_pairs_mut()
        .append_pair("hub.mode", mode)
        .append_pair("hub.topic", topic)
        .append_pair("hub.challenge", "a challenge+&=")
        .append_pair("hub.reason", "no \u{1b}[31mmore")
        .append_pair("hub.lease_seconds", &hub.lease.to_string());
    let answer = hub.client.get(url).send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

/// The program on the hub's feed. The address that hubs call is one that nobody uses at the moment.
fn program(hub: &Hub, hook: &Hook) -> Program {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = Program::config(&[], &hook.url("hook"));
    Program::new(&format!(
        "{config}[[feed]]\nname = \"pushed\"\nurl = \"{}\"\n\
         [websub]\ncallback = \"http://{free}/calls\"\nlisten = \"{free}\"\n",
        hub.url()
    ))
}

async fn push_of(program: &Program) -> serde_json::Value {
    program.json(&["feeds", "list"]).await[0]["push"].clone()
}

#[tokio::test]
async fn news_comes_by_push_and_only_from_the_hub() {
    let hub = Hub::start(3_600).await;
    let hook = Hook::start(|_, _| Reply::status(204)).await;
    let program = program(&hub, &hook);
    let daemon = program.start();
    let subscriber = hub.subscriber().await;
    program.logged("pushes the feed").await;
    assert_eq!(push_of(&program).await, "active");
    // Published, pushed, judged and told, while the next poll is far away.
    let mut times = Vec::new();
    let countries =
        ["Ireland", "Georgia", "Moldova", "Austria", "Switzerland", "Kosovo", "Ukraine"];
    for (number, country) in countries.into_iter().enumerate() {
        let title = format!("{country} formally applies to join NATO");
        let method = if number % 2 == 0 { "sha256" } else { "sha1" };
        let began = Instant::now();
        let status = hub.publish(&subscriber, &title, method, &subscriber.secret).await;
        assert_eq!(status, StatusCode::ACCEPTED);
        hook.until("it is told", |told| told.len() > number).await;
        times.push(began.elapsed());
    }
    times.sort_unstable();
    println!("from publication to webhook: median {:?}, longest {:?}", times[3], times[6]);

    // What others send is thanked for and dropped.
    let forged = atom(&hub.0.base, &[entry("Serbia formally applies to join NATO")]);
    let tag = sign::<Hmac<sha2::Sha256>>("another key", &forged);
    for signature in [None, Some(format!("sha256={tag}")), Some("sha256=".to_owned())] {
        let status = hub.push(&subscriber, &forged, signature.as_deref()).await;
        assert_eq!(status, StatusCode::ACCEPTED);
    }
    assert_eq!(push_of(&program).await, "unsigned");
    let faults = program.json(&["feeds", "list"]).await[0]["faults"].to_string();
    assert!(faults.contains("not rightly signed"), "{faults}");
    let stranger =
        Subscriber { callback: format!("{}x", subscriber.callback), ..subscriber.clone() };
    assert_eq!(hub.push(&stranger, &forged, None).await, StatusCode::GONE);
    let asked = |callback: String, topic: String| {
        let hub = hub.0.clone();
        async move { challenge(&hub, &callback, "subscribe", &topic).await.0 }
    };
    let (callback, topic) = (subscriber.callback.clone(), subscriber.topic.clone());
    assert_eq!(asked(stranger.callback, topic.clone()).await, StatusCode::NOT_FOUND);
    assert_eq!(asked(callback.clone(), topic).await, StatusCode::NOT_FOUND, "nobody asked again");
    assert_eq!(asked(callback, "https://x.example/".into()).await, StatusCode::NOT_FOUND);

    // A push that says less than the feed makes it be polled at once.
    let word = "Armenia formally applies to join NATO";
    hub.0.entries.lock().unwrap().insert(0, entry(word));
    let thin = sign::<Hmac<sha2::Sha256>>(&subscriber.secret, "");
    let signature = format!("sha256={thin}");
    assert_eq!(hub.push(&subscriber, "", Some(&signature)).await, StatusCode::ACCEPTED);
    hook.until("it is told", |told| told.len() > countries.len()).await;
    assert_eq!(push_of(&program).await, "active", "it signs again");
    let told: Vec<String> = hook.received().iter().map(|one| one.body.to_string()).collect();
    assert!(told.iter().all(|one| !one.contains("Serbia")), "{told:#?}");

    // What was agreed outlives a restart: the hub is not asked again, and its news is taken.
    assert_eq!(stop(daemon).await, Some(0));
    let daemon = program.start();
    let title = "Albania formally applies to join BRICS";
    let pushed = async {
        while !matches!(
            hub.0.client.get(&subscriber.callback).send().await,
            Ok(answer) if answer.status() == StatusCode::NOT_FOUND
        ) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        hub.publish(&subscriber, title, "sha256", &subscriber.secret).await
    };
    assert_eq!(tokio::time::timeout(PATIENCE, pushed).await.unwrap(), StatusCode::ACCEPTED);
    hook.until("it is told", |told| told.len() > countries.len() + 1).await;
    assert_eq!(hub.asked(), 1);

    // The hub gives notice.
    let (callback, topic) = (&subscriber.callback, &subscriber.topic);
    assert_eq!(challenge(&hub.0, callback, "denied", topic).await.0, StatusCode::OK);
    assert_eq!(push_of(&program).await, "denied");
    program.logged("the hub refuses the subscription: no [31mmore").await;
    assert_eq!(stop(daemon).await, Some(0));
    assert!(!program.log().contains(&subscriber.secret), "the key stands in the log");
}

#[tokio::test]
async fn a_hub_that_refuses_costs_no_news() {
    let hub = Hub::start(3_600).await;
    *hub.0.refuses.lock().unwrap() = true;
    hub.0.entries.lock().unwrap().push(entry("Ireland formally applies to join NATO"));
    let hook = Hook::start(|_, _| Reply::status(204)).await;
    let program = program(&hub, &hook);
    let daemon = program.start();
    program.logged("this topic is not for you").await;
    assert_eq!(push_of(&program).await, "asked");
    // Without the section there is nothing to call, and nothing left of it.
    let config = std::fs::read_to_string(program.path("pactwatch.toml")).unwrap();
    program.configure(config.split("[websub]").next().unwrap());
    crate::program::signal(&daemon, "HUP");
    program.logged("[websub] changed").await;
    let gone = async {
        while !push_of(&program).await.is_null() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.unwrap();
    assert_eq!(stop(daemon).await, Some(0));
}
