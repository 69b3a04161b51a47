//! Products of matrices and vectors in rows.
//!
//! Matrices lie column by column; a column is some rows of [`LANES`] numbers.

use pulp::Simd;

use super::lanes::{LANES, NOTHING, Row, add, multiply_add};

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
            for (place, from) in matrix.chunks_exact(rows).enumerate() {
                for (to, number) in transposed.chunks_exact_mut(columns).zip(from[row].0) {
                    to[column].0[place] = number;
                }
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
    let mut sums = [[simd.splat_f32s(NOTHING); N]; 4];
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
    let mut sums = [[simd.splat_f32s(NOTHING); N]; 4];
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
