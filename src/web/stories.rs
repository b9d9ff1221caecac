//! Stories: filtered, searched, a page at a time.

use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use axum::response::Html;
use maud::{Markup, html};

use super::desk::Site;
use super::fields::Fields;
use super::layout::{View, badge, choice, foreign, table};
use super::trouble::Trouble;
use crate::model::Level;
use crate::report::Names;
use crate::rule::RuleSet;
use crate::store::{SHADOW, StoryFilter, StoryRow};

/// Stories on a page.
const PAGE: usize = 50;
/// Pages that can be reached; older stories are found by a filter.
const PAGES: usize = 200;
/// Spans of time to choose from.
const SPANS: [(&str, &str); 5] = [
    ("24h", "a day"),
    ("7d", "a week"),
    ("30d", "a month"),
    ("90d", "three months"),
    ("365d", "a year"),
];

/// The filter of a query, without its page.
pub(super) async fn filter_of(fields: &Fields, names: &Names<'_>) -> Result<StoryFilter, Trouble> {
    Ok(StoryFilter {
        since: fields.since()?,
        alliance: fields.alliance(names).await?,
        candidate: fields.candidate(names).await?,
        act: fields.text("act"),
        level: fields.word("level", &Level::ALL, Level::as_str)?,
        rule: fields.text("rule"),
        text: fields.text("text"),
        limit: PAGE,
        skip: 0,
    })
}

/// Makes the page.
pub(super) async fn show(State(site): State<Arc<Site>>, uri: Uri) -> Result<Html<String>, Trouble> {
    let view = View::of(&site);
    let fields = Fields::of(&uri);
    let page = fields.number("page")?.unwrap_or(1).clamp(1, PAGES);
    let names = Names::new(&view.desk.roster, Some(&site.store));
    // One more says whether there is a next page.
    let filter = StoryFilter {
        limit: PAGE + 1,
        skip: (page - 1) * PAGE,
        ..filter_of(&fields, &names).await?
    };
    let mut rows = site.store.stories(filter).await?;
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let heads = ["Story", "Level", "Alliance", "Candidates", "Moves", "Items", "Last seen"];
    let lines: Vec<Vec<Markup>> = rows.iter().map(|row| line(&view, row)).collect();
    let body = html! {
        h1 { "Stories" }
        (form(&view.desk.roster.rules, &fields))
        @if rows.is_empty() {
            p { @if uri.query().is_some() { "No story fits." } @else { "No story yet." } }
        } @else {
            (table(&format!("Page {page}, the story that grew last first"), &heads, &lines))
        }
        nav.paging aria-label="Pages of stories" {
            @if page > 1 { a rel="prev" href=(fields.with("/stories", "page", &(page - 1).to_string())) { "Newer" } }
            @if more && page < PAGES { a rel="next" href=(fields.with("/stories", "page", &(page + 1).to_string())) { "Older" } }
        }
    };
    Ok(view.page("/stories", "Stories", &body))
}

fn line(view: &View, row: &StoryRow) -> Vec<Markup> {
    vec![
        html! { a href={ "/stories/" (row.id) } { (foreign(&row.title)) } @if row.mode == SHADOW { " " (badge(SHADOW)) } },
        html! { @match row.level { Some(level) => (badge(level.as_str())), None => "–" } },
        words(&row.alliances),
        view.places(&row.candidates),
        words(&row.acts),
        html! { (row.items) },
        view.ago(row.last_seen),
    ]
}

fn words(list: &[String]) -> Markup {
    html! { @if list.is_empty() { "–" } @else { (list.join(", ")) } }
}

fn form(rules: &RuleSet, fields: &Fields) -> Markup {
    let same = |name: &str| (name.to_owned(), name.to_owned());
    let mut alliances: Vec<_> = rules.alliances().map(same).collect();
    alliances.sort();
    let acts: Vec<_> = rules.acts().map(same).collect();
    let all_rules: Vec<_> = rules.rules().map(|rule| same(rule.id.as_str())).collect();
    let levels: Vec<_> = Level::ALL.iter().rev().map(|level| same(level.as_str())).collect();
    let spans: Vec<_> =
        SPANS.iter().map(|(span, shown)| ((*span).to_owned(), (*shown).to_owned())).collect();
    html! {
        form.filter role="search" method="get" action="/stories" {
            label { span { "Headline" } input type="search" name="text" value=[fields.get("text")]; }
            (choice("alliance", "Alliance", &alliances, fields.get("alliance")))
            label { span { "Candidate" } input name="candidate" size="10" value=[fields.get("candidate")] placeholder="Japan"; }
            (choice("act", "Act", &acts, fields.get("act")))
            (choice("level", "Level", &levels, fields.get("level")))
            (choice("rule", "Rule", &all_rules, fields.get("rule")))
            (choice("since", "Within", &spans, fields.get("since")))
            button { "Show" }
        }
    }
}
