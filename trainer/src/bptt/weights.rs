//! The flat parameters in rows.

use amlstm_core::sizes::AttentionKind;

use super::Sizes;
use super::lanes::{LANES, Row, zeros};
use super::matrix::{copy_to_rows, transpose};
use crate::network::Shape;

/// The parameters in rows. Matrices lie column by column, a column a row for each 16 of its numbers.
#[derive(Clone, Debug)]
pub(super) struct Weights {
    /// W of (8), `[attention, 2 hidden]`, and its transpose.
    pub(super) w: Vec<Row>,
    pub(super) w_transposed: Vec<Row>,
    /// U, B, V of (8), `[attention, inputs]`.
    pub(super) u: Vec<Row>,
    pub(super) b: Vec<Row>,
    pub(super) v: Vec<Row>,
    /// Gate weights of h, `[4 hidden, hidden]`, and their transpose.
    pub(super) gates_h: Vec<Row>,
    pub(super) gates_h_transposed: Vec<Row>,
    /// Gate weights of e with the bias as last column, `[4 hidden, e]`.
    pub(super) gates_e: Vec<Row>,
    /// `[hidden]`.
    pub(super) output: Vec<Row>,
    pub(super) output_bias: f32,
    /// `[inputs]`; zero without a skip.
    pub(super) skip: Row,
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
            w: zeros(attention * 2 * hidden),
            w_transposed: zeros(2 * hidden * attention),
            u: zeros(inputs * attention),
            b: zeros(inputs * attention),
            v: zeros(inputs * attention),
            gates_h: zeros(4 * hidden * hidden),
            gates_h_transposed: zeros(hidden * 4 * hidden),
            gates_e: zeros(4 * hidden * e),
            output: zeros(hidden),
            output_bias: 0.0,
            skip: Row::ZERO,
        }
    }

    /// Copies the flat parameters into place, but for the transposes.
    #[inline(always)]
    pub(super) fn load<const H: usize, const A: usize>(
        &mut self,
        shape: &Shape,
        parameters: &[f32],
    ) {
        assert_eq!(parameters.len(), shape.parameters());
        let layout = shape.layout();
        let Shape {
            hidden,
            attention_units: units,
            kind,
            ..
        } = *shape;
        if A > 0 {
            let (of_h, of_cell) = parameters[layout.attention_w].split_at(units * hidden);
            copy_to_rows(of_h, units, &mut self.w, A);
            copy_to_rows(of_cell, units, &mut self.w[H * LANES * A..], A);
            // Where the attention is shared, the one column is every input's.
            let columns = match kind {
                AttentionKind::Shared => shape.inputs,
                _ => 1,
            };
            for (rows, range) in [
                (&mut self.u, layout.attention_u),
                (&mut self.b, layout.attention_b),
                (&mut self.v, layout.attention_v),
            ] {
                for column in 0..columns {
                    copy_to_rows(
                        &parameters[range.clone()],
                        units,
                        &mut rows[column * A..],
                        A,
                    );
                }
            }
        }
        // A column is four runs, one a gate.
        let (of_h, of_e) = parameters[layout.gates].split_at(4 * hidden * hidden);
        copy_to_rows(of_h, hidden, &mut self.gates_h, H);
        copy_to_rows(of_e, hidden, &mut self.gates_e, H);
        let bias = &mut self.gates_e[shape.inputs * 4 * H..];
        copy_to_rows(&parameters[layout.gate_bias], hidden, bias, H);
        copy_to_rows(&parameters[layout.output], hidden, &mut self.output, H);
        self.output_bias = parameters[layout.output_bias.start];
        let skip = &parameters[layout.skip];
        self.skip.0[..skip.len()].copy_from_slice(skip);
    }

    /// Brings the transposes up to date.
    #[inline(always)]
    pub(super) fn transpose<const H: usize, const A: usize>(&mut self) {
        transpose(&self.gates_h, 4 * H, &mut self.gates_h_transposed, H);
        if A > 0 {
            transpose(&self.w, A, &mut self.w_transposed, 2 * H);
        }
    }
}
