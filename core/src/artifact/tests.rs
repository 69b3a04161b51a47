//! Valid and invalid model files.

mod changes;
mod damage;
mod fixed;
mod members;
mod record;
mod sections;

use self::sections::section_at;
use super::{
    ArtifactError, Content, HEAD_BYTES, MAX_FILE_BYTES, MAX_NAME_BYTES, ModelFile, Tag, encode,
};
use crate::checksum::CRC32;
use crate::estimate::Primary;
use crate::estimator::Estimator;
use crate::example::{self, Aligned, PAPER};
use crate::input::Input;
use crate::lstm::gate_row;
use crate::model::Network;
use crate::month_mean::{MonthDefinition, MonthRule};
use crate::scaler::Scaler;
use crate::sizes::{AttentionKind, BLOCK, Sizes};

const SMALL: Sizes = Sizes {
    inputs: 2,
    hidden: 3,
    attention: 2,
};

/// A model without physics, from a zero state.
fn content<'a>(inputs: &'a [Input], weights: &'a [f32]) -> Content<'a> {
    let record = example::record(SMALL, AttentionKind::Shared);
    Content {
        start_month: record.trained_until,
        record,
        inputs,
        changes: &[],
        target: Scaler {
            offset: 0.0,
            scale: 1.0,
        },
        start_subsidence_mm: 0.0,
        start_state: &[(0, 0); 3],
        start_level_m: &[],
        weights: bytemuck::cast_slice(weights),
        further: &[],
        physics: None,
        months: MonthDefinition::default(),
        fit: None,
        cumulative: None,
    }
}

/// Corrects length and CRC-32, so that the checks after them are reached.
fn resealed(mut file: Vec<u8>) -> Vec<u8> {
    let length = file.len();
    if length >= 16 {
        file[8..12].copy_from_slice(&(length as u32).to_le_bytes());
        let crc = CRC32.checksum(&file[..length - 4]);
        file[length - 4..].copy_from_slice(&crc.to_le_bytes());
    }
    file
}

fn sealed(mut bytes: Vec<u8>) -> Aligned {
    let end = bytes.len() - 4;
    let crc = CRC32.checksum(&bytes[..end]);
    bytes[end..].copy_from_slice(&crc.to_le_bytes());
    Aligned::of(&bytes)
}

/// A file, and why it is refused after some of its bytes were replaced and its checksum corrected.
fn patching() -> (Vec<u8>, impl Fn(usize, &[u8]) -> ArtifactError) {
    let file = example::file(SMALL, AttentionKind::Shared, 2)
        .bytes()
        .to_vec();
    let whole = file.clone();
    let patched = move |at: usize, bytes: &[u8]| {
        let mut file = file.clone();
        file[at..at + bytes.len()].copy_from_slice(bytes);
        ModelFile::parse(sealed(file).bytes()).unwrap_err()
    };
    (whole, patched)
}

fn refusal(bytes: &[u8]) -> ArtifactError {
    ModelFile::parse(Aligned::of(bytes).bytes()).unwrap_err()
}

#[test]
fn what_was_encoded_is_read_back() {
    for kind in [
        AttentionKind::None,
        AttentionKind::Shared,
        AttentionKind::PerLayer,
    ] {
        let sizes = match kind {
            AttentionKind::None => Sizes {
                attention: 0,
                ..PAPER
            },
            _ => PAPER,
        };
        let file = example::file(sizes, kind, 1);
        let read = ModelFile::parse(file.bytes()).unwrap();
        // NaN scores are not equal to themselves.
        assert_eq!(
            format!("{:?}", read.record()),
            format!("{:?}", example::record(sizes, kind))
        );
        assert_eq!(
            read.model().inputs().collect::<Vec<_>>(),
            example::inputs(sizes)
        );
        assert_eq!(
            read.model().target,
            Scaler {
                offset: 2.0,
                scale: 0.75
            }
        );
        assert_eq!(read.start().subsidence_mm, 120.5);
        assert_eq!(read.start().cell[3], 2.5_f32.to_bits());
        let weights = example::weights(sizes, kind, 1);
        let Network::F32(read) = read.model().network else {
            panic!("not an f32 model");
        };
        let end = weights.len() - 1;
        assert_eq!(read.output_bias, weights[end]);
        let output: Vec<f32> = read.output.iter().flatten().copied().collect();
        assert_eq!(output, &weights[end - 16..end]);
        // Columns of 64 rows, 19 of weights and one of biases, precede the output's 16 weights.
        let gates = &weights[end - 16 - 64 * 20..];
        for unit in 0..16 {
            for gate in 0..4 {
                let row = gate_row(gate, unit);
                let natural = 16 * gate + unit;
                for column in 0..19 {
                    assert_eq!(
                        read.gates.weights.weight(row, column),
                        Some(gates[64 * column + natural])
                    );
                }
                let biases = read.gates.biases.as_flattened();
                assert_eq!(biases[row / BLOCK][row % BLOCK], gates[64 * 19 + natural]);
            }
            if let Some(read) = &read.attention {
                let (block, row) = (unit / 8 * read.columns, unit % 8);
                for column in 0..32 {
                    assert_eq!(
                        read.w.weight(unit, column),
                        Some(weights[16 * column + unit])
                    );
                }
                for column in 0..read.columns {
                    let part =
                        |part: usize| weights[16 * (32 + part * read.columns + column) + unit];
                    assert_eq!(read.u[block + column][row], part(0));
                    assert_eq!(read.b[block + column][row], part(1));
                    assert_eq!(read.v[block + column][row], part(2));
                }
            }
        }
    }
}

#[test]
fn the_largest_model_fits_the_limits() {
    let sizes = Sizes {
        inputs: 8,
        hidden: 32,
        attention: 32,
    };
    let file = example::file(sizes, AttentionKind::PerLayer, 1);
    assert!(file.bytes().len() <= MAX_FILE_BYTES);
    assert!(ModelFile::parse(file.bytes()).is_ok());
}

#[test]
fn damage_to_the_frame_has_its_own_error() {
    let file = example::file(SMALL, AttentionKind::Shared, 2)
        .bytes()
        .to_vec();
    let length = file.len();
    assert_eq!(
        refusal(&[]),
        ArtifactError::Short {
            found: 0,
            expected: 16
        }
    );
    assert_eq!(
        refusal(&file[..15]),
        ArtifactError::Short {
            found: 15,
            expected: 16
        }
    );
    assert_eq!(
        refusal(&file[..length - 4]),
        ArtifactError::FileLength {
            found: length - 4,
            expected: length as u32
        }
    );
    let mut other = file.clone();
    other[0] = b'B';
    assert_eq!(refusal(&other), ArtifactError::Magic { found: *b"BMLM" });
    let mut other = file.clone();
    other[4] = 9;
    assert_eq!(refusal(&other), ArtifactError::Format { found: 9 });
    let mut other = file.clone();
    other[length / 2] ^= 1;
    assert!(matches!(refusal(&other), ArtifactError::Crc { .. }));
    let mut shifted = vec![0];
    shifted.extend_from_slice(&file);
    assert_eq!(
        ModelFile::parse(&Aligned::of(&shifted).bytes()[1..]).unwrap_err(),
        ArtifactError::Misaligned { remainder: 1 }
    );
}

#[test]
fn numbers_that_make_no_sense_have_their_own_error() {
    let (file, patched) = patching();
    let nan = f32::NAN.to_le_bytes();
    let inputs = section_at(&file, Tag::INPUTS);
    assert!(matches!(
        patched(inputs, &nan),
        ArtifactError::InputScaler { input: 0, .. }
    ));
    assert!(matches!(
        patched(inputs + 20, &[0; 4]),
        ArtifactError::InputScaler { input: 1, .. }
    ));
    assert!(matches!(
        patched(inputs + 8, &100.0_f32.to_le_bytes()),
        ArtifactError::TrainedRange { input: 0, .. }
    ));
    // Offset and scale of the target, month, subsidence, h and C of 3 units, 2 levels, 3 increments, the digest, weights.
    let network = section_at(&file, Tag::NETWORK);
    for (at, number) in [(0, f32::NAN), (0, -2e6), (4, 0.0), (4, -1.0), (4, 2e6)] {
        assert!(matches!(
            patched(network + at, &number.to_le_bytes()),
            ArtifactError::TargetScaler { .. }
        ));
    }
    assert_eq!(
        patched(network + 8, &(-1_i32).to_le_bytes()),
        ArtifactError::StartIndex { found: -1 }
    );
    let trained_until = example::record(SMALL, AttentionKind::Shared).trained_until;
    let earlier = trained_until.offset(-1);
    assert_eq!(
        patched(network + 8, &earlier.index().to_le_bytes()),
        ArtifactError::StartMonth {
            found: earlier,
            expected: trained_until
        }
    );
    for number in [f32::NAN, 1.1e6, f32::NEG_INFINITY] {
        assert!(matches!(
            patched(network + 12, &number.to_le_bytes()),
            ArtifactError::StartSubsidence { .. }
        ));
    }
    assert_eq!(
        patched(network + 16, &1.5_f32.to_le_bytes()),
        ArtifactError::StartState { unit: 0 }
    );
    assert_eq!(
        patched(network + 32, &nan),
        ArtifactError::StartState { unit: 1 }
    );
    assert!(matches!(
        patched(network + 40, &nan),
        ArtifactError::GoldenLevel { input: 0, .. }
    ));
    assert!(matches!(
        patched(network + 48, &[1]),
        ArtifactError::Golden { month: 0, .. }
    ));
    assert!(matches!(
        patched(network + 60, &[0, 0, 0, 0]),
        ArtifactError::GoldenDigest { .. }
    ));
    assert!(matches!(
        patched(network + 64, &nan),
        ArtifactError::Weight { index: 0, .. }
    ));
    assert!(matches!(
        patched(file.len() - 8, &2e6_f32.to_le_bytes()),
        ArtifactError::Weight { .. }
    ));
    assert!(matches!(
        patched(network + 64, &0.7_f32.to_le_bytes()),
        ArtifactError::GoldenDigest { .. } | ArtifactError::Golden { .. }
    ));
}

#[test]
fn intervals_of_the_cumulative_value_are_kept_and_checked() {
    let file = example::physics_file(AttentionKind::Shared, Primary::Physics);
    let parsed = ModelFile::parse(file.bytes()).unwrap();
    assert_eq!(
        parsed.cumulative_intervals(),
        Some(&example::cumulative_intervals())
    );
    let content_at = section_at(file.bytes(), Tag::CUMULATIVE);
    for wrong in [-1.0, f32::INFINITY] {
        let mut bytes = file.bytes().to_vec();
        bytes[content_at + 8..content_at + 12].copy_from_slice(&f32::to_le_bytes(wrong));
        assert_eq!(
            ModelFile::parse(sealed(bytes).bytes()).unwrap_err(),
            ArtifactError::CumulativeInterval
        );
    }
    let mut unknown = file.bytes().to_vec();
    unknown[content_at + 8..content_at + 12].copy_from_slice(&f32::NAN.to_le_bytes());
    assert!(ModelFile::parse(sealed(unknown).bytes()).is_ok());
}

#[test]
fn the_definition_of_a_month_is_kept_and_checked() {
    let rules = [MonthRule::AnyDay, MonthRule::MostDays];
    let months = MonthDefinition::new(-210, rules.into_iter()).unwrap();
    let inputs = example::inputs(SMALL);
    let weights = example::weights(SMALL, AttentionKind::Shared, 3);
    let content = Content {
        months,
        ..content(&inputs, &weights)
    };
    let file = example::encoded(&content);
    assert_eq!(ModelFile::parse(file.bytes()).unwrap().months(), months);
    let mut bytes = file.bytes().to_vec();
    let content_at = section_at(&bytes, Tag::MONTHS);
    bytes[content_at + 3] = 1;
    assert_eq!(
        ModelFile::parse(sealed(bytes).bytes()).unwrap_err(),
        ArtifactError::MonthDefinition
    );
}
