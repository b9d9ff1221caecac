//! What the operator of the daemon hears of the daemon itself.
//!
//! The heartbeat calls an address at a fixed interval, so that a watcher elsewhere notices when it
//! stops. Whether all is well is decided by the one who calls.

mod heartbeat;
mod section;

pub use heartbeat::{Heartbeat, NoHeartbeat};
pub use section::{HeartbeatSection, OperatorSection};
