//! `[poll]` and `[[feed]]`: which feeds are watched, and how hard.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use toml::de::DeValue;
use url::Url;

use super::access::{FeedAccess, HIDDEN, Keys};
use super::local;
use super::read::{FULL_TEXT_BUILT, NoArticle};
use crate::model::{Every, Feed, FeedName, Kind};
use crate::setting::{Diagnostic, Span, Table};

/// Longest feed name; it goes into logs, tables and message lines.
const MAX_NAME: usize = 200;
/// Longest interval that `[poll]` takes: rarer is no monitoring.
const LONGEST: Duration = Duration::from_secs(7 * 86_400);

/// The section `[poll]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PollSection {
    /// For feeds that do not say it themselves.
    pub every: Every,
    /// Shortest adaptive interval.
    pub min: Duration,
    /// Longest adaptive interval, and the most that a site's hint can ask for.
    pub max: Duration,
    /// Requests to one host at once.
    pub per_host: usize,
    /// Requests at once, those in the slow lane aside.
    pub concurrency: usize,
    /// One poll, redirects and body included.
    pub timeout: Duration,
    /// Largest document, in bytes after decompression.
    pub max_body: usize,
    /// Bytes of all documents that are being fetched or read at once; one more of `max_body` may go
    /// beyond it, so that none waits for ever.
    pub in_flight: usize,
}

impl Default for PollSection {
    fn default() -> Self {
        Self {
            every: Every::Auto,
            min: Duration::from_secs(120),
            max: Duration::from_secs(6 * 3600),
            per_host: 2,
            concurrency: 64,
            timeout: Duration::from_secs(20),
            max_body: 10 << 20,
            in_flight: 32 << 20,
        }
    }
}

impl PollSection {
    /// Reads the section; missing keys keep their defaults.
    pub fn read(table: Table<'_>) -> Self {
        let mut section = Self::default();
        if let Some(every) = every(&table) {
            section.every = every;
        }
        if let Some(min) = table.positive_duration("min") {
            section.min = min;
        }
        if let Some(max) = table.positive_duration("max") {
            if max > LONGEST {
                table.problems().error(table.at("max"), "`max` must not be longer than `7d`");
            } else {
                section.max = max;
            }
        }
        if section.min > section.max {
            let key = if table.has("min") { "min" } else { "max" };
            table.problems().error(table.at(key), "`min` is longer than `max`");
            section.min = section.max;
        }
        let count = |key, most| table.integer(key, 1, most).and_then(|n| usize::try_from(n).ok());
        if let Some(per_host) = count("per_host", 64) {
            section.per_host = per_host;
        }
        if let Some(concurrency) = count("concurrency", 1024) {
            section.concurrency = concurrency;
        }
        if let Some(timeout) = table.positive_duration("timeout") {
            section.timeout = timeout;
        }
        if let Some(size) = table.size("max_body").and_then(|size| usize::try_from(size).ok()) {
            section.max_body = size;
        }
        if let Some(size) = table.size("in_flight").and_then(|size| usize::try_from(size).ok()) {
            section.in_flight = size;
        }
        table.finish();
        section
    }
}

/// `every = "auto"` or a duration.
fn every(table: &Table<'_>) -> Option<Every> {
    match table.string("every")?.0.as_str() {
        "auto" => Some(Every::Auto),
        _ => table.positive_duration("every").map(Every::Fixed),
    }
}

/// Reads every `[[feed]]`, and what some of them need beside their address. `default` is `[poll]
/// every`, `files` are the folders whose files may be feeds. A feed with a mistake is left out, and
/// the mistake reported.
pub fn read_feeds(
    tables: Vec<Table<'_>>,
    default: Every,
    files: &[PathBuf],
) -> (Vec<Feed>, Vec<FeedAccess>) {
    let mut feeds: Vec<Feed> = Vec::new();
    let mut accesses = Vec::new();
    let mut names: HashMap<String, Span> = HashMap::new();
    let mut urls: HashMap<String, Span> = HashMap::new();
    for table in tables {
        let (problems, at) = (table.problems(), table.at("name"));
        let span = table.span();
        let keys = Keys::read(&table);
        let Some(feed) = read_feed(table, &keys, default, files, &mut urls) else { continue };
        if names.insert(feed.name.to_string(), at).is_some() {
            problems.add(
                Diagnostic::error(at, format!("there are two feeds named `{}`", feed.name))
                    .help("give one of them another `name`")
                    .unquoted(),
            );
            continue;
        }
        accesses.extend(keys.of(feed.name.clone(), span));
        feeds.push(feed);
    }
    (feeds, accesses)
}

fn read_feed(
    table: Table<'_>,
    keys: &Keys,
    default: Every,
    files: &[PathBuf],
    urls: &mut HashMap<String, Span>,
) -> Option<Feed> {
    let problems = table.problems();
    let name = table.string("name");
    let hidden = matches!(table.value("url"), Some((DeValue::Table(_), _)));
    let address = match hidden {
        true => keys.url.is_some().then(|| (HIDDEN.to_owned(), table.at("url"))),
        false => table.required("url", "write it like `url = \"https://example.org/feed.xml\"`"),
    };
    let every = every(&table).unwrap_or(default);
    let kinds = Kind::ALL.map(|kind| (kind.as_str(), kind));
    let kind = table.choice("kind", &kinds).unwrap_or_default();
    let tags = table.strings("tags").unwrap_or_default().into_iter().map(|(tag, _)| tag).collect();
    let shadow = table.choice("mode", &[("live", false), ("shadow", true)]).unwrap_or(false);
    let full_text = full_text(&table);
    table.finish();
    let (url, span) = address?;
    let url = url.trim().to_owned();
    if hidden && name.is_none() {
        problems.add(
            Diagnostic::error(span, "a feed whose `url` is a secret has no `name`")
                .help("name it: its address is shown nowhere")
                .unquoted(),
        );
        return None;
    }
    let checked = match hidden {
        true => Ok(None),
        false => open_url(&url, files).map(Some),
    };
    let parsed = checked
        .map_err(|(what, help)| {
            problems.add(Diagnostic::error(span, what).help(help).unquoted());
        })
        .ok()?;
    if let Some(parsed) = parsed
        && urls.insert(parsed.to_string(), span).is_some()
    {
        problems.add(
            Diagnostic::error(span, "another feed has the same `url`")
                .help("remove one of the two")
                .unquoted(),
        );
        return None;
    }
    let name = match name {
        None => url.clone(),
        Some((name, span)) => {
            let name = name.trim().to_owned();
            if name.is_empty() || name.len() > MAX_NAME || name.chars().any(char::is_control) {
                problems.error(span, format!("`name` wants 1 to {MAX_NAME} printable bytes"));
                return None;
            }
            name
        }
    };
    Some(Feed { name: FeedName::new(name), url, every, kind, tags, shadow, full_text })
}

/// Whether the pages that a feed links to are read too.
fn full_text(table: &Table<'_>) -> bool {
    let wanted = table.boolean("full_text").unwrap_or(false);
    if wanted && !FULL_TEXT_BUILT {
        table.problems().add(
            Diagnostic::error(table.at("full_text"), NoArticle::NotBuilt.to_string())
                .help("take the key out, or build with the default features"),
        );
    }
    wanted
}

/// Whether an address that stands in the config can be polled.
fn open_url(url: &str, files: &[PathBuf]) -> Result<Url, (&'static str, &'static str)> {
    if let Some(parsed) = Url::parse(url).ok().filter(|url| url.scheme() == "file") {
        return match parsed.to_file_path().is_ok_and(|path| local::is_below(&path, files)) {
            true => Ok(parsed),
            false => Err(("the file of this feed lies in no folder that is allowed", local::CURE)),
        };
    }
    let parsed = check_url(url)?;
    match parsed.username().is_empty() && parsed.password().is_none() {
        true => Ok(parsed),
        false => Err((
            "`url` holds a user name or password, for all who read it",
            "write auth = { user = \"…\", password = { file = \"…\" } }",
        )),
    }
}

/// Whether an address can be fetched; else what is wrong and the cure. The address itself is kept
/// out of the text: it may carry a key.
pub(super) fn check_url(url: &str) -> Result<Url, (&'static str, &'static str)> {
    const HELP: &str = "write it like `https://example.org/feed.xml`";
    let parsed = Url::parse(url).map_err(|_| ("`url` is no address", HELP))?;
    match parsed.scheme() {
        "http" | "https" if parsed.has_host() => Ok(parsed),
        "feed" => Err(("`feed:` is no scheme that can be fetched", "write https: in its place")),
        _ => Err(("only http and https addresses can be polled", HELP)),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use toml::de::DeTable;

    use super::*;
    use crate::setting::{FileId, Problems};

    fn read<T>(text: &str, with: impl FnOnce(Table<'_>) -> T) -> (T, Vec<String>) {
        let problems = Problems::default();
        let parsed = DeTable::parse(text).unwrap();
        let span = Span::new(FileId(0), 0..0);
        let root =
            Table::new(&problems, FileId(0), Path::new("."), span, "config", parsed.get_ref());
        let value = with(root);
        (value, problems.into_sorted().into_iter().map(|one| one.message).collect())
    }

    fn poll(text: &str) -> (PollSection, Vec<String>) {
        read(text, PollSection::read)
    }

    fn feeds(text: &str) -> (Vec<Feed>, Vec<String>) {
        let every = Every::Fixed(Duration::from_secs(60));
        let ((feeds, _), problems) =
            read(text, |root| read_feeds(root.tables("feed"), every, &["/srv/feeds".into()]));
        (feeds, problems)
    }

    #[test]
    fn the_section_is_read_and_defaults_stay() {
        let (section, problems) = poll("every = \"5m\"\nmin = \"1s\"\nmax_body = \"1MiB\"");
        assert_eq!(problems, Vec::<String>::new());
        let expected = PollSection {
            every: Every::Fixed(Duration::from_secs(300)),
            min: Duration::from_secs(1),
            max_body: 1 << 20,
            ..PollSection::default()
        };
        assert_eq!(section, expected);
        assert_eq!(poll("every = \"auto\"").0, PollSection::default());
    }

    #[test]
    fn impossible_bounds_are_refused() {
        for text in [
            "min = \"7h\"",
            "max = \"1m\"",
            "max = \"8d\"",
            "every = \"0s\"",
            "every = \"often\"",
            "per_host = 0",
            "concurrency = 100000",
            "max_body = \"0B\"",
            "jiter = 1",
        ] {
            assert_eq!(poll(text).1.len(), 1, "{text}");
        }
    }

    #[test]
    fn feeds_are_read_with_their_defaults() {
        let (feeds, problems) = feeds(
            "[[feed]]\nurl = \" https://e.org/a \"\n[[feed]]\nname = \"B\"\nurl = \"http://e.org/b\"\n\
             every = \"auto\"\nkind = \"wire\"\ntags = [\"x\"]\nmode = \"shadow\"",
        );
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(feeds[0].name.as_str(), "https://e.org/a");
        assert_eq!(
            (feeds[0].every, feeds[0].kind),
            (Every::Fixed(Duration::from_secs(60)), Kind::Press)
        );
        assert_eq!(feeds[1].name.as_str(), "B");
        assert_eq!(
            (feeds[1].every, feeds[1].kind, feeds[1].shadow),
            (Every::Auto, Kind::Wire, true)
        );
    }

    #[test]
    fn what_a_feed_needs_is_read_and_never_its_address() {
        let text = "[[feed]]\nname = \"A\"\nurl = { env = \"KEY\" }\n\
                    auth = { user = \"desk\", password = { file = \"p\" } }\n\
                    headers = { X-Key = { credential = \"k\" } }\n\
                    [[feed]]\nurl = \"file:///srv/feeds/a.xml\"";
        let ((feeds, accesses), problems) =
            read(text, |root| read_feeds(root.tables("feed"), Every::Auto, &["/srv/feeds".into()]));
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!((feeds[0].url.as_str(), feeds.len()), (HIDDEN, 2));
        assert_eq!(accesses.iter().map(|one| one.feed.as_str()).collect::<Vec<_>>(), ["A"]);
    }

    #[test]
    fn a_mistake_costs_its_feed_only_and_is_told() {
        for (text, word) in [
            ("url = \"file:///x\"", "no folder that is allowed"),
            ("url = \"file:///srv/feeds/../x\"", "no folder that is allowed"),
            ("url = \"https://desk:pa@e.org/\"", "user name or password"),
            ("url = { env = \"X\" }", "no `name`"),
            ("url = \"https://e.org/\"\nauth = { user = \"x\" }", "no `password`"),
            ("url = \"https://e.org/\"\nheaders = { Host = { env = \"X\" } }", "set by pactwatch"),
            ("url = \"https://e.org/\"\nheaders = { Range = { env = \"X\" } }", "set by pactwatch"),
            ("url = \"example.org/feed\"", "no address"),
            ("url = \"ftp://e.org/\"", "http and https"),
            ("name = \"x\"", "no `url`"),
            ("url = \"https://ok.example/\"", "same `url`"),
            ("name = \"ok\"\nurl = \"https://e.org/\"", "two feeds named `ok`"),
            ("name = \"\"\nurl = \"https://e.org/\"", "printable"),
            ("url = \"https://e.org/\"\nkind = \"wired\"", "cannot be `wired`"),
            ("url = \"https://e.org/\"\nevry = \"5m\"", "no key `evry`"),
        ] {
            let text =
                format!("[[feed]]\nname = \"ok\"\nurl = \"https://ok.example\"\n[[feed]]\n{text}");
            let (feeds, problems) = feeds(&text);
            assert!(!feeds.is_empty() && feeds[0].name.as_str() == "ok");
            assert!(problems.len() == 1 && problems[0].contains(word), "{text}: {problems:?}");
        }
    }
}
