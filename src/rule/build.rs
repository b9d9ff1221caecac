//! From what the files say to compiled rules, with all mistakes reported at their places.

use std::collections::BTreeMap;

use super::example::check_examples;
use super::gate::Gate;
use super::lexicon::{Lexicon, List, ListId};
use super::parts;
use super::resolve::Read;
use super::scan::Scanner;
use super::section::{Draft, ListDraft, ListKind, RuleDraft};
use super::set::{Inner, Rule, RuleSet, Source};
use super::term::Term;
use crate::model::{RuleId, Standing};
use crate::setting::{Diagnostic, Problems, nearest};

/// Lists that give words a meaning for every rule.
const HEDGE: &str = "hedge";
const NEGATION: &str = "negation";
const PROSPECT: &str = "prospect";
const FOLLOWING: &str = "following";
const ATTRIBUTIVE: &str = "attributive";
const GOVERNING: &str = "governing";
const SEVERAL: &str = "several";
const APART: &str = "apart";
const COMEBACK: &str = "comeback";
/// The act that a negated one becomes.
const DENIAL: &str = "denies";

impl Draft {
    /// Compiles everything, checks every example, reports every mistake. With a mistake the rules
    /// that come back are not for use.
    pub fn build(self, problems: &Problems) -> RuleSet {
        let mut compiler = Compiler {
            lexicon: Lexicon::default(),
            terms: Vec::new(),
            empty: Vec::new(),
            problems,
        };
        let before = problems.errors();
        compiler.lists(&self.lists);
        compiler.check_codes(&self.lists);
        let broken = self.broken || problems.errors() > before;
        compiler.lexicon.glosses = self.glosses;
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
        let mut sound = Vec::new();
        for draft in &drafts {
            let before = problems.errors();
            let Some(rule) = compiler.rule(draft) else { continue };
            rules.push(rule);
            if problems.errors() == before && !self.doubtful.contains(&draft.id) {
                sound.push(*draft);
            }
        }
        let Compiler { lexicon, terms, .. } = compiler;
        let scanner = Scanner::build(&terms);
        let gate = Gate::build(&rules, &lexicon, &terms);
        let standings = standings(&self.lists, &lexicon);
        let inner = Inner { standings, lexicon, gate, scanner, rules, dated: self.dated };
        // A rule that is refused costs the others nothing; a list may be asked for by all of them.
        if !broken {
            sound.into_iter().for_each(|draft| check_examples(draft, &inner, problems));
        }
        RuleSet::new(inner)
    }
}

/// What is compiled so far.
pub(super) struct Compiler<'p> {
    pub(super) lexicon: Lexicon,
    /// The terms by number.
    pub(super) terms: Vec<Term>,
    /// Lists without a term: a later file may have taken all of them away.
    pub(super) empty: Vec<ListId>,
    pub(super) problems: &'p Problems,
}

impl Compiler<'_> {
    fn lists(&mut self, drafts: &BTreeMap<String, ListDraft>) {
        for (name, draft) in drafts {
            let id = self.lexicon.lists.len() as ListId;
            self.lexicon.by_name.insert(name.clone(), id);
            if draft.terms.is_empty() {
                self.empty.push(id);
            }
            self.lexicon.lists.push(List {
                shown: draft.name.clone().unwrap_or_else(|| name.clone()),
                name: name.clone(),
                kind: draft.kind,
                members: draft.members.clone(),
                open_to: draft.open_to.clone(),
                closed_to: draft.closed_to.clone(),
                region: draft.region.clone(),
                bloc: draft.bloc,
                sort: draft.sort.clone(),
                stage: draft.stage,
                formal: draft.formal,
                against: draft.against,
                kin: kin(name, draft, drafts),
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
        let following = plain(FOLLOWING, ListKind::Plain);
        let governing = plain(GOVERNING, ListKind::Plain);
        let several = plain(SEVERAL, ListKind::Plain);
        let apart = plain(APART, ListKind::Plain);
        let denial = plain(DENIAL, ListKind::Act);
        (self.lexicon.hedge, self.lexicon.negation, self.lexicon.denial) =
            (hedge, negation, denial);
        (self.lexicon.prospect, self.lexicon.following) = (prospect, following);
        self.lexicon.governing = governing;
        (self.lexicon.several, self.lexicon.apart) = (several, apart);
        (self.lexicon.attributive, self.lexicon.comeback) = (attributive, comeback);
        let otherwise =
            drafts.iter().find(|(_, list)| list.kind == ListKind::Act && list.otherwise);
        self.lexicon.otherwise =
            otherwise.and_then(|(name, _)| self.lexicon.by_name.get(name).copied());
        for (name, draft) in drafts {
            let id = self.lexicon.by_name.get(name).copied();
            for (term, span) in &draft.terms {
                let near = term.near.as_ref().and_then(|near| {
                    self.list_named(near)
                        .map_err(|(message, help)| {
                            self.problems.add(Diagnostic::error(*span, message).help(help));
                        })
                        .ok()
                });
                self.lexicon.add(term, id, near);
                self.terms.push(term.clone());
            }
        }
    }

    /// A country that no list of places knows by this code would be taken for one that never comes.
    fn check_codes(&self, drafts: &BTreeMap<String, ListDraft>) {
        let places = || drafts.iter().filter(|(_, list)| list.kind == ListKind::Place || list.bloc);
        for (code, span) in drafts.values().flat_map(|draft| &draft.named) {
            if is_code(code) || places().any(|(known, _)| known == code) {
                continue;
            }
            let called = |list: &ListDraft| {
                list.name.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(code))
            };
            let meant = places().find(|(_, list)| called(list));
            let help = match meant {
                Some((meant, _)) => format!("write its code, `{meant}`"),
                None => "write its ISO 3166 code, like \"SE\"; one of your own is a `[place.XR]`"
                    .to_owned(),
            };
            let message = format!("`{code}` is no code of a country and no place of the lexicon");
            self.problems.add(Diagnostic::error(*span, message).help(help));
        }
    }

    /// The kinds that a rule looks at must be those of some alliance.
    fn check_kinds(&self, draft: &RuleDraft) {
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
    }

    /// Compiles a rule; `None` where a part of it is wrong, which is reported.
    fn rule(&mut self, draft: &RuleDraft) -> Option<Rule> {
        let when = self.query(&draft.when.0, draft.when.1);
        let unless = draft.unless.as_ref().map(|(text, span)| self.query(text, *span));
        self.check_kinds(draft);
        let steps: Vec<Option<Read>> =
            draft.score.iter().map(|(text, span, _)| self.query(text, *span)).collect();
        let (when, steps) = (when?, steps.into_iter().collect::<Option<Vec<_>>>()?);
        let unless = match unless {
            Some(read) => Some(read?),
            None => None,
        };
        parts::check(draft, &when, unless.as_ref(), &steps, self.problems);
        let adds = draft.score.iter().map(|(_, _, add)| *add);
        Some(Rule {
            id: RuleId::new(&draft.id),
            title: draft.title.clone(),
            when: when.node,
            unless: unless.map(|read| read.node),
            score: steps.into_iter().map(|read| read.node).zip(adds).collect(),
            threshold: draft.threshold.0,
            level: draft.level,
            shadow: draft.shadow,
            of: draft.of.iter().map(|(sort, _)| sort.clone()).collect(),
            examples: draft.yes.len() + draft.no.len(),
            source: Source {
                when: draft.when.0.clone(),
                unless: draft.unless.as_ref().map(|(text, _)| text.clone()),
                yes: draft.yes.iter().map(|one| one.title.clone()).collect(),
                no: draft.no.iter().map(|one| one.title.clone()).collect(),
            },
        })
    }
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
        // Who has got in applies no more.
        let waits = |code: &String| {
            !list.members.iter().any(|one| one.until.is_none() && one.code == *code)
        };
        for (code, since) in list.applicants.iter().filter(|(code, _)| waits(code)) {
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

/// Whether a word has the form of an ISO 3166 code, of a country or a part of one: `SE`, `GB-SCT`.
fn is_code(word: &str) -> bool {
    let (country, part) = word.split_once('-').unwrap_or((word, "X"));
    let plain = |text: &str| text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    country.len() == 2 && (1..=3).contains(&part.len()) && plain(country) && plain(part)
}

/// The other acts of an act's family.
fn kin(name: &str, draft: &ListDraft, drafts: &BTreeMap<String, ListDraft>) -> Vec<String> {
    let of = |other: &ListDraft| !draft.family.is_empty() && other.family == draft.family;
    let others = drafts.iter().filter(|(other, list)| *other != name && of(list));
    others.map(|(other, _)| other.clone()).collect()
}
