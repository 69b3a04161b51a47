//! Models with pseudo-random weights and a series of levels that the repository makes itself.

use amlstm_core::arithmetic::ArithmeticKind;
use amlstm_core::artifact::{
    Content, FurtherContent, MAX_FILE_BYTES, ModelFile, Physics, Record, Scores, encode,
};
use amlstm_core::basis::COLUMNS;
use amlstm_core::bridge::{Bridges, CALENDAR_MONTHS};
use amlstm_core::estimate::Primary;
use amlstm_core::input::Input;
use amlstm_core::month::Month;
use amlstm_core::month_mean::{MonthDefinition, MonthRule};
use amlstm_core::physics::{PhysicsState, PhysicsWeights};
use amlstm_core::quantise::{Calibration, quantise};
use amlstm_core::scaler::Scaler;
use amlstm_core::sizes::{AttentionKind, Sizes};
use amlstm_measure::replay::Start;

use crate::replay::{Series, aligned};

/// The paper's sizes.
pub const PAPER: Sizes = Sizes {
    inputs: 3,
    hidden: 16,
    attention: 16,
};

/// A stream of pseudo-random numbers: SplitMix64 (Steele, Lea and Flood 2014, doi:10.1145/2660193.2660195).
pub struct Random(u64);

impl Random {
    /// The stream of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Uniform within -1 to 1.
    pub fn next_signed(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        (z >> 40) as f32 / (1 << 23) as f32 - 1.0
    }
}

/// A model file with pseudo-random weights, of a network alone.
pub fn model_file(attention: AttentionKind, sizes: Sizes, seed: u64) -> Vec<u8> {
    model_file_with(attention, sizes, seed, 1, None)
}

/// [`model_file`] of so many networks that see the changes of their levels, too, and so have half as many aquifer layers as inputs.
pub fn model_file_with_changes(
    attention: AttentionKind,
    sizes: Sizes,
    seed: u64,
    members: usize,
) -> Vec<u8> {
    model_file_of_layers(sizes.inputs / 2, attention, sizes, seed, members, None)
}

/// Physics whose weights are all above zero, not begun, and where each level is told by the others.
pub fn physics() -> Physics<'static> {
    const LAYER: [f32; COLUMNS] = [0.4, 0.8, 0.3, 0.2, 0.15, 0.1];
    Physics {
        primary: Primary::Physics,
        weights: PhysicsWeights {
            layers: &[LAYER; PAPER.inputs as usize],
            decay: [0.5, 0.25],
        },
        bridges: Some(Bridges {
            of_month_m: &[[0.5; CALENDAR_MONTHS]; PAPER.inputs as usize],
            per_m: &[0.0, 0.5, 0.4, 0.3, 0.0, 0.7, 0.2, 0.8, 0.0],
        }),
        state: PhysicsState::default(),
        subsidence_mm: 0.0,
        interval_half_width_mm: f32::NAN,
    }
}

/// [`model_file`] of so many networks, with physics beside them.
pub fn model_file_with(
    attention: AttentionKind,
    sizes: Sizes,
    seed: u64,
    members: usize,
    physics: Option<&Physics>,
) -> Vec<u8> {
    model_file_of_layers(sizes.inputs, attention, sizes, seed, members, physics)
}

fn model_file_of_layers(
    layers: u8,
    attention: AttentionKind,
    sizes: Sizes,
    seed: u64,
    members: usize,
    physics: Option<&Physics>,
) -> Vec<u8> {
    let changed = usize::from(sizes.inputs - layers);
    let mut random = Random::new(seed);
    let mut networks = Vec::new();
    for _ in 0..members {
        let weights: Vec<f32> = (0..sizes.weights(attention) + 2 * changed)
            .map(|_| random.next_signed())
            .collect();
        let start_state: Vec<(u32, u32)> = (0..sizes.hidden)
            .map(|_| {
                (
                    random.next_signed().to_bits(),
                    (3.0 * random.next_signed()).to_bits(),
                )
            })
            .collect();
        networks.push((weights, start_state));
    }
    let networks: Vec<FurtherContent> = networks
        .iter()
        .map(|(weights, start_state)| FurtherContent {
            start_state,
            weights: bytemuck::cast_slice(weights),
        })
        .collect();
    let [first, further @ ..] = &networks[..] else {
        panic!("a model has a network");
    };
    let input = Input {
        scaler: Scaler {
            offset: -40.0,
            scale: 6.0,
        },
        lowest_trained_m: -52.0,
        highest_trained_m: -28.0,
    };
    let inputs = vec![input; usize::from(layers)];
    let change = Input {
        scaler: Scaler {
            offset: 0.0,
            scale: 1.75,
        },
        lowest_trained_m: -6.0,
        highest_trained_m: 6.0,
    };
    let names = [
        "phreatic",
        "confined1",
        "confined2",
        "confined3",
        "confined4",
        "confined5",
        "confined6",
        "confined7",
    ];
    let content = Content {
        record: Record {
            well: "SAMPLE",
            aquifer_layers: names.into_iter().take(inputs.len()).collect(),
            sizes,
            attention,
            arithmetic: ArithmeticKind::F32,
            model_version: 1,
            trained_from: month(1995, 1),
            trained_until: month(2014, 12),
            fingerprint: seed,
            seed,
            synthetic: true,
            scores: Scores {
                train_rmse_mm: f32::NAN,
                validate_rmse_mm: f32::NAN,
                test_rmse_mm: f32::NAN,
                floor_rmse_mm: f32::NAN,
            },
            interval_half_width_mm: f32::NAN,
        },
        inputs: &inputs,
        changes: &vec![change; changed],
        target: Scaler {
            offset: 1.25,
            scale: 2.5,
        },
        start_month: month(2014, 12),
        start_subsidence_mm: 310.5,
        start_state: first.start_state,
        start_level_m: &vec![-33.0; changed],
        weights: first.weights,
        further,
        physics,
        months: MonthDefinition::new(0, [MonthRule::MostDays; 8].into_iter()).expect("UTC"),
        fit: None,
        cumulative: None,
    };
    let mut words = vec![0u32; MAX_FILE_BYTES.div_ceil(4)];
    let bytes = bytemuck::cast_slice_mut(&mut words);
    let length = encode(&content, bytes).expect("the content is consistent");
    bytes[..length].to_vec()
}

/// The fixed-point twin of a floating-point model file, with ranges taken from the levels of `series`.
pub fn fixed_point(model: &[u8], series: &Series) -> Vec<u8> {
    let words = aligned(model);
    let file = ModelFile::parse(&bytemuck::cast_slice(&words)[..model.len()])
        .expect("the model file is sound");
    let calibration = Calibration::of(&file, series.level_m.iter().map(Vec::as_slice));
    let mut words = vec![0u32; MAX_FILE_BYTES.div_ceil(4)];
    let bytes = bytemuck::cast_slice_mut(&mut words);
    let length = quantise(&file, &calibration, bytes).expect("the sample's numbers are small");
    bytes[..length].to_vec()
}

/// Twenty years of levels with seasons, a decline and noise; each layer misses months of its own, and in some months all are missing.
pub fn series(layers: u8, start: Start) -> Series {
    let mut random = Random::new(20_150_101);
    let mut row = |index: usize| -> Vec<Option<f32>> {
        let season = (index as f32 * std::f32::consts::TAU / 12.0).sin();
        (0..usize::from(layers))
            .map(|layer| {
                let level = -34.0 - 0.04 * index as f32
                    + (3.0 - 0.3 * layer as f32) * season
                    + random.next_signed();
                let missing = index % 37 == 5 || index % 29 == 3 + 2 * layer;
                (!missing).then_some(level)
            })
            .collect()
    };
    Series {
        first: month(2015, 1),
        level_m: (0..240).map(&mut row).collect(),
        start,
    }
}

fn month(year: i32, month: u8) -> Month {
    Month::new(year, month).expect("the month is within 1 to 12")
}
