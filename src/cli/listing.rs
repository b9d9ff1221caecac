//! Listings: the rows that `--json` prints as they are, as a table for people.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::Screen;
use super::screen::Head;
use crate::report::short_time;

/// A column: the key in the row, the heading.
pub(super) type Column = (&'static str, &'static str);

/// What is pasted into other commands, and what loses its sense with its end: never cut.
const WHOLE: [&str; 17] = [
    "id",
    "raised",
    "opened",
    "last_seen",
    "last_success",
    "next_due",
    "due",
    "since",
    "until",
    "alert",
    "story",
    "level",
    "state",
    "failures",
    "attempts",
    "items",
    "alerts",
];
/// What a narrow terminal does without, the first first; `--json` has all of it.
const DISPENSABLE: [&str; 15] = [
    "mode",
    "attempts",
    "last_status",
    "type",
    "failures",
    "items",
    "alerts",
    "opened",
    "muted",
    "waits",
    "acts",
    "alert",
    "last_success",
    "level",
    "due",
];

/// Prints rows as JSON lines or as a table; `empty` is said where there are none.
pub(super) fn list<T: Serialize>(
    screen: &mut Screen,
    rows: &[T],
    columns: &[Column],
    empty: &str,
) -> anyhow::Result<()> {
    if screen.json() {
        for row in rows {
            screen.object(row)?;
        }
        return Ok(());
    }
    if rows.is_empty() {
        screen.line(empty)?;
        return Ok(());
    }
    let mut cells = Vec::with_capacity(rows.len());
    for row in rows {
        let row = serde_json::to_value(row)?;
        cells.push(columns.iter().map(|(key, _)| cell(&row[*key])).collect::<Vec<_>>());
    }
    let mut columns: Vec<Column> = columns.to_vec();
    for key in DISPENSABLE {
        if screen.fits(&head(&columns), &cells) {
            break;
        }
        if let Some(at) = columns.iter().position(|(known, _)| *known == key) {
            columns.remove(at);
            cells.iter_mut().for_each(|row| drop(row.remove(at)));
        }
    }
    screen.table(&head(&columns), &cells)?;
    Ok(())
}

fn head(columns: &[Column]) -> Vec<Head<'_>> {
    columns.iter().map(|(key, text)| Head { text, whole: WHOLE.contains(key) }).collect()
}

/// One value as people read it.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => match text.parse::<Timestamp>() {
            Ok(time) => short_time(time),
            Err(_) => text.replace('\n', " "),
        },
        Value::Array(list) if list.is_empty() => "–".to_owned(),
        Value::Array(list) => list.iter().map(cell).collect::<Vec<_>>().join(", "),
        Value::Object(map) => map.values().map(cell).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A listing as a terminal of 80 columns shows it.
    fn narrow(rows: &[Value], columns: &[Column]) -> String {
        let (mut screen, shown) = Screen::of_width(80);
        list(&mut screen, rows, columns, "nothing").unwrap();
        screen.flush().unwrap();
        let bytes = shown.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn ids_and_times_stay_whole_on_eighty_columns() {
        let id = "msg_0123456789abcdef0123456789abcdef";
        let message = json!({
            "id": id, "type": "alert.raised", "alert": "A-1042", "sink": "the newsroom's desk",
            "state": "retrying", "attempts": 7, "due": "2026-01-05T10:00:00Z", "waits": null,
            "last_status": 503, "last_error": "the server answers 503: the site is in trouble",
        });
        let columns = [
            ("id", "ID"),
            ("type", "TYPE"),
            ("alert", "ALERT"),
            ("sink", "SINK"),
            ("state", "STATE"),
            ("attempts", "TRIES"),
            ("due", "DUE"),
            ("waits", "WAITS FOR"),
            ("last_status", "STATUS"),
            ("last_error", "ERROR"),
        ];
        let shown = narrow(&[message], &columns);
        assert!(shown.contains(id) && shown.contains("the serv"), "{shown}");
        let alert = json!({
            "id": "A-1042", "raised": "2026-01-05T10:00:00Z", "level": "background",
            "alliances": ["European Sky Shield", "NATO"], "candidates": ["AT", "CH", "IE"],
            "acts": ["considers", "applies"], "title": "x".repeat(10_000),
        });
        let columns = [
            ("id", "ID"),
            ("raised", "RAISED"),
            ("level", "LEVEL"),
            ("alliances", "ALLIANCE"),
            ("candidates", "CANDIDATES"),
            ("acts", "ACTS"),
            ("title", "TITLE"),
        ];
        let alerts = narrow(&[alert], &columns);
        assert!(alerts.contains("2026-01-05 10:00"), "{alerts}");
        let feed = json!({
            "name": "The newspaper of record", "state": "failing",
            "last_success": "2026-01-05T10:00:00Z", "next_due": "2026-01-05T11:00:00Z",
            "failures": 12, "items": 12_345, "last_error": "the server answers 503: in trouble",
        });
        let columns = [
            ("name", "NAME"),
            ("state", "STATE"),
            ("last_success", "LAST SUCCESS"),
            ("next_due", "NEXT DUE"),
            ("failures", "FAILURES"),
            ("items", "ITEMS"),
            ("last_error", "ERROR"),
        ];
        let feeds = narrow(&[feed], &columns);
        assert!(feeds.contains("2026-01-05 10:00  2026-01-05 11:00"), "{feeds}");
        for line in shown.lines().chain(alerts.lines()).chain(feeds.lines()) {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}
