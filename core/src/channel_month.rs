//! The month of one channel of a logger, summed up from its readings.

use crate::link::{Quality, Reading};
use crate::month_mean::MonthMean;

/// The mean of a channel's month. A sensor counts as stuck only once it has repeated a value often enough ([`Quality::STUCK`]); the readings of that value
/// before it, as far as they lie in the month, are then taken back.
///
/// ```
/// use amlstm_core::channel_month::ChannelMonth;
/// use amlstm_core::link::{Quality, Reading};
///
/// let mut month = ChannelMonth::default();
/// let mut add = |day, raw, quality| {
///     let reading = Reading { raw: Some(raw), level_m: Some(raw), quality };
///     month.add(day, &reading, 0.0);
/// };
/// add(1, 2.0, Quality::GOOD);
/// add(2, 9.0, Quality::GOOD);
/// add(3, 9.0, Quality::GOOD);
/// add(4, 9.0, Quality::STUCK);
/// add(5, 3.0, Quality::GOOD);
/// assert_eq!((month.mean().days(), month.mean().mean()), (2, Some(2.5)));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ChannelMonth {
    mean: MonthMean,
    raw: Option<f32>,
    /// The sums before the readings that have the last raw value.
    before_repeats: MonthMean,
}

impl ChannelMonth {
    /// Adds a reading of a day of the month, 1 to 31, with `correction_m` added to its level. Readings come in chronological order. One that is not usable is
    /// left out.
    pub fn add(&mut self, day: u8, reading: &Reading, correction_m: f64) {
        // A sensor that did not answer leaves the row of equal values as it was.
        if reading.raw.is_some() && reading.raw != self.raw {
            self.raw = reading.raw;
            self.before_repeats = self.mean;
        }
        if reading.quality.has(Quality::STUCK) {
            self.mean = self.before_repeats;
        } else if let Some(level_m) = reading.usable_level_m() {
            self.mean.add(day, f64::from(level_m) + correction_m);
        }
    }

    /// The mean of the readings that count.
    pub fn mean(&self) -> &MonthMean {
        &self.mean
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum_up(readings: &[(u8, Option<f32>, Quality)]) -> (u32, u8, Option<f64>) {
        let mut month = ChannelMonth::default();
        for (day, raw, quality) in readings.iter().copied() {
            let reading = Reading {
                raw,
                level_m: raw,
                quality,
            };
            month.add(day, &reading, 0.0);
        }
        let mean = month.mean();
        (mean.readings(), mean.days(), mean.mean())
    }

    /// By hand: 1 m on day 1 and the mean of 2 and 4 m on day 2 remain, so 2 m.
    #[test]
    fn the_row_of_equal_values_before_a_stuck_sensor_is_taken_back() {
        let (good, stuck) = (Quality::GOOD, Quality::STUCK);
        let readings = [
            (1, Some(1.0), good),
            (1, Some(7.0), good),
            (1, Some(7.0), good),
            (1, None, Quality::TIMEOUT),
            (2, Some(7.0), stuck),
            (2, Some(7.0), stuck),
            (2, Some(2.0), good),
            (2, Some(4.0), good),
        ];
        assert_eq!(sum_up(&readings), (3, 2, Some(2.0)));
    }

    #[test]
    fn equal_values_of_a_sensor_that_moves_again_count() {
        let readings = [1.0, 7.0, 7.0, 1.0].map(|raw| (1, Some(raw), Quality::GOOD));
        assert_eq!(sum_up(&readings), (4, 1, Some(4.0)));
    }

    #[test]
    fn a_sensor_that_is_stuck_all_month_has_no_mean() {
        let (good, stuck) = (Quality::GOOD, Quality::STUCK);
        assert_eq!(
            sum_up(&[(1, Some(7.0), good), (2, Some(7.0), stuck)]),
            (0, 0, None)
        );
    }

    #[test]
    fn readings_that_are_not_usable_are_left_out() {
        let readings = [
            (1, Some(1.0), Quality::CLOCK_UNSURE),
            (2, Some(9.0), Quality::STEP),
            (3, None, Quality::GARBLED),
        ];
        assert_eq!(sum_up(&readings), (1, 1, Some(1.0)));
    }
}
