//! `console`: the message as plain lines on standard output, for a first run and for pipes.

use std::fmt;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use futures_util::future::BoxFuture;

use super::contract::{Answer, Letter, Parcel, Sink, Stationery};
use super::parts::Parts;
use crate::model::{Outcome, Sealed};
use crate::text::clean_lines;

/// Writes messages to a stream.
pub(super) struct Console {
    out: Mutex<Box<dyn Write + Send>>,
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Console")
    }
}

impl Console {
    /// Writes to standard output.
    pub(super) fn stdout() -> Self {
        Self::new(std::io::stdout())
    }

    /// Writes to any stream.
    pub(super) fn new(out: impl Write + Send + 'static) -> Self {
        Self { out: Mutex::new(Box::new(out)) }
    }
}

/// The message as lines; evidence between asterisks.
fn lines(parts: &Parts) -> String {
    let mut lines = vec![parts.verdict.clone()];
    let link = parts.link.as_deref().unwrap_or("no link");
    lines.push(format!("  {}", parts.headline));
    lines.push(format!("  {} · {link}", parts.source));
    let mut shown = String::new();
    if let Some(evidence) = &parts.evidence {
        for (piece, marked) in evidence.pieces() {
            match marked {
                true => shown.push_str(&format!("*{piece}*")),
                false => shown.push_str(&piece),
            }
        }
        if !parts.evidence_from.is_empty() {
            shown = format!("“{shown}” ({})", parts.evidence_from);
        }
        lines.push(format!("  {shown}"));
    }
    let labelled =
        [("Also named", &parts.also_named), ("Before", &parts.before), ("Also in", &parts.also_in)];
    for (label, text) in labelled {
        if !text.is_empty() {
            lines.push(format!("  {label}: {text}"));
        }
    }
    lines.push(format!("  {}", parts.id));
    lines.join("\n")
}

impl Sink for Console {
    fn kind(&self) -> &'static str {
        "console"
    }

    fn chat(&self) -> bool {
        false
    }

    fn in_flight(&self) -> usize {
        1
    }

    fn render(&self, letter: &Letter, stationery: &Stationery) -> Sealed {
        let text = match letter {
            Letter::Alert(view) => lines(&Parts::of(view, stationery)),
            Letter::Digest(views) => {
                let parts = views.iter().map(|view| lines(&Parts::of(view, stationery)));
                parts.collect::<Vec<_>>().join("\n")
            }
            Letter::Ping => "A test from pactwatch. Nothing has happened.".to_owned(),
        };
        // Cleaned at intake already; a terminal is worth a second look.
        let safe: Vec<String> = text
            .lines()
            .map(|line| {
                let indent = line.len() - line.trim_start().len();
                format!("{}{}", &line[..indent], clean_lines(line))
            })
            .collect();
        let body = format!("{}\n", safe.join("\n")).into_bytes();
        Sealed { content_type: "text/plain; charset=utf-8".to_owned(), body }
    }

    fn fallback(&self, _: &Letter, _: &Stationery) -> Option<Sealed> {
        None
    }

    fn send<'a>(&'a self, parcel: Parcel<'a>) -> BoxFuture<'a, Answer> {
        let written = {
            let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
            out.write_all(&parcel.sealed.body).and_then(|()| out.flush())
        };
        let answer = match written {
            Ok(()) => Answer {
                outcome: Outcome::Delivered { thread: None },
                status: None,
                error: None,
                body: String::new(),
            },
            Err(error) => Answer {
                outcome: Outcome::Retry { after: None },
                status: None,
                error: Some(format!("standard output cannot be written: {error}")),
                body: String::new(),
            },
        };
        Box::pin(std::future::ready(answer))
    }
}
