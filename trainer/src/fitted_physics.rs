//! Physics fitted to a well, as it is shipped beside the well's network.

use amlstm_core::artifact::Physics;
use amlstm_core::cumulative_interval::HORIZONS;
use amlstm_core::estimate::Primary;
use amlstm_core::physics::PhysicsState;

use crate::baseline::{Curve, PhysicsFit, PreparedWell};
use crate::metric::interval_rate;
use crate::series::WellSeries;
use crate::split::{Part, Split};
use crate::train::observation::half_width_mm;
use crate::window::horizon_widths;

/// Physics fitted to a well.
#[derive(Clone, Debug, PartialEq)]
pub struct FittedPhysics {
    /// Fitted to the training and validation parts, or to everything.
    pub fit: PhysicsFit,
    /// Rates of all months by weights of the training part alone, mm per month.
    pub early: Curve,
    /// Half the width of the 90 % interval around a month's increment of the well in mm: what `early` misses in validation. NaN where too little was validated.
    pub interval_half_width_mm: f64,
    /// The same around the change over more months, mm; nothing where too little was validated.
    pub horizon_widths: [Option<f32>; HORIZONS],
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
        let early = PhysicsFit::early(prepared).curve(prepared);
        let observed = prepared.mean_rate(&[Part::Validate]);
        let distances = prepared.series.intervals.iter().zip(observed);
        let distances = distances
            .filter(|(interval, _)| prepared.series.is_scored(interval))
            .filter_map(|(interval, rate)| Some((interval_rate(&early, interval)? - rate?).abs()));
        Some(Self {
            interval_half_width_mm: half_width_mm(distances.collect()),
            horizon_widths: horizon_widths(prepared.series, prepared.split, &early),
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
            fit: prepared.map_or_else(|| self.fit.clone(), |prepared| self.fit.refitted(&prepared)),
            ..self.clone()
        }
    }

    /// The physics of a model file, before its first month.
    pub fn shipped(&self, primary: Primary) -> Physics<'_> {
        Physics {
            primary,
            weights: self.fit.weights.borrow(),
            bridges: self.fit.bridges.shipped(),
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
    use crate::config::Config;
    use crate::physics;
    use crate::read::Ground;
    use crate::synth;
    use crate::table::month_of;

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

    /// Root mean square error of the last nine intervals' rates over their standard deviation, both of the ground without the points' noise, mean over the
    /// SYNTHETIC wells. Made clay is not that of the basis (its beds have thicknesses and counts of their own), but obeys the same equations.
    #[test]
    fn synthetic_wells_are_followed_through_their_last_nine_intervals() {
        let made = synth::dataset(&synth::Options::default());
        let ratios = made
            .dataset
            .wells
            .iter()
            .zip(&made.truth)
            .map(|(well, truth)| {
                let series = WellSeries::new(well, &Config::default().data).unwrap();
                let intervals = series.intervals.len();
                let part = |i| {
                    if i < intervals - 9 {
                        Part::Train
                    } else {
                        Part::Test
                    }
                };
                let split = Split::Time((0..intervals).map(part).collect());
                let prepared = PreparedWell::new(&series, &split, 1).unwrap();
                let curve = PhysicsFit::early(&prepared).curve(&prepared);
                let Ground::Points(points) = &well.ground else {
                    panic!("synthetic wells have points");
                };
                // The last scene of each month.
                let scenes: Vec<_> = points.scenes.iter().zip(truth.subsidence_mm()).collect();
                let true_mm: Vec<f64> = scenes
                    .chunk_by(|a, b| month_of(*a.0) == month_of(*b.0))
                    .map(|scenes| scenes[scenes.len() - 1].1)
                    .collect();
                assert_eq!(true_mm.len(), intervals + 1);
                let (mut rates, mut squares) = (Vec::new(), Vec::new());
                for i in intervals - 9..intervals {
                    let interval = &series.intervals[i];
                    let rate = interval.rate_mm_per_month(true_mm[i + 1] - true_mm[i]);
                    squares.push((interval_rate(&curve, interval).unwrap() - rate).powi(2));
                    rates.push(rate);
                }
                let mean = rates.iter().sum::<f64>() / 9.0;
                let variance = rates.iter().map(|rate| (rate - mean).powi(2)).sum::<f64>();
                (squares.iter().sum::<f64>() / variance).sqrt()
            });
        let ratios: Vec<f64> = ratios.collect();
        assert!(ratios.iter().sum::<f64>() / 6.0 <= 0.35, "{ratios:.2?}");
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
