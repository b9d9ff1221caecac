//! Building clients and sending through them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response};
use thiserror::Error;
use url::Url;

use super::dns::{self, GuardedResolver, NoAddress};
use super::guard::Refused;
use super::{Guard, Tls, TlsFault, tls_fault};
use crate::setting::{SecretError, SecretSource};

/// Longest wait for a connection, TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an idle connection is kept; where the next request comes later, keeping it is of no use.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(90);

/// How to build a client.
#[derive(Debug, Clone)]
pub struct ClientSetup {
    /// Names the product and the operator's contact.
    pub user_agent: String,
    /// What may be dialled.
    pub guard: Guard,
    /// How TLS is spoken; one for all clients, because its authorities are read once.
    pub tls: Tls,
    /// An explicit proxy. It resolves and dials for us, so the guard only sees its own address.
    pub proxy: Option<SecretSource>,
    /// Connections kept open per host; 0 closes each after its answer.
    pub idle_per_host: usize,
}

/// Why a client cannot be built.
#[derive(Debug, Error)]
pub enum ClientError {
    /// The extra certificates cannot be used.
    #[error(
        "use the certificates in `{path}`: {why}\n`ca_file` wants a PEM file with at least one certificate"
    )]
    CaFile {
        /// The file.
        path: String,
        /// Why not.
        why: String,
    },
    /// The address of the proxy cannot be had.
    #[error("`proxy`: {0}")]
    ProxySecret(#[from] SecretError),
    /// It is no address. It is not shown: it may hold a login.
    #[error("`proxy`: use its address, which is none\nwrite it like `http://proxy.example:3128`")]
    Proxy,
    /// Anything else.
    #[error("set up the HTTP client: {0}")]
    Build(String),
}

/// A client for one purpose: feeds, or one receiver.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    guard: Guard,
    proxied: bool,
}

impl Client {
    /// Builds it.
    ///
    /// # Errors
    ///
    /// The proxy cannot be used, or its address not be read.
    pub fn new(setup: &ClientSetup) -> Result<Self, ClientError> {
        let builder = reqwest::Client::builder()
            .user_agent(&setup.user_agent)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(setup.idle_per_host)
            .tls_backend_preconfigured(setup.tls.config());
        let builder = match &setup.proxy {
            None => {
                let resolver = GuardedResolver::new(setup.guard.clone(), dns::system);
                builder.dns_resolver(Arc::new(resolver))
            }
            Some(proxy) => {
                let address = proxy_address(proxy.resolve()?.expose().trim())?;
                let proxy = reqwest::Proxy::all(address.as_str())
                    .map_err(|error| ClientError::Build(explain(&error)))?;
                builder.proxy(proxy)
            }
        };
        let http = builder.build().map_err(|error| ClientError::Build(explain(&error)))?;
        Ok(Self { http, guard: setup.guard.clone(), proxied: setup.proxy.is_some() })
    }

    /// Begins a request to an address that the guard has vetted.
    ///
    /// # Errors
    ///
    /// The address is refused.
    pub fn request(&self, method: Method, url: &Url) -> Result<RequestBuilder, Refused> {
        self.guard.check(url)?;
        Ok(self.http.request(method, url.clone()))
    }

    /// Sends it and waits for the head of the answer. The peer's address is vetted once more before
    /// anything of the body is read.
    ///
    /// # Errors
    ///
    /// What went wrong, without the URL, which may be a secret.
    pub async fn send(&self, request: RequestBuilder) -> Result<Response, SendError> {
        let response = request.send().await.map_err(|error| SendError::of(&error))?;
        if let (false, Some(peer)) = (self.proxied, response.remote_addr()) {
            self.guard
                .check_address(peer.ip())
                .map_err(|why| SendError { trouble: Trouble::Refused, text: why.to_string() })?;
        }
        Ok(response)
    }
}

/// The address of a proxy.
pub(super) fn proxy_address(text: &str) -> Result<Url, ClientError> {
    let url = Url::parse(text).ok();
    let fits = |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    url.filter(fits).ok_or(ClientError::Proxy)
}

/// What kind of trouble kept a request from its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The guard refuses the address.
    Refused,
    /// The name does not resolve.
    Dns,
    /// No connection.
    Connect,
    /// The certificate is not accepted.
    Tls,
    /// TLS did not come about, for no fault of a certificate.
    Handshake,
    /// Too slow.
    Timeout,
    /// The connection broke, or what came was no HTTP.
    Broken,
}

/// A request that got no answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct SendError {
    /// What kind of trouble.
    pub trouble: Trouble,
    /// What went wrong, ready to show.
    pub text: String,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl SendError {
    /// Reads the chain of causes of a transport error.
    pub fn of(error: &reqwest::Error) -> Self {
        let mut refused = None;
        let mut nowhere = None;
        let mut deepest: &dyn std::error::Error = error;
        let mut cause: Option<&(dyn std::error::Error + 'static)> =
            std::error::Error::source(error);
        // The chain is short; the bound keeps a cause that names itself from holding us.
        for _ in 0..16 {
            let Some(one) = cause else { break };
            if let Some(why) = one.downcast_ref::<Refused>() {
                refused = Some(why.to_string());
            }
            if let Some(why) = one.downcast_ref::<NoAddress>() {
                nowhere = Some(why.to_string());
            }
            deepest = one;
            cause = one.source();
        }
        if let Some(text) = refused {
            return Self { trouble: Trouble::Refused, text };
        }
        if let Some(TlsFault { text, certificate }) = tls_fault(error) {
            let trouble = if certificate { Trouble::Tls } else { Trouble::Handshake };
            return Self { trouble, text };
        }
        if let Some(text) = nowhere {
            return Self { trouble: Trouble::Dns, text };
        }
        let deepest = deepest.to_string();
        let (trouble, text) = if error.is_timeout() {
            (Trouble::Timeout, "no complete answer in time".to_owned())
        } else if error.is_connect() {
            (Trouble::Connect, format!("no connection: {deepest}"))
        } else {
            (Trouble::Broken, format!("the connection broke: {deepest}"))
        };
        Self { trouble, text }
    }
}

/// A transport error in words, without the URL.
pub fn explain(error: &reqwest::Error) -> String {
    SendError::of(error).text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Trust;

    fn client(allow: &[&str]) -> Client {
        let allow = allow.iter().map(|net| net.parse().unwrap()).collect();
        Client::new(&ClientSetup {
            user_agent: "test".to_owned(),
            guard: Guard::new(allow, "`allow_private` under [network]"),
            tls: Tls::new(&Trust::System).unwrap(),
            proxy: None,
            idle_per_host: 0,
        })
        .unwrap()
    }

    async fn trouble(client: &Client, url: &str) -> SendError {
        let request = client.request(Method::GET, &Url::parse(url).unwrap()).unwrap();
        client.send(request).await.unwrap_err()
    }

    #[tokio::test]
    async fn a_name_that_resolves_to_a_private_address_is_refused() {
        let error = trouble(&client(&[]), "http://localhost:9/?token=s3cret").await;
        assert_eq!(error.trouble, Trouble::Refused, "{error}");
        assert!(error.text.contains("[network]") && !error.text.contains("s3cret"), "{error}");
    }

    #[tokio::test]
    async fn a_closed_port_is_no_connection() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let url = format!("http://127.0.0.1:{port}/s3cret");
        let error = trouble(&client(&["127.0.0.0/8"]), &url).await;
        assert_eq!(error.trouble, Trouble::Connect, "{error}");
        assert!(!error.text.contains("s3cret"), "{error}");
    }

    #[tokio::test]
    async fn something_that_speaks_no_http_is_named_broken() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            drop(stream);
        });
        let error = trouble(&client(&["127.0.0.0/8"]), &url).await;
        assert_eq!(error.trouble, Trouble::Broken, "{error}");
        server.await.unwrap();
    }
}
