//! How often a feed usually shows something new, and whether it has fallen silent.

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;

use super::read::Reading;
use crate::model::{Condition, FeedState, Identity, Item, ItemKey, mark};

/// Gap that is assumed of a feed whose entries bear no dates.
pub(super) const DEFAULT_GAP: Duration = Duration::from_secs(1800);
/// Newest entries that make the rhythm.
const RHYTHM_OF: usize = 12;
/// A feed is silent when it has shown nothing new for this many of its gaps …
const SILENT_GAPS: u32 = 20;
/// … and for at least this long.
const SILENT_LEAST: Duration = Duration::from_secs(3 * 86_400);

/// Typical gap between the newest entries: the median, from dates in any order. `None` where fewer
/// than two dates are known.
pub(super) fn rhythm(mut dates: Vec<Timestamp>) -> Option<Duration> {
    dates.sort_unstable_by(|a, b| b.cmp(a));
    dates.truncate(RHYTHM_OF);
    let gaps = dates.windows(2).map(|pair| pair[0].duration_since(pair[1]).unsigned_abs());
    let mut gaps: Vec<Duration> = gaps.collect();
    gaps.sort_unstable();
    gaps.get(gaps.len() / 2).copied()
}

/// The time of the newest entry that the document before did not show: a body that is another each time
/// with the same entries is no news. One without a date counts from `now`.
pub(super) fn newest(reading: &Reading, before: &Identity, now: Timestamp) -> Option<Timestamp> {
    let fresh = fresh(&reading.items, &reading.rekeyed, before);
    fresh.map(|item| item.published.map_or(now, |at| at.min(now))).max()
}

/// The entries that the document before did not show, under whatever key.
pub(super) fn fresh<'i>(
    items: &'i [Item],
    rekeyed: &[ItemKey],
    before: &Identity,
) -> impl Iterator<Item = &'i Item> {
    let shown: HashSet<u32> = before.shown.iter().map(|one| one.key).collect();
    let known =
        move |item: &&Item| shown.contains(&mark(item.key.as_str())) || rekeyed.contains(&item.key);
    items.iter().filter(move |item| !known(item))
}

/// Whether a feed has shown nothing new for far longer than its rhythm, or has no entries any more.
pub(super) fn is_silent(state: &FeedState, now: Timestamp) -> bool {
    let Some(last) = state.last_new else {
        // It never had an entry: a new feed may well begin so, but not stay so.
        let waited = state.since.map_or(Duration::ZERO, |since| self::since(since, now));
        return match state.condition {
            Condition::Silent => true,
            Condition::New => false,
            _ => waited > SILENT_LEAST,
        };
    };
    if state.entries == 0 {
        // It had entries once: "200 OK" with none is what a broken site looks like.
        return true;
    }
    let patience = state.rhythm.unwrap_or(DEFAULT_GAP).saturating_mul(SILENT_GAPS);
    since(last, now) > patience.max(SILENT_LEAST)
}

/// Time between two instants; nothing where the second comes first.
pub(super) fn since(then: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(then)).unwrap_or(Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Every, Feed, FeedName, Kind};
    use crate::watch::read::{Document, read_after};
    use crate::watch::schedule::later;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn the_rhythm_is_the_median_gap() {
        let now = at("2026-01-01T00:00:00Z");
        let dates = |hours: &[u64]| hours.iter().map(|h| later(now, seconds(h * 3600))).collect();
        assert_eq!(rhythm(dates(&[0, 1, 2, 50, 51])), Some(seconds(3600)));
        assert_eq!(rhythm(dates(&[5])), None);
    }

    #[test]
    fn silence_is_noticed() {
        let now = at("2026-01-10T00:00:00Z");
        let mut state = FeedState::new(now);
        (state.rhythm, state.entries) = (Some(seconds(3600)), 5);
        state.last_new = Some(at("2026-01-08T00:00:00Z"));
        assert!(!is_silent(&state, now));
        state.last_new = Some(at("2026-01-06T00:00:00Z"));
        assert!(is_silent(&state, now));
        (state.last_new, state.entries) = (Some(now), 0);
        assert!(is_silent(&state, now));
    }

    #[test]
    fn a_feed_that_never_had_an_entry_falls_silent_too() {
        let now = at("2026-01-10T00:00:00Z");
        let mut state = FeedState::new(now);
        assert!(!is_silent(&state, now));
        (state.condition, state.since) = (Condition::Ok, Some(at("2026-01-08T00:00:00Z")));
        assert!(!is_silent(&state, now));
        state.since = Some(at("2026-01-06T00:00:00Z"));
        assert!(is_silent(&state, now));
        (state.condition, state.since) = (Condition::Silent, Some(now));
        assert!(is_silent(&state, now), "to be silent is no reason to stop being it");
    }

    /// The state after a document, and when its feed showed something new last.
    fn after(state: &FeedState, document: &str, at: &str) -> FeedState {
        let feed = Feed {
            name: FeedName::new("a"),
            url: "http://e.org/".to_owned(),
            every: Every::Auto,
            kind: Kind::Press,
            tags: Vec::new(),
            shadow: false,
            full_text: false,
        };
        let document = Document { bytes: document.as_bytes(), content_type: None, url: "" };
        let reading = read_after(document, &feed, &state.identity, at.parse().unwrap()).unwrap();
        let mut next = state.clone();
        next.last_new = newest(&reading, &state.identity, at.parse().unwrap()).max(state.last_new);
        next.identity = reading.identity;
        next
    }

    #[test]
    fn a_body_that_changes_with_the_same_entries_is_no_news() {
        let document = |built: u32, titles: &[&str]| {
            let item = |title: &&str| format!("<item><title>{title}</title></item>");
            let items: String = titles.iter().map(item).collect();
            format!("<rss><channel><lastBuildDate>{built}</lastBuildDate>{items}</channel></rss>")
        };
        let days = |day: u32| format!("2026-01-{day:02}T00:00:00Z");
        let state = FeedState::new(Timestamp::UNIX_EPOCH);
        let mut state = after(&state, &document(1, &["a", "b"]), &days(1));
        for day in 2..9 {
            state = after(&state, &document(day, &["a", "b"]), &days(day));
        }
        assert_eq!(state.last_new, Some(days(1).parse().unwrap()));
        state = after(&state, &document(9, &["c", "a"]), &days(9));
        assert_eq!(state.last_new, Some(days(9).parse().unwrap()));
        state = after(&state, &document(10, &[]), &days(10));
        assert_eq!(state.last_new, Some(days(9).parse().unwrap()));
    }
}
