//! How far cumulative subsidence can be off that nobody has observed for some months.

use core::iter::zip;

use crate::estimate::Primary;
use crate::month::Month;

/// How many horizons there are.
pub const HORIZONS: usize = 5;

/// Months over which errors of the change of the ground are added up in validation.
pub const HORIZON_MONTHS: [u8; HORIZONS] = [1, 3, 6, 12, 24];

/// Half widths of the 90 % intervals around the change of the ground over [`HORIZON_MONTHS`], in mm; NaN where validation was too short for one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CumulativeIntervals<'a> {
    /// The last month at whose end the ground was observed.
    pub observed_until: Month,
    /// By the network.
    pub network: &'a [f32; HORIZONS],
    /// By physics.
    pub physics: &'a [f32; HORIZONS],
}

impl CumulativeIntervals<'_> {
    /// Half the width in mm around the cumulative subsidence by `estimate` at the end of `month`; nothing up to the last observed month, or where nothing is
    /// known.
    pub fn half_width_mm(&self, estimate: Primary, month: Month) -> Option<f32> {
        let months = month.index() - self.observed_until.index();
        (months > 0).then(|| self.after(estimate, months as u32))?
    }

    /// Half the width in mm around the change by `estimate` over so many months: between two horizons in a straight line, and beyond the last known one growing
    /// with the root of the months, as if errors of equally long stretches were independent of each other. Nothing if none is known.
    pub fn after(&self, estimate: Primary, months: u32) -> Option<f32> {
        let widths = match estimate {
            Primary::Network => self.network,
            Primary::Physics => self.physics,
        };
        let months = months as f32;
        let (mut before, mut before_mm) = (0.0, 0.0);
        for (horizon, mm) in zip(HORIZON_MONTHS, widths) {
            if mm.is_nan() {
                continue;
            }
            let horizon = f32::from(horizon);
            if months <= horizon {
                let share = (months - before) / (horizon - before);
                return Some(before_mm + share * (mm - before_mm));
            }
            (before, before_mm) = (horizon, *mm);
        }
        (before > 0.0).then(|| before_mm * libm::sqrtf(months / before))
    }

    /// Whether each is unknown or a width.
    pub(crate) fn is_sound(&self) -> bool {
        let mut widths = self.network.iter().chain(self.physics);
        widths.all(|mm| mm.is_nan() || (*mm >= 0.0 && mm.is_finite()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observed_in_2020(widths: &[f32; HORIZONS]) -> CumulativeIntervals<'_> {
        CumulativeIntervals {
            observed_until: Month::new(2020, 11).unwrap(),
            network: &[1.0; HORIZONS],
            physics: widths,
        }
    }

    #[test]
    fn widths_lie_on_straight_lines_between_the_known_horizons_and_grow_with_the_root_of_the_months_beyond()
     {
        let nan = f32::NAN;
        let after = |widths: [f32; HORIZONS], months| {
            observed_in_2020(&widths).after(Primary::Physics, months)
        };
        let widths = [1.0, 2.0, nan, 6.5, nan];
        for (months, mm) in [
            (1, 1.0),
            (2, 1.5),
            (3, 2.0),
            // A third of the way from 3 to 12 months.
            (6, 3.5),
            (12, 6.5),
            (48, 13.0),
        ] {
            assert_eq!(after(widths, months), Some(mm));
        }
        // Without the first horizon from the observation on.
        assert_eq!(after([nan, 3.0, nan, nan, nan], 1), Some(1.0));
        assert_eq!(after([nan; HORIZONS], 7), None);
    }

    #[test]
    fn an_interval_begins_with_the_last_observation() {
        let intervals = observed_in_2020(&[2.0; HORIZONS]);
        let at = |estimate, year, month| {
            intervals.half_width_mm(estimate, Month::new(year, month).unwrap())
        };
        assert_eq!(at(Primary::Physics, 2020, 11), None);
        assert_eq!(at(Primary::Physics, 2019, 1), None);
        assert_eq!(at(Primary::Physics, 2021, 1), Some(2.0));
        assert_eq!(at(Primary::Network, 2021, 1), Some(1.0));
    }
}
