//! What the daemon does beside the stations: reloads, feeds the watchdog, notices what other commands
//! wrote.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;

use super::change::{Watched, difference, history};
use super::duty::{Duty, Rejected};
use super::equip::{Parts, Unusable};
use super::summary;
use super::upkeep::Chores;
use super::vital::Vital;
use crate::config::{self, Config, Reload, Report};
use crate::deliver::Office;
use crate::judge::Bench;
use crate::model::FeedName;
use crate::operator::Heartbeat;
use crate::setting::{Diagnostic, Severity};
use crate::store::{Errand, Lock, Refusal, Store};
use crate::systemd;
use crate::watch::Subscription;
use crate::web::{Desk, Meters};
use crate::websub::Terms;

/// How often rows written by other commands are looked for.
const LOOK: Duration = Duration::from_secs(1);
/// The daemon's own chores beside the stations.
pub(super) struct Control {
    pub(super) config: Config,
    /// How the config was named, for finding it again.
    pub(super) named: Option<PathBuf>,
    /// The files whose change is a reason to read the config again, and what they held.
    pub(super) watched: Watched,
    pub(super) hangup: Hangup,
    pub(super) store: Store,
    /// Where others read that the config on disk was refused.
    pub(super) lock: Arc<Lock>,
    pub(super) feeds: watch::Sender<Arc<Subscription>>,
    pub(super) bench: watch::Sender<Arc<Bench>>,
    pub(super) office: watch::Sender<Arc<Office>>,
    pub(super) desk: watch::Sender<Arc<Desk>>,
    pub(super) meters: Arc<Meters>,
    pub(super) chores: watch::Sender<Arc<Chores>>,
    pub(super) posted: Arc<Notify>,
    /// Feeds that other commands want polled at once.
    pub(super) wanted: mpsc::Sender<FeedName>,
    pub(super) vital: Vital,
    pub(super) heartbeat: watch::Sender<Option<Arc<Heartbeat>>>,
    pub(super) duty: watch::Sender<Arc<Duty>>,
    pub(super) terms: watch::Sender<Arc<Terms>>,
    pub(super) rejected: watch::Sender<Rejected>,
    /// What a change of rules means for history; the newest question alone.
    pub(super) history: JoinSet<()>,
}

impl Control {
    /// Reloads, feeds the watchdog, notices other writers. Never ends.
    pub(super) async fn work(&mut self) {
        let mut look = ticks(LOOK);
        // systemd advises half the interval; a third leaves room for a slow store.
        let mut watchdog = systemd::watchdog().map(|every| ticks(every / 3));
        loop {
            tokio::select! {
                () = self.hangup.next() => self.reload().await,
                _ = look.tick() => self.look().await,
                () = tick(watchdog.as_mut()) => self.feed_watchdog().await,
            }
        }
    }

    async fn feed_watchdog(&self) {
        match self.vital.trouble().await {
            None => systemd::alive(),
            Some(trouble) => tracing::error!("{trouble}; systemd is not told that we live"),
        }
    }

    async fn look(&mut self) {
        if self.store.other_writer_changed().await.unwrap_or(false) {
            self.posted.notify_one();
            match self.store.take_wanted_feeds().await {
                // Where so many are wanted already that they find no room, they are polled soon anyway.
                Ok(names) => names.into_iter().for_each(|name| drop(self.wanted.try_send(name))),
                Err(error) => tracing::warn!(%error, "which feeds are wanted is not known"),
            }
        }
        if self.config.reload == Reload::Watch && self.watched.changed() {
            self.reload().await;
        }
    }

    /// Reads the config again. Whole or not at all: a mistake leaves everything as it was.
    async fn reload(&mut self) {
        systemd::reloading();
        // What changes from here on asks for another reload.
        self.watched.changed();
        let named = self.named.clone();
        let loaded = tokio::task::spawn_blocking(move || config::load(named.as_deref())).await;
        match loaded {
            Ok(Ok((config, mut report))) => match self.swap(config, &report) {
                Ok(changes) => {
                    for warning in report.lines() {
                        tracing::warn!("{warning}");
                    }
                    tracing::info!("config reloaded: {changes}");
                }
                Err(Unusable(mistakes)) => {
                    report.add(mistakes);
                    self.rejected(&report);
                }
            },
            Ok(Err(report)) => self.rejected(&report),
            Err(error) => {
                tracing::error!(%error, "config rejected, the old one stays");
                self.show_rejected(vec![error.to_string()]);
            }
        }
        systemd::ready(&summary(&self.config));
    }

    fn rejected(&mut self, report: &Report) {
        // A cure in any file that was read now is seen too.
        self.watched.follow(self.config.files.iter().map(PathBuf::as_path).chain(report.files()));
        for line in report.lines_of(Severity::Warning) {
            tracing::warn!("{line}");
        }
        let mistakes = report.lines_of(Severity::Error);
        for line in &mistakes {
            tracing::error!("{line}");
        }
        let (count, plural) = (mistakes.len(), if mistakes.len() == 1 { "" } else { "s" });
        tracing::error!("config rejected with {count} mistake{plural}, the old one stays");
        self.show_rejected(mistakes);
    }

    /// Tells whoever asks that the config on disk is not the one that runs.
    fn show_rejected(&self, mistakes: Vec<String>) {
        self.meters.reload(false);
        let desk = self.desk.borrow().with_rejected(Timestamp::now(), mistakes.clone());
        self.desk.send_replace(Arc::new(desk));
        let why = mistakes.into_iter().next().unwrap_or_default();
        let known = self.rejected.borrow().as_ref().map(|known| known.since);
        let refusal = Refusal { since: known.unwrap_or_else(Timestamp::now), why };
        self.sign(Some(&refusal));
        self.rejected.send_replace(Some(refusal));
    }

    /// Leaves word for those who cannot ask us. That it cannot be left stops nothing.
    fn sign(&self, refused: Option<&Refusal>) {
        if let Err(error) = self.lock.sign(Errand::Watch, refused) {
            tracing::warn!(%error, "whether the config was refused cannot be written to the lock file");
        }
    }

    fn swap(&mut self, config: Config, report: &Report) -> Result<String, Unusable> {
        self.watched.follow(report.files());
        if config.database != self.config.database {
            let wrong = "`database` has changed, which needs a restart";
            return Err(Unusable(vec![Diagnostic::error(None, wrong)]));
        }
        let mut parts = Parts::build(&config)?;
        keep(&mut parts, &self.config, &config, &self.office.borrow());
        let changes = difference(&self.config, &config);
        self.bench.send_replace(parts.bench);
        self.office.send_replace(parts.office);
        self.desk.send_replace(parts.desk);
        self.meters.reload(true);
        self.feeds.send_replace(parts.subscription);
        self.heartbeat.send_replace(parts.heartbeat);
        self.duty.send_replace(parts.duty);
        self.terms.send_replace(parts.terms);
        self.sign(None);
        self.rejected.send_replace(None);
        self.chores.send_replace(Arc::new(Chores::of(&config)));
        let old = std::mem::replace(&mut self.config, config);
        if old.rules_text != self.config.rules_text {
            self.history.abort_all();
            let rules = self.config.rules.clone();
            let asked = history(self.store.clone(), rules, fingerprint(&self.config));
            self.history.spawn(asked);
        }
        Ok(changes)
    }
}

/// A sink that works and is to be as before goes on as it is while what it needs is missing: secrets are
/// replaced under the eyes of a reload.
fn keep(parts: &mut Parts, old: &Config, new: &Config, office: &Office) {
    let mut next = Office::clone(&parts.office);
    for outlet in next.outlets.iter_mut().filter(|outlet| outlet.sink.fault().is_some()) {
        let find =
            |config: &'_ Config| config.sinks.iter().find(|one| one.name == outlet.name).cloned();
        let same = find(old).zip(find(new)).is_some_and(|(old, new)| old.same_as(&new));
        let known = office.outlets.iter().find(|one| one.name == outlet.name);
        if let Some(known) = known.filter(|one| same && one.sink.fault().is_none()) {
            *outlet = known.clone();
        }
    }
    parts.office = Arc::new(next);
}

/// What rules are known by.
pub(super) fn fingerprint(config: &Config) -> String {
    format!("{:016x}", config.rules_text)
}

pub(super) fn ticks(every: Duration) -> tokio::time::Interval {
    let mut ticks = tokio::time::interval(every.max(Duration::from_millis(100)));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    ticks
}

async fn tick(interval: Option<&mut tokio::time::Interval>) {
    match interval {
        Some(interval) => {
            interval.tick().await;
        }
        None => std::future::pending().await,
    }
}

/// SIGHUP, where the system has it.
pub(super) struct Hangup {
    #[cfg(unix)]
    signal: Option<tokio::signal::unix::Signal>,
}

impl Hangup {
    #[cfg(unix)]
    pub(super) fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let signal = signal(SignalKind::hangup())
            .inspect_err(
                |error| tracing::warn!(%error, "SIGHUP cannot be heard, so reload needs a restart"),
            )
            .ok();
        Self { signal }
    }

    #[cfg(not(unix))]
    pub(super) fn listen() -> Self {
        Self {}
    }

    async fn next(&mut self) {
        #[cfg(unix)]
        if let Some(signal) = &mut self.signal
            && signal.recv().await.is_some()
        {
            return;
        }
        std::future::pending().await
    }
}
