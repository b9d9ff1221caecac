//! What every command prints with: lines, tables that fit the terminal, JSON lines, colour only on a
//! terminal.

use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, Write};
#[cfg(test)]
use std::sync::{Arc, Mutex};

use anstyle::{AnsiColor, Style};
use serde::Serialize;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Headings.
pub(crate) const BOLD: Style = Style::new().bold();
/// What matters less.
pub(crate) const DIM: Style = Style::new().dimmed();
/// Evidence, new things.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// Trouble.
pub(crate) const BAD: Style = AnsiColor::Red.on_default();

/// A table column is not cut below this width.
const NARROWEST: usize = 8;
/// Nothing in one line is wider than this, be there no terminal: headlines can be ten thousand long.
const LONGEST: usize = 240;
/// Blanks between columns.
const GAP: usize = 2;

/// Where results go.
pub(crate) struct Screen {
    out: Box<dyn Write>,
    json: bool,
    colour: bool,
    width: Option<usize>,
}

impl Screen {
    /// Standard output; colour and width as the terminal has them.
    pub(crate) fn stdout(json: bool) -> Self {
        let stdout = anstream::stdout();
        let colour = stdout.current_choice() != anstream::ColorChoice::Never && !json;
        let width = io::stdout().is_terminal().then(terminal_width);
        Self { out: Box::new(BufWriter::new(stdout)), json, colour, width }
    }

    /// A terminal of this width, and what it shows.
    #[cfg(test)]
    pub(crate) fn of_width(width: usize) -> (Self, Arc<Mutex<Vec<u8>>>) {
        struct Shown(Arc<Mutex<Vec<u8>>>);
        impl Write for Shown {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.lock().unwrap().extend_from_slice(bytes);
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let shown = Arc::default();
        let out = Box::new(Shown(Arc::clone(&shown)));
        (Self { out, json: false, colour: false, width: Some(width) }, shown)
    }

    /// Whether JSON lines are wanted.
    pub(crate) fn json(&self) -> bool {
        self.json
    }

    /// Whether styles show.
    pub(crate) fn colour(&self) -> bool {
        self.colour
    }

    /// Whether somebody looks at it as it comes.
    pub(crate) fn is_terminal(&self) -> bool {
        self.width.is_some()
    }

    /// Columns of the terminal; 80 where there is none.
    pub(crate) fn width(&self) -> usize {
        self.width.unwrap_or(80)
    }

    /// One line of text.
    pub(crate) fn line(&mut self, text: impl Display) -> io::Result<()> {
        writeln!(self.out, "{text}")
    }

    /// One line of text, cut where the terminal is narrower, or where nobody would read on.
    pub(crate) fn fitted(&mut self, text: &str) -> io::Result<()> {
        self.line(cut_to_width(text, self.width.unwrap_or(LONGEST)))
    }

    /// Text in a style, plain where colour is off.
    pub(crate) fn styled(&self, style: Style, text: impl Display) -> String {
        match self.colour {
            true => format!("{style}{text}{style:#}"),
            false => text.to_string(),
        }
    }

    /// One JSON object as a line.
    pub(crate) fn object(&mut self, value: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, value)?;
        writeln!(self.out)
    }

    /// Rows under a head; the widest columns give way where the terminal is narrow, but for those that
    /// are of use whole alone.
    pub(crate) fn table(&mut self, head: &[Head<'_>], rows: &[Vec<String>]) -> io::Result<()> {
        let mut widths = widths(head, rows);
        if let Some(limit) = self.width {
            shrink(&mut widths, head, limit);
        }
        let title: Vec<String> = head.iter().map(|cell| cell.text.to_owned()).collect();
        let text = laid_out(&title, &widths);
        let styled = self.styled(DIM, text);
        self.line(styled)?;
        for row in rows {
            let text = laid_out(row, &widths);
            self.line(text)?;
        }
        Ok(())
    }

    /// Whether a table can be shrunk to the width there is.
    pub(crate) fn fits(&self, head: &[Head<'_>], rows: &[Vec<String>]) -> bool {
        let Some(limit) = self.width else { return true };
        let mut widths = widths(head, rows);
        shrink(&mut widths, head, limit);
        total(&widths) <= limit
    }

    /// Hands everything to the system.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// The head of a column.
pub(crate) struct Head<'t> {
    /// What stands above it.
    pub(crate) text: &'t str,
    /// Whether its cells are never cut.
    pub(crate) whole: bool,
}

/// The columns as wide as their cells, within what somebody reads.
fn widths(head: &[Head<'_>], rows: &[Vec<String>]) -> Vec<usize> {
    let mut widths: Vec<usize> = head.iter().map(|cell| cell.text.width()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width().min(LONGEST));
        }
    }
    widths
}

fn total(widths: &[usize]) -> usize {
    widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1)
}

/// Takes columns from the widest that may be cut until the row fits.
fn shrink(widths: &mut [usize], head: &[Head<'_>], limit: usize) {
    while total(widths) > limit {
        let pliant = widths.iter_mut().zip(head).filter(|(_, head)| !head.whole);
        let Some(widest) = pliant.map(|(width, _)| width).max() else { return };
        if *widest <= NARROWEST {
            return;
        }
        *widest -= 1;
    }
}

fn laid_out(row: &[String], widths: &[usize]) -> String {
    let mut text = String::new();
    for (index, (cell, width)) in row.iter().zip(widths).enumerate() {
        let cut = cut_to_width(cell, *width);
        text.push_str(&cut);
        if index + 1 < row.len() {
            text.push_str(&" ".repeat(width.saturating_sub(cut.width()) + GAP));
        }
    }
    text.truncate(text.trim_end().len());
    text
}

/// Cuts a text to a number of terminal columns, with an ellipsis where something is missing.
pub(crate) fn cut_to_width(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut cut = String::new();
    let mut used = 0;
    for c in text.chars() {
        let columns = c.width().unwrap_or(0);
        if used + columns + 1 > width {
            break;
        }
        used += columns;
        cut.push(c);
    }
    cut.push('…');
    cut
}

fn terminal_width() -> usize {
    terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0)).max(40)
}

/// Whether error reports may be coloured.
pub(crate) fn stderr_colour() -> bool {
    anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never
}

/// Whether the reader of our output has gone.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let io = cause.downcast_ref::<io::Error>();
        let json =
            cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
        io.map(io::Error::kind).or(json) == Some(io::ErrorKind::BrokenPipe)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_text_is_cut_by_columns_not_letters() {
        assert_eq!(cut_to_width("日本が参加", 5), "日本…");
        assert_eq!(cut_to_width("short", 5), "short");
    }

    #[test]
    fn the_widest_column_gives_way() {
        let head = |whole| Head { text: "", whole };
        let mut widths = vec![5, 60, 30];
        shrink(&mut widths, &[head(false), head(false), head(false)], 80);
        assert_eq!(total(&widths), 80);
        assert_eq!(widths[0], 5);
        let mut widths = vec![36, 60, 16];
        shrink(&mut widths, &[head(true), head(false), head(true)], 80);
        assert_eq!(widths, [36, 24, 16]);
    }

    #[test]
    fn a_headline_without_end_is_cut_where_there_is_no_terminal_too() {
        let rows = vec![vec!["A-1".to_owned(), "x".repeat(10_000)]];
        let head = ["ID", "TITLE"].map(|text| Head { text, whole: false });
        assert_eq!(widths(&head, &rows), [3, LONGEST]);
    }
}
