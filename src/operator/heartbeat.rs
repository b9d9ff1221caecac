//! The call that says that all is well.

use std::time::Duration;

use reqwest::Method;
use thiserror::Error;
use url::Url;

use super::section::HeartbeatSection;
use crate::net::Client;
use crate::setting::SecretError;

/// Longest wait for the answer to a call.
const ANSWER: Duration = Duration::from_secs(20);

/// Why there is no heartbeat. Never holds the address.
#[derive(Debug, Error)]
pub enum NoHeartbeat {
    /// Its address cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// It is no address.
    #[error("use `url`, which is no address\nwrite it like `https://watcher.example.org/ping/…`")]
    Address,
}

/// A call that is made again and again.
#[derive(Debug, Clone)]
pub struct Heartbeat {
    client: Client,
    url: Url,
    every: Duration,
}

impl Heartbeat {
    /// Resolves its address.
    ///
    /// # Errors
    ///
    /// It cannot be read, or is none.
    pub fn new(section: &HeartbeatSection, client: Client) -> Result<Self, NoHeartbeat> {
        let text = section.url.resolve()?;
        let url = Url::parse(text.expose().trim()).map_err(|_| NoHeartbeat::Address)?;
        match matches!(url.scheme(), "http" | "https") && url.has_host() {
            true => Ok(Self { client, url, every: section.every }),
            false => Err(NoHeartbeat::Address),
        }
    }

    /// Time from one call to the next.
    pub fn every(&self) -> Duration {
        self.every
    }

    /// Calls. Any status from 200 to 299 counts as heard; the body is not read.
    ///
    /// # Errors
    ///
    /// What went wrong, ready to show, without the address.
    pub async fn call(&self) -> Result<(), String> {
        let request = self.client.request(Method::GET, &self.url);
        let request = request.map_err(|refused| format!("not allowed to {refused}"))?;
        let answer = tokio::time::timeout(ANSWER, self.client.send(request)).await;
        let answer = answer.map_err(|_| "no answer in time".to_owned())?;
        let status = answer.map_err(|error| error.to_string())?.status();
        match status.is_success() {
            true => Ok(()),
            false => Err(format!("it answers {status}")),
        }
    }
}
