//! The commands about feeds, and what of a feed's access may show.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use crate::program::{Program, errors, stop, text};

/// Status, media type, body.
type Page = (u16, &'static str, String);

/// What a site answers by path, and what it was asked.
#[derive(Clone, Default)]
struct Desk {
    pages: Arc<Mutex<HashMap<&'static str, Page>>>,
    asked: Arc<Mutex<Vec<(String, HeaderMap)>>>,
    base: Arc<str>,
}

impl Desk {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let desk = Self { base: base.into(), ..Self::default() };
        let app = Router::new().fallback(answer).with_state(desk.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        desk
    }

    fn page(&self, path: &'static str, status: u16, kind: &'static str, body: impl Into<String>) {
        self.pages.lock().unwrap().insert(path, (status, kind, body.into()));
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn asked(&self, path: &str) -> Vec<HeaderMap> {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|(one, _)| one == path).map(|(_, headers)| headers.clone()).collect()
    }
}

async fn answer(State(desk): State<Desk>, uri: Uri, headers: HeaderMap) -> Response {
    desk.asked.lock().unwrap().push((uri.to_string(), headers));
    let page = desk.pages.lock().unwrap().get(uri.path()).cloned();
    let (status, kind, body) = page.unwrap_or((404, "text/plain", String::new()));
    (StatusCode::from_u16(status).unwrap(), [(header::CONTENT_TYPE, kind)], body).into_response()
}

fn rss(title: &str) -> String {
    format!(
        "<rss version=\"2.0\"><channel><title>{title}</title><item><guid>1</guid>\
         <title>Storm closes ports</title><link>/1</link>\
         <pubDate>Mon, 05 Jan 2026 10:00:00 GMT</pubDate></item></channel></rss>"
    )
}

/// Addresses and times as they come out the same each time.
fn settled(desk: &Desk, text: &str) -> String {
    let mut text = text.replace(&*desk.base, "http://example.org");
    while let Some(at) = text.find("next poll 2") {
        text.replace_range(at + 10..at + 26, "TIME");
    }
    text
}

fn config(feeds: &str) -> String {
    format!(
        "include = [\"builtin:alliances\"]\ndatabase = \"test.db\"\n\
         [network]\nallow_private = [\"127.0.0.0/8\"]\ncontact = \"test\"\n\
         [[sink]]\nname = \"console\"\ntype = \"console\"\n{feeds}"
    )
}

fn assert_narrow(text: &str) {
    for line in text.lines().filter(|line| !line.contains("http")) {
        assert!(line.chars().count() <= 80, "wider than 80 columns: {line}");
    }
}

#[tokio::test]
async fn feeds_of_a_page_are_found_read_and_ready_to_paste() {
    let desk = Desk::start().await;
    let page = "<html><head><title>Gazette</title>\
        <link rel=\"alternate\" type=\"application/rss+xml\" title=\"News\" href=\"/news.xml\">\
        <link rel=\"alternate\" type=\"application/rss+xml\" title=\"Old\" href=\"/old.xml\">\
        </head><body><a href=\"/sport/rss\">Sport</a><a href=\"/known.xml\">Known</a></body></html>";
    desk.page("/", 200, "text/html", page);
    desk.page("/news.xml", 200, "application/rss+xml", rss("Gazette \"News\""));
    desk.page("/sport/rss", 200, "application/rss+xml", rss(""));
    desk.page("/known.xml", 200, "application/rss+xml", rss("Known"));
    let known = format!("[[feed]]\nname = \"Mine\"\nurl = \"{}\"\n", desk.url("/known.xml"));
    let program = Program::new(&config(&known));
    let output = program.run(&["feeds", "discover", &desk.url("/")]).await;
    assert!(output.status.success(), "{}", errors(&output));
    assert_narrow(&text(&output));
    insta::assert_snapshot!("discover", settled(&desk, &text(&output)));
    let found = program.json(&["feeds", "discover", &desk.url("/")]).await;
    assert_eq!(found.len(), 4);
    assert_eq!((&found[0]["entries"], &found[3]["feed"]), (&1.into(), &"Mine".into()));
    // A page that points to none, with a feed at a usual place; and one without.
    let bare = Desk::start().await;
    bare.page("/", 200, "text/html", "<html><title>Bare</title></html>");
    bare.page("/rss.xml", 200, "text/xml", rss("Hidden"));
    let output = program.run(&["feeds", "discover", &bare.url("/")]).await;
    assert!(text(&output).contains("name = \"Hidden\""), "{}", text(&output));
    bare.page("/rss.xml", 404, "text/xml", "");
    let output = program.run(&["feeds", "discover", &bare.url("/")]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(errors(&output).contains("no feed that can be read"), "{}", errors(&output));
    // A link to a feed that is dead is no reason to look no further.
    let dead = "<html><link rel=\"alternate\" type=\"application/rss+xml\" href=\"/gone\"></html>";
    bare.page("/", 200, "text/html", dead);
    bare.page("/rss.xml", 200, "text/xml", rss("Hidden"));
    let output = program.run(&["feeds", "discover", &bare.url("/")]).await;
    assert!(text(&output).contains("name = \"Hidden\""), "{}", text(&output));
    // The address of a feed is a feed.
    let output = program.run(&["feeds", "discover", &desk.url("/news.xml")]).await;
    assert!(text(&output).contains("RSS · 1 entry"), "{}", text(&output));
}

const LIST: &str = "<opml version=\"2.0\"><body><outline text=\"Europe\">\
    <outline text=\"Gazette\" xmlUrl=\"https://gazette.example/rss\" category=\"/daily\"/>\
    <outline text=\"Mine again\" xmlUrl=\"https://mine.example/rss\"/></outline>\
    <outline text=\"Gazette\" xmlUrl=\"https://other.example/rss\"/>\
    <outline text=\"Twice\" xmlUrl=\"https://gazette.example/rss\"/>\
    <outline text=\"Odd\" xmlUrl=\"gopher://old.example/\"/></body></opml>";

#[tokio::test]
async fn a_list_is_added_and_nothing_of_the_users_is_rewritten() {
    let program =
        Program::new(&config("[[feed]]\nname = \"Mine\"\nurl = \"https://mine.example/rss\"\n"));
    let mine = "# my own feeds, in my own order\n[[feed]]\nname   = 'Gazette'   # spaced\n\
                url = \"https://first.example/\"";
    std::fs::write(program.path("list.opml"), LIST).unwrap();
    std::fs::write(program.path("feeds.toml"), mine).unwrap();
    let output = program.run(&["feeds", "import", "list.opml", "--into", "feeds.toml"]).await;
    assert!(output.status.success(), "{}", errors(&output));
    assert_narrow(&text(&output));
    insta::assert_snapshot!("import", text(&output));
    let after = std::fs::read_to_string(program.path("feeds.toml")).unwrap();
    assert!(after.starts_with(mine), "{after}");
    insta::assert_snapshot!("import_file", after);
    // Once more adds nothing.
    let output = program.run(&["feeds", "import", "list.opml", "--into", "feeds.toml"]).await;
    assert!(text(&output).starts_with("0 feeds added"), "{}", text(&output));
    assert_eq!(std::fs::read_to_string(program.path("feeds.toml")).unwrap(), after);
    // The whole is a config, and goes out again as it came in.
    let whole = config("").replace("alliances\"]", "alliances\", \"feeds.toml\"]");
    program.configure(&whole);
    let output = program.run(&["check"]).await;
    assert!(output.status.success(), "{}", errors(&output));
    let output = program.run(&["feeds", "export"]).await;
    insta::assert_snapshot!("export", text(&output));
    // Without a file the lines go out, and the report beside them.
    std::fs::write(program.path("back.opml"), text(&output)).unwrap();
    let output = program.run(&["feeds", "import", "back.opml"]).await;
    assert_eq!((text(&output).trim(), errors(&output).lines().next()), ("", Some("0 feeds")));
    // A file that is no TOML is left alone.
    std::fs::write(program.path("broken.toml"), "[[feed]\n").unwrap();
    let output = program.run(&["feeds", "import", "list.opml", "--into", "broken.toml"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(std::fs::read_to_string(program.path("broken.toml")).unwrap(), "[[feed]\n");
    std::fs::write(program.path("list.opml"), "<html>").unwrap();
    let output = program.run(&["feeds", "import", "list.opml"]).await;
    assert!(errors(&output).contains("it is no OPML"), "{}", errors(&output));
}

#[tokio::test]
async fn one_feed_is_polled_by_hand_with_and_without_a_daemon() {
    let desk = Desk::start().await;
    desk.page("/gone", 410, "text/plain", "");
    desk.page("/well", 200, "text/xml", rss("Well"));
    let feed = |name: &str| {
        format!("[[feed]]\nname = \"{name}\"\nurl = \"{}\"\n", desk.url(&format!("/{name}")))
    };
    let program = Program::new(&config(&(feed("gone") + &feed("well"))));
    let output = program.run(&["feeds", "poll", "gone"]).await;
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!("poll_gone", settled(&desk, &text(&output)));
    assert!(desk.asked("/well").is_empty(), "only the named feed is polled");
    let output = program.run(&["status"]).await;
    insta::assert_snapshot!("status_retired", {
        let text = text(&output);
        let start = text.find("problem   the feed").unwrap();
        text[start..].to_owned()
    });
    // It is back, and a poll by hand revives it.
    desk.page("/gone", 200, "text/xml", rss("Back"));
    let output = program.run(&["feeds", "poll", "gone"]).await;
    assert!(output.status.success(), "{}", errors(&output));
    insta::assert_snapshot!("poll_back", settled(&desk, &text(&output)));
    // The daemon does it where one runs, although the next poll is far off.
    let daemon = program.start();
    program.logged("pactwatch").await;
    let before = desk.asked("/gone").len();
    desk.page("/gone", 410, "text/plain", "");
    let output = program.run(&["feeds", "poll", "gone"]).await;
    assert_eq!(output.status.code(), Some(1), "{}{}", text(&output), errors(&output));
    assert!(text(&output).contains("is retired"), "{}", text(&output));
    assert_eq!(desk.asked("/gone").len(), before + 1);
    desk.page("/gone", 200, "text/xml", rss("Back"));
    let output = program.run(&["feeds", "poll", "gone"]).await;
    assert!(output.status.success(), "{}{}", text(&output), errors(&output));
    assert_eq!(stop(daemon).await, Some(0), "{}", program.log());
    let output = program.run(&["feeds", "poll", "gune"]).await;
    assert!(errors(&output).contains("did you mean `gone`?"), "{}", errors(&output));
}

#[tokio::test]
async fn what_a_feed_needs_is_sent_and_shows_nowhere() {
    let desk = Desk::start().await;
    desk.page("/feed", 200, "text/xml", rss("Closed"));
    desk.page("/login", 401, "text/plain", "");
    let feeds = format!(
        "[[feed]]\nname = \"Keyed\"\nurl = {{ file = \"url\" }}\n\
         [[feed]]\nname = \"Login\"\nurl = \"{}\"\n\
         auth = {{ user = \"desk\", password = {{ file = \"password\" }} }}\n\
         headers = {{ X-Key = {{ env = \"FEED_KEY\" }} }}\n",
        desk.url("/login")
    );
    let program = Program::new(&config(&feeds));
    std::fs::write(program.path("url"), format!("{}\n", desk.url("/feed?key=s3cret1"))).unwrap();
    std::fs::write(program.path("password"), "s3cret2\n").unwrap();
    let mut shown = String::new();
    for arguments in [
        &["check"][..],
        &["once", "--all", "--log", "trace"],
        &["feeds", "list"],
        &["feeds", "list", "--json"],
        &["status"],
        &["feeds", "export"],
        &["feeds", "poll", "Keyed", "--log", "trace"],
    ] {
        let mut all = arguments.to_vec();
        all.extend(["--config", "pactwatch.toml"]);
        let output = program.command(&all).env("FEED_KEY", "s3cret3").output().await.unwrap();
        shown.push_str(&(text(&output) + &errors(&output)));
    }
    assert!(shown.contains("wants a login") && shown.contains("(secret)"), "{shown}");
    assert_eq!(desk.asked("/feed?key=s3cret1").len(), 2);
    let login = &desk.asked("/login")[0];
    assert_eq!(
        (&login["authorization"], &login["x-key"]),
        (&"Basic ZGVzazpzM2NyZXQy".parse().unwrap(), &"s3cret3".parse().unwrap())
    );
    let mut stored = Vec::new();
    for entry in std::fs::read_dir(program.folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.to_string_lossy().contains("test.db") {
            stored.extend(std::fs::read(path).unwrap());
        }
    }
    let stored = String::from_utf8_lossy(&stored);
    assert!(stored.contains("Storm closes ports"), "the item is there");
    for secret in ["s3cret", "ZGVzaz"] {
        assert!(!shown.contains(secret), "{shown}");
        assert!(!stored.contains(secret), "`{secret}` is in the database");
    }
    // A secret that is missing is a mistake of the config, told with its feed.
    std::fs::remove_file(program.path("password")).unwrap();
    let output = program.run(&["check"]).await;
    assert_eq!(output.status.code(), Some(78));
    assert!(
        errors(&output).contains("the feed `Login`: failed to read the secret file"),
        "{}",
        errors(&output)
    );
}

#[tokio::test]
async fn feeds_that_show_nothing_and_a_network_that_is_down_are_told() {
    let desk = Desk::start().await;
    desk.page("/a", 200, "text/xml", rss("Paper"));
    let mut feeds = format!("[[feed]]\nname = \"Paper\"\nurl = \"{}\"\n", desk.url("/a"));
    let program = Program::new(&config(&feeds));
    program.run(&["once"]).await;
    // "200 OK" with no entries is what a broken site looks like.
    desk.page(
        "/a",
        200,
        "text/xml",
        "<rss version=\"2.0\"><channel><title>Paper</title></channel></rss>",
    );
    program.run(&["once", "--all"]).await;
    let list = program.json(&["feeds", "list"]).await;
    assert_eq!((&list[0]["state"], &list[0]["entries"]), (&"silent".into(), &0.into()));
    let faults = list[0]["faults"].to_string();
    assert!(faults.contains("lists no entries; it had 1 before"), "{faults}");
    // Hosts on loopback that nobody listens at.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    for host in 2..32 {
        feeds.push_str(&format!(
            "[[feed]]\nname = \"{host}\"\nurl = \"http://127.0.0.{host}:{port}/\"\n"
        ));
    }
    program.configure(&config(&feeds));
    program.run(&["once"]).await;
    let output = program.run(&["status"]).await;
    let problems: Vec<String> = text(&output)
        .lines()
        .filter(|line| line.starts_with("problem"))
        .map(str::to_owned)
        .collect();
    assert!(problems[0].starts_with("problem   the network is down: "), "{problems:?}");
    let silent = problems.iter().find(|line| line.contains("`Paper`")).unwrap();
    assert!(silent.starts_with("problem   the feed `Paper` is silent: it answers with no entries"));
    assert_narrow(
        &text(&output)
            .lines()
            .filter(|line| !line.contains("failing"))
            .collect::<Vec<_>>()
            .join("\n"),
    );
}

#[tokio::test]
async fn no_proxy_is_taken_from_the_environment() {
    let (desk, trap) = (Desk::start().await, Desk::start().await);
    desk.page("/feed", 200, "text/xml", rss("Direct"));
    let feed = format!("[[feed]]\nname = \"a\"\nurl = \"{}\"\n", desk.url("/feed"));
    let program = Program::new(&config(&feed));
    let mut command = program.command(&["once", "--config", "pactwatch.toml"]);
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
    {
        command.env(name, &*trap.base);
    }
    let output = command.output().await.unwrap();
    assert!(output.status.success(), "{}", errors(&output));
    assert_eq!((desk.asked("/feed").len(), trap.asked.lock().unwrap().len()), (1, 0));
    // The one that is named is taken, and `check` says what that means.
    let named =
        config(&feed).replace("contact = ", &format!("proxy = \"{}\"\ncontact = ", trap.base));
    program.configure(&named);
    trap.page("/feed", 200, "text/xml", rss("Direct"));
    let output = program.run(&["once", "--all"]).await;
    assert!(output.status.success(), "{}", errors(&output));
    assert_eq!((desk.asked("/feed").len(), trap.asked.lock().unwrap().len()), (1, 1));
    let output = program.run(&["check"]).await;
    assert!(text(&output).contains("which decides what they may reach"), "{}", text(&output));
}

#[cfg(feature = "full-text")]
#[tokio::test]
async fn what_only_the_page_tells_is_flagged_and_told_once() {
    let desk = Desk::start().await;
    let now = jiff::Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let item = |slug: &str, title: &str| {
        format!(
            "<item><guid>{slug}</guid><title>{title}</title><link>/{slug}</link>\
             <pubDate>{now}</pubDate></item>"
        )
    };
    let feed = |items: &[String]| {
        format!("<rss version=\"2.0\"><channel><title>t</title>{}</channel></rss>", items.concat())
    };
    let filler = "<p>The sitting went on until the evening, and the speaker thanked the staff of the \
                  house for their patience before the members left for their constituencies.";
    let page = format!(
        "<html><body><article>{filler}<p>Ireland has formally applied to join NATO, the government \
         said.{filler}{filler}</article></body></html>"
    );
    let storm = item("storm", "Storm closes ports");
    desk.page("/feed", 200, "application/rss+xml", feed(std::slice::from_ref(&storm)));
    desk.page("/storm", 200, "text/html", format!("<article>{}</article>", filler.repeat(3)));
    desk.page("/sitting", 200, "text/html", page);
    let config = Program::config(&[desk.url("/feed")], &desk.url("/hook"));
    let program = Program::new(&config.replace("every = ", "full_text = true\nevery = "));
    program.run(&["once", "--all"]).await;
    assert!(program.json(&["alerts", "list"]).await.is_empty());
    let both = feed(&[item("sitting", "Ireland makes up its mind"), storm]);
    desk.page("/feed", 200, "application/rss+xml", both.clone());
    program.run(&["once", "--all"]).await;
    let alerts = program.json(&["alerts", "list"]).await;
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    assert_eq!(
        (&alerts[0]["candidates"][0], &alerts[0]["alliances"][0]),
        (&"IE".into(), &"NATO".into())
    );
    // The next document without the page's text is no change of the item.
    desk.page("/feed", 200, "application/rss+xml", both.replace("<title>t<", "<title>u<"));
    program.run(&["once", "--all"]).await;
    let shown = program.json(&["alerts", "list"]).await;
    assert_eq!(shown, alerts);
    assert_eq!((desk.asked("/storm").len(), desk.asked("/sitting").len()), (1, 1));
}
