//! `explain --story`: why an item is part of a story, or is not.

use anyhow::bail;
use serde_json::json;

use super::picture::row;
use super::screen::{BOLD, DIM};
use super::stories::{no_story, one_item};
use super::{Common, Screen};
use crate::judge::{Compared, Comparison, LEAST, compare};
use crate::model::StoryId;
use crate::store::{Access, BY_HAND, MemberDetail};
use crate::text::clean;

/// Members that are shown.
const SHOWN: usize = 5;

/// Compares an item of the store with a story, member by member.
pub(super) async fn together(
    common: &Common,
    story: StoryId,
    with: &str,
    screen: &mut Screen,
) -> anyhow::Result<()> {
    let config = common.load()?;
    let store = common.open(&config, Access::Read)?;
    let Some(detail) = store.story(story).await? else {
        return Err(no_story(&store, story).await?);
    };
    let id = one_item(&store, with).await?;
    let Some(found) = store.find_items(&id.to_string(), 1).await?.pop() else {
        bail!("{id} is no longer kept");
    };
    let Some(matched) = &found.matched else {
        bail!(
            "no rule flags {id}, and only what is flagged is compared\n`pactwatch why {id}` shows why not"
        );
    };
    let members = store.members(story).await?;
    let spans = (detail.opened, detail.last_seen);
    let made = compare(&config.roster().story, &found.item, matched, members, spans);
    let of_item =
        |one: &&MemberDetail| one.feed == found.item.feed.as_str() && one.key == found.item.key;
    let inside = detail.members.iter().find(of_item);
    let by_hand = inside.is_some_and(|one| one.level.as_deref() == Some(BY_HAND));
    let verdict = verdict(&made, inside.is_some(), by_hand);
    if screen.json() {
        let rows: Vec<_> = made
            .members
            .iter()
            .map(|one| {
                json!({"title": one.member.title, "feed": one.member.feed, "level": one.level,
                "score": one.score, "reason": one.reason, "passed_over": one.passed_over})
            })
            .collect();
        screen.object(&json!({"story": story, "item": id, "in_story": found.story,
            "verdict": verdict, "least": LEAST, "barred": made.barred, "members": rows}))?;
        return Ok(());
    }
    let title = screen.styled(BOLD, clean(&found.item.title));
    screen.line(format!("{id}  {title}"))?;
    screen.line(format!("{verdict}\n"))?;
    for one in made.members.iter().take(SHOWN) {
        screen.line(format!("{:.2}  {}", one.score, clean(&one.member.title)))?;
        let mut why = format!("{}: {}", one.level, one.reason);
        if let Some(over) = one.passed_over {
            why.push_str(&format!("; counts for nothing, {over}"));
        }
        row(screen, DIM, "", &[why], "")?;
    }
    if made.members.len() > SHOWN {
        screen
            .line(format!("      and {} more that are less alike", made.members.len() - SHOWN))?;
    }
    Ok(())
}

/// What came of it, in a sentence.
fn verdict(made: &Comparison, inside: bool, by_hand: bool) -> String {
    let joins = made.members.first().is_some_and(Compared::joins);
    match (inside, by_hand, made.barred, joins) {
        (true, true, ..) => "in the story: somebody put it there".to_owned(),
        (true, _, _, true) => "in the story: it tells the same event".to_owned(),
        (true, ..) if made.members.is_empty() => "in the story: it is its only item".to_owned(),
        (true, ..) => "in the story: the others came after it, or its text changed since".to_owned(),
        (false, _, Some(barred), _) => format!("not in the story: {barred}"),
        (false, _, None, true) => {
            "not in the story, though it is near enough: another story was nearer, or it was split off"
                .to_owned()
        }
        (false, ..) => format!("not in the story: no item of it reaches {LEAST:.2}"),
    }
}
