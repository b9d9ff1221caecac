//! A made-up alert, to show a receiver's form before there is a real one.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::model::{
    ActKind, Alert, AlertId, AlertKind, AlertView, Evidence, FeedName, Field, Genre, Item, ItemKey,
    Kind, Level, Match, Move, Role, RuleId, RuleScore, SinkName, StoryId,
};

/// Its headline, and what in it counts: words, list, part, label.
const TITLE: &str = "Ireland formally applies to join NATO";
const SPOTS: [(&str, &str, Role, &str); 3] = [
    ("Ireland", "IE", Role::Candidate, "Ireland"),
    ("formally applies", "applies", Role::Act, "word of applying"),
    ("NATO", "NATO", Role::Alliance, "NATO"),
];
/// Its age.
const AGE: Duration = Duration::from_secs(600);

/// The alert, as a sink would get it now.
pub fn sample(sink: &SinkName, now: Timestamp) -> AlertView {
    let (feed, rule) = (FeedName::new("Example Wire"), RuleId::new("example"));
    let spot = |(words, list, role, label): (&str, &str, Role, &str)| {
        // The headline is ASCII: bytes are characters.
        let start = TITLE.find(words)?;
        Some(Evidence {
            rule: rule.clone(),
            field: Field::Title,
            start,
            end: start + words.len(),
            text: words.to_owned(),
            term: words.to_owned(),
            list: list.to_owned(),
            role,
            label: label.to_owned(),
            gloss: None,
        })
    };
    let act = ActKind {
        name: "applies".to_owned(),
        stage: 3,
        formal: true,
        against: false,
        kin: Vec::new(),
        unsaid: false,
    };
    let (alliance, candidate) = ("NATO".to_owned(), "IE".to_owned());
    let matched = Match {
        rules: vec![RuleScore { id: rule.clone(), score: 1.0, threshold: 1.0 }],
        rule_title: "An example".to_owned(),
        rule_level: Level::Notable,
        shadow: false,
        moves: vec![Move {
            alliance: alliance.clone(),
            candidates: vec![candidate.clone()],
            act: Some(act),
            actor: None,
            hedged: false,
            field: Field::Title,
            aside: Vec::new(),
        }],
        alliances: vec![alliance],
        candidates: vec![candidate],
        also_named: Vec::new(),
        members: Vec::new(),
        genre: Genre::Report,
        evidence: SPOTS.into_iter().filter_map(spot).collect(),
        masked: Vec::new(),
        names: BTreeMap::from([("IE".to_owned(), "Ireland".to_owned())]),
    };
    let item = Item {
        key: ItemKey::new("example"),
        feed: feed.clone(),
        url: Some("https://news.example.org/world/ireland".to_owned()),
        canonical: None,
        title: TITLE.to_owned(),
        summary: "Its ambassador handed in the letter this morning.".to_owned(),
        body: String::new(),
        author: String::new(),
        categories: Vec::new(),
        language: Some("en".to_owned()),
        published: now.checked_sub(AGE).ok(),
        seen: now,
        kind: Kind::Wire,
        tags: Vec::new(),
        feed_text: None,
    };
    let alert = Alert {
        id: AlertId(1),
        key: "example".to_owned(),
        story: StoryId(1),
        kind: AlertKind::Raised,
        level: Level::Flash,
        item,
        matched,
        before: Vec::new(),
        previous: None,
        new: None,
        raised: now,
        muted: Vec::new(),
    };
    AlertView {
        alert,
        kind: AlertKind::Raised,
        also_in: Vec::new(),
        sources: 1,
        thread: None,
        sink: sink.clone(),
    }
}
