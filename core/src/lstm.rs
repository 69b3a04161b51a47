//! The LSTM cell, equations (2) to (7) of Cao et al. 2022, doi:10.11834/jrs.20211297.

use core::iter::zip;

use crate::arithmetic::{Arithmetic, Block, StackedInput, TiledMatrix};
use crate::sizes::BLOCK;

/// The weights of the four gates, borrowed from the model file.
#[derive(Clone, Copy, Debug)]
pub struct GateWeights<'a, A: Arithmetic> {
    /// `[4 hidden, hidden + inputs]`: rows f, i, candidate, o of the first block of hidden units, then of the next ([`gate_row`]); columns of h, then
    /// of e.
    pub weights: TiledMatrix<'a, A>,
    /// Biases of f, i, candidate, o for each block of hidden units.
    pub biases: &'a [[Block<A::Bias>; 4]],
}

/// The row of a hidden unit in a gate: 0 for f, 1 for i, 2 for the candidate, 3 for o.
pub fn gate_row(gate: usize, unit: usize) -> usize {
    (unit / BLOCK * 4 + gate) * BLOCK + unit % BLOCK
}

impl<A: Arithmetic> GateWeights<'_, A> {
    /// Equations (2) to (7): advances h and C by one month. `input` is [h; e] with h of the previous month.
    pub(crate) fn advance(
        &self,
        input: &StackedInput<'_, A>,
        hidden: &mut [Block<A::Value>],
        cell: &mut [Block<A::Cell>],
    ) {
        let mut tiles = self.weights.blocks();
        for ([b_f, b_i, b_c, b_o], (h, c)) in zip(self.biases, zip(hidden, cell)) {
            // W [h; e] + b of the next gate
            let mut sums = |bias: &Block<A::Bias>| {
                let tiles = tiles.next().unwrap_or_default();
                debug_assert!(
                    !tiles.is_empty(),
                    "the file has been checked to hold all gates"
                );
                A::add_products(bias.map(A::bias), tiles, input)
            };
            // (2) f = sigmoid(W_f [h; e] + b_f)
            let f = b_f.zip_map(&sums(b_f), A::sigmoid);
            // (3) i = sigmoid(W_i [h; e] + b_i)
            let i = b_i.zip_map(&sums(b_i), A::sigmoid);
            // (4) candidate = tanh(W_c [h; e] + b_c)
            let candidate = b_c.zip_map(&sums(b_c), A::tanh);
            // (6) o = sigmoid(W_o [h; e] + b_o)
            let o = b_o.zip_map(&sums(b_o), A::sigmoid);
            // (5) C = f C + i candidate
            *c = f
                .zip_map(c, A::forget_cell)
                .zip_zip_map(&i, &candidate, A::add_candidate);
            // (7) h = o tanh(C)
            *h = o.zip_map(c, A::output_gate);
        }
    }
}
