//! The LSTM cell, equations (2) to (7) of Cao et al. 2022, doi:10.11834/jrs.20211297.

use core::iter::zip;

use crate::arithmetic::{Arithmetic, Matrix, products};
use crate::sizes::{BLOCK, TILE_COLUMNS};

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
    pub fn advance(
        &self,
        columns: &[[A::Value; TILE_COLUMNS]],
        hidden: &mut [[A::Value; BLOCK]],
        cell: &mut [[A::Cell; BLOCK]],
    ) {
        let columns = columns
            .get(..self.weights.tiles_a_block)
            .unwrap_or_default();
        let mut tiles = self.weights.tiles;
        for ((rows, hidden), cell) in self.rows.iter().zip(hidden).zip(cell) {
            // W [h; e] + b of the four gates, for a block of hidden units
            let mut sums = |rows| products::<A>(rows, &mut tiles, columns);
            let [f_rows, i_rows, candidate_rows, o_rows] = rows;
            let sums = (
                sums(f_rows),
                sums(i_rows),
                sums(candidate_rows),
                sums(o_rows),
            );
            let gates = zip(zip(&sums.0, &sums.1), zip(&sums.2, &sums.3));
            let rows = zip(zip(f_rows, i_rows), zip(candidate_rows, o_rows));
            for ((h, c), (((f, i), (candidate, o)), row)) in
                zip(zip(hidden, cell), zip(gates, rows))
            {
                let ((f_row, i_row), (candidate_row, o_row)) = row;
                // (2) f = sigmoid(W_f [h; e] + b_f)
                let f = A::sigmoid(f_row, *f);
                // (3) i = sigmoid(W_i [h; e] + b_i)
                let i = A::sigmoid(i_row, *i);
                // (4) candidate = tanh(W_c [h; e] + b_c)
                let candidate = A::tanh(candidate_row, *candidate);
                // (5) C = f C + i candidate
                *c = A::next_cell(f, *c, i, candidate);
                // (6) o = sigmoid(W_o [h; e] + b_o)
                let o = A::sigmoid(o_row, *o);
                // (7) h = o tanh(C)
                *h = A::product(o, A::tanh_of_cell(*c));
            }
        }
    }
}
