//! Everything that reads foreign input, fed with broken input: nothing may panic, take a second or
//! give what cannot be.
//!
//! A normal run makes a few hundred cases for each target. For more, at one target and with the
//! feeds of the data folder as seeds as well:
//!
//! `PACTWATCH_FUZZ=intake PACTWATCH_FUZZ_CASES=2000000 PACTWATCH_DATA=… \
//!  cargo test --release --test it fuzz:: -- --nocapture`
//!
//! `PACTWATCH_SEED` repeats a run. What fails is cut down to its core and kept in
//! `tests/it/data/fuzz/TARGET/`, from where it is tried again for ever.

mod mutate;
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use self::mutate::{minimised, mutated};
use self::targets::{TARGETS, Target};
use crate::dice::{Dice, number};
use crate::meter;

/// Cases for each target in a normal run.
const CASES: u64 = 300;
/// No input may take longer, in CPU time of a release build. Debug builds are ten times as slow.
const PATIENCE: Duration = Duration::from_secs(if cfg!(debug_assertions) { 10 } else { 1 });
/// Memory beyond what is there at the start, in bytes.
const MEMORY: u64 = 64 * 1024 * 1024;
/// Largest foreign feed that serves as a seed: small ones are changed where it matters more often.
const SEED_BYTES: u64 = 40_000;
/// Findings after which a run ends.
const FINDINGS: usize = 20;

/// What a target did wrong, if it did.
fn fault(target: &Target, input: &[u8]) -> Option<String> {
    let begun = meter::cpu();
    let outcome = catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
    let taken = meter::cpu().saturating_sub(begun);
    match outcome {
        Err(_) => Some("panicked".to_owned()),
        Ok(Err(wrong)) => Some(wrong),
        Ok(Ok(())) => (taken > PATIENCE).then(|| format!("took {taken:?}")),
    }
}

fn folder(target: &Target) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/data/fuzz").join(target.name)
}

/// Cuts a failing input down to its core and keeps it.
fn keep(target: &Target, input: &[u8]) -> PathBuf {
    let core = minimised(input, |shorter| fault(target, shorter).is_some());
    let name: u64 = core.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    std::fs::create_dir_all(folder(target)).unwrap();
    let path = folder(target).join(format!("{name:016x}"));
    std::fs::write(&path, core).unwrap();
    path
}

/// Our own seeds, and the foreign feeds where a long run is asked for and they are there.
fn seeds(target: &Target) -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = target.seeds.iter().map(|seed| seed.as_bytes().into()).collect();
    let data = std::env::var("PACTWATCH_DATA").ok().filter(|_| target.name == "intake");
    let mut folders: Vec<PathBuf> =
        data.iter().map(|data| Path::new(data).join("feeds/files")).collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(what) if what.is_dir() => folders.push(entry.path()),
                Ok(what) if what.len() <= SEED_BYTES => {
                    seeds.extend(std::fs::read(entry.path()).ok())
                }
                _ => {}
            }
        }
    }
    // The order in which a folder is read is not the same everywhere.
    seeds.sort();
    seeds
}

fn fuzz(target: &Target, seed: u64, cases: u64) -> Vec<String> {
    let seeds = seeds(target);
    let mut dice = Dice(seed);
    let mut found = Vec::new();
    let mut longest = Duration::ZERO;
    let before = meter::begin_peak();
    for _ in 0..cases {
        let pick = |dice: &mut Dice| &seeds[dice.below(seeds.len() as u64) as usize];
        let (one, other) = (pick(&mut dice), pick(&mut dice));
        let input = mutated(&mut dice, one, other);
        let begun = meter::cpu();
        if let Some(wrong) = fault(target, &input) {
            let kept = keep(target, &input);
            found.push(format!("{}: {wrong}; kept as {}", target.name, kept.display()));
            if found.len() >= FINDINGS {
                break;
            }
        }
        longest = longest.max(meter::cpu().saturating_sub(begun));
    }
    let grown = meter::peak().zip(before).map(|(peak, before)| peak.saturating_sub(before));
    println!(
        "{}: {cases} cases from {} seeds, {} findings, slowest {longest:?}, memory grew by {} KiB",
        target.name,
        seeds.len(),
        found.len(),
        grown.map_or("?".to_owned(), |bytes| (bytes / 1024).to_string()),
    );
    // Other tests grow at the same time; alone, a long run must not.
    if cases > CASES && grown.is_some_and(|bytes| bytes > MEMORY) {
        found.push(format!("{}: memory grew by {grown:?} bytes", target.name));
    }
    found
}

#[test]
fn broken_input_is_answered() {
    let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let seed = number("PACTWATCH_SEED").unwrap_or(clock.as_nanos() as u64);
    let cases = number("PACTWATCH_FUZZ_CASES").unwrap_or(CASES);
    let only = std::env::var("PACTWATCH_FUZZ").ok();
    println!("PACTWATCH_SEED={seed} PACTWATCH_FUZZ_CASES={cases}");
    let asked = TARGETS.iter().filter(|one| only.as_ref().is_none_or(|only| only == one.name));
    let found: Vec<String> = asked.flat_map(|target| fuzz(target, seed, cases)).collect();
    assert!(found.is_empty(), "PACTWATCH_SEED={seed}\n{}", found.join("\n"));
}

#[test]
fn what_fuzzing_found_stays_mended() {
    let mut tried = 0;
    for target in &TARGETS {
        for entry in std::fs::read_dir(folder(target)).into_iter().flatten() {
            let path = entry.unwrap().path();
            let wrong = fault(target, &std::fs::read(&path).unwrap());
            assert_eq!(wrong, None, "{}", path.display());
            tried += 1;
        }
    }
    println!("{tried} findings tried again");
}

#[test]
fn the_runner_sees_and_cuts_down_what_fails() {
    let target = Target {
        name: "none",
        seeds: &["abcdef"],
        run: |bytes| match bytes.windows(2).any(|pair| pair == b"cd") {
            true => Err("cd".to_owned()),
            false => Ok(()),
        },
    };
    assert_eq!(fault(&target, b"xxcdxx"), Some("cd".to_owned()));
    let core = minimised(b"aabbccddeeff", |shorter| fault(&target, shorter).is_some());
    assert_eq!(core, b"cd");
}
