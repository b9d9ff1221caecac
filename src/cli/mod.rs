//! The command line: one file a command family. Results go to stdout, errors to stderr.
//!
//! Exit codes: 0 done, 1 failed, 2 usage, 78 bad config (`sysexits.h`; the unit file does not
//! restart on it).

mod alerts;
mod check;
mod deliveries;
mod demo;
mod explain;
mod feeds;
mod init;
mod ledger;
mod listing;
mod marks;
mod packaging;
mod picture;
mod progress;
mod replay;
mod run;
mod score;
mod screen;
mod sinks;
mod status;
mod store;
mod stories;
mod together;
mod why;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::{self, Config, Report};
use crate::daemon::Unusable;
use crate::logging::{self, LogFormat};
use crate::setting::Severity;
use crate::store::{Access, Store};
use screen::Screen;

/// Something failed.
const FAILED: u8 = 1;
/// The config is refused (`EX_CONFIG` of `sysexits.h`).
const BAD_CONFIG: u8 = 78;

/// pactwatch tells you the moment an alliance grows.
#[derive(Debug, Parser)]
#[command(
    name = "pactwatch",
    version,
    about = "Watches news feeds and tells you the moment an alliance grows.",
    after_help = "Without a command it runs the daemon. Try `pactwatch demo` first: it needs no \
                  network and no config."
)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Options of every command.
#[derive(Debug, Args)]
struct Common {
    /// Config file [env: PACTWATCH_CONFIG; default: config/pactwatch.toml, then
    /// /etc/pactwatch/pactwatch.toml]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// One JSON object a line instead of text
    #[arg(long, global = true)]
    json: bool,
    /// Form of log lines on stderr
    #[arg(long, global = true, value_enum, default_value = "text", value_name = "FORM")]
    log_format: LogFormat,
    /// Level or filter of log lines, like `debug` or `pactwatch::deliver=debug`
    #[arg(long, global = true, env = "PACTWATCH_LOG", value_name = "FILTER")]
    log: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the daemon (the default)
    Run,
    /// Poll what is due, attempt what is queued once, exit
    Once(run::OnceArgs),
    /// Show the whole pipeline at work, without network or config
    Demo(demo::DemoArgs),
    /// Write a config to begin with, every key explained
    Init,
    /// Check config, rules with their examples, secrets and database
    Check {
        /// Try every feed and every sink as well; nobody is told anything, nothing is stored
        #[arg(long)]
        online: bool,
    },
    /// Feeds, queue, last alerts, problems and what to do about them
    Status,
    /// Which rules match a text and why, which nearly did
    Explain(explain::ExplainArgs),
    /// The whole way of one item: why it was told, or was not
    Why(why::WhyArgs),
    /// Run the rules over stored history or a file of items
    Replay(replay::ReplayArgs),
    /// Who stands where at which alliance's door
    Ledger(ledger::LedgerArgs),
    /// Health of feeds; read one as the daemon would
    #[command(subcommand)]
    Feeds(feeds::FeedsCommand),
    /// What was raised
    #[command(subcommand)]
    Alerts(alerts::AlertsCommand),
    /// Which items tell the same event
    #[command(subcommand)]
    Stories(stories::StoriesCommand),
    /// The queue and the dead letters
    #[command(subcommand)]
    Deliveries(deliveries::DeliveriesCommand),
    /// The receivers
    #[command(subcommand)]
    Sinks(sinks::SinksCommand),
    /// The database
    #[command(subcommand)]
    Store(store::StoreCommand),
    /// Completions for a shell, to install
    Completions(packaging::CompletionsArgs),
    /// Manual pages, to install
    Man(packaging::ManArgs),
}

/// Reads the arguments and runs the command.
pub fn main() -> ExitCode {
    let mut cli = Cli::parse();
    // Read here and not by clap, which takes a variable that is set to nothing for a mistake.
    cli.common.config = cli.common.config.or_else(|| {
        std::env::var_os("PACTWATCH_CONFIG").filter(|path| !path.is_empty()).map(PathBuf::from)
    });
    // Two TLS providers in one process would make rustls refuse to choose; ours is named first.
    // An error means that one is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // Commands for people stay quiet unless something is wrong; the daemon tells what it does.
    let daemon = matches!(cli.command, None | Some(Command::Run));
    // What fails in the demo fails on purpose, and its report says so.
    let demo = matches!(cli.command, Some(Command::Demo(_)));
    let usual = if daemon {
        "info"
    } else if demo {
        "off"
    } else {
        "warn"
    };
    let filter = cli.common.log.as_deref().filter(|filter| !filter.is_empty()).unwrap_or(usual);
    logging::start(cli.common.log_format, filter);
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return complain(&anyhow::anyhow!("failed to start: {error}")),
    };
    let mut screen = Screen::stdout(cli.common.json);
    let outcome = runtime.block_on(dispatch(cli, &mut screen)).and_then(|code| {
        // The daemon says nothing here, and a console sink may be stuck in the same stream.
        if !daemon {
            screen.flush()?;
        }
        Ok(code)
    });
    // Blocking work that was given up (a lookup that hangs) must not hold the exit.
    runtime.shutdown_background();
    match outcome {
        Ok(code) => code,
        // `pactwatch … | head` ends our output early; that is no failure.
        Err(error) if screen::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => match error.downcast::<Refused>() {
            Ok(Refused(report)) => {
                to_stderr(&report);
                ExitCode::from(BAD_CONFIG)
            }
            Err(error) => complain(&error),
        },
    }
}

async fn dispatch(cli: Cli, screen: &mut Screen) -> anyhow::Result<ExitCode> {
    let common = &cli.common;
    match cli.command.unwrap_or(Command::Run) {
        Command::Run => run::run(common).await,
        Command::Once(args) => run::once(common, &args, screen).await,
        Command::Demo(_) if common.json => {
            anyhow::bail!("the demo is a picture for people, without --json\nleave --json out")
        }
        Command::Demo(args) => demo::demo(&args, screen).await,
        Command::Init => init::init(common, screen),
        Command::Check { online } => check::check(common, online, screen).await,
        Command::Status => status::status(common, screen).await,
        Command::Explain(args) => explain::explain(common, &args, screen).await,
        Command::Why(args) => why::why(common, &args, screen).await,
        Command::Replay(args) => replay::replay(common, &args, screen).await,
        Command::Ledger(args) => ledger::ledger(common, &args, screen).await,
        Command::Feeds(command) => feeds::feeds(common, command, screen).await,
        Command::Alerts(command) => alerts::alerts(common, command, screen).await,
        Command::Stories(command) => stories::stories(common, command, screen).await,
        Command::Deliveries(command) => deliveries::deliveries(common, command, screen).await,
        Command::Sinks(command) => sinks::sinks(common, command, screen).await,
        Command::Store(command) => store::store(common, command, screen).await,
        Command::Completions(args) => packaging::completions(&args, screen),
        Command::Man(args) => packaging::man(&args, screen),
    }
}

/// The config is refused; holds the rendered report.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Refused(String);

impl Common {
    /// Reads the config; warnings go to stderr only where a command is about the config.
    fn load(&self) -> anyhow::Result<Config> {
        self.load_with_report().map(|(config, _)| config)
    }

    /// Reads the config and gives what there was to say about it.
    fn load_with_report(&self) -> anyhow::Result<(Config, Report)> {
        config::load(self.config.as_deref()).map_err(|report| refusal(&report))
    }

    /// Reads the config for a command that needs little more than the database. A mistake in it is told on
    /// stderr and stops nothing, for the daemon may run well on what was there before.
    fn load_loosely(&self) -> anyhow::Result<Config> {
        let (config, report) =
            config::load_loosely(self.config.as_deref()).map_err(|report| refusal(&report))?;
        let mistakes = report.lines_of(Severity::Error);
        if let Some(first) = mistakes.first() {
            let more = match mistakes.len() {
                1 => String::new(),
                all => format!(" and {} more", all - 1),
            };
            to_stderr(&format!(
                "warning: the config has mistakes, this goes by what can be read of it: {first}{more}\n\
                 `pactwatch check` shows all of it"
            ));
        }
        Ok(config)
    }

    /// Opens the database of the config, which must exist.
    fn open(&self, config: &Config, access: Access) -> anyhow::Result<Store> {
        open_store(&config.database, access)
    }
}

/// Makes a mistake of the config of what is one, whenever it was found.
fn refused_by(mut report: Report, error: anyhow::Error) -> anyhow::Error {
    match error.downcast::<Unusable>() {
        Ok(Unusable(mistakes)) => {
            report.add(mistakes);
            refusal(&report)
        }
        Err(error) => error,
    }
}

fn refusal(report: &Report) -> anyhow::Error {
    let mistakes = report.errors();
    let plural = if mistakes == 1 { "mistake" } else { "mistakes" };
    let text = format!(
        "{}\n\nconfig refused: {mistakes} {plural}",
        report.render(screen::stderr_colour())
    );
    Refused(text).into()
}

fn open_store(path: &Path, access: Access) -> anyhow::Result<Store> {
    use anyhow::Context;
    if !path.exists() {
        anyhow::bail!(
            "no database at `{}` yet\nstart `pactwatch run` (or `pactwatch once`) first; it creates one",
            path.display()
        );
    }
    Store::open(path, access).with_context(|| format!("failed to open `{}`", path.display()))
}

fn complain(error: &anyhow::Error) -> ExitCode {
    to_stderr(&format!("error: {error:#}"));
    ExitCode::from(FAILED)
}

/// Nothing can be done when stderr is gone.
fn to_stderr(text: &str) {
    use std::io::Write;
    let _ = writeln!(anstream::stderr(), "{text}");
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn config_is_taken_before_and_after_the_command() {
        for line in
            [["pactwatch", "--config", "x", "status"], ["pactwatch", "status", "--config", "x"]]
        {
            let cli = Cli::try_parse_from(line).unwrap();
            assert_eq!(cli.common.config.as_deref(), Some(Path::new("x")));
        }
    }
}
