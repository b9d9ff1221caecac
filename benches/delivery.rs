//! The outbox against receivers on the loopback: alerts a second through one webhook, CPU an alert, the
//! time from admission to arrival while another receiver hangs, memory with many queued.
//!
//! `cargo bench --bench delivery`; `-- 20000` queues fewer than 100,000 at the end. The receivers run in
//! the same program, so the CPU time holds theirs as well.

mod cpu;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cpu::used;
use jiff::Timestamp;
use pactwatch::deliver::{self, DeliverSetup, Office};
use pactwatch::model::{
    Addressee, Alert, AlertId, AlertKind, Clock, FeedName, FeedState, Genre, Item, ItemKey, Kind,
    Level, Match, Member, Plan, Pulse, RuleId, RuleScore, SinkName, StoryChange, StoryId,
};
use pactwatch::net::{Tls, Trust};
use pactwatch::sink::Workshop;
use pactwatch::store::{Access, Store};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

/// Alerts sent as fast as it goes, and one by one.
const MANY: usize = 3_000;
const SINGLE: usize = 300;
const QUEUED: usize = 100_000;
/// Alerts in one admission.
const BATCH: usize = 500;

fn plan(number: i64, sinks: &[&str]) -> Plan {
    let now = Timestamp::now();
    let feed = FeedName::new("bench");
    let item = Item {
        key: ItemKey::new(format!("i{number}")),
        feed: feed.clone(),
        url: Some(format!("https://news.example.org/world/{number}")),
        canonical: None,
        title: format!("Country {number} formally applies to join NATO"),
        summary: "It handed in its application today, its minister said. ".repeat(4),
        body: String::new(),
        feed_text: None,
        author: String::new(),
        categories: Vec::new(),
        language: Some("en".to_owned()),
        published: Some(now),
        seen: now,
        kind: Kind::Press,
        tags: Vec::new(),
    };
    let matched = Match {
        rules: vec![RuleScore { id: RuleId::new("r"), score: 1.0, threshold: 1.0 }],
        rule_title: "A rule".to_owned(),
        rule_level: Level::Notable,
        shadow: false,
        moves: Vec::new(),
        alliances: vec!["NATO".to_owned()],
        candidates: Vec::new(),
        also_named: Vec::new(),
        members: Vec::new(),
        genre: Genre::Report,
        evidence: Vec::new(),
        masked: Vec::new(),
        names: BTreeMap::new(),
    };
    let member = Member {
        feed: feed.clone(),
        key: item.key.clone(),
        url: item.url.clone(),
        canonical: None,
        title: item.title.clone(),
        summary: item.summary.clone(),
        language: None,
        kind: Kind::Press,
        genre: Genre::Report,
        moves: Vec::new(),
        date: now,
        seen: now,
        copy: false,
        alert: Some(AlertId(number)),
        shadow: false,
    };
    let alert = Alert {
        id: AlertId(number),
        key: format!("bench\ni{number}\n1"),
        story: StoryId(number),
        kind: AlertKind::Raised,
        level: Level::Notable,
        item,
        matched,
        before: Vec::new(),
        previous: None,
        new: None,
        raised: now,
        muted: Vec::new(),
    };
    let change = StoryChange {
        id: StoryId(number),
        opens: true,
        member,
        sameness: None,
        told: Vec::new(),
        step: Some(1),
        at: now,
    };
    let to =
        sinks.iter().map(|sink| Addressee { sink: SinkName::new(sink), kind: AlertKind::Raised });
    Plan {
        stories: vec![change],
        alerts: vec![(alert, to.collect())],
        ..Plan::empty(feed, FeedState::new(now))
    }
}

/// Admits so many alerts, numbered on from `from`.
async fn admit(store: &Store, from: usize, count: usize, sinks: &[&str]) -> io::Result<()> {
    let numbers: Vec<i64> = (from..from + count).map(|number| number as i64).collect();
    for batch in numbers.chunks(BATCH) {
        let plans = batch.iter().map(|number| plan(*number, sinks)).collect();
        let book = store.story_book(Timestamp::MAX).await.map_err(io::Error::other)?;
        store.admit(book.generation, Arc::new(plans)).await.map_err(io::Error::other)?;
    }
    Ok(())
}

/// A receiver that counts what arrives; one that hangs answers nothing.
async fn receiver(hangs: bool) -> io::Result<(String, watch::Receiver<usize>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/", listener.local_addr()?);
    let (count, arrived) = watch::channel(0);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let count = count.clone();
            tokio::spawn(async move {
                let mut bytes = Vec::new();
                loop {
                    let text = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
                    let whole = text.find("\r\n\r\n").and_then(|end| {
                        let length = text[..end].split("content-length: ").nth(1)?;
                        let length: usize = length.lines().next()?.trim().parse().ok()?;
                        Some(end + 4 + length)
                    });
                    if whole.is_some_and(|whole| bytes.len() >= whole) && !hangs {
                        bytes.clear();
                        count.send_modify(|count| *count += 1);
                        let answer = b"HTTP/1.1 204 No Content\r\n\r\n";
                        if stream.write_all(answer).await.is_err() {
                            return;
                        }
                    }
                    match stream.read_buf(&mut bytes).await {
                        Ok(read) if read > 0 => {}
                        _ => return,
                    }
                }
            });
        }
    });
    Ok((url, arrived))
}

/// Resident memory, in MB.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.unwrap_or_default() / 1024.0
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let queued = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(QUEUED);
    let folder = tempfile::tempdir()?;
    let (fast, mut arrived) = receiver(false).await?;
    let (dead, _) = receiver(true).await?;
    let config = folder.path().join("bench.toml");
    let sink = |name: &str, url: &str| {
        format!(
            "[[sink]]\nname = '{name}'\ntype = 'webhook'\nurl = '{url}'\nallow_private = ['127.0.0.0/8']\n"
        )
    };
    let lists = "[alliance.NATO]\nterms = ['NATO']\n[[rule]]\nid = 'r'\nwhen = '@alliance'\n";
    std::fs::write(&config, [lists, &sink("fast", &fast), &sink("dead", &dead)].concat())?;
    let (config, _) = pactwatch::config::load(Some(&config))
        .map_err(|report| io::Error::other(report.render(false)))?;
    let workshop = Workshop {
        user_agent: "bench".to_owned(),
        tls: Tls::new(&Trust::System).map_err(io::Error::other)?,
        trust: Trust::System,
        timeout: config.delivery.timeout,
    };
    let outlets = config.sinks.iter().map(|sink| sink.build(&workshop));
    let outlets = outlets.collect::<Result<_, _>>().map_err(io::Error::other)?;
    let office = Arc::new(Office {
        outlets,
        delivery: config.delivery.clone(),
        timezone: config.timezone.clone(),
        public_url: String::new(),
    });
    let store =
        Store::open(&folder.path().join("bench.db"), Access::Create).map_err(io::Error::other)?;
    let (nudge, shutdown) = (Arc::new(Notify::new()), CancellationToken::new());
    let (_office, office) = watch::channel(office);
    let setup = DeliverSetup {
        store: store.clone(),
        office,
        clock: Clock::default(),
        nudge: nudge.clone(),
        shutdown: shutdown.clone(),
        grace: Duration::from_millis(100),
        pulse: Pulse::default(),
    };
    let mut out = io::stdout().lock();

    admit(&store, 1, MANY, &["fast"]).await?;
    let (begun, cpu) = (Instant::now(), used());
    let station = tokio::spawn(deliver::run(setup));
    arrived.wait_for(|count| *count >= MANY).await.map_err(io::Error::other)?;
    let (took, cpu) = (begun.elapsed().as_secs_f64(), used() - cpu);
    writeln!(
        out,
        "through the outbox: {:.0} alerts/s, {:.2} ms CPU an alert, receiver included",
        MANY as f64 / took,
        cpu.as_secs_f64() * 1e3 / MANY as f64
    )?;

    for (what, sinks) in [("alone", &["fast"][..]), ("beside one that hangs", &["fast", "dead"])] {
        let first = *arrived.borrow();
        let mut delays = Vec::new();
        for number in 0..SINGLE {
            let begun = Instant::now();
            admit(&store, first + number + 1, 1, sinks).await?;
            nudge.notify_one();
            let count = first + number + 1;
            arrived.wait_for(|seen| *seen >= count).await.map_err(io::Error::other)?;
            delays.push(begun.elapsed().as_secs_f64() * 1e3);
        }
        delays.sort_by(f64::total_cmp);
        let at = |percent: usize| delays[(delays.len() - 1) * percent / 100];
        writeln!(
            out,
            "admission to arrival, {what}: p50 {:.1} ms, p95 {:.1} ms, longest {:.1} ms",
            at(50),
            at(95),
            at(100)
        )?;
    }

    let before = resident();
    let first = *arrived.borrow() + 1;
    admit(&store, first, queued, &["dead"]).await?;
    nudge.notify_one();
    tokio::time::sleep(Duration::from_secs(3)).await;
    writeln!(out, "memory: {before:.0} MB, with {queued} queued {:.0} MB", resident())?;
    shutdown.cancel();
    station.await.map_err(io::Error::other)
}
