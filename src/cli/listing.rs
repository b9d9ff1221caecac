//! Listings: the rows that `--json` prints as they are, as a table for people.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::Screen;
use crate::report::short_time;

/// A column: the key in the row, the heading.
pub(super) type Column = (&'static str, &'static str);

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
    let head: Vec<&str> = columns.iter().map(|(_, heading)| *heading).collect();
    let mut cells = Vec::with_capacity(rows.len());
    for row in rows {
        let row = serde_json::to_value(row)?;
        cells.push(columns.iter().map(|(key, _)| cell(&row[*key])).collect());
    }
    screen.table(&head, &cells)?;
    Ok(())
}

/// One value as people read it.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => match text.parse::<Timestamp>() {
            Ok(time) => short_time(time),
            Err(_) => text.replace('\n', " "),
        },
        Value::Array(list) => list.iter().map(cell).collect::<Vec<_>>().join(", "),
        Value::Object(map) => map.values().map(cell).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}
