//! The ways in which English headlines say that a country moves towards an alliance, and what only looks
//! alike, for every alliance of the pack: none of them may depend on which alliance it is.

use serde_json::{Value, json};

use crate::program::Program;

/// An alliance as headlines name it, a country that can knock there, and a day on which it could.
const DOORS: [(&str, &str, &str); 26] = [
    ("NATO", "Georgia", "2024-06-01"),
    ("AUKUS", "New Zealand", "2024-06-01"),
    ("the Quad", "South Korea", "2024-06-01"),
    ("Five Eyes", "Japan", "2024-06-01"),
    ("the EU", "Moldova", "2022-06-01"),
    ("BRICS", "Thailand", "2024-06-01"),
    ("the SCO", "Azerbaijan", "2022-01-01"),
    ("the CSTO", "Serbia", "2024-06-01"),
    ("ASEAN", "Timor-Leste", "2023-01-01"),
    ("the GCC", "Jordan", "2024-06-01"),
    ("the African Union", "Morocco", "2017-01-20"),
    ("the G7", "South Korea", "2024-06-01"),
    ("the G20", "Spain", "2024-06-01"),
    ("GCAP", "Saudi Arabia", "2024-06-01"),
    ("JEF", "Ukraine", "2024-06-01"),
    ("Mercosur", "Bolivia", "2024-01-01"),
    ("CPTPP", "Costa Rica", "2024-06-01"),
    ("the Abraham Accords", "Kazakhstan", "2025-10-20"),
    ("the AES", "Togo", "2024-06-01"),
    ("PESCO", "Britain", "2022-01-01"),
    ("European Sky Shield", "Ireland", "2025-01-01"),
    ("the European Sky Shield Initiative", "Switzerland", "2023-06-01"),
    ("the East African Community", "Ethiopia", "2024-06-01"),
    ("the Organization of Turkic States", "Tajikistan", "2024-06-01"),
    ("the Alliance of Sahel States", "Togo", "2024-06-01"),
    ("the Saudi-Pakistan defence pact", "Turkey", "2024-06-01"),
];

/// `{A}` is the alliance, `{C}` the country.
const MOVES: [&str; 120] = [
    "{C} joins {A}",
    "{C} to join {A}",
    "{C} wants to join {A}",
    "{C} considers joining {A}",
    "{C} formally applies to join {A}",
    "{C} seeks membership of {A}",
    "{C} seeks {A} membership",
    "{A} admits {C} as full member",
    "{A} welcomes {C} as new member",
    "{C} becomes member of {A}",
    "{C} could soon be a member of {A}, minister says",
    "{C} signs accession to {A}",
    "{C} rules out joining {A}",
    "{C} will not join {A}, president says",
    "{C} withdraws bid to join {A}",
    "{C}'s bid to join {A} hits obstacle",
    "{C} a step closer to {A}",
    "{C} on track to join {A} next year",
    "{C} joining {A} 'a matter of time', envoy says",
    "Should {C} join {A}?",
    "Why {C} should be in {A}",
    "{A} should admit {C}, think tank says",
    "Parliament approves {C}'s accession to {A}",
    "US backs {C}'s entry into {A}",
    "{C} eyes {A} membership",
    "{C} in talks to join {A}",
    "{C} hopes to join {A} by 2028",
    "{A} opens door to {C}",
    "{A} considers adding {C}",
    "{C} granted observer status in {A}",
    "{C} officially part of {A}",
    "{C} interested in joining {A}, says foreign minister",
    "{A} expansion: {C} next in line",
    "{C} ready to join {A}",
    "Leaders back {C} joining {A}",
    "{C}'s membership in {A} would strengthen security, says expert",
    "{C} not yet ready for {A}",
    "{A} members split over {C} membership",
    "{A} to expand, with {C} expected to join",
    "{C} asks to join {A}",
    "{C} expresses interest in {A}",
    "{C} submits application for {A} membership",
    "{C} pushes for {A} seat",
    "{C} inches closer to {A} membership",
    "{C} edges towards {A}",
    "{C} takes step towards {A} membership",
    "{C} moves closer to joining {A}",
    "{A} ready to take in {C}",
    "{A} gives green light to {C}",
    "{A} gives nod to {C} membership",
    "{A} agrees to admit {C}",
    "{A} votes to admit {C}",
    "{A} formally admits {C}",
    "{A} accepts {C} as member",
    "{C} accepted into {A}",
    "{C} admitted to {A}",
    "{C} invited to join {A}",
    "{C} invited into {A}",
    "{C} set to become {A} member",
    "{C} becomes latest country to join {A}",
    "{C} becomes first country to apply to {A}",
    "{C} joins {A} as full member",
    "{C} joins {A} as partner",
    "{C} completes accession to {A}",
    "{C} ratifies {A} accession treaty",
    "{C} lawmakers vote to join {A}",
    "{C} parliament ratifies {A} accession",
    "{C} government decides to join {A}",
    "{C} president signs decree on joining {A}",
    "{C} to hold referendum on joining {A}",
    "{C} announces plan to join {A}",
    "{C} confirms interest in {A}",
    "{C} wants in on {A}",
    "{C} could join {A}",
    "{C} may be invited to join {A}",
    "{C} might join {A}, diplomat says",
    "Could {C} join {A}?",
    "Will {C} join {A}?",
    "What if {C} joined {A}?",
    "{C} rejects {A} membership",
    "{C} says no to {A}",
    "{C} says no plans to join {A}",
    "{C} denies plans to join {A}",
    "{C} shelves {A} bid",
    "{C} drops {A} bid",
    "{C} suspends {A} membership bid",
    "Russia warns {C} against joining {A}",
    "China opposes {C} joining {A}",
    "{A} rejects {C}'s application",
    "{A} blocks {C}'s entry",
    "{A} puts off decision on {C}'s membership",
    "{A} chief: {C} will become a member",
    "{A} chief says {C} can join",
    "{A} leaders discuss {C}'s accession",
    "{A} summit to decide on {C}'s membership",
    "{C} at {A}'s door",
    "{C} knocks on {A}'s door",
    "{C}'s path to {A}",
    "{C}'s road to {A} membership",
    "{C}'s {A} dream",
    "{C}'s {A} hopes fade",
    "Support for {A} membership grows in {C}",
    "Poll: majority in {C} want to join {A}",
    "{C} accession talks with {A} begin",
    "{A} opens accession talks with {C}",
    "{A} launches accession process for {C}",
    "{C} meets conditions for {A} membership",
    "{C} gets {A} observer status",
    "{C} becomes {A} dialogue partner",
    "{C} signs letter of intent to join {A}",
    "{C} deposits instrument of accession to {A}",
    "{C} flag raised as it joins {A}",
    "{A} grows as {C} joins",
    "{C}, {A} sign accession protocol",
    "{C} urged to join {A}",
    "Minister calls for {C} to join {A}",
    "Ex-PM says {C} should join {A}",
    "{C} debates joining {A}",
    "{C} weighs {A} membership",
    "{C} mulls {A}",
];

/// Trade, drills, aid, sanctions, visits: no move.
const OTHER: [&str; 43] = [
    "{C} joins {A} exercise",
    "{C} hosts {A} summit",
    "{A} condemns attack on {C}",
    "{A} sanctions {C} officials",
    "{A} delays decision on aid for {C}",
    "{A} welcomes {C} ceasefire",
    "{C} signs trade deal with {A}",
    "{C} attends {A} meeting as guest",
    "{A} chief visits {C}",
    "{A} troops train in {C}",
    "{C} joins {A} in condemning attack",
    "{A} and {C} hold talks on trade",
    "{A} observers monitor {C} election",
    "{C} invited to {A} summit",
    "{A} considers sanctions on {C}",
    "{A} backs {C} in border dispute",
    "{A} rejects {C}'s claims",
    "{C} leader meets {A} chief",
    "{C} buys jets from {A} member",
    "{A} considers adding {C} firms to blacklist",
    "{A} discusses {C} war",
    "{C} criticises {A} over drills",
    "{A} envoy lands in {C}",
    "{C} athletes shine at {A} games",
    "{A} bank approves loan for {C}",
    "{A} approves aid package for {C}",
    "{A} to send mission to {C}",
    "{C} joins {A} naval patrol",
    "{C} urges {A} to send more weapons",
    "{A} urges {C} to hold elections",
    "{A} accepts {C}'s apology",
    "{C} thanks {A} for support",
    "{A} warns {C} over reforms",
    "{A} backs {C}'s request for weapons",
    "{A} rejects {C}'s request for loans",
    "{A} receives {C}'s request for aid",
    "{C} rejects {A} criticism",
    "{C} says no to {A} troops",
    "{C} drops {A} summit plan",
    "{C} student joins {A} youth programme",
    "{C} opens embassy at {A} headquarters",
    "{A} summit in {C} ends without statement",
    "{C} central bank joins {A} payment talks",
];

async fn flagged(ways: &[&str]) -> Vec<(String, bool)> {
    let program = Program::new("include = [\"builtin:alliances\"]\ndatabase = \"unused.db\"\n");
    let mut titles = Vec::new();
    let mut lines = Vec::new();
    for (alliance, country, date) in DOORS {
        for way in ways {
            let title = way.replace("{A}", alliance).replace("{C}", country);
            lines.push(json!({"id": titles.len(), "title": title, "date": date}).to_string());
            titles.push(title);
        }
    }
    let path = program.path("ways.jsonl");
    std::fs::write(&path, lines.join("\n")).unwrap();
    let told = program.json(&["replay", "--no-dedup", "--items", path.to_str().unwrap()]).await;
    assert_eq!(told.len(), titles.len());
    let told = told.iter().map(|one: &Value| one["decision"] != "quiet");
    titles.into_iter().zip(told).collect()
}

#[tokio::test]
async fn every_way_of_knocking_is_flagged_at_every_door() {
    let all = flagged(&MOVES).await;
    let quiet: Vec<&String> =
        all.iter().filter(|(_, told)| !told).map(|(title, _)| title).collect();
    println!("{} of {} stayed quiet", quiet.len(), all.len());
    assert!(100 * quiet.len() <= all.len(), "{quiet:#?}");
}

#[tokio::test]
async fn what_alliances_do_besides_is_flagged_at_no_door() {
    let all = flagged(&OTHER).await;
    let told: Vec<&String> = all.iter().filter(|(_, told)| *told).map(|(title, _)| title).collect();
    println!("{} of {} were flagged", told.len(), all.len());
    assert!(50 * told.len() <= all.len(), "{told:#?}");
}
