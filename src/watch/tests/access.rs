//! Feeds with secrets, and feeds in files.

use std::path::Path;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName};

use super::*;
use crate::net::private_header;
use crate::setting::Secret;

fn secrets(url: Option<String>, headers: &[(&str, &str)]) -> Access {
    let headers = headers.iter().map(|(name, value)| private_header(name, value).unwrap());
    Access {
        url: url.map(Secret::new),
        headers: headers.collect::<Vec<(HeaderName, _)>>().into_iter().collect::<HeaderMap>(),
    }
}

fn with(feed: &Arc<Feed>, access: Access) -> Arc<Subscription> {
    let mut one =
        Arc::into_inner(subscription(vec![feed.clone()], PollSection::default())).unwrap();
    one.access.insert(feed.name.clone(), Arc::new(access));
    Arc::new(one)
}

fn in_files(feed: &Arc<Feed>, folder: &Path, poll: PollSection) -> Arc<Subscription> {
    let mut one = Arc::into_inner(subscription(vec![feed.clone()], poll)).unwrap();
    one.files = vec![folder.to_owned()];
    Arc::new(one)
}

#[tokio::test]
async fn secrets_go_to_the_configured_host_alone() {
    let (site, other) = (Site::new().await, Site::new().await);
    site.script("/", [answer(200, &[], FEED)]);
    site.script("/near", [answer(302, &[("location", "/")], "")]);
    site.script("/away", [answer(302, &[("location", &other.url("/"))], "")]);
    other.script("/", [answer(401, &[], "")]);
    let headers = [("authorization", "Basic ZGVzazpw"), ("x-key", "k3y")];
    for path in ["/", "/near"] {
        let feed = feed("a", site.url(path));
        let polled = poll_by(&feed, None, with(&feed, secrets(None, &headers))).await;
        assert_eq!(items(&polled), 1);
    }
    for asked in site.asked("/") {
        assert_eq!(
            (&asked[AUTHORIZATION], &asked["x-key"]),
            (&"Basic ZGVzazpw".parse().unwrap(), &"k3y".parse().unwrap())
        );
    }
    let feed = feed("a", site.url("/away"));
    let polled = poll_by(&feed, None, with(&feed, secrets(None, &headers))).await;
    assert!(failure(&polled).contains("another host"), "{}", failure(&polled));
    let asked = other.asked("/");
    assert!(
        asked.len() == 1
            && !asked[0].contains_key(AUTHORIZATION)
            && !asked[0].contains_key("x-key")
    );
}

#[tokio::test]
async fn a_secret_address_is_asked_and_never_shown_or_remembered() {
    let site = Site::new().await;
    let document = FEED.replace("<link>/1</link>", "<link>?p=1</link>");
    site.script("/feed", [answer(200, &[], &document)]);
    site.script("/moved", [answer(301, &[("location", "/feed?key=s3cret")], "")]);
    site.script("/broken", [answer(500, &[], "")]);
    for (path, fails) in
        [("/feed?key=s3cret", false), ("/moved?key=s3cret", false), ("/broken?key=s3cret", true)]
    {
        let feed = feed("a", crate::watch::access::HIDDEN.to_owned());
        let mut state = None;
        for _ in 0..4 {
            let access = secrets(Some(site.url(path)), &[]);
            let polled = poll_by(&feed, state, with(&feed, access)).await;
            let shown = format!("{polled:?}");
            assert!(!shown.contains("s3cret"), "{shown}");
            assert_eq!(matches!(polled.outcome, PollOutcome::Failed(_)), fails, "{shown}");
            assert_eq!(polled.next.moved, None);
            state = Some(FeedState { validators: Default::default(), ..polled.next });
        }
        assert!(site.asked(path.split('?').next().unwrap()).len() >= 4);
    }
}

#[tokio::test]
async fn files_are_read_where_they_are_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let (inside, outside) = (folder.path().join("in"), folder.path().join("out"));
    std::fs::create_dir_all(&inside).unwrap();
    std::fs::create_dir_all(&outside).unwrap();
    std::fs::write(inside.join("feed.xml"), FEED).unwrap();
    std::fs::write(outside.join("feed.xml"), FEED).unwrap();
    let file = |path: &Path| feed("a", url::Url::from_file_path(path).unwrap().to_string());
    let small = PollSection { max_body: 10, ..PollSection::default() };
    let good = file(&inside.join("feed.xml"));
    let first = poll_by(&good, None, in_files(&good, &inside, PollSection::default())).await;
    assert_eq!(items(&first), 1);
    let again =
        poll_by(&good, Some(first.next), in_files(&good, &inside, PollSection::default())).await;
    assert!(matches!(again.outcome, PollOutcome::Unchanged));
    let told = |polled: &Polled, word: &str| {
        assert!(failure(polled).contains(word), "{}", failure(polled))
    };
    told(&poll_by(&good, None, in_files(&good, &inside, small)).await, "larger than 10 bytes");
    told(&poll(&good, None).await, "allow_file");
    let bad = file(&outside.join("feed.xml"));
    told(&poll_by(&bad, None, in_files(&bad, &inside, PollSection::default())).await, "allow_file");
    let missing = file(&inside.join("none.xml"));
    told(
        &poll_by(&missing, None, in_files(&missing, &inside, PollSection::default())).await,
        "cannot be read",
    );
    let itself = file(&inside);
    told(
        &poll_by(&itself, None, in_files(&itself, &inside, PollSection::default())).await,
        "no plain file",
    );
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(outside.join("feed.xml"), inside.join("link.xml")).unwrap();
        let link = file(&inside.join("link.xml"));
        told(
            &poll_by(&link, None, in_files(&link, &inside, PollSection::default())).await,
            "allow_file",
        );
    }
}

#[tokio::test]
async fn a_key_that_the_entries_repeat_is_kept_nowhere() {
    let site = Site::new().await;
    let link = site.url("/x?key=s3cretKEY123&amp;id=3");
    let guid = site.url("/feed?key=s3cretKEY123#1");
    let text = format!(
        "<rss><channel><item><title>a</title><link>{link}</link><guid>{guid}</guid>\
         <description>my s3cretKEY123</description></item></channel></rss>"
    );
    site.script("/feed", [answer(200, &[], &text)]);
    let feed = feed("a", "(secret)".to_owned());
    let url = Some(site.url("/feed?key=s3cretKEY123"));
    let polled = poll_by(&feed, None, with(&feed, secrets(url, &[]))).await;
    assert_eq!(items(&polled), 1);
    let shown = format!("{polled:?}");
    assert!(!shown.contains("s3cretKEY") && shown.contains("/x?key=secret&id=3"), "{shown}");
}
