//! Whether two items tell the same move.

use crate::model::Move;

/// How the moves of two items stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Agreement {
    /// Another alliance, or candidates that have nothing in common.
    None,
    /// The same pair, but one is for and the other against.
    Opposed,
    /// The same pair and direction, but two formal acts or two actors: what happens next.
    Onward,
    /// The same pair, acts that can belong to one event.
    Loose,
    /// The same pair and the same act.
    Same,
}

/// The best agreement among all pairs of moves.
pub(super) fn agreement(one: &[Move], two: &[Move]) -> Agreement {
    let pairs = one.iter().flat_map(|a| two.iter().map(move |b| compare(a, b)));
    let all: Vec<Agreement> = pairs.collect();
    let best = all.iter().copied().max().unwrap_or(Agreement::None);
    // A pair that agrees outweighs one that is opposed only when it agrees in the act.
    let differs = [Agreement::Opposed, Agreement::Onward].into_iter().find(|one| all.contains(one));
    match (best, differs) {
        (Agreement::Loose | Agreement::Onward, Some(differs)) => differs,
        (best, _) => best,
    }
}

fn compare(a: &Move, b: &Move) -> Agreement {
    if a.alliance != b.alliance {
        return Agreement::None;
    }
    let both_name = !a.candidates.is_empty() && !b.candidates.is_empty();
    let common = a.candidates.iter().any(|code| b.candidates.contains(code));
    if both_name && !common {
        return Agreement::None;
    }
    let actors_differ = matches!((&a.actor, &b.actor), (Some(a), Some(b)) if a != b);
    match (&a.act, &b.act) {
        (Some(x), Some(y)) if x.name == y.name => match actors_differ {
            true => Agreement::Onward,
            // Without a common candidate the same word may be about anybody.
            false if common => Agreement::Same,
            false => Agreement::Loose,
        },
        (Some(x), Some(y)) if x.against != y.against => Agreement::Opposed,
        (Some(x), Some(y)) if x.formal && y.formal => Agreement::Onward,
        _ => Agreement::Loose,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ActKind, Field};

    fn one(
        candidates: &[&str],
        act: &str,
        formal: bool,
        against: bool,
        actor: Option<&str>,
    ) -> Vec<Move> {
        vec![Move {
            alliance: "NATO".to_owned(),
            candidates: candidates.iter().map(|code| (*code).to_owned()).collect(),
            act: Some(ActKind { name: act.to_owned(), stage: 1, formal, against }),
            actor: actor.map(str::to_owned),
            hedged: false,
            field: Field::Title,
        }]
    }

    #[test]
    fn acts_actors_and_candidates_weigh() {
        let hungary = one(&["FI"], "ratified", true, false, Some("HU"));
        let turkey = one(&["FI"], "ratified", true, false, Some("TR"));
        assert_eq!(agreement(&hungary, &hungary), Agreement::Same);
        assert_eq!(agreement(&hungary, &turkey), Agreement::Onward);
        let unnamed = one(&["FI"], "ratified", true, false, None);
        assert_eq!(agreement(&hungary, &unnamed), Agreement::Same);
        let veto = one(&["FI"], "blocks", false, true, Some("TR"));
        assert_eq!(agreement(&turkey, &veto), Agreement::Opposed);
        let other = one(&["SE"], "ratified", true, false, Some("HU"));
        assert_eq!(agreement(&hungary, &other), Agreement::None);
        let vague = one(&[], "considers", false, false, None);
        assert_eq!(agreement(&unnamed, &vague), Agreement::Loose);
    }
}
