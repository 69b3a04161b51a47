//! tanh, the logistic function and exp of rows of numbers.

use pulp::Simd;

use super::lanes::{add, multiply_add};

/// Hyperbolic tangent, within 4e-7 of the exact value everywhere (seen: see the test).
///
/// Rational approximation of degree 13 over 6 on ±7.9, beyond which the result is ±1 in f32; coefficients of Eigen 3.4
/// (`generic_fast_tanh_float`). Evaluated in pairs (Estrin) because a recurrent network waits for the result, and for some rows side by side
/// because a processor has time for them while it waits.
#[inline(always)]
pub(super) fn tanh<S: Simd, const N: usize>(simd: S, x: [S::f32s; N]) -> [S::f32s; N] {
    let limit = simd.splat_f32s(7.905_311);
    let mut x = x;
    for x in &mut x {
        *x = simd.max_f32s(simd.neg_f32s(limit), simd.min_f32s(limit, *x));
    }
    let x2 = multiply(simd, x, x);
    let x4 = multiply(simd, x2, x2);
    let x8 = multiply(simd, x4, x4);
    let p01 = linear(simd, 6.372_619_3e-4, x2, 4.893_524_6e-3);
    let p23 = linear(simd, 5.122_297_1e-8, x2, 1.485_722_4e-5);
    let p45 = linear(simd, 2.000_188e-13, x2, -8.604_672e-11);
    let p0123 = add(simd, multiply(simd, p23, x4), p01);
    let p6 = multiply(simd, [simd.splat_f32s(-2.760_768_5e-16); N], x4);
    let p456 = add(simd, p6, p45);
    let p = add(simd, p0123, multiply(simd, p456, x8));
    let q01 = linear(simd, 2.268_434_6e-3, x2, 4.893_525e-3);
    let q23 = linear(simd, 1.198_258_4e-6, x2, 1.185_347_1e-4);
    let q = add(simd, multiply(simd, q23, x4), q01);
    let mut quotient = multiply(simd, x, p);
    for n in 0..N {
        quotient[n] = simd.div_f32s(quotient[n], q[n]);
    }
    quotient
}

#[inline(always)]
fn multiply<S: Simd, const N: usize>(
    simd: S,
    mut a: [S::f32s; N],
    b: [S::f32s; N],
) -> [S::f32s; N] {
    for n in 0..N {
        a[n] = simd.mul_f32s(a[n], b[n]);
    }
    a
}

/// `high x + low`.
#[inline(always)]
fn linear<S: Simd, const N: usize>(
    simd: S,
    high: f32,
    mut x: [S::f32s; N],
    low: f32,
) -> [S::f32s; N] {
    for x in &mut x {
        *x = multiply_add(simd, simd.splat_f32s(high), *x, simd.splat_f32s(low));
    }
    x
}

/// The argument of [`tanh`] for a logistic function, of which [`sigmoid_of`] is the rest: `0.5 + 0.5 tanh(x / 2)`.
#[inline(always)]
pub(super) fn half<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    simd.mul_f32s(simd.splat_f32s(0.5), x)
}

/// The logistic function of x, given tanh(x / 2).
#[inline(always)]
pub(super) fn sigmoid_of<S: Simd>(simd: S, tanh: S::f32s) -> S::f32s {
    let half = simd.splat_f32s(0.5);
    multiply_add(simd, half, tanh, half)
}

/// Exponential function of numbers that are not positive; below -87 the result is that of -87.
///
/// exp(x) = 2^n exp(r) with r in ±ln(2)/2 and exp(r) by its Taylor polynomial of degree 7 (relative error below 1e-8 before rounding).
#[inline(always)]
pub(super) fn exp<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let constant = |value: f32| simd.splat_f32s(value);
    let multiply = |a, b| simd.mul_f32s(a, b);
    let fold = |a, b, c| multiply_add(simd, a, b, c);

    let x = simd.max_f32s(constant(-87.0), x);
    // Adding 1.5 * 2^23 rounds to an integer, which then stands in the lowest bits.
    let magic = constant(12_582_912.0);
    let shifted = fold(x, constant(std::f32::consts::LOG2_E), magic);
    let n = simd.sub_f32s(shifted, magic);
    // ln 2 in two parts (Cody and Waite 1980): n times the first is exact.
    let r = simd.sub_f32s(x, multiply(n, constant(0.693_359_4)));
    let r = simd.sub_f32s(r, multiply(n, constant(-2.121_944_4e-4)));
    let r2 = multiply(r, r);
    let low = fold(r, constant(1.0), constant(1.0));
    let middle = fold(r, constant(1.0 / 6.0), constant(1.0 / 2.0));
    let high = fold(r, constant(1.0 / 120.0), constant(1.0 / 24.0));
    let highest = fold(r, constant(1.0 / 5040.0), constant(1.0 / 720.0));
    let series = fold(fold(fold(highest, r2, high), r2, middle), r2, low);
    let power = simd.wrapping_dyn_shl_u32s(
        simd.transmute_u32s_f32s(shifted),
        simd.splat_u32s(f32::MANTISSA_DIGITS - 1),
    );
    let scale = simd.add_u32s(power, simd.splat_u32s(1.0f32.to_bits()));
    multiply(series, simd.transmute_f32s_u32s(scale))
}

#[cfg(test)]
mod tests {
    use pulp::WithSimd;

    use super::super::lanes::{LANES, dispatch, portable};
    use super::*;

    #[derive(Clone, Copy)]
    enum Function {
        Tanh,
        Sigmoid,
        Exp,
    }

    struct Apply<'a> {
        function: Function,
        values: &'a mut [f32],
    }

    impl WithSimd for Apply<'_> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            for values in self.values.as_chunks_mut::<LANES>().0 {
                let row = bytemuck::cast(*values);
                let tanh = |x| tanh(simd, [x])[0];
                *values = bytemuck::cast(match self.function {
                    Function::Tanh => tanh(row),
                    Function::Sigmoid => sigmoid_of(simd, tanh(half(simd, row))),
                    Function::Exp => exp(simd, row),
                });
            }
        }
    }

    /// Every 1021st float of ±`limit`: about four million of them.
    fn floats(limit: f32) -> Vec<f32> {
        let positive = (0..=limit.to_bits()).step_by(1021).map(f32::from_bits);
        let mut floats: Vec<f32> = positive.flat_map(|x| [x, -x]).collect();
        floats.resize(floats.len().next_multiple_of(LANES), 0.0);
        floats
    }

    fn both_ways(function: Function, values: &[f32]) -> Vec<f32> {
        let mut wide = values.to_vec();
        let mut portable_values = values.to_vec();
        dispatch(Apply {
            function,
            values: &mut wide,
        });
        portable(Apply {
            function,
            values: &mut portable_values,
        });
        assert!(
            wide.iter()
                .zip(&portable_values)
                .all(|(a, b)| a.to_bits() == b.to_bits())
        );
        wide
    }

    #[test]
    fn tanh_is_close_to_the_exact_one_and_the_same_with_and_without_wide_registers() {
        let x = floats(40.0);
        let worst = both_ways(Function::Tanh, &x)
            .iter()
            .zip(&x)
            .map(|(y, x)| (f64::from(*y) - f64::from(*x).tanh()).abs())
            .fold(0.0, f64::max);
        assert!(worst < 4e-7, "{worst:e}");
    }

    #[test]
    fn sigmoid_is_close_to_the_exact_one() {
        let x = floats(80.0);
        let worst = both_ways(Function::Sigmoid, &x)
            .iter()
            .zip(&x)
            .map(|(y, x)| (f64::from(*y) - 1.0 / (1.0 + f64::from(-*x).exp())).abs())
            .fold(0.0, f64::max);
        assert!(worst < 2e-7, "{worst:e}");
    }

    #[test]
    fn exp_is_close_to_the_exact_one() {
        let x: Vec<f32> = floats(87.0).iter().map(|x| -x.abs()).collect();
        let worst = both_ways(Function::Exp, &x)
            .iter()
            .zip(&x)
            .map(|(y, x)| (f64::from(*y) / f64::from(*x).exp() - 1.0).abs())
            .fold(0.0, f64::max);
        assert!(worst < 3e-7, "{worst:e}");
    }
}
