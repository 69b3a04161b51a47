//! What a network must beat: naive curves, regressions on levels, other networks, and the physics basis.
//!
//! All points of a well share its levels, so every model here is one curve: a rate for each month. Models without a choice to make are fitted to the training
//! and validation parts together; lagged ridge chooses its strength on validation and is then fitted again; the reference networks stop on validation.

#[cfg(test)]
pub(crate) mod example;
pub(crate) mod linear;
pub(crate) mod naive;
mod prepared_well;
mod reference;

pub use prepared_well::{Curve, PreparedWell};

use std::fmt;

use amlstm_core::month::Month;
use amlstm_core::physics::PhysicsState;
use serde::{Deserialize, Serialize};

use crate::bridge::Bridges;
use crate::physics;
use crate::split::Part;

/// A model the networks are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Baseline {
    /// The mean of the fitted points in the very month that is predicted: no model that sees only levels can do better, but for luck.
    Floor,
    /// The ground stands still.
    NoChange,
    /// The last measured rate goes on; it needs the measurement of the month before.
    Persistence,
    /// The mean rate of the fitted part.
    ConstantRate,
    /// The mean rate of the fitted part's last twelve months.
    LastYearRate,
    /// The mean of each calendar month.
    MonthClimatology,
    /// The grey model GM(1,1).
    #[serde(rename = "gm11")]
    Grey,
    /// Linear regression on the levels of the same months.
    LinearRegression,
    /// Ridge regression on monthly lags of the levels.
    LaggedRidge,
    /// Multilayer perceptron on the same lags.
    #[serde(rename = "mlp")]
    Perceptron,
    /// Gated recurrent unit on the levels.
    #[serde(rename = "gru")]
    GatedRecurrentUnit,
    /// Compaction beds with non-negative weights.
    #[serde(rename = "physics-nnls")]
    Physics,
}

/// The name in files.
impl fmt::Display for Baseline {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        self.serialize(formatter)
    }
}

impl Baseline {
    /// Every baseline, from the simplest on.
    pub const ALL: [Self; 12] = [
        Self::Floor,
        Self::NoChange,
        Self::Persistence,
        Self::ConstantRate,
        Self::LastYearRate,
        Self::MonthClimatology,
        Self::Grey,
        Self::LinearRegression,
        Self::LaggedRidge,
        Self::Perceptron,
        Self::GatedRecurrentUnit,
        Self::Physics,
    ];

    /// Name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Floor => "floor: mean of training points",
            Self::NoChange => "no change",
            Self::Persistence => "persistence (measured last month)",
            Self::ConstantRate => "constant rate",
            Self::LastYearRate => "rate of last 12 months",
            Self::MonthClimatology => "month climatology",
            Self::Grey => "GM(1,1)",
            Self::LinearRegression => "linear regression on levels",
            Self::LaggedRidge => "lagged ridge",
            Self::Perceptron => "MLP on lags",
            Self::GatedRecurrentUnit => "GRU",
            Self::Physics => "physics basis + NNLS",
        }
    }

    /// Whether the baseline says anything under the well's split. The floor needs other points in the same month; what only continues the past needs a future.
    pub fn applies_to(self, prepared: &PreparedWell) -> bool {
        match self {
            Self::Floor => !prepared.is_chronological(),
            Self::NoChange | Self::Persistence | Self::LastYearRate => prepared.is_chronological(),
            _ => true,
        }
    }

    /// Whether the result depends on a seed.
    pub fn is_seeded(self) -> bool {
        matches!(self, Self::Perceptron | Self::GatedRecurrentUnit)
    }

    /// Fits the baseline to one well, prepared with different splits and seeds.
    pub fn fit(self, wells: &[PreparedWell]) -> Vec<Curve> {
        let each = |fit: &dyn Fn(&PreparedWell) -> Curve| wells.iter().map(fit).collect();
        match self {
            Self::Floor => each(&naive::floor),
            Self::NoChange => each(&|prepared| prepared.constant(0.0)),
            Self::Persistence => each(&naive::persistence),
            Self::ConstantRate => {
                each(&|prepared| prepared.constant(naive::mean_rate(prepared, usize::MAX)))
            }
            Self::LastYearRate => {
                each(&|prepared| prepared.constant(naive::mean_rate(prepared, 12)))
            }
            Self::MonthClimatology => each(&naive::month_climatology),
            Self::Grey => each(&naive::grey),
            Self::LinearRegression => {
                each(&|prepared| linear::regression(prepared).curve(prepared))
            }
            Self::LaggedRidge => each(&|prepared| linear::lagged_ridge(prepared).curve(prepared)),
            Self::Perceptron => reference::perceptrons(wells),
            Self::GatedRecurrentUnit => reference::gated_recurrent_units(wells),
            Self::Physics => each(&|prepared| PhysicsFit::new(prepared).curve(prepared)),
        }
    }

    /// The curve when the level of each test month is not known yet and is replaced by a forecast from the months before (see [`PreparedWell::forecast_levels`]);
    /// `None` where levels are not used or the model is not available in this mode.
    pub fn forecast(self, prepared: &PreparedWell) -> Option<Curve> {
        let forecast = |predict: &dyn Fn(&PreparedWell) -> Curve| {
            let mut curve = vec![None; prepared.steps()];
            for step in prepared.test_steps() {
                curve[step] = predict(&prepared.forecast_levels(step, 1))[step];
            }
            curve
        };
        match self {
            Self::LinearRegression => {
                let model = linear::regression(prepared);
                Some(forecast(&|prepared| model.curve(prepared)))
            }
            Self::LaggedRidge => {
                let model = linear::lagged_ridge(prepared);
                Some(forecast(&|prepared| model.curve(prepared)))
            }
            Self::Physics => {
                let model = PhysicsFit::new(prepared);
                Some(forecast(&|prepared| model.curve(prepared)))
            }
            _ => None,
        }
    }
}

/// Weights of the physics basis fitted to some parts of a well.
pub fn weights(prepared: &PreparedWell, parts: &[Part]) -> physics::Weights {
    let (rows, target) = prepared.sums(&physics::basis(prepared.level_m()), parts);
    physics::Weights::fit(&rows, &target)
}

/// The physics basis fitted to a well.
#[derive(Debug, Clone, PartialEq)]
pub struct PhysicsFit {
    /// Of the basis.
    pub weights: physics::Weights,
    /// What stands in for levels that are missing where nothing is fitted.
    pub bridges: Bridges,
}

impl PhysicsFit {
    /// Fits the weights to the training and validation parts, and the bridges to the months before the test part.
    pub fn new(prepared: &PreparedWell) -> Self {
        let (months, level_m) = prepared.known();
        Self {
            weights: weights(prepared, &[Part::Train, Part::Validate]),
            bridges: Bridges::fit(months, level_m),
        }
    }

    /// Fits the weights to the training part alone, to judge by the validation part, whose missing levels are filled: nothing is bridged.
    pub fn early(prepared: &PreparedWell) -> Self {
        Self {
            weights: weights(prepared, &[Part::Train]),
            bridges: Bridges::none(prepared.series.aquifer_layers.len()),
        }
    }

    /// The same with weights and bridges fitted to everything observed at the well.
    #[must_use]
    pub fn refitted(&self, everything: &PreparedWell) -> Self {
        let (months, level_m) = everything.known();
        Self {
            weights: weights(everything, &[Part::Train]),
            bridges: self.bridges.refitted(months, level_m),
        }
    }

    /// Subsidence of each month in mm, down +, as a logger computes it that takes a missing level from the other layers where it can; nothing until every aquifer
    /// layer has been measured. `level_m` is `[months][aquifer layers]`, m above datum.
    pub fn simulate(&self, months: &[Month], level_m: &[Vec<Option<f32>>]) -> Vec<Option<f32>> {
        self.steps(&mut PhysicsState::default(), months, level_m)
    }

    fn steps(
        &self,
        state: &mut PhysicsState,
        months: &[Month],
        level_m: &[Vec<Option<f32>>],
    ) -> Vec<Option<f32>> {
        let (weights, bridges) = (self.weights.borrow(), self.bridges.borrow());
        let step = |(month, levels): (&Month, &Vec<Option<f32>>)| {
            let stand_in_m = bridges.stand_ins(*month, levels);
            let output = state.step_bridged(&weights, levels, &stand_in_m)?;
            Some(output.increment_mm)
        };
        months.iter().zip(level_m).map(step).collect()
    }

    /// Monthly rates under the well's levels, in the arithmetic of a logger.
    pub fn curve(&self, prepared: &PreparedWell) -> Curve {
        let months = &prepared.series.months[prepared.first()..];
        let (known, forecast) = prepared.levels_to_bridge();
        let mut state = PhysicsState::default();
        let mut increments = self.steps(&mut state, months, &known);
        let forecast = self.shifted_to_bridge(prepared, &state, &known, forecast);
        increments.extend(self.steps(&mut state, &months[known.len()..], &forecast));
        let increments = increments.into_iter();
        let rates: Vec<f64> = increments
            .map(|increment| f64::from(increment.unwrap_or_default()))
            .collect();
        prepared.curve(&rates)
    }

    /// Levels forecast from a last one that was held go on from the one that stood in.
    fn shifted_to_bridge(
        &self,
        prepared: &PreparedWell,
        state: &PhysicsState,
        known: &[Vec<Option<f32>>],
        mut forecast: Vec<Vec<Option<f32>>>,
    ) -> Vec<Vec<Option<f32>>> {
        let Some((last, held_m)) = known.last().zip(prepared.level_m().get(known.len() - 1)) else {
            return forecast;
        };
        for (layer, beds) in state.layers.iter().enumerate().take(last.len()) {
            if let Some(beds) = beds.filter(|_| last[layer].is_none() && self.bridges.tells(layer))
            {
                let shift_m = beds.reference_m + beds.level_m - held_m[layer] as f32;
                for levels in &mut forecast {
                    levels[layer] = levels[layer].map(|level_m| level_m + shift_m);
                }
            }
        }
        forecast
    }

    /// Share of each aquifer layer in the modelled compaction over the observed months.
    pub fn layer_shares(&self, prepared: &PreparedWell) -> Vec<f64> {
        let basis = physics::basis(prepared.level_m());
        let observed = prepared.observed_rows();
        self.weights
            .layer_shares(&basis.rows(observed.start, observed.len()).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::example::{MONTHS, in_order, levels, well};
    use super::*;
    use crate::series::WellSeries;

    /// Root mean square error over the test months.
    fn test_error(baseline: Baseline, series: &WellSeries) -> f64 {
        let split = in_order(series);
        let prepared = PreparedWell::new(series, &split, 1).unwrap();
        let curve = &baseline.fit(&[prepared])[0];
        let errors: Vec<f64> = (84..MONTHS)
            .map(|t| {
                (curve[t].unwrap() - f64::from(series.points[0].increment_mm[t - 1].unwrap()))
                    .powi(2)
            })
            .collect();
        (errors.iter().sum::<f64>() / errors.len() as f64).sqrt()
    }

    #[test]
    fn regression_finds_a_rate_that_is_linear_in_the_levels() {
        let levels = levels();
        let series = well(&levels, |t| 2.0 - 0.5 * levels[t][0] + 0.3 * levels[t][1]);
        assert!(test_error(Baseline::LinearRegression, &series) < 1e-4);
    }

    #[test]
    fn lagged_ridge_finds_a_delay_that_regression_cannot() {
        let levels = levels();
        let series = well(&levels, |t| 2.0 - 0.5 * levels[t.saturating_sub(3)][0]);
        let (ridge, regression) = (
            test_error(Baseline::LaggedRidge, &series),
            test_error(Baseline::LinearRegression, &series),
        );
        assert!(ridge < 0.25 * regression, "{ridge} against {regression}");
    }

    #[test]
    fn the_physics_basis_extrapolates_what_beds_did() {
        let levels = levels();
        let basis = physics::basis(&levels);
        let series = well(&levels, |t| 8.0 * basis[(t, 4)] + 3.0 * basis[(t, 9)]);
        let (physics, constant) = (
            test_error(Baseline::Physics, &series),
            test_error(Baseline::ConstantRate, &series),
        );
        assert!(physics < 0.3 * constant, "{physics} against {constant}");
    }

    /// Ten years in which the lower layer follows the upper one, but for the last two years, when its transducer is dead; then what physics says to a forecast.
    #[test]
    fn physics_takes_a_missing_level_from_the_other_layer_and_forecasts_from_there() {
        let mut levels = levels();
        // The test months see no new low, which a level that stands in could not follow.
        for month in 84..MONTHS {
            levels[month] = levels[month - 72].clone();
        }
        for levels in &mut levels {
            levels[1] = 0.8 * levels[0] - 2.0;
        }
        let basis = physics::basis(&levels);
        let series = well(&levels, |t| 3.0 * basis[(t, 0)] + 5.0 * basis[(t, 6)]);
        let mut dead = series.clone();
        for levels in &mut dead.level_m[96..] {
            levels[1] = None;
        }
        let split = in_order(&series);
        let fitted = |series| PhysicsFit::new(&PreparedWell::new(series, &split, 1).unwrap());
        let fit = fitted(&dead);
        assert!(fit.bridges.tells(0) && fit.bridges.tells(1));
        let curves = |fit: &PhysicsFit| {
            let of = |prepared: &PreparedWell| fit.curve(prepared);
            let [whole, dead] =
                [&series, &dead].map(|series| PreparedWell::new(series, &split, 1).unwrap());
            let forecast = |prepared: &PreparedWell| of(&prepared.forecast_levels(110, 6));
            [of(&whole), of(&dead), forecast(&whole), forecast(&dead)]
        };
        let largest = |a: &Curve, b: &Curve, months: std::ops::Range<usize>| {
            let apart = a[months.clone()].iter().zip(&b[months]);
            apart
                .map(|(a, b)| (a.unwrap() - b.unwrap()).abs())
                .fold(0.0, f64::max)
        };
        let [whole, bridged, forecast, from_bridged] = curves(&fit);
        assert!(largest(&whole, &bridged, 96..120) < 0.01);
        assert!(largest(&forecast, &from_bridged, 110..116) < 0.01);
        let held = PhysicsFit {
            bridges: Bridges::none(2),
            ..fit
        };
        let [_, held, _, _] = curves(&held);
        assert!(largest(&whole, &held, 96..120) > 1.0);
    }

    #[test]
    fn month_climatology_is_exact_for_a_pure_season() {
        let series = well(&levels(), |t| (t % 12) as f64);
        assert!(test_error(Baseline::MonthClimatology, &series) < 1e-6);
    }

    #[test]
    fn a_constant_rate_is_found_by_all_naive_curves_but_no_change() {
        let series = well(&levels(), |_| 3.0);
        for baseline in [
            Baseline::ConstantRate,
            Baseline::LastYearRate,
            Baseline::Persistence,
            Baseline::Grey,
            Baseline::MonthClimatology,
        ] {
            assert!(test_error(baseline, &series) < 1e-6, "{baseline:?}");
        }
        assert!((test_error(Baseline::NoChange, &series) - 3.0).abs() < 1e-6);
    }

    #[test]
    fn the_reference_networks_beat_the_constant_rate_where_levels_matter() {
        let levels = levels();
        let series = well(&levels, |t| 2.0 - 0.5 * levels[t][0] + 0.3 * levels[t][1]);
        let constant = test_error(Baseline::ConstantRate, &series);
        for baseline in [Baseline::Perceptron, Baseline::GatedRecurrentUnit] {
            assert!(
                test_error(baseline, &series) < 0.7 * constant,
                "{baseline:?}"
            );
        }
    }

    #[test]
    fn a_forecast_does_not_look_at_the_level_of_its_own_month() {
        let levels = levels();
        let series = well(&levels, |t| 2.0 - 0.5 * levels[t][0]);
        let mut changed = series.clone();
        changed.level_m[100] = vec![Some(40.0), Some(-40.0)];
        let split = in_order(&series);
        for baseline in [
            Baseline::LinearRegression,
            Baseline::LaggedRidge,
            Baseline::Physics,
        ] {
            let forecast = |series| {
                baseline
                    .forecast(&PreparedWell::new(series, &split, 1).unwrap())
                    .unwrap()
            };
            let (first, second) = (forecast(&series), forecast(&changed));
            assert_eq!(first[..=100], second[..=100], "{baseline:?}");
            assert_ne!(first[101], second[101], "{baseline:?}");
        }
    }

    #[test]
    fn a_gap_is_filled_linearly_in_fitted_months_and_held_in_test_months() {
        let mut series = well(&levels(), |_| 1.0);
        for (month, level) in [
            (10, Some(1.0)),
            (11, None),
            (12, None),
            (13, Some(4.0)),
            (100, Some(7.0)),
            (101, None),
            (102, Some(9.0)),
        ] {
            series.level_m[month][0] = level;
        }
        let split = in_order(&series);
        let prepared = PreparedWell::new(&series, &split, 1).unwrap();
        let filled = |month: usize| prepared.level_m()[month][0];
        assert_eq!([filled(11), filled(12), filled(101)], [2.0, 3.0, 7.0]);
    }

    #[test]
    fn months_after_the_last_level_are_neither_predicted_nor_used() {
        let mut series = well(&levels(), |_| 1.0);
        for levels in &mut series.level_m[110..] {
            levels.fill(None);
        }
        let split = in_order(&series);
        let prepared = PreparedWell::new(&series, &split, 1).unwrap();
        let curve = &Baseline::Physics.fit(std::slice::from_ref(&prepared))[0];
        assert!(curve[109].is_some() && curve[110].is_none());
        assert!(
            prepared.is_used(&series.intervals[108]) && !prepared.is_used(&series.intervals[109])
        );
    }

    #[test]
    fn an_aquifer_layer_that_was_never_measured_makes_no_problem() {
        let mut series = well(&levels(), |_| 1.0);
        for levels in &mut series.level_m {
            levels[1] = None;
        }
        let split = in_order(&series);
        assert!(PreparedWell::new(&series, &split, 1).is_none());
    }
}
