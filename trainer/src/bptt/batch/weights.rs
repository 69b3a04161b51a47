//! The flat parameters as the products of a batch read them.

use super::super::lanes::Row;
use super::{ROWS, Sizes};
use crate::network::Shape;

/// Numbers of four rows in one column.
pub(super) type Block = [f32; ROWS];

/// Four rows after four rows, each column by column; units are filled up with zeros.
#[derive(Clone, Debug)]
pub(super) struct Weights {
    /// W of (8), `[attention, 2 hidden]`, and its transpose.
    pub(super) w: Vec<Block>,
    pub(super) w_transposed: Vec<Block>,
    /// U, B, V of (8), `[inputs][attention]`.
    pub(super) u: Vec<f32>,
    pub(super) b: Vec<f32>,
    pub(super) v: Vec<f32>,
    /// Gate weights, `[4 hidden, hidden]` and `[4 hidden, inputs]`, and their transposes.
    pub(super) gates_h: Vec<Block>,
    pub(super) gates_e: Vec<Block>,
    pub(super) gates_h_transposed: Vec<Block>,
    pub(super) gates_e_transposed: Vec<Block>,
    /// `[4 hidden]`.
    pub(super) gate_bias: Vec<f32>,
    /// `[hidden]`.
    pub(super) output: Vec<f32>,
    pub(super) output_bias: f32,
    /// `[inputs]`; zeros without a skip.
    pub(super) skip: Vec<f32>,
    /// Factor of e where there is an attention.
    pub(super) e_factor: f32,
}

/// A matrix of the flat parameters, column-major, whose rows and columns are filled up.
struct Padded<'a> {
    values: &'a [f32],
    rows: usize,
}

impl Padded<'_> {
    fn at(&self, row: usize, column: usize) -> f32 {
        if row < self.rows {
            self.values
                .get(column * self.rows + row)
                .copied()
                .unwrap_or(0.0)
        } else {
            0.0
        }
    }
}

/// Fills blocks of four rows from a function of row and column.
fn fill(blocks: &mut [Block], columns: usize, at: impl Fn(usize, usize) -> f32) {
    for (group, blocks) in blocks.chunks_exact_mut(columns).enumerate() {
        for (column, block) in blocks.iter_mut().enumerate() {
            *block = std::array::from_fn(|row| at(group * ROWS + row, column));
        }
    }
}

impl Weights {
    pub(super) fn new(sizes: Sizes, e_factor: f32) -> Self {
        let Sizes {
            inputs,
            hidden,
            attention,
            e,
        } = sizes;
        let blocks = |length: usize| vec![[0.0; ROWS]; length / ROWS];
        Self {
            w: blocks(attention * 2 * hidden),
            w_transposed: blocks(attention * 2 * hidden),
            u: vec![0.0; inputs * attention],
            b: vec![0.0; inputs * attention],
            v: vec![0.0; inputs * attention],
            gates_h: blocks(4 * hidden * hidden),
            gates_e: blocks(4 * hidden * inputs),
            gates_h_transposed: blocks(4 * hidden * hidden),
            gates_e_transposed: blocks(4 * hidden * e),
            gate_bias: vec![0.0; 4 * hidden],
            output: vec![0.0; hidden],
            output_bias: 0.0,
            skip: vec![0.0; inputs],
            e_factor,
        }
    }

    pub(super) fn load(&mut self, shape: &Shape, sizes: Sizes, parameters: &[f32]) {
        assert_eq!(parameters.len(), shape.parameters());
        let layout = shape.layout();
        let Sizes {
            inputs,
            hidden,
            attention,
            ..
        } = sizes;
        // Gate rows are f, i, candidate, o of all units; a unit of the filled-up gate `row / hidden` is `row % hidden`.
        let gates = Padded {
            values: &parameters[layout.gates.clone()],
            rows: 4 * shape.hidden,
        };
        let gate = |row: usize, column: usize| {
            let (gate, unit) = (row / hidden, row % hidden);
            if unit < shape.hidden {
                gates.at(gate * shape.hidden + unit, column)
            } else {
                0.0
            }
        };
        let of_h = |row: usize, column: usize| {
            if column < shape.hidden {
                gate(row, column)
            } else {
                0.0
            }
        };
        let of_e = |row: usize, column: usize| {
            if column < inputs {
                gate(row, shape.hidden + column)
            } else {
                0.0
            }
        };
        fill(&mut self.gates_h, hidden, of_h);
        fill(&mut self.gates_e, inputs, of_e);
        fill(&mut self.gates_h_transposed, 4 * hidden, |row, column| {
            of_h(column, row)
        });
        fill(&mut self.gates_e_transposed, 4 * hidden, |row, column| {
            of_e(column, row)
        });
        let bias = &parameters[layout.gate_bias];
        for (place, bias) in self
            .gate_bias
            .chunks_exact_mut(hidden)
            .zip(bias.chunks_exact(shape.hidden))
        {
            place[..shape.hidden].copy_from_slice(bias);
        }
        self.output[..shape.hidden].copy_from_slice(&parameters[layout.output]);
        self.output_bias = parameters[layout.output_bias.start];
        let skip = &parameters[layout.skip];
        self.skip[..skip.len()].copy_from_slice(skip);
        if attention > 0 {
            let units = shape.attention_units;
            let (of_h, of_cell) = parameters[layout.attention_w].split_at(units * shape.hidden);
            let halves = [of_h, of_cell].map(|values| Padded {
                values,
                rows: units,
            });
            let w = |row: usize, column: usize| halves[column / hidden].at(row, column % hidden);
            fill(&mut self.w, 2 * hidden, w);
            fill(&mut self.w_transposed, attention, |row, column| {
                w(column, row)
            });
            for (to, range) in [
                (&mut self.u, layout.attention_u),
                (&mut self.b, layout.attention_b),
                (&mut self.v, layout.attention_v),
            ] {
                let columns = range.len() / units;
                let from = &parameters[range];
                for (input, to) in to.chunks_exact_mut(attention).enumerate() {
                    // Where the attention is shared, the one column is every input's.
                    to[..units].copy_from_slice(&from[input % columns * units..][..units]);
                }
            }
        }
    }
}

/// Adds the product of a matrix and a vector of lanes to `sums`, four rows at a time, in the order of the columns.
#[inline(always)]
pub(super) fn add_product<S: pulp::Simd>(simd: S, matrix: &[Block], x: &[Row], sums: &mut [Row]) {
    let rows = sums.as_chunks_mut::<ROWS>().0;
    for (columns, rows) in matrix.chunks_exact(x.len()).zip(rows) {
        let mut sums = [simd.splat_f32s(0.0); ROWS];
        for row in 0..ROWS {
            sums[row] = rows[row].load::<S>();
        }
        for (weights, x) in columns.iter().zip(x) {
            let x = x.load::<S>();
            for row in 0..ROWS {
                let product = simd.mul_f32s(simd.splat_f32s(weights[row]), x);
                sums[row] = simd.add_f32s(sums[row], product);
            }
        }
        for row in 0..ROWS {
            rows[row].store(simd, sums[row]);
        }
    }
}
