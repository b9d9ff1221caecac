//! A receiver that cannot be set up as things stand: a secret that is not there, a program that is gone. It
//! costs itself only: its queue waits, the others go on, and each time that it is looked at it is set up
//! anew, so that it works as soon as what it needs is there.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::contract::{Answer, Letter, Nature, Parcel, Proof, Sink, Stationery};
use super::http::refused;
use super::{SinkConfig, Workshop};
use crate::model::Sealed;

/// What holds for it until it is known what it is.
const NATURE: Nature = Nature {
    chat: true,
    digest: 2,
    digest_bytes: usize::MAX,
    in_flight: 1,
    acceptance: "nothing: it cannot be used",
    rate: None,
};

/// A receiver that is to be set up yet.
pub(super) struct Idle {
    config: SinkConfig,
    workshop: Workshop,
    /// The receiver once it could be, or why it could not.
    made: Mutex<Result<Arc<dyn Sink>, String>>,
}

impl Idle {
    pub(super) fn new(config: SinkConfig, workshop: Workshop, why: String) -> Self {
        Self { config, workshop, made: Mutex::new(Err(why)) }
    }

    /// The receiver, set up where it can be by now.
    fn ready(&self) -> Result<Arc<dyn Sink>, String> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if made.is_err() {
            *made = self.config.made(&self.workshop).map_err(|error| error.to_string());
        }
        made.clone()
    }

    /// The receiver, where it was set up.
    fn made(&self) -> Option<Arc<dyn Sink>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).as_ref().ok().cloned()
    }
}

impl Sink for Idle {
    fn fault(&self) -> Option<String> {
        match self.ready() {
            Ok(sink) => sink.fault(),
            Err(why) => Some(format!("failed to {}", why.lines().next().unwrap_or_default())),
        }
    }

    fn nature(&self) -> Nature {
        self.made().map_or(NATURE, |sink| sink.nature())
    }

    fn endpoint(&self) -> Option<u64> {
        self.made()?.endpoint()
    }

    fn identity(&self) -> Option<u64> {
        self.made()?.identity()
    }

    fn render(&self, letter: &Letter, stationery: &Stationery) -> Result<Sealed, String> {
        self.ready()?.render(letter, stationery)
    }

    fn fallback(&self, letter: &Letter, stationery: &Stationery) -> Option<Sealed> {
        self.made()?.fallback(letter, stationery)
    }

    fn proof(&self, parcel: Parcel<'_>) -> Result<Proof, Answer> {
        self.ready().map_err(refused)?.proof(parcel)
    }

    fn probe<'a>(&'a self, timeout: Duration) -> BoxFuture<'a, Result<String, String>> {
        Box::pin(async move { self.ready()?.probe(timeout).await })
    }

    fn send<'a>(&'a self, parcel: Parcel<'a>) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            match self.ready() {
                Ok(sink) => sink.send(parcel).await,
                Err(why) => refused(why),
            }
        })
    }
}
