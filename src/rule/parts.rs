//! Whether the parts of a rule can work together: `when`, `unless`, `score` and `threshold`.

use super::query::{Expr, QueryError, Shape, Truth, asks_for_nothing};
use super::resolve::{Read, wrong};
use super::section::RuleDraft;
use crate::model::Field;
use crate::setting::{Diagnostic, Problems, Span};

/// Lists that mean something only for the alliance that a rule is asked for.
const BOUND: [&str; 4] = ["alliance", "door", "mention", "candidate"];
/// Those that say where its name stands.
const NAMED: [&str; 3] = ["alliance", "door", "mention"];

/// Reports what can never hold, and what is probably not meant.
pub(super) fn check(
    draft: &RuleDraft,
    when: &Read,
    unless: Option<&Read>,
    steps: &[Read],
    problems: &Problems,
) {
    let report = |text: &str, span: Span, at: usize, message: &str, help: &str| {
        problems.add(wrong(
            span,
            &QueryError {
                query: text.to_owned(),
                at,
                message: message.to_owned(),
                help: help.to_owned(),
            },
        ));
    };
    let (text, span) = (draft.when.0.as_str(), draft.when.1);
    let bound = when.expr.find(&BOUND).is_some();
    if let Some(at) = asks_for_nothing(&when.expr) {
        let help = "say what must be there as well: `@alliance AND NOT …`";
        report(text, span, at, "with this NOT alone it would match nearly every item", help);
    }
    let known = match bound {
        true => when.known.clone().with_list("alliance"),
        false => when.known.clone(),
    };
    if let Some(at) = known.clash() {
        let message = "this can never hold: the rule is asked for an alliance that the item names";
        report(text, span, at, message, "name the list instead: `NOT @NATO`");
    }
    oddities(&when.expr, span, problems);
    let others = draft.unless.iter().map(|(text, span)| (text, *span));
    let others = others.zip(unless).map(|(at, read)| (at, read, false));
    let rated = draft.score.iter().map(|(text, span, _)| (text, *span));
    let rated = rated.zip(steps).map(|(at, read)| (at, read, true));
    for ((text, span), read, step) in others.chain(rated) {
        if let Some(at) = read.expr.find(&BOUND).filter(|_| !bound) {
            let message = "`when` names no alliance, so this one stands for none";
            report(text, span, at, message, "name `@alliance` in `when`, or write `@place` here");
        }
        match (step, known.tells(&read.expr)) {
            (true, Truth::Never) => {
                let message = "where `when` holds, this step can never count";
                report(text, span, read.expr.at, message, "take the step away, or change `when`");
            }
            (false, Truth::Holds) => {
                let message = "this vetoes all that `when` finds, so the rule can never hold";
                report(text, span, read.expr.at, message, "take one of the two away");
            }
            _ => {}
        }
    }
    if let Some(((_, span), read)) = draft.unless.as_ref().zip(unless)
        && asks_prose(&read.expr)
    {
        problems.add(
            Diagnostic::warning(*span, "`unless` vetoes the whole item on plain words")
                .help("use feed:, category:, tag: or lang: there; words belong into a [mask.…]"),
        );
    }
    threshold(draft, problems);
}

/// What is legal in a `when` and probably not meant.
fn oddities(when: &Expr, span: Span, problems: &Problems) {
    let warn = |at: usize, message: &str, help: &str| {
        problems.add(Diagnostic::warning(span, message).help(help).inside(at));
    };
    if let (Some(at), None) = (when.find(&["candidate"]), when.find(&NAMED)) {
        warn(
            at,
            "`@candidate` without `@alliance` counts for any alliance that the item names",
            "write `@alliance SENTENCE @candidate`, or `@place` for any country",
        );
    }
    let Shape::Or(sides) = &when.shape else { return };
    if when.find(&BOUND).is_none() {
        return;
    }
    if let Some(side) = sides.iter().find(|side| side.find(&BOUND).is_none()) {
        warn(
            side.first(),
            "this side of the OR counts only in items that name an alliance",
            "make it a rule of its own, or name `@alliance` in it",
        );
    }
}

/// The score that a rule needs against the one that it can reach.
fn threshold(draft: &RuleDraft, problems: &Problems) {
    let (threshold, span) = draft.threshold;
    for (_, span, add) in &draft.score {
        if *add == 0.0 {
            problems.add(
                Diagnostic::error(*span, "this step of `score` adds nothing")
                    .help("give `add` a number above or below 0, or take the step away"),
            );
        }
    }
    let most: f64 = 1.0 + draft.score.iter().map(|(_, _, add)| add.max(0.0)).sum::<f64>();
    if threshold > most {
        let message =
            format!("`threshold` can never be reached: the most is {most}, not {threshold}");
        problems.add(
            Diagnostic::error(span, message)
                .help("`when` scores 1 and each step its `add`: lower the threshold or add steps"),
        );
    } else if threshold <= 0.0 {
        problems.add(
            Diagnostic::error(span, "`threshold` must be above 0")
                .help("`when` alone scores 1, which is the default"),
        );
    }
}

/// Whether a query looks at prose somewhere.
fn asks_prose(expr: &Expr) -> bool {
    match &expr.shape {
        Shape::In(field, _) => matches!(field, Field::Title | Field::Summary | Field::Body),
        Shape::Term(_) | Shape::List(_) | Shape::Regex(_) => true,
        _ => expr.parts().into_iter().any(asks_prose),
    }
}
