//! The rules: what each asks, its examples, how often it matched.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Html;
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::desk::Site;
use super::draw::bars;
use super::fields::link;
use super::layout::{View, badge, count};
use super::trial::form;
use super::trouble::Trouble;
use crate::rule::RuleInfo;
use crate::store::{Habit, SHADOW};

/// Days of matches that are drawn.
const DAYS: i32 = 30;

/// Makes the page.
pub(super) async fn show(State(site): State<Arc<Site>>) -> Result<Html<String>, Trouble> {
    let view = View::of(&site);
    let habits = site.store.habits().await?;
    let today = view.now.to_zoned(TimeZone::UTC).date();
    let rules: Vec<RuleInfo> = view.desk.roster.rules.rules().collect();
    let body = html! {
        h1 { "Rules" }
        section aria-labelledby="try" {
            h2 id="try" { "Try a text" }
            (form("", ""))
        }
        section aria-labelledby="all" {
            h2 id="all" { (count(rules.len(), "running rule", "running rules")) }
            @for rule in &rules { (card(rule, habits.rules.get(&rule.id), today)) }
        }
    };
    Ok(view.page("/rules", "Rules", &body))
}

fn card(rule: &RuleInfo, habit: Option<&Habit>, today: Date) -> Markup {
    let days: Vec<(Date, u64)> = (0..DAYS)
        .rev()
        .filter_map(|back| today.checked_sub(back.days()).ok())
        .map(|day| (day, habit.and_then(|habit| habit.matches.get(&day)).copied().unwrap_or(0)))
        .collect();
    let total: u64 = days.iter().map(|(_, count)| count).sum();
    html! {
        article.card id=(rule.id) aria-labelledby={ "rule-" (rule.id) } {
            h3 id={ "rule-" (rule.id) } { (rule.title) @if rule.shadow { " " (badge(SHADOW)) } }
            p.note {
                code { (rule.id) }
                @if let Some(habit) = habit { " · runs since " (habit.since) }
                " · " a href=(link("/stories", "rule", rule.id.as_str())) { "its stories" }
            }
            div.days {
                (bars(&days, "match", "matches"))
                span.note { (total) " in " (DAYS) " days" }
            }
            details {
                summary { "Query and " (count(rule.examples, "example", "examples")) }
                @if !rule.when.is_empty() { pre tabindex="0" { (rule.when) } }
                @if let Some(unless) = &rule.unless { p { "unless" } pre tabindex="0" { (unless) } }
                (examples("Flags", &rule.yes))
                (examples("Lets pass", &rule.no))
            }
        }
    }
}

fn examples(head: &str, titles: &[String]) -> Markup {
    html! {
        @if !titles.is_empty() {
            h4 { (head) }
            ul { @for title in titles { li { a href=(link("/try", "text", title)) { (title) } } } }
        }
    }
}
