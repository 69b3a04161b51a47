//! One row of a table: its fields as names, numbers and times.

use std::{borrow::Cow, path::Path};

use jiff::civil::DateTime;
use unicode_normalization::UnicodeNormalization;

use super::line::Fields;
use super::{Cell, Column, Conventions, Place, Section, TableError, parse_time, quoted};

/// One row of a table.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    pub(super) path: &'a Path,
    pub(super) columns: &'a [String],
    pub(super) fields: &'a Fields,
    /// Line on which it starts, from 1.
    pub(super) line: u64,
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
        self.line
    }

    /// The bytes of this row, to read it again.
    pub fn section(&self) -> Section {
        let [start, lines_before] = self.start;
        Section {
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

    /// A field as a name that must not be empty: in Unicode's composed form (NFC), without spaces of any kind around it and without invisible characters,
    /// so that names that look the same are the same.
    ///
    /// # Errors
    /// When it is empty or not UTF-8.
    pub fn name(&self, column: Column) -> Result<Cow<'a, str>, TableError> {
        let text = self.text(column)?;
        let name = if text.is_ascii() {
            Cow::Borrowed(text)
        } else {
            normal_name(text).into()
        };
        if name.is_empty() {
            return Err(self.wrong_field(column, "a name"));
        }
        Ok(name)
    }

    /// A finite number.
    ///
    /// # Errors
    /// [`TableError::Field`] says `expected`.
    pub fn number(&self, column: Column, expected: &'static str) -> Result<f64, TableError> {
        self.text(column)?
            .parse()
            .ok()
            .filter(|number: &f64| number.is_finite())
            .ok_or_else(|| self.wrong_field(column, expected))
    }

    /// A measurement, which may be missing.
    ///
    /// # Errors
    /// [`TableError::Field`] says `expected`.
    pub fn measurement(
        &self,
        column: Column,
        conventions: &Conventions,
        expected: &'static str,
    ) -> Result<Cell, TableError> {
        Cell::read(self.bytes(column), conventions)
            .ok_or_else(|| self.wrong_field(column, expected))
    }

    /// A date `2010-11-22`, with or without a time of day and an offset from UTC, in time of the site.
    ///
    /// # Errors
    /// When it is neither.
    pub fn time(&self, column: Column, conventions: &Conventions) -> Result<DateTime, TableError> {
        parse_time(self.bytes(column), conventions.utc_offset_minutes).ok_or_else(|| {
            self.wrong_field(
                column,
                "a date such as 2010-11-22 or 2010-11-22 06:00, years 1800 to 2199",
            )
        })
    }

    /// The message that a field is not what its column holds.
    pub fn wrong_field(&self, column: Column, expected: &'static str) -> TableError {
        if self.has_units() {
            return TableError::UnitsRow {
                place: self.place(),
            };
        }
        TableError::Field {
            place: self.place(),
            column: quoted(self.columns[column.0].as_bytes()),
            found: quoted(self.bytes(column)),
            expected,
            more: 0,
        }
    }

    /// Whether it is a second row of headings.
    pub(crate) fn has_units(&self) -> bool {
        is_row_of_units(self.fields)
    }

    /// A field as it stands there, without spaces around it.
    pub fn bytes(&self, column: Column) -> &'a [u8] {
        self.fields.get(column.0)
    }
}

/// Whether fields are a second row of headings: units, patterns of dates, empty fields, and no number.
pub(crate) fn is_row_of_units(fields: &Fields) -> bool {
    const UNITS: [&str; 17] = [
        "m",
        "mm",
        "cm",
        "ft",
        "feet",
        "metres",
        "meters",
        "metre",
        "meter",
        "millimetres",
        "millimeters",
        "deg",
        "degrees",
        "masl",
        "mbgl",
        "string",
        "text",
    ];
    let plain = |field: &[u8]| {
        let text = String::from_utf8_lossy(field).to_lowercase();
        text.trim_matches(['[', ']', '(', ')', ' ']).to_owned()
    };
    let fields: Vec<String> = fields.iter().map(plain).collect();
    // "m a.s.l." and "m, NAP" are metres.
    let unit = |field: &String| field.split([' ', ',']).next().unwrap_or("").to_owned();
    fields
        .iter()
        .any(|field| UNITS.contains(&unit(field).as_str()))
        && fields
            .iter()
            .all(|field| !field.contains(|letter: char| letter.is_ascii_digit()))
}

/// A name in composed form, without the characters that cannot be seen.
fn normal_name(text: &str) -> String {
    let visible = |letter: &char| {
        !matches!(
            letter,
            '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}'
        )
    };
    let name: String = text
        .nfc()
        .filter(visible)
        .map(|letter| if letter == '\u{a0}' { ' ' } else { letter })
        .collect();
    name.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_the_same_are_the_same() {
        for name in [
            "Ho\u{308}fn",
            "\u{a0}H\u{f6}fn\u{a0}",
            "\u{feff}H\u{f6}fn",
            "H\u{f6}\u{200b}fn",
        ] {
            assert_eq!(normal_name(name), "H\u{f6}fn", "{name:?}");
        }
        assert_eq!(normal_name("W\u{a0}1"), "W 1");
    }
}
