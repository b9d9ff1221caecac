//! How fast terms are found: fold and scan over news-like text, against one regex a rule and a
//! `contains` loop, which is what feed readers do. CPU time; the text is the same on every run.
//!
//! `cargo bench --bench rules` ends with a table of the ratios that count: at least 200 times one
//! regex a rule and 40 times the `contains` loop at 1,000 terms, at most 1.5 times the cost at 10,000
//! terms of that at 100, at most 50 ms to build 10,000 terms. The table alone:
//! `cargo bench --bench rules -- none`.

mod cpu;
mod news;

use std::hint::black_box;
use std::io::{self, Write};
use std::time::Duration;

use cpu::used;
use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use criterion::{BenchmarkId, Criterion, Throughput};
use news::Newsroom;
use pactwatch::rule::bench::Terms;
use pactwatch::text::fold;
use regex::Regex;

const SEED: u64 = 20_240_324;
/// Texts for the fast ways.
const ITEMS: usize = 4_000;
/// Texts for the slow ways.
const FEW_ITEMS: usize = 40;
const ITEM_BYTES: usize = 900;
const TERMS: [usize; 3] = [100, 1_000, 10_000];
/// What the table measures takes at least this long, and is the median of so many rounds.
const LONG_ENOUGH: Duration = Duration::from_millis(80);
const ROUNDS: usize = 9;

struct World {
    texts: Vec<String>,
    lists: Vec<Vec<String>>,
}

impl World {
    fn new() -> Self {
        let mut news = Newsroom::new(SEED);
        let texts = (0..ITEMS).map(|_| format!("{}. {}", news.title(), news.prose(ITEM_BYTES)));
        let texts = texts.collect();
        let lists = TERMS.iter().map(|count| news.watch_list(*count)).collect();
        Self { texts, lists }
    }
}

/// Measures CPU time, shown as criterion shows time.
struct Cpu;

impl Measurement for Cpu {
    type Intermediate = Duration;
    type Value = Duration;

    fn start(&self) -> Duration {
        used()
    }

    fn end(&self, start: Duration) -> Duration {
        used() - start
    }

    fn add(&self, one: &Duration, two: &Duration) -> Duration {
        *one + *two
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        value.as_nanos() as f64
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}

fn bytes(texts: &[String]) -> u64 {
    texts.iter().map(|text| text.len() as u64).sum()
}

fn fold_all(texts: &[String]) -> usize {
    texts.iter().map(|text| fold(text).tokens().len()).sum()
}

fn found(terms: &Terms, texts: &[String]) -> usize {
    texts.iter().map(|text| terms.count(text)).sum()
}

fn regexes(terms: &[String]) -> Vec<Regex> {
    let one = |term: &String| {
        let (stem, end) = match term.strip_suffix('*') {
            Some(stem) => (stem, r"\w*"),
            None => (term.as_str(), ""),
        };
        Regex::new(&format!(r"(?i)\b{}{end}\b", regex::escape(stem))).expect("a plain word")
    };
    terms.iter().map(one).collect()
}

fn found_by_regex(regexes: &[Regex], texts: &[String]) -> usize {
    let hits = |text: &String| regexes.iter().filter(|regex| regex.is_match(text)).count();
    texts.iter().map(hits).sum()
}

fn found_by_contains(terms: &[String], texts: &[String]) -> usize {
    let hits = |text: &String| {
        let text = text.to_lowercase();
        terms.iter().filter(|term| text.contains(term.trim_end_matches('*'))).count()
    };
    texts.iter().map(hits).sum()
}

fn measure(world: &World) {
    let mut criterion = Criterion::default()
        .with_measurement(Cpu)
        .sample_size(10)
        .measurement_time(Duration::from_secs(2))
        .warm_up_time(Duration::from_millis(500))
        .configure_from_args();
    let texts = &world.texts;
    let few = &texts[..FEW_ITEMS];

    let mut group = criterion.benchmark_group("fold");
    group.throughput(Throughput::Bytes(bytes(texts)));
    group.bench_function("every text", |bencher| bencher.iter(|| fold_all(texts)));
    group.finish();

    let mut group = criterion.benchmark_group("fold and scan");
    group.throughput(Throughput::Bytes(bytes(texts)));
    for list in &world.lists {
        let terms = Terms::build(list);
        let id = BenchmarkId::from_parameter(list.len());
        group.bench_function(id, |bencher| bencher.iter(|| found(&terms, texts)));
    }
    group.finish();

    let mut group = criterion.benchmark_group("contains loop");
    group.throughput(Throughput::Bytes(bytes(few)));
    for list in &world.lists {
        let id = BenchmarkId::from_parameter(list.len());
        group.bench_function(id, |bencher| bencher.iter(|| found_by_contains(list, few)));
    }
    group.finish();

    let mut group = criterion.benchmark_group("one regex a rule");
    group.throughput(Throughput::Bytes(bytes(few)));
    for list in &world.lists[..2] {
        let regexes = regexes(list);
        let id = BenchmarkId::from_parameter(list.len());
        group.bench_function(id, |bencher| bencher.iter(|| found_by_regex(&regexes, few)));
    }
    group.finish();

    let mut group = criterion.benchmark_group("build");
    for list in &world.lists {
        let id = BenchmarkId::from_parameter(list.len());
        group.bench_function(id, |bencher| bencher.iter(|| Terms::build(list)));
    }
    group.finish();
    criterion.final_summary();
}

/// CPU seconds of one run, the median of some.
fn seconds<T>(mut run: impl FnMut() -> T) -> f64 {
    let mut rounds = [0.0; ROUNDS];
    for round in &mut rounds {
        let (start, mut runs) = (used(), 0);
        while runs == 0 || used() - start < LONG_ENOUGH {
            black_box(run());
            runs += 1;
        }
        *round = (used() - start).as_secs_f64() / f64::from(runs);
    }
    rounds.sort_by(f64::total_cmp);
    rounds[ROUNDS / 2]
}

fn table(world: &World) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let texts = &world.texts;
    let few = &texts[..FEW_ITEMS];
    let rate = |texts: &[String], seconds: f64| bytes(texts) as f64 / 1e6 / seconds;
    let folded = rate(texts, seconds(|| fold_all(texts)));
    writeln!(out, "\nevery text folded: {folded:.0} MB/s of CPU\n")?;
    writeln!(out, "  terms  fold+scan      hits   contains            regex          build")?;
    let mut ours = Vec::new();
    for list in &world.lists {
        let terms = Terms::build(list);
        let scan = rate(texts, seconds(|| found(&terms, texts)));
        let contains = rate(few, seconds(|| found_by_contains(list, few)));
        // 10,000 Unicode regexes take gigabytes.
        let regex = (list.len() <= 1_000).then(|| {
            let regexes = regexes(list);
            rate(few, seconds(|| found_by_regex(&regexes, few)))
        });
        let regex =
            regex.map_or("–".to_owned(), |rate| format!("{rate:.2} ({:.0}x)", scan / rate));
        writeln!(
            out,
            "{:>7} {scan:>5.0} MB/s {:>9} {contains:>7.1} ({:>4.0}x) {regex:>14} {:>11.1} ms",
            list.len(),
            found(&terms, texts),
            scan / contains,
            1e3 * seconds(|| Terms::build(list)),
        )?;
        ours.push(scan);
    }
    writeln!(out, "\ncost at 10,000 terms: {:.2}x of that at 100", ours[0] / ours[2])
}

fn main() -> io::Result<()> {
    let world = World::new();
    measure(&world);
    table(&world)
}
