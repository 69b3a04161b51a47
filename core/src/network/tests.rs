use super::Weights;
use crate::arithmetic::{Arithmetic, Block, F32, Tile, TiledMatrix};
use crate::artifact::ModelFile;
use crate::attention::{AttentionWeights, Inputs};
use crate::example::{self, PAPER};
use crate::lstm::GateWeights;
use crate::sizes::{AttentionKind, MAX_BLOCKS, Sizes};
use crate::state::State;
use crate::stateful_network::StatefulNetwork;

/// Gates of one hidden unit and two inputs, all unequal: rows f, i, candidate, o; columns h, e1, e2.
const GATES: [f32; 12] = [
    0.4, 0.9, -0.7, 0.15, -0.6, 0.2, 1.3, -0.25, 0.3, -0.5, 0.8, 1.7,
];
const GATE_BIASES: [f32; 4] = [1.0, -0.5, 0.3, 0.2];

/// A column of one or two rows, padded to a block.
fn block(column: &[f32]) -> Block<f32> {
    Block::from_fn(|row, _| column.get(row).copied().unwrap_or(0.0))
}

/// Tiles of blocks of rows: column `c` of block `b` is `column(b, c)`.
fn tiles(
    blocks: usize,
    columns: usize,
    column: impl Fn(usize, usize) -> Block<f32>,
) -> Vec<Tile<f32>> {
    let starts = (0..blocks).flat_map(|block| (0..columns).step_by(4).map(move |at| (block, at)));
    starts
        .map(|(block, at)| Tile::from_columns(&[0, 1, 2, 3].map(|next| column(block, at + next))))
        .collect()
}

/// The tiles of W of two attention units: columns h and C, each padded to 8.
fn attention_tiles(h: [f32; 2], cell: [f32; 2]) -> Vec<Tile<f32>> {
    tiles(1, 16, |_, column| match column {
        0 => block(&h),
        8 => block(&cell),
        _ => Block::zeros(),
    })
}

fn matrix(tiles: &[Tile<f32>], tiles_per_block: usize) -> TiledMatrix<'_, F32> {
    TiledMatrix {
        tiles,
        tiles_per_block,
    }
}

/// A step from h = 0.5, C = -0.8, x = (1.2, -0.7): y, beta, h and C after it.
fn step(attention: Option<AttentionWeights<'_, F32>>) -> (f32, Block<f32>, State<F32, 1>) {
    // Columns h, padded to 8, and e, padded to 4; a block for each gate.
    let gates = tiles(4, 12, |gate, column| match column {
        0 => block(&[GATES[gate]]),
        8 | 9 => block(&[GATES[4 * (column - 7) + gate]]),
        _ => Block::zeros(),
    });
    let weights = Weights {
        attention,
        gates: GateWeights {
            weights: matrix(&gates, 3),
            // A file of another program may have any weights beyond the first unit; the state there still stays zero.
            biases: &[
                GATE_BIASES.map(|bias| Block::from([bias, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7]))
            ],
        },
        output: &[block(&[-1.4])],
        output_bias: 0.25,
        skip: &[],
        hidden: 1,
        scales: (),
    };
    let mut state = State::zero();
    (state.hidden[0][0], state.cell[0][0]) = (0.5, -0.8);
    let (y, beta) = weights.step(&mut state, &inputs([1.2, -0.7]));
    (y, beta, state)
}

fn inputs(value: [f32; 2]) -> Inputs<F32> {
    let mut inputs = Inputs::missing();
    for (k, value) in value.into_iter().enumerate() {
        inputs.value[k] = value;
        inputs.present[k] = true;
    }
    inputs
}

fn assert_near(found: f32, expected: f64) {
    assert!(
        (f64::from(found) - expected).abs() < 5e-7,
        "found {found}, expected {expected}"
    );
}

// The numbers of the three tests below were computed with Python's `math` in 64 bits, gate by gate, from h = 0.5, C = -0.8, x = (1.2, -0.7).

#[test]
fn a_step_with_an_attention_of_each_layer_agrees_with_one_worked_by_hand() {
    let w = attention_tiles([0.3, 0.6], [-0.4, 0.2]);
    let attention = AttentionWeights {
        w: matrix(&w, 4),
        u: &[block(&[0.5, -0.2]), block(&[-0.9, 0.7])],
        b: &[block(&[0.1, 0.25]), block(&[-0.3, 0.4])],
        v: &[block(&[0.8, 1.1]), block(&[-0.5, 0.35])],
        columns: 2,
    };
    let (y, beta, state) = step(Some(attention));
    assert_near(beta[0], 0.7572615593806449);
    assert_near(beta[1], 0.24273844061935518);
    assert_near(state.cell[0][0], -0.09639880907186876);
    assert_near(state.hidden[0][0], -0.04228753360253623);
    assert_near(y, 0.3092025470435507);
    assert_eq!(
        (state.hidden[0][1], state.cell[0][1], beta[2]),
        (0.0, 0.0, 0.0)
    );
}

#[test]
fn a_step_with_a_shared_attention_agrees_with_one_worked_by_hand() {
    let w = attention_tiles([0.3, 0.6], [-0.4, 0.2]);
    let attention = AttentionWeights {
        w: matrix(&w, 4),
        u: &[block(&[0.5, -0.2])],
        b: &[block(&[0.1, 0.25])],
        v: &[block(&[0.8, 1.1])],
        columns: 1,
    };
    let (y, beta, state) = step(Some(attention));
    assert_near(beta[0], 0.5289818827529488);
    assert_near(beta[1], 0.4710181172470511);
    assert_near(state.cell[0][0], -0.2742509115513486);
    assert_near(state.hidden[0][0], -0.10455237736829097);
    assert_near(y, 0.39637332831560734);
}

#[test]
fn a_step_without_attention_sees_the_inputs_themselves() {
    let (y, beta, state) = step(None);
    assert_near(state.cell[0][0], 0.0137297942532556);
    assert_near(y, 0.24560201122577813);
    assert_eq!(beta, Block::zeros());
}

/// The equations again, implemented directly in 64 bits: row by row, without blocks.
struct Reference {
    sizes: Sizes,
    kind: AttentionKind,
    weights: Vec<f64>,
    hidden: Vec<f64>,
    cell: Vec<f64>,
}

impl Reference {
    fn step(&mut self, x: &[Option<f64>]) -> f64 {
        let [n, units, attention] =
            [self.sizes.inputs, self.sizes.hidden, self.sizes.attention].map(usize::from);
        let columns = self.sizes.attention_columns(self.kind);
        let sigmoid = |z: f64| 1.0 / (1.0 + (-z).exp());
        let mut at = 0;
        let mut take = |count: usize| {
            at += count;
            &self.weights[at - count..at]
        };
        let (w, u, b, v) = (
            take(if columns == 0 {
                0
            } else {
                attention * 2 * units
            }),
            take(attention * columns),
            take(attention * columns),
            take(attention * columns),
        );
        let (gates, bias) = (take(4 * units * (units + n)), take(4 * units));
        let (output, output_bias) = (take(units), take(1)[0]);
        let mut e: Vec<f64> = x.iter().map(|x| x.unwrap_or(0.0)).collect();
        if columns > 0 {
            let alpha = |k: usize| -> f64 {
                let column = if columns == 1 { 0 } else { k };
                (0..attention)
                    .map(|a| {
                        let mut z = u[column * attention + a] * e[k] + b[column * attention + a];
                        for j in 0..units {
                            z += w[j * attention + a] * self.hidden[j]
                                + w[(units + j) * attention + a] * self.cell[j];
                        }
                        v[column * attention + a] * z.tanh()
                    })
                    .sum()
            };
            let shares: Vec<f64> = (0..n)
                .map(|k| x[k].map_or(0.0, |_| alpha(k).exp()))
                .collect();
            let total: f64 = shares.iter().sum();
            for (e, share) in e.iter_mut().zip(shares) {
                *e *= if total > 0.0 { share / total } else { 0.0 };
            }
        }
        let gate = |row: usize| {
            let columns = self.hidden.iter().chain(&e).enumerate();
            columns
                .map(|(j, value)| gates[j * 4 * units + row] * value)
                .sum::<f64>()
                + bias[row]
        };
        let next: Vec<(f64, f64)> = (0..units)
            .map(|unit| {
                let cell = sigmoid(gate(unit)) * self.cell[unit]
                    + sigmoid(gate(units + unit)) * gate(2 * units + unit).tanh();
                (sigmoid(gate(3 * units + unit)) * cell.tanh(), cell)
            })
            .collect();
        (self.hidden, self.cell) = next.into_iter().unzip();
        output
            .iter()
            .zip(&self.hidden)
            .map(|(w, h)| w * h)
            .sum::<f64>()
            + output_bias
    }
}

#[test]
fn whole_series_follow_the_equations_in_64_bits_whatever_the_sizes() {
    for (kind, inputs, hidden, attention, layers) in [
        (AttentionKind::Shared, 3, 16, 16, 3),
        (AttentionKind::PerLayer, 4, 17, 23, 4),
        (AttentionKind::PerLayer, 8, 32, 32, 8),
        (AttentionKind::Shared, 1, 1, 1, 1),
        (AttentionKind::None, 3, 9, 0, 3),
        // With the changes of the layers.
        (AttentionKind::PerLayer, 6, 16, 16, 3),
        (AttentionKind::Shared, 8, 11, 13, 4),
        (AttentionKind::None, 2, 9, 0, 1),
    ] {
        let sizes = Sizes {
            inputs,
            hidden,
            attention,
        };
        let (bytes, skip) = if layers < inputs {
            let skip = example::skip(inputs, 3);
            (example::change_file(sizes, kind, 3), skip)
        } else {
            (example::file(sizes, kind, 3), Vec::new())
        };
        let file = ModelFile::parse(bytes.bytes()).unwrap();
        let mut network = StatefulNetwork::<MAX_BLOCKS>::cold(file.model());
        let units = usize::from(hidden);
        let mut reference = Reference {
            sizes,
            kind,
            weights: example::weights(sizes, kind, 3)
                .into_iter()
                .map(f64::from)
                .collect(),
            hidden: vec![0.0; units],
            cell: vec![0.0; units],
        };
        let mut worst: f64 = 0.0;
        let mut before_m = vec![None; layers.into()];
        for level_m in example::levels(300, layers.into(), 4) {
            let inputs = level_m.iter().zip(file.model().inputs());
            let mut x: Vec<_> = inputs
                .map(|(level, input)| level.map(|level| f64::from(input.scaler.standardise(level))))
                .collect();
            let pairs = level_m.iter().zip(&before_m);
            let changes = pairs.zip(file.model().changes());
            x.extend(changes.map(|((level, before), change)| {
                let change_m = level.zip(*before).map(|(level, before)| level - before);
                change_m.map(|change_m| f64::from(change.scaler.standardise(change_m)))
            }));
            before_m.clone_from(&level_m);
            let skipped = skip.iter().zip(&x);
            let skipped: f64 = skipped.map(|(s, x)| f64::from(*s) * x.unwrap_or(0.0)).sum();
            let expected = (reference.step(&x) + skipped) * 0.75 + 2.0;
            worst = worst.max((f64::from(network.step(&level_m).increment_mm) - expected).abs());
        }
        // 300 months of rounding in 32 bits; with weights up to 0.6 errors decay soon.
        assert!(worst < 1e-5, "{sizes:?}: {worst}");
    }
}

#[test]
fn the_largest_weights_and_levels_still_give_numbers() {
    let mut weights = example::weights(PAPER, AttentionKind::PerLayer, 8);
    assert_eq!(weights.len(), PAPER.weights(AttentionKind::PerLayer));
    for weight in &mut weights {
        *weight = weight.signum() * 1e6;
    }
    let content = crate::artifact::Content {
        record: example::record(PAPER, AttentionKind::PerLayer),
        inputs: &example::inputs(PAPER),
        changes: &[],
        target: crate::scaler::Scaler {
            offset: 0.0,
            scale: 1.0,
        },
        start_month: example::record(PAPER, AttentionKind::PerLayer).trained_until,
        start_subsidence_mm: 0.0,
        start_state: &[(0, F32::cell_bits(16_777_216.0)); 16],
        start_level_m: &[],
        weights: bytemuck::cast_slice(&weights),
        further: &[],
        physics: None,
        months: crate::month_mean::MonthDefinition::default(),
        fit: None,
        cumulative: None,
    };
    let bytes = example::encoded(&content);
    let file = ModelFile::parse(bytes.bytes()).unwrap();
    let mut network = StatefulNetwork::<MAX_BLOCKS>::cold(file.model());
    for level in [f32::MAX, f32::MIN, f32::MIN_POSITIVE, 0.0] {
        assert!(network.step(&[Some(level); 3]).increment_mm.is_finite());
    }
}
