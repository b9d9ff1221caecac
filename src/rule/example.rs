//! The examples that a rule carries: headlines that it must flag, and others that it must not.

use jiff::Timestamp;

use super::lexicon::day;
use super::section::{Example, RuleDraft};
use super::set::Inner;
use crate::model::{FeedName, Finding, Item, ItemKey, Kind};
use crate::setting::{Diagnostic, Problems};

/// Runs a rule's own examples.
pub(super) fn check_examples(draft: &RuleDraft, rules: &Inner, problems: &Problems) {
    for example in &draft.yes {
        let finding = run(example, rules);
        if let Some(why) = disagrees(draft, example, &finding) {
            problems.add(
                Diagnostic::error(
                    example.span,
                    format!("the rule `{}` fails its own example: {why}", draft.id),
                )
                .help(format!("`pactwatch explain \"{}\"` shows how it is read", example.title)),
            );
        }
    }
    for example in &draft.no {
        let finding = run(example, rules);
        let held = finding
            .matched
            .as_ref()
            .is_some_and(|matched| matched.rules.iter().any(|rule| rule.id.as_str() == draft.id));
        if held {
            let shown = finding.matched.map(|matched| {
                let parts =
                    matched.evidence.iter().map(|one| format!("[{}] {}", one.text, one.list));
                parts.collect::<Vec<_>>().join(", ")
            });
            problems.add(
                Diagnostic::error(
                    example.span,
                    format!(
                        "the rule `{}` matches what it must not: {}",
                        draft.id,
                        shown.unwrap_or_default()
                    ),
                )
                .help(format!("`pactwatch explain \"{}\"` shows how it is read", example.title)),
            );
        }
    }
    if draft.yes.is_empty() {
        problems.add(
            Diagnostic::warning(draft.span, format!("the rule `{}` has no examples", draft.id))
                .help("add `match = [\"a headline that it must flag\"]`, so that it cannot rot"),
        );
    }
}

fn run(example: &Example, rules: &Inner) -> Finding {
    let now = Timestamp::now();
    let date = example.date.unwrap_or_else(|| day(now));
    let item = Item {
        key: ItemKey::new("example"),
        feed: FeedName::new("example"),
        url: None,
        canonical: None,
        title: example.title.clone(),
        summary: example.summary.clone(),
        body: String::new(),
        feed_text: None,
        author: String::new(),
        categories: Vec::new(),
        language: None,
        published: None,
        seen: now,
        kind: Kind::default(),
        tags: Vec::new(),
    };
    rules.examine(&item, date)
}

/// Why a finding is not what a `match` example asks for.
fn disagrees(draft: &RuleDraft, example: &Example, finding: &Finding) -> Option<String> {
    let near = || {
        let own = finding.near.iter().filter(|miss| miss.rule.as_str() == draft.id);
        let list: Vec<&str> = own.map(|miss| miss.missing.as_str()).collect();
        if list.is_empty() { "nothing of it was found".to_owned() } else { list.join("; ") }
    };
    let Some(matched) = &finding.matched else { return Some(near()) };
    if !matched.rules.iter().any(|rule| rule.id.as_str() == draft.id) {
        return Some(near());
    }
    if let Some(alliance) = &example.alliance
        && matched.alliances != [alliance.as_str()]
    {
        return Some(format!("the alliance is {}", matched.alliances.join(", ")));
    }
    if let Some(wanted) = &example.candidates {
        let (mut have, mut wanted) = (matched.candidates.clone(), wanted.clone());
        have.sort();
        wanted.sort();
        if have != wanted {
            return Some(format!("the candidates are {}", matched.candidates.join(", ")));
        }
    }
    if let Some(act) = &example.act {
        let acts: Vec<&str> = matched
            .moves
            .iter()
            .filter_map(|one| one.act.as_ref())
            .map(|act| act.name.as_str())
            .collect();
        if !acts.contains(&act.as_str()) {
            return Some(format!("the act is {}", acts.join(", ")));
        }
    }
    None
}
