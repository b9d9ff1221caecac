//! The planner on hand-made matches.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;

use super::hearing::Hearing;
use super::identity::Fresh;
use super::index::StoryIndex;
use super::plan::{Batch, Judged, Terms, plan};
use super::*;
use crate::model::{
    ActKind, AlertKind, Decision, FeedName, FeedState, Field, Genre, Item, ItemKey, Kind, Level,
    Match, Move, Plan, Route, RuleId, RuleScore, SinkName, Standing, Story,
};
use crate::store::StoryBook;

pub(super) fn at(hours: i64) -> Timestamp {
    let start: Timestamp = "2023-03-20T08:00:00Z".parse().unwrap();
    start + Duration::from_secs(hours.unsigned_abs() * 3600)
}

pub(super) fn item(feed: &str, key: &str, title: &str, summary: &str, hours: i64) -> Item {
    Item {
        key: ItemKey::new(key),
        feed: FeedName::new(feed),
        url: Some(format!("https://{feed}.example/{key}")),
        canonical: Some(format!("{feed}.example/{key}")),
        title: title.to_owned(),
        summary: summary.to_owned(),
        body: String::new(),
        feed_text: None,
        author: String::new(),
        categories: Vec::new(),
        language: None,
        published: Some(at(hours)),
        seen: at(hours),
        kind: Kind::Press,
        tags: Vec::new(),
    }
}

fn act(name: &str) -> ActKind {
    let (stage, formal, against) = match name {
        "considers" => (1, false, false),
        "applies" => (2, true, false),
        "invites" => (3, true, false),
        "approves" | "ratified" => (4, true, false),
        "joins" => (5, true, false),
        _ => (0, false, true),
    };
    let kin = match name {
        "approves" => vec!["ratified".to_owned()],
        "ratified" => vec!["approves".to_owned()],
        _ => Vec::new(),
    };
    ActKind { name: name.to_owned(), stage, formal, against, kin, unsaid: false }
}

pub(super) fn a_move(candidates: &[&str], name: &str, actor: Option<&str>, field: Field) -> Move {
    Move {
        alliance: "NATO".to_owned(),
        candidates: candidates.iter().map(|code| (*code).to_owned()).collect(),
        act: Some(act(name)),
        actor: actor.map(str::to_owned),
        hedged: false,
        field,
        aside: Vec::new(),
    }
}

pub(super) fn matched(moves: Vec<Move>) -> Match {
    let mut candidates: Vec<String> = Vec::new();
    for code in moves.iter().flat_map(|one| &one.candidates) {
        if !candidates.contains(code) {
            candidates.push(code.clone());
        }
    }
    Match {
        rules: vec![RuleScore { id: RuleId::new("door"), score: 1.0, threshold: 1.0 }],
        rule_title: "Door".to_owned(),
        rule_level: Level::Notable,
        shadow: false,
        moves,
        alliances: vec!["NATO".to_owned()],
        candidates,
        also_named: Vec::new(),
        members: Vec::new(),
        genre: Genre::Report,
        evidence: Vec::new(),
        masked: Vec::new(),
        names: BTreeMap::new(),
    }
}

pub(super) fn tell(candidates: &[&str], name: &str, actor: Option<&str>) -> Option<Match> {
    Some(matched(vec![a_move(candidates, name, actor, Field::Title)]))
}

/// A planner with its index, its routes and everything that it has planned.
pub(super) struct Desk {
    pub(super) index: StoryIndex,
    pub(super) story: StorySection,
    pub(super) routes: Vec<Route>,
    pub(super) plans: Vec<Plan>,
}

impl Desk {
    pub(super) fn new() -> Self {
        Self {
            index: StoryIndex::empty(&[]),
            story: StorySection { max_age: None, ..StorySection::default() },
            routes: vec![Route::all(SinkName::new("desk"))],
            plans: Vec::new(),
        }
    }

    pub(super) fn see(&mut self, item: Item, matched: Option<Match>) -> Decision {
        let now = item.seen;
        self.see_at(item, matched, now, false)
    }

    pub(super) fn see_at(
        &mut self,
        item: Item,
        matched: Option<Match>,
        now: Timestamp,
        first_poll: bool,
    ) -> Decision {
        let batch = Batch {
            feed: item.feed.clone(),
            state: FeedState::new(now),
            first_poll,
            shadow: false,
            items: vec![Judged { fresh: Fresh { item, before: None, rekeyed: false }, matched }],
        };
        let terms = Terms { story: &self.story, routes: &self.routes };
        let plan = plan(&mut self.index, terms, batch, now);
        let decision = plan.items[0].decision.clone();
        self.plans.push(plan);
        decision
    }

    /// Each thing told: sink, kind, level, headline.
    pub(super) fn told(&self) -> Vec<(String, AlertKind, Level, String)> {
        let alerts = self.plans.iter().flat_map(|plan| &plan.alerts);
        alerts
            .flat_map(|(alert, to)| {
                to.iter().map(|one| {
                    (one.sink.to_string(), one.kind, alert.level, alert.item.title.clone())
                })
            })
            .collect()
    }
}

const LEDE: &str = "The parliament in Budapest voted by a large majority on Monday to let its neighbour in the north into the alliance.";

#[test]
fn the_first_item_opens_a_story() {
    let mut desk = Desk::new();
    let decision = desk
        .see(item("a", "1", "Finland applies to join NATO", "", 0), tell(&["FI"], "applies", None));
    assert!(matches!(decision, Decision::Alert(_)));
    assert_eq!(
        desk.told(),
        [(
            "desk".to_owned(),
            AlertKind::Raised,
            Level::Flash,
            "Finland applies to join NATO".to_owned()
        )]
    );
    assert_eq!(desk.see(item("a", "2", "Storm closes ports", "", 0), None), Decision::Quiet);
}

#[test]
fn the_same_article_and_nearly_the_same_are_duplicates() {
    let mut desk = Desk::new();
    let found = || tell(&["FI"], "ratified", Some("HU"));
    desk.see(item("a", "1", "Hungary ratifies Finland's NATO bid", LEDE, 0), found());
    let mut copy = item("b", "9", "Another headline that an editor wrote", "", 1);
    copy.canonical = Some("a.example/1".to_owned());
    assert_eq!(desk.see(copy, found()).as_str(), "duplicate");
    let same = item("c", "1", "Hungary ratifies Finland's NATO bid | World Wire", "", 2);
    assert_eq!(desk.see(same, found()).as_str(), "duplicate");
    let edited = item("d", "1", "Hungary ratifies the NATO bid of Finland at last", LEDE, 3);
    assert_eq!(desk.see(edited, found()).as_str(), "duplicate");
    assert_eq!(desk.told().len(), 1);
    let members = &desk.plans[3].stories[0].member;
    assert!(members.copy, "a copy counts as a source");
}

#[test]
fn another_outlets_words_join_by_the_move() {
    let mut desk = Desk::new();
    desk.see(
        item("a", "1", "Hungary ratifies Finland's NATO bid", LEDE, 0),
        tell(&["FI"], "ratified", Some("HU")),
    );
    let other = item("b", "1", "Budapest vote clears Helsinki's way", "", 5);
    let decision = desk.see(other, tell(&["FI"], "ratified", None));
    assert_eq!(decision.as_str(), "joined");
    assert!(decision.sameness().unwrap().reason.contains("5 h apart"));
    assert_eq!(desk.told().len(), 1);
}

/// What only a rule in shadow finds.
fn shadow(found: Option<Match>) -> Option<Match> {
    found.map(|found| Match { shadow: true, ..found })
}

#[test]
fn shadow_tells_nobody_and_takes_nothing_from_what_is_told() {
    let bid = || tell(&["FI"], "applies", None);
    let mut desk = Desk::new();
    desk.see(item("a", "1", "Finland applies to join NATO", LEDE, 0), shadow(bid()));
    let copy = item("b", "1", "Finland applies to join NATO", LEDE, 1);
    assert_eq!(desk.see(copy, shadow(bid())).as_str(), "duplicate", "shadow groups with shadow");
    let other = item("c", "1", "Helsinki hands in its papers", "", 2);
    assert_eq!(
        desk.see(other, shadow(bid())).as_str(),
        "joined",
        "one alert a story in shadow too"
    );
    assert_eq!(desk.plans.iter().map(|plan| plan.alerts.len()).sum::<usize>(), 1);
    assert!(desk.told().is_empty());
    assert!(desk.plans.iter().all(|plan| plan.ledger.is_empty()), "nobody has heard of it");
    // The first that is told opens a story and is as new as if nothing had been.
    let live = item("d", "1", "Finland applies to join NATO", LEDE, 3);
    assert!(matches!(desk.see(live, bid()), Decision::Alert(crate::model::StoryId(2))));
    assert_eq!(desk.told()[0].2, Level::Flash);
}

#[test]
fn a_move_found_in_shadow_is_no_move_told() {
    let next = || tell(&["FI"], "ratified", Some("HU"));
    let mut desk = Desk::new();
    let bid = "Finland applies to join NATO";
    desk.see(item("a", "1", bid, LEDE, 0), tell(&["FI"], "applies", None));
    let hidden = "Finland applies to join NATO: Hungary ratifies";
    assert_eq!(desk.see(item("b", "1", hidden, "", 1), shadow(next())).as_str(), "update");
    assert_eq!(desk.told().len(), 1);
    // The outlet changes its text, which puts it behind the one in shadow.
    desk.see(item("a", "1", bid, "A lede of its own.", 2), tell(&["FI"], "applies", None));
    let shown = item("c", "1", "Finland applies to join NATO and Hungary ratifies", "", 3);
    assert_eq!(desk.see(shown, next()).as_str(), "update");
    let (alert, to) = desk.plans.last().unwrap().alerts.last().unwrap();
    assert_eq!((to.len(), to[0].kind), (1, AlertKind::Updated));
    let before = alert.previous.as_ref().map(|previous| previous.title.as_str());
    assert_ne!(before, Some(hidden), "an alert that nobody got is no word before");
}

#[test]
fn what_leaves_the_shadow_by_a_change_of_text_is_told() {
    let bid = || tell(&["FI"], "applies", None);
    let mut desk = Desk::new();
    desk.see(item("a", "1", "Finland applies to join NATO", LEDE, 0), shadow(bid()));
    let decision = desk.see(item("a", "1", "Finland applies to join NATO today", LEDE, 1), bid());
    assert_eq!(decision.as_str(), "alert", "there is no story yet that anybody heard");
    assert_eq!(desk.told().len(), 1);
    assert_eq!(desk.told()[0].2, Level::Flash);
}

#[test]
fn two_ratifications_are_two_moves() {
    let mut desk = Desk::new();
    desk.see(
        item("a", "1", "Hungary ratifies Finland's NATO bid", LEDE, 0),
        tell(&["FI"], "ratified", Some("HU")),
    );
    let turkey = item("b", "1", "Turkey ratifies Finland's NATO bid", "", 72);
    desk.see(turkey, tell(&["FI"], "ratified", Some("TR")));
    assert_eq!(desk.told().len(), 2);
    assert!(desk.told().iter().all(|(_, _, level, _)| *level == Level::Flash));
}

#[test]
fn a_new_act_in_a_known_story_is_an_update() {
    let mut desk = Desk::new();
    let first = "Finland weighs joining NATO after long debate in Helsinki";
    desk.see(item("a", "1", first, "", 0), tell(&["FI"], "considers", None));
    let second = "Finland applies for joining NATO after long debate in Helsinki";
    let decision = desk.see(item("b", "1", second, "", 10), tell(&["FI"], "applies", None));
    assert_eq!(decision.as_str(), "update");
    let told = desk.told();
    assert_eq!((told[1].1, told[1].2), (AlertKind::Updated, Level::Flash));
    let alert = &desk.plans[1].alerts[0].0;
    assert_eq!(alert.previous.as_ref().unwrap().title, first);
    assert_eq!(alert.new.as_ref().unwrap().acts[0].act.as_ref().unwrap().name, "applies");
    let again = "Finland applies for joining NATO after long debate, Helsinki says";
    assert_ne!(
        desk.see(item("c", "1", again, "", 11), tell(&["FI"], "applies", None)).as_str(),
        "update"
    );
    assert_eq!(desk.told().len(), 2);
}

#[test]
fn a_name_in_the_body_alone_is_no_development() {
    let mut desk = Desk::new();
    desk.see(
        item("a", "1", "Finland weighs joining NATO", "", 0),
        tell(&["FI"], "considers", None),
    );
    let moves = vec![
        a_move(&["FI"], "considers", None, Field::Title),
        a_move(&["SE"], "considers", None, Field::Summary),
    ];
    let decision = desk.see(
        item("b", "1", "Finland close to joining NATO", "Sweden too.", 3),
        Some(matched(moves)),
    );
    assert_eq!(decision.as_str(), "joined");
    let headline = item("c", "1", "Finland and Sweden weigh joining NATO", "", 4);
    assert_eq!(desk.see(headline, tell(&["FI", "SE"], "considers", None)).as_str(), "update");
}

#[test]
fn opposite_acts_and_other_candidates_stay_apart() {
    let mut desk = Desk::new();
    desk.see(
        item("a", "1", "Turkey ratifies Finland's NATO accession", "", 0),
        tell(&["FI"], "ratified", Some("TR")),
    );
    let veto = desk.see(
        item("b", "1", "Turkey blocks Finland's NATO accession", "", 2),
        tell(&["FI"], "blocks", Some("TR")),
    );
    assert!(matches!(veto, Decision::Alert(_)), "{veto:?}");
    let sweden = desk.see(
        item("b", "2", "Turkey ratifies Sweden's NATO accession", "", 3),
        tell(&["SE"], "ratified", Some("TR")),
    );
    assert!(matches!(sweden, Decision::Alert(_)), "{sweden:?}");
}

#[test]
fn the_window_ends_and_stories_close() {
    let mut desk = Desk::new();
    let found = || tell(&["FI"], "considers", None);
    desk.see(item("a", "1", "Finland weighs joining NATO this spring", "", 0), found());
    let other = item("b", "1", "Finland weighs joining NATO this summer", "", 100);
    let later = desk.see(other, found());
    assert!(matches!(later, Decision::Alert(_)), "the window is over: {later:?}");
}

#[test]
fn what_bears_no_date_is_not_told_by_a_first_poll() {
    let mut desk = Desk::new();
    let undated = |key: &str| Item { published: None, ..item("a", key, "Finland applies", "", 0) };
    let first = desk.see_at(undated("1"), tell(&["FI"], "applies", None), at(0), true);
    assert_eq!(first, Decision::Old);
    let second = desk.see_at(undated("2"), tell(&["SE"], "applies", None), at(1), false);
    assert!(matches!(second, Decision::Alert(_)), "{second:?}");
}

#[test]
fn an_application_that_follows_an_invitation_is_news() {
    let mut desk = Desk::new();
    let invited = tell(&["FI"], "invites", None);
    desk.see(item("a", "1", "NATO invites Finland to join the alliance", "", 0), invited);
    desk.see(
        item("b", "2", "Finland formally applies to join NATO", "", 30),
        tell(&["FI"], "applies", None),
    );
    let last = desk.plans.last().unwrap();
    assert_eq!(last.alerts.len(), 1);
    assert_eq!(last.alerts[0].0.level, Level::Flash);
}

#[test]
fn one_address_that_tells_another_move_is_news() {
    let mut desk = Desk::new();
    let page = |feed: &str, title: &str, hours| Item {
        canonical: Some("wire.example/news/finland".to_owned()),
        ..item(feed, "1", title, "", hours)
    };
    desk.see(page("a", "Finland waits for Turkey's vote", 0), tell(&["FI"], "considers", None));
    let copy = page("b", "Finland waits for Turkey's vote", 1);
    let copied = desk.see(copy, tell(&["FI"], "considers", None));
    assert!(matches!(copied, Decision::Duplicate(..)), "{copied:?}");
    let vote = page("c", "Turkey ratifies Finland's accession", 2);
    let voted = desk.see(vote, tell(&["FI"], "ratified", Some("TR")));
    assert!(matches!(voted, Decision::Update(..)), "{voted:?}");
}

#[test]
fn an_article_that_turns_up_after_the_window_joins_its_story() {
    let mut desk = Desk::new();
    let told = || tell(&["FI"], "applies", None);
    let title = "Finland formally applies to join the alliance";
    let lede = "The papers were handed over in Brussels on Monday morning.";
    let opened = desk.see(item("a", "1", title, lede, 0), told());
    let again = desk.see(item("b", "2", title, lede, 100), told());
    assert!(matches!(again, Decision::Duplicate(..)), "{again:?}");
    assert_eq!(again.story(), opened.story());
    // A headline can recur over another text.
    let recurs = desk.see(item("d", "4", title, "A second letter came on Friday.", 180), told());
    assert_ne!(recurs.story(), opened.story());
    let other = desk.see(item("c", "3", "Finns hand in their papers at last", "", 300), told());
    assert_ne!(other.story(), opened.story());
}

#[test]
fn what_is_too_old_is_recorded_and_not_told() {
    let mut desk = Desk::new();
    desk.story = StorySection::default();
    let old = item("a", "1", "Finland applies to join NATO", "", 0);
    assert_eq!(
        desk.see_at(old.clone(), tell(&["FI"], "applies", None), at(24 * 8), false),
        Decision::Old
    );
    let day = item("a", "2", "Sweden applies to join NATO", "", 0);
    assert_eq!(
        desk.see_at(day.clone(), tell(&["SE"], "applies", None), at(30), true),
        Decision::Old
    );
    assert!(matches!(
        desk.see_at(day, tell(&["SE"], "applies", None), at(30), false),
        Decision::Alert(_)
    ));
    assert_eq!(desk.told().len(), 1);
    assert_eq!(desk.plans[0].ledger.len(), 1, "an old move is still a move");
}

#[test]
fn levels_come_from_the_ledger_and_the_standings() {
    let standing = |candidate: &str, act: &str, stage, since: &str| Standing {
        alliance: "NATO".to_owned(),
        candidate: candidate.to_owned(),
        act: act.to_owned(),
        stage,
        since: Some(since.parse().unwrap()),
    };
    let mut desk = Desk::new();
    desk.index = StoryIndex::empty(&[
        standing("UA", "applies", 2, "2022-09-30"),
        standing("SE", "joins", 5, "2024-03-07"),
    ]);
    let level = |desk: &mut Desk, key: &str, found: Option<Match>| {
        desk.see(item("a", key, &format!("Headline number {key} of its own kind"), "", 0), found);
        desk.plans.last().unwrap().alerts[0].0.level
    };
    assert_eq!(level(&mut desk, "1", tell(&["UA"], "applies", None)), Level::Background);
    assert_eq!(
        level(&mut desk, "2", tell(&["SE"], "joins", None)),
        Level::Flash,
        "its date lies ahead"
    );
    assert_eq!(level(&mut desk, "3", tell(&["GE"], "considers", None)), Level::Notable);
    let mut opinion = tell(&["MD"], "applies", None);
    opinion.as_mut().unwrap().genre = Genre::Opinion;
    assert_eq!(level(&mut desk, "4", opinion), Level::Background);
}

#[test]
fn a_live_blog_anchors_no_story() {
    let mut desk = Desk::new();
    let mut live = tell(&["FI"], "considers", None);
    live.as_mut().unwrap().genre = Genre::Live;
    desk.see(item("a", "1", "Live: Finland weighs joining NATO", "", 0), live);
    let report = desk.see(
        item("b", "1", "Finland weighs joining NATO", "", 1),
        tell(&["FI"], "considers", None),
    );
    assert!(matches!(report, Decision::Alert(_)), "{report:?}");
}

#[test]
fn an_index_rebuilt_from_its_changes_is_the_same() {
    let mut desk = Desk::new();
    desk.see(
        item("a", "1", "Finland weighs joining NATO", "", 0),
        tell(&["FI"], "considers", None),
    );
    desk.see(item("b", "1", "Finland applies to join NATO", "", 1), tell(&["FI"], "applies", None));
    let mut rebuilt = StoryIndex::empty(&[]);
    for change in desk.plans.iter().flat_map(|plan| &plan.stories) {
        rebuilt.apply(change);
    }
    let id = desk.plans[0].stories[0].id;
    assert_eq!(rebuilt.story(id), desk.index.story(id));
}

/// A stream of items over a few pairs, acts and feeds.
fn stream() -> impl Strategy<Value = Vec<(usize, usize, usize)>> {
    proptest::collection::vec((0usize..3, 0usize..3, 0usize..3), 1..14)
}

fn of_stream(number: usize, (place, act, feed): (usize, usize, usize)) -> (Item, Option<Match>) {
    let places = ["FI", "SE", "UA"];
    let acts = ["considers", "applies", "ratified"];
    let title = format!("{} {} number {number}", places[place], acts[act]);
    let feed = format!("feed{feed}");
    let mut one = item(&feed, &number.to_string(), &title, "", number as i64);
    if place == 2 {
        one.tags.push("east".to_owned());
    }
    (one, tell(&[places[place]], acts[act], None))
}

/// The index as it is read back from what the plans wrote.
fn restarted(plans: &[Plan], index: &StoryIndex) -> StoryIndex {
    let mut stories: BTreeMap<i64, Story> = BTreeMap::new();
    for change in plans.iter().flat_map(|plan| &plan.stories) {
        let before = stories.remove(&change.id.0);
        stories.insert(change.id.0, Story::grown(before, change));
    }
    let book = StoryBook {
        stories: stories.into_values().collect(),
        mutes: Vec::new(),
        ledger: plans.iter().flat_map(|plan| plan.ledger.clone()).collect(),
        next_story: index.next_story,
        next_alert: index.next_alert,
        generation: index.generation,
    };
    StoryIndex::new(book, &[])
}

proptest! {
    #[test]
    fn any_split_over_batches_gives_the_same_alerts(stream in stream(), cuts in proptest::collection::vec(1usize..5, 1..14), restarts in proptest::collection::vec(any::<bool>(), 14)) {
        let key = |plans: &[Plan]| -> Vec<(String, AlertKind)> {
            plans.iter().flat_map(|plan| &plan.alerts).map(|(alert, _)| (alert.key.clone(), alert.kind)).collect()
        };
        let now = at(20);
        let run = |sizes: &mut dyn Iterator<Item = usize>, restarts: &[bool]| {
            let desk = Desk::new();
            let mut index = desk.index.clone();
            let terms = Terms { story: &desk.story, routes: &desk.routes };
            let mut plans = Vec::new();
            let mut rest: Vec<Judged> = stream.iter().enumerate().map(|(number, one)| {
                let (item, matched) = of_stream(number, *one);
                Judged { fresh: Fresh { item, before: None, rekeyed: false }, matched }
            }).collect();
            while !rest.is_empty() {
                if restarts.get(plans.len()) == Some(&true) {
                    index = restarted(&plans, &index);
                }
                let size = sizes.next().unwrap_or(1).min(rest.len());
                let items = rest.drain(..size).collect();
                let batch = Batch { feed: FeedName::new("f"), state: FeedState::new(now), first_poll: false, shadow: false, items };
                plans.push(plan(&mut index, terms, batch, now));
            }
            plans
        };
        let whole = run(&mut [usize::MAX].into_iter(), &[]);
        let parts = run(&mut cuts.iter().copied(), &restarts);
        prop_assert_eq!(key(&whole), key(&parts));
    }

    /// In every order of arrival, over restarts, and whatever else of a story is told: first word goes to
    /// each sink with a passing item once, and an update to nobody before it.
    #[test]
    fn each_sink_is_told_of_each_story_once(
        stream in stream(),
        restarts in proptest::collection::vec(any::<bool>(), 14),
        updates in prop::sample::select(&[Updates::Off, Updates::Developments, Updates::All][..]),
    ) {
        let mut desk = Desk::new();
        let mut east = Route::all(SinkName::new("east"));
        east.tags.push("east".to_owned());
        let mut flash = Route::all(SinkName::new("flash"));
        flash.min_level = Level::Flash;
        desk.routes.extend([east, flash]);
        desk.story.updates = updates;
        let mut passed: BTreeSet<(String, i64)> = BTreeSet::new();
        for (number, one) in stream.iter().enumerate() {
            if restarts.get(number) == Some(&true) {
                desk.index = restarted(&desk.plans, &desk.index);
            }
            let (item, found) = of_stream(number, *one);
            let hearing = Hearing::of(&desk.index, found.as_ref().unwrap());
            let level = |route: &Route| hearing.level(&route.sink, item.date());
            let wanted: Vec<String> = desk.routes.iter()
                .filter(|route| route.passes(&item, found.as_ref().unwrap(), level(route)))
                .map(|route| route.sink.to_string()).collect();
            let story = desk.see(item, found).story().unwrap();
            passed.extend(wanted.into_iter().map(|sink| (sink, story.0)));
        }
        let mut told: BTreeSet<(String, i64)> = BTreeSet::new();
        for (alert, to) in desk.plans.iter().flat_map(|plan| &plan.alerts) {
            for one in to {
                let who = (one.sink.to_string(), alert.story.0);
                match one.kind {
                    AlertKind::Raised => prop_assert!(told.insert(who), "told twice: {}", one.sink),
                    AlertKind::Updated => prop_assert!(told.contains(&who), "not told before"),
                }
            }
        }
        prop_assert_eq!(told, passed);
    }
}

/// A paraphrase hours later shares no words with the report; that it names the same two countries at
/// the same door is what tells.
#[test]
fn the_same_party_at_one_door_is_one_story() {
    let unsaid = |candidates: &[&str]| {
        let mut one = a_move(candidates, "considers", None, Field::Title);
        one.act.as_mut().unwrap().unsaid = true;
        matched(vec![one])
    };
    for (party, joins) in [(&["FI", "SE"][..], true), (&["FI"][..], false)] {
        let mut desk = Desk::new();
        desk.see(item("wire", "1", "Allies hurry to enlarge", "", 0), Some(unsaid(party)));
        let again = item("paper", "2", "Two neutral neighbours eye a new shelter", "", 5);
        let decision = desk.see(again, Some(unsaid(party)));
        assert_eq!(matches!(decision, Decision::Joined(..)), joins, "{party:?}: {decision:?}");
    }
}
