//! CPU time: the benches run on machines that do other things as well.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// CPU time that this process has used.
pub(crate) fn used() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
}
