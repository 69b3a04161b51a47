//! The ground's own past: an autoregression on the last twelve months.

use nalgebra::{DMatrix, DVector};

use crate::baseline::naive::spread_over_months;
use crate::baseline::{Curve, PreparedWell};
use crate::split::Part;

/// Months it looks back.
const LAGS: usize = 12;
/// Ridge strengths tried on validation, on summed squares of rates in units of their deviation.
const STRENGTHS: [f64; 7] = [0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0];

/// The autoregression with what was measured.
#[derive(Debug, Clone)]
pub struct OwnPast {
    mean: f64,
    /// Of the months before, the last one first.
    weights: DVector<f64>,
    /// Measured rate of each step, mm per month.
    measured: Vec<Option<f64>>,
}

impl OwnPast {
    /// Fits training and validation parts; the ridge strength is chosen on validation.
    pub fn new(prepared: &PreparedWell) -> Self {
        let validation = measured(prepared, &[Part::Validate]);
        let all = measured(
            prepared,
            &[Part::Train, Part::Validate, Part::Test, Part::Border],
        );
        let error = |strength: f64| {
            let model = Self::fit(prepared, &[Part::Train], strength, &all);
            let steps = validation.iter().enumerate();
            steps
                .filter_map(|(step, rate)| Some((model.next(&all[..step])? - (*rate)?).powi(2)))
                .sum::<f64>()
        };
        let errors = STRENGTHS.map(error);
        let best = (0..STRENGTHS.len())
            .min_by(|&i, &j| errors[i].total_cmp(&errors[j]))
            .unwrap_or(0);
        Self::fit(
            prepared,
            &[Part::Train, Part::Validate],
            STRENGTHS[best],
            &all,
        )
    }

    fn fit(prepared: &PreparedWell, parts: &[Part], strength: f64, all: &[Option<f64>]) -> Self {
        let fitted = measured(prepared, parts);
        let known: Vec<f64> = fitted.iter().copied().flatten().collect();
        let mean = known.iter().sum::<f64>() / known.len().max(1) as f64;
        let row = |step: usize| -> Option<(Vec<f64>, f64)> {
            let before = fitted[step.checked_sub(LAGS)?..step].iter().rev();
            let before = before.map(|rate| rate.map(|rate| rate - mean));
            Some((before.collect::<Option<_>>()?, fitted[step]? - mean))
        };
        let rows: Vec<(Vec<f64>, f64)> = (0..fitted.len()).filter_map(row).collect();
        let matrix = DMatrix::from_fn(rows.len(), LAGS, |row, lag| rows[row].0[lag]);
        let target = DVector::from_iterator(rows.len(), rows.iter().map(|row| row.1));
        let variance = target.norm_squared() / rows.len().max(1) as f64;
        let gram = matrix.tr_mul(&matrix)
            + DMatrix::identity(LAGS, LAGS) * (strength * variance.max(f64::MIN_POSITIVE));
        let weights = gram.cholesky().map_or_else(
            || DVector::zeros(LAGS),
            |factor| factor.solve(&matrix.tr_mul(&target)),
        );
        Self {
            mean,
            weights,
            measured: all.to_vec(),
        }
    }

    /// The rate after these; a month that was not measured counts as the mean. Nothing without a past.
    fn next(&self, past: &[Option<f64>]) -> Option<f64> {
        let lags = past.iter().rev().zip(&self.weights);
        (!past.is_empty()).then(|| {
            self.mean
                + lags
                    .map(|(rate, weight)| weight * rate.map_or(0.0, |rate| rate - self.mean))
                    .sum::<f64>()
        })
    }

    /// Rates after step `origin`, with nothing measured after it; the measured ones before.
    pub fn from(&self, origin: usize) -> Curve {
        let mut curve = self.measured[..=origin.min(self.measured.len() - 1)].to_vec();
        while curve.len() < self.measured.len() {
            curve.push(self.next(&curve));
        }
        curve
    }

    /// Each month's rate from what was measured up to the month before.
    pub fn one_by_one(&self) -> Curve {
        (0..self.measured.len())
            .map(|step| self.next(&self.measured[..step]))
            .collect()
    }
}

/// The mean rate of some parts in each month of the intervals they were observed in.
fn measured(prepared: &PreparedWell, parts: &[Part]) -> Vec<Option<f64>> {
    spread_over_months(prepared, &prepared.mean_rate(parts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::example::{MONTHS, in_order, levels, well};

    #[test]
    fn a_season_goes_on_without_being_measured() {
        let rate = |t: usize| 2.0 + (std::f64::consts::TAU * t as f64 / 12.0).sin();
        let series = well(&levels(), rate);
        let split = in_order(&series);
        let prepared = PreparedWell::new(&series, &split, 1).unwrap();
        let curve = OwnPast::new(&prepared).from(83);
        for (step, found) in curve.iter().enumerate().take(MONTHS).skip(84) {
            assert!((found.unwrap() - rate(step)).abs() < 0.1, "{step}");
        }
    }
}
