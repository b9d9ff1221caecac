//! Trying what the config names, as the daemon would, and changing nothing: each feed is polled once and
//! thrown away, each receiver is asked whether it is there.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::equip::Parts;
use crate::config::Config;
use crate::model::{Feed, PollOutcome, Polled};
use crate::sink::Outlet;
use crate::watch;

/// Receivers that are asked at a time.
const ASKED: usize = 8;
/// Polls that may wait to be looked at.
const LINE: usize = 64;

/// What a trial of one feed or sink brought.
#[derive(Debug, Clone)]
pub struct Tried {
    /// `feed` or `sink`.
    pub what: &'static str,
    /// Its name.
    pub name: String,
    /// What it said, or what stands in the way and, on the lines below, what to do.
    pub said: Result<String, String>,
}

/// Tries every feed and every sink of a config, telling nobody anything. `tell` hears of each as it is
/// done.
///
/// # Errors
///
/// The clients cannot be set up, or a secret is missing.
pub async fn trial(config: &Config, mut tell: impl FnMut(&Tried)) -> anyhow::Result<Vec<Tried>> {
    let Parts { mut subscription, office, .. } = Parts::build(config)?;
    // Pages of articles are no part of whether a feed is there.
    let plain = |feed: &Arc<Feed>| Arc::new(Feed { full_text: false, ..feed.as_ref().clone() });
    let mut round = watch::for_one_round(&subscription);
    round.feeds = subscription.feeds.iter().map(plain).collect();
    subscription = Arc::new(round);
    let (out, mut polls) = mpsc::channel(LINE);
    let shutdown = CancellationToken::new();
    let polling =
        tokio::spawn(watch::once(subscription.clone(), HashMap::new(), true, out, shutdown));
    let mut feeds: Vec<Tried> = Vec::new();
    while let Some(polled) = polls.recv().await {
        let one = of_poll(polled);
        tell(&one);
        feeds.push(one);
    }
    polling.await?;
    let place =
        |one: &Tried| subscription.feeds.iter().position(|feed| feed.name.as_str() == one.name);
    feeds.sort_by_key(place);
    let timeout = office.delivery.timeout;
    let ask = |outlet: &Outlet| {
        let (sink, name) = (outlet.sink.clone(), outlet.name.to_string());
        async move { Tried { what: "sink", name, said: sink.probe(timeout).await } }
    };
    let mut asked = stream::iter(office.outlets.iter().map(ask)).buffered(ASKED);
    while let Some(one) = asked.next().await {
        tell(&one);
        feeds.push(one);
    }
    Ok(feeds)
}

fn of_poll(polled: Polled) -> Tried {
    let said = match polled.outcome {
        PollOutcome::Items { items, .. } if items.is_empty() => {
            Err("it answers with no entries\nopen it in a browser: has it moved or ended?"
                .to_owned())
        }
        PollOutcome::Items { items, .. } => Ok(match items.len() {
            1 => "1 entry".to_owned(),
            some => format!("{some} entries"),
        }),
        PollOutcome::Unchanged => Ok("it answers".to_owned()),
        PollOutcome::Failed(why) => Err(why),
    };
    Tried { what: "feed", name: polled.feed.to_string(), said }
}
