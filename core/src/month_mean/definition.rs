//! How monthly levels are formed.

use super::MonthRule;

/// How the monthly levels of a model are formed: which months of each input count, and the offset from UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MonthDefinition {
    utc_offset_minutes: i16,
    /// Bit k is set if input k follows [`MonthRule::MostDays`].
    most_days: u8,
}

/// Largest offset of a site's time from UTC, minutes: time zones reach from -12 to +14 hours.
pub const MAX_UTC_OFFSET_MINUTES: i16 = 14 * 60;

impl MonthDefinition {
    /// Months of a site whose time is `utc_offset_minutes` ahead of UTC, and the rule of each input; `None` beyond [`MAX_UTC_OFFSET_MINUTES`].
    pub fn new(utc_offset_minutes: i16, rules: impl Iterator<Item = MonthRule>) -> Option<Self> {
        let most_days = rules.take(8).enumerate().fold(0, |bits, (input, rule)| {
            bits | (u8::from(rule == MonthRule::MostDays) << input)
        });
        let [low, high] = utc_offset_minutes.to_le_bytes();
        Self::from_bytes([low, high, most_days, 0])
    }

    /// Minutes by which the site's time, in which days and months are counted, is ahead of UTC.
    pub fn utc_offset_minutes(self) -> i16 {
        self.utc_offset_minutes
    }

    /// Which months of an input count.
    pub fn rule(self, input: usize) -> MonthRule {
        if input < 8 && self.most_days & (1 << input) != 0 {
            MonthRule::MostDays
        } else {
            MonthRule::AnyDay
        }
    }

    /// The bytes of a model file.
    pub fn to_bytes(self) -> [u8; 4] {
        let [low, high] = self.utc_offset_minutes.to_le_bytes();
        [low, high, self.most_days, 0]
    }

    /// From the bytes of a model file; `None` if they are invalid.
    pub fn from_bytes([low, high, most_days, zero]: [u8; 4]) -> Option<Self> {
        let utc_offset_minutes = i16::from_le_bytes([low, high]);
        let within =
            (-MAX_UTC_OFFSET_MINUTES..=MAX_UTC_OFFSET_MINUTES).contains(&utc_offset_minutes);
        (within && zero == 0).then_some(Self {
            utc_offset_minutes,
            most_days,
        })
    }
}
