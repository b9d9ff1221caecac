//! What the intake costs against its parser alone: 45 MB of well-formed feeds, repaired, parsed, keyed
//! and made plain, beside feed-rs on the same bytes. CPU time, medians of rounds in turn; the feeds are
//! the same on every run.
//!
//! `cargo bench --bench intake`: at most twice the time of feed-rs alone.

mod cpu;
#[expect(dead_code, reason = "watch lists are for the bench of the rules")]
mod news;

use std::hint::black_box;
use std::io::{self, Write};

use cpu::used;
use jiff::Timestamp;
use news::Newsroom;
use pactwatch::model::{Every, Feed, FeedName, Kind};
use pactwatch::watch::read::{Document, read};

const SEED: u64 = 20_240_404;
/// As captures of news sites are: 200 documents of 36 entries and 225 kB.
const FEEDS: usize = 200;
const ENTRIES: usize = 36;
/// Text of an entry, the summary included, in bytes.
const SUMMARY: usize = 300;
const BODY: usize = 5_000;
/// Text between two tags of a body.
const PARAGRAPH: usize = 350;
const ROUNDS: usize = 7;
const URL: &str = "https://news.example.org/feed.xml";

/// A body as sites write it: paragraphs, links, pictures, a few references.
fn body(news: &mut Newsroom) -> String {
    let mut html = String::with_capacity(BODY + 1_000);
    let mut number = 0;
    while html.len() < BODY {
        number += 1;
        let text = news.prose(PARAGRAPH).replace('’', "&#8217;");
        html.push_str("<p>");
        match number % 4 {
            0 => html.push_str(&format!(
                "<a href=\"https://news.example.org/topic/{number}?a=1&amp;b=2\">{text}</a>"
            )),
            1 => html.push_str(&format!("<em>{text}</em>")),
            _ => html.push_str(&text),
        }
        html.push_str("</p>\n");
    }
    html.push_str("<img src=\"https://news.example.org/p.jpg\" alt=\"A picture\" width=\"640\"/>");
    html
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn rss(news: &mut Newsroom, number: usize) -> String {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\" \
         xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\" \
         xmlns:media=\"http://search.yahoo.com/mrss/\">\n<channel>\n<title>News</title>\n\
         <link>https://news.example.org/</link>\n<language>en</language>\n",
    );
    for entry in 0..ENTRIES {
        let link = format!("https://news.example.org/world/{number}/{entry}");
        xml.push_str(&format!(
            "<item>\n\t<title>{}</title>\n\t<link>{link}</link>\n\t<guid isPermaLink=\"false\">\
             {number}-{entry}</guid>\n\t<pubDate>Tue, {:02} Mar 2026 10:{entry:02}:00 +0100\
             </pubDate>\n\t<dc:creator><![CDATA[Ann Ash]]></dc:creator>\n\t\
             <category><![CDATA[World]]></category>\n\t<category>Europe</category>\n\t\
             <description>{}</description>\n\t<content:encoded><![CDATA[{}]]></content:encoded>\n\t\
             <media:content url=\"{link}.jpg\" type=\"image/jpeg\" width=\"640\"><media:title>\
             A picture</media:title></media:content>\n</item>\n",
            escaped(&news.title()),
            1 + number % 28,
            escaped(&format!("<p>{}</p>", news.prose(SUMMARY))),
            body(news),
        ));
    }
    xml + "</channel>\n</rss>\n"
}

fn atom(news: &mut Newsroom, number: usize) -> String {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" \
         xml:lang=\"en\">\n<title>News</title>\n<id>tag:news.example.org,2026:a</id>\n\
         <updated>2026-03-01T10:00:00Z</updated>\n",
    );
    for entry in 0..ENTRIES {
        let link = format!("https://news.example.org/world/{number}/{entry}");
        xml.push_str(&format!(
            "<entry>\n <title type=\"html\">{}</title>\n <link rel=\"alternate\" \
             type=\"text/html\" href=\"{link}\"/>\n <id>tag:news.example.org,2026:{number}.{entry}\
             </id>\n <updated>2026-03-{:02}T10:{entry:02}:00Z</updated>\n <author><name>Bo Birch\
             </name></author>\n <category term=\"World\"/>\n <summary type=\"html\">{}</summary>\n \
             <content type=\"html\">{}</content>\n</entry>\n",
            escaped(&news.title()),
            1 + number % 28,
            escaped(&news.prose(SUMMARY)),
            escaped(&body(news)),
        ));
    }
    xml + "</feed>\n"
}

fn ours(documents: &[String], now: Timestamp) -> usize {
    let feed = Feed {
        name: FeedName::new("bench"),
        url: URL.to_owned(),
        every: Every::Auto,
        kind: Kind::default(),
        tags: Vec::new(),
        shadow: false,
        full_text: false,
    };
    let read = |text: &String| {
        let document = Document { bytes: text.as_bytes(), content_type: None, url: URL };
        read(document, &feed, now).map_or(0, |reading| black_box(reading).items.len())
    };
    documents.iter().map(read).sum()
}

fn bare(documents: &[String]) -> usize {
    let read = |text: &String| {
        feed_rs::parser::parse(text.as_bytes()).map_or(0, |feed| black_box(feed).entries.len())
    };
    documents.iter().map(read).sum()
}

fn seconds(run: impl FnOnce() -> usize) -> (f64, usize) {
    let start = used();
    let entries = run();
    ((used() - start).as_secs_f64(), entries)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() -> io::Result<()> {
    let mut news = Newsroom::new(SEED);
    // Three of four feeds are RSS.
    let document = |number| match number % 4 {
        0 => atom(&mut news, number),
        _ => rss(&mut news, number),
    };
    let documents: Vec<String> = (0..FEEDS).map(document).collect();
    let megabytes = documents.iter().map(String::len).sum::<usize>() as f64 / 1e6;
    let now = Timestamp::now();
    let (mut intake, mut parser, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let mut entries = (0, 0);
    for _ in 0..ROUNDS {
        let (bare, found) = seconds(|| bare(&documents));
        let (ours, read) = seconds(|| ours(&documents, now));
        entries = (read, found);
        intake.push(ours);
        parser.push(bare);
        ratios.push(ours / bare);
    }
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{FEEDS} well-formed feeds, {megabytes:.1} MB; CPU, medians of {ROUNDS} rounds\n"
    )?;
    let (intake, parser) = (median(intake), median(parser));
    writeln!(out, "          seconds    MB/s  entries")?;
    for (name, seconds, entries) in [("intake", intake, entries.0), ("feed-rs", parser, entries.1)]
    {
        writeln!(out, "{name:<8} {seconds:>8.3} {:>7.0} {entries:>8}", megabytes / seconds)?;
    }
    writeln!(out, "\nintake: {:.2}x of feed-rs alone", median(ratios))
}
