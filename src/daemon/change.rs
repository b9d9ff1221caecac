//! What a reload changes: between two configs, in the files, and for history.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::config::Config;
use crate::model::{Feed, Item};
use crate::rule::RuleSet;
use crate::store::{Compared, Store, StoreError};
use crate::watch::FeedAccess;

/// Items of history that are judged at a time, between two looks at everything else.
const PAGE: usize = 500;

/// What a reload changes, in one line.
pub(super) fn difference(old: &Config, new: &Config) -> String {
    let mut parts = Vec::new();
    let feeds = |config: &Config| -> Vec<_> {
        let access = |feed: &Feed| config.access.iter().find(|one| one.feed == feed.name);
        let all = config.feeds.iter();
        all.map(|feed| (feed.name.to_string(), (feed.clone(), access(feed).cloned()))).collect()
    };
    let same = |a: &(Feed, Option<FeedAccess>), b: &(Feed, Option<FeedAccess>)| {
        let access = match (&a.1, &b.1) {
            (Some(a), Some(b)) => a.same_as(b),
            (a, b) => a.is_none() && b.is_none(),
        };
        a.0 == b.0 && access
    };
    named("feeds", &feeds(old), &feeds(new), same, &mut parts);
    let sinks = |config: &Config| -> Vec<_> {
        config.sinks.iter().map(|sink| (sink.name.to_string(), sink.clone())).collect()
    };
    named("sinks", &sinks(old), &sinks(new), |a, b| a.same_as(b), &mut parts);
    let rules = |config: &Config| -> Vec<_> {
        config.rules.rules().map(|rule| (rule.id.to_string(), ())).collect()
    };
    named("rules", &rules(old), &rules(new), |(), ()| true, &mut parts);
    for (what, same) in [
        ("text of rules or lexicon", old.rules_text == new.rules_text),
        ("[poll]", old.poll == new.poll),
        ("[network]", old.network == new.network),
        ("[story]", old.story == new.story),
        ("[history]", old.history == new.history),
        ("[delivery]", old.delivery == new.delivery),
        ("timezone", old.timezone == new.timezone),
        ("reload", old.reload == new.reload),
        ("[web]", old.web == new.web),
        ("[operator]", old.operator == new.operator),
        ("[websub]", old.websub == new.websub),
    ] {
        if !same {
            parts.push(format!("{what} changed"));
        }
    }
    if parts.is_empty() { "nothing changed".to_owned() } else { parts.join("; ") }
}

/// Adds which of some named things are new, gone or other than before.
fn named<T>(
    what: &str,
    old: &[(String, T)],
    new: &[(String, T)],
    same: impl Fn(&T, &T) -> bool,
    parts: &mut Vec<String>,
) {
    let find = |list: &'_ [(String, T)], name: &str| list.iter().position(|(one, _)| one == name);
    let (mut added, mut changed) = (Vec::new(), Vec::new());
    for (name, thing) in new {
        match find(old, name) {
            None => added.push(name.as_str()),
            Some(at) if !same(&old[at].1, thing) => changed.push(name.as_str()),
            Some(_) => {}
        }
    }
    let gone = old.iter().filter(|(name, _)| find(new, name).is_none());
    let gone: Vec<&str> = gone.map(|(name, _)| name.as_str()).collect();
    for (sign, names) in [("+", added), ("-", gone), ("changed:", changed)] {
        if !names.is_empty() {
            parts.push(format!("{what} {sign} {}", names.join(", ")));
        }
    }
}

/// Config files and a fingerprint of their content, so that a change is seen however a file was
/// replaced (rename, swapped link).
#[derive(Debug)]
pub(super) struct Watched {
    files: Vec<PathBuf>,
    /// `None` while one of them cannot be read.
    print: Option<u64>,
}

impl Watched {
    pub(super) fn new<'p>(files: impl Iterator<Item = &'p Path>) -> Self {
        let mut files: Vec<PathBuf> = files.map(Path::to_owned).collect();
        files.retain(|file| !file.to_string_lossy().starts_with("builtin:"));
        files.sort_unstable();
        files.dedup();
        let print = print(&files);
        Self { files, print }
    }

    /// Looks at these files from now on.
    pub(super) fn follow<'p>(&mut self, files: impl Iterator<Item = &'p Path>) {
        let next = Self::new(files);
        // Of the same files the older print stays: what changed since then was not read.
        if next.files != self.files {
            *self = next;
        }
    }

    /// Whether they hold something else by now; the answer is yes once for each change.
    pub(super) fn changed(&mut self) -> bool {
        let now = print(&self.files);
        std::mem::replace(&mut self.print, now) != now
    }
}

fn print(files: &[PathBuf]) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    for file in files {
        std::fs::read(file).ok()?.hash(&mut hasher);
    }
    Some(hasher.finish())
}

/// Says how many stored items other rules would flag, and how many no longer, than those that judged
/// them. Nothing is told of them: neither a reload nor an upgrade ever alerts on history.
pub(super) async fn history(store: Store, new: RuleSet, fingerprint: String) {
    match compared(&store, new).await {
        Ok(compared) => {
            let Compared { items, gained, lost, .. } = compared;
            tracing::info!(
                items,
                gained,
                lost,
                "of {items} stored items the new rules flag {gained} more and {lost} no longer; none of them is told"
            );
            note(&store, fingerprint, Some(compared)).await;
        }
        Err(error) => {
            tracing::warn!(%error, "what the new rules make of stored items is not known");
        }
    }
}

/// As [`history`] where the rules are others than those that ran on this database before: the pack of
/// an upgrade, or files that were changed while nothing ran.
pub(super) async fn since_last_time(store: Store, rules: RuleSet, fingerprint: String) {
    match store.known_rules().await {
        Ok(Some(known)) if known == fingerprint => {}
        Ok(Some(_)) => history(store, rules, fingerprint).await,
        Ok(None) => note(&store, fingerprint, None).await,
        Err(error) => tracing::warn!(%error, "which rules ran before is not known"),
    }
}

async fn note(store: &Store, fingerprint: String, compared: Option<Compared>) {
    if let Err(error) = store.note_rules(fingerprint, compared).await {
        tracing::warn!(%error, "which rules run is not noted");
    }
}

async fn compared(store: &Store, new: RuleSet) -> Result<Compared, StoreError> {
    let mut sum = Compared { at: Timestamp::now(), items: 0, gained: 0, lost: 0 };
    let mut after = 0;
    loop {
        let page = store.judged_items(after, PAGE).await?;
        let Some((last, ..)) = page.last() else { return Ok(sum) };
        after = *last;
        sum.items += page.len() as u64;
        let new = new.clone();
        let counted = tokio::task::spawn_blocking(move || count(&new, &page)).await;
        // A panic was told where it happened; its page counts as unchanged.
        let (gained, lost) = counted.unwrap_or_default();
        (sum.gained, sum.lost) = (sum.gained + gained, sum.lost + lost);
    }
}

fn count(new: &RuleSet, page: &[(i64, Item, bool)]) -> (u64, u64) {
    let mut counts = (0, 0);
    for (_, item, flagged) in page {
        match (*flagged, new.judge(item).is_some()) {
            (false, true) => counts.0 += 1,
            (true, false) => counts.1 += 1,
            _ => {}
        }
    }
    counts
}
