//! The level of a month: the mean of its days' means.
//!
//! All days have the same weight, however often they were read, so a pumping test with a hundred readings in an hour does not outweigh the other
//! days. This is the only definition: training, `amlstm estimate` and the logger use it, with the same bits. Days and months are in the site's time,
//! by the offset from UTC in the model file.

mod definition;
mod rule;
mod utc_offset;

use crate::month::Month;

pub use definition::{MAX_UTC_OFFSET_MINUTES, MonthDefinition};
pub use rule::{MOST_DAYS_PERCENT, MonthRule};
pub use utc_offset::UtcOffset;

/// Sums up the readings of one layer in one month, day by day, in constant memory.
///
/// ```
/// use amlstm_core::month_mean::MonthMean;
///
/// let mut month = MonthMean::default();
/// for (day, level_m) in [(1, 10.0), (2, 4.0), (2, 5.0), (2, 6.0), (3, 9.0)] {
///     month.add(day, level_m);
/// }
/// assert_eq!((month.days(), month.mean()), (3, Some(8.0)));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MonthMean {
    /// Sum of the means of the days before the current one; a mean of several days counts that many times.
    sum: f64,
    /// Days in that sum.
    days: u8,
    /// Bit d is set if day d was read.
    read: u32,
    /// The current day, 0 before the first reading.
    day: u8,
    day_sum: f64,
    day_readings: u32,
    readings: u32,
}

impl MonthMean {
    /// Adds a reading of a day, 1 to 31. Readings come in chronological order: one of an earlier day, or with an invalid day, is not counted and
    /// returns `false`.
    pub fn add(&mut self, day: u8, value: f64) -> bool {
        if !(1..=31).contains(&day) {
            return false;
        }
        if day != self.day {
            if self.read & (1 << day) != 0 {
                return false;
            }
            self.close_day();
            self.day = day;
            self.read |= 1 << day;
        }
        self.day_sum += value;
        self.day_readings += 1;
        self.readings += 1;
        true
    }

    /// Adds a mean of several days, 1 to 31, whose readings are not known.
    pub fn add_mean(&mut self, days: u8, value: f64) {
        let days = days.clamp(1, 31);
        self.sum += value * f64::from(days);
        self.days = self.days.saturating_add(days);
        self.readings += 1;
    }

    /// Number of days read.
    pub fn days(&self) -> u8 {
        self.days + u8::from(self.day_readings > 0)
    }

    /// Number of readings.
    pub fn readings(&self) -> u32 {
        self.readings
    }

    /// Mean of the days' means; `None` without a reading.
    pub fn mean(&self) -> Option<f64> {
        let mut closed = *self;
        closed.close_day();
        (closed.days > 0).then(|| closed.sum / f64::from(closed.days))
    }

    /// The mean, if the month counts under `rule`.
    pub fn counted(&self, month: Month, rule: MonthRule) -> Option<f64> {
        self.mean().filter(|_| rule.accepts(self.days(), month))
    }

    fn close_day(&mut self) {
        if self.day_readings > 0 {
            self.sum += self.day_sum / f64::from(self.day_readings);
            self.days = self.days.saturating_add(1);
            self.day_sum = 0.0;
            self.day_readings = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_of_readings_is_one_day() {
        // 29 days of 10 m and one of 240 readings of 1 m: (29 * 10 + 1) / 30 = 9.7.
        let mut month = MonthMean::default();
        for day in 1..=30 {
            for _ in 0..if day == 15 { 240 } else { 1 } {
                assert!(month.add(day, if day == 15 { 1.0 } else { 10.0 }));
            }
        }
        assert_eq!((month.days(), month.readings()), (30, 269));
        assert!((month.mean().unwrap() - 9.7).abs() < 1e-12);
    }

    #[test]
    fn most_days_are_four_of_five() {
        let june: Month = "2012-06".parse().unwrap();
        let mut month = MonthMean::default();
        assert_eq!(month.counted(june, MonthRule::AnyDay), None);
        for day in 1..=23 {
            month.add(day, 1.0);
        }
        assert_eq!(month.counted(june, MonthRule::MostDays), None);
        assert_eq!(month.counted(june, MonthRule::AnyDay), Some(1.0));
        month.add(24, 1.0);
        assert_eq!(month.counted(june, MonthRule::MostDays), Some(1.0));
        assert!(MonthRule::MostDays.accepts(25, "2012-07".parse().unwrap()));
        assert!(!MonthRule::MostDays.accepts(24, "2012-07".parse().unwrap()));
    }

    #[test]
    fn a_day_that_was_left_is_not_read_on() {
        let mut month = MonthMean::default();
        assert!(month.add(1, 1.0) && month.add(2, 3.0));
        assert!(!month.add(1, 100.0) && !month.add(0, 100.0) && !month.add(32, 100.0));
        assert_eq!((month.days(), month.mean()), (2, Some(2.0)));
    }

    #[test]
    fn a_definition_is_written_and_read() {
        let rules = [MonthRule::AnyDay, MonthRule::MostDays];
        let definition = MonthDefinition::new(480, rules.into_iter()).unwrap();
        assert_eq!(definition.to_bytes(), [0xe0, 1, 2, 0]);
        assert_eq!(
            MonthDefinition::from_bytes(definition.to_bytes()),
            Some(definition)
        );
        assert_eq!(definition.utc_offset_minutes(), 480);
        assert_eq!(
            [0, 1, 9].map(|input| definition.rule(input)),
            [MonthRule::AnyDay, MonthRule::MostDays, MonthRule::AnyDay]
        );
        assert_eq!(MonthDefinition::from_bytes([0, 0, 0, 1]), None);
        assert_eq!(MonthDefinition::from_bytes([0, 0x80, 0, 0]), None);
        assert_eq!(MonthDefinition::new(900, rules.into_iter()), None);
    }

    #[test]
    fn an_offset_is_written_as_people_do() {
        let texts = [0, 480, -210, 345].map(|minutes| std::format!("{}", UtcOffset(minutes)));
        assert_eq!(texts, ["UTC", "UTC+08:00", "UTC-03:30", "UTC+05:45"]);
    }

    #[test]
    fn a_mean_of_days_keeps_its_bits() {
        for level_m in [29.327_f32, -0.1, 1e-7, 9999.25] {
            let mut month = MonthMean::default();
            month.add_mean(27, f64::from(level_m));
            assert_eq!(month.mean().unwrap() as f32, level_m);
            assert_eq!(month.days(), 27);
        }
    }
}
