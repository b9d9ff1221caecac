//! What a document says about how often it wishes to be asked.

use std::time::Duration;

use super::dialect::Field;
use crate::model::Hints;

/// Hints longer than this are taken for slips (`ttl` in seconds).
const SENSIBLE: Duration = Duration::from_secs(31 * 86_400);

/// The hints of one document while it is read.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct HintTexts {
    ttl: Option<Duration>,
    period: Option<Duration>,
    frequency: Option<u32>,
    hours: u32,
    days: u8,
}

impl HintTexts {
    /// Takes a text of the channel; others than hints are ignored.
    pub(super) fn read(&mut self, field: Field, text: &str) {
        match field {
            Field::Ttl => self.ttl = text.parse::<u32>().ok().map(|ttl| minutes(ttl.into())),
            Field::Period => {
                let hours = match text.to_ascii_lowercase().as_str() {
                    "hourly" => 1,
                    "daily" => 24,
                    "weekly" => 7 * 24,
                    "monthly" => 30 * 24,
                    // Yearly is what templates leave in: senseless for news.
                    _ => return,
                };
                self.period = Some(minutes(60 * hours));
            }
            Field::Frequency => self.frequency = text.parse().ok().filter(|times| *times > 0),
            Field::SkipHour => {
                // Some count from 1 to 24.
                if let Some(hour) = text.parse::<u32>().ok().filter(|hour| *hour <= 24) {
                    self.hours |= 1 << (hour % 24);
                }
            }
            Field::SkipDay => {
                const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
                let text = text.to_ascii_lowercase();
                if let Some(day) = DAYS.iter().position(|day| text.starts_with(day)) {
                    self.days |= 1 << day;
                }
            }
            _ => {}
        }
    }

    /// What they come to. A document that would skip every hour or day skips none.
    pub(super) fn into_hints(self) -> Hints {
        const ALL_HOURS: u32 = (1 << 24) - 1;
        const ALL_DAYS: u8 = (1 << 7) - 1;
        let period = self.period.map(|period| period / self.frequency.unwrap_or(1));
        Hints {
            at_least: self.ttl.max(period).filter(|hint| !hint.is_zero() && *hint <= SENSIBLE),
            skip_hours: if self.hours == ALL_HOURS { 0 } else { self.hours },
            skip_days: if self.days == ALL_DAYS { 0 } else { self.days },
        }
    }
}

fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &[(Field, &str)]) -> Hints {
        let mut hints = HintTexts::default();
        for (field, text) in texts {
            hints.read(*field, text);
        }
        hints.into_hints()
    }

    #[test]
    fn the_longest_wish_counts() {
        let hints = read(&[(Field::Ttl, "30"), (Field::Period, "hourly"), (Field::Frequency, "1")]);
        assert_eq!(hints.at_least, Some(minutes(60)));
        let hints = read(&[(Field::Period, "daily"), (Field::Frequency, "48")]);
        assert_eq!(hints.at_least, Some(minutes(30)));
    }

    #[test]
    fn senseless_wishes_count_as_none() {
        for text in ["-5", "soon", "0", "4294967295"] {
            assert_eq!(read(&[(Field::Ttl, text)]).at_least, None, "{text}");
        }
        assert_eq!(
            read(&[(Field::Period, "daily"), (Field::Frequency, "0")]).at_least,
            Some(minutes(1440))
        );
        let hours: Vec<String> = (0..24).map(|hour| hour.to_string()).collect();
        let every: Vec<_> = hours.iter().map(|hour| (Field::SkipHour, hour.as_str())).collect();
        assert_eq!(read(&every).skip_hours, 0);
    }

    #[test]
    fn skipped_hours_and_days_become_bits() {
        let hints = read(&[
            (Field::SkipHour, "0"),
            (Field::SkipHour, "23"),
            (Field::SkipHour, "99"),
            (Field::SkipDay, "Sunday"),
            (Field::SkipDay, "Monday"),
        ]);
        assert_eq!((hints.skip_hours, hints.skip_days), (1 | 1 << 23, 1 | 1 << 6));
    }
}
