//! The backward pass: from the derivatives of the monthly outputs to those of all parameters.
//!
//! Names with a `d` in front are derivatives of the loss.

use amlstm_core::model::AttentionKind;
use pulp::{Simd, WithSimd};

use super::lanes::{LANES, Panels, multiply_add, rows, rows_mut};
use super::weights::pad_half;
use super::{SequenceKernel, Sizes};
use crate::network::Shape;

/// Derivatives of the loss.
#[derive(Clone, Debug)]
pub(super) struct Gradient {
    pub(super) y: Vec<f32>,
    /// Of the state after the month in hand, h then C.
    pub(super) state: Vec<f32>,
    /// Of the gates before activation, `[months, 4 hidden]`.
    pub(super) gates: Vec<f32>,
    /// Of W [h; C], `[months, attention]`.
    pub(super) query: Vec<f32>,
    pub(super) w: Panels,
    pub(super) u: Vec<f32>,
    pub(super) b: Vec<f32>,
    pub(super) v: Vec<f32>,
    pub(super) gates_h: Panels,
    pub(super) gates_e: Panels,
    pub(super) output: Vec<f32>,
    pub(super) output_bias: f32,
}

impl Gradient {
    pub(super) fn new(sizes: Sizes) -> Self {
        let Sizes {
            months,
            inputs,
            hidden,
            attention,
            e,
        } = sizes;
        Self {
            y: vec![0.0; months],
            state: vec![0.0; 2 * hidden],
            gates: vec![0.0; months * 4 * hidden],
            query: vec![0.0; months * attention],
            w: Panels::new(attention, 2 * hidden),
            u: vec![0.0; inputs * attention],
            b: vec![0.0; inputs * attention],
            v: vec![0.0; inputs * attention],
            gates_h: Panels::new(4 * hidden, hidden),
            gates_e: Panels::new(4 * hidden, e),
            output: vec![0.0; hidden],
            output_bias: 0.0,
        }
    }

    /// Copies the derivatives to the places of their parameters.
    #[inline(always)]
    pub(super) fn store(&self, shape: &Shape, sizes: Sizes, flat: &mut [f32]) {
        assert_eq!(flat.len(), shape.parameters());
        let layout = shape.layout();
        let Shape {
            hidden,
            attention_units,
            kind,
            ..
        } = *shape;
        if kind != AttentionKind::None {
            let w = flat[layout.attention_w].chunks_exact_mut(attention_units);
            for (column, values) in w.enumerate() {
                self.w
                    .column(0, pad_half(column, hidden, sizes.hidden), values);
            }
            for (source, range) in [
                (&self.u, layout.attention_u),
                (&self.b, layout.attention_b),
                (&self.v, layout.attention_v),
            ] {
                let flat = &mut flat[range];
                flat.fill(0.0);
                let columns = flat.len() / attention_units;
                for (k, values) in source.chunks_exact(sizes.attention).enumerate() {
                    let column = k % columns * attention_units;
                    for (flat, value) in flat[column..].iter_mut().zip(&values[..attention_units]) {
                        *flat += value;
                    }
                }
            }
        }
        let (gates, rest) = flat[layout.gates.start..].split_at_mut(layout.gates.len());
        let gates = gates.chunks_exact_mut(4 * hidden);
        let columns = gates.chain([&mut rest[..4 * hidden]]);
        for (column, values) in columns.enumerate() {
            for (gate, values) in values.chunks_exact_mut(hidden).enumerate() {
                let row = gate * sizes.hidden;
                if column < hidden {
                    self.gates_h.column(row, column, values);
                } else {
                    self.gates_e.column(row, column - hidden, values);
                }
            }
        }
        flat[layout.output].copy_from_slice(&self.output[..hidden]);
        flat[layout.output_bias.start] = self.output_bias;
    }
}

pub(super) struct Backward<'a> {
    pub(super) kernel: &'a mut SequenceKernel,
    pub(super) of_means: &'a [f32],
    pub(super) of_parameters: &'a mut [f32],
}

impl WithSimd for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.kernel
            .run_backward(simd, self.of_means, self.of_parameters);
    }
}

impl SequenceKernel {
    #[inline(always)]
    fn run_backward<S: Simd>(&mut self, simd: S, of_means: &[f32], of_parameters: &mut [f32]) {
        assert_eq!(of_means.len(), self.spans.len());
        let gradient = &mut self.gradient;
        gradient.y.fill(0.0);
        for (of_mean, span) in of_means.iter().zip(&self.spans) {
            for y in &mut gradient.y[span.clone()] {
                *y += of_mean / span.len() as f32;
            }
        }
        for values in [
            &mut gradient.state,
            &mut gradient.u,
            &mut gradient.b,
            &mut gradient.v,
            &mut gradient.output,
        ] {
            values.fill(0.0);
        }
        gradient.output_bias = gradient.y.iter().sum();
        for month in (0..self.sizes.months).rev() {
            self.step_back(simd, month);
            self.attend_back(simd, month);
        }
        self.weight_gradients(simd);
        self.gradient.store(&self.shape, self.sizes, of_parameters);
    }

    /// Back through (7) to (2): leaves the derivatives of the gates, and those of h and C before the month as far as they come
    /// through the gates.
    #[inline(always)]
    fn step_back<S: Simd>(&mut self, simd: S, month: usize) {
        let hidden = self.sizes.hidden;
        let trace = &self.trace;
        let gradient = &mut self.gradient;
        let one = simd.splat_f32s(1.0);
        let dy = simd.splat_f32s(gradient.y[month]);
        let gates = rows::<S>(&trace.gates[month * 4 * hidden..][..4 * hidden]);
        let blocks = gates.len() / 4;
        let cell_tanh = rows::<S>(&trace.cell_tanh[month * hidden..][..hidden]);
        let state = &trace.state[month * 2 * hidden..][..4 * hidden];
        let cell_before = rows::<S>(&state[hidden..2 * hidden]);
        let h = rows::<S>(&state[2 * hidden..3 * hidden]);
        let output = rows::<S>(&self.weights.output);
        let d_output = rows_mut::<S>(&mut gradient.output);
        let (dh, d_cell) = gradient.state.split_at_mut(hidden);
        let d_gates = &mut gradient.gates[month * 4 * hidden..][..4 * hidden];
        {
            let (dh, d_cell) = (rows_mut::<S>(dh), rows_mut::<S>(d_cell));
            let dz = rows_mut::<S>(d_gates);
            let multiply = |a, b| simd.mul_f32s(a, b);
            let slope_of_sigmoid = |s| multiply(s, simd.sub_f32s(one, s));
            let slope_of_tanh = |t| simd.sub_f32s(one, multiply(t, t));
            for j in 0..blocks {
                let [forget, input, candidate, gate] =
                    [0, 1, 2, 3].map(|index| gates[index * blocks + j]);
                d_output[j] = multiply_add(simd, dy, h[j], d_output[j]);
                let dh = multiply_add(simd, dy, output[j], dh[j]);
                let through_h = multiply(multiply(dh, gate), slope_of_tanh(cell_tanh[j]));
                let dc = simd.add_f32s(d_cell[j], through_h);
                dz[j] = multiply(multiply(dc, cell_before[j]), slope_of_sigmoid(forget));
                dz[blocks + j] = multiply(multiply(dc, candidate), slope_of_sigmoid(input));
                dz[2 * blocks + j] = multiply(multiply(dc, input), slope_of_tanh(candidate));
                dz[3 * blocks + j] = multiply(multiply(dh, cell_tanh[j]), slope_of_sigmoid(gate));
                d_cell[j] = multiply(dc, forget);
            }
        }
        self.weights.gates_h_transposed.multiply(simd, d_gates, dh);
    }

    /// Back through (10) to (8): adds what comes through the attention to the derivatives of h and C before the month.
    #[inline(always)]
    fn attend_back<S: Simd>(&mut self, simd: S, month: usize) {
        let Sizes {
            inputs,
            hidden,
            attention,
            ..
        } = self.sizes;
        if attention == 0 {
            return;
        }
        let gradient = &mut self.gradient;
        let d_query = &mut gradient.query[month * attention..][..attention];
        d_query.fill(0.0);
        if self.input.count[month] == 0 {
            return;
        }
        let trace = &self.trace;
        let weights = &self.weights;
        let x = &self.input.x[month * LANES..][..LANES];
        let beta = &trace.beta[month * LANES..][..LANES];
        let d_gates = &gradient.gates[month * 4 * hidden..][..4 * hidden];
        let mut d_beta = [0.0; LANES];
        let mut mean = 0.0;
        for k in 0..inputs {
            d_beta[k] = weights.gates_e.column_dot(simd, k, d_gates) * x[k]; // (10)
            mean += beta[k] * d_beta[k];
        }
        let scores = &trace.score[month * inputs * attention..][..inputs * attention];
        for (k, scores) in scores.chunks_exact(attention).enumerate() {
            if self.input.present[month * LANES + k] == 0.0 {
                continue;
            }
            let d_alpha = simd.splat_f32s(beta[k] * (d_beta[k] - mean)); // (9)
            let x = simd.splat_f32s(x[k]);
            let range = k * attention..(k + 1) * attention;
            let v = rows::<S>(&weights.v[range.clone()]);
            let du = rows_mut::<S>(&mut gradient.u[range.clone()]);
            let db = rows_mut::<S>(&mut gradient.b[range.clone()]);
            let dv = rows_mut::<S>(&mut gradient.v[range]);
            let d_query = rows_mut::<S>(d_query);
            for (i, score) in rows::<S>(scores).iter().enumerate() {
                let slope = simd.sub_f32s(simd.splat_f32s(1.0), simd.mul_f32s(*score, *score));
                let ds = simd.mul_f32s(simd.mul_f32s(d_alpha, v[i]), slope);
                du[i] = multiply_add(simd, ds, x, du[i]);
                db[i] = simd.add_f32s(db[i], ds);
                dv[i] = multiply_add(simd, d_alpha, *score, dv[i]);
                d_query[i] = simd.add_f32s(d_query[i], ds); // (8)
            }
        }
        weights
            .w_transposed
            .multiply_onto(simd, d_query, &mut gradient.state);
    }

    /// Derivatives of the matrices: sums over the months of outer products.
    #[inline(always)]
    fn weight_gradients<S: Simd>(&mut self, simd: S) {
        let Sizes {
            hidden, attention, ..
        } = self.sizes;
        let Gradient {
            w,
            gates_h,
            gates_e,
            gates,
            query,
            ..
        } = &mut self.gradient;
        gates_h.set_outer(simd, gates, &self.trace.state, 2 * hidden);
        gates_e.set_outer(simd, gates, &self.trace.e, LANES);
        if attention > 0 {
            w.set_outer(simd, query, &self.trace.state, 2 * hidden);
        }
    }
}
