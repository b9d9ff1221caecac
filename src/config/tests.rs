//! The shipped config against the defaults in the code.

use std::path::Path;

use super::*;

/// Every scalar key, by section; optional ones that have no default may stand commented out.
const KEYS: [(&str, &[&str]); 9] = [
    ("", &["include", "database", "timezone", "reload"]),
    ("poll", &["every", "min", "max", "per_host", "concurrency", "timeout", "max_body"]),
    ("network", &["allow_private", "contact", "proxy", "ca_file"]),
    ("story", &["window", "max_age", "first_poll", "updates"]),
    ("history", &["keep", "alerts", "max_size"]),
    ("delivery", &["retry", "give_up", "timeout"]),
    ("web", &["public_url"]),
    ("[feed]", &["name", "url", "kind", "tags", "every", "mode"]),
    ("[sink]", &["name", "type", "url", "secret", "rules", "min_level", "burst", "allow_private"]),
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
    assert_eq!(shipped.public_url, bare.public_url);
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
