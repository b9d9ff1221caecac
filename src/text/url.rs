//! Canonical links: the same article under its many addresses. For comparison only; what is sent is
//! always the original link.

use std::borrow::Cow;

use url::Url;

/// Redirects inside redirects that are followed.
const NESTED: usize = 3;

/// Parameters that tell where a reader came from, on any site. A name that ends in `*` is a prefix.
const TRACKING: [&str; 37] = [
    "utm_*",
    "mtm_*",
    "itm_*",
    "hsa_*",
    "_hs*",
    "__hs*",
    "vero_*",
    "oly_*",
    "pk_*",
    "fbclid",
    "gclid",
    "dclid",
    "gbraid",
    "wbraid",
    "msclkid",
    "twclid",
    "yclid",
    "ysclid",
    "igshid",
    "srsltid",
    "mc_cid",
    "mc_eid",
    "mkt_tok",
    "cmpid",
    "ncid",
    "icid",
    "ocid",
    "_ga",
    "_gl",
    "__twitter_impression",
    "wt.mc_id",
    "guccounter",
    "guce_referrer",
    "guce_referrer_sig",
    "ref_src",
    "ref_url",
    "smid",
];

/// The same, on some sites only: elsewhere these names carry content.
const BY_HOST: [(&str, &[&str]); 14] = [
    ("bbc.co.uk", &["at_*", "xtor", "ns_*", "pinned_post_locator"]),
    ("bbc.com", &["at_*", "xtor", "ns_*", "pinned_post_locator"]),
    ("nytimes.com", &["smid", "smtyp", "partner", "emc", "rss", "ref"]),
    ("reuters.com", &["taid", "feedtype", "feedname", "rpc"]),
    ("bloomberg.com", &["srnd", "sref", "cmpid"]),
    ("washingtonpost.com", &["itid", "wprss", "wpisrc"]),
    ("theguardian.com", &["cmp", "ref"]),
    ("ft.com", &["ftcamp", "segmentid", "ref"]),
    ("wsj.com", &["mod", "reflink", "st"]),
    ("cnn.com", &["iref", "sr", "s_cid"]),
    ("cnbc.com", &["__source", "par"]),
    ("aljazeera.com", &["traffic_source"]),
    ("dw.com", &["maca"]),
    ("politico.eu", &["cid"]),
];

/// Sites that only lead on, and the parameters that hold where to.
const REDIRECTORS: [(&str, &[&str]); 8] = [
    ("google.com", &["url", "q"]),
    ("news.google.com", &["url"]),
    ("bing.com", &["url"]),
    ("facebook.com", &["u"]),
    ("feedburner.com", &["url"]),
    ("feedproxy.google.com", &["url"]),
    ("t.umblr.com", &["z"]),
    ("getpocket.com", &["url"]),
];

/// Host prefixes of mobile and lean versions.
const HOST_PREFIXES: [&str; 5] = ["www.", "m.", "mobile.", "amp.", "edition."];

/// The canonical form of an http(s) link: no scheme, lean host, no fragment, no tracking, the rest of
/// the query sorted. `None` for anything else.
pub fn canonical_url(link: &str) -> Option<String> {
    canonical_form(&Url::parse(link.trim()).ok()?)
}

/// As [`canonical_url`], of a link that has been read.
pub fn canonical_form(link: &Url) -> Option<String> {
    let mut url = Cow::Borrowed(link);
    for _ in 0..NESTED {
        match target(&url) {
            Some(inner) => url = Cow::Owned(inner),
            None => break,
        }
    }
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let host = lean_host(url.host_str()?);
    let mut canonical = host.clone();
    if let Some(port) = url.port() {
        canonical.push_str(&format!(":{port}"));
    }
    canonical.push_str(&lean_path(url.path()));
    let mut query: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| !is_tracking(&host, &name.to_lowercase()))
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    query.sort();
    for (index, (name, value)) in query.iter().enumerate() {
        canonical.push(if index == 0 { '?' } else { '&' });
        canonical.push_str(name);
        if !value.is_empty() {
            canonical.push('=');
            canonical.push_str(value);
        }
    }
    Some(canonical)
}

/// Whether a canonical link can name one article: a bare home page cannot, though some feeds give it
/// to every entry.
pub fn is_article_url(canonical: &str) -> bool {
    canonical.contains('?')
        || canonical.split_once('/').is_some_and(|(_, path)| !path.trim_matches('/').is_empty())
}

/// Where a redirector leads, when its link says so.
fn target(url: &Url) -> Option<Url> {
    let host = lean_host(url.host_str()?);
    let (_, names) = REDIRECTORS.iter().find(|(site, _)| below(&host, site))?;
    url.query_pairs()
        .filter(|(name, _)| names.contains(&name.as_ref()))
        .find_map(|(_, value)| Url::parse(&value).ok())
        .filter(|inner| matches!(inner.scheme(), "http" | "https") && inner.has_host())
}

fn lean_host(host: &str) -> String {
    let mut host = host.trim_end_matches('.').to_ascii_lowercase();
    // "m.example.org" loses its prefix, "m.org" does not.
    while let Some(rest) = HOST_PREFIXES
        .iter()
        .find_map(|prefix| host.strip_prefix(prefix))
        .filter(|rest| rest.contains('.'))
    {
        host = rest.to_owned();
    }
    host
}

fn lean_path(path: &str) -> String {
    let mut path = path.trim_end_matches('/');
    loop {
        let shorter = ["/amp", ".amp", "/index.html", "/index.htm", "/index.php"]
            .iter()
            .find_map(|end| path.strip_suffix(end))
            .map(|rest| rest.trim_end_matches('/'));
        match shorter {
            Some(rest) => path = rest,
            None => break,
        }
    }
    let path =
        path.strip_prefix("/amp/").map_or_else(|| path.to_owned(), |rest| format!("/{rest}"));
    // Doubled slashes come from careless joining.
    let mut lean = String::with_capacity(path.len());
    for part in path.split('/').filter(|part| !part.is_empty()) {
        lean.push('/');
        lean.push_str(part);
    }
    lean
}

fn is_tracking(host: &str, name: &str) -> bool {
    let listed = |list: &[&str]| {
        list.iter().any(|entry| match entry.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => name == *entry,
        })
    };
    listed(&TRACKING) || BY_HOST.iter().any(|(site, list)| below(host, site) && listed(list))
}

/// Whether a host is a site or one of its subdomains.
fn below(host: &str, site: &str) -> bool {
    host.strip_suffix(site).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn many_addresses_of_one_article_are_one() {
        for link in [
            "https://www.example.org/world/story-1",
            "http://example.org/world/story-1/",
            "https://m.example.org/world/story-1?utm_source=rss&fbclid=x#comments",
            "https://amp.example.org/world/story-1/amp",
            "https://example.org:443/world//story-1/index.html",
            "https://www.google.com/url?q=https%3A%2F%2Fexample.org%2Fworld%2Fstory-1&sa=t",
            "HTTPS://EXAMPLE.ORG/world/story-1",
        ] {
            assert_eq!(canonical_url(link).as_deref(), Some("example.org/world/story-1"), "{link}");
        }
    }

    #[test]
    fn what_carries_content_stays() {
        assert_eq!(canonical_url("https://a.org/?p=7&id=3").as_deref(), Some("a.org?id=3&p=7"));
        assert_eq!(
            canonical_url("https://a.org/x?at_medium=rss").as_deref(),
            Some("a.org/x?at_medium=rss")
        );
        assert_eq!(
            canonical_url("https://www.bbc.co.uk/x?at_medium=rss").as_deref(),
            Some("bbc.co.uk/x")
        );
        assert_ne!(canonical_url("https://a.org/Story"), canonical_url("https://a.org/story"));
        assert_eq!(canonical_url("https://m.org/x").as_deref(), Some("m.org/x"));
        assert_eq!(canonical_url("http://a.org:8080/x").as_deref(), Some("a.org:8080/x"));
    }

    #[test]
    fn only_web_links_have_a_canonical_form() {
        for link in ["", "mailto:a@b.org", "javascript:alert(1)", "/relative", "not a link"] {
            assert_eq!(canonical_url(link), None, "{link}");
        }
    }

    #[test]
    fn home_pages_name_no_article() {
        let home = canonical_url("https://www.example.org/").unwrap();
        assert!(!is_article_url(&home));
        assert!(is_article_url(&canonical_url("https://example.org/?p=1").unwrap()));
        assert!(is_article_url(&canonical_url("https://example.org/a").unwrap()));
    }

    proptest! {
        #[test]
        fn the_canonical_form_is_its_own(path in "[a-z/.]{0,20}", query in "([a-z]{1,4}=[a-z0-9]{0,3}&?){0,4}") {
            let link = format!("https://example.org/{path}?{query}");
            if let Some(once) = canonical_url(&link) {
                prop_assert_eq!(canonical_url(&format!("https://{once}")), Some(once));
            }
        }

        #[test]
        fn any_text_is_answered(text in "\\PC{0,60}") {
            let _ = canonical_url(&text);
        }
    }
}
