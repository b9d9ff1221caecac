//! `feeds import` and `feeds export`: lists of feeds as OPML.
//!
//! An import only ever adds: what stands in the file stays as it is, byte for byte.

use std::collections::{HashMap, HashSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::json;
use toml::de::{DeTable, DeValue};
use url::Url;

use super::super::{Common, Screen, to_stderr};
use crate::config;
use crate::model::Feed;
use crate::watch::read::{Outline, read_opml, write_opml};

/// Largest list that is read.
const LIST_BYTES: u64 = 64 << 20;
/// Longest name that is given.
const MAX_NAME: usize = 200;
/// Names that are told before the rest is counted.
const NAMED: usize = 5;

/// Name and address of a feed that is there already, the address as it is compared.
pub(super) type Listed = (String, String);

/// Options of `feeds import`.
#[derive(Debug, Args)]
pub(in super::super) struct ImportArgs {
    /// An OPML file
    file: PathBuf,
    /// The config file to add to; without it the lines go to standard output
    #[arg(long, value_name = "FEEDS.TOML")]
    into: Option<PathBuf>,
}

/// What an import comes to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sorted {
    /// To be added, with names of their own.
    new: Vec<Outline>,
    /// Known by their address already, as this feed.
    known: Vec<(Outline, String)>,
    /// That cannot be watched, and why.
    unfit: Vec<(Outline, &'static str)>,
}

/// Adds the feeds of a list.
pub(super) fn import(
    common: &Common,
    args: &ImportArgs,
    screen: &mut Screen,
) -> anyhow::Result<ExitCode> {
    let list = bounded(&args.file)?;
    let outlines = read_opml(&list)
        .map_err(|why| anyhow::anyhow!("failed to import `{}`: {why}", args.file.display()))?;
    let (mut known, files) = match config::find(common.config.as_deref()) {
        Some(_) => {
            let config = common.load()?;
            (super::addresses(&config), config.files)
        }
        None => (Vec::new(), Vec::new()),
    };
    let before = match &args.into {
        Some(path) if path.exists() => {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("failed to read `{}`", path.display()))?;
            known.extend(feeds_of(&text, path)?);
            text
        }
        _ => String::new(),
    };
    let sorted = sort(outlines, &known);
    let blocks: Vec<String> = sorted.new.iter().map(block).collect();
    let mut added = blocks.join("\n");
    if let (Some(path), false) = (&args.into, blocks.is_empty()) {
        if !before.is_empty() {
            added.insert_str(0, if before.ends_with('\n') { "\n" } else { "\n\n" });
        }
        // What could not be read afterwards is never written.
        feeds_of(&format!("{before}{added}"), path)?;
        let mut file = std::fs::File::options()
            .append(true)
            .create(true)
            .open(path)
            .with_context(|| format!("failed to write `{}`", path.display()))?;
        file.write_all(added.as_bytes())
            .and_then(|()| file.sync_all())
            .with_context(|| format!("failed to write `{}`", path.display()))?;
    }
    report(screen, args, &sorted, &added, &files)?;
    Ok(ExitCode::SUCCESS)
}

fn report(
    screen: &mut Screen,
    args: &ImportArgs,
    sorted: &Sorted,
    added: &str,
    files: &[PathBuf],
) -> anyhow::Result<()> {
    let titles =
        |list: &[Outline]| -> Vec<String> { list.iter().map(|feed| feed.title.clone()).collect() };
    if screen.json() {
        let known: Vec<_> = sorted
            .known
            .iter()
            .map(|(feed, name)| json!({ "title": feed.title, "url": feed.url, "feed": name }))
            .collect();
        let unfit: Vec<_> = sorted
            .unfit
            .iter()
            .map(|(feed, why)| json!({ "title": feed.title, "url": feed.url, "why": why }))
            .collect();
        screen.object(&json!({
            "added": titles(&sorted.new), "known": known, "left_out": unfit,
            "into": args.into, "toml": args.into.is_none().then_some(added),
        }))?;
        return Ok(());
    }
    let mut lines = Vec::new();
    match &args.into {
        Some(path) => {
            lines.push(format!("{} feeds added to {}", sorted.new.len(), path.display()));
        }
        None => lines.push(format!("{} feeds", sorted.new.len())),
    }
    if !sorted.known.is_empty() {
        let names = sorted.known.iter().map(|(_, name)| name.clone()).collect();
        lines.push(format!("{} known already: {}", sorted.known.len(), some(names)));
    }
    for (feed, why) in &sorted.unfit {
        let name = if feed.title.is_empty() { "a feed without a title" } else { &feed.title };
        lines.push(format!("left out {name}: {why}"));
    }
    let Some(path) = &args.into else {
        screen.line(added.trim_end())?;
        screen.flush()?;
        lines.iter().for_each(|line| to_stderr(line));
        return Ok(());
    };
    let included = path.canonicalize().is_ok_and(|path| {
        files.iter().any(|file| file.canonicalize().is_ok_and(|file| file == path))
    });
    if !included && !sorted.new.is_empty() {
        lines.push(format!(
            "the config does not include this file yet: add \"{}\" to its `include`",
            path.display()
        ));
    }
    for line in lines {
        screen.line(line)?;
    }
    Ok(())
}

/// The first few of some names.
fn some(names: Vec<String>) -> String {
    let more = names.len().saturating_sub(NAMED);
    let mut text = names.into_iter().take(NAMED).collect::<Vec<_>>().join(", ");
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    text
}

fn bounded(path: &Path) -> anyhow::Result<Vec<u8>> {
    use std::io::Read as _;
    let failed = || format!("failed to read `{}`", path.display());
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).with_context(failed)?;
    file.take(LIST_BYTES + 1).read_to_end(&mut bytes).with_context(failed)?;
    if bytes.len() as u64 > LIST_BYTES {
        bail!("{}: it is larger than {} MiB", failed(), LIST_BYTES >> 20);
    }
    Ok(bytes)
}

/// Name and address of the feeds in a config file, which need not be a whole config.
fn feeds_of(text: &str, path: &Path) -> anyhow::Result<Vec<Listed>> {
    let table = DeTable::parse(text).map_err(|error| {
        anyhow::anyhow!(
            "`{}` would be no TOML, and was left as it is: {}",
            path.display(),
            error.message()
        )
    })?;
    let mut feeds = Vec::new();
    let list = table.get_ref().get("feed").map(|list| list.get_ref());
    let Some(DeValue::Array(list)) = list else { return Ok(feeds) };
    for one in list.iter() {
        let DeValue::Table(feed) = one.get_ref() else { continue };
        let text = |key: &str| feed.get(key).and_then(|value| value.get_ref().as_str());
        let url = text("url").unwrap_or_default().to_owned();
        feeds.push((text("name").unwrap_or(&url).to_owned(), normal(&url)));
    }
    Ok(feeds)
}

/// An address as it is compared: with a slash at its end or without it is one.
pub(super) fn normal(url: &str) -> String {
    let url = Url::parse(url.trim()).map_or_else(|_| url.trim().to_owned(), String::from);
    match url.contains(['?', '#']) {
        true => url,
        false => url.trim_end_matches('/').to_owned(),
    }
}

/// Sorts a list against the feeds that are there, and gives the new ones names that nobody has.
fn sort(outlines: Vec<Outline>, known: &[Listed]) -> Sorted {
    let mut names: HashSet<String> = known.iter().map(|(name, _)| name.clone()).collect();
    let mut urls: HashMap<String, String> =
        known.iter().map(|(name, url)| (url.clone(), name.clone())).collect();
    let mut sorted = Sorted::default();
    for mut outline in outlines {
        if let Some(why) = unfit(&outline.url) {
            sorted.unfit.push((outline, why));
            continue;
        }
        let url = normal(&outline.url);
        if let Some(name) = urls.get(&url) {
            let name = name.clone();
            sorted.known.push((outline, name));
            continue;
        }
        let mut title = outline.title.trim().to_owned();
        if title.is_empty() {
            title = outline.url.trim().to_owned();
        }
        while title.len() > MAX_NAME - 8 {
            title.pop();
        }
        let mut name = title.clone();
        let mut number = 2;
        while !names.insert(name.clone()) {
            name = format!("{title} ({number})");
            number += 1;
        }
        urls.insert(url, name.clone());
        outline.title = name;
        sorted.new.push(outline);
    }
    sorted
}

/// Why an address cannot be watched.
fn unfit(url: &str) -> Option<&'static str> {
    match Url::parse(url.trim()) {
        Err(_) => Some("its address cannot be read"),
        Ok(url) if !matches!(url.scheme(), "http" | "https") => {
            Some("only http and https addresses can be polled")
        }
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            Some("its address holds a user name; add it by hand with `auth`")
        }
        Ok(_) => None,
    }
}

/// The lines of the config that watch a feed.
pub(super) fn block(feed: &Outline) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let mut lines = String::from("[[feed]]\n");
    if !feed.title.is_empty() {
        lines.push_str(&format!("name = {}\n", quoted(&feed.title)));
    }
    lines.push_str(&format!("url = {}\n", quoted(feed.url.trim())));
    if !feed.tags.is_empty() {
        let tags: Vec<String> = feed.tags.iter().map(|tag| quoted(tag)).collect();
        lines.push_str(&format!("tags = [{}]\n", tags.join(", ")));
    }
    lines
}

/// Prints the feeds of the config as OPML; those whose address is a secret stay out.
pub(super) fn export(common: &Common, screen: &mut Screen) -> anyhow::Result<ExitCode> {
    let config = common.load()?;
    let open = |feed: &&Feed| Url::parse(&feed.url).is_ok();
    let feeds: Vec<Outline> = config
        .feeds
        .iter()
        .filter(open)
        .map(|feed| Outline {
            title: feed.name.to_string(),
            url: feed.url.clone(),
            tags: feed.tags.clone(),
        })
        .collect();
    if screen.json() {
        for feed in &feeds {
            screen.object(&json!({ "title": feed.title, "url": feed.url, "tags": feed.tags }))?;
        }
    } else {
        screen.line(write_opml("pactwatch feeds", &feeds).trim_end())?;
    }
    screen.flush()?;
    for feed in config.feeds.iter().filter(|feed| !open(feed)) {
        to_stderr(&format!("left out {}: its address is a secret", feed.name));
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outline(title: &str, url: &str) -> Outline {
        Outline { title: title.to_owned(), url: url.to_owned(), tags: vec!["a\"b".to_owned()] }
    }

    #[test]
    fn lists_are_sorted_against_what_is_there() {
        let known = [("Gazette".to_owned(), normal("https://e.org/"))];
        let list = vec![
            outline("Other name", "https://E.org"),
            outline("Gazette", "https://e.org/2"),
            outline("", "https://e.org/3"),
            outline("again", "https://e.org/3/"),
            outline("mail", "mailto:x@e.org"),
            outline("login", "https://a:b@e.org/"),
            outline("none", "nowhere"),
        ];
        let sorted = sort(list, &known);
        let names: Vec<&str> = sorted.new.iter().map(|feed| feed.title.as_str()).collect();
        assert_eq!(names, ["Gazette (2)", "https://e.org/3"]);
        let known: Vec<&str> = sorted.known.iter().map(|(_, name)| name.as_str()).collect();
        assert_eq!(known, ["Gazette", "https://e.org/3"]);
        assert_eq!(sorted.unfit.len(), 3);
    }

    #[test]
    fn blocks_are_toml_whatever_a_title_holds() {
        let feed = outline("A \"b\" \\ 'c' \u{1}\nü", "https://e.org/?a='b'");
        let text = block(&feed);
        let read = feeds_of(&text, Path::new("x")).unwrap();
        assert_eq!(read, [(feed.title.clone(), normal(&feed.url))]);
    }
}
