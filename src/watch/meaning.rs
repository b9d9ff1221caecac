//! What the head of an answer says: why there is no document, how long one stays fresh, and which hub
//! pushes it.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::StatusCode;
use reqwest::header::{AGE, CACHE_CONTROL, DATE, EXPIRES, HeaderMap, LINK};
use url::Url;

use super::fetch::Failure;
use crate::model::Hub;
use crate::net::{http_date, retry_after};

/// Longest hint from headers that is taken.
const SENSIBLE_HINT: Duration = Duration::from_secs(31 * 86_400);

/// What a status that brings no document means, and what to do about it.
pub(super) fn explain(status: StatusCode, headers: &HeaderMap, now: Timestamp) -> Failure {
    let code = status.as_u16();
    let cure = match code {
        401 => "the feed wants a login",
        403 | 451 => {
            "the site does not let us in\nask it to allow feed readers, and set `contact` under \
             [network] so that it knows who asks"
        }
        404 => "there is nothing at this address\nlook for the feed's new address on the site",
        407 => "the proxy wants a login",
        429 => "the site asks for fewer requests",
        503 => "the site is overloaded or down for maintenance",
        500..=599 => "the site is in trouble",
        204 => "the answer is empty",
        _ => "which brings no feed",
    };
    Failure {
        why: format!("the server answers {code}: {cure}"),
        unreached: false,
        blocked: matches!(code, 401 | 403 | 451) || headers.contains_key("cf-mitigated"),
        after: if matches!(code, 403 | 429 | 503) { retry_after(headers, now) } else { None },
    }
}

/// How long an answer stays fresh by `Cache-Control`, else `Expires` (RFC 9111, section 4.2.1).
pub(super) fn freshness(headers: &HeaderMap) -> Option<Duration> {
    let mut directives = headers.get_all(CACHE_CONTROL).iter().peekable();
    if directives.peek().is_some() {
        let text: Vec<&str> = directives.filter_map(|value| value.to_str().ok()).collect();
        let text = text.join(",").to_ascii_lowercase();
        let mut words = text.split(',').map(str::trim);
        if words.clone().any(|word| word.starts_with("no-cache") || word.starts_with("no-store")) {
            return None;
        }
        let most = words.find_map(|word| word.strip_prefix("max-age="))?;
        let most: u64 = most.trim_matches('"').parse().ok()?;
        // A cache between has had it for so long already.
        let age = headers.get(AGE).and_then(|age| age.to_str().ok()?.trim().parse().ok());
        return sensible(most.saturating_sub(age.unwrap_or(0)));
    }
    let date = |name| {
        let text = headers.get(name)?.to_str().ok()?;
        Some(http_date(text)?.as_second())
    };
    // Both are the server's own clock, so a wrong one does no harm.
    sensible(u64::try_from(date(EXPIRES)? - date(DATE)?).ok()?)
}

fn sensible(seconds: u64) -> Option<Duration> {
    Some(Duration::from_secs(seconds)).filter(|hint| !hint.is_zero() && *hint <= SENSIBLE_HINT)
}

/// The hub that links in the head name (RFC 8288; WebSub, section 4), for a document at `url`.
pub(super) fn hub(headers: &HeaderMap, url: &Url) -> Option<Hub> {
    let (mut hub, mut topic) = (None, None);
    for value in headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok()) {
        for link in value.split('<').skip(1) {
            let Some((target, parameters)) = link.split_once('>') else { continue };
            let Ok(target) = url.join(target.trim()) else { continue };
            let rel = parameters.split(';').map(str::trim).find_map(|parameter| {
                let (name, rest) = parameter.split_once('=')?;
                name.trim().eq_ignore_ascii_case("rel").then_some(rest)
            });
            let rel = rel.unwrap_or_default().trim_matches([' ', '"', ',']).to_ascii_lowercase();
            for word in rel.split_ascii_whitespace() {
                match word {
                    "hub" => hub = hub.or_else(|| Some(target.clone())),
                    "self" => topic = topic.or_else(|| Some(target.clone())),
                    _ => {}
                }
            }
        }
    }
    let web = |found: &Url| matches!(found.scheme(), "http" | "https") && found.has_host();
    let topic = topic.filter(web).unwrap_or_else(|| url.clone());
    hub.filter(web).map(|hub| Hub { url: hub.into(), topic: topic.into() })
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    fn headers(list: &[(HeaderName, &'static str)]) -> HeaderMap {
        list.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn freshness_is_read_and_senseless_ones_are_none() {
        let seconds =
            |list: &[(HeaderName, &'static str)]| freshness(&headers(list)).map(|d| d.as_secs());
        assert_eq!(seconds(&[(CACHE_CONTROL, "public, max-age=300")]), Some(300));
        assert_eq!(seconds(&[(CACHE_CONTROL, "no-cache, max-age=300")]), None);
        assert_eq!(seconds(&[(CACHE_CONTROL, "max-age=99999999999")]), None);
        assert_eq!(seconds(&[(CACHE_CONTROL, "max-age=0")]), None);
        assert_eq!(seconds(&[(CACHE_CONTROL, "max-age=300"), (AGE, "290")]), Some(10));
        assert_eq!(seconds(&[(CACHE_CONTROL, "max-age=300"), (AGE, "301")]), None);
        let date = (DATE, "Thu, 01 Jan 2026 00:00:00 GMT");
        assert_eq!(seconds(&[date.clone(), (EXPIRES, "Thu, 01 Jan 2026 00:10:00 GMT")]), Some(600));
        assert_eq!(seconds(&[date.clone(), (EXPIRES, "0")]), None);
        assert_eq!(seconds(&[date, (EXPIRES, "Thu, 01 Jan 1970 00:00:00 GMT")]), None);
    }

    #[test]
    fn statuses_are_explained() {
        let now = Timestamp::UNIX_EPOCH;
        let wait = headers(&[(reqwest::header::RETRY_AFTER, "60")]);
        let told = explain(StatusCode::TOO_MANY_REQUESTS, &wait, now);
        assert_eq!((told.after, told.blocked), (Some(Duration::from_secs(60)), false));
        assert_eq!(explain(StatusCode::BAD_GATEWAY, &wait, now).after, None);
        let refused = explain(StatusCode::FORBIDDEN, &wait, now);
        assert_eq!((refused.after, refused.blocked), (Some(Duration::from_secs(60)), true));
    }

    #[test]
    fn a_hub_is_named_in_the_head() {
        let url = Url::parse("https://news.example/feed").unwrap();
        let named = |links: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for link in links {
                headers.append(LINK, HeaderValue::from_static(link));
            }
            hub(&headers, &url).map(|hub| (hub.url, hub.topic))
        };
        let pair = |hub: &str, topic: &str| Some((hub.to_owned(), topic.to_owned()));
        assert_eq!(
            named(&["<https://hub.example/>; rel=\"hub\", </feed.xml>; rel=self"]),
            pair("https://hub.example/", "https://news.example/feed.xml")
        );
        assert_eq!(
            named(&["<a>; rel=\"next hub\"", "<b>; title=x; REL = hub", "<c>; rel=prev"]),
            pair("https://news.example/a", "https://news.example/feed")
        );
        for none in ["", "<x>", "<x; rel=hub", "<mailto:a@b.c>; rel=hub", "<x>; rel=", "x; rel=hub"]
        {
            assert_eq!(named(&[none]), None, "{none}");
        }
    }
}
