//! Whether the daemon does its work: what the watchdog is fed on, and what the heartbeat tells.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::STATIONS;
use crate::model::Pulse;
use crate::operator::Heartbeat;
use crate::store::Store;

/// A station whose pulse is older than this is taken as wedged.
const WEDGED: Duration = Duration::from_secs(90);
/// A store that does not answer within this is taken as wedged.
const STORE_ANSWER: Duration = Duration::from_secs(20);

/// The signs of life of all that must live.
#[derive(Clone)]
pub(super) struct Vital {
    pub(super) pulses: [Pulse; 3],
    pub(super) store: Store,
}

impl Vital {
    /// What makes no progress, ready to show; `None` where all is well.
    pub(super) async fn trouble(&self) -> Option<String> {
        if let Some(name) = wedged(self.pulses.each_ref().map(Pulse::age)) {
            return Some(format!("the station `{name}` makes no progress"));
        }
        match tokio::time::timeout(STORE_ANSWER, self.store.ping()).await {
            Ok(Ok(())) => None,
            _ => Some("the store does not answer".to_owned()),
        }
    }
}

/// Calls the heartbeat's address while all is well; the first call comes at once, the next ones when
/// due. A reload may change or end it. Never ends by itself.
pub(super) async fn beat(vital: Vital, mut wanted: watch::Receiver<Option<Arc<Heartbeat>>>) {
    let mut unheard = 0_u32;
    loop {
        let heartbeat = wanted.borrow_and_update().clone();
        let Some(heartbeat) = heartbeat else {
            match wanted.changed().await {
                Ok(()) => continue,
                Err(_) => return,
            }
        };
        let outcome = match vital.trouble().await {
            Some(trouble) => Err(format!("{trouble}; it is not called")),
            None => heartbeat.call().await,
        };
        match outcome {
            Ok(()) if unheard > 0 => {
                tracing::info!(missed = unheard, "the heartbeat is heard again");
                unheard = 0;
            }
            Ok(()) => {}
            Err(why) => {
                unheard = unheard.saturating_add(1);
                if unheard == 1 {
                    tracing::warn!("the heartbeat is not heard: {why}");
                }
            }
        }
        tokio::select! {
            changed = wanted.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(heartbeat.every()) => {}
        }
    }
}

/// The first station whose last sign of life is too old.
fn wedged(ages: [Duration; 3]) -> Option<&'static str> {
    STATIONS.into_iter().zip(ages).find(|(_, age)| *age > WEDGED).map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Access;

    #[tokio::test]
    async fn a_store_that_does_not_answer_is_trouble() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.db");
        let vital = |access| {
            let store = Store::open(&path, access).unwrap();
            let vital = Vital { pulses: Default::default(), store };
            vital.pulses.iter().for_each(Pulse::beat);
            vital
        };
        let writing = vital(Access::Create);
        assert_eq!(writing.trouble().await, None);
        // Nothing can be written through this one.
        let reading = vital(Access::Read);
        assert_eq!(reading.trouble().await.as_deref(), Some("the store does not answer"));
    }

    #[test]
    fn any_station_can_stop_the_signs_of_life() {
        let (fresh, old) = (Duration::from_secs(30), Duration::from_secs(91));
        assert_eq!(wedged([fresh; 3]), None);
        assert_eq!(wedged([old, fresh, fresh]), Some("watch"));
        assert_eq!(wedged([fresh, old, fresh]), Some("judge"));
        assert_eq!(wedged([fresh, fresh, old]), Some("deliver"));
    }
}
