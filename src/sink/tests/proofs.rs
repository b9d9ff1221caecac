//! What `proof` shows is what `send` sends, and no secret.

use super::server::start;
use super::*;

fn shown(proof: &Proof) -> String {
    let headers: Vec<String> =
        proof.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    format!("{}\n{}\n{}", proof.to, headers.concat(), String::from_utf8_lossy(&proof.body))
}

#[tokio::test]
async fn a_proof_is_what_is_sent_without_its_secrets_and_sends_nothing() {
    let mut heads = Vec::new();
    for receiver in &RECEIVERS {
        let (base, server) = start().await;
        server.answer(receiver.yes.0, &[], receiver.yes.1);
        let more = match receiver.kind {
            "webhook" => "secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'\n",
            _ => "",
        };
        let outlet = outlet(&format!("{}{more}", receiver.config(&base)));
        let sealed = outlet.sink.render(&Letter::Alert(Box::new(wire())), &stationery()).unwrap();
        let id = MessageId::new("msg_1");
        let parcel = || Parcel { id: &id, sealed: &sealed, timeout: Duration::from_secs(20) };
        let proof = outlet.sink.proof(parcel()).unwrap();
        assert!(server.asked().is_empty(), "{}: a proof was sent", receiver.kind);
        let text = shown(&proof);
        assert!(!text.contains(TOKEN), "{}: {text}", receiver.kind);
        assert_eq!(outlet.sink.send(parcel()).await.error, None, "{}", receiver.kind);
        let asked = server.asked().into_iter().next().unwrap();
        let body = String::from_utf8(asked.body).unwrap().replace(TOKEN, "[secret]");
        assert_eq!(String::from_utf8(proof.body).unwrap(), body, "{}", receiver.kind);
        assert!(proof.to.starts_with(&format!("{} {base}/", asked.method)), "{}", proof.to);
        for (name, value) in &proof.headers {
            let sent = asked.headers[name.as_str()].to_str().unwrap();
            let same = value.contains("[secret]") || value == sent || name == "webhook-timestamp";
            assert!(same, "{}: {name}: {value}, and not {sent}", receiver.kind);
        }
        let lines: Vec<String> = proof
            .headers
            .iter()
            .filter(|(name, _)| name != "webhook-timestamp")
            .map(|(name, value)| format!("  {name}: {value}"))
            .collect();
        let to = proof.to.replace(&base, "http://HOST");
        heads.push(format!("{}\n  {to}\n{}", receiver.kind, lines.join("\n")));
    }
    insta::assert_snapshot!("proofs", heads.join("\n"));
}

#[test]
fn programs_and_the_console_are_shown_as_they_are_told() {
    let program =
        "[[sink]]\nname = 'x'\ntype = 'exec'\ncommand = ['sh', '-c', 'cat; echo \"$1\"']\n";
    let console = "[[sink]]\nname = 'x'\ntype = 'console'\n";
    let id = MessageId::new("msg_1");
    for (config, to) in [
        (program, "\"sh\" \"-c\" \"cat; echo \\\"$1\\\"\"\nPACTWATCH_MESSAGE: msg_1\n"),
        (console, "standard output\n"),
    ] {
        let outlet = outlet(config);
        let sealed = outlet.sink.render(&Letter::Ping, &stationery()).unwrap();
        let parcel = Parcel { id: &id, sealed: &sealed, timeout: Duration::from_secs(20) };
        let proof = outlet.sink.proof(parcel).unwrap();
        assert_eq!(proof.body, sealed.body);
        assert!(shown(&proof).starts_with(to), "{}", shown(&proof));
    }
}
