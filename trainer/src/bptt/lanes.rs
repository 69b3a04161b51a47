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
pub(crate) fn dispatch<Operation: WithSimd>(operation: Operation) -> Operation::Output {
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

/// A row as it lies in memory: in one cache line, so that no load touches two.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Row(pub(super) [f32; LANES]);

impl Row {
    pub(super) const ZERO: Self = Self([0.0; LANES]);

    #[inline(always)]
    pub(super) fn load<S: Simd>(&self) -> S::f32s {
        const { assert!(S::F32_LANES == LANES) };
        bytemuck::cast(self.0)
    }

    #[inline(always)]
    pub(super) fn store<S: Simd>(&mut self, _: S, row: S::f32s) {
        self.0 = bytemuck::cast(row);
    }
}

/// `length` numbers in rows, the last one filled up with zeros.
pub(super) fn zeros(length: usize) -> Vec<Row> {
    vec![Row::ZERO; length.div_ceil(LANES)]
}

/// The row with `value` in one lane and `row` in the others.
#[inline(always)]
pub(super) fn with_lane<S: Simd>(simd: S, row: S::f32s, lane: usize, value: S::f32s) -> S::f32s {
    let lanes: [u32; LANES] = std::array::from_fn(|lane| lane as u32);
    let here = simd.equal_u32s(bytemuck::cast(lanes), simd.splat_u32s(lane as u32));
    simd.select_f32s(here, value, row)
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
fn add<S: Simd, const N: usize>(simd: S, mut a: [S::f32s; N], b: [S::f32s; N]) -> [S::f32s; N] {
    for n in 0..N {
        a[n] = simd.add_f32s(a[n], b[n]);
    }
    a
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

/// Copies runs of `length` numbers to blocks of `rows` rows; what a run leaves free in its block stays.
#[inline(always)]
pub(super) fn copy_to_rows(from: &[f32], length: usize, to: &mut [Row], rows: usize) {
    for (from, to) in from.chunks_exact(length).zip(to.chunks_exact_mut(rows)) {
        for (from, to) in from.chunks(LANES).zip(to) {
            match <&[f32; LANES]>::try_from(from) {
                Ok(from) => to.0 = *from,
                Err(_) => to.0[..from.len()].copy_from_slice(from),
            }
        }
    }
}

/// The reverse of [`copy_to_rows`].
#[inline(always)]
pub(super) fn copy_from_rows(from: &[Row], rows: usize, to: &mut [f32], length: usize) {
    for (from, to) in from.chunks_exact(rows).zip(to.chunks_exact_mut(length)) {
        for (from, to) in from.iter().zip(to.chunks_mut(LANES)) {
            match <&mut [f32; LANES]>::try_from(&mut *to) {
                Ok(to) => *to = from.0,
                Err(_) => to.copy_from_slice(&from.0[..to.len()]),
            }
        }
    }
}

/// The transpose of a matrix of which each column is `rows` rows; a column of the transpose is `columns` rows.
#[inline(always)]
pub(super) fn transpose(matrix: &[Row], rows: usize, transposed: &mut [Row], columns: usize) {
    let matrix = matrix.chunks_exact(LANES * rows);
    for (column, matrix) in matrix.enumerate() {
        let transposed = transposed.chunks_exact_mut(LANES * columns);
        for (row, transposed) in transposed.enumerate() {
            let mut square = [Row::ZERO; LANES];
            for (to, from) in square.iter_mut().zip(matrix.chunks_exact(rows)) {
                *to = from[row];
            }
            for (lane, to) in transposed.chunks_exact_mut(columns).enumerate() {
                to[column].0 = std::array::from_fn(|place| square[place].0[lane]);
            }
        }
    }
}

/// Rows of the product of a matrix and a vector, [`Rows`] of them.
///
/// Four partial sums, columns dealt to them in turn.
#[inline(always)]
pub(super) fn product<S: Simd, const N: usize>(
    simd: S,
    matrix: &[Row],
    rows: Rows,
    x: &[Row],
) -> [S::f32s; N] {
    if N > 1 && S::REGISTER_COUNT >= 32 {
        // A number of the vector is loaded once for all rows.
        return products_of(simd, matrix, rows, x);
    }
    let mut products = [simd.splat_f32s(0.0); N];
    for (n, product) in products.iter_mut().enumerate() {
        let first = rows.first + n * rows.step;
        [*product] = products_of(simd, matrix, Rows { first, ..rows }, x);
    }
    products
}

#[inline(always)]
fn products_of<S: Simd, const N: usize>(
    simd: S,
    matrix: &[Row],
    rows: Rows,
    x: &[Row],
) -> [S::f32s; N] {
    let mut sums = [[simd.splat_f32s(0.0); N]; 4];
    for (columns, x) in matrix.chunks_exact(LANES * rows.all).zip(x) {
        add_products(simd, columns, rows, &x.0, &mut sums);
    }
    total(simd, sums)
}

/// Which rows of a matrix: `first`, `first + step`, ... A column of the matrix is `all` rows.
#[derive(Clone, Copy)]
pub(super) struct Rows {
    pub(super) first: usize,
    pub(super) step: usize,
    pub(super) all: usize,
}

/// As [`product`] with the first numbers of one row, as many as the matrix has columns, a multiple of four.
#[inline(always)]
pub(super) fn short_product<S: Simd, const N: usize>(
    simd: S,
    matrix: &[Row],
    rows: Rows,
    x: &Row,
) -> [S::f32s; N] {
    let mut sums = [[simd.splat_f32s(0.0); N]; 4];
    add_products(simd, matrix, rows, &x.0, &mut sums);
    total(simd, sums)
}

#[inline(always)]
fn total<S: Simd, const N: usize>(simd: S, [a, b, c, d]: [[S::f32s; N]; 4]) -> [S::f32s; N] {
    add(simd, add(simd, a, b), add(simd, c, d))
}

#[inline(always)]
fn add_products<S: Simd, const N: usize>(
    simd: S,
    matrix: &[Row],
    rows: Rows,
    x: &[f32; LANES],
    sums: &mut [[S::f32s; N]; 4],
) {
    for (columns, x) in matrix.chunks_exact(4 * rows.all).zip(x.as_chunks::<4>().0) {
        for lane in 0..4 {
            let x = simd.splat_f32s(x[lane]);
            for n in 0..N {
                let weights = columns[lane * rows.all + rows.first + n * rows.step].load::<S>();
                sums[lane][n] = multiply_add(simd, weights, x, sums[lane][n]);
            }
        }
    }
}

/// `matrix = sum over the months of left * right'`, in the order of the months.
///
/// A column of the matrix and a month of `left` are `rows` rows; a month of `right` is `right_rows` rows, of which the first columns are used.
#[inline(always)]
pub(super) fn set_outer<S: Simd>(
    simd: S,
    matrix: &mut [Row],
    (left, rows): (&[Row], usize),
    (right, right_rows): (&[Row], usize),
) {
    for (group, columns) in matrix.chunks_exact_mut(4 * rows).enumerate() {
        let (block, group) = (group / 4, group % 4);
        for row in 0..rows {
            let mut sums = [simd.splat_f32s(0.0); 4];
            let months = left.chunks_exact(rows).zip(right.chunks_exact(right_rows));
            for (left, right) in months {
                let left = left[row].load::<S>();
                let right = &right[block].0.as_chunks::<4>().0[group];
                for lane in 0..4 {
                    let right = simd.splat_f32s(right[lane]);
                    sums[lane] = multiply_add(simd, left, right, sums[lane]);
                }
            }
            for (lane, sum) in sums.into_iter().enumerate() {
                columns[lane * rows + row].store(simd, sum);
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
