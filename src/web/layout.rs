//! What all pages share: their frame, tables that become cards on a phone, and times.

use std::sync::Arc;

use axum::response::Html;
use jiff::Timestamp;
use maud::{DOCTYPE, Markup, html};

use super::desk::{Desk, Site};
use crate::report::ago;
use crate::text::{clean, cut};

/// The pages of the menu: address and name.
const MENU: [(&str, &str); 6] = [
    ("/", "Now"),
    ("/stories", "Stories"),
    ("/ledger", "Ledger"),
    ("/feeds", "Feeds"),
    ("/deliveries", "Deliveries"),
    ("/rules", "Rules"),
];

/// What a page is made with.
pub(super) struct View {
    pub(super) desk: Arc<Desk>,
    pub(super) now: Timestamp,
}

impl View {
    pub(super) fn of(site: &Site) -> Self {
        Self { desk: site.desk(), now: Timestamp::now() }
    }

    /// A whole page. `here` is its address in the menu, the start of deeper ones.
    pub(super) fn page(&self, here: &str, title: &str, body: &Markup) -> Html<String> {
        let zone = self.desk.timezone.iana_name().unwrap_or("local");
        let rejected = self.desk.rejected.as_ref();
        frame(
            title,
            Some(here),
            &html! {
                @if let Some((at, mistakes)) = rejected {
                    section.trouble aria-label="Config" {
                        p { strong { "The config on disk is refused; the one before it runs on." } " " (self.ago(*at)) }
                        ul { @for mistake in mistakes.iter().take(5) { li { (mistake) } } }
                        p { "Mend it and reload; " code { "pactwatch check" } " shows all of it." }
                    }
                }
                (body)
            },
            &html! { "Times are " (zone) " · pactwatch " (env!("CARGO_PKG_VERSION")) },
        )
    }

    /// A date and time in the zone of the config.
    pub(super) fn time(&self, at: Timestamp) -> Markup {
        let local = at.to_zoned(self.desk.timezone.clone());
        html! {
            time datetime=(at.to_string()) { (local.strftime("%Y-%m-%d %H:%M").to_string()) }
        }
    }

    /// How long ago, with the time for those who ask.
    pub(super) fn ago(&self, at: Timestamp) -> Markup {
        let exact = at.to_zoned(self.desk.timezone.clone()).strftime("%Y-%m-%d %H:%M %Z");
        html! {
            time datetime=(at.to_string()) title=(exact.to_string()) { (ago(at, self.now)) }
        }
    }

    /// The same for what may never have been.
    pub(super) fn maybe_ago(&self, at: Option<Timestamp>) -> Markup {
        html! { @match at { Some(at) => (self.ago(at)), None => "–" } }
    }

    /// A candidate's name, with its code for those who filter by it.
    pub(super) fn place(&self, code: &str) -> Markup {
        match self.desk.roster.rules.place_name(code) {
            Some(name) => html! { span title=(code) { (name) } },
            None => html! { (code) },
        }
    }

    /// Several of them.
    pub(super) fn places(&self, codes: &[String]) -> Markup {
        html! {
            @if codes.is_empty() { "–" }
            @for (index, code) in codes.iter().enumerate() {
                @if index > 0 { ", " } (self.place(code))
            }
        }
    }
}

/// A page without a desk behind it: something went wrong, or a token is wanted.
pub(super) fn plain(title: &str, text: &str) -> Html<String> {
    frame(
        title,
        None,
        &html! { h1 { (title) } p { (text) } p { a href="/" { "To the first page" } } },
        &html! {},
    )
}

/// Everything around the content.
pub(super) fn frame(
    title: &str,
    here: Option<&str>,
    content: &Markup,
    foot: &Markup,
) -> Html<String> {
    let is_here = |path: &str| match path {
        "/" => here == Some("/"),
        path => here.is_some_and(|here| here.starts_with(path)),
    };
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (cut(title, SHOWN)) " · pactwatch" }
                link rel="stylesheet" href="/style.css";
                link rel="icon" href="/icon.svg" type="image/svg+xml";
                @if here.is_some() {
                    link rel="alternate" type="application/atom+xml" title="Alerts" href="/alerts.atom";
                }
            }
            body {
                a.skip href="#content" { "Skip to the content" }
                header.top {
                    a.name href="/" { "pactwatch" }
                    @if here.is_some() {
                        nav aria-label="Pages" {
                            ul {
                                @for (path, name) in MENU {
                                    li { a href=(path) aria-current=[is_here(path).then_some("page")] { (name) } }
                                }
                            }
                        }
                    }
                }
                main id="content" tabindex="-1" { (content) }
                footer { p { (foot) } }
            }
        }
    };
    Html(page.into_string())
}

/// A table that reads as cards where the screen is narrow. Its roles are said aloud, because a browser
/// forgets that it is a table once it is laid out as something else.
pub(super) fn table(caption: &str, heads: &[&str], rows: &[Vec<Markup>]) -> Markup {
    html! {
        table role="table" {
            caption { (caption) }
            thead role="rowgroup" {
                tr role="row" {
                    @for head in heads { th role="columnheader" scope="col" { (head) } }
                }
            }
            tbody role="rowgroup" {
                @for row in rows {
                    tr role="row" {
                        @for (index, cell) in row.iter().enumerate() {
                            @let head = heads.get(index).copied().unwrap_or_default();
                            @if index == 0 {
                                th role="rowheader" scope="row" data-head=(head) { (cell) }
                            } @else {
                                td role="cell" data-head=(head) { span.cell { (cell) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Characters of a foreign text in a list; the whole is on a page of its own.
const SHOWN: usize = 200;
/// Characters of it for those who point at it.
const POINTED: usize = 1_000;

/// A text of a feed or a receiver in a list: within bounds, and broken anywhere, so that one long word
/// does not push the page apart.
pub(super) fn foreign(text: &str) -> Markup {
    let text = clean(text);
    let shown = cut(&text, SHOWN);
    html! {
        @if shown.len() == text.len() { span.text { (text) } } @else {
            span.text title=(cut(&text, POINTED)) { (shown) "…" }
        }
    }
}

/// A link to another site, where the address is one of a page; its text alone where it is not.
pub(super) fn outside(url: Option<&str>, text: &str) -> Markup {
    let sound =
        |url: &&str| url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    html! {
        @match url.filter(sound) {
            Some(url) => { a href=(url) rel="noopener noreferrer nofollow" { (foreign(text)) } }
            None => { (foreign(text)) }
        }
    }
}

/// A word with the look of what it says.
pub(super) fn badge(word: &str) -> Markup {
    html! { span class={ "badge " (word) } { (word) } }
}

/// `3 feeds`, `1 feed`
pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// A choice among words, with one that stands for all of them.
pub(super) fn choice(
    name: &str,
    label: &str,
    words: &[(String, String)],
    chosen: Option<&str>,
) -> Markup {
    let is_chosen = |word: &str| chosen.is_some_and(|chosen| chosen.eq_ignore_ascii_case(word));
    html! {
        label { span { (label) }
            select name=(name) {
                option value="" { "any" }
                @for (word, shown) in words {
                    option value=(word) selected[is_chosen(word)] { (shown) }
                }
            }
        }
    }
}
