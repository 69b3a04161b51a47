//! The time step: a calendar month.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

/// A calendar month of the years 0 to 9999, counted from 0000-01.
///
/// ```
/// use amlstm_core::month::Month;
///
/// let month: Month = "2016-12".parse()?;
/// assert_eq!(month.next(), Month::new(2017, 1).ok_or(amlstm_core::month::MonthError)?);
/// # Ok::<(), amlstm_core::month::MonthError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i32", into = "i32")]
pub struct Month(i32);

/// Index of 9999-12, the last month.
const LAST_INDEX: i32 = 9999 * 12 + 11;

impl Month {
    /// 0000-01.
    pub const FIRST: Self = Self(0);

    /// The month `month` (1 to 12) of `year` (0 to 9999); `None` if either is outside its range.
    pub fn new(year: i32, month: u8) -> Option<Self> {
        if !(0..=9999).contains(&year) || !(1..=12).contains(&month) {
            return None;
        }
        Some(Self(year * 12 + i32::from(month) - 1))
    }

    /// The month that lies `index` months after 0000-01; `None` outside the years 0 to 9999.
    pub fn from_index(index: i32) -> Option<Self> {
        (0..=LAST_INDEX).contains(&index).then_some(Self(index))
    }

    /// Months since 0000-01.
    pub fn index(self) -> i32 {
        self.0
    }

    /// Year, 0 to 9999.
    pub fn year(self) -> i32 {
        self.0 / 12
    }

    /// Month of the year, 1 to 12.
    pub fn month(self) -> u8 {
        (self.0 % 12 + 1) as u8
    }

    /// The month after this one; 9999-12 stays itself.
    #[must_use]
    pub fn next(self) -> Self {
        self.offset(1)
    }

    /// The month `months` later (earlier if negative), clamped to 0000-01 to 9999-12.
    #[must_use]
    pub fn offset(self, months: i32) -> Self {
        Self(self.0.saturating_add(months).clamp(0, LAST_INDEX))
    }

    /// Number of days, 28 to 31 (proleptic Gregorian calendar).
    pub fn days(self) -> u8 {
        let year = self.year();
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        match self.month() {
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => 31,
        }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04}-{:02}", self.year(), self.month())
    }
}

/// A text or number that is not a month of the years 0 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a month such as 2016-08, years 0000 to 9999")]
pub struct MonthError;

impl FromStr for Month {
    type Err = MonthError;

    fn from_str(text: &str) -> Result<Self, MonthError> {
        let (year, month) = text.split_once('-').ok_or(MonthError)?;
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if year.len() != 4 || month.len() != 2 || !digits(year) || !digits(month) {
            return Err(MonthError);
        }
        let year = year.parse().map_err(|_| MonthError)?;
        let month = month.parse().map_err(|_| MonthError)?;
        Self::new(year, month).ok_or(MonthError)
    }
}

impl TryFrom<i32> for Month {
    type Error = MonthError;

    fn try_from(index: i32) -> Result<Self, MonthError> {
        Self::from_index(index).ok_or(MonthError)
    }
}

impl From<Month> for i32 {
    fn from(month: Month) -> Self {
        month.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(text: &str) -> Month {
        text.parse().unwrap()
    }

    #[test]
    fn text_and_month_are_each_others_inverse() {
        for index in [0, 1, 11, 12, 2016 * 12 + 7, LAST_INDEX] {
            let month = Month::from_index(index).unwrap();
            assert_eq!(month.to_string().parse(), Ok(month));
            assert_eq!(Month::new(month.year(), month.month()), Some(month));
        }
        assert_eq!(month("2016-08").index(), 24199);
    }

    #[test]
    fn what_is_not_a_month_is_refused() {
        for text in [
            "",
            "2016",
            "2016-00",
            "2016-13",
            "2016-8",
            "16-08",
            "2016-08-01",
            "+016-08",
            "2016/08",
            "２016-08",
        ] {
            assert_eq!(text.parse::<Month>(), Err(MonthError), "{text}");
        }
        assert_eq!(Month::new(10000, 1), None);
        assert_eq!(Month::from_index(-1), None);
        assert_eq!(Month::from_index(LAST_INDEX + 1), None);
    }

    #[test]
    fn months_follow_each_other_across_the_year_and_stop_at_the_ends() {
        assert_eq!(month("2015-12").next(), month("2016-01"));
        assert_eq!(month("2016-01").offset(-13), month("2014-12"));
        assert_eq!(month("9999-12").next(), month("9999-12"));
        assert_eq!(month("0000-01").offset(i32::MIN), month("0000-01"));
    }

    #[test]
    fn days_follow_the_gregorian_calendar() {
        let days = |text| month(text).days();
        assert_eq!(
            (
                days("2016-02"),
                days("2015-02"),
                days("1900-02"),
                days("2000-02")
            ),
            (29, 28, 28, 29)
        );
        assert_eq!(
            (1..=12)
                .map(|m| u32::from(Month::new(2015, m).unwrap().days()))
                .sum::<u32>(),
            365
        );
    }
}
