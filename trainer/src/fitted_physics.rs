//! Physics fitted to a well, as it is shipped beside the well's network.

use amlstm_core::artifact::Physics;
use amlstm_core::estimate::Primary;
use amlstm_core::physics::PhysicsState;

use crate::baseline::{Curve, PhysicsFit, PreparedWell, weights};
use crate::metric::interval_rate;
use crate::series::WellSeries;
use crate::split::{Part, Split};
use crate::train::observation::half_width_mm;

/// Physics fitted to a well.
#[derive(Clone, Debug, PartialEq)]
pub struct FittedPhysics {
    /// Fitted to the training and validation parts, or to everything.
    pub fit: PhysicsFit,
    /// Rates of all months by weights of the training part alone, mm per month.
    pub early: Curve,
    /// Half the width of the 90 % interval around a month's increment of the well in mm: what `early` misses in validation. NaN where too little was validated.
    pub interval_half_width_mm: f64,
}

impl FittedPhysics {
    /// Judges a fit to the training and validation parts.
    ///
    /// Nothing where the steps are not successive months, because beds drain by the month.
    pub fn new(prepared: &PreparedWell, fit: &PhysicsFit) -> Option<Self> {
        let months = &prepared.series.months;
        if !months.windows(2).all(|pair| pair[1] == pair[0].next()) {
            return None;
        }
        let early = PhysicsFit(weights(prepared, &[Part::Train])).curve(prepared);
        let observed = prepared.mean_rate(&[Part::Validate]);
        let distances = prepared.series.intervals.iter().zip(observed);
        let distances = distances
            .filter(|(interval, _)| prepared.series.is_scored(interval))
            .filter_map(|(interval, rate)| Some((interval_rate(&early, interval)? - rate?).abs()));
        Some(Self {
            interval_half_width_mm: half_width_mm(distances.collect()),
            fit: fit.clone(),
            early,
        })
    }

    /// The same with weights fitted to everything observed.
    #[must_use]
    pub fn refitted(&self, series: &WellSeries, split: &Split, seed: u64) -> Self {
        let everything = split.of_everything();
        let prepared = PreparedWell::new(series, &everything, seed);
        Self {
            fit: prepared.map_or_else(
                || self.fit.clone(),
                |prepared| PhysicsFit(weights(&prepared, &[Part::Train])),
            ),
            ..self.clone()
        }
    }

    /// The physics of a model file, before its first month.
    pub fn shipped(&self, primary: Primary) -> Physics<'_> {
        Physics {
            primary,
            weights: self.fit.0.borrow(),
            state: PhysicsState::default(),
            subsidence_mm: 0.0,
            interval_half_width_mm: self.interval_half_width_mm as f32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::example::{levels, well};
    use crate::physics;

    fn beds() -> WellSeries {
        let levels = levels();
        let basis = physics::basis(&levels);
        well(&levels, |t| 4.0 * basis[(t, 4)] + 2.0 * basis[(t, 9)])
    }

    /// Four years train, two and a half validate, the rest is test.
    fn split(series: &WellSeries) -> Split {
        let part = |to| match to {
            ..48 => Part::Train,
            48..78 => Part::Validate,
            _ => Part::Test,
        };
        let parts = series.intervals.iter().map(|interval| part(interval.to));
        Split::Time(parts.collect())
    }

    fn fitted(series: &WellSeries) -> FittedPhysics {
        let split = split(series);
        let prepared = PreparedWell::new(series, &split, 1).unwrap();
        FittedPhysics::new(&prepared, &PhysicsFit::new(&prepared)).unwrap()
    }

    #[test]
    fn what_judges_never_saw_the_validation_part_and_what_is_refitted_saw_everything() {
        let series = beds();
        let physics = fitted(&series);
        let mut changed = series.clone();
        for interval in 50..77 {
            changed.points[0].increment_mm[interval] = Some(50.0);
        }
        let other = fitted(&changed);
        assert_eq!(other.early, physics.early);
        assert!(physics.interval_half_width_mm < 0.5 && other.interval_half_width_mm > 30.0);
        assert_ne!(other.fit, physics.fit);
        let mut later = series.clone();
        later.points[0].increment_mm[110] = Some(50.0);
        let refit = |series: &WellSeries| physics.refitted(series, &split(series), 1);
        assert_eq!(fitted(&later), physics);
        assert_ne!(refit(&later).fit, refit(&series).fit);
        assert_eq!(refit(&later).early, physics.early);
    }

    #[test]
    fn steps_that_are_no_months_have_no_physics() {
        let mut series = beds();
        for month in &mut series.months[60..] {
            *month = month.next();
        }
        let split = split(&series);
        let prepared = PreparedWell::new(&series, &split, 1).unwrap();
        assert_eq!(
            FittedPhysics::new(&prepared, &PhysicsFit::new(&prepared)),
            None
        );
    }
}
