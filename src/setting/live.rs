//! A secret at work: it follows its file, so that a changed token needs neither restart nor reload.

use std::fmt;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use super::{Secret, SecretError, SecretSource};

/// A secret that is read again when its file has changed. Clones share what was read.
#[derive(Clone)]
pub struct LiveSecret {
    source: SecretSource,
    /// The file that is watched; `None` where the source is none.
    path: Option<PathBuf>,
    kept: Arc<Mutex<Kept>>,
}

/// What was read last, and how its file looked before.
struct Kept {
    value: Secret,
    stamp: Option<Stamp>,
}

/// By what a changed file is known: the time, the length, and the inode, as files are replaced by
/// renaming.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp(Option<SystemTime>, u64, u64);

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let found = fs::metadata(path).ok()?;
        Some(Self(found.modified().ok(), found.len(), found.ino()))
    }
}

impl fmt::Debug for LiveSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl LiveSecret {
    /// Reads it for the first time.
    ///
    /// # Errors
    ///
    /// As [`SecretSource::resolve`].
    pub fn open(source: &SecretSource) -> Result<Self, SecretError> {
        let path = source.path();
        let stamp = path.as_deref().and_then(Stamp::of);
        let kept = Kept { value: source.resolve()?, stamp };
        Ok(Self { source: source.clone(), path, kept: Arc::new(Mutex::new(kept)) })
    }

    /// Its value now. A file that cannot be read any more leaves the last value, and says so once:
    /// it may be in the middle of being replaced.
    pub fn current(&self) -> Secret {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(path) = &self.path else { return kept.value.clone() };
        let stamp = Stamp::of(path);
        if stamp != kept.stamp {
            kept.stamp = stamp;
            match self.source.resolve() {
                Ok(value) if value != kept.value => {
                    tracing::info!(file = %path.display(), "a secret has changed; the new one is used");
                    kept.value = value;
                }
                Ok(_) => {}
                Err(error) => {
                    let error = error.to_string();
                    let what = error.lines().next().unwrap_or_default();
                    tracing::warn!("a secret stays as it was: failed to {what}");
                }
            }
        }
        kept.value.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_file_is_read_again_and_a_missing_one_leaves_the_last_value() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        fs::write(&path, "first\n").unwrap();
        let live = LiveSecret::open(&SecretSource::File(path.clone())).unwrap();
        assert_eq!(live.current().expose(), "first");
        // As editors and `install` do it: a new file takes the name.
        let next = folder.path().join("next");
        fs::write(&next, "other").unwrap();
        fs::rename(&next, &path).unwrap();
        assert_eq!(live.clone().current().expose(), "other");
        fs::remove_file(&path).unwrap();
        assert_eq!(live.current().expose(), "other");
        fs::write(&path, "").unwrap();
        assert_eq!(live.current().expose(), "other", "an empty file is no secret");
        fs::write(&path, "the last one").unwrap();
        assert_eq!(live.current().expose(), "the last one");
        assert!(!format!("{live:?}").contains("last"));
    }
}
