//! `stories mute`: what nobody is to be told for a while.

use std::time::Duration;

use anyhow::bail;
use clap::Args;
use jiff::{SignedDuration, Timestamp};

use super::super::Screen;
use super::super::listing::list;
use super::no_story;
use crate::model::{Mute, StoryId};
use crate::report::{Names, Roster, short_time};
use crate::setting::{nearest, parse_duration, show_duration};
use crate::store::Store;
use crate::text::clean;

/// Longest mute: silence that nobody remembers is no silence to rely on.
const LONGEST: Duration = Duration::from_secs(90 * 86_400);
/// Shortest that makes sense.
const SHORTEST: Duration = Duration::from_secs(60);

/// Options of `stories mute`.
#[derive(Debug, Args)]
pub(in crate::cli) struct MuteArgs {
    /// A story (S-3), an alliance (NATO), or a candidate (SE, Sweden)
    subject: String,
    /// For how long, at most 90d
    #[arg(long = "for", value_name = "TIME", value_parser = period)]
    period: Duration,
    /// Why
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

fn period(text: &str) -> Result<Duration, String> {
    let period = parse_duration(text)?;
    match period {
        _ if period > LONGEST => Err("a mute ends after 90d at the latest".to_owned()),
        _ if period < SHORTEST => Err("a mute lasts 1m at least".to_owned()),
        period => Ok(period),
    }
}

pub(super) async fn mute(
    store: &Store,
    roster: &Roster,
    args: MuteArgs,
    screen: &mut Screen,
) -> anyhow::Result<()> {
    let subject = subject(store, roster, &args.subject).await?;
    let since = Timestamp::now();
    let until = since.checked_add(SignedDuration::try_from(args.period)?)?;
    let mute = Mute { subject, since, until, note: args.note, kept: 0 };
    store.mute(mute.clone()).await?;
    if screen.json() {
        return Ok(screen.object(&mute)?);
    }
    let (subject, period) = (&mute.subject, show_duration(args.period));
    screen.line(format!(
        "{subject} is muted for {period}, until {}; a flash is sent all the same",
        short_time(until)
    ))?;
    screen.line(format!("`pactwatch stories unmute {}` ends it", quoted(subject)))?;
    Ok(())
}

pub(super) async fn unmute(
    store: &Store,
    roster: &Roster,
    asked: &str,
    screen: &mut Screen,
) -> anyhow::Result<()> {
    let now = Timestamp::now();
    // What was muted may be in the rules no longer.
    let muted = store.mutes(now).await?;
    let known = muted.iter().find(|one| one.subject.eq_ignore_ascii_case(asked.trim()));
    let subject = match known {
        Some(one) => one.subject.clone(),
        None => subject(store, roster, asked).await?,
    };
    if !store.unmute(subject.clone(), now).await? {
        bail!("{subject} is not muted\n`pactwatch stories mutes` lists what is");
    }
    screen.line(format!("{subject} is told again from now on; what was kept back stays unsent"))?;
    Ok(())
}

pub(super) async fn mutes(store: &Store, all: bool, screen: &mut Screen) -> anyhow::Result<()> {
    let after = if all { Timestamp::MIN } else { Timestamp::now() };
    let rows = store.mutes(after).await?;
    let columns = [
        ("subject", "MUTED"),
        ("since", "SINCE"),
        ("until", "UNTIL"),
        ("kept", "KEPT BACK"),
        ("note", "NOTE"),
    ];
    list(screen, &rows, &columns, "nothing is muted")
}

/// What somebody means, as alerts bear it.
async fn subject(store: &Store, roster: &Roster, asked: &str) -> anyhow::Result<String> {
    let asked = asked.trim();
    if asked.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("s-")) {
        let id: StoryId = asked.parse().map_err(anyhow::Error::msg)?;
        return match store.story(id).await? {
            Some(_) => Ok(id.to_string()),
            None => Err(no_story(store, id).await?),
        };
    }
    let names = Names::new(roster, Some(store));
    if let Ok(name) = names.alliance(asked).await {
        return Ok(name);
    }
    if let Ok(code) = names.candidate(asked).await {
        return Ok(code);
    }
    let rules = &roster.rules;
    let known = rules.alliances().chain(rules.candidates().flat_map(|(code, name)| [code, name]));
    let near = nearest(asked, known).map(|near| format!("; did you mean `{near}`?"));
    bail!(
        "the rules know no alliance and no candidate `{}`{}\n\
         a story is muted by its id, like S-3",
        clean(asked),
        near.unwrap_or_default()
    )
}

/// A word of a command line.
fn quoted(word: &str) -> String {
    match word.contains(' ') {
        true => format!("'{word}'"),
        false => word.to_owned(),
    }
}
