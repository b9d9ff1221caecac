//! Intake: bytes to items, whatever a site sends.
//!
//! One file a step: `decode` (bytes to text) → `sniff` (is it a feed at all?) → `entity` (the document's own
//! names) → `repair` (rewrite to the plainest RSS there is, in `rewrite` over `token`, `reference`, `dialect`,
//! `scope`, `draft` and `escape`) → `parse` (feed-rs, and nothing else knows it) or `json` (over `json_text`)
//! → here: texts become plain, `hide` takes the feed's own secrets out, `links` and `identity` (with `past`)
//! give each item its address and key, `dates` its time (with the words of `calendar`). Beside it, `article`
//! finds the text in a web page, `page` the feeds that one points to, and `opml` exchanges lists. Pure: no
//! clock, no network, no state. What came wrong is told in `faults`; a broken entry costs itself only.

mod article;
mod calendar;
mod dates;
mod decode;
mod dialect;
mod draft;
mod entity;
mod escape;
mod hide;
mod hints;
mod identity;
#[cfg(test)]
mod identity_tests;
mod json;
mod json_text;
mod links;
#[cfg(feature = "full-text")]
mod nesting;
mod opml;
mod page;
mod parse;
mod past;
mod reference;
mod repair;
mod rewrite;
mod scope;
mod sniff;
#[cfg(test)]
mod tests;
mod token;

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::LazyLock;

use jiff::Timestamp;
use url::Url;

pub use self::article::{BUILT as FULL_TEXT_BUILT, MAX_PAGE, NoArticle, article};
pub(super) use self::hide::Hidden;
use self::identity::Keyed;
pub use self::opml::{Outline, read_opml, write_opml};
pub use self::page::{Pointer, feed_pointers, usual_places};
use self::parse::{Entry, Parsed};
use self::sniff::Kind;
pub use self::sniff::NoFeed;
use crate::model::{Feed, Hints, Hub, Identity, Item, ItemKey};
use crate::text::{canonical_form, clean, clean_lines, cut, html_to_text};

/// Most entries that are read from one document.
pub const MAX_ENTRIES: usize = 5_000;
/// Deepest nesting that is followed.
const MAX_DEPTH: usize = 2_000;
/// Longest title, in characters.
const MAX_TITLE: usize = 1_000;
/// Longest summary, in characters.
const MAX_SUMMARY: usize = 8_000;
/// Longest body, in characters (64 Ki).
const MAX_BODY: usize = 65_536;
/// Longest author and category, in characters.
const MAX_NAME: usize = 200;
/// Most categories of an entry.
const MAX_CATEGORIES: usize = 32;
/// Mark-up longer than this many times the text's bound is not looked at: tags and addresses take
/// space, but not without end.
const MARKUP_FACTOR: usize = 16;

/// A document as it came.
#[derive(Debug, Clone, Copy)]
pub struct Document<'a> {
    /// Its bytes, unpacked.
    pub bytes: &'a [u8],
    /// The `Content-Type` header, for its charset.
    pub content_type: Option<&'a str>,
    /// Where it came from after redirects; relative links are resolved against it. Empty where that
    /// is not known.
    pub url: &'a str,
}

/// What was read from a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Its items in document order, each key once.
    pub items: Vec<Item>,
    /// How many entries it holds, repeated ones included.
    pub entries: usize,
    /// What was broken or repaired, ready to show.
    pub faults: Vec<String>,
    /// What the site asks of pollers.
    pub hints: Hints,
    /// The feed's title.
    pub title: String,
    /// Primary language subtag of the feed.
    pub language: Option<String>,
    /// The format: `RSS`, `RSS 1.0`, `Atom`, `JSON Feed` …
    pub format: &'static str,
    /// The document breaks off before its end, so it must be asked for again.
    pub truncated: bool,
    /// Keys of items that the document before this one showed under other keys: not new.
    pub rekeyed: Vec<ItemKey>,
    /// How its entries are told apart, for the next document.
    pub identity: Identity,
    /// Where its news is pushed from.
    pub hub: Option<Hub>,
}

impl Reading {
    /// Dates of the entries, newest first: the feed's rhythm.
    pub fn dates(&self) -> Vec<Timestamp> {
        let mut dates: Vec<_> = self.items.iter().filter_map(|item| item.published).collect();
        dates.sort_unstable_by(|a, b| b.cmp(a));
        dates
    }
}

/// Reads a document of a feed at `now`, with nothing known of the feed.
///
/// # Errors
///
/// What came instead of a feed.
pub fn read(document: Document<'_>, feed: &Feed, now: Timestamp) -> Result<Reading, NoFeed> {
    read_after(document, feed, &Identity::default(), now)
}

/// Reads the next document of a feed at `now`. `identity` is what the ones before taught.
///
/// # Errors
///
/// What came instead of a feed.
pub fn read_after(
    document: Document<'_>,
    feed: &Feed,
    identity: &Identity,
    now: Timestamp,
) -> Result<Reading, NoFeed> {
    read_hiding(document, feed, identity, &Hidden::default(), now)
}

/// Reads the next document of a feed at `now`, and takes its secrets out of what it says.
pub(super) fn read_hiding(
    document: Document<'_>,
    feed: &Feed,
    identity: &Identity,
    hidden: &Hidden,
    now: Timestamp,
) -> Result<Reading, NoFeed> {
    let url = base(document.url);
    let decoded = decode::decode(document.bytes, document.content_type);
    let (format, mut parsed) = match sniff::sniff(&decoded.text) {
        Kind::Xml(format) => {
            let repaired = repair::repair(&entity::expanded(&decoded.text), &url);
            (format, parse::parse(repaired, &url, now).map_err(NoFeed::Broken)?)
        }
        Kind::Json => ("JSON Feed", json::parse(&decoded.text, &url, now)?),
        Kind::Other(what) => return Err(what),
    };
    parsed.faults.extend(decoded.fault);
    drop(decoded.text);
    let topic = parsed.topic.take();
    // A feed that does not say what it calls itself is known by where it came from.
    let topic = topic.or_else(|| url.has_host().then_some(url));
    let hub = parsed.hub.take().zip(topic);
    let hub = hub.map(|(url, topic)| Hub { url: url.into(), topic: topic.into() });
    Ok(Reading { hub, ..finish(parsed, format, feed, identity, hidden, now) })
}

/// What relative links are resolved against. Without an address (a file) they come to nothing, which
/// is what this base, one that joins with nothing relative, makes of them.
fn base(url: &str) -> Url {
    Url::parse(url).unwrap_or_else(|_| NOWHERE.clone())
}

static NOWHERE: LazyLock<Url> = LazyLock::new(|| {
    Url::parse("about:blank").unwrap_or_else(|_| unreachable!("it is an address"))
});

fn finish(
    mut parsed: Parsed,
    format: &'static str,
    feed: &Feed,
    identity: &Identity,
    hidden: &Hidden,
    now: Timestamp,
) -> Reading {
    let language = subtag(&parsed.language);
    // Once for addresses before they are compared, once for texts when they are plain.
    let clean = |entry| hidden.apply(plain(hidden.apply(entry)));
    let entries: Vec<Entry> = parsed.entries.into_iter().map(clean).collect();
    let Keyed { keys, rekeyed, identity } = identity::keys(&entries, identity, parsed.truncated);
    if identity.ids_fail {
        parsed.faults.push("its ids do not tell entries apart; links do".to_owned());
    }
    if identity.links_fail {
        parsed.faults.push("its links change at each poll; titles tell entries apart".to_owned());
    }
    let count = entries.len();
    let mut seen = HashSet::with_capacity(count);
    let items = entries.into_iter().zip(keys).filter(|(_, key)| seen.insert(key.clone()));
    let items = items.map(|(entry, key)| Item {
        key,
        feed: feed.name.clone(),
        url: entry.link.map(String::from),
        canonical: entry.canonical,
        title: entry.title,
        summary: entry.summary,
        body: entry.body,
        feed_text: None,
        author: entry.author,
        categories: entry.categories,
        language: subtag(&entry.language).or_else(|| language.clone()),
        // A site whose clock or zone is wrong is at most a day ahead; its key keeps the day.
        published: entry.published.map(|at| at.min(now)),
        seen: now,
        kind: feed.kind,
        tags: feed.tags.clone(),
    });
    Reading {
        items: items.collect(),
        entries: count,
        faults: parsed.faults,
        hints: parsed.hints,
        title: text(&parsed.title, MAX_TITLE),
        language,
        format,
        truncated: parsed.truncated,
        rekeyed,
        identity,
        hub: None,
    }
}

/// Makes the texts of an entry plain and gives it its canonical link.
fn plain(entry: Entry) -> Entry {
    let mut summary = prose(&entry.summary, MAX_SUMMARY);
    let mut body = prose(&entry.body, MAX_BODY);
    if body.len() <= summary.len() || body == summary {
        // The longer text holds the shorter one nearly always; two copies would only cost.
        if summary.is_empty() {
            summary = std::mem::take(&mut body);
        }
        body.clear();
    }
    Entry {
        id: clean(&entry.id).trim().to_owned(),
        canonical: entry.original.as_ref().or(entry.link.as_ref()).and_then(canonical_form),
        link: entry.link,
        original: None,
        title: text(&entry.title, MAX_TITLE),
        summary,
        body,
        author: name(&entry.author),
        categories: entry
            .categories
            .iter()
            .map(|category| text(category, MAX_NAME))
            .filter(|category| !category.is_empty())
            .take(MAX_CATEGORIES)
            .collect(),
        language: entry.language,
        published: entry.published,
    }
}

/// Mark-up to one line of plain text within a bound.
fn text(markup: &str, bound: usize) -> String {
    bounded(clean(&unmarked(markup, bound)), bound)
}

/// Mark-up to plain text within a bound; paragraphs stay.
fn prose(markup: &str, bound: usize) -> String {
    bounded(clean_lines(&unmarked(markup, bound)), bound)
}

fn bounded(mut text: String, bound: usize) -> String {
    text.truncate(cut(&text, bound).trim_end().len());
    text
}

fn unmarked(markup: &str, bound: usize) -> Cow<'_, str> {
    let mut end = markup.len().min(bound * MARKUP_FACTOR);
    while !markup.is_char_boundary(end) {
        end -= 1;
    }
    let markup = &markup[..end];
    match markup.contains(['<', '&']) {
        true => Cow::Owned(html_to_text(markup)),
        false => Cow::Borrowed(markup),
    }
}

/// A person's name out of `name`, `name <mail>`, `mail (name)` or `mail`.
fn name(author: &str) -> String {
    let plain = text(author, MAX_NAME);
    if !plain.contains('@') {
        return plain;
    }
    let is_edge =
        |c: char| matches!(c, '(' | ')' | '<' | '>' | '[' | ']' | ',' | '"') || c.is_whitespace();
    let words = plain.split(is_edge).filter(|word| !word.is_empty());
    let words: Vec<&str> = words.filter(|word| !word.contains('@') && *word != "mailto:").collect();
    words.join(" ")
}

/// The primary subtag of a language tag, in lower case.
fn subtag(tag: &str) -> Option<String> {
    let primary = tag.trim().split(['-', '_']).next()?.to_ascii_lowercase();
    let sound = (2..=3).contains(&primary.len()) && primary.bytes().all(|b| b.is_ascii_lowercase());
    sound.then_some(primary)
}
