//! The backward pass of a batch: from the derivatives of the monthly outputs to those of all parameters.
//!
//! Names with a `d` in front are derivatives of the loss.

use pulp::{Simd, WithSimd};

use super::super::lanes::{LANES, Row, multiply_add, sum, zeros};
use super::forward::Trace;
use super::weights::{Weights, add_product};
use super::{BatchInput, Lanes, Sizes};
use crate::network::Shape;

/// Months whose outer products are added up together, so that what they read stays in the cache.
const CHUNK: usize = 16;

/// Derivatives of the loss; those of parameters for each lane, added up at the end.
#[derive(Clone, Debug)]
pub(super) struct Gradient {
    /// Of the gates before activation, `[months, 4 hidden]`.
    gates: Vec<Row>,
    /// Of W [h; C], `[months, attention]`.
    query: Vec<Row>,
    /// Of h and C at the end of the month.
    state: Vec<Row>,
    /// Of e of the month, filled up.
    e: Vec<Row>,
    /// `[attention, 2 hidden]`.
    of_w: Vec<Row>,
    /// `[inputs, attention]`.
    of_u: Vec<Row>,
    of_b: Vec<Row>,
    of_v: Vec<Row>,
    /// `[4 hidden, hidden]`, `[4 hidden, e]`; the column after the inputs is that of the bias.
    of_gates_h: Vec<Row>,
    of_gates_e: Vec<Row>,
    /// `[hidden]`.
    of_output: Vec<Row>,
    of_output_bias: Vec<Row>,
    /// `[inputs]`.
    of_skip: Vec<Row>,
}

impl Gradient {
    pub(super) fn new(sizes: Sizes, months: usize) -> Self {
        let Sizes {
            inputs,
            hidden,
            attention,
            e,
        } = sizes;
        let rows = |length: usize| zeros(length * LANES);
        Self {
            gates: rows(months * 4 * hidden),
            query: rows(months * attention),
            state: rows(2 * hidden),
            e: rows(e),
            of_w: rows(attention * 2 * hidden),
            of_u: rows(inputs * attention),
            of_b: rows(inputs * attention),
            of_v: rows(inputs * attention),
            of_gates_h: rows(4 * hidden * hidden),
            of_gates_e: rows(4 * hidden * e),
            of_output: rows(hidden),
            of_output_bias: rows(1),
            of_skip: rows(inputs),
        }
    }

    fn clear(&mut self) {
        for rows in [
            &mut self.state,
            &mut self.of_w,
            &mut self.of_u,
            &mut self.of_b,
            &mut self.of_v,
            &mut self.of_gates_h,
            &mut self.of_gates_e,
            &mut self.of_output,
            &mut self.of_output_bias,
            &mut self.of_skip,
        ] {
            rows.fill(Row::ZERO);
        }
    }

    /// Adds the lanes up and puts the sums to the places of their parameters.
    pub(super) fn store(&self, shape: &Shape, sizes: Sizes, flat: &mut [f32]) {
        assert_eq!(flat.len(), shape.parameters());
        let layout = shape.layout();
        let Sizes {
            inputs,
            hidden,
            attention,
            e,
        } = sizes;
        let total = |row: &Row| sum(pulp::Scalar512b, row.load::<pulp::Scalar512b>());
        flat.fill(0.0);
        let gate_rows = 4 * shape.hidden;
        for row in 0..gate_rows {
            let padded = row / shape.hidden * hidden + row % shape.hidden;
            for column in 0..shape.hidden {
                flat[layout.gates.start + column * gate_rows + row] =
                    total(&self.of_gates_h[padded * hidden + column]);
            }
            for column in 0..inputs {
                flat[layout.gates.start + (shape.hidden + column) * gate_rows + row] =
                    total(&self.of_gates_e[padded * e + column]);
            }
            flat[layout.gate_bias.start + row] = total(&self.of_gates_e[padded * e + inputs]);
        }
        for (place, row) in flat[layout.output].iter_mut().zip(&self.of_output) {
            *place = total(row);
        }
        flat[layout.output_bias.start] = total(&self.of_output_bias[0]);
        for (place, row) in flat[layout.skip].iter_mut().zip(&self.of_skip) {
            *place = total(row);
        }
        if attention == 0 {
            return;
        }
        let units = shape.attention_units;
        for half in 0..2 {
            for column in 0..shape.hidden {
                for row in 0..units {
                    flat[layout.attention_w.start + (half * shape.hidden + column) * units + row] =
                        total(&self.of_w[row * 2 * hidden + half * hidden + column]);
                }
            }
        }
        for (rows, range) in [
            (&self.of_u, layout.attention_u),
            (&self.of_b, layout.attention_b),
            (&self.of_v, layout.attention_v),
        ] {
            // Where the attention is shared, every input's derivatives are the one column's.
            let columns = range.len() / units;
            let flat = &mut flat[range];
            for (k, rows) in rows.chunks_exact(attention).enumerate() {
                let flat = &mut flat[k % columns * units..][..units];
                for (place, row) in flat.iter_mut().zip(rows) {
                    *place += total(row);
                }
            }
        }
    }
}

/// The backward pass.
pub(super) struct Backward<'a> {
    pub(super) sizes: Sizes,
    pub(super) weights: &'a Weights,
    pub(super) trace: &'a Trace,
    pub(super) gradient: &'a mut Gradient,
    pub(super) input: &'a BatchInput,
    pub(super) of_output: &'a [Lanes],
}

impl WithSimd for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self {
            sizes,
            weights,
            trace,
            gradient,
            input,
            of_output,
        } = self;
        let Sizes {
            hidden,
            attention,
            e,
            ..
        } = sizes;
        gradient.clear();
        let mut end = of_output.len();
        while end > 0 {
            let start = (end - 1) / CHUNK * CHUNK;
            for month in (start..end).rev() {
                let dy: S::f32s = bytemuck::cast(of_output[month]);
                step(simd, sizes, weights, trace, gradient, input, month, dy);
            }
            let months = start..end;
            let gates = &gradient.gates[start * 4 * hidden..end * 4 * hidden];
            let state = Columns {
                rows: &trace.state[start * 2 * hidden..end * 2 * hidden],
                stride: 2 * hidden,
            };
            let e = Columns {
                rows: &trace.e[start * e..end * e],
                stride: e,
            };
            add_outer(
                simd,
                &mut gradient.of_gates_h,
                hidden,
                gates,
                4 * hidden,
                &state,
            );
            add_outer(
                simd,
                &mut gradient.of_gates_e,
                e.stride,
                gates,
                4 * hidden,
                &e,
            );
            if attention > 0 {
                let query = &gradient.query[start * attention..end * attention];
                add_outer(
                    simd,
                    &mut gradient.of_w,
                    2 * hidden,
                    query,
                    attention,
                    &state,
                );
            }
            end = months.start;
        }
    }
}

/// One month back: needs and leaves the derivatives to h and C in `gradient.state`.
#[inline(always)]
#[expect(clippy::too_many_arguments, reason = "inlined into one caller")]
fn step<S: Simd>(
    simd: S,
    sizes: Sizes,
    weights: &Weights,
    trace: &Trace,
    gradient: &mut Gradient,
    input: &BatchInput,
    month: usize,
    dy: S::f32s,
) {
    let Sizes {
        inputs,
        hidden,
        attention,
        ..
    } = sizes;
    let one = simd.splat_f32s(1.0);
    let multiply = |a, b| simd.mul_f32s(a, b);
    let h = &trace.state[(month + 1) * 2 * hidden..][..hidden];
    let cell_before = &trace.state[(month * 2 + 1) * hidden..][..hidden];
    let x = &input.x[month * inputs..][..inputs];
    add(simd, &mut gradient.of_output_bias[0], dy);
    for (place, x) in gradient.of_skip.iter_mut().zip(x) {
        add(simd, place, multiply(dy, x.load::<S>()));
    }
    let gates = &trace.gates[month * 4 * hidden..][..4 * hidden];
    let cell_tanh = &trace.cell_tanh[month * hidden..][..hidden];
    let dz = &mut gradient.gates[month * 4 * hidden..][..4 * hidden];
    let (dh, dcell) = gradient.state.split_at_mut(hidden);
    for unit in 0..hidden {
        add(
            simd,
            &mut gradient.of_output[unit],
            multiply(dy, h[unit].load::<S>()),
        );
        let [f, i, c, o] = [0, 1, 2, 3].map(|gate| gates[gate * hidden + unit].load::<S>());
        let of_cell = cell_tanh[unit].load::<S>();
        let dh = multiply_add(
            simd,
            simd.splat_f32s(weights.output[unit]),
            dy,
            dh[unit].load::<S>(),
        );
        // (7), (6)
        let slope = simd.sub_f32s(one, multiply(of_cell, of_cell));
        let d = multiply_add(simd, multiply(dh, o), slope, dcell[unit].load::<S>());
        let of_sigmoid = |value| multiply(value, simd.sub_f32s(one, value));
        dz[3 * hidden + unit].store(simd, multiply(multiply(dh, of_cell), of_sigmoid(o)));
        // (5), (4), (3), (2)
        let c_slope = simd.sub_f32s(one, multiply(c, c));
        dz[2 * hidden + unit].store(simd, multiply(multiply(d, i), c_slope));
        dz[hidden + unit].store(simd, multiply(multiply(d, c), of_sigmoid(i)));
        let kept = multiply(d, cell_before[unit].load::<S>());
        dz[unit].store(simd, multiply(kept, of_sigmoid(f)));
        dcell[unit].store(simd, multiply(d, f));
    }
    dh.fill(Row::ZERO);
    add_product(simd, &weights.gates_h_transposed, dz, dh);
    if attention == 0 {
        return;
    }
    gradient.e.fill(Row::ZERO);
    add_product(simd, &weights.gates_e_transposed, dz, &mut gradient.e);
    // (10), (9)
    let beta = &trace.beta[month * inputs..][..inputs];
    let factor = simd.splat_f32s(weights.e_factor);
    let mut mean = simd.splat_f32s(0.0);
    for ((de, x), beta) in gradient.e.iter_mut().zip(x).zip(beta) {
        let dbeta = multiply(multiply(factor, de.load::<S>()), x.load::<S>());
        de.store(simd, dbeta);
        mean = multiply_add(simd, beta.load::<S>(), dbeta, mean);
    }
    // (8)
    let dquery = &mut gradient.query[month * attention..][..attention];
    dquery.fill(Row::ZERO);
    let scores = &trace.score[month * inputs * attention..][..inputs * attention];
    for (k, scores) in scores.chunks_exact(attention).enumerate() {
        let dbeta = simd.sub_f32s(gradient.e[k].load::<S>(), mean);
        let dalpha = multiply(beta[k].load::<S>(), dbeta);
        let x = x[k].load::<S>();
        let column = k * attention..(k + 1) * attention;
        let of_u = &mut gradient.of_u[column.clone()];
        let of_b = &mut gradient.of_b[column.clone()];
        let of_v = &mut gradient.of_v[column.clone()];
        let v = &weights.v[column];
        for a in 0..attention {
            let score = scores[a].load::<S>();
            let slope = simd.sub_f32s(one, multiply(score, score));
            let ds = multiply(multiply(dalpha, simd.splat_f32s(v[a])), slope);
            add(simd, &mut of_v[a], multiply(dalpha, score));
            add(simd, &mut of_u[a], multiply(ds, x));
            add(simd, &mut of_b[a], ds);
            add(simd, &mut dquery[a], ds);
        }
    }
    add_product(simd, &weights.w_transposed, dquery, &mut gradient.state);
}

#[inline(always)]
fn add<S: Simd>(simd: S, place: &mut Row, value: S::f32s) {
    place.store(simd, simd.add_f32s(place.load::<S>(), value));
}

/// The first columns of some months of rows.
struct Columns<'a> {
    rows: &'a [Row],
    stride: usize,
}

/// `matrix += sum over the months of left * right'` for each lane, the last month first; `matrix` is `[left rows, columns]`.
#[inline(always)]
fn add_outer<S: Simd>(
    simd: S,
    matrix: &mut [Row],
    columns: usize,
    left: &[Row],
    left_rows: usize,
    right: &Columns<'_>,
) {
    // As many sums as the processor has registers for.
    if S::REGISTER_COUNT >= 32 {
        add_tiles::<S, 4>(simd, matrix, columns, left, left_rows, right);
    } else {
        add_tiles::<S, 2>(simd, matrix, columns, left, left_rows, right);
    }
}

#[inline(always)]
fn add_tiles<S: Simd, const SIDE: usize>(
    simd: S,
    matrix: &mut [Row],
    columns: usize,
    left: &[Row],
    left_rows: usize,
    right: &Columns<'_>,
) {
    for (block, matrix) in matrix.chunks_exact_mut(SIDE * columns).enumerate() {
        for first in (0..columns).step_by(SIDE) {
            let mut sums = [[simd.splat_f32s(0.0); SIDE]; SIDE];
            for row in 0..SIDE {
                for column in 0..SIDE {
                    sums[row][column] = matrix[row * columns + first + column].load::<S>();
                }
            }
            let months = left
                .chunks_exact(left_rows)
                .zip(right.rows.chunks_exact(right.stride));
            for (left, right) in months.rev() {
                let left = &left[block * SIDE..][..SIDE];
                let right = &right[first..][..SIDE];
                for row in 0..SIDE {
                    let of_row = left[row].load::<S>();
                    for column in 0..SIDE {
                        sums[row][column] = multiply_add(
                            simd,
                            of_row,
                            right[column].load::<S>(),
                            sums[row][column],
                        );
                    }
                }
            }
            for row in 0..SIDE {
                for column in 0..SIDE {
                    matrix[row * columns + first + column].store(simd, sums[row][column]);
                }
            }
        }
    }
}
