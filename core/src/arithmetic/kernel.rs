//! Where a step spends its time, as a machine may do it in its own way.

use super::{Arithmetic, Columns, F32, Q15, fixed, float};
use crate::sizes::BLOCK;

/// The products of a block of rows: `sums[r] = bias[r] + tile[r, 0] * values[0] + tile[r, 1] * values[1] + ...`, added in this order, with a tile for each of the
/// columns' values; further tiles are left alone.
///
/// The functions here are plain Rust and right on every machine. A machine with instructions that the compiler does not find for them brings its own, which must
/// give the same bits. A model's golden months, computed when it is loaded, show that they do: [`ModelFile::parse_with`](crate::artifact::ModelFile::parse_with).
pub trait Kernel {
    /// In floating point: each product and each sum is rounded.
    #[inline(never)]
    fn products_f32(
        rows: &[<F32 as Arithmetic>::Row; BLOCK],
        tiles: &[<F32 as Arithmetic>::Tile],
        columns: &Columns<'_, F32>,
        sums: &mut [f32; BLOCK],
    ) {
        float::products(rows, tiles, columns, sums);
    }

    /// In whole numbers: no sum overflows, see [`row_bound`](super::row_bound).
    #[inline(never)]
    fn products_q15(
        rows: &[<Q15 as Arithmetic>::Row; BLOCK],
        tiles: &[<Q15 as Arithmetic>::Tile],
        columns: &Columns<'_, Q15>,
        sums: &mut [i32; BLOCK],
    ) {
        fixed::products(rows, tiles, columns, sums);
    }
}

/// Plain Rust.
#[derive(Clone, Copy, Debug)]
pub struct Portable;

impl Kernel for Portable {}
