//! The sign of life of a station, for the watchdog and the heartbeat.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Shared between a station, which beats whenever its loop makes progress or finds nothing to do,
/// and the watchdog, which stops feeding systemd when a pulse grows old. It beats from the loop
/// itself, never from a timer of its own: a wedged loop must fall silent.
#[derive(Debug, Clone)]
pub struct Pulse {
    born: Instant,
    millis: Arc<AtomicU64>,
}

impl Default for Pulse {
    fn default() -> Self {
        Self { born: Instant::now(), millis: Arc::new(AtomicU64::new(0)) }
    }
}

impl Pulse {
    /// Says that the station is alive now.
    pub fn beat(&self) {
        let millis = u64::try_from(self.born.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.millis.store(millis, Ordering::Relaxed);
    }

    /// Time since the last beat.
    pub fn age(&self) -> Duration {
        self.born
            .elapsed()
            .saturating_sub(Duration::from_millis(self.millis.load(Ordering::Relaxed)))
    }
}
