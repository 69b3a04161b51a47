//! Fixed point for cores without a floating-point unit: 16-bit weights and values, 32-bit sums and cell, one table, no 64-bit product.
//!
//! Values within -1 to 1 (h, gates, shares) have 15 fractional bits; inputs, and the cell as the attention sees it, have as many as their range
//! allows. The cell has 23 fractional bits: a 16-bit cell would stop decaying, because a slow well loses less than the last bit per month. When a
//! model is loaded, it is proved row by row that no sum can overflow: see [`row_bound`].

use core::iter::zip;

use super::table::{CHORDS, ENTRIES_PER_UNIT};
use super::{Arithmetic, Block, StackedInput, Tile};

/// Fixed point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Q15;

/// The largest magnitude of a value.
pub const VALUE_LIMIT: i32 = 32767;

/// Fractional bits of a value within -1 to 1.
pub const VALUE_BITS: u32 = 15;

/// Fractional bits of a pre-activation: a row's sum is shifted to this scale.
pub const ACTIVATION_BITS: u32 = 17;

/// Fractional bits of the cell.
pub const CELL_BITS: u32 = 23;

/// Constants of a model besides its weights, in the order of the model file.
pub type Scales = [i32; 3];

/// Fractional bits of a standardised input.
pub const INPUT_BITS: usize = 0;
/// Bits by which the cell is shifted right for the attention.
pub const CELL_SHIFT: usize = 1;
/// Bits by which alpha is shifted right to [`ACTIVATION_BITS`].
pub const ALPHA_SHIFT: usize = 2;

/// The largest magnitude that a row's sum can reach for any values: the sum of the weights' magnitudes times [`VALUE_LIMIT`], plus the magnitude of
/// the bias. A row is valid if this is at most `i32::MAX`.
pub fn row_bound(magnitudes: u32, bias: i32) -> i64 {
    i64::from(magnitudes) * i64::from(VALUE_LIMIT) + i64::from(bias).abs()
}

/// Fractional bits of [`half_tanh`].
const CURVE_BITS: u32 = 16 + ACTIVATION_BITS - 3;

/// `tanh(z / 2)` with [`CURVE_BITS`] fractional bits, for `z` of 0 or more with [`ACTIVATION_BITS`].
fn half_tanh(z: u32) -> u32 {
    /// Fractional bits of a position in the table.
    const BITS: u32 = ACTIVATION_BITS - 3;
    /// The last position before the table's end, where the curve is 1 within 4.7e-5.
    const LAST: u32 = (256 << BITS) / (ENTRIES_PER_UNIT / 8) - 1;
    // Times 24 = 3 * 2^3.
    let place = z.min(LAST) * (ENTRIES_PER_UNIT / 8);
    // At most 255; the mask lets the compiler omit the bounds check.
    let index = ((place >> BITS) & 255) as usize;
    let share = place & ((1 << BITS) - 1);
    let [low, rise] = CHORDS
        .get(index)
        .copied()
        .unwrap_or_default()
        .map(u32::from);
    (low << BITS) + rise * share
}

/// `magnitude` with [`CURVE_BITS`] fractional bits and the sign of `sign`, rounded to `bits`.
fn signed(magnitude: u32, sign: i32, bits: u32) -> i32 {
    let shift = CURVE_BITS - bits;
    let rounded = ((magnitude + (1 << (shift - 1))) >> shift) as i32;
    if sign < 0 { -rounded } else { rounded }
}

/// sigmoid with 15 fractional bits, of `z` with [`ACTIVATION_BITS`].
fn sigmoid(z: i32) -> i16 {
    (16384 + signed(half_tanh(z.unsigned_abs()), z, VALUE_BITS - 1)) as i16
}

/// tanh with 15 fractional bits, of half of `twice` with [`ACTIVATION_BITS`].
fn tanh_of_half(twice: i32) -> i16 {
    signed(half_tanh(twice.unsigned_abs()), twice, VALUE_BITS) as i16
}

/// The rounded product of a share within -1 to 1 and a value, in the scale of the value.
fn product(share: i16, value: i16) -> i16 {
    ((i32::from(share) * i32::from(value) + (1 << 14)) >> VALUE_BITS) as i16
}

/// `exp(-d)` with 15 fractional bits, by `(1 - t) / (1 + t)` with `t = tanh(d / 2)`, for `d` of 0 or more with [`ACTIVATION_BITS`].
fn exp_of_negative(d: u32) -> u32 {
    let t = half_tanh(d) >> (CURVE_BITS - 16);
    ((65536 - t) << 15) / (65536 + t)
}

impl Arithmetic for Q15 {
    type Weight = i16;
    /// Bias, with the fractional bits of the row's sums, and the shift to the right that brings these to [`ACTIVATION_BITS`]; for the output row,
    /// instead of a shift, the number of its fractional bits.
    type Bias = [i32; 2];
    type Value = i16;
    type Sum = i32;
    type Cell = i32;
    type Scales = Scales;

    fn input(scales: &Scales, standardised: f32) -> i16 {
        let scaled = standardised * (1_u32 << (scales[INPUT_BITS] & 15)) as f32;
        let half = if scaled < 0.0 { -0.5 } else { 0.5 };
        ((scaled + half) as i32).clamp(-VALUE_LIMIT, VALUE_LIMIT) as i16
    }

    fn bias([bias, _]: [i32; 2]) -> i32 {
        bias
    }

    fn add(sum: i32, other: i32) -> i32 {
        sum + other
    }

    fn add_product(sum: i32, weight: i16, value: i16) -> i32 {
        sum + i32::from(weight) * i32::from(value)
    }

    fn add_products(
        sums: Block<i32>,
        tiles: &[Tile<i16>],
        input: &StackedInput<'_, Self>,
    ) -> Block<i32> {
        super::add_columns(sums, tiles, [input.hidden, input.below], Self::add_product)
    }

    fn sigmoid([_, shift]: [i32; 2], sum: i32) -> i16 {
        sigmoid(sum >> (shift & 31))
    }

    fn tanh([_, shift]: [i32; 2], sum: i32) -> i16 {
        // Twice the pre-activation.
        tanh_of_half(sum >> ((shift - 1) & 31))
    }

    fn attended_cell(scales: &Scales, cell: i32) -> i16 {
        let twice = cell >> ((scales[CELL_SHIFT] - 1) & 31);
        ((twice + 1) >> 1).clamp(-VALUE_LIMIT, VALUE_LIMIT) as i16
    }

    fn add_score(alpha: i32, v: i16, bias: [i32; 2], sum: i32) -> i32 {
        Self::add_product(alpha, v, Self::tanh(bias, sum))
    }

    fn softmax(scales: &Scales, alpha: &mut Block<i32>, present: &Block<bool>) {
        let mut largest = i32::MIN;
        for (alpha, present) in zip(&*alpha, present) {
            if *present && *alpha > largest {
                largest = *alpha;
            }
        }
        let mut total = 0;
        for (alpha, present) in zip(&mut *alpha, present) {
            if *present {
                // Fits 32 bits: the loader allows V only half of a row's bound.
                let below = largest.abs_diff(*alpha) >> (scales[ALPHA_SHIFT] & 31);
                *alpha = exp_of_negative(below) as i32;
                total += *alpha as u32;
            }
        }
        for (alpha, present) in zip(alpha, present) {
            if *present {
                // The largest alpha contributes 1, so the total is not zero.
                let rounded = (((*alpha as u32) << 15) + total / 2).checked_div(total);
                *alpha = rounded.unwrap_or(0).min(VALUE_LIMIT as u32) as i32;
            }
        }
    }

    fn attended(share: i32, x: i16) -> i16 {
        product(share as i16, x)
    }

    fn forget_cell(forget: i16, cell: i32) -> i32 {
        // forget * cell / 2^15, rounded, computed from the upper and lower half of the cell, so that 32 bits suffice.
        let forget = i32::from(forget);
        forget * (cell >> 16) * 2 + ((forget * (cell & 0xffff) + (1 << 14)) >> VALUE_BITS)
    }

    fn add_candidate(cell: i32, input: i16, candidate: i16) -> i32 {
        let new =
            (i32::from(input) * i32::from(candidate) + (1 << 6)) >> (2 * VALUE_BITS - CELL_BITS);
        cell.saturating_add(new)
    }

    fn output_gate(output: i16, cell: i32) -> i16 {
        // This shift gives twice the cell with the fractional bits of a pre-activation.
        product(
            output,
            tanh_of_half(cell >> (CELL_BITS - ACTIVATION_BITS - 1)),
        )
    }

    fn output([_, bits]: [i32; 2], sum: i32) -> f32 {
        // 2^-bits, exactly.
        let unit = f32::from_bits((127 - (bits as u32 & 63)) << 23);
        sum as f32 * unit
    }

    fn share(share: i32) -> f32 {
        share as f32 * (1.0 / 32768.0)
    }

    fn value_bits(value: i16) -> u32 {
        i32::from(value) as u32
    }

    fn value_from_bits(bits: u32) -> Option<i16> {
        let value = bits as i32;
        ((-VALUE_LIMIT..=VALUE_LIMIT).contains(&value)).then_some(value as i16)
    }

    fn cell_bits(cell: i32) -> u32 {
        cell as u32
    }

    fn cell_from_bits(bits: u32) -> Option<i32> {
        Some(bits as i32)
    }
}

#[cfg(all(test, feature = "encode"))]
mod tests {
    use super::super::table::HALF_TANH;
    use super::*;

    fn next_cell(forget: i16, cell: i32, input: i16, candidate: i16) -> i32 {
        Q15::add_candidate(Q15::forget_cell(forget, cell), input, candidate)
    }

    #[test]
    fn the_table_is_the_curve() {
        for (index, entry) in HALF_TANH.iter().enumerate() {
            let tanh = (index as f64 / 24.0 / 2.0).tanh();
            let bend = -tanh * (1.0 - tanh * tanh) / 2.0;
            let expected = 65536.0 * (tanh - bend / (16.0 * 24.0 * 24.0));
            assert_eq!(*entry, expected.round().min(65535.0) as u16, "{index}");
        }
    }

    /// Largest error over every 16-bit pre-activation with 11 fractional bits (-16 to 16).
    fn largest_error(found: impl Fn(i32) -> f64, expected: impl Fn(f64) -> f64) -> f64 {
        let all = i32::from(i16::MIN)..=i32::from(i16::MAX);
        all.map(|z| (found(z << (ACTIVATION_BITS - 11)) - expected(f64::from(z) / 2048.0)).abs())
            .fold(0.0, f64::max)
    }

    #[test]
    fn activations_stay_within_their_error_over_all_16_bit_inputs() {
        let unit = 1.0 / 32768.0;
        let sigmoids = largest_error(
            |z| f64::from(sigmoid(z)) * unit,
            |z| 1.0 / (1.0 + (-z).exp()),
        );
        let tanhs = largest_error(|z| f64::from(tanh_of_half(2 * z)) * unit, f64::tanh);
        let exps = largest_error(
            |z| f64::from(exp_of_negative(z.unsigned_abs())) * unit,
            |z| (-z.abs()).exp(),
        );
        println!(
            "q15, largest error in 2^-15: sigmoid {:.2}, tanh {:.2}, exp {:.2}",
            sigmoids / unit,
            tanhs / unit,
            exps / unit
        );
        // CMSIS-NN's table with the same number of entries, measured in the same way: sigmoid 1.02, tanh 1.48.
        assert!(
            sigmoids < 1.02 * unit && tanhs < 1.48 * unit && exps < 3.0 * unit,
            "{sigmoids} {tanhs} {exps}"
        );
    }

    #[test]
    fn the_ends_of_the_range_do_not_overflow() {
        // At the end of the table the curve stays 2^-15 below 1.
        assert_eq!((sigmoid(i32::MAX), sigmoid(i32::MIN)), (32767, 1));
        assert_eq!(
            (tanh_of_half(i32::MAX), tanh_of_half(i32::MIN)),
            (32767, -32767)
        );
        assert_eq!((exp_of_negative(0), exp_of_negative(u32::MAX)), (32768, 0));
        assert_eq!(next_cell(32767, i32::MAX, 32767, 32767), i32::MAX);
        assert_eq!(next_cell(32767, i32::MIN, 32767, -32767), i32::MIN);
        let scales = [15, 8, 0];
        assert_eq!(
            (Q15::input(&scales, 1e30), Q15::input(&scales, -1e30)),
            (32767, -32767)
        );
        assert_eq!(
            [i32::MAX, i32::MIN].map(|cell| Q15::attended_cell(&scales, cell)),
            [32767, -32767]
        );
    }

    #[test]
    fn the_cell_s_product_is_the_rounded_64_bit_one() {
        let mut seed = 5;
        for _ in 0..100_000 {
            let mut draw = || {
                (
                    f64::from(crate::example::uniform(&mut seed)) * 2.0 - 1.0,
                    crate::example::uniform(&mut seed),
                )
            };
            let ((cell, forget), (candidate, input)) = (draw(), draw());
            let cell = (cell * 2e9) as i32;
            let [forget, input] = [forget, input].map(|gate| (gate * 32767.0) as i16);
            let candidate = (candidate * 32767.0) as i16;
            let kept = (i64::from(forget) * i64::from(cell) + (1 << 14)) >> 15;
            let new = (i64::from(input) * i64::from(candidate) + (1 << 6)) >> 7;
            let expected = (kept + new).clamp(i64::from(i32::MIN), i64::from(i32::MAX));
            assert_eq!(
                i64::from(next_cell(forget, cell, input, candidate)),
                expected
            );
        }
    }

    #[test]
    fn a_slow_well_decays_as_in_floats_over_10_000_months() {
        // The gate nearest to 0.9995 with 15 fractional bits, used in both.
        let forget = (0.9995_f64 * 32768.0).round();
        let mut fixed = 1 << CELL_BITS;
        let mut float = 1.0_f64;
        let mut worst: f64 = 0.0;
        for _ in 0..10_000 {
            fixed = next_cell(forget as i16, fixed, 0, 0);
            float *= forget / 32768.0;
            worst = worst.max((f64::from(fixed) / f64::from(1 << CELL_BITS) - float).abs());
        }
        println!(
            "slow well: {} of 1 left, expected {float}, worst {worst:e}",
            f64::from(fixed) / f64::from(1 << CELL_BITS)
        );
        // A 16-bit cell stops decaying at 0.5. Here the last bit is 1.2e-7, and rounding changes the cell by less than half of that per month.
        assert!(worst < 1e-4, "{worst}");
    }
}
