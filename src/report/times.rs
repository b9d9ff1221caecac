//! Times as people read and write them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// `2026-01-05 10:00`, UTC.
pub fn short_time(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M").to_string()
}

/// A span of time in one or two units: `3 h`, `5 min`, `2 d`.
pub fn ago(time: Timestamp, now: Timestamp) -> String {
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

/// How long something has been so, for a sentence: `3 h`.
pub fn since(time: Timestamp, now: Timestamp) -> String {
    ago(time, now).trim_end_matches(" ago").to_owned()
}

/// Reads `--since`: a duration back from now, or a date.
///
/// # Errors
///
/// It is neither; says how both are written.
pub fn parse_since(text: &str) -> Result<Timestamp, String> {
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
