//! Who stands at which door, and one pair's moves over time.

use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use axum::response::Html;
use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::desk::Site;
use super::draw::{Dot, timeline};
use super::fields::Fields;
use super::layout::{View, badge, choice, count, foreign, table};
use super::trouble::Trouble;
use crate::report::{LedgerFilter, Names, ledger};
use crate::store::LedgerRow;

/// Most pairs on a page.
const PAIRS: usize = 500;

/// The moves of one candidate at one door, oldest first.
pub(super) struct Pair<'r> {
    moves: Vec<&'r LedgerRow>,
    last: &'r LedgerRow,
}

/// The pairs of a sorted ledger, the one that moved last first.
pub(super) fn pairs(rows: &[LedgerRow]) -> Vec<Pair<'_>> {
    let same =
        |a: &LedgerRow, b: &LedgerRow| (&a.alliance, &a.candidate) == (&b.alliance, &b.candidate);
    let grouped = rows.chunk_by(same).filter_map(|moves| {
        let last = moves.last()?;
        Some(Pair { moves: moves.iter().collect(), last })
    });
    // A move without a candidate stands at no door.
    let mut pairs: Vec<Pair<'_>> = grouped.filter(|pair| !pair.last.candidate.is_empty()).collect();
    pairs.sort_by_key(|pair| std::cmp::Reverse(pair.last.since));
    pairs
}

/// A pair as a line of a table.
pub(super) fn door(view: &View, pair: &Pair<'_>) -> Vec<Markup> {
    let last = pair.last;
    let query = Fields::read(b"").with("/ledger", "alliance", &last.alliance);
    let href = format!("{query}&{}", encoded("candidate", &last.candidate));
    vec![
        html! { a href=(href) { (view.place(&last.candidate)) } },
        html! { (last.alliance) },
        acts(view, last),
        date(view, last),
        told(last),
    ]
}

fn encoded(name: &str, value: &str) -> String {
    url::form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish()
}

fn acts(view: &View, row: &LedgerRow) -> Markup {
    html! {
        (row.act) @if let Some(actor) = &row.actor { " by " (view.place(actor)) }
        @if row.disputed { " " (badge("disputed")) }
    }
}

/// The day of a move. A standing of the rules has a day and no time, so no zone moves it.
fn date(view: &View, row: &LedgerRow) -> Markup {
    let zone = if is_standing(row) { TimeZone::UTC } else { view.desk.timezone.clone() };
    let day = row.since.map(|at| at.to_zoned(zone).date().to_string());
    html! { @match day { Some(day) => { time datetime=(day) { (day) } }, None => "founding" } }
}

/// Whether the rules start from it, and no news told it.
fn is_standing(row: &LedgerRow) -> bool {
    row.alert.is_none() && row.title.is_empty()
}

impl Pair<'_> {
    /// Whether news told its last move.
    pub(super) fn is_news(&self) -> bool {
        !is_standing(self.last)
    }
}

fn told(row: &LedgerRow) -> Markup {
    html! {
        @match row.alert {
            Some(alert) => { a href={ "/alerts/" (alert) } { @if row.title.is_empty() { (alert) } @else { (foreign(&row.title)) } } }
            None if is_standing(row) => { span.note { "the rules" } }
            None => (foreign(&row.title))
        }
    }
}

/// The filter of a query.
pub(super) async fn filter_of(fields: &Fields, names: &Names<'_>) -> Result<LedgerFilter, Trouble> {
    Ok(LedgerFilter {
        alliance: fields.alliance(names).await?,
        candidate: fields.candidate(names).await?,
        members: fields.get("members").is_some(),
    })
}

/// Makes the page: the table, or one pair where both its names are asked for.
pub(super) async fn show(State(site): State<Arc<Site>>, uri: Uri) -> Result<Html<String>, Trouble> {
    let view = View::of(&site);
    let fields = Fields::of(&uri);
    let roster = &view.desk.roster;
    let names = Names::new(roster, Some(&site.store));
    let filter = filter_of(&fields, &names).await?;
    let rows = ledger(roster, Some(&site.store), &filter).await?;
    let pairs = pairs(&rows);
    if let (Some(_), Some(_), [pair]) = (&filter.alliance, &filter.candidate, pairs.as_slice()) {
        return Ok(one(&view, pair));
    }
    let mut alliances: Vec<(String, String)> =
        roster.rules.alliances().map(|name| (name.to_owned(), name.to_owned())).collect();
    alliances.sort();
    let body = html! {
        h1 { "Ledger" }
        form.filter method="get" action="/ledger" {
            (choice("alliance", "Alliance", &alliances, filter.alliance.as_deref()))
            label { span { "Candidate" } input name="candidate" size="10" value=[&filter.candidate] placeholder="Japan"; }
            label.check { input type="checkbox" name="members" value="1" checked[filter.members]; span { "with members" } }
            button { "Show" }
        }
        @if pairs.is_empty() { p { "No move fits." } } @else {
            (table(&format!("{}, the one that moved last first", count(pairs.len(), "pair", "pairs")),
                &["Candidate", "Alliance", "Last move", "Since", "Told by"],
                &pairs.iter().take(PAIRS).map(|pair| door(&view, pair)).collect::<Vec<_>>()))
        }
        @if pairs.len() > PAIRS { p { "The first " (PAIRS) " are shown; ask for one alliance to see the rest." } }
    };
    Ok(view.page("/ledger", "Ledger", &body))
}

fn one(view: &View, pair: &Pair<'_>) -> Html<String> {
    let (alliance, candidate) = (&pair.last.alliance, &pair.last.candidate);
    let rules = &view.desk.roster.rules;
    let name = rules.place_name(candidate).unwrap_or(candidate);
    let title = format!("{name} and {alliance}");
    let dots: Vec<Dot> = pair
        .moves
        .iter()
        .filter_map(|row| {
            let at = row.since?;
            let kind = rules.act(&row.act);
            let date = at.to_zoned(view.desk.timezone.clone()).strftime("%Y-%m-%d").to_string();
            Some(Dot {
                at,
                stage: kind.as_ref().map_or(0, |kind| kind.stage),
                formal: kind.is_some_and(|kind| kind.formal),
                label: format!("{date}: {}", row.act),
            })
        })
        .collect();
    let rows: Vec<Vec<Markup>> = pair
        .moves
        .iter()
        .rev()
        .map(|row| vec![date(view, row), acts(view, row), told(row), foreign(&row.source)])
        .collect();
    let words = format!(
        "{} of {title} over time, the nearer to membership the higher; the table below has them all",
        count(dots.len(), "move", "moves")
    );
    let body = html! {
        p.note { a href="/ledger" { "Ledger" } }
        h1 { (title) }
        @if !dots.is_empty() {
            figure {
                (timeline(&dots, &words))
                figcaption.note { "Higher is nearer to membership. Large: a formal act. Hollow: an act against." }
            }
        }
        (table("Every move, newest first", &["Date", "Move", "Told by", "Source"], &rows))
    };
    view.page("/ledger", &title, &body)
}
