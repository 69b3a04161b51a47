//! Which months count.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::month::Month;

/// Under [`MonthRule::MostDays`] a month counts if at least this percentage of its days was read.
pub const MOST_DAYS_PERCENT: u32 = 80;

/// Which months of an aquifer layer count, by the number of days that were read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MonthRule {
    /// One day is enough: records of one reading per day or fewer, such as a tape reading each month.
    #[default]
    AnyDay,
    /// At least [`MOST_DAYS_PERCENT`] of the month's days: records of several readings per day, whose missing days are failures.
    MostDays,
}

impl fmt::Display for MonthRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::AnyDay => "any day read",
            Self::MostDays => "80 % of days read",
        })
    }
}

impl MonthRule {
    /// Whether a month counts of which `days` days were read.
    pub fn accepts(self, days: u8, month: Month) -> bool {
        match self {
            Self::AnyDay => days > 0,
            Self::MostDays => u32::from(days) * 100 >= MOST_DAYS_PERCENT * u32::from(month.days()),
        }
    }
}
