//! `[[sink]]`: the keys that every receiver has; each reads its own besides.

use std::sync::Arc;

use ipnet::IpNet;
use toml::de::DeValue;

use super::contract::Sink;
use super::idle::Idle;
use super::{BuildError, KINDS, Kind, Outlet, Pace, Workshop, build, read_kind, word};
use crate::model::{Level, Route, SinkName};
use crate::setting::{Diagnostic, SecretSource, Span, Table};

/// More alerts than this admitted together go as one digest, at chats.
const BURST: usize = 3;

/// A receiver as configured.
#[derive(Debug, Clone, PartialEq)]
pub struct SinkConfig {
    /// Its name.
    pub name: SinkName,
    /// What it wants.
    pub route: Route,
    /// More alerts than this admitted together go as one digest, at chats; 0 for never.
    pub burst: usize,
    /// When it may be told.
    pub pace: Pace,
    /// Private networks that it may lie in.
    pub allow_private: Vec<IpNet>,
    /// Where it stands in the config.
    pub span: Span,
    kind: Kind,
}

impl SinkConfig {
    /// The word in `type = …`.
    pub fn kind(&self) -> &'static str {
        word(&self.kind)
    }

    /// Whether it says the same, wherever in the file it stands.
    pub fn same_as(&self, other: &Self) -> bool {
        let here = Self { span: other.span, ..self.clone() };
        here == *other
    }

    /// Resolves its secrets and builds it.
    ///
    /// # Errors
    ///
    /// A secret cannot be read or used, or the client cannot be set up.
    pub fn build(&self, workshop: &Workshop) -> Result<Outlet, BuildError> {
        Ok(self.outlet(self.made(workshop)?))
    }

    /// One that could not be built for this reason: its queue waits until it can be.
    pub fn idle(&self, workshop: &Workshop, why: &BuildError) -> Outlet {
        self.outlet(Arc::new(Idle::new(self.clone(), workshop.clone(), why.to_string())))
    }

    /// The receiver itself.
    pub(super) fn made(&self, workshop: &Workshop) -> Result<Arc<dyn Sink>, BuildError> {
        build(&self.kind, self, workshop)
    }

    fn outlet(&self, sink: Arc<dyn Sink>) -> Outlet {
        Outlet {
            name: self.name.clone(),
            route: self.route.clone(),
            burst: self.burst,
            pace: self.pace.clone(),
            sink,
        }
    }
}

/// Reads every `[[sink]]`.
pub fn read_sinks(tables: Vec<Table<'_>>) -> Vec<SinkConfig> {
    let mut sinks: Vec<SinkConfig> = Vec::new();
    for table in tables {
        let problems = table.problems();
        let Some(sink) = read_one(table) else { continue };
        if sinks.iter().any(|known| known.name == sink.name) {
            problems.add(
                Diagnostic::error(sink.span, format!("there is a sink `{}` already", sink.name))
                    .help("give each sink a name of its own: its queue goes by it")
                    .unquoted(),
            );
            continue;
        }
        sinks.push(sink);
    }
    sinks
}

fn read_one(table: Table<'_>) -> Option<SinkConfig> {
    let name = table.required("name", "name it: its queue follows the name through reloads");
    let list = |key: &str| -> Vec<String> {
        table.strings(key).unwrap_or_default().into_iter().map(|(text, _)| text).collect()
    };
    let rules = match table.has("rules") {
        true => list("rules"),
        false => {
            table.value("rules");
            vec!["*".to_owned()]
        }
    };
    let levels = Level::ALL.map(|level| (level.as_str(), level));
    let min_level = table.choice("min_level", &levels).unwrap_or(Level::Background);
    let route = |sink: SinkName| Route {
        sink,
        rules,
        min_level,
        alliances: list("alliances"),
        candidates: list("candidates"),
        languages: list("languages"),
        tags: list("tags"),
    };
    let allow_private = table.networks("allow_private").unwrap_or_default();
    let burst = table.integer("burst", 0, 1000).map_or(BURST, |burst| burst as usize);
    let words: Vec<(&str, &str)> = KINDS.iter().map(|kind| (*kind, *kind)).collect();
    let choices: Vec<String> = KINDS.iter().map(|kind| format!("`{kind}`")).collect();
    let unbuilt = match table.value("type") {
        Some((DeValue::String(word), span)) if word == "email" && !KINDS.contains(&"email") => {
            table.problems().add(
                Diagnostic::error(span, "this pactwatch was built without `email`")
                    .help("build it with the feature `email`, which it has by default"),
            );
            true
        }
        _ => false,
    };
    let kind = match table.has("type") {
        _ if unbuilt => None,
        true => table.choice("type", &words),
        false => {
            table.value("type");
            table.missing("type", &format!("it can be {}", choices.join(", ")));
            None
        }
    };
    let route = name.map(|(name, _)| route(SinkName::new(name)));
    let Some(word) = kind else {
        // Whose keys these are is not known, so the unknown ones cannot be told.
        return None;
    };
    let kind = read_kind(word, &table);
    // An incident tells of one thing; several in one would be closed as one.
    let pace = Pace::read(&table, word != "pagerduty");
    let span = table.span();
    table.finish();
    let (route, kind) = (route?, kind?);
    Some(SinkConfig { name: route.sink.clone(), route, burst, pace, allow_private, span, kind })
}

/// Reads a secret key that must be there, and warns where it stands in the config itself.
pub(super) fn required_secret(table: &Table<'_>, key: &str, help: &str) -> Option<SecretSource> {
    if !table.has(key) {
        table.value(key);
        table.missing(key, help);
        return None;
    }
    table.private(key)
}
