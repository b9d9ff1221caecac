//! `stories`: which items tell the same event.

mod mute;
mod regroup;

pub(super) use regroup::one_item;

use std::process::ExitCode;

use clap::Subcommand;
use jiff::Timestamp;

use super::listing::list;
use super::{Common, Screen};
use crate::model::StoryId;
use crate::report::{parse_since, short_time};
use crate::store::{Access, BY_HAND, SHADOW, Store, StoryFilter};

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
    /// Take an item out of a story, for good: it tells another event
    #[command(
        after_help = "The item becomes a story of its own, with the alerts that it raised.\n\
        Nothing is sent. The next report of it, or a change of its text, is told as\n\
        news to every sink that has not heard of it.\n\n\
        Examples:\n  pactwatch stories split S-3 I-40\n  \
        pactwatch stories split S-3 https://paper.example/second-vote"
    )]
    Split {
        /// The story, like S-3
        story: StoryId,
        /// The item: an id (I-40, A-9), a link, or a headline
        item: String,
    },
    /// Put a story into another, for good: both tell one event
    #[command(
        after_help = "Nothing is sent, and no sink that heard of one of the two hears of it\n\
        again before a new move is made.\n\n\
        Example:\n  pactwatch stories merge S-9 S-3"
    )]
    Merge {
        /// The story that is given up
        story: StoryId,
        /// The story that both are from now on
        into: StoryId,
    },
    /// Tell nothing of a story, alliance or candidate for a while; a flash breaks through
    #[command(
        after_help = "What is muted is recorded and shown, and sent to nobody, also not later.\n\
        An alert is kept back where its story is muted, or every alliance that it\n\
        names, or every candidate. When the mute has ended, the next report of a\n\
        story that nobody was told is told as news.\n\n\
        Examples:\n  pactwatch stories mute S-3 --for 7d\n  \
        pactwatch stories mute BRICS --for 12h --note \"summit\""
    )]
    Mute(mute::MuteArgs),
    /// What is muted, until when, and how much it kept back
    Mutes {
        /// Those, too, that have ended
        #[arg(long)]
        all: bool,
    },
    /// End a mute
    Unmute {
        /// What was muted
        subject: String,
    },
}

/// Runs a command below `stories`.
pub(super) async fn stories(
    common: &Common,
    command: StoriesCommand,
    screen: &mut Screen,
) -> anyhow::Result<ExitCode> {
    use StoriesCommand::{Merge, Mute, Split, Unmute};
    let access = match command {
        Split { .. } | Merge { .. } | Mute(_) | Unmute { .. } => Access::Write,
        _ => Access::Read,
    };
    let config = common.load_loosely()?;
    let store = common.open(&config, access)?;
    match command {
        Split { story, item } => regroup::split(&store, story, &item, screen).await?,
        Merge { story, into } => regroup::merge(&store, story, into, screen).await?,
        Mute(args) => mute::mute(&store, &config.roster(), args, screen).await?,
        Unmute { subject } => mute::unmute(&store, &config.roster(), &subject, screen).await?,
        StoriesCommand::Mutes { all } => mute::mutes(&store, all, screen).await?,
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
                return Err(no_story(&store, id).await?);
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
                let item = member.id.map(|id| format!("{id} · ")).unwrap_or_default();
                screen.line(format!("  {item}{} · {url}", member.feed))?;
                match &member.level {
                    None => screen.line("  opened the story")?,
                    Some(level) if level == BY_HAND => {
                        let reason = member.reason.as_deref().unwrap_or("put here");
                        screen.line(format!("  {reason} {BY_HAND}"))?;
                    }
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

/// There is no such story; where it was merged into another, that one is named.
pub(super) async fn no_story(store: &Store, id: StoryId) -> anyhow::Result<anyhow::Error> {
    let cure = match store.merged_into(id).await? {
        Some(other) => format!("it was merged into {other}: `pactwatch stories show {other}`"),
        None => "`pactwatch stories list` shows those there are".to_owned(),
    };
    Ok(anyhow::anyhow!("there is no story {id}\n{cure}"))
}
