//! Feeds in files, where `allow_file` under [network] names their folder.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use url::Url;

use super::fetch::{Answer, Failure};
use crate::model::Validators;
use crate::net::Held;

/// What to do where a file may not be read.
pub(super) const CURE: &str = "name its folder in `allow_file` under [network] if it is meant";

/// Reads the file of a `file:` address, in one of these folders alone, wherever links lead.
pub(super) async fn read(
    url: &Url,
    allowed: &[PathBuf],
    cap: usize,
    held: &mut Held,
) -> Result<Answer, Failure> {
    let path = url
        .to_file_path()
        .map_err(|()| Failure::new("the address of a file looks like file:///folder/feed.xml"))?;
    let allowed = allowed.to_vec();
    let opened = tokio::task::spawn_blocking(move || open(&path, &allowed, cap));
    let failed = |_| Failure::new("reading it failed inside pactwatch; please report this feed");
    let (file, length) = opened.await.map_err(failed)??;
    held.grow(length).await;
    let reading = tokio::task::spawn_blocking(move || {
        let mut bytes = Vec::with_capacity(length);
        // A file that grows meanwhile is read to where it ended.
        file.take(length as u64).read_to_end(&mut bytes).map(|_| bytes)
    });
    let bytes = reading.await.map_err(failed)?;
    let bytes = bytes.map_err(|error| Failure::new(format!("the file cannot be read: {error}")))?;
    Ok(Answer::Document {
        bytes,
        content_type: None,
        url: url.clone(),
        validators: Validators::default(),
    })
}

/// Whether a path lies in one of these folders, as it is written.
pub(super) fn is_below(path: &Path, allowed: &[PathBuf]) -> bool {
    let plain = !path.components().any(|part| part == std::path::Component::ParentDir);
    plain
        && allowed
            .iter()
            .filter_map(|folder| std::path::absolute(folder).ok())
            .any(|folder| path.starts_with(folder))
}

fn open(path: &Path, allowed: &[PathBuf], cap: usize) -> Result<(File, usize), Failure> {
    let failed = |error| Failure::new(format!("the file cannot be read: {error}"));
    // Links are followed before the question is asked.
    let path = path.canonicalize().map_err(failed)?;
    let inside = allowed
        .iter()
        .filter_map(|folder| folder.canonicalize().ok())
        .any(|folder| path.starts_with(folder));
    if !inside {
        return Err(Failure::new(format!("the file lies in no folder that is allowed\n{CURE}")));
    }
    // A pipe would hold whoever opens it.
    if !path.metadata().map_err(failed)?.is_file() {
        return Err(Failure::new("the address names no plain file"));
    }
    let file = File::open(&path).map_err(failed)?;
    let length = usize::try_from(file.metadata().map_err(failed)?.len()).unwrap_or(usize::MAX);
    match length > cap {
        true => Err(Failure::new(format!("the file is larger than {cap} bytes"))),
        false => Ok((file, length)),
    }
}
