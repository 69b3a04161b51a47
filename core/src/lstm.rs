//! The LSTM cell, equations (2) to (7) of Cao et al. 2022, doi:10.11834/jrs.20211297.

use crate::arithmetic::{Arithmetic, Matrix, add_products};
use crate::attention::chunk;
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

    /// Bits of h and C of the first `units` hidden units.
    pub fn bits(&self, units: usize) -> impl Iterator<Item = (u32, u32)> {
        let pairs = self.hidden.iter().zip(&self.cell).take(units);
        pairs.map(|(hidden, cell)| (A::value_bits(*hidden), A::cell_bits(*cell)))
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
    /// `[4 hidden, hidden + inputs]`: the rows of f, i, candidate, o; the columns of h, then those of e.
    pub weights: Matrix<'a, A::Weight>,
    /// The biases `[4 hidden]`, in the order of the rows.
    pub rows: &'a [A::Row],
}

/// The biases of `N` rows and the rows' sums.
type RowSums<'a, A, const N: usize> =
    (&'a [<A as Arithmetic>::Row; N], [<A as Arithmetic>::Sum; N]);

impl<A: Arithmetic> GateWeights<'_, A> {
    /// Equations (2) to (7): moves `state` on by one month with the attended inputs `e [inputs]`.
    pub fn advance<const CAPACITY: usize>(&self, state: &mut State<A, CAPACITY>, e: &[A::Value]) {
        let units = self.rows.len() / 4;
        let previous = state.hidden;
        let Some(hidden) = previous.get(..units) else {
            return;
        };
        let mut unit = 0;
        while unit + BLOCK <= units {
            let _ = self.advance_units::<CAPACITY, BLOCK>(unit, hidden, e, state);
            unit += BLOCK;
        }
        while unit < units {
            let _ = self.advance_units::<CAPACITY, 1>(unit, hidden, e, state);
            unit += 1;
        }
    }

    /// Equations (2) to (7) for `N` hidden units, from `unit` on. Nothing comes back only if the sizes do not fit together, which loading rules out.
    fn advance_units<const CAPACITY: usize, const N: usize>(
        &self,
        unit: usize,
        hidden: &[A::Value],
        e: &[A::Value],
        state: &mut State<A, CAPACITY>,
    ) -> Option<()> {
        let units = hidden.len();
        let cells = state.cell.get_mut(unit..)?.first_chunk_mut::<N>()?;
        let hiddens = state.hidden.get_mut(unit..)?.first_chunk_mut::<N>()?;
        // (2) f = sigmoid(W_f [h; e] + b_f)
        let (bias, sums) = self.sums::<N>(unit, hidden, e)?;
        let f = A::sigmoid(bias, &sums);
        // (3) i = sigmoid(W_i [h; e] + b_i)
        let (bias, sums) = self.sums::<N>(units + unit, hidden, e)?;
        let i = A::sigmoid(bias, &sums);
        // (4) candidate = tanh(W_c [h; e] + b_c)
        let (bias, sums) = self.sums::<N>(2 * units + unit, hidden, e)?;
        let candidate = A::tanh(bias, &sums);
        // (5) C = f C + i candidate
        for (((cell, f), i), candidate) in cells.iter_mut().zip(f).zip(i).zip(candidate) {
            *cell = A::next_cell(f, *cell, i, candidate);
        }
        // (6) o = sigmoid(W_o [h; e] + b_o)
        let (bias, sums) = self.sums::<N>(3 * units + unit, hidden, e)?;
        let o = A::sigmoid(bias, &sums);
        // (7) h = o tanh(C)
        for ((hidden, o), tanh) in hiddens.iter_mut().zip(o).zip(A::tanh_of_cell(cells)) {
            *hidden = A::product(o, tanh);
        }
        Some(())
    }

    /// The biases of `N` rows, from `row` on, and these rows' products with `[h; e]`.
    fn sums<const N: usize>(
        &self,
        row: usize,
        hidden: &[A::Value],
        e: &[A::Value],
    ) -> Option<RowSums<'_, A, N>> {
        let bias = chunk(self.rows, row)?;
        let mut sums = [A::Sum::default(); N];
        let weights = self.weights.fixed_rows::<N>(row);
        let mut columns = weights.column_iter();
        add_products::<A, N>(&mut sums, &mut columns, hidden.iter().copied());
        add_products::<A, N>(&mut sums, &mut columns, e.iter().copied());
        Some((bias, sums))
    }
}
