//! The whole way of one item: from its feed to the receivers, and where it stopped.

use std::time::Duration;

use jiff::Timestamp;

use super::steps::{health, level, not_wanted, quoted, sent};
use super::unseen::{Unseen, unseen};
use super::way::{Fate, Step, Way};
use super::wording::headline;
use super::{FeedLine, Roster, SinkLine, feed_lines, quiet, short_time, since, sink_lines};
use crate::model::{Level, MessageState, Route};
use crate::setting::show_duration;
use crate::store::{
    AlertDetail, BY_HAND, MemberDetail, MessageRow, Store, StoreError, StoredItem, StoryDetail,
};

/// Items that are told of where several fit.
const ITEMS: usize = 20;

/// What is known of what was asked.
#[derive(Debug, Clone)]
pub enum Answer {
    /// The items that it names; never empty, and whole where it is one.
    Ways(Vec<Way>),
    /// No item fits.
    Unseen(Box<Unseen>),
}

/// Tells the way of the items that somebody means: by address, headline, alert or item.
///
/// # Errors
///
/// The database cannot be read.
pub async fn why(
    roster: &Roster,
    store: &Store,
    asked: &str,
    now: Timestamp,
) -> Result<Answer, StoreError> {
    let feeds = feed_lines(roster, Some(store)).await?;
    let found = store.find_items(asked, ITEMS).await?;
    if found.is_empty() {
        let unseen = unseen(roster, store, asked, feeds, now).await?;
        return Ok(Answer::Unseen(Box::new(unseen)));
    }
    let sinks = sink_lines(roster, Some(store), now).await?;
    let mut ways = Vec::new();
    for found in found {
        ways.push(Facts::gather(roster, store, (&feeds, &sinks), found, now).await?.tell());
    }
    Ok(Answer::Ways(ways))
}

/// What a way is told from.
struct Facts<'f> {
    roster: &'f Roster,
    feed: Option<&'f FeedLine>,
    sinks: &'f [SinkLine],
    found: StoredItem,
    story: Option<StoryDetail>,
    /// Of the story, oldest first.
    alerts: Vec<AlertDetail>,
    now: Timestamp,
}

impl<'f> Facts<'f> {
    async fn gather(
        roster: &'f Roster,
        store: &Store,
        (feeds, sinks): (&'f [FeedLine], &'f [SinkLine]),
        found: StoredItem,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let feed = feeds.iter().find(|feed| feed.name == found.item.feed.as_str());
        let story = match found.story {
            Some(id) => store.story(id).await?,
            None => None,
        };
        let mut alerts = Vec::new();
        let ids = story.iter().flat_map(|story| &story.members).flat_map(|one| &one.alerts);
        for id in ids {
            alerts.extend(store.alert(*id).await?);
        }
        Ok(Self { roster, feed, sinks, found, story, alerts, now })
    }

    /// The alerts that this item raised.
    fn own(&self) -> impl Iterator<Item = &AlertDetail> {
        self.alerts.iter().filter(|one| self.found.alerts.contains(&one.alert.id))
    }

    /// What is muted and kept its last alert back.
    fn muted(&self) -> &[String] {
        self.own().last().map_or(&[], |one| &one.alert.muted)
    }

    fn messages(&self) -> impl Iterator<Item = &MessageRow> {
        self.own().flat_map(|one| &one.messages)
    }

    fn fate(&self) -> Fate {
        let any = |states: &[MessageState]| {
            let mut all = self.messages();
            all.any(|one| states.iter().any(|state| state.as_str() == one.state))
        };
        match self.found.decision.as_str() {
            "quiet" => return Fate::Quiet,
            "old" => return Fate::Old,
            _ => {}
        }
        if self.found.matched.as_ref().is_some_and(|matched| matched.shadow) {
            Fate::Shadow
        } else if self.found.alerts.is_empty() {
            Fate::Grouped
        } else if self.messages().next().is_none() {
            match self.muted().is_empty() {
                true => Fate::Unrouted,
                false => Fate::Muted,
            }
        } else if any(&[MessageState::Dead]) {
            Fate::Dead
        } else if any(&[MessageState::Queued, MessageState::Retrying, MessageState::Paused]) {
            Fate::Waiting
        } else if any(&[MessageState::Delivered]) {
            Fate::Delivered
        } else {
            Fate::Discarded
        }
    }

    fn tell(self) -> Way {
        let fate = self.fate();
        let mut steps = vec![self.subscribed(), self.seen(), self.matched()];
        if fate != Fate::Quiet {
            steps.push(self.fresh());
        }
        if !matches!(fate, Fate::Quiet | Fate::Old) {
            steps.push(self.live());
            steps.push(self.grouped());
            steps.extend(self.own().last().map(level));
        }
        if !matches!(fate, Fate::Quiet | Fate::Old | Fate::Shadow) {
            steps.extend(self.routed());
            steps.extend(self.messages().map(|one| sent(one, self.sinks, self.now)));
        }
        let (verdict, cure) = self.verdict(fate);
        Way { fate, verdict, steps, cure, found: self.found }
    }

    fn subscribed(&self) -> Step {
        let name = &self.found.item.feed;
        let Some(feed) = self.feed else {
            let text = format!("the feed `{name}` is no longer in the config");
            return Step::new("subscribed", false, text);
        };
        Step::new("subscribed", feed.answers(), health(feed, self.now))
    }

    fn seen(&self) -> Step {
        let item = &self.found.item;
        let mut text = format!("first seen {}", short_time(item.seen));
        match item.published {
            Some(at) => text.push_str(&format!(", published {}", short_time(at))),
            None => text.push_str(", without a date of its own"),
        }
        match self.found.revisions {
            0 => {}
            1 => text.push_str("; its text was changed once since, and judged again"),
            some => {
                text.push_str(&format!("; its text was changed {some} times, and judged again"));
            }
        }
        Step::new("seen", true, text)
    }

    fn matched(&self) -> Step {
        let item = &self.found.item;
        if let Some(matched) = &self.found.matched {
            return Step::new("matched", true, headline(matched, None).join(" · "));
        }
        let finding = self.roster.rules.examine(item);
        if let Some(matched) = &finding.matched {
            let rules: Vec<&str> = matched.rules.iter().map(|rule| rule.id.as_str()).collect();
            let text = format!(
                "no rule held when it was judged; today's rules would flag it ({})",
                rules.join(", ")
            );
            return Step::new("matched", false, text);
        }
        let (recognised, _) = self.roster.rules.recognise(item);
        let mut text = format!("no rule holds: {}", quiet(&finding, &recognised));
        if let Some(miss) = finding.near.first() {
            text.push_str(&format!("; missing: {}", miss.missing));
        }
        Step::new("matched", false, text)
    }

    fn fresh(&self) -> Step {
        let item = &self.found.item;
        let age = since(item.date(), item.seen);
        if self.found.decision != "old" {
            let text = match item.published {
                Some(_) => format!("{age} old when it was first seen"),
                None => "without a date it counts as new".to_owned(),
            };
            return Step::new("fresh", true, text);
        }
        let text = match self.beyond_max_age() {
            Some(limit) => format!(
                "{age} old when it was first seen; what is older than {} is not told",
                show_duration(limit)
            ),
            None => format!("{age} old, and among what its feed held at its first poll"),
        };
        Step::new("fresh", false, text)
    }

    /// `max_age`, where the item was older; otherwise `first_poll` alone kept it back.
    fn beyond_max_age(&self) -> Option<Duration> {
        let item = &self.found.item;
        let passed = item.seen.duration_since(item.date()).unsigned_abs();
        self.roster.story.max_age.filter(|limit| passed > *limit)
    }

    fn live(&self) -> Step {
        let shadow = self.found.matched.as_ref().is_some_and(|matched| matched.shadow);
        let text = match shadow {
            true => {
                "in shadow: its rules or its feed have mode = \"shadow\", so it is only recorded"
            }
            false => "neither its feed nor its rules are in shadow",
        };
        Step::new("live", !shadow, text)
    }

    fn member(&self) -> Option<&MemberDetail> {
        let item = &self.found.item;
        let members = self.story.iter().flat_map(|story| &story.members);
        members.into_iter().find(|one| one.feed == item.feed.as_str() && one.key == item.key)
    }

    fn grouped(&self) -> Step {
        let (Some(id), Some(member)) = (self.found.story, self.member()) else {
            return Step::new("story", true, "its story is no longer kept");
        };
        let Some(how) = &member.level else {
            return Step::new("story", true, format!("opened the story {id}"));
        };
        if how == BY_HAND {
            let reason = member.reason.as_deref().unwrap_or("put there");
            return Step::new("story", true, format!("in the story {id}, {reason} {BY_HAND}"));
        }
        let mut text = match self.found.decision.as_str() {
            "update" => format!("a new move in the story {id}"),
            "duplicate" => format!("the same text again in the story {id}"),
            _ => format!("joined the story {id}"),
        };
        let (score, reason) = (member.score.unwrap_or_default(), member.reason.as_deref());
        text.push_str(&format!(" ({how}, {score:.2}: {})", reason.unwrap_or("no reason kept")));
        if let Some(like) = member.resembles.as_ref().filter(|like| !like.is_empty()) {
            text.push_str(&format!(", as “{like}”"));
        }
        let passed = !self.found.alerts.is_empty();
        if !passed {
            text.push_str("; it brings no new move");
        }
        Step::new("story", passed, text)
    }

    /// To whom it went, and why not to the others.
    fn routed(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        for message in self.messages() {
            let text = format!("to `{}`: its routing wants it", message.sink);
            steps.push(Step::new("routed", true, text));
        }
        let got = |route: &&Route| self.messages().any(|one| one.sink == route.sink.as_str());
        for route in self.roster.routes.iter().filter(|route| !got(route)) {
            let text = format!("not to `{}`: {}", route.sink, self.why_not(route));
            steps.push(Step::new("routed", false, text));
        }
        steps
    }

    /// Why a sink of the config did not get it.
    fn why_not(&self, route: &Route) -> String {
        let Some(matched) = &self.found.matched else { return "no rule holds".to_owned() };
        let item = &self.found.item;
        let told = |one: &&AlertDetail| {
            let mut messages = one.messages.iter();
            messages.any(|message| message.sink == route.sink.as_str())
        };
        let level = self.own().last().map(|one| one.alert.level);
        let miss = route.miss(item, matched, Level::Flash);
        if let Some(miss) = miss {
            return not_wanted(route, miss);
        }
        if !self.muted().is_empty() {
            return format!("{} was muted", self.muted().join(", "));
        }
        if let Some(before) = self.alerts.iter().find(told) {
            return format!("it was told of this story by {}", before.alert.id);
        }
        match level {
            Some(level) if level < route.min_level => {
                format!("its min_level is {}, and this is {level}", route.min_level)
            }
            _ if route.min_level > Level::Background => format!(
                "what was told to it before makes this less than {}, its min_level",
                route.min_level
            ),
            _ => "it was not in the config then, or routed otherwise".to_owned(),
        }
    }

    fn verdict(&self, fate: Fate) -> (String, Option<String>) {
        let list = |states: &[MessageState]| {
            let of = self.messages().filter(|one| states.iter().any(|s| s.as_str() == one.state));
            of.map(|one| format!("`{}`", one.sink)).collect::<Vec<_>>().join(", ")
        };
        let first = |state: MessageState| {
            self.messages()
                .find(|one| one.state == state.as_str())
                .map_or("", |one| one.id.as_str())
        };
        let title = &self.found.item.title;
        match fate {
            Fate::Quiet => (
                "not told: no rule holds".to_owned(),
                Some(format!("`pactwatch explain '{}'` shows the lines to paste", quoted(title))),
            ),
            Fate::Old => {
                let keys = match self.beyond_max_age() {
                    Some(_) => "`max_age` or `first_poll`",
                    None => "`first_poll`",
                };
                (
                    "not told: too old when it was first seen".to_owned(),
                    Some(format!("raise {keys} under [story]")),
                )
            }
            Fate::Shadow => (
                "not told: in shadow".to_owned(),
                Some("take mode = \"shadow\" from its rule or feed".to_owned()),
            ),
            Fate::Grouped => {
                let story = self.found.story.map(|id| id.to_string()).unwrap_or_default();
                let cure = format!("`pactwatch stories show {story}` lists what was told of it");
                (format!("not told again: part of {story}"), Some(cure))
            }
            Fate::Muted => (
                format!("raised, and kept back: {} was muted", self.muted().join(", ")),
                Some(
                    "`pactwatch stories mutes --all` shows until when, `unmute` ends it".to_owned(),
                ),
            ),
            Fate::Unrouted => (
                "raised, and sent to nobody: no sink's routing wants it".to_owned(),
                Some("change `min_level`, `rules` or the lists of a [[sink]]".to_owned()),
            ),
            Fate::Dead => (
                format!("given up for {}", list(&[MessageState::Dead])),
                Some(format!("`pactwatch deliveries retry {}`", first(MessageState::Dead))),
            ),
            Fate::Waiting => {
                let open = [MessageState::Queued, MessageState::Retrying, MessageState::Paused];
                let cure = "`pactwatch status` says if the sink is disabled, or nobody sends";
                (format!("on its way to {}", list(&open)), Some(cure.to_owned()))
            }
            Fate::Discarded => (
                "taken out of the queue by hand".to_owned(),
                Some(format!("`pactwatch deliveries retry {}`", first(MessageState::Discarded))),
            ),
            Fate::Delivered => (format!("told: {} has it", list(&[MessageState::Delivered])), None),
        }
    }
}
