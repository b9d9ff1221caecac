//! What is known of links by name: as data, so that a list grows without a change of code. Names are
//! in lower case; one that ends in `*` is a prefix.

/// Parameters that tell where a reader came from, on any site.
pub(super) const TRACKING: &[&str] = &[
    "utm_*",
    "mtm_*",
    "itm_*",
    "hsa_*",
    "_hs*",
    "__hs*",
    "vero_*",
    "oly_*",
    "pk_*",
    "guce_*",
    "amp_js_v",
    "amp_gsa",
    "usqp",
    "fbclid",
    "gclid",
    "gclsrc",
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
    "ref_src",
    "ref_url",
];

/// The same, on some sites and those below them only: elsewhere these names carry content.
pub(super) const BY_HOST: &[(&str, &[&str])] = &[
    ("bbc.co.uk", &["at_*", "xtor", "ns_*", "pinned_post_locator"]),
    ("bbc.com", &["at_*", "xtor", "ns_*", "pinned_post_locator"]),
    ("nytimes.com", &["smid", "smtyp", "partner", "emc", "rss", "ref"]),
    ("reuters.com", &["taid", "feedtype", "feedname", "rpc"]),
    ("bloomberg.com", &["srnd", "sref"]),
    ("washingtonpost.com", &["itid", "wprss", "wpisrc"]),
    ("theguardian.com", &["cmp", "ref"]),
    ("ft.com", &["ftcamp", "segmentid", "ref"]),
    ("wsj.com", &["mod", "reflink", "st"]),
    ("cnn.com", &["iref", "sr", "s_cid"]),
    ("cnbc.com", &["__source", "par"]),
    ("aljazeera.com", &["traffic_source"]),
    ("dw.com", &["maca"]),
    ("politico.eu", &["cid"]),
    ("yahoo.com", &["src", ".tsrc"]),
    ("economist.com", &["fsrc"]),
    ("lemonde.fr", &["xtor", "lmd_*"]),
    ("spiegel.de", &["sara_ref"]),
];

/// Parameters that ask for the lean version of a page, with the values that do; `""` is none.
pub(super) const LEAN: &[(&str, &[&str])] =
    &[("amp", &["", "1", "true"]), ("outputtype", &["amp"])];

/// Host prefixes of mobile and lean versions.
pub(super) const HOST_PREFIXES: &[&str] = &["m.", "mobile.", "amp."];

/// Sites with a second name.
pub(super) const OTHER_NAMES: &[(&str, &str)] = &[("edition.cnn.com", "cnn.com")];

/// Second-level names under which a country sells names: `amp.com.au` is a company, not the lean
/// version of `com.au`.
pub(super) const SHARED_ENDINGS: &[&str] =
    &["ac", "co", "com", "edu", "go", "gob", "gov", "gv", "ne", "net", "or", "org"];

/// Endings of paths that name the same page as the path without them.
pub(super) const PATH_ENDINGS: &[&str] =
    &["/amp", ".amp", "/index.html", "/index.htm", "/index.php"];

/// How a redirector writes its target into a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// As it is.
    Plain,
    /// In Base64 after `a1`.
    Base64,
}

/// Sites that only lead on: the site (one that ends in `.` under any country), the beginning of the
/// path, the parameter that holds where to, and how.
pub(super) const REDIRECTORS: &[(&str, &str, &str, Written)] = &[
    ("google.", "/url", "url", Written::Plain),
    ("google.", "/url", "q", Written::Plain),
    ("news.google.com", "/news/url", "url", Written::Plain),
    ("bing.com", "/news/apiclick", "url", Written::Plain),
    ("bing.com", "/ck/a", "u", Written::Base64),
    ("feedburner.com", "", "url", Written::Plain),
    ("feedproxy.google.com", "", "url", Written::Plain),
    ("facebook.com", "/l.php", "u", Written::Plain),
    ("l.instagram.com", "", "u", Written::Plain),
    ("t.umblr.com", "/redirect", "z", Written::Plain),
    ("getpocket.com", "/redirect", "url", Written::Plain),
    ("linkedin.com", "/redir", "url", Written::Plain),
    ("out.reddit.com", "", "url", Written::Plain),
    ("duckduckgo.com", "/l", "uddg", Written::Plain),
    ("youtube.com", "/redirect", "q", Written::Plain),
    ("vk.com", "/away.php", "to", Written::Plain),
];

/// Last words of the paths of redirectors on any site, with `url=` after them. A page that is about
/// an address ("share", "oembed", "validator") is none.
pub(super) const REDIRECT_PATHS: &[&str] = &[
    "url",
    "redirect",
    "redirector",
    "redir",
    "rd",
    "click",
    "clickthrough",
    "out",
    "goto",
    "away",
];

/// Sites whose path holds the target without its scheme: the site, the beginning of the path. What
/// follows may say `s/` for https.
pub(super) const PATH_REDIRECTORS: &[(&str, &str)] =
    &[("cdn.ampproject.org", "/c/"), ("cdn.ampproject.org", "/v/"), ("google.", "/amp/")];

/// Where Google News writes an article: the id after it is Base64 and, in its older form, holds the
/// target.
pub(super) const GOOGLE_NEWS: (&str, &[&str]) =
    ("news.google.com", &["/rss/articles/", "/articles/", "/read/", "/__i/rss/rd/articles/"]);
