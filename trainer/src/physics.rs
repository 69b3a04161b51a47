//! A non-negative physics basis of compaction: what unit beds in each aquifer layer would do under the observed levels.
//!
//! Each aquifer layer gets six columns (an elastic skeleton, a bed without delay, four delay beds), and two decaying terms stand for the compaction
//! that the unobserved past still owes. The weights are non-negative, so the basis can neither invent rebound nor let two layers cancel each other.
//! It uses levels alone, no season and no z-score. On synthetic wells it shares the generator's equations, so there it is an upper reference, not a rival.
//!
//! The columns are those of [`amlstm_core::basis`], in the arithmetic of a logger.

use amlstm_core::basis::{self, LayerBeds};
use amlstm_core::physics::{PhysicsState, PhysicsWeights};
use nalgebra::{DMatrix, DVector};

use crate::spread::mean_and_deviation;

/// Columns of one aquifer layer: elastic, without delay, and the delay beds.
pub const COLUMNS_PER_LAYER: usize = basis::COLUMNS;
/// Columns that stand for the unobserved past.
const RESIDUALS: usize = basis::DECAY_MONTHS.len();
/// Ridge strength for each training row, fixed because tuning it on a short validation part is noisier than not tuning it.
pub const LAMBDA_PER_ROW: f64 = 0.03;

/// Number of columns of the basis for so many aquifer layers.
pub fn columns(aquifer_layers: usize) -> usize {
    aquifer_layers * COLUMNS_PER_LAYER + RESIDUALS
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
        let mut beds = LayerBeds::at_rest(level_m[0][layer] as f32);
        for (month, levels) in level_m.iter().enumerate() {
            let columns = beds.step(levels[layer] as f32);
            for (column, value) in columns.into_iter().enumerate() {
                matrix[(month, layer * COLUMNS_PER_LAYER + column)] = f64::from(value);
            }
        }
    }
    for month in 0..level_m.len() {
        for (column, value) in basis::decay(month as u32).into_iter().enumerate() {
            matrix[(month, layers * COLUMNS_PER_LAYER + column)] = f64::from(value);
        }
    }
    matrix
}

/// Weights of the basis, all non-negative: mm per m of head, and mm per month for the two residuals. In the precision in which they are shipped.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    /// For each aquifer layer, mm per m of head.
    pub layers: Vec<[f32; COLUMNS_PER_LAYER]>,
    /// For the unobserved past, mm per month.
    pub decay: [f32; RESIDUALS],
}

impl Weights {
    /// Fits `rows` of the basis (each the sum over the months of one observation) to `target_mm`, with ridge strength [`LAMBDA_PER_ROW`].
    ///
    /// Columns are scaled by their spread plus their mean before the ridge, so that it is blind to their units.
    ///
    /// # Panics
    ///
    /// If `rows` and `target_mm` differ in length.
    pub fn fit(rows: &DMatrix<f64>, target_mm: &DVector<f64>) -> Self {
        let count = rows.nrows().max(1) as f64;
        let target_scale = mean_and_deviation(target_mm.as_slice())
            .1
            .max(f64::MIN_POSITIVE);
        let scale: Vec<f64> = rows
            .column_iter()
            .map(|column| mean_and_deviation(column.as_slice()).1 + (column.sum() / count).abs())
            .map(|scale| if scale > 0.0 { scale } else { 1.0 })
            .collect();
        let scaled = DMatrix::from_fn(rows.nrows(), rows.ncols(), |i, j| rows[(i, j)] / scale[j]);
        let mut gram = scaled.tr_mul(&scaled);
        for j in 0..gram.ncols() {
            gram[(j, j)] += LAMBDA_PER_ROW * count;
        }
        let scaled_weights =
            non_negative_least_squares(&gram, &scaled.tr_mul(&(target_mm / target_scale)));
        let weights: Vec<f32> = (0..rows.ncols())
            .map(|j| (scaled_weights[j] * target_scale / scale[j]) as f32)
            .collect();
        Self::of_columns(&weights)
    }

    /// Weights in the order of the columns of [`basis`].
    fn of_columns(weights: &[f32]) -> Self {
        let (layers, decay) = weights.split_at(weights.len() - RESIDUALS);
        Self {
            layers: layers.as_chunks().0.to_vec(),
            decay: std::array::from_fn(|residual| decay[residual]),
        }
    }

    /// The weights as a logger holds them.
    pub fn borrow(&self) -> PhysicsWeights<'_> {
        PhysicsWeights {
            layers: &self.layers,
            decay: self.decay,
        }
    }

    /// Subsidence of each month in mm, down +, as a logger computes it; nothing until every aquifer layer has been measured.
    ///
    /// `level_m` is `[months][aquifer layers]`; a missing level is held ([`PhysicsFit::simulate`](crate::baseline::PhysicsFit::simulate) takes it from the
    /// other layers where it can).
    pub fn simulate(&self, level_m: &[Vec<Option<f32>>]) -> Vec<Option<f32>> {
        let mut state = PhysicsState::default();
        level_m
            .iter()
            .map(|levels| state.step(&self.borrow(), levels))
            .map(|output| output.map(|output| output.increment_mm))
            .collect()
    }

    /// Share of each aquifer layer in the compaction of `rows`, summing to one; all zero if no layer compacts.
    ///
    /// The residuals belong to no layer and are left out; a layer that rebounds in sum counts as zero. Levels of neighbouring layers rise and fall
    /// together, so the shares are only weakly identified.
    pub fn layer_shares(&self, rows: &DMatrix<f64>) -> Vec<f64> {
        let total = rows.row_sum();
        let columns = total.as_slice().as_chunks::<COLUMNS_PER_LAYER>().0;
        let compaction: Vec<f64> = columns
            .iter()
            .zip(&self.layers)
            .map(|(columns, weights)| {
                let terms = columns.iter().zip(weights);
                terms.map(|(x, weight)| x * f64::from(*weight)).sum::<f64>()
            })
            .map(|compaction| compaction.max(0.0))
            .collect();
        let sum: f64 = compaction.iter().sum();
        compaction
            .iter()
            .map(|mm| if sum > 0.0 { mm / sum } else { 0.0 })
            .collect()
    }
}

/// Levels without gaps as a logger measures them.
pub fn as_measured(level_m: &[Vec<f64>]) -> Vec<Vec<Option<f32>>> {
    let month = |levels: &Vec<f64>| levels.iter().map(|level| Some(*level as f32)).collect();
    level_m.iter().map(month).collect()
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

    const LEVELS: [f64; 6] = [0.0, -1.0, -1.0, 0.0, -1.0, -2.0];

    fn one_layer(levels: &[f64]) -> Vec<Vec<f64>> {
        levels.iter().map(|&level| vec![level]).collect()
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

    #[test]
    fn a_constant_level_leaves_only_the_residuals() {
        let matrix = basis(&one_layer(&[5.0; 20]));
        assert!(
            matrix
                .columns(0, COLUMNS_PER_LAYER)
                .iter()
                .all(|value| value.abs() < 1e-12)
        );
        assert!((matrix[(12, COLUMNS_PER_LAYER)] - (-12.0f64 / 36.0).exp()).abs() < 1e-7);
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
        let target = &rows * &truth;
        let fitted = Weights::fit(&rows, &target);
        let levels: Vec<Vec<Option<f32>>> = levels
            .iter()
            .map(|levels| levels.iter().map(|&level| Some(level as f32)).collect())
            .collect();
        let predicted = fitted.simulate(&levels);
        let errors = predicted.iter().zip(&target);
        let squares: f64 = errors
            .map(|(predicted, target)| (f64::from(predicted.unwrap()) - target).powi(2))
            .sum();
        let error = squares.sqrt() / target.norm();
        assert!(error < 0.1, "{error}");
        let truth: Vec<f32> = truth.iter().map(|&weight| weight as f32).collect();
        let (found, expected) = (
            fitted.layer_shares(&rows),
            Weights::of_columns(&truth).layer_shares(&rows),
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
        assert_eq!(fitted, Weights::of_columns(&[0.0; 8]));
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
    }
}
