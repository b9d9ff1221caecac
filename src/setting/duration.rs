//! Durations as people write them: `1s`, `15m`, `1h30m`, `30d`.

use std::time::Duration;

use jiff::civil::Time;

/// Units, largest first; a year is 365 days, for `[history]` alone.
const UNITS: [(&str, u64); 7] = [
    ("y", 365 * 86_400_000),
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
];

/// The longest duration that is taken: a century.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 86_400);

/// Reads a duration: numbers with units (`y w d h m s ms`), largest first, blanks allowed between.
///
/// # Errors
///
/// A sentence that says what is wrong and how durations look.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    const SHAPE: &str = "write it like `30s`, `15m`, `1h30m` or `30d`";
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(format!("the duration is empty; {SHAPE}"));
    }
    let mut total: u64 = 0;
    let mut units = UNITS.iter();
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 =
            rest[..digits].parse().map_err(|_| format!("`{text}` is no duration; {SHAPE}"))?;
        rest = &rest[digits..];
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let name = &rest[..letters];
        if name.is_empty() {
            return Err(format!("`{text}` has a number without a unit; {SHAPE}"));
        }
        let (_, millis) = units
            .find(|(unit, _)| *unit == name)
            .ok_or_else(|| format!("`{text}` is no duration: `{name}` is no unit here; {SHAPE}"))?;
        total = number
            .checked_mul(*millis)
            .and_then(|part| total.checked_add(part))
            .filter(|sum| Duration::from_millis(*sum) <= LONGEST)
            .ok_or_else(|| format!("`{text}` is longer than a century"))?;
        rest = rest[letters..].trim_start();
    }
    Ok(Duration::from_millis(total))
}

/// Writes a duration in the form that [`parse_duration`] reads.
pub fn show_duration(duration: Duration) -> String {
    let mut rest = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if rest == 0 {
        return "0s".to_owned();
    }
    let mut text = String::new();
    // Weeks and years read worse than days ("30d", not "4w2d").
    for (unit, millis) in UNITS.iter().filter(|(unit, _)| !matches!(*unit, "y" | "w")) {
        if rest >= *millis {
            text.push_str(&format!("{}{unit}", rest / millis));
            rest %= millis;
        }
    }
    text
}

/// A time of day, `08:00` or `8:00`.
pub fn parse_time(text: &str) -> Option<Time> {
    let (hour, minute) = text.trim().split_once(':')?;
    let digits = |part: &str, most: usize| {
        let fits = (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| part.parse::<i8>().ok()).flatten()
    };
    let minute = if minute.len() == 2 { digits(minute, 2)? } else { return None };
    Time::new(digits(hour, 2)?, minute, 0, 0).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_people_write() {
        for (text, seconds) in [
            ("1s", 1),
            ("15m", 900),
            ("1h30m", 5400),
            ("1h 30m", 5400),
            ("30d", 2_592_000),
            ("2w", 1_209_600),
            ("5y", 157_680_000),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(parse_duration("0s"), Ok(Duration::ZERO));
        assert_eq!(parse_duration("250ms"), Ok(Duration::from_millis(250)));
    }

    #[test]
    fn refuses_the_rest_with_a_cure() {
        for text in
            ["", "5", "m", "-5m", "5 bananas", "1m1h", "1.5h", "99999999999999999999d", "999999y"]
        {
            assert!(parse_duration(text).is_err(), "{text} was taken");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(millis in 0u64..4_000_000_000) {
            let duration = Duration::from_millis(millis);
            prop_assert_eq!(parse_duration(&show_duration(duration)), Ok(duration));
        }

        #[test]
        fn any_text_is_answered(text in "\\PC{0,24}") {
            let _ = parse_duration(&text);
        }
    }
}
