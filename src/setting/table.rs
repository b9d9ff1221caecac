//! A reader for one TOML table.
//!
//! Deriving the sections with serde would stop at the first mistake and lose the place of a key
//! inside tables that choose their shape by a `type` key; this reader keeps going, knows the exact
//! span of each key and value, and learns the allowed keys from what it is asked.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Diagnostic, FileId, Problems, Secret, SecretSource, Span, parse_duration};

/// One table of a config file. Ask for every key that is allowed, then call [`Table::finish`], which
/// reports the others.
pub struct Table<'a> {
    problems: &'a Problems,
    file: FileId,
    folder: &'a Path,
    /// Where the table begins, for what is missing.
    span: Span,
    /// What the table is called in messages: `[poll]`, `[[feed]]`.
    name: String,
    map: &'a DeTable<'a>,
    asked: RefCell<BTreeMap<String, ()>>,
}

impl<'a> Table<'a> {
    /// A reader over a parsed table. `folder` is that of the file: secret files are relative to it.
    pub fn new(
        problems: &'a Problems,
        file: FileId,
        folder: &'a Path,
        span: Span,
        name: impl Into<String>,
        map: &'a DeTable<'a>,
    ) -> Self {
        Self { problems, file, folder, span, name: name.into(), map, asked: RefCell::default() }
    }

    /// Where the table begins.
    pub fn span(&self) -> Span {
        self.span
    }

    /// What the table is called in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The collector of this config.
    pub fn problems(&self) -> &'a Problems {
        self.problems
    }

    /// Whether the key is there.
    pub fn has(&self, key: &str) -> bool {
        self.map.contains_key(key)
    }

    /// Every key with its span, for tables whose keys are names.
    pub fn keys(&self) -> Vec<(String, Span)> {
        self.map.keys().map(|key| (key.get_ref().to_string(), self.place(key.span()))).collect()
    }

    fn place(&self, range: std::ops::Range<usize>) -> Span {
        Span::new(self.file, range)
    }

    /// The raw value of a key with its span; marks the key as known.
    pub fn value(&self, key: &str) -> Option<(&'a DeValue<'a>, Span)> {
        self.asked.borrow_mut().insert(key.to_owned(), ());
        self.map.get(key).map(|value| (value.get_ref(), self.place(value.span())))
    }

    /// Span of a key's value, or of the table where the key is missing.
    pub fn at(&self, key: &str) -> Span {
        self.map.get(key).map_or(self.span, |value| self.place(value.span()))
    }

    /// Reports a value of the wrong type.
    fn wrong(&self, key: &str, span: Span, value: &DeValue<'_>, wanted: &str) {
        self.problems.error(
            span,
            format!("`{key}` in {} wants {wanted}, and this is {}", self.name, article(value)),
        );
    }

    /// Reports a key that must be there.
    pub fn missing(&self, key: &str, help: &str) {
        self.problems
            .add(Diagnostic::error(self.span, format!("{} has no `{key}`", self.name)).help(help));
    }

    /// A text.
    pub fn string(&self, key: &str) -> Option<(String, Span)> {
        let (value, span) = self.value(key)?;
        match value {
            DeValue::String(text) => Some((text.to_string(), span)),
            other => {
                self.wrong(key, span, other, "a string");
                None
            }
        }
    }

    /// A text that must be there and not be empty.
    pub fn required(&self, key: &str, help: &str) -> Option<(String, Span)> {
        if !self.has(key) {
            self.value(key);
            self.missing(key, help);
            return None;
        }
        let (text, span) = self.string(key)?;
        if text.trim().is_empty() {
            self.problems.add(Diagnostic::error(span, format!("`{key}` is empty")).help(help));
            return None;
        }
        Some((text, span))
    }

    /// `true` or `false`.
    pub fn boolean(&self, key: &str) -> Option<bool> {
        let (value, span) = self.value(key)?;
        match value {
            DeValue::Boolean(yes) => Some(*yes),
            other => {
                self.wrong(key, span, other, "`true` or `false`");
                None
            }
        }
    }

    /// A whole number within bounds, both included.
    pub fn integer(&self, key: &str, least: i64, most: i64) -> Option<i64> {
        let (value, span) = self.value(key)?;
        match value {
            DeValue::Integer(number) => {
                let radix = number.radix();
                match i64::from_str_radix(number.as_str(), radix) {
                    Ok(number) if (least..=most).contains(&number) => Some(number),
                    _ => {
                        self.problems
                            .error(span, format!("`{key}` must lie between {least} and {most}"));
                        None
                    }
                }
            }
            other => {
                self.wrong(key, span, other, "a whole number");
                None
            }
        }
    }

    /// A number.
    pub fn number(&self, key: &str) -> Option<(f64, Span)> {
        let (value, span) = self.value(key)?;
        let parsed = match value {
            DeValue::Integer(number) => {
                i64::from_str_radix(number.as_str(), number.radix()).ok().map(|n| n as f64)
            }
            DeValue::Float(number) => number.as_str().parse().ok(),
            other => {
                self.wrong(key, span, other, "a number");
                return None;
            }
        };
        match parsed.filter(|number: &f64| number.is_finite()) {
            Some(number) => Some((number, span)),
            None => {
                self.problems.error(span, format!("`{key}` is no number that can be used"));
                None
            }
        }
    }

    /// A duration, see [`parse_duration`].
    pub fn duration(&self, key: &str) -> Option<Duration> {
        let (text, span) = self.string(key)?;
        parse_duration(&text).map_err(|why| self.problems.error(span, why)).ok()
    }

    /// A duration that must not be zero.
    pub fn positive_duration(&self, key: &str) -> Option<Duration> {
        let duration = self.duration(key)?;
        if duration.is_zero() {
            self.problems.error(self.at(key), format!("`{key}` must be longer than nothing"));
            return None;
        }
        Some(duration)
    }

    /// A size in bytes: `512B`, `64KiB`, `10MiB`, `2GiB`.
    pub fn size(&self, key: &str) -> Option<u64> {
        let (text, span) = self.string(key)?;
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let factor = match text[digits..].trim() {
            "B" => Some(1),
            "KiB" => Some(1u64 << 10),
            "MiB" => Some(1 << 20),
            "GiB" => Some(1 << 30),
            _ => None,
        };
        let size = text[..digits].parse::<u64>().ok().zip(factor);
        match size.and_then(|(number, factor)| number.checked_mul(factor)).filter(|size| *size > 0)
        {
            Some(size) => Some(size),
            None => {
                self.problems.add(
                    Diagnostic::error(span, format!("`{text}` is no size"))
                        .help("write it like `512KiB`, `10MiB` or `2GiB`"),
                );
                None
            }
        }
    }

    /// The raw values of a list, each with its span.
    pub fn list(&self, key: &str) -> Option<Vec<(&'a Spanned<DeValue<'a>>, Span)>> {
        let (value, span) = self.value(key)?;
        match value {
            DeValue::Array(array) => {
                Some(array.iter().map(|one| (one, self.place(one.span()))).collect())
            }
            other => {
                self.wrong(key, span, other, "a list");
                None
            }
        }
    }

    /// A list of texts, each with its span.
    pub fn strings(&self, key: &str) -> Option<Vec<(String, Span)>> {
        let (value, span) = self.value(key)?;
        let DeValue::Array(array) = value else {
            self.wrong(key, span, value, "a list of strings");
            return None;
        };
        let mut list = Vec::new();
        for one in array.iter() {
            match one.get_ref() {
                DeValue::String(text) => list.push((text.to_string(), self.place(one.span()))),
                other => self.wrong(key, self.place(one.span()), other, "strings in its list"),
            }
        }
        Some(list)
    }

    /// A list of networks (`10.0.0.0/8`, or one address).
    pub fn networks(&self, key: &str) -> Option<Vec<IpNet>> {
        let list = self.strings(key)?;
        let mut networks = Vec::new();
        for (text, span) in list {
            match text
                .parse::<IpNet>()
                .ok()
                .or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
            {
                Some(network) => networks.push(network),
                None => self.problems.add(
                    Diagnostic::error(span, format!("`{text}` is no network"))
                        .help("write it like `192.168.0.0/16` or `::1/128`"),
                ),
            }
        }
        Some(networks)
    }

    /// One of some words; a near miss gets a suggestion.
    pub fn choice<T: Copy>(&self, key: &str, words: &[(&str, T)]) -> Option<T> {
        let (text, span) = self.string(key)?;
        if let Some((_, one)) = words.iter().find(|(word, _)| *word == text) {
            return Some(*one);
        }
        let allowed: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let help = match nearest(&text, allowed.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it can be {}", listed(&allowed)),
        };
        self.problems.add(
            Diagnostic::error(span, format!("`{key}` in {} cannot be `{text}`", self.name))
                .help(help),
        );
        None
    }

    /// A path; a relative one is relative to the file that names it.
    pub fn path(&self, key: &str) -> Option<(PathBuf, Span)> {
        let (text, span) = self.string(key)?;
        if text.is_empty() {
            self.problems.error(span, format!("`{key}` is empty"));
            return None;
        }
        Some((self.folder.join(text), span))
    }

    /// A list of paths, as [`Table::path`] takes each.
    pub fn paths(&self, key: &str) -> Option<Vec<PathBuf>> {
        let mut paths = Vec::new();
        for (text, span) in self.strings(key)? {
            match text.is_empty() {
                true => self.problems.error(span, format!("a path in `{key}` is empty")),
                false => paths.push(self.folder.join(text)),
            }
        }
        Some(paths)
    }

    /// A secret: a string, `{ file = … }`, `{ env = … }` or `{ credential = … }`.
    pub fn secret(&self, key: &str) -> Option<(SecretSource, Span)> {
        let (value, span) = self.value(key)?;
        self.source(key, value, span)
    }

    /// A list of secrets, each as [`Table::secret`] takes it.
    pub fn secrets(&self, key: &str) -> Option<Vec<(SecretSource, Span)>> {
        let list = self.list(key)?;
        Some(list.into_iter().filter_map(|(one, at)| self.source(key, one.get_ref(), at)).collect())
    }

    fn source(
        &self,
        key: &str,
        value: &'a DeValue<'a>,
        span: Span,
    ) -> Option<(SecretSource, Span)> {
        const SHAPE: &str =
            "write a string, { file = \"…\" }, { env = \"…\" } or { credential = \"…\" }";
        match value {
            DeValue::String(text) => {
                Some((SecretSource::Inline(Secret::new(text.to_string())), span))
            }
            DeValue::Table(map) => {
                let table = Table::new(
                    self.problems,
                    self.file,
                    self.folder,
                    span,
                    format!("`{key}`"),
                    map,
                );
                let file = table
                    .string("file")
                    .map(|(path, _)| SecretSource::File(self.folder.join(PathBuf::from(path))));
                let env = table.string("env").map(|(name, _)| SecretSource::Env(name));
                let credential = table.string("credential").and_then(|(name, at)| {
                    let plain = !name.is_empty() && !name.contains('/') && !name.starts_with('.');
                    if !plain {
                        self.problems.error(at, "a credential is a file name without a path");
                    }
                    plain.then_some(SecretSource::Credential(name))
                });
                table.finish();
                let mut found = [file, env, credential].into_iter().flatten();
                match (found.next(), found.next()) {
                    (Some(one), None) => {
                        if let Some(path) = one.path().filter(|path| is_open_to_all(path)) {
                            let odd = format!(
                                "the secret file `{}` can be read by everybody on this machine",
                                path.display()
                            );
                            let cure = "take that away: `chmod o= FILE`, with the daemon's group as its own";
                            self.problems.add(Diagnostic::warning(span, odd).help(cure).unquoted());
                        }
                        Some((one, span))
                    }
                    _ => {
                        self.problems.add(
                            Diagnostic::error(span, format!("`{key}` wants exactly one source"))
                                .help(SHAPE)
                                .unquoted(),
                        );
                        None
                    }
                }
            }
            _ => {
                self.problems.add(
                    Diagnostic::error(span, format!("`{key}` is no secret")).help(SHAPE).unquoted(),
                );
                None
            }
        }
    }

    /// A table below this one, `[name.key]`.
    pub fn table(&self, key: &str) -> Option<Table<'a>> {
        let (value, span) = self.value(key)?;
        match value {
            DeValue::Table(map) => Some(self.below(key, span, map)),
            other => {
                self.wrong(key, span, other, "a table");
                None
            }
        }
    }

    /// Tables of a list, `[[key]]`.
    pub fn tables(&self, key: &str) -> Vec<Table<'a>> {
        let Some((value, span)) = self.value(key) else { return Vec::new() };
        let DeValue::Array(array) = value else {
            self.wrong(key, span, value, &format!("a list of tables: write `[[{key}]]`"));
            return Vec::new();
        };
        let mut tables = Vec::new();
        for one in array.iter() {
            let span = self.place(one.span());
            match one.get_ref() {
                DeValue::Table(map) => tables.push(Table::new(
                    self.problems,
                    self.file,
                    self.folder,
                    span,
                    format!("[[{key}]]"),
                    map,
                )),
                other => self.wrong(key, span, other, "tables in its list"),
            }
        }
        tables
    }

    /// A reader over an inline table that [`Table::value`] gave.
    pub fn inline(&self, value: &'a Spanned<DeValue<'a>>, name: &str) -> Option<Table<'a>> {
        match value.get_ref() {
            DeValue::Table(map) => Some(Table::new(
                self.problems,
                self.file,
                self.folder,
                self.place(value.span()),
                name,
                map,
            )),
            _ => None,
        }
    }

    fn below(&self, key: &str, span: Span, map: &'a DeTable<'a>) -> Table<'a> {
        let name = match self.name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
            Some(outer) if !outer.starts_with('[') => format!("[{outer}.{key}]"),
            _ => format!("[{key}]"),
        };
        Table::new(self.problems, self.file, self.folder, span, name, map)
    }

    /// Reports every key that nobody asked for, with the nearest that is allowed.
    pub fn finish(self) {
        let asked = self.asked.borrow();
        for key in self.map.keys() {
            let name = key.get_ref();
            if asked.contains_key(name.as_ref()) {
                continue;
            }
            let allowed: Vec<&str> = asked.keys().map(String::as_str).collect();
            let help = match nearest(name, allowed.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("{} can hold {}", self.name, listed(&allowed)),
            };
            // The value may be a secret under a misspelt key, so the line is not quoted.
            self.problems.add(
                Diagnostic::error(
                    self.place(key.span()),
                    format!("{} has no key `{name}`", self.name),
                )
                .help(help)
                .unquoted(),
            );
        }
    }
}

/// The allowed word nearest to a misspelt one, where one is near enough to be meant.
pub fn nearest<'w>(word: &str, allowed: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    let limit = (word.chars().count() / 3).clamp(1, 3);
    allowed
        .map(|one| (strsim::damerau_levenshtein(&word.to_lowercase(), &one.to_lowercase()), one))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, one)| one)
}

fn listed(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

fn article(value: &DeValue<'_>) -> String {
    let kind = match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "`true` or `false`",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    kind.to_owned()
}

/// Whether others than a file's owner and group may read it.
fn is_open_to_all(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        const OTHERS_READ: u32 = 0o004;
        std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & OTHERS_READ != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}
