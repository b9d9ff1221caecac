//! The words in which a miss is told: names, lists and conditions as a reader knows them.

use super::{Leg, NAMED, Part, part};
use crate::model::Field;
use crate::rule::eval::{Node, Scope};
use crate::rule::hits::Hit;
use crate::rule::lexicon::ListId;
use crate::rule::recognise::{adjective, is_particle};
use crate::rule::section::{ListKind, Membership};

/// Words between a tie and a name that it leads to.
const LEAD: usize = 2;

/// The mask that took away a word or a country that the query asks for.
pub(super) fn masked(branches: &[Vec<Leg<'_>>], scope: &Scope<'_>) -> Option<String> {
    let wanted = |hit: &Hit| {
        branches.iter().flatten().any(|(node, field)| {
            field.is_none_or(|field| scope.hits.field(hit) == field) && takes(node, hit, scope)
        })
    };
    let by_mask =
        |by: &Hit| by.list.is_some_and(|list| scope.lexicon.list(list).kind == ListKind::Mask);
    let prose =
        |hit: &Hit| matches!(scope.hits.field(hit), Field::Title | Field::Summary | Field::Body);
    // Only beside the name would it have counted.
    let beside = |hit: &Hit| {
        scope.hits.all.iter().any(|name| {
            name.list == scope.alliance && (name.unit, name.sentence) == (hit.unit, hit.sentence)
        })
    };
    let mut hidden = scope.hits.hidden.iter();
    let (_, by) =
        hidden.find(|(hit, by)| by_mask(by) && prose(hit) && beside(hit) && wanted(hit))?;
    Some(format!("masked: “{}”", scope.hits.text(by)))
}

/// Whether an operand would take a hit, were it not masked.
fn takes(node: &Node, hit: &Hit, scope: &Scope<'_>) -> bool {
    let kind = hit.list.map(|list| scope.lexicon.list(list).kind);
    match node {
        Node::List(list) => hit.list == Some(*list),
        Node::Term(term) => hit.term == *term,
        Node::Act => kind == Some(ListKind::Act),
        Node::Candidate | Node::Place => kind == Some(ListKind::Place),
        Node::In(_, inner) => takes(inner, hit, scope),
        Node::Or(list) => list.iter().any(|one| takes(one, hit, scope)),
        _ => false,
    }
}

/// "NATO exercise", where the alliance is named and only before such words, and whether the lexicon
/// knows the word.
pub(super) fn only_before(alliance: ListId, scope: &Scope<'_>) -> Option<(String, bool)> {
    let mut names = scope.hits.all.iter().filter(|hit| hit.list == Some(alliance));
    let first = names.next()?;
    let word = adjective(first, scope.hits, scope.lexicon)?;
    let all = names.all(|hit| adjective(hit, scope.hits, scope.lexicon).is_some());
    all.then_some((word.whole, word.known))
}

/// Whether a word that the query asks for stands shortly before the name.
pub(super) fn leads_to(alliance: ListId, branches: &[Vec<Leg<'_>>], scope: &Scope<'_>) -> bool {
    let hits = &scope.hits.all;
    let names = || hits.iter().filter(|hit| hit.list == Some(alliance));
    branches.iter().flatten().filter(|(node, _)| part(node) == Part::Word).any(|(node, field)| {
        let found = node.holds(scope, *field).unwrap_or_default();
        found.iter().map(|index| &hits[*index]).any(|word| {
            names().any(|name| {
                (name.unit, name.sentence) == (word.unit, word.sentence)
                    && word.last <= name.first
                    && word.gap(name) <= LEAD
            })
        })
    })
}

/// Why the places that are named cannot knock: "Norway and Spain are members".
pub(super) fn barred(alliance: ListId, scope: &Scope<'_>) -> Option<String> {
    let door = scope.lexicon.list(alliance);
    let mut groups: [(&str, &str, Vec<String>); 4] = [
        ("a member", "members", Vec::new()),
        ("barred by `closed_to`", "barred by `closed_to`", Vec::new()),
        ("not in `open_to`", "not in `open_to`", Vec::new()),
        ("a former member", "former members", Vec::new()),
    ];
    for hit in &scope.hits.all {
        let Some(list) = hit.list.map(|list| scope.lexicon.list(list)) else { continue };
        if list.kind != ListKind::Place {
            continue;
        }
        let stays = |member: &Membership| member.code == list.name && member.until.is_none();
        let group = if door.members.iter().any(stays) {
            0
        } else if door.closed_to.contains(&list.name) {
            1
        } else if !door.open_to.is_empty() && !door.open_to.contains(&list.name) {
            2
        } else {
            3
        };
        let names = &mut groups[group].2;
        if !names.contains(&list.shown) {
            names.push(list.shown.clone());
        }
    }
    let first = groups.iter().find(|(.., names)| !names.is_empty());
    first.map(|(one, several, names)| match names.len() {
        1 => format!("{} is {one}", names[0]),
        _ => format!("{} are {several}", listed(names)),
    })
}

/// The countries that could knock, nearest to the name first.
pub(super) fn candidates(scope: &Scope<'_>) -> String {
    let mut names: Vec<String> = Vec::new();
    for (hit, _) in scope.hits.all.iter().zip(scope.candidates).filter(|(_, could)| **could) {
        let Some(list) = hit.list.map(|list| scope.lexicon.list(list)) else { continue };
        if !names.contains(&list.shown) {
            names.push(list.shown.clone());
        }
    }
    listed(&names)
}

fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [one, two] => format!("{one} and {two}"),
        [one, two, rest @ ..] => format!("{one}, {two} and {} more", rest.len()),
    }
}

/// All is there and does not belong together.
pub(super) fn apart(
    branches: &[Vec<Leg<'_>>],
    asks_who: bool,
    name: &str,
    scope: &Scope<'_>,
) -> String {
    let hits = &scope.hits.all;
    let room = |hit: &Hit| (hit.unit, hit.sentence);
    let names: Vec<&Hit> = hits.iter().filter(|hit| hit.list == scope.alliance).collect();
    let together = hits
        .iter()
        .zip(scope.candidates)
        .any(|(hit, could)| *could && names.iter().any(|name| room(name) == room(hit)));
    if asks_who && !together {
        return format!("{} and {name} stand in different sentences", candidates(scope));
    }
    let mut words: Vec<&Hit> = Vec::new();
    for (node, field) in branches.iter().flatten().filter(|(node, _)| part(node) == Part::Word) {
        let found = node.holds(scope, *field).unwrap_or_default();
        words.extend(found.iter().map(|index| &hits[*index]));
    }
    let words = quoted(words.into_iter(), scope);
    match (asks_who, words.is_empty()) {
        (true, true) => format!("no tie between {} and {name}", candidates(scope)),
        (true, false) => {
            format!("no tie between {} and {name}, only {words} elsewhere", candidates(scope))
        }
        (false, _) => format!("{words} is not at {name}'s door"),
    }
}

/// The words of some hits, each once: “join”, “membership”.
pub(super) fn quoted<'h>(hits: impl Iterator<Item = &'h Hit>, scope: &Scope<'_>) -> String {
    let mut words: Vec<String> = Vec::new();
    for hit in hits {
        let word = scope.hits.text(hit);
        let text = format!("“{word}”");
        if !is_particle(&word) && !words.contains(&text) && words.len() < NAMED {
            words.push(text);
        }
    }
    words.join(", ")
}

pub(super) fn label(node: &Node, scope: &Scope<'_>) -> String {
    let lexicon = scope.lexicon;
    let name = scope.alliance.map(|list| lexicon.list(list).shown.as_str());
    match node {
        Node::Alliance | Node::Door | Node::Mention => name.unwrap_or("alliance").to_owned(),
        Node::Act => match name {
            Some(name) => format!("act at the door of {name}"),
            None => "act".to_owned(),
        },
        Node::Candidate => "country that could join".to_owned(),
        Node::Place => "country".to_owned(),
        Node::List(list) => {
            let list = lexicon.list(*list);
            match list.shown == list.name && list.kind == ListKind::Plain {
                true => format!("word of {}", list.name.replace('_', " ")),
                false => list.shown.clone(),
            }
        }
        Node::Term(term) => format!("`{}`", lexicon.terms[*term as usize].shown),
        Node::In(field, inner) => format!("{} in the {}", label(inner, scope), shown(*field)),
        Node::Or(list) => {
            let mut labels: Vec<String> = Vec::new();
            for label in list.iter().map(|one| label(one, scope)) {
                if !labels.contains(&label) && labels.len() < NAMED {
                    labels.push(label);
                }
            }
            labels.join(" or ")
        }
        Node::Regex(regex) => format!("/{regex}/"),
        Node::And(_) | Node::Not(_) | Node::Chain(..) => "match".to_owned(),
    }
}

pub(super) fn shown(field: Field) -> &'static str {
    match field {
        Field::Title => "headline",
        other => other.as_str(),
    }
}
