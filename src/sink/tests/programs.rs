//! Receivers that are programs: the console's reader, and `exec`.

use std::sync::{Arc, Mutex};

use super::*;

/// A pipe that takes nothing before it is opened, and keeps what it got.
struct Pipe {
    opened: std::sync::mpsc::Receiver<()>,
    got: Arc<Mutex<Vec<u8>>>,
}

impl std::io::Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        // An end, so that a mistake fails and does not hang.
        let _ = self.opened.recv_timeout(Duration::from_secs(20));
        self.got.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_console_that_nobody_reads_holds_up_nothing_and_repeats_nothing() {
    let (open, opened) = std::sync::mpsc::channel();
    let got = Arc::new(Mutex::new(Vec::new()));
    let console = console::Console::new(Pipe { opened, got: got.clone() });
    let sealed = Sink::render(&console, &Letter::Ping, &stationery()).unwrap();
    let id = MessageId::new("msg_1");
    let parcel = |timeout| Parcel { id: &id, sealed: &sealed, timeout };
    let blocked = console.send(parcel(Duration::from_millis(20))).await;
    assert!(matches!(blocked.outcome, Outcome::Retry { .. }), "{blocked:?}");
    let still = console.send(parcel(Duration::from_millis(20))).await;
    assert!(still.error.is_some_and(|why| why.contains("nobody reads")));
    open.send(()).unwrap();
    let taken = console.send(parcel(Duration::from_secs(20))).await;
    assert!(matches!(taken.outcome, Outcome::Delivered { .. }), "{taken:?}");
    assert_eq!(*got.lock().unwrap(), sealed.body, "it was not written once");
}

fn exec(script: &str) -> Outlet {
    let quoted = serde_json::to_string(script).unwrap();
    outlet(&format!(
        "[[sink]]\nname = 'x'\ntype = 'exec'\ncommand = ['sh', '-c', {quoted}, 'tell', 'one; two']\n"
    ))
}

async fn within(outlet: &Outlet, timeout: Duration) -> Answer {
    let sealed = outlet.sink.render(&Letter::Alert(Box::new(wire())), &stationery()).unwrap();
    let id = MessageId::new("msg_1");
    outlet.sink.send(Parcel { id: &id, sealed: &sealed, timeout }).await
}

const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_program_gets_the_message_its_arguments_and_nothing_else() {
    let answer = within(&exec("cat; echo; echo \"$1\"; env | sort"), PATIENCE).await;
    assert_eq!(answer.outcome, Outcome::Delivered { thread: None }, "{answer:?}");
    assert!(answer.body.starts_with("{\"type\":\"alert.raised\""), "{}", answer.body);
    let long =
        within(&exec("cat >/dev/null; echo \"$1\"; env | cut -d= -f1 | sort"), PATIENCE).await;
    let lines: Vec<&str> = long.body.lines().collect();
    assert_eq!(lines[0], "one; two");
    // The shell adds some of its own.
    let ours: Vec<&&str> =
        lines[1..].iter().filter(|name| !["PWD", "OLDPWD", "SHLVL", "_"].contains(name)).collect();
    assert_eq!(ours, [&"LANG", &"PACTWATCH_MESSAGE", &"PATH"]);
}

#[tokio::test]
async fn how_a_program_ends_says_what_it_means() {
    for (script, expected, said) in [
        ("exit 0", Outcome::Delivered { thread: None }, ""),
        ("echo no room >&2; exit 1", Outcome::Retry { after: None }, "ended with 1: no room"),
        ("exit 65", Outcome::Refused(Refusal::Message), "ended with 65"),
        ("exit 78", Outcome::Refused(Refusal::Endpoint), "ended with 78"),
        ("kill -9 $$", Outcome::Retry { after: None }, "was killed"),
        // It reads nothing and says too much.
        ("head -c 3000000 /dev/zero | tr '\\0' x; exit 0", Outcome::Delivered { thread: None }, ""),
    ] {
        let answer = within(&exec(script), PATIENCE).await;
        assert_eq!(answer.outcome, expected, "{script}: {answer:?}");
        assert!(answer.error.unwrap_or_default().contains(said), "{script}");
        assert!(answer.body.chars().count() <= 2000);
    }
}

/// The child of a program that hangs is of its group; its death closes the pipe that the test holds.
#[tokio::test]
async fn a_program_that_hangs_is_killed_with_what_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    for (tail, outcome) in [
        ("wait", Outcome::Retry { after: None }),
        // It ends, and leaves one behind that holds its output.
        ("exit 0", Outcome::Delivered { thread: None }),
    ] {
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        let reader = {
            let pipe = pipe.clone();
            // Ends when the last writer has gone.
            tokio::task::spawn_blocking(move || std::fs::read_to_string(pipe).unwrap())
        };
        let script =
            format!("(exec 3>'{}'; echo up >&3; sleep 600) & sleep 0.2; {tail}", pipe.display());
        let timeout = if tail == "wait" { Duration::from_millis(1500) } else { PATIENCE };
        let answer = within(&exec(&script), timeout).await;
        assert_eq!(answer.outcome, outcome, "{tail}: {answer:?}");
        let read =
            tokio::time::timeout(PATIENCE, reader).await.expect("its child lives on").unwrap();
        assert_eq!(read, "up\n");
        std::fs::remove_file(&pipe).unwrap();
    }
}
