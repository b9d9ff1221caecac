//! One item while the repair pass writes it: what it has already, and what is added at its end.

use url::Url;

use super::MAX_CATEGORIES;
use super::dialect::Field;
use super::escape::push_escaped;
use super::links::Best;

/// What the parser need not see of an item: what is known here already would only be written, parsed
/// and resolved once more.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Notes {
    /// The feed's own id; empty where it gives none.
    pub(super) id: String,
    /// The best of its addresses.
    pub(super) link: Option<Url>,
    /// Description, as mark-up. It and the body are most of a document's bytes.
    pub(super) summary: String,
    /// The longer text, as mark-up.
    pub(super) body: String,
    /// What a feed service says was its address before.
    pub(super) original: Option<Url>,
    /// Category terms.
    pub(super) categories: Vec<String>,
    /// Who wrote it, as it stands. Kept from the parser, whose reading of persons can panic.
    pub(super) author: String,
    /// Its language as it stands.
    pub(super) language: String,
}

/// An open item.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) notes: Notes,
    pub(super) link: Best,
    /// Whether its id may serve as link.
    pub(super) permalink: bool,
    /// Length of the output before it.
    pub(super) start: usize,
    /// Text directly inside the person that is open.
    pub(super) person: String,
    filled: u16,
    spare_title: String,
    spare_summary: String,
}

impl Draft {
    /// Begins an item in the output.
    pub(super) fn new(out: &mut String) -> Self {
        let start = out.len();
        out.push_str("<item>");
        Self { permalink: true, start, ..Self::default() }
    }

    /// The element that a field is written as; `None` for fields that are not written.
    pub(super) fn tag(field: Field) -> Option<&'static str> {
        Some(match field {
            Field::Title => "title",
            Field::Published => "pubDate",
            Field::Updated => "updated",
            _ => return None,
        })
    }

    /// Whether a field that is written once is there.
    pub(super) fn has(&self, field: Field) -> bool {
        self.filled & (1 << field as u16) != 0
    }

    /// Remembers that it is.
    pub(super) fn fill(&mut self, field: Field) {
        self.filled |= 1 << field as u16;
    }

    /// Keeps a field that is not written at once. `text` is as written, `plain` what it says.
    pub(super) fn note(&mut self, field: Field, text: &str, plain: String) {
        match field {
            Field::SpareTitle if self.spare_title.is_empty() => {
                text.clone_into(&mut self.spare_title)
            }
            Field::SpareSummary if self.spare_summary.is_empty() => self.spare_summary = plain,
            Field::Summary | Field::Body | Field::Id => {
                let slot = match field {
                    Field::Summary => &mut self.notes.summary,
                    Field::Body => &mut self.notes.body,
                    _ => &mut self.notes.id,
                };
                *slot = plain;
                self.fill(field);
            }
            Field::Author => self.author(&plain),
            Field::Language => self.notes.language = plain,
            _ => {}
        }
    }

    /// Takes an author; the first stays.
    pub(super) fn author(&mut self, name: &str) {
        let name = name.trim();
        if self.notes.author.is_empty() && !name.is_empty() {
            name.clone_into(&mut self.notes.author);
        }
    }

    /// Takes a category.
    pub(super) fn category(&mut self, term: String) {
        if self.notes.categories.len() < MAX_CATEGORIES {
            self.notes.categories.push(term);
        }
    }

    /// Takes a date that stands in an attribute of the item.
    pub(super) fn date(&mut self, out: &mut String, date: &str) {
        element(out, "updated", |out| push_escaped(out, date));
        self.fill(Field::Updated);
    }

    /// Ends the item in the output.
    pub(super) fn finish(mut self, out: &mut String) -> Notes {
        // The spare title was written once already, so it is well formed.
        if !self.has(Field::Title) && !self.spare_title.is_empty() {
            element(out, "title", |out| out.push_str(&self.spare_title));
        }
        if !self.has(Field::Summary) {
            self.notes.summary = self.spare_summary;
        }
        out.push_str("</item>");
        self.notes.link = self.link.take();
        self.notes
    }
}

fn element(out: &mut String, tag: &str, write: impl FnOnce(&mut String)) {
    out.push('<');
    out.push_str(tag);
    out.push('>');
    write(out);
    out.push_str("</");
    out.push_str(tag);
    out.push('>');
}
