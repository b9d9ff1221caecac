//! What the lexicon sees in an item apart from any rule: for `explain`, where a text stayed quiet and
//! its reader asks whether the words were seen at all. Never part of judging.

use jiff::civil::Date;

use super::hits::{Hit, Hits, slice};
use super::lexicon::{Lexicon, ListId, day};
use super::parties::alliances;
use super::section::ListKind;
use super::set::RuleSet;
use crate::model::{Field, Item, Masked, Recognised, Role};

/// Words that are shown.
const FOUND: usize = 40;
/// Members that are named.
const MEMBERS: usize = 20;

impl RuleSet {
    /// Names, acts and words of joining in an item, and everything that was masked.
    pub fn recognise(&self, item: &Item) -> (Vec<Recognised>, Vec<Masked>) {
        let lexicon = &self.0.lexicon;
        let hits = Hits::of(item, &self.0.scanner, lexicon);
        let doors = alliances(&hits, lexicon);
        let date = day(item.date());
        let mut found: Vec<Recognised> = Vec::new();
        for hit in &hits.all {
            let Some(list) = hit.list.map(|list| lexicon.list(list)) else { continue };
            // A plain list without a name of its own is grammar: hedges, contexts.
            let grammar = list.kind == ListKind::Plain && list.shown == list.name;
            if grammar || list.kind == ListKind::Mask || !is_prose(hits.field(hit)) {
                continue;
            }
            let role = match list.kind {
                ListKind::Alliance => Role::Alliance,
                ListKind::Act => Role::Act,
                ListKind::Place if is_member(lexicon, &doors, &list.name, date) => Role::Actor,
                ListKind::Place => Role::Candidate,
                _ => Role::Term,
            };
            let label = match role {
                Role::Alliance => match adjective(hit, &hits, lexicon) {
                    Some(word) if word.known => {
                        let side = if word.after { "before" } else { "after" };
                        format!("{}, but only {side} “{}”", label(hit, lexicon), word.by)
                    }
                    _ => label(hit, lexicon),
                },
                Role::Actor | Role::Candidate => match bar(lexicon, &doors, &list.name, date) {
                    Some(bar) => format!("{} ({}), {bar}", list.shown, list.name),
                    None => format!("{} ({})", list.shown, list.name),
                },
                _ => label(hit, lexicon),
            };
            let (start, end) = hits.scalars(hit);
            // Such words stand in half of all news; beside an alliance they are worth a look.
            if role == Role::Term
                && (is_particle(&hits.text(hit)) || !beside_alliance(hit, &hits, lexicon))
            {
                continue;
            }
            let known = found
                .iter_mut()
                .find(|one| (one.field, one.start, one.end) == (hits.field(hit), start, end));
            match known {
                // One word in several lists is one word; the act or name among them says most.
                Some(known) if known.role == Role::Term => {
                    (known.role, known.label, known.list) = (role, label, list.name.clone());
                }
                Some(_) => {}
                None => found.push(Recognised {
                    field: hits.field(hit),
                    start,
                    end,
                    text: hits.text(hit),
                    list: list.name.clone(),
                    role,
                    label,
                }),
            }
        }
        found.sort_by_key(|one| (one.field, one.start, one.end));
        found.truncate(FOUND);
        (found, masked(&hits, lexicon))
    }
}

fn beside_alliance(hit: &Hit, hits: &Hits<'_>, lexicon: &Lexicon) -> bool {
    hits.all.iter().any(|other| {
        (other.unit, other.sentence) == (hit.unit, hit.sentence)
            && other.list.is_some_and(|list| lexicon.list(list).kind == ListKind::Alliance)
    })
}

/// Whether a word is too small to say anything alone: "in", "to", "в".
pub(super) fn is_particle(text: &str) -> bool {
    text.chars().count() <= 2 && !text.chars().any(|c| c >= '\u{2e80}')
}

fn is_prose(field: Field) -> bool {
    matches!(field, Field::Title | Field::Summary | Field::Body)
}

/// What was taken away by another list, each span once.
fn masked(hits: &Hits<'_>, lexicon: &Lexicon) -> Vec<Masked> {
    let mut all = hits.masked.clone();
    for (hit, by) in &hits.hidden {
        let (Some(list), Some(mask)) = (hit.list, by.list) else { continue };
        let (list, mask) = (lexicon.list(list), lexicon.list(mask));
        let plain = list.kind == ListKind::Plain && list.shown == list.name;
        if mask.kind != ListKind::Mask || plain || !is_prose(hits.field(hit)) {
            continue;
        }
        let (start, end) = hits.scalars(hit);
        let known = all.iter().any(|one: &Masked| {
            one.field == hits.field(hit) && one.start <= start && end <= one.end
        });
        if !known {
            all.push(Masked {
                field: hits.field(hit),
                start,
                end,
                text: hits.text(hit),
                list: list.shown.clone(),
                by: format!("“{}”", hits.text(by)),
            });
        }
    }
    all.truncate(FOUND);
    all
}

/// What a hit is, ready to show.
pub(super) fn label(hit: &Hit, lexicon: &Lexicon) -> String {
    let Some(list) = hit.list.map(|list| lexicon.list(list)) else { return String::new() };
    let term = &lexicon.terms[hit.term as usize];
    match list.kind {
        // A plain list without a name to show says nothing to a reader.
        ListKind::Plain if list.shown == list.name => String::new(),
        ListKind::Alliance if term.weak => format!("nickname of {}", list.shown),
        ListKind::Alliance if term.echo => format!("stands for {}", list.shown),
        _ => list.shown.clone(),
    }
}

/// A word that makes a name an adjective.
pub(super) struct Qualified {
    /// The word: "exercise" in "NATO exercise".
    pub(super) by: String,
    /// Name and word as they stand in the text: "NATO exercise".
    pub(super) whole: String,
    /// Whether it stands after the name, and not before it: "саммит НАТО".
    pub(super) after: bool,
    /// Whether the lexicon knows it as such a word, and not merely knows no other.
    pub(super) known: bool,
}

/// What makes a name an adjective; `None` where it stands for itself.
pub(super) fn adjective(hit: &Hit, hits: &Hits<'_>, lexicon: &Lexicon) -> Option<Qualified> {
    if !hits.is_adjective(hit, lexicon) {
        return None;
    }
    let unit = &hits.units[hit.unit];
    if let Some(noun) = hits.governor(hit, lexicon) {
        let whole = slice(unit.source, hits.scalars(noun).0, hits.scalars(hit).1);
        return Some(Qualified { by: hits.text(noun), whole, after: false, known: true });
    }
    let next = hits.all.iter().find(|other| {
        other.list == lexicon.attributive && (other.unit, other.first) == (hit.unit, hit.last)
    });
    let (start, end) = match next {
        Some(next) => hits.scalars(next),
        None => unit.folded.scalars(hit.last, hit.last + 1),
    };
    Some(Qualified {
        by: slice(unit.source, start, end),
        whole: slice(unit.source, hits.scalars(hit).0, end),
        after: true,
        known: next.is_some(),
    })
}

/// Why a place cannot knock at any of these doors; `None` where it can, or where there is no door.
pub(super) fn bar(
    lexicon: &Lexicon,
    doors: &[ListId],
    code: &str,
    date: Date,
) -> Option<&'static str> {
    let first = lexicon.list(*doors.first()?);
    if doors.iter().any(|door| {
        let door = lexicon.list(*door);
        door.is_candidate(code, date) && !door.has_left(code, date)
    }) {
        return None;
    }
    Some(if doors.iter().any(|door| lexicon.list(*door).is_member(code, date)) {
        "a member"
    } else if first.closed_to.iter().any(|closed| closed == code) {
        "barred by `closed_to`"
    } else if !first.open_to.is_empty() && !first.open_to.iter().any(|open| open == code) {
        "not in `open_to`"
    } else {
        "a former member"
    })
}

fn is_member(lexicon: &Lexicon, doors: &[ListId], code: &str, date: Date) -> bool {
    doors.iter().any(|door| lexicon.list(*door).is_member(code, date))
}

/// Members of these alliances that the prose names, in its order.
pub(super) fn members_named(
    hits: &Hits<'_>,
    lexicon: &Lexicon,
    doors: impl Iterator<Item = ListId>,
    date: Date,
) -> Vec<String> {
    let doors: Vec<ListId> = doors.collect();
    let mut named: Vec<String> = Vec::new();
    for hit in hits.all.iter().filter(|hit| is_prose(hits.field(hit))) {
        let Some(list) = hit.list.map(|list| lexicon.list(list)) else { continue };
        let place = list.kind == ListKind::Place;
        let candidate =
            || doors.iter().any(|door| lexicon.list(*door).is_candidate(&list.name, date));
        if place
            && !named.contains(&list.name)
            && is_member(lexicon, &doors, &list.name, date)
            && !candidate()
        {
            named.push(list.name.clone());
        }
    }
    named.truncate(MEMBERS);
    named
}
