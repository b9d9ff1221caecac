//! The ledger with the standings that the rules start from.

use jiff::SignedDuration;

use super::Roster;
use crate::store::{LedgerRow, Store, StoreError};

/// Which moves to list.
#[derive(Debug, Clone, Default)]
pub struct LedgerFilter {
    /// Of this alliance, in any case of letters.
    pub alliance: Option<String>,
    /// Of this candidate.
    pub candidate: Option<String>,
    /// Also the members that the rules start from, not their pending applications alone.
    pub members: bool,
}

/// What was told and what the rules start from, by alliance and candidate, oldest move first; where two
/// sources contradict each other, both are marked.
///
/// # Errors
///
/// The database cannot be read.
pub async fn ledger(
    roster: &Roster,
    store: Option<&Store>,
    filter: &LedgerFilter,
) -> Result<Vec<LedgerRow>, StoreError> {
    let standings = roster.rules.standings().iter();
    let mut rows: Vec<LedgerRow> = standings
        .filter(|standing| filter.members || standing.act != "joins")
        .map(LedgerRow::of_standing)
        .collect();
    if let Some(store) = store {
        rows.extend(store.ledger().await?);
    }
    let wanted = |asked: &Option<String>, value: &str| {
        asked.as_ref().is_none_or(|asked| value.eq_ignore_ascii_case(asked))
    };
    rows.retain(|row| {
        wanted(&filter.alliance, &row.alliance) && wanted(&filter.candidate, &row.candidate)
    });
    rows.sort_by(|a, b| {
        (&a.alliance, &a.candidate, a.since).cmp(&(&b.alliance, &b.candidate, b.since))
    });
    for pair in rows.chunk_by_mut(|a, b| (&a.alliance, &a.candidate) == (&b.alliance, &b.candidate))
    {
        let rules = &roster.rules;
        let step = |act: &str| rules.act(act).is_some_and(|act| act.formal && !act.against);
        mark_disputed(pair, step, |act| rules.is_refusal(act));
    }
    Ok(rows)
}

/// Within so long a yes and a no are about one state of things, and later about two.
const ONE_STATE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Marks what one source says and another contradicts: a formal step of a candidate, and its own no.
fn mark_disputed(
    pair: &mut [LedgerRow],
    is_step: impl Fn(&str) -> bool,
    is_refusal: impl Fn(&str) -> bool,
) {
    let mut disputed = Vec::new();
    for (yes, one) in pair.iter().enumerate().filter(|(_, row)| is_step(&row.act)) {
        for (no, other) in pair.iter().enumerate().filter(|(_, row)| is_refusal(&row.act)) {
            let near = one
                .since
                .zip(other.since)
                .is_some_and(|(a, b)| a.duration_since(b).abs() <= ONE_STATE);
            let sources = !one.source.is_empty() && !other.source.is_empty();
            if near && sources && one.source != other.source {
                disputed.extend([yes, no]);
            }
        }
    }
    disputed.into_iter().for_each(|at| pair[at].disputed = true);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(act: &str, day: i64, source: &str) -> LedgerRow {
        LedgerRow {
            alliance: "BRICS".to_owned(),
            candidate: "SA".to_owned(),
            act: act.to_owned(),
            actor: None,
            since: jiff::Timestamp::from_second(1_700_000_000 + day * 86_400).ok(),
            alert: None,
            title: "told".to_owned(),
            source: source.to_owned(),
            disputed: false,
        }
    }

    #[test]
    fn a_step_and_its_denial_by_two_sources_are_disputed() {
        let marks = |mut pair: Vec<LedgerRow>| -> Vec<bool> {
            mark_disputed(&mut pair, |act| act == "joins", |act| act == "denies");
            pair.iter().map(|row| row.disputed).collect()
        };
        let joins = || row("joins", 0, "wire");
        assert_eq!(marks(vec![joins(), row("denies", 3, "ministry")]), [true, true]);
        // Its own correction, talk, a member's veto, and a change of mind a year later are none.
        assert_eq!(marks(vec![joins(), row("denies", 3, "wire")]), [false; 2]);
        assert_eq!(
            marks(vec![row("considers", 0, "wire"), row("denies", 3, "ministry")]),
            [false; 2]
        );
        assert_eq!(marks(vec![joins(), row("blocks", 3, "ministry")]), [false; 2]);
        assert_eq!(marks(vec![joins(), row("denies", 300, "ministry")]), [false; 2]);
    }
}
