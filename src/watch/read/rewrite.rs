//! The state machine behind `repair`: what is open, what is being written, and where each token goes.

use url::Url;

use super::dialect::{Field, Part, Space, ends_text, part};
use super::draft::Draft;
use super::escape::{is_blank, plain, push_escaped, push_text};
use super::links::{Rank, absolute};
use super::reference::{attribute, resolve};
use super::repair::{Repair, Repaired};
use super::scope::{Scope, bindings};
use super::{MAX_DEPTH, MAX_ENTRIES};

/// Longest tag that is compared with a misspelt one.
const MAX_MISSPELT: usize = 24;
/// How far up a stray end tag is searched for its start: keeps the pass linear.
const MAX_CLOSE_SEARCH: usize = 64;

/// An element that is open.
#[derive(Debug)]
struct Element<'a> {
    name: &'a str,
    part: Part,
}

/// Where a text goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Goal {
    Field(Field),
    Link(Rank),
    OriginalLink,
    Category,
}

/// A text that is being written.
#[derive(Debug)]
struct Writing {
    goal: Goal,
    /// Height of the stack with its element on top.
    height: usize,
    /// Length of the output before its tag, and after it.
    before: usize,
    start: usize,
    /// Not wanted: there is one already, or it is no text.
    unwanted: bool,
    /// Another XML document inside: nothing in it ends the text.
    opaque: bool,
    /// Plain text by its own word, in which a `<` is one.
    literal: bool,
}

/// Writes the document anew, token by token.
pub(super) struct Rewriter<'a> {
    out: String,
    stack: Vec<Element<'a>>,
    scope: Scope<'a>,
    writing: Option<Writing>,
    /// The open item and the height of the stack with it on top.
    item: Option<(Draft, usize)>,
    done: Repaired,
}

impl<'a> Rewriter<'a> {
    pub(super) fn new(size: usize, url: &Url) -> Self {
        // What is long is taken out again; only one text at a time stays whole.
        let mut out = String::with_capacity(size / 4 + 128);
        out.push_str("<rss version=\"2.0\"><channel>");
        Self {
            out,
            stack: Vec::new(),
            scope: Scope::new(url),
            writing: None,
            item: None,
            done: Repaired::default(),
        }
    }

    fn repaired(&mut self, repair: Repair) {
        if !self.done.repairs.contains(&repair) {
            self.done.repairs.push(repair);
        }
    }

    pub(super) fn full(&self) -> bool {
        self.done.repairs.contains(&Repair::TooDeep) || self.done.repairs.contains(&Repair::TooMany)
    }

    /// Whether the open text has an element open inside it.
    fn nested(&self) -> bool {
        self.writing.as_ref().is_some_and(|writing| self.stack.len() > writing.height)
    }

    pub(super) fn text(&mut self, span: &str) {
        if self.writing.is_some() {
            if self.nested() {
                // Mark-up kept as text: what is escaped once there is escaped twice here.
                push_escaped(&mut self.out, span);
            } else if let Some(repair) = push_text(&mut self.out, span) {
                self.repaired(repair);
            }
        } else if let (Some(Part::Person), Some((draft, _))) =
            (self.stack.last().map(|top| top.part), &mut self.item)
        {
            draft.person.push_str(&resolve(span));
        }
    }

    pub(super) fn cdata(&mut self, span: &str) {
        if self.writing.is_some() {
            if self.nested() {
                let mut literal = String::new();
                push_escaped(&mut literal, span);
                push_escaped(&mut self.out, &literal);
            } else {
                self.out.push_str("<![CDATA[");
                self.out.push_str(span);
                self.out.push_str("]]>");
            }
        } else if let (Some(Part::Person), Some((draft, _))) =
            (self.stack.last().map(|top| top.part), &mut self.item)
        {
            draft.person.push_str(span);
        }
    }

    pub(super) fn open(&mut self, name: &'a str, attributes: &'a str, empty: bool) {
        if self.stack.len() >= MAX_DEPTH {
            self.repaired(Repair::TooDeep);
            return;
        }
        let own = bindings(attributes);
        let (prefix, local) = name.rsplit_once(':').unwrap_or(("", name));
        let space = self.scope.space(prefix, &own);
        if let Some(writing) = &self.writing {
            if writing.opaque || !ends_text(space, local, self.nested()) {
                return self.inline(name, own, empty);
            }
            let height = writing.height - 1;
            self.repaired(Repair::Unclosed);
            self.close_to(height);
        }
        let inside = self.stack.last().map_or(Part::Root, |top| top.part);
        let mut part = part(space, local, inside);
        let from_source = self.stack.last().is_some_and(|top| is_source(top.name));
        let hollow = self.item.is_some() && empty && attributes.trim().is_empty();
        if part == Part::Item && (from_source || hollow) {
            // What an entry was taken from may hold entries of its own, and an empty item inside
            // another is a slip of the tool.
            part = Part::Other;
        }
        if part == Part::Item
            && let Some(height) = self.item.as_ref().map(|(_, height)| *height)
        {
            self.repaired(Repair::Unclosed);
            self.close_to(height - 1);
        }
        self.push(name, part, own);
        match part {
            Part::Item => self.begin_item(attributes),
            Part::Root | Part::Channel if self.item.is_none() => self.begin_feed(attributes),
            Part::Text(field) => self.begin_text(field, attributes),
            Part::Link => self.begin_link(local, attributes),
            Part::OriginalLink => self.begin(Goal::OriginalLink, false, false),
            Part::Category => self.begin_category(attributes),
            _ => {}
        }
        if empty {
            self.close_to(self.stack.len() - 1);
        }
    }

    /// An element inside a text: its tag becomes text too.
    fn inline(&mut self, name: &'a str, own: Vec<(&'a str, Space)>, empty: bool) {
        self.out.push_str("&lt;");
        if let Some(writing) = &mut self.writing {
            // It is no plain text after all.
            writing.literal = false;
        }
        // What is taken for a name may hold a `&`.
        push_escaped(&mut self.out, name);
        self.out.push_str(if empty { "/&gt;" } else { "&gt;" });
        if !empty {
            self.push(name, Part::Other, own);
        }
    }

    fn push(&mut self, name: &'a str, part: Part, own: Vec<(&'a str, Space)>) {
        self.stack.push(Element { name, part });
        self.scope.bind(own, self.stack.len());
    }

    fn begin_feed(&mut self, attributes: &str) {
        self.scope.rebase(attributes, self.stack.len());
        if self.done.language.is_empty()
            && let Some(language) = attribute(attributes, "xml:lang")
        {
            self.done.language = language.into_owned();
        }
    }

    fn begin_item(&mut self, attributes: &str) {
        self.scope.rebase(attributes, self.stack.len());
        let mut draft = Draft::new(&mut self.out);
        if let Some(language) = attribute(attributes, "xml:lang") {
            draft.notes.language = language.into_owned();
        }
        if let Some(about) = attribute(attributes, "rdf:about") {
            draft.link.offer(Rank::About, self.scope.base(), &about);
        }
        if let Some(href) = attribute(attributes, "href") {
            draft.link.offer(Rank::Page, self.scope.base(), &href);
        }
        if let Some(date) = attribute(attributes, "lastmod") {
            draft.date(&mut self.out, &date);
        }
        self.item = Some((draft, self.stack.len()));
    }

    fn begin_text(&mut self, field: Field, attributes: &str) {
        let mut unwanted = false;
        let mut opaque = false;
        let mut literal = false;
        if let Some((draft, _)) = &mut self.item {
            unwanted = draft.has(field);
            if matches!(field, Field::Body | Field::Summary) && !attributes.is_empty() {
                let kind = attribute(attributes, "type").unwrap_or_default().to_ascii_lowercase();
                let mode = attribute(attributes, "mode").unwrap_or_default();
                unwanted |= !is_text(&kind) || mode.eq_ignore_ascii_case("base64");
                opaque = kind.ends_with("/xml") || kind.ends_with("+xml") && !kind.contains("html");
                if let Some(source) = attribute(attributes, "src") {
                    draft.link.offer(Rank::File, self.scope.base(), &source);
                }
            }
            if matches!(field, Field::Title | Field::Body | Field::Summary) {
                let kind = attribute(attributes, "type").unwrap_or_default();
                let mode = attribute(attributes, "mode").unwrap_or_default();
                // Of old Atom, which escapes mark-up in a text of this type.
                let escaped = mode.eq_ignore_ascii_case("escaped");
                literal = !escaped && matches!(kind.trim(), "text" | "text/plain");
            }
            if field == Field::Id {
                draft.permalink = attribute(attributes, "isPermaLink")
                    .is_none_or(|word| !word.trim().eq_ignore_ascii_case("false"));
            }
        }
        self.begin(Goal::Field(field), unwanted, opaque);
        if let Some(writing) = &mut self.writing {
            writing.literal = literal;
        }
    }

    fn begin_link(&mut self, local: &str, attributes: &str) {
        let href = attribute(attributes, "href").or_else(|| attribute(attributes, "url"));
        let rel = match local.eq_ignore_ascii_case("enclosure") {
            true => "enclosure".into(),
            false => attribute(attributes, "rel").unwrap_or_default(),
        };
        let kind = attribute(attributes, "type").unwrap_or_default();
        let rank = Rank::of(&rel, &kind);
        match href {
            Some(href) => {
                self.scope.rebase(attributes, self.stack.len());
                match (&mut self.item, rank) {
                    (Some((draft, _)), Some(rank)) => {
                        draft.link.offer(rank, self.scope.base(), &href);
                    }
                    (Some(_), None) => {}
                    (None, _) => self.point(&rel, &href),
                }
            }
            None => self.begin(Goal::Link(rank.unwrap_or(Rank::Machine)), rank.is_none(), false),
        }
    }

    /// A link of the feed itself: to its hub, or to itself.
    fn point(&mut self, rel: &str, href: &str) {
        for word in rel.split_ascii_whitespace() {
            let place = match word.to_ascii_lowercase().as_str() {
                "hub" => &mut self.done.hub,
                "self" => &mut self.done.topic,
                _ => continue,
            };
            if place.is_none() {
                *place = absolute(self.scope.base(), href);
            }
        }
    }

    fn begin_category(&mut self, attributes: &str) {
        let named = |name| attribute(attributes, name).filter(|text| !text.trim().is_empty());
        match (named("label").or_else(|| named("term")), &mut self.item) {
            (Some(term), Some((draft, _))) => draft.category(term.into_owned()),
            _ => self.begin(Goal::Category, false, false),
        }
    }

    fn begin(&mut self, goal: Goal, unwanted: bool, opaque: bool) {
        let before = self.out.len();
        if let (Goal::Field(field), true) = (goal, self.item.is_some())
            && let Some(tag) = Draft::tag(field)
        {
            self.out.push('<');
            self.out.push_str(tag);
            self.out.push('>');
        }
        let start = self.out.len();
        let height = self.stack.len();
        self.writing =
            Some(Writing { goal, height, before, start, unwanted, opaque, literal: false });
    }

    pub(super) fn close(&mut self, name: &str) {
        let search = self.stack.iter().rev().take(MAX_CLOSE_SEARCH);
        let found = search
            .clone()
            .position(|open| open.name == name)
            .or_else(|| search.clone().position(|open| open.name.eq_ignore_ascii_case(name)));
        // Items must be found however deep the mark-up above them is.
        let found = found.or_else(|| {
            let (_, height) = self.item.as_ref()?;
            let open = self.stack.get(height - 1)?;
            (open.name == name).then(|| self.stack.len() - height)
        });
        let Some(above) = found else { return self.stray(name) };
        let height = self.stack.len() - 1 - above;
        if let Some(writing) = &self.writing {
            if height >= writing.height {
                self.out.push_str("&lt;/");
                push_escaped(&mut self.out, name);
                self.out.push_str("&gt;");
            } else if above > 0 && !writing.opaque && height + 1 < writing.height {
                self.repaired(Repair::Unclosed);
            }
        } else if above > 0 {
            self.repaired(Repair::Unclosed);
        }
        self.close_to(height);
    }

    /// An end tag that closes nothing. Where a text is open and the tag is another of the feed's own
    /// words, or this one misspelt, it was meant for the text.
    fn stray(&mut self, name: &str) {
        self.repaired(Repair::StrayEnd);
        let Some(writing) = &self.writing else { return };
        let (height, top) = (writing.height, &self.stack[writing.height - 1]);
        let (prefix, local) = name.rsplit_once(':').unwrap_or(("", name));
        let known = part(self.scope.space(prefix, &[]), local, Part::Item) != Part::Other;
        let misspelt = (4..=MAX_MISSPELT).contains(&name.len())
            && top.name.len() <= MAX_MISSPELT
            && strsim::osa_distance(name, top.name) <= 2;
        if !self.nested() && (known || misspelt) {
            self.close_to(height - 1);
        }
    }

    /// Closes elements until the stack has this height.
    fn close_to(&mut self, height: usize) {
        while self.stack.len() > height {
            let top = self.stack.len();
            if self.writing.as_ref().is_some_and(|writing| writing.height == top) {
                self.end_text();
            }
            if self.item.as_ref().is_some_and(|(_, height)| *height == top) {
                self.end_item();
            }
            if let (Some(Part::Person), Some((draft, _))) =
                (self.stack.last().map(|top| top.part), &mut self.item)
            {
                let person = std::mem::take(&mut draft.person);
                draft.author(&person);
            }
            self.scope.leave(top);
            self.stack.pop();
        }
    }

    fn end_text(&mut self) {
        let Some(writing) = self.writing.take() else { return };
        let blank = is_blank(&self.out[writing.start..]);
        if blank || writing.unwanted {
            self.out.truncate(writing.before);
            return;
        }
        if writing.literal {
            // As mark-up that says so: all texts are taken for mark-up later on.
            let markup = plain(&self.out[writing.start..]).replace('<', "&lt;");
            self.out.truncate(writing.start);
            push_escaped(&mut self.out, &markup);
        }
        let text = &self.out[writing.start..];
        match (&mut self.item, writing.goal) {
            (Some((draft, _)), Goal::Field(field)) => {
                if let Some(tag) = Draft::tag(field) {
                    self.out.push_str("</");
                    self.out.push_str(tag);
                    self.out.push('>');
                    draft.fill(field);
                    return;
                }
                draft.note(field, text, plain(text));
            }
            (Some((draft, _)), Goal::Link(rank)) => {
                draft.link.offer(rank, self.scope.base(), &plain(text))
            }
            (Some((draft, _)), Goal::OriginalLink) => {
                draft.notes.original = absolute(self.scope.base(), &plain(text));
            }
            (Some((draft, _)), Goal::Category) => {
                draft.category(plain(text));
            }
            (None, Goal::Field(Field::Title | Field::SpareTitle)) if self.done.title.is_empty() => {
                self.done.title = plain(text);
            }
            (None, Goal::Field(Field::Language)) => self.done.language = plain(text),
            (None, Goal::Field(field)) => self.done.hints.read(field, &plain(text)),
            (None, _) => {}
        }
        self.out.truncate(writing.before);
    }

    fn end_item(&mut self) {
        let Some((mut draft, _)) = self.item.take() else { return };
        if draft.permalink && super::links::is_address(&draft.notes.id) {
            draft.link.offer(Rank::Permalink, self.scope.base(), &draft.notes.id);
        }
        self.done.notes.push(draft.finish(&mut self.out));
        if self.done.notes.len() >= MAX_ENTRIES {
            self.repaired(Repair::TooMany);
        }
    }

    /// Leaves the open item out. Half a headline would be judged as a whole one, and half an address be
    /// another entry than the whole.
    fn drop_item(&mut self) {
        let Some((draft, _)) = self.item.take() else { return };
        self.writing = None;
        self.out.truncate(draft.start);
        self.repaired(Repair::CutEntry);
    }

    pub(super) fn finish(mut self, cut: bool) -> Repaired {
        if !self.stack.is_empty() && !self.full() {
            self.repaired(Repair::Truncated);
            self.drop_item();
        } else if cut {
            self.repaired(Repair::Unclosed);
        }
        self.close_to(0);
        self.out.push_str("</channel></rss>");
        self.done.xml = self.out;
        self.done
    }
}

fn is_source(name: &str) -> bool {
    name.rsplit(':').next().is_some_and(|local| local.eq_ignore_ascii_case("source"))
}

/// Whether content of this type is text that people read.
fn is_text(kind: &str) -> bool {
    let other = ["image/", "audio/", "video/", "application/"];
    kind.contains("xml") || !other.iter().any(|start| kind.starts_with(start))
}
