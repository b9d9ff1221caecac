//! `ledger`: who stands where.

use std::process::ExitCode;

use clap::Args;

use super::listing::list;
use super::{Common, Screen};
use crate::store::{Access, LedgerRow};

/// Options of `ledger`.
#[derive(Debug, Args)]
pub(super) struct LedgerArgs {
    /// Only this alliance
    #[arg(long, value_name = "NAME")]
    alliance: Option<String>,
    /// Only this candidate (ISO code or bloc)
    #[arg(long, value_name = "CODE")]
    candidate: Option<String>,
    /// Also the members that the rules start from
    #[arg(long)]
    members: bool,
}

/// Prints the ledger: what was told, and the pending applications of the pack.
pub(super) async fn ledger(
    common: &Common,
    args: &LedgerArgs,
    screen: &mut Screen,
) -> anyhow::Result<ExitCode> {
    let config = common.load()?;
    let mut rows = Vec::new();
    for standing in config.rules.standings() {
        if args.members || standing.act != "joins" {
            rows.push(LedgerRow::of_standing(standing));
        }
    }
    if config.database.exists() {
        rows.extend(common.open(&config, Access::Read)?.ledger().await?);
    }
    rows.retain(|row| {
        args.alliance.as_ref().is_none_or(|wanted| row.alliance.eq_ignore_ascii_case(wanted))
            && args
                .candidate
                .as_ref()
                .is_none_or(|wanted| row.candidate.eq_ignore_ascii_case(wanted))
    });
    rows.sort_by(|a, b| {
        (&a.alliance, &a.candidate, a.since).cmp(&(&b.alliance, &b.candidate, b.since))
    });
    let columns = [
        ("alliance", "ALLIANCE"),
        ("candidate", "CANDIDATE"),
        ("act", "ACT"),
        ("actor", "BY"),
        ("since", "SINCE"),
        ("alert", "ALERT"),
        ("title", "TITLE"),
    ];
    list(screen, &rows, &columns, "the ledger is empty")?;
    Ok(ExitCode::SUCCESS)
}
