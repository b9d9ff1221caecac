//! What the rules found in an item: moves, and the evidence for them as data.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Field, RuleId};

/// How much an alert asks of its reader. Ordered: `Background < Notable < Flash`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Nothing new in the ledger, or opinion, explainer, live blog.
    Background,
    /// An act, stage or denial that is new for the pair.
    Notable,
    /// A formal act that is new for the pair.
    Flash,
}

impl Level {
    /// Every level, lowest first.
    pub const ALL: [Level; 3] = [Level::Background, Level::Notable, Level::Flash];

    /// The word in config and payload.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Background => "background",
            Level::Notable => "notable",
            Level::Flash => "flash",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The part a piece of evidence plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Names the alliance.
    Alliance,
    /// Names the act.
    Act,
    /// Names a candidate.
    Candidate,
    /// Names who acts.
    Actor,
    /// Any other term of the rule.
    Term,
}

/// One piece of text that made a rule hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The rule that it served.
    pub rule: RuleId,
    /// Where it stands.
    pub field: Field,
    /// First Unicode scalar value of the span in the field's text as stored.
    pub start: usize,
    /// One past the last.
    pub end: usize,
    /// The text of the span.
    pub text: String,
    /// The term as the lexicon writes it.
    pub term: String,
    /// The list that holds the term; empty for a term that stands in the query itself.
    pub list: String,
    /// The part it plays.
    pub role: Role,
    /// What it is, ready to show: `Japan`, `nickname of AUKUS`, `word of joining`; may be empty.
    #[serde(default)]
    pub label: String,
    /// What it means in English, where the text is in another language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gloss: Option<String>,
}

/// A hit that a longer or a masking term took away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Masked {
    /// Where it stands.
    pub field: Field,
    /// First Unicode scalar value.
    pub start: usize,
    /// One past the last.
    pub end: usize,
    /// The text of the span.
    pub text: String,
    /// The list whose hit was taken away ("NATO").
    pub list: String,
    /// What took it away, as people read it ("Asian NATO (AUKUS)").
    pub by: String,
}

/// What is known of an act from its section in the lexicon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActKind {
    /// Its name: `applies`, `ratified`, `denies`.
    pub name: String,
    /// How far it brings the candidate: considers 1 … joins 5; 0 for acts against.
    pub stage: u8,
    /// A formal step, such as an application or a ratification.
    pub formal: bool,
    /// Works against the accession: blocks, denies, declines, withdraws.
    pub against: bool,
    /// Acts that are other words for the same deed: a parliament approves and ratifies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kin: Vec<String>,
    /// The text names no act: it ties a candidate to a door, and that is all.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unsaid: bool,
}

impl ActKind {
    /// Whether an act of this name is a word for the same deed.
    pub fn is_kin(&self, name: &str) -> bool {
        self.name == name || self.kin.iter().any(|kin| kin == name)
    }
}

/// Who does what about which candidates and which alliance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// The alliance, by its name in the lexicon.
    pub alliance: String,
    /// Candidates, ISO 3166-1 alpha-2 or a bloc's name, title first; may be empty.
    pub candidates: Vec<String>,
    /// The act; `None` for a rule without acts.
    pub act: Option<ActKind>,
    /// Who acts (a code), where the text says so.
    pub actor: Option<String>,
    /// Whether "may", "could", "hopes to" stands with the act.
    pub hedged: bool,
    /// Where the evidence of the move stands.
    pub field: Field,
    /// Those of the candidates that stand aside from the act: "…, leaving Sweden in the cold".
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aside: Vec<String>,
}

impl Move {
    /// The candidates that the act is about; all where it is not said of any.
    pub fn main_candidates(&self) -> Vec<&str> {
        let main = self.candidates.iter().filter(|code| !self.aside.contains(code));
        main.map(String::as_str).collect()
    }
}

/// A rule that holds for an item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleScore {
    /// Its id.
    pub id: RuleId,
    /// What it reached.
    pub score: f64,
    /// What it needed.
    pub threshold: f64,
}

/// What sort of text an item is, by its headline, categories and address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Genre {
    /// News.
    #[default]
    Report,
    /// Opinion or analysis.
    Opinion,
    /// "What we know", "explained".
    Explainer,
    /// A live blog; never anchors a story.
    Live,
    /// A newsletter, briefing or podcast.
    Newsletter,
}

/// Why an item was flagged. Best rule first (score over threshold, then order in the config).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Match {
    /// The rules that hold; never empty.
    pub rules: Vec<RuleScore>,
    /// Title of the best rule.
    pub rule_title: String,
    /// Level that the best rule gives to items without acts.
    pub rule_level: Level,
    /// Recorded and shown, never sent: every rule that holds has `mode = "shadow"`, or the feed has.
    pub shadow: bool,
    /// The moves, those of the title first.
    pub moves: Vec<Move>,
    /// Alliances for which a rule holds.
    pub alliances: Vec<String>,
    /// Candidates of all moves, title first.
    pub candidates: Vec<String>,
    /// Other non-members that the item names.
    pub also_named: Vec<String>,
    /// Members of these alliances that the item names.
    #[serde(default)]
    pub members: Vec<String>,
    /// What sort of text it is.
    pub genre: Genre,
    /// The spans that made the rules hold.
    pub evidence: Vec<Evidence>,
    /// What was masked.
    pub masked: Vec<Masked>,
    /// Names to show for the codes in this match (`JP` = Japan).
    pub names: BTreeMap<String, String>,
}

/// A rule that did not hold although part of it did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NearMiss {
    /// The rule.
    pub rule: RuleId,
    /// The alliance for which it was tried, where one was named.
    pub alliance: Option<String>,
    /// What was missing, ready to show ("no tie between Sweden and NATO").
    pub missing: String,
    /// How far it was from holding: the parts that were missing, and [`NearMiss::FAR`] more where the
    /// alliance's name was all there was of it.
    #[serde(default)]
    pub distance: u8,
}

impl NearMiss {
    /// From this distance on, a miss says little: nothing but a name was there.
    pub const FAR: u8 = 8;
}

/// A word of the lexicon in an item, whether or not it served a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recognised {
    /// Where it stands.
    pub field: Field,
    /// First Unicode scalar value.
    pub start: usize,
    /// One past the last.
    pub end: usize,
    /// The text of the span.
    pub text: String,
    /// The list that holds the term.
    pub list: String,
    /// The part it could play.
    pub role: Role,
    /// What it is, ready to show: `Norway, a member`, `NATO, but only before “exercise”`.
    pub label: String,
}

/// All that the rules say of one item.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Finding {
    /// Set when at least one rule holds.
    pub matched: Option<Match>,
    /// Rules that nearly did.
    pub near: Vec<NearMiss>,
    /// What was masked, also where nothing matched.
    pub masked: Vec<Masked>,
}
