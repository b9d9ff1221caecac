//! The lexicon and the rules as config files write them: `[alliance.NAME]`, `[act.NAME]`,
//! `[place.CODE]`, `[list.NAME]`, `[mask.NAME]` and `[[rule]]`, from any number of files.

use std::collections::BTreeMap;

use jiff::civil::Date;
use toml::de::DeValue;

use super::gloss::Glosses;
use super::term::{Spelling, Term};
use crate::model::Level;
use crate::setting::{Diagnostic, Problems, Span, Table};

/// Words between a conditional term and its context, where the term does not say.
const WITHIN: i64 = 12;

/// What a named list is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum ListKind {
    Alliance,
    Act,
    Place,
    Mask,
    Plain,
}

impl ListKind {
    const ALL: [(ListKind, &'static str); 5] = [
        (ListKind::Alliance, "alliance"),
        (ListKind::Act, "act"),
        (ListKind::Place, "place"),
        (ListKind::Mask, "mask"),
        (ListKind::Plain, "list"),
    ];
}

/// A membership with its dates; `None` is "for as long as it matters".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Membership {
    pub(crate) code: String,
    pub(crate) since: Option<Date>,
    pub(crate) until: Option<Date>,
}

/// Whose deed an act is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum By {
    /// The candidate's: applies, declines.
    #[default]
    Candidate,
    /// A member's or the alliance's: invites, ratifies, blocks.
    Member,
}

/// A list of the lexicon with what its kind adds.
#[derive(Debug, Clone)]
pub(crate) struct ListDraft {
    pub(crate) kind: ListKind,
    pub(crate) terms: Vec<(Term, Span)>,
    pub(crate) name: Option<String>,
    pub(crate) members: Vec<Membership>,
    pub(crate) applicants: Vec<(String, Date)>,
    pub(crate) open_to: Vec<String>,
    pub(crate) closed_to: Vec<String>,
    /// Countries of a region.
    pub(crate) region: Vec<String>,
    pub(crate) bloc: bool,
    /// What sort of alliance it is: `security`, `political`, `trade`.
    pub(crate) sort: String,
    pub(crate) stage: u8,
    pub(crate) formal: bool,
    pub(crate) against: bool,
    /// Acts of one family are words for one deed.
    pub(crate) family: String,
    pub(crate) otherwise: bool,
    pub(crate) by: By,
}

/// An example inside a rule.
#[derive(Debug, Clone)]
pub(crate) struct Example {
    pub(crate) span: Span,
    pub(crate) title: String,
    pub(crate) summary: String,
    pub(crate) date: Option<Date>,
    pub(crate) alliance: Option<String>,
    pub(crate) candidates: Option<Vec<String>>,
    pub(crate) act: Option<String>,
}

/// A rule as written.
#[derive(Debug, Clone)]
pub(crate) struct RuleDraft {
    pub(crate) span: Span,
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) when: (String, Span),
    pub(crate) unless: Option<(String, Span)>,
    pub(crate) score: Vec<(String, Span, f64)>,
    pub(crate) threshold: (f64, Span),
    pub(crate) level: Level,
    pub(crate) shadow: bool,
    /// Kinds of alliances that it looks at; all where empty.
    pub(crate) of: Vec<(String, Span)>,
    pub(crate) yes: Vec<Example>,
    pub(crate) no: Vec<Example>,
}

/// Everything that the files say, before it is compiled.
#[derive(Debug, Default)]
pub struct Draft {
    pub(super) lists: BTreeMap<String, ListDraft>,
    pub(super) rules: Vec<RuleDraft>,
    pub(super) switched_off: Vec<(String, Span)>,
    /// What foreign words mean, for those who read the explanation.
    pub(super) glosses: Glosses,
}

impl Draft {
    /// Reads the lexicon and the rules of one file, whose root table this is.
    pub fn read(&mut self, root: &Table<'_>) {
        for (kind, key) in ListKind::ALL {
            let Some(table) = root.table(key) else { continue };
            for (name, span) in table.keys() {
                if let Some(list) = table.table(&name) {
                    self.list(kind, name, span, list);
                }
            }
            table.finish();
        }
        if let Some(table) = root.table("gloss") {
            self.glosses.read(table);
        }
        for table in root.tables("rule") {
            self.rule(table);
        }
    }

    fn list(&mut self, kind: ListKind, name: String, span: Span, table: Table<'_>) {
        let problems = table.problems();
        let extend = table.boolean("extend").unwrap_or(false);
        let mut list = ListDraft {
            kind,
            terms: terms(&table, "terms"),
            name: table.string("name").map(|(name, _)| name),
            members: Vec::new(),
            applicants: Vec::new(),
            open_to: Vec::new(),
            closed_to: Vec::new(),
            region: Vec::new(),
            bloc: false,
            sort: String::new(),
            stage: 0,
            formal: false,
            against: false,
            family: String::new(),
            otherwise: false,
            by: By::default(),
        };
        match kind {
            ListKind::Alliance => {
                list.members = members(&table);
                list.applicants = applicants(&table);
                list.sort = table.string("kind").map(|(sort, _)| sort).unwrap_or_default();
                list.open_to = codes(&table, "open_to");
                list.closed_to = codes(&table, "closed_to");
                list.bloc = table.boolean("bloc").unwrap_or(false);
            }
            ListKind::Place => {
                list.bloc = table.boolean("bloc").unwrap_or(false);
                list.region = codes(&table, "region");
            }
            ListKind::Act => {
                list.stage = table.integer("stage", 0, 5).unwrap_or(0) as u8;
                list.formal = table.boolean("formal").unwrap_or(false);
                list.otherwise = table.boolean("otherwise").unwrap_or(false);
                list.against = table.boolean("against").unwrap_or(false);
                list.family = table.string("family").map(|(name, _)| name).unwrap_or_default();
                let words = [("candidate", By::Candidate), ("member", By::Member)];
                list.by = table.choice("by", &words).unwrap_or_default();
            }
            ListKind::Mask | ListKind::Plain => {}
        }
        let removed = if extend || table.has("remove") { table.strings("remove") } else { None };
        if matches!(name.as_str(), "alliance" | "door" | "mention" | "act" | "candidate" | "place")
        {
            problems.add(Diagnostic::error(span, format!("`{name}` is a reserved name")).help(
                "`@alliance`, `@door`, `@mention`, `@act`, `@candidate` and `@place` stand for whole kinds of lists",
            ));
        }
        match self.lists.get_mut(&name) {
            Some(known) if extend && known.kind == kind => {
                let removed = removed.unwrap_or_default();
                known
                    .terms
                    .retain(|(term, _)| !removed.iter().any(|(gone, _)| *gone == term.shown));
                known.terms.append(&mut list.terms);
                known.members.append(&mut list.members);
                known.applicants.append(&mut list.applicants);
                known.open_to.append(&mut list.open_to);
                known.closed_to.append(&mut list.closed_to);
                known.region.append(&mut list.region);
            }
            Some(_) => problems.add(
                Diagnostic::error(span, format!("there is a list `{name}` already"))
                    .help("write `extend = true` in the later one to add to it"),
            ),
            None if extend => problems.add(
                Diagnostic::error(span, format!("there is no list `{name}` to extend"))
                    .help("take `extend` away, or put the file that holds it first in `include`"),
            ),
            None => {
                if list.terms.is_empty() {
                    problems.add(
                        Diagnostic::error(span, format!("the list `{name}` has no terms"))
                            .help("add `terms = [\"…\"]`"),
                    );
                }
                self.lists.insert(name, list);
            }
        }
        table.finish();
    }

    fn rule(&mut self, table: Table<'_>) {
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

fn terms(table: &Table<'_>, key: &str) -> Vec<(Term, Span)> {
    let problems = table.problems();
    let mut list = Vec::new();
    for (value, span) in table.list(key).unwrap_or_default() {
        let parsed = match value.get_ref() {
            DeValue::String(text) => Term::parse(text),
            DeValue::Table(_) => match table.inline(value, "this term").and_then(conditional) {
                Some(term) => term,
                None => continue,
            },
            _ => Err("a term is a string, or a table with `text`".to_owned()),
        };
        match parsed {
            Ok(term) => list.push((term, span)),
            Err(why) => problems.add(
                Diagnostic::error(span, why).help("write words, `prefix*`, `=EXACT` or `a(b|c)`"),
            ),
        }
    }
    list
}

fn conditional(table: Table<'_>) -> Option<Result<Term, String>> {
    let text = table.required("text", "a term has a text");
    let weak = table.boolean("weak").unwrap_or(false);
    let echo = table.boolean("echo").unwrap_or(false);
    let ends = table.boolean("ends").unwrap_or(false);
    let near = table.string("near").map(|(name, _)| name.trim_start_matches('@').to_owned());
    let within = table.integer("within", 0, 200).unwrap_or(WITHIN);
    let words = [("upper", Spelling::Upper), ("title", Spelling::Title)];
    let case = table.string("case").and_then(|(word, span)| {
        let found = words.iter().find(|(name, _)| *name == word).map(|(_, case)| case.clone());
        if found.is_none() {
            table.problems().error(span, "`case` is `upper` or `title`");
        }
        found
    });
    table.finish();
    let (text, _) = text?;
    Some(Term::parse(&text).map(|mut term| {
        term.weak = weak;
        term.echo = echo;
        term.ends = ends;
        term.near = near;
        term.within = within as usize;
        if let Some(case) = case {
            term.spelling = case;
        }
        term
    }))
}

fn members(table: &Table<'_>) -> Vec<Membership> {
    let problems = table.problems();
    let mut list = Vec::new();
    for (value, span) in table.list("members").unwrap_or_default() {
        match value.get_ref() {
            DeValue::String(code) => {
                list.push(Membership { code: code.to_string(), since: None, until: None });
            }
            _ => {
                let Some(entry) = table.inline(value, "this member") else {
                    problems.error(span, "a member is a code, or a table with `code` and `since`");
                    continue;
                };
                let code = entry.required("code", "write the ISO code, like \"SE\"");
                let day =
                    |key: &str| entry.value(key).and_then(|(value, at)| date(value, at, problems));
                let (since, until) = (day("since"), day("until"));
                entry.finish();
                if let Some((code, _)) = code {
                    list.push(Membership { code, since, until });
                }
            }
        }
    }
    list
}

/// Codes of places, without dates.
fn codes(table: &Table<'_>, key: &str) -> Vec<String> {
    table.strings(key).unwrap_or_default().into_iter().map(|(code, _)| code).collect()
}

fn applicants(table: &Table<'_>) -> Vec<(String, Date)> {
    let Some(inner) = table.table("applicants") else { return Vec::new() };
    let mut list = Vec::new();
    for (code, _) in inner.keys() {
        if let Some(day) =
            inner.value(&code).and_then(|(value, at)| date(value, at, inner.problems()))
        {
            list.push((code, day));
        }
    }
    inner.finish();
    list
}

fn date(value: &DeValue<'_>, span: Span, problems: &Problems) -> Option<Date> {
    let day = match value {
        DeValue::Datetime(time) => time
            .date
            .and_then(|day| Date::new(day.year as i16, day.month as i8, day.day as i8).ok()),
        _ => None,
    };
    if day.is_none() {
        problems.add(
            Diagnostic::error(span, "this is no date")
                .help("write it like 2024-03-07, without quotes"),
        );
    }
    day
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
