//! What systemd is told: ready, reloading, stopping, alive (`sd_notify(3)`, `Type=notify`).
//!
//! Without systemd every call is a silent no-op.

use std::time::Duration;

use sd_notify::NotifyState;

/// All stations run.
pub fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// One line for `systemctl status`.
pub fn status(status: &str) {
    tell(&[NotifyState::Status(status)]);
}

/// The config is being read again; [`ready`] follows, also when the old config stays.
pub fn reloading() {
    // systemd 253 and newer want both in one message.
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

/// The stations are being stopped.
pub fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("stopping")]);
}

/// Every station and the store are alive.
pub fn alive() {
    tell(&[NotifyState::Watchdog]);
}

/// How often systemd wants to hear [`alive`] (`WatchdogSec=`), where it does.
pub fn watchdog() -> Option<Duration> {
    sd_notify::watchdog_enabled()
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "systemd could not be notified");
    }
}
