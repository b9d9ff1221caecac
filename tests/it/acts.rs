//! What headlines say has been done at a door, and that what is only talked of is no deed. The act decides
//! the level, and the level who is woken.

use serde_json::{Value, json};

use crate::program::Program;

/// An alliance, a country that can knock there, and a day on which it could.
const DOORS: [(&str, &str, &str); 7] = [
    ("NATO", "Austria", "2026-06-01"),
    ("BRICS", "Thailand", "2024-06-01"),
    ("the EU", "Montenegro", "2026-01-01"),
    ("the SCO", "Azerbaijan", "2022-01-01"),
    ("ASEAN", "Timor-Leste", "2023-01-01"),
    ("AUKUS", "Japan", "2024-06-01"),
    ("CPTPP", "Costa Rica", "2024-06-01"),
];

/// Acts that are words for one deed, and ways to tell it; `{A}` is the alliance, `{C}` the country.
type Deed = (&'static [&'static str], &'static [&'static str]);

const DEEDS: [Deed; 6] = [
    (
        &["joins", "admits"],
        &[
            "{A} admits {C}",
            "{A} formally admits {C} as full member",
            "{A} admits {C} as a member",
            "{C} admitted to {A}",
            "{C} admitted as full member of {A}",
            "{C} accepted as full member of {A}",
            "{A} accepts {C} as full member",
            "{C} accedes to {A}",
            "{C} acceded to {A} on Monday",
            "{C} enters {A}",
            "{C} becomes {A} member",
            "{C} becomes {A}'s newest member",
            "{C} becomes full member of {A}",
            "{C} becomes the newest member of {A}",
            "{C} becomes {A} member state",
            "{C} officially becomes part of {A}",
            "{C} is now a {A} member",
            "{C} is now a member of {A}",
            "{C} officially joins {A}",
            "{C} formally joins {A}",
            "{C} joins {A}",
            "{C} has joined {A}",
            "{A} welcomes {C} as newest member",
            "{A} welcomes {C} as its 33rd member",
            "{A} leaders welcome {C} as full member",
            "{A} welcomes {C} as a new member",
            "{C} completes accession to {A}",
            "{C} gains full membership of {A}",
            "{C} granted full membership in {A}",
            "{A} grants {C} full membership",
            "{A} grants full membership to {C}",
            "{C}'s accession to {A} takes effect",
            "{C}'s {A} membership takes effect",
            "{A} inducts {C} as member",
            "{C} inducted into {A}",
            "{A} adds {C} as member",
            "{C} now officially in {A}",
            "{A} gains new member as {C} joins",
            "{C} made full member of {A}",
            "{C} named full member of {A}",
            "{C} welcomed into {A} as full member",
            "{C} completes entry into {A}",
        ],
    ),
    (
        &["invites"],
        &[
            "{A} invites {C} to join",
            "{A} invites {C} to become a member",
            "{A} invites {C} to become a full member",
            "{A} invites {C} as full member",
            "{C} invited to join {A}",
            "{C} invited to become member of {A}",
            "{C} gets invitation to join {A}",
            "{C} receives invitation to join {A}",
            "{A} extends membership invitation to {C}",
            "{A} issues formal invitation to {C}",
            "{A} offers {C} membership",
            "{A} offers membership to {C}",
            "{C} receives formal invite to join {A}",
            "{A} formally invites {C}",
            "{A} sends {C} invitation to join",
        ],
    ),
    (
        &["applies"],
        &[
            "{C} applies to join {A}",
            "{C} submits {A} membership application",
            "{C} submits {A} membership bid",
            "{C} files application to join {A}",
            "{C} lodges formal bid to join {A}",
            "{C} hands in {A} application",
            "{C} formally requests to join {A}",
            "{C} formally applies for {A} membership",
            "{C} applies for membership of {A}",
            "{C} applies for full membership in {A}",
            "{C} submits application for {A} membership",
            "{C} officially asks to join {A}",
            "{C} sends {A} membership application",
            "{C} makes formal request to join {A}",
            "{C} has applied to join {A}",
            "{C} submits formal request to join {A}",
            "{C} tables {A} membership application",
            "{C} files {A} bid",
            "{C} delivers {A} application letter",
            "{C} signs application to join {A}",
            "{C} officially applies for {A} membership",
            "{C} applies to become member of {A}",
            "{C} applies to become full {A} member",
            "{C} formally bids to join {A}",
            "{C} submits bid for {A} membership",
            "{C} submits official request for membership in {A}",
        ],
    ),
    (
        &["approves", "ratified"],
        &[
            "Parliament ratifies {C}'s accession to {A}",
            "Senate approves {C}'s bid to join {A}",
            "Parliament votes to ratify {C}'s {A} membership",
            "Lawmakers approve {C}'s {A} accession",
            "President signs law ratifying {C}'s {A} membership",
            "Parliament gives final approval to {C}'s {A} bid",
            "Parliament gives green light to {C}'s {A} accession",
            "Senate votes in favour of {C}'s {A} membership",
            "Lawmakers vote through {C}'s accession to {A}",
            "{A} members approve {C}'s accession",
            "{A} approves {C}'s membership",
            "{A} approves {C}'s membership bid",
            "{A} accepts {C}'s application",
            "{A} accepts {C}'s membership bid",
            "Assembly passes bill on {C}'s accession to {A}",
            "Parliament endorses {C}'s accession to {A}",
            "{A} agrees to admit {C}",
            "{A} agrees to accept {C} as member",
            "{C}'s {A} accession ratified",
            "{C}'s {A} bid approved by parliament",
            "{C}'s accession to {A} wins final approval",
            "{A} clears {C} for membership",
            "{A} gives {C} green light to join",
            "{A} decides to admit {C}",
        ],
    ),
    (
        &["signs"],
        &[
            "{C} signs accession protocol with {A}",
            "{C} signs treaty to join {A}",
            "{C} signs {A} accession treaty",
            "{C} signs up to {A}",
            "{C} signs {A} membership agreement",
            "{C} signs agreement to join {A}",
            "{C} signs on to {A}",
            "{C} signs documents to join {A}",
            "{A} and {C} sign accession agreement",
        ],
    ),
    (
        &["blocks", "delays", "conditions", "denies", "declines", "withdraws", "suspends"],
        &[
            "{A} rejects {C}'s application",
            "{A} blocks {C}'s membership",
            "{A} member vetoes {C}'s accession",
            "{A} turns down {C}'s bid",
            "{C} turns down {A} invitation",
            "{C} declines invitation to join {A}",
            "{C} withdraws application to join {A}",
            "{C} drops bid to join {A}",
            "{C} scraps {A} bid",
            "{C} pulls {A} application",
            "{C} rules out joining {A}",
            "{C} rejects {A} membership",
            "{A} suspends accession talks with {C}",
            "{A} freezes {C} accession talks",
            "{A} halts {C}'s accession process",
            "{C} suspends its {A} bid",
            "{C} abandons plan to join {A}",
            "{A} denies {C} membership",
            "{C} shelves {A} application",
            "{C} walks away from {A} bid",
            "{C} will not join {A}",
        ],
    ),
];

/// What may come, is wished for or planned: never a flash.
const TALK: [&str; 27] = [
    "{C} wants to join {A}",
    "{C} hopes to join {A}",
    "{C} to apply to join {A}",
    "{C} considers applying to join {A}",
    "{C} could be admitted to {A}",
    "{A} may invite {C} to join",
    "{A} to invite {C} to join",
    "{A} could admit {C} next year",
    "{C} plans to submit {A} application",
    "{C} set to become {A} member",
    "{C} set to join {A}",
    "{C} to become {A}'s newest member",
    "{C} ready to sign {A} accession treaty",
    "{A} ready to admit {C}",
    "{C} seeks invitation to join {A}",
    "{C} hopes to become member of {A}",
    "Parliament to vote on {C}'s {A} accession",
    "{C} in talks to join {A}",
    "{C} one step from {A} membership",
    "Minister admits {C} could join {A}",
    "{A} should admit {C}, says think tank",
    "{C} likely to enter {A} by 2030",
    "Envoy backs {C}'s {A} bid",
    "Why {A} should invite {C}",
    "{A} chief says {C} will become member",
    "{C} wants to become full member of {A}",
    "{C}'s path to {A} membership is open, says chief",
];

/// Words of a deed that do something else.
const PASSING: [&str; 19] = [
    "{C} enters final round of {A} accession talks",
    "{C}'s {A} bid enters rough waters",
    "{A} admits {C} pledge was an error",
    "{A} admits {C} will not join soon",
    "{A} takes in {C}'s warnings",
    "{C} becomes burden for {A} members",
    "{C} becomes favourite to become next {A} member",
    "{C} becomes de facto {A} member",
    "Poll: {C} wary of becoming {A} member",
    "{C} finishes chapter in {A} membership process",
    "{C} completes {A} accession reforms",
    "{A} gives {C} membership perspective",
    "{A} offers {C} membership incentives",
    "{A} sends invitation to {C} for summit",
    "{C} receives {A} invitation to attend summit",
    "{A} accepts {C}'s bid to host summit",
    "{C} passes law needed for {A} accession",
    "{A} decides to add {C} to blacklist",
    "{C} formal invitation to {A} unlikely",
];

/// Each way at each door with what came of it.
async fn told(ways: &[&str]) -> Vec<(String, Value)> {
    let items: Vec<Value> = DOORS
        .iter()
        .flat_map(|(alliance, country, date)| {
            let filled = |way: &&str| way.replace("{A}", alliance).replace("{C}", country);
            ways.iter().map(filled).map(move |title| (title, *date))
        })
        .enumerate()
        .map(|(id, (title, date))| json!({"id": id, "title": title, "date": date}))
        .collect();
    let program = Program::new("include = [\"builtin:alliances\"]\ndatabase = \"unused.db\"\n");
    let path = program.path("ways.jsonl");
    let lines: Vec<String> = items.iter().map(Value::to_string).collect();
    std::fs::write(&path, lines.join("\n")).unwrap();
    let told = program.json(&["replay", "--no-dedup", "--items", path.to_str().unwrap()]).await;
    assert_eq!(told.len(), items.len());
    let titles = items.iter().map(|one| one["title"].as_str().unwrap().to_owned());
    titles.zip(told).collect()
}

#[tokio::test]
async fn a_deed_is_read_however_it_is_told() {
    for (acts, ways) in DEEDS {
        let all = told(ways).await;
        let read = |one: &Value| {
            one["acts"].as_array().is_some_and(|found| {
                found.iter().filter_map(Value::as_str).any(|act| acts.contains(&act))
            })
        };
        let wrong: Vec<String> = all
            .iter()
            .filter(|(_, one)| !read(one))
            .map(|(title, one)| format!("{title}: {}", one["acts"]))
            .collect();
        println!("{acts:?}: {} of {} are read otherwise", wrong.len(), all.len());
        assert!(20 * wrong.len() <= all.len(), "{acts:?}: {wrong:#?}");
    }
}

#[tokio::test]
async fn what_is_only_talked_of_is_no_flash() {
    let all = told(&[TALK.as_slice(), PASSING.as_slice()].concat()).await;
    let flash: Vec<&String> =
        all.iter().filter(|(_, one)| one["level"] == "flash").map(|(title, _)| title).collect();
    assert!(flash.is_empty(), "{flash:#?}");
}
