//! The ledger with the standings that the rules start from.

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

/// What was told and what the rules start from, by alliance and candidate, oldest move first.
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
    Ok(rows)
}
