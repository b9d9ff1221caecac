//! Which stories an item can belong to at all, so that few of many are compared with it.
//!
//! Every member leaves its marks: its own key, its link, its headline, the pairs of alliance and
//! candidate of its moves, the words that its headline stands by. What shares no mark with an item
//! cannot be the same by any test of `index`: two that name no common pair are kept apart unless link
//! or text are equal, and without moves the headlines must be alike. Marks are hashes; two that
//! collide cost a comparison and change nothing.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::similar::Sketch;
use crate::model::{FeedName, Item, ItemKey, Match, Member, Move, Story, StoryId};
use crate::text::is_article_url;

/// What a mark is of.
#[derive(Hash)]
enum Sort {
    Key,
    Link,
    Headline,
    Alliance,
    Pair,
    /// A word of a headline whose item has moves.
    Word,
    /// A word of a headline whose item has none.
    BareWord,
}

/// The marks of the open stories.
#[derive(Debug, Clone, Default)]
pub(super) struct Lookup {
    /// By mark, the stories that bear it, in order.
    stories: HashMap<u64, Vec<StoryId>>,
    /// By story, its marks.
    marks: HashMap<StoryId, Vec<u64>>,
}

fn mark(sort: Sort, what: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    sort.hash(&mut hasher);
    what.hash(&mut hasher);
    hasher.finish()
}

impl Lookup {
    /// Enters a member of a story.
    pub(super) fn enter(&mut self, story: StoryId, member: &Member, sketch: &Sketch) {
        let mut marks = vec![mark(Sort::Key, (&member.feed, &member.key))];
        let link = member.canonical.as_deref().filter(|link| is_article_url(link));
        marks.extend(link.map(|link| mark(Sort::Link, link)));
        marks.extend(sketch.own_headline().map(|headline| mark(Sort::Headline, headline)));
        for one in &member.moves {
            marks.push(mark(Sort::Alliance, &one.alliance));
            marks.extend(pairs(one));
        }
        let bare = member.moves.is_empty();
        let word = |word| mark(if bare { Sort::BareWord } else { Sort::Word }, word);
        marks.extend(sketch.leading_words().map(word));
        self.post(story, marks);
    }

    /// Enters what a story has told: a member's later text may say less.
    pub(super) fn enter_told(&mut self, story: &Story) {
        let told = story.moves.iter().map(|one| pair(&one.alliance, &one.candidate));
        self.post(story.id, told);
    }

    fn post(&mut self, story: StoryId, marks: impl IntoIterator<Item = u64>) {
        let own = self.marks.entry(story).or_default();
        for mark in marks {
            let list = self.stories.entry(mark).or_default();
            if let Err(place) = list.binary_search(&story) {
                list.insert(place, story);
                own.push(mark);
            }
        }
    }

    /// Takes a story out.
    pub(super) fn forget(&mut self, story: StoryId) {
        for mark in self.marks.remove(&story).unwrap_or_default() {
            if let Some(list) = self.stories.get_mut(&mark) {
                if let Ok(place) = list.binary_search(&story) {
                    list.remove(place);
                }
                if list.is_empty() {
                    self.stories.remove(&mark);
                }
            }
        }
    }

    /// The stories that may have an item as member, oldest first.
    pub(super) fn homes(&self, feed: &FeedName, key: &ItemKey) -> &[StoryId] {
        self.of(mark(Sort::Key, (feed, key)))
    }

    /// The stories that an item may belong to, oldest first.
    pub(super) fn near(&self, item: &Item, matched: &Match, sketch: &Sketch) -> Vec<StoryId> {
        let link = item.canonical.as_deref().filter(|link| is_article_url(link));
        let link = link.map(|link| mark(Sort::Link, link));
        let headline = sketch.own_headline().map(|headline| mark(Sort::Headline, headline));
        let mut lists: Vec<&[StoryId]> =
            link.into_iter().chain(headline).map(|mark| self.of(mark)).collect();
        for one in &matched.moves {
            if one.candidates.is_empty() {
                lists.push(self.of(mark(Sort::Alliance, &one.alliance)));
            } else {
                lists.extend(pairs(one).map(|mark| self.of(mark)));
                // A report that names nobody may be of this one.
                lists.push(self.of(pair(&one.alliance, "")));
            }
        }
        for word in sketch.leading_words() {
            lists.push(self.of(mark(Sort::BareWord, word)));
            if matched.moves.is_empty() {
                lists.push(self.of(mark(Sort::Word, word)));
            }
        }
        merged(lists)
    }

    /// The stories that tell of a pair of some moves, oldest first.
    pub(super) fn about(&self, moves: &[Move]) -> Vec<StoryId> {
        merged(moves.iter().flat_map(pairs).map(|mark| self.of(mark)).collect())
    }

    /// Whether nothing is entered.
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.stories.is_empty() && self.marks.is_empty()
    }

    fn of(&self, mark: u64) -> &[StoryId] {
        self.stories.get(&mark).map(Vec::as_slice).unwrap_or_default()
    }
}

/// The marks of a move's pairs; one with no candidate where it names none.
fn pairs(one: &Move) -> impl Iterator<Item = u64> {
    let none = one.candidates.is_empty().then(|| pair(&one.alliance, ""));
    one.candidates.iter().map(|code| pair(&one.alliance, code)).chain(none)
}

fn pair(alliance: &str, candidate: &str) -> u64 {
    mark(Sort::Pair, (alliance, candidate))
}

fn merged(lists: Vec<&[StoryId]>) -> Vec<StoryId> {
    let mut all = lists.concat();
    all.sort_unstable();
    all.dedup();
    all
}
