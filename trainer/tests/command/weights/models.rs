//! Model files of every kind, and levels for them.

use std::{fs, path::Path};

use amlstm::export::AlignedBytes;
use amlstm_core::{
    arithmetic::ArithmeticKind,
    artifact::{Content, FurtherContent, MAX_FILE_BYTES, Physics, Record, Scores, encode},
    bridge::Bridges,
    cumulative_interval::CumulativeIntervals,
    estimate::Primary,
    input::Input,
    month::Month,
    month_mean::MonthDefinition,
    physics::{PhysicsState, PhysicsWeights},
    scaler::Scaler,
    sizes::{AttentionKind, Sizes},
};

/// Months of a series: forty years.
pub const MONTHS: usize = 480;

/// What the weights of the networks are drawn from.
const SEEDS: [u64; 4] = [7, 8, 9, 10];

/// Numbers from 0 to 1 of a linear congruential generator (Knuth's MMIX).
fn uniform(seed: &mut u64) -> f32 {
    *seed = seed
        .wrapping_mul(6364136223846793005)
        .wrapping_add(1442695040888963407);
    (*seed >> 40) as f32 / (1 << 24) as f32
}

/// Levels in and out of the trained ranges (10 m below one another, 6 m wide), some missing.
pub fn levels(inputs: usize, mut seed: u64) -> Vec<Vec<Option<f32>>> {
    let mut level_m = |k: usize| {
        let place = uniform(&mut seed);
        (place > 0.05).then_some(place * 12.0 - 6.0 - 10.0 * (k + 1) as f32)
    };
    (0..MONTHS)
        .map(|_| (0..inputs).map(&mut level_m).collect())
        .collect()
}

const LAYER_WEIGHTS: [[f32; 6]; 8] = [
    [2.0, 0.0, 0.5, 0.0, 5.0, 0.25],
    [0.0, 1.5, 0.0, 3.0, 0.0, 0.0],
    [0.25, 0.0, 0.0, 0.0, 7.0, 1.0],
    [0.0; 6],
    [1.0; 6],
    [0.0; 6],
    [0.1; 6],
    [3.0, 0.0, 0.0, 0.0, 0.0, 0.0],
];

/// The first layer lies where the second and the season say, and each further one where those before and after it do; the second is held.
fn bridges(inputs: usize) -> Option<Bridges<'static>> {
    if inputs < 2 {
        return None;
    }
    let mut of_month_m = vec![[0.0; 12]; inputs];
    let mut per_m = vec![0.0; inputs * inputs];
    for layer in (0..inputs).filter(|layer| *layer != 1) {
        of_month_m[layer] = std::array::from_fn(|month| 0.1 * month as f32 - 5.0 * layer as f32);
        per_m[layer * inputs + layer.max(1) - 1 + usize::from(layer == 0)] = 0.5;
        if layer > 0 && layer + 1 < inputs {
            per_m[layer * inputs + layer + 1] = 0.25;
        }
    }
    Some(Bridges {
        of_month_m: of_month_m.leak(),
        per_m: per_m.leak(),
    })
}

/// Physics of so many layers whose beds have known some years.
fn physics(inputs: usize, primary: Primary) -> Physics<'static> {
    let weights = PhysicsWeights {
        layers: &LAYER_WEIGHTS[..inputs],
        decay: [0.5, 0.25],
    };
    let mut state = PhysicsState::default();
    for level_m in levels(inputs, 4).iter().take(60) {
        state.step(&weights, level_m);
    }
    Physics {
        primary,
        weights,
        bridges: bridges(inputs),
        state,
        subsidence_mm: 80.0,
        interval_half_width_mm: 0.75,
    }
}

const NAMES: [&str; 8] = ["upper", "lower", "*/\"\\??/", "d", "e", "f", "g", "h"];

/// A model file of a network that sees the changes of its levels, too, and so has half as many aquifer layers as inputs. In its last month the first layer had no level.
fn model_with_changes(
    sizes: Sizes,
    attention: AttentionKind,
    physics: Option<&Physics>,
) -> Vec<u8> {
    model_of_layers(
        sizes.inputs / 2,
        sizes,
        attention,
        &SEEDS[..1],
        physics,
        None,
    )
}

/// A model file of four networks, which see the changes of their levels if they have half as many aquifer layers as inputs.
fn ensemble(
    layers: u8,
    sizes: Sizes,
    attention: AttentionKind,
    physics: Option<&Physics>,
) -> Vec<u8> {
    model_of_layers(layers, sizes, attention, &SEEDS, physics, None)
}

/// A model file with random weights, whose last month is 2016-08.
pub fn model(sizes: Sizes, attention: AttentionKind, physics: Option<&Physics>) -> Vec<u8> {
    model_with(sizes, attention, physics, None)
}

/// The same with intervals around cumulative subsidence.
pub fn model_with(
    sizes: Sizes,
    attention: AttentionKind,
    physics: Option<&Physics>,
    cumulative: Option<&CumulativeIntervals>,
) -> Vec<u8> {
    model_of_layers(
        sizes.inputs,
        sizes,
        attention,
        &SEEDS[..1],
        physics,
        cumulative,
    )
}

/// A model file of so many equal networks.
pub fn equal_networks(members: usize) -> Vec<u8> {
    let sizes = Sizes {
        inputs: 3,
        hidden: 16,
        attention: 16,
    };
    let seeds = vec![SEEDS[0]; members];
    model_of_layers(
        sizes.inputs,
        sizes,
        AttentionKind::Shared,
        &seeds,
        None,
        None,
    )
}

fn model_of_layers(
    layers: u8,
    sizes: Sizes,
    attention: AttentionKind,
    seeds: &[u64],
    physics: Option<&Physics>,
    cumulative: Option<&CumulativeIntervals>,
) -> Vec<u8> {
    let changed = sizes.inputs - layers;
    let changes: Vec<Input> = (1..=changed)
        .map(|k| Input {
            scaler: Scaler {
                offset: 0.0,
                scale: 0.5 * f32::from(k),
            },
            lowest_trained_m: -2.0,
            highest_trained_m: 1.0,
        })
        .collect();
    let start_level_m: Vec<f32> = (1..=changed)
        .map(|k| {
            if k == 1 {
                f32::NAN
            } else {
                -9.5 * f32::from(k)
            }
        })
        .collect();
    let skip = usize::from(2 * changed);
    let mut networks = seeds.iter().copied().map(|mut seed| -> Vec<f32> {
        (0..sizes.weights(attention) + skip)
            .map(|_| uniform(&mut seed) * 1.2 - 0.6)
            .collect()
    });
    let weights = networks.next().unwrap();
    let further: Vec<Vec<f32>> = networks.collect();
    let inputs: Vec<Input> = (1..=layers)
        .map(|k| {
            let offset = -10.0 * f32::from(k);
            Input {
                scaler: Scaler { offset, scale: 1.5 },
                lowest_trained_m: offset - 3.0,
                highest_trained_m: offset + 3.0,
            }
        })
        .collect();
    let state = |hidden: f32| -> Vec<_> {
        (0..sizes.hidden)
            .map(|unit| (hidden.to_bits(), (-0.5 + f32::from(unit)).to_bits()))
            .collect()
    };
    let [state, of_further] = [0.1, -0.2].map(state);
    let further: Vec<FurtherContent> = (further.iter())
        .map(|weights| FurtherContent {
            start_state: &of_further,
            weights: bytemuck::cast_slice(weights),
        })
        .collect();
    let month = |year, month| Month::new(year, month).unwrap();
    let content = Content {
        record: Record {
            well: "W*/ 7",
            aquifer_layers: NAMES.into_iter().take(inputs.len()).collect(),
            sizes,
            attention,
            arithmetic: ArithmeticKind::F32,
            model_version: 1,
            trained_from: month(2012, 6),
            trained_until: month(2016, 8),
            fingerprint: 1,
            seed: 7,
            synthetic: true,
            scores: Scores {
                train_rmse_mm: 0.5,
                validate_rmse_mm: 0.6,
                test_rmse_mm: f32::NAN,
                floor_rmse_mm: f32::NAN,
            },
            interval_half_width_mm: 1.5,
        },
        inputs: &inputs,
        changes: &changes,
        target: Scaler {
            offset: 2.0,
            scale: 0.75,
        },
        start_month: month(2016, 8),
        start_subsidence_mm: 120.5,
        start_state: &state,
        start_level_m: &start_level_m,
        weights: bytemuck::cast_slice(&weights),
        further: &further,
        physics,
        months: MonthDefinition::default(),
        fit: None,
        cumulative,
    };
    let mut bytes = AlignedBytes::new(&[0; MAX_FILE_BYTES]);
    let length = encode(&content, &mut bytes).unwrap();
    bytes[..length].to_vec()
}

/// Model files of every kind of one network: attention of either kind and none, blocks filled and not, with physics and without.
pub fn models() -> Vec<(&'static str, Vec<u8>)> {
    let sizes = |inputs, hidden, attention| Sizes {
        inputs,
        hidden,
        attention,
    };
    let trusted = physics(3, Primary::Physics);
    let beside = physics(8, Primary::Network);
    let mut unmeasured = physics(2, Primary::Physics);
    unmeasured.state.layers[1] = None;
    unmeasured.state.months = None;
    let trained = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/examples/A.amlm");
    vec![
        ("trained", fs::read(trained).unwrap()),
        (
            "shared",
            model(sizes(3, 16, 16), AttentionKind::Shared, Some(&trusted)),
        ),
        (
            "per_layer",
            model(sizes(8, 32, 32), AttentionKind::PerLayer, Some(&beside)),
        ),
        (
            "odd",
            model(sizes(2, 11, 5), AttentionKind::PerLayer, Some(&unmeasured)),
        ),
        ("plain", model(sizes(1, 3, 0), AttentionKind::None, None)),
        (
            "changes",
            model_with_changes(sizes(6, 16, 16), AttentionKind::PerLayer, Some(&trusted)),
        ),
        (
            "plain with changes",
            model_with_changes(sizes(2, 9, 0), AttentionKind::None, None),
        ),
    ]
}

/// Model files of four networks, on levels and with their changes, with physics and alone.
pub fn ensembles() -> Vec<(&'static str, Vec<u8>)> {
    let sizes = |inputs, hidden, attention| Sizes {
        inputs,
        hidden,
        attention,
    };
    let beside = physics(3, Primary::Network);
    vec![
        (
            "four",
            ensemble(3, sizes(3, 16, 16), AttentionKind::Shared, Some(&beside)),
        ),
        (
            "four with changes",
            ensemble(3, sizes(6, 16, 16), AttentionKind::PerLayer, Some(&beside)),
        ),
        (
            "four plain",
            ensemble(2, sizes(2, 11, 0), AttentionKind::None, None),
        ),
    ]
}

/// Seeds of the reader of model files (`tests/fuzz`): small files with the sections that a trained model of one network on levels has not.
pub fn seeds() -> [(&'static str, Vec<u8>); 2] {
    let sizes = |inputs| Sizes {
        inputs,
        hidden: 3,
        attention: 2,
    };
    let told_by_others = physics(2, Primary::Physics);
    let networks = model_of_layers(2, sizes(2), AttentionKind::Shared, &SEEDS[..2], None, None);
    let changes = model_of_layers(
        2,
        sizes(4),
        AttentionKind::PerLayer,
        &SEEDS[..1],
        Some(&told_by_others),
        None,
    );
    [("networks.amlm", networks), ("changes.amlm", changes)]
}
