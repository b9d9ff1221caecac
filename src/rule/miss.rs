//! What was missing where a rule nearly held.

use super::eval::{Node, Scope};
use super::lexicon::Lexicon;
use crate::model::Field;

/// What a query lacks in a scope, ready to show; `None` where nothing of it is there.
pub(super) fn missing(node: &Node, scope: &Scope<'_>) -> Option<String> {
    match node {
        Node::And(list) => {
            let failing: Vec<&Node> =
                list.iter().filter(|one| one.holds(scope, None).is_none()).collect();
            (failing.len() < list.len())
                .then(|| failing.iter().find_map(|one| lack(one, scope)))
                .flatten()
        }
        // The branch that lacks least.
        Node::Or(list) => {
            let near =
                list.iter().filter_map(|one| Some((absent(one, scope), missing(one, scope)?)));
            near.min_by_key(|(count, _)| *count).map(|(_, what)| what)
        }
        Node::Chain(operands, _) => {
            let absent: Vec<&Node> =
                operands.iter().filter(|one| one.holds(scope, None).is_none()).collect();
            if absent.is_empty() {
                let names: Vec<String> =
                    operands.iter().map(|one| label(one, scope.lexicon, scope)).collect();
                return Some(format!("{} stand too far apart", names.join(", ")));
            }
            // Without a second leg the rule is not near, except that the alliance alone is worth
            // a word: somebody will ask why a headline on NATO stayed quiet.
            (absent.len() < operands.len()).then(|| {
                let names: Vec<String> =
                    absent.iter().map(|one| label(one, scope.lexicon, scope)).collect();
                format!("no {}", names.join(", no "))
            })
        }
        _ => None,
    }
}

/// How many operands of a chain are not there; for the rest, how many legs fail.
fn absent(node: &Node, scope: &Scope<'_>) -> usize {
    match node {
        Node::Chain(list, _) | Node::And(list) => {
            list.iter().filter(|one| one.holds(scope, None).is_none()).count()
        }
        Node::In(_, inner) => absent(inner, scope),
        _ => 1,
    }
}

fn lack(node: &Node, scope: &Scope<'_>) -> Option<String> {
    match node {
        Node::Not(_) => Some("a NOT of the rule vetoes it".to_owned()),
        Node::And(_) | Node::Or(_) | Node::Chain(..) => missing(node, scope),
        _ => Some(format!("no {}", label(node, scope.lexicon, scope))),
    }
}

fn label(node: &Node, lexicon: &Lexicon, scope: &Scope<'_>) -> String {
    match node {
        // The door's name may well be there, as an adjective of something else.
        Node::Door if scope.alliance.is_some_and(|list| scope.names(list)) => {
            let name = scope.alliance.map(|list| lexicon.list(list).name.as_str());
            format!("{} on its own, only before another word", name.unwrap_or_default())
        }
        Node::Alliance | Node::Door | Node::Mention => match scope.alliance {
            Some(list) => format!("name of {}", lexicon.list(list).name),
            None => "name of an alliance".to_owned(),
        },
        Node::Act => match scope.alliance {
            Some(list) => format!("act at the door of {}", lexicon.list(list).name),
            None => "act".to_owned(),
        },
        Node::Candidate => "candidate".to_owned(),
        Node::Place => "place".to_owned(),
        Node::List(list) => {
            let list = lexicon.list(*list);
            match list.shown == list.name {
                true => format!("word of @{}", list.name),
                false => list.shown.clone(),
            }
        }
        Node::Term(term) => format!("`{}`", lexicon.terms[*term as usize].shown),
        Node::In(field, inner) => {
            format!("{} in the {}", label(inner, lexicon, scope), name(*field))
        }
        Node::Or(list) => list.first().map_or_else(String::new, |one| label(one, lexicon, scope)),
        Node::Regex(regex) => format!("/{regex}/"),
        Node::And(_) | Node::Not(_) | Node::Chain(..) => "match".to_owned(),
    }
}

fn name(field: Field) -> &'static str {
    match field {
        Field::Title => "headline",
        other => other.as_str(),
    }
}
