//! One TLS set-up for every client, and the authorities behind it.
//!
//! The system's authorities take several milliseconds to read, and many rounds need none of them. So
//! they are read once, at the first certificate that is to be judged, and shared by all clients that
//! were made of the same [`Tls`]. Each reload makes a new one, which sees what changed on disk.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, OtherError, SignatureScheme};
use rustls_platform_verifier::Verifier;
use thiserror::Error;

use super::ClientError;

/// Which certificates are trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// Those of the operating system.
    System,
    /// Those of the operating system and of this PEM file.
    Also(PathBuf),
}

/// How TLS is spoken. Clones share what was read.
#[derive(Debug, Clone)]
pub struct Tls(Arc<ClientConfig>);

impl Tls {
    /// Reads the extra certificates; those of the system are read when the first one is judged. On a
    /// host without any, https fails at each connection with a cure, and stops no feed that needs none.
    ///
    /// # Errors
    ///
    /// The extra certificates cannot be used.
    pub fn new(trust: &Trust) -> Result<Self, ClientError> {
        let extra = match trust {
            Trust::System => Vec::new(),
            Trust::Also(path) => certificates(path)?,
        };
        let provider = CryptoProvider::get_default()
            .cloned()
            .unwrap_or_else(|| Arc::new(rustls::crypto::ring::default_provider()));
        let authorities =
            Authorities { extra, provider: provider.clone(), loaded: OnceLock::new() };
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| ClientError::Build(error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(authorities))
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self(Arc::new(config)))
    }

    /// For a client; what it points to stays shared.
    pub(super) fn config(&self) -> ClientConfig {
        (*self.0).clone()
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, ClientError> {
    let failed = |why: String| ClientError::CaFile { path: path.display().to_string(), why };
    let pem = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
    let list: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let list = list.map_err(|error| failed(error.to_string()))?;
    if list.is_empty() {
        return Err(failed("it holds no certificate".to_owned()));
    }
    // A certificate that cannot be an authority is told at once, and not at the first connection.
    let mut store = rustls::RootCertStore::empty();
    for certificate in &list {
        store.add(certificate.clone()).map_err(|error| failed(error.to_string()))?;
    }
    Ok(list)
}

/// Nobody vouches for anybody on this machine.
#[derive(Debug, Error)]
#[error(
    "no certificates of the operating system can be used, so https fails\n\
     install the package ca-certificates, or set `ca_file` under [network]"
)]
pub(super) struct NoAuthorities;

/// The authorities, read when they are first needed.
#[derive(Debug)]
struct Authorities {
    extra: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
    loaded: OnceLock<Option<Verifier>>,
}

impl Authorities {
    fn load(&self) -> Option<Verifier> {
        let verifier =
            Verifier::new_with_extra_roots(self.extra.iter().cloned(), self.provider.clone());
        verifier.inspect_err(|error| tracing::warn!(%error, "{NoAuthorities}")).ok()
    }
}

impl ServerCertVerifier for Authorities {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        match self.loaded.get_or_init(|| self.load()) {
            Some(verifier) => verifier.verify_server_cert(
                end_entity,
                intermediates,
                server_name,
                ocsp_response,
                now,
            ),
            None => Err(rustls::Error::Other(OtherError(Arc::new(NoAuthorities)))),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Why TLS did not come about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFault {
    /// What went wrong, ready to show.
    pub text: String,
    /// Whether it is about the certificate: it stays so until somebody changes something. All else, a
    /// handshake that broke off or a word that was none of TLS, may pass.
    pub certificate: bool,
}

impl TlsFault {
    fn of(error: &rustls::Error) -> Self {
        let certificate = matches!(
            error,
            rustls::Error::InvalidCertificate(_)
                | rustls::Error::NoCertificatesPresented
                | rustls::Error::Other(_)
        );
        Self { text: tls_text(error), certificate }
    }
}

/// What TLS has to say in the chain of causes of an error; `None` where it is about something else.
pub fn tls_fault(error: &(dyn std::error::Error + 'static)) -> Option<TlsFault> {
    let mut cause = Some(error);
    // The chain is short; the bound keeps a cause that names itself from holding us.
    for _ in 0..16 {
        let one = cause?;
        // std::io::Error hides its inner error from `source`, and may hold another of its kind.
        let mut inner = one.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        for _ in 0..4 {
            let Some(hidden) = inner else { break };
            if let Some(why) = hidden.downcast_ref::<rustls::Error>() {
                return Some(TlsFault::of(why));
            }
            inner = hidden.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        }
        if let Some(why) = one.downcast_ref::<rustls::Error>() {
            return Some(TlsFault::of(why));
        }
        cause = one.source();
    }
    None
}

/// Names certificate faults for what they are; the clock is the usual suspect for two of them.
fn tls_text(error: &rustls::Error) -> String {
    use rustls::CertificateError as Fault;
    let fault = match error {
        rustls::Error::InvalidCertificate(fault) => fault,
        rustls::Error::Other(OtherError(inner)) => return inner.to_string(),
        other => return format!("TLS failed: {other}"),
    };
    match fault {
        Fault::Expired | Fault::ExpiredContext { .. } => {
            "the certificate has expired (or this machine's clock runs ahead)".to_owned()
        }
        Fault::NotValidYet | Fault::NotValidYetContext { .. } => {
            "the certificate is not valid yet (or this machine's clock runs behind)".to_owned()
        }
        Fault::UnknownIssuer => {
            "the certificate is signed by nobody we trust; set `ca_file` under \
             [network] for an own authority, or install the package ca-certificates"
                .to_owned()
        }
        Fault::NotValidForName | Fault::NotValidForNameContext { .. } => {
            "the certificate is for another host name".to_owned()
        }
        other => format!("the certificate is not accepted: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extra_certificates_are_checked_when_they_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("roots.pem");
        let why = |text: &str| {
            std::fs::write(&path, text).unwrap();
            Tls::new(&Trust::Also(path.clone())).unwrap_err().to_string()
        };
        assert!(why("").contains("no certificate"));
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(why(broken).contains("`ca_file` wants a PEM file"));
        std::fs::remove_file(&path).unwrap();
        assert!(Tls::new(&Trust::Also(path)).is_err());
        assert!(Tls::new(&Trust::System).is_ok());
    }
}
