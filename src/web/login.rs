//! The way in where a token is asked for: a form, and the cookie that remembers it.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;

use super::desk::Site;
use super::fields::Fields;
use super::layout::frame;

/// Where the form is.
pub(super) const PATH: &str = "/login";

/// The answer to a visitor who has not shown the token.
pub(super) fn ask(headers: &HeaderMap, path: &str, method: &Method) -> Response {
    let from = headers.get("sec-fetch-site").and_then(|value| value.to_str().ok());
    if method == Method::GET && from == Some("cross-site") {
        // A browser keeps the cookie back when another site, a chat for instance, led here. A page
        // of our own that leads on brings it.
        let page = html! {
            (maud::DOCTYPE)
            html lang="en" {
                head { meta charset="utf-8"; meta http-equiv="refresh" content="0"; title { "pactwatch" } }
                body { p { a href=(path) { "Go on" } } }
            }
        };
        return axum::response::Html(page.into_string()).into_response();
    }
    let wants_page = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    match wants_page {
        true => form(false),
        false => (
            StatusCode::UNAUTHORIZED,
            [(header::WWW_AUTHENTICATE, "Bearer")],
            "send the token of [web] as `Authorization: Bearer …`\n",
        )
            .into_response(),
    }
}

fn form(wrong: bool) -> Response {
    let content = html! {
        h1 { "Who is there?" }
        @if wrong { p.trouble role="alert" { "That is not the token." } }
        form.stack method="post" action=(PATH) {
            label { span { "Token" }
                input type="password" name="token" autocomplete="current-password" required autofocus;
            }
            button { "Come in" }
        }
        p.note { "It is the one that the config names under " code { "[web]" } "." }
    };
    (StatusCode::UNAUTHORIZED, frame("Token", None, &content, &html! {})).into_response()
}

/// The empty form.
pub(super) async fn show() -> Response {
    form(false)
}

/// Takes the form.
pub(super) async fn enter(State(site): State<Arc<Site>>, body: Bytes) -> Response {
    let fields = Fields::read(&body);
    let shown = fields.get("token").unwrap_or_default();
    match site.desk().pass.admit(shown).await {
        Some(cookie) => ([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response(),
        None => form(true),
    }
}
