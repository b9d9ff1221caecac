//! The shipped config against the defaults in the code.

use std::path::Path;

use super::*;

/// Every scalar key, by section; optional ones that have no default may stand commented out.
const KEYS: [(&str, &[&str]); 11] = [
    ("", &["include", "database", "timezone", "reload"]),
    (
        "poll",
        &["every", "min", "max", "per_host", "concurrency", "timeout", "max_body", "in_flight"],
    ),
    ("network", &["allow_private", "contact", "proxy", "ca_file", "allow_file"]),
    ("story", &["window", "max_age", "first_poll", "updates"]),
    ("history", &["keep", "alerts", "max_size"]),
    ("delivery", &["retry", "give_up", "timeout"]),
    ("web", &["listen", "public_url", "token"]),
    ("websub", &["callback", "listen", "poll", "lease"]),
    ("operator", &["sinks", "heartbeat", "all_quiet"]),
    ("[feed]", &["name", "url", "kind", "tags", "every", "mode", "full_text", "auth", "headers"]),
    (
        "[sink]",
        &[
            "name",
            "type",
            "rules",
            "min_level",
            "burst",
            "quiet",
            "max_per_hour",
            "group_wait",
            "allow_private",
        ],
    ),
];

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config/pactwatch.toml")
}

#[test]
fn the_shipped_config_says_what_the_defaults_are() {
    let folder = tempfile::tempdir().unwrap();
    let bare = folder.path().join("bare.toml");
    std::fs::write(&bare, "include = [\"builtin:alliances\"]\n").unwrap();
    let read = |path: &Path| load(Some(path)).map_err(|report| report.render(false)).unwrap().0;
    let (shipped, bare) = (read(&shipped()), read(&bare));
    assert_eq!(shipped.poll, bare.poll);
    assert_eq!(shipped.network, bare.network);
    assert_eq!(shipped.story, bare.story);
    assert_eq!(shipped.history, bare.history);
    assert_eq!(shipped.delivery, bare.delivery);
    assert_eq!(shipped.timezone, bare.timezone);
    assert_eq!(shipped.reload, bare.reload);
    assert_eq!(shipped.web, bare.web);
    assert_eq!(shipped.operator, bare.operator);
    assert_eq!(shipped.database.file_name(), bare.database.file_name());
}

#[test]
fn every_key_is_documented_where_people_look() {
    let text = std::fs::read_to_string(shipped()).unwrap();
    let mut section = String::new();
    let mut found: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        let line = line.trim_start_matches("# ");
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.to_owned();
        } else if let Some((key, _)) = line.split_once(" = ") {
            found.push((section.clone(), key.to_owned()));
        }
    }
    for (section, keys) in KEYS {
        for key in keys {
            let stands = found.iter().any(|(of, name)| of == section && name == key);
            assert!(stands, "`{key}` of [{section}] is not in the shipped config");
        }
    }
}

/// The sinks of the shipped config, commented out or not, each with its type.
fn shipped_sinks() -> Vec<(String, String)> {
    let text = std::fs::read_to_string(shipped()).unwrap();
    let mut sinks = Vec::new();
    let mut lines = text.lines().map(|line| line.trim_start_matches("# ")).peekable();
    while let Some(line) = lines.next() {
        if line != "[[sink]]" {
            continue;
        }
        let mut sink = String::from("[[sink]]\n");
        while let Some(key) = lines.next_if(|line| line.contains(" = ")) {
            sink.push_str(key);
            sink.push('\n');
        }
        let kind = sink.split("type = \"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        sinks.push((kind, sink));
    }
    sinks
}

/// Loads sinks; what is wrong otherwise. The rules of the pack take their time, so all go at once.
fn load_sinks<'s>(sinks: impl IntoIterator<Item = &'s str>) -> Result<Vec<SinkConfig>, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sink.toml");
    let sinks: Vec<&str> = sinks.into_iter().collect();
    let lists = "[alliance.NATO]\nterms = ['NATO']\n[alliance.AUKUS]\nterms = ['AUKUS']\n\
                 [place.CA]\nterms = ['Canada']\n[place.JP]\nterms = ['Japan']\n\
                 [[rule]]\nid = 'any'\nwhen = 'NATO'\n";
    std::fs::write(&path, format!("{lists}{}", sinks.join("\n"))).unwrap();
    match load(Some(&path)) {
        Ok((config, _)) => Ok(config.sinks),
        Err(report) => Err(report.render(false)),
    }
}

#[test]
fn every_receiver_is_shown_with_every_key_and_works_as_shown() {
    let mut sinks = shipped_sinks();
    let all = "console webhook slack discord telegram teams mattermost ntfy matrix pagerduty template exec email";
    for kind in all.split(' ') {
        assert!(sinks.iter().any(|(of, _)| of == kind), "no {kind} in the shipped config");
    }
    sinks.retain(|(kind, _)| kind != "email" || cfg!(feature = "email"));
    let loaded = load_sinks(sinks.iter().map(|(_, sink)| sink.as_str()));
    let loaded = loaded.unwrap_or_else(|why| panic!("{why}"));
    assert_eq!(loaded.len(), sinks.len());
    let is_shown =
        |text: &str, key: &str| text.lines().any(|line| line.starts_with(&format!("{key} = ")));
    // What a sink can hold is told for a key that is none.
    let bogus: Vec<String> =
        sinks.iter().map(|(_, sink)| format!("{sink}zzzzzzzzzzzzzzz = 1\n")).collect();
    let told = load_sinks(bogus.iter().map(String::as_str)).unwrap_err();
    let told: Vec<&str> = told.split("can hold").skip(1).collect();
    assert_eq!(told.len(), sinks.len());
    for ((kind, sink), told) in sinks.iter().zip(told) {
        let told = told.split("\n\n").next().unwrap_or(told);
        for key in told.split('`').skip(1).step_by(2) {
            let common =
                ["tags", "allow_private", "burst", "quiet", "digest", "group_wait", "max_per_hour"]
                    .contains(&key);
            let shown = is_shown(sink, key) || common || ROUTING.contains(&key);
            assert!(shown, "`{key}` of {kind} is not in the shipped config");
        }
    }
    let whole: String = sinks.iter().map(|(_, sink)| sink.as_str()).collect();
    for key in ROUTING {
        assert!(is_shown(&whole, key), "`{key}` is not in the shipped config");
    }
}

/// Keys of every sink that are shown at one of them.
const ROUTING: [&str; 5] = ["rules", "min_level", "alliances", "candidates", "languages"];

#[test]
fn what_is_shown_of_a_receiver_as_its_default_is_its_default() {
    let mut sinks = shipped_sinks();
    sinks.retain(|(kind, _)| kind != "email" || cfg!(feature = "email"));
    let defaults = [
        ("telegram", "api"),
        ("pagerduty", "url"),
        ("template", "method"),
        ("template", "content_type"),
        ("slack", "burst"),
        ("slack", "max_per_hour"),
        ("slack", "group_wait"),
        ("slack", "rules"),
        ("email", "tls"),
    ];
    let bare: Vec<String> = sinks
        .iter()
        .map(|(kind, sink)| {
            let kept = sink.lines().filter(|line| {
                let is = |key: &str| line.starts_with(&format!("{key} = "));
                !defaults.iter().any(|(of, key)| of == kind && is(key))
            });
            kept.collect::<Vec<_>>().join("\n")
        })
        .collect();
    let lines = |all: &[String]| all.iter().map(|sink| sink.lines().count()).sum::<usize>();
    let shown: Vec<String> = sinks.into_iter().map(|(_, sink)| sink).collect();
    let gone = defaults.len() - usize::from(cfg!(not(feature = "email")));
    assert_eq!(lines(&shown) - lines(&bare), gone, "not every default is shown");
    let load = |all: &[String]| load_sinks(all.iter().map(String::as_str)).unwrap();
    for (shown, bare) in load(&shown).iter().zip(load(&bare)) {
        assert!(
            shown.same_as(&bare),
            "{} is shown with another value: {shown:?} {bare:?}",
            bare.name
        );
    }
}

#[test]
fn a_file_may_extend_what_it_includes() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(
        "main.toml",
        "include = ['outer.toml']\n[alliance.NATO]\nextend = true\nterms = ['the Main']\n",
    );
    write(
        "outer.toml",
        "include = ['inner.toml']\n[alliance.NATO]\nextend = true\nterms = ['the Outer']\n",
    );
    let inner = "[alliance.NATO]\nterms = ['NATO']\n[[rule]]\nid = 'r'\nwhen = '@alliance AND @NATO'\n\
                 match = ['NATO', 'the Outer', 'the Main']\n";
    write("inner.toml", inner);
    let loaded = load(Some(&folder.path().join("main.toml")));
    loaded.map_err(|report| report.render(false)).unwrap();
    // The other way round there is nothing to extend yet.
    write("inner.toml", &inner.replace("]\nterms", "]\nextend = true\nterms"));
    let refused = load(Some(&folder.path().join("main.toml"))).unwrap_err().render(false);
    assert!(refused.contains("no list `NATO` to extend"), "{refused}");
}

/// Loads rules after the shipped pack.
fn with_pack(rules: &str) -> Config {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page.toml");
    std::fs::write(&path, format!("include = [\"builtin:alliances\"]\n{rules}")).unwrap();
    let (config, report) = load(Some(&path))
        .map_err(|report| panic!("{rules}\n{}", report.render(false)))
        .unwrap_or_else(|never: ()| panic!("{never:?}"));
    let warnings: Vec<String> =
        report.lines().into_iter().filter(|line| line.contains("page.toml:")).collect();
    assert!(warnings.is_empty(), "{rules}\n{warnings:?}");
    config
}

fn page() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("config/RULES.md")).unwrap()
}

#[test]
fn every_block_of_the_rules_page_is_a_config() {
    let page = page();
    let blocks: Vec<&str> = page
        .split("```toml\n")
        .skip(1)
        .map(|rest| rest.split_once("```").expect("a block ends").0)
        .collect();
    assert!(blocks.len() >= 5, "only {} blocks were found", blocks.len());
    for block in &blocks {
        with_pack(block);
    }
    // One paste of all of them works as well.
    let all = with_pack(&blocks.concat());
    let ids: Vec<String> = all.rules.rules().map(|rule| rule.id.to_string()).collect();
    assert!(ids.iter().any(|id| id == "river") && !ids.iter().any(|id| id == "growth"), "{ids:?}");
    assert!(all.rules.rules().any(|rule| rule.id.as_str() == "summits" && rule.shadow));
}

/// What stands between fences of a language in the README.
fn readme(language: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = std::fs::read_to_string(path).unwrap();
    let fence = format!("```{language}\n");
    let fences = text.split(fence.as_str()).skip(1);
    fences.map(|rest| rest.split_once("\n```").expect("a block ends").0.to_owned()).collect()
}

#[test]
fn the_rules_of_the_readme_add_to_the_shipped_ones() {
    let rules: Vec<String> =
        readme("toml").into_iter().filter(|block| block.contains("[[rule]]")).collect();
    assert_eq!(rules.len(), 1);
    let ids = |config: Config| config.rules.rules().map(|rule| rule.id.to_string()).collect();
    let (shipped, all): (Vec<String>, Vec<String>) =
        (ids(with_pack("")), ids(with_pack(&rules[0])));
    assert!(shipped.iter().all(|id| all.contains(id)), "{shipped:?} {all:?}");
    assert_eq!(all.len(), shipped.len() + 1);
}

#[test]
fn the_payload_of_the_readme_is_one_that_is_sent() {
    let sent =
        include_str!("../sink/tests/snapshots/pactwatch__sink__tests__forms__webhook-raised.snap");
    let sent = &sent[sent.find("\n{").unwrap()..];
    let shown = readme("json");
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(read(&shown[0]), read(sent));
}

#[test]
fn every_query_of_the_rules_page_flags_what_it_says() {
    let page = page();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |"));
    let mut rules = String::new();
    let mut count = 0;
    for row in rows {
        let Some((query, rest)) = row.split_once("` | ") else { continue };
        let Some((yes, no)) = rest.split_once(" | ") else { continue };
        // The other table of the page says what the parts of a rule do.
        if ["when", "unless", "[mask.NAME]", "score`, `threshold"].contains(&query) {
            continue;
        }
        count += 1;
        let yes = yes.split(" (").next().unwrap_or(yes);
        rules.push_str(&format!(
            "[[rule]]\nid = \"row-{count}\"\nwhen = '{}'\nmatch = ['{yes}']\nno_match = ['{no}']\n",
            query.replace("\\|", "|"),
        ));
    }
    assert!(count >= 12, "only {count} rows were found");
    with_pack(&rules);
}

#[test]
fn routing_values_that_can_never_match_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("main.toml");
    let read = |route: &str| {
        let text = format!(
            "include = ['builtin:alliances']\n[network]\ncontact = 'x'\n\
             [[feed]]\nurl = 'https://example.org/feed'\ntags = ['europe']\n\
             [[sink]]\nname = 'a'\ntype = 'console'\n{route}\n"
        );
        std::fs::write(&path, text).unwrap();
        load(Some(&path))
    };
    let sound = read("candidates = ['IE', 'SE']\nlanguages = ['en', 'ja']\ntags = ['europe']");
    assert_eq!(sound.unwrap().1.render(false), "");
    for (route, said, help) in [
        ("candidates = ['Ireland']", "candidate `Ireland`", "did you mean `IE`?"),
        ("candidates = ['ie']", "candidate `ie`", "did you mean `IE`?"),
        ("candidates = ['QQ']", "candidate `QQ`", "write its code"),
        ("languages = ['english']", "language `english`", "did you mean `en`?"),
        ("languages = ['EN-gb']", "language `EN-gb`", "did you mean `en`?"),
        ("languages = ['gibberish']", "language `gibberish`", "write it like `en`"),
    ] {
        let report = read(route).expect_err(route).render(false);
        assert!(report.contains(said) && report.contains(help), "{report}");
    }
    let report = read("tags = ['europa']").unwrap().1;
    assert_eq!(report.warnings(), 1);
    let report = report.render(false);
    assert!(
        report.contains("tag `europa`") && report.contains("did you mean `europe`?"),
        "{report}"
    );
}

/// What is said of a config besides mistakes, a line each.
fn oddities(folder: &Path, text: &str) -> Vec<String> {
    let path = folder.join("odd.toml");
    let rules = "[network]\ncontact = 'x'\nallow_private = ['10.0.0.0/8']\n\
                 [[rule]]\nid = 'told'\nwhen = '\"NATO\"'\nmatch = ['NATO']\n\
                 [[rule]]\nid = 'untold'\nwhen = '\"NATO\"'\nmatch = ['NATO']\n\
                 [[rule]]\nid = 'tried'\nmode = 'shadow'\nwhen = '\"NATO\"'\nmatch = ['NATO']\n";
    std::fs::write(&path, format!("{rules}{text}")).unwrap();
    let (_, report) = load(Some(&path))
        .map_err(|report| report.render(false))
        .unwrap_or_else(|why| panic!("{why}"));
    report.lines()
}

#[test]
fn what_is_legal_and_surely_not_meant_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let sound = "[[feed]]\nurl = 'https://example.org/feed'\nevery = '30d'\n\
                 [[feed]]\nurl = 'http://10.0.0.7/feed'\n\
                 [[sink]]\nname = 'a'\ntype = 'console'\n\
                 [[sink]]\nname = 'ops'\ntype = 'console'\nrules = []\n[operator]\nsinks = ['ops']\n";
    assert_eq!(oddities(folder.path(), sound), [] as [&str; 0]);
    let odd = "[[feed]]\nname = 'yearly'\nurl = 'https://example.org/feed'\nevery = '400d'\n\
               [[feed]]\nname = 'near'\nurl = 'http://192.168.1.7/feed'\n\
               [[feed]]\nname = 'here'\nurl = 'http://localhost:80/feed'\n\
               [[sink]]\nname = 'a'\ntype = 'console'\nrules = ['told*']\n\
               [[sink]]\nname = 'b'\ntype = 'console'\nrules = []\n";
    let told = oddities(folder.path(), odd);
    for what in [
        "the feed `yearly` is polled once in 400d",
        "the feed `near` lies at a private address",
        "the feed `here` lies at a private address",
        "no sink wants what these rules flag: untold",
        "`rules` of the sink `b` is empty",
    ] {
        assert!(told.iter().any(|line| line.contains(what)), "{what}: {told:?}");
    }
    assert_eq!(told.len(), 5, "{told:?}");
}

#[cfg(unix)]
#[test]
fn a_secret_that_everybody_can_read_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("address");
    std::fs::write(&secret, "https://hooks.example.org/x").unwrap();
    let sink = "[[feed]]\nurl = 'https://example.org/feed'\n\
                [[sink]]\nname = 'a'\ntype = 'slack'\nurl = { file = 'address' }\n";
    for (mode, told) in [(0o600, 0), (0o640, 0), (0o644, 1)] {
        std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(mode)).unwrap();
        let lines = oddities(folder.path(), sink);
        let open = lines.iter().filter(|line| line.contains("can be read by everybody"));
        assert_eq!(open.count(), told, "{mode:o}: {lines:?}");
    }
}
