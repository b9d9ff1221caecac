//! One request, made ready: sent by `http`, or shown.

use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use tokio::time::Instant;
use url::{Position, Url};

use super::contract::{Answer, Parcel, Proof};
use super::http::{hidden, refused};
use super::mask::Mask;
use crate::setting::LiveSecret;

/// One request.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    pub(super) url: Url,
    /// Headers of this request.
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) content_type: &'a str,
    pub(super) body: Vec<u8>,
    /// What must not show in the answer.
    pub(super) mask: Mask,
    /// When all of it must have ended, the answer's body included.
    pub(super) deadline: Instant,
}

impl Call<'_> {
    /// Shows the token as it is now.
    pub(super) fn bear(&mut self, token: &LiveSecret) -> Result<(), Answer> {
        let token = token.current();
        self.mask.add(token.expose());
        let value = hidden(&format!("Bearer {}", token.expose()))
            .map_err(|why| refused(format!("the token is of no use now: {why}")))?;
        self.headers.push((AUTHORIZATION, value));
        Ok(())
    }

    /// What it would send. A secret that goes into the body alone, and not into what is sealed, is
    /// hidden there; sealed bytes hold none and stay as they are.
    pub(super) fn proof(self, parcel: &Parcel<'_>) -> Proof {
        let Call { method, url, headers, content_type, body, mask, .. } = self;
        let place = mask.over(&url[Position::BeforePath..]);
        let slash = if place.starts_with('/') { "" } else { "/" };
        let to = format!("{method} {}{slash}{place}", &url[..Position::BeforePath]);
        let mut shown = vec![(CONTENT_TYPE.to_string(), content_type.to_owned())];
        for (name, value) in headers {
            shown.push((name.to_string(), mask.over(&String::from_utf8_lossy(value.as_bytes()))));
        }
        let body = match body == parcel.sealed.body {
            true => body,
            false => mask.over(&String::from_utf8_lossy(&body)).into_bytes(),
        };
        Proof { to, headers: shown, body }
    }
}
