//! When the name of an alliance is a door, and when only an adjective: "NATO exercise" is none.

use super::hits::{Hit, Hits};
use super::lexicon::{Lexicon, ListId};
use super::section::ListKind;

/// Words between a noun and the name in its genitive: "cumbre de la OTAN".
const GENITIVE: usize = 2;
/// Those words, folded.
const OF_THE: [&str; 26] = [
    "of", "the", "de", "la", "le", "les", "l", "el", "los", "du", "des", "del", "della", "dell",
    "dei", "delle", "do", "da", "dos", "das", "der", "dem", "den", "die", "van", "het",
];

impl Hits<'_> {
    /// For each hit, whether it is the name of an alliance as an adjective: what clause after clause
    /// asks.
    pub(crate) fn adjectives(&self, lexicon: &Lexicon) -> &[bool] {
        self.adjectives.get_or_init(|| {
            let name = |list: ListId| lexicon.list(list).kind == ListKind::Alliance;
            let is = |hit: &Hit| hit.list.is_some_and(name) && self.is_adjective(hit, lexicon);
            self.all.iter().map(is).collect()
        })
    }

    /// Whether a colon or dash of a headline stands between two hits.
    pub(crate) fn parted(&self, one: &Hit, other: &Hit) -> bool {
        let (first, second) = if one.first <= other.first { (one, other) } else { (other, one) };
        let clauses = &self.units[first.unit].clauses;
        clauses.part(self.scalars(first).1, self.scalars(second).0)
    }

    /// Whether a word beside it makes a name an adjective: "NATO exercise" is no door.
    pub(crate) fn is_adjective(&self, hit: &Hit, lexicon: &Lexicon) -> bool {
        self.governor(hit, lexicon).is_some() || self.qualifies_next(hit, lexicon)
    }

    /// The noun that a name is the genitive of: "учения" in "учения НАТО", "cumbre" in "cumbre de la
    /// OTAN".
    pub(crate) fn governor(&self, hit: &Hit, lexicon: &Lexicon) -> Option<&Hit> {
        lexicon.governing?;
        let folded = &self.units[hit.unit].folded;
        self.all.iter().find(|other| {
            other.list == lexicon.governing
                && (other.unit, other.sentence) == (hit.unit, hit.sentence)
                && other.last <= hit.first
                && hit.first - other.last <= GENITIVE
                && (other.last..hit.first).all(|at| OF_THE.contains(&folded.word(at)))
                && !self.parted(other, hit)
        })
    }

    /// Whether the next word makes a name an adjective.
    fn qualifies_next(&self, hit: &Hit, lexicon: &Lexicon) -> bool {
        let next = || {
            self.all.iter().filter(|other| {
                (other.unit, other.first, other.sentence) == (hit.unit, hit.last, hit.sentence)
            })
        };
        // "GCAP jet fighter project" means the project: the longer reading of what follows wins.
        let reach = |list: Option<ListId>| {
            next().filter(|other| list.is_some() && other.list == list).map(Hit::length).max()
        };
        let attributive = reach(lexicon.attributive);
        if attributive.is_some() {
            return attributive >= reach(lexicon.following) && !self.breaks_after(hit);
        }
        // No list of nouns is complete ("EU song contest"). So in English, whose words can be told, a
        // name is a door only before a word that the lexicon knows.
        let unit = &self.units[hit.unit];
        let goes_on = unit
            .folded
            .tokens()
            .get(hit.last)
            .is_some_and(|next| next.sentence + unit.clauses.ended(next.from) == hit.sentence);
        lexicon.following.is_some()
            && unit.english
            && goes_on
            && next().all(|other| other.list.is_none())
            && !self.breaks_after(hit)
    }

    /// Whether a mark parts a hit from the next word: "join NATO, officials say".
    fn breaks_after(&self, hit: &Hit) -> bool {
        let unit = &self.units[hit.unit];
        let (_, end) = unit.folded.scalars(hit.first, hit.last);
        let (next, _) = unit.folded.scalars(hit.last, hit.last + 1);
        let between: String =
            unit.source.chars().skip(end).take(next.saturating_sub(end)).collect();
        // A hyphen joins, a dash parts: "NATO-led", "joins NATO -minister".
        let spaced = between.contains(char::is_whitespace);
        between.chars().any(|c| match c {
            '-' | '‑' => spaced,
            '\'' | '’' | 's' => false,
            c => !c.is_whitespace(),
        })
    }
}
