//! Linear models on levels: ordinary least squares and ridge on monthly lags.

use nalgebra::{DMatrix, DVector};

use crate::metric::interval_rate;
use crate::split::Part;
use crate::standardised::Standardised;

use super::{Curve, PreparedWell};

/// Lags of a well with ps points, the month itself included: as many months as levels precede the first interval.
const LAGS_POINTS: usize = 9;
/// Lags when months are held out: one year.
const LAGS_TIME: usize = 12;
/// Ridge strengths tried on validation, on standardised columns and summed squares.
const STRENGTHS: [f64; 9] = [0.01, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0];
/// The same for drivers, which say much the same as each other.
const DRIVER_STRENGTHS: [f64; 9] = [0.1, 1.0, 10.0, 100.0, 300.0, 1e3, 1e4, 1e5, 1e6];
/// Time constants of the running means that levels are compared with, months.
const MEAN_MONTHS: [f64; 3] = [3.0, 12.0, 36.0];

/// What a linear model sees of the levels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Columns {
    /// Levels of a month and of the months before, as many in all.
    Lags(usize),
    /// Level, change, new low, level above the lowest so far and above running means, and the season.
    Drivers,
}

impl Columns {
    fn of(self, prepared: &PreparedWell) -> DMatrix<f64> {
        match self {
            Self::Lags(lags) => lagged(prepared.level_m(), lags),
            Self::Drivers => drivers(prepared),
        }
    }
}

/// A linear model on levels, fitted on standardised columns.
#[derive(Debug, Clone)]
pub struct Linear {
    columns: Columns,
    mean: DVector<f64>,
    scale: DVector<f64>,
    weights: DVector<f64>,
    intercept: f64,
}

impl Linear {
    fn fit(prepared: &PreparedWell, seen: Columns, strength: f64, parts: &[Part]) -> Self {
        let (rows, target) = prepared.rows(&seen.of(prepared), parts);
        let count = rows.nrows().max(1) as f64;
        let Standardised {
            columns,
            mean,
            scale,
        } = Standardised::new(&rows);
        let intercept = target.sum() / count;
        let residual = target.add_scalar(-intercept);
        // Levels that never differ, or fewer rows than columns, leave directions that no data constrain: the pseudo-inverse gives them no weight.
        let gram = columns.tr_mul(&columns)
            + DMatrix::identity(columns.ncols(), columns.ncols()) * strength;
        let inverse = gram
            .pseudo_inverse(1e-10 * count)
            .expect("the tolerance is not negative");
        Self {
            columns: seen,
            mean,
            scale,
            weights: inverse * columns.tr_mul(&residual),
            intercept,
        }
    }

    /// Monthly rates under the well's levels.
    pub fn curve(&self, prepared: &PreparedWell) -> Curve {
        let rows = self.columns.of(prepared);
        let rates: Vec<f64> = rows
            .row_iter()
            .map(|row| {
                let terms = row
                    .iter()
                    .zip(&self.mean)
                    .zip(&self.scale)
                    .zip(&self.weights);
                self.intercept
                    + terms
                        .map(|(((x, mean), scale), weight)| (x - mean) / scale * weight)
                        .sum::<f64>()
            })
            .collect();
        prepared.curve(&rates)
    }
}

/// Ordinary least squares on the levels of the interval's own months.
pub fn regression(prepared: &PreparedWell) -> Linear {
    Linear::fit(
        prepared,
        Columns::Lags(1),
        0.0,
        &[Part::Train, Part::Validate],
    )
}

/// Ridge on monthly lags, its strength chosen on the validation part.
pub fn lagged_ridge(prepared: &PreparedWell) -> Linear {
    ridge(prepared, Columns::Lags(lags(prepared)), &STRENGTHS)
}

/// Ridge on drivers, its strength chosen on the validation part.
pub fn driver_ridge(prepared: &PreparedWell) -> Linear {
    ridge(prepared, Columns::Drivers, &DRIVER_STRENGTHS)
}

fn ridge(prepared: &PreparedWell, columns: Columns, strengths: &[f64]) -> Linear {
    let validation = prepared.observations(&[Part::Validate]);
    let error = |strength: &f64| {
        let curve = Linear::fit(prepared, columns, *strength, &[Part::Train]).curve(prepared);
        let squares = validation
            .iter()
            .filter_map(|(interval, rate)| Some((interval_rate(&curve, interval)? - rate).powi(2)));
        squares.sum::<f64>()
    };
    let errors: Vec<f64> = strengths.iter().map(error).collect();
    let best = (0..strengths.len())
        .min_by(|&i, &j| errors[i].total_cmp(&errors[j]))
        .unwrap_or(0);
    let parts = [Part::Train, Part::Validate];
    Linear::fit(prepared, columns, strengths[best], &parts)
}

/// The drivers of each month, `[months, 7 per aquifer layer, sine and cosine of the month]`.
fn drivers(prepared: &PreparedWell) -> DMatrix<f64> {
    let level_m = prepared.level_m();
    let layers = level_m.first().map_or(0, Vec::len);
    let of_layer = 4 + MEAN_MONTHS.len();
    let mut matrix = DMatrix::zeros(level_m.len(), layers * of_layer + 2);
    for layer in 0..layers {
        let (mut before, mut lowest) = (level_m[0][layer], level_m[0][layer]);
        let mut means = [before; MEAN_MONTHS.len()];
        for (month, levels) in level_m.iter().enumerate() {
            let level = levels[layer];
            let new_low = (lowest - level).max(0.0);
            lowest = lowest.min(level);
            let first = layer * of_layer;
            let seen = [level, level - before, new_low, level - lowest];
            for (column, value) in seen.into_iter().enumerate() {
                matrix[(month, first + column)] = value;
            }
            for (index, (mean, months)) in means.iter_mut().zip(MEAN_MONTHS).enumerate() {
                *mean += (1.0 - (-1.0 / months).exp()) * (level - *mean);
                matrix[(month, first + 4 + index)] = level - *mean;
            }
            before = level;
        }
    }
    for month in 0..level_m.len() {
        let calendar = prepared.series.months[prepared.first() + month].month();
        let angle = std::f64::consts::TAU * f64::from(calendar) / 12.0;
        matrix[(month, layers * of_layer)] = angle.sin();
        matrix[(month, layers * of_layer + 1)] = angle.cos();
    }
    matrix
}

/// How many monthly lags the lagged models of this well use.
pub fn lags(prepared: &PreparedWell) -> usize {
    if prepared.is_chronological() {
        LAGS_TIME
    } else {
        LAGS_POINTS
    }
}

/// Levels of each month and of the `lags - 1` months before, `[months, aquifer layers * lags]`; before the first month its level is repeated.
pub fn lagged(level_m: &[Vec<f64>], lags: usize) -> DMatrix<f64> {
    let layers = level_m.first().map_or(0, Vec::len);
    DMatrix::from_fn(level_m.len(), layers * lags, |month, column| {
        level_m[month.saturating_sub(column % lags)][column / lags]
    })
}
