//! `exec`: a program of the operator's own, started for each message, with the JSON of `webhook` on
//! its standard input.
//!
//! No shell, an environment of three variables, a bounded time and a bounded answer. It runs in a
//! process group of its own, which is killed when the time is over: what it started goes with it.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::contract::{Answer, Letter, Nature, Parcel, Proof, Sink, Stationery};
use super::http::{failed, late, refused};
use super::payload::payload;
use super::place::number;
use super::{BuildError, DIGEST, DIGEST_BYTES, SinkConfig, Workshop};
use crate::model::{Outcome, Refusal, Sealed};
use crate::setting::{Diagnostic, Table};
use crate::text::{clean_lines, cut};

/// Bytes of an answer that are kept while it runs; more is read and forgotten.
const KEPT: usize = 16 << 10;
/// Characters of the answer that are shown.
const SHOWN: usize = 2000;
/// How long its pipes may stay open after it has ended.
const AFTERWARDS: Duration = Duration::from_millis(200);
/// The variable that holds the message's id.
const VARIABLE: &str = "PACTWATCH_MESSAGE";
/// Where programs are looked for that are named without a path.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// What holds for every one of its kind.
const NATURE: Nature = Nature {
    chat: false,
    digest: DIGEST,
    digest_bytes: DIGEST_BYTES,
    in_flight: 1,
    acceptance: "the program ended with 0",
    rate: None,
};

/// The keys of `type = "exec"`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Section {
    program: String,
    arguments: Vec<String>,
}

impl Section {
    pub(super) fn read(table: &Table<'_>) -> Option<Self> {
        const HELP: &str =
            "write the program and its arguments: command = [\"/usr/local/bin/tell\"]";
        if !table.has("command") {
            table.value("command");
            table.missing("command", HELP);
            return None;
        }
        let mut words = table.strings("command")?.into_iter();
        let wrong = |at, why: &str| table.problems().add(Diagnostic::error(at, why).help(HELP));
        let Some((program, at)) = words.next().filter(|(word, _)| !word.trim().is_empty()) else {
            wrong(table.at("command"), "`command` names no program");
            return None;
        };
        if !program.starts_with('/') && program.contains('/') {
            wrong(at, "`command` wants a whole path, or a bare name");
            return None;
        }
        if program.contains(char::is_whitespace) && !Path::new(&program).exists() {
            wrong(at, "`command` names a program with blanks: there is no shell that splits it");
            return None;
        }
        Some(Self { program, arguments: words.map(|(word, _)| word).collect() })
    }

    pub(super) fn build(&self, _: &SinkConfig, _: &Workshop) -> Result<Exec, BuildError> {
        let found = match self.program.starts_with('/') {
            true => is_program(Path::new(&self.program)),
            false => {
                PATH.split(':').any(|folder| is_program(&Path::new(folder).join(&self.program)))
            }
        };
        match found {
            true => Ok(Exec { section: self.clone() }),
            false => Err(BuildError::Value {
                key: "command",
                why: format!(
                    "there is no program `{}`\nwrite its path, and make it executable (chmod +x)",
                    self.program
                ),
            }),
        }
    }
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// A program.
#[derive(Debug)]
pub(super) struct Exec {
    section: Section,
}

/// Kills a process group unless told that it has ended.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // It may have ended by itself meanwhile.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// What it wrote, from both of its pipes.
#[derive(Default)]
struct Said(Mutex<Vec<u8>>);

impl Said {
    async fn listen(&self, mut pipe: impl AsyncRead + Unpin) {
        let mut buffer = [0; 4096];
        while let Ok(length @ 1..) = pipe.read(&mut buffer).await {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let room = KEPT - kept.len();
            kept.extend_from_slice(&buffer[..length.min(room)]);
        }
    }

    fn shown(&self) -> String {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cut(&clean_lines(&String::from_utf8_lossy(&kept)), SHOWN).to_owned()
    }
}

impl Exec {
    async fn attempt(&self, parcel: Parcel<'_>) -> Answer {
        let deadline = Instant::now() + parcel.timeout;
        let program = &self.section.program;
        let spawned = Command::new(program)
            .args(&self.section.arguments)
            .env_clear()
            .env("PATH", PATH)
            .env("LANG", "C.UTF-8")
            .env(VARIABLE, parcel.id.as_str())
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn();
        let mut child = match spawned {
            Ok(child) => child,
            Err(error) => return refused(format!("`{program}` cannot be started: {error}")),
        };
        let leader = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        let mut group = Group(leader);
        let said = Said::default();
        let (input, output, errors) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let tell = async {
            if let Some(mut input) = input {
                // A program that does not read its input is free to.
                let _ = input.write_all(&parcel.sealed.body).await;
            }
        };
        let listen = async {
            if let (Some(output), Some(errors)) = (output, errors) {
                tokio::join!(said.listen(output), said.listen(errors));
            }
        };
        let pipes = async { tokio::join!(tell, listen) };
        tokio::pin!(pipes);
        let mut closed = false;
        let ended = loop {
            tokio::select! {
                status = child.wait() => break Some(status),
                _ = &mut pipes, if !closed => closed = true,
                () = sleep_until(deadline) => break None,
            }
        };
        let status = match ended {
            None => {
                drop(group);
                return Answer { body: said.shown(), ..late() };
            }
            Some(Ok(status)) => status,
            Some(Err(error)) => {
                let why = format!("`{program}` cannot be waited for: {error}");
                return failed(Outcome::Retry { after: None }, why);
            }
        };
        // Its children may hold its pipes. They are of its group, and end with it.
        if closed || timeout_at(Instant::now() + AFTERWARDS, &mut pipes).await.is_ok() {
            group.0 = None;
        }
        judge(program, status, said.shown())
    }
}

/// 0 is a yes; some numbers of sysexits.h say what is wrong; all else may pass.
fn judge(program: &str, status: ExitStatus, body: String) -> Answer {
    let outcome = match status.code() {
        Some(0) => Outcome::Delivered { thread: None },
        // EX_DATAERR.
        Some(65) => Outcome::Refused(Refusal::Message),
        // EX_USAGE, EX_NOPERM, EX_CONFIG, and what shells say of programs that are not there.
        Some(64 | 77 | 78 | 126 | 127) => Outcome::Refused(Refusal::Endpoint),
        _ => Outcome::Retry { after: None },
    };
    let error = match outcome {
        Outcome::Delivered { .. } => None,
        _ => {
            let ended = match status.code() {
                Some(code) => format!("`{program}` ended with {code}"),
                None => format!("`{program}` was killed"),
            };
            let first = body.lines().next().unwrap_or_default();
            Some(match first.is_empty() {
                true => ended,
                false => format!("{ended}: {}", cut(first, 200)),
            })
        }
    };
    Answer { outcome, status: None, error, body }
}

impl Sink for Exec {
    fn nature(&self) -> Nature {
        NATURE
    }

    fn identity(&self) -> Option<u64> {
        let words = std::iter::once(&self.section.program).chain(&self.section.arguments);
        Some(number(&words.map(String::as_str).collect::<Vec<_>>()))
    }

    fn render(&self, letter: &Letter, stationery: &Stationery) -> Result<Sealed, String> {
        let body = payload(letter, stationery).to_string().into_bytes();
        Ok(Sealed { content_type: "application/json".to_owned(), body })
    }

    fn proof(&self, parcel: Parcel<'_>) -> Result<Proof, Answer> {
        let words = std::iter::once(&self.section.program).chain(&self.section.arguments);
        let words: Vec<String> = words.map(|word| format!("{word:?}")).collect();
        let headers = vec![(VARIABLE.to_owned(), parcel.id.to_string())];
        Ok(Proof { to: words.join(" "), headers, body: parcel.sealed.body.clone() })
    }

    fn send<'a>(&'a self, parcel: Parcel<'a>) -> BoxFuture<'a, Answer> {
        Box::pin(self.attempt(parcel))
    }
}
