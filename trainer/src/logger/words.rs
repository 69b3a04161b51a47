//! Times, months and qualities in words.

use amlstm_core::link::Quality;
use amlstm_core::month::Month;
use jiff::Timestamp;

/// `2026-03-01 00:15:00`, UTC; a logger whose clock was never set says 0.
pub fn time_text(unix_s: u32) -> String {
    if unix_s == 0 {
        return "clock never set".to_owned();
    }
    Timestamp::from_second(i64::from(unix_s)).map_or_else(
        |_| unix_s.to_string(),
        |time| time.strftime("%Y-%m-%d %H:%M:%S").to_string(),
    )
}

/// `2026-03` from the months since 0000-01.
pub fn month_text(index: i32) -> String {
    Month::from_index(index).map_or_else(|| format!("month {index}"), |month| month.to_string())
}

/// What is known against a value, in words; empty for nothing.
pub fn quality_text(quality: Quality) -> String {
    quality.words().collect::<Vec<_>>().join("; ")
}
