//! Clients against sites on loopback that speak TLS and HTTP/2, and a proxy.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use reqwest::{Method, Version};
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use url::Url;

use super::*;
use crate::setting::SecretSource;

/// Longest wait for anything in these tests.
const PATIENCE: Duration = Duration::from_secs(20);

/// An authority of our own, and the file that names it.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(crate) file: tempfile::NamedTempFile,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), certificate.pem()).unwrap();
        Self { issuer: Issuer::new(params, key), file }
    }

    /// A server's side of TLS, with a certificate for a name and from one year to another.
    pub(crate) fn server(&self, name: &str, years: (i32, i32)) -> ServerConfig {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(years.0, 1, 1);
        params.not_after = date_time_ymd(years.1, 1, 1);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut server = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            )
            .unwrap();
        server.alpn_protocols = vec![b"h2".to_vec()];
        server
    }
}

/// A site that speaks HTTP/2 over TLS and says `fine`; its address.
async fn site(server: ServerConfig) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let acceptor = TlsAcceptor::from(Arc::new(server));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A client that likes no certificate hangs up here.
            let Ok(stream) = acceptor.accept(stream).await else { continue };
            let Ok(mut connection) = h2::server::handshake(stream).await else { continue };
            tokio::spawn(async move {
                while let Some(Ok((_, mut respond))) = connection.accept().await {
                    let head = axum::http::Response::new(());
                    let mut body = respond.send_response(head, false).unwrap();
                    body.send_data(Bytes::from_static(b"fine"), true).unwrap();
                }
            });
        }
    });
    Url::parse(&url).unwrap()
}

fn client(trust: &Trust, proxy: Option<SecretSource>) -> Client {
    Client::new(&ClientSetup {
        user_agent: "pactwatch/test".to_owned(),
        guard: Guard::new(vec!["127.0.0.0/8".parse().unwrap()], "`allow_private`"),
        tls: Tls::new(trust).unwrap(),
        proxy,
        idle_per_host: 0,
    })
    .unwrap()
}

async fn ask(client: &Client, url: &Url) -> Result<reqwest::Response, SendError> {
    let request = client.request(Method::GET, url).unwrap();
    tokio::time::timeout(PATIENCE, client.send(request)).await.expect("an answer in time")
}

#[tokio::test]
async fn http2_is_spoken_where_the_site_offers_it() {
    let authority = Authority::new();
    let url = site(authority.server("127.0.0.1", (2020, 2999))).await;
    let client = client(&Trust::Also(authority.file.path().to_owned()), None);
    let answer = ask(&client, &url).await.unwrap();
    assert_eq!(answer.version(), Version::HTTP_2);
    let body = read_capped(answer, 100, &mut Budget::new(100).body()).await.unwrap();
    assert_eq!(body, b"fine");
}

#[tokio::test]
async fn tls_and_clock_errors_are_named_for_what_they_are() {
    let authority = Authority::new();
    let known = Trust::Also(authority.file.path().to_owned());
    for (name, years, trust, words) in [
        ("127.0.0.1", (2001, 2002), &known, "has expired (or this machine's clock runs ahead)"),
        ("127.0.0.1", (2998, 2999), &known, "not valid yet (or this machine's clock runs behind)"),
        ("example.org", (2020, 2999), &known, "for another host name"),
        ("127.0.0.1", (2020, 2999), &Trust::System, "ca_file"),
    ] {
        let url = site(authority.server(name, years)).await;
        let error = ask(&client(trust, None), &url).await.unwrap_err();
        assert_eq!(error.trouble, Trouble::Tls, "{error}");
        assert!(error.text.contains(words), "{error}");
    }
    // Plain HTTP where TLS is wanted.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("https://{}/", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        // Kept open until the client has read it.
        let _ = stream.read_to_end(&mut Vec::new()).await;
    });
    let error = ask(&client(&known, None), &url).await.unwrap_err();
    assert_eq!(error.trouble, Trouble::Handshake, "{error}");
}

#[tokio::test]
async fn an_explicit_proxy_is_asked_for_names_that_are_not_resolved_here() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = format!("http://desk:pa55@{}", listener.local_addr().unwrap());
    let heard = Arc::new(Mutex::new(String::new()));
    let ears = heard.clone();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = vec![0; 4096];
        let length = stream.read(&mut head).await.unwrap();
        *ears.lock().unwrap() = String::from_utf8_lossy(&head[..length]).into_owned();
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
        stream.write_all(answer).await.unwrap();
    });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("proxy");
    std::fs::write(&path, format!("{proxy}\n")).unwrap();
    let client = client(&Trust::System, Some(SecretSource::File(path)));
    let url = Url::parse("http://feeds.invalid/rss?x=1").unwrap();
    assert_eq!(ask(&client, &url).await.unwrap().status(), 200);
    let heard = heard.lock().unwrap().clone();
    assert!(heard.starts_with("GET http://feeds.invalid/rss?x=1 HTTP/1.1"), "{heard}");
    assert!(
        heard.to_ascii_lowercase().contains("proxy-authorization: basic zgvzazpwytu1"),
        "{heard}"
    );
    // A literal is vetted here all the same.
    let link_local = Url::parse("http://169.254.169.254/").unwrap();
    assert!(matches!(client.request(Method::GET, &link_local), Err(Refused::Never(_))));
}
