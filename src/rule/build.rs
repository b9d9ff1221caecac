//! From what the files say to compiled rules, with all mistakes reported at their places.

use std::collections::BTreeMap;

use jiff::Timestamp;
use regex_syntax::hir::literal::{ExtractKind, Extractor};

use super::eval::Node;
use super::lexicon::{Lexicon, List, ListId, day};
use super::query::{self, Expr, QueryError};
use super::scan::Scanner;
use super::section::{Draft, Example, ListDraft, ListKind, RuleDraft};
use super::set::{Inner, Rule, RuleSet};
use super::term::Term;
use crate::model::{FeedName, Finding, Item, ItemKey, Kind, RuleId, Standing};
use crate::setting::{Diagnostic, Problems, Span, nearest};

/// A regex larger than this when compiled is refused.
const REGEX_BYTES: usize = 1 << 20;
/// Shortest literal that a regex must hold, so that it runs on few texts.
const LITERAL: usize = 3;
/// Lists that give words a meaning for every rule.
const HEDGE: &str = "hedge";
const NEGATION: &str = "negation";
const PROSPECT: &str = "prospect";
const ATTRIBUTIVE: &str = "attributive";
const COMEBACK: &str = "comeback";
/// The act that a negated one becomes.
const DENIAL: &str = "denies";

impl Draft {
    /// Compiles everything, checks every example, reports every mistake. With a mistake the rules
    /// that come back are not for use.
    pub fn build(self, problems: &Problems) -> RuleSet {
        let mut compiler = Compiler { lexicon: Lexicon::default(), terms: Vec::new(), problems };
        compiler.lists(&self.lists);
        let mut rules = Vec::new();
        for (id, span) in &self.switched_off {
            if !self.rules.iter().any(|rule| rule.id == *id) {
                let near = nearest(id, self.rules.iter().map(|rule| rule.id.as_str()));
                problems.add(
                    Diagnostic::error(*span, format!("there is no rule `{id}` to switch off"))
                        .help(near.map_or_else(
                            || "check its id".to_owned(),
                            |near| format!("did you mean `{near}`?"),
                        )),
                );
            }
        }
        let on = |rule: &&RuleDraft| !self.switched_off.iter().any(|(id, _)| *id == rule.id);
        let drafts: Vec<&RuleDraft> = self.rules.iter().filter(on).collect();
        for draft in &drafts {
            if let Some(rule) = compiler.rule(draft) {
                rules.push(rule);
            }
        }
        let Compiler { lexicon, terms, .. } = compiler;
        let scanner = Scanner::build(&terms).unwrap_or_else(|why| {
            problems.add(Diagnostic::error(None, why));
            Scanner::empty()
        });
        let inner = Inner { standings: standings(&self.lists, &lexicon), lexicon, scanner, rules };
        if !problems.any_error() {
            drafts.iter().for_each(|draft| check_examples(draft, &inner, problems));
        }
        RuleSet::new(inner)
    }
}

struct Compiler<'p> {
    lexicon: Lexicon,
    terms: Vec<Term>,
    problems: &'p Problems,
}

impl Compiler<'_> {
    fn lists(&mut self, drafts: &BTreeMap<String, ListDraft>) {
        for (name, draft) in drafts {
            let id = self.lexicon.lists.len() as ListId;
            self.lexicon.by_name.insert(name.clone(), id);
            self.lexicon.lists.push(List {
                shown: draft.name.clone().unwrap_or_else(|| name.clone()),
                name: name.clone(),
                kind: draft.kind,
                members: draft.members.clone(),
                open_to: draft.open_to.clone(),
                closed_to: draft.closed_to.clone(),
                bloc: draft.bloc,
                sort: draft.sort.clone(),
                stage: draft.stage,
                formal: draft.formal,
                against: draft.against,
                by: draft.by,
            });
        }
        let plain = |name: &str, kind: ListKind| {
            let id = self.lexicon.by_name.get(name).copied()?;
            (self.lexicon.list(id).kind == kind).then_some(id)
        };
        let (hedge, negation) = (plain(HEDGE, ListKind::Plain), plain(NEGATION, ListKind::Plain));
        let (attributive, comeback) =
            (plain(ATTRIBUTIVE, ListKind::Plain), plain(COMEBACK, ListKind::Plain));
        let prospect = plain(PROSPECT, ListKind::Plain);
        let denial = plain(DENIAL, ListKind::Act);
        (self.lexicon.hedge, self.lexicon.negation, self.lexicon.denial) =
            (hedge, negation, denial);
        self.lexicon.prospect = prospect;
        (self.lexicon.attributive, self.lexicon.comeback) = (attributive, comeback);
        let otherwise =
            drafts.iter().find(|(_, list)| list.kind == ListKind::Act && list.otherwise);
        self.lexicon.otherwise =
            otherwise.and_then(|(name, _)| self.lexicon.by_name.get(name).copied());
        for (name, draft) in drafts {
            let id = self.lexicon.by_name.get(name).copied();
            for (term, span) in &draft.terms {
                let near = term.near.as_ref().and_then(|near| {
                    let found = self.lexicon.by_name.get(near).copied();
                    if found.is_none() {
                        self.unknown_list(near, *span);
                    }
                    found
                });
                self.lexicon.add(term, id, near);
                self.terms.push(term.clone());
            }
        }
    }

    fn unknown_list(&self, name: &str, span: Span) {
        let known = self.lexicon.by_name.keys().map(String::as_str);
        let reserved = ["alliance", "door", "mention", "act", "candidate", "place"];
        let help = match nearest(name, known.chain(reserved)) {
            Some(near) => format!("did you mean `@{near}`?"),
            None => format!("add `[list.{name}]` with its terms"),
        };
        self.problems.add(Diagnostic::error(span, format!("there is no list `{name}`")).help(help));
    }

    fn rule(&mut self, draft: &RuleDraft) -> Option<Rule> {
        let when = self.query(&draft.when.0, draft.when.1);
        let unless = draft.unless.as_ref().map(|(text, span)| {
            let node = self.query(text, *span);
            if node.as_ref().is_some_and(asks_prose) {
                self.problems.add(
                    Diagnostic::warning(*span, "`unless` vetoes the whole item on plain words")
                        .help("use feed:, category:, tag: or lang: there; words belong into a [mask.…]"),
                );
            }
            node
        });
        for (sort, span) in &draft.of {
            let sorts = self.lexicon.lists.iter().map(|list| list.sort.as_str());
            if !sorts.clone().any(|known| known == sort) {
                let near = nearest(sort, sorts.filter(|known| !known.is_empty()));
                self.problems.add(
                    Diagnostic::error(*span, format!("no alliance is of the kind `{sort}`")).help(
                        near.map_or_else(
                            || {
                                format!(
                                    "write `kind = \"{sort}\"` in the alliances it is to look at"
                                )
                            },
                            |near| format!("did you mean `{near}`?"),
                        ),
                    ),
                );
            }
        }
        let steps: Vec<Option<(Node, f64)>> = draft
            .score
            .iter()
            .map(|(text, span, add)| self.query(text, *span).map(|node| (node, *add)))
            .collect();
        Some(Rule {
            id: RuleId::new(&draft.id),
            title: draft.title.clone(),
            when: when?,
            unless: match unless {
                Some(node) => Some(node?),
                None => None,
            },
            score: steps.into_iter().collect::<Option<_>>()?,
            threshold: draft.threshold,
            level: draft.level,
            shadow: draft.shadow,
            of: draft.of.iter().map(|(sort, _)| sort.clone()).collect(),
            examples: draft.yes.len() + draft.no.len(),
        })
    }

    fn query(&mut self, text: &str, span: Span) -> Option<Node> {
        let outcome = query::parse(text).and_then(|expr| self.node(&expr, text));
        outcome
            .map_err(|error| {
                // Where the TOML string holds the query letter by letter, the place is exact.
                let plain = span.end - span.start == text.len() + 2;
                let message = format!("this query is wrong: {}", error.message);
                let diagnostic = match plain && error.at <= text.len() {
                    true => {
                        let start = span.start + 1 + error.at;
                        Diagnostic::error(Span { start, end: start + 1, ..span }, message)
                            .help(error.help)
                    }
                    false => {
                        let shown = error.to_string();
                        let rest = shown.split_once('\n').map(|(_, rest)| rest.to_owned());
                        Diagnostic::error(span, message).help(rest.unwrap_or(shown))
                    }
                };
                self.problems.add(diagnostic);
            })
            .ok()
    }

    fn node(&mut self, expr: &Expr, query: &str) -> Result<Node, QueryError> {
        let fail = |at: usize, message: String, help: String| {
            Err(QueryError { query: query.to_owned(), at, message, help })
        };
        Ok(match expr {
            Expr::And(list) => Node::And(self.nodes(list, query)?),
            Expr::Or(list) => Node::Or(self.nodes(list, query)?),
            Expr::Not(inner) => Node::Not(Box::new(self.node(inner, query)?)),
            Expr::In(field, inner) => Node::In(*field, Box::new(self.node(inner, query)?)),
            Expr::Chain(first, links) => {
                let mut operands = vec![self.node(first, query)?];
                for (_, operand) in links {
                    operands.push(self.node(operand, query)?);
                }
                Node::Chain(operands, links.iter().map(|(link, _)| *link).collect())
            }
            Expr::Term(term) => {
                let number = self.lexicon.add(term, None, None);
                self.terms.push(term.clone());
                Node::Term(number)
            }
            Expr::List(name, at) => match name.as_str() {
                "alliance" => Node::Alliance,
                "door" => Node::Door,
                "mention" => Node::Mention,
                "act" => Node::Act,
                "candidate" => Node::Candidate,
                "place" => Node::Place,
                _ => match self.lexicon.by_name.get(name) {
                    Some(id) => Node::List(*id),
                    None => {
                        let known = self.lexicon.by_name.keys().map(String::as_str);
                        let reserved = ["alliance", "door", "mention", "act", "candidate", "place"];
                        let help = match nearest(name, known.chain(reserved)) {
                            Some(near) => format!("did you mean `@{near}`?"),
                            None => format!("add `[list.{name}]` with its terms"),
                        };
                        return fail(*at, format!("there is no list `{name}`"), help);
                    }
                },
            },
            Expr::Regex(text, at) => match regex(text) {
                Ok(regex) => Node::Regex(Box::new(regex)),
                Err((message, help)) => return fail(*at, message, help),
            },
        })
    }

    fn nodes(&mut self, list: &[Expr], query: &str) -> Result<Vec<Node>, QueryError> {
        list.iter().map(|one| self.node(one, query)).collect()
    }
}

/// Whether a query looks at prose somewhere.
fn asks_prose(node: &Node) -> bool {
    match node {
        Node::In(field, _) => {
            use crate::model::Field;
            matches!(field, Field::Title | Field::Summary | Field::Body)
        }
        Node::And(list) | Node::Or(list) | Node::Chain(list, _) => list.iter().any(asks_prose),
        Node::Not(inner) => asks_prose(inner),
        _ => true,
    }
}

/// Compiles a regex that holds a literal in every match, so that most texts are passed over.
fn regex(text: &str) -> Result<regex::Regex, (String, String)> {
    let parsed = regex_syntax::ParserBuilder::new().case_insensitive(false).build().parse(text);
    let hir = parsed.map_err(|error| {
        let first = error.to_string().lines().last().unwrap_or_default().trim().to_owned();
        (format!("the regex is wrong: {first}"), "see the syntax of Rust's regex crate".to_owned())
    })?;
    let literal = |kind: ExtractKind| {
        let mut extractor = Extractor::new();
        extractor.kind(kind);
        extractor.extract(&hir).min_literal_len().is_some_and(|length| length >= LITERAL)
    };
    if !literal(ExtractKind::Prefix) && !literal(ExtractKind::Suffix) {
        return Err((
            "the regex has no fixed text at its beginning or end".to_owned(),
            format!(
                "begin or end it with at least {LITERAL} plain characters; case is changed inside with (?i:…)"
            ),
        ));
    }
    regex::RegexBuilder::new(text).size_limit(REGEX_BYTES).build().map_err(|_| {
        ("the regex is too large".to_owned(), "use smaller repeats, or a list of terms".to_owned())
    })
}

/// Members and applicants of every alliance, dated.
fn standings(lists: &BTreeMap<String, ListDraft>, lexicon: &Lexicon) -> Vec<Standing> {
    let stage = |act: &str, otherwise: u8| {
        lexicon.by_name.get(act).map_or(otherwise, |id| lexicon.list(*id).stage)
    };
    let (joined, applied) = (stage("joins", 5), stage("applies", 2));
    let mut all = Vec::new();
    for (name, list) in lists {
        for member in list.members.iter().filter(|member| member.until.is_none()) {
            all.push(Standing {
                alliance: name.clone(),
                candidate: member.code.clone(),
                act: "joins".to_owned(),
                stage: joined,
                since: member.since,
            });
        }
        for (code, since) in &list.applicants {
            all.push(Standing {
                alliance: name.clone(),
                candidate: code.clone(),
                act: "applies".to_owned(),
                stage: applied,
                since: Some(*since),
            });
        }
    }
    all
}

/// Runs a rule's own examples.
fn check_examples(draft: &RuleDraft, rules: &Inner, problems: &Problems) {
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
