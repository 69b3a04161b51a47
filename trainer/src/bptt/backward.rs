//! The backward pass: from the derivatives of the monthly outputs to those of all parameters.
//!
//! Names with a `d` in front are derivatives of the loss.

use pulp::{Simd, WithSimd};

use super::forward::Trace;
use super::lanes::{LANES, NOTHING, Row, from_memory, multiply_add, sum, zeros};
use super::matrix::{Rows, copy_from_rows, product, set_outer};
use super::weights::Weights;
use super::{Input, SequenceKernel, Sizes};
use crate::network::Shape;

/// Derivatives of the loss.
#[derive(Clone, Debug)]
pub(super) struct Gradient {
    pub(super) y: Vec<f32>,
    /// Of the gates before activation, `[months, 4 hidden]`.
    pub(super) gates: Vec<Row>,
    /// Of W [h; C], `[months, attention]`.
    pub(super) query: Vec<Row>,
    pub(super) w: Vec<Row>,
    pub(super) u: Vec<Row>,
    pub(super) b: Vec<Row>,
    pub(super) v: Vec<Row>,
    pub(super) gates_h: Vec<Row>,
    pub(super) gates_e: Vec<Row>,
    pub(super) output: Vec<Row>,
    pub(super) output_bias: f32,
    pub(super) skip: Row,
}

impl Gradient {
    pub(super) fn new(sizes: Sizes) -> Self {
        let Sizes {
            months,
            inputs,
            hidden,
            attention,
            e,
            ..
        } = sizes;
        Self {
            y: vec![0.0; months],
            gates: zeros(months * 4 * hidden),
            query: zeros(months * attention),
            w: zeros(attention * 2 * hidden),
            u: zeros(inputs * attention),
            b: zeros(inputs * attention),
            v: zeros(inputs * attention),
            gates_h: zeros(4 * hidden * hidden),
            gates_e: zeros(4 * hidden * e),
            output: zeros(hidden),
            output_bias: 0.0,
            skip: Row::ZERO,
        }
    }

    /// Copies the derivatives to the places of their parameters.
    #[inline(always)]
    fn store<const H: usize, const A: usize>(&self, shape: &Shape, flat: &mut [f32]) {
        assert_eq!(flat.len(), shape.parameters());
        let layout = shape.layout();
        let Shape {
            hidden,
            attention_units: units,
            ..
        } = *shape;
        if A > 0 {
            let (of_h, of_cell) = flat[layout.attention_w].split_at_mut(units * hidden);
            copy_from_rows(&self.w, A, of_h, units);
            copy_from_rows(&self.w[H * LANES * A..], A, of_cell, units);
            for (rows, range) in [
                (&self.u, layout.attention_u),
                (&self.b, layout.attention_b),
                (&self.v, layout.attention_v),
            ] {
                // Where the attention is shared, every input's derivatives are the one column's.
                let flat = &mut flat[range];
                let columns = flat.len() / units;
                flat.fill(0.0);
                for (k, rows) in rows.chunks_exact(A).take(shape.inputs).enumerate() {
                    let flat = &mut flat[k % columns * units..][..units];
                    for (flat, row) in flat.chunks_mut(LANES).zip(rows) {
                        for (flat, value) in flat.iter_mut().zip(row.0) {
                            *flat += value;
                        }
                    }
                }
            }
        }
        let (of_h, of_e) = flat[layout.gates].split_at_mut(4 * hidden * hidden);
        copy_from_rows(&self.gates_h, H, of_h, hidden);
        copy_from_rows(&self.gates_e, H, of_e, hidden);
        let bias = &self.gates_e[shape.inputs * 4 * H..];
        copy_from_rows(bias, H, &mut flat[layout.gate_bias], hidden);
        copy_from_rows(&self.output, H, &mut flat[layout.output], hidden);
        flat[layout.output_bias.start] = self.output_bias;
        let skip = &mut flat[layout.skip];
        skip.copy_from_slice(&self.skip.0[..skip.len()]);
    }
}

/// The backward pass of a network whose hidden units make `H` rows and whose attention units `A`.
pub(super) struct Backward<'a, const H: usize, const A: usize> {
    pub(super) kernel: &'a mut SequenceKernel,
    pub(super) of_means: &'a [f32],
    pub(super) of_parameters: &'a mut [f32],
}

impl<const H: usize, const A: usize> WithSimd for Backward<'_, H, A> {
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
            gradient,
            ..
        } = self.kernel;
        assert_eq!(self.of_means.len(), spans.len());
        gradient.y.fill(0.0);
        for (of_mean, span) in self.of_means.iter().zip(spans) {
            for y in &mut gradient.y[span.clone()] {
                *y += of_mean / span.len() as f32;
            }
        }
        for rows in [&mut gradient.u, &mut gradient.b, &mut gradient.v] {
            rows.fill(Row::ZERO);
        }
        gradient.output.fill(Row::ZERO);
        gradient.output_bias = gradient.y.iter().sum();
        if shape.skip {
            gradient.skip = skip_gradient(simd, &gradient.y, &input.x);
        }
        weights.transpose::<H, A>();
        let mut of_state = OfState {
            h: [simd.splat_f32s(0.0); H],
            cell: [simd.splat_f32s(0.0); H],
        };
        for month in (0..sizes.months).rev() {
            gates_back::<S, H>(simd, weights, trace, gradient, &mut of_state, month);
            // The longer way to the state before the month is begun first.
            let attended = A > 0 && input.count[month] > 0;
            if attended {
                let place = (*sizes, month);
                query_back::<S, H, A>(simd, place, input, weights, trace, gradient);
            } else {
                gradient.query[month * A..][..A].fill(Row::ZERO);
            }
            state_back::<S, H, A>(simd, weights, gradient, &mut of_state, month, attended);
        }
        weight_gradients::<S, H, A>(simd, trace, gradient);
        gradient.store::<H, A>(shape, self.of_parameters);
    }
}

/// Derivatives of the skip: sums over the months.
#[inline(always)]
fn skip_gradient<S: Simd>(simd: S, of_y: &[f32], x: &[Row]) -> Row {
    let mut total = simd.splat_f32s(0.0);
    for (dy, x) in of_y.iter().zip(x) {
        total = multiply_add(simd, simd.splat_f32s(*dy), x.load::<S>(), total);
    }
    let mut row = Row::ZERO;
    row.store(simd, total);
    row
}

/// Derivatives of the state after the month in hand.
struct OfState<S: Simd, const H: usize> {
    h: [S::f32s; H],
    cell: [S::f32s; H],
}

/// Back through (7) to (2): leaves the derivatives of the gates, and that of C before the month as far as it comes through C.
#[inline(always)]
fn gates_back<S: Simd, const H: usize>(
    simd: S,
    weights: &Weights,
    trace: &Trace,
    gradient: &mut Gradient,
    of_state: &mut OfState<S, H>,
    month: usize,
) {
    let one = simd.splat_f32s(1.0);
    let dy = simd.splat_f32s(gradient.y[month]);
    let gates = &trace.gates[month * 4 * H..][..4 * H];
    let cell_tanh = &trace.cell_tanh[month * H..][..H];
    let state = &trace.state[month * 2 * H..][..4 * H];
    let cell_before = &state[H..2 * H];
    let h = &state[2 * H..3 * H];
    let dz = &mut gradient.gates[month * 4 * H..][..4 * H];
    let multiply = |a, b| simd.mul_f32s(a, b);
    let slope_of_sigmoid = |s| multiply(s, simd.sub_f32s(one, s));
    let slope_of_tanh = |t| simd.sub_f32s(one, multiply(t, t));
    for j in 0..H {
        let forget = gates[j].load::<S>();
        let input = gates[H + j].load::<S>();
        let candidate = gates[2 * H + j].load::<S>();
        let gate = gates[3 * H + j].load::<S>();
        let cell_tanh = cell_tanh[j].load::<S>();
        let d_output = &mut gradient.output[j];
        d_output.store(
            simd,
            multiply_add(simd, dy, h[j].load::<S>(), d_output.load::<S>()),
        );
        let dh = multiply_add(simd, dy, weights.output[j].load::<S>(), of_state.h[j]);
        let through_h = multiply(multiply(dh, gate), slope_of_tanh(cell_tanh));
        let dc = simd.add_f32s(of_state.cell[j], through_h);
        let of_forget = multiply(
            multiply(dc, cell_before[j].load::<S>()),
            slope_of_sigmoid(forget),
        );
        dz[j].store(simd, of_forget);
        let of_input = multiply(multiply(dc, candidate), slope_of_sigmoid(input));
        dz[H + j].store(simd, of_input);
        let of_candidate = multiply(multiply(dc, input), slope_of_tanh(candidate));
        dz[2 * H + j].store(simd, of_candidate);
        let of_gate = multiply(multiply(dh, cell_tanh), slope_of_sigmoid(gate));
        dz[3 * H + j].store(simd, of_gate);
        of_state.cell[j] = multiply(dc, forget);
    }
}

/// Back through (10) to (8): leaves the derivatives of W [h; C].
#[inline(always)]
fn query_back<S: Simd, const H: usize, const A: usize>(
    simd: S,
    (sizes, month): (Sizes, usize),
    input: &Input,
    weights: &Weights,
    trace: &Trace,
    gradient: &mut Gradient,
) {
    let x = &input.x[month].0[..sizes.inputs];
    let beta = &trace.beta[month].0[..sizes.inputs];
    let d_gates = &gradient.gates[month * 4 * H..][..4 * H];
    let mut d_beta = [0.0; LANES];
    let mut mean = 0.0;
    for (k, (x, beta)) in x.iter().zip(beta).enumerate() {
        let column = &weights.gates_e[k * 4 * H..][..4 * H];
        let mut total = simd.splat_f32s(NOTHING);
        for (weights, d_gates) in column.iter().zip(d_gates) {
            total = multiply_add(simd, weights.load::<S>(), d_gates.load::<S>(), total);
        }
        d_beta[k] = sum(simd, total) * x; // (10)
        mean += beta * d_beta[k];
    }
    let mut of_query = [simd.splat_f32s(NOTHING); A];
    let scores = &trace.score[month * sizes.inputs * A..][..sizes.inputs * A];
    // A missing input has no share, so nothing comes through it.
    for (k, (x, beta)) in x.iter().zip(beta).enumerate() {
        let d_alpha = simd.splat_f32s(beta * (d_beta[k] - mean)); // (9)
        let x = simd.splat_f32s(*x);
        for (a, of_query) in of_query.iter_mut().enumerate() {
            let row = k * A + a;
            let score = scores[row].load::<S>();
            let slope = simd.sub_f32s(simd.splat_f32s(1.0), simd.mul_f32s(score, score));
            let ds = simd.mul_f32s(simd.mul_f32s(d_alpha, weights.v[row].load::<S>()), slope);
            let du = &mut gradient.u[row];
            du.store(simd, multiply_add(simd, ds, x, du.load::<S>()));
            let db = &mut gradient.b[row];
            db.store(simd, simd.add_f32s(db.load::<S>(), ds));
            let dv = &mut gradient.v[row];
            dv.store(simd, multiply_add(simd, d_alpha, score, dv.load::<S>()));
            *of_query = simd.add_f32s(*of_query, ds); // (8)
        }
    }
    let d_query = &mut gradient.query[month * A..][..A];
    for (row, of_query) in d_query.iter_mut().zip(of_query) {
        row.store(simd, of_query);
    }
}

/// Through the gates to h and, where the month was attended to, through W to h and C before the month.
#[inline(always)]
fn state_back<S: Simd, const H: usize, const A: usize>(
    simd: S,
    weights: &Weights,
    gradient: &Gradient,
    of_state: &mut OfState<S, H>,
    month: usize,
    attended: bool,
) {
    let d_gates = from_memory(&gradient.gates[month * 4 * H..][..4 * H]);
    let matrix = &weights.gates_h_transposed[..4 * H * LANES * H];
    let rows = Rows {
        first: 0,
        step: 1,
        all: H,
    };
    of_state.h = product(simd, matrix, rows, d_gates);
    if !attended {
        return;
    }
    let d_query = from_memory(&gradient.query[month * A..][..A]);
    let matrix = &weights.w_transposed[..A * LANES * 2 * H];
    for j in 0..H {
        let rows = Rows {
            first: j,
            step: H,
            all: 2 * H,
        };
        let [of_h, of_cell] = product(simd, matrix, rows, d_query);
        of_state.h[j] = simd.add_f32s(of_state.h[j], of_h);
        of_state.cell[j] = simd.add_f32s(of_state.cell[j], of_cell);
    }
}

/// Derivatives of the matrices: sums over the months of outer products.
#[inline(always)]
fn weight_gradients<S: Simd, const H: usize, const A: usize>(
    simd: S,
    trace: &Trace,
    gradient: &mut Gradient,
) {
    let Gradient {
        w,
        gates_h,
        gates_e,
        gates,
        query,
        ..
    } = gradient;
    set_outer(simd, gates_h, (gates, 4 * H), (&trace.state, 2 * H));
    set_outer(simd, gates_e, (gates, 4 * H), (&trace.e, 1));
    if A > 0 {
        set_outer(simd, w, (query, A), (&trace.state, 2 * H));
    }
}
