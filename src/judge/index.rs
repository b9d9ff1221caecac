//! The stories that the next item may belong to, and where they stand: a cache of what the store
//! holds. The planner changes it; where its plan is not committed, it is read from the store again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::agree::Agreement;
use super::ledger::Ledger;
use super::lookup::Lookup;
use super::similar::Sketch;
use super::weigh::{Reason, Sharing, Weighed, Weighing};
use crate::model::{
    Genre, Item, Match, Member, Move, Mute, Sameness, Standing, Story, StoryChange, StoryId,
};
use crate::store::StoryBook;

/// A story closes so long after it opened.
pub(super) const CLOSES: Duration = Duration::from_secs(14 * 86_400);
/// Stories that are held at most; the oldest go first.
const STORIES: usize = 50_000;
/// A story with what is needed to compare with it.
#[derive(Debug, Clone)]
struct Entry {
    story: Arc<Story>,
    /// Of each member, in their order.
    sketches: Vec<Sketch>,
}

impl Entry {
    /// A story as the store holds it.
    fn of(story: Story) -> Self {
        let sketch = |member: &Member| Sketch::of(&member.title, &member.summary);
        Self { sketches: story.members.iter().map(sketch).collect(), story: Arc::new(story) }
    }
}

/// Open stories and the ledger.
#[derive(Debug, Clone, Default)]
pub(super) struct StoryIndex {
    stories: BTreeMap<StoryId, Entry>,
    lookup: Lookup,
    /// No story was opened before.
    oldest: Timestamp,
    pub(super) ledger: Ledger,
    pub(super) mutes: Vec<Mute>,
    pub(super) next_story: i64,
    pub(super) next_alert: i64,
    pub(super) generation: u64,
}

/// A story that an item was found to belong to.
#[derive(Debug, Clone)]
pub(super) struct Belonging {
    pub(super) story: StoryId,
    pub(super) level: Sharing,
    pub(super) sameness: Sameness,
}

impl StoryIndex {
    /// An index without stories, for replays.
    pub(super) fn empty(standings: &[Standing]) -> Self {
        Self {
            ledger: Ledger::new(Vec::new(), standings),
            next_story: 1,
            next_alert: 1,
            ..Self::default()
        }
    }

    /// What the store holds.
    pub(super) fn new(book: StoryBook, standings: &[Standing]) -> Self {
        let mut index = Self {
            ledger: Ledger::new(book.ledger, standings),
            mutes: book.mutes,
            next_story: book.next_story,
            next_alert: book.next_alert,
            generation: book.generation,
            ..Self::default()
        };
        for story in book.stories {
            let entry = Entry::of(story);
            for (member, sketch) in entry.story.members.iter().zip(&entry.sketches) {
                index.lookup.enter(entry.story.id, member, sketch);
            }
            index.lookup.enter_told(&entry.story);
            index.stories.insert(entry.story.id, entry);
        }
        index
    }

    /// A story by its id. Let go of it before the story grows, or it is copied.
    pub(super) fn story(&self, id: StoryId) -> Option<&Arc<Story>> {
        self.stories.get(&id).map(|entry| &entry.story)
    }

    /// The open stories that tell of a pair of some moves, oldest first.
    pub(super) fn about(&self, moves: &[Move]) -> impl Iterator<Item = &Story> {
        let told = self.lookup.about(moves).into_iter();
        told.filter_map(|id| self.stories.get(&id)).map(|entry| entry.story.as_ref())
    }

    /// The story that an item is a member of already.
    pub(super) fn home(&self, item: &Item) -> Option<&Story> {
        let holds = |story: &&Story| {
            let mut members = story.members.iter();
            members.any(|member| member.feed == item.feed && member.key == item.key)
        };
        let homes = self.lookup.homes(&item.feed, &item.key).iter().rev();
        homes.filter_map(|id| self.story(*id)).map(Arc::as_ref).find(holds)
    }

    /// Opens or grows a story.
    pub(super) fn apply(&mut self, change: &StoryChange) {
        let (before, mut sketches) = match self.stories.remove(&change.id) {
            Some(Entry { story, sketches }) => (Some(Arc::unwrap_or_clone(story)), sketches),
            None => (None, Vec::new()),
        };
        let member = &change.member;
        // As the story itself: an item that was there goes, and comes last.
        let mut members = before.iter().flat_map(|story| &story.members);
        if let Some(place) =
            members.position(|one| one.feed == member.feed && one.key == member.key)
        {
            sketches.remove(place);
        }
        let sketch = Sketch::of(&member.title, &member.summary);
        self.lookup.enter(change.id, member, &sketch);
        sketches.push(sketch);
        let story = Arc::new(Story::grown(before, change));
        self.oldest = self.oldest.min(story.opened);
        self.stories.insert(story.id, Entry { story, sketches });
    }

    /// Closes stories that are too old to grow.
    pub(super) fn close(&mut self, now: Timestamp) {
        let opened = now.checked_sub(CLOSES).unwrap_or(Timestamp::MIN);
        if self.oldest < opened {
            let old = self.stories.values().filter(|entry| entry.story.opened < opened);
            let old: Vec<StoryId> = old.map(|entry| entry.story.id).collect();
            for id in old {
                self.stories.remove(&id);
                self.lookup.forget(id);
            }
            let left = self.stories.values().map(|entry| entry.story.opened);
            self.oldest = left.min().unwrap_or(Timestamp::MAX);
        }
        while self.stories.len() > STORIES
            && let Some((id, _)) = self.stories.pop_first()
        {
            self.lookup.forget(id);
        }
    }

    /// The story that an item belongs to, by the strongest test that holds.
    pub(super) fn find(
        &self,
        item: &Item,
        matched: &Match,
        now: Timestamp,
        window: Duration,
    ) -> Option<Belonging> {
        self.nearest(item, matched, now, window).filter(|one| one.level > Sharing::Less)
    }

    /// The story that an item comes nearest to, whether or not it belongs there.
    pub(super) fn nearest(
        &self,
        item: &Item,
        matched: &Match,
        now: Timestamp,
        window: Duration,
    ) -> Option<Belonging> {
        let sketch = Sketch::of(&item.title, &item.summary);
        let near = self.lookup.near(item, matched, &sketch);
        self.best_of(&near, item, matched, &sketch, now, window)
    }

    /// The best of these stories.
    fn best_of(
        &self,
        near: &[StoryId],
        item: &Item,
        matched: &Match,
        sketch: &Sketch,
        now: Timestamp,
        window: Duration,
    ) -> Option<Belonging> {
        let weighing = Weighing { item, matched, sketch };
        let since = now.checked_sub(window).unwrap_or(Timestamp::MIN);
        type Rank = (Sharing, Agreement, f64);
        let mut best: Option<(Rank, (StoryId, &Member, Reason))> = None;
        for entry in near.iter().filter_map(|id| self.stories.get(id)) {
            for (member, theirs) in entry.story.members.iter().zip(&entry.sketches) {
                // A live blog touches many stories; it anchors none.
                // Nor does one in shadow, for items that are told.
                let hidden = member.shadow && !matched.shadow;
                if member.genre == Genre::Live || hidden {
                    continue;
                }
                let stale = entry.story.last_seen < since || member.seen < since;
                if stale && !weighing.shown_again(member, theirs) {
                    continue;
                }
                let Weighed { level, agreed, score, reason } = weighing.against(member, theirs);
                let rank = (level, agreed, score);
                if best.as_ref().is_none_or(|(known, _)| rank > *known) {
                    best = Some((rank, (entry.story.id, member, reason)));
                }
            }
        }
        best.map(|((level, _, score), (story, member, reason))| {
            let (reason, with) = (reason.tell(), member.title.clone());
            let sameness = Sameness { level: level.word(), score, reason, with };
            Belonging { story, level, sameness }
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::{Desk, a_move, at, item, matched};
    use super::*;
    use crate::model::{Field, Match};

    /// An item out of few words, moves and links, so that many are alike in some way.
    fn made(number: usize, dice: (usize, usize, usize, Vec<usize>)) -> (Item, Match) {
        const WORDS: [&str; 12] = [
            "the",
            "to",
            "Finland",
            "summit",
            "accession",
            "talks",
            "vote",
            "12",
            "13",
            "treaty",
            "envoys",
            "gather",
        ];
        const LEDE: &str = "Envoys of three countries said on Monday that the talks would go on";
        let (place, act, link, words) = dice;
        let title: Vec<&str> = words.into_iter().map(|word| WORDS[word]).collect();
        let lede = if link % 2 == 0 { LEDE } else { "" };
        let feed = format!("feed{}", number % 3);
        let mut item = item(&feed, &number.to_string(), &title.join(" "), lede, number as i64);
        if link == 0 {
            item.canonical = Some("wire.example/story".to_owned());
        }
        let acts = ["considers", "applies", "blocks"];
        let places: [&[&str]; 5] = [&["FI"], &["SE"], &["FI", "SE"], &[], &["UA"]];
        let mut one = a_move(places[place % 5], acts[act], None, Field::Title);
        if place == 6 {
            one.alliance = "BRICS".to_owned();
        }
        (item, matched(if place == 5 { Vec::new() } else { vec![one] }))
    }

    proptest! {
        #[test]
        fn what_the_lookup_passes_over_would_not_have_been_found(
            made_of in proptest::collection::vec(
                (0..7_usize, 0..3_usize, 0..4_usize, proptest::collection::vec(0..12_usize, 1..8)),
                1..24,
            ),
        ) {
            let mut desk = Desk::new();
            for (number, dice) in made_of.into_iter().enumerate() {
                let (item, matched) = made(number, dice);
                let index = &desk.index;
                let sketch = Sketch::of(&item.title, &item.summary);
                let all: Vec<StoryId> = index.stories.keys().copied().collect();
                let window = desk.story.window;
                let near = index.find(&item, &matched, item.seen, window);
                let best = index.best_of(&all, &item, &matched, &sketch, item.seen, window);
                let best = best.filter(|one| one.level > Sharing::Less);
                let plain = |one: Option<Belonging>| one.map(|one| (one.story, one.sameness));
                prop_assert_eq!(plain(near), plain(best), "{}", &item.title);
                desk.see(item, Some(matched));
            }
        }
    }

    #[test]
    fn closed_stories_leave_nothing_behind() {
        let mut desk = Desk::new();
        for number in 0..9 {
            let words = vec![number, number + 1, number + 2];
            let (item, matched) = made(number, (number % 5, number % 3, 1, words));
            desk.see(item, Some(matched));
        }
        desk.index.close(at(24 * 14 + 4));
        assert!((1..9).contains(&desk.index.stories.len()), "{}", desk.index.stories.len());
        desk.index.close(at(24 * 30));
        assert!(desk.index.stories.is_empty() && desk.index.lookup.is_empty());
        assert_eq!(desk.index.oldest, Timestamp::MAX);
    }
}
