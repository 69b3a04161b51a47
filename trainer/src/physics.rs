//! A non-negative physics basis of compaction: what unit beds in each aquifer layer would do under the observed levels.
//!
//! Each aquifer layer gets six columns (an elastic skeleton, a bed without delay, four delay beds), and two decaying terms stand for the compaction
//! that the unobserved past still owes. The weights are non-negative, so the basis can neither invent rebound nor let two layers cancel each other.
//! It uses levels alone, no season and no z-score. On synthetic wells it shares the generator's equations, so there it is an upper reference, not a rival.
//!
//! Equations: delay beds with a preconsolidation head as in USGS SUB and MODFLOW 6 CSUB (Hughes et al. 2022, doi:10.1111/gwat.13143),
//! one implicit Euler step a month on half a bed of four cells.

use nalgebra::{DMatrix, DVector};

/// Time constants of the delay beds in years. Any set from a quarter to a dozen years fits alike; one constant alone does not.
pub const TAU_YEARS: [f64; 4] = [0.25, 1.0, 4.0, 12.0];
/// Columns of one aquifer layer: elastic, without delay, and one for each of [`TAU_YEARS`].
pub const COLUMNS_PER_LAYER: usize = 2 + TAU_YEARS.len();
/// Decay times of the two residual columns in months.
const RESIDUAL_MONTHS: [f64; 2] = [36.0, 120.0];
/// Virgin storage over elastic storage; 5 to 100 fit alike.
const STORAGE_RATIO: f64 = 20.0;
/// Cells of half a bed; twelve fit no better.
const CELLS: usize = 4;
/// Passes of the elastic or virgin decision; 1.6 are needed on average and four at most.
const MAX_PASSES: usize = 8;
/// Ridge strength for each training row, fixed because tuning it on a short validation part is noisier than not tuning it.
pub const LAMBDA_PER_ROW: f64 = 0.03;

/// A clay bed of unit virgin storage between two faces held at the aquifer's level.
#[derive(Debug, Clone)]
struct DelayBed {
    head_m: [f64; CELLS],
    lowest_m: [f64; CELLS],
    conductance: f64,
}

impl DelayBed {
    /// A bed at rest under `level_m`, with time constant `tau_years`.
    fn at_rest(level_m: f64, tau_years: f64) -> Self {
        let months = 12.0 * tau_years;
        Self {
            head_m: [level_m; CELLS],
            lowest_m: [level_m; CELLS],
            conductance: CELLS as f64 / months,
        }
    }

    /// Compaction of one month in metres of head, positive when the bed shortens, with the faces at `level_m`.
    fn step(&mut self, level_m: f64) -> f64 {
        let mut virgin = [false; CELLS];
        let mut head_m = self.solve(level_m, virgin);
        for _ in 0..MAX_PASSES {
            let now: [bool; CELLS] = std::array::from_fn(|i| head_m[i] < self.lowest_m[i]);
            if now == virgin {
                break;
            }
            virgin = now;
            head_m = self.solve(level_m, virgin);
        }
        let compaction = (0..CELLS)
            .map(|i| self.released(i, head_m[i], virgin[i]))
            .sum();
        for (lowest, head) in self.lowest_m.iter_mut().zip(head_m) {
            *lowest = lowest.min(head);
        }
        self.head_m = head_m;
        compaction
    }

    /// Water released by cell `i` when its head becomes `head_m`: virgin below the lowest head so far, elastic above it.
    fn released(&self, i: usize, head_m: f64, virgin: bool) -> f64 {
        (storage(virgin) * (self.lowest_m[i] - head_m)
            + (self.head_m[i] - self.lowest_m[i]) / STORAGE_RATIO)
            / CELLS as f64
    }

    /// Heads after one implicit step: release of every cell equals its outflow. The far side of the last cell is the mid-plane, without flow.
    fn solve(&self, level_m: f64, virgin: [bool; CELLS]) -> [f64; CELLS] {
        let between = self.conductance;
        let face = 2.0 * self.conductance;
        let mut upper = [0.0; CELLS];
        let mut head = [0.0; CELLS];
        for i in 0..CELLS {
            let (towards_face, inflow) = if i == 0 {
                (face, face * level_m)
            } else {
                (between, 0.0)
            };
            let towards_middle = if i + 1 < CELLS { between } else { 0.0 };
            let diagonal = storage(virgin[i]) / CELLS as f64 + towards_face + towards_middle;
            let right = self.released(i, 0.0, virgin[i]) + inflow;
            let (before_upper, before_head) = if i == 0 {
                (0.0, 0.0)
            } else {
                (upper[i - 1], head[i - 1])
            };
            let lower = if i == 0 { 0.0 } else { -between };
            let pivot = diagonal - lower * before_upper;
            upper[i] = -towards_middle / pivot;
            head[i] = (right - lower * before_head) / pivot;
        }
        for i in (0..CELLS - 1).rev() {
            head[i] -= upper[i] * head[i + 1];
        }
        head
    }
}

fn storage(virgin: bool) -> f64 {
    if virgin { 1.0 } else { 1.0 / STORAGE_RATIO }
}

/// Number of columns of the basis for so many aquifer layers.
pub fn columns(aquifer_layers: usize) -> usize {
    aquifer_layers * COLUMNS_PER_LAYER + RESIDUAL_MONTHS.len()
}

/// The basis, `[months, columns]`: for each aquifer layer elastic, without delay, delay beds (metres of head a month), then the two residuals (unitless).
///
/// `level_m` is `[months][aquifer layers]` without gaps. The beds are at rest under the first month's levels, so the first row is zero but for the residuals.
///
/// # Panics
///
/// If the months do not all have as many levels as the first.
pub fn basis(level_m: &[Vec<f64>]) -> DMatrix<f64> {
    let layers = level_m.first().map_or(0, Vec::len);
    let mut matrix = DMatrix::zeros(level_m.len(), columns(layers));
    for layer in 0..layers {
        let mut lowest = level_m[0][layer];
        let mut beds = TAU_YEARS.map(|tau| DelayBed::at_rest(lowest, tau));
        for month in 1..level_m.len() {
            let (before, level) = (level_m[month - 1][layer], level_m[month][layer]);
            let first = layer * COLUMNS_PER_LAYER;
            matrix[(month, first)] = before - level;
            matrix[(month, first + 1)] = (lowest - level).max(0.0);
            lowest = lowest.min(level);
            for (bed, column) in beds.iter_mut().zip(first + 2..) {
                matrix[(month, column)] = bed.step(level);
            }
        }
    }
    for (decay, column) in RESIDUAL_MONTHS.iter().zip(layers * COLUMNS_PER_LAYER..) {
        for month in 0..level_m.len() {
            matrix[(month, column)] = (-(month as f64) / decay).exp();
        }
    }
    matrix
}

/// Weights of the basis, all non-negative: mm per m of head, and mm per month for the two residuals.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights(DVector<f64>);

impl Weights {
    /// Fits `rows` of the basis (each the mean or the sum over the months of one observation) to `target_mm`, with ridge strength [`LAMBDA_PER_ROW`].
    ///
    /// Columns are scaled by their spread plus their mean before the ridge, so that it is blind to their units.
    ///
    /// # Panics
    ///
    /// If `rows` and `target_mm` differ in length.
    pub fn fit(rows: &DMatrix<f64>, target_mm: &DVector<f64>) -> Self {
        let count = rows.nrows().max(1) as f64;
        let target_scale = spread(target_mm.as_slice()).max(f64::MIN_POSITIVE);
        let scale: Vec<f64> = rows
            .column_iter()
            .map(|column| spread(column.as_slice()) + (column.sum() / count).abs())
            .map(|scale| if scale > 0.0 { scale } else { 1.0 })
            .collect();
        let scaled = DMatrix::from_fn(rows.nrows(), rows.ncols(), |i, j| rows[(i, j)] / scale[j]);
        let mut gram = scaled.tr_mul(&scaled);
        for j in 0..gram.ncols() {
            gram[(j, j)] += LAMBDA_PER_ROW * count;
        }
        let scaled_weights =
            non_negative_least_squares(&gram, &scaled.tr_mul(&(target_mm / target_scale)));
        Self(DVector::from_fn(rows.ncols(), |j, _| {
            scaled_weights[j] * target_scale / scale[j]
        }))
    }

    /// Compaction in mm for each row of a basis.
    pub fn predict(&self, rows: &DMatrix<f64>) -> DVector<f64> {
        rows * &self.0
    }

    /// Share of each aquifer layer in the compaction of `rows`, summing to one; all zero if no layer compacts.
    ///
    /// The residuals belong to no layer and are left out; a layer that rebounds in sum counts as zero. Levels of neighbouring layers rise and fall
    /// together, so the shares are only weakly identified.
    pub fn layer_shares(&self, rows: &DMatrix<f64>) -> Vec<f64> {
        let total = rows.row_sum();
        let layers = (rows.ncols() - RESIDUAL_MONTHS.len()) / COLUMNS_PER_LAYER;
        let compaction: Vec<f64> = (0..layers)
            .map(|layer| layer * COLUMNS_PER_LAYER..(layer + 1) * COLUMNS_PER_LAYER)
            .map(|columns| columns.map(|j| total[j] * self.0[j]).sum::<f64>().max(0.0))
            .collect();
        let sum: f64 = compaction.iter().sum();
        compaction
            .iter()
            .map(|mm| if sum > 0.0 { mm / sum } else { 0.0 })
            .collect()
    }
}

/// Standard deviation about the mean, dividing by the count.
fn spread(values: &[f64]) -> f64 {
    let count = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / count;
    (values
        .iter()
        .map(|value| (value - mean).powi(2))
        .sum::<f64>()
        / count)
        .sqrt()
}

/// The non-negative `x` that minimises `x' gram x / 2 - moment' x`, for a positive definite `gram`.
///
/// Lawson and Hanson's active set on the normal equations (Bro and de Jong 1997, doi:10.1002/(SICI)1099-128X(199709/10)11:5<393). The ridge keeps `gram`
/// well conditioned. The one maintained crate for this, `nnls`, brings a second matrix library and a second random generator for forty lines.
fn non_negative_least_squares(gram: &DMatrix<f64>, moment: &DVector<f64>) -> DVector<f64> {
    let tolerance = 1e-10 * moment.amax().max(f64::MIN_POSITIVE);
    let mut solution = DVector::zeros(moment.len());
    let mut passive: Vec<usize> = Vec::new();
    // Each round lowers the objective, so no set of columns comes twice; the bound only guards against rounding.
    for _ in 0..10 * moment.len() {
        let gradient = moment - gram * &solution;
        let Some(entering) = (0..moment.len())
            .filter(|j| !passive.contains(j))
            .max_by(|&i, &j| gradient[i].total_cmp(&gradient[j]))
        else {
            break;
        };
        if gradient[entering] <= tolerance {
            break;
        }
        passive.push(entering);
        solution = feasible_solution(gram, moment, solution, &mut passive);
    }
    solution
}

/// Solves for the passive columns alone, stepping back to the boundary and dropping a column as often as one would turn negative.
fn feasible_solution(
    gram: &DMatrix<f64>,
    moment: &DVector<f64>,
    mut solution: DVector<f64>,
    passive: &mut Vec<usize>,
) -> DVector<f64> {
    while !passive.is_empty() {
        let inner = gram
            .select_rows(passive.iter())
            .select_columns(passive.iter());
        let free = inner
            .cholesky()
            .expect("the ridge makes every principal minor positive")
            .solve(&moment.select_rows(passive.iter()));
        let step = (0..passive.len())
            .filter(|&i| free[i] <= 0.0)
            .map(|i| solution[passive[i]] / (solution[passive[i]] - free[i]))
            .fold(1.0, f64::min);
        for (i, &j) in passive.iter().enumerate() {
            solution[j] += step * (free[i] - solution[j]);
        }
        if step >= 1.0 {
            break;
        }
        let edge = 1e-14 * solution.amax();
        passive.retain(|&j| solution[j] > edge);
        for j in 0..solution.len() {
            if !passive.contains(&j) {
                solution[j] = 0.0;
            }
        }
    }
    solution
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Levels of the check of the recommended default (month 0 is the start).
    const LEVELS: [f64; 11] = [0.0, -1.0, -1.0, -1.0, -1.0, -1.0, 0.0, 0.0, 0.0, -1.0, -2.0];

    fn one_layer(levels: &[f64]) -> Vec<Vec<f64>> {
        levels.iter().map(|&level| vec![level]).collect()
    }

    fn column(levels: &[f64], column: usize) -> Vec<f64> {
        basis(&one_layer(levels))
            .column(column)
            .iter()
            .skip(1)
            .copied()
            .collect()
    }

    fn assert_close(found: &[f64], expected: &[f64], tolerance: f64) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!(
                (found - expected).abs() <= tolerance,
                "found {found}, expected {expected}"
            );
        }
    }

    // An independent implementation in another language, six decimals.
    #[test]
    fn the_fast_delay_bed_agrees_with_an_independent_implementation() {
        let expected = [
            0.529132, 0.218772, 0.113830, 0.062063, 0.034160, -0.045589, -0.002178, -0.000124,
            0.047562, 0.548142,
        ];
        assert_close(&column(&LEVELS, 2), &expected, 5e-7);
    }

    #[test]
    fn the_slow_delay_bed_agrees_with_an_independent_implementation() {
        let expected = [
            0.109108, 0.077930, 0.060106, 0.049267, 0.042229, -0.011387, -0.002500, -0.000999,
            0.040886, 0.145018,
        ];
        assert_close(&column(&LEVELS, 4), &expected, 5e-7);
    }

    #[test]
    fn the_elastic_column_is_the_fall_of_the_level() {
        assert_close(
            &column(&LEVELS, 0),
            &[1.0, 0.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 1.0, 1.0],
            0.0,
        );
    }

    #[test]
    fn the_bed_without_delay_yields_only_below_the_lowest_level_so_far() {
        assert_close(
            &column(&LEVELS, 1),
            &[1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0],
            0.0,
        );
    }

    #[test]
    fn a_delay_bed_ends_at_its_virgin_storage_times_the_fall() {
        let mut bed = DelayBed::at_rest(0.0, 0.25);
        let total: f64 = (0..600).map(|_| bed.step(-3.0)).sum();
        assert!((total - 3.0).abs() < 1e-9, "{total}");
    }

    #[test]
    fn a_constant_level_leaves_only_the_residuals() {
        let matrix = basis(&one_layer(&[5.0; 20]));
        assert!(
            matrix
                .columns(0, COLUMNS_PER_LAYER)
                .iter()
                .all(|value| value.abs() < 1e-12)
        );
        assert!((matrix[(12, COLUMNS_PER_LAYER)] - (-12.0f64 / 36.0).exp()).abs() < 1e-15);
    }

    #[test]
    fn weights_that_made_the_record_are_found_again_and_shares_follow() {
        let levels: Vec<Vec<f64>> = (0..240)
            .map(f64::from)
            .map(|t| {
                vec![
                    -0.05 * t + (t * 0.5).sin(),
                    -0.02 * t + 3.0 * (t * 0.31).cos() - 2.0 * (t * 0.07).sin(),
                ]
            })
            .collect();
        let rows = basis(&levels);
        let truth = DVector::from_fn(columns(2), |j, _| {
            if j == 3 {
                4.0
            } else if j == 7 {
                6.0
            } else {
                0.0
            }
        });
        let fitted = Weights::fit(&rows, &(&rows * &truth));
        let error = (fitted.predict(&rows) - &rows * &truth).norm() / (&rows * &truth).norm();
        assert!(error < 0.1, "{error}");
        let (found, expected) = (
            fitted.layer_shares(&rows),
            Weights(truth).layer_shares(&rows),
        );
        assert!(
            (found[0] - expected[0]).abs() < 0.1,
            "{found:?} against {expected:?}"
        );
        assert!((found.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_record_without_compaction_gets_zero_weights_and_zero_shares() {
        let rows = basis(&one_layer(&LEVELS));
        let fitted = Weights::fit(&rows, &DVector::zeros(LEVELS.len()));
        assert!(fitted.0.iter().all(|&weight| weight == 0.0));
        assert_eq!(fitted.layer_shares(&rows), vec![0.0]);
    }

    #[test]
    fn an_unconstrained_optimum_inside_the_orthant_is_returned_unchanged() {
        // 2x + y = 5, x + 3y = 10 has the solution (1, 3).
        let gram = DMatrix::from_row_slice(2, 2, &[2.0, 1.0, 1.0, 3.0]);
        let solution = non_negative_least_squares(&gram, &DVector::from_vec(vec![5.0, 10.0]));
        assert_close(solution.as_slice(), &[1.0, 3.0], 1e-12);
    }

    proptest! {
        /// Karush, Kuhn and Tucker: no weight negative, no gradient positive, and one of the two zero. For a convex problem this is the optimum itself.
        #[test]
        fn every_solution_satisfies_the_optimality_conditions(
            entries in prop::collection::vec(-3.0f64..3.0, 12 * 8),
            target in prop::collection::vec(-10.0f64..10.0, 12),
            ridge in 1e-3f64..1.0,
        ) {
            let matrix = DMatrix::from_vec(12, 8, entries);
            let gram = matrix.tr_mul(&matrix) + DMatrix::identity(8, 8) * ridge;
            let moment = matrix.tr_mul(&DVector::from_vec(target));
            let solution = non_negative_least_squares(&gram, &moment);
            let gradient = &moment - &gram * &solution;
            for j in 0..8 {
                prop_assert!(solution[j] >= 0.0);
                prop_assert!(gradient[j] <= 1e-7);
                prop_assert!((solution[j] * gradient[j]).abs() <= 1e-7);
            }
        }

        #[test]
        fn no_bed_moves_by_more_than_the_level_ever_did(levels in prop::collection::vec(-50.0f64..50.0, 2..40)) {
            let range = levels.iter().copied().fold(f64::MIN, f64::max) - levels.iter().copied().fold(f64::MAX, f64::min);
            let matrix = basis(&one_layer(&levels));
            for tau in 0..TAU_YEARS.len() {
                let total: f64 = matrix.column(2 + tau).sum();
                prop_assert!(total.is_finite() && total <= range + 1e-9 && total >= -range / STORAGE_RATIO - 1e-9);
            }
        }
    }
}
