//! The weights of a floating-point network as others expect them: row by row, without the padding of the model file.

use amlstm_core::{
    arithmetic::{Block, F32, TiledMatrix},
    artifact::ModelFile,
    lstm::gate_row,
    model::{Model, Network},
    sizes::{BLOCK, Sizes},
};

/// The weights of a network, matrices row by row.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PlainWeights {
    /// Inputs.
    pub(super) inputs: usize,
    /// Hidden units.
    pub(super) hidden: usize,
    /// Attention units; 0 in a plain LSTM.
    pub(super) units: usize,
    /// Columns of U, B and V; 0 in a plain LSTM.
    pub(super) columns: usize,
    /// `W [units, 2 hidden]`, columns h then C.
    pub(super) w: Vec<f32>,
    /// `U [units, columns]`.
    pub(super) u: Vec<f32>,
    /// `B [units, columns]`.
    pub(super) b: Vec<f32>,
    /// `V [units, columns]`.
    pub(super) v: Vec<f32>,
    /// `[4 hidden, hidden]`, the rows of f, i, candidate, o.
    pub(super) gates_of_hidden: Vec<f32>,
    /// `[4 hidden, inputs]`.
    pub(super) gates_of_inputs: Vec<f32>,
    /// `[4 hidden]`.
    pub(super) gate_bias: Vec<f32>,
    /// `[hidden]`.
    pub(super) output: Vec<f32>,
    /// One number.
    pub(super) output_bias: f32,
    /// `[inputs]`; empty in a network that sees levels only.
    pub(super) skip: Vec<f32>,
}

impl PlainWeights {
    /// Those of a network of a model file; nothing if it is in fixed point.
    pub(super) fn of(file: &ModelFile, model: &Model) -> Option<Self> {
        let Network::F32(weights) = model.network else {
            return None;
        };
        let sizes = file.record().sizes;
        let [inputs, hidden, units] =
            [sizes.inputs, sizes.hidden, sizes.attention].map(usize::from);
        let gates = || (0..4).flat_map(|gate| (0..hidden).map(move |unit| gate_row(gate, unit)));
        let gate_columns = |columns| rows(&weights.gates.weights, gates(), columns, sizes);
        let biases = weights.gates.biases.as_flattened();
        let mut plain = Self {
            inputs,
            hidden,
            units,
            columns: 0,
            w: Vec::new(),
            u: Vec::new(),
            b: Vec::new(),
            v: Vec::new(),
            gates_of_hidden: gate_columns(0..hidden),
            gates_of_inputs: gate_columns(hidden..hidden + inputs),
            gate_bias: gates()
                .map(|row| biases[row / BLOCK][row % BLOCK])
                .collect(),
            output: weights
                .output
                .iter()
                .flatten()
                .take(hidden)
                .copied()
                .collect(),
            output_bias: weights.output_bias,
            skip: weights
                .skip
                .iter()
                .flatten()
                .take(inputs)
                .copied()
                .collect(),
        };
        if let Some(attention) = &weights.attention {
            let of_units = |blocks| columns_of(blocks, attention.columns, units);
            plain.columns = attention.columns;
            plain.w = rows(&attention.w, 0..units, 0..2 * hidden, sizes);
            plain.u = of_units(attention.u);
            plain.b = of_units(attention.b);
            plain.v = of_units(attention.v);
        }
        Some(plain)
    }
}

/// Rows and columns of a matrix, whose columns are counted without padding.
fn rows(
    matrix: &TiledMatrix<F32>,
    rows: impl Iterator<Item = usize>,
    columns: std::ops::Range<usize>,
    sizes: Sizes,
) -> Vec<f32> {
    let weight = |row, column| {
        matrix
            .weight(row, sizes.padded_column(column))
            .expect("the file has been checked to hold all its matrices")
    };
    rows.flat_map(|row| columns.clone().map(move |column| weight(row, column)))
        .collect()
}

/// The first `units` rows of columns that lie block by block.
fn columns_of(blocks: &[Block<f32>], columns: usize, units: usize) -> Vec<f32> {
    let entry = |unit: usize, column: usize| blocks[unit / BLOCK * columns + column][unit % BLOCK];
    (0..units)
        .flat_map(|unit| (0..columns).map(move |column| entry(unit, column)))
        .collect()
}
