//! Hands each section to the room that owns it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use toml::de::{DeTable, DeValue};

use super::{BUILTIN_PACK, Config, PLACES, Reload, Report, check, files};
use crate::deliver::DeliverySection;
use crate::judge::StorySection;
use crate::net::NetworkSection;
use crate::operator::OperatorSection;
use crate::rule::{Draft, RuleSet};
use crate::setting::{Diagnostic, FileId, Problems, Sources, Span, Table};
use crate::store::HistorySection;
use crate::watch::PollSection;
use crate::web::WebSection;
use crate::websub::WebsubSection;
use crate::{sink, watch};

/// Keys of the lexicon; `rule` reads them.
const LEXICON: [&str; 6] = ["alliance", "act", "place", "list", "mask", "rule"];

/// Reads, merges, gathers and checks the config at `path`. What can be read of it comes back with all that
/// is wrong; nothing where there is no file to read.
pub(super) fn gather(path: &Path) -> (Option<Config>, Report) {
    let mut sources = Sources::default();
    let mut early = Vec::new();
    let order = files::read_all(path, &mut sources, &mut early);
    let problems = Problems::default();
    early.into_iter().for_each(|one| problems.add(one));
    let mut hasher = DefaultHasher::new();
    let config = {
        let parsed = parse(&sources, &problems);
        // Of a file that is missing or broken, more may be meant than was read.
        let partial = problems.any_error();
        let folders: Vec<PathBuf> = sources.paths().map(folder_of).collect();
        let roots: Vec<Table<'_>> = parsed
            .iter()
            .map(|(file, table)| {
                let start = Span::new(*file, 0..0);
                Table::new(&problems, *file, &folders[file.0], start, "the config", table)
            })
            .collect();
        for (file, root) in sources.ids().zip(&roots) {
            if LEXICON.iter().any(|key| root.has(key)) {
                sources.text(file).hash(&mut hasher);
            }
        }
        (!roots.is_empty()).then(|| sections(path, roots, &order, partial, &problems))
    };
    let rules_text = hasher.finish();
    let config = config.map(|(mut config, written)| {
        config.files = sources.paths().map(Path::to_owned).collect();
        config.rules_text = rules_text;
        check::cross_check(&config, &written, &problems);
        config.whole = !problems.any_error();
        config
    });
    (config, Report { sources, diagnostics: problems.into_sorted() })
}

/// What is written down, be it refused: what refers to it does not lead nowhere.
pub(super) struct Written {
    pub(super) rules: Vec<String>,
    pub(super) sinks: Vec<String>,
    pub(super) feeds: usize,
    /// Whether all lists are read as they were meant.
    pub(super) lists: bool,
    /// Whether every file was read whole.
    pub(super) whole: bool,
}

/// The texts under a key of some tables.
fn texts(tables: &[Table<'_>], key: &str) -> Vec<String> {
    let text = |table: &Table<'_>| match table.value(key) {
        Some((DeValue::String(text), _)) => Some(text.to_string()),
        _ => None,
    };
    tables.iter().filter_map(text).collect()
}

/// Builds the rules of the embedded files.
pub(super) fn builtin_rules() -> Result<RuleSet, Report> {
    let mut sources = Sources::default();
    for (name, text) in files::builtin(BUILTIN_PACK) {
        sources.add(*name, *text);
    }
    let problems = Problems::default();
    let rules = {
        let parsed = parse(&sources, &problems);
        let mut draft = Draft::default();
        for (file, table) in &parsed {
            let start = Span::new(*file, 0..0);
            let root = Table::new(&problems, *file, Path::new(""), start, "the config", table);
            draft.read(&root);
            root.finish();
        }
        draft.build(&problems)
    };
    match problems.any_error() {
        false => Ok(rules),
        true => Err(Report { sources, diagnostics: problems.into_sorted() }),
    }
}

/// Secret files and includes are relative to the file that names them.
fn folder_of(path: &Path) -> PathBuf {
    path.parent().unwrap_or(Path::new("")).to_owned()
}

/// Parses every file, reporting all syntax errors.
fn parse<'s>(sources: &'s Sources, problems: &Problems) -> Vec<(FileId, DeTable<'s>)> {
    let mut parsed = Vec::new();
    for file in sources.ids() {
        let (table, errors) = DeTable::parse_recoverable(sources.text(file));
        for error in errors {
            let span = error.span().map(|range| Span::new(file, range));
            // The broken line may hold a secret.
            problems.add(
                Diagnostic::error(span, format!("this is no TOML: {}", error.message())).unquoted(),
            );
        }
        parsed.push((file, table.into_inner()));
    }
    parsed
}

/// The table of a section that may stand in one file only.
fn single<'a>(roots: &[Table<'a>], key: &str, problems: &Problems) -> Option<Table<'a>> {
    let mut found: Option<Table<'a>> = None;
    for root in roots {
        let Some(table) = root.table(key) else { continue };
        if found.is_some() {
            problems.add(
                Diagnostic::error(table.span(), format!("[{key}] stands in two files"))
                    .help("keep all its keys in one of them"),
            );
        } else {
            found = Some(table);
        }
    }
    found
}

/// The text of a root key that may stand in one file only.
fn single_text(roots: &[Table<'_>], key: &str, problems: &Problems) -> Option<(String, Span)> {
    let mut found = None;
    for root in roots {
        let Some((text, span)) = root.string(key) else { continue };
        if found.is_some() {
            problems.add(
                Diagnostic::error(span, format!("`{key}` stands in two files"))
                    .help("keep one of them"),
            );
        } else {
            found = Some((text, span));
        }
    }
    found
}

fn sections(
    path: &Path,
    roots: Vec<Table<'_>>,
    order: &[FileId],
    partial: bool,
    problems: &Problems,
) -> (Config, Written) {
    let all = |key: &str| roots.iter().flat_map(|root| root.tables(key)).collect::<Vec<_>>();
    let database = single_text(&roots, "database", problems).map(|(text, _)| text);
    let is_named = roots.iter().any(|root| root.has("database"));
    let sure = database.is_some() || (!is_named && !partial);
    let timezone = single_text(&roots, "timezone", problems).and_then(|(name, span)| {
        TimeZone::get(&name)
            .map_err(|_| {
                problems.add(
                    Diagnostic::error(span, format!("`{name}` is no time zone"))
                        .help("write an IANA name like `Europe/Berlin` or `UTC`"),
                );
            })
            .ok()
    });
    let mut reload = Reload::default();
    for root in &roots {
        root.value("include");
        let words = [("signal", Reload::Signal), ("watch", Reload::Watch)];
        if let Some(choice) = root.choice("reload", &words) {
            reload = choice;
        }
    }
    let poll = single(&roots, "poll", problems).map(PollSection::read).unwrap_or_default();
    let network = single(&roots, "network", problems).map(NetworkSection::read).unwrap_or_default();
    let story = single(&roots, "story", problems).map(StorySection::read).unwrap_or_default();
    let history = single(&roots, "history", problems).map(HistorySection::read).unwrap_or_default();
    let delivery =
        single(&roots, "delivery", problems).map(DeliverySection::read).unwrap_or_default();
    let web = single(&roots, "web", problems).map(WebSection::read).unwrap_or_default();
    let operator =
        single(&roots, "operator", problems).map(OperatorSection::read).unwrap_or_default();
    let websub = single(&roots, "websub", problems).map(WebsubSection::read).unwrap_or_default();
    let (feed_tables, sink_tables) = (all("feed"), all("sink"));
    let (feeds_written, sinks_written) = (feed_tables.len(), texts(&sink_tables, "name"));
    let (feeds, access) = watch::read_feeds(feed_tables, poll.every, &network.allow_file);
    let sinks = sink::read_sinks(sink_tables);
    let mut draft = Draft::default();
    if partial {
        draft.is_partial();
    }
    let of = |file: &FileId| roots.iter().find(|root| root.span().file == *file);
    order.iter().filter_map(of).for_each(|root| draft.read(root));
    let any_lexicon = roots.iter().any(|root| LEXICON.iter().any(|key| root.has(key)));
    if !any_lexicon && !problems.any_error() {
        let start = roots.first().map(Table::span);
        problems.add(
            Diagnostic::error(start, "there are no rules").help(format!(
                "add `include = [\"{BUILTIN_PACK}\"]` at the top for the shipped ones"
            )),
        );
    }
    roots.into_iter().for_each(Table::finish);
    // Rules are checked after the rest, so that a misspelt section is told first.
    let written = Written {
        rules: draft.rule_ids().map(str::to_owned).collect(),
        sinks: sinks_written,
        feeds: feeds_written,
        lists: draft.is_whole(),
        whole: !partial,
    };
    let rules = draft.build(problems);
    let config = Config {
        path: path.to_owned(),
        files: Vec::new(),
        database: database_path(
            path,
            std::env::var("STATE_DIRECTORY").ok().as_deref(),
            database.as_deref().unwrap_or("pactwatch.db"),
        ),
        timezone: timezone.unwrap_or(TimeZone::UTC),
        reload,
        poll,
        network,
        feeds,
        access,
        story,
        history,
        delivery,
        sinks,
        web,
        operator,
        websub,
        rules,
        rules_text: 0,
        sure_of_database: sure,
        whole: false,
    };
    (config, written)
}

/// Where a relative database lies: in systemd's state folder (`state`, of several the first), else in
/// `/var/lib/pactwatch` for the installed config, else in the working folder.
fn database_path(config: &Path, state: Option<&str>, database: &str) -> PathBuf {
    let database = Path::new(database);
    if database.is_absolute() {
        return database.to_owned();
    }
    if let Some(folder) = state.and_then(|list| list.split(':').next())
        && !folder.is_empty()
    {
        return Path::new(folder).join(database);
    }
    // However the installed config was named: from its own folder, or through a link.
    let whole = std::fs::canonicalize(config).or_else(|_| std::path::absolute(config));
    let whole = whole.unwrap_or_else(|_| config.to_owned());
    let installed = Path::new(PLACES[1]).parent();
    if [config, whole.as_path()].iter().any(|path| path.parent() == installed) {
        return Path::new("/var/lib/pactwatch").join(database);
    }
    database.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_database_lies_where_its_config_and_service_say() {
        let installed = Path::new("/etc/pactwatch/pactwatch.toml");
        let own = Path::new("config/pactwatch.toml");
        for (config, state, database, expected) in [
            (own, None, "a.db", "a.db"),
            (own, Some(""), "a.db", "a.db"),
            (own, Some("/run/state:/run/more"), "a.db", "/run/state/a.db"),
            (installed, None, "a.db", "/var/lib/pactwatch/a.db"),
            (Path::new("/etc/pactwatch/eu.toml"), None, "eu.db", "/var/lib/pactwatch/eu.db"),
            (installed, Some("/run/state"), "a.db", "/run/state/a.db"),
            (installed, Some("/run/state"), "/srv/a.db", "/srv/a.db"),
            (Path::new("/etc/pactwatch/more/a.toml"), None, "a.db", "a.db"),
        ] {
            let path = database_path(config, state, database);
            assert_eq!(path, Path::new(expected), "{config:?} {state:?}");
        }
    }
}
