//! What stands before every page: who may call, what a visitor may do, and what an answer may do to
//! the browser that gets it.
//!
//! A browser carries requests of other sites to us, so being on loopback is no protection by itself.
//! Names that we do not know are turned away, or another site could point its own name at us and read
//! our answers; a change needs a request that our own page made. Addresses need no such list: no
//! site can make an address its own.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use url::Url;

use super::api::ApiTrouble;
use super::desk::{Desk, Site};
use super::login;
use super::trouble::Trouble;

/// Largest body of a request: a pasted article, percent-encoded.
const BODY: usize = 1 << 20;
/// Longest time for one answer.
const TURN: Duration = Duration::from_secs(20);
/// Nothing but our own style, form targets and pictures; no script, no frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
/// Open to whoever reaches us: they say nothing of what is watched.
const OPEN: [&str; 4] = ["/healthz", "/readyz", "/style.css", "/icon.svg"];

/// The one path that programs post to; nothing is changed there.
const EXPLAIN: &str = "/api/v1/explain";

/// Checks a request, makes sure that its answer comes, and seals the answer's headers.
pub(super) async fn guard(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let desk = site.desk();
    let answer = async {
        let (head, body) = request.into_parts();
        if let Err(refused) = allowed(&desk, &head).await {
            return refused;
        }
        // Before its turn comes, so that a slow sender keeps nobody waiting.
        let Ok(body) = axum::body::to_bytes(body, BODY).await else {
            return Trouble::TooLarge.into_response();
        };
        let request = Request::from_parts(head, Body::from(body));
        let _turn = match is_light(request.uri().path()) {
            true => None,
            false => site.turn.acquire().await.ok(),
        };
        next.run(request).await
    };
    let answer = AssertUnwindSafe(tokio::time::timeout(TURN, answer)).catch_unwind().await;
    let mut response = match answer {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => Trouble::Slow.into_response(),
        // The panic itself has been reported where it happened.
        Err(_) => Trouble::Ours("this page is broken; please report it").into_response(),
    };
    site.meters.answered(response.status().as_u16());
    seal(response.headers_mut());
    response
}

/// Whether a path is open, and asks nothing of the store's readers.
fn is_light(path: &str) -> bool {
    OPEN.contains(&path) || path == login::PATH
}

async fn allowed(desk: &Desk, head: &Parts) -> Result<(), Response> {
    let headers = &head.headers;
    let host = host_of(headers).unwrap_or_default();
    if !is_ours(&host, desk) {
        return Err(refusal(head.uri.path(), Trouble::Misdirected(host)));
    }
    let path = head.uri.path();
    if head.method == Method::POST && !is_same_origin(headers, path, desk) {
        return Err(refusal(path, Trouble::Foreign));
    }
    if is_light(path) || desk.pass.lets(headers).await {
        return Ok(());
    }
    Err(login::ask(headers, &head.uri, &head.method))
}

/// A trouble as those who ask at this path read it.
fn refusal(path: &str, trouble: Trouble) -> Response {
    match path.starts_with("/api/") {
        true => ApiTrouble::from(trouble).into_response(),
        false => trouble.into_response(),
    }
}

/// The name in `Host`, without the port, in lower case.
fn host_of(headers: &HeaderMap) -> Option<String> {
    let mut all = headers.get_all(header::HOST).iter();
    let host = all.next()?.to_str().ok()?;
    if all.next().is_some() {
        return None;
    }
    Some(name_of(host))
}

fn name_of(authority: &str) -> String {
    let name = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    name.trim_end_matches('.').to_ascii_lowercase()
}

fn is_ours(host: &str, desk: &Desk) -> bool {
    let localhost = host == "localhost" || host.ends_with(".localhost");
    localhost || host.parse::<IpAddr>().is_ok() || desk.public_host.as_deref() == Some(host)
}

/// Whether our own page made the request. Browsers say so in one of two headers at least; what has
/// neither comes from a program, which may have a text explained and change nothing.
fn is_same_origin(headers: &HeaderMap, path: &str, desk: &Desk) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) if site != "same-origin" => false,
        (_, Some(origin)) => is_our_origin(origin, text("host").unwrap_or_default(), desk),
        (Some(_), None) => true,
        (None, None) => path == EXPLAIN,
    }
}

/// Whether a page of this origin is ours: scheme, name and port, for another port is another's page.
/// Behind a proxy the origin that the browser knows is that of `public_url`.
fn is_our_origin(origin: &str, host: &str, desk: &Desk) -> bool {
    let of = |address: &str| {
        let origin = Url::parse(address).ok()?.origin();
        origin.is_tuple().then_some(origin)
    };
    let Some(origin) = of(origin) else { return false };
    [format!("http://{host}"), desk.public_url.clone()]
        .iter()
        .any(|ours| of(ours) == Some(origin.clone()))
}

fn seal(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        // Other sites learn nothing. With `no-referrer` our own forms would come without an origin.
        (header::REFERRER_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

/// For paths that lead nowhere.
pub(super) async fn nowhere(uri: Uri) -> Response {
    refusal(uri.path(), Trouble::Missing("there is no such page".to_owned()))
}
