//! How the receivers stand: told as usual, left alone for a while, or disabled.

use jiff::Timestamp;
use serde::Serialize;

use super::{Roster, short_time};
use crate::model::{MessageState, SinkName};
use crate::store::{MessageRow, Store, StoreError};

/// How a receiver stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SinkLine {
    /// Its name.
    pub name: SinkName,
    /// `enabled`, `paused` or `disabled`.
    pub state: &'static str,
    /// Until when it is left alone: it asked for that, or keeps failing.
    pub until: Option<Timestamp>,
    /// Since when it is disabled.
    pub since: Option<Timestamp>,
    /// Why.
    pub why: Option<String>,
    /// Messages that wait for it.
    pub waiting: u64,
}

/// The receivers of the config in its order. Without a store all of them are enabled.
///
/// # Errors
///
/// The database cannot be read.
pub async fn sink_lines(
    roster: &Roster,
    store: Option<&Store>,
    now: Timestamp,
) -> Result<Vec<SinkLine>, StoreError> {
    let mut lines: Vec<SinkLine> = roster
        .sinks
        .iter()
        .map(|name| SinkLine {
            name: name.clone(),
            state: "enabled",
            until: None,
            since: None,
            why: None,
            waiting: 0,
        })
        .collect();
    let Some(store) = store else { return Ok(lines) };
    let ages = store.queue_ages().await?;
    for line in &mut lines {
        let known = store.sink_state(&line.name).await?;
        let queue = ages.iter().find(|age| age.sink == line.name.as_str());
        line.waiting = queue.map_or(0, |age| age.waiting);
        line.until = known.paused_until.filter(|until| *until > now);
        if line.until.is_some() {
            line.state = "paused";
        }
        if let Some((since, why)) = known.disabled {
            (line.state, line.since, line.why) = ("disabled", Some(since), Some(why));
            line.until = None;
        }
    }
    Ok(lines)
}

/// Why a message that is due is not sent; `None` where nothing but its turn is waited for.
pub fn held_up(message: &MessageRow, sinks: &[SinkLine]) -> Option<String> {
    let open = [MessageState::Queued, MessageState::Retrying];
    if !open.iter().any(|state| state.as_str() == message.state) {
        return None;
    }
    let sink = sinks.iter().find(|one| one.name.as_str() == message.sink)?;
    if let Some(since) = sink.since {
        return Some(format!("its receiver is disabled since {}", short_time(since)));
    }
    let until = sink.until.filter(|until| message.due.is_none_or(|due| due < *until))?;
    Some(format!("its receiver is left alone until {}", short_time(until)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Access, SinkState};

    #[tokio::test]
    async fn a_receiver_that_is_left_alone_or_disabled_holds_its_messages_up() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("x.db"), Access::Create).unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (now, until) = (at("2026-01-05T10:00:00Z"), at("2026-01-05T10:20:00Z"));
        let names = ["well", "failing", "off"].map(SinkName::new);
        let failing = SinkState { paused_until: Some(until), failures: 7, ..Default::default() };
        store.set_sink_state(&names[1], failing).await.unwrap();
        let off = SinkState { disabled: Some((now, "404".to_owned())), ..Default::default() };
        store.set_sink_state(&names[2], off).await.unwrap();
        let roster = crate::report::tests::roster(names.to_vec());
        let lines = sink_lines(&roster, Some(&store), now).await.unwrap();
        let states: Vec<&str> = lines.iter().map(|line| line.state).collect();
        assert_eq!(states, ["enabled", "paused", "disabled"]);
        // Once its time has come it is tried again.
        let later = sink_lines(&roster, Some(&store), until).await.unwrap();
        assert_eq!(later[1].state, "enabled");

        let message = |sink: &str, state: MessageState, due: &str| MessageRow {
            id: "msg_1".to_owned(),
            kind: "alert.raised".to_owned(),
            alert: None,
            alerts: Vec::new(),
            sink: sink.to_owned(),
            state: state.as_str().to_owned(),
            attempts: 1,
            due: Some(at(due)),
            last_status: None,
            last_error: None,
            created: now,
            waits: None,
        };
        let said = |sink, state, due| held_up(&message(sink, state, due), &lines);
        let (retrying, early) = (MessageState::Retrying, "2026-01-05T09:59:00Z");
        assert_eq!(said("well", retrying, early), None);
        assert_eq!(
            said("failing", retrying, early).as_deref(),
            Some("its receiver is left alone until 2026-01-05 10:20")
        );
        assert_eq!(said("failing", retrying, "2026-01-05T11:00:00Z"), None);
        assert_eq!(said("failing", MessageState::Dead, early), None);
        assert!(said("off", retrying, early).unwrap().contains("is disabled since"));
    }
}
