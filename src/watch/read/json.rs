//! JSON Feed, read leniently: numeric ids, nulls, values of the wrong type, a missing version or
//! title, and a document that breaks off cost what they touch and no more.

use std::fmt;

use jiff::Timestamp;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use url::Url;

use super::json_text::mended;
use super::links::{Best, Rank, absolute};
use super::parse::{Entry, Parsed};
use super::repair::Repair;
use super::sniff::NoFeed;
use super::{MAX_CATEGORIES, MAX_ENTRIES, dates};

/// Reads a JSON Feed.
///
/// # Errors
///
/// It is JSON of another kind, or none.
pub(super) fn parse(text: &str, url: &Url, now: Timestamp) -> Result<Parsed, NoFeed> {
    // What stands before (a mark, the call of a script) is no part of it.
    let text = &text[text.find(['{', '[']).unwrap_or(0)..];
    let (found, end) = attempt(text, url, now);
    let (found, end, mended) = match &end {
        // Most breaks are characters that JSON wants escaped; a document that stops early has none.
        Err(error) if !error.is_eof() => {
            let (again, end_again) = attempt(&mended(text), url, now);
            match again.parsed.entries.len() > found.parsed.entries.len() {
                true => (again, end_again, true),
                false => (found, end, false),
            }
        }
        _ => (found, end, false),
    };
    if !found.items || (!found.version && found.parsed.entries.is_empty()) {
        let json = end.is_ok() || text.starts_with('[');
        return Err(if json { NoFeed::Json } else { NoFeed::Unknown });
    }
    let mut parsed = found.parsed;
    if let (Err(error), true) = (&end, parsed.entries.is_empty()) {
        return Err(NoFeed::Unread(error.line()));
    }
    if mended {
        parsed.faults.push("characters that JSON does not allow were escaped".to_owned());
    }
    if found.too_many {
        parsed.faults.push(Repair::TooMany.text());
    }
    if let Err(error) = end {
        parsed.truncated = error.is_eof();
        parsed.faults.push(format!(
            "the JSON is broken at line {}; entries before it were read",
            error.line()
        ));
    }
    Ok(parsed)
}

fn attempt<'u>(text: &str, url: &'u Url, now: Timestamp) -> (Found<'u>, serde_json::Result<()>) {
    let parsed = Parsed::default();
    let mut found = Found { url, now, parsed, items: false, version: false, too_many: false };
    let mut json = serde_json::Deserializer::from_str(text);
    let end = json.deserialize_any(FeedVisitor(&mut found));
    (found, end)
}

struct Found<'u> {
    url: &'u Url,
    now: Timestamp,
    parsed: Parsed,
    /// A list of items was seen.
    items: bool,
    /// A version of JSON Feed was seen.
    version: bool,
    /// Not all entries were kept.
    too_many: bool,
}

struct FeedVisitor<'f, 'u>(&'f mut Found<'u>);

impl<'de> Visitor<'de> for FeedVisitor<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON Feed")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "version" => self.0.version = map.next_value::<Loose>()?.0.contains("jsonfeed.org"),
                "title" => self.0.parsed.title = map.next_value::<Loose>()?.0,
                "language" => self.0.parsed.language = map.next_value::<Loose>()?.0,
                "items" => map.next_value_seed(Items(self.0))?,
                "feed_url" => {
                    self.0.parsed.topic = absolute(self.0.url, &map.next_value::<Loose>()?.0);
                }
                "hubs" => {
                    let hubs = map.next_value::<Hubs>()?.0;
                    self.0.parsed.hub = hubs.and_then(|hub| absolute(self.0.url, &hub));
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// The address of the first WebSub hub in a list of hubs.
struct Hubs(Option<String>);

impl<'de> serde::Deserialize<'de> for Hubs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let list = serde_json::Value::deserialize(deserializer)?;
        let hubs = list.as_array().into_iter().flatten();
        let mut push = hubs.filter(|hub| {
            hub["type"].as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("websub"))
        });
        Ok(Self(push.find_map(|hub| hub["url"].as_str().map(str::to_owned))))
    }
}

/// The list of items; each is kept as soon as it is read.
struct Items<'f, 'u>(&'f mut Found<'u>);

impl<'de> DeserializeSeed<'de> for Items<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Items<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("items")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        self.0.items = true;
        while let Some(item) = list.next_element::<Item>()? {
            let Some(entry) = item.into_entry(self.0.url, self.0.now) else { continue };
            match self.0.parsed.entries.len() < MAX_ENTRIES {
                true => self.0.parsed.entries.push(entry),
                false => self.0.too_many = true,
            }
        }
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// A text, or what can stand for one. Lists and objects come to nothing.
#[derive(Debug, Default)]
struct Loose(String);

impl<'de> serde::Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Value::deserialize(deserializer)?.text()))
    }
}

/// The parts of a JSON value that an item can make use of.
#[derive(Debug)]
enum Value {
    Text(String),
    List(Vec<String>),
    Nothing,
}

impl Value {
    fn text(self) -> String {
        match self {
            Value::Text(text) => text,
            Value::List(list) => list.into_iter().next().unwrap_or_default(),
            Value::Nothing => String::new(),
        }
    }
}

impl<'de> serde::Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }
            fn visit_str<E>(self, text: &str) -> Result<Value, E> {
                Ok(Value::Text(text.to_owned()))
            }
            fn visit_string<E>(self, text: String) -> Result<Value, E> {
                Ok(Value::Text(text))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
                Ok(Value::Text(number.to_string()))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
                Ok(Value::Text(number.to_string()))
            }
            fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
                Ok(Value::Text(number.to_string()))
            }
            fn visit_bool<E>(self, _: bool) -> Result<Value, E> {
                Ok(Value::Nothing)
            }
            fn visit_unit<E>(self) -> Result<Value, E> {
                Ok(Value::Nothing)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
                let mut texts = Vec::new();
                while let Some(value) = list.next_element::<Value>()? {
                    let text = value.text();
                    if !text.trim().is_empty() && texts.len() < MAX_CATEGORIES {
                        texts.push(text);
                    }
                }
                Ok(Value::List(texts))
            }
            /// Of an object (an author) its name counts.
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
                let mut name = Value::Nothing;
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "name" => name = Value::Text(map.next_value::<Value>()?.text()),
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(name)
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// An item by its keys; `None` for a list element that is no object.
#[derive(Debug)]
struct Item(Option<Vec<(String, Value)>>);

impl<'de> serde::Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Item;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an item")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Item, A::Error> {
                let mut keys = Vec::new();
                while let Some(key) = map.next_key::<String>()? {
                    if KEYS.contains(&key.as_str()) {
                        keys.push((key, map.next_value()?));
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(Item(Some(keys)))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Item, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Item(None))
            }
            fn visit_str<E>(self, _: &str) -> Result<Item, E> {
                Ok(Item(None))
            }
            fn visit_i64<E>(self, _: i64) -> Result<Item, E> {
                Ok(Item(None))
            }
            fn visit_u64<E>(self, _: u64) -> Result<Item, E> {
                Ok(Item(None))
            }
            fn visit_f64<E>(self, _: f64) -> Result<Item, E> {
                Ok(Item(None))
            }
            fn visit_bool<E>(self, _: bool) -> Result<Item, E> {
                Ok(Item(None))
            }
            fn visit_unit<E>(self) -> Result<Item, E> {
                Ok(Item(None))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// What is kept of an item.
const KEYS: [&str; 13] = [
    "id",
    "url",
    "external_url",
    "title",
    "summary",
    "content_html",
    "content_text",
    "author",
    "authors",
    "tags",
    "language",
    "date_published",
    "date_modified",
];

impl Item {
    fn into_entry(self, url: &Url, now: Timestamp) -> Option<Entry> {
        let mut keys = self.0?;
        let mut take = |name: &str| {
            let at = keys.iter().position(|(key, _)| key == name);
            at.map_or(Value::Nothing, |at| keys.remove(at).1)
        };
        let id = take("id").text().trim().to_owned();
        let mut link = Best::default();
        link.offer(Rank::Page, url, &take("url").text());
        link.offer(Rank::Related, url, &take("external_url").text());
        if super::links::is_address(&id) {
            link.offer(Rank::Permalink, url, &id);
        }
        // Plain text may hold `<`, which is no mark-up there.
        let plain = |text: String| text.replace('&', "&amp;").replace('<', "&lt;");
        let html = take("content_html").text();
        let text = plain(take("content_text").text());
        let mut summary = plain(take("summary").text());
        let body = match (html.trim().is_empty(), summary.trim().is_empty()) {
            (true, _) => text,
            (false, true) => {
                summary = text;
                html
            }
            (false, false) => html,
        };
        let author = take("author").text();
        let authors = take("authors").text();
        let published = dates::parse(&take("date_published").text(), now);
        Some(Entry {
            id,
            link: link.take(),
            original: None,
            canonical: None,
            title: plain(take("title").text()),
            summary,
            body,
            author: if author.trim().is_empty() { authors } else { author },
            categories: match take("tags") {
                Value::List(list) => list,
                Value::Text(text) => vec![text],
                Value::Nothing => Vec::new(),
            },
            language: take("language").text(),
            published: published.or_else(|| dates::parse(&take("date_modified").text(), now)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Parsed, NoFeed> {
        let url = Url::parse("http://example.org/feed").unwrap();
        parse(text, &url, "2026-11-24T00:00:00Z".parse().unwrap())
    }

    #[test]
    fn values_of_the_wrong_type_cost_only_themselves() {
        let parsed = read(
            r#"{"version": null, "title": 7, "items": [
                {"id": 1, "title": null, "url": "/a", "tags": ["x", 2, null, {"name": "y"}],
                 "authors": [{"url": "u"}, {"name": "Jane"}], "content_html": "<p>b</p>",
                 "date_published": "2026-01-02T03:04:05Z", "date_published": 5},
                null, 3, "x", [], {"id": {"deep": [1, {}]}, "content_text": "1 < 2 & so"}]}"#,
        )
        .unwrap();
        assert_eq!(parsed.title, "7");
        let [first, second] = parsed.entries.as_slice() else { panic!("{parsed:?}") };
        assert_eq!(
            (first.id.as_str(), first.link.as_ref().map(Url::as_str)),
            ("1", Some("http://example.org/a"))
        );
        assert_eq!((first.author.as_str(), first.body.as_str()), ("Jane", "<p>b</p>"));
        assert_eq!(first.categories, ["x", "2", "y"]);
        assert_eq!(first.published.unwrap().to_string(), "2026-01-02T03:04:05Z");
        assert_eq!(second.body, "1 &lt; 2 &amp; so");
    }

    #[test]
    fn what_was_read_before_a_break_is_kept() {
        let parsed = read(r#"{"items": [{"id": "1", "title": "a"}, {"id": "2", "ti"#).unwrap();
        assert_eq!(parsed.entries.len(), 1);
        assert!(parsed.truncated && parsed.faults.len() == 1);
    }

    #[test]
    fn characters_that_json_does_not_allow_cost_nothing() {
        let parsed = read(
            "cb({\"items\": [{\"id\": \"1\", \"title\": \"a\tb\\x \\ud83d c\"},, {\"id\": \"2\"},]});",
        )
        .unwrap();
        assert_eq!(parsed.entries.len(), 2, "{parsed:?}");
        assert_eq!(parsed.entries[0].title, "a\tb\\x \u{fffd} c");
        assert_eq!(parsed.faults.len(), 1);
    }

    #[test]
    fn a_number_that_is_none_costs_nothing_and_a_document_without_entries_is_no_feed() {
        let head = r#"{"version":"https://jsonfeed.org/version/1","items":["#;
        let parsed = read(&format!(r#"{head}{{"id":"1","x":NaN}},{{"id":"2"}}]}}"#)).unwrap();
        assert_eq!((parsed.entries.len(), parsed.faults.len()), (2, 1), "{parsed:?}");
        for rest in ["{{]}", "{\"id\": \"1\", \"ti"] {
            let broken = read(&format!("{head}{rest}"));
            assert!(matches!(broken, Err(NoFeed::Unread(1))), "{broken:?}");
        }
    }

    #[test]
    fn entries_beyond_the_bound_are_told() {
        let item = "{\"id\": \"1\"},".repeat(MAX_ENTRIES);
        for (more, faults) in [("null", 0), ("{\"id\": \"2\"}", 1)] {
            let parsed = read(&format!("{{\"items\": [{item}{more}]}}")).unwrap();
            assert_eq!((parsed.entries.len(), parsed.faults.len()), (MAX_ENTRIES, faults));
        }
    }

    #[test]
    fn other_json_is_no_feed() {
        for text in ["{}", "[]", r#"{"items": []}"#, r#"{"items": "x"}"#, "[1, 2]"] {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(read(r#"{"version": "https://jsonfeed.org/version/1.1", "items": []}"#).is_ok());
    }
}
