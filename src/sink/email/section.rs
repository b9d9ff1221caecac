//! The keys of `type = "email"`.

use lettre::message::Mailbox;
use toml::de::DeValue;

use crate::setting::{Diagnostic, SecretSource, Span, Table};

/// How the connection is kept private.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Privacy {
    StartTls,
    Tls,
    None,
}

/// The keys of `type = "email"`.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::sink) struct Section {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) privacy: Privacy,
    pub(super) from: Mailbox,
    pub(super) to: Vec<Mailbox>,
    pub(super) login: Option<(String, SecretSource)>,
}

impl Section {
    pub(in crate::sink) fn read(table: &Table<'_>) -> Option<Self> {
        let words =
            [("starttls", Privacy::StartTls), ("tls", Privacy::Tls), ("none", Privacy::None)];
        let privacy = table.choice("tls", &words).unwrap_or(Privacy::StartTls);
        let server = server(table);
        let from = table
            .required("from", "write it like from = \"pactwatch <alerts@example.org>\"")
            .and_then(|(text, span)| mailbox(table, &text, span));
        let to = recipients(table);
        let username = table.string("username").map(|(name, _)| name);
        let password = table.private("password");
        let login = match (username, password) {
            (Some(name), Some(password)) => Some((name, password)),
            (None, None) => None,
            (one, _) => {
                let (has, lacks) = match one {
                    Some(_) => ("username", "password"),
                    None => ("password", "username"),
                };
                let text = format!("`{has}` needs a `{lacks}` beside it");
                table.problems().add(Diagnostic::error(table.at(has), text).unquoted());
                return None;
            }
        };
        if privacy == Privacy::None && login.is_some() {
            let text = "with `tls = \"none\"` the password goes over the network for all to read";
            let warning = Diagnostic::warning(table.at("tls"), text)
                .help("write `tls = \"starttls\"` or `\"tls\"`");
            table.problems().add(warning);
        }
        let (host, port) = server?;
        Some(Self { host, port, privacy, from: from?, to: to?, login })
    }
}

fn server(table: &Table<'_>) -> Option<(String, u16)> {
    const HELP: &str = "write host and port: server = \"mail.example.org:587\"";
    let (text, span) = table.required("server", HELP)?;
    let parsed = text.rsplit_once(':').and_then(|(host, port)| {
        let port = port.parse::<u16>().ok().filter(|port| *port > 0)?;
        let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '[' | ']' | ':');
        (!host.is_empty() && host.chars().all(fine)).then(|| (host.to_owned(), port))
    });
    if parsed.is_none() {
        table.problems().add(Diagnostic::error(span, format!("`{text}` is no server")).help(HELP));
    }
    parsed
}

fn mailbox(table: &Table<'_>, text: &str, span: Span) -> Option<Mailbox> {
    match text.parse() {
        Ok(mailbox) => Some(mailbox),
        Err(_) => {
            table.problems().add(
                Diagnostic::error(span, format!("`{text}` is no mail address"))
                    .help("write it like \"desk@example.org\" or \"Desk <desk@example.org>\""),
            );
            None
        }
    }
}

/// `to = "desk@example.org"` or a list.
fn recipients(table: &Table<'_>) -> Option<Vec<Mailbox>> {
    const HELP: &str = "say who gets it: to = [\"desk@example.org\"]";
    let Some((value, span)) = table.value("to") else {
        table.missing("to", HELP);
        return None;
    };
    let list = match value {
        DeValue::String(text) => vec![(text.to_string(), span)],
        _ => table.strings("to")?,
    };
    if list.is_empty() {
        table.problems().add(Diagnostic::error(span, "`to` is empty").help(HELP));
        return None;
    }
    list.iter().map(|(text, span)| mailbox(table, text, *span)).collect()
}
