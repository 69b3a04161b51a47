//! Sizes of a network and where its parameters lie.

use std::ops::Range;

use amlstm_core::sizes::AttentionKind;

/// Sizes and kind of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Numbers the network sees in a month, 1 to 8: the levels of the aquifer layers, and, if it sees them, their changes.
    pub inputs: usize,
    /// LSTM units, 1 to 32.
    pub hidden: usize,
    /// Attention units, 1 to 32; without meaning for a plain LSTM.
    pub attention_units: usize,
    /// Attention shared by all inputs (the paper's), one for each, or none (plain LSTM).
    pub kind: AttentionKind,
    /// Whether the inputs also go to the output in proportion, `y = w_o' h + b_o + s' x`; the paper's network has no such skip.
    pub skip: bool,
}

impl Shape {
    /// Where each matrix lies in the flat parameter vector.
    pub fn layout(&self) -> Layout {
        let Shape { inputs, hidden, .. } = *self;
        let (units, columns) = match self.kind {
            AttentionKind::None => (0, 0),
            AttentionKind::Shared => (self.attention_units, 1),
            AttentionKind::PerLayer => (self.attention_units, inputs),
        };
        let mut end = 0;
        let mut take = |length: usize| {
            let start = end;
            end += length;
            start..end
        };
        Layout {
            attention_w: take(units * 2 * hidden),
            attention_u: take(units * columns),
            attention_b: take(units * columns),
            attention_v: take(units * columns),
            gates: take(4 * hidden * (hidden + inputs)),
            gate_bias: take(4 * hidden),
            output: take(hidden),
            output_bias: take(1),
            skip: take(if self.skip { inputs } else { 0 }),
        }
    }

    /// Number of parameters: 1857 for three inputs, 16 hidden and 16 attention units, shared attention.
    pub fn parameters(&self) -> usize {
        self.layout().skip.end
    }
}

/// Ranges of the flat parameter vector. Matrices are column-major.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// W of equation 8, `[attention_units, 2 hidden]`, columns of h before columns of C.
    pub attention_w: Range<usize>,
    /// U of equation 8, `[attention_units, 1 or inputs]`.
    pub attention_u: Range<usize>,
    /// B of equation 8, shaped as U.
    pub attention_b: Range<usize>,
    /// V of equation 8, shaped as U.
    pub attention_v: Range<usize>,
    /// Gate weights of equations 2, 3, 4, 6, `[4 hidden, hidden + inputs]`, rows f, i, candidate, o; columns h, then e.
    pub gates: Range<usize>,
    /// Gate biases, `[4 hidden]`.
    pub gate_bias: Range<usize>,
    /// Output weights, `[hidden]`.
    pub output: Range<usize>,
    /// Output bias, `[1]`.
    pub output_bias: Range<usize>,
    /// Weights of the skip, `[inputs]`; empty without one.
    pub skip: Range<usize>,
}
