//! Dates as feeds write them.
//!
//! One reader for all forms: ISO 8601 and its abuses, RFC 822 and its abuses, and the word orders of
//! various tools. Words that are no month, zone or half of the day (weekdays in any language) are
//! skipped. A missing zone counts as UTC, a missing time as midnight; a day beyond its month runs on
//! into the next, as old software does. Not told apart: `03/04/2026`, which is read as 4 March.

use std::borrow::Cow;
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::calendar::{SIGNS, month, zone};

/// Nothing that a news site publishes is older; what says so is a default or a slip.
const FIRST_YEAR: i16 = 1990;
/// How far ahead a date may lie; a site whose clock or zone is wrong stays within a day.
const AHEAD: Duration = Duration::from_secs(86_400);
/// Longest text that is read as a date.
const MAX_LENGTH: usize = 100;

/// Reads a date. `None` where there is none that can be believed: before 1990 or after `now` and a
/// day.
pub(super) fn parse(text: &str, now: Timestamp) -> Option<Timestamp> {
    let text = text.trim();
    if text.is_empty() || text.len() > MAX_LENGTH {
        return None;
    }
    let found = match epoch(text) {
        Some(found) => found,
        None => {
            let text = spelled(text);
            let mut parts = Parts::default();
            let rest = parts.numeric(&text);
            parts.read(rest);
            parts.instant()?
        }
    };
    let latest = now.checked_add(AHEAD).unwrap_or(Timestamp::MAX);
    (found.to_zoned(TimeZone::UTC).year() >= FIRST_YEAR && found <= latest).then_some(found)
}

/// A date that is nothing but seconds or milliseconds since 1970.
fn epoch(text: &str) -> Option<Timestamp> {
    let number = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())??;
    match text.len() {
        10 => Timestamp::from_second(number).ok(),
        13 => Timestamp::from_millisecond(number).ok(),
        _ => None,
    }
}

/// Dates that carry a sign for year, month and day, with dashes instead.
fn spelled(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut plain = text.to_owned();
    for (sign, instead) in SIGNS {
        if plain.contains(sign) {
            plain = plain.replace(sign, instead);
        }
    }
    Cow::Owned(plain)
}

/// A date in parts, as far as they have been found.
#[derive(Debug, Default)]
struct Parts {
    year: Option<i32>,
    month: Option<i32>,
    day: Option<i32>,
    /// Since midnight.
    seconds: Option<i64>,
    afternoon: Option<bool>,
    /// Minutes east of Greenwich.
    offset: Option<i64>,
}

impl Parts {
    /// Reads a date in digits at the start (`2026-11-24`, `2026/11`, `20261124`, `11/24/2026`,
    /// `24.11.2026`, `24-11-2026`) and gives what follows.
    fn numeric<'a>(&mut self, text: &'a str) -> &'a str {
        let (first, rest) = digits(text);
        match (first.len(), rest.chars().next()) {
            (8 | 12 | 14, _) => {
                self.year = year(&first[..4]);
                self.month = value(&first[4..6]);
                self.day = value(&first[6..8]);
                if first.len() > 8 {
                    self.compact_time(&first[8..]);
                }
                rest
            }
            (4, separator @ (None | Some('-' | '/' | '.'))) => {
                self.year = year(first);
                let (mut rest, mut found) = (rest, [1, 1]);
                for slot in &mut found {
                    let after = separator.and_then(|one| rest.strip_prefix(one));
                    let after = after.map(|after| digits(after.trim_start_matches(' ')));
                    let Some((number @ ([_] | [_, _]), after)) =
                        after.map(|(number, after)| (number.as_bytes(), after))
                    else {
                        break;
                    };
                    *slot = number.iter().fold(0, |sum, digit| sum * 10 + i32::from(digit - b'0'));
                    rest = after;
                }
                (self.month, self.day) = (Some(found[0]), Some(found[1]));
                rest
            }
            (1 | 2, Some(separator @ ('/' | '.' | '-'))) => {
                let (second, after) = digits(&rest[1..]);
                let Some(after) = after.strip_prefix(separator) else { return text };
                let (last, after) = digits(after);
                let (Some(first), Some(second)) = (value(first), value(second)) else {
                    return text;
                };
                if separator == '-' && last.len() != 4 {
                    return text;
                }
                let day_first = first > 12 || (separator != '/' && second <= 12);
                let (day, month) = if day_first { (first, second) } else { (second, first) };
                (self.year, self.month, self.day) = (year(last), Some(month), Some(day));
                after
            }
            _ => text,
        }
    }

    /// Reads words, numbers, times and offsets in any order.
    fn read(&mut self, text: &str) {
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            if next.is_ascii_digit() {
                rest = self.number(rest);
            } else if let Some((afternoon, after)) = dotted_half(rest) {
                self.afternoon = Some(afternoon);
                rest = after;
            } else if next.is_alphabetic() {
                let end = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
                self.word(&rest[..end].to_lowercase());
                rest = &rest[end..];
            } else if matches!(next, '+' | '-' | '\u{2212}') && self.seconds.is_some() {
                rest = self.zone(next == '+', &rest[next.len_utf8()..]);
            } else {
                rest = &rest[next.len_utf8()..];
            }
        }
    }

    fn number<'a>(&mut self, text: &'a str) -> &'a str {
        let (found, rest) = digits(text);
        let dated = self.day.is_some() && self.year.is_some();
        // `10h30` and `10h`, as French writes it.
        let hours = rest.strip_prefix(['h', 'H']);
        let hours = hours.is_some_and(|after| !after.starts_with(char::is_alphabetic));
        let timed = rest.starts_with(':') || hours || dated && rest.starts_with('.');
        if self.seconds.is_none() && timed && found.len() <= 2 {
            return self.time(text);
        }
        match found.len() {
            4 | 6 if dated && self.seconds.is_none() => self.compact_time(found),
            4 => self.year = self.year.or(year(found)),
            1 | 2 if self.day.is_none() => self.day = value(found),
            1 | 2 if self.year.is_none() => self.year = year(found),
            _ => {}
        }
        rest
    }

    /// `hhmm` or `hhmmss`.
    fn compact_time(&mut self, digits: &str) {
        let two = |at: usize| digits.get(at..at + 2).and_then(value).unwrap_or(0);
        self.seconds = clock(two(0), two(2), two(4));
    }

    fn time<'a>(&mut self, text: &'a str) -> &'a str {
        let (hour, rest) = digits(text);
        let separator = rest.chars().next().unwrap_or(':');
        let (minute, mut rest) = digits(&rest[1..]);
        let minute = if minute.is_empty() && separator != ':' { "0" } else { minute };
        let mut second = "0";
        if let Some(after) = rest.strip_prefix(separator) {
            (second, rest) = digits(after);
        }
        if let Some(after) = rest.strip_prefix(['.', ',']) {
            // Fractions of a second say nothing here.
            rest = digits(after).1;
        }
        if let (Some(hour), Some(minute)) = (value(hour), value(minute)) {
            self.seconds = clock(hour, minute, value(second).unwrap_or(0));
        }
        rest
    }

    fn zone<'a>(&mut self, east: bool, text: &'a str) -> &'a str {
        let (found, mut rest) = digits(text);
        let (hours, minutes) = match found.len() {
            1 | 2 => match rest.strip_prefix(':').map(digits) {
                Some((minutes, after)) => {
                    rest = after;
                    (value(found), value(minutes))
                }
                None => (value(found), Some(0)),
            },
            4 => (value(&found[..2]), value(&found[2..])),
            _ => return rest,
        };
        if let (Some(hours @ 0..=15), Some(minutes @ 0..=59)) = (hours, minutes) {
            let minutes = i64::from(hours * 60 + minutes);
            self.offset = Some(if east { minutes } else { -minutes });
        }
        rest
    }

    fn word(&mut self, word: &str) {
        match word {
            "am" => self.afternoon = Some(false),
            "pm" => self.afternoon = Some(true),
            _ => {
                if let (Some(minutes), true) = (zone(word), self.seconds.is_some()) {
                    self.offset = self.offset.or(Some(minutes));
                } else if self.day.is_none() || self.year.is_none() || self.month.is_none() {
                    // Of two words that look like months (`mar. 11 nov.`) the later is one.
                    self.month = month(word).or(self.month);
                }
            }
        }
    }

    fn instant(self) -> Option<Timestamp> {
        let day = self.day.filter(|day| (1..=31).contains(day))?;
        let month = i8::try_from(self.month?).ok()?;
        let first = Date::new(i16::try_from(self.year?).ok()?, month, 1).ok()?;
        let date = first.checked_add(i64::from(day - 1).days()).ok()?;
        let mut seconds = self.seconds.unwrap_or(0);
        match self.afternoon {
            Some(true) if seconds < 12 * 3600 => seconds += 12 * 3600,
            Some(false) if (12 * 3600..13 * 3600).contains(&seconds) => seconds -= 12 * 3600,
            _ => {}
        }
        let midnight = date.to_zoned(TimeZone::UTC).ok()?.timestamp();
        let since = SignedDuration::from_secs(seconds - 60 * self.offset.unwrap_or(0));
        midnight.checked_add(since).ok()
    }
}

/// `a.m.` or `p. m.` at the start: whether it is the afternoon, and what follows.
fn dotted_half(text: &str) -> Option<(bool, &str)> {
    let half = text.chars().next()?.to_ascii_lowercase();
    let rest = text.get(1..)?.strip_prefix('.')?.trim_start_matches(' ');
    let rest = rest.strip_prefix(['m', 'M'])?;
    let whole = matches!(half, 'a' | 'p') && !rest.starts_with(char::is_alphabetic);
    whole.then_some((half == 'p', rest))
}

/// Seconds since midnight; 24:00 and leap seconds run on.
fn clock(hour: i32, minute: i32, second: i32) -> Option<i64> {
    let sound = (0..=24).contains(&hour) && (0..60).contains(&minute) && (0..=60).contains(&second);
    sound.then(|| i64::from(hour * 3600 + minute * 60 + second))
}

/// The digits at the start, and what follows.
fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}

/// A year; one of two digits belongs to the hundred years up to 2068.
fn year(digits: &str) -> Option<i32> {
    let year = value(digits)?;
    Some(match (digits.len(), year) {
        (..=2, 0..=68) => year + 2000,
        (..=2, _) => year + 1900,
        _ => year,
    })
}

fn value(digits: &str) -> Option<i32> {
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn now() -> Timestamp {
        "2026-11-24T00:00:00Z".parse().unwrap()
    }

    fn read(text: &str) -> Option<String> {
        parse(text, now()).map(|found| found.to_string())
    }

    #[test]
    fn every_listed_form_is_read() {
        for (text, expected) in [
            ("Tue, 11 Jan 2011 01:30:00 GMT", "2011-01-11T01:30:00Z"),
            ("Tue 11 Jan 2011 01:30:00 GMT", "2011-01-11T01:30:00Z"),
            ("11 January 2011 1:30 pm EST", "2011-01-11T18:30:00Z"),
            ("January 11, 2011 12:05 AM", "2011-01-11T00:05:00Z"),
            ("11 January 2011 1:30 p.m. EST", "2011-01-11T18:30:00Z"),
            ("January 11, 2011 12:05 A.M.", "2011-01-11T00:05:00Z"),
            ("11/01/2011 1:30 p. m.", "2011-11-01T13:30:00Z"),
            ("24-11-2025 10:00", "2025-11-24T10:00:00Z"),
            ("11-24-2025 10:00", "2025-11-24T10:00:00Z"),
            ("24 novembre 2025 10h30", "2025-11-24T10:30:00Z"),
            ("24/11/2025 à 10H", "2025-11-24T10:00:00Z"),
            ("10h30 24 novembre 2025", "2025-11-24T10:30:00Z"),
            ("Tue, 11 Jan 11 01:30:00 -0800", "2011-01-11T09:30:00Z"),
            ("Tue, 11-Jan-2011 01:30:00 PST", "2011-01-11T09:30:00Z"),
            ("Di, 11 Okt 2011 01:30:00 +0200", "2011-10-10T23:30:00Z"),
            ("mar. 11 nov. 2014 10:00:00 GMT+1", "2014-11-11T09:00:00Z"),
            ("Thu Jan  1 10:11:12 CEST 2004", "2004-01-01T08:11:12Z"),
            ("2012-11-13T14:36:22", "2012-11-13T14:36:22Z"),
            ("2001-01-01T00:00+00:00", "2001-01-01T00:00:00Z"),
            ("2006-01-11 16:42:55 -0800", "2006-01-12T00:42:55Z"),
            ("2026-11-24T10:00:00.123456+05:30", "2026-11-24T04:30:00Z"),
            ("2003-12-31T10:14:55z", "2003-12-31T10:14:55Z"),
            ("20031231T101455Z", "2003-12-31T10:14:55Z"),
            ("20031231", "2003-12-31T00:00:00Z"),
            ("2003-12", "2003-12-01T00:00:00Z"),
            ("2003", "2003-01-01T00:00:00Z"),
            ("2003/12/31 10:14", "2003-12-31T10:14:00Z"),
            ("12/31/2003 10:14:55 PM", "2003-12-31T22:14:55Z"),
            ("31.12.2003 10:14", "2003-12-31T10:14:00Z"),
            ("2003-02-31", "2003-03-03T00:00:00Z"),
            ("Wed, 31 Dec 2003 24:00:00 GMT", "2004-01-01T00:00:00Z"),
            ("20250904080500", "2025-09-04T08:05:00Z"),
            ("1756973100", "2025-09-04T08:05:00Z"),
            ("1756973100000", "2025-09-04T08:05:00Z"),
            ("Thu, 04 Sep 2025 08.05.00 GMT", "2025-09-04T08:05:00Z"),
            ("2025年09月04日 08:05", "2025-09-04T08:05:00Z"),
            ("2025년 9월 4일", "2025-09-04T00:00:00Z"),
            ("2025. 9. 4. 오후 8:05:00", "2025-09-04T20:05:00Z"),
            ("Чт, 04 сен 2025 08:05:00 +0300", "2025-09-04T05:05:00Z"),
            ("4 сентября 2025", "2025-09-04T00:00:00Z"),
            ("czw, 04 wrz 2025 08:05:00 +0200", "2025-09-04T06:05:00Z"),
            ("4 Eylül 2025", "2025-09-04T00:00:00Z"),
            ("Πεμ, 04 Σεπ 2025 08:05:00 EET", "2025-09-04T06:05:00Z"),
            ("4 marraskuuta 2025", "2025-11-04T00:00:00Z"),
            ("vendredi 4 juillet 2025", "2025-07-04T00:00:00Z"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_believed_is_none() {
        for text in [
            "",
            "soon",
            "0000-00-00",
            "Sun, 01 Jan 0001 00:00:00 GMT",
            "0003-12-31",
            "1970-01-01T00:00:00Z",
            "1601-01-01",
            "2027-06-01",
            "2026-11-26",
            "99999999999999999999",
            "2003-13-01",
            "10:00",
            "Mon, 40 Jan 2011",
            "-1",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn rfc_dates_read_back(seconds in 631_152_000i64..1_790_000_000) {
            let instant = Timestamp::from_second(seconds).unwrap();
            let mail = jiff::fmt::rfc2822::to_string(&instant.to_zoned(TimeZone::UTC)).unwrap();
            prop_assert_eq!(parse(&mail, now()), Some(instant), "{}", mail);
            prop_assert_eq!(parse(&instant.to_string(), now()), Some(instant));
        }

        #[test]
        fn any_text_is_answered(text in "[0-9a-zA-Zé:/+., TZ-]{0,40}") {
            parse(&text, now());
        }
    }
}
