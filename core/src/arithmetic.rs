//! Number types and operations of a step.
//!
//! The equations are written once, in [`attention`](crate::attention) and [`lstm`](crate::lstm), over an [`Arithmetic`]: 32-bit floating point or
//! fixed point. Vectors are [`Block`]s of eight units and matrices [`Tile`]s of eight units and four columns, both nalgebra's, and weights are used
//! in place in the model file. Each row of a product is summed in the order of its columns, with each product and each sum rounded, so the bits do
//! not depend on the machine.

use core::iter::zip;

use bytemuck::Pod;
use nalgebra::{SMatrix, SVector, Scalar};
use serde::{Deserialize, Serialize};

use crate::sizes::{BLOCK, TILE_COLUMNS};

mod fixed;
mod float;
mod table;

pub use fixed::{
    ACTIVATION_BITS, ALPHA_SHIFT, CELL_BITS, CELL_SHIFT, INPUT_BITS, Q15, Scales, VALUE_BITS,
    VALUE_LIMIT, row_bound,
};
pub use float::{F32, INPUT_LIMIT, WEIGHT_LIMIT};

/// One number for each of eight successive units.
pub type Block<T> = SVector<T, BLOCK>;

/// Weights of eight units and four columns, column by column.
pub type Tile<T> = SMatrix<T, BLOCK, TILE_COLUMNS>;

/// A matrix of weights: the tiles of the first block of rows, then those of the next. Rows are padded to whole blocks and columns to whole tiles,
/// with weights of zero.
#[derive(Clone, Copy, Debug)]
pub struct TiledMatrix<'a, A: Arithmetic> {
    /// All tiles, in the order in which a step reads them.
    pub tiles: &'a [Tile<A::Weight>],
    /// Number of tiles in a block of rows.
    pub tiles_per_block: usize,
}

impl<'a, A: Arithmetic> TiledMatrix<'a, A> {
    /// The tiles of each block of rows.
    pub fn blocks(&self) -> impl Iterator<Item = &'a [Tile<A::Weight>]> + use<'a, A> {
        let Self {
            tiles,
            tiles_per_block,
        } = *self;
        (0..).map_while(move |block| {
            tiles.get(block * tiles_per_block..(block + 1) * tiles_per_block)
        })
    }

    /// The weight in a row and a column of the padded matrix; `None` outside.
    pub fn weight(&self, row: usize, column: usize) -> Option<A::Weight> {
        let tile = column / TILE_COLUMNS;
        let tile =
            (tile < self.tiles_per_block).then_some(row / BLOCK * self.tiles_per_block + tile)?;
        let place = (row % BLOCK, column % TILE_COLUMNS);
        self.tiles.get(tile)?.get(place).copied()
    }
}

/// The vector that a matrix is multiplied with: `[h; e]` in the gates, `[h; C]` in the attention.
#[derive(Clone, Copy, Debug)]
pub struct StackedInput<'a, A: Arithmetic> {
    /// h `[hidden]`.
    pub hidden: &'a [Block<A::Value>],
    /// e `[inputs]` or C `[hidden]`.
    pub below: &'a [Block<A::Value>],
}

/// `sums + W [h; e]` for a block of rows, column after column; `add_product` is `sum + weight * value`. The sums are an array and the eight rows are
/// written out, so that they stay in registers: a loop over a nalgebra vector loads and stores them for every product. The columns are first cut to
/// the number of values, so that the loop has one counter instead of two, which leaves a register for the sums.
fn add_columns<S: Scalar + Copy, N: Pod + Scalar>(
    sums: Block<S>,
    tiles: &[Tile<N>],
    [hidden, below]: [&[Block<N>]; 2],
    add_product: impl Fn(S, N, N) -> S,
) -> Block<S> {
    let [
        [
            mut s0,
            mut s1,
            mut s2,
            mut s3,
            mut s4,
            mut s5,
            mut s6,
            mut s7,
        ],
    ] = sums.data.0;
    let mut columns: &[[N; BLOCK]] = bytemuck::try_cast_slice(tiles).unwrap_or_default();
    debug_assert_eq!(columns.len(), tiles.len() * TILE_COLUMNS);
    for blocks in [hidden, below] {
        let values: &[N] = bytemuck::try_cast_slice(blocks).unwrap_or_default();
        debug_assert_eq!(values.len(), blocks.len() * BLOCK);
        let (of_values, rest) = columns
            .split_at_checked(values.len())
            .unwrap_or((columns, &[]));
        columns = rest;
        for (value, [w0, w1, w2, w3, w4, w5, w6, w7]) in zip(values, of_values) {
            s0 = add_product(s0, *w0, *value);
            s1 = add_product(s1, *w1, *value);
            s2 = add_product(s2, *w2, *value);
            s3 = add_product(s3, *w3, *value);
            s4 = add_product(s4, *w4, *value);
            s5 = add_product(s5, *w5, *value);
            s6 = add_product(s6, *w6, *value);
            s7 = add_product(s7, *w7, *value);
        }
    }
    [s0, s1, s2, s3, s4, s5, s6, s7].into()
}

/// Which arithmetic a model file's weights are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ArithmeticKind {
    /// 32-bit floating point: [`F32`].
    F32,
    /// Fixed point with 16-bit weights: [`Q15`].
    Q15,
}

/// The number types of a step and their operations. None can panic or fail.
pub trait Arithmetic: Copy + core::fmt::Debug + 'static {
    /// A weight.
    type Weight: Pod + Scalar;
    /// The bias of a row, with the scale of the row's sum in fixed point.
    type Bias: Pod + Scalar;
    /// Values that are multiplied with weights or with each other: hidden state, inputs, gates.
    type Value: Copy + Scalar + Default;
    /// The sum of products.
    type Sum: Copy + Scalar + Default;
    /// The LSTM cell.
    type Cell: Copy + Scalar + Default;
    /// Constants of a model besides its weights.
    type Scales: Pod + core::fmt::Debug;

    /// A standardised input as a value, clamped to the representable range.
    fn input(scales: &Self::Scales, standardised: f32) -> Self::Value;

    /// A row's bias as the initial sum.
    fn bias(bias: Self::Bias) -> Self::Sum;

    /// The sum of two sums.
    fn add(sum: Self::Sum, other: Self::Sum) -> Self::Sum;

    /// `sum + weight * value`.
    fn add_product(sum: Self::Sum, weight: Self::Weight, value: Self::Value) -> Self::Sum;

    /// `sums + W [h; e]` for a block of rows, column after column; with C instead of e in the attention.
    fn add_products(
        sums: Block<Self::Sum>,
        tiles: &[Tile<Self::Weight>],
        input: &StackedInput<'_, Self>,
    ) -> Block<Self::Sum>;

    /// sigmoid of a row's sum.
    fn sigmoid(bias: Self::Bias, sum: Self::Sum) -> Self::Value;

    /// tanh of a row's sum.
    fn tanh(bias: Self::Bias, sum: Self::Sum) -> Self::Value;

    /// A cell as the attention sees it.
    fn attended_cell(scales: &Self::Scales, cell: Self::Cell) -> Self::Value;

    /// `alpha + v tanh(sum)` for a row, in the scale of [`softmax`](Self::softmax).
    fn add_score(alpha: Self::Sum, v: Self::Weight, bias: Self::Bias, sum: Self::Sum) -> Self::Sum;

    /// Equation (9): replaces the `alpha` of the inputs that are `present` by their softmax; the others stay unchanged.
    fn softmax(scales: &Self::Scales, alpha: &mut Block<Self::Sum>, present: &Block<bool>);

    /// Equation (10): `share * x`, with a share of the [`softmax`](Self::softmax).
    fn attended(share: Self::Sum, x: Self::Value) -> Self::Value;

    /// First part of equation (5): `forget * cell`.
    fn forget_cell(forget: Self::Value, cell: Self::Cell) -> Self::Cell;

    /// Second part of equation (5): `cell + input * candidate`.
    fn add_candidate(cell: Self::Cell, input: Self::Value, candidate: Self::Value) -> Self::Cell;

    /// Equation (7): `output * tanh(cell)`.
    fn output_gate(output: Self::Value, cell: Self::Cell) -> Self::Value;

    /// The sum of the output row as a float: the standardised output.
    fn output(bias: Self::Bias, sum: Self::Sum) -> f32;

    /// A share of the [`softmax`](Self::softmax) as a float within 0 to 1.
    fn share(share: Self::Sum) -> f32;

    /// The bits of a value, for saved states and digests.
    fn value_bits(value: Self::Value) -> u32;

    /// The value from its bits; `None` if no step can produce it.
    fn value_from_bits(bits: u32) -> Option<Self::Value>;

    /// The bits of a cell, for saved states and digests.
    fn cell_bits(cell: Self::Cell) -> u32;

    /// The cell from its bits; `None` if no step can produce it.
    fn cell_from_bits(bits: u32) -> Option<Self::Cell>;
}
