//! One conditional GET, redirects included, and what its answer means.
//!
//! Validators go out byte for byte as they came. Redirects are followed by hand, so that the guard
//! vets every hop and permanent ones are known. Nothing is retried here and nothing is scheduled.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{
    ACCEPT, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, LAST_MODIFIED, LOCATION,
};
use reqwest::{Method, Response, StatusCode};
use url::Url;

use super::access::{Access, at_home};
use super::local;
use super::meaning::{explain, freshness, hub};
use super::section::PollSection;
use crate::model::{Hub, Validators};
use crate::net::{BodyError, Budget, Client, Held, Trouble, gunzip, is_gzip, read_capped};

/// Most redirects in a row.
const MAX_REDIRECTS: usize = 5;
/// What we like best comes first; anything is taken, because servers mislabel feeds.
pub(super) const FEEDS: &str = "application/atom+xml, application/rss+xml, application/feed+json;q=0.9, \
                        application/rdf+xml;q=0.9, application/xml;q=0.8, text/xml;q=0.8, \
                        application/json;q=0.7, */*;q=0.1";
/// The same for the page that an entry links to.
pub(super) const PAGES: &str = "text/html, application/xhtml+xml, */*;q=0.1";

/// What is to be fetched.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request<'a> {
    /// The address to ask.
    pub(super) url: &'a str,
    /// The configured address, whose host alone is told the secrets.
    pub(super) home: &'a str,
    /// The secrets, where the feed has any.
    pub(super) access: Option<&'a Access>,
    /// Folders whose files may be read.
    pub(super) files: &'a [PathBuf],
    /// What makes it conditional.
    pub(super) validators: &'a Validators,
    /// The header `Accept`.
    pub(super) accept: &'static str,
}

/// What a fetch brought.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) answer: Answer,
    /// The room that the document takes, until it has been read.
    pub(super) held: Held,
    /// Status of the last answer, where there was one.
    pub(super) status: Option<u16>,
    /// Where permanent redirects led, if they were the first or only ones.
    pub(super) moved: Option<String>,
    /// How long the answer says it stays fresh.
    pub(super) fresh: Option<Duration>,
    /// The hub that its headers name.
    pub(super) hub: Option<Hub>,
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
    /// `Retry-After` of a 403, 429 or 503.
    pub(super) after: Option<Duration>,
    /// No answer came at all, so the network may be what is broken.
    pub(super) unreached: bool,
}

impl Failure {
    pub(super) fn new(why: impl Into<String>) -> Self {
        Self { why: why.into(), blocked: false, after: None, unreached: false }
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
    let validators = Validators::default();
    let request = Request {
        url: url.as_str(),
        home: url.as_str(),
        access: None,
        files: &[],
        validators: &validators,
        accept: FEEDS,
    };
    let budget = Budget::new(poll.max_body);
    match fetch(client, request, poll, budget.body()).await.answer {
        Answer::Document { bytes, content_type, url, .. } => Ok((bytes, content_type, url.into())),
        Answer::Failed(failure) => Err(failure),
        Answer::Gone => Err(Failure::new("the server says that it is gone for good (410)")),
        Answer::NotModified(_) => Err(Failure::new("the server answers 304 to a first request")),
    }
}

/// Makes the request, conditionally where there are validators, within the section's timeout. `held`
/// grows with the document.
pub(super) async fn fetch(
    client: &Client,
    request: Request<'_>,
    poll: &PollSection,
    held: Held,
) -> Fetched {
    let mut fetched =
        Fetched { answer: Answer::Gone, held, status: None, moved: None, fresh: None, hub: None };
    let work = follow(client, request, poll.max_body, &mut fetched);
    let answer = match tokio::time::timeout(poll.timeout, work).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(failure)) => Answer::Failed(failure),
        Err(_) => Answer::Failed(Failure {
            unreached: fetched.status.is_none(),
            ..Failure::new(format!(
                "no complete answer within {}",
                crate::setting::show_duration(poll.timeout)
            ))
        }),
    };
    fetched.answer = answer;
    fetched
}

async fn follow(
    client: &Client,
    asked: Request<'_>,
    max_body: usize,
    fetched: &mut Fetched,
) -> Result<Answer, Failure> {
    let mut url = Url::parse(asked.url).map_err(|_| Failure::new("its address cannot be read"))?;
    if url.scheme() == "file" {
        // Only what the config names; a redirect to a file is refused below, as any other scheme.
        return local::read(&url, asked.files, max_body, &mut fetched.held).await;
    }
    // Where a key in an address leads may hold the key too, and is never remembered.
    let mut permanent = asked.access.is_none_or(|access| access.url.is_none());
    for _ in 0..=MAX_REDIRECTS {
        let request = client
            .request(Method::GET, &url)
            .map_err(|refused| Failure::new(format!("not allowed to {refused}")))?;
        let mut request =
            request.header(ACCEPT, asked.accept).headers(conditions(asked.validators));
        let secrets = asked.access.filter(|access| !access.headers.is_empty());
        let told = secrets.filter(|_| at_home(&url, asked.home));
        if let Some(access) = told {
            request = request.headers(access.headers.clone());
        }
        let response = client.send(request).await.map_err(|error| Failure {
            unreached: matches!(error.trouble, Trouble::Dns | Trouble::Connect | Trouble::Timeout)
                && fetched.status.is_none(),
            ..Failure::new(error.to_string())
        })?;
        let status = response.status();
        fetched.status = Some(status.as_u16());
        let Some(target) = redirect(&response, &url)? else {
            let done = answer(response, url, asked.validators, max_body, fetched).await;
            let withheld =
                secrets.is_some() && told.is_none() && matches!(status.as_u16(), 401 | 403);
            return done.map_err(|failure| match withheld {
                true => elsewhere(failure),
                false => failure,
            });
        };
        permanent &= matches!(status.as_u16(), 301 | 308);
        // A step down from https is followed but never remembered, nor is a login inside an address.
        permanent &= !(url.scheme() == "https" && target.scheme() == "http");
        permanent &= target.username().is_empty() && target.password().is_none();
        if permanent {
            fetched.moved = Some(target.to_string());
        }
        url = target;
    }
    fetched.moved = None;
    Err(Failure::new(format!("more than {MAX_REDIRECTS} redirects in a row")))
}

/// Why a redirect ends at a closed door.
fn elsewhere(failure: Failure) -> Failure {
    let first = failure.why.lines().next().unwrap_or_default().to_owned();
    let why = format!(
        "{first}\nit redirected to another host, which is not told the feed's secrets: set `url` to \
         its new address if you trust that host"
    );
    Failure { why, ..failure }
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
    fetched.hub = hub(headers, &url);
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
    let broken = |error: BodyError| Failure::new(error.to_string());
    let mut bytes = read_capped(response, max_body, &mut fetched.held).await.map_err(broken)?;
    if is_gzip(&bytes) {
        let failed =
            |_| Failure::new("unpacking it failed inside pactwatch; please report this feed");
        let unpacking = tokio::task::spawn_blocking(move || gunzip(&bytes, max_body));
        bytes = unpacking.await.map_err(failed)?.map_err(broken)?;
        fetched.held.grow(bytes.len()).await;
    }
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
