//! The numbers a step computes with.
//!
//! The equations stand once, in [`attention`](crate::attention) and [`lstm`](crate::lstm); what they are computed with is an [`Arithmetic`].
//! Whatever it is, each row of a product is summed in the order of its columns, so the bits do not depend on how many rows are summed side by side.

#![allow(
    clippy::inline_always,
    reason = "sums and constants stay in registers only if the loop around them is inlined"
)]

use serde::{Deserialize, Serialize};

use crate::sizes::{BLOCK, TILE_COLUMNS};

mod fixed;
mod float;
mod kernel;
mod table;

pub use fixed::{
    ACTIVATION_BITS, ALPHA_SHIFT, CELL_BITS, CELL_SHIFT, INPUT_BITS, Q15, Scales, VALUE_BITS,
    VALUE_LIMIT, row_bound,
};
pub use float::{F32, INPUT_LIMIT, WEIGHT_LIMIT};
pub use kernel::{Kernel, Portable};

/// A matrix whose weights lie in the model file: [`BLOCK`] rows after [`BLOCK`] rows, each cut into tiles of [`TILE_COLUMNS`] columns, so that a step reads
/// it from beginning to end. Rows are filled up to whole blocks, columns to whole tiles, with weights of zero.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a, A: Arithmetic> {
    /// All tiles.
    pub(crate) tiles: &'a [A::Tile],
    /// Tiles of a block of rows.
    pub(crate) tiles_a_block: usize,
    /// Columns that stand for hidden values; the columns after them begin at a whole block.
    pub(crate) hidden: usize,
}

impl<A: Arithmetic> Matrix<'_, A> {
    /// The weight in a row and a column, the row counted with what fills blocks up and the column without; nothing beyond the matrix.
    pub fn weight(&self, row: usize, column: usize) -> Option<A::Weight> {
        if column < self.hidden {
            self.filled_weight(row, column)
        } else {
            self.filled_weight(
                row,
                column - self.hidden + self.hidden.next_multiple_of(BLOCK),
            )
        }
    }

    fn filled_weight(&self, row: usize, column: usize) -> Option<A::Weight> {
        let tile = column / TILE_COLUMNS;
        let tile =
            (tile < self.tiles_a_block).then_some(row / BLOCK * self.tiles_a_block + tile)?;
        A::tile_weight(self.tiles.get(tile)?, row % BLOCK, column % TILE_COLUMNS)
    }
}

/// What a matrix is multiplied with: [h; e] or [h; C], whose two parts lie apart.
#[derive(Clone, Copy, Debug)]
pub struct Columns<'a, A: Arithmetic> {
    /// h `[hidden]`, filled up.
    pub hidden: &'a [[A::Value; TILE_COLUMNS]],
    /// e `[inputs]` or C `[hidden]`, filled up.
    pub others: &'a [[A::Value; TILE_COLUMNS]],
}

impl<A: Arithmetic> Columns<'_, A> {
    /// Of a block's tiles those of the hidden values and those of the others; a block has one for each.
    fn split<'a>(&self, tiles: &'a [A::Tile]) -> [&'a [A::Tile]; 2] {
        tiles
            .split_at_checked(self.hidden.len())
            .unwrap_or_default()
            .into()
    }
}

/// Which arithmetic a model file's weights are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ArithmeticKind {
    /// 32-bit floating point: [`F32`].
    F32,
    /// Fixed point with 16-bit weights: [`Q15`].
    Q15,
}

/// The number types of a step and the operations between them. None can panic or fail.
pub trait Arithmetic: Copy + core::fmt::Debug + 'static {
    /// A single weight as it lies in the model file.
    type Weight: bytemuck::Pod + core::fmt::Debug;
    /// The weights of [`BLOCK`] rows and [`TILE_COLUMNS`] columns.
    type Tile: bytemuck::Pod + core::fmt::Debug;
    /// What a row of weights carries besides them: the bias.
    type Row: bytemuck::Pod + core::fmt::Debug;
    /// What is multiplied with a weight: hidden values, inputs, gates and shares.
    type Value: Copy + Default + PartialEq + core::fmt::Debug;
    /// What products are added up in.
    type Sum: Copy + Default;
    /// The LSTM cell.
    type Cell: Copy + Default + PartialEq + core::fmt::Debug;
    /// What is chosen per model besides the weights.
    type Scales: Copy + core::fmt::Debug;

    /// Rows without a bias.
    const NO_BIAS: &'static [Self::Row; BLOCK];

    /// Words of the scales in the model file.
    const SCALES: usize;

    /// The scales of their words, or nothing if these are not [`SCALES`](Self::SCALES).
    fn scales(words: &[i32]) -> Option<Self::Scales>;

    /// A standardised input as the network sees it, held within the representable range.
    fn input(scales: &Self::Scales, standardised: f32) -> Self::Value;

    /// A row's bias as a sum to begin with.
    fn bias(row: &Self::Row) -> Self::Sum;

    /// The sum of two sums.
    fn add(sum: Self::Sum, other: Self::Sum) -> Self::Sum;

    /// `sum + weight * value`.
    fn add_product(sum: Self::Sum, weight: Self::Weight, value: Self::Value) -> Self::Sum;

    /// `matrix columns + bias` for a block of rows, as [`Kernel`] has it for this arithmetic.
    fn products<K: Kernel>(
        rows: &[Self::Row; BLOCK],
        tiles: &[Self::Tile],
        columns: &Columns<'_, Self>,
        sums: &mut [Self::Sum; BLOCK],
    );

    /// A weight of a tile; nothing beyond the tile.
    fn tile_weight(tile: &Self::Tile, row: usize, column: usize) -> Option<Self::Weight>;

    /// sigmoid of a row's sum.
    fn sigmoid(row: &Self::Row, sum: Self::Sum) -> Self::Value;

    /// tanh of a row's sum.
    fn tanh(row: &Self::Row, sum: Self::Sum) -> Self::Value;

    /// tanh of a cell.
    fn tanh_of_cell(cell: Self::Cell) -> Self::Value;

    /// The cells as the attention sees them, in `room` if they are not so already.
    fn attended_cells<'a>(
        scales: &Self::Scales,
        cells: &'a [Self::Cell],
        room: &'a mut [Self::Value],
    ) -> &'a [Self::Value];

    /// `alpha + v tanh(sum)` of a row, in the scale of [`softmax`](Self::softmax).
    fn add_score(alpha: Self::Sum, v: Self::Weight, row: &Self::Row, sum: Self::Sum) -> Self::Sum;

    /// Equation (9): the softmax over those `alpha` that are present, in their place; leaves the others alone.
    fn softmax(scales: &Self::Scales, alpha: &mut [Self::Sum], present: &[bool]);

    /// Equation (10): `share * x`, with a share as the softmax leaves it.
    fn attended(share: Self::Sum, x: Self::Value) -> Self::Value;

    /// The product of two values of which at least one lies within -1 to 1, in the scale of the other.
    fn product(share: Self::Value, value: Self::Value) -> Self::Value;

    /// First part of equation (5): `forget * cell`.
    fn kept(forget: Self::Value, cell: Self::Cell) -> Self::Cell;

    /// Second part of equation (5): `kept + input * candidate`.
    fn add_new(kept: Self::Cell, input: Self::Value, candidate: Self::Value) -> Self::Cell;

    /// The standardised output of the output row's sum as a float.
    fn output(row: &Self::Row, sum: Self::Sum) -> f32;

    /// A share as the softmax leaves it as a float within 0 to 1.
    fn share(share: Self::Sum) -> f32;

    /// The bits of a value, for saved states and digests.
    fn value_bits(value: Self::Value) -> u32;

    /// The value of its bits, or nothing if these are not a value that a step can leave behind.
    fn value_from_bits(bits: u32) -> Option<Self::Value>;

    /// The bits of a cell, for saved states and digests.
    fn cell_bits(cell: Self::Cell) -> u32;

    /// The cell of its bits, or nothing if these are not a cell that a step can leave behind.
    fn cell_from_bits(bits: u32) -> Option<Self::Cell>;
}
