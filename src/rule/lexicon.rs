//! The compiled lexicon: terms by number, lists by number, who is a member when.

use std::collections::HashMap;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan, tz::TimeZone};

use super::gloss::Glosses;
use super::section::{By, ListKind, Membership};
use super::term::{Spelling, Term};

/// A country that joined this lately still counts as a candidate: its accession is the news.
const NEW_MEMBER_DAYS: i32 = 14;

/// Number of a list.
pub(crate) type ListId = u16;

/// A list: an alliance, an act, a place, a mask or a plain one.
#[derive(Debug, Clone)]
pub(crate) struct List {
    pub(crate) name: String,
    pub(crate) kind: ListKind,
    /// Name to show; a place's country name.
    pub(crate) shown: String,
    pub(crate) members: Vec<Membership>,
    /// The only places that can knock at this door, where it says so.
    pub(crate) open_to: Vec<String>,
    /// Places that are named beside it and never knock.
    pub(crate) closed_to: Vec<String>,
    /// The countries of a place that is a region.
    pub(crate) region: Vec<String>,
    pub(crate) bloc: bool,
    /// What sort of alliance it is, in the pack's words: `security`, `political`, `trade`.
    pub(crate) sort: String,
    pub(crate) stage: u8,
    pub(crate) formal: bool,
    pub(crate) against: bool,
    /// Acts that are other words for the same deed.
    pub(crate) kin: Vec<String>,
    pub(crate) by: By,
}

impl List {
    /// Whether a place was a member on a date.
    pub(crate) fn is_member(&self, code: &str, date: Date) -> bool {
        self.members.iter().any(|member| {
            member.code == code
                && member.since.is_none_or(|since| since <= date)
                && member.until.is_none_or(|until| date < until)
        })
    }

    /// Whether a place left and did not come back by this date.
    pub(crate) fn has_left(&self, code: &str, date: Date) -> bool {
        !self.is_member(code, date)
            && self.members.iter().any(|member| {
                member.code == code && member.until.is_some_and(|until| until <= date)
            })
    }

    /// Whether a place can knock at this door on a date: it is no member, or became one just now.
    pub(crate) fn is_candidate(&self, code: &str, date: Date) -> bool {
        let shut = self.closed_to.iter().any(|closed| closed == code)
            || (!self.open_to.is_empty() && !self.open_to.iter().any(|open| open == code));
        if code == self.name || shut {
            return false;
        }
        let lately = date.checked_sub(NEW_MEMBER_DAYS.days()).unwrap_or(date);
        let new = self.members.iter().any(|member| {
            member.code == code && member.since.is_some_and(|since| since > lately && since <= date)
        });
        new || !self.is_member(code, date)
    }
}

/// What a term asks of its surroundings, and the list that it belongs to. A term of a query itself
/// belongs to none.
#[derive(Debug, Clone)]
pub(crate) struct TermInfo {
    pub(crate) shown: String,
    pub(crate) list: Option<ListId>,
    pub(crate) weak: bool,
    pub(crate) echo: bool,
    pub(crate) ends: bool,
    pub(crate) near: Option<ListId>,
    pub(crate) within: usize,
    pub(crate) spelling: Spelling,
}

impl TermInfo {
    /// Whether the term counts wherever it stands.
    pub(crate) fn is_plain(&self) -> bool {
        !self.weak && !self.echo && self.near.is_none()
    }
}

/// Lists and terms by number.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lexicon {
    pub(crate) lists: Vec<List>,
    pub(crate) terms: Vec<TermInfo>,
    pub(crate) by_name: HashMap<String, ListId>,
    /// Lists that words in the pack give a meaning: what hedges, what negates.
    pub(crate) hedge: Option<ListId>,
    pub(crate) negation: Option<ListId>,
    /// Words right before an act that put it into the future: "to ratify".
    pub(crate) prospect: Option<ListId>,
    /// Words after a name that make it an adjective: "NATO exercise".
    pub(crate) attributive: Option<ListId>,
    /// Nouns before a name in the genitive that make it an adjective: "cumbre de la OTAN".
    pub(crate) governing: Option<ListId>,
    /// Words after a name, in English, that leave it a door; with those of all other lists.
    pub(crate) following: Option<ListId>,
    /// Words by which a former member knocks: "rejoin".
    pub(crate) comeback: Option<ListId>,
    /// Several newcomers, of whom a headline may name some: "six countries".
    pub(crate) several: Option<ListId>,
    /// Words before a country that is named beside the one that knocks: "without Sweden".
    pub(crate) apart: Option<ListId>,
    /// The act that a negated one becomes.
    pub(crate) denial: Option<ListId>,
    /// The act of a sentence in which a rule holds and no other act stands.
    pub(crate) otherwise: Option<ListId>,
    /// What foreign words mean.
    pub(crate) glosses: Glosses,
}

impl Lexicon {
    pub(crate) fn list(&self, id: ListId) -> &List {
        &self.lists[usize::from(id)]
    }

    /// Adds a term and gives its number.
    pub(crate) fn add(&mut self, term: &Term, list: Option<ListId>, near: Option<ListId>) -> u32 {
        self.terms.push(TermInfo {
            shown: term.shown.clone(),
            list,
            weak: term.weak,
            echo: term.echo,
            ends: term.ends,
            near,
            within: term.within,
            spelling: term.spelling.clone(),
        });
        (self.terms.len() - 1) as u32
    }
}

/// The calendar day of a time, UTC.
pub(crate) fn day(time: Timestamp) -> Date {
    time.to_zoned(TimeZone::UTC).date()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn membership_has_dates() {
        let since = Some(jiff::civil::date(2024, 3, 7));
        let list = List {
            name: "NATO".to_owned(),
            kind: ListKind::Alliance,
            shown: String::new(),
            open_to: Vec::new(),
            closed_to: Vec::new(),
            region: Vec::new(),
            members: vec![Membership { code: "SE".to_owned(), since, until: None }],
            bloc: false,
            sort: String::new(),
            stage: 0,
            formal: false,
            against: false,
            kin: Vec::new(),
            by: By::Candidate,
        };
        let on = |year, month, day| jiff::civil::date(year, month, day);
        assert!(list.is_candidate("SE", on(2022, 5, 18)));
        assert!(list.is_candidate("SE", on(2024, 3, 7)), "the accession itself is the news");
        assert!(list.is_candidate("SE", on(2024, 3, 20)));
        assert!(!list.is_candidate("SE", on(2024, 3, 21)));
        assert!(!list.is_candidate("SE", on(2026, 1, 1)));
        assert!(list.is_candidate("UA", on(2026, 1, 1)));
        assert!(!list.is_candidate("NATO", on(2026, 1, 1)), "nobody joins itself");
    }
}
