//! What sort of text an item is, by its headline, categories and address.
//!
//! A live blog or newsletter touches many stories and is none; opinion and explainers repeat what is
//! known. They are flagged, at level background, and never open a story (live) or raise it.

use crate::model::{Genre, Item};
use crate::text::fold_title;

/// Beginnings of headlines, folded.
const PREFIXES: [(&str, Genre); 20] = [
    ("live", Genre::Live),
    ("opinion", Genre::Opinion),
    ("comment", Genre::Opinion),
    ("analysis", Genre::Opinion),
    ("editorial", Genre::Opinion),
    ("op ed", Genre::Opinion),
    ("column", Genre::Opinion),
    ("letters", Genre::Opinion),
    ("explained", Genre::Explainer),
    ("explainer", Genre::Explainer),
    ("factbox", Genre::Explainer),
    ("timeline", Genre::Explainer),
    ("fact check", Genre::Explainer),
    ("q a", Genre::Explainer),
    ("podcast", Genre::Newsletter),
    ("morning briefing", Genre::Newsletter),
    ("evening briefing", Genre::Newsletter),
    ("newsletter", Genre::Newsletter),
    ("daily briefing", Genre::Newsletter),
    ("your briefing", Genre::Newsletter),
];

/// Phrases anywhere in a headline, folded, with a blank on either side.
const PHRASES: [(&str, Genre); 18] = [
    (" live updates ", Genre::Live),
    (" live blog ", Genre::Live),
    (" as it happened ", Genre::Live),
    (" news live ", Genre::Live),
    (" war live ", Genre::Live),
    (" what we know ", Genre::Explainer),
    (" what you need to know ", Genre::Explainer),
    (" what to know ", Genre::Explainer),
    (" at a glance ", Genre::Explainer),
    (" here is why ", Genre::Explainer),
    (" here s why ", Genre::Explainer),
    (" explained ", Genre::Explainer),
    (" 5 things to know ", Genre::Newsletter),
    (" five things to know ", Genre::Newsletter),
    (" in pictures ", Genre::Newsletter),
    (" week in review ", Genre::Newsletter),
    (" what happened today ", Genre::Newsletter),
    (" day at a glance ", Genre::Explainer),
];

/// Parts of addresses and category names.
const LABELS: [(&str, Genre); 14] = [
    ("live", Genre::Live),
    ("liveblog", Genre::Live),
    ("live-updates", Genre::Live),
    ("opinion", Genre::Opinion),
    ("opinions", Genre::Opinion),
    ("commentisfree", Genre::Opinion),
    ("editorial", Genre::Opinion),
    ("op-ed", Genre::Opinion),
    ("commentary", Genre::Opinion),
    ("explainer", Genre::Explainer),
    ("explainers", Genre::Explainer),
    ("podcast", Genre::Newsletter),
    ("podcasts", Genre::Newsletter),
    ("newsletter", Genre::Newsletter),
];

/// The genre of an item; a report unless something says otherwise.
pub(crate) fn genre(item: &Item) -> Genre {
    let folded = fold_title(&item.title);
    let text = folded.text();
    for (prefix, genre) in PREFIXES {
        // "Live: …" and "Opinion | …" carry a mark; "Live ammunition found" does not.
        if let Some(rest) = text.strip_prefix(' ').and_then(|text| text.strip_prefix(prefix)) {
            let marked = folded.tokens().get(prefix.split(' ').count() - 1).is_some_and(|token| {
                let after = item.title.chars().skip(token.to as usize).find(|c| !c.is_whitespace());
                after.is_some_and(|c| matches!(c, ':' | '|' | '–' | '—' | '-' | '：' | '.'))
            });
            if marked && rest.starts_with(' ') {
                return genre;
            }
        }
    }
    if let Some((_, genre)) = PHRASES.iter().find(|(phrase, _)| text.contains(phrase)) {
        return *genre;
    }
    let labels = item.categories.iter().map(|category| category.to_lowercase());
    let path = item.url.as_deref().unwrap_or_default();
    let parts = path.split(['/', '?']).skip(3).take(8).map(str::to_lowercase);
    for label in labels.chain(parts) {
        if let Some((_, genre)) = LABELS.iter().find(|(name, _)| *name == label) {
            return *genre;
        }
    }
    Genre::default()
}
