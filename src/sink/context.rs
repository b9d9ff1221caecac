//! What a template sees: the parts of a message by name.

use serde::Serialize;

use super::contract::{Letter, Stationery};
use super::inert::defuse;
use super::layout::{Markup, PLAIN};
use super::parts::Parts;
use crate::model::{AlertKind, AlertView};

/// Alerts that the plain text of a digest shows.
const TEXT_ALERTS: usize = 20;
/// Size of the plain text, as JSON.
const TEXT: usize = 8000;

/// All of it. Of the alert's own names, a digest leaves those empty that only one alert can have.
#[derive(Debug, Serialize)]
pub(super) struct Context {
    /// `alert.raised`, `alert.updated`, `digest.ready`, `test.ping`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The whole message as lines.
    text: String,
    /// Its alerts: one, several in a digest, none in a test.
    alerts: Vec<Named>,
    /// The names of its only alert stand for themselves.
    #[serde(flatten)]
    only: Named,
}

/// An alert by name. What is from feeds is safe for chats, but for `title`, `url` and `feed`.
#[derive(Debug, Clone, Default, Serialize)]
struct Named {
    alert: String,
    story: String,
    level: &'static str,
    rule: String,
    verdict: String,
    headline: String,
    source: String,
    evidence: String,
    gloss: String,
    also_named: String,
    before: String,
    also_in: String,
    follows: String,
    link: String,
    page: String,
    title: String,
    url: String,
    feed: String,
    published: String,
    alliances: Vec<String>,
    candidates: Vec<String>,
    acts: Vec<String>,
}

impl Named {
    fn of(view: &AlertView, stationery: &Stationery) -> Self {
        let parts = Parts::of(view, stationery);
        let item = &view.alert.item;
        let matched = &view.alert.matched;
        let mut acts: Vec<String> = Vec::new();
        for act in matched.moves.iter().filter_map(|one| one.act.as_ref()) {
            if !acts.contains(&act.name) {
                acts.push(act.name.clone());
            }
        }
        let evidence = parts.evidence.map(|one| one.text).unwrap_or_default();
        Self {
            alert: parts.id,
            story: view.alert.story.to_string(),
            level: view.alert.level.as_str(),
            rule: matched.rules.first().map(|rule| rule.id.to_string()).unwrap_or_default(),
            verdict: defuse(&parts.verdict),
            headline: defuse(&parts.headline),
            source: defuse(&parts.source),
            evidence: defuse(&evidence),
            gloss: defuse(&parts.gloss),
            also_named: defuse(&parts.also_named),
            before: defuse(&parts.before),
            also_in: defuse(&parts.also_in),
            follows: parts.follows.map(|one| defuse(&one.text)).unwrap_or_default(),
            link: parts.link.as_deref().map(super::inert::address).unwrap_or_default(),
            page: parts.page.unwrap_or_default(),
            title: item.title.clone(),
            url: item.url.clone().unwrap_or_default(),
            feed: item.feed.to_string(),
            published: item.published.map(|time| time.to_string()).unwrap_or_default(),
            alliances: matched.alliances.clone(),
            candidates: matched.candidates.clone(),
            acts,
        }
    }

    /// An alert to try templates on, with something under every name, quotes and lines included.
    fn sample() -> Self {
        let text = |name: &str| format!("a \"{name}\" \\ of\ntwo lines");
        Self {
            alert: "A-1".to_owned(),
            story: "S-1".to_owned(),
            level: "notable",
            rule: "rule".to_owned(),
            verdict: text("verdict"),
            headline: text("headline"),
            source: text("source"),
            evidence: text("evidence"),
            gloss: text("gloss"),
            also_named: text("also named"),
            before: text("before"),
            also_in: text("also in"),
            follows: text("follows"),
            link: "https://news.example.org/a?b=c".to_owned(),
            page: "https://pactwatch.example.org/alerts/A-1".to_owned(),
            title: text("title"),
            url: "https://news.example.org/a?b=c".to_owned(),
            feed: "feed".to_owned(),
            published: "2026-01-01T00:00:00Z".to_owned(),
            alliances: vec!["AUKUS".to_owned()],
            candidates: vec!["CA".to_owned(), "JP".to_owned()],
            acts: vec!["considers".to_owned()],
        }
    }
}

impl Context {
    /// Of a letter.
    pub(super) fn of(letter: &Letter, stationery: &Stationery) -> Self {
        let plain = Markup { size: super::inert::units, ..PLAIN };
        let text = plain.letter(letter, stationery, TEXT_ALERTS, TEXT);
        let (kind, alerts) = match letter {
            Letter::Ping => ("test.ping", Vec::new()),
            Letter::Event(event) => (event.kind.as_str(), Vec::new()),
            Letter::Alert(view) => {
                let kind = match view.kind {
                    AlertKind::Raised => "alert.raised",
                    AlertKind::Updated => "alert.updated",
                };
                (kind, vec![Named::of(view, stationery)])
            }
            Letter::Digest(views) => {
                ("digest.ready", views.iter().map(|view| Named::of(view, stationery)).collect())
            }
        };
        Self::new(kind, text, alerts)
    }

    fn new(kind: &'static str, text: String, alerts: Vec<Named>) -> Self {
        let only = match alerts.as_slice() {
            [only] => only.clone(),
            _ => Named::default(),
        };
        Self { kind, text, alerts, only }
    }

    /// One of each kind, to try templates on.
    pub(super) fn samples() -> [Self; 3] {
        let text = || "a \"text\" \\ of\ntwo lines".to_owned();
        [
            Self::new("alert.raised", text(), vec![Named::sample()]),
            Self::new("digest.ready", text(), vec![Named::sample(), Named::sample()]),
            Self::new("test.ping", text(), Vec::new()),
        ]
    }
}
