//! `console`: the message as plain lines on standard output, for a first run and for pipes.
//!
//! A pipe that nobody reads blocks its writer. So a thread aside writes, and an attempt waits for it
//! no longer than for any other receiver; what the thread could write after all is not written again.

use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::Mutex;

use super::contract::{Answer, Letter, Nature, Parcel, Proof, Sink, Stationery};
use super::notice::Notice;
use super::parts::Parts;
use super::{BuildError, SinkConfig, Workshop};
use crate::model::{MessageId, Outcome, Sealed};
use crate::setting::Table;
use crate::text::clean_lines;

/// What holds for every one of its kind.
const NATURE: Nature = Nature {
    chat: false,
    digest: usize::MAX,
    digest_bytes: usize::MAX,
    in_flight: 1,
    acceptance: "it was written to standard output",
    rate: None,
};

/// The keys of `type = "console"`: none.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Section;

impl Section {
    pub(super) fn read(_: &Table<'_>) -> Option<Self> {
        Some(Self)
    }

    pub(super) fn build(&self, _: &SinkConfig, _: &Workshop) -> Result<Console, BuildError> {
        Ok(Console::new(io::stdout()))
    }
}

/// Writes messages to a stream.
pub(super) struct Console {
    stream: Arc<Mutex<Stream>>,
}

struct Stream {
    out: Box<dyn Write + Send>,
    /// What was written last, whether anybody waited for it or not.
    written: Option<MessageId>,
}

impl Stream {
    fn write(&mut self, id: MessageId, body: &[u8]) -> io::Result<()> {
        if self.written.as_ref() == Some(&id) {
            return Ok(());
        }
        self.out.write_all(body)?;
        self.out.flush()?;
        self.written = Some(id);
        Ok(())
    }
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Console")
    }
}

impl Console {
    /// Writes to any stream.
    pub(super) fn new(out: impl Write + Send + 'static) -> Self {
        let stream = Stream { out: Box::new(out), written: None };
        Self { stream: Arc::new(Mutex::new(stream)) }
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
    if let Some(follows) = &parts.follows {
        lines.push(format!("  Follows {}", follows.text));
    }
    let labelled = [
        ("In English", &parts.gloss),
        ("Also named", &parts.also_named),
        ("Before", &parts.before),
        ("Also in", &parts.also_in),
    ];
    for (label, text) in labelled {
        if !text.is_empty() {
            lines.push(format!("  {label}: {text}"));
        }
    }
    lines.push(format!("  {}", parts.id));
    lines.join("\n")
}

impl Sink for Console {
    fn nature(&self) -> Nature {
        NATURE
    }

    fn render(&self, letter: &Letter, stationery: &Stationery) -> Result<Sealed, String> {
        let text = match letter {
            Letter::Alert(view) => lines(&Parts::of(view, stationery)),
            Letter::Digest(views) => {
                let parts = views.iter().map(|view| lines(&Parts::of(view, stationery)));
                parts.collect::<Vec<_>>().join("\n")
            }
            Letter::Event(event) => Notice::of(event, stationery).text(),
            Letter::Ping => super::PING.to_owned(),
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
        Ok(Sealed { content_type: "text/plain; charset=utf-8".to_owned(), body })
    }

    fn proof(&self, parcel: Parcel<'_>) -> Result<Proof, Answer> {
        let to = "standard output".to_owned();
        Ok(Proof { to, headers: Vec::new(), body: parcel.sealed.body.clone() })
    }

    fn send<'a>(&'a self, parcel: Parcel<'a>) -> BoxFuture<'a, Answer> {
        let (stream, id) = (self.stream.clone(), parcel.id.clone());
        let body = parcel.sealed.body.clone();
        Box::pin(async move {
            // The thread keeps the stream until it is done: no second one blocks behind it.
            let writing = async {
                let mut stream = stream.lock_owned().await;
                tokio::task::spawn_blocking(move || stream.write(id, &body)).await
            };
            let (outcome, error) = match tokio::time::timeout(parcel.timeout, writing).await {
                Ok(Ok(Ok(()))) => (Outcome::Delivered { thread: None }, None),
                Ok(Ok(Err(error))) => {
                    let why = format!("standard output cannot be written: {error}");
                    (Outcome::Retry { after: None }, Some(why))
                }
                Ok(Err(_)) => {
                    let why = "writing to standard output failed inside pactwatch";
                    (Outcome::Retry { after: None }, Some(why.to_owned()))
                }
                Err(_) => {
                    let why = "nobody reads standard output: it took nothing in time";
                    (Outcome::Retry { after: None }, Some(why.to_owned()))
                }
            };
            Answer { outcome, status: None, error, body: String::new() }
        })
    }
}
