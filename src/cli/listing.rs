//! Listings: the rows that `--json` prints as they are, as a table for people.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::Value;

use super::Screen;

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

/// `2026-01-05 10:00`, UTC.
pub(super) fn short_time(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M").to_string()
}

/// A span of time in one or two units: `3 h`, `5 min`, `2 d`.
pub(super) fn ago(time: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(time).as_secs();
    let (sign, seconds) = if seconds < 0 { ("in ", -seconds) } else { ("", seconds) };
    let text = match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    };
    if sign.is_empty() { format!("{text} ago") } else { format!("{sign}{text}") }
}

/// Reads `--since`: a duration back from now, or a date.
pub(super) fn parse_since(text: &str) -> Result<Timestamp, String> {
    if let Ok(date) = text.parse::<jiff::civil::Date>() {
        return date
            .to_zoned(TimeZone::UTC)
            .map(|zoned| zoned.timestamp())
            .map_err(|error| error.to_string());
    }
    let back = crate::setting::parse_duration(text)
        .map_err(|why| format!("{why}, or as a date like 2026-01-31"))?;
    Timestamp::now().checked_sub(back).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_well() {
        let now: Timestamp = "2026-01-05T10:00:00Z".parse().unwrap();
        let at = |text: &str| ago(text.parse().unwrap(), now);
        assert_eq!(at("2026-01-05T09:59:30Z"), "30 s ago");
        assert_eq!(at("2026-01-05T07:00:00Z"), "3 h ago");
        assert_eq!(at("2026-01-01T10:00:00Z"), "4 d ago");
        assert_eq!(at("2026-01-05T10:05:00Z"), "in 5 min");
    }

    #[test]
    fn since_is_a_duration_or_a_date() {
        assert_eq!(parse_since("2026-01-05").unwrap().to_string(), "2026-01-05T00:00:00Z");
        assert!(parse_since("30d").unwrap() < Timestamp::now());
        assert!(parse_since("yesterday").is_err());
    }
}
