//! Which items of a poll are news to us: new, or changed under a known key.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use crate::model::{Item, ItemKey};
use crate::store::Known;
use crate::text::fold_title;

/// How often an item whose text changes is judged again; live pages change all day.
const REVISIONS: u32 = 5;

/// An item to judge.
#[derive(Debug, Clone)]
pub(super) struct Fresh {
    pub(super) item: Item,
    /// What is known of it, where it had another text.
    pub(super) before: Option<Known>,
    /// Known before, under another key: to be written down, and no news.
    pub(super) rekeyed: bool,
}

impl Fresh {
    /// Known before, with another text.
    pub(super) fn revised(&self) -> bool {
        self.before.is_some()
    }

    /// The how manieth text of the item this is; 0 for its first.
    pub(super) fn revision(&self) -> u32 {
        self.before.as_ref().map_or(0, |before| before.revisions + 1)
    }

    /// Whether it was too old to tell once, and has the headline and the date now that it had then.
    pub(super) fn stays_untold(&self) -> bool {
        let Some((title, published)) = self.before.as_ref().and_then(|one| one.untold.as_ref())
        else {
            return false;
        };
        // As exactly as it is stored.
        let stored = |date: Option<Timestamp>| date.map(|date| date.as_millisecond());
        stored(*published) == stored(self.item.published)
            && fold_title(title).text() == fold_title(&self.item.title).text()
    }
}

/// Picks the items to judge. Of two with one key in one document the first counts.
pub(super) fn fresh(
    items: Vec<Item>,
    known: &HashMap<ItemKey, Known>,
    rekeyed: &[ItemKey],
) -> Vec<Fresh> {
    let rekeyed: HashSet<&ItemKey> = rekeyed.iter().collect();
    let mut seen: HashSet<ItemKey> = HashSet::new();
    let mut picked = Vec::new();
    for item in items {
        if !seen.insert(item.key.clone()) {
            continue;
        }
        match known.get(&item.key) {
            None => {
                let rekeyed = rekeyed.contains(&item.key);
                picked.push(Fresh { item, before: None, rekeyed });
            }
            // The page's text comes after the item, and once.
            Some(before)
                if (before.text != item.text_hash() || item.feed_text.is_some())
                    && before.revisions < REVISIONS =>
            {
                let before = Some(before.clone());
                picked.push(Fresh { item, before, rekeyed: false });
            }
            Some(_) => {}
        }
    }
    picked
}
