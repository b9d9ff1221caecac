//! Why an item is part of a story, or is not: the scales of the planner, with everything on them shown.

use jiff::Timestamp;

use super::aside::set_aside;
use super::index::CLOSES;
use super::section::StorySection;
use super::similar::Sketch;
use super::weigh::{ONE_STORY, Sharing, Weighed, Weighing};
use crate::model::{Genre, Item, Match, Member};

/// An item against the members of a story, the nearest first.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// Each member but the item itself.
    pub members: Vec<Compared>,
    /// What keeps it apart whatever the texts say, in words.
    pub barred: Option<&'static str>,
}

/// An item against one member.
#[derive(Debug, Clone)]
pub struct Compared {
    /// The member.
    pub member: Member,
    /// `same article`, `near-verbatim`, `same story` or `apart`.
    pub level: &'static str,
    /// 0 to 1.
    pub score: f64,
    /// What weighs most, how alike headlines and ledes are, and the hours between, ready to show.
    pub reason: String,
    /// Why this member counts for nothing, in words.
    pub passed_over: Option<&'static str>,
}

impl Compared {
    /// Whether it makes the item part of the story.
    pub fn joins(&self) -> bool {
        self.level != Sharing::Less.word() && self.passed_over.is_none()
    }
}

/// The score from which on two items tell one story.
pub const LEAST: f64 = ONE_STORY;

/// Weighs an item against a story as the planner does. `opened` and `last_seen` are the story's.
pub fn compare(
    section: &StorySection,
    item: &Item,
    matched: &Match,
    members: Vec<Member>,
    (opened, last_seen): (Timestamp, Timestamp),
) -> Comparison {
    let mut matched = matched.clone();
    set_aside(&item.title, &mut matched);
    let sketch = Sketch::of(&item.title, &item.summary);
    let weighing = Weighing { item, matched: &matched, sketch: &sketch };
    let since = item.seen.checked_sub(section.window).unwrap_or(Timestamp::MIN);
    let closed = item.seen.checked_sub(CLOSES).unwrap_or(Timestamp::MIN);
    let mut compared: Vec<Compared> = Vec::new();
    for member in members {
        if (&member.feed, &member.key) == (&item.feed, &item.key) {
            continue;
        }
        let theirs = Sketch::of(&member.title, &member.summary);
        let Weighed { level, score, reason, .. } = weighing.against(&member, &theirs);
        let again = weighing.shown_again(&member, &theirs);
        let passed_over = if member.genre == Genre::Live {
            Some("a live blog anchors no story")
        } else if member.shadow && !matched.shadow {
            Some("it is in shadow")
        } else if member.seen < since && !again {
            Some("it is older than [story] window")
        } else {
            None
        };
        let (level, reason) = (level.word(), reason.tell());
        compared.push(Compared { member, level, score, reason, passed_over });
    }
    compared.sort_by(|a, b| {
        let rank = |one: &Compared| (one.passed_over.is_none(), one.score);
        rank(b).partial_cmp(&rank(a)).unwrap_or(std::cmp::Ordering::Equal)
    });
    let barred = if opened < closed {
        Some("the story was closed by then: it opened more than 14 days before")
    } else if last_seen < since && !compared.iter().any(Compared::joins) {
        Some("the story had not grown for longer than [story] window")
    } else {
        None
    };
    Comparison { members: compared, barred }
}
