//! What there is to say of an item that is not stored: would it have come, and would it be told?

use jiff::Timestamp;
use serde_json::{Value, json};
use url::Url;

use super::explain::plain;
use super::steps::{health, quoted};
use super::way::Step;
use super::{FeedLine, Roster, headline, quiet};
use crate::store::{Store, StoreError};
use crate::text::canonical_url;

/// Feeds of a site that are named.
const FEEDS: usize = 5;

/// Something that no stored item is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unseen {
    /// What was asked.
    pub asked: String,
    /// What stands in the way, step by step.
    pub steps: Vec<Step>,
    /// What to do.
    pub cures: Vec<String>,
}

impl Unseen {
    /// As `why --json` prints it.
    pub fn to_json(&self) -> Value {
        json!({
            "outcome": "unseen", "verdict": "never seen, or no longer kept", "asked": self.asked,
            "do": self.cures.first(), "cures": self.cures,
            "steps": self.steps.iter().map(Step::to_json).collect::<Vec<_>>(),
        })
    }
}

/// Finds out why it may not have come.
pub(super) async fn unseen(
    roster: &Roster,
    store: &Store,
    asked: &str,
    feeds: Vec<FeedLine>,
    now: Timestamp,
) -> Result<Unseen, StoreError> {
    let asked = asked.trim().to_owned();
    let link = Url::parse(&asked).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let (steps, cures) = match link {
        Some(url) => of_site(store, &url, &feeds, now).await?,
        None => of_headline(roster, &asked, &feeds, now),
    };
    Ok(Unseen { asked, steps, cures })
}

/// The lean name of an address's host.
fn host_of(link: &str) -> Option<String> {
    canonical_url(link)?.split(['/', '?']).next().map(str::to_owned)
}

/// Whether one host is the other or stands below it, as `feeds.` of a site does.
fn one_site(one: &str, two: &str) -> bool {
    let below =
        |long: &str, short: &str| long.strip_suffix(short).is_some_and(|rest| rest.ends_with('.'));
    one == two || below(one, two) || below(two, one)
}

async fn of_site(
    store: &Store,
    url: &Url,
    feeds: &[FeedLine],
    now: Timestamp,
) -> Result<(Vec<Step>, Vec<String>), StoreError> {
    let host = host_of(url.as_str()).unwrap_or_default();
    let bringing = store.feeds_of_host(&host).await?;
    let of_site = feeds.iter().filter(|feed| {
        let own = host_of(&feed.url).is_some_and(|own| one_site(&own, &host));
        own || bringing.contains(feed.name.as_str())
    });
    let of_site: Vec<&FeedLine> = of_site.collect();
    let mut steps = Vec::new();
    for feed in of_site.iter().take(FEEDS) {
        steps.push(Step::new("subscribed", feed.answers(), health(feed, now)));
    }
    if of_site.len() > FEEDS {
        let more = format!("and {} more feeds of {host}", of_site.len() - FEEDS);
        steps.push(Step::new("subscribed", true, more));
    }
    if of_site.is_empty() {
        let text = format!("no feed of {host} is in the config, and none has brought its articles");
        steps.push(Step::new("subscribed", false, text));
    }
    steps.push(Step::new("seen", false, "no stored item has this address"));
    let mut cures = Vec::new();
    match of_site.iter().find(|feed| !feed.answers()).or(of_site.first()) {
        None => cures.push(format!(
            "`pactwatch feeds discover {}` lists the site's feeds",
            url.origin().ascii_serialization()
        )),
        Some(feed) if !feed.answers() => {
            cures
                .push(format!("`pactwatch feeds poll '{}'` asks the feed now", quoted(&feed.name)));
        }
        Some(feed) => {
            cures.push(format!("`pactwatch feeds test '{}'` shows what it lists now", feed.url));
            cures.push("a quiet item older than `keep` under [history] is gone".to_owned());
        }
    }
    cures.push(format!("`pactwatch explain --url '{}'` says what the rules make of it", url));
    Ok((steps, cures))
}

fn of_headline(
    roster: &Roster,
    asked: &str,
    feeds: &[FeedLine],
    now: Timestamp,
) -> (Vec<Step>, Vec<String>) {
    let answering = feeds.iter().filter(|feed| feed.answers()).count();
    let text = format!("{answering} of {} feeds answer", feeds.len());
    let mut steps = vec![
        Step::new("subscribed", answering > 0, text),
        Step::new("seen", false, "no stored item has this headline, or these words in it"),
    ];
    let item = plain(asked, now);
    let finding = roster.rules.examine(&item);
    steps.push(match &finding.matched {
        Some(matched) => {
            let text = format!("the rules would flag it: {}", headline(matched, None).join(" · "));
            Step::new("matched", true, text)
        }
        None => {
            let (recognised, _) = roster.rules.recognise(&item);
            let mut text = format!("no rule would hold: {}", quiet(&finding, &recognised));
            if let Some(miss) = finding.near.first() {
                text.push_str(&format!("; missing: {}", miss.missing));
            }
            Step::new("matched", false, text)
        }
    });
    let cures = vec![
        "ask by its address: that also says which feeds its site has".to_owned(),
        format!("`pactwatch explain '{}'` says what the rules make of it", quoted(asked)),
    ];
    (steps, cures)
}
