//! Values that must never show.

use std::fmt;
use std::path::PathBuf;

use thiserror::Error;

use super::{Diagnostic, Span, Table};

/// A secret value. `Debug` and `Display` print a placeholder; only [`Secret::expose`] gives it out,
/// so a search for that word finds every place that handles secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself: for the request that needs it, never for text that people see.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// Where a secret comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// In the config itself; `check` warns.
    Inline(Secret),
    /// A file; relative paths are relative to the config file that names it.
    File(PathBuf),
    /// An environment variable.
    Env(String),
    /// A systemd credential: a file below `$CREDENTIALS_DIRECTORY`.
    Credential(String),
}

/// Why a secret could not be read. Never holds the value.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SecretError {
    /// The file is missing, unreadable or not text.
    #[error("read the secret file `{path}`: {why}")]
    File {
        /// Its path.
        path: String,
        /// The system's word.
        why: String,
    },
    /// The variable is not set.
    #[error("find the environment variable `{0}`\nset it, or name another one")]
    Env(String),
    /// systemd passed no credentials.
    #[error(
        "find the credential `{0}`: systemd passed none\nadd `LoadCredential={0}:/path/to/file` to the unit"
    )]
    Credential(String),
    /// The file or variable is empty.
    #[error("use the secret from {0}: it is empty")]
    Empty(String),
}

impl SecretSource {
    /// The file that holds it, where it is one.
    pub fn path(&self) -> Option<PathBuf> {
        match self {
            SecretSource::Inline(_) | SecretSource::Env(_) => None,
            SecretSource::File(path) => Some(path.clone()),
            SecretSource::Credential(name) => {
                let folder = std::env::var_os("CREDENTIALS_DIRECTORY")?;
                Some(PathBuf::from(folder).join(name))
            }
        }
    }

    /// Reads the value; one trailing line break is cut, as editors and `echo` add one.
    ///
    /// # Errors
    ///
    /// Says which source failed and why, without the value.
    pub fn resolve(&self) -> Result<Secret, SecretError> {
        let (value, named) = match self {
            SecretSource::Inline(secret) => (secret.0.clone(), "the config".to_owned()),
            SecretSource::File(path) => (read(path)?, format!("`{}`", path.display())),
            SecretSource::Env(name) => (
                std::env::var(name).map_err(|_| SecretError::Env(name.clone()))?,
                format!("the variable `{name}`"),
            ),
            SecretSource::Credential(name) => {
                let folder = std::env::var_os("CREDENTIALS_DIRECTORY")
                    .ok_or_else(|| SecretError::Credential(name.clone()))?;
                let path = PathBuf::from(folder).join(name);
                (read(&path)?, format!("the credential `{name}`"))
            }
        };
        let value = value.strip_suffix('\n').unwrap_or(&value);
        let value = value.strip_suffix('\r').unwrap_or(value);
        if value.is_empty() {
            return Err(SecretError::Empty(named));
        }
        Ok(Secret::new(value))
    }
}

impl Table<'_> {
    /// Reads a secret key, and warns where it stands in the config itself.
    pub fn private(&self, key: &str) -> Option<SecretSource> {
        let (source, span) = self.secret(key)?;
        self.warn_inline(key, &source, span);
        Some(source)
    }

    /// Warns of a secret that stands in the config itself.
    pub fn warn_inline(&self, key: &str, source: &SecretSource, span: Span) {
        if matches!(source, SecretSource::Inline(_)) {
            self.problems().add(
                Diagnostic::warning(
                    span,
                    format!("`{key}` stands in the config itself, for all who read it"),
                )
                .help(format!("put it into a file of its own: {key} = {{ file = \"…\" }}"))
                .unquoted(),
            );
        }
    }
}

fn read(path: &PathBuf) -> Result<String, SecretError> {
    std::fs::read_to_string(path).map_err(|error| SecretError::File {
        path: path.display().to_string(),
        why: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_prints_a_placeholder() {
        let secret = SecretSource::Inline(Secret::new("hunter2"));
        assert!(!format!("{secret:?}").contains("hunter2"));
        assert!(!format!("{}", Secret::new("hunter2")).contains("hunter2"));
    }

    #[test]
    fn a_file_loses_one_line_break_and_may_not_be_empty() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, "one\n\n").unwrap();
        assert_eq!(SecretSource::File(path.clone()).resolve().unwrap().expose(), "one\n");
        std::fs::write(&path, "\n").unwrap();
        assert!(matches!(SecretSource::File(path.clone()).resolve(), Err(SecretError::Empty(_))));
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(SecretSource::File(path).resolve(), Err(SecretError::File { .. })));
    }
}
