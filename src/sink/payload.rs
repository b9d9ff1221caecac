//! The JSON that own services receive: Standard Webhooks envelope, one shape per type.
//!
//! Other programs rely on these shapes: keys may be added, none renamed. Times are RFC 3339, UTC.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::contract::{Letter, Stationery};
use crate::model::{Alert, AlertKind, AlertView, Field, LedgerEntry, Move};
use crate::text::cut;

/// Characters of a body that are sent at most.
const BODY: usize = 20_000;
/// Characters that are sent after the last evidence in a body, so that it can be read.
const AFTER: usize = 200;

/// The payload of a letter.
pub(super) fn payload(letter: &Letter, stationery: &Stationery) -> Value {
    match letter {
        Letter::Alert(view) => {
            let kind = match view.kind {
                AlertKind::Raised => "alert.raised",
                AlertKind::Updated => "alert.updated",
            };
            envelope(kind, view.alert.raised, data(view, stationery))
        }
        Letter::Digest(views) => {
            let alerts: Vec<Value> = views.iter().map(|view| data(view, stationery)).collect();
            envelope("digest.ready", stationery.now, json!({ "alerts": alerts }))
        }
        Letter::Event(event) => envelope(
            event.kind.as_str(),
            event.at,
            json!({
                "state": event.state, "what": event.what, "since": event.since, "do": event.cure,
                "subjects": event.subjects, "others": event.others,
            }),
        ),
        Letter::Ping => envelope(
            "test.ping",
            stationery.now,
            json!({ "text": "A test from pactwatch. Nothing has happened." }),
        ),
    }
}

fn envelope(kind: &str, timestamp: Timestamp, data: Value) -> Value {
    json!({ "type": kind, "timestamp": timestamp, "data": data })
}

/// One alert.
fn data(view: &AlertView, stationery: &Stationery) -> Value {
    let alert = &view.alert;
    let (item, matched) = (&alert.item, &alert.matched);
    let best = matched.rules.first();
    let also_in: Vec<Value> = view
        .also_in
        .iter()
        .map(
            |one| json!({ "feed": one.feed, "url": one.url, "title": one.title, "copy": one.copy }),
        )
        .collect();
    let mut data = json!({
        "alert": alert.id,
        "story": alert.story,
        "level": alert.level,
        "rule": { "id": best.map(|rule| &rule.id), "title": matched.rule_title },
        "rules": matched.rules,
        "score": best.map(|rule| rule.score),
        "threshold": best.map(|rule| rule.threshold),
        "alliances": matched.alliances,
        "candidates": matched.candidates,
        "also_named": matched.also_named,
        "members": matched.members,
        "acts": acts(&matched.moves),
        "item": {
            "title": item.title,
            "url": item.url,
            "summary": item.summary,
            "body": body(alert),
            "published": item.published,
            "feed": item.feed,
            "kind": item.kind,
            "language": item.language,
            "genre": matched.genre,
        },
        "evidence": matched.evidence,
        "masked": matched.masked,
        "also_in": also_in,
        "before": alert.before.iter().map(before).collect::<Vec<_>>(),
        "names": matched.names,
        "sources": view.sources,
    });
    if view.kind == AlertKind::Updated {
        data["previous"] = json!(alert.previous);
        if let Some(new) = &alert.new {
            data["new"] = json!({
                "acts": acts(&new.acts),
                "alliances": new.alliances,
                "candidates": new.candidates,
                "rules": new.rules,
            });
            if new.confirmed {
                data["new"]["confirmed"] = json!(true);
            }
        }
    }
    if !stationery.public_url.is_empty() {
        data["page"] = json!(format!("{}/alerts/{}", stationery.public_url, alert.id));
    }
    data
}

/// The beginning of the body, as far as evidence reaches, so that its spans lead to their texts; empty
/// where the body shows nothing.
fn body(alert: &Alert) -> &str {
    let evidence = alert.matched.evidence.iter().filter(|one| one.field == Field::Body);
    let masked = alert.matched.masked.iter().filter(|one| one.field == Field::Body);
    let ends = evidence.map(|one| one.end).chain(masked.map(|one| one.end));
    let Some(end) = ends.max() else { return "" };
    cut(&alert.item.body, (end + AFTER).min(BODY))
}

fn acts(moves: &[Move]) -> Vec<Value> {
    let mut list: Vec<Value> = Vec::new();
    for one in moves {
        let Some(act) = &one.act else { continue };
        let value = json!({ "act": act.name, "actor": one.actor, "hedged": one.hedged });
        if !list.contains(&value) {
            list.push(value);
        }
    }
    list
}

fn before(entry: &LedgerEntry) -> Value {
    json!({
        "act": entry.act,
        "actor": entry.actor,
        "since": entry.since,
        "alert": entry.alert,
        "alliance": entry.alliance,
        "candidate": entry.candidate,
    })
}
