//! Plays the demo: the site publishes, the stations of the daemon poll, judge and deliver.
//!
//! The config is a real file that goes through the real reader; the database is a real file too.
//! Both lie in a folder that is removed at the end.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use jiff::Timestamp;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::picture::Report;
use super::receiver::{Answer, Receiver};
use super::site::Site;
use super::telling;
use crate::config::{self, Config};
use crate::daemon::{self, Which};
use crate::model::MessageState;
use crate::store::{DeliveryFilter, Store};

/// How often is looked whether an attempt is due.
const LOOK: Duration = Duration::from_millis(100);
/// The secret that signs the demo's messages: "pactwatch demo, no secret at all" in base64.
const SECRET: &str = "whsec_cGFjdHdhdGNoIGRlbW8sIG5vIHNlY3JldCBhdCBhbGw=";

/// Plays it from the first poll to the last delivery.
///
/// # Errors
///
/// No loopback port or no temporary folder can be had, or a station failed.
pub(super) async fn play() -> anyhow::Result<Report> {
    let began = Instant::now();
    let mut site = Site::start(Timestamp::now()).await.context("failed to open the news site")?;
    let receiver =
        Receiver::start(Answer::FAILING_AT_FIRST).await.context("failed to open the receiver")?;
    let folder = tempfile::Builder::new()
        .prefix("pactwatch-demo-")
        .tempdir()
        .context("failed to make a temporary folder")?;
    let config = write_config(folder.path(), &site, &receiver.url())?;
    let (lock, store) = daemon::open(&config, None)?;

    // Polled, polled again with nothing new, then once more with a second round of news.
    let mut served = poll(&config, &store).await?;
    served += poll(&config, &store).await?;
    site.publish_round(2);
    served += poll(&config, &store).await?;
    settle(&config, &store).await?;

    let mut report = telling::report(&config, &store, &site, &receiver, served).await?;
    store.close().await;
    drop(lock);
    site.stop().await;
    receiver.stop().await;
    folder.close().context("failed to remove the temporary folder")?;
    report.took = began.elapsed();
    Ok(report)
}

/// One round over every feed; gives how many entries came.
async fn poll(config: &Config, store: &Store) -> anyhow::Result<usize> {
    Ok(daemon::round(config, store, Which::All, CancellationToken::new()).await?.polls.items)
}

/// Retries, each when it is due, until nothing waits. The caller sets the limit.
async fn settle(config: &Config, store: &Store) -> anyhow::Result<()> {
    let waits = |state: &str| {
        [MessageState::Queued, MessageState::Retrying].iter().any(|one| one.as_str() == state)
    };
    while store
        .deliveries(DeliveryFilter::default())
        .await?
        .iter()
        .any(|message| waits(&message.state))
    {
        tokio::time::sleep(LOOK).await;
        daemon::round(config, store, Which::Due, CancellationToken::new()).await?;
    }
    Ok(())
}

/// Writes the demo's config and reads it back as the daemon would.
fn write_config(folder: &Path, site: &Site, receiver: &str) -> anyhow::Result<Config> {
    let feeds: Vec<_> = site
        .feeds()
        .iter()
        .map(|feed| json!({ "name": feed.name, "url": feed.url, "kind": feed.kind }))
        .collect();
    let loopback = ["127.0.0.0/8"];
    let config = json!({
        "include": [config::BUILTIN_PACK],
        "database": folder.join("demo.db"),
        // No feed is due again by itself; one second is plenty on loopback.
        "poll": { "every": "1h", "timeout": "1s" },
        "network": { "allow_private": loopback },
        "delivery": { "retry": ["500ms", "1s"] },
        "feed": feeds,
        "sink": [{
            "name": "desk", "type": "webhook", "url": receiver, "secret": SECRET,
            "allow_private": loopback,
        }],
    });
    let path = folder.join("demo.toml");
    let text = toml::to_string(&config).context("failed to write the demo's config")?;
    std::fs::write(&path, text).context("failed to write the demo's config")?;
    let (config, _) = config::load(Some(&path)).map_err(|report| crate::cli::refusal(&report))?;
    Ok(config)
}
