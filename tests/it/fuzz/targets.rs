//! What is fuzzed: everything that reads what others wrote, from sound inputs of our own.

use std::collections::HashSet;
use std::path::Path;

use jiff::Timestamp;
use pactwatch::model::{Every, Feed, FeedName, Kind};
use pactwatch::watch::read::{
    Document, MAX_ENTRIES, NoFeed, Outline, Reading, article, read, read_opml, write_opml,
};

/// One thing that reads foreign input.
pub(crate) struct Target {
    /// Its name, and that of its folder of findings.
    pub(crate) name: &'static str,
    /// Sound inputs to begin with.
    pub(crate) seeds: &'static [&'static str],
    /// Reads one; an `Err` tells what it got wrong. May panic, which is a finding too.
    pub(crate) run: fn(&[u8]) -> Result<(), String>,
}

/// All of them.
pub(crate) const TARGETS: [Target; 8] = [
    Target { name: "intake", seeds: &FEEDS, run: intake },
    Target { name: "dates", seeds: &DATES, run: dates },
    Target { name: "links", seeds: &LINKS, run: links },
    Target { name: "html", seeds: &HTML, run: html },
    Target { name: "opml", seeds: &OUTLINES, run: opml },
    Target { name: "page", seeds: &PAGES, run: page },
    Target { name: "config", seeds: &CONFIGS, run: config },
    Target { name: "query", seeds: &QUERIES, run: query },
];

const FEEDS: [&str; 6] = [
    r#"<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:media="http://search.yahoo.com/mrss/" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>Harbour wire</title><link>http://example.org/</link><atom:link rel="hub" href="http://hub.example.org/"/><ttl>30</ttl><skipHours><hour>3</hour></skipHours><item><title>Norland asks to join the Baltic pact</title><link>/news/1</link><guid isPermaLink="false">n-1</guid><pubDate>Tue, 24 Nov 2026 09:00:00 +0100</pubDate><description>&lt;p&gt;It handed in its &amp;quot;letter&amp;quot;.&lt;/p&gt;</description><content:encoded><![CDATA[<p>The whole <b>story</b>.</p>]]></content:encoded><dc:creator>a@example.org (Ann Ash)</dc:creator><category>World</category><media:group><media:title>A picture</media:title><media:content url="http://example.org/p.jpg"/></media:group></item><item><title>Fog &#8211; again</title><guid>http://example.org/news/2</guid></item></channel></rss>"#,
    r#"<feed xmlns="http://www.w3.org/2005/Atom" xml:base="http://example.org/a/" xml:lang="en"><title>Council</title><entry xml:base="b/"><id>tag:example.org,2026:1</id><title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">The <em>council</em> votes</div></title><link rel="alternate" href="c"/><updated>2026-11-23T10:00:00Z</updated><author><name>Bo</name></author><content type="html">&lt;p&gt;x&lt;/p&gt;</content><source><entry/></source></entry></feed>"#,
    r#"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"><channel rdf:about="http://example.org/"><title>t</title><sy:updatePeriod>daily</sy:updatePeriod></channel><item rdf:about="http://example.org/1"><title>One</title></item></rdf:RDF>"#,
    r#"<feed version="0.3" xmlns="http://purl.org/atom/ns#"><entry><title mode="base64">UGxhaW4=</title><issued>2004-01-01T10:00:00Z</issued></entry></feed>"#,
    r#"<CHANNEL HREF="http://example.org/"><ITEM HREF="/1" LASTMOD="2004-04-06T23:05"><TITLE>t</TITLE><ABSTRACT>a</ABSTRACT></ITEM></CHANNEL>"#,
    r#"{"version":"https://jsonfeed.org/version/1.1","title":"J","language":"de","items":[{"id":1,"url":"/x","title":"T","content_html":"<p>x</p>","date_published":"2026-01-02T03:04:05Z","tags":["a",null],"authors":[{"name":"B"}]},{"id":"2","content_text":"a < b"}]}"#,
];

const DATES: [&str; 8] = [
    "Tue, 11 Jan 2011 01:30:00 GMT",
    "2026-11-24T10:00:00.123456+05:30",
    "11 January 2011 1:30 pm EST",
    "20031231T101455Z",
    "mar. 11 nov. 2014 10:00:00 GMT+1",
    "12/31/2003 10:14:55 PM",
    "31.12.2003 10:14",
    "2003-02-31",
];

const LINKS: [&str; 6] = [
    "https://user:pass@example.org:8443/a/../b;c?utm_source=x&y=%zz#frag",
    "//example.org/x",
    "../y?q=a b",
    "http://[::1]/x",
    "https://www.google.com/url?q=https%3A%2F%2Fexample.org%2F1",
    "tag:example.org,2026:1",
];

const HTML: [&str; 4] = [
    "<p>One <b>two</b> &amp; &lt;three&gt; &#8217;&nbsp;</p><script>x < y</script><!-- c -->end",
    "&lt;p&gt;twice &amp;amp; escaped&lt;/p&gt;",
    "<table><tr><td title=\"a > b\">c</td></tr></table><![CDATA[d]]>",
    "3 < 5 & 7 > 2 <a href='x'>y",
];

const PAGES: [&str; 2] = [
    "<!doctype html><html><head><title>T</title><style>p > a {}</style></head><body><nav><ul><li><a href=/x>x</a><li>y</ul></nav><article><h1>Norland knocks</h1><p>Its minister handed in the letter on Monday, <b>as was</b> <i>expected</i>, and three members welcomed it at once, while a fourth asked for time to look at what it means for the fleet.<p>The council meets in June.<table><tr><td>1<td>2</table></article><footer>Terms</footer></body></html>",
    "<html><body><div class=story><div><span>By Ann Ash</span><p>A first paragraph, with commas, of a story that goes on for a while, so that it counts, and more.</p><p>A second one, with commas, as long as the first, so that there is something to be found here.</p></div><svg><path d='M0 0'/></svg><script>if (a < b) { x('</div>') }</script></div></body></html>",
];

const OUTLINES: [&str; 2] = [
    "<?xml version=\"1.0\"?><opml version=\"2.0\"><head><title>Desk</title></head><body><outline text=\"Europe\"><outline text=\"North\"><outline type=\"rss\" text=\"Harbour &amp; coast\" xmlUrl=\"https://example.org/a\" htmlUrl=\"https://example.org/\" category=\"/x,/y\"/></outline><outline title=\"b\" xmlURL='http://example.org/b'/></outline></body></opml>",
    "<opml><body><outline xmlUrl=\"feed://example.org/c\" text=\"&#x41;\"></outline><outline text=\"open\"><outline text=\"d\" url=\"https://example.org/d\"></body>",
];

const CONFIGS: [&str; 3] = [
    "timezone = \"UTC\"\n[poll]\nevery = \"15m\"\nmax_body = \"10MiB\"\n[[feed]]\nname = \"a\"\nurl = \"https://example.org/feed\"\ntags = [\"x\"]\n",
    "[act.joins]\nterms = [\"joins\", \"is admitted to\"]\nstage = 5\nformal = true\n[alliance.Pact]\nterms = [\"Pact\", { text = \"the block\", weak = true }]\nmembers = [\"SE\", { code = \"FI\", since = 2023-04-04 }]\n[place.NO]\nterms = [\"Norw*\"]\n[[rule]]\nid = \"r\"\ntitle = \"t\"\nwhen = '@alliance SENTENCE @act'\nunless = 'category:sport'\nscore = [{ if = 'title:@alliance', add = 1 }]\nmatch = [\"Norway joins the Pact\"]\n",
    "[[sink]]\nname = \"desk\"\ntype = \"webhook\"\nurl = \"https://example.org/hook\"\nsecret = { env = \"X\" }\n[story]\nwindow = \"72h\"\nmax_age = \"off\"\n[delivery]\nretry = [\"2s\", \"1m\"]\n",
];

const QUERIES: [&str; 6] = [
    "(nato OR \"european union\") AND NOT sport",
    "title:join* NEAR/5 =NATO THEN/3 \"member state\"",
    "a SENTENCE b SENTENCE (c OR d)",
    "/appl(y|ied) to join/ AND feed:wire AND lang:en",
    "加盟 NEAR/3 日本",
    "category:world OR tag:x OR kind:press",
];

fn feed() -> Feed {
    Feed {
        name: FeedName::new("fuzz"),
        url: "http://example.org/feed".to_owned(),
        every: Every::Auto,
        kind: Kind::default(),
        tags: Vec::new(),
        shadow: false,
        full_text: false,
    }
}

fn read_bytes(bytes: &[u8]) -> Result<Reading, NoFeed> {
    let now = Timestamp::from_second(1_795_500_000).unwrap();
    let document = Document { bytes, content_type: None, url: "http://example.org/a/feed" };
    read(document, &feed(), now)
}

fn intake(bytes: &[u8]) -> Result<(), String> {
    let reading = match read_bytes(bytes) {
        Ok(reading) => reading,
        // The repair pass promises a document that its parser takes.
        Err(broken @ NoFeed::Broken(_)) => return Err(broken.to_string()),
        Err(_) => return Ok(()),
    };
    let text = String::from_utf8_lossy(bytes);
    let begins = text.matches(['<', '{', '\0']).count();
    if reading.items.len() > reading.entries || reading.entries > begins.min(MAX_ENTRIES) {
        return Err(format!("{} items out of {} entries", reading.items.len(), reading.entries));
    }
    let keys: HashSet<_> = reading.items.iter().map(|item| item.key.as_str()).collect();
    if keys.len() != reading.items.len() {
        return Err("two items under one key".to_owned());
    }
    for item in &reading.items {
        check_item(item)?;
    }
    Ok(())
}

fn check_item(item: &pactwatch::model::Item) -> Result<(), String> {
    let key = item.key.as_str();
    if key.is_empty() || key.len() > 240 {
        return Err(format!("a key of {} bytes", key.len()));
    }
    if item.title.chars().any(char::is_control) || item.title.chars().count() > 1_000 {
        return Err(format!("title {:?}", item.title));
    }
    let wrong = |url: &&String| !url.starts_with("http://") && !url.starts_with("https://");
    match item.url.as_ref().filter(wrong) {
        Some(url) => Err(format!("link {url:?}")),
        None => Ok(()),
    }
}

/// One item of a JSON Feed with this text under a key: the shortest way to what reads it.
fn item_with(key: &str, text: &[u8]) -> Result<(), String> {
    let mut item = serde_json::Map::new();
    item.insert(key.to_owned(), String::from_utf8_lossy(text).into());
    item.insert("title".to_owned(), "t".into());
    let document = serde_json::json!({ "items": [item] }).to_string();
    let reading = read_bytes(document.as_bytes()).map_err(|error| error.to_string())?;
    match reading.items.as_slice() {
        [item] => check_item(item),
        items => Err(format!("{} items", items.len())),
    }
}

fn dates(bytes: &[u8]) -> Result<(), String> {
    item_with("date_published", bytes)
}

fn links(bytes: &[u8]) -> Result<(), String> {
    pactwatch::text::canonical_url(&String::from_utf8_lossy(bytes));
    item_with("url", bytes)
}

fn html(bytes: &[u8]) -> Result<(), String> {
    let text = String::from_utf8_lossy(bytes);
    let plain = pactwatch::text::html_to_text(&text);
    let clean = pactwatch::text::clean_lines(&plain);
    // No reference is shorter than what it stands for by more than this.
    match clean.len() > 4 * text.len() + 16 {
        true => Err(format!("{} bytes became {}", text.len(), clean.len())),
        false => Ok(()),
    }
}

fn page(bytes: &[u8]) -> Result<(), String> {
    match article(bytes, None, "http://example.org/a") {
        Ok(text) if text.len() > 4 * bytes.len() + 16 => {
            Err(format!("{} bytes became {}", bytes.len(), text.len()))
        }
        _ => Ok(()),
    }
}

/// What is read from a list is there again when it is written and read: every feed with its name.
fn opml(bytes: &[u8]) -> Result<(), String> {
    let Ok(outlines) = read_opml(bytes) else { return Ok(()) };
    let named = |outlines: &[Outline]| {
        let pair = |one: &Outline| (one.url.clone(), one.title.clone());
        let mut pairs: Vec<_> = outlines.iter().map(pair).collect();
        pairs.sort();
        pairs
    };
    let again = read_opml(write_opml("fuzz", &outlines).as_bytes());
    match &again {
        Ok(again) if named(again) == named(&outlines) => Ok(()),
        _ => Err(format!("{outlines:?} became {again:?}")),
    }
}

/// Reads a config file; what it says of a broken one must be printable.
fn load(folder: &Path, text: &[u8]) -> Result<(), String> {
    let path = folder.join("fuzz.toml");
    std::fs::write(&path, text).map_err(|error| error.to_string())?;
    let report = match pactwatch::config::load(Some(&path)) {
        Ok((_, report)) => report,
        Err(report) if report.errors() == 0 => return Err("refused without a reason".to_owned()),
        Err(report) => report,
    };
    match report.render(false).contains('\u{1b}') {
        true => Err("what it says holds a control character".to_owned()),
        false => Ok(()),
    }
}

fn config(bytes: &[u8]) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    // What a file names must stand beside it; the built-in pack is read by other tests.
    let text = String::from_utf8_lossy(bytes).replace("builtin:", "");
    let bytes = if text.contains("builtin") { text.as_bytes() } else { bytes };
    load(folder.path(), bytes)
}

fn query(bytes: &[u8]) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let when = toml::Value::String(String::from_utf8_lossy(bytes).into_owned());
    load(folder.path(), format!("[[rule]]\nid = \"r\"\ntitle = \"t\"\nwhen = {when}\n").as_bytes())
}
