//! `explain`: which rules match a text and why, which nearly did.

use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use jiff::Timestamp;
use url::Url;

use super::picture::{Context, compact, explain as picture, row};
use super::screen::DIM;
use super::together::together;
use super::{Common, Screen};
use crate::config::{self, Config};
use crate::model::{Every, Feed, FeedName, Item, Kind, StoryId};
use crate::net::{Client, NetworkSection};
use crate::report::{self, Example, Explained, plain};
use crate::rule::RuleSet;
use crate::watch::PollSection;
use crate::watch::read::{Document, read};
use crate::{text, watch};

/// Longest text that is explained.
const TEXT_BYTES: u64 = 1 << 20;
/// Items of a feed that are explained.
const ITEMS: usize = 100;

/// Options of `explain`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  pactwatch explain \"Canada may join AUKUS Pillar 2\"\n  \
    pactwatch explain \"Headline || Text of the article\"\n  \
    pactwatch explain --file article.txt --date 2022-05-18\n  \
    pactwatch explain --url https://www.example.org/feed.xml\n  \
    pactwatch explain --story S-3 --with I-40")]
pub(super) struct ExplainArgs {
    /// A headline, or headline and text parted by ` || ` or a line break; `-` reads standard input
    #[arg(required_unless_present_any = ["url", "file", "story"])]
    text: Option<String>,
    /// A feed or a page
    #[arg(long, conflicts_with_all = ["text", "file"])]
    url: Option<Url>,
    /// A text file (first line the headline) or a feed document
    #[arg(long, conflicts_with = "text", value_name = "FILE")]
    file: Option<PathBuf>,
    /// The item's date, for who was a member then
    #[arg(long, value_name = "YYYY-MM-DD")]
    date: Option<jiff::civil::Date>,
    /// A story, like S-3: why an item is part of it, or is not
    #[arg(long, value_name = "ID", requires = "with", conflicts_with_all = ["text", "url", "file", "date"])]
    story: Option<StoryId>,
    /// The item to compare with the story: an id (I-40, A-9), a link, or a headline
    #[arg(long, value_name = "ITEM", requires = "story")]
    with: Option<String>,
}

/// Explains each item that the arguments name.
pub(super) async fn explain(
    common: &Common,
    args: &ExplainArgs,
    screen: &mut Screen,
) -> anyhow::Result<ExitCode> {
    if let (Some(story), Some(with)) = (args.story, &args.with) {
        together(common, story, with, screen).await?;
        return Ok(ExitCode::SUCCESS);
    }
    let (rules, network, poll) = rules_and_network(common)?;
    let now = match args.date {
        Some(date) => date.to_zoned(jiff::tz::TimeZone::UTC)?.timestamp(),
        None => Timestamp::now(),
    };
    let items = items(args, &network, &poll, now).await?;
    let (mut flagged, mut near) = (0, 0);
    for item in &items {
        let explained = report::explain(&rules, item);
        let Explained { finding, level, recognised, example } = &explained;
        let level = *level;
        flagged += usize::from(finding.matched.is_some());
        near += usize::from(finding.matched.is_none() && !finding.near.is_empty());
        if screen.json() {
            screen.object(&explained.to_json(item))?;
        } else if items.len() > 1 {
            compact(screen, item, finding, level)?;
        } else {
            picture(screen, item, finding, Context { level, decision: None, recognised })?;
            to_paste(screen, example, finding.matched.is_some())?;
        }
    }
    if items.len() > 1 && !screen.json() {
        let quiet = items.len() - flagged;
        screen.line(format!("{flagged} flagged, {quiet} quiet, {near} of them near a rule"))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The lines that keep or change how this text is judged; never wrapped, so that they can be copied.
fn to_paste(screen: &mut Screen, lines: &Example, flagged: bool) -> std::io::Result<()> {
    let Some(rule) = &lines.rule else {
        row(
            screen,
            DIM,
            "paste",
            &["under `match` of a rule, if it must be told:".to_owned()],
            "",
        )?;
        return screen.line(&lines.yes);
    };
    let pairs = match flagged {
        true => vec![
            (format!("under `match` of {rule}, to keep it so:"), &lines.yes),
            ("under `no_match`, if it is a false alarm:".to_owned(), &lines.no),
        ],
        false => vec![(
            format!("under `no_match` of {rule}; under `match`, if it must be told:"),
            &lines.no,
        )],
    };
    for (label, line) in pairs {
        row(screen, DIM, "paste", &[label], "")?;
        screen.line(line)?;
    }
    Ok(())
}

/// The rules of the config with what fetching goes by, or the shipped pack where there is no config.
pub(super) fn rules_and_network(
    common: &Common,
) -> anyhow::Result<(RuleSet, NetworkSection, PollSection)> {
    if config::find(common.config.as_deref()).is_none() {
        let rules = config::builtin_rules().map_err(|report| super::refusal(&report))?;
        return Ok((rules, NetworkSection::default(), PollSection::default()));
    }
    let Config { rules, network, poll, .. } = common.load()?;
    Ok((rules, network, poll))
}

async fn items(
    args: &ExplainArgs,
    network: &NetworkSection,
    poll: &PollSection,
    now: Timestamp,
) -> anyhow::Result<Vec<Item>> {
    if let Some(url) = &args.url {
        let (bytes, content_type, base) = fetch(network, poll, url).await?;
        return Ok(from_document(&bytes, content_type.as_deref(), &base, now));
    }
    if let Some(path) = &args.file {
        let bytes =
            std::fs::read(path).with_context(|| format!("failed to read `{}`", path.display()))?;
        return Ok(from_document(&bytes, None, "", now));
    }
    let mut text = args.text.clone().unwrap_or_default();
    if text == "-" {
        text.clear();
        std::io::stdin()
            .take(TEXT_BYTES)
            .read_to_string(&mut text)
            .context("failed to read standard input")?;
    }
    if text.trim().is_empty() {
        bail!("there is no text to explain");
    }
    Ok(vec![plain(&text, now)])
}

/// Fetches one address with the bounds and the guard of polling: the bytes, their type, and the
/// address that they came from after redirects.
pub(super) async fn fetch(
    network: &NetworkSection,
    poll: &PollSection,
    url: &Url,
) -> anyhow::Result<(Vec<u8>, Option<String>, String)> {
    let client = Client::new(&network.feed_client(&network.tls()?, 0))?;
    let fetched = watch::fetch_once(&client, url, poll).await;
    fetched.map_err(|why| anyhow::anyhow!("failed to fetch `{url}`: {why}"))
}

/// The entries of a feed, or the one text of a page or text file.
fn from_document(bytes: &[u8], content_type: Option<&str>, url: &str, now: Timestamp) -> Vec<Item> {
    let feed = stand_in(url);
    let document = Document { bytes, content_type, url };
    if let Ok(mut reading) = read(document, &feed, now) {
        reading.items.truncate(ITEMS);
        return reading.items;
    }
    let raw = String::from_utf8_lossy(bytes);
    let page = raw.trim_start().starts_with('<');
    let mut item = match page {
        true => {
            let title = between(&raw, "<title", "</title>").map(text::html_to_text);
            let mut item = plain("", now);
            item.title = text::clean(&title.unwrap_or_default());
            // As `full_text` reads it; where nothing reads like an article, all of the page.
            let article = watch::read::article(bytes, content_type, url);
            let whole = || text::clean_lines(&text::html_to_text(&raw));
            item.body = article.unwrap_or_else(|_| whole());
            item
        }
        false => plain(&raw, now),
    };
    item.url = (!url.is_empty()).then(|| url.to_owned());
    vec![item]
}

/// What stands between an opening tag and its end.
fn between<'t>(text: &'t str, open: &str, close: &str) -> Option<&'t str> {
    let lower = text.to_ascii_lowercase();
    let tag = lower.find(open)?;
    let start = tag + lower[tag..].find('>')? + 1;
    let end = start + lower[start..].find(close)?;
    text.get(start..end)
}

/// A feed that is in no config, for reading a document.
pub(super) fn stand_in(url: &str) -> Feed {
    Feed {
        name: FeedName::new(if url.is_empty() { "document" } else { url }),
        url: url.to_owned(),
        every: Every::Auto,
        kind: Kind::default(),
        tags: Vec::new(),
        shadow: false,
        full_text: false,
    }
}
