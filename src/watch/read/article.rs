//! The article in a web page, as text.
//!
//! The extraction is a library's, and works on a tree. What makes trees expensive is depth (each
//! unclosed element in 2,000 cost it 15 ms, all together half a minute) and elements that the parser
//! opens again by itself, so both are bounded by a look over the tags before a tree is built.

use thiserror::Error;

use super::MAX_BODY;

/// Largest page, in bytes.
pub const MAX_PAGE: usize = 2 << 20;
/// Most tags of a page; news pages have 2,000 to 8,000.
const MAX_TAGS: usize = 20_000;
/// Deepest nesting; news pages reach 60.
const MAX_DEPTH: usize = 200;
/// Most pieces of mark-up like `<b>` that something else ends: the parser opens each of them again in
/// every paragraph that follows.
const MAX_LEFT_OPEN: usize = 16;
/// Fewer characters are a teaser or a notice, not an article.
const SHORTEST: usize = 200;

/// Why a page gave no article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NoArticle {
    /// It is made of too much to be looked at.
    #[error("the page is nested too deeply or made of too many parts")]
    TooMuch,
    /// It holds no text that reads like an article.
    #[error("there is no article on the page")]
    Nothing,
    /// This build cannot look for one.
    #[error("this build of pactwatch has no full text (feature `full-text`)")]
    NotBuilt,
}

/// Whether this build can look for articles.
pub const BUILT: bool = cfg!(feature = "full-text");

/// The text of the article on a page, in clean lines.
///
/// # Errors
///
/// There is none, or the page is not worth the risk.
#[cfg(feature = "full-text")]
pub fn article(bytes: &[u8], content_type: Option<&str>, url: &str) -> Result<String, NoArticle> {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use dom_smoothie::{CandidateSelectMode, Config, Readability, TextMode};

    use super::decode::decode;
    use crate::text::{clean_lines, cut};

    if bytes.len() > MAX_PAGE {
        return Err(NoArticle::TooMuch);
    }
    let page = decode(bytes, content_type).text;
    if !is_harmless(&page) {
        return Err(NoArticle::TooMuch);
    }
    let config = Config {
        max_elements_to_parse: MAX_TAGS,
        candidate_select_mode: CandidateSelectMode::DomSmoothie,
        text_mode: TextMode::Formatted,
        ..Config::default()
    };
    let url = Some(url).filter(|url| !url.is_empty());
    // What it builds on the way is dropped, so a panic leaves nothing behind.
    let found = catch_unwind(AssertUnwindSafe(|| {
        let article = Readability::new(page.as_ref(), url, Some(config)).ok()?.parse().ok()?;
        Some(clean_lines(&article.text_content))
    }));
    let text = found.ok().flatten().ok_or(NoArticle::Nothing)?;
    match text.chars().count() < SHORTEST {
        true => Err(NoArticle::Nothing),
        false => Ok(cut(&text, MAX_BODY).trim_end().to_owned()),
    }
}

/// As above, in a build that cannot.
///
/// # Errors
///
/// Always.
#[cfg(not(feature = "full-text"))]
pub fn article(_: &[u8], _: Option<&str>, _: &str) -> Result<String, NoArticle> {
    Err(NoArticle::NotBuilt)
}

/// What an element means to those that hold it, as far as nesting goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Has no end tag.
    Void,
    /// Its content is no mark-up.
    Raw,
    /// Mark-up of characters, opened again by the parser where something else ended it.
    Format,
    /// Other mark-up inside a line.
    Inline,
    /// What end tags of what lies outside do not reach through.
    Wall,
    /// Everything else.
    Block,
}

fn role(name: &str) -> Role {
    match name {
        "area" | "base" | "br" | "col" | "embed" | "hr" | "img" | "input" | "link" | "meta"
        | "param" | "source" | "track" | "wbr" => Role::Void,
        "script" | "style" | "textarea" | "title" | "iframe" | "noembed" | "noframes" | "xmp" => {
            Role::Raw
        }
        "a" | "b" | "big" | "code" | "em" | "font" | "i" | "nobr" | "s" | "small" | "strike"
        | "strong" | "tt" | "u" => Role::Format,
        "table" | "td" | "th" | "caption" | "template" | "object" | "applet" | "marquee" => {
            Role::Wall
        }
        "span" | "label" | "abbr" | "cite" | "q" | "sub" | "sup" | "time" | "mark" | "bdi"
        | "bdo" | "kbd" | "samp" | "var" | "dfn" | "data" | "ins" | "del" | "svg" | "path" => {
            Role::Inline
        }
        _ => Role::Block,
    }
}

/// Open elements that the start of another ends, where they are on top, innermost first.
fn ended_by(name: &str) -> &'static [&'static str] {
    match name {
        "li" => &["p", "li"],
        "dt" | "dd" => &["p", "dt", "dd"],
        "td" | "th" => &["p", "td", "th"],
        "tr" => &["p", "td", "th", "tr"],
        "tbody" | "thead" | "tfoot" => &["p", "td", "th", "tr", "tbody", "thead", "tfoot"],
        "option" | "optgroup" => &["option"],
        _ if role(name) == Role::Block => &["p"],
        _ => &[],
    }
}

/// Whether a tree of a page would be small and shallow. The depth is never taken for smaller than it
/// is: an end tag ends only what the parser (HTML standard, 13.2.6) would let it end.
#[cfg_attr(not(feature = "full-text"), expect(dead_code, reason = "nothing builds a tree"))]
fn is_harmless(page: &str) -> bool {
    let mut open: Vec<(String, Role)> = Vec::new();
    let (mut tags, mut left_open) = (0, 0);
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.find("-->").map_or("", |end| &comment[end + 3..]);
            continue;
        }
        let ends = rest.starts_with('/');
        let inside = rest.strip_prefix('/').unwrap_or(rest);
        if !inside.starts_with(|first: char| first.is_ascii_alphabetic()) {
            continue;
        }
        tags += 1;
        if tags > MAX_TAGS {
            return false;
        }
        let length = inside
            .find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>'))
            .unwrap_or(inside.len());
        let name = inside[..length].to_ascii_lowercase();
        rest = &inside[length..];
        let role = role(&name);
        if ends {
            end(&mut open, &name, role, &mut left_open);
        } else if role == Role::Raw {
            rest = after_raw(rest, &name);
        } else if role != Role::Void {
            for above in ended_by(&name) {
                open.pop_if(|(top, _)| top == above);
            }
            open.push((name, role));
        }
        if open.len() > MAX_DEPTH || left_open > MAX_LEFT_OPEN {
            return false;
        }
    }
    true
}

/// Takes an end tag.
fn end(open: &mut Vec<(String, Role)>, name: &str, role: Role, left_open: &mut usize) {
    let table = matches!(name, "table" | "tbody" | "thead" | "tfoot" | "tr" | "td" | "th");
    let blocked = |(other, kind): &(String, Role)| match role {
        Role::Format | Role::Inline => matches!(kind, Role::Block | Role::Wall),
        _ if table => matches!(other.as_str(), "table" | "template"),
        _ => *kind == Role::Wall,
    };
    for at in (0..open.len()).rev() {
        if open[at].0 == name {
            *left_open += open[at + 1..].iter().filter(|one| one.1 == Role::Format).count();
            open.truncate(at);
            return;
        }
        if blocked(&open[at]) {
            return;
        }
    }
}

/// What follows the end tag of an element whose content is no mark-up; nothing where it never ends.
fn after_raw<'p>(page: &'p str, name: &str) -> &'p str {
    let mut rest = page;
    while let Some(at) = rest.find("</") {
        rest = &rest[at + 2..];
        let begins = rest.get(..name.len()).is_some_and(|it| it.eq_ignore_ascii_case(name));
        if begins {
            return rest;
        }
    }
    ""
}

#[cfg(all(test, feature = "full-text"))]
mod tests {
    use super::*;

    fn page(inside: &str) -> String {
        let menu = "<li><a href='/x'>Section</a>".repeat(12);
        format!(
            "<!doctype html><html><head><title>Norland knocks</title><script>if (a<b) x()</script>\
             </head><body><nav><ul>{menu}</ul></nav><article><h1>Norland knocks</h1>{inside}\
             </article><footer><p>Cookies, terms, imprint</footer></body></html>"
        )
    }

    fn paragraphs(count: usize) -> String {
        let text = "Norland handed in its letter at the seat of the pact on Monday, its minister \
                    said, and asked to be heard before the summer, which three members welcomed.";
        format!("<p>{text}").repeat(count)
    }

    fn read(page: &str) -> Result<String, NoArticle> {
        article(page.as_bytes(), Some("text/html; charset=utf-8"), "https://example.org/a")
    }

    #[test]
    fn the_article_is_taken_and_what_stands_around_it_is_not() {
        let text = read(&page(&paragraphs(4))).unwrap();
        assert_eq!(text.matches("handed in its letter").count(), 4, "{text}");
        for other in ["Section", "Cookies", "if (a"] {
            assert!(!text.contains(other), "{text}");
        }
        // Paragraphs stay apart: a sentence does not run into the next.
        assert_eq!(text.lines().filter(|line| line.contains("letter")).count(), 4, "{text}");
    }

    #[test]
    fn a_page_without_an_article_gives_none() {
        for text in ["", "<p>Please log in.", "{\"a\":1}", "\0\u{1}"] {
            assert_eq!(read(&page(text)), Err(NoArticle::Nothing), "{text}");
        }
    }

    #[test]
    fn what_would_cost_too_much_is_not_looked_at() {
        let deep = "<div>".repeat(2_000);
        let stray = "<div></span>".repeat(300);
        let walled = "<div><table><tr><td></div>".repeat(100);
        let crossed = "<span><div></span>".repeat(150);
        let reopened: String = (0..40).map(|n| format!("<div><b id={n}></div>")).collect();
        let many = "<br>".repeat(MAX_TAGS + 1);
        for costly in [deep, stray, walled, crossed, reopened, many] {
            let page = page(&format!("{costly}{}", paragraphs(4)));
            assert_eq!(read(&page), Err(NoArticle::TooMuch), "{}", &costly[..40]);
        }
        assert_eq!(read(&"x".repeat(MAX_PAGE + 1)), Err(NoArticle::TooMuch));
    }

    #[test]
    fn sloppy_pages_are_looked_at() {
        let list = "<ul><li>one<li>two</ul>".repeat(300);
        let rows = "<table><tr><td>a<td>b<tr><td>c</table>".repeat(300);
        let marks = "<p>a <b>b</b> <i>c</i>".repeat(300);
        for sloppy in [list, rows, marks] {
            assert!(is_harmless(&sloppy), "{}", &sloppy[..20]);
        }
    }
}
