//! Whose an act is, and who can knock: the alliances and candidates among the hits of an item.
//!
//! An act belongs to the nearest alliance of its sentence ("NATO meets; BRICS invites Japan" is BRICS
//! alone), where names joined by "and" count as one.

use jiff::civil::Date;

use super::hits::{Hit, Hits};
use super::lexicon::{Lexicon, ListId};
use super::owner::speaks_of_member;
use super::section::{By, ListKind};
use crate::model::Field;

/// Words that join names into one group, folded.
const JOINERS: [&str; 12] =
    ["and", "or", "the", "both", "et", "und", "y", "e", "i", "и", "та", "och"];

pub(super) fn kind(hit: &Hit, lexicon: &Lexicon) -> Option<ListKind> {
    hit.list.map(|list| lexicon.list(list).kind)
}

pub(super) fn is_prose(field: Field) -> bool {
    matches!(field, Field::Title | Field::Summary | Field::Body)
}

/// Alliances that the prose names, in order of first mention.
pub(super) fn alliances(hits: &Hits<'_>, lexicon: &Lexicon) -> Vec<ListId> {
    let mut found = Vec::new();
    for hit in &hits.all {
        if kind(hit, lexicon) != Some(ListKind::Alliance) || !is_prose(hits.field(hit)) {
            continue;
        }
        if let Some(list) = hit.list.filter(|list| !found.contains(list)) {
            found.push(list);
        }
    }
    found
}

/// Words between the name of an alliance and its own deed, and between the deed and the newcomer, at
/// most: "NATO leaders formally admit long-time applicant Austria".
const OWN_DEED: (usize, usize) = (3, 2);

/// How a headline goes on behind a newcomer's name, folded.
const GOING_ON: [&str; 18] = [
    "as",
    "into",
    "to",
    "and",
    "in",
    "on",
    "at",
    "after",
    "with",
    "despite",
    "amid",
    "by",
    "full",
    "official",
    "formal",
    "permanent",
    "membership",
    "or",
];

/// For each hit, whether it is an act of this alliance.
pub(super) fn acts_of(hits: &Hits<'_>, lexicon: &Lexicon, alliance: Option<ListId>) -> Vec<bool> {
    let is_act = |hit: &Hit| kind(hit, lexicon) == Some(ListKind::Act);
    hits.all
        .iter()
        .map(|hit| {
            is_act(hit)
                && match alliance {
                    None => true,
                    Some(alliance) => {
                        let owners = owners(hit, hits, lexicon);
                        owners.is_empty() || owners.contains(&alliance)
                    }
                }
                && is_deed(hit, hits, lexicon, alliance)
        })
        .collect()
}

/// Whether an act that only an alliance can do stands between its name and a place.
fn is_deed(act: &Hit, hits: &Hits<'_>, lexicon: &Lexicon, alliance: Option<ListId>) -> bool {
    if act.list.is_none_or(|list| lexicon.list(list).by != By::Alliance) {
        return true;
    }
    let beside = |one: &Hit, other: &Hit, words: usize| {
        (one.unit, one.sentence) == (other.unit, other.sentence)
            && one.last <= other.first
            && one.gap(other) <= words
            && !hits.parted(one, other)
    };
    let named = |hit: &&Hit| match alliance {
        Some(alliance) => hit.list == Some(alliance),
        None => kind(hit, lexicon) == Some(ListKind::Alliance),
    };
    let (before, after) = OWN_DEED;
    hits.all.iter().filter(named).any(|name| beside(name, act, before))
        && hits.all.iter().any(|place| {
            kind(place, lexicon) == Some(ListKind::Place)
                && beside(act, place, after)
                && is_taken(place, hits)
        })
}

/// Whether nothing is said of a country right behind its name: "admits Georgia", "admits Georgia as a
/// member", and not "admits Georgia will never join".
fn is_taken(place: &Hit, hits: &Hits<'_>) -> bool {
    let folded = &hits.units[place.unit].folded;
    let Some(next) = folded.tokens().get(place.last) else { return true };
    next.sentence != folded.tokens()[place.first].sentence
        || GOING_ON.contains(&folded.word(place.last))
        || hits.parted(place, &Hit { first: place.last, last: place.last + 1, ..*place })
}

/// The alliances nearest to an act in its sentence; none where the sentence names none.
fn owners(act: &Hit, hits: &Hits<'_>, lexicon: &Lexicon) -> Vec<ListId> {
    let mut names: Vec<&Hit> = hits
        .all
        .iter()
        .filter(|hit| {
            (hit.unit, hit.sentence) == (act.unit, act.sentence)
                && kind(hit, lexicon) == Some(ListKind::Alliance)
        })
        .collect();
    names.sort_by_key(|hit| hit.first);
    let mut groups: Vec<Vec<&Hit>> = Vec::new();
    for name in names {
        match groups.last_mut() {
            Some(group) if group.last().is_some_and(|last| joined(last, name, hits)) => {
                group.push(name)
            }
            _ => groups.push(vec![name]),
        }
    }
    let distance =
        |group: &Vec<&Hit>| group.iter().map(|name| name.gap(act)).min().unwrap_or(usize::MAX);
    let Some(nearest) = groups.iter().map(distance).min() else { return Vec::new() };
    groups
        .iter()
        .filter(|group| distance(group) == nearest)
        .flatten()
        .filter_map(|hit| hit.list)
        .collect()
}

/// Whether only joining words stand between two names.
pub(super) fn joined(first: &Hit, second: &Hit, hits: &Hits<'_>) -> bool {
    let folded = &hits.units[first.unit].folded;
    second.first >= first.last
        && second.first - first.last <= 2
        && (first.last..second.first).all(|at| JOINERS.contains(&folded.word(at)))
}

/// For each hit, whether it is a place that can knock at this alliance's door on this date.
pub(super) fn candidates_of(
    hits: &Hits<'_>,
    lexicon: &Lexicon,
    alliance: Option<ListId>,
    date: Date,
) -> Vec<bool> {
    // Who left knocks only by coming back; else "after Brexit" would be a move each day.
    let comes_back = |hit: &Hit| {
        lexicon.comeback.is_none()
            || hits.all.iter().any(|other| {
                other.list == lexicon.comeback
                    && (other.unit, other.sentence) == (hit.unit, hit.sentence)
            })
    };
    let is_candidate = |hit: &Hit| {
        // An alliance can knock at another's door: the African Union at the G20's.
        let place = hit.list.map(|list| lexicon.list(list)).filter(|list| {
            list.kind == ListKind::Place || (list.kind == ListKind::Alliance && list.bloc)
        });
        match (place, alliance) {
            (Some(place), Some(alliance)) => {
                let door = lexicon.list(alliance);
                door.is_candidate(&place.name, date)
                    && (!door.has_left(&place.name, date) || comes_back(hit))
                    && !speaks_of_member(hit, hits, lexicon, alliance, date)
            }
            (Some(_), None) => true,
            (None, _) => false,
        }
    };
    hits.all.iter().map(is_candidate).collect()
}
