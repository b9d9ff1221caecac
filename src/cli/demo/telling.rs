//! The report, read from what the stations left: the database, and what site and receiver saw.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::picture::{
    Attempted, FeedLine, Grouped, MessageLine, QuietLine, Report, StoryPart, Text, Told,
};
use super::receiver::{Received, Receiver};
use super::site::Site;
use crate::config::Config;
use crate::model::{Alert, Field, Item};
use crate::report::{acts, move_line};
use crate::rule::RuleSet;
use crate::store::{Store, StoreError, StoryFilter};

/// More than the site has to tell.
const MANY: usize = 1_000;

/// Reads it all. `served` is how many entries came over all polls.
///
/// # Errors
///
/// The database cannot be read.
pub(super) async fn report(
    config: &Config,
    store: &Store,
    site: &Site,
    receiver: &Receiver,
    served: usize,
) -> Result<Report, StoreError> {
    let items: Vec<Item> =
        store.items(Timestamp::MIN, 0, MANY).await?.into_iter().map(|(_, item)| item).collect();
    let (stories, grouped) = stories(store).await?;
    let mut report = Report {
        feeds: feeds(store, site).await?,
        stories,
        messages: messages(&receiver.deliveries(), &config.rules),
        known: served.saturating_sub(items.len()),
        ..Report::default()
    };
    let mut near = Vec::new();
    for item in items.iter().filter(|item| !grouped.contains(&place(item))) {
        let finding = config.rules.examine(item);
        let line = |reason: String| QuietLine { title: item.title.clone(), reason };
        match finding.near.first() {
            _ if finding.matched.is_some() => report.old.push(line(format!(
                "flagged, but {} d old: not told",
                item.seen.duration_since(item.date()).as_hours() / 24
            ))),
            Some(miss) => near.push((miss.distance, line(miss.missing.clone()))),
            None => report.plain += 1,
        }
    }
    near.sort_by_key(|(distance, _)| *distance);
    report.near = near.into_iter().map(|(_, line)| line).collect();
    Ok(report)
}

/// Where an item stands: its feed and its link.
fn place(item: &Item) -> (String, Option<String>) {
    (item.feed.to_string(), item.url.clone())
}

async fn feeds(store: &Store, site: &Site) -> Result<Vec<FeedLine>, StoreError> {
    let rows = store.feeds().await?;
    let requests = site.requests();
    let line = |feed: super::site::SiteFeed| {
        let row = rows.iter().find(|row| row.name == feed.name);
        let polls = requests.get(feed.name).map(|one| one.answers.clone()).unwrap_or_default();
        FeedLine {
            name: feed.name.to_owned(),
            form: feed.form,
            polls,
            entries: row.map_or(0, |row| usize::try_from(row.items).unwrap_or(usize::MAX)),
            notes: row
                .map(|row| row.last_error.iter().chain(&row.faults).cloned().collect())
                .unwrap_or_default(),
        }
    };
    Ok(site.feeds().into_iter().map(line).collect())
}

type Places = HashSet<(String, Option<String>)>;

/// The stories as they opened, and where their items stand.
async fn stories(store: &Store) -> Result<(Vec<StoryPart>, Places), StoreError> {
    let mut rows = store.stories(StoryFilter { limit: MANY, ..StoryFilter::default() }).await?;
    rows.sort_by_key(|row| row.id);
    let (mut parts, mut places) = (Vec::new(), Places::new());
    for row in rows {
        let Some(story) = store.story(row.id).await? else { continue };
        let mut part =
            StoryPart { id: story.id.to_string(), told: Vec::new(), grouped: Vec::new() };
        for member in story.members {
            places.insert((member.feed.clone(), member.url.clone()));
            for id in &member.alerts {
                part.told.extend(store.alert(*id).await?.map(|detail| told(&detail.alert)));
            }
            if let (true, Some(level)) = (member.alerts.is_empty(), member.level) {
                part.grouped.push(Grouped {
                    level,
                    outlet: member.feed,
                    title: member.title,
                    reason: member.reason.unwrap_or_default(),
                });
            }
        }
        parts.push(part);
    }
    Ok((parts, places))
}

fn told(alert: &Alert) -> Told {
    let matched = &alert.matched;
    let mut texts: Vec<Text> = Vec::new();
    for one in &matched.evidence {
        let span = one.start..one.end;
        match texts.iter_mut().find(|text| text.field == one.field) {
            Some(text) => text.spans.push(span),
            None => texts.push(Text {
                field: one.field,
                text: alert.item.prose(one.field).to_owned(),
                spans: vec![span],
            }),
        }
    }
    // The headline is shown also where it holds no evidence: it is what people know a story by.
    if texts.iter().all(|text| text.field != Field::Title) {
        let text = alert.item.title.clone();
        texts.push(Text { field: Field::Title, text, spans: Vec::new() });
    }
    texts.sort_by_key(|text| text.field);
    let name = |code: &String| matched.names.get(code).unwrap_or(code).clone();
    Told {
        alert: alert.id.to_string(),
        move_line: move_line(matched),
        acts: acts(&matched.moves),
        level: alert.level,
        outlet: alert.item.feed.to_string(),
        rule: matched.rules.first().map(|rule| rule.id.to_string()).unwrap_or_default(),
        texts,
        also_named: matched.also_named.iter().map(name).collect(),
    }
}

/// The messages in the order of their first attempts.
fn messages(received: &[Received], rules: &RuleSet) -> Vec<MessageLine> {
    let mut lines: Vec<MessageLine> = Vec::new();
    let mut known: HashMap<&str, usize> = HashMap::new();
    for one in received {
        let index = *known.entry(&one.id).or_insert_with(|| {
            let subject = one.body.as_ref().map(|body| subject(body, rules)).unwrap_or_default();
            lines.push(MessageLine { id: one.id.clone(), subject, attempts: Vec::new() });
            lines.len() - 1
        });
        lines[index].attempts.push(Attempted {
            status: Some(one.answer.status.as_u16()),
            retry_after: one.answer.retry_after.map(|wait| Duration::from_secs(wait.into())),
        });
    }
    lines
}

/// `NEW AUKUS ← Canada, Japan`, from what was received.
fn subject(body: &Value, rules: &RuleSet) -> String {
    let word = if body["type"] == "alert.updated" { "UPDATE" } else { "NEW" };
    let list = |key: &str| -> Vec<String> {
        let codes = body["data"][key].as_array().into_iter().flatten().filter_map(Value::as_str);
        codes.map(|code| rules.place_name(code).unwrap_or(code).to_owned()).collect()
    };
    let (alliances, candidates) = (list("alliances").join(", "), list("candidates").join(", "));
    match candidates.is_empty() {
        true => format!("{word} {alliances}"),
        false => format!("{word} {alliances} ← {candidates}"),
    }
}
