//! Which alerts a sink wants.

use super::{Item, Level, Match, SinkName};

/// The routing of one sink. Every list is an OR; an empty list asks nothing; all that are set must
/// hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The sink.
    pub sink: SinkName,
    /// Rule ids, `*` for all, or a prefix ending in `*`.
    pub rules: Vec<String>,
    /// Lowest level.
    pub min_level: Level,
    /// Alliances, by name.
    pub alliances: Vec<String>,
    /// Candidates, by code.
    pub candidates: Vec<String>,
    /// Language subtags.
    pub languages: Vec<String>,
    /// Feed tags.
    pub tags: Vec<String>,
}

impl Route {
    /// A route that takes everything.
    pub fn all(sink: SinkName) -> Self {
        Self {
            sink,
            rules: vec!["*".to_owned()],
            min_level: Level::Background,
            alliances: Vec::new(),
            candidates: Vec::new(),
            languages: Vec::new(),
            tags: Vec::new(),
        }
    }

    /// Whether the sink wants an alert of this item at this level.
    pub fn passes(&self, item: &Item, matched: &Match, level: Level) -> bool {
        self.miss(item, matched, level).is_none()
    }

    /// The first part of the routing that does not want an alert of this item at this level.
    pub fn miss(&self, item: &Item, matched: &Match, level: Level) -> Option<Miss> {
        let any = |wanted: &[String], have: &[String]| {
            wanted.is_empty() || have.iter().any(|one| wanted.contains(one))
        };
        let rule = |pattern: &String| match pattern.strip_suffix('*') {
            Some(prefix) => matched.rules.iter().any(|rule| rule.id.as_str().starts_with(prefix)),
            None => matched.rules.iter().any(|rule| rule.id.as_str() == pattern),
        };
        let language = self.languages.is_empty()
            || item.language.as_ref().is_some_and(|one| self.languages.contains(one));
        [
            (self.rules.iter().any(rule), Miss::Rules),
            (any(&self.alliances, &matched.alliances), Miss::Alliances),
            (any(&self.candidates, &matched.candidates), Miss::Candidates),
            (any(&self.tags, &item.tags), Miss::Tags),
            (language, Miss::Languages),
            // What could be otherwise for another report of the same move comes last.
            (level >= self.min_level, Miss::Level),
        ]
        .into_iter()
        .find_map(|(holds, miss)| (!holds).then_some(miss))
    }
}

/// The part of a routing that an alert does not pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Miss {
    /// `rules`
    Rules,
    /// `alliances`
    Alliances,
    /// `candidates`
    Candidates,
    /// `tags`
    Tags,
    /// `languages`
    Languages,
    /// `min_level`
    Level,
}
