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
    /// `[4 hidden, hidden + inputs]`: the rows of f, i, candidate, o, each gate's filled up to a multiple of [`BLOCK`] with weights of zero; the columns of h, then those of e.
    pub weights: Matrix<'a, A::Weight>,
    /// The biases, in the order of the rows.
    pub rows: &'a [A::Row],
}

/// The biases of a block of rows and the rows' sums.
type RowSums<'a, A> = (
    &'a [<A as Arithmetic>::Row; BLOCK],
    [<A as Arithmetic>::Sum; BLOCK],
);

impl<A: Arithmetic> GateWeights<'_, A> {
    /// Equations (2) to (7): moves h and C on by one month with the attended inputs `e [inputs]`. `previous` is h as it was, `hidden` becomes what it is.
    pub fn advance(
        &self,
        previous: &[A::Value],
        hidden: &mut [A::Value],
        cell: &mut [A::Cell],
        e: &[A::Value],
    ) {
        let units = self.rows.len() / 4;
        let hidden = hidden.as_chunks_mut().0.iter_mut();
        let cell = cell.as_chunks_mut().0.iter_mut();
        for ((hidden, cell), unit) in hidden.zip(cell).zip((0..units).step_by(BLOCK)) {
            let _ = self.advance_units(unit, previous, hidden, cell, e);
        }
    }

    /// Equations (2) to (7) for a block of hidden units, from `unit` on. Nothing comes back only if the sizes do not fit together, which loading rules out.
    #[inline(never)]
    fn advance_units(
        &self,
        unit: usize,
        previous: &[A::Value],
        hidden: &mut [A::Value; BLOCK],
        cell: &mut [A::Cell; BLOCK],
        e: &[A::Value],
    ) -> Option<()> {
        let units = self.rows.len() / 4;
        // (2) f = sigmoid(W_f [h; e] + b_f)
        let (bias, sums) = self.sums(unit, previous, e)?;
        let f = A::sigmoid(bias, sums);
        // (3) i = sigmoid(W_i [h; e] + b_i)
        let (bias, sums) = self.sums(units + unit, previous, e)?;
        let i = A::sigmoid(bias, sums);
        // (4) candidate = tanh(W_c [h; e] + b_c)
        let (bias, sums) = self.sums(2 * units + unit, previous, e)?;
        let candidate = A::tanh(bias, sums);
        // (5) C = f C + i candidate
        for (((c, f), i), candidate) in cell.iter_mut().zip(f).zip(i).zip(candidate) {
            *c = A::next_cell(f, *c, i, candidate);
        }
        // (6) o = sigmoid(W_o [h; e] + b_o)
        let (bias, sums) = self.sums(3 * units + unit, previous, e)?;
        let o = A::sigmoid(bias, sums);
        // (7) h = o tanh(C)
        for ((h, o), tanh) in hidden.iter_mut().zip(o).zip(A::tanh_of_cell(cell)) {
            *h = A::product(o, tanh);
        }
        Some(())
    }

    /// The biases of a block of rows, from `row` on, and these rows' products with `[h; e]`.
    #[inline(never)]
    fn sums(&self, row: usize, hidden: &[A::Value], e: &[A::Value]) -> Option<RowSums<'_, A>> {
        let bias = chunk(self.rows, row)?;
        if row + BLOCK > self.weights.nrows() {
            return None;
        }
        let weights = self.weights.fixed_rows::<BLOCK>(row);
        let mut columns = weights.column_iter();
        let sums = [A::Sum::default(); BLOCK];
        let sums = add_products::<A>(sums, &mut columns, hidden.iter().copied());
        Some((
            bias,
            add_products::<A>(sums, &mut columns, e.iter().copied()),
        ))
    }
}
