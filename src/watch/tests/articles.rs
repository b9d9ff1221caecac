//! Pages that new entries link to.

use super::*;

/// An entry with a page of its own at `/NUMBER`.
fn entry(number: u32, title: &str) -> String {
    format!("<item><guid>{number}</guid><title>{title}</title><link>/{number}</link></item>")
}

fn document(entries: &[String]) -> String {
    format!("<rss version='2.0'><channel><title>t</title>{}</channel></rss>", entries.concat())
}

fn page(number: u32) -> String {
    let text = format!(
        "<p>Page {number} tells at length what the council decided on Monday, who was there, what \
         the members said of it, and when the next sitting is to be held in the old harbour."
    );
    format!("<html><body><article>{}</article></body></html>", text.repeat(3))
}

fn with_text(url: String) -> Arc<Feed> {
    Arc::new(Feed { full_text: true, ..Arc::unwrap_or_clone(feed("a", url)) })
}

/// Everything that one round brings.
async fn polls(feed: &Arc<Feed>, state: Option<FeedState>) -> Vec<Polled> {
    let (out, mut inbox) = mpsc::channel(4);
    let states = state.map(|state| (feed.name.clone(), state)).into_iter().collect();
    let subscription = subscription(vec![feed.clone()], PollSection::default());
    let work = once(subscription, states, true, out, CancellationToken::new());
    tokio::time::timeout(PATIENCE, work).await.expect("the round ends");
    let mut polls = Vec::new();
    while let Some(polled) = inbox.recv().await {
        polls.push(polled);
    }
    polls
}

fn texts(polled: &Polled) -> Vec<(&str, bool)> {
    let PollOutcome::Items { items, .. } = &polled.outcome else { panic!("{polled:?}") };
    items.iter().map(|item| (item.title.as_str(), item.body.contains("council"))).collect()
}

#[tokio::test]
async fn pages_of_new_entries_come_after_them_and_are_not_asked_for_again() {
    let site = Site::new().await;
    for number in 1..=3 {
        site.script(&format!("/{number}"), [answer(200, &[], page(number))]);
    }
    let old = [entry(1, "one")];
    let new = [entry(2, "two"), entry(1, "one")];
    let edited = [entry(2, "two, corrected"), entry(1, "one")];
    let tag = [("etag", "\"x\"")];
    let documents = [old.as_slice(), &new, &edited].map(|one| answer(200, &tag, document(one)));
    site.script("/", documents);
    let feed = with_text(site.url("/"));
    // Of a feed that was never read there is one look, so that history stays history.
    let first = polls(&feed, None).await;
    assert_eq!(first.iter().map(texts).collect::<Vec<_>>(), [[("one", true)]]);
    let second = polls(&feed, Some(first[0].next.clone())).await;
    let expected = [[("two", false), ("one", false)], [("two", true), ("one", false)]];
    assert_eq!(second.iter().map(texts).collect::<Vec<_>>(), expected);
    // A kill between the two begins the document anew.
    assert_eq!(second[0].next.validators, first[0].next.validators);
    assert_eq!(second[0].next.identity, first[0].next.identity);
    let third = polls(&feed, Some(second[1].next.clone())).await;
    assert_eq!(texts(&third[1]), [("two, corrected", true), ("one", false)]);
    assert_eq!((site.asked("/1").len(), site.asked("/2").len()), (1, 2));
    let asked = &site.asked("/1")[0];
    assert!(asked["accept"].to_str().unwrap().starts_with("text/html"), "{asked:?}");
}

#[tokio::test]
async fn the_feeds_own_text_is_what_its_next_document_is_compared_with() {
    let site = Site::new().await;
    site.script("/1", [answer(200, &[], page(1))]);
    site.script("/", [answer(200, &[], document(&[entry(1, "one")]))]);
    let [bare, full] = [false, true].map(|full_text| {
        Arc::new(Feed { full_text, ..Arc::unwrap_or_clone(feed("a", site.url("/"))) })
    });
    let hash = |polls: &[Polled]| match &polls[0].outcome {
        PollOutcome::Items { items, .. } => (items[0].text_hash(), items[0].body.is_empty()),
        other => panic!("{other:?}"),
    };
    let (bare, full) = (polls(&bare, None).await, polls(&full, None).await);
    assert_eq!((hash(&bare).0, true, false), (hash(&full).0, hash(&bare).1, hash(&full).1));
}

#[tokio::test]
async fn a_page_that_does_not_come_costs_its_text_alone() {
    let site = Site::new().await;
    let pdf = [("content-type", "application/pdf")];
    site.script("/1", [answer(404, &[], "")]);
    site.script("/2", [answer(200, &pdf, page(2))]);
    site.script("/3", [answer(200, &[], "<p>Please log in")]);
    site.script("/4", [answer(200, &[], page(4))]);
    let entries = [1, 2, 3, 4].map(|number| entry(number, &number.to_string()));
    site.script("/", [answer(200, &[], document(&entries))]);
    let polled = polls(&with_text(site.url("/")), None).await.remove(0);
    assert_eq!(texts(&polled), [("1", false), ("2", false), ("3", false), ("4", true)]);
    assert_eq!(polled.next.condition, Condition::Ok);
    let [fault] = &polled.next.faults[..] else { panic!("{:?}", polled.next.faults) };
    assert!(fault.starts_with("no full text of 3 of 4 new entries: "), "{fault}");
}

#[tokio::test]
async fn a_site_that_asks_for_less_is_left_alone() {
    let site = Site::new().await;
    site.script("/1", [answer(429, &[("retry-after", "60")], "")]);
    let entries = [1, 2, 3].map(|number| entry(number, &number.to_string()));
    site.script("/", [answer(200, &[], document(&entries))]);
    let polled = polls(&with_text(site.url("/")), None).await.remove(0);
    assert_eq!((site.asked("/2").len(), site.asked("/3").len()), (0, 0));
    assert!(polled.next.faults[0].contains("3 of 3"), "{:?}", polled.next.faults);
}

#[tokio::test]
async fn only_so_many_pages_are_asked_for_at_once_and_one_at_a_time() {
    let site = Site::new().await;
    let entries: Vec<String> = (1..=25).map(|number| entry(number, &number.to_string())).collect();
    for number in 1..=25 {
        site.script(&format!("/{number}"), [answer(200, &[], page(number))]);
    }
    site.script("/", [answer(200, &[], document(&entries))]);
    let polled = polls(&with_text(site.url("/")), None).await.remove(0);
    assert_eq!(texts(&polled).iter().filter(|(_, full)| *full).count(), 20);
    assert_eq!(site.most_at_once(), 1);
    assert!(polled.next.faults[0].contains("5 more"), "{:?}", polled.next.faults);
}
