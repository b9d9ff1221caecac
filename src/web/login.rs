//! The way in where a token is asked for: a form, and the cookie that remembers it.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;

use super::desk::Site;
use super::fields::Fields;
use super::layout::frame;

/// Where the form is.
pub(super) const PATH: &str = "/login";

/// Where one goes who asked for no page.
const FIRST: &str = "/";

/// Whether an address leads to a page here: a path alone, which no browser takes for another site's.
fn is_page_of_ours(address: &str) -> bool {
    let path = address.starts_with('/') && !address.starts_with("//");
    path && !address.contains('\\') && !address.contains(char::is_control)
}

/// The answer to a visitor who has not shown the token.
pub(super) fn ask(headers: &HeaderMap, uri: &Uri, method: &Method) -> Response {
    let asked = uri.path_and_query().map_or("/", |asked| asked.as_str());
    let from = headers.get("sec-fetch-site").and_then(|value| value.to_str().ok());
    if method == Method::GET && from == Some("cross-site") {
        // A browser keeps the cookie back when another site, a chat for instance, led here. A page
        // of our own that leads on brings it.
        let page = html! {
            (maud::DOCTYPE)
            html lang="en" {
                head { meta charset="utf-8"; meta http-equiv="refresh" content="0"; title { "pactwatch" } }
                body { p { a href=(asked) { "Go on" } } }
            }
        };
        return axum::response::Html(page.into_string()).into_response();
    }
    let wants_page = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    match wants_page {
        // What was posted is not kept, so only what was looked at is gone back to.
        true => form(false, if method == Method::GET { asked } else { FIRST }),
        false => (
            StatusCode::UNAUTHORIZED,
            [(header::WWW_AUTHENTICATE, "Bearer")],
            "send the token of [web] as `Authorization: Bearer …`\n",
        )
            .into_response(),
    }
}

/// A form that leads on to the page that was asked for.
fn form(wrong: bool, next: &str) -> Response {
    let content = html! {
        h1 { "Who is there?" }
        @if wrong { p.trouble role="alert" { "That is not the token." } }
        form.stack method="post" action=(PATH) {
            label { span { "Token" }
                input type="password" name="token" autocomplete="current-password" required autofocus;
            }
            input type="hidden" name="next" value=(next);
            button { "Come in" }
        }
        p.note { "It is the one that the config names under " code { "[web]" } "." }
    };
    (StatusCode::UNAUTHORIZED, frame("Token", None, &content, &html! {})).into_response()
}

/// The empty form.
pub(super) async fn show() -> Response {
    form(false, FIRST)
}

/// Takes the form.
pub(super) async fn enter(State(site): State<Arc<Site>>, body: Bytes) -> Response {
    let fields = Fields::read(&body);
    let shown = fields.get("token").unwrap_or_default();
    let next = fields.get("next").filter(|next| is_page_of_ours(next)).unwrap_or(FIRST);
    match site.desk().pass.admit(shown).await {
        Some(cookie) => ([(header::SET_COOKIE, cookie)], Redirect::to(next)).into_response(),
        None => form(true, next),
    }
}
