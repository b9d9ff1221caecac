//! Markup to plain text: tags gone, entities resolved, blocks on lines of their own.
//!
//! Feeds carry fragments of HTML, whole or broken. Only the text is wanted, so this is a scanner and
//! no parser: it looks at each byte a bounded number of times whatever the nesting, which a tree
//! cannot promise.

use std::borrow::Cow;

use super::clean::{clean, clean_lines, is_clean};

/// Elements whose content is no text.
const HIDDEN: [&str; 6] = ["script", "style", "template", "noscript", "iframe", "svg"];
/// Elements that begin and end a line.
const BLOCKS: [&str; 35] = [
    "p",
    "div",
    "br",
    "li",
    "ul",
    "ol",
    "tr",
    "table",
    "td",
    "th",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "blockquote",
    "pre",
    "hr",
    "section",
    "article",
    "header",
    "footer",
    "figure",
    "figcaption",
    "aside",
    "nav",
    "main",
    "dl",
    "dt",
    "dd",
    "form",
    "caption",
    "address",
    "title",
];
/// Longest name of an element that is looked up.
const NAME: usize = 12;

/// The text of a fragment of HTML. Text that was escaped twice (`&lt;p&gt;`), as many feeds do, is
/// unpacked once more.
pub fn html_to_text(source: &str) -> String {
    // Most texts of most feeds are plain, which one look over their bytes tells.
    if !has_marks(source) {
        return source.to_owned();
    }
    let once = stripped(source);
    // What looks like markup now was escaped twice; a bare "<" in prose is no tag.
    match looks_like_markup(&once) {
        true => stripped(&once),
        false => once,
    }
}

/// The text of a fragment of HTML as one clean line or, with `lines`, as clean lines. What is clean
/// already, as most of a feed is, is not copied.
pub fn clean_text(source: String, lines: bool) -> String {
    match lines {
        _ if is_clean(&source, lines) => source,
        true => clean_lines(&html_to_text(&source)),
        false => clean(&html_to_text(&source)),
    }
}

/// Whether a text holds a `<` or a `&`. In pieces without a way out, so that each becomes a few vector
/// instructions.
fn has_marks(text: &str) -> bool {
    let marked = |piece: &[u8]| {
        piece.iter().fold(false, |found, byte| found | (*byte == b'<') | (*byte == b'&'))
    };
    let (pieces, rest) = text.as_bytes().as_chunks::<64>();
    pieces.iter().any(|piece| marked(piece)) || marked(rest)
}

fn looks_like_markup(text: &str) -> bool {
    let tag = text.match_indices('<').take(64).any(|(at, _)| {
        let rest = &text[at + 1..];
        let name = tag_name(rest.strip_prefix('/').unwrap_or(rest));
        let name = name.as_str();
        let known = !name.is_empty() && (is_block(name) || is_inline(name) || is_hidden(name));
        known && rest.contains('>')
    });
    tag || text.contains("&nbsp;")
        || text.contains("&amp;")
        || text.contains("&#")
        || text.contains("&quot;")
}

fn is_block(name: &str) -> bool {
    BLOCKS.contains(&name)
}

fn is_hidden(name: &str) -> bool {
    HIDDEN.contains(&name)
}

fn is_inline(name: &str) -> bool {
    matches!(
        name,
        "a" | "b"
            | "i"
            | "em"
            | "strong"
            | "span"
            | "img"
            | "u"
            | "small"
            | "sup"
            | "sub"
            | "font"
            | "cite"
            | "q"
    )
}

fn stripped(source: &str) -> String {
    let mut text = String::with_capacity(source.len());
    let mut rest = source;
    // A search that found nothing need not be made again: that keeps floods of "<" linear.
    let (mut closers, mut comments) = (true, true);
    while let Some(at) = rest.find('<') {
        text.push_str(&unescaped(&rest[..at]));
        rest = &rest[at..];
        if let Some(inner) = rest.strip_prefix("<![CDATA[") {
            rest = inner;
            continue;
        }
        if rest.starts_with("<!--") && comments {
            match rest.find("-->") {
                Some(end) => rest = &rest[end + 3..],
                None => {
                    comments = false;
                    rest = &rest[4..];
                }
            }
            continue;
        }
        let after = &rest[1..];
        let closing = after.starts_with('/');
        let named = after.strip_prefix('/').unwrap_or(after);
        let begins_tag =
            named.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '!' | '?'));
        let end = if begins_tag && closers { tag_end(rest) } else { None };
        let Some(end) = end else {
            closers &= !begins_tag;
            text.push('<');
            rest = after;
            continue;
        };
        let name = tag_name(named);
        rest = &rest[end..];
        if is_block(name.as_str()) {
            text.push('\n');
        }
        if !closing && is_hidden(name.as_str()) {
            rest = after_close(rest, name.as_str());
        }
    }
    text.push_str(&unescaped(rest.strip_suffix("]]>").unwrap_or(rest)));
    text
}

/// One past the `>` that ends a tag, quotes respected; an open quote ends at the first `>`.
fn tag_end(tag: &str) -> Option<usize> {
    let bytes = tag.as_bytes();
    let mut quote = None;
    // A tag longer than this is text with a stray "<".
    let limit = bytes.len().min(1024);
    for (at, byte) in bytes[..limit].iter().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at + 1),
            (None, b'"' | b'\'') if bytes[at - 1] == b'=' => quote = Some(*byte),
            (Some(open), close) if open == *close => quote = None,
            _ => {}
        }
    }
    bytes[..limit].iter().position(|byte| *byte == b'>').map(|at| at + 1)
}

/// The name of an element in small letters; empty where it is longer than any that is looked up.
#[derive(Default)]
struct Name {
    bytes: [u8; NAME],
    length: usize,
}

impl Name {
    fn as_str(&self) -> &str {
        str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

fn tag_name(text: &str) -> Name {
    let length = text.bytes().take(NAME + 1).take_while(u8::is_ascii_alphanumeric).count();
    let mut name = Name::default();
    if let Some(bytes) = name.bytes.get_mut(..length) {
        bytes.copy_from_slice(&text.as_bytes()[..length]);
        bytes.make_ascii_lowercase();
        name.length = length;
    }
    name
}

/// What follows the end tag of a hidden element; nothing where it never ends.
fn after_close<'t>(text: &'t str, name: &str) -> &'t str {
    let mut at = 0;
    while let Some(found) = text[at..].find("</") {
        let start = at + found + 2;
        if tag_name(&text[start..]).as_str() == name {
            return text[start..].find('>').map_or("", |end| &text[start + end + 1..]);
        }
        at = start;
    }
    ""
}

/// Named and numeric references resolved as browsers do (128 to 159 through windows-1252).
fn unescaped(text: &str) -> Cow<'_, str> {
    match text.contains('&') {
        true => htmlize::unescape(text),
        false => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tags_go_and_blocks_break_lines() {
        let text = html_to_text("<p>One <b>two</b></p><p>three<br/>four</p>");
        assert_eq!(clean_lines(&text), "One two\nthree\nfour");
    }

    #[test]
    fn entities_are_resolved_also_when_escaped_twice() {
        assert_eq!(html_to_text("AT&amp;T &uuml;ber &#8217; &#x2014; &#146;"), "AT&T über ’ — ’");
        assert_eq!(clean(&html_to_text("&lt;p&gt;NATO&amp;nbsp;grows&lt;/p&gt;")), "NATO grows");
    }

    #[test]
    fn what_is_no_text_is_left_out() {
        let source = "a<script>if (a < b) alert('x')</script>b<!-- c -->d<style>p{}</style>e";
        assert_eq!(html_to_text(source), "abde");
        assert_eq!(html_to_text("a<img alt=\"x > y\" src=z>b"), "ab");
    }

    #[test]
    fn a_bare_less_than_is_text() {
        assert_eq!(html_to_text("3 < 5 & 7 > 2"), "3 < 5 & 7 > 2");
        assert_eq!(html_to_text("unclosed <b"), "unclosed <b");
    }

    #[test]
    fn floods_take_linear_time() {
        for flood in ["<", "<a", "<!--", "<a \"", "</script", "<script>", "&", "&#", "<p>"] {
            let text = flood.repeat(400_000);
            // Quadratic work would take minutes here; the test would be noticed.
            assert!(html_to_text(&text).len() <= text.len() + 1);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "(\\PC|[<>&;\"'=/! -])*{0,80}") {
            let _ = html_to_text(&text);
        }

        #[test]
        fn clean_text_is_cleaned_text(text in "([a-z ]{0,40}|[<&>é\\n\\t]|&amp;|<p>){0,4}") {
            let plain = html_to_text(&text);
            prop_assert_eq!(clean_text(text.clone(), false), clean(&plain));
            prop_assert_eq!(clean_text(text, true), clean_lines(&plain));
        }

        #[test]
        fn plain_prose_is_untouched(text in "[a-zA-Z0-9 .,]{0,60}") {
            prop_assert_eq!(html_to_text(&text), text);
        }
    }
}
