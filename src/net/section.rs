//! `[network]`: what requests may reach, and how they introduce themselves.

use std::path::PathBuf;

use ipnet::IpNet;

use super::client::proxy_address;
use super::{ClientError, ClientSetup, Guard, Tls, Trust};
use crate::setting::{Diagnostic, SecretSource, Table};

/// The section `[network]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NetworkSection {
    /// Private networks that feeds may resolve to.
    pub allow_private: Vec<IpNet>,
    /// Who runs this monitor: an address or page that goes into the User-Agent.
    pub contact: String,
    /// An explicit proxy for feeds; a secret, because its address may hold a login.
    pub proxy: Option<SecretSource>,
    /// More certificates to trust, PEM.
    pub ca_file: Option<PathBuf>,
    /// Folders whose files may be feeds.
    pub allow_file: Vec<PathBuf>,
}

impl NetworkSection {
    /// Reads the section; missing keys keep their defaults.
    pub fn read(table: Table<'_>) -> Self {
        let mut section = Self::default();
        if let Some(networks) = table.networks("allow_private") {
            section.allow_private = networks;
        }
        if let Some((contact, span)) = table.string("contact") {
            // The contact goes into a header.
            if contact.chars().all(|c| (' '..='~').contains(&c)) && contact.len() <= 200 {
                section.contact = contact;
            } else {
                table.problems().error(span, "`contact` wants up to 200 plain ASCII characters");
            }
        }
        section.proxy = proxy(&table);
        section.ca_file = table.path("ca_file").map(|(path, _)| path);
        section.allow_file = table.paths("allow_file").unwrap_or_default();
        table.finish();
        section
    }

    /// How feeds are fetched.
    pub fn feed_client(&self, tls: &Tls, idle_per_host: usize) -> ClientSetup {
        ClientSetup {
            user_agent: self.user_agent(),
            guard: Guard::new(self.allow_private.clone(), "`allow_private` under [network]"),
            tls: tls.clone(),
            proxy: self.proxy.clone(),
            idle_per_host,
        }
    }

    /// How TLS is spoken, for every client.
    ///
    /// # Errors
    ///
    /// The certificates of `ca_file` cannot be used.
    pub fn tls(&self) -> Result<Tls, ClientError> {
        Tls::new(&self.trust())
    }

    /// Which certificates are trusted.
    pub fn trust(&self) -> Trust {
        self.ca_file.clone().map_or(Trust::System, Trust::Also)
    }

    /// `pactwatch/1.2.3 (+contact)`.
    pub fn user_agent(&self) -> String {
        let name = concat!("pactwatch/", env!("CARGO_PKG_VERSION"));
        match self.contact.is_empty() {
            true => name.to_owned(),
            false => format!("{name} (+{})", self.contact),
        }
    }
}

/// Reads `proxy`. An address that stands in the config is checked at once; one with a login in it is
/// no place for a password.
fn proxy(table: &Table<'_>) -> Option<SecretSource> {
    let (source, span) = table.secret("proxy")?;
    let SecretSource::Inline(address) = &source else { return Some(source) };
    let Ok(url) = proxy_address(address.expose()) else {
        table.problems().add(
            Diagnostic::error(span, "`proxy` is no address of a proxy")
                .help("write it like `http://proxy.example:3128`")
                .unquoted(),
        );
        return None;
    };
    if url.password().is_some() {
        table.warn_inline("proxy", &source, span);
    }
    Some(source)
}
