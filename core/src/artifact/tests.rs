use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::check::check_q15;
use super::{
    ArtifactError, Content, HEAD_BYTES, MAX_FILE_BYTES, MAX_NAME_BYTES, ModelFile, Tag, encode,
};
use crate::arithmetic::{Block, Q15, TiledMatrix, VALUE_LIMIT};
use crate::attention::AttentionWeights;
use crate::checksum::CRC32;
use crate::estimator::Estimator;
use crate::example::{self, Aligned, PAPER};
use crate::lstm::gate_row;
use crate::model::Network;
use crate::month_mean::{MonthDefinition, MonthRule};
use crate::network::Weights;
use crate::scaler::Scaler;
use crate::sizes::{AttentionKind, BLOCK, Sizes};

const SMALL: Sizes = Sizes {
    inputs: 2,
    hidden: 3,
    attention: 2,
};

fn sealed(mut bytes: Vec<u8>) -> Aligned {
    let end = bytes.len() - 4;
    let crc = CRC32.checksum(&bytes[..end]);
    bytes[end..].copy_from_slice(&crc.to_le_bytes());
    Aligned::of(&bytes)
}

/// A file, and why it is refused after some of its bytes were replaced and its checksum made right.
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
        // Columns of 64 rows, 19 of weights and one of biases, before the output's 16 weights.
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
fn a_record_that_makes_no_sense_has_its_own_error() {
    let (file, patched) = patching();
    let record = HEAD_BYTES + 8;
    let record_bytes = file[HEAD_BYTES + 4];
    assert!(matches!(
        patched(HEAD_BYTES + 4, &[4]),
        ArtifactError::SectionLength { .. }
            | ArtifactError::SectionUnknown { .. }
            | ArtifactError::Padding { .. }
    ));
    // The padding of the record counted as content.
    assert!(!record_bytes.is_multiple_of(4));
    assert_eq!(
        patched(HEAD_BYTES + 4, &[record_bytes.next_multiple_of(4)]),
        ArtifactError::RecordRest {
            found: usize::from(record_bytes.next_multiple_of(4)),
            expected: usize::from(record_bytes)
        }
    );
    assert!(matches!(
        patched(record, &[255]),
        ArtifactError::Record { .. }
    ));
    // Not UTF-8.
    assert!(matches!(
        patched(record + 1, &[0xff]),
        ArtifactError::Record { .. }
    ));
    // Record: length 1, "A", 2 names (1 + 8, 1 + 9 bytes), then the sizes.
    let sizes_at = record + 2 + 1 + 9 + 10;
    assert_eq!(file[sizes_at..sizes_at + 3], [2, 3, 2]);
    assert_eq!(patched(sizes_at, &[0]), ArtifactError::Inputs { found: 0 });
    assert_eq!(patched(sizes_at, &[9]), ArtifactError::Inputs { found: 9 });
    assert_eq!(
        patched(sizes_at, &[1]),
        ArtifactError::Layers {
            found: 2,
            expected: 1
        }
    );
    assert_eq!(
        patched(sizes_at + 1, &[33]),
        ArtifactError::Hidden { found: 33 }
    );
    assert_eq!(
        patched(sizes_at + 2, &[33]),
        ArtifactError::Attention { found: 33 }
    );
    assert_eq!(
        patched(sizes_at + 3, &[0]),
        ArtifactError::AttentionWithout { found: 2 }
    );
    assert!(matches!(
        patched(sizes_at + 1, &[4]),
        ArtifactError::NumbersLength { .. }
    ));
    assert!(matches!(
        patched(sizes_at + 2, &[9]),
        ArtifactError::NumbersLength { .. }
    ));
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

/// Where the content of a section begins.
fn section_at(file: &[u8], tag: Tag) -> usize {
    let mut at = HEAD_BYTES;
    while file[at..at + 4] != tag.0 {
        let length = u32::from_le_bytes(file[at + 4..at + 8].try_into().unwrap());
        at += 8 + (length as usize).next_multiple_of(4);
    }
    at + 8
}

/// A file with a section more, before all others or after them.
fn with_section(file: &[u8], tag: [u8; 4], content: &[u8], first: bool) -> Aligned {
    let mut section = tag.to_vec();
    section.extend((content.len() as u32).to_le_bytes());
    section.extend(content);
    section.resize(section.len().next_multiple_of(4), 0);
    let mut file = file.to_vec();
    let at = if first { HEAD_BYTES } else { file.len() - 4 };
    file.splice(at..at, section);
    Aligned::of(&resealed(file))
}

#[test]
fn sections_to_come_are_skipped_or_refused_by_their_first_letter() {
    let file = example::file(SMALL, AttentionKind::Shared, 2);
    let whole = ModelFile::parse(file.bytes()).unwrap();
    for (content, first) in [(&b"12345"[..], true), (b"", true), (b"1", false)] {
        let longer = with_section(file.bytes(), *b"beds", content, first);
        let read = ModelFile::parse(longer.bytes()).unwrap();
        assert_eq!(
            format!("{:?}", read.record()),
            format!("{:?}", whole.record())
        );
        let longer = with_section(file.bytes(), *b"BEDS", content, first);
        assert_eq!(
            ModelFile::parse(longer.bytes()).unwrap_err(),
            ArtifactError::SectionUnknown { tag: Tag(*b"BEDS") }
        );
    }
    let twice = with_section(file.bytes(), *b"INPT", &[], true);
    assert_eq!(
        ModelFile::parse(twice.bytes()).unwrap_err(),
        ArtifactError::SectionTwice { tag: Tag::INPUTS }
    );
}

#[test]
fn sections_that_are_missing_or_cut_have_their_own_error() {
    let (file, patched) = patching();
    for tag in [Tag::RECORD, Tag::INPUTS, Tag::NETWORK] {
        let at = section_at(&file, tag);
        assert_eq!(
            patched(at - 8, b"none"),
            ArtifactError::SectionMissing { tag }
        );
        assert_eq!(
            patched(at - 1, &[1]),
            ArtifactError::SectionLength {
                tag,
                found: u32::from_le_bytes([file[at - 4], file[at - 3], file[at - 2], 1]),
                room: file.len() - 4 - at
            }
        );
    }
    let mut cut = file.clone();
    cut.splice(file.len() - 4..file.len() - 4, *b"beds");
    assert_eq!(
        ModelFile::parse(Aligned::of(&resealed(cut)).bytes()).unwrap_err(),
        ArtifactError::SectionHead { found: 4 }
    );
    let end_of_record = section_at(&file, Tag::INPUTS) - 9;
    assert_eq!(
        patched(end_of_record, &[7]),
        ArtifactError::Padding { found: 7 }
    );
    assert_eq!(patched(6, &[7]), ArtifactError::Padding { found: 7 });
}

#[test]
fn a_record_that_makes_no_sense_is_not_encoded() {
    let weights = example::weights(SMALL, AttentionKind::Shared, 3);
    let inputs = example::inputs(SMALL);
    let content = Content {
        record: example::record(SMALL, AttentionKind::Shared),
        inputs: &inputs,
        target: Scaler {
            offset: 0.0,
            scale: 1.0,
        },
        start_month: example::record(SMALL, AttentionKind::Shared).trained_until,
        start_subsidence_mm: 0.0,
        start_state: &[(0, 0); 3],
        weights: bytemuck::cast_slice(&weights),
        physics: None,
        months: MonthDefinition::default(),
        fit: None,
    };
    let mut words = [0_u32; 1024];
    let mut refusal =
        |content: &Content| encode(content, bytemuck::cast_slice_mut(&mut words)).unwrap_err();
    let long = "a".repeat(MAX_NAME_BYTES + 1);
    let mut other = content.clone();
    other.record.well = &long;
    assert_eq!(refusal(&other), ArtifactError::Name { found_bytes: 49 });
    let mut other = content.clone();
    other.record.trained_from = other.record.trained_until.next();
    assert!(matches!(refusal(&other), ArtifactError::Months { .. }));
    let mut other = content.clone();
    other.record.scores.test_rmse_mm = -1.0;
    assert_eq!(refusal(&other), ArtifactError::Score { found_mm: -1.0 });
    let other = Content {
        inputs: &inputs[..1],
        ..content.clone()
    };
    assert_eq!(
        refusal(&other),
        ArtifactError::InputCount {
            found: 1,
            expected: 2
        }
    );
    let other = Content {
        start_state: &[],
        ..content.clone()
    };
    assert_eq!(
        refusal(&other),
        ArtifactError::StateCount {
            found: 0,
            expected: 3
        }
    );
    let other = Content {
        weights: &content.weights[4..],
        ..content.clone()
    };
    assert!(matches!(refusal(&other), ArtifactError::WeightBytes { .. }));
    assert!(matches!(
        encode(&content, &mut [0; 40]).unwrap_err(),
        ArtifactError::Room { found: 40, .. }
    ));
}

#[test]
fn each_fixed_point_row_has_room_for_its_own_weights_and_no_more() {
    let sizes = Sizes {
        inputs: 3,
        hidden: 9,
        attention: 10,
    };
    let file = example::fixed_file(sizes, AttentionKind::PerLayer, 5);
    let file = ModelFile::parse(file.bytes()).unwrap();
    let Network::Q15(weights) = file.model().network else {
        panic!("not a q15 model");
    };
    let attention = weights.attention.unwrap();
    let sum = |matrix: &TiledMatrix<Q15>, row: usize, own: i16| {
        let weights = (0..).map_while(|column| matrix.weight(row, column));
        weights
            .chain([own])
            .map(|weight| i32::from(weight).abs())
            .sum::<i32>()
    };
    // Sets a bias to what its row has room for, and to one more.
    let check = |bias: &dyn Fn(i32) -> Result<(), ArtifactError>, row: usize, sum: i32| {
        let room = i32::MAX - sum * VALUE_LIMIT;
        assert_eq!(bias(room), Ok(()), "{row}");
        assert_eq!(bias(-room), Ok(()), "{row}");
        if sum == 0 {
            // A row of padding has room for every bias.
            return;
        }
        let refused = ArtifactError::RowBound {
            row,
            found: i64::from(i32::MAX) + 1,
            limit: i32::MAX,
        };
        assert_eq!(bias(room + 1), Err(refused));
        assert_eq!(bias(-room - 1), Err(refused));
    };
    for (index, own) in attention.u.iter().enumerate() {
        for place in 0..8 {
            let row = index / 3 * 8 + place;
            let bias = |bias| {
                let mut b = attention.b.to_vec();
                b[index][place][0] = bias;
                let mut changed = attention;
                changed.b = &b;
                check_q15(&with_attention(weights, changed))
            };
            check(&bias, row, sum(&attention.w, row, own[place]));
        }
    }
    for row in 0..64 {
        let bias = |bias| {
            let mut rows = weights.gates.biases.to_vec();
            rows.as_flattened_mut()[row / 8][row % 8][0] = bias;
            let mut changed = weights;
            changed.gates.biases = &rows;
            check_q15(&changed)
        };
        check(&bias, row, sum(&weights.gates.weights, row, 0));
    }
    // Of V, 16 units of each layer have half the range.
    for layer in 0..3 {
        let of_last = |last: i16| {
            let mut v = attention.v.to_vec();
            v[layer] = Block::repeat(-4096);
            v[3 + layer] = Block::from([0, 0, 0, 0, 0, 0, 0, last]);
            let mut changed = attention;
            changed.v = &v;
            check_q15(&with_attention(weights, changed))
        };
        assert_eq!(of_last(1), Ok(()));
        let refused = ArtifactError::RowBound {
            row: 0,
            found: (8 * 4096 + 2) * i64::from(VALUE_LIMIT),
            limit: i32::MAX / 2,
        };
        assert_eq!(of_last(2), Err(refused));
    }
}

fn with_attention<'a>(
    mut weights: Weights<'a, Q15>,
    attention: AttentionWeights<'a, Q15>,
) -> Weights<'a, Q15> {
    weights.attention = Some(attention);
    weights
}

/// What can happen to a file.
#[derive(Clone, Debug)]
enum Damage {
    Cut(Index),
    Lengthen(Vec<u8>),
    Flip(Vec<(Index, u8)>),
    Overwrite(Index, Vec<u8>),
    /// One byte near the beginning, where head and record are.
    Head(usize, u8),
    Format(u16),
    Random(Vec<u8>),
}

impl Damage {
    fn apply(self, file: &mut Vec<u8>) {
        match self {
            Self::Cut(at) => file.truncate(at.index(file.len())),
            Self::Lengthen(with) => file.extend(with),
            Self::Flip(bits) => {
                for (at, bit) in bits {
                    let at = at.index(file.len());
                    file[at] ^= 1 << bit;
                }
            }
            Self::Overwrite(at, with) => {
                let at = at.index(file.len());
                let end = file.len().min(at + with.len());
                file[at..end].copy_from_slice(&with[..end - at]);
            }
            Self::Head(at, with) => file[at] = with,
            Self::Format(format) => file[4..6].copy_from_slice(&format.to_le_bytes()),
            Self::Random(bytes) => *file = bytes,
        }
    }
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        any::<Index>().prop_map(Damage::Cut),
        vec(any::<u8>(), 1..40).prop_map(Damage::Lengthen),
        vec((any::<Index>(), 0..8_u8), 1..4).prop_map(Damage::Flip),
        (any::<Index>(), vec(any::<u8>(), 1..12))
            .prop_map(|(at, with)| Damage::Overwrite(at, with)),
        (0..180_usize, any::<u8>()).prop_map(|(at, with)| Damage::Head(at, with)),
        any::<u16>().prop_map(Damage::Format),
        vec(any::<u8>(), 0..300).prop_map(Damage::Random),
    ]
}

/// Makes length and CRC-32 right again, so that the checks behind them are reached.
fn resealed(mut file: Vec<u8>) -> Vec<u8> {
    let length = file.len();
    if length >= 16 {
        file[8..12].copy_from_slice(&(length as u32).to_le_bytes());
        let crc = CRC32.checksum(&file[..length - 4]);
        file[length - 4..].copy_from_slice(&crc.to_le_bytes());
    }
    file
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120_000))]

    #[test]
    fn a_damaged_file_is_refused_and_never_panics(seed in 0..4_u64, damage in damage()) {
        let of = if seed % 2 == 0 { example::file } else { example::fixed_file };
        let whole = of(SMALL, AttentionKind::PerLayer, seed).bytes().to_vec();
        let mut damaged = whole.clone();
        damage.apply(&mut damaged);
        prop_assert_eq!(ModelFile::parse(Aligned::of(&damaged).bytes()).is_ok(), damaged == whole);
        // With its checksum made right, a file may say something else and yet be a model: then that model must run.
        let resealed = Aligned::of(&resealed(damaged));
        if let Ok(file) = ModelFile::parse(resealed.bytes()) {
            let mut estimator = Estimator::at_start(&file);
            for level_m in [[Some(-9.0), Some(-21.0)], [None, Some(1e30)], [Some(f32::NAN), None]] {
                let estimate = estimator.step_across_gap(file.record().trained_until, &level_m);
                prop_assert!(estimate.increment_mm.is_finite());
            }
        }
    }
}

#[test]
fn the_definition_of_a_month_is_kept_and_checked() {
    let rules = [MonthRule::AnyDay, MonthRule::MostDays];
    let months = MonthDefinition::new(-210, rules.into_iter()).unwrap();
    let inputs = example::inputs(SMALL);
    let weights = example::weights(SMALL, AttentionKind::Shared, 3);
    let content = Content {
        record: example::record(SMALL, AttentionKind::Shared),
        inputs: &inputs,
        target: Scaler {
            offset: 0.0,
            scale: 1.0,
        },
        start_month: example::record(SMALL, AttentionKind::Shared).trained_until,
        start_subsidence_mm: 0.0,
        start_state: &[(0, 0); 3],
        weights: bytemuck::cast_slice(&weights),
        physics: None,
        months,
        fit: None,
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
