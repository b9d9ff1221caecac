//! The import rules of the house, held against the code: imports point down, stations never import
//! each other, no type of rusqlite leaves the store and none of feed-rs leaves the intake.

use std::path::{Path, PathBuf};

/// Who may import whom. A room may always import itself.
const RULES: [(&str, &[&str]); 16] = [
    ("model", &[]),
    ("setting", &[]),
    ("text", &["model"]),
    ("net", &["model", "setting"]),
    ("rule", &["model", "setting", "text", "net"]),
    ("sink", &["model", "setting", "text", "net"]),
    ("store", &["model", "setting", "text", "net"]),
    ("watch", &["model", "setting", "text", "net"]),
    ("judge", &["model", "setting", "text", "net", "rule", "store"]),
    ("deliver", &["model", "setting", "text", "net", "sink", "store"]),
    ("report", &["model", "setting", "text", "net", "rule", "store", "watch", "judge"]),
    ("web", &["model", "setting", "text", "net", "rule", "store", "report"]),
    ("operator", &["model", "setting", "text", "net"]),
    ("websub", &["model", "setting", "text", "net", "store", "watch"]),
    ("systemd", &[]),
    ("logging", &[]),
];

/// Crates that stay behind one door.
const DOORS: [(&str, &str); 4] = [
    ("rusqlite", "src/store/"),
    ("feed_rs", "src/watch/read/"),
    ("chrono", "src/watch/read/"),
    ("clap", "src/cli/"),
];

#[test]
fn imports_point_down() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let room = room_of(&path);
        let Some((_, allowed)) = RULES.iter().find(|(name, _)| *name == room) else { continue };
        for target in imports(&text) {
            if target != room && !allowed.contains(&target.as_str()) {
                wrong.push(format!("{} imports `{target}`", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn crates_stay_behind_their_doors() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        for (name, door) in DOORS {
            let shown = path.to_string_lossy().replace('\\', "/");
            // The form of log lines is an option of the command line.
            let excepted = name == "clap" && shown.ends_with("src/logging.rs");
            if !shown.contains(door) && !excepted && code(&text).contains(&format!("{name}::")) {
                wrong.push(format!("{shown} names `{name}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_it_is() {
    for (path, text) in sources() {
        assert!(text.starts_with("//!"), "{} does not open with `//!`", path.display());
    }
}

#[test]
fn the_checks_see_what_they_look_for() {
    assert_eq!(
        imports("use crate::judge::plan;\nuse crate::{net, text::fold};"),
        ["judge", "net", "text"]
    );
    assert_eq!(imports("// crate::deliver\nlet x = crate::store::Store;"), ["store"]);
}

fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut folders = vec![root.join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(root).unwrap().to_owned(), text));
            }
        }
    }
    assert!(found.len() > 20, "the sources were not found");
    found
}

/// `src/judge/plan.rs` is in the room `judge`, `src/systemd.rs` is the room `systemd`.
fn room_of(path: &Path) -> String {
    let below = path.strip_prefix("src").unwrap_or(path);
    let first = below.components().next().unwrap().as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// The text without comments.
fn code(text: &str) -> String {
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or(""));
    lines.collect::<Vec<_>>().join("\n")
}

/// Rooms that a file names after `crate::`, alone or in braces.
fn imports(text: &str) -> Vec<String> {
    let code = code(text);
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        let names: Vec<&str> = match rest.strip_prefix('{') {
            Some(group) => {
                let end = group.find(';').unwrap_or(group.len());
                let mut depth = 0;
                let mut start = 0;
                let mut parts = Vec::new();
                for (index, c) in group[..end].char_indices() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => {
                            parts.push(&group[start..index]);
                            break;
                        }
                        '}' => depth -= 1,
                        ',' if depth == 0 => {
                            parts.push(&group[start..index]);
                            start = index + 1;
                        }
                        _ => {}
                    }
                }
                parts
            }
            None => vec![rest],
        };
        for name in names {
            let name = name.trim();
            let end = name.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(name.len());
            let first = &name[..end];
            if !first.is_empty() && first.chars().all(|c| c.is_lowercase() || c == '_') {
                found.push(first.to_owned());
            }
        }
    }
    found
}
