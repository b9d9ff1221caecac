//! The hits of one item: every term found, masked ones taken away, weak ones weighed.

use std::cell::OnceCell;
use std::ops::Range;

use super::clause::Clauses;
use super::glance::{Source, sources};
use super::lexicon::{Lexicon, ListId};
use super::scan::Scanner;
use super::section::ListKind;
use super::term::Spelling;
use crate::model::{Field, Item, Masked};
use crate::text::{Folded, Token, fold_beginning, fold_title};

/// Tokens after the last term that are folded, too: hits look at the next word.
const AFTER: usize = 4;

/// One text of an item, folded as far as it holds terms.
#[derive(Debug)]
pub(crate) struct Unit<'i> {
    pub(crate) field: Field,
    pub(crate) source: &'i str,
    pub(crate) folded: Folded,
    /// Where a headline parts.
    pub(super) clauses: Clauses,
    /// Whether it may be read as English: nothing says otherwise.
    pub(crate) english: bool,
}

/// A term at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hit {
    pub(crate) unit: usize,
    pub(crate) first: usize,
    pub(crate) last: usize,
    pub(crate) sentence: u32,
    pub(crate) term: u32,
    pub(crate) list: Option<ListId>,
}

impl Hit {
    fn covers(&self, other: &Hit) -> bool {
        self.unit == other.unit && self.first <= other.first && other.last <= self.last
    }

    pub(super) fn length(&self) -> usize {
        self.last - self.first
    }

    /// Words between two hits of one text; 0 where they touch or overlap.
    pub(crate) fn gap(&self, other: &Hit) -> usize {
        if self.last <= other.first {
            other.first - self.last
        } else {
            self.first.saturating_sub(other.last)
        }
    }

    pub(crate) fn overlaps(&self, other: &Hit) -> bool {
        self.unit == other.unit && self.first < other.last && other.first < self.last
    }
}

/// Hits of an item at most; what stands further on is not looked at. Hits are compared with each other:
/// without this bound a text of 65 kB made of names alone took 1.4 s of CPU.
const HITS: usize = 2_000;

/// All that was found in an item.
#[derive(Debug)]
pub(crate) struct Hits<'i> {
    pub(crate) units: Vec<Unit<'i>>,
    pub(crate) all: Vec<Hit>,
    pub(crate) masked: Vec<Masked>,
    /// Whether the item's language is English or unknown.
    english: bool,
    /// What was taken away and what took it, all kinds; texts are made where somebody asks.
    pub(crate) hidden: Vec<(Hit, Hit)>,
    /// The hits of each list, by number: what clause after clause asks for.
    by_list: Vec<(ListId, usize)>,
    /// See [`Self::adjectives`].
    pub(super) adjectives: OnceCell<Vec<bool>>,
}

impl<'i> Hits<'i> {
    /// Folds and scans an item.
    pub(crate) fn of(item: &'i Item, scanner: &Scanner, lexicon: &Lexicon) -> Self {
        Self::within(item, sources(item, scanner), scanner, lexicon)
    }

    /// Folds the texts of an item in which terms may stand, and looks there.
    pub(crate) fn within(
        item: &Item,
        sources: Vec<Source<'i>>,
        scanner: &Scanner,
        lexicon: &Lexicon,
    ) -> Self {
        let mut hits = Hits {
            units: Vec::with_capacity(sources.len()),
            all: Vec::new(),
            masked: Vec::new(),
            hidden: Vec::new(),
            by_list: Vec::new(),
            adjectives: OnceCell::new(),
            english: true,
        };
        hits.english = item.language.as_deref().is_none_or(|language| language.starts_with("en"));
        sources.into_iter().for_each(|source| hits.add(source, scanner, lexicon));
        if hits.all.len() > 1 {
            hits.mask(lexicon);
        }
        hits.weigh(lexicon);
        let listed = hits.all.iter().enumerate();
        hits.by_list = listed.filter_map(|(at, hit)| hit.list.map(|list| (list, at))).collect();
        hits.by_list.sort_unstable();
        hits
    }

    /// The hits of a list, in their order.
    pub(super) fn of_list(&self, list: ListId) -> impl Iterator<Item = usize> + '_ {
        let first = self.by_list.partition_point(|(other, _)| *other < list);
        self.by_list[first..].iter().take_while(move |(other, _)| *other == list).map(|(_, at)| *at)
    }

    fn add(&mut self, source: Source<'i>, scanner: &Scanner, lexicon: &Lexicon) {
        let Source { field, text: source, candidates } = source;
        let prose = matches!(field, Field::Summary | Field::Body);
        // Most texts hold no term: they need no folding. In the others nothing is asked beyond what
        // follows the last one.
        let folded = match candidates.is_empty() {
            true => Folded::default(),
            false if prose => fold_beginning(source, candidates.tokens() + AFTER),
            false => fold_title(source),
        };
        let clauses = match field {
            Field::Title => Clauses::of(source),
            _ => Clauses::default(),
        };
        let sentence = |token: &Token| token.sentence + clauses.ended(token.from);
        let unit = self.units.len();
        for found in scanner.confirm(&candidates, &folded) {
            if self.all.len() == HITS {
                break;
            }
            let info = &lexicon.terms[found.term as usize];
            if !spelled(&info.spelling, source, &folded, found.first..found.last) {
                continue;
            }
            // "Joins BRICS, summit host says" is no joining of a summit.
            let masks = info.list.is_some_and(|list| lexicon.list(list).kind == ListKind::Mask);
            if masks && found.last - found.first > 1 {
                let (start, end) = folded.scalars(found.first, found.last);
                if source.chars().skip(start).take(end - start).any(parts) {
                    continue;
                }
            }
            let next = folded.tokens().get(found.last);
            let here = sentence(&folded.tokens()[found.first]);
            if info.ends && next.is_some_and(|next| sentence(next) == here) {
                continue;
            }
            let twin = |other: &Hit| {
                let known = &lexicon.terms[other.term as usize];
                (other.unit, other.first, other.last) == (unit, found.first, found.last)
                    && other.list == info.list
                    && info.list.is_some()
                    && known.is_plain()
            };
            // Two spellings of one list that say the same are one hit.
            if self.all.iter().rev().take_while(|other| other.unit == unit).any(twin) {
                continue;
            }
            self.all.push(Hit {
                unit,
                first: found.first,
                last: found.last,
                sentence: here,
                term: found.term,
                list: info.list,
            });
        }
        let plain = || source.chars().all(|c| c.is_ascii() || !c.is_alphabetic());
        let english = self.english && (source.is_ascii() || plain());
        self.units.push(Unit { field, source, folded, clauses, english });
    }

    /// Longest span wins among names of alliances, among places and among acts; a name hides the
    /// places and acts inside it; a mask hides what it covers.
    fn mask(&mut self, lexicon: &Lexicon) {
        let kind = |hit: &Hit| hit.list.map(|list| lexicon.list(list).kind);
        let mut gone = vec![false; self.all.len()];
        let mut hidden = Vec::new();
        // Plain lists, which hold most words, cover nothing.
        let covering = |hit: &&Hit| kind(hit).is_some_and(|kind| kind != ListKind::Plain);
        let covering: Vec<Hit> = self.all.iter().filter(covering).copied().collect();
        for (index, hit) in self.all.iter().enumerate() {
            let kind_of = kind(hit);
            if kind_of == Some(ListKind::Mask) {
                continue;
            }
            // "Hopes to" is no move, and a hedge all the same: what only colours a move is never hidden.
            let colours = [lexicon.hedge, lexicon.negation, lexicon.prospect];
            if hit.list.is_some() && colours.contains(&hit.list) {
                continue;
            }
            let bloc = hit.list.is_some_and(|list| lexicon.list(list).bloc);
            let stronger = covering.iter().filter(|other| other.covers(hit)).find(|other| {
                match kind(other) {
                    Some(ListKind::Mask) => true,
                    // A bloc may be the candidate that its own name names.
                    Some(ListKind::Alliance)
                        if matches!(kind_of, Some(ListKind::Place | ListKind::Act)) =>
                    {
                        other.length() > hit.length() && !bloc
                    }
                    Some(ListKind::Alliance | ListKind::Place | ListKind::Act)
                        if kind(other) == kind_of =>
                    {
                        other.length() > hit.length()
                    }
                    _ => false,
                }
            });
            let Some(by) = stronger else { continue };
            gone[index] = true;
            hidden.push((*hit, *by));
            let Some(list) = hit.list.filter(|_| kind_of == Some(ListKind::Alliance)) else {
                continue;
            };
            if by.list == Some(list) {
                continue;
            }
            let unit = &self.units[hit.unit];
            let (start, end) = unit.folded.scalars(hit.first, hit.last);
            let (from, to) = unit.folded.scalars(by.first, by.last);
            // The name of an alliance says something, that of a mask nothing to a reader.
            let named = by.list.map(|list| lexicon.list(list));
            let named = named.filter(|list| list.kind == ListKind::Alliance);
            let named = named.map(|list| format!(" ({})", list.name)).unwrap_or_default();
            let masked = Masked {
                field: unit.field,
                start,
                end,
                text: slice(unit.source, start, end),
                list: lexicon.list(list).name.clone(),
                by: format!("“{}”{named}", slice(unit.source, from, to)),
            };
            if !self.masked.contains(&masked) {
                self.masked.push(masked);
            }
        }
        self.hidden = hidden;
        let mut keep = gone.iter().map(|gone| !gone);
        self.all.retain(|_| keep.next().unwrap_or(true));
    }

    /// A conditional term needs its context nearby; a weak name needs a stronger one of its own
    /// alliance, or an act or place in its sentence while no other alliance is named.
    fn weigh(&mut self, lexicon: &Lexicon) {
        let special = |hit: &Hit| {
            let info = &lexicon.terms[hit.term as usize];
            !info.is_plain()
        };
        if !self.all.iter().any(special) {
            return;
        }
        let judged: Vec<bool> = self.all.iter().map(|hit| self.holds(hit, lexicon)).collect();
        let mut keep = judged.iter();
        self.all.retain(|_| *keep.next().unwrap_or(&true));
    }

    fn holds(&self, hit: &Hit, lexicon: &Lexicon) -> bool {
        let info = &lexicon.terms[hit.term as usize];
        if let Some(near) = info.near {
            let found = self.all.iter().any(|other| {
                other.list == Some(near)
                    && other.unit == hit.unit
                    && !other.overlaps(hit)
                    && other.gap(hit) <= info.within
            });
            if !found {
                return false;
            }
        }
        if !info.weak && !info.echo {
            return true;
        }
        let strong = |other: &&Hit| {
            let term = &lexicon.terms[other.term as usize];
            let alliance =
                other.list.map(|list| lexicon.list(list).kind) == Some(ListKind::Alliance);
            alliance && term.is_plain()
        };
        if info.echo {
            return self.echoes(hit, strong);
        }
        if self.all.iter().filter(strong).any(|other| other.list == hit.list) {
            // What only its company makes a name ("membership" beside Sweden) is none beside the name.
            return info.near.is_none();
        }
        if self.all.iter().any(|other| strong(&other)) {
            return false;
        }
        self.all.iter().any(|other| {
            let kind = other.list.map(|list| lexicon.list(list).kind);
            (other.unit, other.sentence) == (hit.unit, hit.sentence)
                && !other.overlaps(hit)
                && matches!(kind, Some(ListKind::Act | ListKind::Place))
        })
    }

    /// Whether an echo ("the alliance") refers to its own list: the last name before it decides, and
    /// where none stands before it, any in the item.
    fn echoes(&self, hit: &Hit, strong: impl Fn(&&Hit) -> bool) -> bool {
        let same_words = |list: Option<ListId>| {
            self.all.iter().any(|other| {
                other.list == list
                    && (other.unit, other.first, other.last) == (hit.unit, hit.first, hit.last)
            })
        };
        let names = || self.all.iter().filter(&strong).filter(|name| same_words(name.list));
        let before = names()
            .filter(|name| (name.unit, name.last) <= (hit.unit, hit.first))
            .max_by_key(|name| (name.unit, name.last));
        match before {
            Some(name) => name.list == hit.list,
            None => names().any(|name| name.list == hit.list),
        }
    }

    /// Field of a hit.
    pub(crate) fn field(&self, hit: &Hit) -> Field {
        self.units[hit.unit].field
    }

    /// Span of a hit in Unicode scalar values of the stored text.
    pub(crate) fn scalars(&self, hit: &Hit) -> (usize, usize) {
        self.units[hit.unit].folded.scalars(hit.first, hit.last)
    }

    /// Text of a hit as stored.
    pub(crate) fn text(&self, hit: &Hit) -> String {
        let (start, end) = self.scalars(hit);
        slice(self.units[hit.unit].source, start, end)
    }
}

/// Whether the words are written as the term demands.
fn spelled(spelling: &Spelling, source: &str, folded: &Folded, tokens: Range<usize>) -> bool {
    match spelling {
        Spelling::Any => true,
        Spelling::Exact(words) => {
            let (start, end) = folded.scalars(tokens.start, tokens.end);
            let text = slice(source, start, end);
            let have: Vec<&str> = text
                .split(|c: char| !c.is_alphanumeric())
                .filter(|word| !word.is_empty())
                .collect();
            // An open last word may go on in the text.
            have.len() >= words.len()
                && have.iter().zip(words).all(|(have, word)| have.starts_with(word.as_str()))
        }
        case => tokens.clone().all(|at| case.allows(folded.tokens()[at].case)),
    }
}

/// Whether a mark parts the words around it.
fn parts(mark: char) -> bool {
    matches!(mark, ',' | ';' | ':' | '–' | '—' | '(' | ')' | '，' | '；' | '：' | '、')
}

/// Unicode scalars `start..end` of a text.
pub(crate) fn slice(text: &str, start: usize, end: usize) -> String {
    text.chars().skip(start).take(end.saturating_sub(start)).collect()
}
