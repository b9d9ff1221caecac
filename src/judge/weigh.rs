//! How near an item comes to a member of a story, and whether that makes them one.
//!
//! Three levels, strongest first. *Same article*: one address, or one text. *Near-verbatim*: nearly
//! one text. *Same story*: signs of different kinds are added up, because none of them is enough for
//! most items: the move, the headlines, the ledes, what both say beyond the names of the move, and the
//! time between them.

use super::agree::{Agreement, agreement, formal_deed, same_party, says_nothing, share_candidate};
use super::similar::{Likeness, Sketch};
use crate::model::{Genre, Item, Match, Member};
use crate::text::is_article_url;

/// Near-verbatim: so much of the lede and of the headline, or so much of the headline alone.
const VERBATIM_LEDE: f64 = 0.60;
const VERBATIM_TITLE: f64 = 0.30;
const VERBATIM_TITLE_ALONE: f64 = 0.85;
const VERBATIM_WORDS: usize = 5;

/// From this score on two items tell one story.
pub(super) const ONE_STORY: f64 = 0.50;

// The weights of the signs. Found on pairs of real headlines, most of them a few hours apart; round
// numbers, for the third digit is noise.
/// A formal act, or any act by a named member: enough by itself within a day.
const SAME_DEED: f64 = 0.50;
/// Talk by nobody in particular, such as support, is repeated by another every day.
const SAME_TALK: f64 = 0.38;
/// The same two or more candidates at one door: far fewer events have a pair of them than one.
const SAME_PARTY: f64 = 0.18;
/// The same pair, and acts that do not contradict.
const SAME_PAIR: f64 = 0.23;
/// The same door only.
const SAME_DOOR: f64 = 0.10;
/// The next act of the same two goes on with their story where the words say so.
const NEXT_ACT: f64 = 0.10;
/// What the second day takes from a move that agrees.
const SECOND_DAY: f64 = 0.10;
/// Words and time where the move agrees.
const AGREED: (f64, f64, f64) = (0.40, 0.20, 0.10);
/// Headlines, ledes, headline in the other's text, and nearness in time where it does not.
const OPEN: (f64, f64, f64, f64) = (0.60, 0.30, 0.25, 0.20);
/// Headlines and ledes of two acts.
const ONWARD: (f64, f64) = (1.0, 0.6);
/// What names no act soon after a formal one speaks of it, in whatever words.
const AFTERMATH: f64 = 0.27;
/// Comment on a report of the same day, in its own words.
const COMMENT: f64 = 0.40;
/// What a no in one headline alone takes.
const NEGATED: f64 = 0.15;

/// Nearness in time counts for so long.
const NEAR_HOURS: f64 = 12.0;
const DAY_HOURS: f64 = 24.0;

/// Rules without moves have words alone.
const WORDS_TITLE: f64 = 0.72;
const WORDS_TITLE_WITH_LEDE: f64 = 0.45;
const WORDS_LEDE: f64 = 0.25;
const WORDS: usize = 4;

/// How much an item shares with a member, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sharing {
    /// Less than a story.
    Less,
    Story,
    Verbatim,
    Article,
}

impl Sharing {
    /// As it is shown and stored.
    pub(super) fn word(self) -> &'static str {
        match self {
            Sharing::Less => "apart",
            Sharing::Story => "same story",
            Sharing::Verbatim => "near-verbatim",
            Sharing::Article => "same article",
        }
    }
}

/// How an item and a member are the same.
#[derive(Debug, Clone)]
pub(super) struct Weighed {
    pub(super) level: Sharing,
    pub(super) agreed: Agreement,
    /// 0 to 1.
    pub(super) score: f64,
    pub(super) reason: Reason,
}

/// Why an item and a member are the same, or not. Put into words only for the one that counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reason {
    what: &'static str,
    /// How alike headlines and ledes are; nothing where they were not compared.
    words: (f64, f64),
    /// Hours between them, where they count.
    apart: Option<u64>,
}

impl Reason {
    fn of(what: &'static str, likeness: &Likeness) -> Self {
        Self { what, words: (likeness.title, likeness.lede), apart: None }
    }

    /// Ready to show.
    pub(super) fn tell(self) -> String {
        let mut text = self.what.to_owned();
        for (what, score) in [("headlines", self.words.0), ("ledes", self.words.1)] {
            // What is not alike is no reason.
            if score >= 0.05 {
                text.push_str(&format!(", {what} {score:.2}"));
            }
        }
        match self.apart {
            None => {}
            Some(0) => text.push_str(", within the hour"),
            Some(hours) => text.push_str(&format!(", {hours} h apart")),
        }
        text
    }
}

/// An item on the scales.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weighing<'w> {
    pub(super) item: &'w Item,
    pub(super) matched: &'w Match,
    pub(super) sketch: &'w Sketch,
}

impl Weighing<'_> {
    /// Why the item and a member are one article, if they are.
    pub(super) fn one_article(&self, member: &Member, theirs: &Sketch) -> Option<&'static str> {
        let same_link = self.item.canonical.is_some()
            && self.item.canonical == member.canonical
            && self.item.canonical.as_deref().is_some_and(is_article_url);
        // One feed that shows a link under two keys gives it to more than one article.
        let two_of_one_feed = self.item.feed == member.feed && self.item.key != member.key;
        match same_link && !two_of_one_feed {
            true => Some("the same address"),
            false => self.sketch.same_text(theirs).then_some("the same text"),
        }
    }

    /// Whether the item is a member's very text, shown again. What is older than a story's window counts
    /// by this alone: a headline of the trade recurs, and one address may tell something else by then.
    pub(super) fn shown_again(&self, member: &Member, theirs: &Sketch) -> bool {
        self.one_article(member, theirs).is_some() && self.sketch.same_whole(theirs)
    }

    /// Weighs the item against a member of a story.
    pub(super) fn against(&self, member: &Member, theirs: &Sketch) -> Weighed {
        let agreed = agreement(&self.matched.moves, &member.moves);
        let whole = |what| Weighed {
            level: Sharing::Article,
            agreed,
            score: 1.0,
            reason: Reason { what, words: (0.0, 0.0), apart: None },
        };
        if let Some(what) = self.one_article(member, theirs) {
            return whole(what);
        }
        let one_feed = self.item.feed == member.feed;
        let mut likeness = self.sketch.likeness(theirs);
        // A house summary under different headlines of one feed says nothing.
        if one_feed && self.sketch.same_lede(theirs) {
            likeness.lede = 0.0;
        }
        let apart = self.item.date().duration_since(member.date);
        let have_moves = !self.matched.moves.is_empty() && !member.moves.is_empty();
        let parted = match agreed {
            Agreement::Opposed => true,
            // "Finland applies" and "Sweden applies" differ in one word and in all that matters.
            Agreement::None => have_moves,
            _ => false,
        };
        // Two parts of a series look alike whatever they tell, so words say nothing about them.
        let parted = parted || (likeness.series && !matches!(agreed, Agreement::Same { .. }));
        let verbatim = verbatim(&likeness).filter(|_| !parted && agreed != Agreement::Onward);
        if let Some(score) = verbatim {
            let reason = Reason::of("nearly the same words", &likeness);
            return Weighed { level: Sharing::Verbatim, agreed, score, reason };
        }
        let (score, reason) = match (parted, agreed) {
            (true, _) => (0.0, agreed.reason()),
            (_, Agreement::None) => (by_words(&likeness), "the words agree"),
            _ => self.by_signs(agreed, &likeness, apart.as_secs_f64() / 3600.0, member),
        };
        let score = score.clamp(0.0, 1.0);
        let level = if score >= ONE_STORY { Sharing::Story } else { Sharing::Less };
        let hours = apart.as_secs().unsigned_abs() / 3600;
        let reason = Reason { apart: Some(hours), ..Reason::of(reason, &likeness) };
        Weighed { level, agreed, score, reason }
    }

    /// The sum of the signs, and the weightiest of them.
    fn by_signs(
        &self,
        agreed: Agreement,
        likeness: &Likeness,
        later: f64,
        member: &Member,
    ) -> (f64, &'static str) {
        let hours = later.abs();
        let (mine, theirs) = (&self.matched.moves, &member.moves);
        let near = (1.0 - hours / NEAR_HOURS).max(0.0);
        let negated = if likeness.negated { NEGATED } else { 0.0 };
        let party = if same_party(mine, theirs) { SAME_PARTY } else { 0.0 };
        match agreed {
            Agreement::Same { deed } => {
                let (base, near) = if deed { (SAME_DEED, 0.0) } else { (SAME_TALK, near) };
                let second_day = ((hours - DAY_HOURS) / DAY_HOURS).clamp(0.0, 1.0) * SECOND_DAY;
                let words = AGREED.0 * likeness.title + AGREED.1 * likeness.lede;
                (base + party - second_day + words + AGREED.2 * near, agreed.reason())
            }
            Agreement::Onward => {
                let words = ONWARD.0 * likeness.title + ONWARD.1 * likeness.lede;
                (NEXT_ACT + words, agreed.reason())
            }
            _ => {
                let pair = share_candidate(mine, theirs);
                let base = if pair { SAME_PAIR } else { SAME_DOOR };
                let words = OPEN.0 * likeness.title
                    + OPEN.1 * likeness.lede
                    + OPEN.2 * likeness.told
                    + OPEN.3 * near;
                // Opinion and explainers speak of what was told, often of another act.
                let comment = self.matched.genre != Genre::Report && hours <= DAY_HOURS && pair;
                let aftermath = pair
                    && (0.0..=DAY_HOURS).contains(&later)
                    && formal_deed(theirs)
                    && says_nothing(mine);
                let (more, reason) = match (comment, aftermath) {
                    (true, _) => (COMMENT, "comment on the same two"),
                    (_, true) => (AFTERMATH, "it follows a formal act"),
                    _ if party > 0.0 => (-negated, "the same countries at one door"),
                    _ => (-negated, agreed.reason()),
                };
                (base + party + words + more, reason)
            }
        }
    }
}

fn verbatim(likeness: &Likeness) -> Option<f64> {
    let by_lede = likeness.lede >= VERBATIM_LEDE && likeness.title >= VERBATIM_TITLE;
    let by_title = likeness.title >= VERBATIM_TITLE_ALONE && likeness.words >= VERBATIM_WORDS;
    let turned = likeness.numbers_differ || likeness.negated;
    (!turned && (by_lede || by_title)).then(|| likeness.title.max(likeness.lede))
}

/// What the words alone say of two items without moves.
fn by_words(likeness: &Likeness) -> f64 {
    let by_title = likeness.title >= WORDS_TITLE && likeness.words >= WORDS;
    let by_both = likeness.title >= WORDS_TITLE_WITH_LEDE && likeness.lede >= WORDS_LEDE;
    let turned = likeness.numbers_differ || likeness.negated;
    let score = likeness.title.max(likeness.lede);
    match (by_title || by_both) && !turned {
        true => score.max(ONE_STORY),
        false => score.min(ONE_STORY - 0.01),
    }
}
