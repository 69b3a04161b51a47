//! Uncertainty of the cumulative subsidence, by the months since the ground was last observed.

use core::iter::zip;

use crate::estimate::Primary;
use crate::month::Month;

/// Number of horizons.
pub const HORIZONS: usize = 5;

/// Horizons in months over which validation measured the error of the change of the ground.
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
    /// Half width in mm for the cumulative subsidence by `estimate` at the end of `month`; `None` up to the last observed month, or if no width is
    /// known.
    pub fn half_width_mm(&self, estimate: Primary, month: Month) -> Option<f32> {
        let months = month.index() - self.observed_until.index();
        (months > 0).then(|| self.after(estimate, months as u32))?
    }

    /// Half width in mm for the change by `estimate` over `months` months: linear between two horizons; beyond the last known one proportional to the
    /// square root of the months, as for independent errors. `None` if no width is known.
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

    /// Whether each width is valid: NaN, or finite and not negative.
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
        // Without the first horizon: linear from the observation on.
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
