//! Why a new time of the clock is doubtful.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::month::Month;

/// Why a new time of the clock is doubtful, and what setting it would entail. New variants are only appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClockDoubt {
    /// It lies more than a day ahead of the logger's time.
    Ahead {
        /// Whole days.
        days: u32,
        /// Months that would be closed without any sample.
        missing_months: u16,
    },
    /// It lies more than a day behind the logger's time.
    Back {
        /// Whole days.
        days: u32,
        /// The first month that would count, in months since 0000-01, if the time lies in a month that is closed.
        counts_from_month: Option<i32>,
    },
    /// It lies before the release of this firmware.
    BeforeFirmware,
    /// It lies more than ten years after the training of the active model, or after the release of this firmware.
    LongAfter {
        /// The month of the training or the release, in months since 0000-01.
        month_index: i32,
    },
}

impl fmt::Display for ClockDoubt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ahead {
                days,
                missing_months: 0,
            } => write!(formatter, "the clock would jump {days} days ahead"),
            Self::Ahead {
                days,
                missing_months,
            } => write!(
                formatter,
                "the clock would jump {days} days ahead, and {missing_months} months would close without samples"
            ),
            Self::Back {
                days,
                counts_from_month: None,
            } => write!(formatter, "the clock would go back {days} days"),
            Self::Back {
                days,
                counts_from_month: Some(month_index),
            } => write!(
                formatter,
                "the clock would go back {days} days, and no sample would count before {}",
                MonthOf(*month_index)
            ),
            Self::BeforeFirmware => {
                write!(formatter, "the time lies before this firmware was made")
            }
            Self::LongAfter { month_index } => write!(
                formatter,
                "the time lies more than ten years after {}, when model or firmware were made",
                MonthOf(*month_index)
            ),
        }
    }
}

/// A month in months since 0000-01.
struct MonthOf(i32);

impl fmt::Display for MonthOf {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Month::from_index(self.0) {
            Some(month) => write!(formatter, "{month}"),
            None => write!(formatter, "month {}", self.0),
        }
    }
}
