//! Whether two items tell the same move.
//!
//! A headline says what is new, the rest of an item recalls what was: where both have moves in the
//! headline, those alone are compared. Of a headline's candidates those count that stand with its act
//! ("Hungary ratifies Finland's bid, leaving Sweden in the cold" is about Finland). What no verb says
//! contradicts nothing and proves nothing: "Sweden's NATO bid" may be about any act of Sweden's.

use std::collections::BTreeSet;

use crate::model::{Field, Move};

/// How the moves of two items stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Agreement {
    /// Another alliance, or candidates that have nothing in common.
    None,
    /// The same pair, but one is for and the other against.
    Opposed,
    /// The same pair and direction, but two formal acts or two actors: what happens next.
    Onward,
    /// The same pair, and one of them or both name no act, or nobody says whose.
    Unsaid,
    /// The same pair, acts that can belong to one event.
    Loose,
    /// The same pair, words for one act, and a common candidate.
    Same {
        /// The act is formal, or both name the one who acts: few things happen twice a day then.
        deed: bool,
    },
}

impl Agreement {
    /// Ready to show.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Agreement::Same { .. } => "the move agrees",
            Agreement::Loose => "the moves do not contradict",
            Agreement::Unsaid => "one of them names no act",
            Agreement::Onward => "another move of the same two",
            Agreement::None => "no common move",
            Agreement::Opposed => "one is for it, one against",
        }
    }
}

/// The best agreement among the moves that two items are about.
pub(super) fn agreement(one: &[Move], two: &[Move]) -> Agreement {
    let (one, two) = (telling(one), telling(two));
    let pairs = one.iter().flat_map(|a| two.iter().map(move |b| compare(a, b)));
    let all: Vec<Agreement> = pairs.collect();
    let best = all.iter().copied().max().unwrap_or(Agreement::None);
    // A pair that agrees outweighs one that is opposed only when it agrees in the act.
    let differs = [Agreement::Opposed, Agreement::Onward].into_iter().find(|one| all.contains(one));
    match (best, differs) {
        (Agreement::Same { .. } | Agreement::None, _) | (_, None) => best,
        (_, Some(differs)) => differs,
    }
}

/// The moves of the headline, or all where it has none.
fn telling(moves: &[Move]) -> Vec<&Move> {
    let headline: Vec<&Move> = moves.iter().filter(|one| one.field == Field::Title).collect();
    match headline.is_empty() {
        true => moves.iter().collect(),
        false => headline,
    }
}

fn compare(a: &Move, b: &Move) -> Agreement {
    if a.alliance != b.alliance {
        return Agreement::None;
    }
    let (mine, theirs) = (a.main_candidates(), b.main_candidates());
    let both_name = !mine.is_empty() && !theirs.is_empty();
    let common = mine.iter().any(|code| theirs.contains(code));
    if both_name && !common {
        return Agreement::None;
    }
    let (Some(x), Some(y)) = (&a.act, &b.act) else { return Agreement::Unsaid };
    if x.unsaid || y.unsaid {
        return Agreement::Unsaid;
    }
    let actors_differ = matches!((&a.actor, &b.actor), (Some(a), Some(b)) if a != b);
    if x.is_kin(&y.name) {
        return match actors_differ {
            true => Agreement::Onward,
            // "Will ratify" is a word given, "ratifies" the deed.
            false if a.hedged != b.hedged && x.formal => Agreement::Loose,
            false if common => {
                Agreement::Same { deed: x.formal || (a.actor.is_some() && a.actor == b.actor) }
            }
            // Without a common candidate the same word may be about anybody.
            false => Agreement::Loose,
        };
    }
    if x.against != y.against {
        return Agreement::Opposed;
    }
    match (x.formal && y.formal) || actors_differ {
        true => Agreement::Onward,
        false => Agreement::Loose,
    }
}

/// Whether two items name the same two or more candidates at one door.
pub(super) fn same_party(one: &[Move], two: &[Move]) -> bool {
    let party = |moves: &[Move], alliance: &str| -> BTreeSet<String> {
        let there = moves.iter().filter(|one| one.alliance == alliance);
        there.flat_map(|one| one.candidates.iter().cloned()).collect()
    };
    one.iter().any(|a| {
        let mine = party(one, &a.alliance);
        mine.len() > 1 && mine == party(two, &a.alliance)
    })
}

/// Whether two items name a common candidate at one door.
pub(super) fn share_candidate(one: &[Move], two: &[Move]) -> bool {
    one.iter().any(|a| {
        let same_door = two.iter().filter(|b| b.alliance == a.alliance);
        same_door.flat_map(|b| &b.candidates).any(|code| a.candidates.contains(code))
    })
}

/// Whether an item tells of a formal act that has happened.
pub(super) fn formal_deed(moves: &[Move]) -> bool {
    let deed = |one: &&Move| !one.hedged && one.act.as_ref().is_some_and(|act| act.formal);
    telling(moves).iter().any(deed)
}

/// Whether an item names no act.
pub(super) fn says_nothing(moves: &[Move]) -> bool {
    telling(moves).iter().all(|one| one.act.as_ref().is_none_or(|act| act.unsaid))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ActKind;

    fn one(
        candidates: &[&str],
        act: &str,
        formal: bool,
        against: bool,
        actor: Option<&str>,
    ) -> Vec<Move> {
        let kin = if act == "ratified" { vec!["approves".to_owned()] } else { Vec::new() };
        vec![Move {
            alliance: "NATO".to_owned(),
            candidates: candidates.iter().map(|code| (*code).to_owned()).collect(),
            act: Some(ActKind {
                name: act.to_owned(),
                stage: 1,
                formal,
                against,
                kin,
                unsaid: act == "unsaid",
            }),
            actor: actor.map(str::to_owned),
            hedged: false,
            field: Field::Title,
            aside: Vec::new(),
        }]
    }

    const SAME: Agreement = Agreement::Same { deed: true };

    #[test]
    fn acts_actors_and_candidates_weigh() {
        let hungary = one(&["FI"], "ratified", true, false, Some("HU"));
        let turkey = one(&["FI"], "ratified", true, false, Some("TR"));
        assert_eq!(agreement(&hungary, &hungary), SAME);
        assert_eq!(agreement(&hungary, &turkey), Agreement::Onward);
        let unnamed = one(&["FI"], "ratified", true, false, None);
        assert_eq!(agreement(&hungary, &unnamed), SAME);
        let veto = one(&["FI"], "blocks", false, true, Some("TR"));
        assert_eq!(agreement(&turkey, &veto), Agreement::Opposed);
        let other = one(&["SE"], "ratified", true, false, Some("HU"));
        assert_eq!(agreement(&hungary, &other), Agreement::None);
        let vague = one(&[], "considers", false, false, None);
        assert_eq!(agreement(&unnamed, &vague), Agreement::Loose);
    }

    #[test]
    fn words_for_one_deed_agree_and_silence_says_nothing() {
        let ratified = one(&["FI"], "ratified", true, false, Some("HU"));
        let approved = one(&["FI"], "approves", true, false, Some("HU"));
        assert_eq!(agreement(&ratified, &approved), SAME);
        let invited = one(&["FI"], "invites", true, false, None);
        assert_eq!(agreement(&ratified, &invited), Agreement::Onward);
        let silent = one(&["FI"], "unsaid", false, false, None);
        let veto = one(&["FI"], "blocks", false, true, Some("TR"));
        assert_eq!(agreement(&silent, &veto), Agreement::Unsaid);
        assert_eq!(agreement(&silent, &silent), Agreement::Unsaid);
        assert!(says_nothing(&silent) && !says_nothing(&veto));
        let talk = one(&["FI"], "supports", false, false, None);
        assert_eq!(agreement(&talk, &talk), Agreement::Same { deed: false });
    }

    #[test]
    fn a_word_given_is_no_deed() {
        let deed = one(&["FI"], "ratified", true, false, Some("TR"));
        let mut word = deed.clone();
        word[0].hedged = true;
        assert_eq!(agreement(&deed, &word), Agreement::Loose);
        assert!(formal_deed(&deed) && !formal_deed(&word));
    }

    #[test]
    fn the_headline_outweighs_what_the_rest_recalls() {
        let mut one_ = one(&["FI"], "ratified", true, false, Some("HU"));
        let mut recalled = one(&["FI"], "blocks", false, true, Some("TR")).remove(0);
        recalled.field = Field::Summary;
        one_.push(recalled);
        let other = one(&["FI"], "approves", true, false, Some("HU"));
        assert_eq!(agreement(&one_, &other), SAME);
        // A name that stands aside is no common one.
        let mut waits = one(&["FI", "SE"], "ratified", true, false, Some("HU"));
        waits[0].aside.push("SE".to_owned());
        let sweden = one(&["SE"], "ratified", true, false, Some("HU"));
        assert_eq!(agreement(&waits, &sweden), Agreement::None);
    }
}
