//! What came nearest to an alert today and was none: the quiet items of the last day, asked again by
//! the running rules. Nothing of it is stored, so it always speaks of the rules as they are now.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::Mutex;

use super::desk::{Desk, Site};
use crate::model::{Item, NearMiss};
use crate::rule::RuleSet;
use crate::store::StoreError;

/// Quiet items that are asked, the newest ones.
const ITEMS: usize = 2_000;
/// How far back.
const BACK: Duration = Duration::from_secs(86_400);
/// Near misses that are kept.
const SHOWN: usize = 10;
/// How long an answer serves.
const FRESH: Duration = Duration::from_secs(60);

/// An item that nearly was an alert.
#[derive(Debug, Clone)]
pub(super) struct NearItem {
    pub(super) title: String,
    pub(super) url: Option<String>,
    pub(super) feed: String,
    pub(super) seen: Timestamp,
    pub(super) miss: NearMiss,
}

/// The last answer, and whose it was.
#[derive(Debug, Default)]
pub(super) struct Near(Mutex<Option<Answer>>);

#[derive(Debug, Clone)]
struct Answer {
    desk: Arc<Desk>,
    at: Instant,
    items: Arc<Vec<NearItem>>,
}

/// The nearest misses, nearest first, no headline twice.
///
/// # Errors
///
/// The database cannot be read.
pub(super) async fn nearest(
    site: &Site,
    desk: &Arc<Desk>,
    now: Timestamp,
) -> Result<Arc<Vec<NearItem>>, StoreError> {
    // Held while asking: visitors who come together ask once.
    let mut last = site.near.0.lock().await;
    if let Some(answer) = last.as_ref()
        && Arc::ptr_eq(&answer.desk, desk)
        && answer.at.elapsed() < FRESH
    {
        return Ok(answer.items.clone());
    }
    let since = now.checked_sub(BACK).unwrap_or(Timestamp::MIN);
    let quiet = site.store.quiet_items(since, ITEMS).await?;
    let rules = desk.roster.rules.clone();
    let asked = tokio::task::spawn_blocking(move || ask(&rules, quiet)).await;
    let items = Arc::new(asked.unwrap_or_default());
    *last = Some(Answer { desk: desk.clone(), at: Instant::now(), items: items.clone() });
    Ok(items)
}

fn ask(rules: &RuleSet, quiet: Vec<Item>) -> Vec<NearItem> {
    let mut found: Vec<NearItem> = Vec::new();
    for item in quiet {
        let finding = rules.examine(&item);
        // After a reload some may match; history is not told, and is no near miss either.
        if finding.matched.is_some() {
            continue;
        }
        let Some(miss) = finding.near.into_iter().min_by_key(|miss| miss.distance) else {
            continue;
        };
        if miss.distance >= NearMiss::FAR || found.iter().any(|one| one.title == item.title) {
            continue;
        }
        let (title, url, feed, seen) = (item.title, item.url, item.feed.to_string(), item.seen);
        found.push(NearItem { title, url, feed, seen, miss });
    }
    // The order within a distance stays: newest first.
    found.sort_by_key(|one| one.miss.distance);
    found.truncate(SHOWN);
    found
}
