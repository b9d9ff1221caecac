//! Whose bid a sentence is about: "Japan backs Sweden's NATO bid" is Sweden's, not Japan's.

use super::hits::Hit;
use super::moves::{Reading, is_named_tie};
use super::parties::joined;

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
        let speaks = |at: usize| {
            let (speaker, theirs) = (hit(at), hit(first));
            let folded = &self.hits.units[speaker.unit].folded;
            speaker.gap(theirs) <= REACH
                && !self.hits.parted(speaker, theirs)
                && (speaker.last..theirs.first).all(|word| !PARTING.contains(&folded.word(word)))
        };
        let heard = (0..first).filter(|at| !speaks(*at)).count();
        if heard == 0 {
            knocking.drain(..first);
        }
        knocking
    }

    /// Whether the bid is a country's: its name stands right before the alliance's, or before a word
    /// of membership in the possessive.
    fn owns(&self, inside: &[usize], place: &Hit) -> bool {
        let unit = &self.hits.units[place.unit];
        let (_, end) = unit.folded.scalars(place.first, place.last);
        let marked = unit.source.chars().nth(end).is_some_and(|c| APOSTROPHES.contains(&c));
        let bound = OWNING.contains(&unit.folded.word(place.last));
        let next = place.last + usize::from(bound);
        inside.iter().map(|index| &self.hits.all[*index]).any(|other| {
            other.first == next
                && !self.hits.parted(place, other)
                && (other.list == Some(self.alliance)
                    || ((bound || marked) && is_named_tie(other, self.lexicon)))
        })
    }
}
