//! What a match is in a few words: the move, its acts, why it has its level, who else is named.

use crate::model::{Finding, Genre, Level, Match, Move, NearMiss, Recognised, Role};
use crate::store::AlertRow;

/// `AUKUS ← CA, JP`, `act considers`, `level notable (…)`, `rule security-alliance`
pub fn headline(matched: &Match, level: Option<Level>) -> Vec<String> {
    let subject = match matched.alliances.is_empty() {
        true => matched.rule_title.clone(),
        false => matched.alliances.join(", "),
    };
    let mut parts = vec![match matched.candidates.is_empty() {
        true => subject,
        false => format!("{subject} ← {}", matched.candidates.join(", ")),
    }];
    let acts = acts(&matched.moves);
    if !acts.is_empty() {
        parts.push(format!("act {acts}"));
    }
    if let Some(level) = level {
        parts.push(format!("level {level} ({})", why_level(matched, level)));
    }
    let rules: Vec<&str> = matched.rules.iter().map(|rule| rule.id.as_str()).collect();
    parts.push(format!("rule {}", rules.join(", ")));
    parts
}

/// Why a match has its level, by the terms in which the ledger gives it.
pub fn why_level(matched: &Match, level: Level) -> String {
    let genre = match matched.genre {
        Genre::Report => None,
        Genre::Opinion => Some("opinion or analysis"),
        Genre::Explainer => Some("an explainer"),
        Genre::Live => Some("a live blog"),
        Genre::Newsletter => Some("a newsletter"),
    };
    if let Some(genre) = genre {
        return genre.to_owned();
    }
    let mut acts: Vec<&Move> = matched.moves.iter().filter(|one| one.act.is_some()).collect();
    if acts.is_empty() {
        return "the rule's own level".to_owned();
    }
    // Where somebody knocks, that is what the level is about.
    if acts.iter().any(|one| !one.candidates.is_empty()) {
        acts.retain(|one| !one.candidates.is_empty());
    }
    let all = |test: fn(&Move) -> bool| acts.iter().all(|one| test(one));
    let against = |one: &Move| one.act.as_ref().is_some_and(|act| act.against);
    let verb = if all(|one| one.hedged) {
        "hedged verb"
    } else if all(against) {
        "an act against"
    } else {
        "no formal act"
    };
    let pair = if matched.candidates.is_empty() { "this alliance" } else { "this pair" };
    match level {
        Level::Flash => format!("formal act, first for {pair}"),
        Level::Notable => format!("{verb}, new for {pair}"),
        Level::Background => format!("nothing new for {pair}"),
    }
}

/// Why nothing is told, in one line.
pub fn quiet(finding: &Finding, recognised: &[Recognised]) -> String {
    let has = |role: Role| recognised.iter().any(|one| one.role == role);
    match finding.near.first() {
        Some(miss) => match &miss.alliance {
            Some(name) if miss.distance >= NearMiss::FAR => format!("names {name}, and no move"),
            Some(name) => format!("nearest is rule {} for {name}", miss.rule),
            None => format!("nearest is rule {}", miss.rule),
        },
        None if recognised.is_empty() => "none of the lexicon's words is in it".to_owned(),
        None if !has(Role::Alliance) => "names no alliance".to_owned(),
        None => "no rule is near".to_owned(),
    }
}

/// `AUKUS ← CA, JP`; of an alert without an alliance its candidates, empty where it has neither.
pub fn alert_line(alert: &AlertRow) -> String {
    let parts = [alert.alliances.join(", "), alert.candidates.join(", ")];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ← ")
}

/// `AUKUS ← Canada, Japan`
pub fn move_line(matched: &Match) -> String {
    let alliances = if matched.alliances.is_empty() {
        matched.rule_title.clone()
    } else {
        matched.alliances.join(", ")
    };
    match matched.candidates.is_empty() {
        true => alliances,
        false => format!("{alliances} ← {}", names(&matched.candidates, matched)),
    }
}

/// `Canada, Japan`
fn names(codes: &[String], matched: &Match) -> String {
    let named = |code: &String| matched.names.get(code).unwrap_or(code).clone();
    codes.iter().map(named).collect::<Vec<_>>().join(", ")
}

/// The acts with their actors: `ratified by HU`, `considers (may)`.
pub fn acts(moves: &[Move]) -> String {
    const HEDGED: &str = " (may)";
    let mut list: Vec<String> = Vec::new();
    for one in moves {
        let Some(act) = &one.act else { continue };
        let actor = one.actor.as_ref().map(|actor| format!(" by {actor}")).unwrap_or_default();
        let text = format!("{}{actor}{}", act.name, if one.hedged { HEDGED } else { "" });
        if !list.contains(&text) {
            list.push(text);
        }
    }
    // "may join" beside "joins" is no second act.
    let plain = list.clone();
    list.retain(|text| {
        text.strip_suffix(HEDGED).is_none_or(|act| !plain.iter().any(|one| one == act))
    });
    list.join(", ")
}

/// Who else is named, to stand with the evidence.
pub fn surroundings(matched: &Match) -> Vec<String> {
    let mut notes = Vec::new();
    let acts = |code: &&String| {
        matched.evidence.iter().any(|one| one.role == Role::Actor && one.list == **code)
    };
    let members: Vec<&str> =
        matched.members.iter().filter(|code| !acts(code)).map(String::as_str).collect();
    match members.as_slice() {
        [] => {}
        [one] => notes.push(format!("{one} is a member")),
        all => notes.push(format!("{} are members", all.join(", "))),
    }
    if !matched.also_named.is_empty() {
        notes.push(format!("also named {}", matched.also_named.join(", ")));
    }
    notes
}
