//! Linear models on levels: ordinary least squares and ridge on monthly lags.

use nalgebra::{DMatrix, DVector};

use crate::metric::interval_rate;
use crate::split::Part;

use super::{Curve, Problem};

/// Lags of a well with ps points, the month itself included: as many months as levels precede the first interval.
const LAGS_POINTS: usize = 9;
/// Lags when months are held out: one year.
const LAGS_TIME: usize = 12;
/// Ridge strengths tried on validation, on standardised columns and summed squares.
const STRENGTHS: [f64; 9] = [0.01, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0];

/// A linear model on lagged levels, fitted on standardised columns.
#[derive(Debug, Clone)]
pub struct Linear {
    lags: usize,
    mean: DVector<f64>,
    scale: DVector<f64>,
    weights: DVector<f64>,
    intercept: f64,
}

impl Linear {
    fn fit(problem: &Problem, lags: usize, strength: f64, parts: &[Part]) -> Self {
        let (rows, target) = problem.rows_of(&lagged(problem.level_m(), lags), parts);
        let count = rows.nrows().max(1) as f64;
        let mean = DVector::from_iterator(
            rows.ncols(),
            rows.column_iter().map(|column| column.sum() / count),
        );
        let centred = DMatrix::from_fn(rows.nrows(), rows.ncols(), |i, j| rows[(i, j)] - mean[j]);
        let scale = DVector::from_iterator(
            rows.ncols(),
            centred
                .column_iter()
                .map(|column| (column.norm_squared() / count).sqrt())
                .map(|sd| if sd > 0.0 { sd } else { 1.0 }),
        );
        let columns = DMatrix::from_fn(rows.nrows(), rows.ncols(), |i, j| {
            centred[(i, j)] / scale[j]
        });
        let intercept = target.sum() / count;
        let residual = target.add_scalar(-intercept);
        // Levels that never differ, or fewer rows than columns, leave directions that no data constrain: the pseudo-inverse gives them no weight.
        let gram = columns.tr_mul(&columns)
            + DMatrix::identity(columns.ncols(), columns.ncols()) * strength;
        let inverse = gram
            .pseudo_inverse(1e-10 * count)
            .expect("the tolerance is not negative");
        Self {
            lags,
            mean,
            scale,
            weights: inverse * columns.tr_mul(&residual),
            intercept,
        }
    }

    /// Monthly rates under the problem's levels.
    pub fn curve(&self, problem: &Problem) -> Curve {
        let rows = lagged(problem.level_m(), self.lags);
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
        problem.curve(&rates)
    }
}

/// Ordinary least squares on the levels of the interval's own months.
pub fn regression(problem: &Problem) -> Linear {
    Linear::fit(problem, 1, 0.0, &[Part::Train, Part::Validate])
}

/// Ridge on monthly lags, its strength chosen on the validation part.
pub fn lagged_ridge(problem: &Problem) -> Linear {
    let lags = lags(problem);
    let validation = problem.observations(&[Part::Validate]);
    let error = |strength: f64| {
        let curve = Linear::fit(problem, lags, strength, &[Part::Train]).curve(problem);
        let squares = validation
            .iter()
            .filter_map(|(interval, rate)| Some((interval_rate(&curve, interval)? - rate).powi(2)));
        squares.sum::<f64>()
    };
    let errors = STRENGTHS.map(error);
    let best = (0..STRENGTHS.len())
        .min_by(|&i, &j| errors[i].total_cmp(&errors[j]))
        .unwrap_or(0);
    Linear::fit(
        problem,
        lags,
        STRENGTHS[best],
        &[Part::Train, Part::Validate],
    )
}

/// How many monthly lags the lagged models of this problem use.
pub fn lags(problem: &Problem) -> usize {
    if problem.is_chronological() {
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
