use super::{Calibration, QuantiseError, quantise};
use crate::arithmetic::ArithmeticKind;
use crate::artifact::{ArtifactError, MAX_FILE_BYTES, ModelFile};
use crate::example::{self, Aligned, PAPER};
use crate::model::Network;
use crate::sizes::{AttentionKind, MAX_BLOCKS, Sizes};
use crate::stateful_network::StatefulNetwork;

fn converted(file: &ModelFile, levels: &[Vec<Option<f32>>]) -> Aligned {
    let calibration = Calibration::of(file, levels.iter().map(Vec::as_slice));
    let mut out = Aligned::of(&[0; MAX_FILE_BYTES]);
    let length = quantise(file, &calibration, out.bytes_mut()).unwrap();
    Aligned::of(&out.bytes()[..length])
}

/// Root mean square and largest deviation of the fixed-point increments, and the floating-point increments' standard deviation.
fn deviation(float: &ModelFile, fixed: &ModelFile, levels: &[Vec<Option<f32>>]) -> (f64, f64, f64) {
    let mut float = StatefulNetwork::<MAX_BLOCKS>::cold(float.model());
    let mut fixed = StatefulNetwork::<MAX_BLOCKS>::cold(fixed.model());
    let pairs: Vec<_> = levels
        .iter()
        .map(|level_m| {
            (
                f64::from(float.step(level_m).increment_mm),
                f64::from(fixed.step(level_m).increment_mm),
            )
        })
        .collect();
    let mean_of =
        |of: &dyn Fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / pairs.len() as f64;
    let mean = mean_of(&|(float, _)| *float);
    let sd = mean_of(&|(float, _)| (float - mean).powi(2)).sqrt();
    let rms = mean_of(&|(float, fixed)| (float - fixed).powi(2)).sqrt();
    let largest = pairs
        .iter()
        .map(|(float, fixed)| (float - fixed).abs())
        .fold(0.0, f64::max);
    (rms, largest, sd)
}

#[test]
fn fixed_point_deviates_by_less_than_a_thousandth_of_the_output_s_spread() {
    for (kind, sizes) in [
        (AttentionKind::Shared, PAPER),
        (AttentionKind::PerLayer, PAPER),
        (
            AttentionKind::PerLayer,
            Sizes {
                inputs: 4,
                hidden: 13,
                attention: 11,
            },
        ),
        (
            AttentionKind::None,
            Sizes {
                attention: 0,
                ..PAPER
            },
        ),
    ] {
        let float = example::file(sizes, kind, 21);
        is_close(&ModelFile::parse(float.bytes()).unwrap());
    }
    let sizes = Sizes { inputs: 6, ..PAPER };
    let float = example::change_file(sizes, AttentionKind::PerLayer, 21);
    is_close(&ModelFile::parse(float.bytes()).unwrap());
}

fn is_close(float: &ModelFile) {
    let layers = float.model().inputs().len();
    let fixed = converted(float, &example::levels(300, layers, 22));
    let fixed = ModelFile::parse(fixed.bytes()).unwrap();
    assert_eq!(fixed.record().arithmetic, ArithmeticKind::Q15);
    // Levels that were not part of the calibration.
    let (rms, largest, sd) = deviation(float, &fixed, &example::levels(600, layers, 23));
    let (kind, sizes) = (float.record().attention, float.record().sizes);
    println!(
        "{kind:?} {sizes:?}: rms {rms:.2e} mm, max {largest:.2e} mm, {:.4} % of sd {sd:.3} mm",
        100.0 * rms / sd
    );
    assert!(rms < 0.001 * sd, "{kind:?}: {rms} of {sd}");
}

#[test]
fn levels_far_out_of_range_saturate_and_do_not_overflow() {
    let with_changes = Sizes { inputs: 6, ..PAPER };
    for float in [
        example::file(PAPER, AttentionKind::PerLayer, 21),
        example::change_file(with_changes, AttentionKind::PerLayer, 21),
    ] {
        let fixed = converted(
            &ModelFile::parse(float.bytes()).unwrap(),
            &example::levels(100, 3, 22),
        );
        let fixed = ModelFile::parse(fixed.bytes()).unwrap();
        let mut network = StatefulNetwork::<MAX_BLOCKS>::cold(fixed.model());
        for level in [f32::MAX, f32::MIN, 1e6, -1e6, f32::MIN_POSITIVE] {
            for _ in 0..400 {
                let output = network.step(&[Some(level), None, Some(-level)]);
                assert!(output.increment_mm.is_finite());
            }
        }
    }
}

#[test]
fn a_row_that_could_overflow_is_refused() {
    let float = example::file(PAPER, AttentionKind::Shared, 21);
    let fixed = converted(
        &ModelFile::parse(float.bytes()).unwrap(),
        &example::levels(100, 3, 22),
    );
    let file = fixed.bytes().to_vec();
    let refusal = |from_end: usize, with: &[u8]| {
        let mut file = file.clone();
        let at = file.len() - 4 - from_end;
        file[at..at + with.len()].copy_from_slice(with);
        let end = file.len() - 4;
        let crc = crate::checksum::CRC32.checksum(&file[..end]);
        file[end..].copy_from_slice(&crc.to_le_bytes());
        ModelFile::parse(Aligned::of(&file).bytes()).unwrap_err()
    };
    // The output row at the end: 16 weights, then bias and shift.
    let refused = refusal(40, &[0xff, 0x7f].repeat(16));
    assert!(
        matches!(
            refused,
            ArtifactError::RowBound {
                row: 0,
                found: 17_178_000_000..,
                limit: i32::MAX
            }
        ),
        "{refused:?}"
    );
    // The first gate row's bias and shift.
    let gate_row = 40 + 8 * 64;
    assert_eq!(
        refusal(gate_row - 4, &[0]),
        ArtifactError::RowShift { row: 0, found: 0 }
    );
    assert_eq!(
        refusal(gate_row - 4, &[32]),
        ArtifactError::RowShift { row: 0, found: 32 }
    );
    assert!(matches!(
        refusal(gate_row, &i32::MAX.to_le_bytes()),
        ArtifactError::RowBound { row: 0, .. }
    ));
    // Before the gates' 20 columns of 64 weights: V, B, U, W of 16 units, and the scales.
    let scales = gate_row + 2 * 64 * 20 + (2 + 8 + 2) * 16 + 2 * 16 * 32 + 12;
    assert_eq!(
        refusal(scales, &[16]),
        ArtifactError::Scale {
            index: 0,
            found: 16
        }
    );
    assert_eq!(
        refusal(scales - 4, &[0]),
        ArtifactError::Scale { index: 1, found: 0 }
    );
    assert_eq!(
        refusal(scales - 8, &[31]),
        ArtifactError::Scale {
            index: 2,
            found: 31
        }
    );
}

#[test]
fn a_model_is_converted_once() {
    let float = example::file(PAPER, AttentionKind::Shared, 21);
    let fixed = converted(
        &ModelFile::parse(float.bytes()).unwrap(),
        &example::levels(100, 3, 22),
    );
    let fixed = ModelFile::parse(fixed.bytes()).unwrap();
    assert!(matches!(fixed.model().network, Network::Q15(_)));
    let calibration = Calibration {
        input: 1.0,
        cell: 1.0,
    };
    assert_eq!(
        quantise(&fixed, &calibration, &mut []),
        Err(QuantiseError::NotFloat)
    );
}
