//! Builds the stations, joins them, reloads their config and stops them in flow order.
//!
//! `watch` sends what it polled to `judge`; `judge` writes rows and nudges `deliver`; `deliver`
//! reads rows. Stopping goes the same way: `watch` aborts its requests and hangs up, `judge` drains
//! and ends as the line closes, `deliver` gets a grace period, the store closes last.

mod change;
mod control;
mod duty;
mod equip;
mod trial;
mod upkeep;
mod vital;

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;
use tokio::sync::{Notify, mpsc, watch as tokio_watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::deliver::{self, DeliverSetup};
use crate::judge::{self, JudgeSetup};
use crate::model::{Clock, FeedName, Mute, Polled, Pulse};
use crate::store::{Access, Errand, Judgement, Lock, Store};
use crate::systemd;
use crate::watch::{self, Line, WatchSetup};
use crate::web::{self, Meters, Order, Orders, WebSetup};
use crate::websub::{self, WebsubSetup};
use change::Watched;
use control::{Control, Hangup};
use equip::Parts;
use upkeep::{Chores, upkeep};
use vital::{Vital, beat};

pub use equip::{Equipment, Unusable, equip, outlet};
pub use trial::{Tried, trial};

/// The stations, in the order of their pulses.
const STATIONS: [&str; 3] = ["watch", "judge", "deliver"];
/// Polls that may wait between `watch` and `judge`.
const LINE: usize = 16;
/// Feeds that may wait to be polled on demand.
const WANTED: usize = 64;
/// Documents that hubs push that may wait to be read; a hub keeps the others a while.
const PUSHED: usize = 16;
/// How long deliveries under way may take once the daemon stops.
const GRACE: Duration = Duration::from_secs(8);

/// Takes the database for this process and opens it. Without an `errand` it stays written down who had
/// it before, and for what.
///
/// # Errors
///
/// Another process runs on it, or it cannot be opened.
pub fn open(config: &Config, errand: Option<Errand>) -> anyhow::Result<(Lock, Store)> {
    if let Some(folder) = config.database.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("failed to make the folder `{}`", folder.display()))?;
    }
    let lock = Lock::take(&config.database)
        .with_context(|| format!("failed to take `{}`", config.database.display()))?;
    if let Some(errand) = errand {
        lock.sign(errand, None).context("failed to write the lock file")?;
    }
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
    // Heard from the start: unheard, it ends a process.
    let hangup = Hangup::listen();
    let parts = Parts::build(&config)?;
    let (lock, store) = open(&config, Some(Errand::Watch))?;
    let lock = Arc::new(lock);
    let states = store.feed_states().await.context("failed to read the feeds' state")?;
    let (feeds_in, feeds) = tokio_watch::channel(parts.subscription);
    let (bench_in, bench) = tokio_watch::channel(parts.bench);
    let (office_in, office) = tokio_watch::channel(parts.office);
    let (desk_in, desk) = tokio_watch::channel(parts.desk);
    let (heartbeat_in, heartbeat) = tokio_watch::channel(parts.heartbeat);
    let (duty_in, duty) = tokio_watch::channel(parts.duty);
    let (terms_in, terms) = tokio_watch::channel(parts.terms);
    let (hubs_in, hubs) = tokio_watch::channel(Arc::default());
    let (leased_in, leased) = tokio_watch::channel(Arc::default());
    let (pushed_in, pushed) = mpsc::channel(PUSHED);
    let (rejected_in, rejected) = tokio_watch::channel(None);
    let (out, polls) = mpsc::channel(LINE);
    let (on, inbox) = mpsc::channel(1);
    let (chores_in, chores) = tokio_watch::channel(Arc::new(Chores::of(&config)));
    let (wanted_in, wanted) = mpsc::channel(WANTED);
    let posted = Arc::new(Notify::new());
    let meters = Arc::new(Meters::default());
    let (watching, delivering) = (CancellationToken::new(), CancellationToken::new());
    let showing = CancellationToken::new();
    let pulses = [Pulse::default(), Pulse::default(), Pulse::default()];
    pulses.iter().for_each(Pulse::beat);

    let tap_task = tokio::spawn(tap(polls, on, meters.clone()));
    let web_task = tokio::spawn(web::run(WebSetup {
        desk,
        store: store.clone(),
        pulses: STATIONS.into_iter().zip(pulses.iter().cloned()).collect(),
        meters: meters.clone(),
        orders: orders(store.clone(), posted.clone()),
        shutdown: showing.clone(),
    }));
    let mut watch_task = tokio::spawn(watch::run(WatchSetup {
        feeds,
        states,
        wanted,
        line: Line { pushed, leased, hubs: hubs_in },
        out,
        shutdown: watching.clone(),
        pulse: pulses[0].clone(),
    }));
    let websub_task = tokio::spawn(websub::run(WebsubSetup {
        terms,
        hubs,
        leased: leased_in,
        pushed: pushed_in,
        store: store.clone(),
        shutdown: watching.clone(),
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
        office,
        clock: Clock::default(),
        nudge: posted.clone(),
        shutdown: delivering.clone(),
        grace: GRACE,
        pulse: pulses[2].clone(),
    }));

    let mut upkeep_task = tokio::spawn(upkeep::run(store.clone(), chores));
    let duty_task = tokio::spawn(duty::run(store.clone(), duty, rejected, posted.clone()));
    let vital = Vital { pulses, store: store.clone() };
    let heartbeat_task = tokio::spawn(beat(vital.clone(), heartbeat));

    let summary = summary(&config);
    tracing::info!("pactwatch {} watches: {summary}", env!("CARGO_PKG_VERSION"));
    systemd::ready(&summary);

    let mut control = Control {
        watched: Watched::new(config.files.iter().map(PathBuf::as_path)),
        config,
        named,
        hangup,
        store: store.clone(),
        lock: lock.clone(),
        feeds: feeds_in,
        bench: bench_in,
        office: office_in,
        desk: desk_in,
        meters,
        chores: chores_in,
        posted,
        wanted: wanted_in,
        vital,
        heartbeat: heartbeat_in,
        duty: duty_in,
        terms: terms_in,
        rejected: rejected_in,
        history: JoinSet::new(),
    };
    let (rules, print) = (control.config.rules.clone(), control::fingerprint(&control.config));
    control.history.spawn(change::since_last_time(store.clone(), rules, print));
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
        ended = &mut upkeep_task => Err(early("upkeep", ended)),
    };
    systemd::stopping();
    drop(control);
    showing.cancel();
    upkeep_task.abort();
    heartbeat_task.abort();
    watching.cancel();
    finish("watch", watch_task).await;
    finish("websub", websub_task).await;
    finish("tap", tap_task).await;
    finish("judge", judge_task).await;
    delivering.cancel();
    finish("deliver", deliver_task).await;
    finish("web", web_task).await;
    // It holds the store until it is gone; that it was told to go is no failure.
    if !upkeep_task.is_finished() {
        let _ = upkeep_task.await;
    }
    let _ = heartbeat_task.await;
    let _ = duty_task.await;
    store.close().await;
    tracing::info!("stopped");
    outcome
}

/// Counts what `watch` sends on its way to `judge`.
async fn tap(mut polls: mpsc::Receiver<Polled>, on: mpsc::Sender<Polled>, meters: Arc<Meters>) {
    while let Some(polled) = polls.recv().await {
        meters.poll(&polled);
        if on.send(polled).await.is_err() {
            return;
        }
    }
}

/// What the web desk may change, by the same ways as the command line.
fn orders(store: Store, posted: Arc<Notify>) -> Orders {
    Arc::new(move |order| {
        let (store, posted) = (store.clone(), posted.clone());
        Box::pin(async move {
            let now = Timestamp::now();
            let done = match order {
                Order::Retry(message) => store.retry(&message, now).await?,
                Order::Discard(message) => store.discard(&message, now).await?,
                Order::Judge(alert, verdict) => {
                    let said = Judgement { verdict, note: None, at: now };
                    return store.judge(alert, said).await;
                }
                Order::Mute(story, period) => {
                    let period = jiff::SignedDuration::try_from(period).unwrap_or_default();
                    let until = now.checked_add(period).unwrap_or(now);
                    let subject = story.to_string();
                    store.mute(Mute { subject, since: now, until, note: None, kept: 0 }).await?;
                    return Ok(true);
                }
                Order::Unmute(story) => return store.unmute(story.to_string(), now).await,
            };
            posted.notify_one();
            Ok(done)
        })
    })
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

/// What one round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    /// What was polled.
    pub polls: watch::Summary,
    /// What was sent.
    pub sends: deliver::Summary,
}

/// Which feeds a round polls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// Those that are due.
    Due,
    /// All that are not retired.
    All,
    /// This one, be it retired.
    One(FeedName),
}

/// Polls feeds, judges what came, attempts what is queued once.
///
/// # Errors
///
/// The database or a sink cannot be set up, or a station failed.
pub async fn once(
    config: &Config,
    which: Which,
    shutdown: CancellationToken,
) -> anyhow::Result<Round> {
    let parts = Parts::build(config)?;
    // A single feed polled by hand is no sign that cron is at work.
    let errand = (!matches!(which, Which::One(_))).then_some(Errand::Round);
    let (_lock, store) = open(config, errand)?;
    let round = work_once(parts, &store, which, shutdown).await;
    // Where cron runs it there is no daemon to do so.
    upkeep(&store, &Chores::of(config)).await;
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
    which: Which,
    shutdown: CancellationToken,
) -> anyhow::Result<Round> {
    work_once(Parts::build(config)?, store, which, shutdown).await
}

async fn work_once(
    parts: Parts,
    store: &Store,
    which: Which,
    shutdown: CancellationToken,
) -> anyhow::Result<Round> {
    let mut states = store.feed_states().await.context("failed to read the feeds' state")?;
    let mut subscription = Arc::new(watch::for_one_round(&parts.subscription));
    if let Which::One(name) = &which {
        subscription = Arc::new(watch::only(&subscription, name));
        states.retain(|feed, _| feed == name);
        states.values_mut().for_each(|state| watch::revive(state, Timestamp::now()));
    }
    let (_bench_in, bench) = tokio_watch::channel(parts.bench);
    let (out, inbox) = mpsc::channel(LINE);
    let judging = tokio::spawn(judge::run(JudgeSetup {
        store: store.clone(),
        bench,
        inbox,
        posted: Arc::new(Notify::new()),
        pulse: Pulse::default(),
    }));
    let polls = watch::once(subscription, states, which != Which::Due, out, shutdown.clone()).await;
    judging.await.context("the station `judge` failed")?;
    if let Err(error) = parts.duty.look(store, &None, Timestamp::now()).await {
        tracing::warn!(%error, "what operators are to be told cannot be found out");
    }
    let sends = deliver::once(DeliverSetup {
        store: store.clone(),
        office: tokio_watch::channel(parts.office).1,
        clock: Clock::default(),
        nudge: Arc::new(Notify::new()),
        shutdown,
        grace: GRACE,
        pulse: Pulse::default(),
    })
    .await;
    Ok(Round { polls, sends })
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
