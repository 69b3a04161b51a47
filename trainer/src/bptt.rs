//! Forward pass and back-propagation through time of a whole sequence as one gradient node.
//!
//! burn's own operations cost a graph node and an allocation each, about a thousand a sequence ([`crate::network`]). Here the sequence
//! is one node: the equations forward and backward are written by hand on slices, burn keeps parameters, loss and optimiser.
//!
//! Nothing is allocated after [`SequenceKernel::new`]. Results are the same on every machine: see `bptt/lanes.rs`. Equation numbers are those of Cao et al.
//! 2022 (doi:10.11834/jrs.20211297). Names with a `d` in front of the backward pass are derivatives of the loss.
//!
//! Hidden and attention units are padded to rows of 16 with zero weights; padded units stay exactly zero in state and gradient.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined into the dispatched function is compiled for the oldest processor"
)]

mod lanes;
mod node;

use std::ops::Range;

use amlstm_core::model::AttentionKind;
use pulp::{Simd, WithSimd};

use self::lanes::{LANES, Panels, dispatch, exp, multiply_add, rows, rows_mut, sigmoid, sum, tanh};
pub use self::node::{HostBackend, SequenceNode, Target};
use crate::network::{Sequence, Shape};

/// One sequence with room for everything that a forward and a backward pass need.
#[derive(Clone, Debug)]
pub struct SequenceKernel {
    shape: Shape,
    sizes: Sizes,
    spans: Vec<Range<usize>>,
    input: Input,
    weights: Weights,
    trace: Trace,
    gradient: Gradient,
    /// Means of the monthly outputs over the spans.
    means: Vec<f32>,
}

/// Padded sizes.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    months: usize,
    inputs: usize,
    /// Hidden units, a multiple of 16.
    hidden: usize,
    /// Attention units, a multiple of 16; zero for a plain LSTM.
    attention: usize,
    /// Columns of e and the bias, a multiple of four.
    e: usize,
}

/// What the network sees, a row of [`LANES`] a month.
#[derive(Clone, Debug)]
struct Input {
    /// Scaled values, missing ones zero.
    x: Vec<f32>,
    /// 1 where a value is present, otherwise 0.
    present: Vec<f32>,
    /// Present inputs of each month.
    count: Vec<usize>,
}

/// The parameters, cut into panels.
#[derive(Clone, Debug)]
struct Weights {
    /// W of (8), `[attention, 2 hidden]`, and its transpose.
    w: Panels,
    w_transposed: Panels,
    /// U, B, V of (8), one row of `attention` an input.
    u: Vec<f32>,
    b: Vec<f32>,
    v: Vec<f32>,
    /// Gate weights of h, `[4 hidden, hidden]`, and their transpose.
    gates_h: Panels,
    gates_h_transposed: Panels,
    /// Gate weights of e with the bias as last column, `[4 hidden, e]`.
    gates_e: Panels,
    output: Vec<f32>,
    output_bias: f32,
}

/// What the forward pass leaves for the backward pass.
#[derive(Clone, Debug)]
struct Trace {
    /// h, then C, before each month and after the last, `[months + 1, 2 hidden]`.
    state: Vec<f32>,
    /// Activated gates f, i, candidate, o, `[months, 4 hidden]`.
    gates: Vec<f32>,
    /// tanh C, `[months, hidden]`.
    cell_tanh: Vec<f32>,
    /// W [h; C], one month.
    query: Vec<f32>,
    /// tanh of (8), `[months, inputs, attention]`.
    score: Vec<f32>,
    /// Attention, `[months, LANES]`.
    beta: Vec<f32>,
    /// e followed by a one for the bias, `[months, LANES]`.
    e: Vec<f32>,
    /// Output of each month.
    y: Vec<f32>,
}

/// Derivatives of the loss.
#[derive(Clone, Debug)]
struct Gradient {
    y: Vec<f32>,
    /// Of the state after the month in hand, h then C.
    state: Vec<f32>,
    /// Of the gates before activation, `[months, 4 hidden]`.
    gates: Vec<f32>,
    /// Of W [h; C], `[months, attention]`.
    query: Vec<f32>,
    w: Panels,
    u: Vec<f32>,
    b: Vec<f32>,
    v: Vec<f32>,
    gates_h: Panels,
    gates_e: Panels,
    output: Vec<f32>,
    output_bias: f32,
}

impl SequenceKernel {
    /// Prepares a sequence; `spans` are the runs of months whose mean outputs are wanted.
    ///
    /// # Panics
    ///
    /// If the sequence has another number of inputs than the shape, or a span is empty or leaves the sequence.
    pub fn new(shape: Shape, sequence: &Sequence, spans: Vec<Range<usize>>) -> Self {
        assert_eq!(shape.inputs, sequence.inputs());
        assert!(shape.inputs <= amlstm_core::model::MAX_INPUTS);
        assert!(
            spans
                .iter()
                .all(|span| !span.is_empty() && span.end <= sequence.months())
        );
        let months = sequence.months();
        let attention = match shape.kind {
            AttentionKind::None => 0,
            _ => shape.attention_units.next_multiple_of(LANES),
        };
        let sizes = Sizes {
            months,
            inputs: shape.inputs,
            hidden: shape.hidden.next_multiple_of(LANES),
            attention,
            e: (shape.inputs + 1).next_multiple_of(4),
        };
        Self {
            shape,
            sizes,
            means: vec![0.0; spans.len()],
            spans,
            input: Input::new(sequence),
            weights: Weights::new(sizes),
            trace: Trace::new(sizes),
            gradient: Gradient::new(sizes),
        }
    }

    /// Number of spans.
    pub fn spans(&self) -> usize {
        self.spans.len()
    }

    /// Runs the sequence from a zero state and returns the mean standardised output of each span.
    ///
    /// # Panics
    ///
    /// If there are not [`Shape::parameters`] parameters.
    pub fn forward(&mut self, parameters: &[f32]) -> &[f32] {
        dispatch(Forward {
            kernel: self,
            parameters,
        });
        &self.means
    }

    /// Standardised output of each month of the last forward pass.
    pub fn monthly(&self) -> &[f32] {
        &self.trace.y
    }

    /// Writes the derivatives of the loss to all parameters of the last forward pass, given those to the mean of each span.
    ///
    /// # Panics
    ///
    /// If the lengths are not [`Self::spans`] and [`Shape::parameters`].
    pub fn backward(&mut self, of_means: &[f32], of_parameters: &mut [f32]) {
        dispatch(Backward {
            kernel: self,
            of_means,
            of_parameters,
        });
    }

    #[inline(always)]
    fn run_forward<S: Simd>(&mut self, simd: S, parameters: &[f32]) {
        self.weights.load(&self.shape, self.sizes, parameters);
        for month in 0..self.sizes.months {
            self.attend(simd, month);
            self.step(simd, month);
        }
        self.read_out(simd);
    }

    /// Equations 8 to 10: writes beta and e of the month. A plain LSTM has e = x.
    #[inline(always)]
    fn attend<S: Simd>(&mut self, simd: S, month: usize) {
        let Sizes {
            inputs,
            hidden,
            attention,
            ..
        } = self.sizes;
        let trace = &mut self.trace;
        let weights = &self.weights;
        let x = &self.input.x[month * LANES..][..LANES];
        let e = &mut trace.e[month * LANES..][..inputs];
        if attention == 0 || self.input.count[month] == 0 {
            e.copy_from_slice(&x[..inputs]);
            return;
        }
        let state = &trace.state[month * 2 * hidden..][..2 * hidden];
        trace.query.fill(0.0);
        weights.w.multiply(simd, state, &mut trace.query);

        let mut alpha = [f32::NEG_INFINITY; LANES];
        let present = &self.input.present[month * LANES..][..LANES];
        let scores = &mut trace.score[month * inputs * attention..][..inputs * attention];
        for (k, scores) in scores.chunks_exact_mut(attention).enumerate() {
            if present[k] == 0.0 {
                continue;
            }
            let range = k * attention..(k + 1) * attention;
            let [u, b, v] = [&weights.u, &weights.b, &weights.v]
                .map(|values| rows::<S>(&values[range.clone()]));
            let x = simd.splat_f32s(x[k]);
            let mut total = simd.splat_f32s(0.0);
            let query = rows::<S>(&trace.query);
            for (i, score) in rows_mut::<S>(scores).iter_mut().enumerate() {
                let s = simd.add_f32s(multiply_add(simd, u[i], x, query[i]), b[i]);
                *score = tanh(simd, s);
                total = multiply_add(simd, v[i], *score, total);
            }
            alpha[k] = sum::<S>(total); // (8)
        }
        let largest = alpha[..inputs]
            .iter()
            .copied()
            .fold(f32::NEG_INFINITY, f32::max);
        let alpha: [f32; LANES] = alpha.map(|alpha| alpha - largest);
        let powers = simd.mul_f32s(exp(simd, bytemuck::cast(alpha)), rows::<S>(present)[0]);
        let beta = simd.div_f32s(powers, simd.splat_f32s(sum::<S>(powers))); // (9)
        rows_mut::<S>(&mut trace.beta[month * LANES..][..LANES])[0] = beta;
        let beta = &trace.beta[month * LANES..][..inputs];
        for ((e, beta), x) in e.iter_mut().zip(beta).zip(x) {
            *e = beta * x; // (10)
        }
    }

    /// Equations 2 to 7.
    #[inline(always)]
    fn step<S: Simd>(&mut self, simd: S, month: usize) {
        let Sizes { hidden, e, .. } = self.sizes;
        let trace = &mut self.trace;
        let (before, after) =
            trace.state[month * 2 * hidden..][..4 * hidden].split_at_mut(2 * hidden);
        let z = &mut trace.gates[month * 4 * hidden..][..4 * hidden];
        z.fill(0.0);
        self.weights.gates_h.multiply(simd, &before[..hidden], z);
        let e = &trace.e[month * LANES..][..e];
        self.weights.gates_e.multiply(simd, e, z);

        let cell_before = rows::<S>(&before[hidden..]);
        let (h, cell) = after.split_at_mut(hidden);
        let (h, cell) = (rows_mut::<S>(h), rows_mut::<S>(cell));
        let cell_tanh = rows_mut::<S>(&mut trace.cell_tanh[month * hidden..][..hidden]);
        let gates = rows_mut::<S>(z);
        let blocks = gates.len() / 4;
        for j in 0..blocks {
            let forget = sigmoid(simd, gates[j]); // (2)
            let input = sigmoid(simd, gates[blocks + j]); // (3)
            let candidate = tanh(simd, gates[2 * blocks + j]); // (4)
            let output = sigmoid(simd, gates[3 * blocks + j]); // (6)
            cell[j] = simd.add_f32s(
                simd.mul_f32s(forget, cell_before[j]),
                simd.mul_f32s(input, candidate),
            ); // (5)
            cell_tanh[j] = tanh(simd, cell[j]);
            h[j] = simd.mul_f32s(output, cell_tanh[j]); // (7)
            gates[j] = forget;
            gates[blocks + j] = input;
            gates[2 * blocks + j] = candidate;
            gates[3 * blocks + j] = output;
        }
    }

    /// Monthly outputs and their means.
    #[inline(always)]
    fn read_out<S: Simd>(&mut self, simd: S) {
        let hidden = self.sizes.hidden;
        let states = self.trace.state.chunks_exact(2 * hidden).skip(1);
        let output = rows::<S>(&self.weights.output);
        for (y, state) in self.trace.y.iter_mut().zip(states) {
            let mut total = simd.splat_f32s(0.0);
            for (weight, h) in output.iter().zip(rows::<S>(&state[..hidden])) {
                total = multiply_add(simd, *weight, *h, total);
            }
            *y = sum::<S>(total) + self.weights.output_bias;
        }
        for (mean, span) in self.means.iter_mut().zip(&self.spans) {
            *mean = self.trace.y[span.clone()].iter().sum::<f32>() / span.len() as f32;
        }
    }

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
        dh.fill(0.0);
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
            .multiply(simd, d_query, &mut gradient.state);
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

struct Forward<'a> {
    kernel: &'a mut SequenceKernel,
    parameters: &'a [f32],
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.kernel.run_forward(simd, self.parameters);
    }
}

struct Backward<'a> {
    kernel: &'a mut SequenceKernel,
    of_means: &'a [f32],
    of_parameters: &'a mut [f32],
}

impl WithSimd for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.kernel
            .run_backward(simd, self.of_means, self.of_parameters);
    }
}

impl Input {
    fn new(sequence: &Sequence) -> Self {
        let months = sequence.months();
        let mut input = Self {
            x: vec![0.0; months * LANES],
            present: vec![0.0; months * LANES],
            count: vec![0; months],
        };
        for month in 0..months {
            for (k, x) in sequence.month(month).iter().enumerate() {
                if let Some(x) = x {
                    input.x[month * LANES + k] = *x;
                    input.present[month * LANES + k] = 1.0;
                    input.count[month] += 1;
                }
            }
        }
        input
    }
}

impl Weights {
    fn new(sizes: Sizes) -> Self {
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
    fn load(&mut self, shape: &Shape, sizes: Sizes, parameters: &[f32]) {
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

impl Trace {
    fn new(sizes: Sizes) -> Self {
        let Sizes {
            months,
            inputs,
            hidden,
            attention,
            ..
        } = sizes;
        let mut e = vec![0.0; months * LANES];
        for e in e.chunks_exact_mut(LANES) {
            e[inputs] = 1.0;
        }
        Self {
            state: vec![0.0; (months + 1) * 2 * hidden],
            gates: vec![0.0; months * 4 * hidden],
            cell_tanh: vec![0.0; months * hidden],
            query: vec![0.0; attention],
            score: vec![0.0; months * inputs * attention],
            beta: vec![0.0; months * LANES],
            e,
            y: vec![0.0; months],
        }
    }
}

impl Gradient {
    fn new(sizes: Sizes) -> Self {
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
    fn store(&self, shape: &Shape, sizes: Sizes, flat: &mut [f32]) {
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

/// Place of a column of [h; C] when both halves are padded.
fn pad_half(column: usize, hidden: usize, padded: usize) -> usize {
    if column < hidden {
        column
    } else {
        column - hidden + padded
    }
}

#[cfg(test)]
mod tests;
