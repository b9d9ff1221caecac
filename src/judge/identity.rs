//! Which items of a poll are news to us: new, or changed under a known key.

use std::collections::{HashMap, HashSet};

use crate::model::{Item, ItemKey};
use crate::store::Known;

/// How often an item whose text changes is judged again; live pages change all day.
const REVISIONS: u32 = 5;

/// An item to judge.
#[derive(Debug, Clone)]
pub(super) struct Fresh {
    pub(super) item: Item,
    /// Known before, with another text.
    pub(super) revised: bool,
    /// Known before, under another key: to be written down, and no news.
    pub(super) rekeyed: bool,
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
                picked.push(Fresh { item, revised: false, rekeyed });
            }
            // The page's text comes after the item, and once.
            Some(before)
                if (before.text != item.text_hash() || item.feed_text.is_some())
                    && before.revisions < REVISIONS =>
            {
                picked.push(Fresh { item, revised: true, rekeyed: false });
            }
            Some(_) => {}
        }
    }
    picked
}
