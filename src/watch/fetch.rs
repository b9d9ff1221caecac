//! One conditional GET, redirects included, and what its answer means.
//!
//! Validators go out byte for byte as they came. Redirects are followed by hand, so that the guard
//! vets every hop and permanent ones are known. Nothing is retried here and nothing is scheduled.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_TYPE, DATE, ETAG, EXPIRES, HeaderMap, HeaderName, HeaderValue,
    IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, LOCATION,
};
use reqwest::{Method, Response, StatusCode};
use url::Url;

use super::section::PollSection;
use crate::model::Validators;
use crate::net::{Client, read_capped, retry_after};

/// Most redirects in a row.
const MAX_REDIRECTS: usize = 5;
/// Longest hint from headers that is taken.
const SENSIBLE_HINT: Duration = Duration::from_secs(31 * 86_400);
/// What we like best comes first; anything is taken, because servers mislabel feeds.
const ACCEPTED: &str = "application/atom+xml, application/rss+xml, application/feed+json;q=0.9, \
                        application/rdf+xml;q=0.9, application/xml;q=0.8, text/xml;q=0.8, \
                        application/json;q=0.7, */*;q=0.1";

/// What a fetch brought.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) answer: Answer,
    /// Status of the last answer, where there was one.
    pub(super) status: Option<u16>,
    /// Where permanent redirects led, if they were the first or only ones.
    pub(super) moved: Option<String>,
    /// How long the answer says it stays fresh.
    pub(super) fresh: Option<Duration>,
}

/// What the answer means.
#[derive(Debug)]
pub(super) enum Answer {
    /// 304: nothing new; the validators to keep.
    NotModified(Validators),
    /// A document.
    Document {
        bytes: Vec<u8>,
        content_type: Option<String>,
        /// Where it came from in the end.
        url: Url,
        /// For the next request, without the body's hash.
        validators: Validators,
    },
    /// 410: gone for good.
    Gone,
    /// No document.
    Failed(Failure),
}

/// Why there is no document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The reason, ready to show; never holds the address, which may be a secret.
    pub(super) why: String,
    /// Somebody stands in the way, rather than something being broken.
    pub(super) blocked: bool,
    /// `Retry-After` of a 429 or 503.
    pub(super) after: Option<Duration>,
}

impl Failure {
    pub(super) fn new(why: impl Into<String>) -> Self {
        Self { why: why.into(), blocked: false, after: None }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for Failure {}

/// Fetches one document with the bounds of polling, unconditionally: its bytes, its
/// `Content-Type`, and the address that it came from after redirects.
///
/// # Errors
///
/// Why none came, ready to show, without the address.
pub async fn fetch_once(
    client: &Client,
    url: &Url,
    poll: &PollSection,
) -> Result<(Vec<u8>, Option<String>, String), Failure> {
    match fetch(client, url.as_str(), &Validators::default(), poll).await.answer {
        Answer::Document { bytes, content_type, url, .. } => Ok((bytes, content_type, url.into())),
        Answer::Failed(failure) => Err(failure),
        Answer::Gone => Err(Failure::new("the server says that it is gone for good (410)")),
        Answer::NotModified(_) => Err(Failure::new("the server answers 304 to a first request")),
    }
}

/// Fetches `url`, conditionally where there are validators, within the section's timeout.
pub(super) async fn fetch(
    client: &Client,
    url: &str,
    validators: &Validators,
    poll: &PollSection,
) -> Fetched {
    let mut fetched = Fetched { answer: Answer::Gone, status: None, moved: None, fresh: None };
    let work = follow(client, url, validators, poll.max_body, &mut fetched);
    let answer = match tokio::time::timeout(poll.timeout, work).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(failure)) => Answer::Failed(failure),
        Err(_) => Answer::Failed(Failure::new(format!(
            "no complete answer within {}",
            crate::setting::show_duration(poll.timeout)
        ))),
    };
    fetched.answer = answer;
    fetched
}

async fn follow(
    client: &Client,
    url: &str,
    validators: &Validators,
    max_body: usize,
    fetched: &mut Fetched,
) -> Result<Answer, Failure> {
    let mut url = Url::parse(url).map_err(|_| Failure::new("its address cannot be read"))?;
    let mut permanent = true;
    for _ in 0..=MAX_REDIRECTS {
        let request = client
            .request(Method::GET, &url)
            .map_err(|refused| Failure::new(format!("not allowed to {refused}")))?;
        let request = request.header(ACCEPT, ACCEPTED).headers(conditions(validators));
        let response =
            client.send(request).await.map_err(|error| Failure::new(error.to_string()))?;
        let status = response.status();
        fetched.status = Some(status.as_u16());
        let Some(target) = redirect(&response, &url)? else {
            return answer(response, url, validators, max_body, fetched).await;
        };
        permanent &= matches!(status.as_u16(), 301 | 308);
        // A step down from https is followed but never remembered.
        permanent &= !(url.scheme() == "https" && target.scheme() == "http");
        if permanent {
            fetched.moved = Some(target.to_string());
        }
        url = target;
    }
    fetched.moved = None;
    Err(Failure::new(format!("more than {MAX_REDIRECTS} redirects in a row")))
}

/// Where a redirect leads; `None` where the answer is none.
fn redirect(response: &Response, url: &Url) -> Result<Option<Url>, Failure> {
    let status = response.status().as_u16();
    if !matches!(status, 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let location = response.headers().get(LOCATION);
    let target =
        location.and_then(|value| url.join(&String::from_utf8_lossy(value.as_bytes())).ok());
    match target {
        Some(target) => Ok(Some(target)),
        None => Err(Failure::new(format!("the server redirects ({status}) to no address"))),
    }
}

async fn answer(
    response: Response,
    url: Url,
    validators: &Validators,
    max_body: usize,
    fetched: &mut Fetched,
) -> Result<Answer, Failure> {
    let now = Timestamp::now();
    let status = response.status();
    let headers = response.headers();
    fetched.fresh = freshness(headers);
    let raw = |name: HeaderName| headers.get(name).map(|value| value.as_bytes().to_vec());
    if status == StatusCode::NOT_MODIFIED {
        if validators.etag.is_none() && validators.last_modified.is_none() {
            return Err(Failure::new("the server answers 304 to an unconditional request"));
        }
        return Ok(Answer::NotModified(Validators {
            etag: raw(ETAG).or_else(|| validators.etag.clone()),
            last_modified: raw(LAST_MODIFIED).or_else(|| validators.last_modified.clone()),
            body_hash: validators.body_hash,
        }));
    }
    if status == StatusCode::GONE {
        return Ok(Answer::Gone);
    }
    if !status.is_success() || status == StatusCode::NO_CONTENT {
        return Err(explain(status, headers, now));
    }
    let content_type = raw(CONTENT_TYPE).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let validators =
        Validators { etag: raw(ETAG), last_modified: raw(LAST_MODIFIED), body_hash: None };
    let bytes =
        read_capped(response, max_body).await.map_err(|error| Failure::new(error.to_string()))?;
    Ok(Answer::Document { bytes, content_type, url, validators })
}

/// The headers that make a request conditional.
fn conditions(validators: &Validators) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in
        [(IF_NONE_MATCH, &validators.etag), (IF_MODIFIED_SINCE, &validators.last_modified)]
    {
        if let Some(value) = value.as_deref().and_then(|raw| HeaderValue::from_bytes(raw).ok()) {
            headers.insert(name, value);
        }
    }
    headers
}

/// What a status that brings no document means, and what to do about it.
fn explain(status: StatusCode, headers: &HeaderMap, now: Timestamp) -> Failure {
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
        blocked: matches!(code, 401 | 403 | 451) || headers.contains_key("cf-mitigated"),
        after: if matches!(code, 429 | 503) { retry_after(headers, now) } else { None },
    }
}

/// How long an answer stays fresh by `Cache-Control`, else `Expires` (RFC 9111, section 4.2.1).
fn freshness(headers: &HeaderMap) -> Option<Duration> {
    let mut directives = headers.get_all(CACHE_CONTROL).iter().peekable();
    if directives.peek().is_some() {
        let text: Vec<&str> = directives.filter_map(|value| value.to_str().ok()).collect();
        let text = text.join(",").to_ascii_lowercase();
        let mut words = text.split(',').map(str::trim);
        if words.clone().any(|word| word.starts_with("no-cache") || word.starts_with("no-store")) {
            return None;
        }
        let age = words.find_map(|word| word.strip_prefix("max-age="))?;
        return sensible(age.trim_matches('"').parse().ok()?);
    }
    let date = |name| {
        let text = headers.get(name)?.to_str().ok()?;
        Some(jiff::fmt::rfc2822::parse(text).ok()?.timestamp().as_second())
    };
    // Both are the server's own clock, so a wrong one does no harm.
    sensible(u64::try_from(date(EXPIRES)? - date(DATE)?).ok()?)
}

fn sensible(seconds: u64) -> Option<Duration> {
    Some(Duration::from_secs(seconds)).filter(|hint| !hint.is_zero() && *hint <= SENSIBLE_HINT)
}

#[cfg(test)]
mod tests {
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
        assert!(explain(StatusCode::FORBIDDEN, &wait, now).blocked);
    }
}
