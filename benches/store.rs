//! What it costs to admit items when much is stored: a first poll and a repeated one at 10,000 stored
//! items and at many more, with 10,000 items in open stories; how soon a start is ready; what it costs
//! to place an item among the stories; bytes an item.
//!
//! `cargo bench --bench store` stores 100,000 items; `cargo bench --bench store -- 1000000` is what the
//! goals are set for: admission at most 1.3 times as dear as at 10,000, placing at most 30 µs an item,
//! a start ready in 1 s. It writes 2 GB into the folder of temporary files, and takes them away. CPU
//! time is that of the whole program in all its threads, the median of some runs; what the rules cost
//! is told apart, as it does not depend on the store.

mod cpu;
#[expect(dead_code, reason = "watch lists are for the bench of the rules")]
mod news;

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::hint::black_box;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cpu::used;
use jiff::Timestamp;
use news::{Dice, Newsroom};
use pactwatch::judge::{Bench, JudgeSetup, Replay, StorySection};
use pactwatch::model::{
    Decision, FeedName, FeedState, Item, ItemKey, ItemRow, Kind, Plan, PollOutcome, Polled, Pulse,
    Route, SinkName,
};
use pactwatch::rule::RuleSet;
use pactwatch::store::{Access, Admitted, Store, StoreError};
use tokio::sync::{Notify, mpsc, watch};

const SEED: u64 = 20_240_324;
const STORED: usize = 100_000;
/// Items in open stories, which is also what is stored at the first measurement.
const OPEN: usize = 10_000;
/// Feeds, and entries of a document.
const FEEDS: usize = 1_000;
const ENTRIES: usize = 20;
/// Polls of one measured run, and the runs of which the median is told.
const POLLS: usize = 200;
const ROUNDS: usize = 5;
/// One item in so many is flagged in a measured run.
const FLAGGED: usize = 100;
const SUMMARY_BYTES: usize = 250;
/// How often it is looked whether the judge is ready.
const LOOK: Duration = Duration::from_millis(5);
/// Texts that are written anew; the others say them again under another key.
const TEXTS: usize = 3_000;
const CONFIG: &str =
    "include = [\"builtin:alliances\"]\n[[sink]]\nname = \"desk\"\ntype = \"console\"\n";

/// Makes items.
struct Press {
    newsroom: Newsroom,
    dice: Dice,
    texts: VecDeque<(String, String)>,
    number: usize,
    rules: RuleSet,
}

impl Press {
    fn new(rules: RuleSet) -> Self {
        let mut newsroom = Newsroom::new(SEED);
        let mut text = || (newsroom.title(), newsroom.prose(SUMMARY_BYTES));
        let texts = (0..TEXTS).map(|_| text()).collect();
        Self { newsroom, dice: Dice::new(SEED), texts, number: 0, rules }
    }

    fn pick(&mut self, list: &[&'static str]) -> &'static str {
        list[self.dice.below(list.len() as u64) as usize]
    }

    /// An item that the rules flag, as one outlet words it.
    fn item(&mut self, feed: &FeedName, flagged: bool, now: Timestamp) -> Item {
        loop {
            let item = self.written(feed, flagged, now);
            if !flagged || self.rules.examine(&item).matched.is_some() {
                return item;
            }
        }
    }

    /// A headline out of some thousand moves; some are none, as where the guest is a member.
    fn flagged(&mut self) -> (String, String) {
        const DOORS: &[&str] = &[
            "NATO",
            "the European Union",
            "BRICS",
            "AUKUS",
            "ASEAN",
            "the SCO",
            "Mercosur",
            "the CPTPP",
        ];
        const ACTS: &[&str] = &[
            "formally applies to join",
            "considers joining",
            "is invited to join",
            "asks to become a member of",
            "signs an accession treaty with",
        ];
        const GUESTS: &[&str] = &[
            "Ireland",
            "Georgia",
            "Moldova",
            "Malaysia",
            "New Zealand",
            "Serbia",
            "Kenya",
            "Chile",
            "Peru",
            "Ghana",
            "Nepal",
            "Uruguay",
            "Senegal",
            "Angola",
            "Paraguay",
            "Ecuador",
            "Zambia",
            "Botswana",
            "Morocco",
            "Mexico",
            "Iceland",
            "Norway",
            "Switzerland",
            "Armenia",
            "Azerbaijan",
            "Turkmenistan",
            "Sri Lanka",
            "Bangladesh",
            "Mongolia",
            "Costa Rica",
        ];
        let (guest, act, door) = (self.pick(GUESTS), self.pick(ACTS), self.pick(DOORS));
        let more = self.newsroom.title();
        let lede = self.newsroom.prose(SUMMARY_BYTES);
        (format!("{guest} {act} {door} as {more}"), format!("{guest} {act} {door}. {lede}"))
    }

    fn written(&mut self, feed: &FeedName, flagged: bool, now: Timestamp) -> Item {
        self.number += 1;
        let (title, summary) = if flagged {
            self.flagged()
        } else {
            self.texts.rotate_left(1);
            self.texts[0].clone()
        };
        let number = self.number;
        Item {
            key: ItemKey::new(format!("https://{feed}.example/{:x}/story", number * 7919)),
            feed: feed.clone(),
            url: Some(format!("https://{feed}.example/2026/world/{number}-story-of-the-day.html")),
            canonical: Some(format!("{feed}.example/2026/world/{number}-story-of-the-day.html")),
            title,
            summary,
            body: String::new(),
            feed_text: None,
            author: String::new(),
            categories: Vec::new(),
            language: Some("en".to_owned()),
            published: Some(now),
            seen: now,
            kind: Kind::default(),
            tags: Vec::new(),
        }
    }

    fn polls(&mut self, count: usize, flagged_in: usize) -> Vec<Polled> {
        let now = Timestamp::now();
        let mut poll = |number: usize| {
            let feed = FeedName::new(format!("paper-{}", number % FEEDS));
            let items = (0..ENTRIES)
                .map(|entry| {
                    let flagged = (number * ENTRIES + entry).is_multiple_of(flagged_in);
                    self.item(&feed, flagged, now)
                })
                .collect();
            let mut next = FeedState::new(now);
            next.entries = ENTRIES as u32;
            next.last_success = Some(now);
            Polled {
                feed,
                at: now,
                took: Duration::ZERO,
                pushed: false,
                next,
                outcome: PollOutcome::Items { items, faults: Vec::new(), rekeyed: Vec::new() },
            }
        };
        (0..count).map(&mut poll).collect()
    }
}

/// The judge at work on a store.
struct Desk {
    store: Store,
    bench: Arc<Bench>,
}

impl Desk {
    /// Has polls judged and admitted; gives the CPU time, without that of the first, which makes the
    /// judge ready.
    async fn judge(&self, first: Vec<Polled>, polls: Vec<Polled>) -> Result<Duration, StoreError> {
        let (out, inbox) = mpsc::channel(16);
        let (_hold, bench) = watch::channel(self.bench.clone());
        let judging = tokio::spawn(pactwatch::judge::run(JudgeSetup {
            store: self.store.clone(),
            bench,
            inbox,
            posted: Arc::new(Notify::new()),
            pulse: Pulse::default(),
        }));
        let ready = self.store.stats().await?.items + ENTRIES as u64;
        for poll in first {
            // The judge ends only when the line is dropped.
            let _ = out.send(poll).await;
        }
        // What it stores may all belong to known stories, so nothing is told when it is ready.
        while self.store.stats().await?.items < ready {
            tokio::time::sleep(LOOK).await;
        }
        let start = used();
        for poll in polls {
            let _ = out.send(poll).await;
        }
        drop(out);
        let _ = judging.await;
        Ok(used() - start)
    }

    /// Stores quiet items up to a number.
    async fn fill(&self, press: &mut Press, stored: usize) -> Result<(), StoreError> {
        let mut have = self.store.stats().await?.items as usize;
        while have < stored {
            let polls = press.polls(100, usize::MAX);
            let plans: Vec<Plan> = polls.into_iter().map(quiet).collect();
            have += plans.iter().map(|plan| plan.items.len()).sum::<usize>();
            let generation = self.store.story_book(Timestamp::MAX).await?.generation;
            let admitted = self.store.admit(generation, Arc::new(plans)).await?;
            assert!(matches!(admitted, Admitted::Done { .. }), "nobody else writes");
        }
        Ok(())
    }
}

fn quiet(poll: Polled) -> Plan {
    let PollOutcome::Items { items, .. } = poll.outcome else {
        return Plan::empty(poll.feed, poll.next);
    };
    let row = |item| ItemRow { item, revised: false, decision: Decision::Quiet, matched: None };
    Plan { items: items.into_iter().map(row).collect(), ..Plan::empty(poll.feed, poll.next) }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn micros(time: Duration, items: usize) -> f64 {
    time.as_secs_f64() * 1e6 / items as f64
}

/// CPU an item of documents that are all new, and of the same documents once more.
async fn admission(desk: &Desk, press: &mut Press) -> Result<(f64, f64), StoreError> {
    let (mut fresh, mut known) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let polls = press.polls(POLLS, FLAGGED);
        let first = press.polls(1, 1);
        fresh.push(desk.judge(first, polls.clone()).await?);
        let first = press.polls(1, 1);
        known.push(desk.judge(first, polls).await?);
    }
    let items = POLLS * ENTRIES;
    Ok((micros(median(fresh), items), micros(median(known), items)))
}

async fn work(folder: &Path, stored: usize) -> Result<String, Box<dyn std::error::Error>> {
    let mut out = String::new();
    let config = folder.join("pactwatch.toml");
    std::fs::write(&config, CONFIG)?;
    let (config, _) =
        pactwatch::config::load(Some(&config)).map_err(|report| report.render(false))?;
    let path = folder.join("store.db");
    let bench = Arc::new(Bench {
        rules: config.rules.clone(),
        routes: vec![Route::all(SinkName::new("desk"))],
        story: config.story.clone(),
        shadow: Vec::new(),
    });
    let mut press = Press::new(config.rules.clone());
    let mut desk = Desk { store: Store::open(&path, Access::Create)?, bench: bench.clone() };

    let examined = press.polls(POLLS, FLAGGED);
    let items: Vec<&Item> = examined
        .iter()
        .filter_map(|poll| match &poll.outcome {
            PollOutcome::Items { items, .. } => Some(items),
            _ => None,
        })
        .flatten()
        .collect();
    let start = used();
    for item in &items {
        black_box(bench.rules.examine(item));
    }
    writeln!(out, "the rules alone: {:.1} µs an item", micros(used() - start, items.len()))?;

    let open = press.polls(OPEN / ENTRIES, 1);
    let first = press.polls(1, 1);
    let cpu = desk.judge(first, open).await?;
    let stats = desk.store.stats().await?;
    writeln!(
        out,
        "{} items opened {} stories: {:.1} µs each, rules included",
        stats.items,
        stats.stories,
        micros(cpu, OPEN)
    )?;

    let few = admission(&desk, &mut press).await?;
    let before = desk.store.stats().await?;
    desk.fill(&mut press, stored).await?;
    let after = desk.store.stats().await?;
    let many = admission(&desk, &mut press).await?;
    for (what, few, many) in [("new", few.0, many.0), ("known", few.1, many.1)] {
        writeln!(
            out,
            "{what:<6} items: {few:.1} µs each at {} stored, {many:.1} µs at {}: {:.2}x",
            before.items,
            after.items,
            many / few
        )?;
    }
    let bytes = (after.bytes - before.bytes) as f64 / (after.items - before.items) as f64;
    writeln!(out, "{bytes:.0} bytes a quiet item of {} bytes of text", SUMMARY_BYTES + 60)?;

    desk.store.close().await;
    let (cpu, wall) = (used(), Instant::now());
    desk.store = Store::open(&path, Access::Write)?;
    let first = press.polls(1, 1);
    let rest = desk.judge(first, Vec::new()).await?;
    let (cpu, wall) = (used() - cpu - rest, wall.elapsed());
    writeln!(
        out,
        "start to ready: {:.2} s of CPU, {:.2} s by the clock",
        cpu.as_secs_f64(),
        wall.as_secs_f64()
    )?;

    let mut replay = Replay::new(&StorySection::default(), bench.rules.standings());
    let mut place = |count: usize| {
        let polls = press.polls(count / ENTRIES, 1);
        let items: Vec<_> = polls
            .into_iter()
            .filter_map(|poll| match poll.outcome {
                PollOutcome::Items { items, .. } => Some(items),
                _ => None,
            })
            .flatten()
            .map(|item| (bench.rules.examine(&item).matched, item))
            .collect();
        let start = used();
        for (matched, item) in items {
            black_box(replay.next(item, matched));
        }
        micros(used() - start, count)
    };
    let opened = place(OPEN);
    writeln!(out, "placing among stories: {opened:.1} µs an item up to {OPEN}")?;
    writeln!(out, "placing the next: {:.1} µs an item", place(OPEN / 5))?;
    Ok(out)
}

fn main() -> io::Result<()> {
    let stored = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(STORED);
    let folder = tempfile::tempdir()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let told = runtime.block_on(work(folder.path(), stored));
    let told = told.map_err(|error| io::Error::other(error.to_string()))?;
    io::stdout().lock().write_all(told.as_bytes())
}
