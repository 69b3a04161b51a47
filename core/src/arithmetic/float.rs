//! 32-bit floating point, without fused multiply-add: the same bits on every machine.

use super::Arithmetic;
use crate::sizes::MAX_INPUTS;

/// 32-bit floating point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct F32;

/// A standardised input is held within this many standard deviations, so that no input can make a step overflow.
/// No level that means anything comes near it.
pub const INPUT_LIMIT: f32 = 1e6;

/// A weight larger than this is refused when a model is loaded, so that no step can overflow. Trained weights are below 100.
pub const WEIGHT_LIMIT: f32 = 1e6;

/// No cell can grow beyond this: here adding one no longer changes a float.
const CELL_LIMIT: f32 = 16_777_216.0;

impl Arithmetic for F32 {
    type Weight = f32;
    type Row = f32;
    type Value = f32;
    type Sum = f32;
    type Cell = f32;
    type Scales = ();

    fn input((): &(), standardised: f32) -> f32 {
        standardised.clamp(-INPUT_LIMIT, INPUT_LIMIT)
    }

    fn accumulate<const N: usize>(sums: &mut [f32; N], column: &[f32; N], value: f32) {
        for (sum, weight) in sums.iter_mut().zip(column) {
            *sum += weight * value;
        }
    }

    fn add_product(sum: f32, weight: f32, value: f32) -> f32 {
        sum + weight * value
    }

    fn sigmoid<const N: usize>(rows: &[f32; N], sums: &[f32; N]) -> [f32; N] {
        let mut out = [0.0; N];
        for ((out, sum), bias) in out.iter_mut().zip(sums).zip(rows) {
            *out = 1.0 / (1.0 + libm::expf(-(sum + bias)));
        }
        out
    }

    fn tanh<const N: usize>(rows: &[f32; N], sums: &[f32; N]) -> [f32; N] {
        let mut out = [0.0; N];
        for ((out, sum), bias) in out.iter_mut().zip(sums).zip(rows) {
            *out = libm::tanhf(sum + bias);
        }
        out
    }

    fn attended_cell((): &(), cell: f32) -> f32 {
        cell
    }

    fn softmax(
        (): &(),
        alpha: &[f32; MAX_INPUTS],
        present: &[bool; MAX_INPUTS],
    ) -> [f32; MAX_INPUTS] {
        let mut largest = f32::NEG_INFINITY;
        for (alpha, present) in alpha.iter().zip(present) {
            if *present && *alpha > largest {
                largest = *alpha;
            }
        }
        let mut beta = [0.0; MAX_INPUTS];
        let mut total = 0.0;
        for ((beta, alpha), present) in beta.iter_mut().zip(alpha).zip(present) {
            if *present {
                *beta = libm::expf(*alpha - largest);
                total += *beta;
            }
        }
        for (beta, present) in beta.iter_mut().zip(present) {
            if *present {
                *beta /= total;
            }
        }
        beta
    }

    fn product(share: f32, value: f32) -> f32 {
        share * value
    }

    fn next_cell(forget: f32, cell: f32, input: f32, candidate: f32) -> f32 {
        forget * cell + input * candidate
    }

    fn tanh_of_cell<const N: usize>(cells: &[f32; N]) -> [f32; N] {
        Self::tanh(&[0.0; N], cells)
    }

    fn output(row: f32, sum: f32) -> f32 {
        sum + row
    }

    fn share(value: f32) -> f32 {
        value
    }

    fn value_bits(value: f32) -> u32 {
        value.to_bits()
    }

    fn value_from_bits(bits: u32) -> Option<f32> {
        let value = f32::from_bits(bits);
        (value.abs() <= 1.0).then_some(value)
    }

    fn cell_bits(cell: f32) -> u32 {
        cell.to_bits()
    }

    fn cell_from_bits(bits: u32) -> Option<f32> {
        let cell = f32::from_bits(bits);
        (cell.abs() <= CELL_LIMIT).then_some(cell)
    }
}
