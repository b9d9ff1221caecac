//! Keys within a document, and from one document to the next.

use url::Url;

use super::identity::{Keyed, keys};
use super::parse::Entry;
use crate::model::Identity;

fn entry(id: &str, link: &str, title: &str) -> Entry {
    Entry {
        id: id.to_owned(),
        canonical: link
            .strip_prefix("http://")
            .map(|link| link.split('#').next().unwrap().to_owned()),
        link: Url::parse(link).ok(),
        title: title.to_owned(),
        ..Entry::default()
    }
}

fn dated(entry: Entry, at: &str) -> Entry {
    Entry { published: Some(at.parse().unwrap()), ..entry }
}

fn texts(entries: &[Entry]) -> Vec<String> {
    shown(&keys(entries, &Identity::default(), false))
}

fn shown(keyed: &Keyed) -> Vec<String> {
    keyed.keys.iter().map(|key| key.as_str().to_owned()).collect()
}

/// The keys that are new to somebody who follows the documents one after the other: unknown, and not
/// told to be an entry that was there before.
fn news(documents: &[&[Entry]]) -> Vec<Vec<String>> {
    let mut known = std::collections::HashSet::new();
    let mut identity = Identity::default();
    let follow = |document: &&[Entry]| {
        let keyed = keys(document, &identity, false);
        let new = keyed.keys.iter().filter(|key| known.insert((*key).clone()));
        let new = new.filter(|key| !keyed.rekeyed.contains(key));
        let new = new.map(|key| key.as_str().to_owned()).collect();
        identity = keyed.identity.clone();
        new
    };
    documents.iter().map(follow).collect()
}

fn counts(documents: &[&[Entry]]) -> Vec<usize> {
    news(documents).iter().map(Vec::len).collect()
}

#[test]
fn id_then_link_then_content() {
    let long = "x".repeat(201);
    let found = texts(&[
        entry("id", "http://h/1", "a"),
        entry("", "http://h/2", "b"),
        entry("", "http://h/live#7", "b"),
        entry("", "", "c"),
        entry("", "http://h/", "home"),
        entry(&long, "http://h/3", "d"),
    ]);
    assert_eq!(found[..3], ["id", "h/2", "h/live#7"]);
    assert!(found[3].starts_with("t:") && found[4].starts_with("t:"), "{found:?}");
    assert!(found[5].starts_with("h:"));
    assert!(found.iter().all(|key| key.len() <= 200));
}

#[test]
fn a_corrected_headline_keeps_its_key() {
    let before = [entry("id", "", "Britin"), entry("", "http://h/1", "Britin")];
    let after = [entry("id", "", "Britain"), entry("", "http://h/1", "Britain")];
    assert_eq!(texts(&before), texts(&after));
    assert_eq!(counts(&[&before, &after]), [2, 0]);
}

#[test]
fn ids_that_collide_are_no_ids_wherever_they_stand() {
    let (a, b) = (entry("same", "http://h/1", "a"), entry("same", "http://h/2", "b"));
    let own = entry("own", "http://h/3", "c");
    assert_eq!(texts(&[a.clone(), b.clone(), own.clone()]), ["h/1", "h/2", "own"]);
    assert_eq!(texts(&[own, b, a]), ["own", "h/2", "h/1"]);
    // Without links as well, and with the same link.
    assert_eq!(counts(&[&[entry("s", "", "a"), entry("s", "", "b")]]), [2]);
    let link = "http://h/page";
    assert_eq!(counts(&[&[entry("s", link, "a"), entry("s", link, "b")]]), [2]);
}

#[test]
fn links_that_collide_are_no_ids_and_alike_entries_are_counted() {
    let (a, b) = (entry("", "http://h/live", "a"), entry("", "http://h/live", "b"));
    let found = texts(&[a.clone(), b.clone(), entry("", "", "x"), entry("", "", "x")]);
    assert_eq!(std::collections::HashSet::<&String>::from_iter(&found).len(), 4, "{found:?}");
    assert_eq!(texts(&[b, a])[1], found[0]);
    let untitled = |text: &str| Entry { summary: text.into(), ..entry("", "http://h/f.mp3", "") };
    assert_eq!(counts(&[&[untitled("one"), untitled("two")]]), [2]);
}

#[test]
fn ids_that_collided_once_are_never_ids_again() {
    let (a, b) = (entry("same", "http://h/1", "a"), entry("same", "http://h/2", "b"));
    let c = entry("same", "http://h/3", "c");
    let own = entry("own", "http://h/4", "d");
    // The collision is seen when the second comes; the first is not news again, then or later.
    let all: [&[Entry]; 4] = [
        &[a.clone(), own.clone()],
        &[b.clone(), a, own.clone()],
        &[b.clone(), own.clone()],
        &[c, b, own],
    ];
    assert_eq!(counts(&all), [2, 1, 0, 1]);
}

#[test]
fn an_id_that_passes_from_entry_to_entry_hides_none() {
    let latest =
        |number: u32| entry("latest", &format!("http://h/{number}"), &format!("n {number}"));
    let documents: Vec<[Entry; 1]> = (0..9).map(|number| [latest(number)]).collect();
    let documents: Vec<&[Entry]> = documents.iter().map(<[Entry; 1]>::as_slice).collect();
    assert_eq!(counts(&documents), [1; 9]);
}

#[test]
fn ids_that_change_with_every_poll_make_nothing_new() {
    let at = |poll: u32, numbers: std::ops::Range<u32>| -> Vec<Entry> {
        let one =
            |n: u32| entry(&format!("{poll}-{n}"), &format!("http://h/{n}"), &format!("t {n}"));
        numbers.map(one).collect()
    };
    let documents = [at(1, 0..5), at(2, 0..5), at(3, 1..6), at(4, 1..6), at(5, 4..9), at(6, 0..5)];
    let documents: Vec<&[Entry]> = documents.iter().map(Vec::as_slice).collect();
    assert_eq!(counts(&documents), [5, 0, 1, 0, 3, 0]);
}

#[test]
fn links_that_change_with_every_poll_make_nothing_new() {
    let at = |poll: u32, numbers: std::ops::Range<u32>| -> Vec<Entry> {
        let one = |n: u32| {
            let link = format!("http://h/{n}?session={poll}");
            dated(entry("", &link, &format!("t {n}")), &format!("2026-11-2{n}T10:00:00Z"))
        };
        numbers.map(one).collect()
    };
    let documents = [at(1, 0..4), at(2, 0..4), at(3, 1..5), at(4, 1..6)];
    let documents: Vec<&[Entry]> = documents.iter().map(Vec::as_slice).collect();
    assert_eq!(counts(&documents), [4, 0, 1, 1]);
}

#[test]
fn entries_with_one_title_and_date_are_two_where_nothing_else_is_the_same() {
    let midnight = "2026-11-25T00:00:00Z";
    let one = |n: u32, text: &str| {
        let entry = entry(&format!("p{n}"), &format!("http://h/{n}"), "Press release");
        dated(Entry { summary: text.to_owned(), ..entry }, midnight)
    };
    let old = one(0, "Weather.");
    let all = [&[one(1, "Storms."), old.clone()][..], &[one(2, "NATO invites Ukraine."), old]];
    assert_eq!(counts(&all), [2, 1]);
    // That both tell nothing is no text that is the same.
    assert_eq!(counts(&[&[one(1, "")], &[one(2, "")]]), [1, 1]);
    let known = keys(&[one(1, ""), one(0, "")], &Identity::default(), false).identity;
    let after = keys(&[one(2, ""), one(0, "")], &known, false);
    assert!(after.rekeyed.is_empty() && !after.identity.ids_fail, "{after:?}");
}

#[test]
fn a_headline_and_its_address_that_are_corrected_together_keep_their_id() {
    let own = |n: u32| entry(&n.to_string(), &format!("http://h/{n}"), &format!("t {n}"));
    let typo = entry("p", "http://h/formaly", "Ukraine formaly invited");
    let right = entry("p", "http://h/formally", "Ukraine formally invited");
    assert_eq!(counts(&[&[typo.clone(), own(1)], &[right.clone(), own(1)]]), [2, 0]);
    assert_eq!(texts(std::slice::from_ref(&right)), ["p"]);
    // Found out to be passed on: the entry that had it is still there.
    let moved = entry("9", "http://h/formaly", "Ukraine formaly invited");
    let after = [right, own(1), own(2), moved];
    assert_eq!(counts(&[&[typo, own(1), own(2)], &after]), [3, 1]);
}

#[test]
fn ids_that_are_places_in_the_list_hide_nothing() {
    let at = |newest: u32| -> Vec<Entry> {
        let one = |place: u32| {
            let n = newest - place;
            entry(&place.to_string(), &format!("http://h/{n}"), &format!("t {n}"))
        };
        (0..5).map(one).collect()
    };
    let documents = [at(10), at(11), at(13), at(13), at(30)];
    let documents: Vec<&[Entry]> = documents.iter().map(Vec::as_slice).collect();
    assert_eq!(counts(&documents), [5, 1, 2, 0, 5]);
}

#[test]
fn whatever_changes_with_every_poll_makes_nothing_new() {
    type Form = fn(u32, u32) -> Entry;
    let forms: [(&str, Form); 4] = [
        ("links with a session, no date, no id", |poll, n| {
            entry("", &format!("http://h/{n}?sid={poll}"), &format!("country {n}"))
        }),
        ("ids, and a text that counts its readers", |poll, n| Entry {
            summary: format!("Read {poll}{n} times"),
            ..entry(&format!("{poll}-{n}"), &format!("http://h/{n}"), &format!("country {n}"))
        }),
        ("ids, text and date", |poll, n| {
            let id = format!("{poll}-{n}");
            let entry = entry(&id, &format!("http://h/{n}"), &format!("country {n}"));
            let entry = Entry { summary: format!("Read {poll}{n} times"), ..entry };
            dated(entry, &format!("2026-11-25T10:{poll:02}:00Z"))
        }),
        ("ids, links and text", |poll, n| Entry {
            summary: format!("Read {poll}{n} times"),
            ..entry(&format!("{poll}-{n}"), &format!("http://h/{n}?s={poll}"), &format!("c {n}"))
        }),
    ];
    for (what, form) in forms {
        let at = |poll: u32, numbers: std::ops::Range<u32>| -> Vec<Entry> {
            numbers.map(|n| form(poll, n)).collect()
        };
        let documents = [at(1, 0..4), at(2, 0..4), at(3, 0..4), at(4, 0..4), at(5, 1..5)];
        let documents: Vec<&[Entry]> = documents.iter().map(Vec::as_slice).collect();
        assert_eq!(counts(&documents), [4, 0, 0, 0, 1], "{what}");
    }
}

#[test]
fn an_id_that_comes_or_goes_makes_nothing_new() {
    let with = [entry("1", "http://h/1", "a"), entry("2", "http://h/2", "b")];
    let without = [entry("", "http://h/1", "a"), entry("", "http://h/2", "b")];
    assert_eq!(counts(&[&with, &without, &with]), [2, 0, 0]);
}

#[test]
fn an_empty_document_teaches_nothing_and_a_cut_one_forgets_nothing() {
    let entries = [entry("1", "http://h/1", "a"), entry("2", "http://h/2", "b")];
    let first = keys(&entries, &Identity::default(), false).identity;
    assert_eq!(keys(&[], &first, false).identity, first);
    assert_eq!(keys(&entries[..1], &first, true).identity.shown.len(), 2);
    assert_eq!(keys(&entries[..1], &first, false).identity.shown.len(), 1);
}

#[test]
fn two_stories_with_one_title_are_two() {
    let digest = |n: u32| entry(&n.to_string(), &format!("http://h/{n}"), "Morning digest");
    assert_eq!(counts(&[&[digest(1)], &[digest(2)], &[digest(3), digest(2)]]), [1, 1, 1]);
}

#[test]
fn a_page_that_is_told_anew_under_its_title_is_new_each_time() {
    let day = |n: u32| Entry {
        summary: format!("Report number {n}."),
        ..entry(&n.to_string(), "http://h/status", "The state of things")
    };
    assert_eq!(counts(&[&[day(1)], &[day(2)], &[day(3)]]), [1, 1, 1]);
}
