//! Which of a sink's alerts go together, and into how many digests: as many as its receiver needs to take
//! and show them all.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::clerk::Clerk;
use super::hold;
use crate::model::{MessageId, MessageKind};
use crate::sink::contract::Nature;
use crate::store::{Pending, StoreError};

/// Into how many parts so many alerts go that came to so many bytes together.
pub(super) fn parts(nature: &Nature, alerts: usize, bytes: usize) -> usize {
    let by_number = alerts.div_ceil(nature.digest.max(1));
    by_number.max(bytes.div_ceil(nature.digest_bytes.max(1))).clamp(1, alerts.max(1))
}

impl Clerk {
    /// Makes digests of alerts that the sink's own hours have held together, and at a chat of more
    /// than `burst`. Whether there was one to make.
    pub(super) async fn digest(
        &self,
        pending: &[Pending],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let together = hold::released(&self.outlet.pace, pending, now);
        if together.len() > 1 {
            self.gather(together, now).await?;
            return Ok(true);
        }
        if !self.outlet.sink.nature().chat || self.outlet.burst == 0 {
            return Ok(false);
        }
        let ready = || pending.iter().filter(|one| !hold::is_held(one, now));
        let digest = |one: &&Pending| one.sealed.is_none() && one.kind == MessageKind::Digest;
        let waiting = ready().filter(digest).max_by_key(|one| one.created);
        // What comes behind a digest that waits belongs into it, or into the next.
        let (mut behind, before): (Vec<&Pending>, Vec<&Pending>) = ready()
            .filter(|one| hold::is_single(one))
            .partition(|one| waiting.is_some_and(|waiting| one.created >= waiting.created));
        let mut done = false;
        if let Some(waiting) = waiting.filter(|_| !behind.is_empty()) {
            let held = self.store.views(&waiting.id).await?.len();
            let free =
                self.outlet.sink.nature().digest.max(1).saturating_sub(held).min(behind.len());
            if free > 0 {
                let part = behind.drain(..free).chain([waiting]).map(|one| one.id.clone());
                self.store.merge(&self.outlet.name, part.collect(), now).await?;
                done = true;
            }
        }
        // There is a backlog already, so two more are enough for the next.
        if behind.len() > 1 {
            self.gather(behind.iter().map(|one| one.id.clone()).collect(), now).await?;
            done = true;
        }
        if before.len() > self.outlet.burst {
            let ids = before.iter().map(|one| one.id.clone()).collect();
            let burst = self.burst(ids).await?;
            self.gather(burst, now).await?;
            done = true;
        }
        Ok(done)
    }

    /// Of a burst the part that is one alliance's, where that is a burst by itself: the few others
    /// are told on their own.
    async fn burst(&self, ids: Vec<MessageId>) -> Result<Vec<MessageId>, StoreError> {
        let mut by: BTreeMap<String, Vec<MessageId>> = BTreeMap::new();
        for (id, alliance) in self.store.alliances(ids.clone()).await? {
            by.entry(alliance).or_default().push(id);
        }
        let bursts = by
            .into_iter()
            .filter(|(name, part)| !name.is_empty() && part.len() > self.outlet.burst);
        Ok(bursts.max_by_key(|(_, part)| part.len()).map_or(ids, |(_, part)| part))
    }

    /// One digest, or as many as the receiver needs to show them all.
    async fn gather(&self, members: Vec<MessageId>, now: Timestamp) -> Result<(), StoreError> {
        let digests = members.len().div_ceil(self.outlet.sink.nature().digest.max(1));
        tracing::info!(sink.id = %self.outlet.name, alerts = members.len(), digests, "many alerts at once go as a digest");
        // Alike in size: better six and six than eleven and one.
        for part in members.chunks(members.len().div_ceil(digests)) {
            self.store.merge(&self.outlet.name, part.to_vec(), now).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_hold_what_the_receiver_shows_and_takes_and_none_is_empty() {
        let nature = Nature {
            chat: false,
            digest: 100,
            digest_bytes: 1000,
            in_flight: 1,
            acceptance: "",
            rate: None,
        };
        let cases =
            [(200, 0, 2), (201, 0, 3), (5, 2001, 3), (200, 900, 2), (1, 9999, 1), (2, 9999, 2)];
        for (alerts, bytes, expected) in cases {
            assert_eq!(parts(&nature, alerts, bytes), expected, "{alerts} alerts, {bytes} bytes");
        }
    }
}
