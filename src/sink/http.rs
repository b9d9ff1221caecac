//! One request with bounds: where a receiver lives, and one attempt at it.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::call::Call;
use super::contract::{Answer, Parcel, Proof};
use super::mask::Mask;
use super::place::number;
use super::reply::{Reply, by_status};
use super::{BuildError, SinkConfig, Workshop};
use crate::model::{Outcome, Refusal};
use crate::net::{Client, ClientSetup, Guard, Trouble};
use crate::setting::{LiveSecret, Secret, SecretSource};
use crate::text;

/// Answer characters that are kept.
const ANSWER_KEPT: usize = 2000;
/// Connections kept open to a receiver.
const IDLE: usize = 2;

/// Where a receiver lives, and how it is reached.
#[derive(Debug, Clone)]
pub(super) struct Endpoint {
    client: Client,
    guard: Guard,
    /// The key that holds the address.
    key: &'static str,
    /// The address is a credential at most receivers.
    address: LiveSecret,
}

/// A header's value that never shows in `Debug`.
pub(super) fn hidden(text: &str) -> Result<HeaderValue, String> {
    let mut value = HeaderValue::from_str(text)
        .map_err(|_| "it holds a character that headers cannot".to_owned())?;
    value.set_sensitive(true);
    Ok(value)
}

impl Endpoint {
    /// Checks the address and builds the client.
    pub(super) fn new(
        key: &'static str,
        source: &SecretSource,
        config: &SinkConfig,
        workshop: &Workshop,
    ) -> Result<Self, BuildError> {
        // Before the client, whose trouble is told once for all: a secret that is missing is this
        // receiver's own.
        let address = LiveSecret::open(source)?;
        let guard = Guard::new(config.allow_private.clone(), "`allow_private` of this [[sink]]");
        let client = Client::new(&ClientSetup {
            user_agent: workshop.user_agent.clone(),
            guard: guard.clone(),
            tls: workshop.tls.clone(),
            proxy: None,
            idle_per_host: IDLE,
        })?;
        let endpoint = Self { client, guard, key, address };
        endpoint.url().map_err(|why| BuildError::Value { key, why })?;
        Ok(endpoint)
    }

    /// An endpoint whose address is no secret.
    pub(super) fn open(
        key: &'static str,
        address: &str,
        config: &SinkConfig,
        workshop: &Workshop,
    ) -> Result<Self, BuildError> {
        Self::new(key, &SecretSource::Inline(Secret::new(address)), config, workshop)
    }

    /// The address as it is now.
    ///
    /// # Errors
    ///
    /// It is none, or may not be dialled; the text never holds it.
    pub(super) fn url(&self) -> Result<Url, String> {
        let url = Url::parse(self.address.current().expose().trim()).map_err(|_| {
            "it is no address\nwrite it like https://hooks.example.org/…".to_owned()
        })?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(
                "it holds a user name\nput credentials into `headers` or `secret`".to_owned()
            );
        }
        self.guard.check(&url).map_err(|why| why.to_string())?;
        Ok(url)
    }

    /// A number for the address as it is now and what is asked for there.
    pub(super) fn number(&self, more: &[&str]) -> u64 {
        let address = self.address.current();
        let parts: Vec<&str> = [address.expose().trim()].iter().chain(more).copied().collect();
        number(&parts)
    }

    /// What is to be called; an address that became useless is told as the endpoint's refusal.
    pub(super) fn call<'a>(
        &self,
        parcel: &'a Parcel<'_>,
        change: impl FnOnce(&mut Url),
    ) -> Result<Call<'a>, Answer> {
        let mut url = self.url().map_err(|why| self.useless(&why))?;
        let mask = Mask::of_url(&url);
        change(&mut url);
        Ok(Call {
            method: Method::POST,
            url,
            headers: Vec::new(),
            content_type: &parcel.sealed.content_type,
            body: parcel.sealed.body.clone(),
            mask,
            deadline: Instant::now() + parcel.timeout,
        })
    }

    fn useless(&self, why: &str) -> Answer {
        let why = why.lines().next().unwrap_or_default();
        refused(format!("the value of `{}` is of no use now: {why}", self.key))
    }

    /// Posts the message to the address, and nothing else.
    pub(super) async fn post(
        &self,
        parcel: &Parcel<'_>,
        judge: impl Fn(&Reply) -> Option<Outcome>,
    ) -> Answer {
        self.deliver(self.call(parcel, |_| {}), judge).await
    }

    /// Makes one request that was made ready, or says why it was not.
    pub(super) async fn deliver(
        &self,
        called: Result<Call<'_>, Answer>,
        judge: impl Fn(&Reply) -> Option<Outcome>,
    ) -> Answer {
        match called {
            Ok(call) => self.send(call, judge).await.0,
            Err(answer) => answer,
        }
    }

    /// What [`Endpoint::post`] would send.
    pub(super) fn proof(&self, parcel: &Parcel<'_>) -> Result<Proof, Answer> {
        Ok(self.call(parcel, |_| {})?.proof(parcel))
    }

    /// Asks the address without a message: what was answered.
    ///
    /// # Errors
    ///
    /// Why no answer came, ready to show, without secrets.
    pub(super) async fn ask(
        &self,
        method: Method,
        timeout: Duration,
        change: impl FnOnce(&mut Url),
        token: Option<&LiveSecret>,
    ) -> Result<Reply, String> {
        let mut url = self.url()?;
        let mask = Mask::of_url(&url);
        change(&mut url);
        let mut call = Call {
            method,
            url,
            headers: Vec::new(),
            content_type: "application/json",
            body: Vec::new(),
            mask,
            deadline: Instant::now() + timeout,
        };
        let why = |answer: Answer| answer.error.unwrap_or_else(|| "no answer".to_owned());
        if let Some(token) = token {
            call.bear(token).map_err(why)?;
        }
        let (answer, reply) = self.send(call, |_| Some(Outcome::Delivered { thread: None })).await;
        reply.ok_or_else(|| why(answer))
    }

    /// Whether anything answers at the address. What a status says to a request without a message is
    /// the receiver's own affair.
    pub(super) async fn knock(&self, timeout: Duration) -> Result<String, String> {
        let reply = self.ask(Method::HEAD, timeout, |_| {}, None).await?;
        Ok(format!("it answers ({})", reply.status.as_u16()))
    }

    /// Makes one request. `judge` reads what this receiver says in an answer, `None` leaves it to the
    /// status. Gives the reply as well, where one came.
    pub(super) async fn send(
        &self,
        call: Call<'_>,
        judge: impl Fn(&Reply) -> Option<Outcome>,
    ) -> (Answer, Option<Reply>) {
        let Call { method, url, headers, content_type, body, mask, deadline } = call;
        let request = match self.client.request(method, &url) {
            Ok(request) => request,
            Err(why) => return (refused(mask.over(&why.to_string())), None),
        };
        let mut request = request.header(CONTENT_TYPE, content_type).body(body);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let response = match timeout_at(deadline, self.client.send(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => {
                let outcome = match error.trouble {
                    Trouble::Refused | Trouble::Tls => Outcome::Refused(Refusal::Endpoint),
                    _ => Outcome::Retry { after: None },
                };
                return (failed(outcome, mask.over(&error.text)), None);
            }
            Err(_) => return (late(), None),
        };
        let reply = Reply::read(response, deadline).await;
        let abort =
            reply.headers.get("webhook-delivery").is_some_and(|word| word == "abort-message");
        let outcome = match abort {
            true => Outcome::Refused(Refusal::Message),
            false => judge(&reply).unwrap_or_else(|| by_status(reply.status, reply.hint)),
        };
        // Cleaned first: a control character inside a secret would keep it from being found.
        let shown = mask.over(&reply.showable());
        let shown = text::cut(&shown, ANSWER_KEPT).to_owned();
        let error = match &outcome {
            Outcome::Delivered { .. } => None,
            _ => Some(mask.over(&reply.said(&shown))),
        };
        (Answer { outcome, status: Some(reply.status.as_u16()), error, body: shown }, Some(reply))
    }
}

/// An attempt that failed before an answer came.
pub(super) fn failed(outcome: Outcome, why: impl Into<String>) -> Answer {
    Answer { outcome, status: None, error: Some(why.into()), body: String::new() }
}

/// An attempt that cannot succeed before the operator changes something.
pub(super) fn refused(why: impl Into<String>) -> Answer {
    failed(Outcome::Refused(Refusal::Endpoint), why)
}

/// An attempt that took too long.
pub(super) fn late() -> Answer {
    failed(Outcome::Retry { after: None }, "no complete answer in time")
}
