//! Whose bid a sentence is about: "Japan backs Sweden's NATO bid" is Sweden's, not Japan's.

use jiff::civil::Date;

use super::hits::{Hit, Hits};
use super::lexicon::{Lexicon, ListId};
use super::moves::{Reading, is_named_tie};
use super::parties::joined;
use super::section::ListKind;

/// Characters that bind a country to what follows it, each a word of its own.
const OWNING: [&str; 2] = ["の", "的"];
/// Marks of an English possessive; folding takes it away.
const APOSTROPHES: [char; 2] = ['\'', '’'];
/// Words that part two news in one headline, folded: who stands before one tells news of its own.
const PARTING: [&str; 8] = ["as", "after", "while", "when", "amid", "despite", "like", "follows"];
/// Words between who speaks and whose bid it is, at most; of Japanese and Chinese, characters.
const REACH: usize = 4;

impl Reading<'_, '_> {
    /// The candidates of a sentence, in its order, without those who only speak of another's bid.
    pub(super) fn owners(&self, inside: &[usize], mut knocking: Vec<usize>) -> Vec<usize> {
        let hit = |at: usize| &self.hits.all[knocking[at]];
        let Some(owner) = (0..knocking.len()).find(|at| self.owns(inside, hit(*at))) else {
            return knocking;
        };
        let group = (1..=owner).rev().take_while(|at| joined(hit(at - 1), hit(*at), self.hits));
        let first = group.last().map_or(owner, |at| at - 1);
        let speaks = |at: usize| speaks_of(self.hits, hit(at), hit(first));
        let backs = |at: usize| {
            let (speaker, theirs) = (hit(at), hit(owner));
            let before = speaker.first.checked_sub(1);
            before.is_some_and(|at| self.hits.units[speaker.unit].folded.word(at) == "by")
                && speaker.first >= theirs.last
                && !self.hits.parted(theirs, speaker)
        };
        let backers: Vec<usize> =
            (owner + 1..knocking.len()).filter(|at| backs(*at)).map(|at| knocking[at]).collect();
        let alone = (0..first).all(speaks);
        if alone {
            knocking.drain(..first);
        }
        knocking.retain(|index| !backers.contains(index));
        knocking
    }

    /// Whether the bid is a country's: its name stands right before the alliance's, or before a word
    /// of membership in the possessive.
    fn owns(&self, inside: &[usize], place: &Hit) -> bool {
        let owning = Owning::of(self.hits, place);
        inside.iter().map(|index| &self.hits.all[*index]).any(|other| {
            owning.binds(self.hits, other)
                && (other.list == Some(self.alliance)
                    || (owning.firmly && is_named_tie(other, self.lexicon)))
        })
    }
}

/// How a country stands to what follows its name.
struct Owning<'h> {
    place: &'h Hit,
    /// Where what it may own begins.
    next: usize,
    /// In the possessive.
    firmly: bool,
}

impl<'h> Owning<'h> {
    fn of(hits: &Hits<'_>, place: &'h Hit) -> Self {
        let unit = &hits.units[place.unit];
        let (_, end) = unit.folded.scalars(place.first, place.last);
        let marked = unit.source.chars().nth(end).is_some_and(|c| APOSTROPHES.contains(&c));
        let bound = OWNING.contains(&unit.folded.word(place.last));
        Self { place, next: place.last + usize::from(bound), firmly: bound || marked }
    }

    fn binds(&self, hits: &Hits<'_>, other: &Hit) -> bool {
        (other.unit, other.first) == (self.place.unit, self.next) && !hits.parted(self.place, other)
    }
}

/// Whether one stands so near before another that it speaks of it.
fn speaks_of(hits: &Hits<'_>, speaker: &Hit, theirs: &Hit) -> bool {
    let folded = &hits.units[speaker.unit].folded;
    (speaker.unit, speaker.sentence) == (theirs.unit, theirs.sentence)
        && speaker.last <= theirs.first
        && speaker.gap(theirs) <= REACH
        && !hits.parted(speaker, theirs)
        && (speaker.last..theirs.first).all(|word| !PARTING.contains(&folded.word(word)))
}

/// Whether a country only speaks of a member's own membership: "Japan hails Sweden's NATO membership", once
/// Sweden is in.
pub(super) fn speaks_of_member(
    speaker: &Hit,
    hits: &Hits<'_>,
    lexicon: &Lexicon,
    alliance: ListId,
    date: Date,
) -> bool {
    let door = lexicon.list(alliance);
    // Hits are in order, so those nearby stand nearby.
    let after =
        hits.all.partition_point(|hit| (hit.unit, hit.first) < (speaker.unit, speaker.last));
    let near = hits.all[after..]
        .iter()
        .take_while(|hit| hit.unit == speaker.unit && hit.first <= speaker.last + REACH);
    let settled = |place: &&Hit| {
        let list = place.list.map(|list| lexicon.list(list));
        list.is_some_and(|list| {
            list.kind == ListKind::Place
                && door.is_member(&list.name, date)
                && !door.is_candidate(&list.name, date)
        })
    };
    near.filter(settled).filter(|place| speaks_of(hits, speaker, place)).any(|place| {
        let owning = Owning::of(hits, place);
        let follows = hits.all[after..]
            .iter()
            .take_while(|hit| hit.unit == speaker.unit && hit.first <= place.last + REACH);
        let followed: Vec<&Hit> = follows.collect();
        owning.firmly
            && followed.iter().any(|name| {
                owning.binds(hits, name)
                    && (is_named_tie(name, lexicon)
                        || (name.list == Some(alliance)
                            && followed
                                .iter()
                                .any(|tie| tie.first == name.last && is_named_tie(tie, lexicon))))
            })
    })
}
