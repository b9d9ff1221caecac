//! `why`: a test per outcome, on databases that the program itself has filled.

use std::time::Duration;

use crate::program::{Program, errors, text};
use crate::world::{Entry, Hook, Mood, Reply, Site, entry};

const DAY: Duration = Duration::from_secs(86_400);

/// A site with a paper, receivers of several tempers, and what two rounds made of it.
struct World {
    program: Program,
    site: Site,
    _hook: Hook,
    config: String,
}

/// A sink of this name, which is also what it does.
fn sink(hook: &Hook, name: &str, more: &str) -> String {
    format!(
        "[[sink]]\nname = \"{name}\"\ntype = \"webhook\"\nurl = \"{}\"\n\
         allow_private = [\"127.0.0.0/8\"]\n{more}\n",
        hook.url(name)
    )
}

async fn world(sinks: &[(&str, &str)]) -> World {
    let site = Site::start().await;
    let hook = Hook::start(|path, _| match path {
        "refuses" => Reply::status(400),
        "fails" => Reply::status(503),
        _ => Reply::status(204),
    })
    .await;
    site.publish("paper", [entry("storm", "Storm closes ferry ports", "Sailings are off.")]);
    let mut config = format!(
        "include = [\"builtin:alliances\"]\ndatabase = \"test.db\"\n\
         [network]\nallow_private = [\"127.0.0.0/8\"]\ncontact = \"test\"\n\
         [web]\nlisten = \"\"\n[delivery]\nretry = [\"1h\"]\n\
         [[feed]]\nname = \"The Paper\"\nurl = \"{}\"\n",
        site.url("paper")
    );
    for (name, more) in sinks {
        config.push_str(&sink(&hook, name, more));
    }
    let program = Program::new(&config);
    let world = World { program, site, _hook: hook, config };
    world.round().await;
    world
}

impl World {
    async fn round(&self) {
        let output = self.program.run(&["once", "--all"]).await;
        assert!(output.status.code() != Some(78), "{}", errors(&output));
    }

    async fn publish(&self, entries: impl IntoIterator<Item = Entry>) {
        self.site.publish("paper", entries);
        self.round().await;
    }

    /// What `why` says, and the outcome by `--json`.
    async fn why(&self, asked: &str) -> (String, String) {
        let output = self.program.run(&["why", asked]).await;
        assert!(output.status.success(), "{}", errors(&output));
        let told = text(&output);
        for line in told.lines().filter(|line| !line.contains("`pactwatch ")) {
            assert!(line.chars().count() <= 80, "too wide: {line}");
        }
        let objects = self.program.json(&["why", asked]).await;
        let outcome = objects[0]["outcome"].as_str().unwrap().to_owned();
        (told, outcome)
    }
}

fn ireland() -> Entry {
    entry("ireland", "Ireland formally applies to join NATO", "Dublin handed in its bid.")
}

/// A snapshot without what differs from run to run.
macro_rules! assert_tells {
    ($name:literal, $told:expr) => {
        insta::with_settings!({ filters => vec![
            (r"\d{4}-\d\d-\d\d \d\d:\d\d", "TIME"),
            (r"msg_[0-9a-f]{32}", "msg_…"),
            (r"\d+ (s|min) ago", "AGO"),
            (r"in \d+ (min|h)", "LATER"),
            (r"127\.0\.0\.1:\d+", "HOST"),
        ]}, { insta::assert_snapshot!($name, $told) });
    };
}

#[tokio::test]
async fn what_was_told_says_by_whom_and_why_others_were_not() {
    let world = world(&[
        ("desk", ""),
        ("flashes", "min_level = \"flash\""),
        ("brics", "alliances = [\"BRICS\"]"),
    ])
    .await;
    world.publish([ireland()]).await;
    let address = format!("{}?utm_source=feed#top", world.site.article("ireland"));
    let (told, outcome) = world.why(&address).await;
    assert_eq!(outcome, "delivered");
    assert_tells!("why_delivered", told);
    // The same item under every name that people have for it.
    for asked in ["A-1", "I-2", "IRELAND formally applies to join Nato", "ireland formally"] {
        assert_eq!(world.why(asked).await.0.lines().next(), told.lines().next(), "{asked}");
    }
    // Talk is no flash.
    world.publish([entry("mexico", "Mexico may join BRICS, minister says", "")]).await;
    let (told, outcome) = world.why("Mexico may join").await;
    assert_eq!(outcome, "delivered");
    assert_tells!("why_below_min_level", told);
}

#[tokio::test]
async fn what_no_rule_flags_says_what_was_missing() {
    let world = world(&[("desk", "")]).await;
    world.publish([entry("talks", "Ireland and NATO hold talks on cables", "")]).await;
    let (told, outcome) = world.why(&world.site.article("talks")).await;
    assert_eq!(outcome, "quiet");
    assert_tells!("why_near", told);
    let (told, outcome) = world.why("storm closes FERRY ports").await;
    assert_eq!(outcome, "quiet");
    assert_tells!("why_quiet", told);
}

#[tokio::test]
async fn what_was_too_old_says_how_old() {
    let world = world(&[("desk", "")]).await;
    world.publish([Entry { age: 9 * DAY, ..ireland() }]).await;
    let (told, outcome) = world.why("Ireland").await;
    assert_eq!(outcome, "old");
    assert_tells!("why_old", told);
    world.site.publish("fresh", [Entry { age: 2 * DAY, ..ireland() }]);
    let feed = format!("[[feed]]\nname = \"Fresh\"\nurl = \"{}\"\n", world.site.url("fresh"));
    world.program.configure(&(world.config.clone() + &feed));
    world.round().await;
    let id = world.program.json(&["why", "Ireland"]).await[0]["id"].as_str().unwrap().to_owned();
    let (told, outcome) = world.why(&id).await;
    assert_eq!(outcome, "old");
    assert!(told.contains("2 d old, and among what its feed held at its first poll"), "{told}");
    assert!(told.contains("raise `first_poll` under [story]"), "{told}");
    let asked = world.program.run(&["why", "A-99"]).await;
    assert_eq!(asked.status.code(), Some(1));
    assert!(errors(&asked).starts_with("error: there is no alert A-99\n"), "{}", errors(&asked));
    // Two feeds have it now.
    let (told, _) = world.why("Ireland").await;
    assert_tells!("why_several", told);
}

#[tokio::test]
async fn what_is_in_shadow_says_so() {
    let world = world(&[("desk", "")]).await;
    let config = world.config.replace("[[feed]]\n", "[[feed]]\nmode = \"shadow\"\n");
    world.program.configure(&config);
    world.publish([ireland()]).await;
    let (told, outcome) = world.why("Ireland").await;
    assert_eq!(outcome, "shadow");
    assert_tells!("why_shadow", told);
}

#[tokio::test]
async fn what_joined_a_story_says_which_and_how() {
    let world = world(&[("desk", "")]).await;
    world.publish([ireland()]).await;
    let again = "Ireland hands in its NATO membership application";
    world.publish([entry("again", again, "The bid was handed in by Dublin.")]).await;
    let (told, outcome) = world.why(again).await;
    assert_eq!(outcome, "grouped");
    assert_tells!("why_grouped", told);
}

#[tokio::test]
async fn what_nobody_wanted_says_whose_routing_it_missed() {
    let world =
        world(&[("brics", "alliances = [\"BRICS\"]"), ("japan", "candidates = [\"JP\"]")]).await;
    world.publish([ireland()]).await;
    let (told, outcome) = world.why("Ireland").await;
    assert_eq!(outcome, "unrouted");
    assert_tells!("why_unrouted", told);
}

#[tokio::test]
async fn what_waits_or_was_given_up_says_the_last_error() {
    let world = world(&[("desk", ""), ("fails", "")]).await;
    world.publish([ireland()]).await;
    let (told, outcome) = world.why("Ireland").await;
    assert_eq!(outcome, "waiting");
    assert_tells!("why_waiting", told);
    let rows = world.program.json(&["deliveries", "list", "--sink", "fails"]).await;
    let id = rows[0]["id"].as_str().unwrap();
    assert!(world.program.run(&["deliveries", "discard", id]).await.status.success());
    let (told, outcome) = world.why("Ireland").await;
    assert_eq!(outcome, "delivered");
    assert!(told.contains("taken out of the queue of `fails`"), "{told}");

    let world = self::world(&[("refuses", "")]).await;
    world.publish([ireland()]).await;
    let (told, outcome) = world.why("Ireland").await;
    assert_eq!(outcome, "dead");
    assert_tells!("why_dead", told);
    let rows = world.program.json(&["deliveries", "list"]).await;
    let id = rows[0]["id"].as_str().unwrap();
    assert!(world.program.run(&["deliveries", "discard", id]).await.status.success());
    assert_eq!(world.why("Ireland").await.1, "discarded");
}

#[tokio::test]
async fn what_was_never_seen_says_which_feeds_could_have_brought_it() {
    let world = world(&[("desk", "")]).await;
    let (told, outcome) = world.why("https://elsewhere.example/world/article").await;
    assert_eq!(outcome, "unseen");
    assert_tells!("why_no_feed", told);
    // The site is known by what the feed brings, not by the feed's own address.
    let (told, outcome) = world.why(&world.site.article("missing")).await;
    assert_eq!(outcome, "unseen");
    assert_tells!("why_not_listed", told);
    world.site.mood("paper", Mood::Status(500));
    world.round().await;
    let (told, _) = world.why(&world.site.article("missing")).await;
    assert_tells!("why_feed_fails", told);
    let (told, outcome) = world.why("Chile formally applies to join NATO").await;
    assert_eq!(outcome, "unseen");
    assert_tells!("why_no_such_headline", told);
}

#[tokio::test]
async fn what_a_feed_brought_that_is_gone_says_so() {
    let world = world(&[("desk", "")]).await;
    world.publish([ireland()]).await;
    world.program.configure(&world.config.replace("The Paper", "Another name"));
    let (told, outcome) = world.why("Ireland").await;
    assert_eq!(outcome, "delivered");
    assert!(told.contains("the feed `The Paper` is no longer in the config"), "{told}");
    let output = world.program.run(&["why", " "]).await;
    assert_eq!(output.status.code(), Some(1));
}
