//! Canonical links: the lists, their traps, and what holds for any link.

use base64::Engine;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::*;

const STORY: &str = "example.org/world/story-1";

fn is_story(link: &str) {
    assert_eq!(canonical_url(link).as_deref(), Some(STORY), "{link}");
}

fn is(link: &str, canonical: &str) {
    assert_eq!(canonical_url(link).as_deref(), Some(canonical), "{link}");
}

#[test]
fn many_addresses_of_one_article_are_one() {
    for link in [
        "https://www.example.org/world/story-1",
        "http://example.org/world/story-1/",
        "http://example.org:80/world/story-1",
        "https://user:word@example.org/world/story-1",
        "https://example.org./world/story-1",
        "https://m.example.org/world/story-1?utm_source=rss&fbclid=x#comments",
        "https://mobile.example.org/world/story-1",
        "https://www.m.example.org/world/story-1",
        "https://amp.example.org/world/story-1/amp",
        "https://amp.example.org/world/story-1/amp/index.html",
        "https://example.org/amp/world/story-1",
        "https://example.org/world/story-1.amp",
        "https://example.org/world/story-1?amp",
        "https://example.org/world/story-1?amp=1&outputType=amp",
        "https://example.org:443/world//story-1/index.html",
        "https://example.org/world/story%2d1",
        "HTTPS://EXAMPLE.ORG/world/story-1",
    ] {
        is_story(link);
    }
    is("https://example.org/a/story.amp.html", "example.org/a/story.html");
    is("https://edition.cnn.com/2024/story", "cnn.com/2024/story");
    // Two spellings of one letter outside of ASCII.
    is("https://example.org/caf%c3%a9", "example.org/caf%C3%A9");
    is("https://example.org/café", "example.org/caf%C3%A9");
}

#[test]
fn hosts_that_only_look_lean_stay() {
    for (link, canonical) in [
        ("https://m.org/x", "m.org/x"),
        ("https://amp.com.au/x", "amp.com.au/x"),
        ("https://www.amp.com.au/x", "amp.com.au/x"),
        ("https://mobile.co.uk/x", "mobile.co.uk/x"),
        ("https://www.gov.uk/x", "gov.uk/x"),
        ("https://edition.example.org/x", "edition.example.org/x"),
        ("https://ample.org/x", "ample.org/x"),
        ("http://a.org:8080/x", "a.org:8080/x"),
        ("https://a.org/sample", "a.org/sample"),
        ("https://a.org/lamp", "a.org/lamp"),
        ("https://a.org/ampere/x", "a.org/ampere/x"),
    ] {
        is(link, canonical);
    }
}

#[test]
fn every_listed_parameter_goes_on_any_site() {
    for name in TRACKING {
        let name = name.replace('*', "x");
        for name in [name.clone(), name.to_uppercase()] {
            is_story(&format!("https://example.org/world/story-1?{name}=abc&{name}=d"));
        }
    }
}

#[test]
fn every_parameter_of_a_site_goes_there_and_stays_elsewhere() {
    for (site, names) in BY_HOST {
        for name in *names {
            let name = name.replace('*', "x");
            is(&format!("https://www.{site}/a?{name}=1"), &format!("{site}/a"));
            is(&format!("https://news.{site}/a?{name}=1"), &format!("news.{site}/a"));
            let elsewhere = format!("https://a.org/a?{name}=1");
            // The French use one of them on more than one site.
            assert_eq!(canonical_url(&elsewhere), Some(format!("a.org/a?{name}=1")));
            let lookalike = format!("not{site}/a?{name}=1");
            is(&format!("https://{lookalike}"), &lookalike);
        }
    }
}

#[test]
fn what_carries_content_stays_and_is_sorted() {
    is("https://a.org/?p=7&id=3", "a.org?id=3&p=7");
    is("https://a.org/?id=3&p=7", "a.org?id=3&p=7");
    for name in ["ref", "source", "s", "id", "p", "page", "amp_id", "cid", "st"] {
        is(&format!("https://a.org/x?{name}=1"), &format!("a.org/x?{name}=1"));
    }
    is("https://a.org/shop?amp=marshall", "a.org/shop?amp=marshall");
    assert_ne!(canonical_url("https://a.org/Story"), canonical_url("https://a.org/story"));
    assert_ne!(canonical_url("https://a.org/?id=a"), canonical_url("https://a.org/?id=A"));
    // Signs inside a value part nothing.
    is("https://a.org/x?q=1%26r%3d2", "a.org/x?q=1%26r%3D2");
    assert_ne!(
        canonical_url("https://a.org/x?q=1%26r=2"),
        canonical_url("https://a.org/x?q=1&r=2")
    );
    is("https://a.org/x?q=a%23b&?=", "a.org/x?%3F&q=a%23b");
}

#[test]
fn redirectors_give_way_to_the_target_in_their_link() {
    for link in [
        "https://www.google.com/url?q=https%3A%2F%2Fexample.org%2Fworld%2Fstory-1&sa=t",
        "https://www.google.de/url?rct=j&sa=t&url=https://example.org/world/story-1&ct=ga",
        "https://www.google.co.uk/url?url=https://example.org/world/story-1",
        "https://news.google.com/news/url?sa=t&url=https://example.org/world/story-1",
        "http://www.bing.com/news/apiclick.aspx?ref=FexRss&url=https%3a%2f%2fexample.org%2fworld%2fstory-1&c=7",
        "https://l.facebook.com/l.php?u=https%3A%2F%2Fexample.org%2Fworld%2Fstory-1%3Ffbclid%3Dx&h=y",
        "https://feeds.feedburner.com/~r/x?url=https://example.org/world/story-1",
        "https://t.umblr.com/redirect?z=https%3A%2F%2Fexample.org%2Fworld%2Fstory-1&t=x",
        "https://duckduckgo.com/l/?uddg=https%3A%2F%2Fexample.org%2Fworld%2Fstory-1",
        "https://rss.paper.example/click.php?id=4&url=https://example.org/world/story-1",
        "https://paper.example/redirect/?url=https://example.org/world/story-1",
        "https://www.google.com/amp/s/example.org/world/story-1/amp",
        "https://example-org.cdn.ampproject.org/c/s/example.org/world/story-1?usqp=mq331AQ&amp_js_v=1",
        "https://example-org.cdn.ampproject.org/v/example.org/world/story-1",
        "https://www.google.com/url?q=https%3A%2F%2Fl.facebook.com%2Fl.php%3Fu%3Dhttps%253A%252F%252Fexample.org%252Fworld%252Fstory-1",
    ] {
        is_story(link);
    }
}

#[test]
fn encoded_targets_are_read() {
    let target = "https://www.example.org/world/story-1?utm_medium=rss";
    let u = URL_SAFE_NO_PAD.encode(target);
    is_story(&format!("https://www.bing.com/ck/a?!&&p=1&u=a1{u}&ntb=1"));
    let long = format!("{target}&utm_campaign={}", "x".repeat(100));
    for link in [target, &long] {
        let mut id = vec![0x08, 0x13, 0x22];
        match u8::try_from(link.len()).unwrap() {
            short @ 0..0x80 => id.push(short),
            long => id.extend([long, 1]),
        }
        id.extend(link.as_bytes());
        id.extend([0xd2, 0x01, 0x00]);
        let id = URL_SAFE.encode(&id);
        is_story(&format!("https://news.google.com/rss/articles/{id}?oc=5"));
        is_story(&format!("https://news.google.com/articles/{}", id.trim_end_matches('=')));
    }
    // The newer form keeps its target to itself, and broken ones are no targets.
    for id in ["CBMiAU_yqLNs", "CBMi", "CBMi_w", "%20", "CBMi-WWW"] {
        let link = format!("https://news.google.com/rss/articles/{id}");
        assert!(canonical_url(&link).unwrap().starts_with("news.google.com/rss/articles/"));
    }
}

#[test]
fn a_page_about_an_address_is_no_redirector() {
    for link in [
        "https://www.google.com/search?q=https://example.org/world/story-1",
        "https://a.org/share?url=https://example.org/world/story-1",
        "https://a.org/x?url=https://example.org/world/story-1",
        "https://a.org/redirect?url=javascript:alert(1)",
        "https://a.org/redirect?url=/world/story-1",
        "https://www.google.com/amp/help",
        "https://google.evil.example/url?q=https://example.org/world/story-1",
        "https://www.facebook.com/example.org/posts/1?u=https://example.org/world/story-1",
    ] {
        assert!(!canonical_url(link).unwrap().starts_with("example.org"), "{link}");
    }
}

#[test]
fn only_web_links_have_a_canonical_form() {
    for link in ["", "mailto:a@b.org", "javascript:alert(1)", "/relative", "not a link"] {
        assert_eq!(canonical_url(link), None, "{link}");
    }
}

#[test]
fn home_pages_name_no_article() {
    for home in ["https://www.example.org/", "https://example.org/index.html?utm_source=x"] {
        assert!(!is_article_url(&canonical_url(home).unwrap()), "{home}");
    }
    assert!(is_article_url(&canonical_url("https://example.org/?p=1").unwrap()));
    assert!(is_article_url(&canonical_url("https://example.org/a").unwrap()));
}

/// Parts of links that the rules above look for, in any order.
fn links() -> impl Strategy<Value = String> {
    let host = prop_oneof![
        "(www\\.|m\\.|amp\\.|mobile\\.|edition\\.){0,3}(example\\.org|amp\\.com\\.au|cnn\\.com|bbc\\.co\\.uk)",
        Just("www.google.com".to_owned()),
        Just("news.google.com".to_owned()),
        Just("x.cdn.ampproject.org".to_owned()),
        "[a-z]{1,4}\\.[a-z]{2,3}",
    ];
    let path = "(/|/amp|\\.amp|\\.amp\\.html|/index\\.html|/index\\.php|/url|/redirect|/c/s/|/rss/articles/|[a-zA-Z0-9.%_-]{1,4}|%[0-9a-fA-F]{2}|é){0,6}";
    let query = "((utm_a|amp|p|q|url|u|at_x|[a-z%&#?/+ é]{0,3})=?(1|amp|https://[a-z]{1,3}\\.org/[a-z]{0,2}|[a-z0-9%&#+é]{0,4})&?){0,4}";
    (host, path, query).prop_map(|(host, path, query)| {
        let slash = if path.starts_with('/') { "" } else { "/" };
        format!("https://{host}{slash}{path}?{query}")
    })
}

#[test]
fn a_dot_before_an_ending_leads_nowhere_else() {
    for link in ["https://example.org/..amp?", "https://example.org/a/...amp"] {
        let once = canonical_url(link).unwrap();
        assert_eq!(canonical_url(&format!("https://{once}")), Some(once));
    }
}

proptest! {
    #[test]
    fn the_canonical_form_is_its_own(link in links()) {
        if let Some(once) = canonical_url(&link) {
            prop_assert_eq!(canonical_url(&format!("https://{once}")), Some(once));
        }
    }

    #[test]
    fn it_is_never_empty_and_ever_a_link(link in links()) {
        if let Ok(url) = Url::parse(&link) {
            let canonical = canonical_form(&url);
            let canonical = canonical.unwrap_or_default();
            let read = Url::parse(&format!("https://{canonical}"));
            prop_assert!(read.is_ok_and(|url| url.has_host()), "{} of {}", canonical, link);
        }
    }

    #[test]
    fn order_and_tracking_change_nothing(
        path in "/[a-z]{1,8}",
        query in proptest::collection::vec(("[b-h]{2}", "[a-z0-9]{1,3}"), 0..4),
        tracking in proptest::sample::select(TRACKING),
        turn in 0..4_usize,
    ) {
        let pairs = |list: &[(String, String)]| -> String {
            list.iter().map(|(name, value)| format!("{name}={value}&")).collect()
        };
        let plain = format!("https://example.org{path}?{}", pairs(&query));
        let mut turned = query.clone();
        let places = turn % turned.len().max(1);
        turned.rotate_left(places);
        let tracked = format!(
            "http://www.example.org{path}/?{}=1&{}#x", tracking.replace('*', "y"), pairs(&turned)
        );
        prop_assert_eq!(canonical_url(&plain), canonical_url(&tracked));
    }

    #[test]
    fn any_text_is_answered(text in "\\PC{0,60}") {
        let _ = canonical_url(&text);
    }
}
