//! Whether anybody watches: by who has the database, and by feeds whose time has passed.

use jiff::{SignedDuration, Timestamp};

use super::{FeedLine, Problem, short_time};
use crate::store::{Errand, Holder};

/// A feed may be late by this, beside the time between two of its polls: a round of many takes a while.
const LATE: SignedDuration = SignedDuration::from_mins(30);
/// Where rounds are run by cron, feeds wait for the next one.
const BETWEEN_ROUNDS: SignedDuration = SignedDuration::from_hours(2);

/// Whether a daemon runs; where that cannot be told, it is not said that none does.
pub(super) fn runs(holder: Option<&Holder>) -> bool {
    holder.is_none_or(|holder| holder.here)
}

/// What is wrong with the watching itself.
pub(super) fn unwatched(
    holder: Option<&Holder>,
    feeds: &[FeedLine],
    now: Timestamp,
) -> Option<Problem> {
    let last = feeds.iter().filter_map(|feed| feed.last_poll).max();
    let polled = match last {
        Some(at) => format!("the last poll was {}", short_time(at)),
        None => "no feed was polled yet".to_owned(),
    };
    let nobody = |what: &str, cure: &str| {
        Some(Problem { what: format!("{what}; {polled}"), since: last, cure: cure.to_owned() })
    };
    let late = |more: SignedDuration| feeds.iter().filter(|feed| feed.is_late(more, now)).count();
    match holder {
        Some(Holder { here: true, .. }) => {
            let count = late(LATE);
            let (feeds_are, verb) = if count == 1 { ("feed", "is") } else { ("feeds", "are") };
            (count > 0).then(|| Problem {
                what: format!("{count} {feeds_are} {verb} not polled although due; {polled}"),
                since: last,
                cure: "its log says what holds it up; a restart loses nothing".to_owned(),
            })
        }
        Some(Holder { errand: Some(Errand::Round), .. }) if late(BETWEEN_ROUNDS) > 0 => nobody(
            "nobody runs on this database",
            "does cron still run `pactwatch once`? or start `pactwatch run`",
        ),
        Some(Holder { errand: Some(Errand::Round), .. }) => None,
        Some(_) => nobody(
            "nobody runs on this database",
            "start it: `systemctl start pactwatch`, or `pactwatch run`",
        ),
        // By the feeds alone: the lock file is gone, or not for us to read.
        None if late(BETWEEN_ROUNDS) > 0 => nobody(
            "nobody seems to run on this database",
            "start it: `systemctl start pactwatch`, or `pactwatch run`",
        ),
        None => None,
    }
}

/// That the daemon goes on with an older config than the one on disk.
pub(super) fn refused(holder: Option<&Holder>) -> Option<Problem> {
    let refused = holder.filter(|holder| holder.here)?.refused.as_ref()?;
    Some(Problem {
        what: format!("the config on disk was refused, the old one runs: {}", refused.why),
        since: Some(refused.since),
        cure: "`pactwatch check` shows every mistake; mend them, then reload".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::feeds::tests::line;

    const NOW: &str = "2026-01-05T10:00:00Z";

    fn said(here: bool, errand: Option<Errand>, last: &str, due: &str) -> Option<String> {
        let mut feed = line("a");
        (feed.last_poll, feed.next_due) = (last.parse().ok(), due.parse().ok());
        let holder = Holder { here, errand, refused: None };
        unwatched(Some(&holder), &[feed], NOW.parse().unwrap()).map(|one| one.what)
    }

    #[test]
    fn a_daemon_that_is_gone_is_missed_at_once() {
        let (last, due) = ("2026-01-05T09:58:00Z", "2026-01-05T10:03:00Z");
        let gone = "nobody runs on this database; the last poll was 2026-01-05 09:58";
        for errand in [None, Some(Errand::Watch)] {
            assert_eq!(said(false, errand, last, due).as_deref(), Some(gone));
            assert_eq!(said(true, errand, last, due), None);
        }
        assert!(unwatched(None, &[line("a")], NOW.parse().unwrap()).is_none());
    }

    #[test]
    fn between_two_rounds_nobody_is_missed() {
        let round = Some(Errand::Round);
        assert_eq!(said(false, round, "2026-01-05T09:00:00Z", "2026-01-05T09:05:00Z"), None);
        let gone = said(false, round, "2026-01-04T09:00:00Z", "2026-01-04T09:05:00Z");
        assert!(gone.unwrap().contains("the last poll was 2026-01-04 09:00"));
    }

    #[test]
    fn a_daemon_that_polls_nothing_is_told() {
        let said = |last, due| said(true, Some(Errand::Watch), last, due);
        let late = said("2026-01-05T05:00:00Z", "2026-01-05T05:05:00Z").unwrap();
        assert!(late.starts_with("1 feed is not polled although due"), "{late}");
        // Late by less than the time between two of its polls.
        assert_eq!(said("2026-01-05T00:00:00Z", "2026-01-05T06:00:00Z"), None);
    }

    #[test]
    fn a_refusal_counts_while_its_daemon_runs() {
        use crate::store::Refusal;
        let refusal = Refusal { since: NOW.parse().unwrap(), why: "a.toml:1:1: no".to_owned() };
        let mut holder = Holder { here: true, errand: None, refused: Some(refusal) };
        assert!(refused(Some(&holder)).unwrap().what.ends_with("a.toml:1:1: no"));
        holder.here = false;
        assert_eq!(refused(Some(&holder)), None);
    }
}
