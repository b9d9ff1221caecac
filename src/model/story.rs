//! An event told by many items.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    AlertId, FeedName, Genre, ItemKey, Kind, LedgerEntry, Move, SinkName, StoryChange, StoryId,
};

/// A story as `judge` needs it to place the next item.
#[derive(Debug, Clone, PartialEq)]
pub struct Story {
    /// Its id.
    pub id: StoryId,
    /// When its first item was judged.
    pub opened: Timestamp,
    /// When an item last joined it.
    pub last_seen: Timestamp,
    /// The items that tell it, oldest first; at least one.
    pub members: Vec<Member>,
    /// Moves that its reports have told; those of a member in shadow are told to nobody.
    pub moves: Vec<StoryMove>,
    /// Sinks that were told.
    pub told: Vec<SinkName>,
    /// Steps told so far: 1 after the first alert, one more with each update. Part of alert keys.
    pub steps: u32,
}

impl Story {
    /// Whether any of its items is not in shadow.
    pub fn is_live(&self) -> bool {
        self.members.iter().any(|member| !member.shadow)
    }

    /// Whether it has told of a move of the ledger.
    pub fn has_told(&self, entry: &LedgerEntry) -> bool {
        self.moves.iter().any(|one| {
            one.alliance == entry.alliance
                && one.candidate == entry.candidate
                && one.act == entry.act
                && one.actor == entry.actor
        })
    }

    /// The story that a change opens, or grows.
    ///
    /// The planner's index and the store's reader both build stories with this one function, so a
    /// restart sees what the running daemon saw.
    pub fn grown(story: Option<Self>, change: &StoryChange) -> Self {
        let mut story = story.unwrap_or_else(|| Self {
            id: change.id,
            opened: change.at,
            last_seen: change.at,
            members: Vec::new(),
            moves: Vec::new(),
            told: Vec::new(),
            steps: 0,
        });
        story.last_seen = story.last_seen.max(change.at);
        if let Some(step) = change.step {
            story.steps = story.steps.max(step);
            // Only what was told counts: a name that turned up in the body of a quiet member may
            // still be news when a headline brings it.
            // Opinion may speak of what has not happened yet; its report is still to come.
            let report = !change.member.shadow && change.member.genre == Genre::Report;
            let told = change.member.moves.iter().filter(|_| report);
            for one in told.flat_map(StoryMove::of) {
                if !story.moves.contains(&one) {
                    story.moves.push(one);
                }
            }
        }
        for sink in &change.told {
            if !story.told.contains(sink) {
                story.told.push(sink.clone());
            }
        }
        story.members.retain(|member| {
            (&member.feed, &member.key) != (&change.member.feed, &change.member.key)
        });
        story.members.push(change.member.clone());
        story
    }
}

impl StoryMove {
    /// A move as one entry per candidate that it is about; one with an empty candidate where it names
    /// none.
    pub fn of(one: &Move) -> Vec<Self> {
        let main = one.main_candidates();
        match main.is_empty() {
            true => vec![Self::named(one, "")],
            false => main.into_iter().map(|code| Self::named(one, code)).collect(),
        }
    }

    /// A move with one of its candidates.
    pub fn named(one: &Move, candidate: &str) -> Self {
        Self {
            alliance: one.alliance.clone(),
            candidate: candidate.to_owned(),
            // What is only announced is a move of the pair, and its act is still to come.
            act: match &one.act {
                Some(act) if !(act.formal && one.hedged) => act.name.clone(),
                _ => String::new(),
            },
            actor: one.actor.clone(),
        }
    }
}

/// A move inside a story, in the form in which two are compared.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StoryMove {
    /// The alliance.
    pub alliance: String,
    /// One candidate; empty where the move names none.
    pub candidate: String,
    /// The act's name; empty for a rule without acts, and for a formal act that is only announced.
    pub act: String,
    /// Who acts.
    pub actor: Option<String>,
}

/// An item inside a story: what is needed to compare the next one with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// The feed that carried it.
    pub feed: FeedName,
    /// Its key there.
    pub key: ItemKey,
    /// The link as published.
    pub url: Option<String>,
    /// Canonical link.
    pub canonical: Option<String>,
    /// Headline.
    pub title: String,
    /// Lede.
    pub summary: String,
    /// Language subtag.
    pub language: Option<String>,
    /// The source's kind.
    pub kind: Kind,
    /// What sort of text.
    pub genre: Genre,
    /// Its moves.
    pub moves: Vec<Move>,
    /// Its own date.
    pub date: Timestamp,
    /// When it was judged.
    pub seen: Timestamp,
    /// Whether it is a copy of an earlier member's text and so no independent source.
    pub copy: bool,
    /// The alert that it raised, where it raised one.
    #[serde(default)]
    pub alert: Option<AlertId>,
    /// Recorded and shown, never sent: it changes nothing for items that are.
    #[serde(default)]
    pub shadow: bool,
}
