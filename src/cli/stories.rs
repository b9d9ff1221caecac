//! `stories`: which items tell the same event.

use std::process::ExitCode;

use clap::Subcommand;
use jiff::Timestamp;

use super::listing::list;
use super::{Common, Screen};
use crate::model::StoryId;
use crate::report::{parse_since, short_time};
use crate::store::{Access, SHADOW, StoryFilter};

/// Commands below `stories`.
#[derive(Debug, Subcommand)]
pub(super) enum StoriesCommand {
    /// The newest stories
    List {
        /// Only stories that grew since then: 24h, 30d, 2026-01-31
        #[arg(long, value_parser = parse_since, value_name = "TIME")]
        since: Option<Timestamp>,
        /// At most so many
        #[arg(long, default_value_t = 50, value_name = "N")]
        limit: usize,
    },
    /// One story: every item of it, and why it belongs
    Show {
        /// Short id, like S-3
        id: StoryId,
    },
}

/// Runs a command below `stories`.
pub(super) async fn stories(
    common: &Common,
    command: StoriesCommand,
    screen: &mut Screen,
) -> anyhow::Result<ExitCode> {
    let store = common.open(&common.load()?, Access::Read)?;
    match command {
        StoriesCommand::List { since, limit } => {
            let filter = StoryFilter { since, limit, ..StoryFilter::default() };
            let rows = store.stories(filter).await?;
            let mut columns = vec![
                ("id", "ID"),
                ("opened", "OPENED"),
                ("last_seen", "LAST SEEN"),
                ("alliances", "ALLIANCE"),
                ("candidates", "CANDIDATES"),
                ("items", "ITEMS"),
                ("alerts", "ALERTS"),
                ("title", "TITLE"),
            ];
            if rows.iter().any(|row| row.mode == SHADOW) {
                columns.insert(3, ("mode", "MODE"));
            }
            list(screen, &rows, &columns, "no stories yet")?;
        }
        StoriesCommand::Show { id } => {
            let Some(story) = store.story(id).await? else {
                anyhow::bail!(
                    "there is no story {id}\n`pactwatch stories list` shows those there are"
                );
            };
            if screen.json() {
                screen.object(&story)?;
                return Ok(ExitCode::SUCCESS);
            }
            let plural = if story.sources == 1 { "source" } else { "sources" };
            screen.line(format!(
                "{id}   opened {}   last seen {}   {} {plural}",
                short_time(story.opened),
                short_time(story.last_seen),
                story.sources
            ))?;
            for member in &story.members {
                screen.line("")?;
                let title = screen.styled(super::screen::BOLD, &member.title);
                screen.line(format!("{}  {title}", short_time(member.seen)))?;
                let url = member.url.as_deref().unwrap_or("no link");
                screen.line(format!("  {} · {url}", member.feed))?;
                match &member.level {
                    None => screen.line("  opened the story")?,
                    Some(level) => {
                        let (score, reason) = (member.score.unwrap_or_default(), &member.reason);
                        let reason = reason.as_deref().unwrap_or_default();
                        screen.line(format!("  {level}, {score:.2}: {reason}"))?;
                    }
                }
                // Whether anybody was told is for `alerts show` to say.
                let how = if member.mode == SHADOW { "in shadow, recorded" } else { "raised" };
                for alert in &member.alerts {
                    screen.line(format!("  {how} as {alert}"))?;
                }
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
