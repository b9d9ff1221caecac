//! Receivers that misbehave below HTTP or in its bounds: each is harmless to every sink.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::*;

/// What goes wrong.
#[derive(Debug, Clone, Copy)]
enum Fault {
    /// Takes the request and never answers.
    Silent,
    /// Closes without a word.
    Hangup,
    /// Speaks something else.
    Babble,
    /// An informational answer, and no other.
    Informs(u16),
    /// A header without end.
    EndlessHeader,
    /// A body of one byte now and then, without end.
    Drip(u16),
    /// A gigabyte.
    Huge(u16),
    /// Few bytes that unpack into a hundred megabytes.
    Bomb(u16),
    /// Breaks off in the middle of its body.
    Torn(u16),
}

const FAULTS: [Fault; 14] = [
    Fault::Silent,
    Fault::Hangup,
    Fault::Babble,
    Fault::Informs(100),
    Fault::Informs(103),
    Fault::EndlessHeader,
    Fault::Drip(200),
    Fault::Drip(500),
    Fault::Huge(200),
    Fault::Huge(500),
    Fault::Bomb(200),
    Fault::Bomb(500),
    Fault::Torn(200),
    Fault::Torn(500),
];

/// Zeros, packed: a fixed Huffman block with the literal 0 and the longest of repetitions.
fn bomb(megabytes: usize) -> Vec<u8> {
    let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let (mut buffer, mut held) = (0u32, 0);
    let mut push = |bits: &str, bytes: &mut Vec<u8>| {
        for bit in bits.chars() {
            buffer |= u32::from(bit == '1') << held;
            held += 1;
            if held == 8 {
                bytes.push(buffer as u8);
                (buffer, held) = (0, 0);
            }
        }
    };
    // The last block, of fixed codes: bits of numbers go lowest first, codes highest first.
    push("1", &mut bytes);
    push("10", &mut bytes);
    push("00110000", &mut bytes);
    for _ in 0..megabytes * 1_000_000 / 258 {
        push("11000101", &mut bytes);
        push("00000", &mut bytes);
    }
    push("00000000000000", &mut bytes);
    bytes
}

async fn request(stream: &mut TcpStream) {
    let mut seen = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&seen).to_lowercase();
        if let Some(head) = text.find("\r\n\r\n") {
            let length = text.split("content-length: ").nth(1).map_or(0, |rest| {
                rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
            });
            if seen.len() >= head + 4 + length {
                return;
            }
        }
        match stream.read(&mut buffer).await {
            Ok(length @ 1..) => seen.extend_from_slice(&buffer[..length]),
            _ => return,
        }
    }
}

/// Answers one connection. Errors are the other side's leaving, which is what it should do.
async fn misbehave(mut stream: TcpStream, fault: Fault) -> std::io::Result<()> {
    request(&mut stream).await;
    let head = |status: u16, more: &str| format!("HTTP/1.1 {status} X\r\n{more}\r\n");
    match fault {
        Fault::Silent => std::future::pending().await,
        Fault::Hangup => Ok(()),
        Fault::Babble => stream.write_all(b"SSH-2.0-hello\r\n").await,
        Fault::Informs(status) => stream.write_all(head(status, "").as_bytes()).await,
        Fault::EndlessHeader => {
            stream.write_all(b"HTTP/1.1 200 X\r\nx: ").await?;
            loop {
                stream.write_all(&[b'a'; 4096]).await?;
            }
        }
        Fault::Drip(status) => {
            stream.write_all(head(status, "content-length: 1000000\r\n").as_bytes()).await?;
            loop {
                stream.write_all(b"o").await?;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        Fault::Huge(status) => {
            stream.write_all(head(status, "content-length: 1000000000\r\n").as_bytes()).await?;
            loop {
                stream.write_all(&[b'o'; 4096]).await?;
            }
        }
        Fault::Bomb(status) => {
            let packed = bomb(100);
            let more = format!("content-encoding: gzip\r\ncontent-length: {}\r\n", packed.len());
            stream.write_all(head(status, &more).as_bytes()).await?;
            stream.write_all(&packed).await
        }
        Fault::Torn(status) => {
            let answer = format!("{}ok", head(status, "content-length: 1000\r\n"));
            stream.write_all(answer.as_bytes()).await
        }
    }
}

async fn start(fault: Fault) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(misbehave(stream, fault));
        }
    });
    (base, server)
}

#[tokio::test]
async fn every_fault_is_harmless_to_every_receiver() {
    let mut told = Vec::new();
    for fault in FAULTS {
        let (base, server) = start(fault).await;
        let mut means: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        // Those that never end use up all of it.
        let timeout = match fault {
            Fault::Silent | Fault::Drip(_) => Duration::from_millis(400),
            _ => Duration::from_secs(20),
        };
        for receiver in &RECEIVERS {
            let outlet = receiver.outlet(&base);
            let sealed =
                outlet.sink.render(&Letter::Alert(Box::new(wire())), &stationery()).unwrap();
            let id = MessageId::new("msg_1");
            let answer = outlet.sink.send(Parcel { id: &id, sealed: &sealed, timeout }).await;
            assert!(answer.body.chars().count() <= 2000, "{fault:?}: {}", answer.body.len());
            assert!(!format!("{answer:?}").contains(TOKEN), "{fault:?}: {answer:?}");
            means.entry(format!("{:?}", answer.outcome)).or_default().push(receiver.kind);
        }
        server.abort();
        for (meaning, kinds) in means {
            let kinds = if kinds.len() == RECEIVERS.len() { "all".into() } else { kinds.join(" ") };
            told.push(format!("{fault:?}: {meaning}: {kinds}"));
        }
    }
    insta::assert_snapshot!(told.join("\n"));
}

/// In front of a receiver something speaks no TLS for a while: nobody has refused anything.
#[tokio::test]
async fn a_handshake_that_fails_may_pass_and_a_certificate_may_not() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let plain = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            // Kept open until the client has read it.
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
    });
    let authority = crate::net::tests::Authority::new();
    let acceptor =
        tokio_rustls::TlsAcceptor::from(Arc::new(authority.server("127.0.0.1", (2020, 2999))));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let unknown = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = acceptor.accept(stream).await;
        }
    });
    for (base, expected) in
        [(plain, Outcome::Retry { after: None }), (unknown, Outcome::Refused(Refusal::Endpoint))]
    {
        let outlet = Receiver::of("webhook").outlet(&base);
        let sealed = outlet.sink.render(&Letter::Ping, &stationery()).unwrap();
        let answer = send(&outlet, &sealed).await;
        assert_eq!(answer.outcome, expected, "{answer:?}");
    }
}

/// A server that nobody listens at, a name that is none, and an address that is never dialled.
#[tokio::test]
async fn no_way_to_a_receiver_is_told_without_its_secret() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    for receiver in &RECEIVERS {
        let outlet = receiver.outlet(&closed);
        let sealed = outlet.sink.render(&Letter::Ping, &stationery()).unwrap();
        let answer = send(&outlet, &sealed).await;
        assert_eq!(answer.outcome, Outcome::Retry { after: None }, "{answer:?}");
        let config = receiver.config("http://localhost:9").replace("127.0.0.0/8", "10.0.0.0/8");
        let refused = send(&super::outlet(&config), &sealed).await;
        assert_eq!(refused.outcome, Outcome::Refused(Refusal::Endpoint), "{refused:?}");
        assert!(refused.error.as_ref().is_some_and(|why| why.contains("allow_private")));
        let never = receiver.config("http://169.254.169.254");
        match read(&never).0[0].build(&workshop()) {
            Ok(_) => panic!("{} may reach a metadata service", receiver.kind),
            Err(error) => assert!(!error.to_string().contains(TOKEN), "{error}"),
        }
        assert!(!format!("{answer:?}{refused:?}").contains(TOKEN));
    }
}
