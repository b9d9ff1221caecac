//! One attempt: seal the message where it is not sealed yet, send it, record what came of it.
//!
//! A message is sealed just before its first attempt, in a commit of its own, so that what is sent
//! again is the same to the byte. An attempt that a kill or the end of the grace period cuts short was
//! not recorded and costs nothing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::dispatch::Office;
use super::recent::Recents;
use super::retry::{Case, Endpoint, put_off, settle};
use super::turn::Turns;
use super::{breaker, gather};
use crate::model::{Attempt, Clock, DeadReason, MessageKind, Outcome, Refusal, Sealed, SinkName};
use crate::sink::Outlet;
use crate::sink::contract::{Letter, Parcel, Stationery};
use crate::store::{Pending, Ruling, Settle, SinkState, Store, StoreError, Turned};

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

/// What came of making a message.
enum Made {
    /// Its bytes, and what it says where that was looked up.
    Ready(Sealed, Option<Letter>),
    /// It is not to be sent as it is: it goes in parts, or was given up.
    Otherwise,
    /// Why it cannot be made.
    Not(String),
}

/// Alerts that a letter carries.
fn alerts(letter: &Letter) -> usize {
    match letter {
        Letter::Digest(views) => views.len(),
        Letter::Alert(_) | Letter::Event(_) | Letter::Ping => 1,
    }
}

impl Clerk {
    /// Seals, sends and records one message. `None` where there was nothing to send.
    pub(super) async fn attempt(&self, message: Pending) -> Result<Option<bool>, StoreError> {
        let sink = &self.outlet.sink;
        let stationery = Stationery {
            timezone: self.office.timezone.clone(),
            public_url: self.office.public_url.clone(),
            now: self.clock.now(),
        };
        let (sealed, letter) = match self.seal(&message, &stationery).await? {
            Made::Ready(sealed, letter) => (sealed, letter),
            Made::Otherwise => return Ok(None),
            Made::Not(why) => return self.unmade(&message, why).await,
        };
        let (at, begun, place) = (self.clock.now(), Instant::now(), sink.identity());
        let timeout = self.office.delivery.timeout;
        let answer = sink.send(Parcel { id: &message.id, sealed: &sealed, timeout }).await;
        let took = begun.elapsed();
        let refused = matches!(answer.outcome, Outcome::Refused(Refusal::Message | Refusal::Large));
        let letter = match (refused, letter) {
            (true, None) => self.letter(&message).await?,
            (_, letter) => letter,
        };
        let several = letter.as_ref().is_some_and(|letter| alerts(letter) > 1);
        let letter = letter.filter(|_| refused && !message.fallback);
        let fallback = letter.and_then(|letter| sink.fallback(&letter, &stationery));
        let case = Case { fallback, several, ..self.case(&message) };
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
            true => self.ruling(endpoint).await,
            false => None,
        };
        self.record(attempt, settled, ruling).await?;
        Ok(Some(accepted))
    }

    /// Its bytes, made and kept where it has none.
    async fn seal(&self, message: &Pending, stationery: &Stationery) -> Result<Made, StoreError> {
        if let Some(sealed) = message.sealed.clone() {
            return Ok(Made::Ready(sealed, None));
        }
        let (store, sink, now) = (&self.store, &self.outlet.sink, self.clock.now());
        let Some(letter) = self.letter(message).await? else {
            tracing::error!(sink.id = %self.outlet.name, delivery.id = %message.id, "a message carries no alert; it is given up");
            store.bury(&message.id, DeadReason::Refused, now).await?;
            return Ok(Made::Otherwise);
        };
        let several = alerts(&letter);
        let parts = gather::parts(&sink.nature(), several, 0);
        if parts > 1 {
            self.store.split(&message.id, parts, now).await?;
            return Ok(Made::Otherwise);
        }
        let sealed = match sink.render(&letter, stationery) {
            Ok(sealed) => sealed,
            Err(why) => return Ok(Made::Not(why)),
        };
        let parts = gather::parts(&sink.nature(), several, sealed.body.len());
        if parts > 1 {
            tracing::info!(sink.id = %self.outlet.name, alerts = several, parts, "a large digest goes in parts");
            self.store.split(&message.id, parts, now).await?;
            return Ok(Made::Otherwise);
        }
        store.seal(&message.id, sealed.clone()).await?;
        Ok(Made::Ready(sealed, Some(letter)))
    }

    /// Records that a message could not be made. It has no bytes, so it is made anew at its next turn, at
    /// a start and after a reload; the receiver has no part in it.
    async fn unmade(&self, message: &Pending, why: String) -> Result<Option<bool>, StoreError> {
        let settled = put_off(&self.office.delivery, &self.case(message), None);
        let error = Some(format!("the message cannot be made: {why}"));
        self.tell(message, &settled, &error);
        let attempt = Attempt {
            message: message.id.clone(),
            at: self.clock.now(),
            took: Duration::ZERO,
            status: None,
            error,
            answer: String::new(),
            outcome: Outcome::Retry { after: None },
        };
        self.record(attempt, settled, None).await?;
        Ok(Some(false))
    }

    /// What is known of a message as its attempt ends.
    fn case<'m>(&self, message: &'m Pending) -> Case<'m> {
        Case {
            id: &message.id,
            created: message.since(),
            attempts: message.attempts,
            refusals: message.refusals,
            pauses: message.pauses,
            fallback: None,
            several: false,
            now: self.clock.now(),
        }
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
                    outcome => return outcome.map(|turned| self.tell_endpoint(&turned)),
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
            Settle::Split => {
                tracing::warn!(sink.id = %sink, delivery.id = %id, "the receiver takes no digest of this size; it goes in two parts: {why}");
            }
            Settle::Dead(reason) => {
                tracing::error!(sink.id = %sink, delivery.id = %id, reason = reason.as_str(), "a message is a dead letter: {why}");
            }
        }
    }

    /// What became of the endpoint, when it does: of several that were under way one changed it.
    fn tell_endpoint(&self, turned: &[Turned]) {
        let own = &self.outlet.name;
        let Some(Turned { before, after, .. }) = turned.iter().find(|one| one.sink == *own) else {
            return;
        };
        if let (None, Some((_, why))) = (&before.disabled, &after.disabled) {
            tracing::error!(sink.id = %own, "the sink is disabled and its queue kept: {why}");
        }
        match (breaker::is_open(before), breaker::is_open(after)) {
            (false, true) => {
                tracing::warn!(sink.id = %own, failures = after.failures, "the receiver fails; it is asked now and then, with one message");
            }
            (true, false) => {
                tracing::info!(sink.id = %own, failures = before.failures, "the receiver is back; what waited is due");
            }
            _ => {}
        }
    }

    /// What the word of the endpoint changes; it holds for all sinks that share the endpoint, but for
    /// the end of one, which names the sink whose section is to be mended.
    async fn ruling(&self, word: Endpoint) -> Option<Ruling> {
        let own = &self.outlet.name;
        let state = match self.store.sink_state(own).await {
            Ok(state) => state,
            // What was sent has to be written down, whatever else cannot be read.
            Err(error) => {
                tracing::warn!(sink.id = %own, %error, "what a receiver says of itself is passed over");
                return None;
            }
        };
        let now = self.clock.now();
        let endpoint = self.outlet.sink.endpoint().filter(|_| !breaker::is_open(&state));
        let mostly = endpoint.is_some_and(|endpoint| self.recents.note(endpoint, &word, now));
        if !breaker::matters(&state, &word) {
            return None;
        }
        let section = self.office.delivery.clone();
        let change = move |known: &SinkState, word: &Endpoint| match mostly {
            true => breaker::opened(&section, known, now),
            false => breaker::after(&section, known, word, now),
        };
        let sinks = match word {
            Endpoint::Disabled(_) => vec![own.clone()],
            _ => self.sharing(),
        };
        let change = move |known: &SinkState| change(known, &word);
        Some(Ruling { sinks, change: Arc::new(change), recovers: breaker::OPENS })
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
