//! The demo's report: what was polled, what was flagged and why, what was grouped, what stayed quiet
//! and why, what was delivered. Values in, lines out; nothing is counted or decided here.
//!
//! Written for somebody who has never seen the program, on a terminal of 80 columns. Without colour
//! evidence stands in [brackets]; with colour it is bold.

mod layout;
mod report;

use anstyle::Style;
use unicode_width::UnicodeWidthStr;

use self::layout::{Piece, excerpt, field, marked, wrap};
pub(crate) use self::report::{
    Attempted, FeedLine, Grouped, MessageLine, QuietLine, Report, StoryPart, Text, Told,
};
use crate::cli::screen::{BAD, BOLD, DIM, GOOD, cut_to_width};
use crate::model::Field;

/// The columns below are laid out for this width; a narrower terminal wraps lines itself.
const NARROWEST: usize = 80;
/// Longer lines are hard to read.
const WIDEST: usize = 110;
/// Column at which texts below a headline begin.
const INDENT: usize = 4;
/// Columns of a text's label: `summary`.
const LABEL: usize = 7;
/// Columns of a feed's name.
const NAME: usize = 21;
/// Columns of a feed's format.
const FORM: usize = 23;
/// Near misses that are shown; the rest is counted.
const NEAR: usize = 9;
/// Columns of a message's id.
const ID: usize = 12;
/// Columns right of a message's subject, enough for three attempts.
const ATTEMPTS: usize = 26;
/// Columns of what to type, at the end.
const TYPED: usize = 46;

/// How to print.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    /// Whether styles show.
    pub(crate) colour: bool,
    /// Columns.
    pub(crate) width: usize,
}

/// The report as lines.
pub(crate) fn lines(report: &Report, look: Look) -> Vec<String> {
    let look = Look { width: look.width.clamp(NARROWEST, WIDEST), ..look };
    let mut page = Page { look, lines: Vec::new() };
    page.opening(report);
    page.polled(report);
    page.flagged(report);
    page.quiet(report);
    page.delivered(report);
    page.closing(report);
    page.lines
}

struct Page {
    look: Look,
    lines: Vec<String>,
}

impl Page {
    fn opening(&mut self, report: &Report) {
        let entries: usize = report.feeds.iter().map(|feed| feed.entries).sum();
        let text = format!(
            "A made-up news site with {} feeds and {entries} entries, polled {} times, and a webhook \
             receiver that fails at first; all of it on this machine, nothing left behind.",
            report.feeds.len(),
            report.feeds.iter().map(|feed| feed.polls.len()).max().unwrap_or(0),
        );
        self.text(0, &text);
    }

    fn polled(&mut self, report: &Report) {
        self.heading("POLLED", "status of each poll; 304 = unchanged, --- = no answer");
        for feed in &report.feeds {
            let well = feed.polls.iter().any(|poll| poll.is_some_and(|status| status < 400));
            let polls: Vec<String> = feed
                .polls
                .iter()
                .map(|poll| poll.map_or_else(|| "---".to_owned(), |status| status.to_string()))
                .collect();
            let result = match well {
                true => counted(feed.entries, "entry", "entries"),
                false => "no feed".to_owned(),
            };
            // A feed that never came has no format: the reason takes its place where it fits.
            let notes = feed.notes.join(" · ");
            let inline = feed.form.is_empty() && notes.width() <= FORM;
            let form = field(if inline { &notes } else { &feed.form }, FORM);
            let name = field(&feed.name, NAME);
            let polls = self.styled(if well { GOOD } else { BAD }, polls.join(" "));
            self.lines.push(format!("  {name}  {form}  {polls}  {result}"));
            if !inline && !notes.is_empty() {
                self.dim(INDENT, &notes);
            }
        }
    }

    fn flagged(&mut self, report: &Report) {
        let grouped: usize = report.stories.iter().map(|story| story.grouped.len()).sum();
        let told: usize = report.stories.iter().map(|story| story.told.len()).sum();
        let note = format!(
            "{}, {}; {grouped} more entries grouped; evidence is marked",
            counted(report.stories.len(), "story", "stories"),
            counted(told, "alert", "alerts"),
        );
        self.heading("FLAGGED", &note);
        for (index, story) in report.stories.iter().enumerate() {
            if index > 0 {
                self.lines.push(String::new());
            }
            let (first, later) = match story.told.split_first() {
                Some((first, later)) => (Some(first), later),
                None => (None, [].as_slice()),
            };
            if let Some(first) = first {
                self.told("NEW", first, &story.id);
            }
            for (index, one) in story.grouped.iter().enumerate() {
                let told = first.into_iter().flat_map(|told| &told.texts);
                let known = told.map(|text| &text.text).any(|title| *title == one.title)
                    || story.grouped[..index].iter().any(|before| before.title == one.title);
                self.grouped(one, known);
            }
            for one in later {
                self.told("NEW MOVE", one, &story.id);
            }
        }
    }

    fn told(&mut self, word: &str, told: &Told, story: &str) {
        let mut head = format!("{word}  {}", told.move_line);
        if !told.acts.is_empty() {
            head = format!("{head} · {}", told.acts);
        }
        let head = format!("{head} · {}", told.level);
        let ids = format!("{} {story}", told.alert);
        let room = self.look.width.saturating_sub(ids.len() + 4);
        let head = self.styled(BOLD, field(&head, room));
        let ids = self.styled(DIM, ids);
        self.lines.push(format!("  {head}  {ids}"));
        for text in &told.texts {
            let shown = match text.field {
                Field::Title => marked(&text.text, &text.spans),
                _ => excerpt(&text.text, &text.spans),
            };
            self.labelled(text.field.as_str(), &shown);
        }
        let mut why = format!("{} · rule {}", told.outlet, told.rule);
        if !told.also_named.is_empty() {
            why = format!("{why} · also named: {}", told.also_named.join(", "));
        }
        self.dim(INDENT, &why);
    }

    /// Who and how, the headline below where it is another than those above.
    fn grouped(&mut self, one: &Grouped, known: bool) {
        let text = format!("+ {} · {}: {}", one.outlet, one.level, one.reason);
        self.text(INDENT, &text);
        if !known {
            self.dim(INDENT + 2, &format!("“{}”", one.title));
        }
    }

    fn quiet(&mut self, report: &Report) {
        let quiet = report.near.len() + report.plain;
        let note = match report.near.is_empty() {
            true => counted(quiet, "entry", "entries"),
            false => format!("{}; these came closest", counted(quiet, "entry", "entries")),
        };
        self.heading("QUIET", &note);
        for one in report.near.iter().take(NEAR).chain(&report.old) {
            // Both on one line where they fit, so that short headlines stay short.
            let reason = format!("({})", one.reason);
            if one.title.width() + reason.width() + 4 <= self.look.width {
                let reason = self.styled(DIM, reason);
                self.lines.push(format!("  {}  {reason}", one.title));
            } else {
                let room = self.look.width.saturating_sub(2);
                self.lines.push(format!("  {}", cut_to_width(&one.title, room)));
                self.dim(INDENT, &reason);
            }
        }
        let further = report.near.len().saturating_sub(NEAR);
        let counts = [
            (further, "more that lacked something too"),
            (report.plain, "in which no rule saw anything"),
            (report.known, "served again: nothing sent"),
        ];
        let counts = counts.iter().filter(|(count, _)| *count > 0);
        let counts: Vec<String> = counts.map(|(count, what)| format!("{count} {what}")).collect();
        if !counts.is_empty() {
            self.dim(2, &format!("and {}", counts.join(" · ")));
        }
    }

    fn delivered(&mut self, report: &Report) {
        let attempts: usize = report.messages.iter().map(|message| message.attempts.len()).sum();
        let note = format!(
            "{} in {}; a retry keeps its id",
            counted(report.messages.len(), "message", "messages"),
            counted(attempts, "attempt", "attempts"),
        );
        self.heading("DELIVERED", &note);
        for message in &report.messages {
            let tries: Vec<String> = message.attempts.iter().map(attempt).collect();
            let well = message
                .attempts
                .last()
                .and_then(|last| last.status)
                .is_some_and(|status| (200..300).contains(&status));
            let tries = self.styled(if well { GOOD } else { BAD }, tries.join(" → "));
            let id = self.styled(DIM, field(&message.id, ID));
            let room = self.look.width.saturating_sub(2 + ID + 2 + 1 + ATTEMPTS);
            let subject = field(&message.subject, room);
            self.lines.push(format!("  {id}  {subject} {tries}"));
        }
    }

    fn closing(&mut self, report: &Report) {
        let took = report.took.as_secs_f64();
        self.heading("NOW THE REAL THING", &format!("(the demo took {took:.1} s)"));
        let rows = [
            ("pactwatch check", "finds mistakes in config, rules"),
            ("pactwatch run --config config/pactwatch.toml", "watches real feeds"),
            ("[[sink]] in config/pactwatch.toml", "takes your Slack or own webhook"),
        ];
        for (what, note) in rows {
            let what = self.styled(BOLD, field(what, TYPED));
            self.lines.push(format!("  {what}{note}"));
        }
    }

    fn heading(&mut self, title: &str, note: &str) {
        let room = self.look.width.saturating_sub(title.width() + 2);
        let title = self.styled(BOLD, title);
        let note = self.styled(DIM, cut_to_width(note, room));
        self.lines.push(String::new());
        self.lines.push(format!("{title}  {note}"));
    }

    fn text(&mut self, indent: usize, text: &str) {
        self.pieces(indent, &marked(text, &[]), None);
    }

    fn dim(&mut self, indent: usize, text: &str) {
        self.pieces(indent, &marked(text, &[]), Some(DIM));
    }

    /// A label in its column, the text beside it.
    fn labelled(&mut self, label: &str, text: &[Piece]) {
        let begin = self.lines.len();
        self.pieces(INDENT + LABEL + 1, text, None);
        if let Some(line) = self.lines.get_mut(begin) {
            let rest = line.split_off(INDENT + LABEL + 1);
            *line = format!("{:INDENT$}{} {rest}", "", field(label, LABEL));
        }
    }

    /// Wrapped lines at an indent.
    fn pieces(&mut self, indent: usize, pieces: &[Piece], base: Option<Style>) {
        for line in wrap(pieces, self.look, indent) {
            let line = match base {
                Some(style) => self.styled(style, line),
                None => line,
            };
            self.lines.push(format!("{:indent$}{line}", ""));
        }
    }

    fn styled(&self, style: Style, text: impl std::fmt::Display) -> String {
        match self.look.colour {
            true => format!("{style}{text}{style:#}"),
            false => text.to_string(),
        }
    }
}

/// `429 (wait 1 s)`
fn attempt(one: &Attempted) -> String {
    let status = one.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    match one.retry_after {
        Some(wait) => format!("{status} (wait {} s)", wait.as_secs()),
        None => status,
    }
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests;
