//! One month of a network: equations (8) to (10), (2) to (7), and the output, with an optional skip connection from the inputs.

use core::iter::zip;

use crate::arithmetic::{Arithmetic, Block, StackedInput};
use crate::attention::{AttentionWeights, Inputs};
use crate::lstm::GateWeights;
use crate::sizes::BLOCK;
use crate::state::State;

/// All weights of a network, borrowed from the model file.
#[derive(Clone, Copy, Debug)]
pub struct Weights<'a, A: Arithmetic> {
    /// The attention, absent in a plain LSTM.
    pub attention: Option<AttentionWeights<'a, A>>,
    /// The four gates.
    pub gates: GateWeights<'a, A>,
    /// `w_o [hidden]`.
    pub output: &'a [Block<A::Weight>],
    /// `b_o`.
    pub output_bias: A::Bias,
    /// `s [inputs]`, one block, in a network that sees changes; none in the paper's.
    pub skip: &'a [Block<A::Weight>],
    /// Hidden units, without the padding of the last block.
    pub hidden: usize,
    /// Constants of a model besides its weights.
    pub scales: A::Scales,
}

impl<A: Arithmetic> Weights<'_, A> {
    /// One month: advances `state`, and returns the standardised increment y and the shares beta, which are zero in a plain LSTM.
    pub fn step<const BLOCKS: usize>(
        &self,
        state: &mut State<A, BLOCKS>,
        inputs: &Inputs<A>,
    ) -> (f32, Block<A::Sum>) {
        // h of the previous month, which the gates of all units see
        let before = state.hidden;
        let hidden = before.get(..self.gates.biases.len()).unwrap_or_default();
        debug_assert!(!hidden.is_empty(), "the state has room for all units");
        let mut beta = Block::from_element(A::Sum::default());
        let mut e = inputs.value;
        if let Some(attention) = &self.attention {
            // (8), (9)
            let cell = state
                .cell
                .map(|block| block.map(|cell| A::attended_cell(&self.scales, cell)));
            let below = cell.get(..hidden.len()).unwrap_or_default();
            debug_assert_eq!(below.len(), hidden.len(), "h and C have the same length");
            let input = StackedInput { hidden, below };
            beta = attention.shares(&self.scales, &input, inputs);
            // (10) e^k = beta^k x^k
            e = beta.zip_map(&inputs.value, A::attended);
        }
        // (2) to (7)
        let input = StackedInput {
            hidden,
            below: &[e],
        };
        self.gates
            .advance(&input, &mut state.hidden, &mut state.cell);
        // The padding of the last block stays zero, whatever weights the file has there.
        for unit in self.hidden..BLOCK * self.gates.biases.len() {
            state.clear(unit);
        }
        // y = w_o' h + b_o + s' x
        let blocks = zip(self.output, &state.hidden);
        let sum = blocks.fold(A::bias(self.output_bias), |sum, (weights, h)| {
            weights.zip_fold(h, sum, A::add_product)
        });
        let sum = self.skip.iter().fold(sum, |sum, weights| {
            weights.zip_fold(&inputs.value, sum, A::add_product)
        });
        (A::output(self.output_bias, sum), beta)
    }
}

#[cfg(all(test, feature = "encode"))]
mod tests;
