//! `feeds discover`: which feeds a page has, each fetched and read before it is named.

use std::collections::VecDeque;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use jiff::Timestamp;
use serde_json::json;
use url::Url;

use super::super::explain::stand_in;
use super::super::screen::{BAD, BOLD, DIM};
use super::super::{Common, Screen};
use super::counted;
use super::import::{Listed, block, normal};
use crate::config;
use crate::net::{Client, NetworkSection};
use crate::report::short_time;
use crate::watch::read::{Document, Outline, Pointer, feed_pointers, read, usual_places};
use crate::watch::{PollSection, fetch_once};

/// Most addresses that are tried; the page's own host is asked for most of them.
const TRIED: usize = 12;

/// Options of `feeds discover`.
#[derive(Debug, Args)]
pub(in super::super) struct DiscoverArgs {
    /// The page's address; https:// may be left out
    page: String,
}

/// What an address turned out to be.
struct Found {
    pointer: Pointer,
    /// Format, title, entries, the newest; or why it is no feed.
    read: Result<(&'static str, String, usize, Option<Timestamp>), String>,
    /// The feed of the config that has this address.
    known: Option<String>,
}

/// Prints the feeds of a page, with the lines that add them to the config.
pub(super) async fn discover(
    common: &Common,
    args: &DiscoverArgs,
    screen: &mut Screen,
) -> anyhow::Result<ExitCode> {
    let (network, poll, known) = surroundings(common)?;
    let page = match Url::parse(&args.page) {
        Ok(url) if url.has_host() => url,
        _ => Url::parse(&format!("https://{}", args.page))
            .with_context(|| format!("`{}` is no address", args.page))?,
    };
    let client = Client::new(&network.feed_client(&network.tls()?, 0))?;
    let (bytes, content_type, came_from) = fetch_once(&client, &page, &poll)
        .await
        .map_err(|why| anyhow::anyhow!("failed to fetch `{page}`: {why}"))?;
    let came_from = Url::parse(&came_from).unwrap_or(page);
    let look = |bytes: &[u8], content_type: Option<&str>, url: &Url| {
        let document = Document { bytes, content_type, url: url.as_str() };
        let reading = read(document, &stand_in(url.as_str()), Timestamp::now());
        reading.map_err(|why| why.to_string()).map(|reading| {
            let newest = reading.dates().first().copied();
            (reading.format, reading.title, reading.entries, newest)
        })
    };
    let itself = look(&bytes, content_type.as_deref(), &came_from);
    let pointers = match &itself {
        Ok(_) => vec![Pointer { url: came_from.clone(), title: String::new(), declared: true }],
        Err(_) => feed_pointers(&bytes, content_type.as_deref(), &came_from),
    };
    let left = pointers.len().saturating_sub(TRIED);
    let mut pointers: VecDeque<Pointer> = pointers.into_iter().take(TRIED).collect();
    let mut guessed = false;
    let mut found: Vec<Found> = Vec::new();
    loop {
        let Some(pointer) = pointers.pop_front() else {
            // A page may point to feeds that are dead, and have one all the same.
            if guessed || found.iter().any(|one| one.read.is_ok()) {
                break;
            }
            guessed = true;
            let places = usual_places(&came_from);
            let tried = |url: &Url| found.iter().any(|one| one.pointer.url == *url);
            let new = places.into_iter().filter(|url| !tried(url));
            pointers.extend(new.map(|url| Pointer { url, title: String::new(), declared: false }));
            continue;
        };
        let read = match itself.is_ok() {
            true => look(&bytes, content_type.as_deref(), &pointer.url),
            false => match fetch_once(&client, &pointer.url, &poll).await {
                Ok((bytes, content_type, url)) => {
                    let url = Url::parse(&url).unwrap_or_else(|_| pointer.url.clone());
                    look(&bytes, content_type.as_deref(), &url)
                }
                Err(why) => Err(why.to_string()),
            },
        };
        let address = normal(pointer.url.as_str());
        let of = known.iter().find(|(_, url)| *url == address);
        let known = of.map(|(name, _)| name.clone());
        // What was only guessed and is no feed is no news.
        if read.is_ok() || pointer.declared {
            found.push(Found { pointer, read, known });
        }
    }
    if !found.iter().any(|one| one.read.is_ok()) && !screen.json() {
        for one in &found {
            print(screen, one)?;
        }
        screen.flush()?;
        let tried = if guessed { ", and none at the usual places" } else { "" };
        bail!("`{came_from}` points to no feed that can be read{tried}");
    }
    for one in &found {
        print(screen, one)?;
    }
    if screen.json() {
        let any = found.iter().any(|one| one.read.is_ok());
        return Ok(if any { ExitCode::SUCCESS } else { ExitCode::from(super::super::FAILED) });
    }
    if left > 0 {
        screen.line(format!("{left} more addresses were not tried"))?;
    }
    let new: Vec<&Found> =
        found.iter().filter(|one| one.read.is_ok() && one.known.is_none()).collect();
    if !new.is_empty() {
        screen.line("\nto watch, add to the config:\n")?;
    }
    for one in new {
        let title = one.read.as_ref().map(|(_, title, ..)| title.clone()).unwrap_or_default();
        let title = if title.is_empty() { one.pointer.title.clone() } else { title };
        let url = one.pointer.url.to_string();
        screen.line(block(&Outline { title, url, tags: Vec::new() }))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn print(screen: &mut Screen, one: &Found) -> anyhow::Result<()> {
    let url = &one.pointer.url;
    if screen.json() {
        let read = one.read.as_ref().ok();
        let title = read.map(|(_, title, ..)| title).filter(|title| !title.is_empty());
        screen.object(&json!({
            "url": url, "title": title.unwrap_or(&one.pointer.title),
            "format": read.map(|(format, ..)| format), "entries": read.map(|(_, _, count, _)| count),
            "newest": read.and_then(|(_, _, _, newest)| *newest), "feed": one.known,
            "error": one.read.as_ref().err(),
        }))?;
        return Ok(());
    }
    match &one.read {
        Ok((format, title, entries, newest)) => {
            let title = if title.is_empty() { one.pointer.title.as_str() } else { title };
            let title = if title.is_empty() { url.host_str().unwrap_or_default() } else { title };
            let newest = newest.map(|at| format!(", newest {}", short_time(at)));
            let known = one.known.as_ref().map(|name| format!(" · in the config as `{name}`"));
            let line = screen.styled(BOLD, title);
            screen.line(line)?;
            screen.line(format!(
                "  {format} · {}{}{}",
                counted(*entries as u64),
                newest.unwrap_or_default(),
                known.unwrap_or_default()
            ))?;
        }
        Err(why) => {
            let line = screen.styled(BAD, "no feed, although the page says so");
            screen.line(line)?;
            screen.line(format!("  {}", why.lines().next().unwrap_or_default()))?;
        }
    }
    let line = screen.styled(DIM, format!("  {url}"));
    screen.line(line)?;
    Ok(())
}

/// How to fetch, and the feeds that are watched already (name and address), where there is a config.
fn surroundings(common: &Common) -> anyhow::Result<(NetworkSection, PollSection, Vec<Listed>)> {
    if config::find(common.config.as_deref()).is_none() {
        return Ok((NetworkSection::default(), PollSection::default(), Vec::new()));
    }
    let config = common.load()?;
    let known = super::addresses(&config);
    Ok((config.network, config.poll, known))
}
