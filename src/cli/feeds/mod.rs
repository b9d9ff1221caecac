//! `feeds`: their health, reading one as the daemon would, finding and exchanging them.

mod discover;
mod import;
mod poll;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::json;
use url::Url;

use super::explain::{fetch, rules_and_network, stand_in};
use super::listing::list;
use super::screen::DIM;
use super::{Common, Screen};
use crate::config::Config;
use crate::report::{feed_lines, short_time};
use crate::store::Access;
use crate::watch::read::{Document, read};

/// Commands below `feeds`.
#[derive(Debug, Subcommand)]
pub(super) enum FeedsCommand {
    /// Health of every feed of the config
    List,
    /// Read one document as the daemon would
    Test(TestArgs),
    /// Find the feeds of a web page
    Discover(discover::DiscoverArgs),
    /// Poll one feed now, be it retired
    Poll(poll::PollArgs),
    /// Add the feeds of an OPML file to the config
    Import(import::ImportArgs),
    /// Print the feeds of the config as OPML
    Export,
}

/// Options of `feeds test`.
#[derive(Debug, Args)]
pub(super) struct TestArgs {
    /// A file or an address
    source: String,
    /// Content-Type to assume for a file
    #[arg(long, value_name = "TYPE")]
    content_type: Option<String>,
    /// Address that relative links in a file resolve against
    #[arg(long, value_name = "URL")]
    base: Option<String>,
}

/// Runs a command below `feeds`.
pub(super) async fn feeds(
    common: &Common,
    command: FeedsCommand,
    screen: &mut Screen,
) -> anyhow::Result<ExitCode> {
    match command {
        FeedsCommand::List => {
            let config = common.load_loosely()?;
            // A config that never ran has feeds too: all of them new.
            let store = match config.database.exists() {
                true => Some(common.open(&config, Access::Read)?),
                false => None,
            };
            let rows = feed_lines(&config.roster(), store.as_ref()).await?;
            let columns = [
                ("name", "NAME"),
                ("state", "STATE"),
                ("last_success", "LAST SUCCESS"),
                ("next_due", "NEXT DUE"),
                ("failures", "FAILURES"),
                ("items", "ITEMS"),
                ("last_error", "ERROR"),
            ];
            list(screen, &rows, &columns, "there are no feeds in the config")?;
        }
        FeedsCommand::Test(args) => test(common, &args, screen).await?,
        FeedsCommand::Discover(args) => return discover::discover(common, &args, screen).await,
        FeedsCommand::Poll(args) => return poll::poll(common, &args, screen).await,
        FeedsCommand::Import(args) => return import::import(common, &args, screen),
        FeedsCommand::Export => return import::export(common, screen),
    }
    Ok(ExitCode::SUCCESS)
}

/// So many entries, in words.
fn counted(entries: u64) -> String {
    if entries == 1 { "1 entry".to_owned() } else { format!("{entries} entries") }
}

/// The feeds of a config.
fn addresses(config: &Config) -> Vec<import::Listed> {
    let pair = |feed: &crate::model::Feed| (feed.name.to_string(), import::normal(&feed.url));
    config.feeds.iter().map(pair).collect()
}

async fn test(common: &Common, args: &TestArgs, screen: &mut Screen) -> anyhow::Result<()> {
    let address = Url::parse(&args.source).ok().filter(|url| url.has_host());
    let (bytes, content_type, base) = match address {
        Some(url) => {
            let (_, network, poll) = rules_and_network(common)?;
            fetch(&network, &poll, &url).await?
        }
        None => {
            let bytes = std::fs::read(Path::new(&args.source))
                .with_context(|| format!("failed to read `{}`", args.source))?;
            (bytes, None, String::new())
        }
    };
    let content_type = args.content_type.clone().or(content_type);
    let base = args.base.clone().unwrap_or(base);
    let document = Document { bytes: &bytes, content_type: content_type.as_deref(), url: &base };
    let reading = read(document, &stand_in(&base), Timestamp::now())
        .map_err(|why| anyhow::anyhow!("`{}` is no feed: {why}", args.source))?;
    for item in &reading.items {
        let summary = if item.summary.is_empty() { &item.body } else { &item.summary };
        if screen.json() {
            screen.object(&json!({
                "key": item.key, "title": item.title, "url": item.url,
                "published": item.published, "summary": summary, "repairs": reading.faults,
            }))?;
            continue;
        }
        let title = screen.styled(super::screen::BOLD, &item.title);
        screen.line(title)?;
        let date = item.published.map_or_else(|| "no date".to_owned(), short_time);
        screen.line(format!("  {date} · {}", item.url.as_deref().unwrap_or("no link")))?;
        if !summary.is_empty() {
            let width = screen.width().saturating_sub(2);
            let text = super::screen::cut_to_width(&summary.replace('\n', " "), width);
            let styled = screen.styled(DIM, format!("  {text}"));
            screen.line(styled)?;
        }
    }
    if !screen.json() {
        screen.line(counted(reading.items.len() as u64))?;
        for fault in &reading.faults {
            screen.line(format!("repaired: {fault}"))?;
        }
        if let Some(hub) = &reading.hub {
            screen.line(format!(
                "pushed by the hub {} to those who set [websub] callback",
                hub.url
            ))?;
        }
    }
    Ok(())
}
