//! All weights of a network by name, as JSON.

use amlstm_core::{
    arithmetic::{Arithmetic, Block, TiledMatrix},
    lstm::gate_row,
    network::Weights,
    sizes::{BLOCK, Sizes},
};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// All weights by name, without what fills blocks of units up; matrices as lists of rows.
/// In fixed point, biases are pairs of bias and shift, and `scales` are those of `amlstm_core::arithmetic::Scales`.
pub fn named_weights<A>(weights: &Weights<A>, sizes: Sizes) -> Value
where
    A: Arithmetic<Weight: Serialize, Bias: Serialize, Scales: Serialize>,
{
    let mut named = Map::new();
    let mut add = |name: &str, rows: Vec<Vec<Value>>| {
        let shape = [rows.len(), rows.first().map_or(0, Vec::len)];
        named.insert(name.to_owned(), json!({ "shape": shape, "rows": rows }));
    };
    let [inputs, hidden, units] = [sizes.inputs, sizes.hidden, sizes.attention].map(usize::from);
    if let Some(attention) = &weights.attention {
        let columns = attention.columns;
        add(
            "attention_w",
            rows(&attention.w, 0..units, sizes, 2 * hidden),
        );
        add("attention_u", columns_of(attention.u, columns, units));
        add("attention_b", columns_of(attention.b, columns, units));
        add("attention_v", columns_of(attention.v, columns, units));
    }
    let gates = || (0..4).flat_map(|gate| (0..hidden).map(move |unit| gate_row(gate, unit)));
    add(
        "gate_weights",
        rows(&weights.gates.weights, gates(), sizes, hidden + inputs),
    );
    let biases = weights.gates.biases.as_flattened();
    add(
        "gate_bias",
        gates()
            .map(|row| vec![json!(biases[row / BLOCK][row % BLOCK])])
            .collect(),
    );
    add(
        "output_weights",
        weights
            .output
            .iter()
            .flatten()
            .take(hidden)
            .map(|weight| vec![json!(weight)])
            .collect(),
    );
    add("output_bias", vec![vec![json!(weights.output_bias)]]);
    let skip = weights.skip.iter().flatten().take(inputs);
    add("skip", skip.map(|weight| vec![json!(weight)]).collect());
    named.insert("scales".to_owned(), json!(weights.scales));
    Value::Object(named)
}

/// The first `units` rows of columns that lie block by block.
fn columns_of<T: Serialize>(blocks: &[Block<T>], columns: usize, units: usize) -> Vec<Vec<Value>> {
    let entry =
        |unit: usize, column: usize| json!(blocks[unit / BLOCK * columns + column][unit % BLOCK]);
    (0..units)
        .map(|unit| (0..columns).map(|column| entry(unit, column)).collect())
        .collect()
}

fn rows<A>(
    matrix: &TiledMatrix<A>,
    rows: impl Iterator<Item = usize>,
    sizes: Sizes,
    columns: usize,
) -> Vec<Vec<Value>>
where
    A: Arithmetic<Weight: Serialize>,
{
    rows.map(|row| {
        (0..columns)
            .map(|column| json!(matrix.weight(row, sizes.padded_column(column))))
            .collect()
    })
    .collect()
}
