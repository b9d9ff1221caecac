//! A rule as a config file writes it, with its examples.

use jiff::civil::Date;
use toml::de::DeValue;

use super::list::date;
use super::{Draft, Example, RuleDraft};
use crate::model::Level;
use crate::setting::{Diagnostic, Span, Table};

impl Draft {
    pub(super) fn rule(&mut self, table: Table<'_>) {
        let problems = table.problems();
        let span = table.span();
        let id = table.required("id", "give the rule a short name, like `my-rule`");
        if table.boolean("enabled") == Some(false) {
            if let Some((id, span)) = id {
                self.switched_off.push((id, span));
            }
            // The rest may stay while a rule is off.
            for key in [
                "title",
                "when",
                "unless",
                "score",
                "threshold",
                "level",
                "mode",
                "match",
                "no_match",
                "date",
                "like",
                "of",
            ] {
                table.value(key);
            }
            table.finish();
            return;
        }
        if table.boolean("extend") == Some(true) {
            return self.extend_rule(id, table);
        }
        let title = table.string("title").map(|(title, _)| title);
        // `like` takes over how another rule decides; what stands here wins.
        let model = table.string("like").and_then(|(id, at)| {
            let found = self.rules.iter().find(|rule| rule.id == id).cloned();
            if found.is_none() {
                problems.add(
                    Diagnostic::error(at, format!("there is no rule `{id}` before this one"))
                        .help("`like` names a rule that stands earlier in the files"),
                );
            }
            found
        });
        let when = match &model {
            Some(model) => table.string("when").or_else(|| Some(model.when.clone())),
            // A model that is not there is told already.
            None if table.has("like") => table.string("when"),
            None => table.required("when", "say when the rule holds: `@alliance SENTENCE @act`"),
        };
        let unless =
            table.string("unless").or_else(|| model.as_ref().and_then(|rule| rule.unless.clone()));
        let of = table.strings("of").unwrap_or_default();
        let mut score = match &model {
            Some(model) if !table.has("score") => model.score.clone(),
            _ => Vec::new(),
        };
        for (value, at) in table.list("score").unwrap_or_default() {
            let Some(step) = table.inline(value, "`score`") else {
                problems.add(
                    Diagnostic::error(at, "a step of `score` is a table")
                        .help("write `{ if = \"title:@alliance\", add = 1 }`"),
                );
                continue;
            };
            let condition = step.required("if", "say when the step counts");
            let add = step.number("add").map_or(1.0, |(add, _)| add);
            step.finish();
            if let Some((condition, span)) = condition {
                score.push((condition, span, add));
            }
        }
        let otherwise = model.as_ref().map_or((1.0, span), |model| model.threshold);
        let threshold = table.number("threshold").unwrap_or(otherwise);
        let level = table.choice("level", &Level::ALL.map(|level| (level.as_str(), level)));
        let shadow = table.choice("mode", &[("live", false), ("shadow", true)]).unwrap_or(false);
        let date = table.value("date").and_then(|(value, at)| date(value, at, problems));
        let yes = examples(&table, "match", date);
        let no = examples(&table, "no_match", date);
        table.finish();
        let (Some((id, id_span)), Some(when)) = (id, when) else { return };
        let plain = id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
        if !plain || id.len() > 64 {
            problems.add(
                Diagnostic::error(id_span, format!("`{id}` cannot be the id of a rule"))
                    .help("use up to 64 letters, digits, `-`, `_` and `.`"),
            );
            return;
        }
        if self.rules.iter().any(|rule| rule.id == id) {
            problems.add(
                Diagnostic::error(id_span, format!("there is a rule `{id}` already"))
                    .help("switch the other off with `[[rule]] id = \"…\" enabled = false`, or take another id"),
            );
            return;
        }
        self.rules.push(RuleDraft {
            span,
            title: title.unwrap_or_else(|| id.clone()),
            id,
            when,
            unless,
            score,
            threshold,
            level: level.unwrap_or(Level::Notable),
            shadow,
            of,
            yes,
            no,
        });
    }
}

impl Draft {
    /// Adds examples to a rule of an earlier file, and takes over what is said anew of how it is told and
    /// vetoed. How it decides stays its own.
    fn extend_rule(&mut self, id: Option<(String, Span)>, table: Table<'_>) {
        let problems = table.problems();
        for key in ["when", "score", "threshold", "like", "of"] {
            if let Some((_, at)) = table.value(key) {
                problems.add(
                    Diagnostic::error(at, format!("a rule cannot be given another `{key}`")).help(
                        "switch it off with `enabled = false`, and write one of your own with `like`",
                    ),
                );
            }
        }
        let title = table.string("title").map(|(title, _)| title);
        let unless = table.string("unless");
        let level = table.choice("level", &Level::ALL.map(|level| (level.as_str(), level)));
        let shadow = table.choice("mode", &[("live", false), ("shadow", true)]);
        let date = table.value("date").and_then(|(value, at)| date(value, at, problems));
        let (yes, no) = (examples(&table, "match", date), examples(&table, "no_match", date));
        table.finish();
        let Some((id, span)) = id else { return };
        let Some(rule) = self.rules.iter_mut().find(|rule| rule.id == id) else {
            problems.add(
                Diagnostic::error(span, format!("there is no rule `{id}` to extend"))
                    .help("take `extend` away, or put the file that holds it first in `include`"),
            );
            return;
        };
        rule.title = title.unwrap_or_else(|| rule.title.clone());
        rule.unless = unless.or_else(|| rule.unless.take());
        rule.level = level.unwrap_or(rule.level);
        rule.shadow = shadow.unwrap_or(rule.shadow);
        rule.yes.extend(yes);
        rule.no.extend(no);
    }
}

fn examples(table: &Table<'_>, key: &str, default: Option<Date>) -> Vec<Example> {
    let problems = table.problems();
    let mut list = Vec::new();
    for (value, span) in table.list(key).unwrap_or_default() {
        let blank = Example {
            span,
            title: String::new(),
            summary: String::new(),
            date: default,
            alliance: None,
            candidates: None,
            act: None,
        };
        match value.get_ref() {
            DeValue::String(text) => {
                let (title, summary) = text.split_once(" || ").unwrap_or((text, ""));
                list.push(Example {
                    title: title.to_owned(),
                    summary: summary.to_owned(),
                    ..blank
                });
            }
            _ => {
                let Some(entry) = table.inline(value, "this example") else {
                    problems.error(span, "an example is a headline, or a table with `title`");
                    continue;
                };
                let title = entry.required("title", "an example has a headline");
                let text = |key: &str| entry.string(key).map(|(text, _)| text);
                let codes = entry.strings("candidates");
                let example = Example {
                    title: title.map(|(title, _)| title).unwrap_or_default(),
                    summary: text("summary").unwrap_or_default(),
                    date: entry
                        .value("date")
                        .and_then(|(value, at)| date(value, at, problems))
                        .or(default),
                    alliance: text("alliance"),
                    candidates: codes
                        .map(|codes| codes.into_iter().map(|(code, _)| code).collect()),
                    act: text("act"),
                    ..blank
                };
                entry.finish();
                list.push(example);
            }
        }
    }
    list
}
