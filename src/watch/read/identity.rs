//! The identity of an item inside its feed.
//!
//! The feed's own id where it gives one, else the canonical link (with its fragment: some pages hold
//! many entries), else title and published day. An id or link that different entries bear is none, in
//! one document or from one to the next; those entries go by what comes after, for ever. Where most
//! ids are shared, or are others at each poll, the feed's ids count no more, and links likewise; `past`
//! says how that is known.
//!
//! Keys depend on the entry and not on its place, so that new entries above do not change them; only
//! entries that are alike in everything are counted. When an entry gets another key than it had in the
//! document before, that is told, so that it is not news. What this gets wrong: of a feed without
//! links whose only id stays the same from entry to entry, the next entry looks like a change of the
//! last one.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use super::MAX_ENTRIES;
use super::parse::Entry;
use super::past::{MAX_SHARED, Past, share};
use crate::model::{Identity, ItemKey, Shown, mark};
use crate::text::is_article_url;

/// Longest key that is kept as it stands; longer ones are hashed.
const MAX_LENGTH: usize = 200;
/// Characters of a text that tell it from others, with its length.
const DIGEST: usize = 200;
/// What a document's entries are told apart by.
#[derive(Debug, Default)]
pub(super) struct Keyed {
    /// The keys, in order. Equal keys mean the same item shown twice.
    pub(super) keys: Vec<ItemKey>,
    /// Those of entries that the document before showed under another key.
    pub(super) rekeyed: Vec<ItemKey>,
    /// What was learned.
    pub(super) identity: Identity,
}

/// Gives keys to a document's entries. `truncated`: the document breaks off.
pub(super) fn keys(entries: &[Entry], before: &Identity, truncated: bool) -> Keyed {
    if entries.is_empty() {
        // What it showed before it may show again.
        return Keyed { identity: before.clone(), ..Keyed::default() };
    }
    let marks: Vec<Marks> = entries.iter().map(Marks::of).collect();
    let past = Past::new(&before.shown);
    let mut identity = before.clone();
    past.learn(&marks, &mut identity);
    learn_shared(&marks, &mut identity);
    let keys = assign(entries, &marks, &identity);
    let shown: Vec<Shown> =
        marks.iter().zip(&keys).map(|(marks, key)| marks.under(mark(key.as_str()))).collect();
    let now = Past::new(&shown);
    // Where it was found out just now that ids or links are no use, all keys are others.
    let turned = (identity.ids_fail, identity.links_fail) != (before.ids_fail, before.links_fail);
    let rekeyed = marks.iter().zip(&shown).zip(&keys).filter(|((marks, one), _)| {
        let alike = || past.alike(marks).filter(|_| turned);
        // What reads otherwise now is judged, under whatever key.
        let unchanged = |former: &&Shown| former.text == marks.text;
        let former = past.same(marks).filter(unchanged).or_else(alike);
        !past.has(one.key) && former.is_some_and(|former| !now.has(former.key))
    });
    let rekeyed = rekeyed.map(|(_, key)| key.clone()).collect();
    let rest = before.shown.iter().filter(|one| truncated && !now.has(one.key)).copied();
    let rest: Vec<Shown> = rest.take(MAX_ENTRIES.saturating_sub(shown.len())).collect();
    identity.shown = shown;
    identity.shown.extend(rest);
    Keyed { keys, rekeyed, identity }
}

/// What entries are compared by, hashed; zero for what is not there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Marks {
    pub(super) id: u32,
    /// The link that can serve as key.
    pub(super) link: u32,
    /// Title, or else text.
    pub(super) title: u32,
    /// The title with the date.
    pub(super) dated: u32,
    /// Title and text.
    pub(super) text: u32,
    pub(super) has_date: bool,
    /// Whether there is a text beside the title.
    pub(super) has_text: bool,
}

impl Marks {
    fn of(entry: &Entry) -> Self {
        let title = mark(told(entry));
        let date = entry.published.map_or(String::new(), |at| at.as_second().to_string());
        Self {
            id: mark(&entry.id),
            link: link(entry).map_or(0, |link| mark(&link)),
            title,
            dated: if title == 0 { 0 } else { mark(&format!("{date} {}", told(entry))) },
            text: mark(&digest(entry)),
            has_date: entry.published.is_some(),
            has_text: !entry.summary.is_empty() || !entry.body.is_empty(),
        }
    }

    fn under(self, key: u32) -> Shown {
        Shown {
            id: self.id,
            link: self.link,
            title: self.title,
            dated: self.dated,
            text: self.text,
            key,
        }
    }
}

/// What an entry tells: its title, or what stands for one.
fn told(entry: &Entry) -> &str {
    [&entry.title, &entry.summary, &entry.body]
        .into_iter()
        .find(|text| !text.is_empty())
        .map_or("", |text| text)
}

/// Title and text in short: whole texts would take longer to hash than to read.
fn digest(entry: &Entry) -> String {
    let text = if entry.summary.is_empty() { &entry.body } else { &entry.summary };
    let mut digest = format!("{}\n{} {}\n", entry.title, entry.summary.len(), entry.body.len());
    digest.extend(text.chars().take(DIGEST));
    digest
}

/// The link by which an entry can be known: none that leads to a home page.
fn link(entry: &Entry) -> Option<String> {
    let canonical = entry.canonical.as_deref()?;
    match entry.link.as_ref().and_then(|url| url.fragment()).filter(|part| !part.is_empty()) {
        Some(fragment) => Some(format!("{canonical}#{fragment}")),
        None => is_article_url(canonical).then(|| canonical.to_owned()),
    }
}

/// Learns which ids and links different entries of one document share.
fn learn_shared(marks: &[Marks], identity: &mut Identity) {
    let ids = marks.iter().filter(|one| one.id != 0);
    let shared = shared(ids.clone().map(|one| (one.id, (one.link, one.title))));
    let bearers = ids.clone().filter(|one| shared.contains(&one.id)).count();
    identity.ids_fail |= bearers > 2 && 2 * bearers >= ids.count();
    let many = shared.len() > MAX_SHARED;
    identity.ids_fail |= many;
    shared.into_iter().for_each(|id| share(&mut identity.shared, id));
    let linked = marks.iter().filter(|one| one.link != 0 && !own_id(one, identity));
    let links = self::shared(linked.map(|one| (one.link, (0, one.title))));
    links.into_iter().for_each(|link| share(&mut identity.shared, link));
}

/// The marks that entries share which differ otherwise.
fn shared(named: impl Iterator<Item = (u32, (u32, u32))>) -> HashSet<u32> {
    let mut owners: HashMap<u32, (u32, u32)> = HashMap::new();
    let differs = |(name, rest): &(u32, (u32, u32))| owners.entry(*name).or_insert(*rest) != rest;
    named.filter(differs).map(|one| one.0).collect()
}

/// Whether an entry's id is its key.
fn own_id(marks: &Marks, identity: &Identity) -> bool {
    marks.id != 0 && !identity.ids_fail && !identity.shared.contains(&marks.id)
}

fn assign(entries: &[Entry], marks: &[Marks], identity: &Identity) -> Vec<ItemKey> {
    let mut alike: HashMap<ItemKey, u32> = HashMap::new();
    let key = |(entry, marks): (&Entry, &Marks)| {
        if own_id(marks, identity) {
            return bounded(&entry.id);
        }
        let usable = !identity.links_fail && !identity.shared.contains(&marks.link);
        if let Some(link) = link(entry).filter(|_| usable) {
            return bounded(&link);
        }
        let key = content(entry);
        let count = alike.entry(key.clone()).or_default();
        *count += 1;
        if *count == 1 { key } else { ItemKey::new(format!("{}#{count}", key.as_str())) }
    };
    entries.iter().zip(marks).map(key).collect()
}

fn bounded(text: &str) -> ItemKey {
    if text.len() <= MAX_LENGTH { ItemKey::new(text) } else { hashed("h", &[text]) }
}

/// The key of an entry that has neither id nor link of its own.
fn content(entry: &Entry) -> ItemKey {
    let day = |at: Timestamp| at.to_zoned(TimeZone::UTC).date().to_string();
    let day = entry.published.map(day).unwrap_or_default();
    if entry.title.is_empty() {
        hashed("t", &[&day, &entry.summary, &entry.body])
    } else {
        hashed("t", &[&day, &entry.title])
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
