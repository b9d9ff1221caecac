//! The entries of the document before, and what the next one teaches by them: whether ids pass from
//! entry to entry, and whether ids and links are others at each poll though the entries are the same.
//!
//! An id that names another entry than before is either a correction, of headline and address at once,
//! or an id that passes on (`latest`, the place in the list). It passes on where most ids of the document
//! did so, or where the entry that had it is shown elsewhere, or this one was; then it is none any more.
//!
//! That an entry under a new id is an old one takes the same link and text, or the same title and date
//! with the same link or text. Titles like "Press release" at midnight prove nothing alone. Texts that
//! count their readers, dates that are now and links with a session differ at each poll, though: there,
//! that several titles came back and not one id (or link) did tells that ids (or links) are no use. A page
//! that is told anew under its title each day looks the same where there are several such pages and all
//! of them change at once; they are revisions then.

use std::collections::{HashMap, HashSet};

use super::identity::Marks;
use crate::model::{Identity, Shown};

/// Entries that must agree where each alone would prove nothing.
const SEVERAL: usize = 3;

/// The entries of the document before.
pub(super) struct Past<'s> {
    shown: &'s [Shown],
    ids: HashMap<u32, &'s Shown>,
    links: HashSet<u32>,
    keys: HashSet<u32>,
    by_link: HashMap<(u32, u32), &'s Shown>,
    by_date_and_link: HashMap<(u32, u32), &'s Shown>,
    by_date_and_text: HashMap<(u32, u32), &'s Shown>,
    /// `None` for a title that several entries bear.
    by_title: HashMap<u32, Option<&'s Shown>>,
}

impl<'s> Past<'s> {
    pub(super) fn new(shown: &'s [Shown]) -> Self {
        let mut by_title = HashMap::new();
        for one in shown.iter().filter(|one| one.title != 0) {
            by_title.entry(one.title).and_modify(|known| *known = None).or_insert(Some(one));
        }
        Self {
            shown,
            ids: shown.iter().map(|one| (one.id, one)).collect(),
            links: shown.iter().map(|one| one.link).collect(),
            keys: shown.iter().map(|one| one.key).collect(),
            by_link: shown.iter().map(|one| ((one.link, one.text), one)).collect(),
            by_date_and_link: shown.iter().map(|one| ((one.dated, one.link), one)).collect(),
            by_date_and_text: shown.iter().map(|one| ((one.dated, one.text), one)).collect(),
            by_title,
        }
    }

    /// Whether an entry was shown under this key.
    pub(super) fn has(&self, key: u32) -> bool {
        self.keys.contains(&key)
    }

    /// The entry that was shown before and is surely this one.
    pub(super) fn same(&self, marks: &Marks) -> Option<&'s Shown> {
        let linked = || {
            let by_text = self.by_link.get(&(marks.link, marks.text));
            let dated = || self.by_date_and_link.get(&(marks.dated, marks.link));
            by_text.or_else(|| if marks.has_date && marks.dated != 0 { dated() } else { None })
        };
        if let Some(former) = (marks.link != 0).then(linked).flatten() {
            return Some(former);
        }
        let former = self.by_date_and_text.get(&(marks.dated, marks.text)).copied()?;
        // Nothing but a title, and other links, is no text to know an entry by.
        let bare = marks.link == 0 && former.link == 0;
        (marks.dated != 0 && (bare || (marks.has_date && marks.has_text))).then_some(former)
    }

    /// The entry that was shown before and is this one if ids or links are no use: nobody else has its
    /// title, and the link or the date is the same.
    pub(super) fn alike(&self, marks: &Marks) -> Option<&'s Shown> {
        let former = self.by_title.get(&marks.title).copied().flatten()?;
        let same_link = marks.link != 0 && marks.link == former.link;
        (same_link || marks.dated == former.dated).then_some(former)
    }

    /// Learns from what changed.
    pub(super) fn learn(&self, marks: &[Marks], identity: &mut Identity) {
        if self.shown.is_empty() {
            return;
        }
        let now = Now::of(marks);
        let ids = self.changed_ids(marks, &now, identity);
        let links = self.changed_links(marks, &now, identity);
        identity.ids_fail |= ids.is_telling();
        identity.links_fail |= links.is_telling();
    }

    fn changed_ids(&self, marks: &[Marks], now: &Now, identity: &mut Identity) -> Changed {
        let mut changed = Changed::default();
        let mut passed = Vec::new();
        for one in marks.iter().filter(|one| one.id != 0) {
            let Some(former) = self.ids.get(&one.id) else {
                let gone = |former: &&Shown| former.id != 0 && !now.ids.contains(&former.id);
                changed.moved += usize::from(self.same(one).filter(gone).is_some());
                let alike = self.alike(one).filter(|_| now.is_only(one));
                changed.alike += usize::from(alike.filter(gone).is_some());
                continue;
            };
            changed.kept += 1;
            let both = one.link != 0 && former.link != 0;
            if both && former.link != one.link && former.title != one.title {
                passed.push((one, *former));
            }
        }
        let most = 2 * passed.len() > changed.kept;
        identity.ids_fail |= most && passed.len() >= SEVERAL;
        for (one, former) in passed {
            if most || now.links.contains(&former.link) || self.links.contains(&one.link) {
                share(&mut identity.shared, one.id);
            }
        }
        changed
    }

    fn changed_links(&self, marks: &[Marks], now: &Now, identity: &Identity) -> Changed {
        let mut changed = Changed::default();
        for one in marks.iter().filter(|one| one.link != 0 && (one.id == 0 || identity.ids_fail)) {
            if self.links.contains(&one.link) {
                changed.kept += 1;
                continue;
            }
            let gone = |former: &&Shown| former.link != 0 && !now.links.contains(&former.link);
            changed.moved += usize::from(self.same(one).filter(gone).is_some());
            let alike = self.alike(one).filter(|_| now.is_only(one));
            changed.alike += usize::from(alike.filter(gone).is_some());
        }
        changed
    }
}

/// What the document that has come holds.
struct Now {
    ids: HashSet<u32>,
    links: HashSet<u32>,
    titles: HashMap<u32, usize>,
}

impl Now {
    fn of(marks: &[Marks]) -> Self {
        let mut titles = HashMap::new();
        marks.iter().for_each(|one| *titles.entry(one.title).or_default() += 1);
        Self {
            ids: marks.iter().map(|one| one.id).collect(),
            links: marks.iter().map(|one| one.link).collect(),
            titles,
        }
    }

    /// Whether nobody else has its title.
    fn is_only(&self, marks: &Marks) -> bool {
        self.titles.get(&marks.title) == Some(&1)
    }
}

/// What became of the ids, or links, of entries.
#[derive(Debug, Default)]
struct Changed {
    /// The same as before.
    kept: usize,
    /// Another one, of an entry that is surely the same.
    moved: usize,
    /// Another one, of an entry that is alike.
    alike: usize,
}

impl Changed {
    /// Whether they are others at each poll.
    fn is_telling(&self) -> bool {
        let sure = self.moved > 0 && self.moved >= self.kept;
        sure || (self.alike >= SEVERAL && self.kept == 0)
    }
}

/// Remembers a mark that is shared; of too many the oldest goes.
pub(super) fn share(shared: &mut Vec<u32>, mark: u32) {
    if !shared.contains(&mark) {
        if shared.len() >= MAX_SHARED {
            shared.remove(0);
        }
        shared.push(mark);
    }
}

/// Single ids and links that are remembered as shared; with more than these the kind as a whole is
/// not trusted.
pub(super) const MAX_SHARED: usize = 64;
