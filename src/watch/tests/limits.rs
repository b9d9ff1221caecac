//! Bounds: packed bodies, the room for all bodies, one reading of one body.

use std::io::Write;

use super::*;

/// The test feed, packed.
fn packed(coding: &str, text: &[u8]) -> Vec<u8> {
    match coding {
        "gzip" => {
            let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            writer.write_all(text).unwrap();
            writer.finish().unwrap()
        }
        "deflate" => {
            let mut writer =
                flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
            writer.write_all(text).unwrap();
            writer.finish().unwrap()
        }
        "br" => {
            let mut writer = brotli::CompressorWriter::new(Vec::new(), 4096, 9, 22);
            writer.write_all(text).unwrap();
            writer.into_inner()
        }
        _ => zstd::encode_all(text, 9).unwrap(),
    }
}

#[tokio::test]
async fn every_packing_that_is_asked_for_is_unpacked_within_the_bound() {
    let site = Site::new().await;
    // A megabyte of blanks packs to next to nothing.
    let bomb = [FEED.as_bytes(), &vec![b' '; 1 << 20]].concat();
    let tight = PollSection { max_body: 64 << 10, ..PollSection::default() };
    for coding in ["gzip", "deflate", "br", "zstd"] {
        let path = format!("/{coding}");
        let header = [("content-encoding", coding)];
        let bombed = packed(coding, &bomb);
        assert!(bombed.len() < 10_000, "{coding}");
        site.script(
            &path,
            [answer(200, &header, packed(coding, FEED.as_bytes())), answer(200, &header, bombed)],
        );
        let feed = feed(coding, site.url(&path));
        let polled = poll(&feed, None).await;
        assert_eq!(items(&polled), 1, "{coding}");
        let accepted = site.asked(&path)[0]["accept-encoding"].to_str().unwrap().to_owned();
        assert!(accepted.contains(coding), "{accepted}");
        let polled = poll_with(&feed, None, tight.clone()).await;
        assert!(
            failure(&polled).contains("larger than 65536 bytes"),
            "{coding}: {}",
            failure(&polled)
        );
    }
}

#[tokio::test]
async fn gzip_that_no_header_tells_of_is_unpacked_within_the_bound() {
    let site = Site::new().await;
    let bomb = packed("gzip", &[FEED.as_bytes(), &vec![b' '; 1 << 20]].concat());
    let whole = packed("gzip", FEED.as_bytes());
    let tight = PollSection { max_body: 64 << 10, ..PollSection::default() };
    for (path, header) in [("/x", &[("content-encoding", "x-gzip")][..]), ("/none", &[])] {
        site.script(
            path,
            [
                answer(200, header, whole.clone()),
                answer(200, header, bomb.clone()),
                answer(200, header, &whole[..whole.len() / 2]),
            ],
        );
        let feed = feed("a", site.url(path));
        assert_eq!(items(&poll(&feed, None).await), 1, "{path}");
        let polled = poll_with(&feed, None, tight.clone()).await;
        assert!(failure(&polled).contains("larger than 65536 bytes"), "{}", failure(&polled));
        let polled = poll(&feed, None).await;
        assert!(failure(&polled).contains("breaks off"), "{}", failure(&polled));
    }
}

#[tokio::test]
async fn bodies_wait_for_room_and_all_of_them_come() {
    let site = Site::new().await;
    let large = format!("{FEED}<!--{}-->", "x".repeat(300 << 10));
    let mut feeds = Vec::new();
    for number in 0..20 {
        let path = format!("/{number}");
        site.script(&path, [answer(200, &[], &large)]);
        feeds.push(feed(&path, site.url(&path)));
    }
    // Room for less than two of them.
    let poll = PollSection { in_flight: 500 << 10, per_host: 20, ..PollSection::default() };
    let (out, mut inbox) = mpsc::channel(32);
    let work = once(subscription(feeds, poll), HashMap::new(), true, out, CancellationToken::new());
    let summary = tokio::time::timeout(PATIENCE, work).await.expect("the round ends");
    assert_eq!((summary.polled, summary.failed, summary.items), (20, 0, 20));
    while inbox.recv().await.is_some() {}
}

#[tokio::test]
async fn feeds_that_are_asked_often_keep_their_connection() {
    let site = Site::new().await;
    site.script("/", [answer(200, &[], FEED)]);
    for (every, connections) in [(30, 1), (300, 3)] {
        let before = site.connections();
        let feed = Arc::new(Feed {
            every: Every::Fixed(Duration::from_secs(every)),
            ..(*feed("a", site.url("/"))).clone()
        });
        let subscription = subscription(vec![feed.clone()], PollSection::default());
        for _ in 0..3 {
            let polled = poll_by(&feed, None, subscription.clone()).await;
            assert_eq!(items(&polled), 1);
        }
        assert_eq!(site.connections() - before, connections, "every {every} s");
    }
}
