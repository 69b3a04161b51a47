//! The LSTM cell, equations (2) to (7) of Cao et al. 2022, doi:10.11834/jrs.20211297.

#![allow(
    clippy::inline_always,
    reason = "a step is the one caller, and shares its room on the stack with it"
)]

use core::iter::zip;

use crate::arithmetic::{Arithmetic, Columns, Kernel, Matrix};
use crate::sizes::BLOCK;

/// What a network remembers from month to month.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct State<A: Arithmetic, const CAPACITY: usize> {
    /// `h [hidden]`; what lies beyond the network's hidden units stays zero.
    pub hidden: [A::Value; CAPACITY],
    /// `C [hidden]`.
    pub cell: [A::Cell; CAPACITY],
}

impl<A: Arithmetic, const CAPACITY: usize> State<A, CAPACITY> {
    /// The state before the first month: zero.
    pub fn zero() -> Self {
        Self {
            hidden: [A::Value::default(); CAPACITY],
            cell: [A::Cell::default(); CAPACITY],
        }
    }

    /// Bits of h and C of hidden unit `unit`, if that is one of the first `units`.
    pub fn unit_bits(&self, unit: usize, units: usize) -> Option<(u32, u32)> {
        let (hidden, cell) = (self.hidden.get(unit)?, self.cell.get(unit)?);
        (unit < units).then(|| (A::value_bits(*hidden), A::cell_bits(*cell)))
    }

    /// The state of the bits of h and C of its first units; the others are zero.
    ///
    /// # Errors
    ///
    /// The index of the first unit whose bits no step can have left behind.
    pub fn from_bits(bits: impl Iterator<Item = (u32, u32)>) -> Result<Self, usize> {
        let mut state = Self::zero();
        let places = state.hidden.iter_mut().zip(&mut state.cell);
        for (unit, ((hidden, cell), (hidden_bits, cell_bits))) in places.zip(bits).enumerate() {
            *hidden = A::value_from_bits(hidden_bits).ok_or(unit)?;
            *cell = A::cell_from_bits(cell_bits).ok_or(unit)?;
        }
        Ok(state)
    }
}

/// The weights of the four gates, borrowed from the model file.
#[derive(Clone, Copy, Debug)]
pub struct GateWeights<'a, A: Arithmetic> {
    /// `[4 hidden, hidden + inputs]`: for each [`BLOCK`] of hidden units the rows of f, i, candidate, o ([`gate_row`]); the columns of h, then those of e.
    pub weights: Matrix<'a, A>,
    /// The biases, in the order of the rows.
    pub rows: &'a [[[A::Row; BLOCK]; 4]],
}

/// The row of a hidden unit in a gate: 0 for f, 1 for i, 2 for the candidate, 3 for o.
pub fn gate_row(gate: usize, unit: usize) -> usize {
    (unit / BLOCK * 4 + gate) * BLOCK + unit % BLOCK
}

impl<A: Arithmetic> GateWeights<'_, A> {
    /// Equations (2) to (7): moves h and C on by one month. `columns` is [h; e] with h as it was, `hidden` becomes what it is.
    ///
    /// Gate after gate, so that the sums of one wait at a time.
    #[inline(always)]
    pub(crate) fn advance<K: Kernel>(
        &self,
        columns: &Columns<'_, A>,
        sums: &mut [A::Sum; BLOCK],
        hidden: &mut [[A::Value; BLOCK]],
        cell: &mut [[A::Cell; BLOCK]],
    ) {
        let mut tiles = self.weights.tiles;
        for (block, (hidden, cell)) in zip(self.rows, zip(hidden, cell)) {
            for (gate, rows) in zip(0_u8.., block) {
                // W [h; e] + b of a gate, for a block of hidden units
                A::products::<K>(rows, tiles, columns, sums);
                tiles = tiles.get(self.weights.tiles_a_block..).unwrap_or_default();
                match gate {
                    0 => forget::<A>(rows, sums, cell),
                    // Until the last gate opens, the place of h has room for i.
                    1 => open::<A>(rows, sums, hidden),
                    2 => remember::<A>(rows, sums, hidden, cell),
                    _ => put_out::<A>(rows, sums, cell, hidden),
                }
            }
        }
    }
}

/// Equation (2) and the first part of (5).
#[inline(never)]
fn forget<A: Arithmetic>(
    rows: &[A::Row; BLOCK],
    sums: &[A::Sum; BLOCK],
    cell: &mut [A::Cell; BLOCK],
) {
    for (c, (row, f)) in zip(cell, zip(rows, sums)) {
        // (2) f = sigmoid(W_f [h; e] + b_f)
        *c = A::kept(A::sigmoid(row, *f), *c);
    }
}

/// Equation (3).
#[inline(never)]
fn open<A: Arithmetic>(
    rows: &[A::Row; BLOCK],
    sums: &[A::Sum; BLOCK],
    gate: &mut [A::Value; BLOCK],
) {
    for (i, (row, sum)) in zip(gate, zip(rows, sums)) {
        // (3) i = sigmoid(W_i [h; e] + b_i)
        *i = A::sigmoid(row, *sum);
    }
}

/// Equation (4) and the rest of (5).
#[inline(never)]
fn remember<A: Arithmetic>(
    rows: &[A::Row; BLOCK],
    sums: &[A::Sum; BLOCK],
    gate: &[A::Value; BLOCK],
    cell: &mut [A::Cell; BLOCK],
) {
    for ((c, i), (row, candidate)) in zip(zip(cell, gate), zip(rows, sums)) {
        // (4) candidate = tanh(W_c [h; e] + b_c)
        let candidate = A::tanh(row, *candidate);
        // (5) C = f C + i candidate
        *c = A::add_new(*c, *i, candidate);
    }
}

/// Equations (6) and (7).
#[inline(never)]
fn put_out<A: Arithmetic>(
    rows: &[A::Row; BLOCK],
    sums: &[A::Sum; BLOCK],
    cell: &[A::Cell; BLOCK],
    hidden: &mut [A::Value; BLOCK],
) {
    for ((h, c), (row, o)) in zip(zip(hidden, cell), zip(rows, sums)) {
        // (6) o = sigmoid(W_o [h; e] + b_o)
        let o = A::sigmoid(row, *o);
        // (7) h = o tanh(C)
        *h = A::product(o, A::tanh_of_cell(*c));
    }
}
