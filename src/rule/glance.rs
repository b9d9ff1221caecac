//! What an item may hold, told from its words alone: where terms may stand, before a text is folded,
//! and which fields each list may be in. A query asked of this answers "certainly not" to nearly every
//! item of the day, so that those cost no folding, no masks and no clauses.
//!
//! It errs on one side only. What is masked, weak, written otherwise or too far apart still counts as
//! there, and what stands in a `NOT` is never held against a query.

use super::eval::Node;
use super::lexicon::{Lexicon, ListId};
use super::scan::{Candidates, Scanner};
use super::section::ListKind;
use crate::model::{Field, Item};

/// Categories and tags that are looked at.
const LABELS: usize = 64;

/// A text of an item, and where terms may stand in it.
#[derive(Debug)]
pub(crate) struct Source<'i> {
    pub(crate) field: Field,
    pub(crate) text: &'i str,
    pub(crate) candidates: Candidates,
}

/// The texts of an item with where terms may stand in them.
pub(crate) fn sources<'i>(item: &'i Item, scanner: &Scanner) -> Vec<Source<'i>> {
    let mut all = Vec::with_capacity(8);
    all.extend(texts(item).map(|(field, text)| Source {
        field,
        text,
        candidates: scanner.candidates(text),
    }));
    all
}

/// The texts of an item in the order of their fields; those without a word are left out.
pub(super) fn texts(item: &Item) -> impl Iterator<Item = (Field, &str)> {
    let prose = [
        (Field::Title, item.title.as_str()),
        (Field::Summary, &item.summary),
        (Field::Body, &item.body),
        (Field::Author, &item.author),
    ];
    let feed = [(Field::Feed, item.feed.as_str()), (Field::Kind, item.kind.as_str())];
    let language = (Field::Lang, item.language.as_deref().unwrap_or_default());
    let texts = prose.into_iter().chain(labels(&item.categories, Field::Category));
    let texts = texts.chain(feed).chain(labels(&item.tags, Field::Tag)).chain([language]);
    texts.filter(|(_, text)| !text.is_empty())
}

fn labels(labels: &[String], field: Field) -> impl Iterator<Item = (Field, &str)> {
    labels.iter().take(LABELS).map(move |label| (field, label.as_str()))
}

/// A set of fields.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Fields(u16);

impl Fields {
    const ALL: Fields = Fields(u16::MAX);
    /// What a query looks at that names no field.
    const PROSE: Fields =
        Fields(1 << Field::Title as u16 | 1 << Field::Summary as u16 | 1 << Field::Body as u16);

    fn one(field: Field) -> Self {
        Self(1 << field as u16)
    }

    fn asked(field: Option<Field>) -> Self {
        field.map_or(Self::PROSE, Self::one)
    }

    fn add(&mut self, other: Fields) {
        self.0 |= other.0;
    }

    fn and(self, other: Fields) -> Self {
        Self(self.0 & other.0)
    }

    fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// In which fields of an item anything may be.
#[derive(Debug)]
pub(super) struct Glance {
    /// By the number of the list.
    lists: Vec<Fields>,
    /// Terms that stand in a query themselves.
    terms: Vec<(u32, Fields)>,
    acts: Fields,
    places: Fields,
    /// Alliances that knock as one.
    blocs: Fields,
    /// Alliances that the prose may name.
    named: Vec<ListId>,
}

impl Glance {
    /// Looks an item's texts over.
    pub(super) fn of(sources: &[Source<'_>], scanner: &Scanner, lexicon: &Lexicon) -> Self {
        let mut glance = Self {
            lists: vec![Fields::default(); lexicon.lists.len()],
            terms: Vec::new(),
            acts: Fields::default(),
            places: Fields::default(),
            blocs: Fields::default(),
            named: Vec::new(),
        };
        for source in sources {
            let here = Fields::one(source.field);
            for term in scanner.terms(&source.candidates) {
                match lexicon.terms[term as usize].list {
                    Some(list) => glance.add(list, here, lexicon),
                    None => glance.terms.push((term, here)),
                }
            }
        }
        glance
    }

    fn add(&mut self, id: ListId, here: Fields, lexicon: &Lexicon) {
        self.lists[usize::from(id)].add(here);
        let list = lexicon.list(id);
        match list.kind {
            ListKind::Act => self.acts.add(here),
            ListKind::Place => self.places.add(here),
            ListKind::Alliance => {
                if list.bloc {
                    self.blocs.add(here);
                }
                if !here.and(Fields::PROSE).is_empty() && !self.named.contains(&id) {
                    self.named.push(id);
                }
            }
            ListKind::Mask | ListKind::Plain => {}
        }
    }

    /// Alliances that the prose may name.
    pub(super) fn alliances(&self) -> &[ListId] {
        &self.named
    }

    /// Whether a query may hold, asked for this alliance; `false` is certain.
    pub(super) fn allows(&self, query: &Node, alliance: Option<ListId>) -> bool {
        !self.fields(query, alliance, None).is_empty()
    }

    /// Fields in which a query, or a part of it, may hold. A chain holds within one text.
    fn fields(&self, node: &Node, alliance: Option<ListId>, field: Option<Field>) -> Fields {
        let any = |list: &[Node]| {
            list.iter().fold(Fields::default(), |mut all, one| {
                all.add(self.fields(one, alliance, field));
                all
            })
        };
        let found = match node {
            Node::And(list) => {
                let holds = |one: &Node| !self.fields(one, alliance, field).is_empty();
                return if list.iter().all(holds) { Fields::ALL } else { Fields::default() };
            }
            Node::Or(list) => return any(list),
            Node::Not(_) | Node::Regex(_) => return Fields::ALL,
            Node::In(field, inner) => return self.fields(inner, alliance, Some(*field)),
            Node::Chain(operands, _) => {
                let mut common = Fields::ALL;
                for one in operands {
                    common = common.and(self.fields(one, alliance, field));
                    if common.is_empty() {
                        break;
                    }
                }
                return common;
            }
            Node::Term(term) => {
                let mut found = Fields::default();
                let known = self.terms.iter().filter(|(known, _)| known == term);
                known.for_each(|(_, fields)| found.add(*fields));
                found
            }
            Node::List(list) => self.lists[usize::from(*list)],
            Node::Alliance | Node::Door | Node::Mention => {
                alliance.map_or(Fields::default(), |list| self.lists[usize::from(list)])
            }
            Node::Act => self.acts,
            Node::Place => self.places,
            Node::Candidate => Fields(self.places.0 | self.blocs.0),
        };
        found.and(Fields::asked(field))
    }
}
