//! A bar on the terminal for work that takes longer than a second; nothing where errors are not shown
//! on a terminal.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// Work that is done sooner shows no bar.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often the bar is drawn anew.
const REFRESH: Duration = Duration::from_millis(100);
/// Cells of the bar.
const CELLS: usize = 30;

/// How far some work has come.
pub(crate) struct Progress {
    what: &'static str,
    whole: u64,
    done: u64,
    begun: Instant,
    drawn: Option<Instant>,
    terminal: bool,
}

impl Progress {
    /// A bar for work of this size, in whatever unit the steps have.
    pub(crate) fn new(what: &'static str, whole: u64) -> Self {
        let terminal = io::stderr().is_terminal();
        Self { what, whole, done: 0, begun: Instant::now(), drawn: None, terminal }
    }

    /// Takes note of work done.
    pub(crate) fn step(&mut self, by: u64) {
        self.done += by;
        if !self.terminal || self.begun.elapsed() < PATIENCE {
            return;
        }
        if self.drawn.is_none_or(|at| at.elapsed() >= REFRESH) {
            self.drawn = Some(Instant::now());
            let bar = bar(self.done, self.whole);
            // A terminal that cannot be written to is no reason to stop the work.
            let _ = write!(io::stderr(), "\r{} {bar}", self.what);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.drawn.is_some() {
            let _ = write!(io::stderr(), "\r{:width$}\r", "", width = CELLS + self.what.len() + 8);
        }
    }
}

fn bar(done: u64, whole: u64) -> String {
    let share = (done as f64 / whole.max(1) as f64).clamp(0.0, 1.0);
    let full = (share * CELLS as f64) as usize;
    format!("[{}{}] {:>3.0} %", "#".repeat(full), "·".repeat(CELLS - full), share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_fills_and_never_overflows() {
        assert_eq!(bar(0, 10), format!("[{}]   0 %", "·".repeat(30)));
        assert_eq!(bar(5, 10), format!("[{}{}]  50 %", "#".repeat(15), "·".repeat(15)));
        assert_eq!(bar(20, 10), format!("[{}] 100 %", "#".repeat(30)));
        assert_eq!(bar(3, 0), format!("[{}] 100 %", "#".repeat(30)));
    }
}
