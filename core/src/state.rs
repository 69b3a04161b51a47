//! The state of a network.

use core::iter::zip;

use crate::arithmetic::{Arithmetic, Block};
use crate::sizes::BLOCK;

/// h and C of a network, with a capacity of `BLOCKS` blocks of eight hidden units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct State<A: Arithmetic, const BLOCKS: usize> {
    /// `h [hidden]`; zero beyond the network's hidden units.
    pub hidden: [Block<A::Value>; BLOCKS],
    /// `C [hidden]`; zero beyond the network's hidden units.
    pub cell: [Block<A::Cell>; BLOCKS],
}

impl<A: Arithmetic, const BLOCKS: usize> State<A, BLOCKS> {
    /// The state before the first month: zero.
    pub fn zero() -> Self {
        Self {
            hidden: [Block::from_element(A::Value::default()); BLOCKS],
            cell: [Block::from_element(A::Cell::default()); BLOCKS],
        }
    }

    /// h and C of each hidden unit.
    fn units_mut(&mut self) -> impl Iterator<Item = (&mut A::Value, &mut A::Cell)> {
        zip(
            self.hidden.iter_mut().flatten(),
            self.cell.iter_mut().flatten(),
        )
    }

    /// Sets h and C of a hidden unit to zero.
    pub(crate) fn clear(&mut self, unit: usize) {
        if let Some((hidden, cell)) = self.units_mut().nth(unit) {
            (*hidden, *cell) = Default::default();
        }
    }

    /// Bits of h and C of hidden unit `unit`; `None` beyond the first `units`.
    pub fn unit_bits(&self, unit: usize, units: usize) -> Option<(u32, u32)> {
        let (block, row) = (unit / BLOCK, unit % BLOCK);
        let hidden = self.hidden.get(block)?.get(row)?;
        let cell = self.cell.get(block)?.get(row)?;
        (unit < units).then(|| (A::value_bits(*hidden), A::cell_bits(*cell)))
    }

    /// The state from the bits of h and C of its first units; the others are zero.
    ///
    /// # Errors
    ///
    /// The index of the first unit whose bits no step can produce.
    pub fn from_bits(bits: impl Iterator<Item = (u32, u32)>) -> Result<Self, usize> {
        let mut state = Self::zero();
        for (unit, ((hidden, cell), (hidden_bits, cell_bits))) in
            zip(state.units_mut(), bits).enumerate()
        {
            *hidden = A::value_from_bits(hidden_bits).ok_or(unit)?;
            *cell = A::cell_from_bits(cell_bits).ok_or(unit)?;
        }
        Ok(state)
    }
}
