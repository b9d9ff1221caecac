//! Where a redirector leads, when its link says so. What it does not say needs a request, which is
//! not made here.

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use url::Url;

use super::lists::{GOOGLE_NEWS, PATH_REDIRECTORS, REDIRECT_PATHS, REDIRECTORS, Written};
use super::{below, lean_host, lean_path, spelt};

/// Base64 of links: web alphabet, with or without padding, careless last bits.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);
/// What the older ids of Google News begin with, before the length and the bytes of the link.
const GOOGLE_NEWS_MARK: [u8; 3] = [0x08, 0x13, 0x22];

/// The target of a redirector. Paths are looked at in the spelling that the canonical form has, so
/// that the canonical form of a link is never a redirector where the link was none.
pub(super) fn target(url: &Url) -> Option<Url> {
    let host = lean_host(url.host_str()?);
    // Nearly every link ends here.
    let in_path =
        host == GOOGLE_NEWS.0 || PATH_REDIRECTORS.iter().any(|(site, _)| at_site(&host, site));
    if url.query().is_none() && !in_path {
        return None;
    }
    let (whole, lean) = (spelt(url.path()), lean_path(url.path()));
    by_parameter(url, &host, &lean)
        .or_else(|| by_path(url, &host, &whole))
        .or_else(|| by_path(url, &host, &lean))
        .or_else(|| google_news(&host, &lean))
}

/// An address of the web.
fn web(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

fn by_parameter(url: &Url, host: &str, path: &str) -> Option<Url> {
    let value = |wanted: &str, written: Written| {
        let mut values = url.query_pairs().filter(|(name, _)| name == wanted);
        values.find_map(|(_, value)| match written {
            Written::Plain => web(&value),
            Written::Base64 => {
                let bytes = BASE64.decode(value.strip_prefix("a1")?).ok()?;
                web(std::str::from_utf8(&bytes).ok()?)
            }
        })
    };
    let named = REDIRECTORS
        .iter()
        .filter(|(site, begin, ..)| at_site(host, site) && path.starts_with(begin))
        .find_map(|(_, _, name, written)| value(name, *written));
    named.or_else(|| {
        let last = path.rsplit('/').next().unwrap_or_default();
        let word = last.split_once('.').map_or(last, |(word, _)| word);
        let leads_on = REDIRECT_PATHS.iter().any(|one| word.eq_ignore_ascii_case(one));
        leads_on.then(|| value("url", Written::Plain)).flatten()
    })
}

fn by_path(url: &Url, host: &str, path: &str) -> Option<Url> {
    PATH_REDIRECTORS.iter().find_map(|(site, begin)| {
        let rest = path.strip_prefix(begin).filter(|_| at_site(host, site))?;
        let (scheme, rest) = match rest.strip_prefix("s/") {
            Some(rest) => ("https", rest),
            None => ("http", rest),
        };
        // "/amp/help" is a page of the site itself: a target begins with a host.
        rest.split('/').next().filter(|host| host.trim_matches('.').contains('.'))?;
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        web(&format!("{scheme}://{rest}{query}")).filter(|inner| inner.domain().is_some())
    })
}

fn google_news(host: &str, path: &str) -> Option<Url> {
    let (site, paths) = GOOGLE_NEWS;
    if host != site {
        return None;
    }
    let id = paths.iter().find_map(|begin| path.strip_prefix(begin))?;
    let bytes = BASE64.decode(id.split('/').next()?).ok()?;
    let rest = bytes.strip_prefix(&GOOGLE_NEWS_MARK)?;
    // A length of one byte, or of two where the first has its high bit set.
    let (length, rest) = match rest {
        [low, high, rest @ ..] if low & 0x80 != 0 => {
            (usize::from(low & 0x7f) | usize::from(*high) << 7, rest)
        }
        [length, rest @ ..] => (usize::from(*length), rest),
        [] => return None,
    };
    web(std::str::from_utf8(rest.get(..length)?).ok()?)
}

/// Whether a host is a site or below it; a site that ends in `.` goes by any country's ending.
fn at_site(host: &str, site: &str) -> bool {
    let Some(name) = site.strip_suffix('.') else { return below(host, site) };
    let mut labels = host.split('.').skip_while(|label| *label != name).skip(1);
    let endings = [labels.next(), labels.next(), labels.next()];
    matches!(endings, [Some("com"), None, None] | [Some("com" | "co"), Some(_), None])
        || matches!(endings, [Some(country), None, None] if country.len() == 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_go_by_any_countrys_ending() {
        for host in ["google.com", "google.de", "google.co.uk", "news.google.com.au"] {
            assert!(at_site(host, "google."), "{host}");
        }
        for host in ["google.evil.org", "google", "notgoogle.com", "google.info", "google.de.com"] {
            assert!(!at_site(host, "google."), "{host}");
        }
    }
}
