//! The forward pass of a batch: equations 2 to 10, month by month.

use pulp::{Simd, WithSimd};

use super::super::functions::{exp, half, sigmoid_of, tanh};
use super::super::lanes::{LANES, Row, multiply_add, zeros};
use super::weights::{Weights, add_product};
use super::{BatchInput, Lanes, ROWS, Sizes};

/// What the forward pass leaves for the backward pass: a row for each number of each month.
#[derive(Clone, Debug)]
pub(super) struct Trace {
    /// h, then C, before each month and after the last, `[months + 1, 2 hidden]`.
    pub(super) state: Vec<Row>,
    /// Activated gates f, i, candidate, o, `[months, 4 hidden]`.
    pub(super) gates: Vec<Row>,
    /// tanh C, `[months, hidden]`.
    pub(super) cell_tanh: Vec<Row>,
    /// tanh of (8), `[months, inputs, attention]`.
    pub(super) score: Vec<Row>,
    /// Attention, `[months, inputs]`.
    pub(super) beta: Vec<Row>,
    /// e, a one for the bias, zeros, `[months, e]`.
    pub(super) e: Vec<Row>,
    /// W [h; C] of the month.
    query: Vec<Row>,
}

impl Trace {
    pub(super) fn new(sizes: Sizes, months: usize) -> Self {
        let Sizes {
            inputs,
            hidden,
            attention,
            e,
        } = sizes;
        Self {
            state: zeros((months + 1) * 2 * hidden * LANES),
            gates: zeros(months * 4 * hidden * LANES),
            cell_tanh: zeros(months * hidden * LANES),
            score: zeros(months * inputs * attention * LANES),
            beta: zeros(months * inputs * LANES),
            e: zeros(months * e * LANES),
            query: zeros(attention * LANES),
        }
    }
}

/// The forward pass.
pub(super) struct Forward<'a> {
    pub(super) sizes: Sizes,
    pub(super) weights: &'a Weights,
    pub(super) trace: &'a mut Trace,
    pub(super) input: &'a BatchInput,
    pub(super) output: &'a mut [Lanes],
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self {
            sizes,
            weights,
            trace,
            input,
            output,
        } = self;
        let Sizes { inputs, hidden, .. } = sizes;
        for (month, y) in output.iter_mut().enumerate() {
            attend(simd, sizes, weights, trace, input, month);
            step(simd, sizes, weights, trace, month);
            // y = w_o' h + b_o + s' x
            let h = &trace.state[(month + 1) * 2 * hidden..][..hidden];
            let x = &input.x[month * inputs..][..inputs];
            let mut sum = simd.splat_f32s(weights.output_bias);
            for (weight, value) in weights.output.iter().zip(h) {
                sum = multiply_add(simd, simd.splat_f32s(*weight), value.load::<S>(), sum);
            }
            for (weight, value) in weights.skip.iter().zip(x) {
                sum = multiply_add(simd, simd.splat_f32s(*weight), value.load::<S>(), sum);
            }
            *y = bytemuck::cast(sum);
        }
    }
}

/// Equations 8 to 10: beta and e of the month. A plain LSTM has e = x.
#[inline(always)]
fn attend<S: Simd>(
    simd: S,
    sizes: Sizes,
    weights: &Weights,
    trace: &mut Trace,
    input: &BatchInput,
    month: usize,
) {
    let Sizes {
        inputs,
        hidden,
        attention,
        e: stride,
    } = sizes;
    let x = &input.x[month * inputs..][..inputs];
    let e = &mut trace.e[month * stride..][..stride];
    e[inputs].store(simd, simd.splat_f32s(1.0));
    if attention == 0 {
        e[..inputs].copy_from_slice(x);
        return;
    }
    let state = &trace.state[month * 2 * hidden..][..2 * hidden];
    trace.query.fill(Row::ZERO);
    add_product(simd, &weights.w, state, &mut trace.query);
    let present = &input.present[month * inputs..][..inputs];
    let beta = &mut trace.beta[month * inputs..][..inputs];
    let scores = &mut trace.score[month * inputs * attention..][..inputs * attention];
    // Far below every alpha, and finite, so that a month without any level makes no NaN.
    let absent = simd.splat_f32s(-1e30);
    let mut largest = absent;
    for (k, (beta, scores)) in beta
        .iter_mut()
        .zip(scores.chunks_exact_mut(attention))
        .enumerate()
    {
        let x = x[k].load::<S>();
        let column = k * attention..(k + 1) * attention;
        let u = weights.u[column.clone()].as_chunks::<ROWS>().0;
        let b = weights.b[column.clone()].as_chunks::<ROWS>().0;
        let v = weights.v[column].as_chunks::<ROWS>().0;
        let queries = trace.query.as_chunks::<ROWS>().0;
        let mut alpha = simd.splat_f32s(0.0);
        for (group, scores) in scores.as_chunks_mut::<ROWS>().0.iter_mut().enumerate() {
            let mut sums = [alpha; ROWS];
            for a in 0..ROWS {
                let query = queries[group][a].load::<S>();
                let sum = multiply_add(simd, simd.splat_f32s(u[group][a]), x, query);
                sums[a] = simd.add_f32s(sum, simd.splat_f32s(b[group][a]));
            }
            let score = tanh(simd, sums);
            for a in 0..ROWS {
                scores[a].store(simd, score[a]);
                alpha = multiply_add(simd, simd.splat_f32s(v[group][a]), score[a], alpha); // (8)
            }
        }
        let is_present = simd.greater_than_f32s(present[k].load::<S>(), simd.splat_f32s(0.0));
        let alpha = simd.select_f32s(is_present, alpha, absent);
        largest = simd.max_f32s(largest, alpha);
        beta.store(simd, alpha);
    }
    let mut total = simd.splat_f32s(0.0);
    for (beta, present) in beta.iter_mut().zip(present) {
        let power = exp(simd, simd.sub_f32s(beta.load::<S>(), largest));
        let power = simd.mul_f32s(power, present.load::<S>());
        total = simd.add_f32s(total, power);
        beta.store(simd, power);
    }
    let factor = simd.splat_f32s(weights.e_factor);
    let total = simd.max_f32s(total, simd.splat_f32s(f32::MIN_POSITIVE));
    for ((beta, x), e) in beta.iter_mut().zip(x).zip(e) {
        let share = simd.div_f32s(beta.load::<S>(), total); // (9)
        beta.store(simd, share);
        let attended = simd.mul_f32s(share, x.load::<S>()); // (10)
        e.store(simd, simd.mul_f32s(factor, attended));
    }
}

/// Equations 2 to 7.
#[inline(always)]
fn step<S: Simd>(simd: S, sizes: Sizes, weights: &Weights, trace: &mut Trace, month: usize) {
    let Sizes {
        inputs,
        hidden,
        e: stride,
        ..
    } = sizes;
    let (before, after) = trace.state[month * 2 * hidden..][..4 * hidden].split_at_mut(2 * hidden);
    let (h_before, cell_before) = before.split_at(hidden);
    let (h, cell) = after.split_at_mut(hidden);
    let gates = &mut trace.gates[month * 4 * hidden..][..4 * hidden];
    for (gate, bias) in gates.iter_mut().zip(&weights.gate_bias) {
        gate.store(simd, simd.splat_f32s(*bias));
    }
    add_product(simd, &weights.gates_h, h_before, gates);
    let e = &trace.e[month * stride..][..inputs];
    add_product(simd, &weights.gates_e, e, gates);
    let cell_tanh = &mut trace.cell_tanh[month * hidden..][..hidden];
    let (forget, others) = gates.split_at_mut(hidden);
    let (input, others) = others.split_at_mut(hidden);
    let (candidate, output) = others.split_at_mut(hidden);
    for unit in 0..hidden {
        let [f, i, c, o] = tanh(
            simd,
            [
                half(simd, forget[unit].load::<S>()),
                half(simd, input[unit].load::<S>()),
                candidate[unit].load::<S>(),
                half(simd, output[unit].load::<S>()),
            ],
        );
        let f = sigmoid_of(simd, f); // (2)
        let i = sigmoid_of(simd, i); // (3), (4) is c
        let kept = simd.mul_f32s(f, cell_before[unit].load::<S>());
        let new_cell = simd.add_f32s(kept, simd.mul_f32s(i, c)); // (5)
        forget[unit].store(simd, f);
        input[unit].store(simd, i);
        candidate[unit].store(simd, c);
        output[unit].store(simd, sigmoid_of(simd, o)); // (6)
        cell[unit].store(simd, new_cell);
    }
    let cells = cell.as_chunks::<ROWS>().0.iter();
    let outputs = cell_tanh.as_chunks_mut::<ROWS>().0.iter_mut();
    let outputs = outputs.zip(h.as_chunks_mut::<ROWS>().0);
    for ((cell, output_gate), (cell_tanh, h)) in
        cells.zip(output.as_chunks::<ROWS>().0).zip(outputs)
    {
        let mut of_cell = [simd.splat_f32s(0.0); ROWS];
        for unit in 0..ROWS {
            of_cell[unit] = cell[unit].load::<S>();
        }
        let of_cell = tanh(simd, of_cell);
        for unit in 0..ROWS {
            cell_tanh[unit].store(simd, of_cell[unit]);
            let hidden = simd.mul_f32s(output_gate[unit].load::<S>(), of_cell[unit]);
            h[unit].store(simd, hidden); // (7)
        }
    }
}
