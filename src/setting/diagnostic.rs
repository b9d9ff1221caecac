//! What is wrong in the config, where, and what to do about it.

use std::ops::Range;
use std::path::{Path, PathBuf};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::literal::locate;

/// Number of a file within [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub usize);

/// A place in a config file, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub start: usize,
    /// One past the last.
    pub end: usize,
}

impl Span {
    /// A span from a byte range.
    pub fn new(file: FileId, range: Range<usize>) -> Self {
        Self { file, start: range.start, end: range.end }
    }
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The config is refused.
    Error,
    /// Legal, but probably not meant.
    Warning,
}

/// One mistake or oddity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Where; `None` for what has no place (a missing file).
    pub span: Option<Span>,
    /// What is wrong, a lower-case fragment.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Whether the line may be quoted. Lines with secrets may not.
    pub quote: bool,
    /// The place inside the string that the span holds, as a byte of what it stands for.
    pub inside: Option<usize>,
}

impl Diagnostic {
    /// A mistake at a place.
    pub fn error(span: impl Into<Option<Span>>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            span: span.into(),
            message: message.into(),
            help: None,
            quote: true,
            inside: None,
        }
    }

    /// Something odd but legal.
    pub fn warning(span: impl Into<Option<Span>>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(span, message) }
    }

    /// Adds the cure.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// What reports are sorted by: errors first, then the place.
    pub fn order(&self) -> (Severity, Option<Span>) {
        (self.severity, self.span)
    }

    /// Points at a byte of the string that the span holds; escapes and line ends are followed.
    pub fn inside(mut self, at: usize) -> Self {
        self.inside = Some(at);
        self
    }

    /// Keeps the line out of the report, for lines with secrets.
    pub fn unquoted(mut self) -> Self {
        self.quote = false;
        self
    }
}

/// The config files by number: path and text.
#[derive(Debug, Default)]
pub struct Sources {
    files: Vec<(PathBuf, String)>,
}

impl Sources {
    /// Adds a file and gives its number.
    pub fn add(&mut self, path: impl Into<PathBuf>, text: impl Into<String>) -> FileId {
        self.files.push((path.into(), text.into()));
        FileId(self.files.len() - 1)
    }

    /// Number of each file, the main one first.
    pub fn ids(&self) -> impl Iterator<Item = FileId> + use<> {
        (0..self.files.len()).map(FileId)
    }

    /// Path of each file, the main one first.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(|(path, _)| path.as_path())
    }

    /// Whether a file of this path was added.
    pub fn holds(&self, path: &Path) -> bool {
        self.paths().any(|one| one == path)
    }

    /// Path of a file.
    pub fn path(&self, file: FileId) -> &Path {
        &self.files[file.0].0
    }

    /// Text of a file.
    pub fn text(&self, file: FileId) -> &str {
        &self.files[file.0].1
    }

    /// The exact place of a diagnostic.
    pub fn spot(&self, diagnostic: &Diagnostic) -> Option<Span> {
        let span = diagnostic.span?;
        let Some(inside) = diagnostic.inside else { return Some(span) };
        let Some(raw) = self.text(span.file).get(span.start..span.end) else { return Some(span) };
        let start = span.start + locate(raw, inside);
        Some(Span { start, end: (start + 1).min(span.end), ..span })
    }

    /// `path:line:column`, both counted from 1, the column in characters.
    pub fn place(&self, span: Span) -> String {
        let text = self.text(span.file);
        let mut start = span.start.min(text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let before = &text[..start];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        format!("{}:{line}:{column}", self.path(span.file).display())
    }

    /// Renders one diagnostic with its line and a mark below the place.
    pub fn render(&self, diagnostic: &Diagnostic, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let level = match diagnostic.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let Some(span) = self.spot(diagnostic) else {
            return self.bare(diagnostic, None);
        };
        if !diagnostic.quote {
            return self.bare(diagnostic, Some(self.place(span)));
        }
        let text = self.text(span.file);
        let (start, end) = one_line(text, span.start, span.end);
        let path = self.path(span.file).display().to_string();
        let message = printable(&diagnostic.message);
        let title = level.clone().primary_title(message.as_str()).element(
            Snippet::source(text)
                .path(path.as_str())
                .fold(true)
                .annotation(AnnotationKind::Primary.span(start..end)),
        );
        let mut report: Vec<Group<'_>> = vec![title];
        let help = diagnostic.help.as_deref().map(printable);
        if let Some(help) = &help {
            report[0] = std::mem::replace(&mut report[0], Group::with_level(Level::HELP))
                .element(Level::HELP.message(help.as_str()));
        }
        renderer.render(&report)
    }

    fn bare(&self, diagnostic: &Diagnostic, place: Option<String>) -> String {
        let word = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let mut text = format!("{word}: {}", printable(&diagnostic.message));
        if let Some(place) = place {
            text.push_str(&format!("\n --> {place}"));
        }
        if let Some(help) = &diagnostic.help {
            text.push_str(&format!("\n  = help: {}", printable(help)));
        }
        text
    }
}

/// What can be written to a terminal: a message may name a key of the file, which can hold anything.
fn printable(text: &str) -> String {
    text.replace(|c: char| c.is_control() && c != '\n', "\u{fffd}")
}

/// Cuts a span to its first line and to character borders, so that it marks one place.
fn one_line(text: &str, start: usize, end: usize) -> (usize, usize) {
    let mut start = start.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = end.clamp(start, text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    let end = text[start..end].find('\n').map_or(end, |at| start + at);
    (start, end)
}

/// Collects diagnostics while a config is read.
#[derive(Debug, Default)]
pub struct Problems {
    list: std::cell::RefCell<Vec<Diagnostic>>,
}

impl Problems {
    /// Adds one.
    pub fn add(&self, diagnostic: Diagnostic) {
        self.list.borrow_mut().push(diagnostic);
    }

    /// Adds a mistake at a place.
    pub fn error(&self, span: Span, message: impl Into<String>) {
        self.add(Diagnostic::error(span, message));
    }

    /// All of them: errors first, then by place.
    pub fn into_sorted(self) -> Vec<Diagnostic> {
        let mut list = self.list.into_inner();
        list.sort_by_key(Diagnostic::order);
        list
    }

    /// Whether any of them refuses the config.
    pub fn any_error(&self) -> bool {
        self.errors() > 0
    }

    /// How many errors there are so far.
    pub fn errors(&self) -> usize {
        self.list.borrow().iter().filter(|one| one.severity == Severity::Error).count()
    }
}
