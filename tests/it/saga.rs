//! Two sagas told over years by dozens of outlets, as numbers: what a receiver is sent, by its
//! `min_level`, for each formal act. The items are in our own words; the dates are those of the events.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::program::Program;

const NORDIC: &str = include_str!("data/saga_nordic.jsonl");
const BRICS: &str = include_str!("data/saga_brics.jsonl");

/// A program that judges by the shipped pack.
fn shipped() -> Program {
    Program::new("include = [\"builtin:alliances\"]\ndatabase = \"unused.db\"\n")
}

fn items(saga: &str) -> Vec<Value> {
    saga.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What a saga sends.
struct Told {
    /// Messages by `min_level`.
    messages: BTreeMap<String, usize>,
    /// Flash messages by formal act.
    acts: BTreeMap<String, usize>,
    steps: Vec<(Value, Value)>,
}

async fn told(saga: &str, name: &str) -> Told {
    let program = shipped();
    let path = program.path(name);
    std::fs::write(&path, saga).unwrap();
    let steps = program.json(&["replay", "--items", path.to_str().unwrap()]).await;
    let items = items(saga);
    assert_eq!(items.len(), steps.len());
    let mut told = Told { messages: BTreeMap::new(), acts: BTreeMap::new(), steps: Vec::new() };
    for (item, step) in items.into_iter().zip(steps) {
        let messages: Vec<&str> = step["messages"]
            .as_array()
            .map(|levels| levels.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        for level in &messages {
            *told.messages.entry((*level).to_owned()).or_default() += 1;
        }
        if let Some(act) = item["act"].as_str() {
            let count = told.acts.entry(act.to_owned()).or_default();
            *count += usize::from(messages.contains(&"flash"));
        }
        told.steps.push((item, step));
    }
    println!("{name}: {} acts, messages {:?}", told.acts.len(), told.messages);
    told
}

/// No act missed, and at most three messages for two acts.
fn holds(told: &Told) {
    let missed: Vec<&String> =
        told.acts.iter().filter(|(_, count)| **count == 0).map(|(act, _)| act).collect();
    assert!(missed.is_empty(), "nobody who asks for flashes hears of {missed:?}");
    let flashes = told.messages["flash"];
    let acts = told.acts.len();
    assert!(2 * flashes <= 3 * acts, "{flashes} flash messages for {acts} formal acts");
    // The levels are nested: whoever asks for more gets more.
    assert!(told.messages["flash"] < told.messages["notable"]);
    assert!(told.messages["notable"] < told.messages["background"]);
    assert!(told.messages["background"] * 2 < told.steps.len(), "{:?}", told.messages);
}

#[tokio::test]
async fn two_years_of_the_nordic_accessions() {
    let told = told(NORDIC, "saga_nordic.jsonl").await;
    assert!(told.steps.len() >= 120);
    holds(&told);
    // Three days apart, in stories of their own.
    let story = |act: &str| {
        let of = |(item, step): &(Value, Value)| {
            (item["act"] == act).then(|| step["story"].as_str().unwrap_or_default().to_owned())
        };
        told.steps.iter().find_map(of).unwrap()
    };
    assert_ne!(story("hungary-fi"), story("turkey-fi"));
    // "Approves" and "ratifies" of one parliament on one day.
    for act in ["hungary-fi", "turkey-fi", "turkey-se", "hungary-se", "us"] {
        assert_eq!(told.acts[act], 1, "{act}");
    }
}

#[tokio::test]
async fn two_years_of_brics_growing() {
    let told = told(BRICS, "saga_brics.jsonl").await;
    assert!(told.steps.len() >= 120);
    holds(&told);
}

#[test]
fn the_sagas_come_from_dozens_of_outlets_in_many_languages() {
    for saga in [NORDIC, BRICS] {
        let items = items(saga);
        let count = |key: &str| {
            let values = items.iter().filter_map(|item| item[key].as_str());
            values.collect::<std::collections::BTreeSet<_>>().len()
        };
        assert!(count("source") >= 24);
        assert!(count("lang") >= 5);
        assert_eq!(count("title"), items.len(), "a headline stands twice");
    }
}
