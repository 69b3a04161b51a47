//! Months by name.

use core::fmt;

use amlstm_core::month::Month;

/// A month in months since 0000-01, as `2026-11`.
pub struct MonthName(pub i32);

impl fmt::Display for MonthName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Month::from_index(self.0) {
            Some(month) => write!(formatter, "{month}"),
            None => write!(formatter, "month {}", self.0),
        }
    }
}
