//! The stories that the next item may belong to, and where they stand: a cache of what the store
//! holds. The planner works on a copy, which takes the place of the original after the commit.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::agree::{Agreement, agreement};
use super::ledger::Ledger;
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
    story: Story,
    sketches: Vec<Sketch>,
}

/// Open stories and the ledger. Cloning shares the stories.
#[derive(Debug, Clone, Default)]
pub(super) struct StoryIndex {
    stories: BTreeMap<StoryId, Arc<Entry>>,
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
            stories: BTreeMap::new(),
            ledger: Ledger::new(book.ledger, standings),
            next_story: book.next_story,
            next_alert: book.next_alert,
            generation: book.generation,
        };
        for story in book.stories {
            let sketches = story
                .members
                .iter()
                .map(|member| Sketch::of(&member.title, &member.summary))
                .collect();
            index.stories.insert(story.id, Arc::new(Entry { story, sketches }));
        }
        index
    }

    /// A story by its id.
    pub(super) fn story(&self, id: StoryId) -> Option<&Story> {
        self.stories.get(&id).map(|entry| &entry.story)
    }

    /// The open stories, oldest first.
    pub(super) fn stories(&self) -> impl Iterator<Item = &Story> {
        self.stories.values().map(|entry| &entry.story)
    }

    /// The story that an item is a member of already.
    pub(super) fn home(&self, item: &Item) -> Option<&Story> {
        let of = |entry: &&Arc<Entry>| {
            entry
                .story
                .members
                .iter()
                .any(|member| member.feed == item.feed && member.key == item.key)
        };
        self.stories.values().rev().find(of).map(|entry| &entry.story)
    }

    /// Opens or grows a story.
    pub(super) fn apply(&mut self, change: &StoryChange) {
        let before = self.stories.get(&change.id).map(|entry| entry.story.clone());
        let story = Story::grown(before, change);
        let sketches =
            story.members.iter().map(|member| Sketch::of(&member.title, &member.summary)).collect();
        self.stories.insert(story.id, Arc::new(Entry { story, sketches }));
    }

    /// Closes stories that are too old to grow.
    pub(super) fn close(&mut self, now: Timestamp) {
        let opened = now.checked_sub(CLOSES).unwrap_or(Timestamp::MIN);
        self.stories.retain(|_, entry| entry.story.opened >= opened);
        while self.stories.len() > STORIES {
            self.stories.pop_first();
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
        let since = now.checked_sub(window).unwrap_or(Timestamp::MIN);
        let mut best: Option<((Sharing, Agreement, f64), Belonging)> = None;
        for entry in self.stories.values() {
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
                let Some((level, score, reason)) = compare(item, matched, &sketch, member, theirs)
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
