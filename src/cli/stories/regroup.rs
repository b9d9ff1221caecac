//! `stories split` and `stories merge`: putting right what was grouped wrong.

use anyhow::bail;
use jiff::Timestamp;

use super::super::Screen;
use super::no_story;
use crate::model::{ItemId, StoryId};
use crate::store::{Regrouped, Store};

/// How many items are offered where several fit.
const OFFERED: usize = 5;

pub(super) async fn split(
    store: &Store,
    story: StoryId,
    asked: &str,
    screen: &mut Screen,
) -> anyhow::Result<()> {
    let item = one_item(store, asked).await?;
    match store.split_story(story, item, Timestamp::now()).await? {
        Regrouped::Done(own) => {
            screen.line(format!("{item} is a story of its own now, {own}"))?;
            screen.line("it is told when the next report of it comes; nothing is sent for this")?;
            Ok(())
        }
        Regrouped::NoStory(id) => Err(no_story(store, id).await?),
        Regrouped::NotThere => {
            bail!("{item} is not in {story}\n`pactwatch stories show {story}` lists its items")
        }
        Regrouped::Alone => bail!("{item} is the only item of {story}: there is nothing to split"),
    }
}

pub(super) async fn merge(
    store: &Store,
    story: StoryId,
    into: StoryId,
    screen: &mut Screen,
) -> anyhow::Result<()> {
    match store.merge_stories(story, into, Timestamp::now()).await? {
        Regrouped::Done(id) => {
            screen
                .line(format!("{story} is part of {id} now; nobody is told anything for this"))?;
            Ok(())
        }
        Regrouped::NoStory(id) => Err(no_story(store, id).await?),
        Regrouped::NotThere | Regrouped::Alone => {
            bail!("{story} cannot be merged into itself")
        }
    }
}

/// The one item that is meant: a short id (I-7, A-12), a link, or a headline.
pub(in crate::cli) async fn one_item(store: &Store, asked: &str) -> anyhow::Result<ItemId> {
    let found = store.find_items(asked, OFFERED).await?;
    match found.as_slice() {
        [one] => Ok(one.id),
        [] => bail!(
            "no item fits `{asked}`\ngive an id from `pactwatch stories show`, like I-7, or a link"
        ),
        several => {
            let lines: Vec<String> =
                several.iter().map(|one| format!("  {}  {}", one.id, one.item.title)).collect();
            bail!("several items fit; give the id of one:\n{}", lines.join("\n"))
        }
    }
}
