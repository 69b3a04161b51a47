//! The time of a reading as a file states it.

use std::fmt;

use jiff::civil::{Date, DateTime, Time};

use super::{ImportError, text::Text};
use crate::table::shown_time;

/// A time: of the site, or with its offset from UTC an instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stamp {
    /// Date and time of day.
    pub time: DateTime,
    /// Minutes ahead of UTC, where the file states them.
    pub offset_minutes: Option<i32>,
}

impl fmt::Display for Stamp {
    /// As the column `date` of a site holds it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.offset_minutes {
            None => f.write_str(&shown_time(self.time)),
            Some(minutes) => {
                let sign = if minutes < 0 { '-' } else { '+' };
                let (hours, minutes) = (minutes.abs() / 60, minutes.abs() % 60);
                write!(f, "{}{sign}{hours:02}:{minutes:02}", self.time)
            }
        }
    }
}

/// Order of day, month and year in a date of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateOrder {
    /// Day, month, year.
    DayFirst,
    /// Month, day, year.
    MonthFirst,
}

impl From<Date> for Stamp {
    fn from(date: Date) -> Self {
        Self {
            time: date.to_datetime(Time::midnight()),
            offset_minutes: None,
        }
    }
}

impl Stamp {
    /// Reads `2012-01-15`, `2012-01-15 06:00[:00[.000]]`, the same with T and an offset, or with slashes.
    pub(super) fn iso(text: &str) -> Option<Self> {
        let text = text.trim().replace('/', "-");
        let (date, rest) = match text.find(['T', ' ', 't']) {
            Some(at) => (&text[..at], text[at + 1..].trim()),
            None => (text.as_str(), ""),
        };
        let date: Date = date.parse().ok()?;
        Self::with_time(date, rest)
    }

    /// Reads a date of three numbers in an order, then a time of day with or without AM and PM.
    pub(super) fn numbers(text: &str, order: DateOrder) -> Option<Self> {
        let text = text.trim();
        let (date, rest) = text.split_once(' ').unwrap_or((text, ""));
        let mut parts = date.split(['/', '.', '-']);
        let mut part = || parts.next()?.parse::<i16>().ok();
        let (first, second, third) = (part()?, part()?, part()?);
        if first > 31 {
            return Self::iso(text);
        }
        let year = if third < 100 { third + 2000 } else { third };
        let (day, month) = match order {
            DateOrder::DayFirst => (first, second),
            DateOrder::MonthFirst => (second, first),
        };
        let date = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
        Self::with_time(date, rest.trim())
    }

    fn with_time(date: Date, rest: &str) -> Option<Self> {
        if rest.is_empty() {
            return Some(date.into());
        }
        let (clock, offset_minutes) = match rest.find(['Z', 'z', '+', '-']) {
            Some(at) => (&rest[..at], Some(offset(&rest[at..])?)),
            None => (rest, None),
        };
        let upper = clock.trim().to_ascii_uppercase();
        let (clock, half) = match (upper.strip_suffix("AM"), upper.strip_suffix("PM")) {
            (Some(clock), _) => (clock.trim(), Some(0)),
            (_, Some(clock)) => (clock.trim(), Some(12)),
            _ => (upper.as_str(), None),
        };
        let mut parts = clock.split(':');
        let hour: i8 = parts.next()?.parse().ok()?;
        let minute: i8 = parts.next().unwrap_or("0").parse().ok()?;
        let second: f64 = parts.next().unwrap_or("0").parse().ok()?;
        let hour = match half {
            Some(_) if !(1..=12).contains(&hour) => return None,
            Some(half) => hour % 12 + half,
            None => hour,
        };
        let time = Time::new(hour, minute, second as i8, 0).ok()?;
        Some(Self {
            time: date.to_datetime(time),
            offset_minutes,
        })
    }
}

/// Minutes ahead of UTC.
fn offset(text: &str) -> Option<i32> {
    let digits: String = text[1..].chars().filter(|letter| *letter != ':').collect();
    match (&text[..1], digits.len()) {
        ("Z" | "z", 0) => Some(0),
        (sign, 2 | 4) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            let hours: i32 = digits[..2].parse().ok()?;
            let minutes: i32 = digits[2..].parse().unwrap_or(0);
            let minutes = 60 * hours + minutes;
            Some(if sign == "-" { -minutes } else { minutes })
        }
        _ => None,
    }
}

/// Reads dates of one file, of which the order of day and month is one.
pub(super) struct Dates {
    order: DateOrder,
    is_given: bool,
}

impl Dates {
    /// With the order that the caller gives, or the format's own.
    pub(super) fn new(given: Option<DateOrder>, usual: DateOrder) -> Self {
        Self {
            order: given.unwrap_or(usual),
            is_given: given.is_some(),
        }
    }

    /// Reads a date and time.
    pub(super) fn read(&self, text: &Text, line: u64, found: &str) -> Result<Stamp, ImportError> {
        let stamp = Stamp::iso(found).or_else(|| Stamp::numbers(found, self.order));
        stamp.ok_or_else(|| ImportError::Date {
            place: text.place(line),
            found: found.to_owned(),
            expected: match (self.order, self.is_given) {
                (DateOrder::DayFirst, _) => "a date, year first or day first",
                (DateOrder::MonthFirst, _) => "a date, year first or month first",
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_files_write_them() {
        let iso = |text| Stamp::iso(text).map(|stamp| stamp.to_string());
        assert_eq!(iso("2012-01-15").as_deref(), Some("2012-01-15"));
        assert_eq!(
            iso("2012/01/15 06:30:00.0").as_deref(),
            Some("2012-01-15T06:30:00")
        );
        assert_eq!(
            iso("2012-01-15T06:30:00.000-08:00").as_deref(),
            Some("2012-01-15T06:30:00-08:00")
        );
        assert_eq!(
            iso("2012-01-15T06:30:00Z").as_deref(),
            Some("2012-01-15T06:30:00+00:00")
        );
        let numbers = |text, order| Stamp::numbers(text, order).map(|stamp| stamp.to_string());
        let us = "1/5/2012 12:15:00 PM";
        assert_eq!(
            numbers(us, DateOrder::MonthFirst).as_deref(),
            Some("2012-01-05T12:15:00")
        );
        assert_eq!(
            numbers("5.1.2012 0:15", DateOrder::DayFirst).as_deref(),
            Some("2012-01-05T00:15:00")
        );
        assert_eq!(
            numbers("01/05/2012 12:00:00 AM", DateOrder::MonthFirst).as_deref(),
            Some("2012-01-05")
        );
        for bad in [
            "",
            "Ice",
            "13/13/2012",
            "2012-02-30",
            "1/5/2012 13:00 PM",
            "+",
            "1/5/2012 +\u{fc}",
        ] {
            assert_eq!(numbers(bad, DateOrder::DayFirst), None, "{bad}");
            assert_eq!(iso(bad), None, "{bad}");
        }
    }
}
