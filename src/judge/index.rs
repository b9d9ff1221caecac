//! The stories that the next item may belong to, and where they stand: a cache of what the store
//! holds. The planner changes it; where its plan is not committed, it is read from the store again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::agree::{Agreement, agreement};
use super::ledger::Ledger;
use super::lookup::Lookup;
use super::similar::{Likeness, Sketch};
use crate::model::{
    Genre, Item, Match, Member, Move, Sameness, Standing, Story, StoryChange, StoryId,
};
use crate::store::StoryBook;
use crate::text::is_article_url;

/// A story closes so long after it opened.
pub(super) const CLOSES: Duration = Duration::from_secs(14 * 86_400);
/// Stories that are held at most; the oldest go first.
const STORIES: usize = 50_000;
/// The same move by the same actor within this time is one event, in any words and language.
const SAME_EVENT: Duration = Duration::from_secs(86_400);

/// Near-verbatim: so much of the lede and of the headline, or so much of the headline alone.
const VERBATIM_LEDE: f64 = 0.60;
const VERBATIM_TITLE: f64 = 0.30;
const VERBATIM_TITLE_ALONE: f64 = 0.85;
const VERBATIM_WORDS: usize = 5;
/// Same story: headline alone, or headline with lede, or headline with an agreeing move.
const STORY_TITLE: f64 = 0.72;
const STORY_TITLE_WORDS: usize = 4;
const STORY_TITLE_WITH_LEDE: f64 = 0.45;
const STORY_LEDE: f64 = 0.25;
const STORY_TITLE_SAME_MOVE: f64 = 0.25;
const STORY_TITLE_LOOSE_MOVE: f64 = 0.45;
/// A development: another act of the same two, in a headline that is like the one before.
const STORY_TITLE_OTHER_MOVE: f64 = 0.40;

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

/// How much an item shares with a member, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sharing {
    Story,
    Verbatim,
    Article,
}

impl Sharing {
    fn word(self) -> &'static str {
        match self {
            Sharing::Story => "same story",
            Sharing::Verbatim => "near-verbatim",
            Sharing::Article => "same article",
        }
    }
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
        let since = now.checked_sub(window).unwrap_or(Timestamp::MIN);
        let mut best: Option<((Sharing, Agreement, f64), Belonging)> = None;
        for entry in near.iter().filter_map(|id| self.stories.get(id)) {
            if entry.story.last_seen < since {
                continue;
            }
            for (member, theirs) in entry.story.members.iter().zip(&entry.sketches) {
                // A live blog touches many stories; it anchors none.
                // Nor does one in shadow, for items that are told.
                let hidden = member.shadow && !matched.shadow;
                if member.seen < since || member.genre == Genre::Live || hidden {
                    continue;
                }
                let Some((level, score, reason)) = compare(item, matched, sketch, member, theirs)
                else {
                    continue;
                };
                let rank = (level, agreement(&matched.moves, &member.moves), score);
                if best.as_ref().is_none_or(|(known, _)| rank > *known) {
                    let with = member.title.clone();
                    let sameness = Sameness { level: level.word(), score, reason, with };
                    best = Some((rank, Belonging { story: entry.story.id, level, sameness }));
                }
            }
        }
        best.map(|(_, belonging)| belonging)
    }
}

/// How an item and a member are the same: level, score, reason.
fn compare(
    item: &Item,
    matched: &Match,
    sketch: &Sketch,
    member: &Member,
    theirs: &Sketch,
) -> Option<(Sharing, f64, String)> {
    let one_feed = item.feed == member.feed;
    let same_link = item.canonical.is_some()
        && item.canonical == member.canonical
        && item.canonical.as_deref().is_some_and(is_article_url);
    // One feed that shows a link under two keys gives it to more than one article.
    if same_link && !(one_feed && item.key != member.key) {
        return Some((Sharing::Article, 1.0, "the same address".to_owned()));
    }
    if sketch.same_text(theirs) {
        return Some((Sharing::Article, 1.0, "the same text".to_owned()));
    }
    let mut likeness = sketch.likeness(theirs);
    // A house summary under different headlines of one feed says nothing.
    if one_feed && sketch.same_lede(theirs) {
        likeness.lede = 0.0;
    }
    let agreed = agreement(&matched.moves, &member.moves);
    if agreed == Agreement::Opposed {
        return None;
    }
    // Two parts of a series look alike whatever they tell, so words say nothing about them.
    if likeness.series && agreed != Agreement::Same {
        return None;
    }
    // "Finland applies" and "Sweden applies" differ in one word and in everything that matters.
    if agreed == Agreement::None && !matched.moves.is_empty() && !member.moves.is_empty() {
        return None;
    }
    if let Some(score) = verbatim(&likeness).filter(|_| agreed != Agreement::Onward) {
        return Some((Sharing::Verbatim, score, words("nearly the same words", &likeness)));
    }
    let apart = item.date().duration_since(member.date).unsigned_abs();
    // Opinion and explainers speak of what was told, in other words and often of another act.
    let comment =
        matched.genre != Genre::Report && agreed == Agreement::Loose && apart <= SAME_EVENT;
    let score = match same_story(agreed, &likeness, apart) {
        None if comment && share_candidate(&matched.moves, &member.moves) => likeness.title,
        score => score?,
    };
    let reason = match agreed {
        Agreement::Same => "the move agrees",
        Agreement::Loose => "the moves do not contradict",
        Agreement::Onward => "another move of the same two",
        Agreement::None | Agreement::Opposed => "the words agree",
    };
    let apart = match apart.as_secs() / 3600 {
        0 => "within the hour".to_owned(),
        hours => format!("{hours} h apart"),
    };
    Some((Sharing::Story, score, format!("{}, {apart}", words(reason, &likeness))))
}

/// Whether two items name a common candidate at one door.
fn share_candidate(one: &[Move], two: &[Move]) -> bool {
    one.iter().any(|a| {
        let same_door = two.iter().filter(|b| b.alliance == a.alliance);
        same_door.flat_map(|b| &b.candidates).any(|code| a.candidates.contains(code))
    })
}

fn words(reason: &str, likeness: &Likeness) -> String {
    let mut text = reason.to_owned();
    for (what, score) in [("headlines", likeness.title), ("ledes", likeness.lede)] {
        // What is not alike is no reason.
        if score >= 0.05 {
            text.push_str(&format!(", {what} {score:.2}"));
        }
    }
    text
}

fn verbatim(likeness: &Likeness) -> Option<f64> {
    let by_lede = likeness.lede >= VERBATIM_LEDE && likeness.title >= VERBATIM_TITLE;
    let by_title = likeness.title >= VERBATIM_TITLE_ALONE && likeness.words >= VERBATIM_WORDS;
    (!likeness.numbers_differ && (by_lede || by_title)).then(|| likeness.title.max(likeness.lede))
}

fn same_story(agreed: Agreement, likeness: &Likeness, apart: Duration) -> Option<f64> {
    let title = likeness.title;
    let holds = match agreed {
        Agreement::Same => apart <= SAME_EVENT || title >= STORY_TITLE_SAME_MOVE,
        Agreement::Loose => {
            title >= STORY_TITLE_LOOSE_MOVE
                || (title >= STORY_TITLE_SAME_MOVE && likeness.lede >= STORY_LEDE)
        }
        // The invitation follows the application: one story goes on, and is told as an update.
        Agreement::Onward => {
            title >= STORY_TITLE_OTHER_MOVE
                || (title >= STORY_TITLE_SAME_MOVE && likeness.lede >= STORY_LEDE)
        }
        // Rules without moves have words alone.
        Agreement::None | Agreement::Opposed => {
            let by_title = title >= STORY_TITLE && likeness.words >= STORY_TITLE_WORDS;
            let by_both = title >= STORY_TITLE_WITH_LEDE && likeness.lede >= STORY_LEDE;
            (by_title || by_both) && !likeness.numbers_differ
        }
    };
    holds.then(|| title.max(likeness.lede))
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
