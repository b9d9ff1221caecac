//! Finding the config file and reading it with everything that it includes.

use std::fs;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use crate::setting::{Diagnostic, FileId, Sources, Span};

/// How deep includes may nest.
pub(super) const INCLUDE_DEPTH: usize = 4;
/// Largest config file that is read.
const FILE_BYTES: u64 = 16 << 20;
/// The name under which the shipped pack is included.
pub const BUILTIN_PACK: &str = "builtin:alliances";
/// The shipped pack: who the alliances are, what ties a country to them, what is told.
const ALLIANCES: &str = include_str!("../../config/alliances.toml");
const WORDS: &str = include_str!("../../config/words.toml");
const GLOSSES: &str = include_str!("../../config/glosses.toml");
const RULES: &str = include_str!("../../config/rules.toml");
/// The name under which the places alone are included; the pack brings them along.
pub const BUILTIN_PLACES: &str = "builtin:places";
/// The shipped places, the same text as `config/places.toml`.
const PACK_PLACES: &str = include_str!("../../config/places.toml");

/// The embedded files that an include by this name stands for.
pub(super) fn builtin(name: &str) -> &'static [(&'static str, &'static str)] {
    const ALL: [(&str, &str); 5] = [
        (BUILTIN_PACK, ALLIANCES),
        ("builtin:words", WORDS),
        ("builtin:glosses", GLOSSES),
        ("builtin:rules", RULES),
        (BUILTIN_PLACES, PACK_PLACES),
    ];
    match name {
        BUILTIN_PACK => &ALL,
        BUILTIN_PLACES => &ALL[4..],
        _ => &[],
    }
}

/// Where the config is looked for when nothing names it, in this order.
pub const PLACES: [&str; 2] = ["config/pactwatch.toml", "/etc/pactwatch/pactwatch.toml"];

/// The config file to use: the one that was named, or the first of [`PLACES`] that exists.
pub fn find(named: Option<&Path>) -> Option<PathBuf> {
    match named {
        Some(path) => Some(path.to_owned()),
        None => PLACES.iter().map(PathBuf::from).find(|path| path.exists()),
    }
}

/// Reads the main file and its includes, each once, the main file first. Gives them in the order in
/// which the lexicon adds up: a file after those that it includes, so that the main one may extend
/// what it brings in.
pub(super) fn read_all(
    main: &Path,
    sources: &mut Sources,
    problems: &mut Vec<Diagnostic>,
) -> Vec<FileId> {
    let mut way = Way::default();
    read_one(main, None, sources, problems, &mut way);
    way.done
}

/// Where the reading stands.
#[derive(Default)]
struct Way {
    /// The files that lead to this one.
    chain: Vec<PathBuf>,
    /// Those that are read with all that they include.
    done: Vec<FileId>,
}

/// Reads one file and those that it includes.
fn read_one(
    path: &Path,
    from: Option<Span>,
    sources: &mut Sources,
    problems: &mut Vec<Diagnostic>,
    way: &mut Way,
) {
    let text = match text_of(path) {
        Ok(text) => text,
        Err((message, help)) => {
            problems.push(Diagnostic::error(from, message).help(help));
            return;
        }
    };
    let identity = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if way.chain.contains(&identity) {
        problems.push(
            Diagnostic::error(from, format!("`{}` includes itself", path.display()))
                .help("take one of the includes in this circle away"),
        );
        return;
    }
    if way.chain.len() > INCLUDE_DEPTH {
        problems.push(Diagnostic::error(
            from,
            format!("includes nest deeper than {INCLUDE_DEPTH} files here"),
        ));
        return;
    }
    if sources.holds(path) {
        problems.push(
            Diagnostic::error(from, format!("`{}` is included twice", path.display()))
                .help("once is enough: take this include away"),
        );
        return;
    }
    let empty = text.trim().is_empty();
    let file = sources.add(path, text);
    if empty {
        problems.push(
            Diagnostic::error(from, format!("`{}` is empty", path.display()))
                .help("`pactwatch` ships a commented example: config/pactwatch.toml"),
        );
        return;
    }
    way.chain.push(identity);
    for (name, span) in includes(sources.text(file), file, problems) {
        if name.starts_with("builtin:") {
            let embedded = builtin(&name);
            if embedded.is_empty() {
                problems.push(Diagnostic::error(span, format!("there is no `{name}`")).help(
                    format!("the embedded files are `{BUILTIN_PACK}` and `{BUILTIN_PLACES}`"),
                ));
            }
            for (name, text) in embedded {
                if !sources.holds(Path::new(name)) {
                    way.done.push(sources.add(*name, *text));
                }
            }
            continue;
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        read_one(&folder.join(name), Some(span), sources, problems, way);
    }
    way.chain.pop();
    way.done.push(file);
}

/// What a file includes. Syntax errors are reported later, by the reader proper.
fn includes(text: &str, file: FileId, problems: &mut Vec<Diagnostic>) -> Vec<(String, Span)> {
    let (table, _) = DeTable::parse_recoverable(text);
    let Some(value) = table.get_ref().get("include") else { return Vec::new() };
    let place = |range| Span::new(file, range);
    let DeValue::Array(list) = value.get_ref() else {
        problems.push(
            Diagnostic::error(place(value.span()), "`include` wants a list of files")
                .help("write `include = [\"builtin:alliances\", \"feeds.toml\"]`"),
        );
        return Vec::new();
    };
    let mut found = Vec::new();
    for one in list.iter() {
        match one.get_ref().as_str() {
            Some(name) if !name.is_empty() => found.push((name.to_owned(), place(one.span()))),
            _ => problems.push(Diagnostic::error(place(one.span()), "this is no file name")),
        }
    }
    found
}

/// The text of a config file, or what is wrong with it and the cure.
fn text_of(path: &Path) -> Result<String, (String, String)> {
    let shown = path.display();
    let unreadable = |why: std::io::Error| {
        let help = match why.kind() {
            std::io::ErrorKind::NotFound => {
                "check the path, or name another one with `--config`".to_owned()
            }
            std::io::ErrorKind::PermissionDenied => {
                "give the user that runs pactwatch the right to read it".to_owned()
            }
            _ => "check the file".to_owned(),
        };
        (format!("the config file `{shown}` cannot be read: {why}"), help)
    };
    let about = fs::metadata(path).map_err(unreadable)?;
    if !about.is_file() {
        return Err((
            format!("`{shown}` is no file"),
            "name the config file itself, not its folder".to_owned(),
        ));
    }
    if about.len() > FILE_BYTES {
        return Err((
            format!("`{shown}` is larger than {} MiB", FILE_BYTES >> 20),
            "is it really a config file?".to_owned(),
        ));
    }
    let bytes = fs::read(path).map_err(unreadable)?;
    String::from_utf8(bytes).map_err(|error| {
        (
            format!("`{shown}` is no text: byte {} is not UTF-8", error.utf8_error().valid_up_to()),
            "save the file as UTF-8".to_owned(),
        )
    })
}
