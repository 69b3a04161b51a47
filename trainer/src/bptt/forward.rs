//! The forward pass: equations 2 to 10, month by month.

use pulp::{Simd, WithSimd};

use super::lanes::{LANES, exp, multiply_add, rows, rows_mut, sigmoid, sum, tanh};
use super::{SequenceKernel, Sizes};

/// What the forward pass leaves for the backward pass.
#[derive(Clone, Debug)]
pub(super) struct Trace {
    /// h, then C, before each month and after the last, `[months + 1, 2 hidden]`.
    pub(super) state: Vec<f32>,
    /// Activated gates f, i, candidate, o, `[months, 4 hidden]`.
    pub(super) gates: Vec<f32>,
    /// tanh C, `[months, hidden]`.
    pub(super) cell_tanh: Vec<f32>,
    /// W [h; C], one month.
    pub(super) query: Vec<f32>,
    /// tanh of (8), `[months, inputs, attention]`.
    pub(super) score: Vec<f32>,
    /// Attention, `[months, LANES]`.
    pub(super) beta: Vec<f32>,
    /// e followed by a one for the bias, `[months, LANES]`.
    pub(super) e: Vec<f32>,
    /// Output of each month.
    pub(super) y: Vec<f32>,
}

impl Trace {
    pub(super) fn new(sizes: Sizes) -> Self {
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

pub(super) struct Forward<'a> {
    pub(super) kernel: &'a mut SequenceKernel,
    pub(super) parameters: &'a [f32],
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.kernel.run_forward(simd, self.parameters);
    }
}

impl SequenceKernel {
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
        self.weights.gates_h.multiply(simd, &before[..hidden], z);
        let e = &trace.e[month * LANES..][..e];
        self.weights.gates_e.multiply_onto(simd, e, z);

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
}
