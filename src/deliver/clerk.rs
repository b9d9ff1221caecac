//! One attempt: seal the message where it is not sealed yet, send it, record what came of it.
//!
//! A message is sealed just before its first attempt, in a commit of its own, so that what is sent
//! again is the same to the byte. An attempt that a kill or the end of the grace period cuts short was
//! not recorded and costs nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::dispatch::Office;
use super::recent::Recents;
use super::retry::{Case, Endpoint, settle};
use super::turn::Turns;
use super::{breaker, hold};
use crate::model::{
    Attempt, Clock, DeadReason, MessageId, MessageKind, Outcome, Refusal, SinkName,
};
use crate::sink::Outlet;
use crate::sink::contract::{Letter, Parcel, Stationery};
use crate::store::{Pending, Ruling, Settle, SinkState, Store, StoreError};

/// First and longest wait before what came of an attempt is written again.
const RECORD_WAIT: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(15));

/// How long that goes on.
const RECORD_FOR: Duration = Duration::from_secs(86_400);

/// Handles the messages of one sink.
pub(super) struct Clerk {
    pub(super) store: Store,
    pub(super) office: Arc<Office>,
    pub(super) outlet: Outlet,
    pub(super) clock: Clock,
    pub(super) turns: Turns,
    pub(super) recents: Recents,
    /// Whether this is a single pass.
    pub(super) once: bool,
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

    /// Seals, sends and records one message. `None` where there was nothing to send.
    pub(super) async fn attempt(&self, message: Pending) -> Result<Option<bool>, StoreError> {
        let store = &self.store;
        let (name, sink) = (&self.outlet.name, &self.outlet.sink);
        let stationery = Stationery {
            timezone: self.office.timezone.clone(),
            public_url: self.office.public_url.clone(),
            now: self.clock.now(),
        };
        let mut letter = None;
        let sealed = match message.sealed.clone() {
            Some(sealed) => sealed,
            None => {
                let Some(found) = self.letter(&message).await? else {
                    tracing::error!(sink.id = %name, delivery.id = %message.id, "a message carries no alert; it is given up");
                    store.bury(&message.id, DeadReason::Refused, self.clock.now()).await?;
                    return Ok(None);
                };
                let sealed = sink.render(&found, &stationery);
                store.seal(&message.id, sealed.clone()).await?;
                letter = Some(found);
                sealed
            }
        };
        let (at, begun, place) = (self.clock.now(), Instant::now(), sink.identity());
        let timeout = self.office.delivery.timeout;
        let answer = sink.send(Parcel { id: &message.id, sealed: &sealed, timeout }).await;
        let took = begun.elapsed();
        let needs_plain = matches!(answer.outcome, Outcome::Refused(Refusal::Message));
        let fallback = match needs_plain && !message.fallback {
            false => None,
            true => {
                let letter = match letter {
                    Some(letter) => Some(letter),
                    None => self.letter(&message).await?,
                };
                letter.and_then(|letter| sink.fallback(&letter, &stationery))
            }
        };
        let case = Case {
            id: &message.id,
            created: message.since(),
            attempts: message.attempts,
            refusals: message.refusals,
            pauses: message.pauses,
            fallback,
            now: self.clock.now(),
        };
        let (settled, endpoint) = settle(&self.office.delivery, &case, answer.outcome.clone());
        let accepted = matches!(settled, Settle::Delivered { .. });
        self.tell(&message, &settled, &answer.error);
        let attempt = Attempt {
            message: message.id.clone(),
            at,
            took,
            status: answer.status,
            error: answer.error,
            answer: answer.body,
            outcome: answer.outcome,
        };
        // What the old address says of itself as a secret changes is not the new one's.
        let ruling = match sink.identity() == place {
            true => self.ruling(endpoint).await?,
            false => None,
        };
        self.record(attempt, settled, ruling).await?;
        Ok(Some(accepted))
    }

    /// Writes down what came of an attempt. What was sent would be sent again if it were not written, so
    /// where the database cannot be written this goes on until it can, a day at most; a station that
    /// stops gives it up. A single pass tries once: it attempts nothing twice.
    async fn record(
        &self,
        attempt: Attempt,
        settled: Settle,
        ruling: Option<Ruling>,
    ) -> Result<(), StoreError> {
        let (mut wait, begun) = (RECORD_WAIT.0, Instant::now());
        loop {
            let patient = !self.once && begun.elapsed() < RECORD_FOR;
            let error =
                match self.store.rule(attempt.clone(), settled.clone(), ruling.clone()).await {
                    Err(error @ StoreError::Failed { .. }) if patient => error,
                    outcome => return outcome,
                };
            if wait == RECORD_WAIT.0 {
                tracing::error!(sink.id = %self.outlet.name, delivery.id = %attempt.message, %error, "what came of a delivery cannot be written; it is not sent again before it can");
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(RECORD_WAIT.1);
        }
    }

    /// What a message says, as things stand now.
    async fn letter(&self, message: &Pending) -> Result<Option<Letter>, StoreError> {
        if message.kind == MessageKind::Ping {
            return Ok(Some(Letter::Ping));
        }
        if let MessageKind::Event(_) = message.kind {
            return Ok(self
                .store
                .event(&message.id)
                .await?
                .map(|event| Letter::Event(Box::new(event))));
        }
        let mut views = self.store.views(&message.id).await?;
        Ok(match (message.kind, views.len()) {
            (_, 0) => None,
            (MessageKind::Digest, _) => Some(Letter::Digest(views)),
            _ => views.pop().map(|view| Letter::Alert(Box::new(view))),
        })
    }

    /// A failure when it begins, the end when it ends; what is in between shows in `deliveries`.
    fn tell(&self, message: &Pending, settled: &Settle, error: &Option<String>) {
        let (sink, id) = (&self.outlet.name, &message.id);
        let why = error.as_deref().unwrap_or_default();
        match settled {
            Settle::Delivered { .. } if message.attempts > 0 => {
                tracing::info!(sink.id = %sink, delivery.id = %id, failures = message.attempts, "delivered after failures");
            }
            Settle::Delivered { .. } => {
                tracing::debug!(sink.id = %sink, delivery.id = %id, "delivered")
            }
            Settle::Again { due, .. } if message.attempts == 0 => {
                tracing::warn!(sink.id = %sink, delivery.id = %id, %due, "a delivery failed and is tried again: {why}");
            }
            Settle::Again { due, .. } => {
                tracing::debug!(sink.id = %sink, delivery.id = %id, %due, "a delivery failed again: {why}");
            }
            Settle::Fallback(_) => {
                tracing::warn!(sink.id = %sink, delivery.id = %id, "the receiver refused the message; a plain form follows: {why}");
            }
            Settle::Dead(reason) => {
                tracing::error!(sink.id = %sink, delivery.id = %id, reason = reason.as_str(), "a message is a dead letter: {why}");
            }
        }
    }

    /// What the word of the endpoint changes; it holds for all sinks that share the endpoint, but for
    /// the end of one, which names the sink whose section is to be mended.
    async fn ruling(&self, word: Endpoint) -> Result<Option<Ruling>, StoreError> {
        let own = &self.outlet.name;
        let state = self.store.sink_state(own).await?;
        let now = self.clock.now();
        let endpoint = self.outlet.sink.endpoint().filter(|_| !breaker::is_open(&state));
        let mostly = endpoint.is_some_and(|endpoint| self.recents.note(endpoint, &word, now));
        if !breaker::matters(&state, &word) {
            return Ok(None);
        }
        let section = self.office.delivery.clone();
        let change = move |known: &SinkState, word: &Endpoint| match mostly {
            true => breaker::opened(&section, known, now),
            false => breaker::after(&section, known, word, now),
        };
        let after = change(&state, &word);
        match (&word, breaker::is_open(&state), breaker::is_open(&after)) {
            (Endpoint::Disabled(why), ..) => {
                tracing::error!(sink.id = %own, "the sink is disabled and its queue kept: {why}");
            }
            (_, false, true) => {
                tracing::warn!(sink.id = %own, failures = after.failures, "the receiver fails; it is asked now and then, with one message");
            }
            (_, true, false) => {
                tracing::info!(sink.id = %own, failures = state.failures, "the receiver is back; what waited is due");
            }
            _ => {}
        }
        let sinks = match word {
            Endpoint::Disabled(_) => vec![own.clone()],
            _ => self.sharing(),
        };
        let change = move |known: &SinkState| change(known, &word);
        Ok(Some(Ruling { sinks, change: Arc::new(change), recovers: breaker::OPENS }))
    }

    /// The sinks that share the endpoint, this one included.
    fn sharing(&self) -> Vec<SinkName> {
        let own = &self.outlet;
        let place = own.sink.endpoint();
        let shares = |other: &&Outlet| {
            other.name == own.name || (place.is_some() && other.sink.endpoint() == place)
        };
        self.office.outlets.iter().filter(shares).map(|outlet| outlet.name.clone()).collect()
    }

    /// Takes a turn at a receiver that counts them, or says when the next is.
    pub(super) fn turn(&self, now: Timestamp) -> Result<(), Timestamp> {
        match (self.outlet.sink.endpoint(), self.outlet.sink.nature().rate) {
            (Some(endpoint), Some(rate)) => self.turns.take(endpoint, rate, now),
            _ => Ok(()),
        }
    }
}
