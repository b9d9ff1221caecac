//! Whether it is the network that is broken, rather than the feeds: pure, over what visits came to.
//!
//! One feed without an answer is that feed's trouble. When the newest visits to several hosts, which
//! all answered the last time, end without any answer, the network is down: then no feed is blamed, no
//! back-off grows, and the feeds keep their places in phase, so that they come back spread as they were.
//! The first answer ends it. A monitor of one or two hosts cannot tell, and blames the feed.

use std::collections::VecDeque;

use jiff::Timestamp;

/// Hosts whose newest visits are looked at.
const HOSTS: usize = 12;
/// With fewer hosts than this nothing can be told.
const LEAST: usize = 3;
/// Visits older than this say nothing about now.
const STALE: jiff::SignedDuration = jiff::SignedDuration::from_hours(1);

/// What the newest visits say.
#[derive(Debug, Default)]
pub(super) struct Network {
    /// Host, when it was visited, and whether it answered; oldest first, each host once.
    visits: VecDeque<(String, Timestamp, bool)>,
    /// Since when it is down.
    down: Option<Timestamp>,
}

/// What a visit changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// Nothing.
    Same,
    /// The network went down.
    Down,
    /// It is back; since when it was down.
    Up(Timestamp),
}

impl Network {
    /// Since when it is down.
    pub(super) fn down(&self) -> Option<Timestamp> {
        self.down
    }

    /// Goes on with what was known before a restart.
    pub(super) fn resume(&mut self, since: Option<Timestamp>) {
        self.down = since;
    }

    /// Takes in a visit. `well` says that the feed answered the time before: one that has been failing
    /// says nothing about the network by failing again.
    pub(super) fn note(&mut self, host: &str, answered: bool, well: bool, now: Timestamp) -> Turn {
        if !answered && !well {
            return Turn::Same;
        }
        self.visits.retain(|(one, at, _)| one != host && now.duration_since(*at) < STALE);
        self.visits.push_back((host.to_owned(), now, answered));
        if self.visits.len() > HOSTS {
            self.visits.pop_front();
        }
        if answered {
            return self.down.take().map_or(Turn::Same, |since| {
                // What was seen meanwhile must not bring it down again.
                self.visits.retain(|(_, _, answered)| *answered);
                Turn::Up(since)
            });
        }
        let silent = self.visits.iter().filter(|(_, _, answered)| !answered);
        let first = silent.clone().map(|(_, at, _)| *at).min();
        if self.down.is_none()
            && self.visits.len() >= LEAST
            && 5 * silent.count() >= 4 * self.visits.len()
        {
            self.down = first;
            return Turn::Down;
        }
        Turn::Same
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + seconds).unwrap()
    }

    #[test]
    fn several_hosts_without_an_answer_are_the_network() {
        let mut network = Network::default();
        for (second, host) in (0..).zip(["a", "b"]) {
            assert_eq!(network.note(host, false, true, at(second)), Turn::Same);
        }
        assert_eq!(network.note("b", false, true, at(2)), Turn::Same, "the same host again");
        assert_eq!(network.note("c", false, true, at(3)), Turn::Down);
        assert_eq!(network.down(), Some(at(0)));
        assert_eq!(network.note("d", false, true, at(4)), Turn::Same);
        assert_eq!(network.note("a", true, true, at(9)), Turn::Up(at(0)));
        assert_eq!(network.down(), None);
        assert_eq!(network.note("b", false, true, at(10)), Turn::Same);
        assert_eq!(network.note("c", false, true, at(11)), Turn::Same);
    }

    #[test]
    fn feeds_that_failed_before_or_long_ago_say_nothing() {
        let mut network = Network::default();
        for host in ["a", "b", "c", "d"] {
            assert_eq!(network.note(host, false, false, at(0)), Turn::Same);
        }
        for (hours, host) in (0..).zip(["a", "b", "c", "d"]) {
            assert_eq!(network.note(host, false, true, at(hours * 3000)), Turn::Same, "{host}");
        }
    }

    #[test]
    fn some_dead_hosts_among_many_are_not_the_network() {
        let mut network = Network::default();
        for round in 0..200 {
            for host in 0..20 {
                let turn =
                    network.note(&format!("h{host}"), host % 2 == 0, true, at(round * 20 + host));
                assert_eq!(turn, Turn::Same);
            }
        }
    }
}
