//! Stories put right by hand, and what is muted: through the command line, on a real database.

use serde_json::Value;

use crate::program::{Program, errors, stop, text};
use crate::world::{Entry, Hook, Site, entry};

/// A paper, a desk, and what runs between them.
struct World {
    program: Program,
    site: Site,
    hook: Hook,
}

impl World {
    /// The feed has been read once, so that what comes next is news.
    async fn start() -> Self {
        Self::start_with(|_| String::new()).await
    }

    async fn start_with(more: impl Fn(&Hook) -> String) -> Self {
        let (site, hook) = (Site::start().await, Hook::willing().await);
        site.publish("paper", [entry("storm", "Storm closes ferry ports", "Sailings are off.")]);
        let config = Program::config(&[site.url("paper")], &hook.url("desk")) + &more(&hook);
        let program = Program::new(&config);
        let world = Self { program, site, hook };
        world.round().await;
        world
    }

    async fn round(&self) {
        let output = self.program.run(&["once", "--all"]).await;
        assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    }

    async fn publish(&self, entries: impl IntoIterator<Item = Entry>) {
        self.site.publish("paper", entries);
        self.round().await;
    }

    /// What a command says that must succeed.
    async fn says(&self, arguments: &[&str]) -> String {
        let output = self.program.run(arguments).await;
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", errors(&output));
        text(&output)
    }

    async fn refuses(&self, arguments: &[&str]) -> String {
        let output = self.program.run(arguments).await;
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", text(&output));
        errors(&output)
    }

    /// Short ids of item and story.
    async fn ids(&self, title: &str) -> (String, String) {
        let found = self.program.json(&["why", title]).await;
        let id = |key: &str| found[0][key].as_str().unwrap_or_default().to_owned();
        (id("id"), id("story"))
    }

    async fn show(&self, story: &str) -> Vec<String> {
        let shown = self.program.json(&["stories", "show", story]).await;
        let members = shown[0]["members"].as_array().unwrap();
        members.iter().map(|one| one["title"].as_str().unwrap().to_owned()).collect()
    }

    /// Headlines that the desk was told, in order.
    fn told(&self) -> Vec<String> {
        let title = |body: &Value| body["data"]["item"]["title"].as_str().unwrap().to_owned();
        self.hook.received().iter().map(|call| title(&call.body)).collect()
    }
}

const APPLIES: &str = "Ireland formally applies to join NATO";
const AGAIN: &str = "Ireland hands in its NATO membership application";
const THIRD: &str = "Ireland hands in its NATO membership application at noon";

macro_rules! assert_shows {
    ($name:literal, $told:expr) => {{
        let told = $told;
        insta::with_settings!({ filters => vec![
            (r"\d{4}-\d\d-\d\d \d\d:\d\d", "TIME"),
            (r"127\.0\.0\.1:\d+", "HOST"),
        ]}, { insta::assert_snapshot!($name, told) });
    }};
}

#[tokio::test]
async fn an_item_that_is_split_off_stays_apart() {
    let world = World::start().await;
    world.publish([entry("one", APPLIES, "Dublin handed in its bid.")]).await;
    world.publish([entry("two", AGAIN, "The bid was handed in by Dublin.")]).await;
    let (item, story) = world.ids(AGAIN).await;
    assert_eq!(world.show(&story).await, [APPLIES, AGAIN]);
    assert_shows!(
        "explain_story",
        world.says(&["explain", "--story", &story, "--with", &item]).await
    );

    let said = world.says(&["stories", "split", &story, &item]).await;
    let (_, own) = world.ids(AGAIN).await;
    assert!(own != story && said.contains(&own), "{said}");
    assert_eq!(world.show(&story).await, [APPLIES]);
    assert_shows!("story_split", world.says(&["stories", "show", &own]).await);
    assert!(world.says(&["why", AGAIN]).await.contains("by hand"));

    // What was told is not told again. Of the other event nobody has heard: its next report is told, and
    // the outlet's own change of its text is one. It stays where it was put.
    world.round().await;
    assert_eq!(world.told(), [APPLIES]);
    let noon = "The bid was handed in by Dublin at noon.";
    world.publish([entry("two", AGAIN, noon)]).await;
    assert_eq!(world.ids(AGAIN).await.1, own);
    assert_eq!(world.told(), [APPLIES, AGAIN]);
    world.publish([entry("three", THIRD, noon)]).await;
    assert_eq!(world.ids(THIRD).await.1, own);
    assert_eq!(world.told(), [APPLIES, AGAIN]);

    for (arguments, wanted) in [
        (["stories", "split", &story, "A-1"], "the only item"),
        (["stories", "split", &story, &item], "is not in"),
        (["stories", "split", "S-99", &item], "there is no story S-99"),
        (["stories", "split", &story, "I-999"], "no item fits"),
    ] {
        let refused = world.refuses(&arguments).await;
        assert!(refused.contains(wanted), "{refused}");
    }
}

#[tokio::test]
async fn stories_that_are_merged_stay_one_and_are_not_told_again() {
    // One that hears of the story that is given up, and of nothing else.
    let world = World::start_with(|hook| {
        format!(
            "[[sink]]\nname = \"brics\"\ntype = \"webhook\"\nurl = \"{}\"\nalliances = [\"BRICS\"]\n\
             allow_private = [\"127.0.0.0/8\"]\n",
            hook.url("brics")
        )
    })
    .await;
    world.publish([entry("one", APPLIES, "Dublin handed in its bid.")]).await;
    let other = "Mexico may join BRICS, minister says";
    world.publish([entry("two", other, "Talks go on in the capital.")]).await;
    let ((_, kept), (_, given)) = (world.ids(APPLIES).await, world.ids(other).await);
    let told = [APPLIES, other, other];
    assert_eq!(world.told(), told);
    // A daemon that has both in mind must see it, too.
    let daemon = world.program.start();
    world.program.logged("watches").await;
    world.says(&["stories", "merge", &given, &kept]).await;
    world.site.publish(
        "paper",
        [entry("three", "Minister: Mexico may join BRICS", "Talks go on in the capital.")],
    );
    let feed = world.program.json(&["feeds", "list"]).await[0]["name"].as_str().unwrap().to_owned();
    world.says(&["feeds", "poll", &feed]).await;
    let shown = world.show(&kept).await;
    assert_eq!(stop(daemon).await, Some(0), "{}", world.program.log());
    assert_eq!(shown, [APPLIES, other, "Minister: Mexico may join BRICS"]);
    assert_eq!(world.told(), told);
    assert_shows!("story_merged", world.says(&["stories", "show", &kept]).await);
    // Its alerts went with it, and its number leads on.
    let alerts = world.program.json(&["alerts", "list"]).await;
    assert!(alerts.iter().all(|row| row["story"] == kept.as_str()), "{alerts:?}");
    let gone = world.refuses(&["stories", "show", &given]).await;
    assert!(gone.contains(&format!("merged into {kept}")), "{gone}");
    assert!(world.refuses(&["stories", "merge", &kept, &kept]).await.contains("into itself"));
}

#[tokio::test]
async fn what_is_muted_is_recorded_and_a_flash_breaks_through() {
    let world = World::start().await;
    let talk = "Ireland may join NATO, minister says";
    assert_shows!(
        "mute",
        world.says(&["stories", "mute", "nato", "--for", "7d", "--note", "noise"]).await
    );
    world.publish([entry("one", talk, "A debate begins.")]).await;
    assert!(world.told().is_empty());
    let told = world.says(&["why", talk]).await;
    assert_eq!(world.program.json(&["why", talk]).await[0]["outcome"], "muted");
    insta::with_settings!({ filters => vec![
        (r"\d{4}-\d\d-\d\d \d\d:\d\d", "TIME"), (r"\d+ (s|min) ago", "AGO"),
    ]}, { insta::assert_snapshot!("why_muted", told) });
    let mutes = world.program.json(&["stories", "mutes"]).await;
    assert_eq!((&mutes[0]["subject"], &mutes[0]["kept"]), (&"NATO".into(), &1.into()));
    assert!(world.says(&["status"]).await.contains("muted     NATO until"));
    assert_eq!(world.program.json(&["alerts", "list"]).await[0]["muted"][0], "NATO");
    let shown = world.says(&["alerts", "show", "A-1"]).await;
    assert!(shown.contains("sent   to nobody: NATO was muted"), "{shown}");

    // A formal act of the same story.
    world.publish([entry("two", APPLIES, "Dublin handed in its bid.")]).await;
    assert_eq!(world.told(), [APPLIES]);
    // Another alliance is told as ever.
    let other = "Mexico may join BRICS, minister says";
    world.publish([entry("three", other, "Talks go on in the capital.")]).await;
    assert_eq!(world.told(), [APPLIES, other]);
}

#[tokio::test]
async fn a_mute_ends_and_what_it_kept_back_is_not_sent_later() {
    let world = World::start().await;
    let (talk, again) =
        ("Norway may join BRICS, envoy says", "Norway may join BRICS, says its envoy");
    world.says(&["stories", "mute", "Norway", "--for", "1h"]).await;
    world.publish([entry("one", talk, "A debate begins in Oslo.")]).await;
    world.round().await;
    assert!(world.told().is_empty());
    // An hour passes.
    let database = rusqlite::Connection::open(world.program.path("test.db")).unwrap();
    let hour = 3_600_000;
    let moved = database.execute("UPDATE mute SET since = since - ?1, until = until - ?1", [hour]);
    assert_eq!(moved.unwrap(), 1);
    drop(database);
    world.round().await;
    assert!(world.told().is_empty());
    assert!(world.says(&["stories", "mutes"]).await.contains("nothing is muted"));
    world.publish([entry("two", again, "A debate begins in Oslo.")]).await;
    assert_eq!(world.told(), [again]);
    assert_eq!(world.ids(talk).await.1, world.ids(again).await.1);

    // A story by its id, and the end by hand.
    let (_, story) = world.ids(talk).await;
    world.says(&["stories", "mute", &story, "--for", "2d"]).await;
    let act = "Norway rules out joining BRICS, envoy says";
    world.publish([entry("three", act, "A debate begins in Oslo.")]).await;
    assert_eq!(world.told(), [again]);
    world.says(&["stories", "unmute", &story]).await;
    assert!(world.refuses(&["stories", "unmute", &story]).await.contains("is not muted"));

    for (subject, wanted) in [
        ("NATOO", "did you mean `NATO`?"),
        ("S-77", "there is no story S-77"),
        ("Atlantis", "the rules know no alliance and no candidate `Atlantis`"),
    ] {
        let refused = world.refuses(&["stories", "mute", subject, "--for", "1d"]).await;
        assert!(refused.contains(wanted), "{refused}");
    }
    for period in ["91d", "1s", "long"] {
        let output = world.program.run(&["stories", "mute", "NATO", "--for", period]).await;
        assert_eq!(output.status.code(), Some(2), "{}", errors(&output));
    }
    assert_eq!(world.program.run(&["stories", "mute", "NATO"]).await.status.code(), Some(2));
}
