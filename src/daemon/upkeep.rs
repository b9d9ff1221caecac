//! Upkeep: what has had its time is put away. A task of its own, so that a long pruning holds up
//! neither a reload nor the watchdog; the store takes it in steps between which admission goes on.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

use super::control::ticks;
use crate::config::Config;
use crate::model::RuleId;
use crate::store::{HistorySection, Store};

/// How often what has had its time is put away; also after each reload.
const EVERY: Duration = Duration::from_secs(3600);

/// What upkeep goes by.
#[derive(Debug, Clone)]
pub(super) struct Chores {
    rules: Vec<RuleId>,
    history: HistorySection,
    give_up: Duration,
}

impl Chores {
    pub(super) fn of(config: &Config) -> Self {
        Self {
            rules: config.rules.rules().map(|rule| rule.id).collect(),
            history: config.history.clone(),
            give_up: config.delivery.give_up,
        }
    }
}

/// Keeps house until the other end of `chores` is gone. Can be given up at any wait: what is pruned by
/// then stays pruned.
pub(super) async fn run(store: Store, mut chores: watch::Receiver<Arc<Chores>>) {
    let mut due = ticks(EVERY);
    loop {
        tokio::select! {
            _ = due.tick() => {}
            changed = chores.changed() => {
                if changed.is_err() {
                    return;
                }
            }
        }
        let now = chores.borrow_and_update().clone();
        upkeep(&store, &now).await;
    }
}

/// Prunes history, and gives up what has waited too long for sinks that are gone: no worker looks at
/// those.
pub(super) async fn upkeep(store: &Store, chores: &Chores) {
    let now = Timestamp::now();
    if let Err(error) = store.run_rules(chores.rules.clone(), now).await {
        tracing::warn!(%error, "since when each rule runs could not be written");
    }
    match store.prune(now, chores.history.clone()).await {
        Ok(pruned) if pruned > 0 => tracing::info!(rows = pruned, "old history pruned"),
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "history could not be pruned"),
    }
    let before = now.checked_sub(chores.give_up).unwrap_or(Timestamp::MIN);
    match store.bury_paused(before, now).await {
        Ok(0) => {}
        Ok(messages) => {
            tracing::warn!(
                messages,
                "messages for sinks that the config does not name are given up"
            );
        }
        Err(error) => tracing::warn!(%error, "messages of removed sinks could not be given up"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::store::Access;

    fn chores(rule: &str) -> Arc<Chores> {
        let rules = vec![RuleId::new(rule)];
        Arc::new(Chores { rules, history: HistorySection::default(), give_up: EVERY })
    }

    async fn until_running(store: &Store, rule: &str) {
        let expected = BTreeSet::from([RuleId::new(rule)]);
        let wait = async {
            while store.habits().await.unwrap().rules.into_keys().collect::<BTreeSet<_>>()
                != expected
            {
                tokio::task::yield_now().await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(60), wait).await;
        assert!(waited.is_ok(), "`{rule}` was never seen to");
    }

    #[tokio::test]
    async fn it_begins_at_once_follows_a_reload_and_ends_with_the_daemon() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("x.db"), Access::Create).unwrap();
        let (reload, seen) = watch::channel(chores("one"));
        let task = tokio::spawn(run(store.clone(), seen));
        until_running(&store, "one").await;
        reload.send_replace(chores("two"));
        until_running(&store, "two").await;
        drop(reload);
        let ended = tokio::time::timeout(Duration::from_secs(60), task).await;
        assert!(ended.is_ok_and(|ended| ended.is_ok()), "it did not end");
    }
}
