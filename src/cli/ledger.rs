//! `ledger`: who stands where.

use std::process::ExitCode;

use clap::Args;

use super::listing::list;
use super::{Common, Screen};
use crate::report::{self, LedgerFilter, Names};
use crate::store::{Access, LedgerRow};

/// Options of `ledger`.
#[derive(Debug, Args)]
pub(super) struct LedgerArgs {
    /// Only this alliance
    #[arg(long, value_name = "NAME")]
    alliance: Option<String>,
    /// Only this candidate: its ISO code or name, or a bloc
    #[arg(long, value_name = "NAME")]
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
    let config = common.load_loosely()?;
    let store = match config.database.exists() {
        true => Some(common.open(&config, Access::Read)?),
        false => None,
    };
    let roster = config.roster();
    let names = Names::new(&roster, store.as_ref());
    let mut filter = LedgerFilter { members: args.members, ..LedgerFilter::default() };
    if let Some(asked) = &args.alliance {
        filter.alliance = Some(names.alliance(asked).await?);
    }
    if let Some(asked) = &args.candidate {
        filter.candidate = Some(names.candidate(asked).await?);
    }
    let rows = report::ledger(&roster, store.as_ref(), &filter).await?;
    let mut columns = vec![
        ("alliance", "ALLIANCE"),
        ("candidate", "CANDIDATE"),
        ("act", "ACT"),
        ("actor", "BY"),
        ("since", "SINCE"),
        ("alert", "ALERT"),
        ("title", "TITLE"),
    ];
    if !screen.json() && rows.iter().any(|row| row.disputed) {
        columns.insert(3, ("stands", "STANDS"));
        let stands = |row: &LedgerRow| {
            let mut value = serde_json::to_value(row)?;
            value["stands"] =
                if row.disputed { "disputed".into() } else { serde_json::Value::Null };
            anyhow::Ok(value)
        };
        let rows: Vec<_> = rows.iter().map(stands).collect::<Result<_, _>>()?;
        list(screen, &rows, &columns, "the ledger is empty")?;
        return Ok(ExitCode::SUCCESS);
    }
    list(screen, &rows, &columns, "the ledger is empty")?;
    Ok(ExitCode::SUCCESS)
}
