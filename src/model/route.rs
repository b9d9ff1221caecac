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
        let any = |wanted: &[String], have: &[String]| {
            wanted.is_empty() || have.iter().any(|one| wanted.contains(one))
        };
        let rule = |pattern: &String| match pattern.strip_suffix('*') {
            Some(prefix) => matched.rules.iter().any(|rule| rule.id.as_str().starts_with(prefix)),
            None => matched.rules.iter().any(|rule| rule.id.as_str() == pattern),
        };
        level >= self.min_level
            && self.rules.iter().any(rule)
            && any(&self.alliances, &matched.alliances)
            && any(&self.candidates, &matched.candidates)
            && any(&self.tags, &item.tags)
            && (self.languages.is_empty()
                || item.language.as_ref().is_some_and(|one| self.languages.contains(one)))
    }
}
