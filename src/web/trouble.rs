//! Answers that are no page: what went wrong, in words that say what to do.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::layout;
use crate::report::NoName;
use crate::store::StoreError;

/// Why there is no page.
#[derive(Debug)]
pub(super) enum Trouble {
    /// What was asked for is not there.
    Missing(String),
    /// The question makes no sense.
    Bad(String),
    /// It was called by a name that is not its own.
    Misdirected(String),
    /// Another site asks for a change.
    Foreign,
    /// It cannot be done as things stand.
    Refused(String),
    /// More was sent than is read.
    TooLarge,
    /// It took too long.
    Slow,
    /// A fault of ours.
    Ours(&'static str),
    /// The database.
    Store(StoreError),
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<NoName> for Trouble {
    fn from(error: NoName) -> Self {
        match error {
            NoName::Unknown(what) => Self::Bad(what),
            NoName::Store(error) => Self::Store(error),
        }
    }
}

impl Trouble {
    /// Its status, and what there is to say.
    pub(super) fn said(self) -> (StatusCode, String) {
        match self {
            Self::Missing(text) => (StatusCode::NOT_FOUND, text),
            Self::Bad(text) => (StatusCode::BAD_REQUEST, text),
            Self::Misdirected(host) => (
                StatusCode::MISDIRECTED_REQUEST,
                format!(
                    "this desk does not go by the name `{host}`; open it by its address, or write \
                     its name as public_url under [web] and reload"
                ),
            ),
            Self::Foreign => (
                StatusCode::FORBIDDEN,
                "changes are taken from this desk's own pages alone; go back and try it there"
                    .to_owned(),
            ),
            Self::Refused(text) => (StatusCode::CONFLICT, text),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "this is more than is read at once; send less".to_owned(),
            ),
            Self::Slow => (
                StatusCode::SERVICE_UNAVAILABLE,
                "this took too long; ask for less, or try again later".to_owned(),
            ),
            Self::Ours(text) => (StatusCode::INTERNAL_SERVER_ERROR, text.to_owned()),
            Self::Store(error) => {
                tracing::warn!(%error, "a page could not be made");
                let text = "the database cannot be read; the log says why".to_owned();
                (StatusCode::INTERNAL_SERVER_ERROR, text)
            }
        }
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let (status, text) = self.said();
        (status, layout::plain(status.canonical_reason().unwrap_or("Trouble"), &text))
            .into_response()
    }
}
