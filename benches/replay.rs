//! How long `replay` takes over many items and how much memory, from a file and from the store, under
//! the shipped rules alone and with a watch list of 10,000 terms. Of 500 items one is flagged, 25 name
//! an alliance in passing and 165 a country.
//!
//! `cargo bench --bench replay` takes 100,000 items; `cargo bench --bench replay -- 1000000` is what
//! the goal is set for: at most 10 s of CPU and 100 MB at 10,000 terms. It writes 3 GB into the folder
//! of temporary files, and takes them away. CPU time is that of the whole program in all its threads,
//! the median of three runs.

mod news;

use std::fmt::{self, Display, Formatter};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{Timestamp, ToSpan};
use news::{Dice, Newsroom};
use pactwatch::model::{Decision, FeedName, FeedState, Item, ItemKey, ItemRow, Kind, Plan};
use pactwatch::store::{Access, Store};
use serde_json::json;

const SEED: u64 = 20_240_324;
const ITEMS: usize = 100_000;
/// Size of a headline and what follows it.
const SUMMARY_BYTES: usize = 250;
const BODY_BYTES: usize = 600;
const TERMS: usize = 10_000;
const PACK: &str = "include = [\"builtin:alliances\"]\ndatabase = \"test.db\"\n";
/// One item in so many is flagged.
const FLAGGED: usize = 500;
/// One in so many names an alliance in passing.
const NAMING: usize = 20;
/// Runs of which the median is told.
const ROUNDS: usize = 3;
/// Items that are stored at once.
const BATCH: usize = 2_000;
/// How often the memory of the program is looked at.
const LOOK: Duration = Duration::from_millis(20);

fn main() -> io::Result<()> {
    let count = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(ITEMS);
    let folder = tempfile::tempdir()?;
    let mut out = io::stdout().lock();
    let mut newsroom = Newsroom::new(SEED);
    let terms = newsroom.watch_list(TERMS);
    std::fs::write(folder.path().join("pack.toml"), PACK)?;
    std::fs::write(folder.path().join("watch.toml"), watching(&terms))?;
    let bytes = write_file(&mut newsroom, count, &folder.path().join("items.jsonl"))?;
    writeln!(out, "{count} items of {} bytes a line", bytes / count.max(1))?;
    let mut report = |what: &str, config: &str, arguments: &[&str]| -> io::Result<()> {
        let mut runs = Vec::new();
        for _ in 0..ROUNDS {
            runs.push(run(folder.path(), config, arguments)?);
        }
        runs.sort_by_key(|run| run.cpu);
        writeln!(out, "{what:<28} {}", runs[ROUNDS / 2])
    };
    let file = ["replay", "--items", "items.jsonl"];
    report("start alone", "watch.toml", &["replay", "--items", "/dev/null"])?;
    report("a file, shipped rules", "pack.toml", &file)?;
    report("a file, 10,000 terms more", "watch.toml", &file)?;
    report("the same, out as JSON", "watch.toml", &[&file[..], &["--json"]].concat())?;
    write_store(&mut Newsroom::new(SEED), count, &folder.path().join("test.db"))?;
    let store = ["replay", "--since", "2020-01-01"];
    report("the store, shipped rules", "pack.toml", &store)?;
    report("the store, 10,000 terms more", "watch.toml", &store)
}

fn watching(terms: &[String]) -> String {
    let quoted: Vec<String> = terms.iter().map(|term| format!("\"{term}\"")).collect();
    format!(
        "{PACK}[list.watched]\nterms = [{}]\n\
         [[rule]]\nid = \"watched\"\ntitle = \"A watched name at an alliance's door\"\n\
         when = \"title:@watched AND @joining_verb SENTENCE @door\"\n",
        quoted.join(", ")
    )
}

/// The texts of an item.
fn texts(newsroom: &mut Newsroom, dice: &mut Dice, number: usize) -> [String; 3] {
    const DOORS: [&str; 4] = ["NATO", "the European Union", "BRICS", "AUKUS"];
    const GUESTS: [&str; 6] =
        ["Ireland", "Georgia", "Moldova", "Malaysia", "New Zealand", "Serbia"];
    let mut pick = |list: &[&'static str]| list[dice.below(list.len() as u64) as usize];
    let (guest, door) = (pick(&GUESTS), pick(&DOORS));
    let title = match number % FLAGGED {
        0 => format!("{guest} formally applies to join {door}"),
        _ => newsroom.title(),
    };
    let mut summary = newsroom.prose(SUMMARY_BYTES);
    if number % NAMING == 1 {
        summary.push_str(&format!(" Diplomats of {door} spoke about trade with {guest}."));
    } else if number % 3 == 1 {
        summary.push_str(&format!(" It rained in {guest}, where a bridge was opened."));
    }
    [title, summary, newsroom.prose(BODY_BYTES)]
}

fn date(number: usize) -> Timestamp {
    let first = Timestamp::from_second(1_600_000_000).unwrap_or_default();
    first.checked_add((number as i64).minutes()).unwrap_or(first)
}

/// Writes items line by line; gives how many bytes.
fn write_file(newsroom: &mut Newsroom, count: usize, path: &Path) -> io::Result<usize> {
    let mut file = BufWriter::new(File::create(path)?);
    let mut dice = Dice::new(SEED);
    for number in 0..count {
        let [title, summary, body] = texts(newsroom, &mut dice, number);
        let line = json!({
            "id": format!("item-{number}"), "title": title, "summary": summary, "body": body,
            "url": format!("https://news.example/{number}/a-story-of-the-day.html"),
            "source": format!("paper-{}", number % 50), "date": date(number).to_string(),
        });
        writeln!(file, "{line}")?;
    }
    file.flush()?;
    Ok(std::fs::metadata(path)?.len() as usize)
}

/// Stores the same items as the daemon does.
fn write_store(newsroom: &mut Newsroom, count: usize, path: &Path) -> io::Result<()> {
    newsroom.watch_list(TERMS);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut dice = Dice::new(SEED);
    let mut items = |numbers: std::ops::Range<usize>| -> Plan {
        let feed = FeedName::new("paper");
        let mut plan = Plan::empty(feed.clone(), FeedState::new(date(numbers.start)));
        for number in numbers {
            let [title, summary, body] = texts(newsroom, &mut dice, number);
            let url = format!("https://news.example/{number}/a-story-of-the-day.html");
            let item = Item {
                key: ItemKey::new(format!("item-{number}")),
                feed: feed.clone(),
                url: Some(url),
                canonical: None,
                title,
                summary,
                body,
                feed_text: None,
                author: String::new(),
                categories: Vec::new(),
                language: Some("en".to_owned()),
                published: Some(date(number)),
                seen: date(number),
                kind: Kind::default(),
                tags: Vec::new(),
            };
            let decision = Decision::Quiet;
            plan.items.push(ItemRow { item, revised: false, decision, matched: None });
        }
        plan
    };
    let stored = runtime.block_on(async {
        let store = Store::open(path, Access::Create)?;
        let generation = store.story_book(Timestamp::MIN).await?.generation;
        for start in (0..count).step_by(BATCH) {
            let plan = items(start..count.min(start + BATCH));
            store.admit(generation, Arc::new(vec![plan])).await?;
        }
        store.close().await;
        Ok::<(), pactwatch::store::StoreError>(())
    });
    stored.map_err(io::Error::other)
}

/// What a run of the program took.
struct Run {
    cpu: Duration,
    wall: Duration,
    peak_mb: f64,
    said: String,
}

impl Display for Run {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (cpu, wall) = (self.cpu.as_secs_f64(), self.wall.as_secs_f64());
        write!(f, "{cpu:>6.2} s CPU {wall:>6.2} s {:>5.1} MB  {}", self.peak_mb, self.said)
    }
}

fn run(folder: &Path, config: &str, arguments: &[&str]) -> io::Result<Run> {
    let begun = Instant::now();
    let before = children_cpu()?;
    let answer = folder.join("answer.txt");
    let mut child = Command::new(env!("CARGO_BIN_EXE_pactwatch"))
        .args(arguments)
        .args(["--config", config])
        .current_dir(folder)
        .env_remove("PACTWATCH_CONFIG")
        .stdout(File::create(&answer)?)
        .spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak_mb = 0.0f64;
    let ended = loop {
        if let Some(ended) = child.try_wait()? {
            break ended;
        }
        let peak = std::fs::read_to_string(&status).unwrap_or_default();
        let line = peak.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        peak_mb = peak_mb.max(kilobytes.unwrap_or(0.0) / 1024.0);
        std::thread::sleep(LOOK);
    };
    let wall = begun.elapsed();
    if !ended.success() {
        return Err(io::Error::other("the program failed"));
    }
    let said = std::fs::read_to_string(answer)?;
    let said = said.lines().find(|line| line.contains(" items: ")).unwrap_or_default().to_owned();
    Ok(Run { cpu: children_cpu()? - before, wall, peak_mb, said })
}

/// CPU time of all programs that were run and have ended, in steps of 10 ms.
fn children_cpu() -> io::Result<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The second field is a name in parentheses; user and system time of children are the 16th and
    // 17th, in hundredths of a second.
    let rest = stat.rsplit(')').next().unwrap_or_default();
    let ticks =
        rest.split_whitespace().skip(13).take(2).filter_map(|field| field.parse::<u64>().ok());
    Ok(Duration::from_millis(10 * ticks.sum::<u64>()))
}
