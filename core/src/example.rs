//! Model files for tests.

use crate::arithmetic::ArithmeticKind;
use crate::artifact::{
    Content, FurtherContent, MAX_FILE_BYTES, ModelFile, Physics, Record, Scores, encode,
};
use crate::bridge::Bridges;
use crate::cumulative_interval::CumulativeIntervals;
use crate::estimate::Primary;
use crate::input::Input;
use crate::month::Month;
use crate::month_mean::MonthDefinition;
use crate::physics::{PhysicsState, PhysicsWeights};
use crate::quantise::{Calibration, quantise};
use crate::scaler::Scaler;
use crate::sizes::{AttentionKind, Sizes};

/// Numbers from 0 to 1 of a linear congruential generator (Knuth's MMIX).
pub fn uniform(seed: &mut u64) -> f32 {
    *seed = seed
        .wrapping_mul(6364136223846793005)
        .wrapping_add(1442695040888963407);
    (*seed >> 40) as f32 / (1 << 24) as f32
}

/// Bytes at a multiple of 4.
#[derive(Clone)]
pub struct Aligned {
    words: Vec<u32>,
    length: usize,
}

impl Aligned {
    pub fn of(bytes: &[u8]) -> Self {
        let mut aligned = Self {
            words: vec![0; bytes.len().div_ceil(4)],
            length: bytes.len(),
        };
        aligned.bytes_mut().copy_from_slice(bytes);
        aligned
    }

    pub fn bytes(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.words)[..self.length]
    }

    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut bytemuck::cast_slice_mut(&mut self.words)[..self.length]
    }
}

pub const NAMES: [&str; 8] = [
    "phreatic",
    "confined1",
    "confined2",
    "confined3",
    "confined4",
    "confined5",
    "confined6",
    "confined7",
];

/// Weights from -0.6 to 0.6.
pub fn weights(sizes: Sizes, attention: AttentionKind, mut seed: u64) -> Vec<f32> {
    (0..sizes.weights(attention))
        .map(|_| uniform(&mut seed) * 1.2 - 0.6)
        .collect()
}

/// Weights of a skip from this many inputs, from -0.5 to 0.5.
pub fn skip(inputs: u8, seed: u64) -> Vec<f32> {
    let mut seed = seed + 100;
    (0..inputs).map(|_| uniform(&mut seed) - 0.5).collect()
}

/// A record of these sizes.
pub fn record(sizes: Sizes, attention: AttentionKind) -> Record<'static> {
    Record {
        well: "A",
        aquifer_layers: NAMES.into_iter().take(usize::from(sizes.inputs)).collect(),
        sizes,
        attention,
        arithmetic: ArithmeticKind::F32,
        model_version: 1,
        trained_from: Month::new(2012, 6).unwrap(),
        trained_until: Month::new(2016, 8).unwrap(),
        fingerprint: 0x0123_4567_89ab_cdef,
        seed: 7,
        synthetic: true,
        scores: Scores {
            train_rmse_mm: 0.5,
            validate_rmse_mm: 0.6,
            test_rmse_mm: f32::NAN,
            floor_rmse_mm: f32::NAN,
        },
        interval_half_width_mm: 1.5,
    }
}

/// Inputs around -10 m, -20 m, ... with ranges of 6 m.
pub fn inputs(sizes: Sizes) -> Vec<Input> {
    (1..=sizes.inputs)
        .map(|k| {
            let offset = -10.0 * f32::from(k);
            Input {
                scaler: Scaler { offset, scale: 1.5 },
                lowest_trained_m: offset - 3.0,
                highest_trained_m: offset + 3.0,
            }
        })
        .collect()
}

/// A model file with random weights and a state at the end of training, of a network alone.
pub fn file(sizes: Sizes, attention: AttentionKind, seed: u64) -> Aligned {
    file_with(sizes, attention, seed, None)
}

/// Weights of three aquifer layers: each 2 mm/m elastic and 5 mm/m for a bed of four years.
pub const PHYSICS_WEIGHTS: PhysicsWeights = PhysicsWeights {
    layers: &[[2.0, 0.0, 0.0, 0.0, 5.0, 0.0]; 3],
    decay: [0.5, 0.25],
};

/// Intervals of the cumulative subsidence, observed until the end of training.
pub fn cumulative_intervals() -> CumulativeIntervals<'static> {
    CumulativeIntervals {
        observed_until: Month::new(2016, 8).unwrap(),
        network: &[1.0, 2.0, 4.0, 8.0, 16.0],
        physics: &[0.5, 1.0, 2.0, 4.0, 8.0],
    }
}

/// The first of three aquifer layers lies 1 m above the mean of the others in summer and 2 m in winter; they themselves are held.
pub const BRIDGES: Bridges = Bridges {
    of_month_m: &[
        [
            17.0, 17.0, 17.0, 16.0, 16.0, 16.0, 16.0, 16.0, 16.0, 17.0, 17.0, 17.0,
        ],
        [0.0; 12],
        [0.0; 12],
    ],
    per_m: &[0.0, 0.5, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
};

/// Physics of three aquifer layers, which have been measured for a while.
pub fn physics(primary: Primary) -> Physics<'static> {
    let mut state = PhysicsState::default();
    for month in levels(30, 3, 4) {
        state.step(&PHYSICS_WEIGHTS, &month);
    }
    Physics {
        primary,
        weights: PHYSICS_WEIGHTS,
        bridges: None,
        state,
        subsidence_mm: 80.0,
        interval_half_width_mm: 0.75,
    }
}

/// [`file`] with physics of three aquifer layers.
pub fn physics_file(attention: AttentionKind, primary: Primary) -> Aligned {
    file_with(PAPER, attention, 5, Some(&physics(primary)))
}

/// The same with what stands in for missing levels.
pub fn bridged_file(primary: Primary) -> Aligned {
    let physics = Physics {
        bridges: Some(BRIDGES),
        ..physics(primary)
    };
    file_with(PAPER, AttentionKind::Shared, 5, Some(&physics))
}

/// A model file with random weights, a state at the end of training, and physics.
pub fn file_with(
    sizes: Sizes,
    attention: AttentionKind,
    seed: u64,
    physics: Option<&Physics>,
) -> Aligned {
    file_of_layers(sizes.inputs, sizes, attention, &[seed], physics)
}

/// [`file_with`] with a network for each seed, all from the same state.
pub fn ensemble_file(
    sizes: Sizes,
    attention: AttentionKind,
    seeds: &[u64],
    physics: Option<&Physics>,
) -> Aligned {
    file_of_layers(sizes.inputs, sizes, attention, seeds, physics)
}

/// A model file with random weights of networks, one for each seed, that see the changes of their levels, too, and so have half as many aquifer layers as
/// inputs. Changes have scales of 0.5 m, 1 m, ... and were trained from -2 m to 1 m, and the first layer had no level in the start's month, the others -19 m, -29 m, ...
pub fn change_ensemble_file(sizes: Sizes, attention: AttentionKind, seeds: &[u64]) -> Aligned {
    file_of_layers(sizes.inputs / 2, sizes, attention, seeds, None)
}

/// [`change_ensemble_file`] of one network.
pub fn change_file(sizes: Sizes, attention: AttentionKind, seed: u64) -> Aligned {
    change_ensemble_file(sizes, attention, &[seed])
}

fn file_of_layers(
    layers: u8,
    sizes: Sizes,
    attention: AttentionKind,
    seeds: &[u64],
    physics: Option<&Physics>,
) -> Aligned {
    let changed = if layers < sizes.inputs { layers } else { 0 };
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
                1.0 - 10.0 * f32::from(k)
            }
        })
        .collect();
    let state: Vec<_> = (0..sizes.hidden)
        .map(|unit| (0.1_f32.to_bits(), (-0.5 + f32::from(unit)).to_bits()))
        .collect();
    let weights: Vec<_> = seeds
        .iter()
        .map(|seed| {
            let mut weights = weights(sizes, attention, *seed);
            weights.extend(skip(2 * changed, *seed));
            weights
        })
        .collect();
    let further: Vec<_> = weights[1..]
        .iter()
        .map(|weights| FurtherContent {
            start_state: &state,
            weights: bytemuck::cast_slice(weights),
        })
        .collect();
    let intervals = cumulative_intervals();
    let content = Content {
        record: Record {
            aquifer_layers: NAMES.into_iter().take(usize::from(layers)).collect(),
            ..record(sizes, attention)
        },
        inputs: &inputs(Sizes {
            inputs: layers,
            ..sizes
        }),
        changes: &changes,
        target: Scaler {
            offset: 2.0,
            scale: 0.75,
        },
        start_month: Month::new(2016, 8).unwrap(),
        start_subsidence_mm: 120.5,
        start_state: &state,
        start_level_m: &start_level_m,
        weights: bytemuck::cast_slice(&weights[0]),
        further: &further,
        physics,
        months: MonthDefinition::default(),
        fit: None,
        cumulative: physics.map(|_| &intervals),
    };
    encoded(&content)
}

/// [`file`] in fixed point.
pub fn fixed_file(sizes: Sizes, attention: AttentionKind, seed: u64) -> Aligned {
    fixed(&file(sizes, attention, seed))
}

/// A floating-point file, converted to fixed point.
pub fn fixed(float: &Aligned) -> Aligned {
    let float = ModelFile::parse(float.bytes()).unwrap();
    let mut out = Aligned::of(&[0; MAX_FILE_BYTES]);
    let calibration = Calibration {
        input: 2.0,
        cell: 2.0,
    };
    let length = quantise(&float, &calibration, out.bytes_mut()).unwrap();
    Aligned::of(&out.bytes()[..length])
}

/// The model file of `content`.
pub fn encoded(content: &Content) -> Aligned {
    let mut words = vec![0; MAX_FILE_BYTES.div_ceil(4)];
    let length = encode(content, bytemuck::cast_slice_mut(&mut words)).unwrap();
    Aligned { words, length }
}

/// The paper's sizes.
pub const PAPER: Sizes = Sizes {
    inputs: 3,
    hidden: 16,
    attention: 16,
};

/// Levels of `months` months, some missing.
pub fn levels(months: usize, inputs: usize, mut seed: u64) -> Vec<Vec<Option<f32>>> {
    let mut level = || {
        let level = uniform(&mut seed);
        (level > 0.05).then_some(level * 8.0 - 4.0)
    };
    (0..months)
        .map(|_| {
            (1..=inputs)
                .map(|k| level().map(|level| level - 10.0 * k as f32))
                .collect()
        })
        .collect()
}
