//! A model file with made-up weights.

use std::vec::Vec;

use amlstm_core::arithmetic::ArithmeticKind;
use amlstm_core::artifact::{Content, MAX_FILE_BYTES, Physics, Record, Scores, encode};
use amlstm_core::bridge::Bridges;
use amlstm_core::estimate::Primary;
use amlstm_core::input::Input;
use amlstm_core::link::Fault;
use amlstm_core::month::Month;
use amlstm_core::month_mean::{MonthDefinition, MonthRule};
use amlstm_core::physics::{PhysicsState, PhysicsWeights};
use amlstm_core::scaler::Scaler;
use amlstm_core::sizes::{AttentionKind, Sizes};
use embassy_futures::block_on;

use super::FakeFlash;
use crate::logger::Logger;

/// Layers of the fake model and of the fake station, with levels around -10, -20 and -30 m.
pub const LAYERS: [&str; 3] = ["phreatic", "confined1", "confined2"];

/// Sends a model file to a logger, up to the commit.
pub fn upload(logger: &mut Logger<FakeFlash>, file: &[u8]) -> Result<(), Fault> {
    let crc = u32::from_le_bytes(*file.last_chunk().expect("a model file"));
    block_on(logger.upload_begin(file.len() as u32, crc))?;
    for (index, chunk) in file.chunks(192).enumerate() {
        block_on(logger.upload_chunk(index as u32 * 192, chunk))?;
    }
    Ok(())
}

/// A SYNTHETIC model of three layers and 16 hidden units, trained until `trained_until`. `version` also seeds its weights.
pub fn model(version: u32, trained_until: Month) -> Vec<u8> {
    model_of_site(version, trained_until, 0)
}

/// As [`model`], for a site whose time is that many minutes ahead of UTC.
pub fn model_of_site(version: u32, trained_until: Month, utc_offset_minutes: i16) -> Vec<u8> {
    model_with(version, trained_until, utc_offset_minutes, None)
}

/// As [`model`], with physics that is to be trusted and has not begun. The first layer lies 10 m above the second where its own level is missing.
pub fn model_with_physics(version: u32, trained_until: Month) -> Vec<u8> {
    let physics = Physics {
        primary: Primary::Physics,
        weights: PhysicsWeights {
            layers: &[[2.0, 0.0, 0.0, 0.0, 5.0, 0.0]; 3],
            decay: [0.5, 0.25],
        },
        bridges: Some(Bridges {
            of_month_m: &[[10.0; 12], [0.0; 12], [0.0; 12]],
            per_m: &[0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        }),
        state: PhysicsState::default(),
        subsidence_mm: 80.0,
        interval_half_width_mm: 0.75,
    };
    model_with(version, trained_until, 0, Some(&physics))
}

fn model_with(
    version: u32,
    trained_until: Month,
    utc_offset_minutes: i16,
    physics: Option<&Physics>,
) -> Vec<u8> {
    let sizes = Sizes {
        inputs: 3,
        hidden: 16,
        attention: 16,
    };
    let inputs: Vec<Input> = (1..=3_u8)
        .map(|layer| {
            let offset = -10.0 * f32::from(layer);
            Input {
                scaler: Scaler { offset, scale: 1.5 },
                lowest_trained_m: offset - 3.0,
                highest_trained_m: offset + 3.0,
            }
        })
        .collect();
    let mut seed = version.wrapping_mul(2_654_435_761) | 1;
    let mut uniform = || {
        seed ^= seed << 13;
        seed ^= seed >> 17;
        seed ^= seed << 5;
        (seed >> 8) as f32 / (1 << 24) as f32 * 1.2 - 0.6
    };
    let weights: Vec<f32> = (0..sizes.weights(AttentionKind::Shared))
        .map(|_| uniform())
        .collect();
    let state = [(0.1_f32.to_bits(), 0.2_f32.to_bits()); 16];
    let content = Content {
        record: Record {
            well: "SYNTHETIC well",
            aquifer_layers: LAYERS.into_iter().collect(),
            sizes,
            attention: AttentionKind::Shared,
            arithmetic: ArithmeticKind::F32,
            model_version: version,
            trained_from: trained_until.offset(-36),
            trained_until,
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
        changes: &[],
        target: Scaler {
            offset: 2.0,
            scale: 0.75,
        },
        start_month: trained_until,
        start_subsidence_mm: 120.5,
        start_state: &state,
        start_level_m: &[],
        weights: bytemuck::cast_slice(&weights),
        further: &[],
        physics,
        months: MonthDefinition::new(utc_offset_minutes, [MonthRule::MostDays; 8].into_iter())
            .expect("a site's offset"),
        fit: None,
        cumulative: None,
    };
    let mut words = vec![0_u32; MAX_FILE_BYTES / 4 + 1];
    let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut words);
    let length = encode(&content, bytes).expect("the fake model is sound");
    bytes[..length].to_vec()
}
