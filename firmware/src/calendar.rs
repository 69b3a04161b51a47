//! UTC between seconds since 1970 and the civil calendar.
//!
//! Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms" (2013), `civil_from_days` and `days_from_civil`.

use core::fmt;

const DAY_S: u32 = 86_400;
/// Days from 0000-03-01 to 1970-01-01.
const EPOCH_DAYS: u32 = 719_468;
/// Days in 400 years.
const ERA_DAYS: u32 = 146_097;

/// A moment of the civil calendar, in UTC unless stated otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Year.
    pub year: u16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day, 1 to 31.
    pub day: u8,
    /// Seconds since midnight.
    pub second_of_day: u32,
}

impl Moment {
    /// The moment `unix_s` seconds after 1970-01-01.
    pub fn from_unix(unix_s: u32) -> Self {
        let days = unix_s / DAY_S + EPOCH_DAYS;
        let (era, day_of_era) = (days / ERA_DAYS, days % ERA_DAYS);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let month = if shifted_month < 10 {
            shifted_month + 3
        } else {
            shifted_month - 9
        };
        Self {
            year: (year_of_era + era * 400 + u32::from(month <= 2)) as u16,
            month: month as u8,
            day: (day_of_year - (153 * shifted_month + 2) / 5 + 1) as u8,
            second_of_day: unix_s % DAY_S,
        }
    }

    /// The civil time at a place whose time is that many minutes ahead of UTC.
    pub fn at_site(unix_s: u32, utc_offset_minutes: i16) -> Self {
        Self::from_unix(unix_s.saturating_add_signed(60 * i32::from(utc_offset_minutes)))
    }

    /// Seconds since 1970; `None` before 1970, after 2105, or if it is no date.
    pub fn to_unix(self) -> Option<u32> {
        let sound = (1970..=2105).contains(&self.year)
            && (1..=12).contains(&self.month)
            && (1..=31).contains(&self.day)
            && self.second_of_day < DAY_S;
        if !sound {
            return None;
        }
        let year = u32::from(self.year) - u32::from(self.month <= 2);
        let (era, year_of_era) = (year / 400, year % 400);
        let month = u32::from(self.month);
        let shifted_month = if month > 2 { month - 3 } else { month + 9 };
        let day_of_year = (153 * shifted_month + 2) / 5 + u32::from(self.day) - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let unix_s = (era * ERA_DAYS + day_of_era - EPOCH_DAYS) * DAY_S + self.second_of_day;
        // 31 June would become 1 July.
        (Self::from_unix(unix_s) == self).then_some(unix_s)
    }

    /// Months since 0000-01, as in [`amlstm_core::link::MonthRecord::month_index`].
    pub fn month_index(self) -> i32 {
        i32::from(self.year) * 12 + i32::from(self.month) - 1
    }

    /// Reads `2026-11-22`, the beginning of that day.
    pub fn parse_date(text: &str) -> Option<Self> {
        let mut midnight = heapless::String::<19>::new();
        midnight.push_str(text).ok()?;
        midnight.push_str("T00:00:00").ok()?;
        Self::parse(&midnight)
    }

    /// Its day alone, for people.
    pub fn date(self) -> impl fmt::Display {
        core::fmt::from_fn(move |formatter| {
            let Self {
                year, month, day, ..
            } = self;
            write!(formatter, "{year:04}-{month:02}-{day:02}")
        })
    }

    /// Reads `2026-11-22T12:41:08`, also with a space instead of the T.
    pub fn parse(text: &str) -> Option<Self> {
        let number = |range: core::ops::Range<usize>| text.get(range)?.parse::<u32>().ok();
        let mark = |place: usize, marks: &[u8]| {
            text.as_bytes()
                .get(place)
                .is_some_and(|byte| marks.contains(byte))
        };
        let sound = text.len() == 19
            && mark(4, b"-")
            && mark(7, b"-")
            && mark(10, b"T ")
            && mark(13, b":")
            && mark(16, b":");
        let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
        if !sound || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        Some(Self {
            year: number(0..4)? as u16,
            month: number(5..7)? as u8,
            day: number(8..10)? as u8,
            second_of_day: hour * 3600 + minute * 60 + second,
        })
    }
}

impl fmt::Display for Moment {
    /// `2026-11-22 12:41:08`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hour, minute, second) = (
            self.second_of_day / 3600,
            self.second_of_day / 60 % 60,
            self.second_of_day % 60,
        );
        write!(
            formatter,
            "{:04}-{:02}-{:02} {hour:02}:{minute:02}:{second:02}",
            self.year, self.month, self.day
        )
    }
}

/// Month of `unix_s`, in months since 0000-01.
pub fn month_index_of(unix_s: u32) -> i32 {
    Moment::from_unix(unix_s).month_index()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From `date -u -d @N`.
    #[test]
    fn known_moments_agree_with_gnu_date() {
        for (unix_s, text) in [
            (0, "1970-01-01 00:00:00"),
            (951_782_399, "2000-02-28 23:59:59"),
            (951_782_400, "2000-02-29 00:00:00"),
            (1_795_351_268, "2026-11-22 12:41:08"),
            (4_107_542_400, "2100-03-01 00:00:00"),
        ] {
            assert_eq!(Moment::from_unix(unix_s).to_string(), text);
            assert_eq!(
                Moment::parse(text).unwrap().to_unix(),
                Some(unix_s),
                "{text}"
            );
        }
    }

    /// From `TZ=Asia/Shanghai date -d @N` and `TZ=America/St_Johns date -d @N`.
    #[test]
    fn a_sites_time_agrees_with_gnu_date() {
        for (minutes, text) in [(480, "2026-11-22 20:41:08"), (-210, "2026-11-22 09:11:08")] {
            let moment = Moment::at_site(1_795_351_268, minutes);
            assert_eq!(moment.to_string(), text);
        }
    }

    #[test]
    fn every_day_until_2105_goes_there_and_back() {
        for day in 0..49_000 {
            let unix_s = day * DAY_S + 12_345;
            let moment = Moment::from_unix(unix_s);
            assert_eq!(moment.to_unix(), Some(unix_s));
            assert!(
                moment.day
                    <= amlstm_core::month::Month::from_index(moment.month_index())
                        .unwrap()
                        .days(),
                "{moment}"
            );
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "2026-02-29 00:00:00",
            "2026-06-31 00:00:00",
            "2026-13-01 00:00:00",
            "1969-12-31 23:59:59",
        ] {
            assert_eq!(
                Moment::parse(text).and_then(Moment::to_unix),
                None,
                "{text}"
            );
        }
        for text in [
            "",
            "2026-11-22",
            "2026-11-22 24:00:00",
            "2026-11-22x12:41:08",
            "2026-11-2é 12:41:08",
        ] {
            assert_eq!(Moment::parse(text), None, "{text}");
        }
    }
}
