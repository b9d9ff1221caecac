//! The daemon as a service: one bad part costs itself only, due times survive, systemd is told.

use std::time::Duration;

use crate::program::{Program, errors, signal, stop};
use crate::world::{Hook, Mood, PATIENCE, Reply, Site, entry};

const STORY: &str = "Ireland formally applies to join NATO";

#[tokio::test]
async fn bad_feeds_do_not_disturb_the_good_one() {
    let site = Site::start().await;
    let hook = Hook::willing().await;
    site.publish("good", [entry("ireland", STORY, "")]);
    site.mood("hangs", Mood::Hanging);
    site.mood("fails", Mood::Status(500));
    site.mood("gone", Mood::Status(410));
    let names = ["hangs", "fails", "gone", "good"];
    let urls: Vec<String> = names.iter().map(|name| site.url(name)).collect();
    let program = Program::new(&Program::config(&urls, &hook.url("alerts")));
    let daemon = program.start();
    hook.until("the good feed's story is told", |all| !all.is_empty()).await;
    site.until("the good feed is asked again", |all| {
        all.iter().filter(|visit| visit.path == "/good.xml" && visit.status == 304).count() >= 2
    })
    .await;
    assert_eq!(stop(daemon).await, Some(0), "{}", program.log());

    let feeds = program.json(&["feeds", "list"]).await;
    let state = |name: &str| {
        let feed = feeds.iter().find(|feed| feed["url"] == site.url(name)).unwrap();
        feed["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(state("good"), "ok");
    assert_eq!(state("fails"), "failing");
    assert_eq!(state("gone"), "retired");
    assert!(site.visits().iter().all(|visit| visit.user_agent.contains("(+test)")));
}

#[cfg(unix)]
#[tokio::test]
async fn a_console_that_nobody_reads_disturbs_nothing() {
    use std::io::Write;
    let site = Site::start().await;
    let hook = Hook::willing().await;
    site.publish("good", [entry("ireland", STORY, "")]);
    let mut config = Program::config(&[site.url("good")], &hook.url("alerts"));
    config.insert_str(
        config.find("[[sink]]").unwrap(),
        "[[sink]]\nname = \"a console\"\ntype = \"console\"\n",
    );
    let program = Program::new(&config);
    // Standard output is full from the start, and its other end is held and never read.
    let (mut full, _held) = std::os::unix::net::UnixStream::pair().unwrap();
    full.set_nonblocking(true).unwrap();
    while full.write(&[b' '; 4096]).is_ok() {}
    full.set_nonblocking(false).unwrap();
    let log = std::fs::File::create(program.path("daemon.log")).unwrap();
    let mut command = program.command(&["run", "--config", "pactwatch.toml"]);
    command.stdout(std::os::fd::OwnedFd::from(full)).stderr(log);
    let daemon = command.spawn().unwrap();
    hook.until("the story reaches the other sink", |all| !all.is_empty()).await;
    let asked = site.visits().len();
    site.until("polling goes on", |all| all.len() > asked + 3).await;
    assert_eq!(stop(daemon).await, Some(0), "{}", program.log());
}

#[tokio::test]
async fn a_restart_does_not_poll_early() {
    let site = Site::start().await;
    let hook = Hook::willing().await;
    site.publish("slow", [entry("ireland", STORY, "")]);
    let config = Program::config(&[site.url("slow")], &hook.url("alerts")).replace("150ms", "1h");
    let program = Program::new(&config);
    let daemon = program.start();
    hook.until("the story is told", |all| !all.is_empty()).await;
    assert_eq!(stop(daemon).await, Some(0), "{}", program.log());
    assert_eq!(site.visits().len(), 1);

    // A second feed shows that the restarted daemon polls at all.
    site.publish("new", []);
    let urls = [site.url("slow"), site.url("new")];
    program.configure(&Program::config(&urls, &hook.url("alerts")).replace("150ms", "1h"));
    let daemon = program.start();
    site.until("the new feed is polled", |all| all.iter().any(|one| one.path == "/new.xml")).await;
    assert_eq!(stop(daemon).await, Some(0), "{}", program.log());
    let slow = site.visits().iter().filter(|visit| visit.path == "/slow.xml").count();
    assert_eq!(slow, 1, "the feed was asked again before its time");
}

#[tokio::test]
async fn a_failing_receiver_gets_the_same_message_until_it_takes_it() {
    let site = Site::start().await;
    let script = [503, 429, 500, 204];
    let hook = Hook::start(move |_, number| {
        let reply = Reply::status(*script.get(number).unwrap_or(&204));
        if reply.status == 429 { reply.header("retry-after", "0") } else { reply }
    })
    .await;
    site.publish("paper", [entry("ireland", STORY, "")]);
    let config = Program::config(&[site.url("paper")], &hook.url("alerts"));
    let program = Program::new(&config);
    let daemon = program.start();
    hook.until("it is accepted", |all| all.iter().any(|one| one.status == 204)).await;
    assert_eq!(stop(daemon).await, Some(0), "{}", program.log());
    let received = hook.received();
    assert_eq!(received.iter().map(|one| one.status).collect::<Vec<_>>(), script);
    assert!(received.iter().all(|one| one.id == received[0].id && one.body == received[0].body));
    assert!(received[0].id.starts_with("msg_"), "{}", received[0].id);

    let listed = program.json(&["deliveries", "list"]).await;
    assert_eq!(listed[0]["state"], "delivered");
    assert_eq!(listed[0]["attempts"], script.len(), "{listed:#?}");
}

#[tokio::test]
async fn a_reload_takes_a_good_config_and_refuses_a_bad_one() {
    let site = Site::start().await;
    let hook = Hook::willing().await;
    site.publish("one", []);
    site.publish("two", [entry("ireland", STORY, "")]);
    let config = |names: &[&str]| {
        let urls: Vec<String> = names.iter().map(|name| site.url(name)).collect();
        Program::config(&urls, &hook.url("alerts"))
    };
    let program = Program::new(&config(&["one"]));
    let daemon = program.start();
    site.until("the first feed is polled", |all| !all.is_empty()).await;
    program.configure("[[feed]]\nurll = \"x\"\n");
    signal(&daemon, "HUP");
    let asked = site.visits().len();
    site.until("the old config goes on", |all| all.len() > asked + 2).await;
    program.configure(&config(&["one", "two"]));
    signal(&daemon, "HUP");
    hook.until("the new feed's story is told", |all| !all.is_empty()).await;
    assert_eq!(stop(daemon).await, Some(0), "{}", program.log());
    let log = program.log();
    assert!(log.contains("config rejected") && log.contains("config reloaded"), "{log}");
}

#[tokio::test]
async fn a_reload_tells_what_it_changes_and_alerts_on_no_history() {
    let site = Site::start().await;
    let hook = Hook::willing().await;
    site.publish("one", [entry("storm", "Storm closes ferry ports", "")]);
    site.publish("two", []);
    let urls = [site.url("one"), site.url("two")];
    let config = Program::config(&urls, &hook.url("alerts"));
    let program = Program::new(&config);
    let daemon = program.start();
    // Asked again with validators, so the first document has been admitted.
    site.until("the storm is stored", |all| {
        all.iter().any(|visit| visit.path == "/one.xml" && visit.status == 304)
    })
    .await;
    let changed = config
        .replace("feed 1\"", "feed 1\"\ntags = [\"sea\"]")
        .replace("name = \"hook\"", "name = \"hook\"\nmin_level = \"notable\"")
        .replace("retry = [\"50ms\"", "retry = [\"70ms\"")
        .replacen("database", "timezone = \"Asia/Tokyo\"\ndatabase", 1)
        + "[[rule]]\nid = \"storm\"\ntitle = \"Storm\"\nwhen = 'title:storm'\n";
    program.configure(&changed);
    signal(&daemon, "HUP");
    program.logged("none of them is told").await;
    assert_eq!(stop(daemon).await, Some(0), "{}", program.log());
    let log = program.log();
    for part in [
        "feeds changed: feed 1",
        "sinks changed: hook",
        "rules + storm",
        "[delivery] changed",
        "timezone changed",
        "of 1 stored items the new rules flag 1 more and 0 no longer",
    ] {
        assert!(log.contains(part), "`{part}` is missing: {log}");
    }
    assert!(hook.received().is_empty(), "history was told: {:?}", hook.received());
}

#[cfg(unix)]
#[tokio::test]
async fn a_watched_config_is_read_again_however_its_files_change() {
    let site = Site::start().await;
    let hook = Hook::willing().await;
    for name in ["one", "two", "three"] {
        site.publish(name, []);
    }
    let config = |include: &str, names: &[&str]| {
        let urls: Vec<String> = names.iter().map(|name| site.url(name)).collect();
        let config = Program::config(&urls, &hook.url("alerts"));
        config.replacen(
            "include = [\"builtin:alliances\"]",
            &format!("reload = \"watch\"\ninclude = [\"builtin:alliances\"{include}]"),
            1,
        )
    };
    let program = Program::new(&config("", &["one"]));
    let daemon = program.start();
    site.until("the first feed is polled", |all| !all.is_empty()).await;
    // Editors and deployments put a new file in the place of the old one.
    std::fs::write(program.path("next.toml"), config("", &["one", "two"])).unwrap();
    std::fs::rename(program.path("next.toml"), program.path("pactwatch.toml")).unwrap();
    site.until("the second is polled", |all| all.iter().any(|one| one.path == "/two.xml")).await;
    // A mistake in a file that is included from now on, and its cure in that file alone.
    std::fs::write(program.path("more.toml"), "[[feed]]\nurll = \"x\"\n").unwrap();
    program.configure(&config(", \"more.toml\"", &["one", "two"]));
    program.logged("config rejected").await;
    let more = format!("[[feed]]\nurl = \"{}\"\n", site.url("three"));
    std::fs::write(program.path("more.toml"), more).unwrap();
    site.until("the third is polled", |all| all.iter().any(|one| one.path == "/three.xml")).await;
    assert_eq!(stop(daemon).await, Some(0), "{}", program.log());
}

#[tokio::test]
async fn two_daemons_cannot_share_a_database() {
    let site = Site::start().await;
    let hook = Hook::willing().await;
    site.publish("one", []);
    let program = Program::new(&Program::config(&[site.url("one")], &hook.url("alerts")));
    let daemon = program.start();
    site.until("the daemon runs", |all| !all.is_empty()).await;
    let second = program.run(&["once"]).await;
    assert_eq!(second.status.code(), Some(1));
    let errors = errors(&second);
    assert!(
        errors.contains(&daemon.id().unwrap().to_string()),
        "the holder is not named: {errors}"
    );
    assert_eq!(stop(daemon).await, Some(0), "{}", program.log());
}

#[cfg(unix)]
#[tokio::test]
async fn systemd_hears_of_every_step() {
    let site = Site::start().await;
    let hook = Hook::willing().await;
    site.publish("one", []);
    let program = Program::new(&Program::config(&[site.url("one")], &hook.url("alerts")));
    let path = program.path("notify");
    let socket = tokio::net::UnixDatagram::bind(&path).unwrap();
    let daemon = program
        .start_with(&[("NOTIFY_SOCKET", path.to_str().unwrap()), ("WATCHDOG_USEC", "600000")]);
    let mut heard = String::new();
    until(&socket, &mut heard, "READY=1").await;
    until(&socket, &mut heard, "WATCHDOG=1").await;
    heard.clear();
    signal(&daemon, "HUP");
    until(&socket, &mut heard, "RELOADING=1").await;
    assert!(heard.contains("MONOTONIC_USEC="), "{heard}");
    until(&socket, &mut heard, "READY=1").await;
    assert_eq!(stop(daemon).await, Some(0), "{}", program.log());
    until(&socket, &mut heard, "STOPPING=1").await;
}

#[cfg(unix)]
async fn until(socket: &tokio::net::UnixDatagram, heard: &mut String, word: &str) {
    let listen = async {
        let mut buffer = [0; 4096];
        while !heard.contains(word) {
            let length = socket.recv(&mut buffer).await.unwrap();
            heard.push_str(&String::from_utf8_lossy(&buffer[..length]));
            heard.push('\n');
        }
    };
    let listened = tokio::time::timeout(PATIENCE, listen).await;
    assert!(listened.is_ok(), "{word} never came: {heard}");
}

#[tokio::test]
async fn stopping_is_quick_while_everything_hangs() {
    let site = Site::start().await;
    site.mood("hangs", Mood::Hanging);
    site.publish("good", [entry("ireland", STORY, "")]);
    let hook = Hook::start(|_, _| Reply::status(503)).await;
    let urls = [site.url("hangs"), site.url("good")];
    let program = Program::new(&Program::config(&urls, &hook.url("alerts")));
    let daemon = program.start();
    hook.until("a delivery has failed", |all| !all.is_empty()).await;
    let stopped = tokio::time::timeout(Duration::from_secs(10), stop(daemon)).await;
    assert_eq!(stopped.expect("stopping took longer than ten seconds"), Some(0));
}

#[tokio::test]
async fn the_heartbeat_calls_while_all_is_well_and_shows_its_address_nowhere() {
    let site = Site::start().await;
    let script = |path: &str, call| match (path, call) {
        ("ping-5ecret", 1) => Reply::status(503),
        ("ping-5ecret", _) => Reply::status(200),
        _ => Reply::status(404),
    };
    let watcher = Hook::start(script).await;
    site.publish("one", []);
    let config = |with: &str| Program::config(&[site.url("one")], &watcher.url("alerts")) + with;
    let program = Program::new("");
    let heartbeat = "[operator]\nheartbeat = { url = { file = \"address\" }, every = \"50ms\" }\n";
    std::fs::write(program.path("address"), watcher.url("ping-5ecret") + "\n").unwrap();
    // Loopback is allowed under [network], as for feeds.
    program.configure(&config(heartbeat));
    let daemon = program.start();
    watcher.until("it is called again and again", |all| all.len() > 4).await;
    assert!(watcher.received().iter().all(|call| call.status != 404));
    program.logged("heard again").await;
    program.configure(&config(""));
    signal(&daemon, "HUP");
    program.logged("[operator] changed").await;
    assert_eq!(stop(daemon).await, Some(0), "{}", program.log());
    let log = program.log();
    assert!(log.contains("it answers 503") && !log.contains("5ecret"), "{log}");
    std::fs::write(program.path("address"), "no address\n").unwrap();
    program.configure(&config(heartbeat));
    let output = program.run(&["check"]).await;
    assert_eq!(output.status.code(), Some(78));
    assert!(errors(&output).contains("[operator] heartbeat"), "{}", errors(&output));
}
