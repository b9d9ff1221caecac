//! Builds the stations, joins them, reloads their config and stops them in flow order.
//!
//! `watch` sends what it polled to `judge`; `judge` writes rows and nudges `deliver`; `deliver`
//! reads rows. Stopping goes the same way: `watch` aborts its requests and hangs up, `judge` drains
//! and ends as the line closes, `deliver` gets a grace period, the store closes last.

use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use jiff::Timestamp;
use tokio::sync::{Notify, mpsc, watch as tokio_watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::config::{Config, Reload, Report};
use crate::deliver::{self, DeliverSetup};
use crate::judge::{self, Bench, JudgeSetup};
use crate::model::Pulse;
use crate::net::Client;
use crate::setting::{Diagnostic, Span};
use crate::sink::{BuildError, Outlet, SinkConfig, Workshop};
use crate::store::{Access, Lock, Store};
use crate::watch::{self, Subscription, WatchSetup};
use crate::{config, systemd};

/// Polls that may wait between `watch` and `judge`.
const LINE: usize = 16;
/// How long deliveries under way may take once the daemon stops.
const GRACE: Duration = Duration::from_secs(8);
/// How often rows written by other commands are looked for.
const LOOK: Duration = Duration::from_secs(1);
/// How often history is pruned.
const PRUNE: Duration = Duration::from_secs(3600);
/// A station whose pulse is older than this is taken as wedged.
const WEDGED: Duration = Duration::from_secs(90);
/// A store that does not answer within this is taken as wedged.
const STORE_ANSWER: Duration = Duration::from_secs(20);
/// Connections kept per feed host. Feeds are polled too seldom for a kept one to pay: a thousand idle
/// ones held 28 MB in a cold poll.
const FEED_IDLE: usize = 0;

/// What the stations work from; made anew, whole, by each reload.
struct Parts {
    subscription: Arc<Subscription>,
    bench: Arc<Bench>,
    outlets: Arc<Vec<Outlet>>,
}

impl Parts {
    /// Builds clients, resolves secrets. Nothing is changed until all of it has worked.
    fn build(config: &Config) -> Result<Self, Unusable> {
        let (client, outlets) = equip(config)?;
        let subscription = Subscription {
            feeds: config.feeds.iter().cloned().map(Arc::new).collect(),
            poll: config.poll.clone(),
            client,
        };
        let bench = Bench {
            rules: config.rules.clone(),
            routes: config.sinks.iter().map(|sink| sink.route.clone()).collect(),
            story: config.story.clone(),
            shadow: config
                .feeds
                .iter()
                .filter(|feed| feed.shadow)
                .map(|feed| feed.name.clone())
                .collect(),
        };
        Ok(Self {
            subscription: Arc::new(subscription),
            bench: Arc::new(bench),
            outlets: Arc::new(outlets),
        })
    }
}

/// The config reads well, but what it names is not there or of no use: a secret, a certificate.
#[derive(Debug)]
pub struct Unusable(pub Vec<Diagnostic>);

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<&str> = self.0.iter().map(|one| one.message.as_str()).collect();
        f.write_str(&lines.join("; "))
    }
}

impl std::error::Error for Unusable {}

/// Sets up the client for feeds and every receiver, which resolves their secrets.
///
/// # Errors
///
/// Everything that stands in the way, not the first alone.
pub fn equip(config: &Config) -> Result<(Client, Vec<Outlet>), Unusable> {
    let mut wrong = Vec::new();
    let client = Client::new(&config.network.feed_client(FEED_IDLE))
        .map_err(|error| wrong.push(unusable("[network]", None, &error.to_string())))
        .ok();
    let mut outlets = Vec::new();
    for sink in &config.sinks {
        match sink.build(&workshop(config)) {
            Ok(outlet) => outlets.push(outlet),
            // The certificates, which are told already and are not the receiver's fault.
            Err(BuildError::Client(_)) if client.is_none() => {}
            Err(error) => wrong.push(unusable_sink(sink, &error)),
        }
    }
    match client {
        Some(client) if wrong.is_empty() => Ok((client, outlets)),
        _ => Err(Unusable(wrong)),
    }
}

/// Sets up one receiver.
///
/// # Errors
///
/// What is wrong with it, and where it stands in the config.
pub fn outlet(config: &Config, sink: &SinkConfig) -> Result<Outlet, Diagnostic> {
    sink.build(&workshop(config)).map_err(|error| unusable_sink(sink, &error))
}

fn workshop(config: &Config) -> Workshop {
    Workshop {
        user_agent: config.network.user_agent(),
        trust: config.network.trust(),
        timeout: config.delivery.timeout,
    }
}

fn unusable_sink(sink: &SinkConfig, error: &BuildError) -> Diagnostic {
    unusable(&format!("the sink `{}`", sink.name), Some(sink.span), &error.to_string())
}

/// The first line of an error says what failed, the second what to do.
fn unusable(whose: &str, span: Option<Span>, error: &str) -> Diagnostic {
    let (what, cure) = error.split_once('\n').unwrap_or((error, ""));
    let mistake = Diagnostic::error(span, format!("{whose}: failed to {what}")).unquoted();
    if cure.is_empty() { mistake } else { mistake.help(cure) }
}

/// Takes the database for this process and opens it.
///
/// # Errors
///
/// Another process runs on it, or it cannot be opened.
pub fn open(config: &Config) -> anyhow::Result<(Lock, Store)> {
    if let Some(folder) = config.database.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("failed to make the folder `{}`", folder.display()))?;
    }
    let lock = Lock::take(&config.database)
        .with_context(|| format!("failed to take `{}`", config.database.display()))?;
    let store = Store::open(&config.database, Access::Create)
        .with_context(|| format!("failed to open `{}`", config.database.display()))?;
    Ok((lock, store))
}

/// Runs until `shutdown` resolves. `named` is how the config was named, for reloads.
///
/// # Errors
///
/// The daemon cannot start, or a station ended on its own.
pub async fn run(
    config: Config,
    named: Option<PathBuf>,
    shutdown: impl Future<Output = &'static str>,
) -> anyhow::Result<()> {
    let parts = Parts::build(&config)?;
    let (_lock, store) = open(&config)?;
    let states = store.feed_states().await.context("failed to read the feeds' state")?;
    let (feeds_in, feeds) = tokio_watch::channel(parts.subscription);
    let (bench_in, bench) = tokio_watch::channel(parts.bench);
    let (outlets_in, outlets) = tokio_watch::channel(parts.outlets);
    let (out, inbox) = mpsc::channel(LINE);
    let posted = Arc::new(Notify::new());
    let (watching, delivering) = (CancellationToken::new(), CancellationToken::new());
    let pulses = [Pulse::default(), Pulse::default(), Pulse::default()];
    pulses.iter().for_each(Pulse::beat);

    let mut watch_task = tokio::spawn(watch::run(WatchSetup {
        feeds,
        states,
        out,
        shutdown: watching.clone(),
        pulse: pulses[0].clone(),
    }));
    let mut judge_task = tokio::spawn(judge::run(JudgeSetup {
        store: store.clone(),
        bench,
        inbox,
        posted: posted.clone(),
        pulse: pulses[1].clone(),
    }));
    let mut deliver_task = tokio::spawn(deliver::run(DeliverSetup {
        store: store.clone(),
        outlets,
        delivery: config.delivery.clone(),
        timezone: config.timezone.clone(),
        public_url: config.public_url.clone(),
        nudge: posted.clone(),
        shutdown: delivering.clone(),
        grace: GRACE,
        pulse: pulses[2].clone(),
    }));

    let summary = summary(&config);
    tracing::info!("pactwatch {} watches: {summary}", env!("CARGO_PKG_VERSION"));
    systemd::ready(&summary);

    let mut control = Control {
        fingerprint: fingerprint(&config),
        config,
        named,
        store: store.clone(),
        feeds: feeds_in,
        bench: bench_in,
        outlets: outlets_in,
        posted,
        pulses,
    };
    tokio::pin!(shutdown);
    let outcome = tokio::select! {
        why = &mut shutdown => {
            tracing::info!("stopping: {why}");
            Ok(())
        }
        () = control.work() => Ok(()),
        ended = &mut watch_task => Err(early("watch", ended)),
        ended = &mut judge_task => Err(early("judge", ended)),
        ended = &mut deliver_task => Err(early("deliver", ended)),
    };
    systemd::stopping();
    drop(control);
    watching.cancel();
    finish("watch", watch_task).await;
    finish("judge", judge_task).await;
    delivering.cancel();
    finish("deliver", deliver_task).await;
    store.close().await;
    tracing::info!("stopped");
    outcome
}

/// A station ended although nobody asked it to.
fn early(station: &str, ended: Result<(), tokio::task::JoinError>) -> anyhow::Error {
    match ended {
        Ok(()) => anyhow::anyhow!("the station `{station}` ended on its own"),
        Err(error) => anyhow::anyhow!("the station `{station}` failed: {error}"),
    }
}

/// Waits for a station that was told to stop; one that was awaited before counts as finished.
async fn finish(station: &str, task: JoinHandle<()>) {
    if task.is_finished() {
        return;
    }
    if let Err(error) = task.await {
        tracing::error!(%error, "the station `{station}` failed while stopping");
    }
}

fn summary(config: &Config) -> String {
    format!(
        "{} feeds, {} rules, {} sinks, database {}",
        config.feeds.len(),
        config.rules.rules().count(),
        config.sinks.len(),
        config.database.display()
    )
}

/// The daemon's own chores beside the stations.
struct Control {
    config: Config,
    named: Option<PathBuf>,
    fingerprint: Option<u64>,
    store: Store,
    feeds: tokio_watch::Sender<Arc<Subscription>>,
    bench: tokio_watch::Sender<Arc<Bench>>,
    outlets: tokio_watch::Sender<Arc<Vec<Outlet>>>,
    posted: Arc<Notify>,
    pulses: [Pulse; 3],
}

impl Control {
    /// Reloads, feeds the watchdog, notices other writers, prunes. Never ends.
    async fn work(&mut self) {
        let mut hangup = Hangup::listen();
        let mut look = ticks(LOOK);
        let mut prune = ticks(PRUNE);
        // systemd advises half the interval; a third leaves room for a slow store.
        let mut watchdog = systemd::watchdog().map(|every| ticks(every / 3));
        loop {
            tokio::select! {
                () = hangup.next() => self.reload().await,
                _ = look.tick() => self.look().await,
                _ = prune.tick() => self.prune().await,
                () = tick(watchdog.as_mut()) => self.feed_watchdog().await,
            }
        }
    }

    async fn feed_watchdog(&self) {
        let names = ["watch", "judge", "deliver"];
        for (name, pulse) in names.iter().zip(&self.pulses) {
            if pulse.age() > WEDGED {
                tracing::error!(
                    "the station `{name}` makes no progress; systemd is not told that we live"
                );
                return;
            }
        }
        match tokio::time::timeout(STORE_ANSWER, self.store.ping()).await {
            Ok(Ok(())) => systemd::alive(),
            _ => tracing::error!("the store does not answer; systemd is not told that we live"),
        }
    }

    async fn look(&mut self) {
        if self.store.other_writer_changed().await.unwrap_or(false) {
            self.posted.notify_one();
        }
        if self.config.reload == Reload::Watch && self.fingerprint != fingerprint(&self.config) {
            self.reload().await;
        }
    }

    async fn prune(&self) {
        match self.store.prune(Timestamp::now(), self.config.history.clone()).await {
            Ok(pruned) if pruned > 0 => tracing::info!(items = pruned, "old history pruned"),
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "history could not be pruned"),
        }
    }

    /// Reads the config again. Whole or not at all: a mistake leaves everything as it was.
    async fn reload(&mut self) {
        systemd::reloading();
        self.fingerprint = fingerprint(&self.config);
        let named = self.named.clone();
        let loaded = tokio::task::spawn_blocking(move || config::load(named.as_deref())).await;
        match loaded {
            Ok(Ok((config, report))) => match self.swap(config) {
                Ok(changes) => {
                    for warning in report.lines() {
                        tracing::warn!("{warning}");
                    }
                    tracing::info!("config reloaded: {changes}");
                }
                Err(error) => tracing::error!("config rejected, the old one stays: {error:#}"),
            },
            Ok(Err(report)) => self.rejected(&report),
            Err(error) => tracing::error!(%error, "config rejected, the old one stays"),
        }
        systemd::ready(&summary(&self.config));
    }

    fn rejected(&self, report: &Report) {
        for line in report.lines() {
            tracing::error!("{line}");
        }
        tracing::error!("config rejected with {} mistakes, the old one stays", report.errors());
    }

    fn swap(&mut self, config: Config) -> anyhow::Result<String> {
        if config.database != self.config.database {
            bail!("`database` has changed, which needs a restart");
        }
        let parts = Parts::build(&config)?;
        let changes = difference(&self.config, &config);
        self.bench.send_replace(parts.bench);
        self.outlets.send_replace(parts.outlets);
        self.feeds.send_replace(parts.subscription);
        self.config = config;
        Ok(changes)
    }
}

/// What a reload changes, in one line.
fn difference(old: &Config, new: &Config) -> String {
    let mut parts = Vec::new();
    let mut compare = |what: &str, before: Vec<String>, after: Vec<String>| {
        let added: Vec<_> = after.iter().filter(|name| !before.contains(name)).cloned().collect();
        let removed: Vec<_> = before.iter().filter(|name| !after.contains(name)).cloned().collect();
        for (sign, names) in [("+", added), ("-", removed)] {
            if !names.is_empty() {
                parts.push(format!("{what} {sign} {}", names.join(", ")));
            }
        }
    };
    let feeds = |config: &Config| config.feeds.iter().map(|feed| feed.name.to_string()).collect();
    let sinks = |config: &Config| config.sinks.iter().map(|sink| sink.name.to_string()).collect();
    let rules = |config: &Config| config.rules.rules().map(|rule| rule.id.to_string()).collect();
    compare("feeds", feeds(old), feeds(new));
    compare("sinks", sinks(old), sinks(new));
    compare("rules", rules(old), rules(new));
    if old.delivery != new.delivery {
        parts.push("[delivery] takes effect with the next restart".to_owned());
    }
    if parts.is_empty() {
        parts.push("the same feeds, sinks and rules by name".to_owned());
    }
    parts.join("; ")
}

/// A fingerprint of the config files by content, so that a change is seen however the file was
/// replaced (rename, symlink swap). `None` while one of them cannot be read.
fn fingerprint(config: &Config) -> Option<u64> {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    for file in &config.files {
        if !file.to_string_lossy().starts_with("builtin:") {
            std::fs::read(file).ok()?.hash(&mut hasher);
        }
    }
    Some(hasher.finish())
}

fn ticks(every: Duration) -> tokio::time::Interval {
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
struct Hangup {
    #[cfg(unix)]
    signal: Option<tokio::signal::unix::Signal>,
}

impl Hangup {
    #[cfg(unix)]
    fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let signal = signal(SignalKind::hangup())
            .inspect_err(
                |error| tracing::warn!(%error, "SIGHUP cannot be heard, so reload needs a restart"),
            )
            .ok();
        Self { signal }
    }

    #[cfg(not(unix))]
    fn listen() -> Self {
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

/// What one round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    /// What was polled.
    pub polls: watch::Summary,
    /// What was sent.
    pub sends: deliver::Summary,
}

/// Polls what is due (or everything), judges it, attempts what is queued once.
///
/// # Errors
///
/// The database or a sink cannot be set up, or a station failed.
pub async fn once(
    config: &Config,
    all: bool,
    shutdown: CancellationToken,
) -> anyhow::Result<Round> {
    let parts = Parts::build(config)?;
    let (_lock, store) = open(config)?;
    let round = work_once(config, parts, &store, all, shutdown).await;
    store.close().await;
    round
}

/// [`once`] on a store that is open already.
///
/// # Errors
///
/// As [`once`].
pub async fn round(
    config: &Config,
    store: &Store,
    all: bool,
    shutdown: CancellationToken,
) -> anyhow::Result<Round> {
    work_once(config, Parts::build(config)?, store, all, shutdown).await
}

async fn work_once(
    config: &Config,
    parts: Parts,
    store: &Store,
    all: bool,
    shutdown: CancellationToken,
) -> anyhow::Result<Round> {
    let states = store.feed_states().await.context("failed to read the feeds' state")?;
    let (out, inbox) = mpsc::channel(LINE);
    let (_bench_in, bench) = tokio_watch::channel(parts.bench);
    let judging = tokio::spawn(judge::run(JudgeSetup {
        store: store.clone(),
        bench,
        inbox,
        posted: Arc::new(Notify::new()),
        pulse: Pulse::default(),
    }));
    let polls = watch::once(parts.subscription, states, all, out, shutdown.clone()).await;
    judging.await.context("the station `judge` failed")?;
    let sends = deliver::once(DeliverSetup {
        store: store.clone(),
        outlets: tokio_watch::channel(parts.outlets).1,
        delivery: config.delivery.clone(),
        timezone: config.timezone.clone(),
        public_url: config.public_url.clone(),
        nudge: Arc::new(Notify::new()),
        shutdown,
        grace: GRACE,
        pulse: Pulse::default(),
    })
    .await;
    Ok(Round { polls, sends })
}
