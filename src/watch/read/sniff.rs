//! What a document is: a feed, or what came instead of one.

use std::fmt;

use super::dialect::{Part, Space, part};
use super::reference::{Attributes, resolve};
use super::token::{Token, Tokens};

/// How far a feed's root is looked for inside other mark-up.
const ROOT_WITHIN: usize = 64 * 1024;
/// Longest page title that is quoted.
const MAX_QUOTE: usize = 80;

/// What a document is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A feed in XML, of this format.
    Xml(&'static str),
    /// Perhaps a JSON Feed.
    Json,
    /// No feed.
    Other(NoFeed),
}

/// What came instead of a feed. The text is ready to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoFeed {
    /// Nothing but blanks.
    Empty,
    /// A web page, with its title.
    Page(String),
    /// A page that asks for a login.
    Login(String),
    /// A page that checks or blocks visitors.
    Blocked(String),
    /// XML of another kind, with its root element.
    Xml(String),
    /// JSON that is no JSON Feed.
    Json,
    /// A JSON Feed that is broken at this line, before its first entry ends.
    Unread(usize),
    /// Neither XML nor JSON.
    Unknown,
    /// A feed that its parser refuses even after repair.
    Broken(String),
}

impl NoFeed {
    /// Whether somebody stands in the way, rather than something being broken.
    pub fn is_blocked(&self) -> bool {
        matches!(self, NoFeed::Login(_) | NoFeed::Blocked(_))
    }
}

impl fmt::Display for NoFeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoFeed::Empty => f.write_str("the answer is empty"),
            NoFeed::Page(title) => write!(
                f,
                "a web page came instead of a feed{}\nlook for the feed's own address on that page",
                Titled(title)
            ),
            NoFeed::Login(title) => write!(
                f,
                "a login page came instead of a feed{}\nthe feed is not public at this address",
                Titled(title)
            ),
            NoFeed::Blocked(title) => write!(
                f,
                "a page that checks visitors came instead of a feed{}\nask the site to let feed \
                 readers through, and set `contact` under [network] so that it knows who asks",
                Titled(title)
            ),
            NoFeed::Xml(root) => {
                write!(f, "XML of another kind came instead of a feed (`<{root}>`)")
            }
            NoFeed::Json => f.write_str("JSON came that is no JSON Feed"),
            NoFeed::Unread(line) => {
                write!(f, "the JSON is broken at line {line}, before any entry could be read")
            }
            NoFeed::Unknown => f.write_str("what came is neither XML nor JSON"),
            NoFeed::Broken(why) => write!(f, "the feed cannot be parsed: {why}"),
        }
    }
}

impl std::error::Error for NoFeed {}

struct Titled<'a>(&'a str);

impl fmt::Display for Titled<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, " (\"{}\")", self.0) }
    }
}

/// Looks at a decoded document.
pub(super) fn sniff(text: &str) -> Kind {
    let start =
        text.trim_start_matches(|c: char| c.is_whitespace() || c.is_control() || c == '\u{feff}');
    if start.is_empty() {
        return Kind::Other(NoFeed::Empty);
    }
    if start.starts_with(['{', '[']) || is_script_call(start) {
        return Kind::Json;
    }
    let mut tokens = Tokens::new(text);
    let mut root = None;
    while let Some(token) = tokens.next() {
        if tokens.position() > ROOT_WITHIN && root.is_some() {
            break;
        }
        let Token::Open { name, attributes, .. } = token else { continue };
        if let Some(format) = format(name, attributes, root.is_none()) {
            return Kind::Xml(format);
        }
        root.get_or_insert(name);
    }
    Kind::Other(match root {
        None => NoFeed::Unknown,
        Some(root) if is_page(root) => page(text),
        Some(root) => NoFeed::Xml(cut(root)),
    })
}

/// Whether JSON stands inside the call of a function, as scripts asked for it once.
fn is_script_call(text: &str) -> bool {
    let name = text.bytes().take_while(|b| b.is_ascii_alphanumeric() || b"_$.".contains(b)).count();
    let call = name > 0 && name < 64;
    call && text[name..]
        .strip_prefix('(')
        .is_some_and(|inside| inside.trim_start().starts_with('{'))
}

/// The format that an element begins. Inside other mark-up only a root with a namespace or version
/// counts: `<feed>` alone may be anything.
fn format(name: &str, attributes: &str, first: bool) -> Option<&'static str> {
    let (prefix, local) = name.rsplit_once(':').unwrap_or(("", name));
    let bound = Attributes(attributes).find_map(|(attribute, uri)| {
        let bound = attribute.strip_prefix("xmlns")?;
        (bound.strip_prefix(':').unwrap_or(bound) == prefix).then(|| resolve(uri))
    });
    let known = bound.as_deref().and_then(Space::of);
    let space = known.unwrap_or_else(|| match (prefix, &bound) {
        ("", _) => Space::Core,
        (prefix, None) => Space::of_prefix(prefix),
        (_, Some(_)) => Space::Foreign,
    });
    let found = part(space, local, Part::Other);
    let marked = known.is_some() || attributes.contains("version");
    match (found, local.to_ascii_lowercase().as_str()) {
        (Part::Root, "rss") if first || marked => Some("RSS"),
        (Part::Root, "feed") if first || marked => Some("Atom"),
        (Part::Root, "rdf") if first || marked => Some("RSS 1.0"),
        (Part::Channel, _) if first => Some("channel"),
        (Part::Item, "entry") if first => Some("Atom entry"),
        _ => None,
    }
}

fn is_page(root: &str) -> bool {
    ["html", "head", "body", "div", "p", "script", "title", "meta", "table", "center", "h1", "img"]
        .iter()
        .any(|known| root.eq_ignore_ascii_case(known))
}

/// Tells block and login pages from others, by words that the common ones bear.
fn page(text: &str) -> NoFeed {
    let mut end = text.len().min(ROOT_WITHIN);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let lower = text[..end].to_ascii_lowercase();
    let title = lower.find("<title").and_then(|at| {
        let rest = &text[at..end];
        let rest = &rest[rest.find('>')? + 1..];
        Some(cut(rest[..rest.find('<')?].trim()))
    });
    let title = title.unwrap_or_default();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if has(&[
        "cf-chl",
        "challenge-platform",
        "just a moment",
        "captcha",
        "access denied",
        "attention required",
        "ddos-guard",
        "_incapsula_",
        "are you a robot",
        "unusual traffic",
    ]) {
        NoFeed::Blocked(title)
    } else if has(&["type=\"password\"", "type='password'", "type=password"]) {
        NoFeed::Login(title)
    } else {
        NoFeed::Page(title)
    }
}

fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MAX_QUOTE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn other(text: &str) -> NoFeed {
        match sniff(text) {
            Kind::Other(what) => what,
            kind => panic!("{text} was taken for {kind:?}"),
        }
    }

    #[test]
    fn feeds_are_known_by_their_root() {
        for (text, format) in [
            ("<rss>", "RSS"),
            ("\u{feff} junk <?xml version='1.0'?><!-- <html> --><rss version='2.0'>", "RSS"),
            ("<feed xmlns='http://example.org/wrong'>", "Atom"),
            ("<a:feed xmlns:a='http://www.w3.org/2005/Atom'>", "Atom"),
            ("<rdf:RDF xmlns='http://my.netscape.com/rdf/simple/0.9/'>", "RSS 1.0"),
            ("<p><r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>", "RSS 1.0"),
            ("<CHANNEL HREF='http://e.org'>", "channel"),
            ("<html><body><feed xmlns='http://www.w3.org/2005/Atom'>", "Atom"),
        ] {
            assert_eq!(sniff(text), Kind::Xml(format), "{text}");
        }
        assert_eq!(sniff(" {\"version\":1}"), Kind::Json);
        assert_eq!(sniff("jsonFeed({\"version\":1});"), Kind::Json);
    }

    #[test]
    fn what_came_instead_is_named() {
        assert_eq!(other(" \n"), NoFeed::Empty);
        assert_eq!(other("<html><title>Home</title><feed></html>"), NoFeed::Page("Home".into()));
        assert_eq!(
            other("<!DOCTYPE html><html><form><input type=\"password\"></form>"),
            NoFeed::Login(String::new())
        );
        assert!(other("<html><title>Just a moment...</title>").is_blocked());
        assert_eq!(other("<opml version='1.0'>"), NoFeed::Xml("opml".into()));
        assert_eq!(other("<x:feed xmlns:x='http://example.org/'>"), NoFeed::Xml("x:feed".into()));
        assert_eq!(other("plain words"), NoFeed::Unknown);
    }
}
