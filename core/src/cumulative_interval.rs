//! How far cumulative subsidence can be off that nobody has observed for some months.

use core::iter::zip;

use crate::estimate::Primary;
use crate::month::Month;

/// Months over which errors of the change of the ground are added up in validation.
pub const HORIZON_MONTHS: [u8; 5] = [1, 3, 6, 12, 24];

/// Half widths of the 90 % intervals around the change of the ground over [`HORIZON_MONTHS`] in mm; NaN where validation was too short for one.
#[derive(Clone, Copy, Debug)]
pub struct HorizonWidths(pub [f32; HORIZON_MONTHS.len()]);

/// By bits: what is unknown equals what is unknown.
impl PartialEq for HorizonWidths {
    fn eq(&self, other: &Self) -> bool {
        self.0.map(f32::to_bits) == other.0.map(f32::to_bits)
    }
}

impl HorizonWidths {
    /// None is known.
    pub const UNKNOWN: Self = Self([f32::NAN; HORIZON_MONTHS.len()]);

    /// The half width in mm after so many months: between two horizons in a straight line, and beyond the last known one growing with the root of the months, as
    /// if errors of equally long stretches were independent of each other. Nothing if none is known.
    pub fn after(&self, months: u32) -> Option<f32> {
        let months = months as f32;
        let (mut before, mut before_mm) = (0.0, 0.0);
        for (horizon, mm) in zip(HORIZON_MONTHS, self.0) {
            if mm.is_nan() {
                continue;
            }
            let horizon = f32::from(horizon);
            if months <= horizon {
                let share = (months - before) / (horizon - before);
                return Some(before_mm + share * (mm - before_mm));
            }
            (before, before_mm) = (horizon, mm);
        }
        (before > 0.0).then(|| before_mm * libm::sqrtf(months / before))
    }

    /// Whether each is unknown or a width.
    pub(crate) fn is_sound(&self) -> bool {
        let mut widths = self.0.iter();
        widths.all(|mm| mm.is_nan() || (*mm >= 0.0 && mm.is_finite()))
    }
}

/// The 90 % intervals around cumulative subsidence by both estimates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CumulativeIntervals {
    /// The last month at whose end the ground was observed.
    pub observed_until: Month,
    /// By the network.
    pub network: HorizonWidths,
    /// By physics.
    pub physics: HorizonWidths,
}

impl CumulativeIntervals {
    /// Half the width in mm around the cumulative subsidence by `estimate` at the end of `month`; nothing up to the last observed month, or where nothing is
    /// known.
    pub fn half_width_mm(&self, estimate: Primary, month: Month) -> Option<f32> {
        let months = month.index() - self.observed_until.index();
        let months = u32::try_from(months).ok().filter(|months| *months > 0)?;
        match estimate {
            Primary::Network => self.network.after(months),
            Primary::Physics => self.physics.after(months),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_lie_on_straight_lines_between_the_known_horizons_and_grow_with_the_root_of_the_months_beyond()
     {
        let nan = f32::NAN;
        let widths = HorizonWidths([1.0, 2.0, nan, 6.5, nan]);
        let after = |months| widths.after(months);
        assert_eq!(after(1), Some(1.0));
        assert_eq!(after(2), Some(1.5));
        assert_eq!(after(3), Some(2.0));
        // A third of the way from 3 to 12 months.
        assert_eq!(after(6), Some(3.5));
        assert_eq!(after(12), Some(6.5));
        assert_eq!(after(48), Some(13.0));
        // Without the first horizon from the observation on.
        assert_eq!(HorizonWidths([nan, 3.0, nan, nan, nan]).after(1), Some(1.0));
        assert_eq!(HorizonWidths::UNKNOWN.after(7), None);
    }

    #[test]
    fn an_interval_begins_with_the_last_observation() {
        let intervals = CumulativeIntervals {
            observed_until: Month::new(2020, 11).unwrap(),
            network: HorizonWidths([1.0; 5]),
            physics: HorizonWidths([2.0; 5]),
        };
        let at = |year, month| {
            intervals.half_width_mm(Primary::Physics, Month::new(year, month).unwrap())
        };
        assert_eq!(at(2020, 11), None);
        assert_eq!(at(2019, 1), None);
        assert_eq!(at(2021, 1), Some(2.0));
        let network = intervals.half_width_mm(Primary::Network, Month::new(2021, 1).unwrap());
        assert_eq!(network, Some(1.0));
    }
}
