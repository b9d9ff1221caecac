//! The ledger in memory: what each pair of alliance and candidate has been told to do, and so how new
//! a move is.

use std::collections::HashMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::model::{
    ActKind, FeedName, Genre, LedgerEntry, Level, Match, Move, Standing, StoryMove,
};

/// A move that was not told for this long is worth a word again.
const SILENCE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// So long after an act a lower one of the same pair belongs to the same course, told late; after
/// it a candidate may have started again.
const ONE_COURSE: SignedDuration = SignedDuration::from_hours(14 * 24);

/// From this stage on nothing below it is a step any more: approved, ratified, joined.
const BINDING: u8 = 4;

/// Reports of one vote come within this time.
const ONE_VOTE: SignedDuration = SignedDuration::from_hours(36);

/// A standing begins at midnight UTC; reports of that day and of the night after it bring it.
const NEWS_OF_THE_DAY: SignedDuration = SignedDuration::from_hours(36);

/// Every known move by alliance and candidate.
#[derive(Debug, Clone, Default)]
pub(super) struct Ledger {
    entries: HashMap<(String, String), Vec<LedgerEntry>>,
}

impl Ledger {
    /// The ledger of the store, and the standings of the rules.
    pub(super) fn new(entries: Vec<LedgerEntry>, standings: &[Standing]) -> Self {
        let mut ledger = Self::default();
        for standing in standings {
            let since = standing.since.and_then(|date| date.to_zoned(TimeZone::UTC).ok());
            let since = since.map_or(Timestamp::MIN, |zoned| zoned.timestamp());
            ledger.enter(LedgerEntry {
                alliance: standing.alliance.clone(),
                candidate: standing.candidate.clone(),
                act: standing.act.clone(),
                stage: standing.stage,
                formal: true,
                actor: None,
                since,
                // Standings do not fall silent.
                last: Timestamp::MAX,
                alert: None,
                title: String::new(),
                feed: FeedName::new(""),
            });
        }
        entries.into_iter().for_each(|entry| ledger.enter(entry));
        ledger
    }

    /// Enters a move; of one that is known the dates widen, and the first alert stays. The store
    /// does the same, so that a restart changes no level.
    pub(super) fn enter(&mut self, entry: LedgerEntry) {
        let pair = (entry.alliance.clone(), entry.candidate.clone());
        let list = self.entries.entry(pair).or_default();
        match list.iter_mut().find(|known| known.act == entry.act && known.actor == entry.actor) {
            // A standing holds from its own date, whatever was read and told to nobody.
            Some(known) if is_standing(known) && entry.alert.is_none() => {}
            Some(known) => {
                known.since = known.since.min(entry.since);
                known.last = known.last.max(entry.last);
                known.alert = known.alert.or(entry.alert);
            }
            None => list.push(entry),
        }
    }

    /// How much a match asks of its reader at a date, by what is known of its pairs by then.
    pub(super) fn level(&self, matched: &Match, date: Timestamp) -> Level {
        self.level_to(matched, date, &|_| true)
    }

    /// How much a match asks at a date of a reader who has heard of some moves only.
    pub(super) fn level_to(
        &self,
        matched: &Match,
        date: Timestamp,
        heard: &dyn Fn(&LedgerEntry) -> bool,
    ) -> Level {
        if matched.genre != Genre::Report {
            return Level::Background;
        }
        let mut acts = matched.moves.iter().filter(|one| one.act.is_some()).peekable();
        if acts.peek().is_none() {
            return matched.rule_level;
        }
        acts.flat_map(|one| pairs(one).map(move |candidate| (one, candidate)))
            .map(|(one, candidate)| self.novelty(one, &candidate, date, heard))
            .max()
            .unwrap_or(Level::Background)
    }

    /// How new a move is for one of its candidates, to a reader who has heard of some moves only.
    pub(super) fn novelty(
        &self,
        one: &Move,
        candidate: &str,
        date: Timestamp,
        heard: &dyn Fn(&LedgerEntry) -> bool,
    ) -> Level {
        let Some(act) = &one.act else { return Level::Background };
        let pair = (one.alliance.clone(), candidate.to_owned());
        let known = self.entries.get(&pair).map(Vec::as_slice).unwrap_or_default();
        let told = known.iter().find(|entry| {
            let apart = date.duration_since(entry.last).abs();
            // One vote is told as approval and as ratification, of one act at another time the two
            // are a committee's and a parliament's.
            let same_act = entry.act == act.name || (act.is_kin(&entry.act) && apart <= ONE_VOTE);
            // A deed whose actor one of them leaves out is the same while it is fresh.
            let same_actor =
                entry.actor == one.actor || !act.formal || apart <= ONE_VOTE || is_standing(entry);
            let other = one.actor.is_some() && entry.actor.is_some() && entry.actor != one.actor;
            same_act
                && same_actor
                && !other
                && is_told(entry)
                // Another outlet's version of a told move is no news for being dated before it.
                && (!is_standing(entry) || entry.alert.is_some() || stands(entry, date))
                && heard(entry)
        });
        match told {
            None if self.overtaken(&StoryMove::named(one, candidate), act, date, heard) => {
                Level::Background
            }
            // "May ratify" is no ratification.
            None if act.formal && !one.hedged => Level::Flash,
            None => Level::Notable,
            Some(entry) if date.duration_since(entry.last) > SILENCE => Level::Notable,
            Some(_) => Level::Background,
        }
    }

    /// Whether an act lies behind what its pair was told to have done: a lower stage, dated before
    /// the higher one or told late of the same actor; an act against, dated before its actor moved on.
    pub(super) fn overtaken(
        &self,
        one: &StoryMove,
        act: &ActKind,
        date: Timestamp,
        heard: &dyn Fn(&LedgerEntry) -> bool,
    ) -> bool {
        let pair = (one.alliance.clone(), one.candidate.clone());
        let known = self.entries.get(&pair).map(Vec::as_slice).unwrap_or_default();
        let told = known.iter().filter(|entry| is_told(entry) && !is_standing(entry));
        told.filter(|entry| entry.stage > act.stage && heard(entry)).any(|entry| {
            let before = date < entry.since;
            // Turkey's yes is no reason to pass over the alliance's invitation on the day after.
            let same_actor = entry.actor == one.actor;
            match act.against {
                true => before && same_actor,
                // An invitation asks for the application that follows it.
                false if act.formal && entry.stage < BINDING => before,
                false => before || (same_actor && date.duration_since(entry.last) < ONE_COURSE),
            }
        })
    }

    /// The last word on each pair of a match before a date; memberships are no news to anybody.
    pub(super) fn before(&self, matched: &Match, date: Timestamp) -> Vec<LedgerEntry> {
        let mut found: Vec<LedgerEntry> = Vec::new();
        for one in &matched.moves {
            for candidate in pairs(one) {
                let pair = (one.alliance.clone(), candidate);
                let known = self.entries.get(&pair).map(Vec::as_slice).unwrap_or_default();
                let last = known
                    .iter()
                    .filter(|entry| entry.since <= date && entry.since > Timestamp::MIN)
                    .max_by_key(|entry| entry.since);
                let Some(mut entry) = last.cloned() else { continue };
                entry.last = if entry.last == Timestamp::MAX { entry.since } else { entry.last };
                if !found.contains(&entry) {
                    found.push(entry);
                }
            }
        }
        found
    }
}

/// Whether a standing is old news by a date: on the day itself the accession is the news.
fn stands(entry: &LedgerEntry, date: Timestamp) -> bool {
    entry.since == Timestamp::MIN || date.duration_since(entry.since) > NEWS_OF_THE_DAY
}

fn is_standing(entry: &LedgerEntry) -> bool {
    entry.last == Timestamp::MAX
}

/// Whether anybody has heard of it: what was only read makes nothing old.
fn is_told(entry: &LedgerEntry) -> bool {
    entry.alert.is_some() || is_standing(entry)
}

/// The candidates that a move is about; one empty name where there are none.
pub(super) fn pairs(one: &Move) -> impl Iterator<Item = String> {
    StoryMove::of(one).into_iter().map(|one| one.candidate)
}
