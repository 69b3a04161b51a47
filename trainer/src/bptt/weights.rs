//! The flat parameters, cut into panels.

use amlstm_core::model::AttentionKind;

use super::Sizes;
use super::lanes::Panels;
use crate::network::Shape;

/// The parameters, cut into panels.
#[derive(Clone, Debug)]
pub(super) struct Weights {
    /// W of (8), `[attention, 2 hidden]`, and its transpose.
    pub(super) w: Panels,
    pub(super) w_transposed: Panels,
    /// U, B, V of (8), one row of `attention` an input.
    pub(super) u: Vec<f32>,
    pub(super) b: Vec<f32>,
    pub(super) v: Vec<f32>,
    /// Gate weights of h, `[4 hidden, hidden]`, and their transpose.
    pub(super) gates_h: Panels,
    pub(super) gates_h_transposed: Panels,
    /// Gate weights of e with the bias as last column, `[4 hidden, e]`.
    pub(super) gates_e: Panels,
    pub(super) output: Vec<f32>,
    pub(super) output_bias: f32,
}

impl Weights {
    pub(super) fn new(sizes: Sizes) -> Self {
        let Sizes {
            inputs,
            hidden,
            attention,
            e,
            ..
        } = sizes;
        Self {
            w: Panels::new(attention, 2 * hidden),
            w_transposed: Panels::new(2 * hidden, attention),
            u: vec![0.0; inputs * attention],
            b: vec![0.0; inputs * attention],
            v: vec![0.0; inputs * attention],
            gates_h: Panels::new(4 * hidden, hidden),
            gates_h_transposed: Panels::new(hidden, 4 * hidden),
            gates_e: Panels::new(4 * hidden, e),
            output: vec![0.0; hidden],
            output_bias: 0.0,
        }
    }

    /// Copies the flat parameters into place.
    #[inline(always)]
    pub(super) fn load(&mut self, shape: &Shape, sizes: Sizes, parameters: &[f32]) {
        assert_eq!(parameters.len(), shape.parameters());
        let layout = shape.layout();
        let Shape {
            inputs,
            hidden,
            attention_units,
            kind,
        } = *shape;
        if kind != AttentionKind::None {
            let w = parameters[layout.attention_w].chunks_exact(attention_units);
            for (column, values) in w.enumerate() {
                let padded = pad_half(column, hidden, sizes.hidden);
                self.w.set_column(0, padded, values);
                self.w_transposed.set_row(padded, 0, values);
            }
            for (target, range) in [
                (&mut self.u, layout.attention_u),
                (&mut self.b, layout.attention_b),
                (&mut self.v, layout.attention_v),
            ] {
                // Where the attention is shared, the one column is every input's.
                let columns = parameters[range].chunks_exact(attention_units).cycle();
                for (target, values) in target.chunks_exact_mut(sizes.attention).zip(columns) {
                    target[..attention_units].copy_from_slice(values);
                }
            }
        }
        let gates = parameters[layout.gates].chunks_exact(4 * hidden);
        let columns = gates.chain([&parameters[layout.gate_bias]]);
        for (column, values) in columns.enumerate() {
            for (gate, values) in values.chunks_exact(hidden).enumerate() {
                let row = gate * sizes.hidden;
                if column < hidden {
                    self.gates_h.set_column(row, column, values);
                    self.gates_h_transposed.set_row(column, row, values);
                } else {
                    self.gates_e.set_column(row, column - hidden, values);
                }
            }
        }
        debug_assert!(inputs < sizes.e);
        self.output[..hidden].copy_from_slice(&parameters[layout.output]);
        self.output_bias = parameters[layout.output_bias.start];
    }
}

/// Place of a column of [h; C] when both halves are padded.
pub(super) fn pad_half(column: usize, hidden: usize, padded: usize) -> usize {
    if column < hidden {
        column
    } else {
        column - hidden + padded
    }
}
