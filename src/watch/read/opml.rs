//! OPML, the lists of feeds that readers exchange: in leniently, out strictly.
//!
//! The outlines that hold a feed become its tags, and so do the words of its `category`. What has no
//! address is no feed.

use super::decode::decode;
use super::reference::attribute;
use super::token::{Token, Tokens};
use crate::text::{clean, cut};

/// Most feeds of one list.
const MAX_FEEDS: usize = 50_000;
/// Deepest nesting whose words become tags.
const MAX_TAGS: usize = 16;
/// Longest title, in characters.
const MAX_TITLE: usize = 200;
/// Longest tag, in characters.
const MAX_TAG: usize = 60;

/// A feed in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// What the list calls it; may be empty.
    pub title: String,
    /// Its address as it stands there, `feed:` taken away.
    pub url: String,
    /// The outlines that hold it, from outside in, then its own categories; each once.
    pub tags: Vec<String>,
}

/// Reads a list.
///
/// # Errors
///
/// The document is no OPML, or holds no feed; says what it is.
pub fn read_opml(bytes: &[u8]) -> Result<Vec<Outline>, String> {
    let decoded = decode(bytes, None);
    let mut tokens = Tokens::new(&decoded.text).filter(|token| !matches!(token, Token::Text(_)));
    match tokens.next() {
        Some(Token::Open { name, .. }) if name.eq_ignore_ascii_case("opml") => {}
        Some(Token::Open { name, .. }) => {
            return Err(format!("it is no OPML: it begins with <{}>", clean(cut(name, MAX_TAG))));
        }
        _ => return Err("it is no OPML: it begins with no tag".to_owned()),
    }
    let mut feeds = Vec::new();
    // The words of each open outline; empty for one that is itself a feed.
    let mut open: Vec<String> = Vec::new();
    for token in tokens {
        match token {
            Token::Open { name, attributes, empty } if name.eq_ignore_ascii_case("outline") => {
                let said = |name| attribute(attributes, name).map(|text| clean(&text));
                let title = said("title").filter(|text| !text.is_empty()).or_else(|| said("text"));
                let title = title.unwrap_or_default();
                let title = cut(title.trim(), MAX_TITLE).trim_end().to_owned();
                let url = said("xmlUrl").filter(|url| !url.trim().is_empty());
                let word = if url.is_some() { String::new() } else { title.clone() };
                if let Some(url) = url {
                    if feeds.len() == MAX_FEEDS {
                        return Err(format!("it holds more than {MAX_FEEDS} feeds"));
                    }
                    let categories = said("category").unwrap_or_default();
                    let own = categories.split([',', '/']);
                    let tags = tags(open.iter().map(String::as_str).chain(own));
                    feeds.push(Outline { title, url: address(&url), tags });
                }
                if !empty {
                    open.push(word);
                }
            }
            Token::Close(name) if name.eq_ignore_ascii_case("outline") => {
                open.pop();
            }
            _ => {}
        }
    }
    match feeds.is_empty() {
        true => Err("it is OPML, and holds no feed (an outline with `xmlUrl`)".to_owned()),
        false => Ok(feeds),
    }
}

/// Words as tags: each once, bounded, none empty.
fn tags<'t>(words: impl Iterator<Item = &'t str>) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for word in words {
        let word = cut(word.trim(), MAX_TAG).trim_end();
        if !word.is_empty() && tags.len() < MAX_TAGS && !tags.iter().any(|tag| tag == word) {
            tags.push(word.to_owned());
        }
    }
    tags
}

/// `feed:` is how old readers called an address of a feed.
fn address(url: &str) -> String {
    let url = url.trim();
    match url.strip_prefix("feed:") {
        Some(rest) if rest.starts_with("http") => rest.to_owned(),
        Some(rest) if rest.starts_with("//") => format!("https:{rest}"),
        _ => url.to_owned(),
    }
}

/// Writes a list; feeds stand under their first tag, the others are their categories.
pub fn write_opml(title: &str, feeds: &[Outline]) -> String {
    let mut out =
        String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<opml version=\"2.0\">\n");
    out.push_str(&format!("  <head><title>{}</title></head>\n  <body>\n", escaped(title)));
    let mut groups: Vec<&str> = Vec::new();
    for feed in feeds {
        let group = feed.tags.first().map_or("", String::as_str);
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    for group in groups {
        if !group.is_empty() {
            out.push_str(&format!("    <outline text=\"{}\">\n", escaped(group)));
        }
        let indent = if group.is_empty() { "    " } else { "      " };
        for feed in feeds.iter().filter(|feed| feed.tags.first().map_or("", |tag| tag) == group) {
            let name = escaped(&feed.title);
            out.push_str(&format!(
                "{indent}<outline type=\"rss\" text=\"{name}\" title=\"{name}\""
            ));
            if feed.tags.len() > 1 {
                out.push_str(&format!(" category=\"{}\"", escaped(&feed.tags[1..].join(","))));
            }
            out.push_str(&format!(" xmlUrl=\"{}\"/>\n", escaped(&feed.url)));
        }
        if !group.is_empty() {
            out.push_str("    </outline>\n");
        }
    }
    out.push_str("  </body>\n</opml>\n");
    out
}

/// A text inside a tag's quotes or between tags.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in clean(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn outline(title: &str, url: &str, tags: &[&str]) -> Outline {
        let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        Outline { title: title.to_owned(), url: url.to_owned(), tags }
    }

    #[test]
    fn nested_outlines_become_tags() {
        let list = "<?xml version='1.0'?><opml version='1.0'><head><title>mine</title></head><body>\
            <outline text='Europe'><outline text='Baltic'>\
            <outline text='A &amp; B' type='rss' xmlUrl='https://e.org/a?x=1&amp;y=2' category='/news/sea,Europe'/>\
            </outline><outline title='Named' text='other' xmlurl='feed://e.org/b'></outline></outline>\
            <outline text='Top' XMLURL='feed:https://e.org/c'/><outline text='no feed'/></body></opml>";
        let expected = [
            outline("A & B", "https://e.org/a?x=1&y=2", &["Europe", "Baltic", "news", "sea"]),
            outline("Named", "https://e.org/b", &["Europe"]),
            outline("Top", "https://e.org/c", &[]),
        ];
        assert_eq!(read_opml(list.as_bytes()).unwrap(), expected);
    }

    #[test]
    fn broken_lists_are_read_as_far_as_they_go() {
        let list = "\u{feff}<opml><body><outline text=\"R & D\"><outline text='x' xmlUrl='http://e.org/1'>\
                    <outline text='y' xmlUrl='http://e.org/2'";
        let expected = [outline("x", "http://e.org/1", &["R & D"])];
        assert_eq!(read_opml(list.as_bytes()).unwrap(), expected);
    }

    #[test]
    fn what_is_no_list_is_told() {
        for (text, word) in [
            ("", "no tag"),
            ("plain text", "no tag"),
            ("<html><body>", "begins with <html>"),
            ("<opml><body><outline text='x'/></body></opml>", "holds no feed"),
        ] {
            let why = read_opml(text.as_bytes()).unwrap_err();
            assert!(why.contains(word), "{text}: {why}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            list in prop::collection::vec(
                ("[a-z<>&\"' ]{1,12}", "[a-z?&=\"<]{0,12}", prop::collection::vec("[a-z<&\"]{1,6}", 0..4)),
                1..8,
            ),
        ) {
            let mut feeds: Vec<Outline> = list
                .into_iter()
                .map(|(title, path, words)| Outline {
                    title: clean(&title).trim().to_owned(),
                    url: format!("https://e.org/{path}"),
                    tags: tags(words.iter().map(String::as_str)),
                })
                .collect();
            let mut read = read_opml(write_opml("a & b", &feeds).as_bytes()).unwrap();
            // Feeds of one tag come together.
            let order = |a: &Outline, b: &Outline| (&a.url, &a.title, &a.tags).cmp(&(&b.url, &b.title, &b.tags));
            feeds.sort_by(order);
            read.sort_by(order);
            prop_assert_eq!(read, feeds);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read_opml(&bytes);
            let _ = read_opml(&[b"<opml><outline ".as_slice(), &bytes].concat());
        }
    }
}
