//! The program under test with a folder of its own: config, database, and how to run it.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::world::PATIENCE;

const BINARY: &str = env!("CARGO_BIN_EXE_pactwatch");

/// A folder with a config.
pub(crate) struct Program {
    folder: TempDir,
}

impl Program {
    /// Rules are the shipped ones unless the config says otherwise.
    pub(crate) fn new(config: &str) -> Self {
        let program = Self { folder: tempfile::tempdir().unwrap() };
        program.configure(config);
        program
    }

    /// A config with these feeds and one webhook, loopback allowed, retries in milliseconds.
    pub(crate) fn config(feeds: &[String], hook: &str) -> String {
        let mut text = String::from(
            "include = [\"builtin:alliances\"]\n\
             database = \"test.db\"\n\
             [poll]\nmin = \"100ms\"\n\
             [network]\nallow_private = [\"127.0.0.0/8\"]\ncontact = \"test\"\n\
             [web]\nlisten = \"\"\n\
             [delivery]\nretry = [\"50ms\", \"100ms\", \"200ms\"]\n",
        );
        for (index, url) in feeds.iter().enumerate() {
            text.push_str(&format!(
                "[[feed]]\nname = \"feed {index}\"\nurl = \"{url}\"\nevery = \"150ms\"\n"
            ));
        }
        text.push_str(&format!(
            "[[sink]]\nname = \"hook\"\ntype = \"webhook\"\nurl = \"{hook}\"\n\
             allow_private = [\"127.0.0.0/8\"]\n"
        ));
        text
    }

    pub(crate) fn configure(&self, config: &str) {
        std::fs::write(self.path("pactwatch.toml"), config).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The program with these arguments, in its folder, without the surroundings' settings.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.prepared(BINARY);
        command.args(arguments);
        command
    }

    fn prepared(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.folder())
            .env_remove("PACTWATCH_CONFIG")
            .env_remove("PACTWATCH_LOG")
            .env_remove("NOTIFY_SOCKET")
            .env_remove("STATE_DIRECTORY")
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Runs a command of the program on its config to the end.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Output {
        let mut all = arguments.to_vec();
        all.extend(["--config", "pactwatch.toml"]);
        let output = self.command(&all).output();
        tokio::time::timeout(PATIENCE, output).await.expect("the command did not end").unwrap()
    }

    /// Runs a listing and reads its JSON lines; it must succeed.
    pub(crate) async fn json(&self, arguments: &[&str]) -> Vec<Value> {
        let mut all = arguments.to_vec();
        all.push("--json");
        let output = self.run(&all).await;
        assert!(output.status.success(), "{arguments:?}: {}", errors(&output));
        text(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Starts the daemon; its log goes to `daemon.log` in the folder.
    pub(crate) fn start(&self) -> Child {
        self.start_with(&[])
    }

    /// Starts the daemon after a shell has done something; its log is short.
    #[cfg(target_os = "linux")]
    pub(crate) fn start_after(&self, first: &str) -> Child {
        let log = std::fs::File::create(self.path("daemon.log")).unwrap();
        let mut command = self.prepared("sh");
        command.args(["-c", &format!("{first}; exec \"$0\" \"$@\""), BINARY]);
        command.args(["run", "--config", "pactwatch.toml"]).env("PACTWATCH_LOG", "info");
        command.stdout(Stdio::null()).stderr(log).spawn().unwrap()
    }

    /// Starts the daemon with more variables.
    pub(crate) fn start_with(&self, variables: &[(&str, &str)]) -> Child {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.path("daemon.log"))
            .unwrap();
        let mut command = self.command(&["run", "--config", "pactwatch.toml"]);
        command.stdout(Stdio::null()).stderr(log).env("PACTWATCH_LOG", "debug");
        command.envs(variables.iter().copied());
        command.spawn().unwrap()
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.path("daemon.log")).unwrap_or_default()
    }
}

impl Program {
    /// Waits until the daemon's log holds this; there is nothing but the file to listen to.
    pub(crate) async fn logged(&self, what: &str) {
        let written = async {
            while !self.log().contains(what) {
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, written).await;
        assert!(waited.is_ok(), "`{what}` was never logged:\n{}", self.log());
    }
}

/// Asks a daemon to stop and waits for its exit code.
pub(crate) async fn stop(mut child: Child) -> Option<i32> {
    signal(&child, "TERM");
    let ended = tokio::time::timeout(PATIENCE, child.wait()).await;
    ended.expect("the daemon did not stop").unwrap().code()
}

/// Sends a signal to a child of ours, by its process id.
pub(crate) fn signal(child: &Child, name: &str) {
    let id = child.id().expect("the daemon has ended already").to_string();
    let sent = std::process::Command::new("kill").args([&format!("-{name}"), &id]).status();
    assert!(sent.unwrap().success());
}

pub(crate) fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn errors(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}
