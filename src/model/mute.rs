//! What is not told for a while.

use jiff::Timestamp;
use serde::Serialize;

use super::{Match, StoryId};

/// Something muted: alerts about it below `flash` are recorded and sent to nobody until it ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mute {
    /// A story's short id, the name of an alliance, or a candidate's code.
    pub subject: String,
    /// Since when.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Why, in somebody's words.
    pub note: Option<String>,
    /// Alerts that it has kept back.
    pub kept: u64,
}

impl Mute {
    /// Whether it counts at a time.
    pub fn holds(&self, at: Timestamp) -> bool {
        self.since <= at && at < self.until
    }
}

/// The subjects by which an alert is muted at a time; empty where it is not. Its story may be, or every
/// alliance that it names, or every candidate: where one of two is muted, there is news of the other.
pub fn muted_by(
    mutes: &[Mute],
    at: Timestamp,
    story: Option<StoryId>,
    matched: &Match,
) -> Vec<String> {
    let active: Vec<&str> =
        mutes.iter().filter(|one| one.holds(at)).map(|one| one.subject.as_str()).collect();
    let is = |subject: &str| active.contains(&subject);
    let all = |names: &[String]| match names.iter().all(|name| is(name)) {
        true => names.to_vec(),
        false => Vec::new(),
    };
    let of_story = story.map(|id| id.to_string()).filter(|id| is(id));
    let mut by: Vec<String> = of_story.into_iter().collect();
    by.extend(all(&matched.alliances));
    by.extend(all(&matched.candidates));
    by
}
