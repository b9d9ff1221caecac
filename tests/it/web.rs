//! The web desk of a running daemon: real HTTP, a real database, feeds that mean harm.

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Child;

use crate::program::{Program, errors, signal, stop};
use crate::world::{Hook, Mood, PATIENCE, Reply, Site, entry};

/// A hostile headline: intake takes the tags away, the rest is text and must stay so.
const HOSTILE: &str = "<script>alert(1)</script> 1 < 2 & \"onload=alert(2)\" 'x' Serbia formally applies \
                       to join NATO";
const PAGES: [&str; 9] = [
    "/",
    "/stories",
    "/stories/S-1",
    "/ledger",
    "/feeds",
    "/deliveries",
    "/rules",
    "/try?text=%3Cscript%3Ealert(3)%3C/script%3E+Serbia+applies+to+join+NATO",
    "/alerts.atom",
];

/// An answer.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines
            .into_iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }
}

/// A daemon with its desk.
struct Desk {
    program: Program,
    daemon: Child,
    address: String,
}

impl Desk {
    /// The port is one that the system gives; the log tells which.
    async fn start(urls: &[String], hook: &Hook, more: &str) -> Self {
        let listen = format!("[web]\nlisten = \"127.0.0.1:0\"\n{more}");
        let config = Program::config(urls, &hook.url("alerts"));
        let program = Program::new(&config.replace("[web]\nlisten = \"\"\n", &listen));
        let daemon = program.start();
        program.logged("the page is at http://").await;
        let log = program.log();
        let (_, rest) = log.split_once("the page is at http://").unwrap();
        let address = rest.split('/').next().unwrap().to_owned();
        Self { program, daemon, address }
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[("Host", &self.address)], "").await
    }

    async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
        let answered = async {
            let mut stream = tokio::net::TcpStream::connect(&self.address).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut bytes = Vec::new();
            // A server that refuses a body may hang up before it has read all of it.
            let _ = stream.read_to_end(&mut bytes).await;
            String::from_utf8(bytes).unwrap()
        };
        let text = tokio::time::timeout(PATIENCE, answered).await.expect("no answer came");
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).unwrap_or("0").parse().unwrap();
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }

    async fn json(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        serde_json::from_str(&answer.body).unwrap()
    }

    /// Posts a form as our own page would.
    async fn post(&self, path: &str, form: &str) -> Answer {
        let origin = format!("http://{}", self.address);
        let headers = [
            ("Host", self.address.as_str()),
            ("Origin", &origin),
            ("Sec-Fetch-Site", "same-origin"),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ];
        self.ask("POST", path, &headers, form).await
    }

    async fn stop(self) {
        assert_eq!(stop(self.daemon).await, Some(0), "{}", self.program.log());
    }
}

async fn hostile() -> (Site, Hook, Desk) {
    let site = Site::start().await;
    let hook = Hook::willing().await;
    site.publish(
        "bad",
        [
            entry("one", HOSTILE, "<script>alert(4)</script> The letter was handed in."),
            entry("javascript:alert(5)", "Norway & <NATO> hold an \"exercise\"", ""),
            entry("near", "Ireland joins calls for ceasefire as NATO ministers <i>meet</i>", ""),
        ],
    );
    let desk = Desk::start(&[site.url("bad")], &hook, "").await;
    hook.until("the story is told", |all| !all.is_empty()).await;
    (site, hook, desk)
}

#[tokio::test]
async fn hostile_text_is_inert_on_every_page() {
    let (_site, _hook, desk) = hostile().await;
    let deliveries = desk.json("/api/v1/deliveries").await;
    let message = format!("/deliveries/{}", deliveries[0]["id"].as_str().unwrap());
    let mut seen = 0;
    for path in PAGES.iter().copied().chain([message.as_str()]) {
        let answer = desk.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        seen += usize::from(answer.body.contains("1 &lt; 2 &amp; &quot;onload=alert(2)&quot;"));
        for wrong in ["<script", "<img", "\"onload", "<i>", "<b>", "href=\"javascript:", "style=\""]
        {
            assert!(!answer.body.contains(wrong), "{path} holds {wrong}: {}", answer.body);
        }
        for line in answer.body.split("<a ").filter(|part| part.starts_with("href=\"http")) {
            let tag = line.split('>').next().unwrap();
            assert!(tag.contains("rel=\"noopener noreferrer nofollow\""), "{path}: {tag}");
        }
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'self'"), "{policy}");
        assert_eq!(answer.header("referrer-policy"), Some("same-origin"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
    assert!(seen >= 5, "the hostile text was shown on {seen} pages, so little was tested");
    desk.stop().await;
}

#[tokio::test]
async fn pages_show_what_happened() {
    let (_site, _hook, desk) = hostile().await;
    let first = desk.get("/").await.body;
    assert!(first.contains("1 of 1 feed fresh"), "{first}");
    assert!(first.contains("Serbia formally applies to join NATO"), "{first}");
    assert!(first.contains("Nearest misses") && first.contains("Ireland joins calls"), "{first}");
    let seen = desk.get("/?since=2999-01-01T00:00:00Z").await.body;
    assert!(seen.contains("Alerts since your mark") && seen.contains("<p>None.</p>"), "{seen}");

    let found = |page: &str| page.contains("/stories/S-1\"");
    for query in [
        "",
        "?alliance=nato",
        "?candidate=RS",
        "?candidate=Serbia",
        "?alliance=Otan",
        "?act=applies&level=flash",
        "?text=serbia",
        "?since=24h",
    ] {
        assert!(found(&desk.get(&format!("/stories{query}")).await.body), "{query}");
    }
    for query in [
        "?alliance=AUKUS",
        "?candidate=JP",
        "?act=joins",
        "?level=background",
        "?text=100%25",
        "?page=2",
    ] {
        assert!(!found(&desk.get(&format!("/stories{query}")).await.body), "{query}");
    }
    let story = desk.get("/stories/S-1").await.body;
    assert!(story.contains("<mark>NATO</mark>") && story.contains("to hook"), "{story}");
    let alert = desk.get("/alerts/A-1").await;
    assert_eq!((alert.status, alert.header("location")), (303, Some("/stories/S-1#A-1")));
    let pair = desk.get("/ledger?alliance=NATO&candidate=RS").await.body;
    assert!(pair.contains("<h1>Serbia and NATO</h1>") && pair.contains("<svg"), "{pair}");
    let rules = desk.get("/rules").await.body;
    assert!(rules.contains("1 match in 30 days"), "{rules}");
    let tried = desk.post("/try", "text=Canada+may+join+AUKUS&date=2024-03-24").await.body;
    assert!(tried.contains("AUKUS ← CA") && tried.contains("<mark>Canada</mark>"), "{tried}");
    for (path, status) in [
        ("/nowhere", 404),
        ("/stories/S-9", 404),
        ("/stories/x", 400),
        ("/alerts/A-9", 404),
        ("/try?text=a&date=x", 400),
        ("/api/v1/stories/S-9", 404),
        ("/api/v1/nothing", 404),
    ] {
        let answer = desk.get(path).await;
        assert_eq!(answer.status, status, "{path}");
        let json = answer.header("content-type") == Some("application/json");
        assert_eq!(json, path.starts_with("/api/"), "{path}");
    }
    for wrong in [
        "/?since=bogus",
        "/stories?since=bogus",
        "/stories?alliance=NATOO",
        "/stories?candidate=Atlantis",
        "/stories?level=bogus",
        "/stories?page=x",
        "/ledger?candidate=Atlantis",
        "/deliveries?state=bogus",
        "/deliveries?sink=hok",
        "/api/v1/alerts?since=bogus",
        "/api/v1/alerts?min_level=bogus",
        "/api/v1/alerts?limit=x",
        "/api/v1/alerts?alliance=NATOO",
        "/api/v1/stories?skip=x",
        "/api/v1/ledger?alliance=NATOO",
        "/api/v1/deliveries?state=bogus",
    ] {
        assert_eq!(desk.get(wrong).await.status, 400, "{wrong}");
    }
    assert_eq!(desk.json("/api/v1/alerts?alliance=Otan").await[0]["id"], "A-1");
    let program = &desk.program;
    assert_eq!(program.json(&["alerts", "list", "--alliance", "Otan"]).await.len(), 1);
    let moves = program.json(&["ledger", "--candidate", "Serbia", "--alliance", "nato"]).await;
    assert_eq!(moves[0]["candidate"], "RS");
    for (command, said) in [
        (&["ledger", "--candidate", "Atlantis"][..], "there is no candidate `Atlantis`"),
        (&["alerts", "list", "--alliance", "NATOO"], "did you mean `NATO`?"),
        (&["deliveries", "list", "--sink", "hok"], "did you mean `hook`?"),
    ] {
        let output = program.run(command).await;
        assert_eq!(output.status.code(), Some(1), "{command:?}");
        assert!(errors(&output).contains(said), "{}", errors(&output));
    }
    desk.stop().await;
}

#[tokio::test]
async fn the_api_says_what_the_commands_say() {
    let (_site, _hook, desk) = hostile().await;
    for (path, command) in [
        ("/api/v1/alerts", &["alerts", "list"][..]),
        ("/api/v1/stories", &["stories", "list"]),
        ("/api/v1/ledger", &["ledger"]),
    ] {
        let listed = Value::Array(desk.program.json(command).await);
        assert_eq!(desk.json(path).await, listed, "{path}");
    }
    let shown = desk.program.json(&["alerts", "show", "A-1"]).await.remove(0);
    assert_eq!(desk.json("/api/v1/alerts/A-1").await["alert"], shown["alert"]);
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let status = desk.program.json(&["status"]).await.remove(0);
    assert_eq!(keys(&desk.json("/api/v1/status").await), keys(&status));
    let feeds = desk.program.json(&["feeds", "list"]).await;
    assert_eq!(keys(&desk.json("/api/v1/feeds").await[0]), keys(&feeds[0]));
    let explained =
        desk.program.json(&["explain", "Canada may join AUKUS", "--date", "2024-03-24"]).await;
    let asked = desk.json("/api/v1/explain?text=Canada+may+join+AUKUS&date=2024-03-24").await;
    assert_eq!(asked, explained[0]);
    desk.stop().await;
}

#[tokio::test]
async fn other_sites_can_neither_read_nor_change() {
    let site = Site::start().await;
    let hook = Hook::start(|_, _| Reply::status(400)).await;
    site.publish("one", [entry("a", "Ireland formally applies to join NATO", "")]);
    let desk =
        Desk::start(&[site.url("one")], &hook, "public_url = \"https://desk.example.org\"\n").await;
    hook.until("it is refused", |all| !all.is_empty()).await;
    let dead = async {
        loop {
            let all = desk.json("/api/v1/deliveries?state=dead").await;
            if let Some(id) = all[0]["id"].as_str() {
                return id.to_owned();
            }
        }
    };
    let id = tokio::time::timeout(PATIENCE, dead).await.expect("no dead letter");
    let port = desk.address.split(':').nth(1).unwrap().to_owned();

    // A name that another site points at us, none at all, and our own.
    for (host, status) in [
        ("evil.example", 421),
        ("", 421),
        ("localhost.evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost", 200),
        ("127.0.0.1", 200),
        ("[::1]", 200),
        ("desk.example.org", 200),
        ("DESK.example.org", 200),
    ] {
        let host = format!("{host}:{port}");
        assert_eq!(desk.ask("GET", "/", &[("Host", &host)], "").await.status, status, "{host}");
    }
    let two = [("Host", "localhost"), ("Host", "evil.example")];
    assert!(desk.ask("GET", "/", &two, "").await.status >= 400);

    let path = format!("/deliveries/{id}/discard");
    let own = format!("http://{}", desk.address);
    let other = format!("https://{}", desk.address);
    let host = desk.address.as_str();
    for (headers, status) in [
        (vec![], 403),
        (vec![("Origin", "https://evil.example")], 403),
        (vec![("Origin", "null")], 403),
        (vec![("Origin", own.as_str()), ("Sec-Fetch-Site", "cross-site")], 403),
        (vec![("Origin", own.as_str()), ("Sec-Fetch-Site", "same-site")], 403),
        (vec![("Sec-Fetch-Site", "none")], 403),
        // A page behind another port or by another scheme is another site.
        (vec![("Origin", "http://127.0.0.1:1")], 403),
        (vec![("Origin", "http://127.0.0.1")], 403),
        (vec![("Origin", other.as_str())], 403),
        (vec![("Origin", "http://desk.example.org")], 403),
        (vec![("Origin", "https://desk.example.org:444")], 403),
    ] {
        let mut all = vec![("Host", host)];
        all.extend(headers);
        assert_eq!(desk.ask("POST", &path, &all, "").await.status, status, "{all:?}");
    }
    // Nothing is changed by looking.
    for method in ["GET", "HEAD", "PUT", "DELETE"] {
        assert_eq!(desk.ask(method, &path, &[("Host", host)], "").await.status, 405, "{method}");
    }
    let state = |all: Value| all[0]["state"].as_str().unwrap().to_owned();
    assert_eq!(state(desk.json("/api/v1/deliveries").await), "dead");

    assert_eq!(desk.post(&path, "").await.status, 303);
    assert_eq!(state(desk.json("/api/v1/deliveries").await), "discarded");
    assert_eq!(desk.post(&path, "").await.status, 409);
    let tries = hook.received().len();
    assert_eq!(desk.post(&format!("/deliveries/{id}/retry"), "").await.status, 303);
    hook.until("it is sent again under its id", |all| {
        all.len() > tries && all.iter().all(|one| one.id == id)
    })
    .await;
    // A program names no origin, and may ask what changes nothing.
    let text = "text=Canada+may+join+AUKUS&date=2024-03-24";
    let explained = desk.ask("POST", "/api/v1/explain", &[("Host", host)], text).await;
    assert!(explained.status == 200 && explained.body.contains("AUKUS"), "{explained:?}");
    let strange = [("Host", host), ("Origin", "https://evil.example")];
    let refused = desk.ask("POST", "/api/v1/explain", &strange, text).await;
    assert_eq!((refused.status, refused.header("content-type")), (403, Some("application/json")));
    // Behind a proxy the origin is the public one.
    let proxied =
        [("Host", host), ("Origin", "https://desk.example.org"), ("Sec-Fetch-Site", "same-origin")];
    assert_ne!(desk.ask("POST", &path, &proxied, "").await.status, 403);
    desk.stop().await;
}

#[tokio::test]
async fn a_token_is_asked_for_and_remembered() {
    let site = Site::start().await;
    let hook = Hook::willing().await;
    site.publish("one", []);
    const TOKEN: &str = "a-token-of-many-letters";
    let desk = Desk::start(&[site.url("one")], &hook, &format!("token = \"{TOKEN}\"\n")).await;
    let host = desk.address.clone();
    let with = |name: &'static str, value: String| {
        let host = host.clone();
        let desk = &desk;
        async move { desk.ask("GET", "/feeds", &[("Host", &host), (name, &value)], "").await }
    };
    assert_eq!(desk.get("/feeds").await.status, 401);
    assert_eq!(desk.get("/metrics").await.status, 401);
    assert_eq!(desk.get("/api/v1/alerts").await.status, 401);
    for open in ["/healthz", "/readyz", "/style.css", "/icon.svg"] {
        assert_eq!(desk.get(open).await.status, 200, "{open}");
    }
    let form = with("Accept", "text/html".to_owned()).await;
    assert!(form.status == 401 && form.body.contains("type=\"password\""), "{form:?}");
    assert!(form.body.contains("name=\"next\" value=\"/feeds\""), "{form:?}");
    for (next, leads) in [
        ("%2Fstories%3Falliance%3DNATO", "/stories?alliance=NATO"),
        ("", "/"),
        ("%2F%2Fevil.example", "/"),
        ("%2F%5Cevil.example", "/"),
        ("https%3A%2F%2Fevil.example", "/"),
    ] {
        let entered = desk.post("/login", &format!("token={TOKEN}&next={next}")).await;
        assert_eq!((entered.status, entered.header("location")), (303, Some(leads)), "{next}");
    }
    // From a chat: a page of our own leads on, and brings the cookie that the browser kept back.
    let chat = with("Sec-Fetch-Site", "cross-site".to_owned()).await;
    assert!(chat.body.contains("http-equiv=\"refresh\""), "{chat:?}");
    assert_eq!(with("Authorization", format!("Bearer {TOKEN}x")).await.status, 401);
    assert_eq!(with("Authorization", format!("Bearer {TOKEN}")).await.status, 200);
    assert_eq!(desk.post("/login", "token=wrong").await.status, 401);
    let entered = desk.post("/login", &format!("token={TOKEN}")).await;
    assert_eq!(entered.status, 303);
    let cookie = entered.header("set-cookie").unwrap().to_owned();
    assert!(cookie.contains("HttpOnly; SameSite=Strict; Path=/"), "{cookie}");
    assert!(!cookie.contains(TOKEN));
    let pair = cookie.split(';').next().unwrap().to_owned();
    assert_eq!(with("Cookie", pair.clone()).await.status, 200);
    assert_eq!(with("Cookie", format!("{pair}x")).await.status, 401);
    assert_eq!(with("Cookie", "pactwatch=".to_owned()).await.status, 401);
    assert!(!desk.program.log().contains(TOKEN));
    desk.stop().await;
}

#[tokio::test]
async fn what_is_too_much_is_refused_and_harms_nobody() {
    let site = Site::start().await;
    let hook = Hook::willing().await;
    site.publish("one", []);
    let desk = Desk::start(&[site.url("one")], &hook, "").await;
    let large = format!("text={}", "a".repeat(2 << 20));
    assert!(matches!(desk.post("/try", &large).await.status, 413 | 0));
    let long = format!("text={}", "a".repeat(200_000));
    assert_eq!(desk.post("/try", &long).await.status, 400);
    let path = format!("/{}", "a".repeat(100_000));
    assert!(matches!(desk.get(&path).await.status, 0 | 400..=431));
    // Connections that say nothing do not keep others out.
    let mut silent = Vec::new();
    for _ in 0..40 {
        silent.push(tokio::net::TcpStream::connect(&desk.address).await.unwrap());
    }
    assert_eq!(desk.get("/healthz").await.status, 200);
    drop(silent);
    desk.stop().await;
}

#[tokio::test]
async fn a_port_in_use_stops_nothing_else() {
    let site = Site::start().await;
    let hook = Hook::willing().await;
    site.publish("one", [entry("a", "Ireland formally applies to join NATO", "")]);
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap();
    let config = Program::config(&[site.url("one")], &hook.url("alerts"));
    let listen =
        |address: &str| config.replace("listen = \"\"", &format!("listen = \"{address}\""));
    let program = Program::new(&listen(&address.to_string()));
    let daemon = program.start();
    hook.until("alerts go out all the same", |all| !all.is_empty()).await;
    program.logged(&format!("the page cannot be had at {address}")).await;
    // Another port takes effect with a reload.
    program.configure(&listen("127.0.0.1:0"));
    signal(&daemon, "HUP");
    program.logged("the page is at http://127.0.0.1:").await;
    assert_eq!(stop(daemon).await, Some(0), "{}", program.log());
}

#[tokio::test]
async fn a_refused_config_is_shown_until_it_is_mended() {
    let (_site, _hook, desk) = hostile().await;
    let good = std::fs::read_to_string(desk.program.path("pactwatch.toml")).unwrap();
    desk.program.configure("[[feed]]\nurll = \"x\"\n");
    signal(&desk.daemon, "HUP");
    desk.program.logged("config rejected").await;
    let page = desk.get("/").await.body;
    assert!(page.contains("The config on disk is refused") && page.contains("urll"), "{page}");
    assert!(desk.get("/metrics").await.body.contains("pactwatch_config_good 0"));
    desk.program.configure(&good);
    signal(&desk.daemon, "HUP");
    desk.program.logged("config reloaded").await;
    assert!(!desk.get("/").await.body.contains("is refused"));
    let metrics = desk.get("/metrics").await.body;
    assert!(metrics.contains("pactwatch_config_reloads_total{outcome=\"taken\"} 1"), "{metrics}");
    desk.stop().await;
}

#[tokio::test]
async fn metrics_count_what_happens_and_keep_their_names() {
    let (site, _hook, desk) = hostile().await;
    site.mood("bad", Mood::Status(500));
    let asked = site.visits().len();
    site.until("a poll fails", |all| all.len() > asked + 1).await;
    let answer = desk.get("/metrics").await;
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let value = |name: &str| -> f64 {
        let line = answer.body.lines().find_map(|line| line.strip_prefix(name));
        let line = line.unwrap_or_else(|| panic!("{name} is missing: {}", answer.body));
        line.trim().parse().unwrap()
    };
    assert_eq!(value("pactwatch_polls_total{outcome=\"read\"}"), 1.0);
    assert!(value("pactwatch_polls_total{outcome=\"failed\"}") >= 1.0);
    assert!(value("pactwatch_poll_duration_seconds_count") >= 2.0);
    assert_eq!(value("pactwatch_entries_total"), 3.0);
    assert_eq!(value("pactwatch_items_total{decision=\"alert\"}"), 1.0);
    assert_eq!(value("pactwatch_items_total{decision=\"quiet\"}"), 2.0);
    assert_eq!(value("pactwatch_rule_matches_total{rule=\"security-alliance\"}"), 1.0);
    assert_eq!(value("pactwatch_stories_total"), 1.0);
    assert_eq!(value("pactwatch_alerts_total{level=\"flash\",kind=\"raised\"}"), 1.0);
    assert_eq!(
        value("pactwatch_delivery_attempts_total{sink=\"hook\",outcome=\"delivered\"}"),
        1.0
    );
    assert_eq!(value("pactwatch_queue_messages{sink=\"hook\",state=\"delivered\"}"), 1.0);
    assert!(value("pactwatch_last_progress_timestamp_seconds{station=\"judge\"}") > 1.6e9);
    // Each sample stands below its own head, and a feed names no series.
    let mut names = Vec::new();
    for line in answer.body.lines() {
        match line.strip_prefix("# TYPE ") {
            Some(head) => names.push(head.to_owned()),
            None if line.starts_with('#') => {}
            None => {
                let of = names.last().unwrap().split(' ').next().unwrap();
                assert!(line.starts_with(of), "{line} is not of {of}");
                assert!(!line.contains("feed 0"), "{line}");
            }
        }
    }
    insta::assert_snapshot!("metrics", names.join("\n"));
    // The example alerts and the dashboard ask for what is there.
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let alerts = std::fs::read_to_string(root.join("config/prometheus-alerts.yml")).unwrap();
    let board = std::fs::read_to_string(root.join("config/grafana-dashboard.json")).unwrap();
    let board: Value = serde_json::from_str(&board).unwrap();
    let panels = board["panels"].as_array().unwrap();
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().unwrap());
    let expressions = targets.map(|target| target["expr"].as_str().unwrap());
    // Each is of one instance, which Prometheus knows and we do not.
    let expressions: Vec<String> = expressions
        .map(|expression| {
            assert!(expression.contains("instance=\"$instance\""), "{expression}");
            expression
                .replace("{instance=\"$instance\"}", "")
                .replace("instance=\"$instance\",", "")
        })
        .collect();
    let all = alerts + &expressions.join("\n");
    let mut asked = 0;
    for (at, _) in all.match_indices("pactwatch_") {
        let rest = &all[at..];
        let name = rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap();
        let head = format!("{} ", name.strip_suffix("_bucket").unwrap_or(name));
        assert!(names.iter().any(|known| known.starts_with(&head)), "no metric is called {name}");
        if let Some(labels) = rest[name.len()..].strip_prefix('{') {
            // A pattern of several words asks for lines with the same label.
            let label = labels.split('}').next().unwrap();
            let label = match label.split_once('~') {
                Some((label, _)) => label.trim_end_matches(['=', '!']),
                None => label,
            };
            let sample = |line: &str| line.starts_with(name) && line.contains(label);
            assert!(answer.body.lines().any(sample), "{name} has no {label}");
        }
        asked += 1;
    }
    assert!(asked >= 25, "only {asked} metrics were found");
    desk.stop().await;
}

#[tokio::test]
async fn alerts_are_judged_and_stories_muted_by_posting_alone() {
    let (_site, _hook, desk) = hostile().await;
    let alerts = desk.json("/api/v1/alerts").await;
    let alert = alerts[0]["id"].as_str().unwrap().to_owned();
    let story = alerts[0]["story"].as_str().unwrap().to_owned();
    let (judge, mute) = (format!("/alerts/{alert}/judge"), format!("/stories/{story}/mute"));
    let host = desk.address.clone();
    for path in [&judge, &mute] {
        assert_eq!(desk.get(path).await.status, 405, "{path}");
        let strange = [("Host", host.as_str()), ("Origin", "https://evil.example")];
        assert_eq!(desk.ask("POST", path, &strange, "verdict=bad&days=7").await.status, 403);
    }
    for (path, form, status) in [
        (judge.as_str(), "verdict=maybe", 400),
        ("/alerts/A-99/judge", "verdict=bad", 404),
        ("/alerts/x/judge", "verdict=bad", 400),
        (mute.as_str(), "days=365", 400),
        (mute.as_str(), "", 400),
        ("/stories/S-99/mute", "days=7", 404),
        (&format!("/stories/{story}/unmute"), "", 409),
    ] {
        assert_eq!(desk.post(path, form).await.status, status, "{path} {form}");
    }
    assert_eq!(desk.json("/api/v1/alerts").await[0]["judged"], Value::Null);

    assert_eq!(desk.post(&judge, "verdict=bad").await.status, 303);
    assert_eq!(desk.json("/api/v1/alerts").await[0]["judged"], "bad");
    assert_eq!(desk.post(&mute, "days=7").await.status, 303);
    let mutes = desk.program.json(&["stories", "mutes"]).await;
    assert_eq!(mutes[0]["subject"], story.as_str());
    let page = desk.get(&format!("/stories/{story}")).await.body;
    assert!(page.contains("Judged bad") && page.contains("Muted until"), "{page}");
    assert_eq!(desk.post(&format!("/stories/{story}/unmute"), "").await.status, 303);
    assert!(desk.program.json(&["stories", "mutes"]).await.is_empty());

    // One of an alliance is told wherever it matters.
    let muted =
        desk.program.run(&["stories", "mute", "NATO", "--for", "1d", "--note", "summit"]).await;
    assert!(muted.status.success(), "{}", errors(&muted));
    for path in ["/".to_owned(), format!("/stories/{story}")] {
        let page = desk.get(&path).await.body;
        assert!(page.contains("NATO") && page.contains("is muted until"), "{path}: {page}");
        assert!(page.contains("(summit)"), "{path}: {page}");
    }
    desk.stop().await;
}
