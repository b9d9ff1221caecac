//! The pages that new entries link to, for feeds with `full_text`.
//!
//! They are asked for one after the other, few at a time, and not again while the entry stays as it
//! is. A page that does not come, or holds no article, costs nothing but the text: the entry has been
//! handed on before. The exception is the first document of a feed, which is handed on once, so that
//! what is history is told from what is news by the same look.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use url::Url;

use super::fetch::{Answer, Fetched, PAGES, Request, fetch};
use super::read::{MAX_PAGE, article};
use super::section::PollSection;
use super::visit::Lanes;
use crate::model::{Identity, Item, ItemKey, Validators, mark};
use crate::net::Client;
use crate::setting::show_duration;

/// Most pages after one poll.
const PAGES_A_POLL: usize = 20;
/// Time for all pages of one poll.
const PATIENCE: Duration = Duration::from_secs(120);

/// Which of a document's items are new to the feed or have another text than in the document before;
/// their places, at most so many as are fetched, and how many are left out.
pub(super) fn wanted(
    items: &[Item],
    rekeyed: &[ItemKey],
    before: &Identity,
    now: &Identity,
) -> (Vec<usize>, usize) {
    let known: HashSet<(u32, u32)> = before.shown.iter().map(|one| (one.key, one.text)).collect();
    let fresh = now.shown.iter().filter(|one| !known.contains(&(one.key, one.text)));
    let fresh: HashSet<u32> = fresh.map(|one| one.key).collect();
    let is_wanted = |item: &Item| {
        item.url.is_some()
            && fresh.contains(&mark(item.key.as_str()))
            && !rekeyed.contains(&item.key)
    };
    let places = items.iter().enumerate().filter(|(_, item)| is_wanted(item));
    let mut places: Vec<usize> = places.map(|(place, _)| place).collect();
    let left = places.len().saturating_sub(PAGES_A_POLL);
    places.truncate(PAGES_A_POLL);
    (places, left)
}

/// Fetches the pages of these items and puts their text into `body`. Gives what went wrong, in one
/// line, where something did.
pub(super) async fn fill(
    items: &mut [Item],
    places: &[usize],
    client: &Client,
    poll: &PollSection,
    lanes: &Lanes,
) -> Option<String> {
    let section = PollSection { max_body: poll.max_body.min(MAX_PAGE), ..poll.clone() };
    let (mut failed, mut first) = (0, None);
    let mut done = 0;
    let work = async {
        for place in places {
            let Some(item) = items.get_mut(*place) else { continue };
            let got = page(item.url.as_deref().unwrap_or_default(), client, &section, lanes).await;
            done += 1;
            match got {
                Ok(text) => {
                    item.feed_text = Some(item.text_hash());
                    item.body = text;
                }
                Err(Missed { why, enough }) => {
                    failed += 1;
                    first.get_or_insert(why);
                    if enough {
                        return;
                    }
                }
            }
        }
    };
    let late = tokio::time::timeout(PATIENCE, work).await.is_err();
    if late {
        first.get_or_insert_with(|| format!("not done within {}", show_duration(PATIENCE)));
    }
    failed += places.len() - done;
    let why = first?;
    Some(format!("no full text of {failed} of {} new entries: {why}", places.len()))
}

/// Why a page gave no text.
struct Missed {
    why: String,
    /// The site asks for less: the other pages are left alone.
    enough: bool,
}

impl Missed {
    fn new(why: impl Into<String>) -> Self {
        Self { why: why.into(), enough: false }
    }
}

async fn page(
    address: &str,
    client: &Client,
    section: &PollSection,
    lanes: &Lanes,
) -> Result<String, Missed> {
    let request = Request {
        url: address,
        home: address,
        // Secrets are the feed's; its pages are asked for as by anybody.
        access: None,
        files: &[],
        validators: &Validators::default(),
        accept: PAGES,
    };
    let Fetched { answer, held, status, .. } =
        fetch(client, request, section, lanes.bodies.body()).await;
    let (bytes, content_type, url) = match answer {
        Answer::Document { bytes, content_type, url, .. } => (bytes, content_type, url),
        Answer::Failed(failure) => {
            let why = failure.why.lines().next().unwrap_or_default();
            return Err(Missed { enough: matches!(status, Some(429 | 503)), ..Missed::new(why) });
        }
        Answer::Gone => return Err(Missed::new("the page is gone (410)")),
        Answer::NotModified(_) => {
            return Err(Missed::new("the server answers 304 to a first request"));
        }
    };
    let text = is_page(content_type.as_deref());
    let found = match text {
        true => extract(bytes, content_type, url, &lanes.read).await,
        false => Err(Missed::new("the link leads to no web page")),
    };
    drop(held);
    found
}

/// Whether a media type is one of pages; many servers send none.
fn is_page(content_type: Option<&str>) -> bool {
    let essence = content_type.map(|full| full.split(';').next().unwrap_or_default().trim());
    essence.is_none_or(|essence| {
        ["", "text/html", "application/xhtml+xml", "application/xml", "text/plain"]
            .iter()
            .any(|known| essence.eq_ignore_ascii_case(known))
    })
}

async fn extract(
    bytes: Vec<u8>,
    content_type: Option<String>,
    url: Url,
    lane: &Arc<Semaphore>,
) -> Result<String, Missed> {
    let failed = || Missed::new("reading it failed inside pactwatch");
    let permit = lane.clone().acquire_owned().await.map_err(|_| failed())?;
    let work = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        article(&bytes, content_type.as_deref(), url.as_str())
    });
    work.await.map_err(|_| failed())?.map_err(|why| Missed::new(why.to_string()))
}
