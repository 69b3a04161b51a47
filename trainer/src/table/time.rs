//! Times of readings, in the site's own time.

use amlstm_core::month::Month;
use jiff::Span;
use jiff::civil::{Date, DateTime, Time};

/// Years that measurements may have; others are slips of the keyboard.
const YEARS: std::ops::Range<i16> = 1800..2200;

/// A date `2010-11-22`, with or without a time of day; a time with an offset (`Z`, `+02:00`, `+0200`, `+02`) becomes time of the site.
pub fn parse_time(text: &[u8], utc_offset_minutes: i32) -> Option<DateTime> {
    let time = match parse_date(text) {
        Some(date) => date.to_datetime(Time::midnight()),
        None => parse_date_and_time(text, utc_offset_minutes)?,
    };
    YEARS.contains(&time.year()).then_some(time)
}

/// Plain dates are by far the most, so they do not go through the general parser.
fn parse_date(text: &[u8]) -> Option<Date> {
    let digits = |range: std::ops::Range<usize>| {
        text[range].iter().try_fold(0_i16, |number, byte| {
            byte.is_ascii_digit()
                .then(|| number * 10 + i16::from(byte - b'0'))
        })
    };
    if text.len() != 10 || text[4] != b'-' || text[7] != b'-' {
        return None;
    }
    Date::new(digits(0..4)?, digits(5..7)? as i8, digits(8..10)? as i8).ok()
}

fn parse_date_and_time(text: &[u8], utc_offset_minutes: i32) -> Option<DateTime> {
    let starts_with_date = text.len() > 10 && text[4] == b'-' && matches!(text[10], b'T' | b' ');
    let text = std::str::from_utf8(text)
        .ok()
        .filter(|_| starts_with_date)?;
    let (time, offset) = match text[11..].find(['Z', 'z', '+', '-']) {
        Some(at) => (&text[..11 + at], Some(parse_offset(&text[11 + at..])?)),
        None => (text, None),
    };
    let time: DateTime = time.trim_end().parse().ok()?;
    match offset {
        None => Some(time),
        Some(offset) => time
            .checked_add(Span::new().minutes(utc_offset_minutes - offset))
            .ok(),
    }
}

/// Minutes ahead of UTC.
fn parse_offset(text: &str) -> Option<i32> {
    if text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let digits: String = digits.split(':').collect();
    if !matches!(digits.len(), 2 | 4) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let hours: i32 = digits[..2].parse().ok()?;
    let minutes: i32 = digits[2..].parse().unwrap_or(0);
    (hours <= 14 && minutes < 60).then_some(sign * (60 * hours + minutes))
}

/// The month of a date that [`parse_time`] gave.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str, utc_offset_minutes: i32) -> Option<String> {
        parse_time(text.as_bytes(), utc_offset_minutes).map(|time| time.to_string())
    }

    #[test]
    fn dates_are_read_with_and_without_a_time_of_day() {
        let time = |text| time(text, 60);
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
            "2010-11-22 06:30+2",
            "2010-11-22 06:30+25:00",
            "1799-12-31",
            "2200-01-01",
            "2010-11-2\u{fc} 06:30",
        ] {
            assert_eq!(time(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_time_with_an_offset_becomes_time_of_the_site() {
        // The last quarter of an hour of January in UTC is February in China (+8 h).
        for stamp in [
            "2012-01-31T23:45:00Z",
            "2012-01-31 23:45:00+00:00",
            "2012-02-01T01:45:00+0200",
            "2012-01-31T18:45-05",
        ] {
            assert_eq!(time(stamp, 0).as_deref(), Some("2012-01-31T23:45:00"));
            assert_eq!(time(stamp, 480).as_deref(), Some("2012-02-01T07:45:00"));
        }
        assert_eq!(
            time("2012-01-01T00:00:00+08:00", 480).as_deref(),
            Some("2012-01-01T00:00:00")
        );
    }
}
