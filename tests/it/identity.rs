//! Feeds whose ids are of no use, over polls by a program that is started anew for each: nothing is
//! news twice, and nothing that is news is lost.

use std::sync::{Arc, Mutex};

use crate::program::{Program, errors};
use crate::world::{Hook, Reply};

const COUNTRIES: [&str; 6] = ["Ireland", "Mexico", "Chile", "Kenya", "Peru", "Ghana"];

/// A site with one document that can be changed, and the program that reads it.
struct Paper {
    document: Arc<Mutex<String>>,
    _site: Hook,
    hook: Hook,
    program: Program,
}

impl Paper {
    async fn new() -> Self {
        let document = Arc::new(Mutex::new(String::new()));
        let shown = document.clone();
        let site = Hook::start(move |_, _| Reply {
            body: shown.lock().unwrap().clone(),
            ..Reply::status(200)
        })
        .await;
        let hook = Hook::willing().await;
        // The entries bear no date.
        let config = Program::config(&[site.url("feed.xml")], &hook.url("alerts"));
        let program = Program::new(&format!("story.first_poll = \"all\"\n{config}"));
        Self { document, _site: site, hook, program }
    }

    /// Publishes these entries and polls once. Gives how many messages came, and how many stories of
    /// one member and of more there are.
    async fn poll(&self, entries: &[String]) -> (usize, usize) {
        *self.document.lock().unwrap() =
            format!("<rss version='2.0'><channel>{}", entries.concat());
        let before = self.hook.received().len();
        let output = self.program.run(&["once", "--all"]).await;
        assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
        let stories = self.program.json(&["stories", "list"]).await;
        let members = stories.iter().map(|story| story["items"].as_u64().unwrap()).sum::<u64>();
        (self.hook.received().len() - before, members as usize)
    }
}

/// An entry about one country, with this id and link.
fn entry(id: &str, link: &str, country: usize) -> String {
    let title = format!("{} formally applies to join NATO", COUNTRIES[country]);
    format!(
        "<item><title>{title}</title><link>{link}</link><guid isPermaLink='false'>{id}</guid>\
         <description>{title} today.</description></item>"
    )
}

fn page(country: usize) -> String {
    format!("https://news.example.org/world/{country}")
}

#[tokio::test]
async fn ids_that_change_at_each_poll_are_seen_through() {
    let paper = Paper::new().await;
    let churned = |poll: usize, countries: std::ops::Range<usize>| -> Vec<String> {
        countries.map(|one| entry(&format!("{poll}.{one}"), &page(one), one)).collect()
    };
    assert_eq!(paper.poll(&churned(1, 0..3)).await, (3, 3));
    assert_eq!(paper.poll(&churned(2, 0..3)).await, (0, 3));
    assert_eq!(paper.poll(&churned(3, 1..4)).await, (1, 4));
    // Gone, and back.
    assert_eq!(paper.poll(&churned(4, 0..5)).await, (1, 5));
}

#[tokio::test]
async fn one_id_for_many_entries_hides_none() {
    let paper = Paper::new().await;
    let latest = |countries: std::ops::Range<usize>| -> Vec<String> {
        countries.map(|one| entry("latest", &page(one), one)).collect()
    };
    assert_eq!(paper.poll(&latest(0..1)).await, (1, 1));
    assert_eq!(paper.poll(&latest(1..2)).await, (1, 2));
    assert_eq!(paper.poll(&latest(1..4)).await, (2, 4));
    assert_eq!(paper.poll(&latest(3..4)).await, (0, 4));
    assert_eq!(paper.poll(&latest(2..5)).await, (1, 5));
}

#[tokio::test]
async fn entries_without_ids_or_links_are_known_again_and_changes_are_judged() {
    let paper = Paper::new().await;
    let bare = |country: usize| {
        format!("<item><title>{} formally applies to join NATO</title></item>", COUNTRIES[country])
    };
    assert_eq!(paper.poll(&[bare(0), bare(1)]).await, (2, 2));
    assert_eq!(paper.poll(&[bare(2), bare(0), bare(1)]).await, (1, 3));
    let quiet = "<item><title>Fog at the coast</title><guid>fog</guid></item>".to_owned();
    assert_eq!(paper.poll(&[quiet, bare(2)]).await, (0, 3));
    // The same entry, and now it matters: judged again, one item.
    let changed = entry("fog", "", 3);
    assert_eq!(paper.poll(&[changed.clone(), bare(2)]).await, (1, 4));
    assert_eq!(paper.poll(&[bare(2), changed]).await, (0, 4));
}
