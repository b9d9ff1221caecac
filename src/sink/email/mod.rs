//! `email`: mail over SMTP, as plain text with an HTML part beside it.
//!
//! Headers are made by a library that encodes what is put in, and nothing of a feed goes into any but
//! the subject. The message's id is the mail's: a mail that arrives twice is known as one, and an
//! update names the story's first mail, so that mail programs show them together.

mod letter;
mod section;
mod transaction;

use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::BoxFuture;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;

use crate::model::{Outcome, Refusal, Sealed, SinkName};
use crate::net::{Guard, Trust, tls_fault};
use crate::setting::LiveSecret;
use crate::sink::contract::{Answer, Letter, Nature, Parcel, Proof, Sink, Stationery};
use crate::sink::http::{failed, late, refused};
use crate::sink::mask::Mask;
use crate::sink::place::{entered, number};
use crate::sink::{BuildError, SinkConfig, Workshop};
use crate::text::{clean_lines, cut};

use section::Privacy;
pub(super) use section::Section;
use transaction::{Absent, Sent};

/// Alerts of a digest.
const DIGEST: usize = 50;
/// Time for a farewell once the mail is taken.
const FAREWELL: Duration = Duration::from_secs(1);
/// Characters of the server's answer that are kept.
const KEPT: usize = 2000;

/// What holds for every one of its kind.
const NATURE: Nature = Nature {
    chat: true,
    digest: DIGEST,
    digest_bytes: usize::MAX,
    in_flight: 1,
    acceptance: "the mail server took it for all recipients that are not named above; it may still come back or be filed as spam",
    rate: None,
};

/// Mailboxes of a desk.
pub(in crate::sink) struct Email {
    name: SinkName,
    section: Section,
    guard: Guard,
    tls: Option<TlsParameters>,
    login: Option<(String, LiveSecret)>,
    /// Mailboxes that the server does not take.
    absent: Mutex<Absent>,
}

impl Section {
    pub(in crate::sink) fn build(
        &self,
        config: &SinkConfig,
        workshop: &Workshop,
    ) -> Result<Email, BuildError> {
        let wrong = |key, why: String| BuildError::Value { key, why };
        let guard = Guard::new(config.allow_private.clone(), "`allow_private` of this [[sink]]");
        // The guard speaks of web addresses; this one has the same host.
        let url = Url::parse(&format!("http://{}:{}/", self.host, self.port)).map_err(|_| {
            wrong("server", "it is no host\nwrite it like mail.example.org:587".to_owned())
        })?;
        guard.check(&url).map_err(|why| wrong("server", why.to_string()))?;
        let login = match &self.login {
            None => None,
            Some((name, password)) => Some((name.clone(), LiveSecret::open(password)?)),
        };
        let tls = match self.privacy {
            Privacy::None => None,
            Privacy::StartTls | Privacy::Tls => {
                let host = self.host.trim_matches(['[', ']']).to_owned();
                let mut builder = TlsParameters::builder(host);
                // Extra authorities that cannot be used were told when TLS was set up.
                if let Trust::Also(path) = &workshop.trust
                    && let Ok(pem) = std::fs::read(path)
                    && let Ok(extra) = Certificate::from_pem(&pem)
                {
                    builder = builder.add_root_certificate(extra);
                }
                Some(builder.build().map_err(|error| wrong("tls", error.to_string()))?)
            }
        };
        Ok(Email {
            name: config.name.clone(),
            section: self.clone(),
            guard,
            tls,
            login,
            absent: Mutex::default(),
        })
    }
}

/// Why there is no answer to speak of.
enum Trouble {
    /// Told before or instead of the server's word.
    Ours(Answer),
    /// The server's word, or the connection's end.
    Theirs {
        error: Error,
        /// Whether it was said of the mail itself, after all of it.
        of_the_mail: bool,
    },
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Trouble::Theirs { error, of_the_mail: false }
    }
}

impl Email {
    async fn attempt(&self, parcel: Parcel<'_>) -> Answer {
        let deadline = Instant::now() + parcel.timeout;
        let (mask, login) = self.credentials();
        match timeout_at(deadline, self.deliver(&parcel, login, deadline)).await {
            Err(_) => late(),
            Ok(Ok(answer) | Err(Trouble::Ours(answer))) => answer,
            Ok(Err(Trouble::Theirs { error, of_the_mail })) => judge(&error, of_the_mail, &mask),
        }
    }

    /// Connects and logs in, and leaves again.
    async fn greet(&self, timeout: Duration) -> Result<String, String> {
        let deadline = Instant::now() + timeout;
        let (mask, login) = self.credentials();
        let known = login.is_some();
        let answer = match timeout_at(deadline, self.connect(login, deadline)).await {
            Ok(Ok(mut connection)) => {
                let _ = tokio::time::timeout(FAREWELL, connection.quit()).await;
                return Ok(match known {
                    true => "the server takes the login".to_owned(),
                    false => "the server answers".to_owned(),
                });
            }
            Err(_) => late(),
            Ok(Err(Trouble::Ours(answer))) => answer,
            Ok(Err(Trouble::Theirs { error, of_the_mail })) => judge(&error, of_the_mail, &mask),
        };
        Err(answer.error.unwrap_or_else(|| "no answer".to_owned()))
    }

    /// The login as it is now, and what must not show of it.
    fn credentials(&self) -> (Mask, Option<Credentials>) {
        let password = self.login.as_ref().map(|(name, secret)| (name, secret.current()));
        let mut mask = Mask::default();
        if let Some((name, password)) = &password {
            // As the two ways of logging in spell it.
            let secret = password.expose();
            mask.add(secret);
            mask.add(&STANDARD.encode(secret));
            mask.add(&STANDARD.encode(format!("\0{name}\0{secret}")));
        }
        let login =
            password.map(|(name, word)| Credentials::new(name.clone(), word.expose().to_owned()));
        (mask, login)
    }

    /// The mail with its id, which is the message's.
    fn mail(&self, parcel: &Parcel<'_>) -> (String, Vec<u8>) {
        let id = format!("<{}@{}>", parcel.id, self.section.from.email.domain());
        let mut mail = format!("Message-ID: {id}\r\n").into_bytes();
        mail.extend_from_slice(&parcel.sealed.body);
        (id, mail)
    }

    async fn deliver(
        &self,
        parcel: &Parcel<'_>,
        login: Option<Credentials>,
        deadline: Instant,
    ) -> Result<Answer, Trouble> {
        let mut connection = self.connect(login, deadline).await?;
        let (id, mail) = self.mail(parcel);
        let sent = self.post(&mut connection, &mail).await;
        // Taken or not, the rest is politeness.
        let _ = timeout(FAREWELL, connection.quit()).await;
        let Sent { response, without } = sent?;
        let said: Vec<&str> = response.message().collect();
        let said = clean_lines(&said.join("\n"));
        Ok(Answer {
            outcome: Outcome::Delivered { thread: Some(id).filter(|id| is_id(id)) },
            status: Some(response.code().into()),
            error: without.map(|who| cut(&format!("accepted, but not for {who}"), 300).to_owned()),
            body: cut(&said, KEPT).to_owned(),
        })
    }

    /// A connection that is as private as the config says, logged in.
    async fn connect(
        &self,
        login: Option<Credentials>,
        deadline: Instant,
    ) -> Result<AsyncSmtpConnection, Trouble> {
        let addresses = self.addresses().await.map_err(Trouble::Ours)?;
        let hello = ClientId::Domain(self.section.from.email.domain().to_owned());
        let rest = deadline.saturating_duration_since(Instant::now());
        let wrapped = self.tls.clone().filter(|_| self.section.privacy == Privacy::Tls);
        let mut connection = AsyncSmtpConnection::connect_tokio1(
            addresses.as_slice(),
            Some(rest),
            &hello,
            wrapped,
            None,
        )
        .await?;
        if let (Privacy::StartTls, Some(tls)) = (self.section.privacy, &self.tls) {
            if !connection.can_starttls() {
                let why = "the server offers no STARTTLS: is it `tls = \"tls\"` with port 465?";
                return Err(Trouble::Ours(refused(why)));
            }
            connection.starttls(tls.clone(), &hello).await?;
        }
        if let Some(login) = login {
            connection.auth(&[Mechanism::Plain, Mechanism::Login], &login).await?;
        }
        Ok(connection)
    }

    /// Where the server is, every address vetted.
    async fn addresses(&self) -> Result<Vec<SocketAddr>, Answer> {
        let host = self.section.host.trim_matches(['[', ']']);
        let found = tokio::net::lookup_host((host, self.section.port)).await.map_err(|error| {
            let why = format!("the host name does not resolve ({error})");
            failed(Outcome::Retry { after: None }, why)
        })?;
        let found: Vec<SocketAddr> = found.collect();
        for address in &found {
            self.guard.check_address(address.ip()).map_err(|why| refused(why.to_string()))?;
        }
        Ok(found)
    }
}

/// `<words@host>`, and nothing that ends a header.
fn is_id(text: &str) -> bool {
    let inner = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    inner.is_some_and(|id| {
        id.contains('@')
            && id.len() < 250
            && id.chars().all(|c| c.is_ascii_graphic() && !"<>".contains(c))
    })
}

/// What the server's number means, or the end of the connection.
///
/// 554 is what servers say of mail that they do not like, and of senders: as a greeting, and of a mailbox.
/// Before the whole mail is there, nothing is about the mail.
fn judge(error: &Error, of_the_mail: bool, mask: &Mask) -> Answer {
    let status = error.status().map(u16::from);
    let fault = tls_fault(error);
    let outcome = match status {
        Some(552) if of_the_mail => Outcome::Refused(Refusal::Large),
        Some(554 | 555) if of_the_mail => Outcome::Refused(Refusal::Message),
        Some(500..) => Outcome::Refused(Refusal::Endpoint),
        _ if fault.as_ref().is_some_and(|fault| fault.certificate) => {
            Outcome::Refused(Refusal::Endpoint)
        }
        _ => Outcome::Retry { after: None },
    };
    let said = fault.map_or_else(|| clean_lines(&error.to_string()), |fault| fault.text);
    let said = mask.over(&said);
    Answer { outcome, status, error: Some(cut(&said, 300).to_owned()), body: String::new() }
}

impl Sink for Email {
    fn nature(&self) -> Nature {
        NATURE
    }

    fn identity(&self) -> Option<u64> {
        let Section { host, from, to, .. } = &self.section;
        let mailboxes: Vec<String> =
            [from].into_iter().chain(to).map(|one| one.email.to_string()).collect();
        let port = self.section.port.to_string();
        let name = self.login.as_ref().map_or("", |(name, _)| name.as_str());
        let parts: Vec<&str> = [host.as_str(), port.as_str(), name]
            .into_iter()
            .chain(mailboxes.iter().map(String::as_str))
            .collect();
        Some(entered(number(&parts), self.login.iter().map(|(_, password)| password)))
    }

    fn render(&self, letter: &Letter, stationery: &Stationery) -> Result<Sealed, String> {
        self.sealed(letter, stationery, true)
    }

    fn fallback(&self, letter: &Letter, stationery: &Stationery) -> Option<Sealed> {
        self.sealed(letter, stationery, false).ok()
    }

    fn proof(&self, parcel: Parcel<'_>) -> Result<Proof, Answer> {
        let to: Vec<String> = self.section.to.iter().map(|one| one.email.to_string()).collect();
        let Section { host, port, .. } = &self.section;
        let to = format!("mail to {} by {host}:{port}", to.join(", "));
        // Its headers are the mail's first lines.
        Ok(Proof { to, headers: Vec::new(), body: self.mail(&parcel).1 })
    }

    fn probe<'a>(&'a self, timeout: Duration) -> BoxFuture<'a, Result<String, String>> {
        Box::pin(self.greet(timeout))
    }

    fn send<'a>(&'a self, parcel: Parcel<'a>) -> BoxFuture<'a, Answer> {
        Box::pin(self.attempt(parcel))
    }
}
