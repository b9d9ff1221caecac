//! The identity of an item inside its feed.
//!
//! The feed's own id where it gives one, else the canonical link, else title and published day. An id
//! that one document gives to entries with different links is no id, and a link that it gives to
//! entries with different titles is none either: those go by the next. Keys depend on the entry and
//! not on its place, so that new entries above do not change them; only entries that are alike in
//! everything are counted.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;

use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use super::parse::Entry;
use crate::model::ItemKey;

/// Longest key that is kept as it stands; longer ones are hashed.
const MAX_LENGTH: usize = 200;

/// The keys of a document's entries, in order. Equal keys mean the same item shown twice.
pub(super) fn keys(entries: &[Entry]) -> Vec<ItemKey> {
    let ids = entries.iter().filter(|entry| !entry.id.is_empty());
    let shared_ids = shared(
        ids.map(|entry| (entry.id.as_str(), entry.canonical.as_deref().unwrap_or_default())),
    );
    let own_id = |entry: &Entry| !entry.id.is_empty() && !shared_ids.contains(entry.id.as_str());
    let linked = entries.iter().filter(|entry| !own_id(entry));
    let shared_links = shared(
        linked.filter_map(|entry| Some((entry.canonical.as_deref()?, entry.title.as_str()))),
    );
    let mut alike: HashMap<ItemKey, u32> = HashMap::new();
    entries
        .iter()
        .map(|entry| {
            if own_id(entry) {
                return bounded(&entry.id);
            }
            if let Some(link) =
                entry.canonical.as_deref().filter(|link| !shared_links.contains(link))
            {
                return bounded(link);
            }
            let key = content(entry);
            let count = alike.entry(key.clone()).or_default();
            *count += 1;
            if *count == 1 { key } else { ItemKey::new(format!("{}#{count}", key.as_str())) }
        })
        .collect()
}

/// The names that a document gives to entries that differ in their mark, out of names with marks.
fn shared<'e>(named: impl Iterator<Item = (&'e str, &'e str)>) -> HashSet<&'e str> {
    let mut owners: HashMap<&str, &str> = HashMap::new();
    named
        .filter(|(name, mark)| owners.entry(name).or_insert(mark) != mark)
        .map(|one| one.0)
        .collect()
}

fn bounded(text: &str) -> ItemKey {
    if text.len() <= MAX_LENGTH { ItemKey::new(text) } else { hashed("h", &[text]) }
}

/// The key of an entry that has neither id nor link, or shares them.
fn content(entry: &Entry) -> ItemKey {
    let day =
        entry.published.map(|at| at.to_zoned(TimeZone::UTC).date().to_string()).unwrap_or_default();
    let link = entry.canonical.as_deref().unwrap_or_default();
    if entry.title.is_empty() {
        hashed("t", &[&entry.id, link, &day, &entry.summary, &entry.body])
    } else {
        hashed("t", &[&entry.id, link, &day, &entry.title])
    }
}

fn hashed(sort: &str, texts: &[&str]) -> ItemKey {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    }
    let mut key = format!("{sort}:");
    for byte in &hash.finalize()[..16] {
        let _ = write!(key, "{byte:02x}");
    }
    ItemKey::new(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str, link: &str, title: &str) -> Entry {
        Entry {
            id: id.to_owned(),
            canonical: (!link.is_empty()).then(|| link.to_owned()),
            title: title.to_owned(),
            ..Entry::default()
        }
    }

    fn texts(entries: &[Entry]) -> Vec<String> {
        keys(entries).iter().map(|key| key.as_str().to_owned()).collect()
    }

    #[test]
    fn id_then_link_then_content() {
        let long = "x".repeat(201);
        let found = texts(&[
            entry("id", "http://h/1", "a"),
            entry("", "http://h/2", "b"),
            entry("", "", "c"),
            entry(&long, "http://h/3", "d"),
        ]);
        assert_eq!(found[..2], ["id", "http://h/2"]);
        assert!(found[2].starts_with("t:") && found[3].starts_with("h:"));
        assert!(found.iter().all(|key| key.len() <= MAX_LENGTH));
    }

    #[test]
    fn a_corrected_headline_keeps_its_key() {
        let before = [entry("id", "", "Britin"), entry("", "http://h/1", "Britin")];
        let after = [entry("id", "", "Britain"), entry("", "http://h/1", "Britain")];
        assert_eq!(texts(&before), texts(&after));
    }

    #[test]
    fn ids_that_collide_are_no_ids_wherever_they_stand() {
        let (a, b) = (entry("same", "http://h/1", "a"), entry("same", "http://h/2", "b"));
        let own = entry("own", "http://h/3", "c");
        assert_eq!(
            texts(&[a.clone(), b.clone(), own.clone()]),
            ["http://h/1", "http://h/2", "own"]
        );
        assert_eq!(texts(&[own, b, a]), ["own", "http://h/2", "http://h/1"]);
    }

    #[test]
    fn links_that_collide_are_no_ids_and_alike_entries_are_counted() {
        let (a, b) = (entry("", "http://h/live", "a"), entry("", "http://h/live", "b"));
        let found = texts(&[a.clone(), b.clone(), entry("", "", "x"), entry("", "", "x")]);
        assert_eq!(HashSet::<&String>::from_iter(&found).len(), 4, "{found:?}");
        assert_eq!(texts(&[b, a])[1], found[0]);
        assert_eq!(texts(&[entry("", "http://h/1", "a"), entry("", "http://h/1", "a")]).len(), 2);
    }
}
