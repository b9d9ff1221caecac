//! Nothing that a run leaves behind holds a secret: not the database, the log, or any output.

use std::path::{Path, PathBuf};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, Uri};

use crate::program::{Program, errors, stop, text};
use crate::world::{Hook, Reply, Site, entry};

/// Part of every secret here; with it each has the length that its receiver wants.
const MARK: &str = "S3CR3TMARK";

/// A secret for this receiver.
fn secret(kind: &str) -> String {
    let text = format!("{MARK}{kind}00000000000000000000000000000000");
    text[..32].to_owned()
}

/// A receiver that says all that it was asked, as a failure.
async fn echo() -> String {
    let answer = |uri: Uri, headers: HeaderMap, body: Bytes| async move {
        let body = String::from_utf8_lossy(&body).into_owned();
        (StatusCode::INTERNAL_SERVER_ERROR, format!("{uri} {headers:?} {body}"))
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let app = Router::new().fallback(answer);
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    base
}

/// One sink of each kind, whose secrets stand in the config, in files and in the environment.
fn sinks(base: &str, folder: &Path) -> String {
    let word = |kind: &str| format!("'{}'", secret(kind));
    let file = |kind: &str, text: String| {
        let path = folder.join(format!("secret-{kind}"));
        std::fs::write(&path, text).unwrap();
        format!("{{ file = '{}' }}", path.display())
    };
    let list = [
        (
            "webhook",
            format!(
                "url = '{base}/{}'\nheaders = {{ Authorization = {} }}",
                secret("webhook"),
                word("header")
            ),
        ),
        (
            "slack",
            format!("url = {}", file("slack", format!("{base}/services/{}", secret("slack")))),
        ),
        ("discord", format!("url = '{base}/api/webhooks/1/{}'", secret("discord"))),
        (
            "telegram",
            format!(
                "token = {}\nchat_id = 1\napi = '{base}'",
                file("telegram", format!("42:{}", secret("telegram")))
            ),
        ),
        ("teams", format!("url = '{base}/workflows/x?sig={}'", secret("teams"))),
        ("mattermost", format!("url = '{base}/hooks/{}'", secret("mattermost"))),
        ("ntfy", format!("url = '{base}'\ntopic = 'news'\ntoken = {{ env = 'NTFY_TOKEN' }}")),
        (
            "matrix",
            format!("homeserver = '{base}'\nroom = '!r:example.org'\ntoken = {}", word("matrix")),
        ),
        ("pagerduty", format!("url = '{base}/v2'\nrouting_key = {}", word("pager"))),
        (
            "template",
            format!(
                "url = '{base}/{}'\nbody = '{{\"text\": \"{{{{ text }}}}\"}}'",
                secret("template")
            ),
        ),
    ];
    let mut text = String::new();
    for (kind, keys) in list {
        text.push_str(&format!(
            "[[sink]]\nname = '{kind}'\ntype = '{kind}'\nallow_private = ['127.0.0.0/8']\n{keys}\n"
        ));
    }
    text
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for one in std::fs::read_dir(folder).unwrap() {
        let path = one.unwrap().path();
        match path.is_dir() {
            true => files(&path, found),
            false => found.push(path),
        }
    }
}

#[tokio::test]
async fn nothing_that_a_run_leaves_behind_holds_a_secret() {
    let site = Site::start().await;
    site.publish(
        "paper",
        [entry("ireland", "Ireland formally applies to join NATO", "Dublin handed in its bid.")],
    );
    let base = echo().await;
    let hook = Hook::start(|_, _| Reply::status(503)).await;
    let config = Program::config(&[site.url("paper")], &hook.url("alerts"));
    let program = Program::new(&config);
    let sinks = sinks(&base, program.folder());
    program.configure(&format!("{config}{sinks}"));
    let variables = [("NTFY_TOKEN", secret("ntfy"))];
    let variables: Vec<(&str, &str)> =
        variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut said = String::new();
    let mut run = async |arguments: &[&str]| {
        let mut all = arguments.to_vec();
        all.extend(["--config", "pactwatch.toml"]);
        let mut command = program.command(&all);
        command.envs(variables.iter().copied()).env("PACTWATCH_LOG", "trace");
        let output = command.output().await.unwrap();
        said.push_str(&format!("$ {arguments:?}\n{}{}", text(&output), errors(&output)));
    };
    run(&["check"]).await;
    run(&["once"]).await;
    let daemon = {
        let mut more = variables.clone();
        more.push(("PACTWATCH_LOG", "trace"));
        program.start_with(&more)
    };
    hook.until("the queue was tried twice", |received| received.len() >= 2).await;
    stop(daemon).await;
    run(&["status"]).await;
    run(&["status", "--json"]).await;
    run(&["sinks", "list", "--json"]).await;
    run(&["deliveries", "list"]).await;
    run(&["deliveries", "list", "--json"]).await;
    for message in program.json(&["deliveries", "list"]).await {
        run(&["deliveries", "show", message["id"].as_str().unwrap()]).await;
    }
    for sink in sinks.lines().filter_map(|line| line.strip_prefix("name = ")) {
        run(&["sinks", "test", sink.trim_matches('\'')]).await;
        run(&["sinks", "preview", sink.trim_matches('\'')]).await;
        run(&["sinks", "preview", sink.trim_matches('\''), "--json"]).await;
    }
    // Each receiver was tried, and said what it was asked.
    assert!(said.contains("[secret]"), "{said}");
    assert_eq!(said.matches("not accepted with 500").count(), 10, "{said}");
    assert_eq!(said.matches("; nothing was sent").count(), 10, "{said}");
    let mut left = Vec::new();
    files(program.folder(), &mut left);
    let ours = |path: &Path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name == "pactwatch.toml" || name.starts_with("secret-")
    };
    left.retain(|path| !ours(path));
    assert!(left.iter().any(|path| path.ends_with("test.db")), "no database: {left:?}");
    assert!(program.log().contains("sink.id"), "nothing was logged");
    let mark = MARK.as_bytes();
    for path in left {
        let bytes = std::fs::read(&path).unwrap();
        let at = bytes.windows(mark.len()).position(|window| window == mark);
        let shown =
            at.map(|at| String::from_utf8_lossy(&bytes[at.saturating_sub(200)..]).into_owned());
        assert!(
            at.is_none(),
            "{} holds a secret: {:.600}",
            path.display(),
            shown.unwrap_or_default()
        );
    }
    let at = said.find(MARK);
    assert!(at.is_none(), "shown: {:.600}", &said[at.unwrap_or_default().saturating_sub(200)..]);
}
