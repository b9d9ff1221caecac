//! `email` against a mail server on loopback, scripted by the commands that it gets.

use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::net::tests::Authority;

/// What the server heard, all lines of all connections.
type Heard = Arc<Mutex<Vec<String>>>;

/// An answer to commands that begin so; an empty one closes the connection.
type Word = (&'static str, &'static str);

/// Stands for the connection itself, which the server answers first.
const GREETING: &str = "greeting";

async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    script: Vec<Word>,
    heard: Heard,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let greeting = script.iter().find(|(begins, _)| *begins == GREETING);
    let greeting = greeting.map_or("220 mail.example", |(_, answer)| answer);
    stream.write_all(format!("{greeting}\r\n").as_bytes()).await?;
    listen(stream, script, heard).await
}

/// The conversation after the greeting.
async fn listen(
    mut stream: BufReader<impl AsyncRead + AsyncWrite + Unpin>,
    script: Vec<Word>,
    heard: Heard,
) -> std::io::Result<()> {
    let mut line = String::new();
    let mut data = false;
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        heard.lock().unwrap().push(line.trim_end().to_owned());
        let command = match data {
            true if line == ".\r\n" => ".".to_owned(),
            true => continue,
            false => line.trim_end().to_owned(),
        };
        let scripted = script.iter().find(|(begins, _)| command.starts_with(begins));
        let answer = match (scripted, command.as_str()) {
            (Some((_, "")), _) => return Ok(()),
            (Some((_, "hang")), _) => std::future::pending().await,
            // It repeats what it was told.
            (Some((_, "echo")), _) => format!("535 no such user: {command}"),
            (Some((_, answer)), _) => (*answer).to_owned(),
            (None, "DATA") => "354 go on".to_owned(),
            (None, text) if text.starts_with("EHLO") => {
                "250-mail.example\r\n250 AUTH PLAIN LOGIN".to_owned()
            }
            (None, text) if text.starts_with("AUTH") => "235 welcome".to_owned(),
            (None, _) => "250 fine".to_owned(),
        };
        data = answer.starts_with("354");
        stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
}

async fn start(script: Vec<Word>) -> (String, Heard) {
    let heard = Heard::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = listener.local_addr().unwrap().to_string();
    let kept = heard.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(converse(stream, script.clone(), kept.clone()));
        }
    });
    (server, heard)
}

fn config(server: &str, more: &str) -> String {
    format!(
        "[[sink]]\nname = 'x'\ntype = 'email'\nserver = '{server}'\nfrom = 'pactwatch <alerts@desk.example>'\n\
         to = ['a@desk.example', 'B <b@desk.example>']\nallow_private = ['127.0.0.0/8']\n{more}\n"
    )
}

fn login() -> String {
    format!("tls = 'none'\nusername = 'bot'\npassword = '{TOKEN}'")
}

async fn attempt(script: Vec<Word>, more: &str, timeout: Duration) -> (Answer, Vec<String>) {
    let (server, heard) = start(script).await;
    let outlet = outlet(&config(&server, more));
    let view = AlertView { thread: Some("<msg_0@desk.example>".to_owned()), ..updated() };
    let sealed = outlet.sink.render(&Letter::Alert(Box::new(view)), &stationery()).unwrap();
    let id = MessageId::new("msg_1");
    let answer = outlet.sink.send(Parcel { id: &id, sealed: &sealed, timeout }).await;
    let heard = heard.lock().unwrap().clone();
    (answer, heard)
}

const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_mail_goes_to_all_and_answers_the_first_of_its_story() {
    let (answer, heard) = attempt(Vec::new(), &login(), PATIENCE).await;
    let thread = Some("<msg_1@desk.example>".to_owned());
    assert_eq!(answer.outcome, Outcome::Delivered { thread }, "{answer:?}");
    assert_eq!(answer.status, Some(250));
    let (server, asked) = start(Vec::new()).await;
    let outlet = outlet(&config(&server, &login()));
    let sealed = outlet.sink.render(&Letter::Ping, &stationery()).unwrap();
    let parcel = Parcel { id: &MessageId::new("msg_1"), sealed: &sealed, timeout: PATIENCE };
    let proof = outlet.sink.proof(parcel).unwrap();
    assert_eq!(proof.to, format!("mail to a@desk.example, b@desk.example by {server}"));
    assert!(proof.body.starts_with(b"Message-ID: <msg_1@desk.example>\r\n"));
    assert!(asked.lock().unwrap().is_empty(), "a proof was sent");
    for line in [
        "MAIL FROM:<alerts@desk.example>",
        "RCPT TO:<a@desk.example>",
        "RCPT TO:<b@desk.example>",
        "Message-ID: <msg_1@desk.example>",
        "In-Reply-To: <msg_0@desk.example>",
        "References: <msg_0@desk.example>",
        "Auto-Submitted: auto-generated",
    ] {
        assert!(heard.iter().any(|one| one.starts_with(line)), "{line} was not said: {heard:#?}");
    }
}

#[tokio::test]
async fn what_a_mail_server_says_has_its_meaning() {
    const ENDPOINT: Outcome = Outcome::Refused(Refusal::Endpoint);
    const MESSAGE: Outcome = Outcome::Refused(Refusal::Message);
    const LARGE: Outcome = Outcome::Refused(Refusal::Large);
    const RETRY: Outcome = Outcome::Retry { after: None };
    let login = login();
    for (script, more, expected, status) in [
        (vec![("AUTH", "535 no")], login.as_str(), ENDPOINT, Some(535)),
        (vec![("AUTH", "echo")], &login, ENDPOINT, Some(535)),
        (vec![("RCPT TO:", "550 nobody here")], &login, ENDPOINT, Some(550)),
        // As Postfix says it of a sender that it does not like, wherever it looks at one.
        (vec![("RCPT TO:", "554 5.7.1 access denied")], &login, ENDPOINT, Some(554)),
        (vec![("MAIL", "554 5.7.1 access denied")], &login, ENDPOINT, Some(554)),
        (vec![("DATA", "554 no valid recipients")], &login, ENDPOINT, Some(554)),
        (vec![(GREETING, "554 5.7.1 access denied")], &login, ENDPOINT, Some(554)),
        (vec![("RCPT TO:<b", "451 grey")], &login, RETRY, Some(451)),
        (vec![("RCPT TO:<a", "550 nobody"), ("RCPT", "451 grey")], &login, RETRY, Some(451)),
        (vec![("RCPT", "451 grey")], &login, RETRY, Some(451)),
        (vec![("EHLO", "421 busy")], &login, RETRY, Some(421)),
        (vec![(".", "552 too large")], &login, LARGE, Some(552)),
        (vec![(".", "554 no spam")], &login, MESSAGE, Some(554)),
        (vec![(".", "")], &login, RETRY, None),
        (vec![("MAIL", "nonsense")], &login, RETRY, None),
        // The password is not given to a server that offers no privacy where it was asked for.
        (vec![], "tls = 'starttls'", ENDPOINT, None),
    ] {
        let (answer, heard) = attempt(script.clone(), more, PATIENCE).await;
        assert_eq!((&answer.outcome, answer.status), (&expected, status), "{script:?}: {answer:?}");
        let shown = format!("{answer:?}");
        let packed = base64::Engine::encode(
            &base64::engine::general_purpose::STANDARD,
            format!("\0bot\0{TOKEN}"),
        );
        assert!(!shown.contains(TOKEN) && !shown.contains(&packed), "{shown}");
        assert_eq!(
            heard.iter().any(|line| line.contains(&packed)),
            more == login
                && script.first().is_none_or(|word| !["EHLO", GREETING].contains(&word.0))
        );
    }
    let (answer, _) = attempt(vec![("RCPT", "hang")], &login, Duration::from_millis(400)).await;
    assert_eq!(answer.outcome, RETRY, "{answer:?}");
}

#[tokio::test]
async fn a_mailbox_that_is_not_taken_costs_the_others_nothing() {
    let script = vec![("RCPT TO:<a", "550 5.1.1 nobody here")];
    let (answer, heard) = attempt(script, &login(), PATIENCE).await;
    assert!(matches!(answer.outcome, Outcome::Delivered { .. }), "{answer:?}");
    let told = "accepted, but not for a@desk.example: 550 5.1.1 nobody here";
    assert_eq!((answer.status, answer.error.as_deref()), (Some(250), Some(told)));
    let count = |what: &str| heard.iter().filter(|line| line.starts_with(what)).count();
    assert_eq!((count("MAIL"), count("RCPT"), count("DATA")), (1, 2, 1), "{heard:#?}");
    // Nobody has a mail that waits for one of them.
    let (answer, heard) = attempt(vec![("RCPT TO:<b", "451 grey")], &login(), PATIENCE).await;
    assert_eq!(answer.outcome, Outcome::Retry { after: None }, "{answer:?}");
    assert!(!heard.iter().any(|line| line.starts_with("DATA")), "{heard:#?}");
}

#[tokio::test]
async fn a_private_mail_server_needs_a_word() {
    let (server, _) = start(Vec::new()).await;
    let named = server.replace("127.0.0.1", "localhost");
    let outlet = outlet(&config(&named, "tls = 'none'").replace("127.0.0.0/8", "10.0.0.0/8"));
    let sealed = outlet.sink.render(&Letter::Ping, &stationery()).unwrap();
    let answer = send(&outlet, &sealed).await;
    assert_eq!(answer.outcome, Outcome::Refused(Refusal::Endpoint));
    assert!(answer.error.is_some_and(|why| why.contains("allow_private")));
}

/// A server that speaks TLS from the first byte, or after it was asked to.
async fn start_safe(acceptor: TlsAcceptor, first: bool) -> (String, Heard) {
    let heard = Heard::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = listener.local_addr().unwrap().to_string();
    let kept = heard.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, kept) = (acceptor.clone(), kept.clone());
            tokio::spawn(async move {
                if first {
                    return converse(acceptor.accept(stream).await?, Vec::new(), kept).await;
                }
                let stream = upgrade(stream, &kept).await?;
                listen(BufReader::new(acceptor.accept(stream).await?), Vec::new(), kept).await
            });
        }
    });
    (server, heard)
}

/// The part of a conversation before STARTTLS.
async fn upgrade(stream: TcpStream, heard: &Heard) -> std::io::Result<TcpStream> {
    let mut stream = BufReader::new(stream);
    let answers = ["220 mail.example", "250-mail.example\r\n250 STARTTLS", "220 go on"];
    for answer in answers {
        stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
        if answer != "220 go on" {
            let mut line = String::new();
            stream.read_line(&mut line).await?;
            heard.lock().unwrap().push(format!("in the clear: {}", line.trim_end()));
        }
    }
    Ok(stream.into_inner())
}

#[tokio::test]
async fn mail_goes_over_tls_to_a_server_that_the_ca_file_vouches_for_and_to_no_other() {
    let authority = Authority::new();
    let ours = Trust::Also(authority.file.path().to_owned());
    for (word, first) in [("starttls", false), ("tls", true)] {
        for (trust, name, taken) in [
            (ours.clone(), "127.0.0.1", true),
            (ours.clone(), "mail.elsewhere.example", false),
            (Trust::System, "127.0.0.1", false),
        ] {
            let acceptor = TlsAcceptor::from(Arc::new(authority.server(name, (2020, 2120))));
            let (server, heard) = start_safe(acceptor, first).await;
            let more = format!("tls = '{word}'\nusername = 'bot'\npassword = '{TOKEN}'");
            let (sinks, _) = read(&config(&server, &more));
            let outlet = sinks[0].build(&Workshop { trust: trust.clone(), ..workshop() }).unwrap();
            let sealed = outlet.sink.render(&Letter::Ping, &stationery()).unwrap();
            let answer = send(&outlet, &sealed).await;
            let heard = heard.lock().unwrap().clone();
            let clear: Vec<&String> =
                heard.iter().filter(|line| line.starts_with("in the clear")).collect();
            let asks = clear.iter().all(|line| line.contains("EHLO") || line.contains("STARTTLS"));
            assert!(asks && first == clear.is_empty(), "{word}: {clear:?}");
            let said = |what: &str| heard.iter().any(|line| line.starts_with(what));
            match taken {
                true => {
                    assert!(matches!(answer.outcome, Outcome::Delivered { .. }), "{answer:?}");
                    assert!(said("AUTH") && said("RCPT TO:<b@desk.example>"), "{heard:?}");
                }
                false => {
                    assert_eq!(answer.outcome, Outcome::Refused(Refusal::Endpoint), "{answer:?}");
                    assert!(!said("AUTH") && !said("MAIL"), "{word} to {name}: {heard:?}");
                    let why = answer.error.unwrap();
                    let cure = if trust == Trust::System { "ca_file" } else { "another host name" };
                    assert!(why.contains(cure), "{why}");
                }
            }
        }
    }
}

#[test]
fn each_letter_has_its_mail() {
    let outlet = outlet(&config("127.0.0.1:9", "tls = 'none'"));
    for (name, letter) in letters() {
        let sealed = outlet.sink.render(&letter, &stationery()).unwrap();
        let text = String::from_utf8(sealed.body).unwrap().replace('\r', "");
        insta::assert_snapshot!(format!("email-{name}"), text);
    }
}

#[test]
fn mistakes_in_mail_are_told() {
    let mut told = Vec::new();
    for keys in [
        "",
        "server = 'mail.example'\nfrom = 'a@b.example'\nto = 'c@d.example'",
        "server = 'mail.example:25'\nfrom = 'nobody'\nto = []",
        "server = 'mail.example:25'\nfrom = 'a@b.example'\nto = 'c@d.example'\nusername = 'bot'",
        "server = 'mail.example:25'\nfrom = 'a@b.example'\nto = 'c@d.example'\ntls = 'ssl'",
        "server = 'mail.example:25'\nfrom = 'a@b.example'\nto = 'c@d.example'\ntls = 'none'\nusername = 'bot'\npassword = { env = 'X' }",
    ] {
        let (_, problems) = read(&format!("[[sink]]\nname = 'x'\ntype = 'email'\n{keys}\n"));
        let lines = problems
            .iter()
            .map(|one| format!("{} / {}", one.message, one.help.as_deref().unwrap_or("-")));
        told.push(format!(
            "{}\n  {}",
            keys.replace('\n', " | "),
            lines.collect::<Vec<_>>().join("\n  ")
        ));
    }
    insta::assert_snapshot!(told.join("\n"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn no_text_gets_into_the_headers(title in "(\\PC|[\r\n: <>@,;=?\"]){0,600}") {
        let hostile = format!("x\r\nBcc: evil@evil.example\r\n\r\n<script> https://evil.example {title}");
        let outlet = outlet(&config("127.0.0.1:9", "tls = 'none'"));
        let view = view(&hostile, &format!("Canada may join AUKUS Pillar 2 {hostile}"));
        let letter = Letter::Alert(Box::new(view));
        for sealed in [Some(outlet.sink.render(&letter, &stationery()).unwrap()), outlet.sink.fallback(&letter, &stationery())].into_iter().flatten() {
            let text = String::from_utf8(sealed.body).unwrap();
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            let names: Vec<&str> = head
                .split("\r\n")
                .filter(|line| !line.starts_with([' ', '\t']))
                .map(|line| line.split_once(':').map_or(line, |(name, _)| name))
                .collect();
            let known = ["From", "Date", "Subject", "To", "Auto-Submitted", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"];
            prop_assert!(names.iter().all(|name| known.contains(name)), "{:?}", names);
            prop_assert!(text.is_ascii() && text.split("\r\n").all(|line| line.len() <= 998), "{}", text);
            prop_assert!(!text.replace("\r\n", "").contains(['\r', '\n']), "a bare line end");
            prop_assert!(!body.contains("<script"), "{}", body);
        }
    }
}
