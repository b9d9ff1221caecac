//! Who may look: the token, and the cookie that stands for it.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::sync::Semaphore;

use crate::setting::Secret;

/// Shortest token that is taken: shorter ones can be guessed.
pub const SHORTEST: usize = 16;
/// The cookie's name.
const COOKIE: &str = "pactwatch";
/// Days for which a browser keeps the cookie.
const DAYS: u64 = 30;
/// What each wrong token costs; one is looked at after another, so guessing is slow.
const PENALTY: Duration = Duration::from_millis(500);

/// A gate: what is not let through has not shown the token.
#[derive(Clone)]
pub(super) struct Pass {
    token: Option<Secret>,
    secure: bool,
    wrong: Arc<Semaphore>,
}

impl Pass {
    /// Without a token everybody passes. `secure`: the page is reached by HTTPS.
    pub(super) fn new(token: Option<Secret>, secure: bool) -> Self {
        Self { token, secure, wrong: Arc::new(Semaphore::new(1)) }
    }

    /// Whether a request shows the token, as `Authorization: Bearer` or by the cookie.
    pub(super) async fn lets(&self, headers: &HeaderMap) -> bool {
        let Some(token) = &self.token else { return true };
        let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        if let Some(shown) = shown.and_then(|value| value.strip_prefix("Bearer ")) {
            return self.right(token, shown.trim()).await;
        }
        let cookies = headers.get_all(header::COOKIE).iter();
        cookies
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
            .filter_map(|value| BASE64_URL_SAFE_NO_PAD.decode(value).ok())
            .any(|value| stands_for(token, &value))
    }

    /// The `Set-Cookie` of a visitor who shows the right token.
    pub(super) async fn admit(&self, shown: &str) -> Option<String> {
        let token = self.token.as_ref()?;
        if !self.right(token, shown.trim()).await {
            return None;
        }
        let value = BASE64_URL_SAFE_NO_PAD.encode(mac(token)?.finalize().into_bytes());
        let secure = if self.secure { "; Secure" } else { "" };
        let age = DAYS * 86_400;
        Some(format!("{COOKIE}={value}; HttpOnly; SameSite=Strict; Path=/; Max-Age={age}{secure}"))
    }

    /// Compares in a time that does not tell how much of it is right.
    async fn right(&self, token: &Secret, shown: &str) -> bool {
        let shown = mac(&Secret::new(shown)).map(|mac| mac.finalize().into_bytes());
        if shown.is_some_and(|shown| stands_for(token, &shown)) {
            return true;
        }
        if let Ok(_turn) = self.wrong.acquire().await {
            tokio::time::sleep(PENALTY).await;
        }
        false
    }
}

/// What stands for a token: nothing of it can be read back, and a new token ends all sessions.
/// `None` is never: HMAC takes keys of any length.
fn mac(token: &Secret) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(token.expose().as_bytes()).ok()?;
    mac.update(b"pactwatch web session");
    Some(mac)
}

/// Whether these bytes stand for the token, in a time that does not tell how many of them do.
fn stands_for(token: &Secret, bytes: &[u8]) -> bool {
    mac(token).is_some_and(|mac| mac.verify_slice(bytes).is_ok())
}
