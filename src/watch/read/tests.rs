//! Whole documents through the intake.

use proptest::prelude::*;

use super::*;
use crate::model::{Every, FeedName, Kind as SourceKind};

fn feed() -> Feed {
    Feed {
        name: FeedName::new("test"),
        url: "http://example.org/feed".to_owned(),
        every: Every::Auto,
        kind: SourceKind::Wire,
        tags: vec!["tag".to_owned()],
        shadow: false,
        full_text: false,
    }
}

fn now() -> Timestamp {
    "2026-11-24T00:00:00Z".parse().unwrap()
}

fn attempt(bytes: &[u8]) -> Result<Reading, NoFeed> {
    let document = Document { bytes, content_type: None, url: "http://example.org/a/feed" };
    read(document, &feed(), now())
}

fn reading(text: &str) -> Reading {
    attempt(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn titles(text: &str) -> Vec<String> {
    reading(text).items.into_iter().map(|item| item.title).collect()
}

fn url(text: &str) -> Option<String> {
    reading(text).items.remove(0).url
}

#[test]
fn an_original_link_is_compared_and_the_published_one_is_sent() {
    let reading = reading(
        r#"<rss version="2.0" xmlns:fb="http://rssnamespace.org/feedburner/ext/1.0"><channel>
        <item><title>a</title><link>http://feeds.example.com/~r/x/~3/Zk1/</link>
        <fb:origLink>https://www.example.org/news/1?utm_source=fb</fb:origLink></item>
        <item><title>b</title><link>http://example.org/news/2?utm_source=x</link>
        <fb:origLink>javascript:x</fb:origLink></item></channel></rss>"#,
    );
    let links: Vec<_> = reading
        .items
        .iter()
        .map(|item| (item.url.as_deref().unwrap(), item.canonical.as_deref().unwrap()))
        .collect();
    assert_eq!(
        links,
        [
            ("http://feeds.example.com/~r/x/~3/Zk1/", "example.org/news/1"),
            ("http://example.org/news/2?utm_source=x", "example.org/news/2"),
        ]
    );
}

#[test]
fn a_full_entry_fills_every_field() {
    let reading = reading(
        r#"<?xml version="1.0"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"
        xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Wire &amp; Co</title>
        <language>en-GB</language><ttl>15</ttl><skipHours><hour>3</hour></skipHours>
        <item><title><![CDATA[Japan <b>may</b> join]]></title><link>/news/1?utm_source=x</link>
        <guid isPermaLink="false">n1</guid><pubDate>Tue, 24 Nov 2026 00:30:00 +0100</pubDate>
        <description>&lt;p&gt;Short.&lt;/p&gt;</description><dc:creator>jane@e.org (Jane Roe)</dc:creator>
        <content:encoded><![CDATA[<p>A longer text &nbsp; than short.</p>]]></content:encoded>
        <category>World</category><category>Asia</category></item></channel></rss>"#,
    );
    assert_eq!((reading.title.as_str(), reading.format), ("Wire & Co", "RSS"));
    assert_eq!(reading.hints.at_least.map(|hint| hint.as_secs()), Some(900));
    assert_eq!(reading.hints.skip_hours, 1 << 3);
    assert!(reading.faults.is_empty() && !reading.truncated, "{:?}", reading.faults);
    let item = &reading.items[0];
    assert_eq!(item.key.as_str(), "n1");
    assert_eq!(item.title, "Japan may join");
    assert_eq!(item.url.as_deref(), Some("http://example.org/news/1?utm_source=x"));
    assert_eq!(item.summary, "Short.");
    assert_eq!(item.body, "A longer text than short.");
    assert_eq!(item.author, "Jane Roe");
    assert_eq!(item.categories, ["World", "Asia"]);
    assert_eq!(item.language.as_deref(), Some("en"));
    assert_eq!(item.published.unwrap().to_string(), "2026-11-23T23:30:00Z");
    assert_eq!(
        (item.seen, item.kind, item.tags.as_slice()),
        (now(), SourceKind::Wire, &["tag".to_owned()][..])
    );
}

#[test]
fn every_dialect_is_read() {
    for text in [
        "<rss><channel><item><title>t</title></item></channel></rss>",
        "<rss version='0.93' xmlns='http://backend.userland.com/rss2'><channel><item><title>t</title></item></channel></rss>",
        "<rss version='2.0'><channel></channel><item><title>t</title></item></rss>",
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://my.netscape.com/rdf/simple/0.9/'><channel/><item><title>t</title></item></rdf:RDF>",
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns:r='http://purl.org/rss/1.0/'><r:item rdf:about='x'><r:title>t</r:title></r:item></rdf:RDF>",
        "<feed version='0.3' xmlns='http://purl.org/atom/ns#'><entry><title mode='escaped' type='text/html'>t</title></entry></feed>",
        "<a:feed xmlns:a='http://www.w3.org/2005/Atom'><a:entry><a:title type='odd'>t</a:title></a:entry></a:feed>",
        "<feed xmlns='http://www.w3.org/2005/Atom'><entry><title type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><b>t</b></div></title></entry></feed>",
        "<CHANNEL><ITEM HREF='http://e.org/1'><TITLE>t</TITLE><ABSTRACT>x</ABSTRACT></ITEM></CHANNEL>",
        "<entry xmlns='http://www.w3.org/2005/Atom'><title>t</title></entry>",
        "{\"items\": [{\"title\": \"t\"}]}",
    ] {
        assert_eq!(titles(text), ["t"], "{text}");
    }
}

#[test]
fn broken_markup_costs_itself_only() {
    for (text, expected) in [
        ("<rss><channel><item><title>a & b</title></item>", "a & b"),
        ("<rss><channel><item><title>R&amp;D &#0;&#x1F;&#150; &eacute;</title></item>", "R&D – é"),
        ("<rss><channel><item><title>a<link>http://e.org/</link></item>", "a"),
        ("<rss><channel><item><title>a</tilte><guid>1</guid></item>", "a"),
        ("<rss><channel><item><title><![CDATA[a</title></item></channel>", "a"),
        ("<rss><channel><item><title>a <b>c</b> d</title></item>", "a c d"),
        ("<rss><channel><item><x:y><title>no</title></x:y><title>a</title></item>", "a"),
        ("<rss><channel><item><title></title><title>a</title><title>b</title></item>", "a"),
        ("<rss><channel><item><media:title></media:title><title>a</title></item>", "a"),
        ("<rss><channel><item a='1' a='2' b><title c=d>a</title></item>", "a"),
        ("<rss><channel><item><title>a <b&#0;>c</b&#0;></title></item>", "a c"),
    ] {
        assert_eq!(titles(text), [expected], "{text}");
    }
    let two = "<rss><channel><item><title>a</title><item><title>b</title></item></channel></rss>";
    assert_eq!(titles(two), ["a", "b"]);
}

#[test]
fn old_dialects_hide_texts_and_dates() {
    let cdf = reading(
        "<CHANNEL BASE='http://e.org/'><ITEM HREF='1' LASTMOD='2004-04-06T23:05'><TITLE>t</TITLE></ITEM></CHANNEL>",
    );
    let item = &cdf.items[0];
    assert_eq!(item.url.as_deref(), Some("http://e.org/1"));
    assert_eq!(item.published.unwrap().to_string(), "2004-04-06T23:05:00Z");
    for (inside, expected) in
        [("<itunes:title>p</itunes:title>", "p"), ("<title><![cdata[small]]></title>", "small")]
    {
        let text = format!("<feed xmlns='http://purl.org/atom/ns#'><entry>{inside}</entry></feed>");
        assert_eq!(titles(&text), [expected], "{inside}");
    }
}

#[test]
fn plain_text_of_atom_is_no_markup() {
    let feed = |title: &str| {
        let head = "<feed xmlns='http://www.w3.org/2005/Atom'><entry>";
        titles(&format!("{head}{title}</entry></feed>"))
    };
    for (title, expected) in [
        ("<title type=\"text\">Sweden joins &lt;NATO&gt;</title>", "Sweden joins <NATO>"),
        ("<title type='text'><![CDATA[Pact <signed> & sealed]]></title>", "Pact <signed> & sealed"),
        ("<title type='text'>AT&amp;amp;T joins</title>", "AT&T joins"),
        ("<title type='text'>Sweden <b>joins</b></title>", "Sweden joins"),
        ("<title type='html'>Sweden &lt;b&gt;joins&lt;/b&gt;</title>", "Sweden joins"),
        ("<title>Sweden &lt;b&gt;joins&lt;/b&gt;</title>", "Sweden joins"),
    ] {
        assert_eq!(feed(title), [expected], "{title}");
    }
}

#[test]
fn names_that_a_document_defines_are_read() {
    let text = "<!DOCTYPE rss [<!ENTITY q 'AUKUS &#38; NATO'>]><rss><channel><item>\
                <title>Japan joins &q;</title></item></channel></rss>";
    assert_eq!(titles(text), ["Japan joins AUKUS & NATO"]);
}

#[test]
fn truncation_is_told() {
    let whole = "<rss><channel><item><title>a</title></item></channel></rss>";
    assert!(!reading(whole).truncated);
    assert!(reading(&whole[..whole.len() - 16]).truncated);
}

#[test]
fn the_entry_in_which_a_document_breaks_off_is_left_out() {
    let first = "<rss version='2.0'><channel><title>t</title><item><title>a</title></item>";
    let second = "<item><title>NATO invites Ukraine to join BRICS summit</title>\
                  <link>http://e.org/long-1</link><author>a b</author><guid>g</guid></item>";
    let whole = format!("{first}{second}</channel></rss>");
    // Its last character is missed by nobody.
    let end = first.len() + second.len() - 1;
    for cut in first.len()..whole.len() - 1 {
        let reading = reading(&whole[..cut]);
        assert!(reading.truncated, "{cut}");
        let expected = if cut < end { 1 } else { 2 };
        assert_eq!(reading.items.len(), expected, "{}", &whole[..cut]);
        let told = reading.faults.iter().any(|fault| fault.contains("was left out"));
        assert_eq!(told, (first.len() + 6..end).contains(&cut), "{cut} {:?}", reading.faults);
    }
    let entry = "<feed xmlns='http://www.w3.org/2005/Atom'><entry><title>a</title></entry><entry>\
                 <title>NATO invites</title><content type='xhtml'><div><p>half";
    assert_eq!(titles(entry), ["a"]);
}

#[test]
fn what_made_parsers_panic_is_read() {
    for inside in [
        "<author>é a@b.com</author>",
        "<author>a@b.com\u{ff08}x</author>",
        "<dc:creator>€a@b.com €</dc:creator>",
        "<itunes:duration>99999999999999999999999</itunes:duration>",
        "<media:content><media:thumbnail url='x' time='99999999999999999999:00:00'/></media:content>",
        "<?xml version='1.0' encoding='windows-1251'?>",
    ] {
        let text = format!(
            "<rss version='2.0' xmlns:media='http://search.yahoo.com/mrss/' xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd'><channel><item><title>t</title>{inside}</item></channel></rss>"
        );
        assert_eq!(titles(&text), ["t"], "{inside}");
    }
}

#[test]
fn links_are_found_where_feeds_hide_them() {
    for (inside, expected) in [
        ("<link>b?x=1&y=2</link>", Some("http://example.org/a/b?x=1&y=2")),
        ("<link><![CDATA[ http://e.org/c ]]></link>", Some("http://e.org/c")),
        ("<guid>http://e.org/g</guid>", Some("http://e.org/g")),
        ("<guid isPermaLink='false'>http://e.org/g</guid>", None),
        ("<atom:link href='http://e.org/l'/>", Some("http://e.org/l")),
        ("<comments>http://e.org/c</comments>", None),
        ("<link>javascript:alert(1)</link><guid>http://e.org/g</guid>", Some("http://e.org/g")),
    ] {
        let text = format!("<rss><channel><item><title>t</title>{inside}</item></channel></rss>");
        assert_eq!(url(&text).as_deref(), expected, "{inside}");
    }
    let rdf = "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><item rdf:about='http://e.org/1'><title>t</title></item></rdf:RDF>";
    assert_eq!(url(rdf).as_deref(), Some("http://e.org/1"));
    let atom = "<feed xmlns='http://www.w3.org/2005/Atom' xml:base='http://e.org/x/'><entry xml:base='y/'><id>i</id><link rel='self' href='s'/><link href='z'/></entry></feed>";
    assert_eq!(url(atom).as_deref(), Some("http://e.org/x/y/z"));
}

#[test]
fn bounds_hold() {
    let mut many = String::from("<rss><channel>");
    for number in 0..MAX_ENTRIES + 10 {
        many.push_str(&format!("<item><guid>{number}</guid></item>"));
    }
    let found = reading(&many);
    assert_eq!(found.items.len(), MAX_ENTRIES);
    assert!(found.faults.iter().any(|fault| fault.contains("5000")), "{:?}", found.faults);

    let long = "x ".repeat(100_000);
    let found = reading(&format!(
        "<rss><channel><item><title>{long}</title><description>{long}</description><content:encoded>{long}</content:encoded></item>"
    ));
    let item = &found.items[0];
    assert!(item.title.chars().count() <= MAX_TITLE);
    assert!(item.summary.chars().count() <= MAX_SUMMARY && item.body.chars().count() <= MAX_BODY);

    let deep = format!("<rss><channel><item><title>t</title></item>{}", "<a>".repeat(100_000));
    assert_eq!(titles(&deep), ["t"]);
    let bases = format!(
        "<feed xmlns='http://www.w3.org/2005/Atom'>{}",
        "<a xml:base='abcdefgh/'>".repeat(20_000)
    );
    assert_eq!(titles(&bases), Vec::<String>::new());
}

/// Inputs that make a careless reader's time or memory grow with the square of their size. Each is
/// small enough to take no time at all here, and minutes there.
#[test]
fn hostile_documents_take_linear_time() {
    let name = "a".repeat(100_000);
    let start = std::time::Instant::now();
    for text in [
        "<![a>".repeat(100_000),
        "<!--".repeat(100_000),
        "<item><![CDATA[".repeat(50_000),
        "<a b='<c d=\"".repeat(50_000),
        "<item><title>".repeat(50_000),
        format!("{}{}", "<a>".repeat(1_900), "</b>".repeat(100_000)),
        format!("<item><title>{}", "<b>".repeat(100_000)),
        format!("<item><{name}></{name}x><title><{name}>"),
        format!("<channel xml:base='{}/'>", "x".repeat(2_000)).repeat(300),
        "<item><title>&".repeat(50_000),
        "<a x='1' ".repeat(50_000),
    ] {
        let _ = attempt(format!("<rss><channel>{text}").as_bytes());
    }
    let taken = start.elapsed();
    assert!(taken < std::time::Duration::from_secs(20), "{taken:?}");
}

#[test]
fn an_entry_shown_twice_is_one_item() {
    let found = reading("<rss><channel><item><guid>1</guid></item><item><guid>1</guid></item>");
    assert_eq!((found.items.len(), found.entries), (1, 2));
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes: Vec<u8>) {
        let _ = attempt(&bytes);
    }

    /// Fragments of feeds in any order: always an answer, and every item within its bounds.
    #[test]
    fn any_fragments_are_answered(parts in proptest::collection::vec(0usize..FRAGMENTS.len(), 0..60)) {
        let text: String = parts.into_iter().map(|part| FRAGMENTS[part]).collect();
        if let Ok(found) = attempt(text.as_bytes()) {
            prop_assert!(found.items.len() <= text.matches("<item").count() + text.matches("<entry").count());
            for item in &found.items {
                prop_assert!(!item.title.contains(char::is_control));
                prop_assert!(item.key.as_str().len() <= 200);
            }
        }
    }
}

const FRAGMENTS: [&str; 38] = [
    "<rss version='2.0'>",
    "<channel>",
    "<item>",
    "</item>",
    "</channel>",
    "</rss>",
    "<feed xmlns='http://www.w3.org/2005/Atom'>",
    "<entry>",
    "</entry>",
    "<title>",
    "</title>",
    "<title type='xhtml'>",
    "<link>",
    "</link>",
    "<link href='x' rel='self'/>",
    "<description>",
    "</description>",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "&amp;",
    "&",
    "&#0;",
    "&#65;",
    "text",
    "é",
    "<b>",
    "</b>",
    "<guid>",
    "</guid>",
    "<author>",
    "a@b.com",
    "</author>",
    "<content type='application/xml' src='y'>",
    "</content>",
    "<media:group>",
    "\0",
];
