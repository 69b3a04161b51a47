//! 32-bit floating point, without fused multiply-add: the same bits on every machine.

use core::iter::zip;

use super::{Arithmetic, Block, StackedInput, Tile};

/// 32-bit floating point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct F32;

/// A standardised input is clamped to this many standard deviations, so that no input can make a step overflow. No real level comes close to it.
pub const INPUT_LIMIT: f32 = 1e6;

/// A weight larger than this is refused when a model is loaded, so that no step can overflow. Trained weights are below 100.
pub const WEIGHT_LIMIT: f32 = 1e6;

/// No cell can grow beyond this: from here on adding 1 does not change a float.
const CELL_LIMIT: f32 = 16_777_216.0;

/// Beyond this the hyperbolic tangent is 1 within 5e-7.
const REACH: f32 = 7.6;

/// [`half_tanh`] clamps v to this: chosen so that the leading coefficients of its polynomials are 1.
const V_LIMIT: f32 = 0.22830763;

/// `tanh(x / stretch) / 2`, from `v`, which is x in units in which `stretch REACH` is [`V_LIMIT`]: with `u = v^2`, tanh of half the argument is near
/// `n / d = v (u + a) (u + b) / ((u + c) (u + d))`, and the double-angle formula gives the rest. No table, no branch, one division. Minimax error
/// 1.5e-7 before rounding, fitted by Lawson's iteration on 1,500 Chebyshev points; a test prints the error with rounding.
fn half_tanh(x: f32, stretch: f32) -> f32 {
    const UNIT: f32 = 2_147_483_648.0;
    // The conversion to an integer saturates, which clamps v.
    let v = (x * (UNIT / REACH / stretch)) as i32 as f32 * (V_LIMIT / UNIT);
    let u = v * v;
    let n = (u + 0.40538096) * (u + 0.036402892) * v;
    let d = (u + 0.09950379) * (u + 0.00891039);
    n * d / (d * d + n * n)
}

fn tanh(x: f32) -> f32 {
    let half = half_tanh(x, 1.0);
    half + half
}

/// `1/2 + tanh(x / 2) / 2`.
fn sigmoid(x: f32) -> f32 {
    half_tanh(x, 2.0) + 0.5
}

/// `exp(-2 x)` for x of 0 or more, by `(1 - t) / (1 + t)` with `t = tanh(x)`.
fn exp_of_negative_twice(x: f32) -> f32 {
    let half = half_tanh(x, 1.0);
    (0.5 - half) / (0.5 + half)
}

impl Arithmetic for F32 {
    type Weight = f32;
    type Bias = f32;
    type Value = f32;
    type Sum = f32;
    type Cell = f32;
    type Scales = ();

    fn input((): &(), standardised: f32) -> f32 {
        standardised.clamp(-INPUT_LIMIT, INPUT_LIMIT)
    }

    fn bias(bias: f32) -> f32 {
        bias
    }

    fn add(sum: f32, other: f32) -> f32 {
        sum + other
    }

    fn add_product(sum: f32, weight: f32, value: f32) -> f32 {
        sum + weight * value
    }

    fn add_products(
        sums: Block<f32>,
        tiles: &[Tile<f32>],
        input: &StackedInput<'_, Self>,
    ) -> Block<f32> {
        super::add_columns(sums, tiles, [input.hidden, input.below], Self::add_product)
    }

    fn sigmoid(_: f32, sum: f32) -> f32 {
        sigmoid(sum)
    }

    fn tanh(_: f32, sum: f32) -> f32 {
        tanh(sum)
    }

    fn attended_cell((): &(), cell: f32) -> f32 {
        cell
    }

    fn add_score(alpha: f32, v: f32, _: f32, sum: f32) -> f32 {
        // Half of alpha: the softmax doubles it.
        alpha + v * half_tanh(sum, 1.0)
    }

    fn softmax((): &(), alpha: &mut Block<f32>, present: &Block<bool>) {
        let mut largest = f32::NEG_INFINITY;
        for (alpha, present) in zip(&*alpha, present) {
            if *present && *alpha > largest {
                largest = *alpha;
            }
        }
        let mut total = 0.0;
        for (alpha, present) in zip(&mut *alpha, present) {
            if *present {
                *alpha = exp_of_negative_twice(largest - *alpha);
                total += *alpha;
            }
        }
        for (alpha, present) in zip(alpha, present) {
            if *present {
                *alpha /= total;
            }
        }
    }

    fn attended(share: f32, x: f32) -> f32 {
        share * x
    }

    fn forget_cell(forget: f32, cell: f32) -> f32 {
        forget * cell
    }

    fn add_candidate(cell: f32, input: f32, candidate: f32) -> f32 {
        cell + input * candidate
    }

    fn output_gate(output: f32, cell: f32) -> f32 {
        output * tanh(cell)
    }

    fn output(_: f32, sum: f32) -> f32 {
        sum
    }

    fn share(share: f32) -> f32 {
        share
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn activations_stay_within_a_millionth_over_the_whole_range() {
        // Every 256th float of either sign, from zero to infinity: 16.7 million, without NaN.
        let (mut tanhs, mut sigmoids, mut exps) = (0.0_f64, 0.0_f64, 0.0_f64);
        for bits in (0..=f32::INFINITY.to_bits()).step_by(256) {
            for x in [f32::from_bits(bits), -f32::from_bits(bits)] {
                let exact = f64::from(x);
                tanhs = tanhs.max((f64::from(tanh(x)) - exact.tanh()).abs());
                sigmoids =
                    sigmoids.max((f64::from(sigmoid(x)) - 1.0 / (1.0 + (-exact).exp())).abs());
                if x >= 0.0 {
                    exps = exps
                        .max((f64::from(exp_of_negative_twice(x)) - (-2.0 * exact).exp()).abs());
                }
            }
        }
        // So that h is within -1 to 1.
        assert!(tanh(f32::MAX) <= 1.0 && sigmoid(f32::MAX) <= 1.0 && sigmoid(f32::MIN) >= 0.0);
        println!("f32, largest error: tanh {tanhs:.2e}, sigmoid {sigmoids:.2e}, exp {exps:.2e}");
        assert!(tanhs < 1e-6 && sigmoids < 1e-6 && exps < 1e-6);
    }
}
