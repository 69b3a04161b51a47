//! What a cell of measurements holds: a number, nothing, or a marker for nothing.

use serde::{Deserialize, Serialize};

/// What the writers of a site's files agreed on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conventions {
    /// Values that mean "no reading".
    pub no_data: Vec<NoData>,
    /// Minutes by which the site's time is ahead of UTC: times with an offset become times of the site.
    pub utc_offset_minutes: i32,
}

/// A value that means "no reading".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum NoData {
    /// Such as -9999.
    Number(f64),
    /// Such as `"Ice"`.
    Word(String),
}

impl From<&str> for NoData {
    /// A number if the text is one.
    fn from(text: &str) -> Self {
        text.parse()
            .map_or_else(|_| Self::Word(text.to_owned()), Self::Number)
    }
}

/// What a cell of measurements holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell {
    /// A finite number.
    Value(f64),
    /// Nothing at all.
    Empty,
    /// `NaN` or `NA`, in any case.
    NotANumber,
    /// A value that the configuration names as "no reading".
    NoData,
}

impl Cell {
    /// Reads a cell; `None` for what is neither a number nor a known marker.
    pub fn read(bytes: &[u8], conventions: &Conventions) -> Option<Self> {
        if bytes.is_empty() {
            return Some(Self::Empty);
        }
        if is_word_for_nothing(bytes) {
            return Some(Self::NotANumber);
        }
        let text = std::str::from_utf8(bytes).ok()?;
        let number = text.parse::<f64>().ok();
        let is_marker = |marker: &NoData| match marker {
            NoData::Number(marker) => number == Some(*marker),
            NoData::Word(marker) => text == marker,
        };
        if conventions.no_data.iter().any(is_marker) {
            return Some(Self::NoData);
        }
        number.filter(|number| number.is_finite()).map(Self::Value)
    }

    /// The number, if it holds one.
    pub fn value(self) -> Option<f64> {
        match self {
            Self::Value(value) => Some(value),
            _ => None,
        }
    }
}

/// `NaN` and `NA`, which R, Python and loggers write for a missing number.
pub fn is_word_for_nothing(cell: &[u8]) -> bool {
    cell.eq_ignore_ascii_case(b"nan") || cell.eq_ignore_ascii_case(b"na")
}

/// Numbers that programs are known to write where nothing was measured, beside runs of one digit: Campbell's "not a number" and "overflow", and the ends
/// of the small integers.
const USUAL_MARKERS: [f64; 6] = [6999.0, 7999.0, 32767.0, 32768.0, 65535.0, 65536.0];

/// Whether a number is one that programs write where nothing was measured, of either sign: -999, 9999, -99.99, 7999, -32768, 1e30.
///
/// A true value may look so, too; whether it is a marker only its neighbours tell.
pub fn is_usual_marker(value: f64) -> bool {
    let size = value.abs();
    size >= 1e9 || USUAL_MARKERS.contains(&size) || is_run_of_one_digit(size)
}

/// Two or more sevens, eights or nines and nothing else, with at most three decimals.
fn is_run_of_one_digit(size: f64) -> bool {
    const DECIMALS: f64 = 1000.0;
    let scaled = size * DECIMALS;
    if size < 77.0 || (scaled - scaled.round()).abs() > 1e-6 * scaled {
        return false;
    }
    let mut digits = scaled.round() as u64;
    for _decimal in 0..3 {
        if digits.is_multiple_of(10) {
            digits /= 10;
        }
    }
    let last = digits % 10;
    let mut rest = digits;
    while rest % 10 == last {
        rest /= 10;
    }
    rest == 0 && matches!(last, 7..=9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_a_number_or_a_marker_or_neither() {
        let conventions = Conventions {
            no_data: vec![NoData::Number(-9999.0), NoData::Word("Ice".into())],
            utc_offset_minutes: 0,
        };
        let read = |text: &str| Cell::read(text.as_bytes(), &conventions);
        assert_eq!(read("1.5"), Some(Cell::Value(1.5)));
        assert_eq!(read("+1e2"), Some(Cell::Value(100.0)));
        assert_eq!(read(""), Some(Cell::Empty));
        for nothing in ["NaN", "NAN", "na", "NA"] {
            assert_eq!(read(nothing), Some(Cell::NotANumber), "{nothing}");
        }
        for marker in ["-9999", "-9999.00", "Ice"] {
            assert_eq!(read(marker), Some(Cell::NoData), "{marker}");
        }
        for bad in ["Eqp", "ice", "inf", "1e999", "1,5", "1.5 m"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_usual_markers_are_known() {
        for marker in [
            -9999.0, 9999.0, -999.0, -999.9, -99.99, -99.0, 99999.0, -7777.0, 888.88, 7999.0,
            -32768.0, 1e30, 1e20, -1e38,
        ] {
            assert!(is_usual_marker(marker), "{marker}");
        }
        for value in [
            0.0, 9.9, 28.2, 99.5, 998.0, 1234.5, -345.678, 99.9001, 7000.0, 990.0,
        ] {
            assert!(!is_usual_marker(value), "{value}");
        }
    }
}
