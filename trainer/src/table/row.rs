//! One row of a table: its fields as names, numbers and times.

use std::path::Path;

use amlstm_core::month::Month;
use csv::ByteRecord;
use jiff::civil::{Date, DateTime, Time};

use super::{Column, Place, Stretch, TableError, plain_decimal};

/// Years that measurements may have; others are slips of the keyboard.
const YEARS: std::ops::Range<i16> = 1800..2200;

/// One row of a table.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    pub(super) path: &'a Path,
    pub(super) columns: &'a [String],
    pub(super) record: &'a ByteRecord,
    /// Line on which the next row starts.
    pub(super) line_after: u64,
    /// Byte of the file where it starts, or the empty lines before it, and the lines before that.
    pub(super) start: [u64; 2],
    /// Byte after it.
    pub(super) end: u64,
}

impl<'a> Row<'a> {
    /// Where this row starts.
    pub fn place(&self) -> Place {
        Place {
            path: self.path.to_owned(),
            line: self.line(),
        }
    }

    /// Line on which this row starts, from 1.
    pub fn line(&self) -> u64 {
        let inside = self.record.as_slice().split(|byte| *byte == b'\n').count() - 1;
        self.line_after - 1 - inside as u64
    }

    /// The bytes of this row, to read it again.
    pub fn stretch(&self) -> Stretch {
        let [start, lines_before] = self.start;
        Stretch {
            bytes: start..self.end,
            lines_before,
        }
    }

    /// A field as text, without spaces around it; may be empty.
    ///
    /// # Errors
    /// [`TableError::NotUtf8`].
    pub fn text(&self, column: Column) -> Result<&'a str, TableError> {
        std::str::from_utf8(self.bytes(column)).map_err(|_| TableError::NotUtf8 {
            place: self.place(),
        })
    }

    /// A field as text that must not be empty.
    ///
    /// # Errors
    /// When it is empty or not UTF-8.
    pub fn name(&self, column: Column) -> Result<&'a str, TableError> {
        match self.text(column)? {
            "" => Err(self.refuse(column, "a name")),
            text => Ok(text),
        }
    }

    /// A finite number.
    ///
    /// # Errors
    /// [`TableError::Field`] says `expected`.
    pub fn number(&self, column: Column, expected: &'static str) -> Result<f64, TableError> {
        let number = match plain_decimal(self.bytes(column)) {
            Some(number) => Some(number),
            None => self.text(column)?.parse().ok(),
        };
        number
            .filter(|number: &f64| number.is_finite())
            .ok_or_else(|| self.refuse(column, expected))
    }

    /// A finite number, or `None` where the field is empty.
    ///
    /// # Errors
    /// [`TableError::Field`] says `expected`.
    pub fn optional_number(
        &self,
        column: Column,
        expected: &'static str,
    ) -> Result<Option<f64>, TableError> {
        if self.bytes(column).is_empty() {
            Ok(None)
        } else {
            self.number(column, expected).map(Some)
        }
    }

    /// A date `2010-11-22`, with or without a time of day.
    ///
    /// # Errors
    /// When it is neither.
    pub fn time(&self, column: Column) -> Result<DateTime, TableError> {
        parse_time(self.bytes(column))
            .filter(|time| YEARS.contains(&time.year()))
            .ok_or_else(|| {
                self.refuse(
                    column,
                    "a date such as 2010-11-22 or 2010-11-22 06:00, years 1800 to 2199",
                )
            })
    }

    /// The message that a field is not what its column holds.
    pub fn refuse(&self, column: Column, expected: &'static str) -> TableError {
        TableError::Field {
            place: self.place(),
            column: self.columns[column.0].clone(),
            found: String::from_utf8_lossy(self.bytes(column)).into_owned(),
            expected,
        }
    }

    fn bytes(&self, column: Column) -> &'a [u8] {
        // Each row has as many fields as the first line, so the column is there.
        self.record[column.0].trim_ascii()
    }
}

/// The month of a date that [`Row::time`] read.
///
/// # Panics
/// Before year 0.
pub fn month_of(date: Date) -> Month {
    Month::new(date.year().into(), date.month() as u8).expect("years of a table are 1800 to 2199")
}

/// A time as people write it: without the time of day where it is midnight.
pub fn shown_time(time: DateTime) -> String {
    if time.time() == Time::midnight() {
        time.date().to_string()
    } else {
        time.to_string()
    }
}

/// Plain dates are by far the most, so they do not go through the general parser.
fn parse_time(text: &[u8]) -> Option<DateTime> {
    let digits = |range: std::ops::Range<usize>| {
        text[range].iter().try_fold(0_i16, |number, byte| {
            byte.is_ascii_digit()
                .then(|| number * 10 + i16::from(byte - b'0'))
        })
    };
    if text.len() == 10 && text[4] == b'-' && text[7] == b'-' {
        let date = Date::new(digits(0..4)?, digits(5..7)? as i8, digits(8..10)? as i8).ok()?;
        return Some(date.to_datetime(Time::midnight()));
    }
    let starts_with_date = text.len() > 10 && text[4] == b'-' && matches!(text[10], b'T' | b' ');
    std::str::from_utf8(text)
        .ok()
        .filter(|_| starts_with_date)?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_with_and_without_a_time_of_day() {
        let time = |text: &str| parse_time(text.as_bytes()).map(|time| time.to_string());
        assert_eq!(time("2010-11-22").as_deref(), Some("2010-11-22T00:00:00"));
        assert_eq!(
            time("2010-11-22 06:30").as_deref(),
            Some("2010-11-22T06:30:00")
        );
        assert_eq!(
            time("2010-11-22T06:30:15").as_deref(),
            Some("2010-11-22T06:30:15")
        );
        for bad in [
            "",
            "2010-02-30",
            "2010-13-01",
            "22.11.2010",
            "20101122",
            "2010-11",
            "2010-11-2x",
            "2010-11-22 25:00",
        ] {
            assert_eq!(time(bad), None, "{bad}");
        }
    }
}
