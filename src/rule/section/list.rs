//! A list as a config file writes it: its terms, and what its kind adds.

use jiff::civil::Date;
use toml::de::DeValue;

use super::{By, Draft, ListDraft, ListKind, Membership};
use crate::rule::term::{Spelling, Term};
use crate::setting::{Diagnostic, Problems, Span, Table};

/// Words between a conditional term and its context, where the term does not say.
const WITHIN: i64 = 12;

impl Draft {
    pub(super) fn list(&mut self, kind: ListKind, name: String, span: Span, table: Table<'_>) {
        let problems = table.problems();
        let extend = table.boolean("extend").unwrap_or(false);
        let mut list = ListDraft {
            kind,
            terms: terms(&table, "terms"),
            name: table.string("name").map(|(name, _)| name),
            members: Vec::new(),
            named: Vec::new(),
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
                list.members = members(&table, &mut list.named);
                list.applicants = applicants(&table, &mut list.named);
                list.sort = table.string("kind").map(|(sort, _)| sort).unwrap_or_default();
                list.open_to = codes(&table, "open_to", &mut list.named);
                list.closed_to = codes(&table, "closed_to", &mut list.named);
                list.bloc = table.boolean("bloc").unwrap_or(false);
            }
            ListKind::Place => {
                list.bloc = table.boolean("bloc").unwrap_or(false);
                list.region = codes(&table, "region", &mut list.named);
            }
            ListKind::Act => {
                list.stage = table.integer("stage", 0, 5).unwrap_or(0) as u8;
                list.formal = table.boolean("formal").unwrap_or(false);
                list.otherwise = table.boolean("otherwise").unwrap_or(false);
                list.against = table.boolean("against").unwrap_or(false);
                list.family = table.string("family").map(|(name, _)| name).unwrap_or_default();
                let words = [
                    ("candidate", By::Candidate),
                    ("member", By::Member),
                    ("alliance", By::Alliance),
                ];
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
                known.named.append(&mut list.named);
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

fn members(table: &Table<'_>, named: &mut Vec<(String, Span)>) -> Vec<Membership> {
    let problems = table.problems();
    let mut list = Vec::new();
    for (value, span) in table.list("members").unwrap_or_default() {
        match value.get_ref() {
            DeValue::String(code) => {
                named.push((code.to_string(), span));
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
                if let Some((code, at)) = code {
                    named.push((code.clone(), at));
                    list.push(Membership { code, since, until });
                }
            }
        }
    }
    list
}

/// Codes of places, without dates.
fn codes(table: &Table<'_>, key: &str, named: &mut Vec<(String, Span)>) -> Vec<String> {
    let codes = table.strings(key).unwrap_or_default();
    named.extend(codes.iter().cloned());
    codes.into_iter().map(|(code, _)| code).collect()
}

fn applicants(table: &Table<'_>, named: &mut Vec<(String, Span)>) -> Vec<(String, Date)> {
    let Some(inner) = table.table("applicants") else { return Vec::new() };
    let mut list = Vec::new();
    for (code, at) in inner.keys() {
        named.push((code.clone(), at));
        if let Some(day) =
            inner.value(&code).and_then(|(value, at)| date(value, at, inner.problems()))
        {
            list.push((code, day));
        }
    }
    inner.finish();
    list
}

pub(super) fn date(value: &DeValue<'_>, span: Span, problems: &Problems) -> Option<Date> {
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
