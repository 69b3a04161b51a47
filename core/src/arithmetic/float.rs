//! 32-bit floating point, without fused multiply-add: the same bits on every machine.

use super::Arithmetic;
use crate::sizes::{BLOCK, MAX_INPUTS};

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

/// A sigmoid curve as one odd rational function, the same for the hyperbolic tangent and, stretched, the logistic function:
/// with v = x / reach held within -1 to 1 and u = v^2, `middle + v P(u) / Q(u)`. No table, no branch, one division.
struct Curve {
    /// 2^31 / reach: a float becomes an integer, which saturates, and so is held within its reach without a comparison.
    scale: f32,
    /// Coefficients of P, the highest power first.
    p: [f32; 4],
    /// Coefficients of Q below the highest, which is 1, the highest power first.
    q: [f32; 4],
    middle: f32,
}

/// Beyond this the hyperbolic tangent is 1 within 3.4e-7.
const REACH: f32 = 7.8;

impl Curve {
    /// tanh x = v P(u) / Q(u), least maximum error 1.04e-7 before rounding, fitted by Lawson's iteration on 4,000 Chebyshev points (the test below prints the error of the whole, rounding included).
    const TANH: Self = Self {
        scale: 2_147_483_648.0 / REACH,
        p: [
            5.928837299346924,
            25.02438735961914,
            17.980710983276367,
            2.28540301322937,
        ],
        q: [
            15.82038688659668,
            25.85873794555664,
            8.247236251831055,
            0.29300054907798767,
        ],
        middle: 0.0,
    };

    /// sigmoid x = 1/2 + 1/2 tanh(x / 2).
    const SIGMOID: Self = Self {
        scale: Self::TANH.scale / 2.0,
        p: {
            let [a, b, c, d] = Self::TANH.p;
            [a / 2.0, b / 2.0, c / 2.0, d / 2.0]
        },
        q: Self::TANH.q,
        middle: 0.5,
    };

    /// The curve at `sums[r] + rows[r]`.
    #[inline(never)]
    fn of(
        &self,
        [b0, b1, b2, b3, b4, b5, b6, b7]: &[f32; BLOCK],
        [s0, s1, s2, s3, s4, s5, s6, s7]: [f32; BLOCK],
    ) -> [f32; BLOCK] {
        // Written out: a loop would cost a sixth more.
        [
            self.at(s0 + b0),
            self.at(s1 + b1),
            self.at(s2 + b2),
            self.at(s3 + b3),
            self.at(s4 + b4),
            self.at(s5 + b5),
            self.at(s6 + b6),
            self.at(s7 + b7),
        ]
    }

    #[inline(always)]
    fn at(&self, x: f32) -> f32 {
        let [p3, p2, p1, p0] = self.p;
        let [q3, q2, q1, q0] = self.q;
        let held = (x * self.scale) as i32;
        let v = held as f32 * (1.0 / 2_147_483_648.0);
        let u = v * v;
        let p = ((p3 * u + p2) * u + p1) * u + p0;
        let q = (((u + q3) * u + q2) * u + q1) * u + q0;
        v * p / q + self.middle
    }
}

/// `exp(-x)` for x of 0 or more, by `(1 - t) / (1 + t)` with `t = tanh(x / 2)`.
fn exp_of_negative(x: f32) -> f32 {
    let t = Curve::TANH.at(0.5 * x);
    (1.0 - t) / (1.0 + t)
}

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

    #[inline(always)]
    fn accumulate(
        [s0, s1, s2, s3, s4, s5, s6, s7]: [f32; BLOCK],
        [w0, w1, w2, w3, w4, w5, w6, w7]: &[f32; BLOCK],
        value: f32,
    ) -> [f32; BLOCK] {
        [
            s0 + w0 * value,
            s1 + w1 * value,
            s2 + w2 * value,
            s3 + w3 * value,
            s4 + w4 * value,
            s5 + w5 * value,
            s6 + w6 * value,
            s7 + w7 * value,
        ]
    }

    #[inline(always)]
    fn add_product(sum: f32, weight: f32, value: f32) -> f32 {
        sum + weight * value
    }

    fn sigmoid(rows: &[f32; BLOCK], sums: [f32; BLOCK]) -> [f32; BLOCK] {
        Curve::SIGMOID.of(rows, sums)
    }

    fn tanh(rows: &[f32; BLOCK], sums: [f32; BLOCK]) -> [f32; BLOCK] {
        Curve::TANH.of(rows, sums)
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
                *beta = exp_of_negative(largest - *alpha);
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

    fn tanh_of_cell(cells: &[f32; BLOCK]) -> [f32; BLOCK] {
        Self::tanh(&[0.0; BLOCK], *cells)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn activations_stay_within_a_millionth_over_the_whole_range() {
        // Every 256th float of either sign, from zero to infinity: 16.7 million, and NaN left out.
        let (mut tanhs, mut sigmoids, mut exps) = (0.0_f64, 0.0_f64, 0.0_f64);
        for bits in (0..=f32::INFINITY.to_bits()).step_by(256) {
            for x in [f32::from_bits(bits), -f32::from_bits(bits)] {
                let exact = f64::from(x);
                tanhs = tanhs.max((f64::from(Curve::TANH.at(x)) - exact.tanh()).abs());
                sigmoids = sigmoids
                    .max((f64::from(Curve::SIGMOID.at(x)) - 1.0 / (1.0 + (-exact).exp())).abs());
                if x >= 0.0 {
                    exps = exps.max((f64::from(exp_of_negative(x)) - (-exact).exp()).abs());
                }
            }
        }
        println!("f32, largest error: tanh {tanhs:.2e}, sigmoid {sigmoids:.2e}, exp {exps:.2e}");
        assert!(tanhs < 1e-6 && sigmoids < 1e-6 && exps < 1e-6);
    }
}
