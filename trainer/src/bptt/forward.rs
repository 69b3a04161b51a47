//! The forward pass: equations 2 to 10, month by month.

use pulp::{Simd, WithSimd};

use super::functions::{exp, half, sigmoid_of, tanh};
use super::lanes::{LANES, NOTHING, Row, multiply_add, sum, sum_of_first, with_lane, zeros};
use super::matrix::{Rows, product, short_product};
use super::weights::Weights;
use super::{Input, SequenceKernel, Sizes};

/// Inputs whose scores are computed side by side, so that the processor need not wait for one before it begins the next.
pub(super) const SIDE_BY_SIDE: usize = 4;

/// What the forward pass leaves for the backward pass. Rows a month: hidden units make H rows, attention units A.
#[derive(Clone, Debug)]
pub(super) struct Trace {
    /// h, then C, before each month and after the last, `[months + 1, 2 H]`.
    pub(super) state: Vec<Row>,
    /// Activated gates f, i, candidate, o, `[months, 4 H]`.
    pub(super) gates: Vec<Row>,
    /// tanh C, `[months, H]`.
    pub(super) cell_tanh: Vec<Row>,
    /// tanh of (8), `[months, inputs, A]`.
    pub(super) score: Vec<Row>,
    /// Attention, `[months]`.
    pub(super) beta: Vec<Row>,
    /// e followed by a one for the bias, `[months]`.
    pub(super) e: Vec<Row>,
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
        Self {
            state: zeros((months + 1) * 2 * hidden),
            gates: zeros(months * 4 * hidden),
            cell_tanh: zeros(months * hidden),
            score: zeros(months * inputs * attention),
            beta: zeros(months * LANES),
            e: zeros(months * LANES),
            y: vec![0.0; months],
        }
    }
}

/// The forward pass of a network whose hidden units make `H` rows and whose attention units `A`.
pub(super) struct Forward<'a, const H: usize, const A: usize> {
    pub(super) kernel: &'a mut SequenceKernel,
    pub(super) parameters: &'a [f32],
}

impl<const H: usize, const A: usize> WithSimd for Forward<'_, H, A> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let SequenceKernel {
            shape,
            sizes,
            spans,
            input,
            weights,
            trace,
            means,
            ..
        } = self.kernel;
        weights.load::<H, A>(shape, self.parameters);
        for month in 0..sizes.months {
            attend::<S, H, A>(simd, *sizes, input, weights, trace, month);
            step::<S, H>(simd, *sizes, weights, trace, month);
        }
        let skipped = shape.skip.then_some(&input.x[..]);
        read_out::<S, H>(simd, weights, trace, skipped);
        for (mean, span) in means.iter_mut().zip(spans) {
            *mean = trace.y[span.clone()].iter().sum::<f32>() / span.len() as f32;
        }
    }
}

/// Equations 8 to 10: writes beta and e of the month. A plain LSTM has e = x.
#[inline(always)]
fn attend<S: Simd, const H: usize, const A: usize>(
    simd: S,
    sizes: Sizes,
    input: &Input,
    weights: &Weights,
    trace: &mut Trace,
    month: usize,
) {
    let one = simd.splat_f32s(1.0);
    let x = &input.x[month];
    let e = &mut trace.e[month];
    if A == 0 || input.count[month] == 0 {
        e.store(simd, with_lane(simd, x.load::<S>(), sizes.inputs, one));
        return;
    }
    let state = &trace.state[month * 2 * H..][..2 * H];
    let rows = Rows {
        first: 0,
        step: 1,
        all: A,
    };
    let query: [S::f32s; A] = product(simd, &weights.w[..2 * H * LANES * A], rows, state);
    let present = &input.present[month];
    let absent = simd.splat_f32s(f32::NEG_INFINITY);
    let mut alpha = Alpha {
        row: absent,
        largest: absent,
    };
    let rows = sizes.inputs * A;
    let scores = &mut trace.score[month * rows..][..rows];
    for first in (0..sizes.inputs).step_by(SIDE_BY_SIDE) {
        let place = (input, month, first);
        match sizes.inputs - first {
            1 => score::<S, A, 1>(simd, place, weights, query, scores, &mut alpha),
            2 => score::<S, A, 2>(simd, place, weights, query, scores, &mut alpha),
            3 => score::<S, A, 3>(simd, place, weights, query, scores, &mut alpha),
            _ => score::<S, A, SIDE_BY_SIDE>(simd, place, weights, query, scores, &mut alpha),
        }
    }
    let is_present = simd.greater_than_f32s(present.load::<S>(), simd.splat_f32s(0.0));
    let powers = exp(simd, simd.sub_f32s(alpha.row, alpha.largest));
    let powers = simd.select_f32s(is_present, powers, simd.splat_f32s(0.0));
    let beta = simd.div_f32s(
        powers,
        simd.splat_f32s(sum_of_first(simd, powers, sizes.inputs)),
    ); // (9)
    trace.beta[month].store(simd, beta);
    let attended = simd.mul_f32s(beta, x.load::<S>()); // (10)
    e.store(simd, with_lane(simd, attended, sizes.inputs, one));
}

/// Scores of the inputs, minus infinity where one is missing.
struct Alpha<S: Simd> {
    row: S::f32s,
    /// The largest of them in all lanes.
    largest: S::f32s,
}

/// Equation 8 of `INPUTS` inputs from `first` on.
#[inline(always)]
fn score<S: Simd, const A: usize, const INPUTS: usize>(
    simd: S,
    (input, month, first): (&Input, usize, usize),
    weights: &Weights,
    query: [S::f32s; A],
    scores: &mut [Row],
    alpha: &mut Alpha<S>,
) {
    let rows = INPUTS * A;
    let u = &weights.u[first * A..][..rows];
    let b = &weights.b[first * A..][..rows];
    let v = &weights.v[first * A..][..rows];
    let scores = &mut scores[first * A..][..rows];
    let x = &input.x[month].0[first..][..INPUTS];
    let present = &input.present[month].0[first..][..INPUTS];
    let mut totals = [simd.splat_f32s(NOTHING); INPUTS];
    for a in 0..A {
        let mut sums = [query[a]; INPUTS];
        for k in 0..INPUTS {
            let x = simd.splat_f32s(x[k]);
            let s = multiply_add(simd, u[k * A + a].load::<S>(), x, sums[k]);
            sums[k] = simd.add_f32s(s, b[k * A + a].load::<S>());
        }
        let score = tanh(simd, sums);
        for k in 0..INPUTS {
            scores[k * A + a].store(simd, score[k]);
            totals[k] = multiply_add(simd, v[k * A + a].load::<S>(), score[k], totals[k]);
        }
    }
    let absent = simd.splat_f32s(f32::NEG_INFINITY);
    for k in 0..INPUTS {
        let alpha_k = simd.splat_f32s(sum(simd, totals[k]));
        let is_present = simd.greater_than_f32s(simd.splat_f32s(present[k]), simd.splat_f32s(0.0));
        let alpha_k = simd.select_f32s(is_present, alpha_k, absent);
        alpha.row = with_lane(simd, alpha.row, first + k, alpha_k);
        alpha.largest = simd.max_f32s(alpha.largest, alpha_k);
    }
}

/// Equations 2 to 7.
#[inline(always)]
fn step<S: Simd, const H: usize>(
    simd: S,
    sizes: Sizes,
    weights: &Weights,
    trace: &mut Trace,
    month: usize,
) {
    let (before, after) = trace.state[month * 2 * H..][..4 * H].split_at_mut(2 * H);
    let (h_before, cell_before) = before.split_at(H);
    let (h, cell) = after.split_at_mut(H);
    let cell_tanh = &mut trace.cell_tanh[month * H..][..H];
    let gates = &mut trace.gates[month * 4 * H..][..4 * H];
    let e = (&trace.e[month], sizes.e);
    for j in 0..H {
        // The output gate, which the cell need not wait for, comes last.
        let [forget, input, candidate] = gates_of::<S, H, 3>(simd, weights, h_before, e, j);
        let [output] = gates_of::<S, H, 1>(simd, weights, h_before, e, 3 * H + j);
        let [forget, input, candidate] =
            tanh(simd, [half(simd, forget), half(simd, input), candidate]);
        let forget = sigmoid_of(simd, forget); // (2)
        let input = sigmoid_of(simd, input); // (3), (4) is candidate
        let kept = simd.mul_f32s(forget, cell_before[j].load::<S>());
        let new_cell = simd.add_f32s(kept, simd.mul_f32s(input, candidate)); // (5)
        let [tanh_of_cell, output] = tanh(simd, [new_cell, half(simd, output)]);
        let output = sigmoid_of(simd, output); // (6)
        h[j].store(simd, simd.mul_f32s(output, tanh_of_cell)); // (7)
        cell[j].store(simd, new_cell);
        cell_tanh[j].store(simd, tanh_of_cell);
        gates[j].store(simd, forget);
        gates[H + j].store(simd, input);
        gates[2 * H + j].store(simd, candidate);
        gates[3 * H + j].store(simd, output);
    }
}

/// Row `first` of `N` gates' sums, every `H`th, before their activation.
#[inline(always)]
fn gates_of<S: Simd, const H: usize, const N: usize>(
    simd: S,
    weights: &Weights,
    h: &[Row],
    e: (&Row, usize),
    first: usize,
) -> [S::f32s; N] {
    let rows = Rows {
        first,
        step: H,
        all: 4 * H,
    };
    let of_h: [S::f32s; N] = product(simd, &weights.gates_h[..H * LANES * 4 * H], rows, h);
    let of_e: [S::f32s; N] = short_product(simd, &weights.gates_e[..e.1 * 4 * H], rows, e.0);
    let mut sums = of_h;
    for gate in 0..N {
        sums[gate] = simd.add_f32s(of_h[gate], of_e[gate]);
    }
    sums
}

/// Monthly outputs, of a network with a skip from the inputs `skipped`.
#[inline(always)]
fn read_out<S: Simd, const H: usize>(
    simd: S,
    weights: &Weights,
    trace: &mut Trace,
    skipped: Option<&[Row]>,
) {
    // h, C of a month, then those of the next.
    let (states, _) = trace.state[2 * H..].as_chunks::<H>();
    let months = trace.y.iter_mut().zip(states.iter().step_by(2));
    for (month, (y, h)) in months.enumerate() {
        let mut total = simd.splat_f32s(NOTHING);
        for (weight, h) in weights.output.iter().zip(h) {
            total = multiply_add(simd, weight.load::<S>(), h.load::<S>(), total);
        }
        if let Some(x) = skipped {
            total = multiply_add(simd, weights.skip.load::<S>(), x[month].load::<S>(), total);
        }
        *y = sum(simd, total) + weights.output_bias;
    }
}
