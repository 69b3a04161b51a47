//! Vector arithmetic that gives the same bits on every machine.
//!
//! Everything works on rows of [`LANES`] numbers. A row is one AVX-512 register or two AVX2 registers where the processor has them, and an array
//! that the compiler vectorises elsewhere (SSE2, NEON). The order of every sum is written out here and no multiplication is fused with an addition,
//! so the width of the registers cannot be seen in a result. The functions are made of additions, multiplications, divisions, minima and bit
//! shifts, all of which IEEE 754 fixes exactly.

use pulp::{NullaryFnOnce, Scalar512b, Simd, WithSimd};

/// Numbers in a row.
pub(super) const LANES: usize = 16;

/// Runs an operation with the widest registers of this processor.
pub(super) fn dispatch<Operation: WithSimd>(operation: Operation) -> Operation::Output {
    #[cfg(target_arch = "x86_64")]
    {
        if let Some(v4) = pulp::x86::V4::try_new() {
            return Simd::vectorize(v4, operation);
        }
        if let Some(v3) = pulp::x86::V3::try_new() {
            return v3.vectorize(Avx2 { v3, operation });
        }
    }
    operation.with_simd(Scalar512b)
}

/// Runs an operation without run-time dispatch, to compare its bits and its time.
#[cfg(test)]
pub(super) fn portable<Operation: WithSimd>(operation: Operation) -> Operation::Output {
    operation.with_simd(Scalar512b)
}

#[cfg(target_arch = "x86_64")]
struct Avx2<Operation> {
    v3: pulp::x86::V3,
    operation: Operation,
}

#[cfg(target_arch = "x86_64")]
impl<Operation: WithSimd> NullaryFnOnce for Avx2<Operation> {
    type Output = Operation::Output;

    #[inline(always)]
    fn call(self) -> Self::Output {
        self.operation.with_simd(pulp::x86::V3_512b(self.v3))
    }
}

/// The rows of a slice whose length is a multiple of [`LANES`].
#[inline(always)]
pub(super) fn rows<S: Simd>(slice: &[f32]) -> &[S::f32s] {
    const { assert!(S::F32_LANES == LANES) };
    S::as_simd_f32s(slice).0
}

/// As [`rows`], to be written.
#[inline(always)]
pub(super) fn rows_mut<S: Simd>(slice: &mut [f32]) -> &mut [S::f32s] {
    const { assert!(S::F32_LANES == LANES) };
    S::as_mut_simd_f32s(slice).0
}

/// `a * b + c`, rounded twice.
#[inline(always)]
pub(super) fn multiply_add<S: Simd>(simd: S, a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s {
    simd.add_f32s(simd.mul_f32s(a, b), c)
}

/// Sum of a row: halves onto each other, four times.
#[inline(always)]
pub(super) fn sum<S: Simd>(row: S::f32s) -> f32 {
    let a: [f32; LANES] = bytemuck::cast(row);
    let b: [f32; 8] = std::array::from_fn(|i| a[i] + a[i + 8]);
    let c: [f32; 4] = std::array::from_fn(|i| b[i] + b[i + 4]);
    (c[0] + c[2]) + (c[1] + c[3])
}

/// Hyperbolic tangent, within 4e-7 of the exact value everywhere (seen: see the test).
///
/// Rational approximation of degree 13 over 6 on ±7.9, beyond which the result is ±1 in f32; coefficients of Eigen 3.4
/// (`generic_fast_tanh_float`). Evaluated in pairs (Estrin) because a recurrent network waits for the result.
#[inline(always)]
pub(super) fn tanh<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let constant = |value: f32| simd.splat_f32s(value);
    let add = |a, b| simd.add_f32s(a, b);
    let multiply = |a, b| simd.mul_f32s(a, b);
    let fold = |a, b, c| multiply_add(simd, a, b, c);

    let limit = 7.905_311;
    let x = simd.max_f32s(constant(-limit), simd.min_f32s(constant(limit), x));
    let x2 = multiply(x, x);
    let x4 = multiply(x2, x2);
    let x8 = multiply(x4, x4);
    let p01 = fold(constant(6.372_619_3e-4), x2, constant(4.893_524_6e-3));
    let p23 = fold(constant(5.122_297_1e-8), x2, constant(1.485_722_4e-5));
    let p45 = fold(constant(2.000_188e-13), x2, constant(-8.604_672e-11));
    let p = add(
        fold(p23, x4, p01),
        multiply(fold(constant(-2.760_768_5e-16), x4, p45), x8),
    );
    let q01 = fold(constant(2.268_434_6e-3), x2, constant(4.893_525e-3));
    let q23 = fold(constant(1.198_258_4e-6), x2, constant(1.185_347_1e-4));
    let q = fold(q23, x4, q01);
    simd.div_f32s(multiply(x, p), q)
}

/// Logistic function, `0.5 + 0.5 tanh(x / 2)`.
#[inline(always)]
pub(super) fn sigmoid<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let half = simd.splat_f32s(0.5);
    multiply_add(simd, half, tanh(simd, simd.mul_f32s(half, x)), half)
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

/// Copies at most a row; a whole one without a call.
#[inline(always)]
fn copy(from: &[f32], to: &mut [f32]) {
    match (
        <&[f32; LANES]>::try_from(from),
        <&mut [f32; LANES]>::try_from(&mut *to),
    ) {
        (Ok(from), Ok(to)) => *to = *from,
        _ => to.copy_from_slice(from),
    }
}

/// A matrix cut into panels of [`LANES`] rows; in a panel, each column is contiguous.
#[derive(Clone, Debug)]
pub(super) struct Panels {
    values: Vec<f32>,
    columns: usize,
}

impl Panels {
    /// Zeros, `[rows, columns]`; `rows` a multiple of [`LANES`], `columns` of four.
    pub(super) fn new(rows: usize, columns: usize) -> Self {
        assert!(rows.is_multiple_of(LANES) && columns.is_multiple_of(4));
        Self {
            values: vec![0.0; rows * columns],
            columns,
        }
    }

    fn index(&self, row: usize, column: usize) -> usize {
        (row / LANES * self.columns + column) * LANES + row % LANES
    }

    /// Writes a run of rows of one column; `row` is a multiple of [`LANES`].
    #[inline(always)]
    pub(super) fn set_column(&mut self, row: usize, column: usize, values: &[f32]) {
        for (chunk, values) in values.chunks(LANES).enumerate() {
            let start = self.index(row + chunk * LANES, column);
            copy(values, &mut self.values[start..][..values.len()]);
        }
    }

    /// Writes a run of columns of one row.
    #[inline(always)]
    pub(super) fn set_row(&mut self, row: usize, column: usize, values: &[f32]) {
        let start = self.index(row, column);
        for (target, value) in self.values[start..].iter_mut().step_by(LANES).zip(values) {
            *target = *value;
        }
    }

    /// Reads a run of rows of one column; `row` is a multiple of [`LANES`].
    #[inline(always)]
    pub(super) fn column(&self, row: usize, column: usize, values: &mut [f32]) {
        for (chunk, values) in values.chunks_mut(LANES).enumerate() {
            let start = self.index(row + chunk * LANES, column);
            copy(&self.values[start..][..values.len()], values);
        }
    }

    /// `out = matrix * x`; four partial sums, columns dealt to them in turn.
    #[inline(always)]
    pub(super) fn multiply<S: Simd>(&self, simd: S, x: &[f32], out: &mut [f32]) {
        self.products(simd, x, out, |_, product| product);
    }

    /// `out += matrix * x`.
    #[inline(always)]
    pub(super) fn multiply_onto<S: Simd>(&self, simd: S, x: &[f32], out: &mut [f32]) {
        self.products(simd, x, out, |out, product| simd.add_f32s(out, product));
    }

    #[inline(always)]
    fn products<S: Simd>(
        &self,
        simd: S,
        x: &[f32],
        out: &mut [f32],
        join: impl Fn(S::f32s, S::f32s) -> S::f32s,
    ) {
        let panels = rows::<S>(&self.values).chunks_exact(self.columns);
        for (out, panel) in rows_mut::<S>(out).iter_mut().zip(panels) {
            let mut sums = [simd.splat_f32s(0.0); 4];
            let (columns, _) = panel.as_chunks::<4>();
            let (x, _) = x.as_chunks::<4>();
            for (columns, x) in columns.iter().zip(x) {
                for lane in 0..4 {
                    sums[lane] =
                        multiply_add(simd, columns[lane], simd.splat_f32s(x[lane]), sums[lane]);
                }
            }
            let [a, b, c, d] = sums;
            *out = join(
                *out,
                simd.add_f32s(simd.add_f32s(a, b), simd.add_f32s(c, d)),
            );
        }
    }

    /// Scalar product of one column with `x`.
    #[inline(always)]
    pub(super) fn column_dot<S: Simd>(&self, simd: S, column: usize, x: &[f32]) -> f32 {
        let panels = rows::<S>(&self.values).chunks_exact(self.columns);
        let mut total = simd.splat_f32s(0.0);
        for (panel, x) in panels.zip(rows::<S>(x)) {
            total = multiply_add(simd, panel[column], *x, total);
        }
        sum::<S>(total)
    }

    /// `matrix = sum over time of left[t] * right[t]'`, in the order of time.
    ///
    /// `left` is `[months, rows]`; `right` is `[months, width]`, of which the first columns are used.
    #[inline(always)]
    pub(super) fn set_outer<S: Simd>(
        &mut self,
        simd: S,
        left: &[f32],
        right: &[f32],
        right_width: usize,
    ) {
        let columns = self.columns;
        let panels = self.values.len() / (columns * LANES);
        let left = rows::<S>(left);
        for (panel, values) in rows_mut::<S>(&mut self.values)
            .chunks_exact_mut(columns)
            .enumerate()
        {
            for (group, values) in values.as_chunks_mut::<4>().0.iter_mut().enumerate() {
                let mut sums = [simd.splat_f32s(0.0); 4];
                let right = right.chunks_exact(right_width);
                for (left, right) in left.chunks_exact(panels).zip(right) {
                    let left = left[panel];
                    let right = &right.as_chunks::<4>().0[group];
                    for lane in 0..4 {
                        sums[lane] =
                            multiply_add(simd, left, simd.splat_f32s(right[lane]), sums[lane]);
                    }
                }
                *values = sums;
            }
        }
    }
}

#[cfg(test)]
mod tests {
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
            for row in rows_mut::<S>(self.values) {
                *row = match self.function {
                    Function::Tanh => tanh(simd, *row),
                    Function::Sigmoid => sigmoid(simd, *row),
                    Function::Exp => exp(simd, *row),
                };
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
