//! Which feeds a web page points to.
//!
//! A page declares its feeds in its head; many only link to them in the text, which their addresses
//! give away; some do neither, and have one at a usual place. What is found is a guess until it has been
//! fetched and read.

use url::Url;

use super::decode::decode;
use super::reference::attribute;
use super::token::{Token, Tokens};
use crate::text::{clean, cut};

/// Most addresses that are given.
const MAX_FOUND: usize = 50;
/// Longest title, in characters.
const MAX_TITLE: usize = 200;
/// Media types of feeds, and those that feeds are mislabelled with.
const TYPES: [&str; 7] = [
    "application/rss+xml",
    "application/atom+xml",
    "application/rdf+xml",
    "application/feed+json",
    "application/json",
    "application/xml",
    "text/xml",
];
/// Where a site that points to no feed may have one.
const USUAL: [&str; 8] =
    ["feed", "/feed", "/rss", "/rss.xml", "/feed.xml", "/atom.xml", "/index.xml", "/feed.json"];

/// An address that may be a feed's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer {
    /// The address.
    pub url: Url,
    /// What the page calls it; may be empty.
    pub title: String,
    /// Declared in the head, rather than linked from the text.
    pub declared: bool,
}

/// The addresses that a page at `url` points to, declared ones first, each once.
pub fn feed_pointers(bytes: &[u8], content_type: Option<&str>, url: &Url) -> Vec<Pointer> {
    let decoded = decode(bytes, content_type);
    let mut base = url.clone();
    let (mut declared, mut linked): (Vec<Pointer>, Vec<Pointer>) = Default::default();
    let mut tokens = Tokens::new(&decoded.text).peekable();
    while let Some(token) = tokens.next() {
        let Token::Open { name, attributes, .. } = token else { continue };
        let said = |name: &str| attribute(attributes, name).unwrap_or_default();
        let target = || {
            let found = base.join(said("href").trim()).ok()?;
            matches!(found.scheme(), "http" | "https").then_some(found)
        };
        let title = |text: &str| cut(clean(text).trim(), MAX_TITLE).trim_end().to_owned();
        if name.eq_ignore_ascii_case("base") {
            base = target().unwrap_or(base);
        } else if name.eq_ignore_ascii_case("link") {
            let rel = said("rel").to_ascii_lowercase();
            let kind = said("type").to_ascii_lowercase();
            let kind = kind.split(';').next().unwrap_or_default().trim();
            let alternate =
                rel.split_whitespace().any(|word| word == "alternate" || word == "feed");
            if alternate && TYPES.contains(&kind) {
                let title = title(&said("title"));
                declared.extend(target().map(|url| Pointer { url, title, declared: true }));
            }
        } else if name.eq_ignore_ascii_case("a")
            && let Some(url) = target().filter(looks_like_a_feed)
        {
            let text = match tokens.peek() {
                Some(Token::Text(text)) => title(text),
                _ => title(&said("title")),
            };
            linked.push(Pointer { url, title: text, declared: false });
        }
    }
    let mut found: Vec<Pointer> = Vec::new();
    for mut pointer in declared.into_iter().chain(linked) {
        pointer.url.set_fragment(None);
        if found.len() < MAX_FOUND && !found.iter().any(|known| known.url == pointer.url) {
            found.push(pointer);
        }
    }
    found
}

/// Usual places of feeds for a page that points to none.
pub fn usual_places(page: &Url) -> Vec<Url> {
    let mut places: Vec<Url> = Vec::new();
    let mut folder = page.clone();
    folder.set_query(None);
    folder.set_fragment(None);
    if !folder.path().ends_with('/') {
        folder.set_path(&format!("{}/", page.path()));
    }
    for place in USUAL {
        let Ok(url) = folder.join(place) else { continue };
        if !places.contains(&url) {
            places.push(url);
        }
    }
    places
}

/// Whether an address gives itself away as a feed's.
fn looks_like_a_feed(url: &Url) -> bool {
    const ENDS: [&str; 5] = [".rss", ".xml", ".atom", ".rdf", "feed.json"];
    const PARTS: [&str; 5] = ["feed", "feeds", "rss", "atom", "rss2"];
    let path = url.path().to_ascii_lowercase();
    let host = url.host_str().unwrap_or_default();
    let named = path.split('/').any(|part| PARTS.contains(&part));
    let asked = url.query().is_some_and(|query| {
        query.split('&').any(|pair| matches!(pair, "format=rss" | "format=atom" | "feed=rss2"))
    });
    let page = [".html", ".htm"].iter().any(|end| path.ends_with(end));
    let sitemap = path.contains("sitemap");
    !page
        && !sitemap
        && (ENDS.iter().any(|end| path.ends_with(end))
            || named
            || asked
            || host.starts_with("feeds."))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(page: &str) -> Vec<(String, String, bool)> {
        let url = Url::parse("https://example.org/news/index.html").unwrap();
        let list = feed_pointers(page.as_bytes(), None, &url);
        list.into_iter().map(|one| (one.url.into(), one.title, one.declared)).collect()
    }

    #[test]
    fn declared_feeds_come_first_and_each_once() {
        let page = "<!doctype html><html><head><base href='/desk/'>\
            <link rel=\"alternate\" type=\"application/rss+xml; charset=utf-8\" title=\"All &amp; more\" href=\"rss.xml\">\
            <link rel='ALTERNATE home' type='application/atom+xml' href='//feeds.example.org/a?x=1&amp;y=2'>\
            <link rel='alternate' hreflang='de' href='/de'><link rel='stylesheet' type='text/xml' href='/x.xml'>\
            </head><body><a href='rss.xml#top'>again</a><a href=\"/feeds/world\">World</a>\
            <a href='mailto:feed@example.org'>feed</a><a href='/sitemap.xml'>map</a><a href='/about'>us</a>\
            <a href='/news?format=rss'><img src='x'></a>";
        let expected = [
            ("https://example.org/desk/rss.xml", "All & more", true),
            ("https://feeds.example.org/a?x=1&y=2", "", true),
            ("https://example.org/feeds/world", "World", false),
            ("https://example.org/news?format=rss", "", false),
        ];
        let expected =
            expected.map(|(url, title, declared)| (url.to_owned(), title.to_owned(), declared));
        assert_eq!(found(page), expected);
    }

    #[test]
    fn usual_places_lie_below_the_page_and_at_the_root() {
        let places = usual_places(&Url::parse("https://e.org/blog?x=1#y").unwrap());
        assert_eq!(places[0].as_str(), "https://e.org/blog/feed");
        assert_eq!(places[1].as_str(), "https://e.org/feed");
        assert_eq!(usual_places(&Url::parse("https://e.org").unwrap()).len(), USUAL.len() - 1);
    }

    proptest! {
        #[test]
        fn any_page_is_looked_at(text in "[<>a-z/\"'= &;#]{0,120}") {
            let url = Url::parse("https://example.org/").unwrap();
            prop_assert!(feed_pointers(text.as_bytes(), None, &url).len() <= MAX_FOUND);
            let link = format!("<link rel=alternate type=text/xml href={text}>");
            prop_assert!(feed_pointers(link.as_bytes(), None, &url).len() <= MAX_FOUND);
        }
    }
}
