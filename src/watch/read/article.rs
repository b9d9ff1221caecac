//! The article in a web page, as text.
//!
//! The extraction is a library's, and works on a tree; `nesting` bounds what one may cost.

use thiserror::Error;

/// Largest page, in bytes.
pub const MAX_PAGE: usize = 2 << 20;

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

    use super::MAX_BODY;
    use super::decode::decode;
    use super::nesting::{MAX_TAGS, is_harmless};
    use crate::text::{clean_lines, cut};

    /// Fewer characters are a teaser or a notice, not an article.
    const SHORTEST: usize = 200;

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

#[cfg(all(test, feature = "full-text"))]
mod tests {
    use super::super::nesting::MAX_TAGS;
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
}
