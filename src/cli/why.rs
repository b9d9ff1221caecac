//! `why`: the whole way of one item.

use std::process::ExitCode;

use clap::Args;
use jiff::Timestamp;

use super::marks::flowed;
use super::screen::{BAD, BOLD, DIM, GOOD, Head};
use super::{Common, Screen};
use crate::model::AlertId;
use crate::report::{Answer, Fate, Step, Unseen, Way, why as way_of};
use crate::store::Access;
use crate::text::clean;

/// Columns before the text of a step: its number and its word.
const INDENT: usize = 15;

/// Options of `why`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  pactwatch why https://www.example.org/world/article\n  \
    pactwatch why \"Ireland applies to join NATO\"\n  pactwatch why A-12")]
pub(super) struct WhyArgs {
    /// The article's address, its headline or words of it, an alert or an item (I-7)
    #[arg(value_name = "URL|TITLE|ID")]
    asked: String,
}

/// Tells why an item was told, or was not.
pub(super) async fn why(
    common: &Common,
    args: &WhyArgs,
    screen: &mut Screen,
) -> anyhow::Result<ExitCode> {
    if args.asked.trim().is_empty() {
        anyhow::bail!("there is nothing to ask about\nname an address, a headline or an id");
    }
    let config = common.load()?;
    let store = common.open(&config, Access::Read)?;
    if let Ok(id) = args.asked.trim().parse::<AlertId>()
        && store.alert(id).await?.is_none()
    {
        anyhow::bail!("there is no alert {id}\n`pactwatch alerts list` shows those there are");
    }
    match way_of(&config.roster(), &store, &args.asked, Timestamp::now()).await? {
        Answer::Unseen(unseen) if screen.json() => screen.object(&unseen.to_json())?,
        Answer::Unseen(unseen) => not_seen(screen, &unseen)?,
        Answer::Ways(ways) if screen.json() => {
            for way in &ways {
                screen.object(&way.to_json())?;
            }
        }
        Answer::Ways(ways) => match ways.as_slice() {
            [one] => tell(screen, one)?,
            several => list(screen, several)?,
        },
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(screen: &mut Screen, way: &Way) -> std::io::Result<()> {
    let item = &way.found.item;
    let title = screen.styled(BOLD, clean(&item.title));
    screen.line(title)?;
    let url = item.url.as_deref().unwrap_or("no link");
    screen.line(clean(&format!("{} · {url} · {}", item.feed, way.found.id)))?;
    let style = if way.fate == Fate::Delivered { GOOD } else { BAD };
    let verdict = screen.styled(style, clean(&way.verdict));
    screen.line(verdict)?;
    screen.line("")?;
    numbered(screen, &way.steps)?;
    way.cure.iter().try_for_each(|cure| labelled(screen, "to change it", cure))
}

fn not_seen(screen: &mut Screen, unseen: &Unseen) -> std::io::Result<()> {
    let title = screen.styled(BOLD, clean(&unseen.asked));
    screen.line(title)?;
    let verdict = screen.styled(BAD, "never seen, or no longer kept");
    screen.line(verdict)?;
    screen.line("")?;
    numbered(screen, &unseen.steps)?;
    unseen.cures.iter().try_for_each(|cure| labelled(screen, "what to do", cure))
}

fn numbered(screen: &mut Screen, steps: &[Step]) -> std::io::Result<()> {
    for (index, step) in steps.iter().enumerate() {
        labelled(screen, &format!("{:>2} {}", index + 1, step.what), &step.text)?;
    }
    Ok(())
}

/// A text behind its label, wrapped to the width.
fn labelled(screen: &mut Screen, label: &str, text: &str) -> std::io::Result<()> {
    let width = screen.width().saturating_sub(INDENT);
    let mut label = screen.styled(DIM, format!("{label:<width$}", width = INDENT));
    for line in flowed(&[clean(text)], "", width) {
        screen.line(format!("{label}{line}"))?;
        label = " ".repeat(INDENT);
    }
    Ok(())
}

/// Which of several is meant.
fn list(screen: &mut Screen, ways: &[Way]) -> std::io::Result<()> {
    screen
        .line(format!("{} items fit; ask for one by its id, or name its address:", ways.len()))?;
    let row = |way: &Way| {
        let item = &way.found.item;
        let cells = [item.feed.as_str(), way.fate.as_str(), item.title.as_str()].map(clean);
        std::iter::once(way.found.id.to_string()).chain(cells).collect()
    };
    let rows: Vec<Vec<String>> = ways.iter().map(row).collect();
    let head = ["ID", "FEED", "OUTCOME", "TITLE"];
    screen.table(&head.map(|text| Head { text, whole: text == "ID" }), &rows)
}
