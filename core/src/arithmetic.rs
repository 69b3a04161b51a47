//! The numbers a step computes with.
//!
//! The equations stand once, in [`attention`](crate::attention) and [`lstm`](crate::lstm); what they are computed with is an [`Arithmetic`].
//! Whatever it is, each row of a product is summed in the order of its columns, so the bits do not depend on how many rows are summed side by side.

#![allow(
    clippy::inline_always,
    reason = "a block's sums stay in registers only if the loop around them is inlined"
)]

use nalgebra::{Const, Dyn, MatrixView, U1};
use serde::{Deserialize, Serialize};

use crate::sizes::{BLOCK, MAX_INPUTS};

mod fixed;
mod float;
mod table;

pub use fixed::{
    ACTIVATION_BITS, ALPHA_SHIFT, CELL_BITS, CELL_SHIFT, INPUT_BITS, Q15, Scales, VALUE_BITS,
    VALUE_LIMIT, row_bound,
};
pub use float::{F32, INPUT_LIMIT, WEIGHT_LIMIT};

/// A column-major view of weights that lie in the model file, `[rows, columns]`.
pub type Matrix<'a, W> = MatrixView<'a, W, Dyn, Dyn>;

/// Looks at `data` as a matrix of `[rows, columns]`, column by column; nothing if `data` is too short.
pub(crate) fn matrix<W: nalgebra::Scalar>(
    data: &[W],
    rows: usize,
    columns: usize,
) -> Option<Matrix<'_, W>> {
    let data = data.get(..rows * columns)?;
    Some(Matrix::from_slice(data, rows, columns))
}

/// A [`BLOCK`] of rows of the next columns, each multiplied with its value and added to the sums.
#[inline(always)]
pub(crate) fn add_products<'m, A: Arithmetic>(
    mut sums: [A::Sum; BLOCK],
    columns: &mut impl Iterator<Item = Column<'m, A::Weight>>,
    values: impl Iterator<Item = A::Value>,
) -> [A::Sum; BLOCK] {
    for (value, column) in values.zip(columns) {
        if let Some(column) = column.as_slice().first_chunk() {
            sums = A::accumulate(sums, column, value);
        }
    }
    sums
}

/// A [`BLOCK`] of rows of a column of a [`Matrix`].
type Column<'m, W> = MatrixView<'m, W, Const<BLOCK>, U1, U1, Dyn>;

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
    /// A weight as it lies in the model file.
    type Weight: bytemuck::Pod + nalgebra::Scalar;
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

    /// A standardised input as the network sees it, held within the representable range.
    fn input(scales: &Self::Scales, standardised: f32) -> Self::Value;

    /// `sums[r] + column[r] * value` for each row.
    fn accumulate(
        sums: [Self::Sum; BLOCK],
        column: &[Self::Weight; BLOCK],
        value: Self::Value,
    ) -> [Self::Sum; BLOCK];

    /// `sum + weight * value`, for a single row.
    fn add_product(sum: Self::Sum, weight: Self::Weight, value: Self::Value) -> Self::Sum;

    /// `sigmoid(sums[r] + bias[r])` for each row.
    fn sigmoid(rows: &[Self::Row; BLOCK], sums: [Self::Sum; BLOCK]) -> [Self::Value; BLOCK];

    /// `tanh(sums[r] + bias[r])` for each row.
    fn tanh(rows: &[Self::Row; BLOCK], sums: [Self::Sum; BLOCK]) -> [Self::Value; BLOCK];

    /// The cell as the attention sees it.
    fn attended_cell(scales: &Self::Scales, cell: Self::Cell) -> Self::Value;

    /// Equation (9): the softmax over those `alpha` that are present; zero for the others, and for all if none is present.
    fn softmax(
        scales: &Self::Scales,
        alpha: &[Self::Sum; MAX_INPUTS],
        present: &[bool; MAX_INPUTS],
    ) -> [Self::Value; MAX_INPUTS];

    /// The product of two values of which at least one lies within -1 to 1, in the scale of the other.
    fn product(share: Self::Value, value: Self::Value) -> Self::Value;

    /// Equation (5): `forget * cell + input * candidate`.
    fn next_cell(
        forget: Self::Value,
        cell: Self::Cell,
        input: Self::Value,
        candidate: Self::Value,
    ) -> Self::Cell;

    /// `tanh(cell)` for each unit.
    fn tanh_of_cell(cells: &[Self::Cell; BLOCK]) -> [Self::Value; BLOCK];

    /// The standardised output `sum + bias` as a float.
    fn output(row: Self::Row, sum: Self::Sum) -> f32;

    /// A share within 0 to 1 as a float.
    fn share(value: Self::Value) -> f32;

    /// The bits of a value, for saved states and digests.
    fn value_bits(value: Self::Value) -> u32;

    /// The value of its bits, or nothing if these are not a value that a step can leave behind.
    fn value_from_bits(bits: u32) -> Option<Self::Value>;

    /// The bits of a cell, for saved states and digests.
    fn cell_bits(cell: Self::Cell) -> u32;

    /// The cell of its bits, or nothing if these are not a cell that a step can leave behind.
    fn cell_from_bits(bits: u32) -> Option<Self::Cell>;
}
