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

/// The same rows, of which the compiler no longer knows that they were just stored: a product spreads a number from memory over a register for nothing, from another
/// register by two shuffles on a port that additions need.
#[inline(always)]
pub(super) fn from_memory(rows: &[Row]) -> &[Row] {
    std::hint::black_box(rows)
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

/// What a sum of products begins with: added to any number it changes no bit of it, so the first addition costs nothing. With 0 instead, a zero could have another
/// sign, which no parameter sees: nothing divides by a zero, and a step of the optimiser adds it.
pub(super) const NOTHING: f32 = -0.0;

/// Sum of a row: halves onto each other, four times.
#[inline(always)]
pub(super) fn sum<S: Simd>(simd: S, row: S::f32s) -> f32 {
    simd.reduce_sum_f32s(row)
}

/// As [`sum`] where all numbers but the first `count` are zero: without the additions of zeros.
#[inline(always)]
pub(super) fn sum_of_first<S: Simd>(simd: S, row: S::f32s, count: usize) -> f32 {
    if count > 4 {
        return sum(simd, row);
    }
    let row: [f32; LANES] = bytemuck::cast(row);
    (row[0] + row[2]) + (row[1] + row[3])
}

/// Sums of rows side by side.
#[inline(always)]
pub(super) fn add<S: Simd, const N: usize>(
    simd: S,
    mut a: [S::f32s; N],
    b: [S::f32s; N],
) -> [S::f32s; N] {
    for n in 0..N {
        a[n] = simd.add_f32s(a[n], b[n]);
    }
    a
}
