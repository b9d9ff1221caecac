//! A letter as a mail: its subject, a plain part and an HTML one. Nothing of a feed goes into any header but
//! the subject, and the library encodes that.

use std::time::SystemTime;

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Message, MultiPart, SinglePart};
use sha2::{Digest, Sha256};

use super::{DIGEST, Email, is_id};
use crate::model::Sealed;
use crate::sink::PING;
use crate::sink::contract::{Letter, Stationery};
use crate::sink::inert::{defuse, html, units};
use crate::sink::layout::{Markup, PLAIN, count};
use crate::sink::notice::Notice;
use crate::sink::parts::Parts;
use crate::text::clean;

/// Units of a subject.
const SUBJECT: usize = 250;
/// Units of each part.
const BODY: usize = 60_000;

/// How the HTML part is written.
const MARKUP: Markup = Markup {
    prepare: |text| html(&defuse(text)),
    strong: |text| format!("<b>{text}</b>"),
    link: |label, url| format!("<a href=\"{}\">{label}</a>", html(url)),
    size: units,
    line: "<br>\n",
};

impl Email {
    pub(super) fn sealed(
        &self,
        letter: &Letter,
        stationery: &Stationery,
        formatted: bool,
    ) -> Result<Sealed, String> {
        let subject = match letter {
            Letter::Ping => PING.to_owned(),
            Letter::Event(event) => {
                let notice = Notice::of(event, stationery);
                format!("{} · {}", notice.head, notice.lines.first().map_or("", String::as_str))
            }
            Letter::Alert(view) => {
                let parts = Parts::of(view, stationery);
                format!("{} · {}", parts.verdict, parts.headline)
            }
            Letter::Digest(views) => count(views.len()),
        };
        let subject = clean(&crate::sink::inert::fit(&subject, SUBJECT, defuse, units));
        let plain = Markup { size: units, ..PLAIN }.letter(letter, stationery, DIGEST, BODY);
        let mut builder = Message::builder()
            .from(self.section.from.clone())
            .date(SystemTime::from(stationery.now))
            .subject(format!("[pactwatch] {subject}"));
        for to in &self.section.to {
            builder = builder.to(to.clone());
        }
        if let Ok(name) = HeaderName::new_from_ascii("Auto-Submitted".to_owned()) {
            builder = builder.raw_header(HeaderValue::new(name, "auto-generated".to_owned()));
        }
        if let Letter::Alert(view) = letter
            && let Some(first) = view.thread.as_ref().filter(|id| is_id(id))
        {
            builder = builder.in_reply_to(first.clone()).references(first.clone());
        }
        let made = match formatted {
            false => builder.singlepart(SinglePart::plain(plain)),
            true => {
                let text = MARKUP.letter(letter, stationery, DIGEST, BODY);
                let text = format!("<html><body><p>{text}</p></body></html>\n");
                // The same bytes for the same letter, and nothing that a text could hold.
                let digest = Sha256::digest(format!("{plain}\n{text}"));
                let hex: String =
                    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
                let parts = MultiPart::alternative()
                    .boundary(format!("pactwatch-{hex}"))
                    .singlepart(SinglePart::plain(plain))
                    .singlepart(SinglePart::html(text));
                builder.multipart(parts)
            }
        };
        let mail = made.map_err(|error| format!("the mail cannot be made: {error}"))?;
        Ok(Sealed { content_type: "message/rfc822".to_owned(), body: mail.formatted() })
    }
}
