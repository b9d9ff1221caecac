//! What is wrong with a sink is told, and never its secrets.

use super::*;

#[test]
fn a_private_address_needs_a_word() {
    let text = "[[sink]]\nname = \"x\"\ntype = \"webhook\"\nurl = \"http://127.0.0.1:9/\"\n";
    let error = match read(text).0[0].build(&workshop()) {
        Ok(_) => panic!("a private address was taken"),
        Err(error) => error.to_string(),
    };
    assert!(error.contains("allow_private"), "{error}");
}

#[test]
fn mistakes_in_sinks_are_told() {
    let (sinks, problems) = read(
        "[[sink]]\nname = \"a\"\ntype = \"slack\"\n\
         [[sink]]\ntype = \"console\"\n\
         [[sink]]\nname = \"c\"\n\
         [[sink]]\nname = \"d\"\ntype = \"webook\"\n\
         [[sink]]\nname = \"e\"\ntype = \"console\"\nrules = []\nburst = -1\ncolour = true\n\
         [[sink]]\nname = \"e\"\ntype = \"console\"\n\
         [[sink]]\nname = \"f\"\ntype = \"webhook\"\nurl = \"https://a.example\"\nheaders = { Host = \"b\", \"a b\" = \"c\" }\n",
    );
    let text: Vec<String> = problems
        .iter()
        .map(|one| format!("{} / {}", one.message, one.help.as_deref().unwrap_or("-")))
        .collect();
    insta::assert_snapshot!(text.join("\n"));
    assert_eq!(sinks.iter().map(|sink| sink.name.as_str()).collect::<Vec<_>>(), ["e", "f"]);
}

#[test]
fn hours_are_read_and_their_mistakes_told() {
    let sink = |keys: &str| read(&format!("[[sink]]\nname = 'x'\ntype = 'console'\n{keys}"));
    let at = |hour, minute| jiff::civil::time(hour, minute, 0, 0);
    let (sinks, problems) =
        sink("quiet = '22:00-7:30'\ndigest = '08:00'\nmax_per_hour = 4\ngroup_wait = '0s'\n");
    assert!(problems.is_empty(), "{problems:?}");
    let quiet = Some(Quiet { from: at(22, 0), until: at(7, 30) });
    let digest = Some(Rhythm::Daily(at(8, 0)));
    let pace = Pace { quiet, digest, max_per_hour: 4, group_wait: Duration::ZERO };
    assert_eq!(sinks[0].pace, pace);
    let every = Some(Rhythm::Every(Duration::from_secs(5400)));
    assert_eq!(sink("digest = '1h30m'\n").0[0].pace, Pace { digest: every, ..Pace::default() });
    let mistakes = [
        "quiet = '22:00'",
        "quiet = '24:00-07:00'",
        "quiet = '07:00-07:00'",
        "quiet = '+7:00--8:0'",
        "digest = 'daily'",
        "digest = '0s'",
        "digest = '2d'",
        "digest = '08:61'",
        "group_wait = '2h'",
        "group_wait = '1m'\ndigest = '1h'",
        "max_per_hour = -1",
    ];
    let told: Vec<String> = mistakes
        .iter()
        .map(|keys| {
            let problems = sink(keys).1;
            assert_eq!(problems.len(), 1, "{keys}: {problems:?}");
            let help = problems[0].help.as_deref().unwrap_or("-");
            format!("{}\n  {} / {help}", keys.replace('\n', "; "), problems[0].message)
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

/// An incident tells of one thing: closing a digest would close them all.
#[test]
fn pagerduty_has_no_digests_and_says_what_to_do() {
    let text = "[[sink]]\nname = 'x'\ntype = 'pagerduty'\nrouting_key = { file = 'k' }\n";
    assert!(read(text).1.is_empty());
    for key in ["quiet = '22:00-07:00'", "digest = '1h'", "group_wait = '1m'", "max_per_hour = 3"] {
        let problems = read(&format!("{text}{key}\n")).1;
        assert_eq!(problems.len(), 1, "{key}: {problems:?}");
        assert_eq!(problems[0].severity, Severity::Error);
        assert!(problems[0].help.as_ref().is_some_and(|help| help.contains("take the key away")));
    }
}

#[test]
fn a_webhook_without_a_secret_is_told() {
    let hook = "[[sink]]\nname = 'x'\ntype = 'webhook'\nurl = 'https://hooks.example.org/'\n";
    let (sinks, problems) = read(hook);
    assert_eq!((sinks.len(), problems.len()), (1, 1));
    assert_eq!(problems[0].severity, Severity::Warning);
    assert!(problems[0].message.contains("nothing is signed"), "{}", problems[0].message);
    assert!(read(&format!("{hook}secret = {{ file = 'x' }}\n")).1.is_empty());
}

#[test]
fn secrets_never_show() {
    for receiver in &RECEIVERS {
        let text = receiver.config("https://receiver.example");
        let (sinks, problems) = read(&text);
        assert_eq!(sinks.len(), 1, "{problems:?}");
        let told = problems.iter().all(|one| one.severity == Severity::Warning && !one.quote);
        // The address of an own service is no secret by itself; nothing is signed, which is told.
        assert!(
            told && problems.len() == if receiver.kind == "template" { 2 } else { 1 },
            "{problems:?}"
        );
        assert!(!format!("{sinks:?} {problems:?}").contains(TOKEN), "{sinks:?}");
        let outlet = sinks[0].build(&workshop()).unwrap();
        assert!(!outlet.sink.nature().acceptance.is_empty());
        // Of no use: what is wrong is told without the value.
        let broken = text.replace("https://receiver.example", "http://[").replace("42:", "42/");
        let error = match read(&broken).0[0].build(&workshop()) {
            Ok(_) => panic!("{} was built", receiver.kind),
            Err(error) => format!("{error} {error:?}"),
        };
        assert!(!error.contains(TOKEN), "{error}");
    }
}

#[test]
fn mistakes_of_each_receiver_are_told() {
    let cases = [
        "type = 'discord'\nurl = { env = 'X' }\nthread_id = 'news'",
        "type = 'telegram'\ntoken = { env = 'X' }",
        "type = 'telegram'\nchat_id = 'news'",
        "type = 'ntfy'\nurl = 'https://ntfy.example'\ntopic = 'a b'",
        "type = 'matrix'\nhomeserver = 'https://m.example'\nroom = '#news:m.example'\ntoken = { env = 'X' }",
        "type = 'pagerduty'",
        "type = 'template'\nurl = { env = 'X' }",
        "type = 'template'\nurl = { env = 'X' }\nmethod = 'GET'\nbody = '{}'",
        "type = 'template'\nurl = { env = 'X' }\nbody = \"\"\"{\n  \\\"a\\\": \\\"{{ headlin }}\\\"\n}\"\"\"",
        "type = 'template'\nurl = { env = 'X' }\nbody = '{% for one in alerts %}'",
        "type = 'template'\nurl = { env = 'X' }\nbody = '{\"a\": {{ headline }}}'",
        "type = 'template'\nurl = { env = 'X' }\ncontent_type = 'text/plain'\nbody = '{% for a in range(100000) %}{% for b in range(100000) %}x{% endfor %}{% endfor %}'",
        "type = 'template'\nurl = { env = 'X' }\nbody = { file = '/nowhere/body.json' }",
        "type = 'exec'",
        "type = 'exec'\ncommand = []",
        "type = 'exec'\ncommand = ['./tell']",
        "type = 'exec'\ncommand = ['tell --loud']",
        "type = 'webhook'\nurl = 'https://a.example'\nprevious_secrets = [{ env = 'A' }]",
    ];
    let mut told = Vec::new();
    for case in cases {
        let (sinks, problems) = read(&format!("[[sink]]\nname = 'x'\n{case}\n"));
        let errors = problems.iter().filter(|one| one.severity == Severity::Error);
        let lines: Vec<String> = errors
            .map(|one| format!("{} / {}", one.message, one.help.as_deref().unwrap_or("-")))
            .collect();
        assert!(!lines.is_empty(), "nothing is wrong with {case}: {sinks:?}");
        told.push(format!("{}\n  {}", case.replace('\n', " | "), lines.join("\n  ")));
    }
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn values_of_no_use_are_told_when_they_are_read() {
    for (keys, said) in [
        ("type = 'telegram'\ntoken = 'abc'\nchat_id = 1", "@BotFather"),
        ("type = 'pagerduty'\nrouting_key = 'abc'", "32 letters"),
        (
            "type = 'teams'\nurl = 'https://x.webhook.office.com/webhookb2/a/IncomingWebhook/b/c'",
            "retired",
        ),
        ("type = 'ntfy'\nurl = 'https://ntfy.example/news'\ntopic = 'news'", "server's root"),
        ("type = 'exec'\ncommand = ['/nowhere/tell']", "chmod +x"),
        ("type = 'slack'\nurl = 'https://user:word@hooks.example/x'", "user name"),
        ("type = 'slack'\nurl = 'ftp://hooks.example/x'", "https://"),
        ("type = 'webhook'\nurl = 'https://a.example'\nsecret = 'abc'", "whsec_"),
    ] {
        let (sinks, problems) = read(&format!("[[sink]]\nname = 'x'\n{keys}\n"));
        assert_eq!(sinks.len(), 1, "{keys}: {problems:?}");
        match sinks[0].build(&workshop()) {
            Ok(_) => panic!("{keys} was built"),
            Err(error) => assert!(error.to_string().contains(said), "{keys}: {error}"),
        }
    }
}
