//! What the operator of the daemon hears of the daemon itself.
//!
//! The heartbeat calls an address at a fixed interval, so that a watcher elsewhere notices when it
//! stops. `tell` decides which troubles are to be told now, each once, and its end once. What is wrong is
//! known to the one who asks.

mod heartbeat;
mod section;
mod tell;

pub use heartbeat::{Heartbeat, NoHeartbeat};
pub use section::{HeartbeatSection, OperatorSection};
pub use tell::{last_due, news};
