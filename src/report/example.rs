//! The line to paste under `match` or `no_match` of a rule, so that a text that was explained once is
//! judged so for good.

use jiff::tz::TimeZone;

use crate::model::{Finding, Item};
use crate::rule::RuleSet;

/// Characters of a text that goes into an example.
const LENGTH: usize = 600;

/// Lines for the rules file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Example {
    /// The rule that they belong to; `None` where none is near.
    pub rule: Option<String>,
    /// For `match`: that it must be told, and as what.
    pub yes: String,
    /// For `no_match`: that it must stay quiet.
    pub no: String,
}

/// The lines of an item. Of a long text only the headline is taken where it is judged alike alone.
pub(super) fn example(rules: &RuleSet, item: &Item, finding: &Finding) -> Example {
    let rule = match &finding.matched {
        Some(matched) => matched.rules.first().map(|rule| rule.id.to_string()),
        None => finding.near.first().map(|miss| miss.rule.to_string()),
    };
    let rest = [&item.summary, &item.body].map(|text| text.replace('\n', " ")).join(" ");
    let rest = rest.trim();
    let alone = Item { summary: String::new(), body: String::new(), ..item.clone() };
    let told = |finding: &Finding| {
        finding.matched.as_ref().map(|found| (found.alliances.clone(), found.candidates.clone()))
    };
    let summary = match rest.is_empty() || told(&rules.examine(&alone)) == told(finding) {
        true => String::new(),
        false => format!(", summary = {}", quoted(crate::text::cut(rest, LENGTH))),
    };
    let date = item.date().to_zoned(TimeZone::UTC).date();
    let text = format!("title = {}{summary}, date = {date}", quoted(&item.title));
    let mut yes = text.clone();
    if let Some(matched) = &finding.matched {
        if let [alliance] = matched.alliances.as_slice() {
            yes.push_str(&format!(", alliance = {}", quoted(alliance)));
        }
        if !matched.candidates.is_empty() {
            let codes: Vec<String> = matched.candidates.iter().map(|code| quoted(code)).collect();
            yes.push_str(&format!(", candidates = [{}]", codes.join(", ")));
        }
        if let Some(act) = matched.moves.iter().find_map(|one| one.act.as_ref()) {
            yes.push_str(&format!(", act = {}", quoted(&act.name)));
        }
    }
    Example { rule, yes: format!("{{ {yes} }},"), no: format!("{{ {text} }},") }
}

/// A basic string of TOML. Its escapes are those of JSON; what TOML forbids beyond them is gone from
/// items since intake.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
