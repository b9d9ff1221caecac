//! One mail on its way: the sender, each mailbox, the text. What a server's no means depends on where it
//! falls: before the text it is about us or a mailbox, after it about the mail.
//!
//! A mailbox that is not taken costs the others nothing. One that is taken later, as servers say that do
//! not know us yet, is waited for a while, for then nobody has the mail and nobody gets it twice; after that
//! it goes to the others alone.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::sync::PoisonError;
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::Response;
use tokio::time::Instant;

use super::{Email, Trouble};
use crate::sink::http::refused;
use crate::text::{clean, cut};

/// How long mail waits for a mailbox that is to be taken later; who does not know us does so in minutes.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// A mail that was taken.
pub(super) struct Sent {
    /// The server's last word.
    pub(super) response: Response,
    /// For whom it was not taken, and what was said of them.
    pub(super) without: Option<String>,
}

/// Mailboxes that the server does not take: since when, and whether that was told.
#[derive(Debug, Default)]
pub(super) struct Absent(BTreeMap<String, (Instant, bool)>);

impl Absent {
    /// Whether a mail waits for a mailbox that the server says it takes later.
    fn waits_for(&mut self, mailbox: &str, now: Instant) -> bool {
        let (since, _) = self.0.entry(mailbox.to_owned()).or_insert((now, false));
        now.saturating_duration_since(*since) < PATIENCE
    }

    /// Notes that a mail went without it; whether that begins.
    fn left(&mut self, mailbox: &str, now: Instant) -> bool {
        let (_, told) = self.0.entry(mailbox.to_owned()).or_insert((now, false));
        !std::mem::replace(told, true)
    }

    /// Notes that it was taken; whether mail went without it before.
    fn taken(&mut self, mailbox: &str) -> bool {
        self.0.remove(mailbox).is_some_and(|(_, told)| told)
    }
}

impl Email {
    /// Hands over one mail, to each mailbox once.
    pub(super) async fn post(
        &self,
        connection: &mut AsyncSmtpConnection,
        mail: &[u8],
    ) -> Result<Sent, Trouble> {
        let sender = self.section.from.email.clone();
        let parameters = self.parameters(connection, mail).map_err(Trouble::Ours)?;
        connection.command(Mail::new(Some(sender), parameters)).await?;
        let (mut taken, mut left) = (Vec::new(), Vec::new());
        for mailbox in self.section.to.iter().map(|one| &one.email) {
            match connection.command(Rcpt::new(mailbox.clone(), Vec::new())).await {
                Ok(_) => taken.push(mailbox),
                Err(error) if error.status().is_some() => left.push((mailbox, error)),
                Err(error) => return Err(error.into()),
            }
        }
        if let Some(error) = self.put_off(&taken, &mut left) {
            return Err(error.into());
        }
        connection.command(Data).await?;
        let response = connection
            .message(mail)
            .await
            .map_err(|error| Trouble::Theirs { error, of_the_mail: true })?;
        Ok(Sent { response, without: self.went(&taken, &left) })
    }

    /// What the server must know beforehand of mail that is not plain ASCII.
    fn parameters(
        &self,
        connection: &AsyncSmtpConnection,
        mail: &[u8],
    ) -> Result<Vec<MailParameter>, crate::sink::contract::Answer> {
        let offers = |feature| connection.server_info().supports_feature(feature);
        let mut parameters = Vec::new();
        let all = self.section.to.iter().chain([&self.section.from]);
        if all.clone().any(|one| !AsRef::<str>::as_ref(&one.email).is_ascii()) {
            if !offers(Extension::SmtpUtfEight) {
                return Err(refused("the server takes no addresses with letters beyond ASCII"));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        if !mail.is_ascii() {
            if !offers(Extension::EightBitMime) {
                return Err(refused("the server takes no mail with letters beyond ASCII"));
            }
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        Ok(parameters)
    }

    /// Why the mail is not handed over now: it is taken for nobody, or waits for somebody.
    fn put_off(&self, taken: &[&Address], left: &mut Vec<(&Address, Error)>) -> Option<Error> {
        let mut absent = self.absent.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let waits = left.iter().position(|(mailbox, error)| {
            error.is_transient() && absent.waits_for(mailbox.as_ref(), now)
        });
        let passing = left.iter().position(|(_, error)| error.is_transient());
        let why = match taken.is_empty() {
            true => waits.or(passing).or((!left.is_empty()).then_some(0)),
            false => waits,
        };
        why.map(|at| left.swap_remove(at).1)
    }

    /// Notes for whom it was taken, and says whom it went without.
    fn went(&self, taken: &[&Address], left: &[(&Address, Error)]) -> Option<String> {
        let mut absent = self.absent.lock().unwrap_or_else(PoisonError::into_inner);
        for mailbox in taken {
            if absent.taken(mailbox.as_ref()) {
                tracing::info!(sink.id = %self.name, %mailbox, "the mail server takes mail for it again");
            }
        }
        let mut told = Vec::new();
        for (mailbox, error) in left {
            let said = format!("{mailbox}: {}", words(error));
            if absent.left(mailbox.as_ref(), Instant::now()) {
                tracing::warn!(sink.id = %self.name, "the mail server takes no mail for {said}; the others get it");
            }
            told.push(said);
        }
        (!told.is_empty()).then(|| told.join("; "))
    }
}

/// The server's number and its first words.
fn words(error: &Error) -> String {
    let status = error.status().map(u16::from).map(|code| code.to_string());
    let said = error.source().map(ToString::to_string).unwrap_or_default();
    let said = clean(said.lines().next().unwrap_or_default());
    format!("{} {}", status.unwrap_or_default(), cut(&said, 120)).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_is_to_be_taken_later_is_waited_for_once_and_not_for_ever() {
        let (mut absent, begin) = (Absent::default(), Instant::now());
        let after = |seconds| begin + Duration::from_secs(seconds);
        assert!(absent.waits_for("a", after(0)) && absent.waits_for("a", after(599)));
        assert!(!absent.waits_for("a", after(600)));
        assert!(absent.left("a", after(600)) && !absent.left("a", after(700)));
        assert!(!absent.waits_for("a", after(800)), "the next mail waits for it again");
        assert!(absent.taken("a") && !absent.taken("a"));
        assert!(absent.waits_for("a", after(900)));
    }
}
